// Rates archived usage again with the catalog and directory as they are now: what the selection is
// counted together with is taken back, its stretch of each counter un-pinned, and all of it rated
// again. Segments post what that changes (R1, R2, EC56).
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <ranges>

#include "engine/archive_online.h"
#include "engine/corrector.h"
#include "engine/find.h"
#include "engine/reasons.h"

namespace farthing::engine {

namespace {

using rating::Contribution;
using rating::CounterKey;

// What is counted together: it is rated again as one, or not at all.
struct Cluster {
    std::set<RecordPosition> records;
    std::set<CounterKey> keys;
};

// The segments of a counter that hold anything.
std::vector<rating::Segment> held_by(const rating::Counter* counter) {
    std::vector<rating::Segment> held;
    if (counter == nullptr) return held;
    std::ranges::copy_if(counter->segments, std::back_inserter(held),
                         [](const rating::Segment& segment) { return !segment.empty(); });
    return held;
}

// A file that was taken back may have left `last` too late: no price looks at it.
bool same(const std::vector<rating::Segment>& a, const std::vector<rating::Segment>& b) {
    return std::ranges::equal(a, b, [](const rating::Segment& x, const rating::Segment& y) {
        return x.start == y.start && x.version == y.version && x.payer == y.payer &&
               x.quantity == y.quantity && x.records == y.records &&
               x.session_totals() == y.session_totals();
    });
}

class Rerate {
  public:
    Rerate(Engine::State& state, const RerateFilter& filter) : state_(state), filter_(filter) {}

    Result<RerateReport> run(bool preview) {
        state_.forget_counters();  // lanes that know the counters as they were
        Result<RerateReport> done = work(preview);
        state_.forget_counters();
        return done;
    }

  private:
    Result<RerateReport> work(bool preview) {
        FARTHING_CHECK(resolve());
        FARTHING_CHECK(archive_online(state_));
        FARTHING_CHECK(archive_.open());
        FARTHING_CHECK(read());
        OpenFeed no_feed;
        FARTHING_TRY(const auto batch, Batch::begin(state_, no_feed, std::string(kRerate)));
        FARTHING_CHECK(rate_clusters(*batch));
        if (report_.selected == 0) return fail(EngineReason::rerate_nothing);
        Report ignored;
        if (preview || report_.changed == 0) {
            FARTHING_CHECK(batch->tell_and_forget(ignored));
        } else {
            FARTHING_CHECK(batch->commit(ignored));
        }
        report_.difference = differences_of(state_, *batch, filter_.side, payers_);
        report_.read = {count_.files, count_.files_read, count_.groups, count_.groups_read,
                        count_.rows_read};
        return std::move(report_);
    }

    // Names to ids, and days to instants.
    Result<void> resolve() {
        const bool digits = std::ranges::all_of(
            filter_.prefix, [](char digit) { return digit >= '0' && digit <= '9'; });
        if (!digits) return fail(EngineReason::rerate_prefix_malformed);
        span_ = {Instant::min(), Instant::max()};
        if (filter_.period) span_ = state_.zone().period_of(*filter_.period);
        if (!filter_.charge.empty()) {
            for (const NameTable::Row& row : state_.names.rows()) {
                if (row.kind == NameTable::Kind::component && row.name == filter_.charge)
                    charge_ = {row.id};
            }
            if (!charge_)
                return fail(EngineReason::charge_name_unknown,
                            "no usage charge is named \"" + filter_.charge + "\"");
        }
        if (filter_.side == Perspective::cost) return resolve_carrier();
        FARTHING_TRY(wanted_, subscriptions_named(state_, filter_.account, filter_.subscription));
        return {};
    }

    Result<void> resolve_carrier() {
        const directory::Directory& carriers = state_.carriers;
        for (const auto& subscription : carriers.subscriptions()) {
            if (filter_.carrier.empty()) wanted_.insert(subscription.fact.id);
        }
        if (filter_.carrier.empty()) return {};
        const SubscriptionId id = carriers.subscription_named(filter_.carrier);
        if (!id)
            return fail(EngineReason::carrier_unknown,
                        "no carrier is named \"" + filter_.carrier + "\"");
        wanted_.insert(id);
        return {};
    }

    // The records of those who are wanted, and of all who share a counter with them.
    Result<void> read() {
        std::set<SubscriptionId> readers = wanted_;
        for (std::size_t known = 0; known != readers.size();) {
            known = readers.size();
            const std::vector<SubscriptionId> some(readers.begin(), readers.end());
            count_ = {};
            FARTHING_TRY(standing_,
                         archive_.rated(nullptr, {filter_.side, &some, nullptr}, &count_));
            by_key_.clear();
            for (const auto& [position, parts] : standing_) {
                for (const Contribution& part : parts)
                    by_key_[part.key].emplace_back(position, &part);
            }
            for (const auto& [key, parts] : by_key_) {
                if (key.owner_kind == OwnerKind::subscription) continue;
                const rating::Counter* counter = state_.counters.find(key);
                if (counter == nullptr) continue;
                for (const auto& [member, quantity] : counter->members) readers.insert(member);
            }
        }
        FARTHING_TRY(usage_, usage_of(readers));
        std::vector<const store::UsageRow*> parts;
        for (const auto& [position, row] : usage_) {
            if (row.session != Hash128{} && row.outcome != Outcome::duplicate)
                parts.push_back(&row);
        }
        const std::vector<Hash128> keys = session_keys(state_, filter_.side, parts);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const RecordPosition position{parts[i]->batch, parts[i]->row};
            session_of_[position] = keys[i];
            sessions_[keys[i]].push_back(position);
        }
        return {};
    }

