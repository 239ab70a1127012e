// What online charging keeps, and who may write it.
#include <gtest/gtest.h>

#include "store/store.h"
#include "store/test_folder.h"

namespace farthing::store {
namespace {

std::unique_ptr<Store> opened(const TestFolder& folder) {
    auto store = Store::open(folder.path());
    EXPECT_TRUE(store) << store.error().to_string();
    EXPECT_TRUE((*store)->wrote_elsewhere());
    return *std::move(store);
}

const Instant kNow = *parse_rfc3339("2026-06-02T10:00:00Z");

Entry entry(EntryKind kind, LedgerAccount debit, LedgerAccount credit, std::int64_t atoms) {
    Entry made;
    made.kind = kind;
    made.payer = {1};
    made.period = {Date::of(2026, 6, 1), Date::of(2026, 7, 1)};
    made.currency = *Currency::named("EUR");
    made.postings = {{debit, atoms}, {credit, -atoms}};
    return made;
}

BatchCommit group(std::string session, std::int64_t atoms) {
    BatchCommit batch;
    batch.committed_at = kNow;
    batch.kind = "charge";
    batch.online.emplace();
    batch.online->sessions = {{session, "bytes of " + session}};
    if (atoms == 0) return batch;
    OnlineUse use;
    use.session = session;
    use.subscription = {3};
    use.meter = {1};
    use.start = kNow;
    use.quantity = 5;
    use.charge_atoms = atoms;
    batch.online->uses = {use};
    batch.entries = {
        entry(EntryKind::usage, {LedgerKind::unbilled, 1}, {LedgerKind::revenue, 4}, atoms)};
    batch.rated_atoms = {{Currency::named("EUR")->numeric(), atoms}};
    return batch;
}

TEST(OnlineStore, KeepsSessionsAndUses) {
    const TestFolder folder;
    auto store = opened(folder);
    ASSERT_TRUE(store->commit(group("a", 7)));
    const auto no_batch = store->commit(group("b", 0));
    ASSERT_TRUE(no_batch);
    EXPECT_FALSE(*no_batch);  // nothing was charged
    BatchCommit forgets = group("c", 0);
    forgets.online->forgotten = {"a", "c"};
    ASSERT_TRUE(store->commit(forgets));
    store = opened(folder);
    const auto kept = store->charge_sessions();
    ASSERT_TRUE(kept);
    ASSERT_EQ(kept->size(), 2U);
    EXPECT_EQ((*kept)[0].id, "b");
    EXPECT_EQ((*kept)[1].bytes, "bytes of c");
    std::int64_t atoms = 0;
    ASSERT_TRUE(store->each_online_use([&](BatchId batch, const OnlineUse& use) {
        EXPECT_EQ(batch, BatchId{1});
        EXPECT_EQ(use.session, "a");
        EXPECT_EQ(use.outcome, Outcome::rated);
        atoms += use.charge_atoms;
    }));
    EXPECT_EQ(atoms, 7);
    const auto spent = *store->spent({1});
    ASSERT_EQ(spent.size(), 1U);
    EXPECT_EQ(spent.begin()->first.first, Date::of(2026, 6, 1));
    EXPECT_TRUE(spent.begin()->second == 7);
    EXPECT_TRUE(store->integrity()->empty());
}

// Two processes that charge: the second must see what the first wrote before it may write.
TEST(OnlineStore, RefusesWhoHasNotReadWhatOthersWrote) {
    const TestFolder folder;
    const auto one = opened(folder);
    const auto other = opened(folder);
    ASSERT_TRUE(one->commit(group("a", 7)));
    for (const std::int64_t atoms : {5, 0}) {
        const auto refused = other->commit(group("b", atoms));
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, "position_moved");
    }
    EXPECT_TRUE(*other->wrote_elsewhere());
    EXPECT_FALSE(*other->wrote_elsewhere());
    EXPECT_TRUE(other->commit(group("b", 5)));
    EXPECT_EQ(one->charge_sessions()->size(), 2U);
}

TEST(OnlineStore, ATopUpCountsOncePerReference) {
    const TestFolder folder;
    const auto store = opened(folder);
    TopUp payment{{1}, "p1", kNow, *Currency::named("EUR"), 50};
    const Entry posted =
        entry(EntryKind::top_up, {LedgerKind::cash, 0}, {LedgerKind::prepaid, 1}, 50);
    ASSERT_TRUE(store->top_up(payment, posted));
    ASSERT_TRUE(store->top_up(payment, posted));
    EXPECT_EQ(store->top_ups({1})->size(), 1U);
    EXPECT_EQ(store->top_ups({2})->size(), 0U);
    EXPECT_EQ(store->entries({1})->size(), 1U);
    payment.atoms = 51;
    const auto refused = store->top_up(payment, posted);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "reference_taken");
}

TEST(OnlineStore, KeepsLimitsAlertsAndKeys) {
    const TestFolder folder;
    const auto store = opened(folder);
    const AccountLimit limit{{1}, kNow, {}, 70};
    ASSERT_TRUE(store->limit({{1}, kNow, 0, {}}));
    ASSERT_TRUE(store->limit(limit));
    EXPECT_EQ(store->limits()->back(), limit);
    BatchCommit told = group("a", 0);
    told.online->alerts = {{{1}, Date::of(2026, 6, 1), 80, kNow}};
    ASSERT_TRUE(store->commit(told));
    EXPECT_EQ(*store->cap_alerts(), told.online->alerts);
    ASSERT_TRUE(store->add_key({"gateway", "hash", "charge", kNow, {}}));
    EXPECT_EQ(store->add_key({"gateway", "other", "charge", kNow, {}}).error().code, "key_exists");
    EXPECT_FALSE(*store->revoke_key("nobody", kNow));
    EXPECT_TRUE(*store->revoke_key("gateway", kNow));
    EXPECT_FALSE(*store->revoke_key("gateway", kNow));
    EXPECT_EQ(store->keys()->front().revoked_at, kNow);
}

}  // namespace
}  // namespace farthing::store
