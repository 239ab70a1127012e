// Rates archived usage again with the catalog and directory as they are now: what the selection is
// counted together with is taken back, its stretch of each counter un-pinned, and all of it rated
// again. Segments post what that changes (R1, R2, EC56).
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <ranges>
#include <unordered_map>

#include "engine/archive_online.h"
#include "engine/corrector.h"
#include "engine/find.h"
#include "engine/reasons.h"
#include "engine/retention.h"
#include "engine/slices.h"

namespace farthing::engine {

namespace {

using rating::Contribution;
using rating::CounterKey;

// A record, and what it adds to counters.
struct Record {
    const LeanUsages::Row* row = nullptr;
    std::span<const Contribution> parts;
    std::uint32_t cluster = 0;  // that it was rated again with; 0: none yet
    AccountId payer;            // of the first part, before it was rated again
    bool selected = false;
    bool told = false;  // in the report
    RecordPosition position() const { return row->first; }
    const LeanUsage& usage() const { return row->second; }
};
struct Share {
    std::uint32_t record = 0;
    const Contribution* part = nullptr;
};
// What is counted together: it is rated again as one, or not at all.
struct Cluster {
    std::uint32_t number = 0;
    std::vector<std::uint32_t> records;  // in order
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
        for (const SubscriptionId who : wanted_) {
            if (who.value >= wants_.size()) wants_.resize(who.value + 1);
            wants_[who.value] = true;
        }
        FARTHING_CHECK(archive_online(state_));
        OpenFeed no_feed;
        FARTHING_TRY(const auto batch, Batch::begin(state_, no_feed, std::string(kRerate)));
        FARTHING_CHECK(archive_.open());
        FARTHING_CHECK(require_usage());
        if (preview) batch->write_no_corrections();
        FARTHING_CHECK(rate_all(*batch));
        if (report_.selected == 0) return fail(EngineReason::rerate_nothing);
        Report ignored;
        if (preview || report_.changed == 0) {
            FARTHING_CHECK(batch->tell_and_forget(ignored));
        } else {
            FARTHING_CHECK(batch->commit(ignored));
        }
        report_.difference = differences_of(state_, *batch, filter_.side, payers_);
        const store::ReadCount& read = slices_.count();
        report_.read = {read.files, read.files_read, read.groups, read.groups_read, read.rows_read};
        return std::move(report_);
    }

    Result<void> rate_all(Batch& batch) {
        Corrector corrector(state_, batch);
        FARTHING_CHECK(slices_.begin(in_order()));
        while (true) {
            FARTHING_TRY(Slice slice, slices_.next());
            if (slice.readers.empty()) return {};
            take(std::move(slice));
            FARTHING_CHECK(rate_clusters(corrector));
        }
    }

    // Those of one tree and account, who may share counters, one after the other.
    std::vector<SubscriptionId> in_order() const {
        std::vector<SubscriptionId> order(wanted_.begin(), wanted_.end());
        if (filter_.side == Perspective::cost) return order;
        const directory::Directory& directory = state_.directory;
        std::ranges::stable_sort(order, {}, [&](SubscriptionId id) {
            const AccountId account = directory.subscription(id).fact.account;
            return std::pair(directory.account(account).top, account);
        });
        return order;
    }

