// What each version added to the tables of the one before. Private to schema.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace farthing::store {

// Since version 2.
constexpr std::string_view kSuspenseTables = R"sql(
-- Which records of a group left it before the rest, and what people corrected for a retry.
CREATE TABLE suspense_exit_record (
    tenant BIGINT NOT NULL, suspense_group BIGINT NOT NULL, source BIGINT NOT NULL,
    line BIGINT NOT NULL, seq BIGINT NOT NULL,
    PRIMARY KEY (tenant, suspense_group, source, line),
    FOREIGN KEY (tenant, seq) REFERENCES suspense_exit (tenant, seq)) {small};
CREATE TABLE suspense_fix (
    tenant BIGINT NOT NULL, id BIGINT NOT NULL, at BIGINT NOT NULL, who TEXT NOT NULL,
    because TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (tenant, id)) {small};
CREATE TABLE batch_fix (
    tenant BIGINT NOT NULL, batch BIGINT NOT NULL, position BIGINT NOT NULL, fix BIGINT NOT NULL,
    PRIMARY KEY (tenant, batch, position),
    FOREIGN KEY (tenant, batch) REFERENCES batch (tenant, id),
    FOREIGN KEY (tenant, fix) REFERENCES suspense_fix (tenant, id)) {small};
)sql";
constexpr std::string_view kAppendOnlySince2[] = {"suspense_exit_record", "suspense_fix",
                                                  "batch_fix"};

// Since version 3: accounts have countries, notes correct invoices, documents change by
// compare-and-set.
constexpr std::string_view kDocumentChanges = R"sql(
ALTER TABLE account_fact ADD COLUMN country TEXT NOT NULL DEFAULT '';
ALTER TABLE invoice ADD COLUMN corrects BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX invoice_once ON invoice (tenant, payer, period_first)
    WHERE corrects = 0 AND state <> 3;
CREATE UNIQUE INDEX note_once ON invoice (tenant, corrects) WHERE corrects <> 0 AND state = 1;
CREATE TABLE document_revision (
    tenant BIGINT NOT NULL, payer BIGINT NOT NULL, revision BIGINT NOT NULL,
    PRIMARY KEY (tenant, payer)) {small};
)sql";

// Since version 4: records wait for one perspective while they count for another.
constexpr std::string_view kSuspenseSides = R"sql(
ALTER TABLE suspense_group ADD COLUMN sides BIGINT NOT NULL DEFAULT 1;
ALTER TABLE suspense_group ADD COLUMN accepted BIGINT NOT NULL DEFAULT 0;
)sql";

// Since version 5: files are taken back, and what they had come to.
constexpr std::string_view kTakenBack = R"sql(
ALTER TABLE source ADD COLUMN taken_back_by BIGINT NOT NULL DEFAULT 0;
ALTER TABLE suspense_exit ADD COLUMN taken_back_by BIGINT NOT NULL DEFAULT 0;
-- Records that lost the outcome they had; those that a person had dropped had none any more.
CREATE TABLE control_taken_back (
    tenant BIGINT NOT NULL, batch BIGINT NOT NULL, source BIGINT NOT NULL,
    perspective BIGINT NOT NULL, records BIGINT NOT NULL, dropped BIGINT NOT NULL,
    again BIGINT NOT NULL, {outcomes},
    PRIMARY KEY (tenant, batch, source, perspective),
    CONSTRAINT control_broken CHECK (records = dropped + {sum} AND dropped >= 0 AND {positive}),
    FOREIGN KEY (tenant, batch) REFERENCES batch (tenant, id)) {small};
)sql";
constexpr std::string_view kAppendOnlySince5[] = {"control_taken_back"};

// Since version 6: charging while usage happens.
constexpr std::string_view kOnlineTables = R"sql(
CREATE TABLE charge_live (
    tenant BIGINT NOT NULL, batch BIGINT NOT NULL, position BIGINT NOT NULL, session TEXT NOT NULL,
    number BIGINT NOT NULL, rating_group BIGINT NOT NULL, subscription BIGINT NOT NULL,
    meter BIGINT NOT NULL, network BIGINT NOT NULL, called TEXT NOT NULL, calling TEXT NOT NULL,
    start_time BIGINT NOT NULL, quantity BIGINT NOT NULL, outcome BIGINT NOT NULL,
    reason TEXT NOT NULL, atoms BIGINT NOT NULL, overrun BIGINT NOT NULL,
    PRIMARY KEY (tenant, batch, position),
    FOREIGN KEY (tenant, batch) REFERENCES batch (tenant, id)) {small};
