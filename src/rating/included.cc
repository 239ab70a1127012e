#include "rating/included.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/int128.h"
#include "rating/beyond.h"
#include "rating/buckets.h"
#include "rating/pricing.h"
#include "rating/rater.h"
#include "rating/window.h"

namespace farthing::rating {

namespace {

bool active_on(const directory::Subscription& subscription, PlanId plan, Date day) {
    const PlanId* held = subscription.plan.at(day);
    const std::int64_t* quantity = subscription.quantity.at(day);
    return held != nullptr && *held == plan && (quantity == nullptr || *quantity > 0);
}

// The stretches of `window` in which the subscription has the plan.
std::vector<DatePeriod> stretches_of(const directory::Subscription& subscription, PlanId plan,
                                     DatePeriod window) {
    std::vector<DatePeriod> stretches;
    for (Date day = window.first; day < window.end;) {
        const Date next = std::min({subscription.plan.next_change(day),
                                    subscription.quantity.next_change(day), window.end});
        if (active_on(subscription, plan, day)) {
            const bool goes_on = !stretches.empty() && stretches.back().end == day;
            if (goes_on) stretches.back().end = next;
            if (!goes_on) stretches.push_back({day, next});
        }
        day = next;
    }
    return stretches;
}

// Calls `visit` with every subscription whose usage the counter gathers.
template <class Visit>
void each_member(const directory::Directory& directory, const CounterKey& key, bool whole_tree,
                 Visit visit) {
    switch (key.owner_kind) {
        case OwnerKind::subscription: visit(SubscriptionId{key.owner}); return;
        case OwnerKind::group:
            for (const SubscriptionId member : directory.group({key.owner}).members) visit(member);
            return;
        case OwnerKind::account: break;
    }
    std::vector<AccountId> open = {AccountId{key.owner}};
    while (!open.empty()) {
        const AccountId account = open.back();
        open.pop_back();
        for (const SubscriptionId member : directory.subscriptions_of(account)) visit(member);
        if (!whole_tree) return;
        const auto& children = directory.account(account).children;
        open.insert(open.end(), children.begin(), children.end());
    }
}

// What the members bring, by the day from which it counts: their sum changes on those days.
class Members {
  public:
    Members(const catalog::Allowance& allowance, PlanId plan, DatePeriod window)
        : allowance_(allowance), plan_(plan), window_(window) {}

    void add(const directory::Subscription& subscription) {
        const auto stretches = stretches_of(subscription, plan_, window_);
        if (stretches.empty()) return;
        // An allowance of one's own has no usage before it begins: it needs no steps.
        const bool at_once = allowance_.join == catalog::Join::whole_cycle ||
                             allowance_.shared_by == catalog::SharedBy::subscription;
        const Date joined = at_once ? window_.first : stretches.front().first;
        if (allowance_.leave == catalog::Leave::keep) {
            changes_[joined] += part_of(window_.end - stretches.front().first);
            return;
        }
        // Whoever is there counts as one who stays, until the day after the last.
        std::int64_t days = 0;
        i128 brought = 0;
        for (const DatePeriod& stretch : stretches) {
            const i128 staying = part_of(days + (window_.end - stretch.first));
            changes_[days == 0 ? joined : stretch.first] += staying - brought;
            days += stretch.days();
            brought = part_of(days);
            if (stretch.end < window_.end) changes_[stretch.end] += brought - staying;
        }
    }

    const std::map<Date, i128>& changes() const { return changes_; }

  private:
    i128 part_of(std::int64_t days) const {
        if (!allowance_.prorated) return allowance_.quantity;
        return i128{allowance_.quantity} * days / window_.days();
    }

