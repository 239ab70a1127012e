// What online charging keeps, and who may write it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "store/rated_codec.h"
#include "store/sqlite.h"
#include "store/store.h"
#include "store/test_charge.h"
#include "store/test_folder.h"

namespace farthing::store {
namespace {

std::unique_ptr<Store> opened_beside(const TestFolder& folder) {
    auto store = Store::open(folder.path());
    EXPECT_TRUE(store) << store.error().to_string();
    EXPECT_TRUE((*store)->wrote_elsewhere());
    return *std::move(store);
}

std::vector<OnlineDelta::KeptSession> sessions_of(Store& store) {
    std::vector<OnlineDelta::KeptSession> sessions;
    EXPECT_TRUE(store.each_charge_session([&](const auto& kept) -> Result<void> {
        sessions.push_back(kept);
        return {};
    }));
    return sessions;
}

TEST(OnlineStore, KeepsSessionsAndUses) {
    const TestFolder folder;
    auto store = opened_beside(folder);
    ASSERT_TRUE(store->commit(group("a", 7)));
    const auto no_batch = store->commit(group("b", 0));
    ASSERT_TRUE(no_batch);
    EXPECT_FALSE(*no_batch);  // nothing was charged
    BatchCommit forgets = group("c", 0);
    forgets.online->forgotten = {"a", "c"};
    ASSERT_TRUE(store->commit(forgets));
    store = opened_beside(folder);
    const auto kept = sessions_of(*store);
    ASSERT_EQ(kept.size(), 2U);
    EXPECT_EQ(kept[0].id, "b");
    EXPECT_EQ(kept[1].bytes, "bytes of c");
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

TEST(OnlineStore, UsageThatWaitsLeavesOnce) {
    const TestFolder folder;
    auto store = opened_beside(folder);
    BatchCommit waits = group("a", 7);
    waits.online->uses.front().outcome = Outcome::suspended;
    waits.online->uses.front().reason = SuspenseReason::unknown_session;
    waits.online->uses.push_back(waits.online->uses.front());
    waits.online->uses.back().quantity = 9;
    ASSERT_TRUE(store->commit(waits));
    const auto waiting = *store->waiting_uses();
    ASSERT_EQ(waiting.size(), 2U);
    EXPECT_EQ(waiting[1].place, (UsePlace{{1}, 1}));
    EXPECT_EQ(waiting[1].use.quantity, 9);
    BatchCommit again = group("a", 5);
    again.online->again = {waiting[0].place};
    ASSERT_TRUE(store->commit(again));
    EXPECT_FALSE(store->commit(again));  // and nothing of it is kept
    EXPECT_EQ(store->newest_entry(), EntryId{2});
    const std::vector<UsePlace> both = {waiting[0].place, waiting[1].place};
    EXPECT_FALSE(store->drop_uses(both, "a test", kNow));
    store = opened_beside(folder);
    ASSERT_EQ(store->waiting_uses()->size(), 1U);
    ASSERT_TRUE(store->drop_uses(std::span(both).last(1), "a test", kNow));
    EXPECT_TRUE(store->waiting_uses()->empty());
    EXPECT_EQ(store->use_exits()->recycled, 1);
    EXPECT_EQ(store->use_exits()->dropped, 1);
    EXPECT_TRUE(store->integrity()->empty());
}

TEST(OnlineStore, ASessionWhoseCounterGoesOnIsPutToSleep) {
    const TestFolder folder;
    auto store = opened_beside(folder);
    ASSERT_TRUE(store->commit(group("a", 0)));
    BatchCommit sleeps = group("b", 0);
    sleeps.online->asleep = {{"a", "as it was then"}};
    ASSERT_TRUE(store->commit(sleeps));
    store = opened_beside(folder);
    EXPECT_EQ(sessions_of(*store).size(), 1U);
    EXPECT_EQ(*store->asleep("a"), "as it was then");
    EXPECT_FALSE(*store->asleep("b"));
    ASSERT_TRUE(store->commit(group("a", 0)));  // it woke up,
    sleeps.online->asleep = {{"a", "as it is now"}};
    ASSERT_TRUE(store->commit(sleeps));  // and fell silent again
    EXPECT_EQ(*store->asleep("a"), "as it is now");
    ASSERT_TRUE(store->forget_charged_sessions(kNow));
    EXPECT_TRUE(*store->asleep("a"));
    ASSERT_TRUE(store->forget_charged_sessions(kNow.plus_micros(1)));
    EXPECT_FALSE(*store->asleep("a"));
}

TEST(OnlineStore, TellsWhetherSessionsChanged) {
    const TestFolder folder;
    const auto store = opened_beside(folder);
    EXPECT_EQ(*store->session_changes(), 0);
    ASSERT_TRUE(store->commit(group("a", 7)));
    ASSERT_TRUE(store->commit(group("b", 0)));
    EXPECT_EQ(*store->session_changes(), 2);
    BatchCommit files;
    files.committed_at = kNow;
    files.kind = "import";
    files.feed = {1};
    files.open_sessions = {{{1, 2}, kNow, 5, false, 5}};
    ASSERT_TRUE(store->commit(files));  // of the feed itself
    EXPECT_EQ(*store->session_changes(), 2);
    files.session_feed = FeedId();
    ASSERT_TRUE(store->commit(files));  // of sessions that are charged while they happen
    EXPECT_EQ(*store->session_changes(), 3);
}

TEST(OnlineStore, TellsWhatMoneyMovedSinceAnEntry) {
    const TestFolder folder;
    const auto store = opened_beside(folder);
    const auto other = opened_beside(folder);
    EXPECT_TRUE(store->money_moves({})->atoms.empty());
    ASSERT_TRUE(store->commit(group("a", 7)));
    const EntryId first = store->newest_entry();
    ASSERT_TRUE(store->commit(group("a", 5)));
    ASSERT_TRUE(other->wrote_elsewhere());
    const auto all = other->money_moves({});
    ASSERT_EQ(all->atoms.size(), 1U);
    EXPECT_EQ(all->atoms.front().first, (LedgerAccount{LedgerKind::unbilled, 1}));
    EXPECT_TRUE(all->atoms.front().second == 12);
    EXPECT_EQ(all->last, store->newest_entry());
    EXPECT_TRUE(other->money_moves(first)->atoms.front().second == 5);
    EXPECT_TRUE(other->money_moves(all->last)->atoms.empty());
    EXPECT_EQ(other->money_moves(all->last)->last, all->last);
}

// How long it took to get the turn again, after a turn of 150 ms for the end of which `other`
// waited.
std::chrono::milliseconds turn_again(Store& store, Store& other) {
    using std::chrono::steady_clock;
    EXPECT_TRUE(store.take_turn());
    std::thread waits([&] {
        EXPECT_TRUE(other.take_turn());
        other.give_turn();
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    while (!store.others_wait()) std::this_thread::yield();
    store.give_turn();
    const auto given = steady_clock::now();
    waits.join();
    EXPECT_TRUE(store.take_turn());
    const auto took = steady_clock::now() - given;
    store.give_turn();
    return std::chrono::duration_cast<std::chrono::milliseconds>(took);
}

TEST(OnlineStore, WhoImportsRestsAsLongAsItWorkedWhereOneWaitsThatChargesWhileUsageHappens) {
    const TestFolder folder;
    const auto importing = opened_beside(folder);
    const auto charging = opened_beside(folder);
    ASSERT_TRUE(charging->charge_live());
    EXPECT_GE(turn_again(*importing, *charging).count(), 99);
}

TEST(OnlineStore, TellsWhetherSomebodyChargesWhileUsageHappens) {
    const TestFolder folder;
    const auto importing = opened_beside(folder);
    EXPECT_FALSE(importing->charged_live());
    {
        const auto charging = opened_beside(folder);
        const auto beside = opened_beside(folder);
        ASSERT_TRUE(charging->charge_live());
        ASSERT_TRUE(beside->charge_live());
        EXPECT_TRUE(importing->charged_live());
        EXPECT_TRUE(charging->charged_live());
        EXPECT_TRUE(importing->charged_live());  // asking takes nothing away
    }
    EXPECT_FALSE(importing->charged_live());
}

RatedChunk any_rated() {
    RatedChunk rated;
    const auto add = [&](std::uint32_t row, std::int64_t atoms) {
        rated.row.push_back(row);
        rated.perspective.push_back(Perspective::retail);
        rated.subscription.push_back({3});
        rated.payer.push_back({1});
        rated.component.push_back({4});
        rated.version.push_back({2});
        rated.owner_kind.push_back(OwnerKind::group);
        rated.owner.push_back(70'000);
        rated.item.push_back(std::uint64_t{1} << 40);
        rated.window_first.push_back(Date::of(2026, 6, 1));
        rated.window_end.push_back(Date::of(2026, 7, 1));
        rated.segment_start.push_back(kNow);
        rated.billable.push_back(5);
        rated.from.push_back(100);
        rated.to.push_back(105);
        rated.charge_atoms.push_back(atoms);
        rated.fee_atoms.push_back(-2);
        rated.below.push_back(-1);
        rated.below_quantity.push_back(-40);
        rated.when.push_back(kNow);
        rated.fees.push_back(1);
    };
    add(0, 6);
    add(0, 1);
    rated.days = {{1, {3, 2}}, {1, {4, 3}}};
    return rated;
}

// What releases stored stays readable: never change these bytes, add others beside them.
TEST(OnlineStore, GoldenBytesOfWhatAUseCameTo) {
    const RatedChunk rated = any_rated();
    const std::size_t rows[] = {0, 1};
    const std::string bytes = pack_rated(rated, rows);
    std::string hex;
    for (const char byte : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    EXPECT_EQ(
        hex,
        "0102010301040202f0a204808080808020fac102b6c20280a0adfccbd0a9060ac801d2010c03014f80a0adfccb"
        "d0a9060200010301040202f0a204808080808020fac102b6c20280a0adfccbd0a9060ac801d2010203014f80a0"
        "adfccbd0a906020203040406");
    RatedChunk read;
    ASSERT_TRUE(unpack_rated(bytes, 0, read));
    EXPECT_EQ(pack_rated(read, rows), bytes);
    EXPECT_EQ(read.days, rated.days);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        RatedChunk none;
        EXPECT_FALSE(unpack_rated(std::string_view(bytes).substr(0, size), 0, none));
    }
}

// What goes to the archive is told and deleted once; what waits stays.
TEST(OnlineStore, R10_what_is_archived_leaves_and_what_waits_stays) {
    const TestFolder folder;
    auto store = opened_beside(folder);
    BatchCommit first = group("a", 7);
    first.online->rated = any_rated();
    OnlineUse waits = first.online->uses.front();
    waits.outcome = Outcome::suspended;
    waits.charge_atoms = 0;
    first.online->uses.push_back(waits);
    ASSERT_TRUE(store->commit(first));
    ASSERT_TRUE(store->commit(group("b", 5)));
    const auto live = store->live_batches(1);
    ASSERT_TRUE(live);
    ASSERT_EQ(live->size(), 1U);  // of so many records, and whole batches
    EXPECT_EQ(live->front().batch, BatchId{1});
    EXPECT_EQ(live->front().uses.size(), 1U);
    EXPECT_EQ(live->front().rated.charge_atoms, any_rated().charge_atoms);
    BatchCommit archive;
    archive.committed_at = kNow;
    archive.kind = "archive";
    archive.archived_online = {BatchId{1}, 1};
    ASSERT_TRUE(store->commit(archive));
    const auto told = [&] {
        std::string text;
        EXPECT_TRUE(store->each_online_use([&](BatchId batch, const OnlineUse& use) {
            text += fmt::format("{} {} {}; ", batch.value, use.session, name_of(use.outcome));
        }));
        return text;
    };
    EXPECT_EQ(told(), "1 a suspended; 2 b rated; ");
    ASSERT_TRUE(store->forget_archived_online());
    EXPECT_EQ(told(), "1 a suspended; 2 b rated; ");
    EXPECT_EQ(*store->archived_online(), 1);
    EXPECT_EQ(store->live_batches(100)->size(), 1U);
    EXPECT_TRUE(store->integrity()->empty());
}

TEST(OnlineStore, TellsWhatWasChargedWhenItCantBeRead) {
    const TestFolder folder;
    const auto store = opened_beside(folder);
    ASSERT_TRUE(store->commit(group("a", 7)));
    ASSERT_TRUE(store->live_batches(100));
    auto database = Database::open(folder.path() / "farthing.db");
    const auto damaged = (*database)->script(
        "DROP TRIGGER \"charge_live_no_UPDATE\";"
        "UPDATE charge_live SET rated = x'78'");
    ASSERT_TRUE(damaged) << damaged.error().to_string();
    EXPECT_EQ(store->live_batches(100).error().code, "live_damaged");
}

// Two processes that charge: the second must see what the first wrote before it may write.
TEST(OnlineStore, RefusesWhoHasNotReadWhatOthersWrote) {
    const TestFolder folder;
    const auto one = opened_beside(folder);
    const auto other = opened_beside(folder);
    ASSERT_TRUE(one->commit(group("a", 7)));
    for (const std::int64_t atoms : {5, 0}) {
        const auto refused = other->commit(group("b", atoms));
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, "position_moved");
    }
    EXPECT_TRUE(*other->wrote_elsewhere());
    EXPECT_FALSE(*other->wrote_elsewhere());
    EXPECT_TRUE(other->commit(group("b", 5)));
    EXPECT_EQ(sessions_of(*one).size(), 2U);
}

TEST(OnlineStore, ATopUpCountsOncePerReference) {
    const TestFolder folder;
    const auto store = opened_beside(folder);
    TopUp payment{{1}, "p1", kNow, *Currency::named("EUR"), 50};
    const Entry posted =
        entry(EntryKind::top_up, {LedgerKind::cash, 0}, {LedgerKind::prepaid, 1}, 50);
    ASSERT_TRUE(store->top_up({payment, posted, false, {}}));
    ASSERT_TRUE(store->top_up({payment, posted, false, {}}));
    EXPECT_EQ(store->top_ups({1})->size(), 1U);
    EXPECT_EQ(store->top_ups({2})->size(), 0U);
    EXPECT_EQ(store->entries({1})->size(), 1U);
    payment.atoms = 51;
    const auto refused = store->top_up({payment, posted, false, {}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "reference_taken");
}

TEST(OnlineStore, KeepsLimitsAlertsAndKeys) {
    const TestFolder folder;
    const auto store = opened_beside(folder);
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

Store::FeesTaken one_fee(std::int64_t taken, std::int64_t uncovered) {
    PrepaidFee fee{{1},
                   {2},
                   {3},
                   {4},
                   {Date::of(2026, 6, 1), Date::of(2026, 7, 1)},
                   Date::of(2026, 6, 1),
                   Date::of(2026, 6, 1),
                   Date::of(2026, 7, 1)};
    Store::FeesTaken delta;
    FeeMove move{0, fee, kNow, taken + uncovered, taken, 9, {}};
    delta.moves.push_back({move, {}});
    if (taken != 0) {
        delta.moves[0].entry =
            entry(EntryKind::fee, {LedgerKind::unbilled, 1}, {LedgerKind::revenue, 4}, taken);
        delta.no_longer = {fee};
    } else {
        delta.uncovered = {{fee, uncovered}};
    }
    return delta;
}

TEST(OnlineStore, EC71_a_fee_waits_until_it_is_taken_and_what_became_of_it_stays) {
    const TestFolder folder;
    const auto store = opened_beside(folder);
    ASSERT_TRUE(store->take_fees(one_fee(0, 7)));
    ASSERT_EQ(store->uncovered_fees()->size(), 1U);
    EXPECT_EQ(store->uncovered_fees()->front().atoms, 7);
    const auto beside = opened_beside(folder);
    EXPECT_EQ(beside->uncovered_fees()->size(), 1U);
    ASSERT_TRUE(store->take_fees(one_fee(7, 0)));
    EXPECT_EQ(beside->take_fees(one_fee(7, 0)).error().code, "position_moved");
    EXPECT_TRUE(store->uncovered_fees()->empty());
    const auto moves = store->fee_moves({1}, Date::of(2026, 7, 1));
    ASSERT_EQ(moves->size(), 2U);
    EXPECT_FALSE((*moves)[0].was_taken());
    EXPECT_TRUE((*moves)[1].was_taken());
    EXPECT_EQ((*moves)[1].available, 9);
    EXPECT_TRUE(store->fee_moves({1}, Date::of(2026, 7, 2))->empty());
    EXPECT_TRUE(store->integrity()->empty());
}

TEST(OnlineStore, ABucketAndItsPriceAreStoredTogetherOrNeither) {
    const TestFolder folder;
    const auto store = opened_beside(folder);
    const auto beside = opened_beside(folder);
    BucketFact fact{{},
                    OwnerKind::group,
                    7,
                    {4},
                    {5},
                    {1},
                    Date::of(2026, 6, 1),
                    Date::of(2026, 7, 1),
                    1'000'000,
                    2,
                    50,
                    {1},
                    9,
                    kNow,
                    "order 1"};
    const auto price =
        entry(EntryKind::fee, {LedgerKind::unbilled, 1}, {LedgerKind::revenue, 5}, 9);
    const std::int64_t described = *store->described();
    const auto id = store->add_bucket({fact, price, {}});
    ASSERT_TRUE(id) << id.error().to_string();
    EXPECT_EQ(*id, BucketId{1});
    EXPECT_NE(*store->described(), described);
    fact.id = *id;
    EXPECT_EQ(facts_of(*store).buckets, std::vector{fact});
    EXPECT_EQ(store->entries({})->size(), 1U);
    EXPECT_EQ(beside->add_bucket({fact, price, {}}).error().code, "position_moved");
    EXPECT_FALSE(store->add_bucket({fact, price, {}}));  // the reference is taken
    fact.reference = "order 2";
    EXPECT_FALSE(store->add_bucket({fact, {}, {}}));  // a price without an entry
    EXPECT_EQ(store->entries({})->size(), 1U);
    EXPECT_TRUE(store->integrity()->empty());
}

TEST(OnlineStore, AVoucherIsRedeemedOnceAndItsCodeIsNotKept) {
    const TestFolder folder;
    const auto store = opened_beside(folder);
    EXPECT_EQ(*store->voucher_key("k1"), "k1");
    EXPECT_EQ(*store->voucher_key("k2"), "k1");
    VoucherBatch batch;
    batch.name = "spring";
    batch.at = kNow;
    batch.currency = *Currency::named("EUR");
    batch.atoms = 5;
    batch.valid_until = kNow.plus_micros(kMicrosPerDay);
    const std::vector<std::string> hashes{"h1", "h2"};
    ASSERT_TRUE(store->add_vouchers(batch, hashes));
    EXPECT_EQ(store->add_vouchers(batch, hashes).error().code, "voucher_batch_exists");
    PaidIn money;
    money.payment = {{1}, "voucher spring/1", kNow, batch.currency, 5};
    money.entry = entry(EntryKind::voucher, {LedgerKind::vouchers, 0}, {LedgerKind::prepaid, 1}, 5);
    money.voucher = "h1";
    money.voucher_reference = "r1";
    ASSERT_TRUE(store->top_up(money));
    EXPECT_EQ(store->top_up(money).error().code, "voucher_redeemed");
    EXPECT_EQ(store->voucher("h1")->value().account, AccountId{1});
    EXPECT_FALSE(store->voucher("h2")->value().account);
    EXPECT_EQ(store->redemption("r1")->value().hash, "h1");
    EXPECT_EQ(store->voucher_batches()->front().redeemed, 1);
    EXPECT_TRUE(*store->block_vouchers(1, kNow, "stolen"));
    EXPECT_FALSE(*store->block_vouchers(1, kNow, "again"));
    EXPECT_EQ(store->voucher("h2")->value().batch.blocked_because, "stolen");
    EXPECT_EQ(store->prepaid_since({})->at({1}), kNow);
}

}  // namespace
}  // namespace farthing::store