CREATE TABLE charge_session (
    tenant BIGINT NOT NULL, id TEXT NOT NULL, bytes BYTEA NOT NULL,
    PRIMARY KEY (tenant, id)) {small};
CREATE TABLE top_up (
    tenant BIGINT NOT NULL, seq BIGINT NOT NULL, account BIGINT NOT NULL, reference TEXT NOT NULL,
    at BIGINT NOT NULL, currency TEXT NOT NULL, atoms BIGINT NOT NULL, entry BIGINT NOT NULL,
    PRIMARY KEY (tenant, seq), UNIQUE (tenant, reference), CHECK (atoms > 0),
    FOREIGN KEY (tenant, entry) REFERENCES entry (tenant, id)) {small};
CREATE TABLE account_limit (
    tenant BIGINT NOT NULL, seq BIGINT NOT NULL, account BIGINT NOT NULL, at BIGINT NOT NULL,
    credit BIGINT, cap BIGINT,
    PRIMARY KEY (tenant, seq), CHECK (credit >= 0), CHECK (cap >= 0)) {small};
CREATE TABLE cap_alert (
    tenant BIGINT NOT NULL, account BIGINT NOT NULL, cycle_first BIGINT NOT NULL,
    percent BIGINT NOT NULL, at BIGINT NOT NULL,
    PRIMARY KEY (tenant, account, cycle_first, percent)) {small};
CREATE TABLE api_key (
    tenant BIGINT NOT NULL, name TEXT NOT NULL, hash TEXT NOT NULL, scopes TEXT NOT NULL,
    at BIGINT NOT NULL, revoked_at BIGINT,
    PRIMARY KEY (tenant, name), UNIQUE (tenant, hash)) {small};
)sql";
constexpr std::string_view kAppendOnlySince6[] = {"charge_live", "top_up", "account_limit",
                                                  "cap_alert"};

// Since version 7: archive files that others stand for. `archive_file` keeps its rows, so that
// batches stay what they were.
constexpr std::string_view kRetiredFiles = R"sql(
CREATE TABLE archive_retired (
    tenant BIGINT NOT NULL, path TEXT NOT NULL, batch BIGINT NOT NULL, retired_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, path),
    FOREIGN KEY (tenant, batch) REFERENCES batch (tenant, id)) {small};
CREATE TABLE archive_deleted (
    tenant BIGINT NOT NULL, path TEXT NOT NULL,
    PRIMARY KEY (tenant, path),
    FOREIGN KEY (tenant, path) REFERENCES archive_retired (tenant, path)) {small};
)sql";
constexpr std::string_view kAppendOnlySince7[] = {"archive_retired", "archive_deleted"};

// Since version 8: aggregated records, and the chargeable ones that were made of them.
constexpr std::string_view kWindows = R"sql(
ALTER TABLE source ADD COLUMN control TEXT NOT NULL DEFAULT '';
CREATE TABLE control_window (
    tenant BIGINT NOT NULL, batch BIGINT NOT NULL, source BIGINT NOT NULL,
    perspective BIGINT NOT NULL, meter BIGINT NOT NULL, counted BIGINT NOT NULL,
    parts BIGINT NOT NULL, parts_quantity BIGINT NOT NULL, rated BIGINT NOT NULL,
    zero_rated BIGINT NOT NULL, quantity BIGINT NOT NULL,
    PRIMARY KEY (tenant, batch, source, perspective, meter),
    CONSTRAINT control_broken CHECK (rated >= 0 AND zero_rated >= 0 AND parts >= rated + zero_rated
        AND quantity = CASE WHEN counted = 1 THEN parts ELSE parts_quantity END),
    FOREIGN KEY (tenant, batch) REFERENCES batch (tenant, id)) {small};
)sql";
constexpr std::string_view kAppendOnlySince8[] = {"control_window"};

