#include "billing/usage_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "base/assert.h"
#include "billing/counter_days.h"
#include "billing/pool_parts.h"
#include "billing/usage_words.h"
#include "rating/curve.h"
#include "rating/window.h"

namespace farthing::billing {
namespace {

using rating::Counter;
using rating::SegmentPrice;

// One department, subscription or destination within a line.
struct Subject {
    i128 quantity = 0;
    Exact exact;
    i128 pool = 0;  // what its pool used in all; 0 outside pools
};

struct UsageKey {
    std::uint32_t section = 0;
    std::uint32_t plan = 0;
    std::uint32_t charge = 0;
    ComponentId component;
    AccountId department;
    DatePeriod window;
    auto operator<=>(const UsageKey&) const = default;
};

struct UsageSum {
    ChargeRef ref;  // of the newest version that priced it
    Exact exact;
    i128 quantity = 0;
    i128 allowance = 0;
    std::map<Date, i128> carried;    // of that, by the day from which it counts no more
    i128 covered = 0;                // by buckets, before what is included
    std::set<std::string> packages;  // whose they are
    i128 posted = 0;
    std::map<PartnerId, i128> shares;
    std::vector<i128> by_day;
    UsageWords words;
    // Of pools whose members pay: this payer's parts, each rounded where the pool was.
    struct Part {
        i128 own = 0;
        i128 used = 0;  // by all
        Exact whole;
        Exact exact;            // of that, this payer's
        bool in_order = false;  // by who went beyond, else by what each used
    };
    std::vector<Part> parts;
    Exact exact_of_parts;
    i128 amount_of_parts = 0;
    i128 shifted = 0;
    std::map<AccountId, i128> of_owners;  // of that, what rating posted to them
    bool for_itself = false;
    bool for_others = false;  // as their sponsor
    // By row name, by title and id of a sponsored customer, or by id alone.
    std::map<std::pair<std::string, std::uint32_t>, Subject> subjects;
};

class UsageComposer {
  public:
    explicit UsageComposer(const Context& context) : context_(context) {}

    Result<UsageLines> run() {
        PoolMemo own;
        PoolMemo* const kept = context_.input().pools;
        FARTHING_TRY(const auto families, Pools::families(context_, kept ? *kept : own));
        for (const PoolFamily* family : families) FARTHING_CHECK(take(*family));
        for (const Counter* counter : context_.input().counters) FARTHING_CHECK(take(*counter));
        for (auto& [key, sum] : sums_) FARTHING_CHECK(close(key, sum));
        return std::move(out_);
    }

  private:
    Result<ChargeRef> charge_of(VersionNo version, ComponentId component) {
        ChargeRef& ref = refs_[{version, component}];
        if (ref.usage != nullptr) return ref;
        const catalog::Version* found = context_.input().catalog.numbered(version);
        if (found != nullptr) ref = settlement::find_charge(*found, component);
        if (ref.usage == nullptr) {
            return fail(BillingReason::plan_missing,
                        fmt::format("catalog version {} has no usage charge {}", version.value,
                                    component.value));
        }
        return ref;
    }

    static auto parts_of(const PoolFamily& family, AccountId payer) {
        return std::ranges::subrange(family.parts.lower_bound({payer, {}}),
                                     family.parts.lower_bound({{payer.value + 1}, {}}));
    }

    // This payer's part of pools whose members pay.
    Result<void> take(const PoolFamily& family) {
        const AccountId payer = context_.input().payer;
        const bool posted_here = family.posted_to == payer;
        if (posted_here) of_families_.insert({family.component, family.window.first});
        UsageSum* first = nullptr;
        const auto mine = parts_of(family, payer);
        for (const auto& [key, part] : mine) {
            const UsageKey at{context_.section_of(key.second),
                              family.ref.plan_place,
                              family.ref.charge_place,
                              family.component,
                              key.second,
                              family.window};
            UsageSum& sum = sums_[at];
            if (sum.ref.usage == nullptr) sum.ref = family.ref;
            if (first == nullptr) first = &sum;
            add_part(family, part, sum);
        }
        if (first == nullptr) return {};
        FARTHING_TRY(const i128 shifted, shifted_of(family, payer));
        first->shifted += shifted;
        if (!posted_here) {
            first->of_owners[family.posted_to] += shifted;
            return {};
        }
        first->posted += family.posted;
        first->allowance += family.included;
        for (const auto& [until, quantity] : family.carried) first->carried[until] += quantity;
        for (const auto& [partner, atoms] : family.shares) first->shares[partner] += atoms;
        return {};
    }

