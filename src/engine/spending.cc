#include "engine/spending.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "assurance/finding.h"
#include "charging/levels.h"
#include "rating/rater.h"

namespace farthing::engine {

namespace {

constexpr int kLookBackDays = 31;

// Whether the version's plan has that charge, and the customer pays for it.
bool counts(const catalog::Plan& plan, ComponentId component) {
    return std::ranges::any_of(plan.charges, [&](const catalog::UsageCharge& charge) {
        return charge.id == component && !charge.limit && charge.paid_by.empty();
    });
}

class Spendings {
  public:
    Spendings(Engine::State& state, Date window, SubscriptionId only)
        : state_(state), window_(window), only_(only) {
        for (const auto& version : state.catalog.versions()) {
            for (const catalog::Plan& plan : version->plans) {
                if (!plan.spending_cap) continue;
                plans_.insert(plan.id);
                of_accounts_ = of_accounts_ || plan.spending_cap->per_account;
            }
        }
    }

    Result<std::vector<Spending>> run() {
        if (plans_.empty()) return std::vector<Spending>{};
        FARTHING_TRY(const std::vector<PackKey> keys,
                     state_.store->counter_packs(Perspective::retail, window_));
        for (const PackKey& key : keys) {
            if (!may_hold(key)) continue;
            FARTHING_TRY(const std::string bytes, state_.store->counter_pack(key));
            FARTHING_TRY(const auto counters, rating::unpack_counters(key, bytes));
            for (const rating::Counter& counter : counters) take(counter);
        }
        std::vector<Spending> all;
        for (auto& [key, sum] : sums_) {
            // The cap of the newest version that priced the cycle's usage.
            const auto& cap = sum.spending.plan->spending_cap;
            if (!cap || cap->per_account != !sum.spending.subscription) continue;
            sum.spending.cap = &*cap;
            all.push_back(std::move(sum.spending));
        }
        return all;
    }

  private:
    struct Sum {
        Spending spending;
        VersionNo newest;
    };

    bool may_hold(const PackKey& key) const {
        if (!only_ || of_accounts_) return true;
        return key.owner_kind == static_cast<std::uint8_t>(OwnerKind::subscription) &&
               key.block == only_.value / rating::kPackOwners;
    }

    // By that version; nullptr where no version of the plan has a cap.
    const catalog::Plan* plan_of(VersionNo number, ComponentId component) {
        const auto [found, fresh] = plan_of_.try_emplace({number, component}, nullptr);
        if (!fresh) return found->second;
        for (const catalog::Plan& plan : state_.catalog.numbered(number)->plans) {
            if (plans_.contains(plan.id) && counts(plan, component)) found->second = &plan;
        }
        return found->second;
    }

    void take(const rating::Counter& counter) {
        const bool own = counter.key.owner_kind == OwnerKind::subscription;
        const SubscriptionId subscription{own ? counter.key.owner : 0};
        std::vector<rating::SegmentPrice> prices;
        for (std::size_t i = 0; i < counter.segments.size(); ++i) {
            const rating::Segment& segment = counter.segments[i];
            const catalog::Plan* plan = plan_of(segment.version, counter.key.component);
            if (plan == nullptr) continue;
            if (prices.empty()) {
                prices = rating::price_segments(
                    state_.catalog, state_.directory, counter,
                    [this](const rating::CounterKey& key) { return state_.counters.find(key); });
            }
            // A subscription's spending is one, whoever pays for it.
            if (own && (!only_ || subscription == only_))
                add({plan->id, subscription, {}}, *plan, counter, segment, prices[i].price);
            if (of_accounts_)
                add({plan->id, {}, segment.payer}, *plan, counter, segment, prices[i].price);
        }
    }

    using Key = std::tuple<PlanId, SubscriptionId, AccountId>;
    void add(const Key& key, const catalog::Plan& plan, const rating::Counter& counter,
             const rating::Segment& segment, const Exact& price) {
        Sum& sum = sums_[key];
        Spending& spending = sum.spending;
        if (spending.plan == nullptr || sum.newest < segment.version) {
            spending.plan = &plan;
            sum.newest = segment.version;
        }
        spending.currency = state_.catalog.numbered(segment.version)->currency;
        spending.subscription = std::get<SubscriptionId>(key);
        spending.account = segment.payer;
        spending.window = {counter.key.window_first,
                           std::max(spending.window.end, counter.window_end)};
        spending.spent += price;
    }

