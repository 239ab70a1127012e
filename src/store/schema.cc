#include "store/schema.h"

#include <span>
#include <string_view>

#include "model/outcome.h"

namespace farthing::store {

namespace {

// Written for PostgreSQL's type names; `for_sqlite` turns them into SQLite's. A constraint or
// trigger that refuses is named after the reason that the caller is told. {small} ends tables whose
// rows are short, {large} the others.
constexpr std::string_view kTables = R"sql(
CREATE TABLE schema_version (version BIGINT NOT NULL) {large};

-- Catalogs: versions and their texts, never changed; names keep their ids over versions.
CREATE TABLE catalog_version (
    tenant BIGINT NOT NULL, version BIGINT NOT NULL, name TEXT NOT NULL, valid_from BIGINT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (tenant, version)) {large};
CREATE TABLE catalog_file (
    tenant BIGINT NOT NULL, version BIGINT NOT NULL, path TEXT NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (tenant, version, path),
    FOREIGN KEY (tenant, version) REFERENCES catalog_version (tenant, version)) {large};
CREATE TABLE name (
    tenant BIGINT NOT NULL, seq BIGINT NOT NULL, kind BIGINT NOT NULL, name TEXT NOT NULL,
    id BIGINT NOT NULL,
    PRIMARY KEY (tenant, seq), UNIQUE (tenant, kind, name), UNIQUE (tenant, kind, id)) {small};

-- Directory: dated facts in the order they became known (seq); folding them is the directory's
-- business.
CREATE TABLE account_fact (
    tenant BIGINT NOT NULL, seq BIGINT NOT NULL, id BIGINT NOT NULL, name TEXT NOT NULL,
    parent BIGINT NOT NULL, title TEXT NOT NULL, bill_day BIGINT NOT NULL, tax_number TEXT NOT NULL,
    PRIMARY KEY (tenant, seq)) {small};
CREATE TABLE account_fact_address (
    tenant BIGINT NOT NULL, seq BIGINT NOT NULL, position BIGINT NOT NULL, line TEXT NOT NULL,
    PRIMARY KEY (tenant, seq, position),
    FOREIGN KEY (tenant, seq) REFERENCES account_fact (tenant, seq)) {small};
CREATE TABLE pays_fact (
    tenant BIGINT NOT NULL, seq BIGINT NOT NULL, account BIGINT NOT NULL, from_day BIGINT NOT NULL,
    pays BIGINT NOT NULL,
    PRIMARY KEY (tenant, seq)) {small};
CREATE TABLE group_fact (
    tenant BIGINT NOT NULL, seq BIGINT NOT NULL, id BIGINT NOT NULL, name TEXT NOT NULL,
    account BIGINT NOT NULL,
    PRIMARY KEY (tenant, seq)) {small};
CREATE TABLE subscription_fact (
    tenant BIGINT NOT NULL, seq BIGINT NOT NULL, id BIGINT NOT NULL, name TEXT NOT NULL,
    account BIGINT NOT NULL, "group" BIGINT NOT NULL,
    PRIMARY KEY (tenant, seq)) {small};
CREATE TABLE plan_fact (
    tenant BIGINT NOT NULL, seq BIGINT NOT NULL, subscription BIGINT NOT NULL,
    from_day BIGINT NOT NULL, plan BIGINT NOT NULL,
    PRIMARY KEY (tenant, seq)) {small};
CREATE TABLE quantity_fact (
    tenant BIGINT NOT NULL, seq BIGINT NOT NULL, subscription BIGINT NOT NULL,
    from_day BIGINT NOT NULL, quantity BIGINT NOT NULL,
    PRIMARY KEY (tenant, seq)) {small};
CREATE TABLE identity_fact (
    tenant BIGINT NOT NULL, seq BIGINT NOT NULL, kind BIGINT NOT NULL, value TEXT NOT NULL,
    subscription BIGINT NOT NULL, from_time BIGINT NOT NULL, until_time BIGINT NOT NULL,
    PRIMARY KEY (tenant, seq)) {small};

-- Feeds and the files they sent.
CREATE TABLE feed (
    tenant BIGINT NOT NULL, id BIGINT NOT NULL, name TEXT NOT NULL,
    PRIMARY KEY (tenant, id), UNIQUE (tenant, name)) {small};
CREATE TABLE feed_version (
    tenant BIGINT NOT NULL, feed BIGINT NOT NULL, version BIGINT NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (tenant, feed, version),
    FOREIGN KEY (tenant, feed) REFERENCES feed (tenant, id)) {large};
CREATE TABLE source (
    tenant BIGINT NOT NULL, id BIGINT NOT NULL, feed BIGINT NOT NULL, path TEXT NOT NULL,
    hash TEXT NOT NULL, size_bytes BIGINT NOT NULL, records BIGINT NOT NULL,
    same_as BIGINT NOT NULL, header TEXT NOT NULL, reject_reason TEXT NOT NULL,
    reject_detail TEXT NOT NULL, sealed_at BIGINT NOT NULL, position BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    PRIMARY KEY (tenant, id), CHECK (position >= 0 AND records >= 0)) {large};
CREATE INDEX source_by_hash ON source (tenant, hash);

-- Batches: what was consumed, where every record went, and the chain over all of it.
CREATE TABLE batch (
    tenant BIGINT NOT NULL, id BIGINT NOT NULL, feed BIGINT NOT NULL, kind TEXT NOT NULL,
    committed_at BIGINT NOT NULL, snapshot BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)) {small};
CREATE TABLE batch_chain (
    tenant BIGINT NOT NULL, batch BIGINT NOT NULL, chain TEXT NOT NULL,
    PRIMARY KEY (tenant, batch), FOREIGN KEY (tenant, batch) REFERENCES batch (tenant, id)) {small};
CREATE TABLE batch_range (
    tenant BIGINT NOT NULL, source BIGINT NOT NULL, batch BIGINT NOT NULL,
    from_record BIGINT NOT NULL, to_record BIGINT NOT NULL,
    PRIMARY KEY (tenant, source, batch), CHECK (from_record <= to_record),
    FOREIGN KEY (tenant, source) REFERENCES source (tenant, id),
    FOREIGN KEY (tenant, batch) REFERENCES batch (tenant, id)) {small};
CREATE INDEX batch_range_by_batch ON batch_range (tenant, batch);
CREATE TABLE batch_rated (
    tenant BIGINT NOT NULL, batch BIGINT NOT NULL, currency BIGINT NOT NULL, atoms BIGINT NOT NULL,
    PRIMARY KEY (tenant, batch, currency),
    FOREIGN KEY (tenant, batch) REFERENCES batch (tenant, id)) {small};
CREATE TABLE incident (
    tenant BIGINT NOT NULL, batch BIGINT NOT NULL, position BIGINT NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (tenant, batch, position),
    FOREIGN KEY (tenant, batch) REFERENCES batch (tenant, id)) {small};
CREATE TABLE control (
    tenant BIGINT NOT NULL, batch BIGINT NOT NULL, source BIGINT NOT NULL,
    perspective BIGINT NOT NULL, received BIGINT NOT NULL, {outcomes},
    PRIMARY KEY (tenant, batch, source, perspective),
    CONSTRAINT control_broken CHECK (received = {sum} AND {positive}),
    FOREIGN KEY (tenant, batch) REFERENCES batch (tenant, id)) {small};
CREATE TABLE control_quantity (
    tenant BIGINT NOT NULL, batch BIGINT NOT NULL, source BIGINT NOT NULL,
    perspective BIGINT NOT NULL, meter BIGINT NOT NULL, received BIGINT NOT NULL, {outcomes},
    PRIMARY KEY (tenant, batch, source, perspective, meter),
    CONSTRAINT control_broken CHECK (received = {sum}),
    FOREIGN KEY (tenant, batch) REFERENCES batch (tenant, id)) {small};
-- Sessions of which parts came and not yet the last: what they came to so far.
CREATE TABLE open_session (
    tenant BIGINT NOT NULL, feed BIGINT NOT NULL, key_high BIGINT NOT NULL,
    key_low BIGINT NOT NULL, start_time BIGINT NOT NULL, raw BIGINT NOT NULL,
    answered BIGINT NOT NULL,
    PRIMARY KEY (tenant, feed, key_high, key_low)) {small};
CREATE TABLE counter_pack (
    tenant BIGINT NOT NULL, perspective BIGINT NOT NULL, window_first BIGINT NOT NULL,
    owner_kind BIGINT NOT NULL, block BIGINT NOT NULL, batch BIGINT NOT NULL, bytes BYTEA NOT NULL,
    PRIMARY KEY (tenant, perspective, window_first, owner_kind, block)) {large};
CREATE TABLE dedup_segment (
    tenant BIGINT NOT NULL, batch BIGINT NOT NULL, position BIGINT NOT NULL, feed BIGINT NOT NULL,
    path TEXT NOT NULL, first_day BIGINT NOT NULL, last_day BIGINT NOT NULL, keys BIGINT NOT NULL,
    PRIMARY KEY (tenant, batch, position),
    FOREIGN KEY (tenant, batch) REFERENCES batch (tenant, id)) {small};
CREATE TABLE archive_file (
    tenant BIGINT NOT NULL, batch BIGINT NOT NULL, position BIGINT NOT NULL,
    table_name TEXT NOT NULL, path TEXT NOT NULL, records BIGINT NOT NULL, bytes BIGINT NOT NULL,
    hash TEXT NOT NULL, data_file BIGINT,
    PRIMARY KEY (tenant, batch, position),
    FOREIGN KEY (tenant, batch) REFERENCES batch (tenant, id)) {small};

-- Suspense: what waits, and how it left.
CREATE TABLE suspense_group (
    tenant BIGINT NOT NULL, id BIGINT NOT NULL, batch BIGINT NOT NULL, feed BIGINT NOT NULL,
    reason TEXT NOT NULL, identity TEXT NOT NULL, records BIGINT NOT NULL,
    first_time BIGINT NOT NULL, last_time BIGINT NOT NULL, sample TEXT NOT NULL,
    recycled BIGINT NOT NULL, dropped BIGINT NOT NULL,
    PRIMARY KEY (tenant, id),
    CONSTRAINT suspense_overdrawn CHECK (recycled >= 0 AND dropped >= 0
        AND recycled + dropped <= records),
    FOREIGN KEY (tenant, batch) REFERENCES batch (tenant, id)) {large};
CREATE TABLE suspense_exit (
    tenant BIGINT NOT NULL, seq BIGINT NOT NULL, suspense_group BIGINT NOT NULL,
    recycled_by BIGINT NOT NULL, dropped_because TEXT NOT NULL, records BIGINT NOT NULL,
    PRIMARY KEY (tenant, seq), CHECK (records > 0),
    FOREIGN KEY (tenant, suspense_group) REFERENCES suspense_group (tenant, id)) {small};

-- Ledger.
CREATE TABLE entry (
    tenant BIGINT NOT NULL, id BIGINT NOT NULL, kind BIGINT NOT NULL, batch BIGINT NOT NULL,
    invoice BIGINT NOT NULL, reverses BIGINT NOT NULL, payer BIGINT NOT NULL,
    component BIGINT NOT NULL, period_first BIGINT NOT NULL, period_end BIGINT NOT NULL,
    currency TEXT NOT NULL,
    PRIMARY KEY (tenant, id)) {small};
CREATE INDEX entry_by_payer ON entry (tenant, payer);
CREATE INDEX entry_by_batch ON entry (tenant, batch);
CREATE TABLE posting (
    tenant BIGINT NOT NULL, entry BIGINT NOT NULL, position BIGINT NOT NULL, kind BIGINT NOT NULL,
    ref BIGINT NOT NULL, atoms BIGINT NOT NULL,
    PRIMARY KEY (tenant, entry, position),
    FOREIGN KEY (tenant, entry) REFERENCES entry (tenant, id)) {small};

-- Documents: searchable columns, and the whole document in `document` (invoice_codec.h).
CREATE TABLE number_series (
    tenant BIGINT NOT NULL, prefix TEXT NOT NULL, last BIGINT NOT NULL,
    PRIMARY KEY (tenant, prefix)) {small};
CREATE TABLE invoice (
    tenant BIGINT NOT NULL, id BIGINT NOT NULL, state BIGINT NOT NULL, series TEXT,
    series_number BIGINT, number TEXT, payer BIGINT NOT NULL, period_first BIGINT NOT NULL,
    period_end BIGINT NOT NULL, currency TEXT NOT NULL, payable_atoms BIGINT NOT NULL,
    document BYTEA NOT NULL,
    PRIMARY KEY (tenant, id), UNIQUE (tenant, number), UNIQUE (tenant, series, series_number),
    CHECK (state IN (1, 2, 3)), CHECK ((state = 2) = (number IS NOT NULL))) {large};
CREATE INDEX invoice_by_payer ON invoice (tenant, payer);
CREATE TABLE invoice_line (
    tenant BIGINT NOT NULL, invoice BIGINT NOT NULL, number BIGINT NOT NULL,
    component BIGINT NOT NULL, department BIGINT NOT NULL, cycle_first BIGINT NOT NULL,
    cycle_end BIGINT NOT NULL, amount_atoms BIGINT NOT NULL,
    PRIMARY KEY (tenant, invoice, number),
    FOREIGN KEY (tenant, invoice) REFERENCES invoice (tenant, id)) {small};
CREATE TABLE statement (
    tenant BIGINT NOT NULL, invoice BIGINT NOT NULL, position BIGINT NOT NULL,
    partner BIGINT NOT NULL, period_first BIGINT NOT NULL, document BYTEA NOT NULL,
    PRIMARY KEY (tenant, invoice, position),
    FOREIGN KEY (tenant, invoice) REFERENCES invoice (tenant, id)) {large};
CREATE INDEX statement_by_period ON statement (tenant, period_first);
)sql";

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
constexpr std::string_view kGrowingWindows = R"sql(
CREATE TABLE control_window_grown (
    tenant BIGINT NOT NULL, batch BIGINT NOT NULL, source BIGINT NOT NULL,
    perspective BIGINT NOT NULL, meter BIGINT NOT NULL, function BIGINT NOT NULL,
    parts BIGINT NOT NULL, parts_quantity BIGINT NOT NULL, rated BIGINT NOT NULL,
    zero_rated BIGINT NOT NULL, quantity BIGINT NOT NULL,
    PRIMARY KEY (tenant, batch, source, perspective, meter),
    CONSTRAINT control_broken CHECK (rated >= 0 AND zero_rated >= 0 AND parts >= rated + zero_rated
        AND CASE function WHEN 0 THEN quantity = parts_quantity WHEN 1 THEN quantity = parts
            WHEN 2 THEN quantity BETWEEN 0 AND parts_quantity
            WHEN 3 THEN quantity BETWEEN 0 AND parts ELSE 0 END),
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

// How the rows are spread, told instead of measured. Left to itself SQLite takes `tenant` for a
// column that narrows a search, and walks through all rows of a table in the order of its key
// rather than through the few that an index names. So: a tenant has a million rows, each further
// column leaves fewer of them, all columns of a unique index leave one (SQLite: 2.6.2 of its file
// format).
constexpr std::string_view kSpread = R"sql(
ANALYZE schema_version;
DELETE FROM sqlite_stat1;
WITH part AS (
    SELECT t.name AS tbl, CASE WHEN t.wr AND i.origin = 'pk' THEN t.name ELSE i.name END AS idx,
           i."unique" AS is_unique, c.seqno AS place, count(*) OVER whole AS parts,
           first_value(c.name) OVER whole AS leads
    FROM pragma_table_list AS t, pragma_index_list(t.name) AS i, pragma_index_info(i.name) AS c
    WINDOW whole AS (PARTITION BY i.name ORDER BY c.seqno
                     RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)),
told AS (
    SELECT tbl, idx, place, parts, group_concat(
        CASE WHEN place + 1 = parts AND is_unique THEN 1 WHEN place = 0 THEN 1000000
             WHEN place = 1 THEN 1000 WHEN place = 2 THEN 100 ELSE 10 END, ' ')
        OVER (PARTITION BY idx ORDER BY place) AS rows_left
    FROM part WHERE leads = 'tenant')
INSERT INTO sqlite_stat1 (tbl, idx, stat)
    SELECT tbl, idx, '1000000 ' || rows_left FROM told WHERE place + 1 = parts;
ANALYZE sqlite_schema;
)sql";