    void add_part(const PoolFamily& family, const PoolPart& part, UsageSum& sum) const {
        sum.exact += part.exact;
        sum.exact_of_parts += part.exact;
        sum.amount_of_parts += part.amount.atoms;
        sum.by_day.resize(static_cast<std::size_t>(family.window.days()), 0);
        i128 own = 0;
        for (const MemberPart& member : part.members) {
            own += member.quantity;
            for (const auto& [day, quantity] : member.by_day)
                sum.by_day[static_cast<std::size_t>(day - family.window.first)] += quantity;
            const DetailBy by = context_.detail_by(context_.department_of(member.account));
            if (by == DetailBy::nobody) continue;
            const auto subject =
                member.member ? subject_of(member.member, by)
                              : std::pair(context_.title_of(member.account), member.account.value);
            add(sum.subjects[subject], {member.quantity, member.exact, member.pool});
        }
        sum.quantity += own;
        sum.parts.push_back({own, family.used, family.whole, part.exact, family.in_order});
        sum.for_itself = true;
    }

    // What entries move between the payers of a pool: to this one, or away from it.
    Result<i128> shifted_of(const PoolFamily& family, AccountId payer) const {
        if (payer != family.posted_to) return atoms_of(family, payer);
        i128 others = 0;
        for (auto at = family.parts.begin(); at != family.parts.end();) {
            const AccountId who = at->first.first;
            if (who != payer) {
                FARTHING_TRY(const i128 atoms, atoms_of(family, who));
                others += atoms;
            }
            at = family.parts.lower_bound({{who.value + 1}, {}});
        }
        return -others;
    }

    Result<i128> atoms_of(const PoolFamily& family, AccountId payer) const {
        Exact exact;
        for (const auto& [key, part] : parts_of(family, payer)) exact += part.exact;
        const auto money = money_of(exact, context_.currency());
        if (!money) return fail(BillingReason::amount_out_of_range);
        return money->atoms;
    }

    // What this payer pays of a counter: for its own accounts, and as a sponsor of others.
    Result<void> take(const Counter& counter) {
        if (of_families_.contains({counter.key.component, counter.key.window_first})) return {};
        const auto segments = rating::price_segments(context_.input().catalog, context_.directory(),
                                                     counter, context_.input().counter_of);
        std::vector<bool> own(segments.size());
        std::vector<bool> sponsored(segments.size());
        for (std::size_t i = 0; i < segments.size(); ++i) {
            const rating::Segment& segment = segments[i].segment;
            if (segment.payer != context_.input().payer) continue;
            FARTHING_TRY(const ChargeRef ref, charge_of(segment.version, counter.key.component));
            if (ref.usage->limit) return {};  // it counts, and costs nothing
            (ref.usage->paid_by.empty() ? own : sponsored)[i] = true;
        }
        FARTHING_CHECK(take(counter, segments, own, false));
        return take(counter, segments, sponsored, true);
    }

    Result<void> take(const Counter& counter, const std::vector<SegmentPrice>& segments,
                      const std::vector<bool>& taken, bool sponsored) {
        const DatePeriod window{counter.key.window_first, counter.window_end};
        UsageSum* sum = nullptr;
        Subject whole;
        const catalog::RateRow* row = nullptr;
        bool windowed = false;
        for (std::size_t i = 0; i < segments.size(); ++i) {
            if (!taken[i]) continue;
            const SegmentPrice& priced = segments[i];
            const rating::Segment& segment = priced.segment;
            FARTHING_TRY(const ChargeRef ref, charge_of(segment.version, counter.key.component));
            if (sum == nullptr) sum = &sum_for(counter.key, window, ref);
            if (sum->ref.version->number < ref.version->number) sum->ref = ref;
            row = row_of(ref, counter.key.item, segment);
            const bool of_cycle = ref.usage->window == catalog::Window::cycle;
            if (of_cycle && &priced == &segments.back()) add_included(priced.included, *sum);
            if (priced.beyond.covered > 0) add_covered(counter, priced, *sum);
            sum->words.add(*ref.usage, row, priced);
            sum->posted += segment.posted_atoms;
            for (const auto& [partner, atoms] : segment.posted_shares)
                sum->shares[partner] += atoms;
            whole.exact += priced.price;
            whole.quantity += rating::counted_of(*ref.usage, priced.to) -
                              rating::counted_of(*ref.usage, priced.from);
            windowed = windowed || !of_cycle;
        }
        if (sum == nullptr) return {};
        sum->exact += whole.exact;
        sum->quantity += whole.quantity;
        sum->by_day.resize(static_cast<std::size_t>(window.days()), 0);
        if (windowed) {
            add_window(counter, whole, *sum);
        } else {
            add_days(counter, taken, *sum);
        }
        if (sponsored) {
            add_customer(counter, whole, *sum);
        } else {
            add_subjects(counter, row, whole, *sum);
        }
        return {};
    }

