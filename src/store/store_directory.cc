// The directory's facts: told some at a time, and added to.
#include <fmt/format.h>

#include "store/sqlite_store.h"

namespace farthing::store {

namespace {

using TakeFacts = std::function<Result<void>(DirectoryFacts&)>;

// Tells all rows of a table as facts, some thousands at a time.
template <class Fact, class Read>
Result<void> tell(Database& database, std::string_view sql,
                  std::vector<Fact> DirectoryFacts::* kind, Read read, const TakeFacts& take) {
    constexpr std::size_t kSome = 8192;
    DirectoryFacts some;
    std::vector<Fact>& facts = some.*kind;
    FARTHING_TRY(SqlStatement rows, database.prepare(sql));
    rows.bind(kTenant);
    while (true) {
        FARTHING_TRY(const bool row, rows.step());
        if (row) facts.push_back(read(rows));
        if (facts.size() == kSome || !row) {
            FARTHING_CHECK(take(some));
            facts.clear();
        }
        if (!row) return {};
    }
}

Result<void> tell_accounts(Database& database, const TakeFacts& take) {
    FARTHING_TRY(SqlStatement lines,
                 database.prepare("SELECT seq, line FROM account_fact_address WHERE tenant = ? "
                                  "ORDER BY seq, position"));
    lines.bind(kTenant);
    FARTHING_TRY(bool more, lines.step());
    Result<void> stepped;
    const auto read = [&](const SqlStatement& row) {
        AccountFact fact{{row.as<std::uint32_t>(1)},
                         row.text(2),
                         {row.as<std::uint32_t>(3)},
                         row.text(4),
                         {},
                         row.as<unsigned>(5),
                         row.text(6),
                         row.text(7)};
        while (stepped && more && lines.integer(0) == row.integer(0)) {
            fact.address.push_back(lines.text(1));
            Result<bool> next = lines.step();
            if (!next) stepped = fail(std::move(next).error());
            more = next && *next;
        }
        return fact;
    };
    FARTHING_CHECK(tell(database,
                        "SELECT seq, id, name, parent, title, bill_day, tax_number, country FROM "
                        "account_fact WHERE tenant = ? ORDER BY seq",
                        &DirectoryFacts::accounts, read, take));
    return stepped;
}

PaysFact pays_fact(const SqlStatement& row) {
    return {{row.as<std::uint32_t>(0)}, row.date(1), row.integer(2) != 0};
}
GroupFact group_fact(const SqlStatement& row) {
    return {{row.as<std::uint32_t>(0)}, row.text(1), {row.as<std::uint32_t>(2)}};
}
SubscriptionFact subscription_fact(const SqlStatement& row) {
    return {{row.as<std::uint32_t>(0)},
            row.text(1),
            {row.as<std::uint32_t>(2)},
            {row.as<std::uint32_t>(3)}};
}
PlanFact plan_fact(const SqlStatement& row) {
    return {{row.as<std::uint32_t>(0)}, row.date(1), {row.as<std::uint32_t>(2)}};
}
QuantityFact quantity_fact(const SqlStatement& row) {
    return {{row.as<std::uint32_t>(0)}, row.date(1), row.integer(2)};
}
IdentityFact identity_fact(const SqlStatement& row) {
    return {row.as<IdentityKind>(0),
            row.text(1),
            {row.as<std::uint32_t>(2)},
            row.instant(3),
            row.instant(4)};
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

Result<FactCounts> SqliteStore::count_facts() {
    FactCounts counts;
    const auto count = [this](std::string_view table, std::size_t& facts) -> Result<void> {
        FARTHING_TRY(const std::int64_t next, next_seq(table));  // they are numbered from 1
        facts = static_cast<std::size_t>(next - 1);
        return {};
    };
    FARTHING_CHECK(count("account_fact", counts.accounts));
    FARTHING_CHECK(count("group_fact", counts.groups));
    FARTHING_CHECK(count("subscription_fact", counts.subscriptions));
    FARTHING_CHECK(count("plan_fact", counts.plans));
    FARTHING_CHECK(count("quantity_fact", counts.quantities));
    FARTHING_CHECK(count("identity_fact", counts.identities));
    return counts;
}

Result<void> SqliteStore::tell_facts(const std::function<void(const FactCounts&)>& begin,
                                     const TakeFacts& take) {
    FARTHING_TRY(const Snapshot snapshot, Snapshot::begin(*database_));
    FARTHING_TRY(const FactCounts counts, count_facts());
    begin(counts);
    Database& database = *database_;
    FARTHING_CHECK(tell_accounts(database, take));
    FARTHING_CHECK(tell(database,
                        "SELECT account, from_day, pays FROM pays_fact WHERE tenant = ? ORDER BY "
                        "seq",
                        &DirectoryFacts::pays, pays_fact, take));
    FARTHING_CHECK(tell(database,
                        "SELECT id, name, account FROM group_fact WHERE tenant = ? ORDER BY seq",
                        &DirectoryFacts::groups, group_fact, take));
    FARTHING_CHECK(tell(database,
                        "SELECT id, name, account, \"group\" FROM subscription_fact WHERE tenant "
                        "= ? ORDER BY seq",
                        &DirectoryFacts::subscriptions, subscription_fact, take));
    FARTHING_CHECK(tell(database,
                        "SELECT subscription, from_day, plan FROM plan_fact WHERE tenant = ? ORDER "
                        "BY seq",
                        &DirectoryFacts::plans, plan_fact, take));
    FARTHING_CHECK(tell(database,
                        "SELECT subscription, from_day, quantity FROM quantity_fact WHERE tenant = "
                        "? ORDER BY seq",
                        &DirectoryFacts::quantities, quantity_fact, take));
    FARTHING_CHECK(tell(database,
                        "SELECT kind, value, subscription, from_time, until_time FROM "
                        "identity_fact WHERE tenant = ? ORDER BY seq",
                        &DirectoryFacts::identities, identity_fact, take));
    DirectoryFacts buckets;
    FARTHING_CHECK(read_buckets(buckets));
    return take(buckets);
}

Result<void> SqliteStore::append(const DirectoryFacts& facts) {
    FARTHING_TRY(Writing transaction, begin_writing());
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
