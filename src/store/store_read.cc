// What batches left behind.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "store/archive_columns.h"
#include "store/currency_code.h"
#include "store/owners_codec.h"
#include "store/sqlite_store.h"

namespace farthing::store {

namespace {

template <class Totals>
void read_outcomes(const SqlStatement& row, int first, Totals& totals) {
    for (std::size_t i = 0; i < kOutcomes; ++i)
        totals.outcomes[i] = row.integer(first + static_cast<int>(i));
}

Store::ControlRow control_of(const SqlStatement& row) {
    Store::ControlRow result;
    result.batch = row.id<BatchId>(1);
    result.totals.source = {row.as<std::uint32_t>(2)};
    result.totals.perspective = row.as<Perspective>(3);
    result.totals.received = row.integer(4);
    read_outcomes(row, 5, result.totals);
    return result;
}

Store::WindowRow window_of(const SqlStatement& row) {
    Store::WindowRow result;
    result.batch = row.id<BatchId>(1);
    result.totals.source = {row.as<std::uint32_t>(2)};
    result.totals.perspective = row.as<Perspective>(3);
    result.totals.meter = {row.as<std::uint16_t>(4)};
    result.totals.function = row.as<WindowFunction>(5);
    result.totals.parts = row.integer(6);
    result.totals.sum = row.integer(7);
    result.totals.rated = row.integer(8);
    result.totals.zero_rated = row.integer(9);
    result.totals.quantity = row.integer(10);
    return result;
}

Store::TakenBackRow taken_back_of(const SqlStatement& row) {
    Store::TakenBackRow result;
    result.batch = row.id<BatchId>(1);
    result.totals.source = {row.as<std::uint32_t>(2)};
    result.totals.perspective = row.as<Perspective>(3);
    result.totals.records = row.integer(4);
    result.totals.dropped = row.integer(5);
    result.totals.again = row.integer(6) != 0;
    read_outcomes(row, 7, result.totals);
    return result;
}

Store::QuantityRow quantity_of(const SqlStatement& row) {
    Store::QuantityRow result;
    result.batch = row.id<BatchId>(1);
    result.totals.source = {row.as<std::uint32_t>(2)};
    result.totals.perspective = row.as<Perspective>(3);
    result.totals.meter = {row.as<std::uint16_t>(4)};
    result.totals.received = row.integer(5);
    read_outcomes(row, 6, result.totals);
    return result;
}

Entry entry_of(const SqlStatement& row) {
    Entry entry;
    entry.id = {row.as<std::uint64_t>(0)};
    entry.kind = row.as<EntryKind>(1);
    entry.batch = row.id<BatchId>(2);
    entry.invoice = {row.as<std::uint32_t>(3)};
    entry.reverses = {row.as<std::uint64_t>(4)};
    entry.payer = {row.as<std::uint32_t>(5)};
    entry.component = {row.as<std::uint32_t>(6)};
    entry.period = {row.date(7), row.date(8)};
    entry.currency = currency_of(row.text(9));
    return entry;
}

}  // namespace

Result<Store::ChangedOwners> SqliteStore::changed_owners(BatchId after) {
    ChangedOwners changed{after, std::vector<OwnerBlock>()};
    FARTHING_CHECK(database_->select(
        "SELECT id, owners, kind = 'charge' FROM batch WHERE tenant = ? AND id > ? ORDER BY id",
        [&](const SqlStatement& row) {
            changed.last = row.id<BatchId>(0);
            changed.batches += 1;
            changed.all_charged = changed.all_charged && row.integer(2) != 0;
            if (!changed.owners) return;
            const auto told = row.is_null(1) ? std::nullopt : unpack_owners(row.text(1));
            if (told) {
                changed.owners->insert(changed.owners->end(), told->begin(), told->end());
            } else {
                changed.owners.reset();
            }
        },
        kTenant, after));
    if (!changed.owners) return changed;
    std::ranges::sort(*changed.owners);
    changed.owners->erase(std::ranges::unique(*changed.owners).begin(), changed.owners->end());
    return changed;
}

Result<std::vector<BatchRow>> SqliteStore::batches() {
    std::vector<BatchRow> rows;
    FARTHING_CHECK(database_->select(
        "SELECT id, feed, kind, committed_at, snapshot, chain FROM batch JOIN batch_chain ON "
        "batch_chain.tenant = "
        "batch.tenant AND batch_chain.batch = batch.id WHERE batch.tenant = ? ORDER BY id",
        [&](const SqlStatement& row) {
            rows.push_back({row.id<BatchId>(0),
                            row.id<FeedId>(1),
                            row.text(2),
                            row.instant(3),
                            row.integer(4),
                            row.text(5),
                            {}});
        },
        kTenant));
    std::size_t at = 0;
    FARTHING_CHECK(database_->select(
        "SELECT batch, currency, atoms FROM batch_rated WHERE tenant = ? ORDER BY batch, currency",
        [&](const SqlStatement& row) {
            while (rows[at].id < row.id<BatchId>(0)) ++at;
            rows[at].rated_atoms.emplace_back(row.as<std::uint16_t>(1), row.integer(2));
        },
        kTenant));
    return rows;
}

Result<std::string> SqliteStore::stored_pack(const PackKey& key) {
    std::string bytes;
    FARTHING_CHECK(database_->select(
        "SELECT bytes FROM counter_pack WHERE tenant = ? AND perspective = ? AND window_first = ? "
        "AND owner_kind = ? "
        "AND block = ?",
        [&](const SqlStatement& row) { bytes = row.text(0); }, kTenant, key.perspective,
        key.window_first, key.owner_kind, key.block));
    return bytes;
}

// Halves of a key are stored as the signed numbers with their bits.
Result<std::vector<OpenSession>> SqliteStore::open_sessions(FeedId feed,
                                                            std::span<const Hash128> keys) {
    std::vector<OpenSession> sessions;
    for (const Hash128& key : keys) {
        FARTHING_CHECK(database_->select(
            "SELECT start_time, raw, answered, filed, closed_at, reported, refunded FROM "
            "open_session WHERE tenant = ? AND feed = ? AND key_high = ? AND key_low = ?",
            [&](const SqlStatement& row) {
                sessions.push_back(
                    {key, {row.integer(0)}, row.integer(1), row.integer(2) != 0, row.integer(3)});
                if (!row.is_null(4)) sessions.back().closed = row.instant(4);
                sessions.back().reported = row.integer(5);
                sessions.back().refunded = row.integer(6);
            },
            kTenant, feed, static_cast<std::int64_t>(key.high),
            static_cast<std::int64_t>(key.low)));
    }
    return sessions;
}

Result<std::vector<PackKey>> SqliteStore::counter_packs(Perspective perspective,
                                                        Date window_first) {
    std::vector<PackKey> keys;
    FARTHING_CHECK(database_->select(
        "SELECT owner_kind, block FROM counter_pack WHERE tenant = ? AND perspective = ? AND "
        "window_first = ? "
        "ORDER BY owner_kind, block",
        [&](const SqlStatement& row) {
            keys.push_back({perspective, row.as<std::uint8_t>(0), window_first.days,
                            row.as<std::uint32_t>(1)});
        },
        kTenant, perspective, window_first));
    return keys;
}

Result<std::vector<Date>> SqliteStore::windows(Perspective perspective) {
    std::vector<Date> days;
    FARTHING_CHECK(database_->select(
        "SELECT DISTINCT window_first FROM counter_pack WHERE tenant = ? AND perspective = ? ORDER "
        "BY window_first",
        [&](const SqlStatement& row) { days.push_back(row.date(0)); }, kTenant, perspective));
    return days;
}

Result<std::vector<std::pair<FeedId, BatchCommit::DedupSegment>>> SqliteStore::dedup_segments() {
    std::vector<std::pair<FeedId, BatchCommit::DedupSegment>> segments;
    FARTHING_CHECK(database_->select(
        "SELECT feed, path, first_day, last_day, keys FROM dedup_segment WHERE tenant = ? ORDER BY "
        "batch, position",
        [&](const SqlStatement& row) {
            segments.emplace_back(
                FeedId{row.as<std::uint32_t>(0)},
                BatchCommit::DedupSegment{row.text(1), row.date(2), row.date(3), row.integer(4)});
        },
        kTenant));
    return segments;
}

Result<std::vector<Store::ControlRow>> SqliteStore::controls() {
    std::vector<ControlRow> rows;
    FARTHING_CHECK(database_->select(
        "SELECT * FROM control WHERE tenant = ? ORDER BY batch, source, perspective",
        [&](const SqlStatement& row) { rows.push_back(control_of(row)); }, kTenant));
    return rows;
}

Result<std::vector<Store::TakenBackRow>> SqliteStore::taken_back() {
    std::vector<TakenBackRow> rows;
    FARTHING_CHECK(database_->select(
        "SELECT * FROM control_taken_back WHERE tenant = ? ORDER BY batch, source, perspective",
        [&](const SqlStatement& row) { rows.push_back(taken_back_of(row)); }, kTenant));
    return rows;
}

Result<std::vector<Store::WindowRow>> SqliteStore::windows() {
    std::vector<WindowRow> rows;
    FARTHING_CHECK(database_->select(
        "SELECT * FROM control_window WHERE tenant = ? ORDER BY batch, source, perspective, meter",
        [&](const SqlStatement& row) { rows.push_back(window_of(row)); }, kTenant));
    return rows;
}

Result<std::vector<Store::QuantityRow>> SqliteStore::quantities() {
    std::vector<QuantityRow> rows;
    FARTHING_CHECK(database_->select(
        "SELECT * FROM control_quantity WHERE tenant = ? ORDER BY batch, source, perspective, "
        "meter",
        [&](const SqlStatement& row) { rows.push_back(quantity_of(row)); }, kTenant));
    return rows;
}

Result<std::vector<Store::IncidentRow>> SqliteStore::incidents() {
    std::vector<IncidentRow> rows;
    FARTHING_CHECK(database_->select(
        "SELECT batch, text FROM incident WHERE tenant = ? ORDER BY batch, position",
        [&](const SqlStatement& row) { rows.push_back({row.id<BatchId>(0), row.text(1)}); },
        kTenant));
    return rows;
}

Result<std::vector<Store::SuspenseRow>> SqliteStore::suspense() {
    std::vector<SuspenseRow> rows;
    FARTHING_CHECK(database_->select(
        "SELECT id, batch, feed, reason, identity, records, first_time, last_time, sample, "
        "recycled, dropped, sides, accepted, coalesce((SELECT sum(suspense_exit.records) FROM "
        "suspense_exit WHERE suspense_exit.tenant = suspense_group.tenant AND suspense_group = "
        "suspense_group.id AND taken_back_by <> 0), 0) "
        "FROM suspense_group WHERE tenant = ? ORDER BY id",
        [&](const SqlStatement& row) {
            SuspenseRow result;
            result.group.id = row.as<std::uint32_t>(0);
            result.group.batch = row.id<BatchId>(1);
            result.group.feed = {row.as<std::uint32_t>(2)};
            result.group.reason =
                reason_named<SuspenseReason>(row.text(3)).value_or(SuspenseReason::none);
            result.group.identity = row.text(4);
            result.group.records = row.integer(5);
            result.group.first = row.instant(6);
            result.group.last = row.instant(7);
            result.group.sample = row.text(8);
            result.recycled = row.integer(9);
            result.dropped = row.integer(10);
            result.group.sides = row.as<std::uint8_t>(11);
            result.group.accepted = row.integer(12) != 0;
            result.taken_back = row.integer(13);
            rows.push_back(std::move(result));
        },
        kTenant));
    return rows;
}

Result<void> SqliteStore::drop(const std::vector<SuspenseExit>& exits) {
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_CHECK(write_exits(exits));
    return transaction.commit();
}

namespace {

// The bounds of a column of ids, where the file tells them.
template <class Id>
void read_bounds(const Store::FileRow& file, const ArchiveTable& table, std::string_view name,
                 Id& first, Id& last) {
    const auto described = std::ranges::find(table.columns, name, &ArchiveColumn::name);
    if (described == table.columns.end()) return;
    for (const auto& column : file.columns) {
        if (column.column != described->id) continue;
        const auto read = [](const std::string& text, Id& id) {
            (void)std::from_chars(text.data(), text.data() + text.size(), id.value);
        };
        read(column.min, first);
        read(column.max, last);
    }
}

// "2026-06-01 00:00:00+00", as DuckLake writes it.
void read_event(std::string text, Instant& event) {
    constexpr std::string_view kUtc = "+00";
    if (text.size() <= kUtc.size() || !text.ends_with(kUtc)) return;
    text.replace(text.size() - kUtc.size(), kUtc.size(), "Z");
    std::ranges::replace(text, ' ', 'T');
    if (const auto read = parse_rfc3339(text)) event = *read;
}

void read_events(Store::FileRow& file) {
    for (const auto& column : file.columns) {
        if (column.column != kUsageColumns[usage_column::start].id) continue;
        read_event(column.min, file.events.start);
        read_event(column.max, file.events.end);
    }
}

}  // namespace

Result<std::vector<Store::FileRow>> SqliteStore::files(const std::string& table) {
    std::vector<FileRow> rows;
    std::vector<std::int64_t> data_files;
    FARTHING_CHECK(database_->select(
        "SELECT path, batch, records, hash, data_file FROM archive_file WHERE tenant = ? AND "
        "table_name = ? AND NOT EXISTS (SELECT 1 FROM archive_retired WHERE archive_retired.tenant "
        "= archive_file.tenant AND archive_retired.path = archive_file.path) "
        "ORDER BY batch, position",
        [&](const SqlStatement& row) {
            FileRow& file = rows.emplace_back();
            file.path = row.text(0);
            file.batch = file.first_batch = file.last_batch = row.id<BatchId>(1);
            file.records = row.integer(2);
            file.hash = row.text(3);
            data_files.push_back(row.integer(4));
        },
        kTenant, table));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        FARTHING_TRY(rows[i].columns, column_stats(*database_, data_files[i]));
        FileRow& file = rows[i];
        if (const ArchiveTable* described = archive_table(table)) {
            read_bounds(file, *described, "batch", file.first_batch, file.last_batch);
            read_bounds(file, *described, "subscription", file.first_subscription,
                        file.last_subscription);
        }
        if (table == "usage") read_events(file);
    }
    // A rewritten file stands where its first rows did, before the corrections of them.
    std::ranges::stable_sort(rows, {}, &FileRow::first_batch);
    return rows;
}

