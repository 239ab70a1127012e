// Takes one imported file back with everything it caused (R2): what its records were rated as, its
// waiting records, its keys; records that were duplicates of its own, or in conflict with them,
// come again.
#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "base/assert.h"
#include "engine/conflicts_again.h"
#include "engine/corrector.h"
#include "engine/grown_windows.h"
#include "engine/reasons.h"
#include "engine/retention.h"
#include "engine/suspense_groups.h"
#include "mediation/guide.h"

namespace farthing::engine {

namespace {

using SourceRow = store::Store::SourceRow;

// Whose side of a file is taken back: one of its feed's, or all.
class TakeBack {
  public:
    TakeBack(Engine::State& state, OpenFeed& feed, SourceRow file, TakeBackRequest request)
        : state_(state), feed_(feed), file_(std::move(file)), request_(std::move(request)) {}

    Result<TakeBackReport> run() {
        state_.forget_counters();  // lanes that know the counters as they were
        feed_.dedup.reset();
        Result<TakeBackReport> done = work();
        state_.forget_counters();
        feed_.dedup.reset();
        return done;
    }

  private:
    Result<TakeBackReport> work() {
        FARTHING_CHECK(choose_sides());
        FARTHING_CHECK(archive_.open());
        FARTHING_CHECK(read());
        FARTHING_TRY(const auto batch, Batch::begin(state_, feed_, std::string(kTakeBack)));
        Corrector corrector(state_, *batch);
        batch->leave_out(file_.source.id);
        FARTHING_CHECK(take_back(*batch, corrector));
        FARTHING_CHECK(close_waiting(*batch));
        FARTHING_CHECK(read_received());
        FARTHING_CHECK(replay(*batch, corrector));
        FARTHING_CHECK(corrector.flush());
        if (whole()) FARTHING_CHECK(present_conflicts(state_, feed_, file_.source.id, *batch));
        FARTHING_CHECK(count(*batch));
        if (whole()) batch->take_back_source({file_.source.id, 0, file_.position, file_.epoch});
        batch->add_incident(
            fmt::format("{} taken back{}: {}", file_.source.path, of_side(), request_.because));
        report_.again.charged.currency = state_.catalog.newest().currency;
        if (request_.preview) {
            FARTHING_CHECK(batch->tell_and_forget(report_.again));
        } else {
            FARTHING_CHECK(batch->commit(report_.again));
        }
        report_.file = file_.source.path;
        report_.retail = differences_of(state_, *batch, Perspective::retail, records_);
        report_.cost = differences_of(state_, *batch, Perspective::cost, records_);
        return std::move(report_);
    }

    bool whole() const { return !request_.side; }
    std::string of_side() const {
        return whole() ? "" : fmt::format(" ({})", name_of(*request_.side));
    }
    bool is_own(const store::UsageRow& row) const { return row.source == file_.source.id; }

    // The sides that the file still counts on, or the one that was asked for.
    Result<void> choose_sides() {
        FARTHING_TRY(const auto controls, state_.store->controls());
        std::set<Perspective> counts;
        for (const auto& row : controls) {
            if (row.totals.source == file_.source.id) counts.insert(row.totals.perspective);
        }
        FARTHING_TRY(earlier_, state_.store->taken_back());
        for (const auto& row : earlier_) {
            if (row.totals.source == file_.source.id && !row.totals.again)
                counts.erase(row.totals.perspective);
        }
        if (whole()) {
            sides_.assign(counts.begin(), counts.end());
            return {};
        }
        if (!counts.contains(*request_.side))
            return fail(EngineReason::file_taken_back,
                        fmt::format("nothing of it counts as {}", name_of(*request_.side)),
                        file_.source.path);
        sides_ = {*request_.side};
        return {};
    }

    // The file's records, the other parts of the sessions that they are parts of, and what both
    // add to counters.
    Result<void> read() {
        store::UsageFilter filter;
        filter.source = file_.source.id;
        const auto own_batches = archive_.batches_of(file_.source.id);
        FARTHING_TRY(rows_, archive_.usage(&own_batches, filter));
        subscriptions_ = subscriptions_of(rows_);
        // A carrier's counters are of all customers.
        const auto* owners = feed_.feed.rates_cost() ? nullptr : &subscriptions_;
        std::set<Hash128> sessions;
        for (const auto& [position, row] : rows_) {
            if (row.session != Hash128{} && row.outcome != Outcome::duplicate)
                sessions.insert(row.session);
        }
        FARTHING_CHECK(require_no_growth());
        of_feed_ = archive_.batches_of(feed_.id);
        if (!sessions.empty()) {
            store::UsageFilter parts;
            parts.subscriptions = owners;
            FARTHING_TRY(UsageRows others, archive_.usage(&of_feed_, parts));
            others.erase_if([&](const auto& one) {
                const store::UsageRow& row = one.second;
                return is_own(row) || row.outcome == Outcome::duplicate ||
                       !sessions.contains(row.session);
            });
            rows_.add({std::move_iterator(others.begin()), std::move_iterator(others.end())});
        }
        for (const Perspective side : sides_) {
            FARTHING_TRY(standing_[side], archive_.rated(&of_feed_, {side, owners, &rows_}));
        }
        return require_all_kept();
    }

