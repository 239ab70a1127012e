#include "engine/spending.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "assurance/finding.h"
#include "rating/rater.h"

namespace farthing::engine {

namespace {

constexpr int kLookBackDays = 31;

struct Capped {
    const catalog::Plan* plan = nullptr;  // with a cap
    const catalog::UsageCharge* charge = nullptr;
};

class Spendings {
  public:
    Spendings(Engine::State& state, Date window, SubscriptionId only)
        : state_(state), window_(window), only_(only) {}

    Result<std::vector<Spending>> run() {
        if (!any_cap()) return std::vector<Spending>{};
        FARTHING_TRY(const std::vector<PackKey> keys,
                     state_.store->counter_packs(Perspective::retail, window_));
        for (const PackKey& key : keys) {
            FARTHING_TRY(const std::string bytes, state_.store->counter_pack(key));
            FARTHING_TRY(const auto counters, rating::unpack_counters(key, bytes));
            for (const rating::Counter& counter : counters) take(counter);
        }
        std::vector<Spending> all;
        for (auto& [key, one] : sums_) all.push_back(std::move(one));
        return all;
    }

  private:
    bool any_cap() const {
        return std::ranges::any_of(state_.catalog.versions(), [](const auto& version) {
            return std::ranges::any_of(version->plans, [](const catalog::Plan& plan) {
                return plan.spending_cap.has_value();
            });
        });
    }

    const Capped& capped(VersionNo number, ComponentId component) {
        const auto [found, fresh] = capped_.try_emplace({number, component});
        if (!fresh) return found->second;
        for (const catalog::Plan& plan : state_.catalog.numbered(number)->plans) {
            if (!plan.spending_cap) continue;
            for (const catalog::UsageCharge& charge : plan.charges) {
                const bool counts = !charge.limit && charge.paid_by.empty();
                if (charge.id == component && counts) found->second = {&plan, &charge};
            }
        }
        return found->second;
    }

    void take(const rating::Counter& counter) {
        const bool own = counter.key.owner_kind == OwnerKind::subscription;
        const SubscriptionId subscription{own ? counter.key.owner : 0};
        std::vector<rating::SegmentPrice> prices;
        for (std::size_t i = 0; i < counter.segments.size(); ++i) {
            const rating::Segment& segment = counter.segments[i];
            const Capped& by = capped(segment.version, counter.key.component);
            if (by.plan == nullptr) continue;
            const catalog::SpendingCap& cap = *by.plan->spending_cap;
            if (!cap.per_account && (!own || (only_ && subscription != only_))) continue;
            if (prices.empty()) {
                prices = rating::price_segments(
                    state_.catalog, state_.directory, counter,
                    [this](const rating::CounterKey& key) { return state_.counters.find(key); });
            }
            const SubscriptionId of = cap.per_account ? SubscriptionId{} : subscription;
            // A subscription's spending is one, whoever pays for it.
            const AccountId payer = cap.per_account ? segment.payer : AccountId{};
            Spending& sum = sums_[{by.plan->id, of, payer}];
            if (sum.cap == nullptr || versions_[&sum] < segment.version) {
                sum.cap = &cap;
                sum.plan = by.plan;
                versions_[&sum] = segment.version;
            }
            sum.currency = state_.catalog.numbered(segment.version)->currency;
            sum.subscription = of;
            sum.account = segment.payer;
            sum.window = {counter.key.window_first, std::max(sum.window.end, counter.window_end)};
            sum.spent += prices[i].price;
        }
    }

    Engine::State& state_;
    Date window_;
    SubscriptionId only_;
    std::map<std::pair<VersionNo, ComponentId>, Capped> capped_;
    std::map<std::tuple<PlanId, SubscriptionId, AccountId>, Spending> sums_;
    std::map<const Spending*, VersionNo> versions_;  // whose cap it is
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
