// What waiting records would cost, so that people mend first what is worth most: an estimate. They
// are rated as a retry would, but alone, from counters at zero; whose plan nobody knows gets the
// one that most of the identities nearest to his have.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "engine/reasons.h"
#include "engine/suspense_groups.h"
#include "mediation/decode.h"
#include "mediation/guide.h"

namespace farthing::engine {

namespace {

constexpr Date kAlways = Date::of(1970, 1, 1);

using Identity = std::pair<IdentityKind, std::string>;

std::size_t common_prefix(std::string_view a, std::string_view b) {
    const auto [end, other] = std::ranges::mismatch(a, b);
    return static_cast<std::size_t>(end - a.begin());
}

// Which plan an identity would have: that of most of those that share the longest beginning with
// it; of equally many, the first by name.
class NearestPlans {
  public:
    explicit NearestPlans(const Engine::State& state) : state_(state) {}

    PlanId plan_of(const Identity& identity) {
        if (known_.empty()) read();
        return nearest(identity);
    }

  private:
    using Known = std::pair<std::string, SubscriptionId>;

    void read() {
        for (std::size_t i = 0; i < state_.directory.identities(); ++i) {
            const auto identity = state_.directory.identity(i);
            if (!identity.valid.empty())
                known_[identity.kind].emplace_back(identity.value, identity.subscription);
        }
        for (const directory::Subscription& subscription : state_.directory.subscriptions())
            known_[IdentityKind::subscription].emplace_back(subscription.fact.name,
                                                            subscription.fact.id);
        for (auto& [kind, all] : known_) std::sort(all.begin(), all.end());
    }

    PlanId nearest(const Identity& identity) {
        const auto found = known_.find(identity.first);
        if (found == known_.end() || found->second.empty()) return {};
        const auto& all = found->second;
        const auto at = std::ranges::lower_bound(all, identity.second, {}, &Known::first);
        std::size_t shared = 0;
        if (at != all.end()) shared = common_prefix(at->first, identity.second);
        if (at != all.begin())
            shared = std::max(shared, common_prefix(std::prev(at)->first, identity.second));
        const std::string_view prefix = std::string_view(identity.second).substr(0, shared);
        const auto [cached, fresh] =
            by_prefix_.try_emplace({identity.first, std::string(prefix)}, PlanId());
        if (fresh) cached->second = most_common(all, prefix);
        return cached->second;
    }

    PlanId most_common(const std::vector<Known>& all, std::string_view prefix) const {
        std::map<std::string, std::pair<std::int64_t, PlanId>> plans;
        const auto begins = [&](const Known& known) { return known.first.starts_with(prefix); };
        auto known = std::ranges::lower_bound(all, prefix, {}, &Known::first);
        for (; known != all.end() && begins(*known); ++known) {
            const auto& steps = state_.directory.subscription(known->second).plan.steps;
            const auto last = std::find_if(steps.rbegin(), steps.rend(),
                                           [](const auto& step) { return bool(step.value); });
            if (last == steps.rend()) continue;
            auto& [count, plan] =
                plans[state_.names.name_of(NameTable::Kind::plan, last->value.value)];
            count += 1;
            plan = last->value;
        }
        std::pair<std::int64_t, PlanId> most;
        for (const auto& [name, candidate] : plans) {
            if (candidate.first > most.first) most = candidate;
        }
        return most.second;
    }

    const Engine::State& state_;
    std::map<IdentityKind, std::vector<Known>> known_;
    std::map<Identity, PlanId> by_prefix_;
};

// Records of one feed and source, read with the same corrections.
struct Part {
    const OpenFeed* feed = nullptr;
    std::vector<SuspenseFix> fixes;
    RawRecords records;
};

class Worth {
  public:
    Worth(Engine::State& state, PlanId plan) : state_(state), plan_(plan), nearest_(state) {}

    Result<void> read(const std::vector<OpenGroup>& groups, const SuspenseFilter& filter) {
        std::map<std::tuple<std::string, std::vector<std::uint32_t>, SourceId>, Part> parts;
        const auto add = [&](const OpenGroup& group, store::SuspendedRow& row) {
            const auto feed = state_.feeds.find(group.feed);
            const bool usage = feed != state_.feeds.end() &&
                               feed->second.feed.kind == mediation::Feed::Kind::usage;
            const bool sold = (group.row.group.sides & bit_of(Perspective::retail)) != 0;
            if (!usage || !sold) return;
            std::vector<std::uint32_t> key;
            for (const SuspenseFix& fix : group.fixes) key.push_back(fix.id);
            Part& part = parts[{group.feed, std::move(key), row.source}];
            part.feed = &feed->second;
            part.fixes = group.fixes;
            part.records.lines.push_back(row.line);
            part.records.raw.push_back(std::move(row.raw));
            part.records.groups.push_back(&group);
        };
        FARTHING_CHECK(each_waiting(state_, groups, filter, add));
        for (auto& [key, part] : parts) parts_.emplace_back(std::get<2>(key), std::move(part));
        return {};
    }