    // By title, as the catalog says it that was in force when they were bought.
    void add_covered(const Counter& counter, const SegmentPrice& priced, UsageSum& sum) const {
        sum.covered += priced.beyond.covered;
        const rating::Buckets after = rating::buckets_after(counter, priced.included);
        const auto before = priced.included.buckets.all();
        for (std::size_t i = 0; i < before.size(); ++i) {
            const BucketFact& fact = *before[i].fact;
            if (after.all()[i].covered == before[i].covered) continue;
            const catalog::Version* version = context_.input().catalog.numbered(fact.version);
            if (version == nullptr) continue;
            const ChargeRef ref = settlement::find_charge(*version, fact.package);
            if (ref.package != nullptr) sum.packages.insert(ref.fee->title);
        }
    }

    static void add_included(const rating::Included& included, UsageSum& sum) {
        sum.allowance += included.at_end();
        for (const rating::Carried& one : included.carried) sum.carried[one.until] += one.quantity;
    }

    UsageSum& sum_for(const rating::CounterKey& key, DatePeriod window, const ChargeRef& ref) {
        const AccountId sponsor = context_.directory().account_named(ref.usage->paid_by);
        const AccountId department =
            context_.department_of(sponsor ? sponsor : context_.account_of(key));
        const UsageKey at{context_.section_of(department),
                          ref.plan_place,
                          ref.charge_place,
                          key.component,
                          department,
                          window};
        UsageSum& sum = sums_[at];
        if (sum.ref.usage == nullptr) sum.ref = ref;
        return sum;
    }

    static const catalog::RateRow* row_of(const ChargeRef& ref, std::uint64_t item,
                                          const rating::Segment& segment) {
        const catalog::Deck* deck = item == 0 ? nullptr : ref.version->deck(*ref.usage);
        return deck == nullptr ? nullptr : deck->row(item, segment.start);
    }

    // The picture of the window: only days that this payer pays for.
    void add_days(const Counter& counter, const std::vector<bool>& taken, UsageSum& sum) const {
        each_day(counter, context_.directory().zone(), [&](std::size_t day, std::size_t segment) {
            if (taken[segment] && day < sum.by_day.size()) sum.by_day[day] += counter.by_day[day];
        });
    }

    // The same of a counter of an hour or a day.
    static void add_window(const Counter& counter, const Subject& whole, UsageSum& sum) {
        const Date day = sum.ref.version->zone.date_of(rating::window_start(counter.key.item));
        const auto at = static_cast<std::size_t>(std::max(0, day - counter.key.window_first));
        if (at < sum.by_day.size()) sum.by_day[at] += whole.quantity;
    }

    // A sponsor sees which customers used what it pays for, and nothing of how they are made up.
    void add_customer(const Counter& counter, const Subject& whole, UsageSum& sum) const {
        sum.for_others = true;
        const AccountId customer = context_.customer_of(context_.account_of(counter.key));
        add(sum.subjects[{context_.title_of(customer), customer.value}], whole);
    }