// Since version 9: what was charged online goes to the archive, and sessions are counted together
// with what files tell of them.
constexpr std::string_view kOnlineArchived = R"sql(
ALTER TABLE charge_live ADD COLUMN key_high BIGINT NOT NULL DEFAULT 0;
ALTER TABLE charge_live ADD COLUMN key_low BIGINT NOT NULL DEFAULT 0;
ALTER TABLE charge_live ADD COLUMN counted BIGINT NOT NULL DEFAULT 0;
ALTER TABLE charge_live ADD COLUMN rated BYTEA;
ALTER TABLE open_session ADD COLUMN filed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE open_session ADD COLUMN touched_at BIGINT NOT NULL DEFAULT 0;
-- Up to which batch `charge_live` is in the archive, but for what waits or is not told.
CREATE TABLE charge_archived (
    tenant BIGINT NOT NULL, batch BIGINT NOT NULL, archived_to BIGINT NOT NULL,
    records BIGINT NOT NULL,
    PRIMARY KEY (tenant, batch),
    FOREIGN KEY (tenant, batch) REFERENCES batch (tenant, id)) {small};
DROP TRIGGER "charge_live_no_DELETE";
)sql";
constexpr std::string_view kAppendOnlySince9[] = {"charge_archived"};

// Since version 10: what a group of records left suspense for, and which files a batch replaced.
constexpr std::string_view kIndexes = R"sql(
CREATE INDEX suspense_exit_by_group ON suspense_exit (tenant, suspense_group);
CREATE INDEX archive_retired_by_batch ON archive_retired (tenant, batch);
)sql";

// Since version 11: what is told to others as it happens, with the thresholds that are.
constexpr std::string_view kWebhooks = R"sql(
CREATE TABLE webhook (
    tenant BIGINT NOT NULL, id BIGINT NOT NULL, name TEXT NOT NULL, url TEXT NOT NULL,
    secret TEXT NOT NULL, events TEXT NOT NULL, private BIGINT NOT NULL, at BIGINT NOT NULL,
    stopped_at BIGINT, removed_at BIGINT,
    PRIMARY KEY (tenant, id)) {large};
CREATE UNIQUE INDEX webhook_by_name ON webhook (tenant, name) WHERE removed_at IS NULL;
CREATE TABLE webhook_event (
    tenant BIGINT NOT NULL, seq BIGINT NOT NULL, type TEXT NOT NULL, at BIGINT NOT NULL,
    account BIGINT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (tenant, seq)) {large};
CREATE TABLE webhook_delivery (
    tenant BIGINT NOT NULL, webhook BIGINT NOT NULL, event BIGINT NOT NULL, state BIGINT NOT NULL,
    attempts BIGINT NOT NULL, due BIGINT NOT NULL, last_status BIGINT NOT NULL,
    last_error TEXT NOT NULL,
    PRIMARY KEY (tenant, webhook, event), CHECK (state IN (1, 2, 3)),
    FOREIGN KEY (tenant, webhook) REFERENCES webhook (tenant, id),
    FOREIGN KEY (tenant, event) REFERENCES webhook_event (tenant, seq)) {small};
CREATE INDEX webhook_delivery_due ON webhook_delivery (tenant, webhook, state, due);
CREATE TABLE webhook_attempt (
    tenant BIGINT NOT NULL, seq BIGINT NOT NULL, webhook BIGINT NOT NULL, event BIGINT NOT NULL,
    at BIGINT NOT NULL, status BIGINT NOT NULL, error TEXT NOT NULL, micros BIGINT NOT NULL,
    PRIMARY KEY (tenant, seq),
    FOREIGN KEY (tenant, webhook, event)
        REFERENCES webhook_delivery (tenant, webhook, event)) {small};
CREATE INDEX webhook_attempt_by_webhook ON webhook_attempt (tenant, webhook);
-- Of an account, from then on: it is told once each time when its balance falls below that.
CREATE TABLE balance_watch (
    tenant BIGINT NOT NULL, seq BIGINT NOT NULL, account BIGINT NOT NULL, at BIGINT NOT NULL,
    below BIGINT,
    PRIMARY KEY (tenant, seq)) {small};
