// Takes one imported file back with everything it caused (R2): what its records were rated as, its
// waiting records, its keys; records that were duplicates of its own, or in conflict with them,
// come again.
#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "engine/corrector.h"
#include "engine/decode_ahead.h"
#include "engine/reasons.h"
#include "engine/suspense_groups.h"

namespace farthing::engine {

namespace {

using SourceRow = store::Store::SourceRow;

class TakeBack {
  public:
    TakeBack(Engine::State& state, OpenFeed& feed, SourceRow file, std::string because)
        : state_(state), feed_(feed), file_(std::move(file)), because_(std::move(because)) {}

    Result<TakeBackReport> run(bool preview) {
        state_.forget_counters();  // lanes that know the counters as they were
        feed_.dedup.reset();
        Result<TakeBackReport> done = work(preview);
        state_.forget_counters();
        feed_.dedup.reset();
        return done;
    }

  private:
    Result<TakeBackReport> work(bool preview) {
        FARTHING_CHECK(archive_.open());
        FARTHING_CHECK(read());
        FARTHING_TRY(const auto batch, Batch::begin(state_, feed_, std::string(kTakeBack)));
        Corrector corrector(state_, *batch);
        FARTHING_CHECK(take_back(*batch, corrector));
        FARTHING_CHECK(close_waiting(*batch));
        FARTHING_CHECK(replay(*batch, corrector));
        FARTHING_CHECK(corrector.flush());
        FARTHING_CHECK(present_conflicts(*batch));
        FARTHING_CHECK(count(*batch));
        batch->take_back_source({file_.source.id, 0, file_.position, file_.epoch});
        batch->add_incident(fmt::format("{} taken back: {}", file_.source.path, because_));
        report_.again.charged.currency = state_.catalog.newest().currency;
        if (preview) {
            FARTHING_CHECK(batch->tell_and_forget(report_.again));
        } else {
            FARTHING_CHECK(batch->commit(report_.again));
        }
        report_.file = file_.source.path;
        report_.customers = differences_of(state_, *batch, payers_);
        report_.difference = {0, state_.catalog.newest().currency};
        for (const CustomerDifference& one : report_.customers)
            report_.difference.atoms += one.difference.atoms;
        return std::move(report_);
    }

    // The file's records, and the other parts of the sessions that they are parts of.
    Result<void> read() {
        store::UsageFilter filter;
        filter.source = file_.source.id;
        const auto own_batches = archive_.batches_of(file_.source.id);
        FARTHING_TRY(own_, archive_.usage(&own_batches, filter));
        subscriptions_ = subscriptions_of(own_);
        std::set<Hash128> sessions;
        for (const auto& [position, row] : own_) {
            if (row.session != Hash128{} && row.outcome != Outcome::duplicate)
                sessions.insert(row.session);
        }
        of_feed_ = archive_.batches_of(feed_.id);
        if (!sessions.empty()) {
            store::UsageFilter parts;
            parts.subscriptions = &subscriptions_;
            FARTHING_TRY(UsageRows rows, archive_.usage(&of_feed_, parts));
            for (auto& [position, row] : rows) {
                if (row.source != file_.source.id && row.outcome != Outcome::duplicate &&
                    sessions.contains(row.session))
                    others_.emplace(position, std::move(row));
            }
        }
        FARTHING_TRY(standing_, archive_.rated(&of_feed_, subscriptions_));
        return {};
    }

    Result<void> take_back(Batch& batch, Corrector& corrector) {
        UsageRows accepted;
        std::vector<const store::UsageRow*> keys;
        for (const UsageRows* rows : {&own_, &others_}) {
            for (const auto& [position, row] : *rows) {
                const auto parts = standing_.find(position);
                if (parts == standing_.end()) continue;
                FARTHING_CHECK(corrector.take_back(position, parts->second));
                if (rows == &own_ && !parts->second.empty())
                    payers_[parts->second.front().payer] += 1;
            }
        }
        for (const auto& [position, row] : own_) {
            batch_withdraw_.push_back(
                {{position.batch, position.row}, row.source, row.line, row.subscription, false});
            if (row.outcome != Outcome::duplicate) keys.push_back(&row);
        }
        for (const store::WithdrawnRow& row : batch_withdraw_) FARTHING_CHECK(batch.withdraw(row));
        FARTHING_CHECK(clear_keys(batch, keys));
        return restart_sessions(batch);
    }