    Engine::State& state_;
    Date window_;
    SubscriptionId only_;
    std::set<PlanId> plans_;  // with a cap in some version
    bool of_accounts_ = false;
    std::map<std::pair<VersionNo, ComponentId>, const catalog::Plan*> plan_of_;
    std::map<Key, Sum> sums_;
};

}  // namespace

int Spending::alert() const {
    int reached = 0;
    for (const int percent : cap->alerts) {
        if (spent * Exact(100) >= cap->amount.exact() * Exact(percent)) reached = percent;
    }
    return reached;
}

std::string Spending::text() const {
    return fmt::format("{} {} of {}, in {}", spent.to_decimal(), currency.code(), cap->text,
                       to_string(window));
}

Result<std::vector<Spending>> spending_in(Engine::State& state, Date window, SubscriptionId only) {
    return Spendings(state, window, only).run();
}

Result<i128> spent_by(Engine::State& state, PlanId plan, SubscriptionId subscription, Date cycle) {
    const rating::CounterKey any{
        Perspective::retail, OwnerKind::subscription, subscription.value, {}, 0, cycle};
    const PackKey key = rating::block_of(any);
    FARTHING_TRY(const std::string bytes, state.store->counter_pack(key));
    FARTHING_TRY(const auto counters, rating::unpack_counters(key, bytes));
    i128 atoms = 0;
    for (const rating::Counter& counter : counters) {
        if (counter.key.owner != subscription.value) continue;
        for (const rating::Segment& segment : counter.segments) {
            const catalog::Plan* priced = state.catalog.numbered(segment.version)->plan(plan);
            if (priced != nullptr && counts(*priced, counter.key.component))
                atoms += segment.posted_atoms;
        }
    }
    return atoms;
}

Result<i128> spent_by(Engine::State& state, PlanId plan, AccountId payer, Date cycle) {
    FARTHING_TRY(const auto spent, state.store->spent(payer));
    i128 atoms = 0;
    for (const auto& [of, posted] : spent) {
        const auto& [period, component] = of;
        const bool of_plan =
            std::ranges::any_of(state.catalog.versions(), [&](const auto& version) {
                const catalog::Plan* known = version->plan(plan);
                return known != nullptr && counts(*known, component);
            });
        if (period == cycle && of_plan) atoms += posted;
    }
    return atoms;
}

Result<i128> spent_below(Engine::State& state, AccountId account, const PackKey& key) {
    FARTHING_TRY(const std::string bytes, state.store->counter_pack(key));
    return spent_below(state, account, key, bytes);
}

Result<i128> spent_below(Engine::State& state, AccountId account, const PackKey& key,
                         std::string_view bytes) {
    FARTHING_TRY(const auto counters, rating::unpack_counters(key, bytes));
    i128 atoms = 0;
    for (const rating::Counter& counter : counters) {
        for (const rating::Segment& segment : counter.segments) {
            if (charging::counts_for(state.directory, account, counter.key, segment.payer))
                atoms += segment.posted_atoms;
        }
    }
    return atoms;
}

Result<std::vector<Finding>> spending_findings(Engine::State& state) {
    std::vector<Finding> findings;
    FARTHING_TRY(const std::vector<Date> windows, state.store->windows(Perspective::retail));
    if (windows.empty()) return findings;
    const Date newest = *std::ranges::max_element(windows);
    for (const Date window : windows) {
        if (window < newest.plus_days(-kLookBackDays)) continue;
        FARTHING_TRY(const auto spendings, spending_in(state, window));
        for (const Spending& one : spendings) {
            if (!one.over() && one.alert() == 0) continue;
            Finding finding;
            finding.kind = std::string(
                name_of(one.over() ? FindingReason::over_cap : FindingReason::near_cap));
            finding.subject = one.subscription
                                  ? state.directory.subscription(one.subscription).fact.name
                                  : state.directory.account(one.account).fact.name;
            finding.since = state.directory.zone().start_of(one.window.first);
            finding.until = state.directory.zone().start_of(one.window.end);
            finding.text = one.over() ? fmt::format("{} has spent {}", finding.subject, one.text())
                                      : fmt::format("{} has reached {} %: {}", finding.subject,
                                                    one.alert(), one.text());
            findings.push_back(std::move(finding));
        }
    }
    return findings;
}

}  // namespace farthing::engine
