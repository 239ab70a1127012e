// Usage of the archive that is older than a day is deleted, as far as nobody needs it any more:
// feeds can't send its duplicates, no record or session of it waits, all of it is invoiced, and no
// session reaches into what is not. Who did it, why, and what the rows came to stays.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/archive_online.h"
#include "engine/document_run.h"
#include "engine/reasons.h"
#include "engine/retention.h"
#include "store/archive_age.h"

namespace farthing::engine {

namespace {

using ArchivedFile = store::Store::FileRow;
using Hold = DeletionReport::Hold;

std::string count_of(std::int64_t count, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

// From which day on usage is still needed, and for what.
class Holds {
  public:
    Holds(Engine::State& state, Date asked) : state_(state), asked_(asked) {}

    Result<void> find() {
        add(state_.today(), "usage of today is still coming");
        FARTHING_CHECK(of_feeds());
        FARTHING_CHECK(of_suspense());
        FARTHING_CHECK(of_sessions());
        const Date closed = closed_;
        FARTHING_CHECK(of_invoices(closed));
        return of_costs(closed);
    }

    void add(Date since, std::string because) {
        closed_ = std::min(closed_, since);
        if (since < asked_) found_.push_back({since, std::move(because)});
    }
    Date earliest() const {
        Date first = asked_;
        for (const Hold& hold : found_) first = std::min(first, hold.since);
        return first;
    }
    // The first day of a cycle that is not closed, where there is one before the day asked for.
    std::optional<Date> open_cycle() const { return open_cycle_; }
    std::vector<Hold> take() {
        std::ranges::stable_sort(found_, {}, &Hold::since);
        return std::move(found_);
    }

  private:
    // Until then feeds may send what came before, or belongs to it; a day more, for who reads a
    // file just now. A file that was begun goes on as of the time when it came.
    Result<void> of_feeds() {
        FARTHING_TRY(const auto sources, state_.store->sources());
        for (const auto& [name, feed] : state_.feeds) {
            if (feed.feed.kind == mediation::Feed::Kind::carrier_invoice) continue;
            Instant came = state_.clock.now();
            for (const auto& row : sources) {
                const bool begun = row.source.feed == feed.id && !row.taken_back_by &&
                                   row.source.reject_reason.empty() &&
                                   row.position < row.source.records;
                if (begun) came = std::min(came, row.source.sealed_at);
            }
            late_ = std::max(late_, feed.feed.accept_late_micros);
            add(day_of(came.plus_micros(-feed.feed.accept_late_micros)).plus_days(-1),
                fmt::format("feed {} takes records up to {} late, and tells duplicates by it", name,
                            count_of(feed.feed.accept_late_micros / kMicrosPerDay, "day", "days")));
        }
        return {};
    }

    // One whose time can't be read may be as old as its feed takes records.
    Result<void> of_suspense() {
        FARTHING_TRY(const auto rows, state_.store->suspense());
        FARTHING_TRY(const auto batches, state_.store->batches());
        std::map<BatchId, Instant> came;
        for (const auto& batch : batches) came[batch.id] = batch.committed_at;
        std::map<std::pair<Date, SuspenseReason>, std::int64_t> waits;
        for (const auto& row : rows) {
            const std::int64_t open = row.group.records - row.recycled - row.dropped;
            if (open <= 0) continue;
            const bool readable = row.group.first.micros != 0;
            const Instant first =
                readable ? row.group.first : came[row.group.batch].plus_micros(-late_);
            waits[{day_of(first), row.group.reason}] += open;
        }
        for (const auto& [what, open] : waits)
            add(what.first,
                fmt::format("{} in suspense as {}", count_of(open, "record waits", "records wait"),
                            name_of(what.second)));
        return {};
    }

    // Nothing came of it for so long that nothing may come any more: the rest is only corrected.
    Result<void> of_sessions() {
        FARTHING_TRY(const auto oldest,
                     state_.store->oldest_open_session(state_.clock.now().plus_micros(-late_)));
        if (oldest) add(day_of(*oldest), "a session has begun then and is open");
        return {};
    }

    // Cycles of which a document is to be sent, or may still change: `closed` is until when nothing
    // comes any more.
    Result<void> of_invoices(Date closed) {
        FARTHING_TRY(const auto windows, state_.store->windows(Perspective::retail));
        if (windows.empty() || state_.catalog.empty()) return {};
        DocumentRun run(state_);
        FARTHING_CHECK(run.open());
        FARTHING_TRY(const auto unbilled, run.unbilled());
        for (const Date window : windows) {
            if (!is_asked_for(window)) continue;
            FARTHING_TRY(const auto payers, run.payers_of(window));
            std::int64_t waiting = 0;
            std::string such;
            DatePeriod cycle{window, window.plus_days(1)};
            for (const auto& [payer, end] : payers) {
                cycle.end = std::max(cycle.end, end);
                if (end > closed) continue;
                FARTHING_TRY(const bool invoiced, is_invoiced(run, payer, window, unbilled));
                if (invoiced) continue;
                waiting += 1;
                such = state_.directory.account(payer).fact.name;
            }
            if (waiting > 0)
                hold_cycle(window, fmt::format("{} not invoiced for {}, such as {}",
                                               count_of(waiting, "account is", "accounts are"),
                                               to_string(cycle), such));
            if (cycle.end > closed)
                hold_cycle(window, fmt::format("usage of {} may still come", to_string(cycle)));
        }
        return {};
    }

    // All of it stands in documents that were sent, or comes to no document at all.
    Result<bool> is_invoiced(DocumentRun& run, AccountId payer, Date window,
                             const std::set<std::pair<AccountId, Date>>& unbilled) {
        if (unbilled.contains({payer, window})) return false;
        const DatePeriod cycle = cycle_of(state_.directory, payer, WhichCycle(window));
        const DocumentRun::Row* row = run.document(payer, cycle);
        if (row != nullptr) return row->state == InvoiceState::sent;
        const auto bill = run.bill(payer, cycle);
        return bill && nothing_to_bill(bill->invoice);
    }

    Result<void> of_costs(Date closed) {
        FARTHING_TRY(const auto windows, state_.store->windows(Perspective::cost));
        for (const Date window : windows) {
            const DatePeriod cycle = farthing::cycle_of(window, 1);
            if (is_asked_for(window) && cycle.end > closed)
                hold_cycle(window, fmt::format("what carriers cost in {} may still grow",
                                               to_string(cycle)));
        }
        return {};
    }

    // What was deleted before was closed.
    bool is_asked_for(Date window) const {
        return window < asked_ && !(state_.deleted && window < state_.deleted->before);
    }
    void hold_cycle(Date first, std::string because) {
        open_cycle_ = std::min(open_cycle_.value_or(first), first);
        add(first, std::move(because));
    }
    Date day_of(Instant when) const { return state_.zone().date_of(when); }

    Engine::State& state_;
    Date asked_;
    std::int64_t late_ = 0;      // of all feeds
    Date closed_ = Date::max();  // until when nothing comes any more
    std::optional<Date> open_cycle_;
    std::vector<Hold> found_;
};

class DeleteUsage {
  public:
    DeleteUsage(Engine::State& state, const DeletionRequest& request)
        : state_(state), request_(request), holds_(state, request.before) {}

    Result<DeletionReport> run() {
        FARTHING_CHECK(holds_.find());
        for (const store::ArchiveTable* table : {&store::kUsageTable, &store::kRatedTable}) {
            FARTHING_TRY(files_[table->name], state_.store->files(std::string(table->name)));
        }
        FARTHING_CHECK(hold_what_is_counted_on());
        report_.before = holds_.earliest();
        report_.holds = holds_.take();
        before_ = state_.zone().start_of(report_.before);
        commit_.kind = store::kDeleteUsage;
        commit_.committed_at = state_.clock.now();
        DeletedUsage& deleted = commit_.deletes.emplace();
        deleted.before = report_.before;
        deleted.who = request_.who;
        deleted.because = request_.because;
        for (const store::ArchiveTable* table : {&store::kUsageTable, &store::kRatedTable})
            FARTHING_CHECK(cut(*table));
        FARTHING_CHECK(find_torn_sessions());
        tell_charges();
        if (!request_.preview && !commit_.retires.empty()) FARTHING_CHECK(commit());
        return std::move(report_);
    }

  private:
    std::filesystem::path path_of(const ArchivedFile& file) const {
        return state_.store->archive_folder() / file.path;
    }

    // Usage that is counted together with that of an open cycle: the earlier parts of its sessions,
    // and records that reach into it.
    Result<void> hold_what_is_counted_on() {
        if (!holds_.open_cycle()) return {};
        const Instant open = state_.zone().start_of(*holds_.open_cycle());
        std::set<Hash128> sessions;
        if (tells_sessions()) {
            FARTHING_CHECK(each_record({open, Instant::max()}, [&](const store::AgedRecord& one) {
                if (one.session != Hash128{}) sessions.insert(one.session);
            }));
        }
        std::optional<Instant> first;
        FARTHING_CHECK(each_record({Instant::min(), open}, [&](const store::AgedRecord& one) {
            if (one.end <= open && !sessions.contains(one.session)) return;
            first = std::min(first.value_or(one.start), one.start);
        }));
        if (first)
            holds_.add(state_.zone().date_of(*first),
                       "a session of it reaches into a cycle that is not closed");
        return {};
    }

    bool tells_sessions() const {
        return std::ranges::any_of(
            state_.feeds, [](const auto& named) { return named.second.feed.partials.given(); });
    }

    Result<void> each_record(Period within,
                             const std::function<void(const store::AgedRecord&)>& visit) {
        for (const ArchivedFile& file : files_[store::kUsageTable.name])
            FARTHING_CHECK(store::each_aged(path_of(file), within, visit));
        return {};
    }

    // Files that hold nothing else go; of others the rest is written anew.
    Result<void> cut(const store::ArchiveTable& table) {
        DeletionReport::Table& told = report_.tables.emplace_back();
        told.name = table.name;
        for (const ArchivedFile& file : files_[table.name]) {
            FARTHING_TRY(const auto events, store::events_of(path_of(file), table));
            if (!events || events->first >= before_) continue;
            FARTHING_TRY(store::RowAges ages, store::ages_of(path_of(file), table, before_));
            if (ages.records_before + ages.records_since != file.records)
                return fail(StoreReason::archive_damaged, "it has another number of rows",
                            file.path);
            if (ages.records_before == 0) continue;
            (ages.records_since == 0 ? told.files : told.files_cut) += 1;
            told.records += ages.records_before;
            std::error_code ignored;
            const auto bytes = std::filesystem::file_size(path_of(file), ignored);
            if (!ignored) told.bytes += static_cast<std::int64_t>(bytes);
            note(*ages.span, std::move(ages.before));
            commit_.retires.push_back(file.path);
            if (request_.preview || ages.records_since == 0) continue;
            FARTHING_TRY(ArchiveFile rest, store::write_since(state_.store->archive_folder(), table,
                                                              path_of(file), before_));
            commit_.files.push_back(std::move(rest));
        }
        return {};
    }

    void note(std::pair<Instant, Instant> span, std::vector<DeletedRows> rows) {
        const DatePeriod days{state_.zone().date_of(span.first),
                              state_.zone().date_of(span.second).plus_days(1)};
        DatePeriod& all = report_.days ? *report_.days : report_.days.emplace(days);
        all = {std::min(all.first, days.first), std::max(all.end, days.end)};
        for (DeletedRows& row : rows) {
            auto& sum = rows_[{row.table, row.of, row.source}];
            sum.first += row.records;
            sum.second += row.atoms;
        }
    }

    // Sessions that lose parts and have others, or may get them: they can't be rated again.
    Result<void> find_torn_sessions() {
        if (!tells_sessions() || commit_.retires.empty()) return {};
        std::map<Hash128, bool> closed;
        FARTHING_CHECK(each_record({Instant::min(), before_}, [&](const store::AgedRecord& one) {
            if (one.session != Hash128{}) closed[one.session] |= one.last_part;
        }));
        if (closed.empty()) return {};
        FARTHING_CHECK(each_record({before_, Instant::max()}, [&](const store::AgedRecord& one) {
            if (const auto found = closed.find(one.session); found != closed.end())
                found->second = false;
        }));
        for (const auto& [session, whole] : closed) {
            if (!whole) commit_.deletes->sessions.push_back(session);
        }
        return {};
    }

    void tell_charges() {
        report_.charged.currency = state_.catalog.newest().currency;
        for (const auto& [place, sum] : rows_) {
            const auto& [table, of, source] = place;
            commit_.deletes->rows.push_back({table, of, source, sum.first, sum.second});
            report_.charged.atoms += sum.second;
        }
    }

    // The files were read while others may have written: what they wrote is not deleted unseen.
    Result<void> commit() {
        FARTHING_TRY(const store::Turn turn, store::Turn::take(*state_.store));
        for (const auto& [table, read] : files_) {
            FARTHING_TRY(const auto now, state_.store->files(std::string(table)));
            if (!std::ranges::equal(read, now, {}, &ArchivedFile::path, &ArchivedFile::path))
                return fail(StoreReason::position_moved);
        }
        FARTHING_TRY(const BatchId committed, state_.store->commit(commit_));
        (void)committed;
        return state_.load_deletions();
    }

    Engine::State& state_;
    const DeletionRequest& request_;
    Holds holds_;
    Instant before_;
    std::map<std::string_view, std::vector<ArchivedFile>> files_;
    std::map<std::tuple<std::string, BatchId, SourceId>, std::pair<std::int64_t, std::int64_t>>
        rows_;
    store::BatchCommit commit_;
    DeletionReport report_;
};

}  // namespace

Result<DeletionReport> Engine::delete_usage(const DeletionRequest& request) try {
    if (state_->catalog.empty()) return fail(EngineReason::catalog_none);
    if (!request.preview && (request.who.empty() || request.because.empty()))
        return fail(EngineReason::deletion_unsigned);
    FARTHING_CHECK(archive_online(*state_));
    return DeleteUsage(*state_, request).run();
} catch (const StoreFailure& failure) {
    return fail(failure.error);
}

Result<std::vector<DeletionRow>> Engine::deletions() {
    std::vector<DeletionRow> found;
    FARTHING_TRY(const auto deletions, state_->store->deleted_usage(true));
    for (const DeletedUsage& one : deletions) {
        DeletionRow& row = found.emplace_back();
        row.batch = one.batch;
        row.at = one.at;
        row.before = one.before;
        row.who = one.who;
        row.because = one.because;
        row.charged.currency = state_->catalog.newest().currency;
        for (const DeletedRows& gone : one.rows) {
            (gone.table == store::kUsageTable.name ? row.usage : row.rated) += gone.records;
            row.charged.atoms += gone.atoms;
        }
    }
    return found;
}

}  // namespace farthing::engine