    Result<void> clear_keys(Batch& batch, const std::vector<const store::UsageRow*>& rows) {
        for (std::size_t first = 0; first < rows.size(); first += kChunkRecordsMax) {
            const std::size_t end = std::min(rows.size(), first + kChunkRecordsMax);
            const std::vector<const store::UsageRow*> some(
                rows.begin() + static_cast<std::ptrdiff_t>(first),
                rows.begin() + static_cast<std::ptrdiff_t>(end));
            const UsageChunk chunk = chunk_of(&feed_.feed, some);
            for (std::size_t row = 0; chunk.keeps_key && row < chunk.size(); ++row) {
                if (chunk.key[row] == Hash128{})
                    return fail(EngineReason::keys_not_kept,
                                "records of " + file_.source.path + " lack their keys");
            }
            batch.dedup().take_back(chunk);
            if (batch.dedup().error()) return fail(*batch.dedup().error());
        }
        return {};
    }

    // A session comes to what its other parts come to, in the order in which they came.
    Result<void> restart_sessions(Batch& batch) {
        std::vector<Hash128> keys;
        const auto add_keys = [&](const UsageRows& rows) {
            for (const auto& [position, row] : rows) {
                if (row.session == Hash128{} || row.outcome == Outcome::duplicate) continue;
                const UsageChunk chunk = chunk_of(nullptr, {&row});
                keys.push_back(rating::session_key(chunk, 0));
            }
        };
        add_keys(own_);
        if (keys.empty()) return {};
        add_keys(others_);
        std::ranges::sort(keys);
        keys.erase(std::ranges::unique(keys).begin(), keys.end());
        FARTHING_TRY(const auto open, state_.store->open_sessions(feed_.id, keys));
        for (const Hash128& key : keys) {
            const bool stored = std::ranges::any_of(
                open, [&](const OpenSession& session) { return session.key == key; });
            batch.sessions().restart(key, stored);
        }
        return {};
    }

    // The file's records that wait leave suspense with it.
    Result<void> close_waiting(Batch& batch) {
        SuspenseFilter filter;
        filter.feed = feed_.feed.name;
        FARTHING_TRY(const auto groups, open_groups(state_, filter));
        std::map<const OpenGroup*, std::vector<RecordPlace>> places;
        FARTHING_CHECK(each_waiting(state_, groups, {},
                                    [&](const OpenGroup& group, const store::SuspendedRow& row) {
                                        if (row.source == file_.source.id)
                                            places[&group].push_back({row.source, row.line});
                                    }));
        for (auto& [group, of_group] : places) {
            SuspenseExit exit;
            exit.group = group->row.group.id;
            exit.dropped_because = because_;
            exit.records = static_cast<std::int64_t>(of_group.size());
            exit.taken_back_by = batch.id();
            waiting_ += exit.records;
            if (exit.records < group->open()) exit.only = std::move(of_group);
            batch.add_exit(std::move(exit));
        }
        return {};
    }

    // Other parts of its sessions are rated again, and duplicates of the file's records come again:
    // the first of each takes its place. All in the order in which they came.
    Result<void> replay(Batch& batch, Corrector& corrector) {
        store::UsageFilter filter;
        filter.subscriptions = &subscriptions_;
        filter.outcome = Outcome::duplicate;
        FARTHING_TRY(UsageRows rows, archive_.usage(&of_feed_, filter));
        std::erase_if(rows, [&](const auto& row) {
            return row.second.source == file_.source.id ||
                   !batch.dedup().was_taken_back(chunk_of(&feed_.feed, {&row.second}), 0);
        });
        for (const auto& [position, row] : rows) {
            FARTHING_CHECK(batch.withdraw(
                {{position.batch, position.row}, row.source, row.line, row.subscription, true}));
            again_[row.source] += 1;
        }
        std::map<RecordPosition, const store::UsageRow*> in_order;
        for (const UsageRows* some : {&rows, &others_}) {
            for (const auto& [position, row] : *some) in_order.emplace(archive_.came_at(row), &row);
        }
        std::vector<const store::UsageRow*> run;
        const auto replay_run = [&]() -> Result<void> {
            if (run.empty() || run.front()->outcome == Outcome::duplicate)
                return present(batch, run);
            const auto parts = std::exchange(run, {});
            return corrector.rate(parts, Perspective::retail, batch.sessions());
        };
        for (const auto& [position, row] : in_order) {
            const bool goes_on = !run.empty() && run.front()->outcome == row->outcome &&
                                 run.front()->source == row->source &&
                                 run.size() < kChunkRecordsMax;
            if (!goes_on) FARTHING_CHECK(replay_run());
            run.push_back(row);
        }
        return replay_run();
    }