// Tables whose rows are only ever added.
constexpr std::string_view kAppendOnly[] = {"catalog_version",
                                            "catalog_file",
                                            "name",
                                            "account_fact",
                                            "account_fact_address",
                                            "pays_fact",
                                            "group_fact",
                                            "subscription_fact",
                                            "plan_fact",
                                            "quantity_fact",
                                            "identity_fact",
                                            "feed_version",
                                            "batch",
                                            "batch_chain",
                                            "batch_range",
                                            "batch_rated",
                                            "incident",
                                            "control",
                                            "control_quantity",
                                            "dedup_segment",
                                            "archive_file",
                                            "suspense_exit",
                                            "entry",
                                            "posting"};

void replace_all(std::string& text, std::string_view what, std::string_view by) {
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
}

std::string join(std::string_view before, std::string_view between) {
    std::string text;
    for (const std::string_view column : kOutcomeNames) {
        if (!text.empty()) text += between;
        text += std::string(column) + std::string(before);
    }
    return text;
}

std::string for_sqlite(std::string text) {
    replace_all(text, "BIGINT", "INTEGER");
    replace_all(text, "BYTEA", "BLOB");
    replace_all(text, "{small}", "STRICT, WITHOUT ROWID");
    replace_all(text, "{large}", "STRICT");
    return text;
}