    // What later files were charged of windows may rest on what this one added to them.
    Result<void> require_no_growth() {
        if (!feed_.feed.aggregation.any_grows()) return {};
        if (!whole())
            return fail(EngineReason::windows_go_on, "its windows go with the whole file alone",
                        file_.source.path);
        return require_no_growth_since(state_, feed_, archive_, file_.source.id, rows_);
    }

    // Usage that was deleted for its age can't be taken back, nor what is counted with it.
    Result<void> require_all_kept() {
        if (!state_.deleted) return {};
        FARTHING_TRY(const Corrigible kept, read_corrigible(state_));
        FARTHING_CHECK(kept.require(state_, file_.source.id));
        for (const auto& [position, row] : rows_) FARTHING_CHECK(kept.require(state_, row.session));
        for (const auto& [side, standing] : standing_) {
            for (const auto& [position, parts] : standing) {
                for (const rating::Contribution& part : parts)
                    FARTHING_CHECK(kept.require(state_, part.key));
            }
        }
        return {};
    }

    Result<void> take_back(Batch& batch, Corrector& corrector) {
        for (const auto& [side, standing] : standing_) {
            // The last that came goes first: so each mostly gives back just what it was charged.
            std::vector<Corrector::Part> taken;
            for (const auto& [position, parts] : standing | std::views::reverse) {
                for (const rating::Contribution& part : parts) taken.push_back({position, &part});
                if (is_own(rows_.at(position)) && !parts.empty())
                    records_[{side, parts.front().payer}] += 1;
            }
            FARTHING_CHECK(corrector.take_back(std::move(taken)));
        }
        if (whole()) FARTHING_CHECK(withdraw(batch));
        return restart_sessions(batch);
    }

    // It came with no line of its own and has no key.
    bool made_of_parts(const store::UsageRow& row) const {
        return row.parts > 0 && row.outcome != Outcome::aggregated && feed_.feed.makes_windows();
    }