    const catalog::Allowance& allowance_;
    PlanId plan_;
    DatePeriod window_;
    std::map<Date, i128> changes_;
};

// More than a counter can hold is as good as everything.
std::int64_t as_counted(i128 sum) {
    return sum > INT64_MAX ? INT64_MAX : static_cast<std::int64_t>(sum);
}

std::map<Date, i128> changes_of(const catalog::Allowance& allowance, PlanId plan,
                                const directory::Directory& directory, const CounterKey& key,
                                DatePeriod window) {
    if (allowance.per_pool) return {{window.first, allowance.quantity}};
    Members members(allowance, plan, window);
    each_member(directory, key, allowance.shared_by == catalog::SharedBy::enterprise,
                [&](SubscriptionId member) { members.add(directory.subscription(member)); });
    return members.changes();
}

Included without_carried(const catalog::Version& version, const directory::Directory& directory,
                         const CounterKey& key, DatePeriod window, std::int64_t carried) {
    Included included;
    const auto [plan, charge] = find_charge(version, key.component);
    if (plan == nullptr || !charge->allowance || window.empty()) return included;
    if (charge->window != catalog::Window::cycle && key.item != 0) {
        const Date day = version.zone.date_of(window_start(key.item));
        window = {day, day.plus_days(1)};
    }
    // Who shares with nobody has no pool to keep something of for others.
    if (key.owner_kind != OwnerKind::subscription) included.cap = charge->allowance->cap;
    i128 sum = carried;
    included.at_start = carried;
    for (const auto& [day, change] :
         changes_of(*charge->allowance, plan->id, directory, key, window)) {
        sum += change;
        if (day == window.first) {
            included.at_start = as_counted(sum);
        } else if (change != 0) {
            included.steps.push_back({version.zone.start_of(day),
                                      static_cast<std::uint32_t>(day - window.first),
                                      as_counted(sum)});
        }
    }
    return included;
}

const catalog::Rollover* rollover_of(const catalog::Version& version, ComponentId component) {
    const catalog::UsageCharge* charge = find_charge(version, component).charge;
    const bool has = charge != nullptr && charge->allowance && charge->allowance->rollover;
    return has ? &*charge->allowance->rollover : nullptr;
}

DatePeriod window_on(const directory::Directory& directory, const CounterKey& key, Date day) {
    const AccountId* payer =
        directory.account(directory.account_of(key.owner_kind, key.owner)).payer.at(day);
    if (payer == nullptr || !*payer) return {day, day};
    return cycle_of(day, directory.account(*payer).fact.bill_day);
}

// What windows leave to those after them, walked in their order.
class Carrying {
  public:
    Carrying(const catalog::Snapshot& catalog, const directory::Directory& directory,
             const CounterOf& counter_of)
        : catalog_(catalog), directory_(directory), counter_of_(counter_of) {}

    std::vector<Carried> into(const CounterKey& key, int months) {
        for (const Past& past : past_of(key, months)) leave(past);
        return std::move(left_);
    }

  private:
    struct Past {
        CounterKey key;
        DatePeriod window;
        const Counter* counter = nullptr;
        const catalog::Version* version = nullptr;
    };

    // The windows that what is left depends on, the earliest first. Once nothing was used for as
    // long as anything lives, nothing before that matters; where windows overlap that is longer.
    std::vector<Past> past_of(const CounterKey& key, int months) const {
        std::vector<Past> past;
        CounterKey at = key;
        const int enough = months + LaterWindows(directory_, key).spare();
        for (int unused = 0; unused < enough;) {
            Past one{at, window_on(directory_, at, at.window_first.plus_days(-1)), nullptr,
                     nullptr};
            if (one.window.empty() || one.window.first >= at.window_first) break;
            at.window_first = one.key.window_first = one.window.first;
            one.counter = counter_of_(one.key);
            if (one.counter != nullptr) one.window.end = one.counter->window_end;
            one.version = version_of(one);
            if (one.version == nullptr) break;
            unused = one.counter == nullptr ? unused + 1 : 0;
            past.push_back(one);
        }
        std::ranges::reverse(past);
        return past;
    }

    const catalog::Version* version_of(const Past& past) const {
        if (past.counter != nullptr)
            return catalog_.numbered(past.counter->segments.back().version);
        return catalog_.at(directory_.zone().start_of(past.window.end).plus_micros(-1));
    }

    // Takes what the window used from what it had, and adds what it leaves.
    void leave(const Past& past) {
        const catalog::Rollover* rule = rollover_of(*past.version, past.key.component);
        if (rule == nullptr) return left_.clear();
        std::erase_if(left_, [&](const Carried& one) { return one.until <= past.window.first; });
        std::int64_t carried = 0;
        for (const Carried& one : left_) carried = as_counted(i128{carried} + one.quantity);
        const Included included =
            without_carried(*past.version, directory_, past.key, past.window, carried);
        std::int64_t used = past.counter == nullptr ? 0 : covered(*past.counter, included);
        std::int64_t own = included.at_end() - carried;
        const auto take = [&used](std::int64_t& from) {
            const std::int64_t taken = std::min(used, std::max<std::int64_t>(from, 0));
            from -= taken;
            used -= taken;
        };
        if (rule->current_first) take(own);
        for (Carried& one : left_) take(one.quantity);
        take(own);
        std::erase_if(left_, [](const Carried& one) { return one.quantity == 0; });
        const auto part = (Exact(std::max<std::int64_t>(own, 0)) * rule->percent / Exact(100))
                              .rounded(0, Rounding::toward_zero);
        const std::int64_t kept = std::min(rule->cap, part ? as_counted(*part) : INT64_MAX);
        if (kept > 0) left_.push_back({past.window.first, lapses(past, rule->months), kept});
        // Of two that lapse on one day the older goes first.
        std::ranges::stable_sort(left_, {}, &Carried::until);
    }