// `where`: a comparison of one column of `entry` with `value`.
Result<std::vector<Entry>> SqliteStore::read_entries(std::string_view where, std::int64_t value) {
    std::vector<Entry> entries;
    FARTHING_CHECK(database_->select(
        fmt::format(
            "SELECT entry.id, entry.kind, entry.batch, entry.invoice, entry.reverses, entry.payer, "
            "entry.component, entry.period_first, entry.period_end, entry.currency, posting.kind, "
            "posting.ref, "
            "posting.atoms FROM entry LEFT JOIN posting ON posting.tenant = entry.tenant AND "
            "posting.entry = entry.id "
            "WHERE entry.tenant = ? AND {} ORDER BY entry.id, posting.position",
            where),
        [&](const SqlStatement& row) {
            const EntryId id = {row.as<std::uint64_t>(0)};
            if (entries.empty() || entries.back().id != id) entries.push_back(entry_of(row));
            if (row.is_null(10)) return;
            entries.back().postings.push_back(
                {{row.as<LedgerKind>(10), row.as<std::uint32_t>(11)}, row.integer(12)});
        },
        kTenant, value));
    return entries;
}

Result<std::vector<Entry>> SqliteStore::entries(AccountId payer) {
    return payer ? read_entries("entry.payer = ?", payer.value) : read_entries("entry.id > ?", 0);
}