CREATE TABLE balance_low (
    tenant BIGINT NOT NULL, account BIGINT NOT NULL,
    PRIMARY KEY (tenant, account)) {small};
CREATE TABLE plan_cap_alert (
    tenant BIGINT NOT NULL, plan BIGINT NOT NULL, subscription BIGINT NOT NULL,
    account BIGINT NOT NULL, cycle_first BIGINT NOT NULL, percent BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (tenant, plan, subscription, account, cycle_first, percent)) {small};
)sql";
constexpr std::string_view kAppendOnlySince11[] = {"webhook_event", "webhook_attempt",
                                                   "balance_watch", "plan_cap_alert"};

// Since version 12: fees that prepaid accounts paid as they fell due, and those that wait; vouchers
// by keyed hashes of their codes; money that goes from one account to another.
constexpr std::string_view kMoney = R"sql(
CREATE TABLE fee_move (
    tenant BIGINT NOT NULL, seq BIGINT NOT NULL, payer BIGINT NOT NULL,
    subscription BIGINT NOT NULL, plan BIGINT NOT NULL, component BIGINT NOT NULL,
    cycle_first BIGINT NOT NULL, cycle_end BIGINT NOT NULL, first_day BIGINT NOT NULL,
    due BIGINT NOT NULL, until_day BIGINT NOT NULL, at BIGINT NOT NULL, wanted BIGINT NOT NULL,
    atoms BIGINT NOT NULL, available BIGINT NOT NULL, entry BIGINT,
    PRIMARY KEY (tenant, seq), CHECK ((entry IS NULL) = (atoms = 0)),
    FOREIGN KEY (tenant, entry) REFERENCES entry (tenant, id)) {small};
CREATE INDEX fee_move_by_payer ON fee_move (tenant, payer, cycle_end);
CREATE TABLE fee_uncovered (
    tenant BIGINT NOT NULL, payer BIGINT NOT NULL, subscription BIGINT NOT NULL,
    plan BIGINT NOT NULL, component BIGINT NOT NULL, cycle_first BIGINT NOT NULL,
    cycle_end BIGINT NOT NULL, first_day BIGINT NOT NULL, due BIGINT NOT NULL,
    until_day BIGINT NOT NULL, atoms BIGINT NOT NULL,
    PRIMARY KEY (tenant, payer, subscription, component, cycle_first, cycle_end, first_day),
    CHECK (atoms > 0)) {small};
CREATE TABLE voucher_key (
    tenant BIGINT NOT NULL, secret TEXT NOT NULL,
    PRIMARY KEY (tenant)) {small};
CREATE TABLE voucher_batch (
    tenant BIGINT NOT NULL, id BIGINT NOT NULL, name TEXT NOT NULL, at BIGINT NOT NULL,
    seller BIGINT NOT NULL, currency TEXT NOT NULL, atoms BIGINT NOT NULL,
    vouchers BIGINT NOT NULL, valid_from BIGINT NOT NULL, valid_until BIGINT NOT NULL,
    PRIMARY KEY (tenant, id), UNIQUE (tenant, name), CHECK (atoms > 0)) {small};
CREATE TABLE voucher_blocked (
    tenant BIGINT NOT NULL, batch BIGINT NOT NULL, at BIGINT NOT NULL, because TEXT NOT NULL,
    PRIMARY KEY (tenant, batch),
    FOREIGN KEY (tenant, batch) REFERENCES voucher_batch (tenant, id)) {small};
CREATE TABLE voucher (
    tenant BIGINT NOT NULL, hash TEXT NOT NULL, batch BIGINT NOT NULL, serial BIGINT NOT NULL,
    PRIMARY KEY (tenant, hash), UNIQUE (tenant, batch, serial),
    FOREIGN KEY (tenant, batch) REFERENCES voucher_batch (tenant, id)) {small};
CREATE TABLE voucher_redeemed (
    tenant BIGINT NOT NULL, hash TEXT NOT NULL, account BIGINT NOT NULL, top_up BIGINT NOT NULL,
    reference TEXT,
    PRIMARY KEY (tenant, hash), UNIQUE (tenant, reference),
    FOREIGN KEY (tenant, hash) REFERENCES voucher (tenant, hash),
    FOREIGN KEY (tenant, top_up) REFERENCES top_up (tenant, seq)) {small};
