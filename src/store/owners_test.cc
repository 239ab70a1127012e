// Batches tell whose counters they changed: who has some in memory reads those again.
#include <gtest/gtest.h>

#include "store/owners_codec.h"
#include "store/store.h"
#include "store/test_folder.h"

namespace farthing::store {
namespace {

constexpr std::uint8_t kSubscription = 1;
constexpr std::uint8_t kAccount = 3;

PackKey pack_of(std::uint8_t kind, Date window, std::uint32_t block) {
    return {Perspective::retail, kind, window.days, block};
}
OwnerBlock owners(std::uint8_t kind, std::uint32_t block) {
    return {Perspective::retail, kind, block};
}
BatchCommit moved(std::vector<PackKey> keys) {
    BatchCommit batch;
    batch.committed_at = *parse_rfc3339("2026-06-02T10:00:00Z");
    batch.kind = "import";
    batch.feed = {1};
    for (const PackKey& key : keys) batch.packs.push_back({key, "counters"});
    return batch;
}
std::unique_ptr<Store> opened_in(const TestFolder& folder) {
    auto store = Store::open(folder.path());
    EXPECT_TRUE(store) << store.error().to_string();
    return *std::move(store);
}

constexpr Date kMayFirst = Date::of(2026, 5, 1);
constexpr Date kJuneFirst = Date::of(2026, 6, 1);

TEST(ChangedOwners, AreToldOnceInWhateverWindow) {
    const TestFolder folder;
    const auto store = opened_in(folder);
    EXPECT_EQ(*store->newest_batch(), BatchId());
    ASSERT_TRUE(store->commit(
        moved({pack_of(kSubscription, kMayFirst, 7), pack_of(kAccount, kMayFirst, 0),
               pack_of(kSubscription, kJuneFirst, 7), pack_of(kSubscription, kJuneFirst, 900)})));
    ASSERT_TRUE(store->commit(moved({})));
    ASSERT_TRUE(store->commit(moved({pack_of(kSubscription, kJuneFirst, 3)})));
    EXPECT_EQ(*store->newest_batch(), BatchId{3});
    const auto all = *store->changed_owners({});
    EXPECT_EQ(all.last, BatchId{3});
    EXPECT_EQ(all.owners, (std::vector{owners(kSubscription, 3), owners(kSubscription, 7),
                                       owners(kSubscription, 900), owners(kAccount, 0)}));
    EXPECT_EQ(store->changed_owners({1})->owners, std::vector{owners(kSubscription, 3)});
    const auto none = *store->changed_owners({3});
    EXPECT_EQ(none.last, BatchId{3});
    EXPECT_EQ(none.owners, std::vector<OwnerBlock>());
}

TEST(ChangedOwners, AreUnknownOfBatchesThatDoNotTellThem) {
    const TestFolder folder;
    std::vector<PackKey> many;
    for (std::uint32_t block = 0; block <= 1 << 14; ++block)
        many.push_back(pack_of(kSubscription, kJuneFirst, block));
    {
        const auto store = opened_in(folder);
        ASSERT_TRUE(store->commit(moved(many)));
        EXPECT_FALSE(store->changed_owners({})->owners);  // too many
        many.pop_back();
        ASSERT_TRUE(store->commit(moved(many)));
        EXPECT_EQ(store->changed_owners({1})->owners->size(), many.size());
    }
    // As a release of version 18 left it.
    ASSERT_EQ(
        raw_sql(
            folder.path(),
            "ALTER TABLE batch DROP COLUMN owners; ALTER TABLE open_session DROP COLUMN "
            "closed_at; DROP TABLE group_moved; DROP TABLE charge_exit; DROP TABLE charge_asleep; "
            "ALTER TABLE open_session DROP COLUMN reported; ALTER TABLE open_session DROP COLUMN "
            "refunded; UPDATE schema_version "
            "SET version = 18"),
        "");
    const auto store = opened_in(folder);
    ASSERT_TRUE(store->commit(moved({pack_of(kAccount, kJuneFirst, 5)})));
    EXPECT_FALSE(store->changed_owners({1})->owners);
    EXPECT_EQ(store->changed_owners({1})->last, BatchId{3});
    EXPECT_EQ(store->changed_owners({2})->owners, std::vector{owners(kAccount, 5)});
    EXPECT_TRUE(store->integrity()->empty());
}

TEST(ChangedOwners, DamagedBytesTellNothing) {
    const auto bytes = *pack_owners({{pack_of(kSubscription, kMayFirst, 7), ""},
                                     {pack_of(kSubscription, kMayFirst, 300), ""},
                                     {pack_of(kAccount, kMayFirst, 7), ""}});
    EXPECT_EQ(unpack_owners(bytes)->size(), 3U);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut)
        EXPECT_FALSE(unpack_owners(bytes.substr(0, cut))) << cut;
    EXPECT_FALSE(unpack_owners(bytes + '\0'));
    EXPECT_FALSE(unpack_owners({"\2\0\1\7\0\1\0", 7}));  // one block twice
}

}  // namespace
}  // namespace farthing::store