    // Adds what each record would cost to the line that its group belongs to.
    template <class LineOf>
    Result<void> price(LineOf line_of) {
        const auto meet = [&](const UsageChunk& chunk, const RawRecords&,
                              std::size_t) -> Result<void> {
            for (std::size_t row = 0; row < chunk.size(); ++row) {
                if (needs_stand_in(chunk, row)) stand_in(chunk, row);
            }
            return {};
        };
        FARTHING_CHECK(each_chunk(meet));
        FARTHING_TRY(const directory::Directory directory, state_.folded_with(stand_ins()));
        rating::CounterTable counters([](const PackKey&) { return std::string(); });
        rating::Rater rater(state_.catalog, directory, counters);
        return each_chunk(
            [&](UsageChunk& chunk, const RawRecords& records, std::size_t first) -> Result<void> {
                rate(chunk, records, first, rater, line_of);
                return {};
            });
    }

  private:
    // Decodes all records, guided, without limits of age: those are no question of price.
    template <class Visit>
    Result<void> each_chunk(Visit visit) {
        for (const auto& [source_id, part] : parts_) {
            FARTHING_TRY(const auto source, state_.store->source(source_id));
            if (!source) continue;
            mediation::Feed feed = part.feed->feed;
            feed.accept_late_micros = feed.accept_early_micros = INT64_MAX / 4;
            FARTHING_TRY(const auto fixes, field_fixes(feed, part.fixes));
            FARTHING_CHECK(decode_waiting(
                state_, feed, source->source, part.records, fixes,
                [&](UsageChunk& chunk, std::size_t first) {
                    take_first_readings(chunk);
                    mediation::validate(feed, source->source.sealed_at, chunk);
                    mediation::guide(state_.directory, chunk,
                                     feed.by_destination ? &state_.catalog.newest() : nullptr);
                    return visit(chunk, part.records, first);
                }));
        }
        return {};
    }

    // A time with two readings has one price, seldom two.
    static void take_first_readings(UsageChunk& chunk) {
        for (std::size_t row = 0; row < chunk.size(); ++row) {
            if (chunk.reason[row] != SuspenseReason::ambiguous_time) continue;
            chunk.outcome[row] = Outcome::rated;
            chunk.reason[row] = SuspenseReason::none;
        }
    }

    // Whose plan, or who pays, nobody knows at the time of the event.
    bool needs_stand_in(const UsageChunk& chunk, std::size_t row) const {
        if (!chunk.live(row)) return chunk.reason[row] == SuspenseReason::unknown_identity;
        if (!chunk.subscription[row]) return true;
        const directory::Subscription& owner =
            state_.directory.subscription(chunk.subscription[row]);
        const Date day = state_.zone().date_of(chunk.start[row]);
        const PlanId* plan = owner.plan.at(day);
        const AccountId* payer = state_.directory.account(owner.fact.account).payer.at(day);
        return plan == nullptr || !*plan || payer == nullptr || !*payer;
    }

    void stand_in(const UsageChunk& chunk, std::size_t row) {
        const Identity identity{chunk.identity_kind[row], std::string(chunk.identity[row])};
        const auto [found, fresh] = stand_ins_.try_emplace(identity);
        if (!fresh) return;
        found->second.plan = plan_ ? plan_ : nearest_.plan_of(identity);
        const std::size_t before = state_.directory.subscriptions().size();
        found->second.subscription = {static_cast<std::uint32_t>(before + stand_ins_.size())};
    }

    DirectoryFacts stand_ins() const {
        DirectoryFacts facts;
        if (stand_ins_.empty()) return facts;
        const AccountId account{static_cast<std::uint32_t>(state_.directory.accounts().size() + 1)};
        // No name can be that of an account: they hold no control characters.
        AccountFact payer;
        payer.id = account;
        payer.name = "\x01";
        facts.accounts.push_back(std::move(payer));
        facts.pays.push_back({account, kAlways, true});
        std::map<SubscriptionId, PlanId> in_order;  // ids are dense
        for (const auto& [identity, one] : stand_ins_) in_order[one.subscription] = one.plan;
        for (const auto& [subscription, plan] : in_order) {
            facts.subscriptions.push_back(
                {subscription, fmt::format("\x01{}", subscription.value), account, {}});
            facts.quantities.push_back({subscription, kAlways, 1});
            if (plan) facts.plans.push_back({subscription, kAlways, plan});
        }
        return facts;
    }