CREATE TABLE voucher_guess (
    tenant BIGINT NOT NULL, seq BIGINT NOT NULL, account BIGINT NOT NULL, at BIGINT NOT NULL,
    PRIMARY KEY (tenant, seq)) {small};
CREATE INDEX voucher_guess_by_account ON voucher_guess (tenant, account, at);
CREATE TABLE transfer (
    tenant BIGINT NOT NULL, seq BIGINT NOT NULL, from_account BIGINT NOT NULL,
    to_account BIGINT NOT NULL, reference TEXT NOT NULL, at BIGINT NOT NULL,
    currency TEXT NOT NULL, atoms BIGINT NOT NULL, entry BIGINT NOT NULL,
    PRIMARY KEY (tenant, seq), UNIQUE (tenant, reference), CHECK (atoms > 0),
    FOREIGN KEY (tenant, entry) REFERENCES entry (tenant, id)) {small};
CREATE INDEX transfer_by_from ON transfer (tenant, from_account);
CREATE INDEX transfer_by_to ON transfer (tenant, to_account);
CREATE TABLE recharge_rule (
    tenant BIGINT NOT NULL, seq BIGINT NOT NULL, account BIGINT NOT NULL, at BIGINT NOT NULL,
    below BIGINT, atoms BIGINT NOT NULL, source BIGINT NOT NULL, per_day BIGINT NOT NULL,
    per_month BIGINT NOT NULL,
    PRIMARY KEY (tenant, seq)) {small};
CREATE TABLE recharge (
    tenant BIGINT NOT NULL, seq BIGINT NOT NULL, account BIGINT NOT NULL, at BIGINT NOT NULL,
    reference TEXT NOT NULL, source BIGINT NOT NULL, atoms BIGINT NOT NULL, state BIGINT NOT NULL,
    PRIMARY KEY (tenant, seq), UNIQUE (tenant, reference), CHECK (state IN (1, 2, 3))) {small};
CREATE INDEX recharge_by_account ON recharge (tenant, account, at);
CREATE INDEX top_up_by_account ON top_up (tenant, account);
CREATE INDEX account_limit_by_account ON account_limit (tenant, account);
)sql";
constexpr std::string_view kAppendOnlySince12[] = {
    "fee_move",         "voucher_key",   "voucher_batch", "voucher",       "voucher_blocked",
    "voucher_redeemed", "voucher_guess", "transfer",      "recharge_rule", "recharge"};

// Since version 13: grows with what charging keeps of sessions, and with what files tell of them.
constexpr std::string_view kSessionChanges = R"sql(
CREATE TABLE session_changes (
    tenant BIGINT NOT NULL, changes BIGINT NOT NULL,
    PRIMARY KEY (tenant)) {small};
)sql";

// Since version 14: usage that was deleted for its age, and what it came to.
constexpr std::string_view kDeletedUsage = R"sql(
CREATE TABLE usage_deleted (
    tenant BIGINT NOT NULL, batch BIGINT NOT NULL, before_day BIGINT NOT NULL, who TEXT NOT NULL,
    because TEXT NOT NULL,
    PRIMARY KEY (tenant, batch),
    FOREIGN KEY (tenant, batch) REFERENCES batch (tenant, id)) {small};
CREATE TABLE usage_deleted_rows (
    tenant BIGINT NOT NULL, batch BIGINT NOT NULL, table_name TEXT NOT NULL,
    of_batch BIGINT NOT NULL, source BIGINT NOT NULL, records BIGINT NOT NULL,
    atoms BIGINT NOT NULL,
    PRIMARY KEY (tenant, batch, table_name, of_batch, source), CHECK (records > 0),
    FOREIGN KEY (tenant, of_batch) REFERENCES batch (tenant, id),
    FOREIGN KEY (tenant, batch) REFERENCES usage_deleted (tenant, batch)) {small};