    void add_subjects(const Counter& counter, const catalog::RateRow* row, const Subject& whole,
                      UsageSum& sum) const {
        sum.for_itself = true;
        if (row != nullptr) {
            add(sum.subjects[{row->name.empty() ? row->prefix : row->name, 0}], whole);
            return;
        }
        const DetailBy by =
            context_.detail_by(context_.department_of(context_.account_of(counter.key)));
        if (by == DetailBy::nobody) return;
        if (counter.key.owner_kind == OwnerKind::subscription) {
            add(sum.subjects[subject_of(SubscriptionId{counter.key.owner}, by)], whole);
            return;
        }
        // A pool's charge belongs to its members by what each of them used (R7).
        i128 used = 0;
        std::map<std::pair<std::string, std::uint32_t>, i128> members;
        for (const auto& [member, quantity] : counter.members) {
            members[subject_of(member, by)] += quantity;
            used += quantity;
        }
        if (used == 0) return;
        for (const auto& [subject, quantity] : members) {
            add(sum.subjects[subject], {quantity, whole.exact * Exact(quantity, used), used});
        }
    }

    std::pair<std::string, std::uint32_t> subject_of(SubscriptionId id, DetailBy by) const {
        return {"", by == DetailBy::department
                        ? context_.directory().subscription(id).fact.account.value
                        : id.value};
    }

    static void add(Subject& to, const Subject& more) {
        to.quantity += more.quantity;
        to.exact += more.exact;
        to.pool += more.pool;
    }

    static Result<std::int64_t> narrow(i128 wide) {
        const auto value = narrow64(wide);
        if (!value) return fail(BillingReason::amount_out_of_range, "a quantity leaves 64 bits");
        return *value;
    }

    Result<void> close(const UsageKey& key, UsageSum& sum) {
        const catalog::Version& version = *sum.ref.version;
        const catalog::Meter& meter = *version.meter(sum.ref.usage->meter);
        Draft draft = context_.draft(sum.ref, key.department);
        InvoiceLine& line = draft.line;
        line.period = line.cycle = key.window;
        line.exact = sum.exact;
        FARTHING_TRY(line.amount, context_.rounded_line(version, sum.exact - sum.exact_of_parts));
        const Money of_parts{sum.amount_of_parts, context_.currency()};
        FARTHING_TRY(line.amount, context_.sum(line.amount, of_parts));
        FARTHING_TRY(line.used, narrow(sum.quantity));
        line.usage_unit = meter.unit->name;
        FARTHING_TRY(line.allowance, narrow(sum.allowance));
        for (const i128 day : sum.by_day) {
            FARTHING_TRY(const std::int64_t used, narrow(day));
            line.usage_by_day.push_back(used);
        }
        const catalog::UnitPrice* price = price_of(sum);
        const ShownQuantity shown = shown_quantity(line.used, meter, price);
        line.quantity = shown.number;
        line.unit = shown.unit;
        line.unit_price = price == nullptr ? words_of(*sum.ref.usage) : price->text;
        line.arithmetic = arithmetic_of(sum, meter, price);
        if (sum.covered > 0) {
            FARTHING_TRY(const std::int64_t covered, narrow(sum.covered));
            line.arithmetic += fmt::format("; {} covered by {}",
                                           shown_quantity(covered, meter, price_of(sum)).text(),
                                           fmt::join(sum.packages, ", "));
        }
        for (const auto& [until, quantity] : sum.carried) {
            FARTHING_TRY(const std::int64_t carried, narrow(quantity));
            line.arithmetic += fmt::format("; carried over {} until {}",
                                           shown_quantity(carried, meter, price_of(sum)).text(),
                                           to_string(until.plus_days(-1)));
        }
        if (sum.for_others && !sum.for_itself) line.text += ", sponsored";
        if (sum.for_others && sum.subjects.size() > kDetailSubscriptionsMax) sum.subjects.clear();
        FARTHING_TRY(line.details,
                     details_of(sum, meter, price, context_.detail_by(key.department)));
        attribute(line.amount, version.line_digits, line.details);
        FARTHING_CHECK(total(key, sum, line));
        out_.clean.push_back(line);
        return show(std::move(draft));
    }

    std::string arithmetic_of(const UsageSum& sum, const catalog::Meter& meter,
                              const catalog::UnitPrice* price) const {
        std::string words;
        const Exact plain = sum.exact - sum.exact_of_parts;
        if (sum.parts.empty() || !plain.is_zero())
            words = sum.words.text(plain, meter, context_.currency());
        for (const UsageSum::Part& part : sum.parts) {
            const auto own = narrow64(part.own);
            const auto used = narrow64(part.used);
            if (!own || !used) continue;
            words += words.empty() ? "" : " + ";
            words += fmt::format(
                "{} of the {} that a pool used for {}", shown_quantity(*own, meter, price).text(),
                shown_quantity(*used, meter, price).text(), part.whole.to_decimal());
            if (part.in_order)
                words += fmt::format(", of which {} in the order of use", part.exact.to_decimal());
        }
        return words;
    }

