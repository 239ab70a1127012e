// The outbox of webhooks: what happened, who is told, and how each attempt went.
#include "store/sqlite_store.h"

namespace farthing::store {

namespace {

constexpr std::string_view kWebhookColumns =
    "w.id, w.name, w.url, w.secret, w.events, w.private, w.at, w.stopped_at";
constexpr int kWebhookWidth = 8;

Webhook webhook_of(const SqlStatement& row) {
    Webhook hook{row.as<std::uint32_t>(0), row.text(1),    row.text(2), row.text(3), row.text(4),
                 row.integer(5) != 0,      row.instant(6), {}};
    if (!row.is_null(7)) hook.stopped_at = row.instant(7);
    return hook;
}

std::string select_deliveries(std::string_view where) {
    return "SELECT " + std::string(kWebhookColumns) +
           ", d.event, e.type, e.at, e.account, e.body, d.state, d.attempts, d.due, d.last_status, "
           "d.last_error FROM webhook_delivery AS d JOIN webhook AS w ON w.tenant = d.tenant AND "
           "w.id = d.webhook JOIN webhook_event AS e ON e.tenant = d.tenant AND e.seq = d.event "
           "WHERE d.tenant = ? AND " +
           std::string(where);
}

Delivery delivery_of(const SqlStatement& row) {
    constexpr int k = kWebhookWidth;
    Delivery one;
    one.webhook = webhook_of(row);
    one.event = row.integer(k);
    one.notice = {
        row.text(k + 1), row.instant(k + 2), {row.as<std::uint32_t>(k + 3)}, row.text(k + 4)};
    one.state = row.as<DeliveryState>(k + 5);
    one.attempts = row.integer(k + 6);
    one.due = row.instant(k + 7);
    one.last_status = row.as<int>(k + 8);
    one.last_error = row.text(k + 9);
    return one;
}

}  // namespace

// In the transaction of what they tell of; what nobody wants to be told is not kept.
Result<void> SqliteStore::write_notices(std::span<const Notice> notices) {
    for (const Notice& notice : notices) {
        FARTHING_TRY(const std::int64_t seq, next_seq("webhook_event"));
        FARTHING_CHECK(database_->run(
            "INSERT INTO webhook_event (tenant, seq, type, at, account, body) SELECT ?1, ?2, ?3, "
            "?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM webhook WHERE tenant = ?1 AND removed_at IS "
            "NULL AND (events = '' OR instr(' ' || events || ' ', ' ' || ?3 || ' ') > 0))",
            kTenant, seq, notice.type, notice.at, notice.account, notice.body));
        if (database_->changes() == 0) continue;
        FARTHING_CHECK(database_->run(
            "INSERT INTO webhook_delivery (tenant, webhook, event, state, attempts, due, "
            "last_status, last_error) SELECT ?1, id, ?2, ?3, 0, ?4, 0, '' FROM webhook WHERE "
            "tenant = ?1 AND removed_at IS NULL AND (events = '' OR instr(' ' || events || ' ', "
            "' ' || ?5 || ' ') > 0)",
            kTenant, seq, DeliveryState::waits, notice.at, notice.type));
    }
    return {};
}

Result<void> SqliteStore::add_webhook(const Webhook& hook) {
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_TRY(
        const std::int64_t known,
        database_->integer(
            "SELECT count(*) FROM webhook WHERE tenant = ? AND name = ? AND removed_at IS NULL", 0,
            kTenant, hook.name));
    if (known > 0)
        return fail(StoreReason::webhook_exists, "a webhook has the name \"" + hook.name + "\"");
    FARTHING_TRY(
        const std::int64_t id,
        database_->integer("SELECT max(id) + 1 FROM webhook WHERE tenant = ?", 1, kTenant));
    FARTHING_CHECK(database_->run(
        "INSERT INTO webhook (tenant, id, name, url, secret, events, private, at) VALUES (?, ?, ?, "
        "?, ?, ?, ?, ?)",
        kTenant, id, hook.name, hook.url, hook.secret, hook.events, hook.private_network ? 1 : 0,
        hook.at));
    return transaction.commit();
}

Result<bool> SqliteStore::remove_webhook(const std::string& name, Instant at) {
    FARTHING_TRY(const std::int64_t removed,
                 write_one("UPDATE webhook SET removed_at = ? WHERE tenant = ? AND name = ? AND "
                           "removed_at IS NULL",
                           at, kTenant, name));
    return removed == 1;
}

Result<std::vector<Webhook>> SqliteStore::webhooks() {
    std::vector<Webhook> hooks;
    FARTHING_CHECK(database_->select(
        "SELECT " + std::string(kWebhookColumns) +
            " FROM webhook AS w WHERE w.tenant = ? AND w.removed_at IS NULL ORDER BY w.name",
        [&](const SqlStatement& row) { hooks.push_back(webhook_of(row)); }, kTenant));
    return hooks;
}

// To that receiver alone, whatever it wants to be told.
Result<std::int64_t> SqliteStore::tell_webhook(std::uint32_t webhook, const Notice& notice) {
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_TRY(const std::int64_t seq, next_seq("webhook_event"));
    FARTHING_CHECK(
        database_->run("INSERT INTO webhook_event (tenant, seq, type, at, account, body) VALUES "
                       "(?, ?, ?, ?, ?, ?)",
                       kTenant, seq, notice.type, notice.at, notice.account, notice.body));
    FARTHING_CHECK(
        database_->run("INSERT INTO webhook_delivery (tenant, webhook, event, state, attempts, "
                       "due, last_status, last_error) VALUES (?, ?, ?, ?, 0, ?, 0, '')",
                       kTenant, webhook, seq, DeliveryState::waits, notice.at));
    FARTHING_CHECK(transaction.commit());
    return seq;
}

Result<std::vector<Delivery>> SqliteStore::due_deliveries(Instant now, std::int64_t most) {
    const AsItStands now_there(*database_);  // what comes a moment later is due then
    std::vector<Delivery> due;
    FARTHING_TRY(const std::vector<Webhook> hooks, webhooks());
    for (const Webhook& hook : hooks) {
        if (hook.stopped_at) continue;
        FARTHING_CHECK(database_->select(
            select_deliveries("d.webhook = ? AND d.state = ? AND d.due <= ? ORDER BY d.due, "
                              "d.event LIMIT ?"),
            [&](const SqlStatement& row) { due.push_back(delivery_of(row)); }, kTenant, hook.id,
            DeliveryState::waits, now, most));
    }
    return due;
}

Result<std::vector<Delivery>> SqliteStore::deliveries(std::uint32_t webhook, std::int64_t most) {
    std::vector<Delivery> found;
    FARTHING_CHECK(database_->select(
        select_deliveries("d.webhook = ? ORDER BY d.event DESC LIMIT ?"),
        [&](const SqlStatement& row) { found.push_back(delivery_of(row)); }, kTenant, webhook,
        most));
    return found;
}

Result<std::vector<DeliveryAttempt>> SqliteStore::attempts(std::uint32_t webhook,
                                                           std::int64_t most) {
    std::vector<DeliveryAttempt> found;
    FARTHING_CHECK(database_->select(
        "SELECT webhook, event, at, status, error, micros FROM webhook_attempt WHERE tenant = ? "
        "AND webhook = ? ORDER BY seq DESC LIMIT ?",
        [&](const SqlStatement& row) {
            found.push_back({row.as<std::uint32_t>(0), row.integer(1), row.instant(2),
                             row.as<int>(3), row.text(4), row.integer(5)});
        },
        kTenant, webhook, most));
    return found;
}

Result<void> SqliteStore::record_attempt(const DeliveryAttempt& attempt, DeliveryState state,
                                         Instant due, bool stop) {
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_TRY(const std::int64_t seq, next_seq("webhook_attempt"));
    FARTHING_CHECK(
        database_->run("INSERT INTO webhook_attempt (tenant, seq, webhook, event, at, status, "
                       "error, micros) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                       kTenant, seq, attempt.webhook, attempt.event, attempt.at, attempt.status,
                       attempt.error, attempt.micros));
    FARTHING_CHECK(database_->run(
        "UPDATE webhook_delivery SET state = ?, attempts = attempts + 1, due = ?, last_status = ?, "
        "last_error = ? WHERE tenant = ? AND webhook = ? AND event = ?",
        state, due, attempt.status, attempt.error, kTenant, attempt.webhook, attempt.event));
    if (stop) {
        FARTHING_CHECK(
            database_->run("UPDATE webhook SET stopped_at = ? WHERE tenant = ? AND id = "
                           "? AND stopped_at IS NULL",
                           attempt.at, kTenant, attempt.webhook));
    }
    return transaction.commit();
}

Result<std::int64_t> SqliteStore::resend(std::uint32_t webhook, std::int64_t first,
                                         std::int64_t last, Instant now) {
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_CHECK(
        database_->run("UPDATE webhook_delivery SET state = ?, attempts = 0, due = ? WHERE tenant "
                       "= ? AND webhook = ? AND event BETWEEN ? AND ?",
                       DeliveryState::waits, now, kTenant, webhook, first, last));
    const std::int64_t count = database_->changes();
    FARTHING_CHECK(database_->run(
        "UPDATE webhook SET stopped_at = NULL WHERE tenant = ? AND id = ?", kTenant, webhook));
    FARTHING_CHECK(transaction.commit());
    return count;
}

Result<std::int64_t> SqliteStore::forget_events(Instant before, std::int64_t most) {
    std::vector<std::int64_t> old;
    FARTHING_CHECK(database_->select(
        "SELECT e.seq FROM webhook_event AS e WHERE e.tenant = ?1 AND e.at < ?2 AND NOT EXISTS "
        "(SELECT 1 FROM webhook_delivery AS d JOIN webhook AS w ON w.tenant = d.tenant AND w.id = "
        "d.webhook WHERE d.tenant = ?1 AND d.event = e.seq AND d.state = ?3 AND w.removed_at IS "
        "NULL) ORDER BY e.at LIMIT ?4",
        [&](const SqlStatement& row) { old.push_back(row.integer(0)); }, kTenant, before,
        DeliveryState::waits, most));
    if (old.empty()) return 0;
    FARTHING_TRY(Writing transaction, begin_writing());
    for (const std::int64_t event : old) {
        for (const std::string_view sql :
             {"DELETE FROM webhook_attempt WHERE (tenant, webhook, event) IN (SELECT tenant, "
              "webhook, event FROM webhook_delivery WHERE tenant = ? AND event = ?)",
              "DELETE FROM webhook_delivery WHERE tenant = ? AND event = ?",
              "DELETE FROM webhook_event WHERE tenant = ? AND seq = ?"})
            FARTHING_CHECK(database_->run(std::string(sql), kTenant, event));
    }
    FARTHING_CHECK(transaction.commit());
    return std::ssize(old);
}

Result<void> SqliteStore::watch_balance(const BalanceWatch& watch) {
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_TRY(const std::int64_t seq, next_seq("balance_watch"));
    FARTHING_CHECK(
        database_->run("INSERT INTO balance_watch (tenant, seq, account, at, below) VALUES (?, ?, "
                       "?, ?, nullif(?, -1))",
                       kTenant, seq, watch.account, watch.at, watch.below.value_or(-1)));
    return transaction.commit();
}

Result<std::vector<BalanceWatch>> SqliteStore::balance_watches() {
    std::vector<BalanceWatch> watches;
    FARTHING_CHECK(database_->select(
        "SELECT account, at, below FROM balance_watch WHERE tenant = ? ORDER BY seq",
        [&](const SqlStatement& row) {
            BalanceWatch watch{{row.as<std::uint32_t>(0)}, row.instant(1), {}};
            if (!row.is_null(2)) watch.below = row.integer(2);
            watches.push_back(watch);
        },
        kTenant));
    return watches;
}

Result<std::vector<AccountId>> SqliteStore::told_low() {
    std::vector<AccountId> accounts;
    FARTHING_CHECK(database_->select(
        "SELECT account FROM balance_low WHERE tenant = ?",
        [&](const SqlStatement& row) { accounts.push_back({row.as<std::uint32_t>(0)}); }, kTenant));
    return accounts;
}

Result<std::vector<PlanCapAlert>> SqliteStore::plan_cap_alerts() {
    std::vector<PlanCapAlert> alerts;
    FARTHING_CHECK(database_->select(
        "SELECT plan, subscription, account, cycle_first, percent, at FROM plan_cap_alert WHERE "
        "tenant = ?",
        [&](const SqlStatement& row) {
            alerts.push_back({{row.as<std::uint16_t>(0)},
                              {row.as<std::uint32_t>(1)},
                              {row.as<std::uint32_t>(2)},
                              row.date(3),
                              row.as<int>(4),
                              row.instant(5)});
        },
        kTenant));
    return alerts;
}

}  // namespace farthing::store