Result<std::vector<Store::BalanceRow>> SqliteStore::balances() {
    // A sum of 64-bit atoms may need more than 64 bits: it is taken in two halves.
    std::vector<BalanceRow> rows;
    FARTHING_CHECK(database_->select(
        "SELECT posting.kind, posting.ref, entry.currency, sum(posting.atoms / 4294967296), "
        "sum(posting.atoms % 4294967296) FROM posting JOIN entry ON entry.tenant = posting.tenant "
        "AND entry.id = "
        "posting.entry WHERE posting.tenant = ? GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        [&](const SqlStatement& row) {
            const i128 atoms = i128{row.integer(3)} * 4'294'967'296 + row.integer(4);
            rows.push_back({{row.as<LedgerKind>(0), row.as<std::uint32_t>(1)},
                            currency_of(row.text(2)),
                            atoms});
        },
        kTenant));
    return rows;
}

Result<Store::MoneyMoves> SqliteStore::money_moves(EntryId after) {
    MoneyMoves moves;
    moves.last = after;
    FARTHING_CHECK(database_->select(
        "SELECT kind, ref, sum(atoms / 4294967296), sum(atoms % 4294967296), max(entry) FROM "
        "posting WHERE tenant = ? AND entry > ? AND kind IN (?, ?, ?) GROUP BY kind, ref",
        [&](const SqlStatement& row) {
            const i128 atoms = i128{row.integer(2)} * 4'294'967'296 + row.integer(3);
            moves.atoms.push_back({{row.as<LedgerKind>(0), row.as<std::uint32_t>(1)}, atoms});
            const EntryId last{static_cast<std::uint64_t>(row.integer(4))};
            moves.last = std::max(moves.last, last);
        },
        kTenant, after, LedgerKind::prepaid, LedgerKind::unbilled, LedgerKind::receivable));
    return moves;
}