    Result<void> present(Batch& batch, std::vector<const store::UsageRow*>& run) {
        if (run.empty()) return {};
        FARTHING_TRY(const auto source, state_.store->source(run.front()->source));
        UsageChunk chunk = chunk_of(&feed_.feed, run);
        FARTHING_CHECK(batch.add(chunk, source->source));
        for (std::size_t row = 0; row < chunk.size(); ++row) {
            if (chunk.outcome[row] != Outcome::suspended) continue;
            return fail(
                EngineReason::no_price_again,
                fmt::format("line {} of {}, a duplicate of the file's record, would be "
                            "suspended as {}",
                            chunk.line[row], source->source.path, name_of(chunk.reason[row])));
        }
        run.clear();
        return {};
    }

    // So do the records that wait because the file's had other content; what a person corrected
    // stays for the person to retry.
    Result<void> present_conflicts(Batch& batch) {
        const SuspenseFilter filter{feed_.feed.name, "conflict", {}, {}};
        FARTHING_TRY(const auto groups, open_groups(state_, filter));
        std::map<SourceId, RawRecords> by_source;
        FARTHING_CHECK(
            each_waiting(state_, groups, {}, [&](const OpenGroup& group, store::SuspendedRow& row) {
                if (row.source == file_.source.id || !group.fixes.empty()) return;
                RawRecords& records = by_source[row.source];
                records.lines.push_back(row.line);
                records.raw.push_back(std::move(row.raw));
                records.groups.push_back(&group);
            }));
        std::map<const OpenGroup*, std::vector<RecordPlace>> places;
        for (const auto& [id, records] : by_source)
            FARTHING_CHECK(present_conflicts_of(batch, id, records, places));
        for (auto& [group, of_group] : places) {
            SuspenseExit exit;
            exit.group = group->row.group.id;
            exit.recycled_by = batch.id();
            exit.records = static_cast<std::int64_t>(of_group.size());
            // The file's own exits of the group come first, so that none is "all that were left".
            exit.only = std::move(of_group);
            batch.add_exit(std::move(exit));
        }
        return {};
    }

    Result<void> present_conflicts_of(
        Batch& batch, SourceId id, const RawRecords& records,
        std::map<const OpenGroup*, std::vector<RecordPlace>>& places) {
        FARTHING_TRY(const auto source, state_.store->source(id));
        const auto ready = [&](UsageChunk& chunk) {
            prepare(feed_.feed, state_.catalog.newest(), state_.directory, source->source.sealed_at,
                    chunk);
        };
        RawRecords free;
        FARTHING_CHECK(decode_waiting(
            state_, feed_.feed, source->source, records, {},
            [&](UsageChunk& chunk, std::size_t first) -> Result<void> {
                ready(chunk);
                for (std::size_t row = 0; row < chunk.size(); ++row) {
                    if (!chunk.live(row) || !batch.dedup().was_taken_back(chunk, row)) continue;
                    free.lines.push_back(records.lines[first + row]);
                    free.raw.push_back(records.raw[first + row]);
                    free.groups.push_back(records.groups[first + row]);
                    places[records.groups[first + row]].push_back({id, records.lines[first + row]});
                }
                return {};
            }));
        return decode_waiting(state_, feed_.feed, source->source, free, {},
                              [&](UsageChunk& chunk, std::size_t) {
                                  ready(chunk);
                                  return batch.add(chunk, source->source);
                              });
    }

