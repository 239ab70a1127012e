// What became of the fees of prepaid accounts.
#include <utility>

#include "store/sqlite_store.h"

namespace farthing::store {

namespace {

constexpr std::string_view kMoveColumns =
    "seq, payer, subscription, plan, component, cycle_first, cycle_end, first_day, due, until_day, "
    "at, wanted, atoms, available, entry";

PrepaidFee fee_of(const SqlStatement& row, int first) {
    return {{row.as<std::uint32_t>(first)},
            {row.as<std::uint32_t>(first + 1)},
            {row.as<std::uint32_t>(first + 2)},
            {row.as<std::uint32_t>(first + 3)},
            {row.date(first + 4), row.date(first + 5)},
            row.date(first + 6),
            row.date(first + 7),
            row.date(first + 8)};
}

FeeMove move_of(const SqlStatement& row) {
    FeeMove move{row.integer(0),
                 fee_of(row, 1),
                 row.instant(10),
                 row.integer(11),
                 row.integer(12),
                 row.integer(13),
                 {}};
    if (!row.is_null(14)) move.entry = {static_cast<std::uint64_t>(row.integer(14))};
    return move;
}

}  // namespace

Result<std::int64_t> SqliteStore::take_fees(const FeesTaken& taken) {
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_CHECK(require_alone());
    FARTHING_TRY(const std::int64_t first, next_seq("fee_move"));
    std::int64_t seq = first;
    for (const FeesTaken::Move& one : taken.moves) {
        const PrepaidFee& fee = one.move.fee;
        EntryId entry;
        if (one.entry) {
            std::vector<Entry> entries{*one.entry};
            FARTHING_CHECK(write_entries(entries, {}, {}));
            entry = entries.front().id;
        }
        FARTHING_CHECK(database_->run(
            "INSERT INTO fee_move (tenant, seq, payer, subscription, plan, component, cycle_first, "
            "cycle_end, first_day, due, until_day, at, wanted, atoms, available, entry) VALUES (?, "
            "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0))",
            kTenant, seq++, fee.payer, fee.subscription, fee.plan, fee.component, fee.cycle.first,
            fee.cycle.end, fee.first, fee.due, fee.until, one.move.at, one.move.wanted,
            one.move.atoms, one.move.available, entry));
    }
    for (const PrepaidFee& fee : taken.no_longer) {
        FARTHING_CHECK(database_->run(
            "DELETE FROM fee_uncovered WHERE tenant = ? AND payer = ? AND subscription = ? AND "
            "component = ? AND cycle_first = ? AND cycle_end = ? AND first_day = ?",
            kTenant, fee.payer, fee.subscription, fee.component, fee.cycle.first, fee.cycle.end,
            fee.first));
    }
    for (const UncoveredFee& waits : taken.uncovered) {
        const PrepaidFee& fee = waits.fee;
        FARTHING_CHECK(database_->run(
            "INSERT INTO fee_uncovered (tenant, payer, subscription, plan, component, cycle_first, "
            "cycle_end, first_day, due, until_day, atoms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET atoms = excluded.atoms",
            kTenant, fee.payer, fee.subscription, fee.plan, fee.component, fee.cycle.first,
            fee.cycle.end, fee.first, fee.due, fee.until, waits.atoms));
    }
    FARTHING_CHECK(write_alerts(taken.told));
    FARTHING_CHECK(commit_alone(transaction));
    return first;
}

Result<std::vector<FeeMove>> SqliteStore::fee_moves(AccountId payer, Date ends) {
    std::vector<FeeMove> moves;
    FARTHING_CHECK(database_->select(
        "SELECT " + std::string(kMoveColumns) +
            " FROM fee_move WHERE tenant = ? AND payer = ? AND cycle_end >= ? ORDER BY seq",
        [&](const SqlStatement& row) { moves.push_back(move_of(row)); }, kTenant, payer, ends));
    return moves;
}

Result<std::vector<FeeMove>> SqliteStore::fee_moves() {
    std::vector<FeeMove> moves;
    FARTHING_CHECK(database_->select(
        "SELECT " + std::string(kMoveColumns) + " FROM fee_move WHERE tenant = ? ORDER BY seq",
        [&](const SqlStatement& row) { moves.push_back(move_of(row)); }, kTenant));
    return moves;
}

Result<std::optional<FeeMove>> SqliteStore::fee_move(std::int64_t id) {
    std::optional<FeeMove> found;
    FARTHING_CHECK(database_->select(
        "SELECT " + std::string(kMoveColumns) + " FROM fee_move WHERE tenant = ? AND seq = ?",
        [&](const SqlStatement& row) { found = move_of(row); }, kTenant, id));
    return found;
}

Result<std::vector<UncoveredFee>> SqliteStore::uncovered_fees() {
    std::vector<UncoveredFee> fees;
    FARTHING_CHECK(database_->select(
        "SELECT payer, subscription, plan, component, cycle_first, cycle_end, first_day, due, "
        "until_day, atoms FROM fee_uncovered WHERE tenant = ?",
        [&](const SqlStatement& row) { fees.push_back({fee_of(row, 0), row.integer(9)}); },
        kTenant));
    return fees;
}

Result<std::map<AccountId, Instant>> SqliteStore::prepaid_since(AccountId account) {
    std::map<AccountId, Instant> since;
    FARTHING_CHECK(database_->select(
        "SELECT account, min(at) FROM (SELECT account, at FROM top_up WHERE tenant = ?1 AND (?2 = "
        "0 OR account = ?2) UNION ALL SELECT account, at FROM account_limit WHERE tenant = ?1 AND "
        "(?2 = 0 OR account = ?2) AND credit = 0 UNION ALL SELECT to_account, at FROM transfer "
        "WHERE tenant = ?1 AND (?2 = 0 OR to_account = ?2)) GROUP BY account",
        [&](const SqlStatement& row) { since[{row.as<std::uint32_t>(0)}] = row.instant(1); },
        kTenant, account));
    return since;
}

}  // namespace farthing::store