    Date lapses(const Past& past, int months) const {
        DatePeriod window = past.window;
        for (int i = 0; i < months && !window.empty(); ++i) {
            window = window_on(directory_, past.key, window.end);
        }
        return window.end;
    }

    const catalog::Snapshot& catalog_;
    const directory::Directory& directory_;
    const CounterOf& counter_of_;
    std::vector<Carried> left_;
};

const directory::Directory::Buckets& buckets_of(const directory::Directory& directory,
                                                const CounterKey& key) {
    return directory.buckets_of(key.owner_kind, key.owner, key.component);
}

// The windows of days, each with the day from which usage goes into the next: where the window ends
// or the payer changes to one with another.
std::vector<std::pair<DatePeriod, Date>> used_windows(const directory::Directory& directory,
                                                      const CounterKey& key, DatePeriod days) {
    std::vector<std::pair<DatePeriod, Date>> windows;
    const auto& payers = directory.account(directory.account_of(key.owner_kind, key.owner)).payer;
    for (Date day = days.first; day < days.end;) {
        const DatePeriod window = window_on(directory, key, day);
        const Date change = payers.next_change(day);
        day = window.empty() ? change : std::min(window.end, change);
        if (window.empty()) continue;
        const bool goes_on = !windows.empty() && windows.back().first.first == window.first;
        if (!goes_on) windows.emplace_back(window, day);
        if (goes_on) windows.back().second = day;
    }
    return windows;
}

// The buckets of an owner as usage window after window leaves them.
class BucketChain {
  public:
    BucketChain(const directory::Directory& directory, const CounterKey& key,
                const CounterOf& counter_of)
        : directory_(directory), key_(key), counter_of_(counter_of) {}

    // Before `window`, which is the key's.
    Buckets before(DatePeriod window) const {
        const auto facts = that_matter(window);
        if (facts.empty()) return {};
        Buckets buckets(facts);
        if (counter_of_) pass_windows(window, first_day(facts), buckets);
        buckets.pass_to(window.first);
        return buckets;
    }

    // On a day of it, after what is known to be used until others are valid.
    Buckets on(DatePeriod window, Date day) const {
        Buckets buckets = before(window);
        if (buckets.empty()) return buckets;
        CounterKey key = key_;
        key.window_first = window.first;
        const Counter* counter = counter_of_(key);
        if (counter == nullptr) {
            buckets.pass_to(day);
            return buckets;
        }
        Included included;
        add_steps(buckets, window, directory_.zone(), included);
        included.buckets = std::move(buckets);
        return buckets_on_day(*counter, included, static_cast<std::uint32_t>(day - window.first));
    }

    // The days on which one begins or ends, as steps that include no more.
    static void add_steps(const Buckets& buckets, DatePeriod window, const TimeZone& zone,
                          Included& included) {
        auto& steps = included.steps;
        for (Date day = buckets.next_change(window.first); day < window.end;
             day = buckets.next_change(day)) {
            const auto offset = static_cast<std::uint32_t>(day - window.first);
            const auto at = std::ranges::lower_bound(steps, offset, {}, &Included::Step::day);
            if (at != steps.end() && at->day == offset) continue;
            const std::int64_t whole =
                at == steps.begin() ? included.at_start : std::prev(at)->whole;
            steps.insert(at, {zone.start_of(day), offset, whole});
        }
    }

  private:
    static Date first_day(std::span<const BucketFact* const> facts) {
        Date first = Date::max();
        for (const BucketFact* one : facts) first = std::min(first, one->from);
        return first;
    }

    // Those valid within the window, and those that they were valid with, or went on in them.
    std::vector<const BucketFact*> that_matter(DatePeriod window) const {
        Date first = Date::max();
        for (const BucketFact& one : buckets_of(directory_, key_)) {
            const bool valid = one.from < window.end && one.until > window.first;
            if (valid) first = std::min(first, one.from);
        }
        for (Date before = Date::max(); first < before;) {
            before = first;
            for (const BucketFact& one : buckets_of(directory_, key_))
                if (one.until >= first) first = std::min(first, one.from);
        }
        std::vector<const BucketFact*> kept;
        if (first == Date::max()) return kept;
        for (const BucketFact& one : buckets_of(directory_, key_))
            if (one.until >= first && one.from < window.end) kept.push_back(&one);
        return kept;
    }