    Result<void> count(Batch& batch) {
        TakenBackTotals own;
        own.source = file_.source.id;
        FARTHING_TRY(const auto controls, state_.store->controls());
        FARTHING_TRY(const auto batches, state_.store->batches());
        std::set<BatchId> imports;
        for (const auto& row : batches) {
            if (row.kind == "import") imports.insert(row.id);
        }
        for (const auto& [position, row] : own_)
            own.outcomes[static_cast<std::size_t>(row.outcome)] += 1;
        own.outcomes[static_cast<std::size_t>(Outcome::suspended)] = waiting_;
        for (const auto& row : controls) {
            if (row.totals.source != file_.source.id) continue;
            if (imports.contains(row.batch)) own.records += row.totals.received;
            for (const Outcome outcome : {Outcome::filtered, Outcome::rejected}) {
                const auto index = static_cast<std::size_t>(outcome);
                own.outcomes[index] += row.totals.outcomes[index];
            }
        }
        own.dropped = own.records;
        for (const std::int64_t records : own.outcomes) own.dropped -= records;
        batch.add_taken_back(own);
        report_.taken_back = own;
        for (const auto& [source, records] : again_) {
            TakenBackTotals again;
            report_.duplicates += records;
            again.source = source;
            again.records = records;
            again.outcomes[static_cast<std::size_t>(Outcome::duplicate)] = records;
            batch.add_taken_back(again);
        }
        return {};
    }

    Engine::State& state_;
    OpenFeed& feed_;
    SourceRow file_;
    std::string because_;
    StandingRecords archive_{state_};
    UsageRows own_;
    UsageRows others_;  // other files' parts of its sessions
    Standing standing_;
    std::set<BatchId> of_feed_;
    std::vector<SubscriptionId> subscriptions_;
    std::vector<store::WithdrawnRow> batch_withdraw_;
    std::map<AccountId, std::int64_t> payers_;
    std::map<SourceId, std::int64_t> again_;  // duplicates that come again
    std::int64_t waiting_ = 0;
    TakeBackReport report_;
};

// By its id "file-3", its path, or the end of its path.
Result<SourceRow> find_file(Engine::State& state, const std::string& name) {
    FARTHING_TRY(const auto rows, state.store->sources());
    std::vector<const SourceRow*> found;
    for (const SourceRow& row : rows) {
        const bool named = fmt::format("file-{}", row.source.id.value) == name ||
                           row.source.path == name ||
                           std::filesystem::path(row.source.path).filename() == name;
        if (named) found.push_back(&row);
    }
    if (found.empty())
        return fail(EngineReason::file_unknown, "no file \"" + name + "\" was taken in");
    std::vector<const SourceRow*> standing;
    std::ranges::copy_if(found, std::back_inserter(standing),
                         [](const SourceRow* row) { return !row->taken_back_by; });
    if (standing.empty()) return fail(EngineReason::file_taken_back, {}, found.back()->source.path);
    if (standing.size() > 1)
        return fail(EngineReason::file_ambiguous,
                    fmt::format("{} files are named \"{}\"", standing.size(), name));
    return *standing.front();
}

}  // namespace

Result<TakeBackReport> Engine::take_back(const std::string& file, const std::string& because,
                                         bool preview) {
    State& s = *state_;
    if (because.empty()) return fail(EngineReason::reason_missing);
    if (s.catalog.empty()) return fail(EngineReason::catalog_none);
    FARTHING_TRY(SourceRow row, find_file(s, file));
    const auto feed = std::ranges::find_if(
        s.feeds, [&](const auto& named) { return named.second.id == row.source.feed; });
    if (feed == s.feeds.end()) return fail(EngineReason::feed_unknown);
    if (feed->second.feed.kind == mediation::Feed::Kind::inventory)
        return fail(EngineReason::file_of_inventory, {}, row.source.path);
    if (feed->second.feed.rates_cost())
        return fail(EngineReason::file_of_carrier, {}, row.source.path);
    if (row.position == 0) return fail(EngineReason::file_empty, {}, row.source.path);
    try {
        return TakeBack(s, feed->second, std::move(row), because).run(preview);
    } catch (const StoreFailure& failure) {
        return fail(failure.error);
    }
}

Result<std::vector<FileRow>> Engine::files() {
    State& s = *state_;
    FARTHING_TRY(const auto rows, s.store->sources());
    std::map<FeedId, std::string> feeds;
    for (const auto& [name, feed] : s.feeds) feeds[feed.id] = name;
    std::vector<FileRow> found;
    for (const auto& row : rows) {
        FileRow file;
        file.id = fmt::format("file-{}", row.source.id.value);
        file.feed = feeds[row.source.feed];
        file.path = row.source.path;
        file.records = row.position;
        file.came = row.source.sealed_at;
        file.state = row.taken_back_by                   ? "taken back"
                     : !row.source.reject_reason.empty() ? "rejected"
                     : row.position < row.source.records ? "unfinished"
                                                         : "taken in";
        found.push_back(std::move(file));
    }
    return found;
}

}  // namespace farthing::engine
