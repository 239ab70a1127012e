// The tables that a database of the first version had, and what is told of all of them. Private to
// schema.cc.
#pragma once

#include <string_view>

namespace farthing::store {

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

}  // namespace farthing::store