    // Nothing of what is selected was deleted for its age: nobody else deletes from here on.
    Result<void> require_usage() {
        FARTHING_CHECK(state_.load_deletions());
        FARTHING_CHECK(require_kept(state_, filter_.period ? filter_.period->first : Date::min()));
        FARTHING_TRY(deleted_, read_corrigible(state_));
        return {};
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

    void take(Slice slice) {
        standing_ = std::move(slice.standing);
        usage_ = std::move(slice.usage);
        join();
        find_sessions();
    }

    // Usage and what it adds, side by side, and by counter.
    void join() {
        records_.clear();
        by_key_.clear();
        moved_.clear();
        deleted_.note_lost(standing_, usage_);
        records_.reserve(usage_.size());
        auto parts = standing_.begin();
        const CounterKey* last = nullptr;  // mostly the next record's as well
        std::vector<Share>* shares = nullptr;
        for (const LeanUsages::Row& row : usage_) {
            Record record;
            record.row = &row;
            while (parts != standing_.end() && parts->first < row.first) ++parts;
            if (parts != standing_.end() && parts->first == row.first) record.parts = parts->second;
            const auto number = static_cast<std::uint32_t>(records_.size());
            for (const Contribution& part : record.parts) {
                if (last == nullptr || part.key != *last) shares = &by_key_[part.key];
                last = &part.key;
                shares->push_back({number, &part});
            }
            // Looked at here, while its parts are at hand.
            record.selected = selects(record);
            if (!record.parts.empty()) record.payer = record.parts.front().payer;
            records_.push_back(record);
        }
    }

    void find_sessions() {
        sessions_.clear();
        session_of_.clear();
        std::vector<std::uint32_t> numbers;
        std::vector<const LeanUsage*> usages;
        for (std::uint32_t number = 0; number < records_.size(); ++number) {
            const LeanUsage& usage = records_[number].usage();
            if (usage.more().session == Hash128{} || usage.outcome == Outcome::duplicate) continue;
            numbers.push_back(number);
            usages.push_back(&usage);
        }
        if (usages.empty()) return;
        const std::vector<Hash128> keys = session_keys(state_, filter_.side, chunk_of(usages));
        session_of_.resize(records_.size());
        for (std::size_t i = 0; i < usages.size(); ++i) {
            session_of_[numbers[i]] = keys[i];
            sessions_[keys[i]].push_back(numbers[i]);
        }
    }

    bool is_wanted(SubscriptionId who) const {
        return who.value < wants_.size() && wants_[who.value];
    }

    bool selects(const Record& record) const {
        if (!record.usage().more().called.starts_with(filter_.prefix)) return false;
        return std::ranges::any_of(record.parts, [&](const Contribution& part) {
            return is_wanted(part.subscription) && span_.contains(part.when) &&
                   (!charge_ || part.key.component == charge_);
        });
    }

    Result<void> rate_clusters(Corrector& corrector) {
        for (std::uint32_t number = 0; number < records_.size(); ++number) {
            if (!records_[number].selected) continue;
            report_.selected += 1;
            if (records_[number].cluster == 0) FARTHING_CHECK(rate(cluster_of(number), corrector));
        }
        return {};
    }

    Cluster cluster_of(std::uint32_t first) {
        Cluster cluster{++clusters_, {}, {}};
        const auto add = [&](std::uint32_t number) {
            if (records_[number].cluster == cluster.number) return;
            records_[number].cluster = cluster.number;
            cluster.records.push_back(number);
        };
        add(first);
        const CounterKey* last = nullptr;
        for (std::size_t next = 0; next < cluster.records.size(); ++next) {
            const std::uint32_t number = cluster.records[next];
            const Record& record = records_[number];
            if (!session_of_.empty() && session_of_[number] != Hash128{})
                std::ranges::for_each(sessions_.at(session_of_[number]), add);
            for (const Contribution& part : record.parts) {
                const bool again = last != nullptr && part.key == *last;
                last = &part.key;
                if (again || !cluster.keys.insert(part.key).second) continue;
                for (const Share& other : by_key_.at(part.key)) {
                    if (span_.contains(other.part->when)) add(other.record);
                }
            }
        }
        std::ranges::sort(cluster.records);
        return cluster;
    }

    Result<void> rate(const Cluster& cluster, Corrector& corrector) {
        for (const CounterKey& key : cluster.keys) FARTHING_CHECK(deleted_.require(state_, key));
        for (const std::uint32_t number : cluster.records)
            FARTHING_CHECK(deleted_.require(state_, records_[number].usage().more().session));
        std::map<CounterKey, std::vector<rating::Segment>> before;
        for (const CounterKey& key : cluster.keys) before[key] = held_by(state_.counters.find(key));
        // The last that came goes first: so each mostly gives back just what it was charged.
        std::vector<Corrector::Part> parts;
        for (const std::uint32_t number : cluster.records | std::views::reverse) {
            const Record& record = records_[number];
            for (const Contribution& part : record.parts)
                parts.push_back({record.position(), &part});
        }
        FARTHING_CHECK(corrector.take_back(std::move(parts)));
        for (const CounterKey& key : cluster.keys) FARTHING_CHECK(unpin(key, cluster, corrector));
        rating::SessionBook sessions;
        FARTHING_CHECK(corrector.rate(as_they_came(cluster), filter_.side, sessions));
        return finish(cluster, std::move(before), corrector);
    }

    // Those that count.
    std::vector<const LeanUsages::Row*> as_they_came(const Cluster& cluster) const {
        const auto came_at = [&](const LeanUsages::Row* row) {
            return archive_.came_at(row->first, {row->second.source, row->second.line});
        };
        std::vector<const LeanUsages::Row*> rows;
        for (const std::uint32_t number : cluster.records) {
            const Record& record = records_[number];
            if (!record.parts.empty()) rows.push_back(record.row);
        }
        if (!std::ranges::is_sorted(rows, {}, came_at)) std::ranges::stable_sort(rows, {}, came_at);
        return rows;
    }

    // What stays in a counter is cut where the selection begins and ends.
    Result<void> unpin(const CounterKey& key, const Cluster& cluster, Corrector& corrector) {
        std::vector<Contribution> rest;
        for (const Share& share : by_key_.at(key)) {
            if (records_[share.record].cluster != cluster.number) rest.push_back(*share.part);
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
        tell(cluster);
        if (changed == 0 && charge == 0) {
            corrector.drop_rows();  // every row has its opposite
            return {};
        }
        report_.changed += std::max<std::int64_t>(changed, 1);
        if (keys.size() > cluster.keys.size()) follow(cluster, corrector);
        return corrector.flush();
    }

    // Each record counts once, with what it was charged in the archive.
    void tell(const Cluster& cluster) {
        AccountId last;
        std::int64_t* records = nullptr;  // of that payer
        for (const std::uint32_t number : cluster.records) {
            Record& record = records_[number];
            if (std::exchange(record.told, true)) continue;
            report_.records += 1;
            if (record.parts.empty()) continue;
            if (records == nullptr || record.payer != last)
                records = &payers_[{filter_.side, record.payer}];
            last = record.payer;
            *records += 1;
        }
    }

    // Records that moved to counters of others, such as those of another plan, are counted together
    // with these from now on: whoever's turn comes later finds them there.
    void follow(const Cluster& cluster, const Corrector& corrector) {
        for (const CounterKey& key : cluster.keys) {
            std::erase_if(by_key_.at(key), [&](const Share& share) {
                return records_[share.record].cluster == cluster.number;
            });
        }
        auto rated = corrector.rated_again();
        std::ranges::stable_sort(rated, {}, [](const auto& one) { return one.first; });
        for (const std::uint32_t number : cluster.records) {
            Record& record = records_[number];
            std::vector<Contribution>& parts = moved_.emplace_back();
            const auto of_it = std::ranges::equal_range(rated, record.position(), {},
                                                        [](const auto& one) { return one.first; });
            for (auto& [position, part] : of_it) parts.push_back(std::move(part));
            record.parts = parts;
            for (const Contribution& part : parts) by_key_[part.key].push_back({number, &part});
        }
    }

    Engine::State& state_;
    const RerateFilter& filter_;
    StandingRecords archive_{state_};
    Slices slices_{state_, archive_, filter_};
    Corrigible deleted_;
    Period span_;
    ComponentId charge_;
    std::set<SubscriptionId> wanted_;
    std::vector<bool> wants_;  // the same, by subscription
    LeanUsages usage_;
    Standing standing_;
    std::vector<Record> records_;                  // of `usage_`, in order
    std::deque<std::vector<Contribution>> moved_;  // what records add by now that changed counters
    std::unordered_map<CounterKey, std::vector<Share>, KeyHash> by_key_;
    std::map<Hash128, std::vector<std::uint32_t>> sessions_;
    std::vector<Hash128> session_of_;  // by record, where any is part of one; zero: of none
    std::uint32_t clusters_ = 0;
    ByPayer<std::int64_t> payers_;
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