    // A carrier's usage is that of all customers.
    Result<UsageRows> usage_of(const std::set<SubscriptionId>& readers) {
        if (filter_.side == Perspective::cost) return archive_.usage(standing_, &count_);
        const std::vector<SubscriptionId> some(readers.begin(), readers.end());
        store::UsageFilter filter;
        filter.subscriptions = &some;
        filter.count = &count_;
        return archive_.usage(nullptr, filter);
    }

    bool selects(const store::UsageRow& row, const std::vector<Contribution>& parts) const {
        if (!row.called.starts_with(filter_.prefix)) return false;
        return std::ranges::any_of(parts, [&](const Contribution& part) {
            return wanted_.contains(part.subscription) && span_.contains(part.when) &&
                   (!charge_ || part.key.component == charge_);
        });
    }

    Result<void> rate_clusters(Batch& batch) {
        std::set<RecordPosition> done;
        for (const auto& [position, parts] : standing_) {
            const auto row = usage_.find(position);
            if (row == usage_.end() || !selects(row->second, parts)) continue;
            report_.selected += 1;
            if (done.contains(position)) continue;
            const Cluster cluster = cluster_of(position);
            done.insert(cluster.records.begin(), cluster.records.end());
            FARTHING_CHECK(rate(cluster, batch));
        }
        return {};
    }

    Cluster cluster_of(RecordPosition first) const {
        Cluster cluster;
        std::deque<RecordPosition> open = {first};
        cluster.records.insert(first);
        const auto add = [&](RecordPosition record) {
            if (cluster.records.insert(record).second) open.push_back(record);
        };
        while (!open.empty()) {
            const RecordPosition record = open.front();
            open.pop_front();
            if (const auto session = session_of_.find(record); session != session_of_.end()) {
                for (const RecordPosition part : sessions_.at(session->second)) add(part);
            }
            const auto parts = standing_.find(record);
            if (parts == standing_.end()) continue;
            for (const Contribution& part : parts->second) {
                if (!cluster.keys.insert(part.key).second) continue;
                for (const auto& [other, of_other] : by_key_.at(part.key)) {
                    if (span_.contains(of_other->when)) add(other);
                }
            }
        }
        return cluster;
    }

    Result<void> rate(const Cluster& cluster, Batch& batch) {
        Corrector corrector(state_, batch);
        std::map<CounterKey, std::vector<rating::Segment>> before;
        for (const CounterKey& key : cluster.keys) before[key] = held_by(state_.counters.find(key));
        // The last that came goes first: so each mostly gives back just what it was charged.
        for (const RecordPosition position : cluster.records | std::views::reverse) {
            const auto parts = standing_.find(position);
            if (parts == standing_.end()) continue;
            FARTHING_CHECK(corrector.take_back(position, parts->second));
        }
        for (const CounterKey& key : cluster.keys) FARTHING_CHECK(unpin(key, cluster, corrector));
        std::vector<const store::UsageRow*> rows;
        for (const RecordPosition position : cluster.records) {
            const auto parts = standing_.find(position);
            if (parts != standing_.end() && !parts->second.empty())
                rows.push_back(&usage_.at(position));
        }
        std::ranges::sort(rows, {},
                          [&](const store::UsageRow* row) { return archive_.came_at(*row); });
        rating::SessionBook sessions;
        FARTHING_CHECK(corrector.rate(rows, filter_.side, sessions));
        return finish(cluster, std::move(before), corrector);
    }

    // What stays in a counter is cut where the selection begins and ends.
    Result<void> unpin(const CounterKey& key, const Cluster& cluster, Corrector& corrector) {
        std::vector<Contribution> rest;
        for (const auto& [position, part] : by_key_.at(key)) {
            if (!cluster.records.contains(position)) rest.push_back(*part);
        }
        if (corrector.unpin(key, span_, rest)) return {};
        return fail(EngineReason::counter_disagrees);
    }

    Result<void> finish(const Cluster& cluster,
                        std::map<CounterKey, std::vector<rating::Segment>> before,
                        Corrector& corrector) {
        std::set<CounterKey> keys = cluster.keys;
        corrector.add_keys(keys);
        for (const CounterKey& key : keys) corrector.join(key);
        std::int64_t changed = 0;
        for (const CounterKey& key : keys)
            changed += same(before[key], held_by(state_.counters.find(key))) ? 0 : 1;
        const i128 charge = corrector.charge();
        report_.records += static_cast<std::int64_t>(cluster.records.size());
        for (const RecordPosition position : cluster.records) {
            const auto parts = standing_.find(position);
            if (parts != standing_.end() && !parts->second.empty())
                payers_[{filter_.side, parts->second.front().payer}] += 1;
        }
        if (changed == 0 && charge == 0) {
            (void)corrector.take_rows();  // every row has its opposite
            return {};
        }
        report_.changed += std::max<std::int64_t>(changed, 1);
        return corrector.flush();
    }

    Engine::State& state_;
    const RerateFilter& filter_;
    StandingRecords archive_{state_};
    Period span_;
    ComponentId charge_;
    std::set<SubscriptionId> wanted_;
    UsageRows usage_;
    Standing standing_;
    std::map<CounterKey, std::vector<std::pair<RecordPosition, const Contribution*>>> by_key_;
    std::map<RecordPosition, Hash128> session_of_;
    std::map<Hash128, std::vector<RecordPosition>> sessions_;
    ByPayer<std::int64_t> payers_;
    store::ReadCount count_;
    RerateReport report_;
};

}  // namespace

Result<RerateReport> Engine::rerate(const RerateFilter& filter, bool preview) {
    if (state_->catalog.empty()) return fail(EngineReason::catalog_none);
    try {
        return Rerate(*state_, filter).run(preview);
    } catch (const StoreFailure& failure) {
        return fail(failure.error);
    }
}

}  // namespace farthing::engine