CREATE TABLE usage_deleted_session (
    tenant BIGINT NOT NULL, batch BIGINT NOT NULL, key_high BIGINT NOT NULL,
    key_low BIGINT NOT NULL,
    PRIMARY KEY (tenant, batch, key_high, key_low),
    FOREIGN KEY (tenant, batch) REFERENCES usage_deleted (tenant, batch)) {small};
)sql";
constexpr std::string_view kAppendOnlySince14[] = {"usage_deleted", "usage_deleted_rows",
                                                   "usage_deleted_session"};

constexpr std::string_view kBuckets = R"sql(
CREATE TABLE bucket_fact (
    tenant BIGINT NOT NULL, seq BIGINT NOT NULL, owner_kind BIGINT NOT NULL, owner BIGINT NOT NULL,
    charge BIGINT NOT NULL, package BIGINT NOT NULL, version BIGINT NOT NULL,
    from_day BIGINT NOT NULL, until_day BIGINT NOT NULL, quantity BIGINT NOT NULL,
    priority BIGINT NOT NULL, rollover BIGINT NOT NULL, payer BIGINT NOT NULL,
    atoms BIGINT NOT NULL, at BIGINT NOT NULL, reference TEXT NOT NULL, entry BIGINT,
    PRIMARY KEY (tenant, seq), UNIQUE (tenant, reference),
    CHECK (quantity > 0 AND from_day < until_day AND atoms >= 0 AND rollover >= 0),
    CHECK ((entry IS NULL) = (atoms = 0)),
    FOREIGN KEY (tenant, entry) REFERENCES entry (tenant, id)) {small};
CREATE INDEX bucket_fact_by_payer ON bucket_fact (tenant, payer);
)sql";
constexpr std::string_view kAppendOnlySince15[] = {"bucket_fact"};

// Since version 16: windows whose records carry what their parts add to what the window came to.
// Made anew since version 18, which knows windows of their last part: it may add less than nothing.
constexpr std::string_view kWindowFunctions = R"sql(
CREATE TABLE control_window_grown (
    tenant BIGINT NOT NULL, batch BIGINT NOT NULL, source BIGINT NOT NULL,
    perspective BIGINT NOT NULL, meter BIGINT NOT NULL, function BIGINT NOT NULL,
    parts BIGINT NOT NULL, parts_quantity BIGINT NOT NULL, rated BIGINT NOT NULL,
    zero_rated BIGINT NOT NULL, quantity BIGINT NOT NULL,
    PRIMARY KEY (tenant, batch, source, perspective, meter),
    CONSTRAINT control_broken CHECK (rated >= 0 AND zero_rated >= 0 AND parts >= rated + zero_rated
        AND CASE function WHEN 0 THEN quantity = parts_quantity WHEN 1 THEN quantity = parts
            WHEN 2 THEN quantity BETWEEN 0 AND parts_quantity
            WHEN 3 THEN quantity BETWEEN 0 AND parts
            WHEN 4 THEN quantity <= parts_quantity ELSE 0 END),
    FOREIGN KEY (tenant, batch) REFERENCES batch (tenant, id)) {small};
INSERT INTO control_window_grown SELECT * FROM control_window;
DROP TABLE control_window;
ALTER TABLE control_window_grown RENAME TO control_window;
)sql";

// Since version 17: what webhooks were told long ago may go, but nothing that still waits.
constexpr std::string_view kForgottenDeliveries = R"sql(
DROP TRIGGER IF EXISTS "webhook_event_no_DELETE";
DROP TRIGGER IF EXISTS "webhook_delivery_no_DELETE";
DROP TRIGGER IF EXISTS "webhook_attempt_no_DELETE";
CREATE INDEX IF NOT EXISTS webhook_event_by_at ON webhook_event (tenant, at);
CREATE INDEX IF NOT EXISTS webhook_delivery_by_event ON webhook_delivery (tenant, event);
CREATE INDEX IF NOT EXISTS webhook_attempt_by_delivery ON webhook_attempt (tenant, webhook, event);
)sql";

// Since version 19: whose counters a batch changed (owners_codec.h); NULL: it is not told.
constexpr std::string_view kChangedOwners = R"sql(
ALTER TABLE batch ADD COLUMN owners BYTEA;
)sql";

// Since version 21: when the part that closes a session began; NULL: none came yet.
constexpr std::string_view kClosedSessions = R"sql(
ALTER TABLE open_session ADD COLUMN closed_at BIGINT;
)sql";

