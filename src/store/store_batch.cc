// The commit of a batch: everything it produced and every position it moved, in one transaction.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/assert.h"
#include "store/currency_code.h"
#include "store/owners_codec.h"
#include "store/sqlite_store.h"

namespace farthing::store {

namespace {

bool is_balanced(const Entry& entry) {
    i128 sum = 0;  // a 64-bit posting count can't overflow it
    for (const Posting& posting : entry.postings) sum += posting.atoms;
    return sum == 0;
}

template <class Totals>
Result<void> bind_and_run(SqlStatement& statement, const Totals& totals, int first_outcome) {
    for (std::size_t i = 0; i < kOutcomes; ++i) {
        statement.bind_one(first_outcome + static_cast<int>(i), totals.outcomes[i]);
    }
    return statement.run();
}

}  // namespace

Result<BatchId> SqliteStore::newest_batch() {
    FARTHING_TRY(const std::int64_t id,
                 database_->integer("SELECT max(id) FROM batch WHERE tenant = ?", 0, kTenant));
    return BatchId{static_cast<std::uint64_t>(id)};
}

Result<BatchId> SqliteStore::next_batch() {
    FARTHING_TRY(const BatchId newest, newest_batch());
    promised_ = {newest.value + 1};
    others_first_ = false;
    return promised_;
}

Result<BatchId> SqliteStore::later_batch(std::uint32_t others) {
    FARTHING_TRY(const BatchId next, next_batch());
    promised_ = {next.value + others};
    others_first_ = true;
    return promised_;
}

Result<BatchId> SqliteStore::commit(const BatchCommit& batch) {
    if (batch.online && !makes_batch(batch)) return commit_sessions(batch);
    const BatchId promised = std::exchange(promised_, BatchId());
    const bool later = others_first_;
    FARTHING_TRY(Writing transaction, begin_writing());
    if (batch.online) FARTHING_CHECK(require_alone());
    FARTHING_TRY(BatchId id, next_batch());
    promised_ = {};
    if (later) id = std::max(id, promised);
    // Archive files carry the promised id; another process took it meanwhile.
    if (promised && promised != id) return fail(StoreReason::position_moved);
    FARTHING_TRY(const std::string chain, write_chained(batch, id));
    if (const Result<void> done = transaction.commit(); !done)
        return resolve(id, chain, done.error());
    return id;
}

// What the batch adds to the chain.
Result<std::string> SqliteStore::write_chained(const BatchCommit& batch, BatchId id) {
    BatchSeal seal;
    seal.id = id;
    FARTHING_TRY(const std::string previous, newest_chain());
    FARTHING_CHECK(write_batch(batch, seal));
    std::string chain = chain_of(previous, seal);
    FARTHING_CHECK(database_->run("INSERT INTO batch_chain (tenant, batch, chain) VALUES (?, ?, ?)",
                                  kTenant, id, chain));
    return chain;
}

// An error of COMMIT does not say that nothing was committed: only what stands in the database
// afterwards does.
Result<BatchId> SqliteStore::resolve(BatchId id, const std::string& chain, const Error& error) {
    if (database_->in_transaction()) (void)database_->run("ROLLBACK");
    std::string stored;
    data_version_ = kUnsure;
    const Result<void> reopened = database_->reopen();
    const Result<void> read =
        !reopened ? reopened
                  : database_->select(
                        "SELECT chain FROM batch_chain WHERE tenant = ? AND batch = ?",
                        [&](const SqlStatement& row) { stored = row.text(0); }, kTenant, id);
    if (!read)
        return fail(StoreReason::commit_ambiguous,
                    error.message + "; then " + read.error().message);
    if (stored == chain) return id;
    return fail(error);
}

Result<std::string> SqliteStore::newest_chain() {
    std::string chain;
    FARTHING_CHECK(database_->select(
        "SELECT chain FROM batch_chain WHERE tenant = ? ORDER BY batch DESC LIMIT 1",
        [&](const SqlStatement& row) { chain = row.text(0); }, kTenant));
    return chain;
}

Result<void> SqliteStore::write_batch(const BatchCommit& batch, BatchSeal& seal) {
    const std::optional<std::string> owners = pack_owners(batch.packs);
    LakeSnapshot snapshot;
    if (batch.online) {  // nothing of it is in the lake: it sees what was there before
        FARTHING_TRY(snapshot.id, database_->integer("SELECT max(snapshot_id) FROM "
                                                     "ducklake_snapshot",
                                                     0));
    } else {
        FARTHING_TRY(const auto retired, retired_data_files(batch));
        FARTHING_TRY(snapshot,
                     add_snapshot(*database_, batch.committed_at, seal.id, batch.files, retired));
    }
    FARTHING_CHECK(
        database_->run("INSERT INTO batch (tenant, id, feed, kind, committed_at, snapshot, owners) "
                       "VALUES (?, ?, ?, ?, ?, ?, nullif(?, x''))",
                       kTenant, seal.id, batch.feed, batch.kind, batch.committed_at, snapshot.id,
                       Blob{owners.value_or(std::string())}));
    FARTHING_CHECK(move_positions(batch, seal));
    FARTHING_CHECK(write_totals(batch, seal.id));
    FARTHING_CHECK(write_taken_back(batch, seal.id));
    FARTHING_CHECK(write_packs(batch, seal.id));
    FARTHING_CHECK(write_sessions(batch));
    FARTHING_CHECK(write_suspense(batch, seal.id));
    seal.fixes = batch.fixes;
    FARTHING_CHECK(write_fixes(seal.fixes, seal.id));
    FARTHING_CHECK(write_files(batch, seal.id, snapshot));
    for (const std::string& path : batch.retires) {
        FARTHING_CHECK(database_->run(
            "INSERT INTO archive_retired (tenant, path, batch, retired_at) VALUES (?, ?, ?, ?)",
            kTenant, path, seal.id, batch.committed_at));
    }
    seal.retires = batch.retires;
    if (batch.deletes) FARTHING_CHECK(write_deleted(*batch.deletes, seal.id));
    seal.deletes = batch.deletes;
    FARTHING_CHECK(append_facts(batch.facts));
    if (batch.online) FARTHING_CHECK(write_online(*batch.online, seal.id, batch.committed_at));
    FARTHING_CHECK(write_cap_alerts(batch.alerts));
    FARTHING_CHECK(write_notices(batch.notices));
    if (batch.archived_online) {
        FARTHING_CHECK(database_->run("INSERT INTO charge_archived VALUES (?, ?, ?, ?)", kTenant,
                                      seal.id, batch.archived_online->to,
                                      batch.archived_online->records));
    }
    seal.entries = batch.entries;
    FARTHING_CHECK(write_entries(seal.entries, seal.id, {}));
    seal.feed = batch.feed;
    seal.kind = batch.kind;
    seal.committed_at = batch.committed_at;
    seal.controls = batch.controls;
    seal.quantities = batch.quantities;
    seal.windows = batch.windows;
    seal.rated_atoms = batch.rated_atoms;
    seal.taken_back = batch.taken_back;
    for (const ArchiveFile& file : batch.files) seal.files.emplace_back(file.path, file.hash);
    return {};
}

Result<void> SqliteStore::move_positions(const BatchCommit& batch, BatchSeal& seal) {
    for (const SourceRange& range : batch.ranges) {
        FARTHING_CHECK(
            database_->run("UPDATE source SET position = ? WHERE tenant = ? AND id = ? AND epoch = "
                           "? AND position = ?",
                           range.to, kTenant, range.source, range.epoch, range.from));
        if (database_->changes() != 1) return fail(StoreReason::position_moved);
        FARTHING_CHECK(
            database_->run("INSERT INTO batch_range (tenant, source, batch, from_record, "
                           "to_record) VALUES (?, ?, ?, ?, ?)",
                           kTenant, range.source, seal.id, range.from, range.to));
        FARTHING_TRY(const std::optional<SourceRow> row, source(range.source));
        seal.ranges.emplace_back(range, row->source.hash);
    }
    return {};
}

Result<void> SqliteStore::write_totals(const BatchCommit& batch, BatchId id) {
    for (const ControlTotals& totals : batch.controls) {
        FARTHING_TRY(SqlStatement insert,
                     database_->prepare(
                         "INSERT INTO control VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
        insert.bind(kTenant, id, totals.source, totals.perspective, totals.received);
        FARTHING_CHECK(bind_and_run(insert, totals, 6));
    }
    for (const QuantityTotals& totals : batch.quantities) {
        FARTHING_TRY(SqlStatement insert,
                     database_->prepare("INSERT INTO control_quantity VALUES (?, ?, ?, ?, ?, ?, ?, "
                                        "?, ?, ?, ?, ?, ?, ?, ?)"));
        insert.bind(kTenant, id, totals.source, totals.perspective, totals.meter, totals.received);
        FARTHING_CHECK(bind_and_run(insert, totals, 7));
    }
    for (const WindowTotals& totals : batch.windows) {
        FARTHING_CHECK(database_->run(
            "INSERT INTO control_window VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", kTenant, id,
            totals.source, totals.perspective, totals.meter, totals.function, totals.parts,
            totals.sum, totals.rated, totals.zero_rated, totals.quantity));
    }
    for (const auto& [currency, atoms] : batch.rated_atoms) {
        FARTHING_CHECK(database_->run(
            "INSERT INTO batch_rated (tenant, batch, currency, atoms) VALUES (?, ?, ?, ?)", kTenant,
            id, currency, atoms));
    }
    for (std::size_t i = 0; i < batch.incidents.size(); ++i) {
        FARTHING_CHECK(database_->run(
            "INSERT INTO incident (tenant, batch, position, text) VALUES (?, ?, ?, ?)", kTenant, id,
            i, batch.incidents[i]));
    }
    return {};
}

// The source keeps its position, so that what was read stays told; it is open to nobody any more.
Result<void> SqliteStore::write_taken_back(const BatchCommit& batch, BatchId id) {
    for (const TakenBackTotals& totals : batch.taken_back) {
        FARTHING_TRY(SqlStatement insert,
                     database_->prepare("INSERT INTO control_taken_back VALUES (?, ?, ?, ?, ?, ?, "
                                        "?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
        insert.bind(kTenant, id, totals.source, totals.perspective, totals.records, totals.dropped,
                    totals.again ? 1 : 0);
        FARTHING_CHECK(bind_and_run(insert, totals, 8));
    }
    if (!batch.takes_back) return {};
    const SourceRange& whole = *batch.takes_back;
    FARTHING_CHECK(database_->run(
        "UPDATE source SET taken_back_by = ?, epoch = epoch + 1 WHERE tenant = ? AND "
        "id = ? AND epoch = ? AND position = ? AND taken_back_by = 0",
        id, kTenant, whole.source, whole.epoch, whole.to));
    if (database_->changes() != 1) return fail(StoreReason::position_moved);
    return {};
}

Result<void> SqliteStore::write_packs(const BatchCommit& batch, BatchId id) {
    FARTHING_TRY(SqlStatement keep,
                 database_->prepare("INSERT INTO counter_pack (tenant, perspective, window_first, "
                                    "owner_kind, block, batch, bytes) VALUES (?, ?, ?, ?, ?, ?, ?) "
                                    "ON CONFLICT (tenant, perspective, window_first, owner_kind, "
                                    "block) DO UPDATE SET batch = excluded.batch, bytes = "
                                    "excluded.bytes"));
    for (const CounterPack& pack : batch.packs) {
        FARTHING_CHECK(keep.bind(kTenant, pack.key.perspective, pack.key.window_first,
                                 pack.key.owner_kind, pack.key.block, id, Blob{pack.bytes})
                           .run());
    }
    return {};
}

Result<void> SqliteStore::write_sessions(const BatchCommit& batch) {
    const FeedId feed = batch.session_feed.value_or(batch.feed);
    const bool any = !batch.open_sessions.empty() || !batch.closed_sessions.empty();
    if (!batch.online && !feed && any) FARTHING_CHECK(count_session_change());
    FARTHING_CHECK(write_open(feed, batch.open_sessions, batch.committed_at));
    for (const Hash128& key : batch.closed_sessions) {
        FARTHING_CHECK(
            database_->run("DELETE FROM open_session WHERE tenant = ? AND feed = ? AND "
                           "key_high = ? AND key_low = ?",
                           kTenant, feed, static_cast<std::int64_t>(key.high),
                           static_cast<std::int64_t>(key.low)));
    }
    return {};
}

Result<void> SqliteStore::write_open(FeedId feed, std::span<const OpenSession> sessions,
                                     Instant at) {
    FARTHING_TRY(
        SqlStatement keep,
        database_->prepare(
            "INSERT INTO open_session (tenant, feed, key_high, key_low, start_time, raw, answered, "
            "filed, reported, refunded, closed_at, touched_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, "
            "?, "
            "nullif(?, ?), ?) ON "
            "CONFLICT (tenant, feed, key_high, key_low) DO UPDATE SET start_time = "
            "excluded.start_time, raw = excluded.raw, answered = excluded.answered, filed = "
            "excluded.filed, reported = excluded.reported, refunded = excluded.refunded, closed_at "
            "= "
            "excluded.closed_at, touched_at = excluded.touched_at"));
    for (const OpenSession& session : sessions) {
        FARTHING_CHECK(keep.bind(kTenant, feed, static_cast<std::int64_t>(session.key.high),
                                 static_cast<std::int64_t>(session.key.low), session.start,
                                 session.raw, session.answered ? 1 : 0, session.filed,
                                 session.reported, session.refunded, session.closed, Instant::max(),
                                 at)
                           .run());
    }
    return {};
}

Result<void> SqliteStore::write_suspense(const BatchCommit& batch, BatchId id) {
    FARTHING_TRY(
        std::int64_t next,
        database_->integer("SELECT max(id) + 1 FROM suspense_group WHERE tenant = ?", 1, kTenant));
    for (const SuspenseGroup& group : batch.suspended) {
        FARTHING_CHECK(database_->run(
            "INSERT INTO suspense_group (tenant, id, batch, feed, reason, identity, "
            "records, first_time, last_time, "
            "sample, recycled, dropped, sides, accepted) VALUES (?, ?, ?, ?, ?, ?, "
            "?, ?, ?, ?, 0, 0, ?, ?)",
            kTenant, next++, id, group.feed, name_of(group.reason), group.identity, group.records,
            group.first, group.last, group.sample, group.sides, group.accepted ? 1 : 0));
    }
    return write_exits(batch.exits);
}

Result<void> SqliteStore::write_exits(const std::vector<SuspenseExit>& exits) {
    FARTHING_TRY(std::int64_t seq, next_seq("suspense_exit"));
    for (const SuspenseExit& exit : exits) {
        FARTHING_CHECK(database_->run(
            "INSERT INTO suspense_exit (tenant, seq, suspense_group, recycled_by, dropped_because, "
            "records, taken_back_by) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            kTenant, seq++, exit.group, exit.recycled_by, exit.dropped_because, exit.records,
            exit.taken_back_by));
        for (const RecordPlace& record : exit.only) {
            FARTHING_CHECK(database_->run(
                "INSERT INTO suspense_exit_record (tenant, suspense_group, source, line, seq) "
                "VALUES (?, ?, ?, ?, ?)",
                kTenant, exit.group, record.source, record.line, seq - 1));
        }
        const std::int64_t recycled = exit.recycled_by ? exit.records : 0;
        FARTHING_CHECK(
            database_->run("UPDATE suspense_group SET recycled = recycled + ?, dropped = dropped + "
                           "? WHERE tenant = ? AND id = ?",
                           recycled, exit.records - recycled, kTenant, exit.group));
    }
    return {};
}

Result<void> SqliteStore::write_files(const BatchCommit& batch, BatchId id,
                                      const LakeSnapshot& snapshot) {
    for (std::size_t i = 0; i < batch.files.size(); ++i) {
        const ArchiveFile& file = batch.files[i];
        FARTHING_CHECK(
            database_->run("INSERT INTO archive_file (tenant, batch, position, table_name, path, "
                           "records, bytes, hash, data_file) "
                           "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                           kTenant, id, i, file.table, file.path, file.records, file.bytes,
                           file.hash, snapshot.data_files[i]));
    }
    for (std::size_t i = 0; i < batch.dedup.size(); ++i) {
        const BatchCommit::DedupSegment& segment = batch.dedup[i];
        FARTHING_CHECK(
            database_->run("INSERT INTO dedup_segment (tenant, batch, position, feed, path, "
                           "first_day, last_day, keys) "
                           "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                           kTenant, id, i, batch.feed, segment.path, segment.first_day,
                           segment.last_day, segment.keys));
    }
    return {};
}

// The data files of the paths that the batch retires. What it puts in their place, with what it
// deletes for its age, has as many rows.
Result<std::vector<std::int64_t>> SqliteStore::retired_data_files(const BatchCommit& batch) {
    std::vector<std::int64_t> found;
    std::map<std::string, std::int64_t> rows;
    for (const std::string& path : batch.retires) {
        FARTHING_CHECK(database_->select(
            "SELECT data_file, table_name, records FROM archive_file WHERE tenant = ? AND path = ?",
            [&](const SqlStatement& row) {
                found.push_back(row.integer(0));
                rows[row.text(1)] -= row.integer(2);
            },
            kTenant, path));
    }
    if (batch.retires.empty()) return found;
    for (const ArchiveFile& file : batch.files) rows[file.table] += file.records;
    if (batch.deletes) {
        for (const DeletedRows& row : batch.deletes->rows) rows[row.table] += row.records;
    }
    const bool equal = std::ranges::all_of(rows, [](const auto& one) { return one.second == 0; });
    if (!equal || found.size() != batch.retires.size()) return fail(StoreReason::rewrite_unequal);
    return found;
}

Result<void> SqliteStore::write_entries(std::vector<Entry>& entries, BatchId batch,
                                        InvoiceId invoice) {
    FARTHING_TRY(std::int64_t next,
                 database_->integer("SELECT max(id) + 1 FROM entry WHERE tenant = ?", 1, kTenant));
    newest_entry_ = {static_cast<std::uint64_t>(next + std::ssize(entries) - 1)};
    if (entries.empty()) return {};
    FARTHING_TRY(
        SqlStatement insert,
        database_->prepare(
            "INSERT INTO entry (tenant, id, kind, batch, invoice, reverses, payer, component, "
            "period_first, period_end, currency) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    FARTHING_TRY(SqlStatement post,
                 database_->prepare("INSERT INTO posting (tenant, entry, position, kind, ref, "
                                    "atoms) VALUES (?, ?, ?, ?, ?, ?)"));
    for (Entry& entry : entries) {
        FARTHING_ASSERT(is_balanced(entry));
        entry.id = {static_cast<std::uint64_t>(next++)};
        if (batch) entry.batch = batch;
        if (invoice) entry.invoice = invoice;
        FARTHING_CHECK(insert
                           .bind(kTenant, entry.id, entry.kind, entry.batch, entry.invoice,
                                 entry.reverses, entry.payer, entry.component, entry.period.first,
                                 entry.period.end, code_of(entry.currency))
                           .run());
        for (std::size_t i = 0; i < entry.postings.size(); ++i) {
            const Posting& posting = entry.postings[i];
            FARTHING_CHECK(post.bind(kTenant, entry.id, i, posting.account.kind,
                                     posting.account.ref, posting.atoms)
                               .run());
        }
    }
    return {};
}

}  // namespace farthing::store