    // Over the windows from that day on: each is used until the payer changes to one with another.
    void pass_windows(DatePeriod window, Date day, Buckets& buckets) const {
        for (const auto& [past, used_until] : used_windows(directory_, key_, {day, window.end})) {
            if (past.first >= window.first) return;
            pass({past.first, used_until}, buckets);
        }
    }

    void pass(DatePeriod days, Buckets& buckets) const {
        CounterKey key = key_;
        key.window_first = days.first;
        const Counter* counter = counter_of_(key);
        buckets.pass_to(days.first);
        if (counter == nullptr) return;
        Included included;
        add_steps(buckets, days, directory_.zone(), included);
        included.buckets = std::move(buckets);
        buckets = rating::buckets_after(*counter, included);
    }

    const directory::Directory& directory_;
    const CounterKey& key_;
    const CounterOf& counter_of_;
};

}  // namespace

std::int64_t Included::carried_in() const {
    std::int64_t sum = 0;
    for (const Carried& one : carried) sum = as_counted(i128{sum} + one.quantity);
    return sum;
}

Included included_of(const catalog::Snapshot& catalog, const catalog::Version& version,
                     const directory::Directory& directory, const CounterKey& key,
                     DatePeriod window, const CounterOf& counter_of) {
    std::vector<Carried> carried;
    const catalog::Rollover* rule = rollover_of(version, key.component);
    if (rule != nullptr && counter_of) {
        carried =
            Carrying(catalog, directory, counter_of).into(key, carries_for(catalog, key.component));
        std::erase_if(carried, [&](const Carried& one) { return one.until <= window.first; });
    }
    i128 sum = 0;
    for (const Carried& one : carried) sum += one.quantity;
    Included included = without_carried(version, directory, key, window, as_counted(sum));
    included.carried = std::move(carried);
    const catalog::UsageCharge* charge = find_charge(version, key.component).charge;
    if (!has_buckets(directory, key) || charge == nullptr ||
        !catalog::why_not_covered(*charge).empty())
        return included;
    included.buckets = BucketChain(directory, key, counter_of).before(window);
    BucketChain::add_steps(included.buckets, window, version.zone, included);
    return included;
}

bool has_buckets(const directory::Directory& directory, const CounterKey& key) {
    return directory.has_buckets() && key.perspective == Perspective::retail && key.item == 0 &&
           !buckets_of(directory, key).empty();
}

Date buckets_end(const directory::Directory& directory, const CounterKey& key) {
    Date end = Date::min();
    if (!has_buckets(directory, key)) return end;
    for (const BucketFact& one : buckets_of(directory, key)) end = std::max(end, one.until);
    return end;
}

Buckets buckets_on(const directory::Directory& directory, CounterKey key, Date day,
                   const CounterOf& counter_of) {
    DatePeriod window = window_on(directory, key, day);
    if (window.empty()) window = {day, day.plus_days(1)};  // nobody pays, and nothing is used
    key.window_first = window.first;
    return BucketChain(directory, key, counter_of).on(window, day);
}

std::vector<DatePeriod> windows_in(const directory::Directory& directory, const CounterKey& key,
                                   DatePeriod days) {
    std::vector<DatePeriod> windows;
    for (const auto& [window, used_until] : used_windows(directory, key, days))
        windows.push_back(window);
    return windows;
}

LaterWindows::LaterWindows(const directory::Directory& directory, const CounterKey& key)
    : directory_(directory), key_(key), day_(key.window_first) {}

std::optional<DatePeriod> LaterWindows::next() {
    const auto& payers =
        directory_.account(directory_.account_of(key_.owner_kind, key_.owner)).payer;
    while (day_ < Date::max()) {
        const DatePeriod window = window_on(directory_, key_, day_);
        const Date change = payers.next_change(day_);
        day_ = window.empty() ? change : std::min(window.end, change);
        if (window.empty() || window.first <= key_.window_first) continue;
        key_.window_first = window.first;
        return window;
    }
    return std::nullopt;
}

int LaterWindows::spare() const {
    const auto& payers =
        directory_.account(directory_.account_of(key_.owner_kind, key_.owner)).payer;
    return static_cast<int>(payers.steps.size());
}

int carries_for(const catalog::Snapshot& catalog, ComponentId component) {
    int months = 0;
    for (const auto& version : catalog.versions()) {
        const catalog::Rollover* rule = rollover_of(*version, component);
        if (rule != nullptr) months = std::max(months, rule->months);
    }
    return months;
}

std::int64_t allowance_of(const catalog::Version& version, const directory::Directory& directory,
                          const CounterKey& key, DatePeriod window) {
    return without_carried(version, directory, key, window, 0).at_end();
}

}  // namespace farthing::rating
