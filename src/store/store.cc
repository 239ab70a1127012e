#include "store/store.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/sqlite_store.h"

namespace farthing::store {

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& folder) {
    std::error_code code;
    std::filesystem::create_directories(folder / "archive", code);
    if (code)
        return fail(StoreReason::store_unavailable, "the folder can't be made: " + code.message(),
                    folder.string());
    const std::filesystem::path whole = std::filesystem::canonical(folder, code);
    if (code) return fail(StoreReason::store_unavailable, code.message(), folder.string());
    FARTHING_TRY(FolderLock lock, FolderLock::share(whole / "farthing.lock"));
    FARTHING_TRY(std::unique_ptr<Database> database, Database::open(whole / "farthing.db"));
    FARTHING_TRY(Turns turns, Turns::open(whole));
    auto store = std::make_unique<SqliteStore>(whole, std::move(lock), std::move(turns),
                                               std::move(database));
    FARTHING_CHECK(store->prepare_schema());
    return store;
}

SqliteStore::SqliteStore(std::filesystem::path folder, FolderLock lock, Turns turns,
                         std::unique_ptr<Database> database)
    : folder_(std::move(folder)),
      archive_(folder_ / "archive"),
      lock_(std::move(lock)),
      turns_(std::move(turns)),
      database_(std::move(database)) {}

Result<void> SqliteStore::prepare_schema() {
    constexpr std::string_view kHasSchema =
        "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_version'";
    FARTHING_TRY(std::int64_t has_schema, database_->integer(kHasSchema, 0));
    if (has_schema == 0) {
        FARTHING_TRY(Transaction transaction, Transaction::begin(*database_));
        FARTHING_TRY(has_schema,
                     database_->integer(kHasSchema, 0));  // another process may have been first
        if (has_schema == 0) FARTHING_CHECK(create_schema());
        FARTHING_CHECK(transaction.commit());
    }
    FARTHING_TRY(const std::int64_t version,
                 database_->integer("SELECT version FROM schema_version", 0));
    if (version > kSchemaVersion) {
        return fail(StoreReason::store_newer,
                    fmt::format("the database has schema {}, this release knows up to {}", version,
                                kSchemaVersion),
                    (folder_ / "farthing.db").string());
    }
    if (version < kSchemaVersion) FARTHING_CHECK(upgrade());
    return point_lake_at(*database_, archive_);
}

Result<void> SqliteStore::upgrade() {
    FARTHING_TRY(Transaction transaction, Transaction::begin(*database_));
    FARTHING_TRY(const std::int64_t version,  // another process may have been first
                 database_->integer("SELECT version FROM schema_version", 0));
    if (version < kSchemaVersion) {
        FARTHING_CHECK(database_->script(upgrade_sql(version)));
        FARTHING_CHECK(upgrade_lake(*database_));
        FARTHING_CHECK(database_->run("UPDATE schema_version SET version = ?", kSchemaVersion));
    }
    return transaction.commit();
}

Result<void> SqliteStore::create_schema() {
    FARTHING_CHECK(database_->script(schema_sql()));
    FARTHING_CHECK(
        database_->run("INSERT INTO schema_version (version) VALUES (?)", kSchemaVersion));
    return create_lake(*database_, archive_);
}

// ---- Catalog

Result<std::vector<CatalogRecord>> SqliteStore::catalogs() {
    std::vector<CatalogRecord> records;
    FARTHING_CHECK(database_->select(
        "SELECT version, name, valid_from, hash FROM catalog_version WHERE tenant = ? ORDER BY "
        "version",
        [&](const SqlStatement& row) {
            records.push_back(
                {{row.as<std::uint32_t>(0)}, row.text(1), row.instant(2), row.text(3), {}});
        },
        kTenant));
    for (CatalogRecord& record : records) {
        FARTHING_CHECK(database_->select(
            "SELECT path, text FROM catalog_file WHERE tenant = ? AND version = ? ORDER BY path",
            [&](const SqlStatement& row) { record.files.push_back({row.text(0), row.text(1)}); },
            kTenant, record.version));
    }
    return records;
}

Result<NameTable> SqliteStore::names() {
    std::vector<NameTable::Row> rows;
    FARTHING_CHECK(database_->select(
        "SELECT kind, name, id FROM name WHERE tenant = ? ORDER BY seq",
        [&](const SqlStatement& row) {
            rows.push_back({row.as<NameTable::Kind>(0), row.text(1), row.as<std::uint32_t>(2)});
        },
        kTenant));
    return NameTable(std::move(rows));
}