    // The one price of the line, where there is one: also while nothing is charged yet.
    static const catalog::UnitPrice* price_of(const UsageSum& sum) {
        if (const auto* only = sum.words.only_price(); only != nullptr) return only;
        const auto& bands = sum.ref.usage->bands;
        return bands.size() == 1 ? &bands.front().price : nullptr;
    }

    static std::string words_of(const catalog::UsageCharge& charge) {
        if (!charge.rates.empty()) return charge.rates;
        return charge.mode == catalog::BandMode::volume ? "volume price" : "graduated price";
    }

    Result<std::vector<LineDetail>> details_of(const UsageSum& sum, const catalog::Meter& meter,
                                               const catalog::UnitPrice* price, DetailBy by) const {
        std::vector<LineDetail> details;
        for (const auto& [subject, part] : sum.subjects) {
            LineDetail detail;
            detail.subject = subject.first;
            if (detail.subject.empty()) {
                detail.subject = by == DetailBy::department
                                     ? context_.title_of(AccountId{subject.second})
                                     : context_.directory()
                                           .subscription(SubscriptionId{subject.second})
                                           .fact.name;
            }
            FARTHING_TRY(const std::int64_t quantity, narrow(part.quantity));
            detail.quantity = shown_quantity(quantity, meter, price).text();
            detail.exact = part.exact;
            if (part.pool != 0) {
                FARTHING_TRY(const std::int64_t pool, narrow(part.pool));
                detail.note =
                    fmt::format("of {} in the pool", shown_quantity(pool, meter, price).text());
            }
            details.push_back(std::move(detail));
        }
        return details;
    }

    Result<void> total(const UsageKey& key, const UsageSum& sum, const InvoiceLine& line) {
        Total& total =
            out_.totals.try_emplace({key.component, key.window}, Total{{}, context_.zero(), 0, {}})
                .first->second;
        total.exact += line.exact;
        FARTHING_TRY(total.lines, context_.sum(total.lines, line.amount));
        FARTHING_TRY(total.rated_atoms, narrow(i128{total.rated_atoms} + sum.posted));
        FARTHING_TRY(total.shifted_atoms, narrow(i128{total.shifted_atoms} + sum.shifted));
        for (const auto& [owner, atoms] : sum.of_owners) {
            std::int64_t& part = total.of_owners[owner];
            FARTHING_TRY(part, narrow(i128{part} + atoms));
        }
        for (const auto& [partner, atoms] : sum.shares) {
            std::int64_t& share = total.rated_shares[partner];
            FARTHING_TRY(share, narrow(i128{share} + atoms));
        }
        return {};
    }

    // A line of the cycle is shown even when it costs nothing: the customer sees what was used of
    // what is included. Of earlier windows, and of what was billed before, only a difference is
    // shown.
    Result<void> show(Draft draft) {
        InvoiceLine& line = draft.line;
        const Money* billed = context_.billed(
            {line.component, context_.billed_department(line.department), line.cycle});
        if (billed != nullptr) {
            FARTHING_TRY(line.amount, context_.difference(line.amount, *billed));
            line.exact -= billed->exact();
            line.already_billed = *billed;
            if (billed->atoms != 0) {
                line.arithmetic += fmt::format(" − {} billed before", billed->to_string());
                line.details.push_back({"billed before", "", "", -billed->exact(), -*billed});
            }
        }
        const bool news =
            billed == nullptr && line.cycle == context_.input().cycle && line.used != 0;
        if (line.amount.atoms != 0 || news) out_.lines.push_back(std::move(draft));
        return {};
    }

    const Context& context_;
    std::map<std::pair<VersionNo, ComponentId>, ChargeRef> refs_;
    std::map<UsageKey, UsageSum> sums_;
    std::set<std::pair<ComponentId, Date>> of_families_;  // whose counters were taken with them
    UsageLines out_;
};

}  // namespace

Result<UsageLines> usage_lines(const Context& context) {
    return UsageComposer(context).run();
}

}  // namespace farthing::billing