std::string trigger(std::string_view name, std::string_view event, std::string_view when,
                    std::string_view reason) {
    std::string text = "CREATE TRIGGER " + std::string(name) + " BEFORE " + std::string(event);
    if (!when.empty()) text += " WHEN " + std::string(when);
    return text + " BEGIN SELECT RAISE(ABORT, '" + std::string(reason) + "'); END;\n";
}

std::string append_only_triggers(std::span<const std::string_view> tables) {
    std::string text;
    for (const std::string_view table : tables) {
        for (const std::string_view event : {"UPDATE", "DELETE"}) {
            const std::string name = std::string(table) + "_no_" + std::string(event);
            text += trigger(name, std::string(event) + " ON " + std::string(table), "",
                            "history_immutable");
        }
    }
    return text;
}

// A sent document keeps its row, its lines and its statements as they are.
std::string invoice_triggers() {
    std::string text =
        trigger("invoice_no_UPDATE", "UPDATE ON invoice", "OLD.state = 2", "invoice_immutable") +
        trigger("invoice_no_DELETE", "DELETE ON invoice", "", "invoice_immutable");
    for (const std::string table : {"invoice_line", "statement"}) {
        for (const std::string event : {"INSERT", "UPDATE", "DELETE"}) {
            const std::string row = event == "INSERT" ? "NEW" : "OLD";
            text += trigger(table + "_no_" + event, event + " ON " + table,
                            "(SELECT state FROM invoice WHERE tenant = " + row +
                                ".tenant AND id = " + row + ".invoice) = 2",
                            "invoice_immutable");
        }
    }
    return text;
}