// Since version 22: up to which group of the log all stand in the tables.
constexpr std::string_view kGroupMoved = R"sql(
CREATE TABLE group_moved (
    tenant BIGINT NOT NULL, number BIGINT NOT NULL, file BIGINT NOT NULL, place BIGINT NOT NULL,
    PRIMARY KEY (tenant), CHECK (file IN (0, 1))) {small};
)sql";

// Since version 23: what was reported of a session and what of it was refunded, apart; usage that
// waited and was charged (`recycled_by`) or dropped (0); sessions that are no longer remembered,
// and whose counters go on all the same.
constexpr std::string_view kReportedAndRefunded = R"sql(
ALTER TABLE open_session ADD COLUMN reported BIGINT NOT NULL DEFAULT 0;
ALTER TABLE open_session ADD COLUMN refunded BIGINT NOT NULL DEFAULT 0;
UPDATE open_session SET reported = raw WHERE feed = 0 AND raw > filed;
CREATE TABLE charge_exit (
    tenant BIGINT NOT NULL, batch BIGINT NOT NULL, position BIGINT NOT NULL,
    recycled_by BIGINT NOT NULL, dropped_because TEXT NOT NULL, at BIGINT NOT NULL,
    PRIMARY KEY (tenant, batch, position),
    FOREIGN KEY (tenant, batch, position) REFERENCES charge_live (tenant, batch, position)) {small};
CREATE TABLE charge_asleep (
    tenant BIGINT NOT NULL, id TEXT NOT NULL, bytes BYTEA NOT NULL, since BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)) {small};
)sql";
constexpr std::string_view kAppendOnlySince23[] = {"charge_exit"};

// A trigger that keeps rows where `when` holds.
struct SchemaGuard {
    std::string_view name;
    std::string_view event;
    std::string_view when;
};
constexpr SchemaGuard kGuardsSince9[] = {
    {"charge_live_no_DELETE", "DELETE ON charge_live",
     "OLD.rated IS NULL OR NOT EXISTS (SELECT 1 FROM charge_archived WHERE tenant = OLD.tenant AND "
     "archived_to >= OLD.batch)"}};
constexpr SchemaGuard kGuardsSince17[] = {
    {"webhook_delivery_no_DELETE", "DELETE ON webhook_delivery",
     "OLD.state = 1 AND (SELECT removed_at FROM webhook WHERE tenant = OLD.tenant AND id = "
     "OLD.webhook) IS NULL"},
    {"webhook_event_no_DELETE", "DELETE ON webhook_event",
     "EXISTS (SELECT 1 FROM webhook_delivery WHERE tenant = OLD.tenant AND event = OLD.seq)"}};

// What made a database of the version before one of `version`.
struct SchemaStep {
    std::int64_t version;
    std::string_view tables;
    std::span<const std::string_view> append_only = {};
    std::span<const SchemaGuard> guards = {};
};
constexpr SchemaStep kSchemaSteps[] = {
    {2, kSuspenseTables, kAppendOnlySince2},
    {3, kDocumentChanges},
    {4, kSuspenseSides},
    {5, kTakenBack, kAppendOnlySince5},
    {6, kOnlineTables, kAppendOnlySince6},
    {7, kRetiredFiles, kAppendOnlySince7},
    {8, kWindows, kAppendOnlySince8},
    {9, kOnlineArchived, kAppendOnlySince9, kGuardsSince9},
    {10, kIndexes},
    {11, kWebhooks, kAppendOnlySince11},
    {12, kMoney, kAppendOnlySince12},
    {13, kSessionChanges},
    {14, kDeletedUsage, kAppendOnlySince14},
    {15, kBuckets, kAppendOnlySince15},
    {16, kWindowFunctions, kAppendOnlySince8},
    {17, kForgottenDeliveries, {}, kGuardsSince17},
    {18, kWindowFunctions, kAppendOnlySince8},
    {19, kChangedOwners},
    {21, kClosedSessions},
    {22, kGroupMoved},
    {23, kReportedAndRefunded, kAppendOnlySince23},
};

}  // namespace farthing::store
