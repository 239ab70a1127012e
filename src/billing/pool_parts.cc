#include "billing/pool_parts.h"

#include <algorithm>
#include <tuple>

#include "base/assert.h"
#include "billing/counter_days.h"

namespace farthing::billing {
namespace {

class Families {
  public:
    explicit Families(const Context& context) : context_(context) {}

    Result<std::vector<PoolFamily>> run() {
        for (const rating::Counter* counter : context_.input().pooled)
            FARTHING_CHECK(take(*counter));
        std::vector<PoolFamily> all;
        for (auto& [key, family] : families_) {
            if (!family.members_pay) continue;
            FARTHING_CHECK(split(family));
            all.push_back(std::move(family));
        }
        return all;
    }

  private:
    Result<ChargeRef> charge_of(VersionNo version, ComponentId component) {
        ChargeRef& ref = refs_[{version, component}];
        const catalog::Version* found = context_.input().catalog.numbered(version);
        if (ref.usage == nullptr && found != nullptr)
            ref = settlement::find_charge(*found, component);
        if (ref.usage == nullptr)
            return fail(BillingReason::plan_missing, "a catalog version lacks a usage charge");
        return ref;
    }

    PoolFamily& family_of(const rating::Counter& counter, AccountId posted_to) {
        const DatePeriod window{counter.key.window_first, counter.window_end};
        PoolFamily& family = families_[{posted_to, counter.key.component, window}];
        family.posted_to = posted_to;
        family.component = counter.key.component;
        family.window = window;
        family.parts[{posted_to, posted_to}];  // what others pay is taken off there
        return family;
    }

    PoolPart& part_of(PoolFamily& family, AccountId payer, AccountId account) const {
        return family.parts[{payer, context_.grouped() ? account : payer}];
    }

    Result<void> take(const rating::Counter& counter) {
        const auto segments = rating::price_segments(context_.input().catalog, context_.directory(),
                                                     counter, context_.input().counter_of);
        std::map<AccountId, Exact> by_members;  // what they pay, by whom it was posted to
        std::vector<bool> owners(segments.size());
        for (std::size_t i = 0; i < segments.size(); ++i) {
            const rating::SegmentPrice& priced = segments[i];
            const rating::Segment& segment = priced.segment;
            FARTHING_TRY(const ChargeRef ref, charge_of(segment.version, counter.key.component));
            PoolFamily& family = family_of(counter, segment.payer);
            if (family.ref.usage == nullptr || family.ref.version->number < ref.version->number)
                family.ref = ref;
            family.whole += priced.price;
            family.used += segment.quantity;
            family.posted += segment.posted_atoms;
            for (const auto& [partner, atoms] : segment.posted_shares)
                family.shares[partner] += atoms;
            owners[i] = !ref.usage->allowance || !ref.usage->allowance->members_pay;
            if (owners[i]) {
                add_owners(family, counter, i, priced.price);
            } else {
                family.members_pay = true;
                by_members[segment.payer] += priced.price;
            }
        }
        PoolFamily& last = family_of(counter, segments.back().segment.payer);
        last.included += segments.back().included.at_end();
        for (const rating::Carried& one : segments.back().included.carried)
            last.carried[one.until] += one.quantity;
        for (const auto& [posted_to, exact] : by_members)
            add_members(family_of(counter, posted_to), counter, segments, owners, exact);
        return {};
    }

    // A segment whose version lets the pool's owner pay.
    void add_owners(PoolFamily& family, const rating::Counter& counter, std::size_t segment,
                    const Exact& price) {
        const AccountId account = context_.account_of(counter.key);
        MemberPart own{{}, account, counter.segments[segment].quantity, price, {}, 0};
        each_day(counter, context_.directory().zone(), [&](std::size_t day, std::size_t of) {
            if (of == segment && counter.by_day[day] != 0)
                own.by_day[counter.key.window_first.plus_days(static_cast<int>(day))] =
                    counter.by_day[day];
        });
        PoolPart& part = part_of(family, family.posted_to, account);
        part.exact += price;
        part.members.push_back(std::move(own));
    }

    // By what each used in the segments in which members pay, whose payer's it was on the day.
    void add_members(PoolFamily& family, const rating::Counter& counter,
                     const std::vector<rating::SegmentPrice>& segments,
                     const std::vector<bool>& owners, const Exact& exact) {
        std::map<std::pair<AccountId, SubscriptionId>, MemberPart> parts;
        i128 used = 0;
        for (const rating::MemberDay& use : counter.member_days) {
            if (!counts(use, family.posted_to, segments, owners)) continue;
            const AccountId account = context_.directory().subscription(use.member).fact.account;
            const Date day = counter.key.window_first.plus_days(static_cast<int>(use.day));
            const AccountId* pays = context_.directory().account(account).payer.at(day);
            const AccountId payer = pays != nullptr && *pays ? *pays : family.posted_to;
            MemberPart& part = parts[{payer, use.member}];
            part.member = use.member;
            part.account = account;
            part.quantity += use.quantity;
            part.by_day[day] += use.quantity;
            used += use.quantity;
        }
        if (used == 0) {
            const AccountId account = context_.account_of(counter.key);
            PoolPart& part = part_of(family, family.posted_to, account);
            part.exact += exact;
            part.members.push_back({{}, account, 0, exact, {}, 0});
            return;
        }
        for (auto& [key, member] : parts) {
            member.exact = exact * Exact(member.quantity, used);
            member.pool = used;
            PoolPart& part = part_of(family, key.first, member.account);
            part.exact += member.exact;
            part.members.push_back(std::move(member));
        }
    }

    static bool counts(const rating::MemberDay& use, AccountId posted_to,
                       const std::vector<rating::SegmentPrice>& segments,
                       const std::vector<bool>& owners) {
        for (std::size_t i = 0; i < segments.size(); ++i) {
            if (segments[i].segment.start == use.segment)
                return !owners[i] && segments[i].segment.payer == posted_to;
        }
        return false;
    }

    Result<void> split(PoolFamily& family) const {
        const catalog::Version& version = *family.ref.version;
        FARTHING_TRY(const Money line, context_.rounded_line(version, family.whole));
        std::vector<Exact> weights;
        for (const auto& [key, part] : family.parts) weights.push_back(part.exact);
        const auto amounts = split_money(line, version.line_digits, weights);
        std::size_t i = 0;
        for (auto& [key, part] : family.parts) {
            // Nothing at all, or charges of both signs: each by itself.
            if (amounts.empty()) {
                FARTHING_TRY(part.amount, context_.rounded_line(version, part.exact));
            } else {
                part.amount = amounts[i++];
            }
        }
        return {};
    }

    const Context& context_;
    std::map<std::pair<VersionNo, ComponentId>, ChargeRef> refs_;
    std::map<std::tuple<AccountId, ComponentId, DatePeriod>, PoolFamily> families_;
};

}  // namespace

Result<std::vector<PoolFamily>> pool_families(const Context& context) {
    return Families(context).run();
}

}  // namespace farthing::billing