Result<void> SqliteStore::publish(const CatalogRecord& record, const NameTable& names) {
    FARTHING_TRY(Transaction transaction, Transaction::begin(*database_));
    FARTHING_TRY(const std::int64_t newest,
                 database_->integer("SELECT max(version) FROM catalog_version WHERE tenant = ?", 0,
                                    kTenant));
    FARTHING_TRY(const NameTable known, this->names());
    const bool follows = std::equal(
        known.rows().begin(), known.rows().end(), names.rows().begin(),
        names.rows().begin() +
            static_cast<std::ptrdiff_t>(std::min(known.rows().size(), names.rows().size())));
    if (newest + 1 != record.version.value || !follows) {
        return fail(StoreReason::store_failed,
                    "another process published a catalog meanwhile: publish again");
    }
    FARTHING_CHECK(
        database_->run("INSERT INTO catalog_version (tenant, version, name, valid_from, hash) "
                       "VALUES (?, ?, ?, ?, ?)",
                       kTenant, record.version, record.name, record.valid_from, record.hash));
    for (const CatalogFile& file : record.files) {
        FARTHING_CHECK(database_->run(
            "INSERT INTO catalog_file (tenant, version, path, text) VALUES (?, ?, ?, ?)", kTenant,
            record.version, file.path, file.text));
    }
    for (std::size_t seq = known.rows().size(); seq < names.rows().size(); ++seq) {
        const NameTable::Row& row = names.rows()[seq];
        FARTHING_CHECK(
            database_->run("INSERT INTO name (tenant, seq, kind, name, id) VALUES (?, ?, ?, ?, ?)",
                           kTenant, seq, row.kind, row.name, row.id));
    }
    return transaction.commit();
}

// ---- Directory

namespace {

Result<std::vector<AccountFact>> read_accounts(Database& database) {
    std::vector<AccountFact> accounts;
    std::vector<std::int64_t> seqs;  // of the accounts, ascending
    FARTHING_CHECK(database.select(
        "SELECT seq, id, name, parent, title, bill_day, tax_number, country FROM account_fact "
        "WHERE tenant = ? ORDER BY seq",
        [&](const SqlStatement& row) {
            seqs.push_back(row.integer(0));
            accounts.push_back({{row.as<std::uint32_t>(1)},
                                row.text(2),
                                {row.as<std::uint32_t>(3)},
                                row.text(4),
                                {},
                                row.as<unsigned>(5),
                                row.text(6),
                                row.text(7)});
        },
        kTenant));
    FARTHING_CHECK(database.select(
        "SELECT seq, line FROM account_fact_address WHERE tenant = ? ORDER BY seq, position",
        [&](const SqlStatement& row) {
            const auto at =
                std::lower_bound(seqs.begin(), seqs.end(), row.integer(0)) - seqs.begin();
            accounts[static_cast<std::size_t>(at)].address.push_back(row.text(1));
        },
        kTenant));
    return accounts;
}

}  // namespace

Result<std::int64_t> SqliteStore::described() {
    constexpr std::string_view kAdded[] = {"account_fact",      "pays_fact",     "group_fact",
                                           "subscription_fact", "plan_fact",     "name",
                                           "quantity_fact",     "identity_fact", "bucket_fact"};
    std::string sql =
        "SELECT (SELECT count(*) FROM feed_version WHERE tenant = ?1) + coalesce((SELECT "
        "max(version) FROM catalog_version WHERE tenant = ?1), 0)";
    for (const std::string_view table : kAdded)
        sql +=
            " + coalesce((SELECT max(seq) FROM " + std::string(table) + " WHERE tenant = ?1), 0)";
    return database_->integer(sql, 0, kTenant);
}

Result<DirectoryFacts> SqliteStore::facts() {
    DirectoryFacts facts;
    FARTHING_TRY(facts.accounts, read_accounts(*database_));
    FARTHING_CHECK(database_->select(
        "SELECT account, from_day, pays FROM pays_fact WHERE tenant = ? ORDER BY seq",
        [&](const SqlStatement& row) {
            facts.pays.push_back({{row.as<std::uint32_t>(0)}, row.date(1), row.integer(2) != 0});
        },
        kTenant));
    FARTHING_CHECK(database_->select(
        "SELECT id, name, account FROM group_fact WHERE tenant = ? ORDER BY seq",
        [&](const SqlStatement& row) {
            facts.groups.push_back(
                {{row.as<std::uint32_t>(0)}, row.text(1), {row.as<std::uint32_t>(2)}});
        },
        kTenant));
    FARTHING_CHECK(database_->select(
        "SELECT id, name, account, \"group\" FROM subscription_fact WHERE tenant = ? ORDER BY seq",
        [&](const SqlStatement& row) {
            facts.subscriptions.push_back({{row.as<std::uint32_t>(0)},
                                           row.text(1),
                                           {row.as<std::uint32_t>(2)},
                                           {row.as<std::uint32_t>(3)}});
        },
        kTenant));
    FARTHING_CHECK(database_->select(
        "SELECT subscription, from_day, plan FROM plan_fact WHERE tenant = ? ORDER BY seq",
        [&](const SqlStatement& row) {
            facts.plans.push_back(
                {{row.as<std::uint32_t>(0)}, row.date(1), {row.as<std::uint32_t>(2)}});
        },
        kTenant));
    FARTHING_CHECK(database_->select(
        "SELECT subscription, from_day, quantity FROM quantity_fact WHERE tenant = ? ORDER BY seq",
        [&](const SqlStatement& row) {
            facts.quantities.push_back({{row.as<std::uint32_t>(0)}, row.date(1), row.integer(2)});
        },
        kTenant));
    FARTHING_CHECK(database_->select(
        "SELECT kind, value, subscription, from_time, until_time FROM identity_fact WHERE tenant = "
        "? ORDER BY seq",
        [&](const SqlStatement& row) {
            facts.identities.push_back({row.as<IdentityKind>(0),
                                        row.text(1),
                                        {row.as<std::uint32_t>(2)},
                                        row.instant(3),
                                        row.instant(4)});
        },
        kTenant));
    FARTHING_CHECK(read_buckets(facts));
    return facts;
}

