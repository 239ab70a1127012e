// What customers bought, or were given, to be used up.
#include <utility>

#include "store/sqlite_store.h"

namespace farthing::store {

Result<BucketId> SqliteStore::add_bucket(const BucketBought& bought) {
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_CHECK(require_alone());
    EntryId entry;
    if (bought.entry) {
        std::vector<Entry> entries{*bought.entry};
        FARTHING_CHECK(write_entries(entries, {}, {}));
        entry = entries.front().id;
    }
    FARTHING_TRY(const std::int64_t seq, next_seq("bucket_fact"));
    const BucketFact& fact = bought.fact;
    FARTHING_CHECK(database_->run(
        "INSERT INTO bucket_fact (tenant, seq, owner_kind, owner, charge, package, version, "
        "from_day, until_day, quantity, priority, rollover, payer, atoms, at, reference, entry) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0))",
        kTenant, seq, fact.owner_kind, fact.owner, fact.charge, fact.package, fact.version,
        fact.from, fact.until, fact.quantity, fact.priority, fact.rollover, fact.payer,
        fact.price_atoms, fact.at, fact.reference, entry));
    FARTHING_CHECK(write_alerts(bought.told));
    FARTHING_CHECK(commit_alone(transaction));
    return BucketId{static_cast<std::uint32_t>(seq)};
}

Result<void> SqliteStore::read_buckets(DirectoryFacts& facts) {
    return database_->select(
        "SELECT seq, owner_kind, owner, charge, package, version, from_day, until_day, quantity, "
        "priority, rollover, payer, atoms, at, reference FROM bucket_fact WHERE tenant = ? ORDER "
        "BY seq",
        [&](const SqlStatement& row) {
            facts.buckets.push_back({{row.as<std::uint32_t>(0)},
                                     row.as<OwnerKind>(1),
                                     row.as<std::uint32_t>(2),
                                     {row.as<std::uint32_t>(3)},
                                     {row.as<std::uint32_t>(4)},
                                     {row.as<std::uint32_t>(5)},
                                     row.date(6),
                                     row.date(7),
                                     row.integer(8),
                                     row.as<std::int32_t>(9),
                                     row.integer(10),
                                     {row.as<std::uint32_t>(11)},
                                     row.integer(12),
                                     row.instant(13),
                                     row.text(14)});
        },
        kTenant);
}

}  // namespace farthing::store
