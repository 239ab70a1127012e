#include "billing/pool_parts.h"

#include <algorithm>
#include <tuple>

#include "base/assert.h"
#include "billing/counter_days.h"

namespace farthing::billing {
namespace {

// Who pays a segment of a pool.
enum class Split : std::uint8_t { owner, by_use, in_order };

Split split_of(const catalog::UsageCharge& charge) {
    if (!charge.allowance || !charge.allowance->members_pay) return Split::owner;
    return charge.allowance->in_order ? Split::in_order : Split::by_use;
}

class Families {
  public:
    explicit Families(const Context& context) : context_(context) {}

    Result<std::vector<PoolFamily>> run(const std::vector<const rating::Counter*>& pools) {
        for (const rating::Counter* counter : pools) FARTHING_CHECK(take(*counter));
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
        std::vector<Split> splits(segments.size());
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
            splits[i] = split_of(*ref.usage);
            if (splits[i] == Split::owner) add_owners(family, counter, i, priced.price);
            family.members_pay = family.members_pay || splits[i] != Split::owner;
            family.in_order = family.in_order || splits[i] == Split::in_order;
        }
        PoolFamily& last = family_of(counter, segments.back().segment.payer);
        last.included += segments.back().included.at_end();
        for (const rating::Carried& one : segments.back().included.carried)
            last.carried[one.until] += one.quantity;
        add_members(counter, segments, splits);
        if (std::ranges::find(splits, Split::in_order) == splits.end()) return {};
        return add_in_order(counter, segments, splits);
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

    // What one member used in segments of one payer, by who pays for it on the day.
    using Parts = std::map<std::pair<AccountId, SubscriptionId>, MemberPart>;

    MemberPart& part_of(Parts& parts, const rating::Counter& counter, AccountId posted_to,
                        SubscriptionId member, std::uint32_t on) const {
        const AccountId account = context_.directory().subscription(member).fact.account;
        const Date day = counter.key.window_first.plus_days(static_cast<int>(on));
        const AccountId* pays = context_.directory().account(account).payer.at(day);
        MemberPart& part = parts[{pays != nullptr && *pays ? *pays : posted_to, member}];
        part.member = member;
        part.account = account;
        return part;
    }

    // By payer whom it was posted to: what members used in segments that are split so.
    std::map<AccountId, Parts> used_in(const rating::Counter& counter,
                                       const std::vector<rating::SegmentPrice>& segments,
                                       const std::vector<Split>& splits, Split wanted) const {
        std::map<AccountId, Parts> used;
        for (const rating::MemberDay& use : counter.member_days) {
            for (std::size_t i = 0; i < segments.size(); ++i) {
                const rating::Segment& segment = segments[i].segment;
                if (segment.start != use.segment || splits[i] != wanted) continue;
                MemberPart& part =
                    part_of(used[segment.payer], counter, segment.payer, use.member, use.day);
                part.quantity += use.quantity;
                part.by_day[counter.key.window_first.plus_days(static_cast<int>(use.day))] +=
                    use.quantity;
            }
        }
        return used;
    }

    void add_parts(PoolFamily& family, Parts& parts) {
        i128 used = 0;
        for (const auto& [key, member] : parts) used += member.quantity;
        for (auto& [key, member] : parts) {
            member.pool = used;
            PoolPart& part = part_of(family, key.first, member.account);
            part.exact += member.exact;
            part.members.push_back(std::move(member));
        }
    }

    // By all that each used.
    void add_members(const rating::Counter& counter,
                     const std::vector<rating::SegmentPrice>& segments,
                     const std::vector<Split>& splits) {
        auto used = used_in(counter, segments, splits, Split::by_use);
        std::map<AccountId, Exact> prices;
        for (std::size_t i = 0; i < segments.size(); ++i) {
            if (splits[i] == Split::by_use) prices[segments[i].segment.payer] += segments[i].price;
        }
        for (const auto& [posted_to, exact] : prices) {
            PoolFamily& family = family_of(counter, posted_to);
            Parts& parts = used[posted_to];
            i128 all = 0;
            for (const auto& [key, member] : parts) all += member.quantity;
            if (all != 0) {
                for (auto& [key, member] : parts)
                    member.exact = exact * Exact(member.quantity, all);
                add_parts(family, parts);
                continue;
            }
            const AccountId account = context_.account_of(counter.key);
            PoolPart& part = part_of(family, posted_to, account);
            part.exact += exact;
            part.members.push_back({{}, account, 0, exact, {}, 0});
        }
    }

    // By what each went beyond, use by use.
    Result<void> add_in_order(const rating::Counter& counter,
                              const std::vector<rating::SegmentPrice>& segments,
                              const std::vector<Split>& splits) {
        const auto priced = rating::price_in_order(context_.input().catalog, counter, segments,
                                                   context_.input().uses_of(counter.key));
        if (!priced) return fail(BillingReason::use_not_archived);
        auto used = used_in(counter, segments, splits, Split::in_order);
        for (const rating::PricedUse& use : *priced) {
            if (splits[use.segment] != Split::in_order) continue;
            const AccountId posted_to = segments[use.segment].segment.payer;
            part_of(used[posted_to], counter, posted_to, use.member, use.day).exact += use.price;
        }
        for (auto& [posted_to, parts] : used) add_parts(family_of(counter, posted_to), parts);
        return {};
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

struct PoolMemo::Kept {
    // By the top of the account tree, the first day of the window, and whether lines are grouped.
    std::map<std::tuple<AccountId, Date, bool>, std::vector<PoolFamily>> families;
};

PoolMemo::PoolMemo() : kept_(std::make_unique<Kept>()) {}
PoolMemo::~PoolMemo() = default;
void PoolMemo::clear() {
    kept_->families.clear();
}

Result<std::vector<const PoolFamily*>> Pools::families(const Context& context, PoolMemo& memo) {
    std::map<Date, std::vector<const rating::Counter*>> by_window;
    for (const rating::Counter* counter : context.input().pooled)
        by_window[counter->key.window_first].push_back(counter);
    const AccountId top = context.directory().account(context.input().payer).top;
    std::vector<const PoolFamily*> found;
    for (const auto& [window, counters] : by_window) {
        const std::tuple key(top, window, context.grouped());
        auto known = memo.kept_->families.find(key);
        if (known == memo.kept_->families.end()) {
            FARTHING_TRY(std::vector<PoolFamily> families, Families(context).run(counters));
            known = memo.kept_->families.emplace(key, std::move(families)).first;
        }
        for (const PoolFamily& family : known->second) found.push_back(&family);
    }
    return found;
}

}  // namespace farthing::billing