Result<BatchSeal> SqliteStore::read_seal(BatchId id) {
    BatchSeal seal;
    seal.id = id;
    FARTHING_CHECK(database_->select(
        "SELECT feed, kind, committed_at FROM batch WHERE tenant = ? AND id = ?",
        [&](const SqlStatement& row) {
            seal.feed = {row.as<std::uint32_t>(0)};
            seal.kind = row.text(1);
            seal.committed_at = row.instant(2);
        },
        kTenant, id));
    FARTHING_CHECK(database_->select(
        "SELECT batch_range.source, from_record, to_record, hash FROM batch_range JOIN source ON "
        "source.tenant = "
        "batch_range.tenant AND source.id = batch_range.source WHERE batch_range.tenant = ? AND "
        "batch = ?",
        [&](const SqlStatement& row) {
            seal.ranges.emplace_back(
                SourceRange{{row.as<std::uint32_t>(0)}, row.integer(1), row.integer(2), 0},
                row.text(3));
        },
        kTenant, id));
    FARTHING_CHECK(database_->select(
        "SELECT * FROM control WHERE tenant = ? AND batch = ?",
        [&](const SqlStatement& row) { seal.controls.push_back(control_of(row).totals); }, kTenant,
        id));
    FARTHING_CHECK(database_->select(
        "SELECT * FROM control_quantity WHERE tenant = ? AND batch = ?",
        [&](const SqlStatement& row) { seal.quantities.push_back(quantity_of(row).totals); },
        kTenant, id));
    FARTHING_CHECK(database_->select(
        "SELECT currency, atoms FROM batch_rated WHERE tenant = ? AND batch = ?",
        [&](const SqlStatement& row) {
            seal.rated_atoms.emplace_back(row.as<std::uint16_t>(0), row.integer(1));
        },
        kTenant, id));
    FARTHING_CHECK(database_->select(
        "SELECT path, hash FROM archive_file WHERE tenant = ? AND batch = ?",
        [&](const SqlStatement& row) { seal.files.emplace_back(row.text(0), row.text(1)); },
        kTenant, id));
    FARTHING_CHECK(database_->select(
        "SELECT path FROM archive_retired WHERE tenant = ? AND batch = ?",
        [&](const SqlStatement& row) { seal.retires.push_back(row.text(0)); }, kTenant, id));
    FARTHING_CHECK(database_->select(
        "SELECT * FROM control_taken_back WHERE tenant = ? AND batch = ?",
        [&](const SqlStatement& row) { seal.taken_back.push_back(taken_back_of(row).totals); },
        kTenant, id));
    FARTHING_CHECK(database_->select(
        "SELECT * FROM control_window WHERE tenant = ? AND batch = ?",
        [&](const SqlStatement& row) { seal.windows.push_back(window_of(row).totals); }, kTenant,
        id));
    if (seal.kind == kDeleteUsage) {
        seal.deletes.emplace().batch = id;
        FARTHING_CHECK(read_deleted(*seal.deletes));
    }
    FARTHING_TRY(seal.fixes, read_fixes(id));
    FARTHING_TRY(seal.entries, read_entries("entry.batch = ?", id.value));
    return seal;
}

}  // namespace farthing::store