std::string with_outcomes(std::string text) {
    replace_all(text, "{outcomes}", join(" INTEGER NOT NULL", ", "));
    replace_all(text, "{sum}", join("", " + "));
    replace_all(text, "{positive}", join(" >= 0", " AND "));
    return text;
}

}  // namespace

std::string schema_sql() {
    const std::string text = with_outcomes(for_sqlite(std::string(kTables)));
    return text + append_only_triggers(kAppendOnly) + invoice_triggers() + upgrade_sql(1);
}

std::string upgrade_sql(std::int64_t version) {
    std::string text;
    if (version < 2)
        text += for_sqlite(std::string(kSuspenseTables)) + append_only_triggers(kAppendOnlySince2);
    if (version < 3) text += for_sqlite(std::string(kDocumentChanges));
    if (version < 4) text += for_sqlite(std::string(kSuspenseSides));
    if (version < 5)
        text += with_outcomes(for_sqlite(std::string(kTakenBack))) +
                append_only_triggers(kAppendOnlySince5);
    if (version < 6)
        text += for_sqlite(std::string(kOnlineTables)) + append_only_triggers(kAppendOnlySince6);
    if (version < 7)
        text += for_sqlite(std::string(kRetiredFiles)) + append_only_triggers(kAppendOnlySince7);
    if (version < 8)
        text += for_sqlite(std::string(kWindows)) + append_only_triggers(kAppendOnlySince8);
    if (version < 9)
        text += for_sqlite(std::string(kOnlineArchived)) + append_only_triggers(kAppendOnlySince9) +
                trigger("charge_live_no_DELETE", "DELETE ON charge_live",
                        "OLD.rated IS NULL OR NOT EXISTS (SELECT 1 FROM charge_archived WHERE "
                        "tenant = OLD.tenant AND archived_to >= OLD.batch)",
                        "history_immutable");
    if (version < 10) text += kIndexes;
    if (version < 11)
        text += for_sqlite(std::string(kWebhooks)) + append_only_triggers(kAppendOnlySince11);
    if (version < 12)
        text += for_sqlite(std::string(kMoney)) + append_only_triggers(kAppendOnlySince12);
    if (version < 13) text += for_sqlite(std::string(kSessionChanges));
    if (version < 14)
        text += for_sqlite(std::string(kDeletedUsage)) + append_only_triggers(kAppendOnlySince14);
    if (version < 15)
        text += for_sqlite(std::string(kBuckets)) + append_only_triggers(kAppendOnlySince15);
    if (version < 16)
        text += for_sqlite(std::string(kGrowingWindows)) + append_only_triggers(kAppendOnlySince8);
    if (version < 17)
        text += std::string(kForgottenDeliveries) +
                trigger("webhook_delivery_no_DELETE", "DELETE ON webhook_delivery",
                        "OLD.state = 1 AND (SELECT removed_at FROM webhook WHERE tenant = "
                        "OLD.tenant AND id = OLD.webhook) IS NULL",
                        "history_immutable") +
                trigger("webhook_event_no_DELETE", "DELETE ON webhook_event",
                        "EXISTS (SELECT 1 FROM webhook_delivery WHERE tenant = OLD.tenant AND "
                        "event = OLD.seq)",
                        "history_immutable");
    return text + std::string(kSpread);
}

}  // namespace farthing::store