    // Its rows of usage stand no more, and their keys are free.
    Result<void> withdraw(Batch& batch) {
        std::map<std::int64_t, const store::UsageRow*> keys;  // a retried record has two rows
        for (const auto& [position, row] : rows_) {
            if (!is_own(row)) continue;
            FARTHING_CHECK(batch.withdraw(
                {{position.batch, position.row}, row.source, row.line, row.subscription, false}));
            if (row.outcome != Outcome::duplicate && !made_of_parts(row))
                keys.try_emplace(row.line, &row);
        }
        std::vector<const store::UsageRow*> rows;
        for (const auto& [line, row] : keys) rows.push_back(row);
        for (std::size_t first = 0; first < rows.size(); first += kChunkRecordsMax) {
            const std::size_t end = std::min(rows.size(), first + kChunkRecordsMax);
            const std::vector<const store::UsageRow*> some(
                rows.begin() + static_cast<std::ptrdiff_t>(first),
                rows.begin() + static_cast<std::ptrdiff_t>(end));
            const UsageChunk chunk = keyed_chunk_of(state_, feed_.feed, some);
            for (std::size_t row = 0; row < chunk.size(); ++row) {
                const bool lacks = (chunk.keeps_key && chunk.key[row] == Hash128{}) ||
                                   (chunk.keeps_identity && some[row]->identity.empty());
                if (lacks)
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
        std::vector<const store::UsageRow*> parts;
        for (const auto& [position, row] : rows_) {
            if (row.session != Hash128{} && row.outcome != Outcome::duplicate)
                parts.push_back(&row);
        }
        for (const Perspective side : sides_) {
            std::vector<Hash128> keys = session_keys(state_, side, chunk_of(parts));
            std::ranges::sort(keys);
            keys.erase(std::ranges::unique(keys).begin(), keys.end());
            FARTHING_TRY(const auto open, state_.store->open_sessions(feed_.id, keys));
            for (const Hash128& key : keys) {
                const bool stored = std::ranges::any_of(
                    open, [&](const OpenSession& session) { return session.key == key; });
                if (key != Hash128{}) batch.sessions().restart(key, stored);
            }
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
            const std::uint8_t lacks = group->row.group.sides;
            if (request_.side && (lacks & bit_of(*request_.side)) == 0) continue;
            if (request_.side && lacks != bit_of(*request_.side))
                return fail(EngineReason::file_waits, {}, file_.source.path);
            SuspenseExit exit;
            exit.group = group->row.group.id;
            exit.dropped_because = request_.because;
            exit.records = static_cast<std::int64_t>(of_group.size());
            exit.taken_back_by = batch.id();
            for (const Perspective side : sides_) {
                if ((group->row.group.sides & bit_of(side)) != 0) waiting_[side] += exit.records;
            }
            if (exit.records < group->open()) exit.only = std::move(of_group);
            batch.add_exit(std::move(exit));
        }
        return {};
    }

    // Other parts of its sessions are rated again, and duplicates of the file's records come again:
    // the first of each takes its place. All in the order in which they came.
    Result<void> replay(Batch& batch, Corrector& corrector) {
        FARTHING_TRY(const UsageRows lost, losers(batch));
        std::map<RecordPosition, const store::UsageRow*> in_order;
        const auto add = [&](const auto& one) {
            const auto& [position, row] = one;
            in_order.emplace(archive_.came_at(position, {row.source, row.line}), &row);
        };
        std::ranges::for_each(lost, add);
        for (const auto& one : rows_) {
            if (!is_own(one.second)) add(one);
        }
        std::vector<const store::UsageRow*> run;
        const auto replay_run = [&]() -> Result<void> {
            if (run.empty() || run.front()->outcome == Outcome::duplicate)
                return present(batch, run);
            const auto parts = std::exchange(run, {});
            return rate_again(parts, batch, corrector);
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

    // Duplicates of the file's records.
    Result<UsageRows> losers(Batch& batch) {
        if (!whole()) return UsageRows();
        store::UsageFilter filter;
        // A record that its carrier charged for may have found its owner only when it came again.
        if (!feed_.feed.rates_cost()) filter.subscriptions = &subscriptions_;
        filter.outcome = Outcome::duplicate;
        FARTHING_TRY(UsageRows rows, archive_.usage(&of_feed_, filter));
        rows.erase_if([&](const auto& row) {
            return is_own(row.second) || !batch.dedup().was_taken_back(
                                             keyed_chunk_of(state_, feed_.feed, {&row.second}), 0);
        });
        for (const auto& [position, row] : rows) {
            FARTHING_CHECK(batch.withdraw(
                {{position.batch, position.row}, row.source, row.line, row.subscription, true}));
            again_[row.source] += 1;
        }
        return rows;
    }

    // On each side the parts that count there.
    Result<void> rate_again(const std::vector<const store::UsageRow*>& parts, Batch& batch,
                            Corrector& corrector) {
        for (const auto& [side, standing] : standing_) {
            std::vector<LeanUsages::Row> counted;
            for (const store::UsageRow* row : parts) {
                const RecordPosition position{row->batch, row->row};
                const auto found = standing.find(position);
                const bool counts = found != standing.end() && !found->second.empty();
                if (counts || !feed_.feed.rates_cost()) counted.emplace_back(position, *row);
            }
            std::vector<const LeanUsages::Row*> records;
            for (const LeanUsages::Row& record : counted) records.push_back(&record);
            FARTHING_CHECK(corrector.rate(records, side, batch.sessions()));
        }
        return {};
    }

    Result<void> present(Batch& batch, std::vector<const store::UsageRow*>& run) {
        if (run.empty()) return {};
        FARTHING_TRY(const auto source, state_.store->source(run.front()->source));
        UsageChunk chunk = keyed_chunk_of(state_, feed_.feed, run);
        if (feed_.feed.rates_cost()) {
            guide_again(chunk);
            if (source->source.header == file_.source.header) give_received(chunk);
        }
        FARTHING_CHECK(batch.add(chunk, source->source));
        run.clear();
        return {};
    }

    // A duplicate says what the file's record says: where that waited for a side, it may do so by
    // the bytes of that one.
    Result<void> read_received() {
        if (!whole() || !feed_.feed.rates_cost()) return {};
        std::map<std::int64_t, const store::UsageRow*> own;  // by line
        for (const auto& [position, row] : rows_) {
            if (is_own(row)) own.try_emplace(row.line, &row);
        }
        const auto batches = archive_.batches_of(file_.source.id);
        FARTHING_TRY(const auto files, state_.store->files("suspended"));
        for (const auto& file : files) {
            if (!batches.contains(file.batch)) continue;
            FARTHING_TRY(auto waited,
                         store::read_suspended(state_.store->archive_folder() / file.path));
            for (store::SuspendedRow& row : waited) {
                const auto found = own.find(row.line);
                if (row.source != file_.source.id || found == own.end()) continue;
                const UsageChunk chunk = keyed_chunk_of(state_, feed_.feed, {found->second});
                received_.try_emplace(keyed_by(chunk, 0), std::move(row.raw));
            }
        }
        return {};
    }
    void give_received(UsageChunk& chunk) const {
        for (std::size_t row = 0; row < chunk.size(); ++row) {
            const auto found = received_.find(keyed_by(chunk, row));
            if (found != received_.end()) chunk.raw[row] = found->second;
        }
    }
    static std::pair<Hash128, Date> keyed_by(const UsageChunk& chunk, std::size_t row) {
        return {chunk.key[row], TimeZone::utc().date_of(chunk.start[row])};
    }

    // Who had no owner when the record came may have one now.
    void guide_again(UsageChunk& chunk) const {
        const auto before = chunk.subscription;
        mediation::guide(state_.directory, chunk,
                         feed_.feed.by_destination ? &state_.catalog.newest() : nullptr);
        for (std::size_t row = 0; row < chunk.size(); ++row) {
            if (before[row]) chunk.subscription[row] = before[row];
        }
    }

    // What the file's records came to on each side, by what all batches counted of them.
    Result<void> count(Batch& batch) {
        FARTHING_TRY(const auto controls, state_.store->controls());
        FARTHING_TRY(const auto batches, state_.store->batches());
        std::set<BatchId> imports;
        for (const auto& row : batches) {
            if (row.kind == "import") imports.insert(row.id);
        }
        for (const Perspective side : sides_) {
            TakenBackTotals own;
            own.source = file_.source.id;
            own.perspective = side;
            for (const auto& row : controls) {
                if (row.totals.source != own.source || row.totals.perspective != side) continue;
                if (imports.contains(row.batch)) own.records += row.totals.received;
                for (std::size_t i = 0; i < kOutcomes; ++i)
                    own.outcomes[i] += row.totals.outcomes[i];
            }
            for (const auto& row : earlier_) {  // duplicates that came again
                if (row.totals.source != own.source || row.totals.perspective != side) continue;
                for (std::size_t i = 0; i < kOutcomes; ++i)
                    own.outcomes[i] -= row.totals.outcomes[i];
            }
            own.outcomes[static_cast<std::size_t>(Outcome::suspended)] = waiting_[side];
            own.dropped = own.records;
            for (const std::int64_t records : own.outcomes) own.dropped -= records;
            batch.add_taken_back(own);
            if (side == sides_.front()) report_.taken_back = own;
        }
        count_again(batch);
        return {};
    }

    // What came again counts on every side of the feed.
    void count_again(Batch& batch) {
        for (const auto& [source, records] : again_) {
            report_.duplicates += records;
            for (const Perspective side : feed_.feed.ratings) {
                TakenBackTotals again;
                again.source = source;
                again.perspective = side;
                again.again = true;
                again.records = records;
                again.outcomes[static_cast<std::size_t>(Outcome::duplicate)] = records;
                batch.add_taken_back(again);
            }
        }
    }

    Engine::State& state_;
    OpenFeed& feed_;
    SourceRow file_;
    TakeBackRequest request_;
    std::vector<Perspective> sides_;
    std::vector<store::Store::TakenBackRow> earlier_;
    StandingRecords archive_{state_};
    UsageRows rows_;  // its own, and other files' parts of its sessions
    std::map<Perspective, Standing> standing_;
    std::set<BatchId> of_feed_;
    std::vector<SubscriptionId> subscriptions_;
    ByPayer<std::int64_t> records_;
    std::map<SourceId, std::int64_t> again_;  // duplicates that come again
    std::map<Perspective, std::int64_t> waiting_;
    std::map<std::pair<Hash128, Date>, std::string> received_;  // what waited of the file
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

Result<TakeBackReport> Engine::take_back(const std::string& file, const TakeBackRequest& request) {
    State& s = *state_;
    if (request.because.empty() && !request.preview) return fail(EngineReason::reason_missing);
    if (s.catalog.empty()) return fail(EngineReason::catalog_none);
    FARTHING_TRY(SourceRow row, find_file(s, file));
    const auto feed = std::ranges::find_if(
        s.feeds, [&](const auto& named) { return named.second.id == row.source.feed; });
    if (feed == s.feeds.end()) return fail(EngineReason::feed_unknown);
    if (feed->second.feed.kind == mediation::Feed::Kind::inventory)
        return fail(EngineReason::file_of_inventory, {}, row.source.path);
    if (feed->second.feed.partials.counted_online() != CountedOnline::no)
        return fail(EngineReason::file_charged_online, {}, row.source.path);
    if (row.position == 0) return fail(EngineReason::file_empty, {}, row.source.path);
    try {
        return TakeBack(s, feed->second, std::move(row), request).run();
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
        if (file.state == "rejected")
            file.why = row.source.reject_reason + ": " + row.source.reject_detail;
        found.push_back(std::move(file));
    }
    return found;
}

}  // namespace farthing::engine