Result<void> SqliteStore::append(const DirectoryFacts& facts) {
    FARTHING_TRY(Transaction transaction, Transaction::begin(*database_));
    FARTHING_CHECK(append_facts(facts));
    return transaction.commit();
}

Result<std::int64_t> SqliteStore::next_seq(std::string_view table) {
    return database_->integer(fmt::format("SELECT max(seq) + 1 FROM {} WHERE tenant = ?", table), 1,
                              kTenant);
}

Result<void> SqliteStore::append_account(const AccountFact& fact) {
    FARTHING_TRY(const std::int64_t seq, next_seq("account_fact"));
    FARTHING_CHECK(database_->run(
        "INSERT INTO account_fact (tenant, seq, id, name, parent, title, bill_day, tax_number, "
        "country) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        kTenant, seq, fact.id, fact.name, fact.parent, fact.title, fact.bill_day, fact.tax_number,
        fact.country));
    for (std::size_t position = 0; position < fact.address.size(); ++position) {
        FARTHING_CHECK(database_->run(
            "INSERT INTO account_fact_address (tenant, seq, position, line) VALUES (?, ?, ?, ?)",
            kTenant, seq, position, fact.address[position]));
    }
    return {};
}

Result<void> SqliteStore::append_facts(const DirectoryFacts& facts) {
    for (const AccountFact& fact : facts.accounts) FARTHING_CHECK(append_account(fact));
    FARTHING_TRY(std::int64_t seq, next_seq("pays_fact"));
    for (const PaysFact& fact : facts.pays) {
        FARTHING_CHECK(database_->run(
            "INSERT INTO pays_fact (tenant, seq, account, from_day, pays) VALUES (?, ?, ?, ?, ?)",
            kTenant, seq++, fact.account, fact.from, fact.pays));
    }
    FARTHING_TRY(seq, next_seq("group_fact"));
    for (const GroupFact& fact : facts.groups) {
        FARTHING_CHECK(database_->run(
            "INSERT INTO group_fact (tenant, seq, id, name, account) VALUES (?, ?, ?, ?, ?)",
            kTenant, seq++, fact.id, fact.name, fact.account));
    }
    FARTHING_TRY(seq, next_seq("subscription_fact"));
    for (const SubscriptionFact& fact : facts.subscriptions) {
        FARTHING_CHECK(
            database_->run("INSERT INTO subscription_fact (tenant, seq, id, name, account, "
                           "\"group\") VALUES (?, ?, ?, ?, ?, ?)",
                           kTenant, seq++, fact.id, fact.name, fact.account, fact.group));
    }
    FARTHING_TRY(seq, next_seq("plan_fact"));
    for (const PlanFact& fact : facts.plans) {
        FARTHING_CHECK(
            database_->run("INSERT INTO plan_fact (tenant, seq, subscription, from_day, plan) "
                           "VALUES (?, ?, ?, ?, ?)",
                           kTenant, seq++, fact.subscription, fact.from, fact.plan));
    }
    FARTHING_TRY(seq, next_seq("quantity_fact"));
    for (const QuantityFact& fact : facts.quantities) {
        FARTHING_CHECK(
            database_->run("INSERT INTO quantity_fact (tenant, seq, subscription, from_day, "
                           "quantity) VALUES (?, ?, ?, ?, ?)",
                           kTenant, seq++, fact.subscription, fact.from, fact.quantity));
    }
    FARTHING_TRY(seq, next_seq("identity_fact"));
    for (const IdentityFact& fact : facts.identities) {
        FARTHING_CHECK(database_->run(
            "INSERT INTO identity_fact (tenant, seq, kind, value, subscription, from_time, "
            "until_time) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            kTenant, seq++, fact.kind, fact.value, fact.subscription, fact.from, fact.until));
    }
    return {};
}

}  // namespace farthing::store