    template <class LineOf>
    void rate(UsageChunk& chunk, const RawRecords& records, std::size_t first, rating::Rater& rater,
              LineOf line_of) {
        std::vector<SuspenseWorth*> lines(chunk.size());
        for (std::size_t row = 0; row < chunk.size(); ++row) {
            lines[row] = &line_of(*records.groups[first + row]);
            if (needs_stand_in(chunk, row)) {
                const auto& one =
                    stand_ins_.at({chunk.identity_kind[row], std::string(chunk.identity[row])});
                chunk.outcome[row] = Outcome::rated;
                chunk.reason[row] = SuspenseReason::none;
                chunk.subscription[row] = one.subscription;
                if (one.plan) tell_plan(*lines[row], one.plan);
            }
            if (chunk.meter[row]) add_quantity(*lines[row], chunk.meter[row], chunk.quantity[row]);
        }
        RatedChunk rated;
        rater.rate(chunk, rated);
        for (std::size_t i = 0; i < rated.size(); ++i) {
            if (rated.row[i] != rating::kNoRow)
                lines[rated.row[i]]->amount.atoms += rated.charge_atoms[i];
        }
        for (std::size_t row = 0; row < chunk.size(); ++row) {
            const Outcome outcome = chunk.outcome[row];
            if (outcome == Outcome::rated || outcome == Outcome::zero_rated)
                lines[row]->priced += 1;
        }
    }

    void tell_plan(SuspenseWorth& worth, PlanId plan) {
        if (!told_.insert({&worth, plan}).second) return;
        std::string name = state_.names.name_of(NameTable::Kind::plan, plan.value);
        const auto at = std::ranges::lower_bound(worth.plans, name);
        if (at == worth.plans.end() || *at != name) worth.plans.insert(at, std::move(name));
    }

    void add_quantity(SuspenseWorth& worth, MeterId id, std::int64_t quantity) const {
        const catalog::Version& version = state_.catalog.newest();
        const auto meter = std::ranges::find(version.meters, id, &catalog::Meter::id);
        if (meter == version.meters.end() || quantity < 0 || quantity > kQuantityMax) return;
        auto known =
            std::ranges::find(worth.quantities, meter->name, &SuspenseWorth::Quantity::meter);
        if (known == worth.quantities.end()) {
            worth.quantities.push_back({meter->name, 0, std::string(meter->unit->name)});
            known = std::prev(worth.quantities.end());
        }
        std::int64_t sum = 0;
        if (!__builtin_add_overflow(known->quantity, quantity, &sum)) known->quantity = sum;
    }

    struct StandIn {
        SubscriptionId subscription;
        PlanId plan;
    };
    Engine::State& state_;
    PlanId plan_;
    NearestPlans nearest_;
    std::vector<std::pair<SourceId, Part>> parts_;
    std::map<Identity, StandIn> stand_ins_;
    std::set<std::pair<SuspenseWorth*, PlanId>> told_;
};

}  // namespace

Result<std::vector<SuspenseWorth>> Engine::suspense_worth(SuspenseBy by,
                                                          const SuspenseFilter& filter,
                                                          const std::string& plan) {
    State& s = *state_;
    if (s.catalog.empty()) return fail(EngineReason::catalog_none);
    PlanId id;
    if (!plan.empty()) {
        for (const auto& version : s.catalog.versions()) {
            if (const catalog::Plan* known = version->plan_named(plan)) id = known->id;
        }
        if (!id) return fail(DirectoryReason::unknown_plan, "there is no plan \"" + plan + "\"");
    }
    FARTHING_TRY(auto lines, suspense(by, filter));
    std::vector<SuspenseWorth> worths;
    std::map<std::tuple<std::string, SuspenseReason, std::string>, std::size_t> index;
    for (SuspenseLine& line : lines) {
        index[{line.feed, line.reason, line.identity}] = worths.size();
        worths.push_back({std::move(line), {}, 0, {0, s.catalog.newest().currency}, {}});
    }
    FARTHING_TRY(const auto groups, open_groups(s, filter));
    Worth worth(s, id);
    FARTHING_CHECK(worth.read(groups, filter));
    FARTHING_CHECK(worth.price([&](const OpenGroup& group) -> SuspenseWorth& {
        const SuspenseLine line = line_of(group, by);
        return worths[index.at({line.feed, line.reason, line.identity})];
    }));
    return worths;
}

}  // namespace farthing::engine
