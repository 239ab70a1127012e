// What charging while usage happens keeps: usage, sessions, money paid in, limits and alerts.
#include <utility>

#include "store/currency_code.h"
#include "store/rated_codec.h"
#include "store/sqlite_store.h"

namespace farthing::store {

namespace {

constexpr std::string_view kDataVersion = "PRAGMA data_version";

}  // namespace

// While this process charges its own groups get to the tables by another connection: then it is
// told by whose turn it was.
Result<bool> SqliteStore::wrote_elsewhere() {
    if (applier_ && data_version_ != kUnsure && !turns_.others_had()) return false;
    FARTHING_TRY(const std::int64_t version, database_->integer(kDataVersion, 0));
    if (turns_.ours()) turns_.forget_others();
    keys_.reset();
    return std::exchange(data_version_, version) != version;
}

std::int64_t SqliteStore::writes() const {
    return database_->total_changes();
}

// The writer is alone in its transaction: what others wrote before it shows here.
Result<void> SqliteStore::require_alone() {
    FARTHING_TRY(const std::int64_t version, database_->integer(kDataVersion, 0));
    const bool alone =
        applier_ ? data_version_ != kUnsure && !turns_.others_had() : version == data_version_;
    if (alone) return {};
    return fail(StoreReason::position_moved);
}

Result<BatchId> SqliteStore::commit_sessions(const BatchCommit& batch) {
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_CHECK(require_alone());
    FARTHING_CHECK(write_session_changes(batch));
    FARTHING_CHECK(commit_alone(transaction));
    return BatchId();
}

Result<void> SqliteStore::write_session_changes(const BatchCommit& batch) {
    FARTHING_CHECK(write_sessions(batch));
    return write_online(*batch.online, {}, batch.committed_at);
}

Result<void> SqliteStore::commit_alone(Writing& transaction) {
    const Result<void> done = transaction.commit();
    if (done) return {};
    // Whether it took effect or not, what is stored is read again, and tells.
    if (database_->in_transaction()) (void)database_->run("ROLLBACK");
    data_version_ = kUnsure;
    FARTHING_CHECK(database_->reopen());
    return fail(StoreReason::position_moved, done.error().message);
}

// A batch that charges tells it by being there: a row of its own would be one page more to write.
Result<std::int64_t> SqliteStore::session_changes() {
    if (!charges_seen_) {
        FARTHING_TRY(charges_seen_, newest_batch());
    }
    FARTHING_CHECK(database_->select(
        "SELECT id, kind = 'charge' FROM batch WHERE tenant = ? AND id > ? ORDER BY id",
        [&](const SqlStatement& row) {
            charges_seen_ = row.id<BatchId>(0);
            charges_ += row.integer(1);
        },
        kTenant, *charges_seen_));
    FARTHING_TRY(
        const std::int64_t others,
        database_->integer("SELECT changes FROM session_changes WHERE tenant = ?", 0, kTenant));
    return charges_ + others;
}

Result<void> SqliteStore::count_session_change() {
    return database_->run(
        "INSERT INTO session_changes (tenant, changes) VALUES (?, 1) ON CONFLICT (tenant) DO "
        "UPDATE SET changes = changes + 1",
        kTenant);
}

Result<void> SqliteStore::write_online(const OnlineDelta& online, BatchId id, Instant at) {
    if (!id) FARTHING_CHECK(count_session_change());
    FARTHING_CHECK(write_uses(online, id));
    FARTHING_CHECK(write_use_exits(online.again, id, {}, at));
    for (const std::string& session : online.forgotten) {
        FARTHING_CHECK(database_->run("DELETE FROM charge_session WHERE tenant = ? AND id = ?",
                                      kTenant, session));
    }
    for (const OnlineDelta::KeptSession& session : online.asleep) {
        FARTHING_CHECK(database_->run("DELETE FROM charge_session WHERE tenant = ? AND id = ?",
                                      kTenant, session.id));
        FARTHING_CHECK(database_->run(
            "INSERT INTO charge_asleep (tenant, id, bytes, since) VALUES (?, ?, ?, ?) ON CONFLICT "
            "(tenant, id) DO UPDATE SET bytes = excluded.bytes, since = excluded.since",
            kTenant, session.id, Blob{session.bytes}, at));
    }
    FARTHING_TRY(
        SqlStatement keep,
        database_->prepare("INSERT INTO charge_session (tenant, id, bytes) VALUES (?, ?, ?) ON "
                           "CONFLICT (tenant, id) DO UPDATE SET bytes = excluded.bytes"));
    for (const OnlineDelta::KeptSession& session : online.sessions)
        FARTHING_CHECK(keep.bind(kTenant, session.id, Blob{session.bytes}).run());
    return write_alerts(online);
}

Result<void> SqliteStore::write_uses(const OnlineDelta& online, BatchId id) {
    std::vector<std::vector<std::size_t>> rows(online.uses.size());  // of `rated`, by use
    for (std::size_t i = 0; i < online.rated.size(); ++i) rows[online.rated.row[i]].push_back(i);
    FARTHING_TRY(
        SqlStatement insert,
        database_->prepare(
            "INSERT INTO charge_live (tenant, batch, position, session, number, rating_group, "
            "subscription, meter, network, called, calling, start_time, quantity, outcome, reason, "
            "atoms, overrun, key_high, key_low, counted, rated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, "
            "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    for (std::size_t i = 0; i < online.uses.size(); ++i) {
        const OnlineUse& use = online.uses[i];
        const std::string rated = pack_rated(online.rated, rows[i]);
        FARTHING_CHECK(
            insert
                .bind(kTenant, id, i, use.session, use.number, use.group, use.subscription,
                      use.meter, use.network, use.called, use.calling, use.start, use.quantity,
                      use.outcome,
                      use.reason == SuspenseReason::none ? std::string_view() : name_of(use.reason),
                      use.charge_atoms, use.overrun_atoms, static_cast<std::int64_t>(use.key.high),
                      static_cast<std::int64_t>(use.key.low), use.counted, Blob{rated})
                .run());
    }
    return {};
}

// Each leaves once.
Result<void> SqliteStore::write_use_exits(std::span<const UsePlace> places, BatchId recycled_by,
                                          const std::string& because, Instant at) {
    for (const UsePlace& place : places) {
        FARTHING_CHECK(database_->run(
            "INSERT INTO charge_exit (tenant, batch, position, recycled_by, dropped_because, at) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            kTenant, place.batch, place.position, recycled_by, because, at));
    }
    return {};
}

Result<void> SqliteStore::drop_uses(std::span<const UsePlace> places, const std::string& because,
                                    Instant at) {
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_CHECK(write_use_exits(places, {}, because, at));
    return transaction.commit();
}

Result<void> SqliteStore::write_cap_alerts(const std::vector<CapAlert>& alerts) {
    for (const CapAlert& alert : alerts) {
        FARTHING_CHECK(
            database_->run("INSERT INTO cap_alert (tenant, account, cycle_first, "
                           "percent, at) VALUES (?, ?, ?, ?, ?)",
                           kTenant, alert.account, alert.cycle, alert.percent, alert.at));
    }
    return {};
}

Result<void> SqliteStore::write_alerts(const OnlineDelta& online) {
    FARTHING_CHECK(write_cap_alerts(online.alerts));
    for (const PlanCapAlert& alert : online.plan_alerts) {
        FARTHING_CHECK(database_->run(
            "INSERT INTO plan_cap_alert (tenant, plan, subscription, account, cycle_first, "
            "percent, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            kTenant, alert.plan, alert.subscription, alert.account, alert.cycle, alert.percent,
            alert.at));
    }
    for (const AccountId account : online.low) {
        FARTHING_CHECK(database_->run("INSERT INTO balance_low (tenant, account) VALUES (?, ?)",
                                      kTenant, account));
    }
    for (const AccountId account : online.no_longer) {
        FARTHING_CHECK(database_->run("DELETE FROM balance_low WHERE tenant = ? AND account = ?",
                                      kTenant, account));
    }
    return write_notices(online.notices);
}

Result<void> SqliteStore::each_charge_session(
    const std::function<Result<void>(const OnlineDelta::KeptSession&)>& visit) {
    Result<void> visited;
    const auto read = [&](const SqlStatement& row) {
        if (visited) visited = visit({row.text(0), row.text(1)});
    };
    FARTHING_CHECK(database_->select(
        "SELECT id, bytes FROM charge_session WHERE tenant = ? ORDER BY id", read, kTenant));
    return visited;
}

namespace {

// What the archive has is not told twice, although it may not be deleted yet.
constexpr std::string_view kNotArchived =
    "(batch > (SELECT coalesce(max(archived_to), 0) FROM charge_archived WHERE tenant = "
    "charge_live.tenant) OR rated IS NULL OR outcome = 6)";
static_assert(static_cast<int>(Outcome::suspended) == 6);

std::string select_uses(std::string_view where) {
    return "SELECT batch, session, number, rating_group, subscription, meter, network, called, "
           "calling, start_time, quantity, outcome, reason, atoms, overrun, key_high, key_low, "
           "counted, position, rated FROM charge_live WHERE tenant = ? AND " +
           std::string(where) + " ORDER BY batch, position";
}

OnlineUse use_of(const SqlStatement& row) {
    OnlineUse use;
    use.session = row.text(1);
    use.number = row.as<std::uint32_t>(2);
    use.group = row.as<std::uint32_t>(3);
    use.subscription = {row.as<std::uint32_t>(4)};
    use.meter = {row.as<std::uint16_t>(5)};
    use.network = {row.as<std::uint32_t>(6)};
    use.called = row.text(7);
    use.calling = row.text(8);
    use.start = row.instant(9);
    use.quantity = row.integer(10);
    use.outcome = row.as<Outcome>(11);
    use.reason = reason_named<SuspenseReason>(row.text(12)).value_or(SuspenseReason::none);
    use.charge_atoms = row.integer(13);
    use.overrun_atoms = row.integer(14);
    use.key = {static_cast<std::uint64_t>(row.integer(15)),
               static_cast<std::uint64_t>(row.integer(16))};
    use.counted = row.integer(17);
    return use;
}

}  // namespace

Result<void> SqliteStore::each_online_use(
    const std::function<void(BatchId, const OnlineUse&)>& visit) {
    return database_->select(
        select_uses(kNotArchived),
        [&](const SqlStatement& row) { visit(row.id<BatchId>(0), use_of(row)); }, kTenant);
}

Result<std::vector<WaitingUse>> SqliteStore::waiting_uses() {
    std::vector<WaitingUse> waiting;
    FARTHING_CHECK(database_->select(
        select_uses("outcome = ? AND NOT EXISTS (SELECT 1 FROM charge_exit WHERE tenant = "
                    "charge_live.tenant AND batch = charge_live.batch AND position = "
                    "charge_live.position)"),
        [&](const SqlStatement& row) {
            waiting.push_back({{row.id<BatchId>(0), row.integer(18)}, use_of(row)});
        },
        kTenant, Outcome::suspended));
    return waiting;
}

Result<Store::UseExits> SqliteStore::use_exits() {
    UseExits exits;
    FARTHING_CHECK(database_->select(
        "SELECT coalesce(sum(recycled_by <> 0), 0), coalesce(sum(recycled_by = 0), 0) FROM "
        "charge_exit WHERE tenant = ?",
        [&](const SqlStatement& row) { exits = {row.integer(0), row.integer(1)}; }, kTenant));
    return exits;
}

// What the group that was answered last has of it, or the table.
Result<std::optional<std::string>> SqliteStore::asleep(const std::string& session) {
    std::optional<std::string> bytes;
    if (applier_) {
        applier_->each_waiting([&](const LoggedGroup& one) {
            for (const OnlineDelta::KeptSession& kept : one.group.commit.online->asleep)
                if (kept.id == session) bytes = kept.bytes;
        });
    }
    if (bytes) return bytes;
    const AsItStands now(*database_);
    FARTHING_CHECK(database_->select(
        "SELECT bytes FROM charge_asleep WHERE tenant = ? AND id = ?",
        [&](const SqlStatement& row) { bytes = row.text(0); }, kTenant, session));
    return bytes;
}

Result<std::vector<Store::LiveBatch>> SqliteStore::live_batches(std::int64_t records) {
    // Up to the batch that the last of so many records is in, and all of that one.
    FARTHING_TRY(
        const std::int64_t last,
        database_->integer("SELECT max(batch) FROM (SELECT batch FROM charge_live WHERE tenant = "
                           "?1 AND batch > (SELECT coalesce(max(archived_to), 0) FROM "
                           "charge_archived WHERE tenant = ?1) ORDER BY batch LIMIT ?2)",
                           0, kTenant, records));
    std::vector<LiveBatch> batches;
    bool sound = true;
    const auto add = [&](const SqlStatement& row) {
        const auto batch = row.id<BatchId>(0);
        if (batches.empty() || batches.back().batch != batch)
            batches.push_back({batch, {}, {}, {}});
        LiveBatch& live = batches.back();
        const auto index = static_cast<std::uint32_t>(live.uses.size());
        if (row.is_null(19) || row.as<Outcome>(11) == Outcome::suspended) return;
        live.uses.push_back(use_of(row));
        live.positions.push_back(row.integer(18));
        sound = unpack_rated(row.text(19), index, live.rated) && sound;
    };
    FARTHING_CHECK(database_->select(
        select_uses("batch > (SELECT coalesce(max(archived_to), 0) FROM charge_archived WHERE "
                    "tenant = charge_live.tenant) AND batch <= ?"),
        add, kTenant, last));
    if (!sound) return fail(StoreReason::live_damaged);
    return batches;
}

Result<std::int64_t> SqliteStore::charge_rules() {
    std::string sql = "SELECT 0";
    for (const std::string_view table : {"account_limit", "balance_watch", "recharge_rule"})
        sql +=
            " + coalesce((SELECT max(seq) FROM " + std::string(table) + " WHERE tenant = ?1), 0)";
    return database_->integer(sql, 0, kTenant);
}

Result<std::int64_t> SqliteStore::archived_online() {
    return database_->integer("SELECT sum(records) FROM charge_archived WHERE tenant = ?", 0,
                              kTenant);
}

Result<void> SqliteStore::forget_archived_online() {
    while (true) {
        FARTHING_TRY(
            const std::int64_t deleted,
            write_one("DELETE FROM charge_live WHERE (tenant, batch, position) IN (SELECT tenant, "
                      "batch, position FROM charge_live WHERE tenant = ?1 AND batch <= (SELECT "
                      "coalesce(max(archived_to), 0) FROM charge_archived WHERE tenant = ?1) AND "
                      "rated IS NOT NULL AND outcome <> ?2 LIMIT 2000)",
                      kTenant, Outcome::suspended));
        if (deleted == 0) return {};
    }
}

// What was counted only grows while a session goes on: of two sums the greater one is the newer.
Result<void> SqliteStore::keep_sums(std::span<const OpenSession> sums, Instant at) {
    FARTHING_TRY(Writing transaction, begin_writing());
    for (const OpenSession& sum : sums) {
        FARTHING_TRY(const auto stored, open_sessions({}, std::span(&sum.key, 1)));
        if (!stored.empty() && stored.front().counted() >= sum.counted()) continue;
        FARTHING_CHECK(write_open({}, std::span(&sum, 1), at));
    }
    return transaction.commit();
}

Result<std::vector<OpenSession>> SqliteStore::filed_sessions(Instant since) {
    std::vector<OpenSession> sessions;
    FARTHING_CHECK(database_->select(
        "SELECT key_high, key_low, start_time, raw, answered, filed, reported, refunded FROM "
        "open_session WHERE tenant = ? AND feed = 0 AND filed > 0 AND touched_at >= ?",
        [&](const SqlStatement& row) {
            const Hash128 key{static_cast<std::uint64_t>(row.integer(0)),
                              static_cast<std::uint64_t>(row.integer(1))};
            sessions.push_back(
                {key, row.instant(2), row.integer(3), row.integer(4) != 0, row.integer(5)});
            sessions.back().reported = row.integer(6);
            sessions.back().refunded = row.integer(7);
        },
        kTenant, since));
    return sessions;
}

Result<void> SqliteStore::forget_closed_sessions(FeedId feed, Instant before) {
    FARTHING_CHECK(
        write_one("DELETE FROM open_session WHERE tenant = ? AND feed = ? AND closed_at IS NOT "
                  "NULL AND touched_at < ?",
                  kTenant, feed, before));
    return {};
}

Result<std::int64_t> SqliteStore::forget_charged_sessions(Instant before) {
    FARTHING_CHECK(
        write_one("DELETE FROM charge_asleep WHERE tenant = ? AND since < ?", kTenant, before));
    return write_one("DELETE FROM open_session WHERE tenant = ? AND feed = 0 AND touched_at < ?",
                     kTenant, before);
}

namespace {

TopUp top_up_of(const SqlStatement& row) {
    return {{row.as<std::uint32_t>(0)},
            row.text(1),
            row.instant(2),
            currency_of(row.text(3)),
            row.integer(4)};
}

}  // namespace

Result<TopUp> SqliteStore::top_up(const PaidIn& paid) {
    const TopUp& payment = paid.payment;
    FARTHING_TRY(Writing transaction, begin_writing());
    std::optional<TopUp> known;
    FARTHING_CHECK(database_->select(
        "SELECT account, reference, at, currency, atoms FROM top_up WHERE tenant = ? AND "
        "reference = ?",
        [&](const SqlStatement& row) { known = top_up_of(row); }, kTenant, payment.reference));
    if (known && !paid.voucher.empty()) {
        FARTHING_TRY(const auto redeemed, voucher(paid.voucher));
        return fail(redeemed && redeemed->account ? StoreReason::voucher_redeemed
                                                  : StoreReason::reference_taken);
    }
    if (known) {
        known->repeated = true;
        if (known->account == payment.account && known->atoms == payment.atoms) return *known;
        return fail(StoreReason::reference_taken,
                    "another top-up has the reference \"" + payment.reference + "\"");
    }
    std::vector<Entry> entries = {paid.entry};
    FARTHING_CHECK(write_entries(entries, {}, {}));
    FARTHING_TRY(const std::int64_t seq, next_seq("top_up"));
    FARTHING_CHECK(
        database_->run("INSERT INTO top_up (tenant, seq, account, reference, at, "
                       "currency, atoms, entry) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                       kTenant, seq, payment.account, payment.reference, payment.at,
                       code_of(payment.currency), payment.atoms, entries.front().id));
    if (!paid.voucher.empty()) {
        FARTHING_CHECK(database_->run(
            "INSERT INTO voucher_redeemed (tenant, hash, account, top_up, reference) VALUES (?, ?, "
            "?, ?, nullif(?, ''))",
            kTenant, paid.voucher, payment.account, seq, paid.voucher_reference));
    }
    if (paid.no_longer_low) {
        FARTHING_CHECK(database_->run("DELETE FROM balance_low WHERE tenant = ? AND account = ?",
                                      kTenant, payment.account));
    }
    FARTHING_CHECK(write_notices(paid.notices));
    FARTHING_CHECK(transaction.commit());
    return payment;
}

Result<std::vector<TopUp>> SqliteStore::top_ups(AccountId account) {
    std::vector<TopUp> payments;
    FARTHING_CHECK(database_->select(
        "SELECT account, reference, at, currency, atoms FROM top_up WHERE tenant = ? AND (? = 0 OR "
        "account = ?) ORDER BY seq",
        [&](const SqlStatement& row) { payments.push_back(top_up_of(row)); }, kTenant, account,
        account));
    return payments;
}

Result<void> SqliteStore::limit(const AccountLimit& limit) {
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_TRY(const std::int64_t seq, next_seq("account_limit"));
    FARTHING_TRY(SqlStatement insert,
                 database_->prepare("INSERT INTO account_limit (tenant, seq, account, at, credit, "
                                    "cap) VALUES (?, ?, ?, ?, nullif(?, -1), nullif(?, -1))"));
    insert.bind(kTenant, seq, limit.account, limit.at, limit.credit.value_or(-1),
                limit.cap.value_or(-1));
    FARTHING_CHECK(insert.run());
    return transaction.commit();
}

Result<std::vector<AccountLimit>> SqliteStore::limits() {
    std::vector<AccountLimit> limits;
    FARTHING_CHECK(database_->select(
        "SELECT account, at, credit, cap FROM account_limit WHERE tenant = ? ORDER BY seq",
        [&](const SqlStatement& row) {
            AccountLimit limit{{row.as<std::uint32_t>(0)}, row.instant(1), {}, {}};
            if (!row.is_null(2)) limit.credit = row.integer(2);
            if (!row.is_null(3)) limit.cap = row.integer(3);
            limits.push_back(limit);
        },
        kTenant));
    return limits;
}

Result<std::vector<CapAlert>> SqliteStore::cap_alerts() {
    std::vector<CapAlert> alerts;
    FARTHING_CHECK(database_->select(
        "SELECT account, cycle_first, percent, at FROM cap_alert WHERE tenant = ? ORDER BY at, "
        "account, cycle_first, percent",
        [&](const SqlStatement& row) {
            alerts.push_back(
                {{row.as<std::uint32_t>(0)}, row.date(1), row.as<int>(2), row.instant(3)});
        },
        kTenant));
    return alerts;
}

Result<void> SqliteStore::add_key(const ApiKey& key) {
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_TRY(const std::int64_t known,
                 database_->integer("SELECT count(*) FROM api_key WHERE tenant = ? AND name = ?", 0,
                                    kTenant, key.name));
    if (known > 0)
        return fail(StoreReason::key_exists, "an API key has the name \"" + key.name + "\"");
    FARTHING_CHECK(database_->run(
        "INSERT INTO api_key (tenant, name, hash, scopes, at) VALUES (?, ?, ?, ?, ?)", kTenant,
        key.name, key.hash, key.scopes, key.at));
    return transaction.commit();
}

Result<bool> SqliteStore::revoke_key(const std::string& name, Instant at) {
    FARTHING_TRY(const std::int64_t revoked,
                 write_one("UPDATE api_key SET revoked_at = ? WHERE tenant = ? AND name = ? AND "
                           "revoked_at IS NULL",
                           at, kTenant, name));
    return revoked == 1;
}

// A server asks before each group.
Result<std::vector<ApiKey>> SqliteStore::keys() {
    const std::int64_t writes = database_->total_changes();
    if (applier_ && keys_ && keys_at_ == writes && !turns_.others_had()) return *keys_;
    const AsItStands now(*database_);  // charging changes none
    std::vector<ApiKey> keys;
    FARTHING_CHECK(database_->select(
        "SELECT name, hash, scopes, at, revoked_at FROM api_key WHERE tenant = ? ORDER BY at, name",
        [&](const SqlStatement& row) {
            keys.push_back({row.text(0), row.text(1), row.text(2), row.instant(3), {}});
            if (!row.is_null(4)) keys.back().revoked_at = row.instant(4);
        },
        kTenant));
    keys_at_ = writes;
    keys_ = keys;
    return keys;
}

Result<std::map<std::pair<Date, ComponentId>, i128>> SqliteStore::stored_spent(AccountId payer) {
    std::map<std::pair<Date, ComponentId>, i128> spent;
    FARTHING_CHECK(database_->select(
        "SELECT entry.period_first, entry.component, sum(posting.atoms / 4294967296), "
        "sum(posting.atoms % "
        "4294967296) FROM entry JOIN posting ON posting.tenant = entry.tenant AND posting.entry = "
        "entry.id WHERE entry.tenant = ? AND entry.payer = ? AND entry.kind = ? AND posting.kind = "
        "? GROUP BY 1, 2",
        [&](const SqlStatement& row) {
            const ComponentId component{static_cast<std::uint32_t>(row.integer(1))};
            spent[{row.date(0), component}] = i128{row.integer(2)} * 4'294'967'296 + row.integer(3);
        },
        kTenant, payer, EntryKind::usage, LedgerKind::unbilled));
    return spent;
}

}  // namespace farthing::store
