// Groups that are on the disk in the log, and on their way to the tables: who asks is told of them,
// and whoever comes after a process that is gone finds them.
#include <gtest/gtest.h>

#include <atomic>

#include "store/applier.h"
#include "store/group_codec.h"
#include "store/sqlite.h"
#include "store/store.h"
#include "store/test_charge.h"
#include "store/test_folder.h"

namespace farthing::store {
namespace {

const PackKey kPack{Perspective::retail, 1, 20'605, 7};

BatchCommit charged(const std::string& session, std::int64_t atoms) {
    BatchCommit batch = group(session, atoms);
    if (atoms != 0) batch.packs = {{kPack, "pack after " + std::to_string(atoms)}};
    return batch;
}

// With everything that a group can have.
ChargedGroup full_group() {
    ChargedGroup full{{9}, charged("a", 7)};
    BatchCommit& commit = full.commit;
    OnlineDelta& online = *commit.online;
    online.uses.push_back(online.uses.front());
    OnlineUse& use = online.uses.back();
    use.number = 4;
    use.group = 10;
    use.network = {26'201};
    use.called = "49301234";
    use.calling = "49301235";
    use.quantity = -5;
    use.outcome = Outcome::suspended;
    use.reason = SuspenseReason::unknown_session;
    use.overrun_atoms = 3;
    use.key = {~std::uint64_t{0}, 5};
    use.counted = 2;
    RatedChunk& rated = online.rated;
    rated.row = {0};
    rated.perspective = {Perspective::retail};
    rated.subscription = {{3}};
    rated.payer = {{1}};
    rated.component = {{4}};
    rated.version = {{1}};
    rated.owner_kind = {OwnerKind::subscription};
    rated.owner = {3};
    rated.item = {0};
    rated.window_first = {Date::of(2026, 6, 1)};
    rated.window_end = {Date::of(2026, 7, 1)};
    rated.segment_start = {kNow};
    rated.billable = {5};
    rated.from = {0};
    rated.to = {5};
    rated.charge_atoms = {7};
    rated.fee_atoms = {0};
    rated.below = {0};
    rated.below_quantity = {0};
    rated.when = {kNow};
    rated.fees = {0};
    online.again = {{{4}, 7}};
    online.forgotten = {"gone", ""};
    online.asleep = {{"silent", std::string("\0\x01", 2)}};
    online.alerts = {{{1}, Date::of(2026, 6, 1), 80, kNow}};
    online.plan_alerts = {{{2}, {3}, {1}, Date::of(2026, 6, 1), 100, kNow}};
    online.low = {{1}};
    online.no_longer = {{2}, {5}};
    online.notices = {{"cap.reached", kNow, {1}, "{}"}};
    commit.open_sessions = {{{1, 2}, kNow, 5, true, 3, Instant::max()},
                            {{3, 4}, Instant::min(), -5, false, 0, kNow, 8, 13}};
    commit.entries.push_back(commit.entries.front());
    commit.entries.back().reverses = {6};
    commit.packs.push_back({{Perspective::cost, 2, -4, 1}, std::string("\0\xff", 2)});
    return full;
}

// ---- bytes

TEST(GroupCodec, TellsAllOfAGroupAgain) {
    const std::string bytes = pack_group(full_group());
    const auto read = unpack_group(bytes);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->batch, BatchId{9});
    EXPECT_EQ(read->commit.kind, "charge");
    EXPECT_EQ(pack_group(*read), bytes);
    const OnlineUse& use = read->commit.online->uses.back();
    EXPECT_EQ(use.reason, SuspenseReason::unknown_session);
    EXPECT_EQ(use.quantity, -5);
    EXPECT_EQ(use.key, (Hash128{~std::uint64_t{0}, 5}));
    EXPECT_EQ(read->commit.online->rated.charge_atoms, std::vector<std::int64_t>{7});
    EXPECT_EQ(read->commit.online->plan_alerts.front().percent, 100);
    EXPECT_EQ(read->commit.online->again, full_group().commit.online->again);
    EXPECT_EQ(read->commit.online->asleep.front().bytes.size(), 2U);
    EXPECT_EQ(read->commit.open_sessions, full_group().commit.open_sessions);
    EXPECT_EQ(read->commit.entries.back().reverses, EntryId{6});
    EXPECT_EQ(read->commit.packs.back().bytes.size(), 2U);
}

TEST(GroupCodec, RefusesWhatIsCutOrLonger) {
    const std::string bytes = pack_group(full_group());
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(unpack_group(std::string_view(bytes).substr(0, size))) << size;
    EXPECT_FALSE(unpack_group(bytes + "x"));
}

// ---- moving

LoggedGroup logged(std::uint64_t number) {
    return {{number, 0, static_cast<std::int64_t>(number)}, {}};
}

TEST(Applier, MovesInOrderAndTellsWhatWaits) {
    std::vector<std::uint64_t> moved;
    std::atomic<bool> fails = true;
    Applier applier({}, [&](std::span<const LoggedGroup* const> groups) -> Result<void> {
        if (fails) return fail(StoreReason::store_failed, "full");
        for (const LoggedGroup* group : groups) moved.push_back(group->place.number);
        return {};
    });
    for (const std::uint64_t number : {1U, 2U, 3U}) applier.put(logged(number));
    const auto refused = applier.settle();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "full");
    std::vector<std::uint64_t> waiting;
    applier.each_waiting([&](const LoggedGroup& one) { waiting.push_back(one.place.number); });
    EXPECT_EQ(waiting, (std::vector<std::uint64_t>{1, 2, 3}));
    EXPECT_EQ(applier.applied(), LogPlace());
    fails = false;  // there is room again
    ASSERT_TRUE(applier.settle());
    EXPECT_EQ(moved, waiting);
    EXPECT_EQ(applier.applied(), (LogPlace{3, 0, 3}));
}

TEST(Applier, RefusesMoreThanItMayKeep) {
    Applier applier({}, [&](auto) -> Result<void> { return fail(StoreReason::store_failed); });
    std::uint64_t number = 0;
    while (applier.make_room() && number < 10'000) applier.put(logged(++number));
    EXPECT_GT(number, 10U);
    EXPECT_LT(number, 10'000U);
}

// ---- in a folder

std::unique_ptr<Store> opened_store(const std::filesystem::path& folder) {
    auto store = Store::open(folder);
    EXPECT_TRUE(store) << store.error().to_string();
    return store ? *std::move(store) : nullptr;
}

std::unique_ptr<Store> charging_store(const std::filesystem::path& folder) {
    auto store = opened_store(folder);
    EXPECT_TRUE(store->charge_live());
    return store;
}

Result<BatchId> charge(Store& store, BatchCommit batch) {
    FARTHING_TRY(const Turn turn, Turn::take(store));
    FARTHING_TRY([[maybe_unused]] const bool wrote, store.wrote_elsewhere());
    return store.commit_group(std::move(batch));
}

i128 spent_of(Store& store) {
    const auto spent = *store.spent({1});
    i128 sum = 0;
    for (const auto& [of, atoms] : spent) sum += atoms;
    return sum;
}

std::size_t sessions_in(Store& store) {
    std::size_t count = 0;
    EXPECT_TRUE(store.each_charge_session([&](const auto&) -> Result<void> {
        count += 1;
        return {};
    }));
    return count;
}

// What a process leaves that is killed now: nothing gets to the tables before `folder` is copied.
class Killed {
  public:
    Killed(const TestFolder& folder, const std::function<void()>& work)
        : database_(*Database::open(folder.path() / "farthing.db")) {
        EXPECT_TRUE(database_->script("BEGIN IMMEDIATE"));
        work();
        std::filesystem::copy(folder.path(), copy_.path(),
                              std::filesystem::copy_options::recursive);
        EXPECT_TRUE(database_->script("ROLLBACK"));
    }
    std::filesystem::path path() const { return copy_.path(); }

  private:
    std::unique_ptr<Database> database_;
    TestFolder copy_;
};

TEST(Groups, AreToldAtOnceAndStandInTheTables) {
    const TestFolder folder;
    auto store = charging_store(folder.path());
    EXPECT_EQ(*charge(*store, charged("a", 7)), BatchId{1});
    EXPECT_EQ(*charge(*store, charged("b", 0)), BatchId());
    EXPECT_EQ(*charge(*store, charged("a", 5)), BatchId{2});
    EXPECT_EQ(store->newest_entry(), EntryId{2});
    EXPECT_TRUE(spent_of(*store) == 12);
    EXPECT_EQ(*store->counter_pack(kPack), "pack after 5");
    EXPECT_EQ(sessions_in(*store), 2U);
    EXPECT_EQ(*store->newest_batch(), BatchId{2});
    EXPECT_TRUE(store->integrity()->empty());
}

TEST(Groups, AreToldWhileTheyAreOnTheirWay) {
    const TestFolder folder;
    auto store = charging_store(folder.path());
    ASSERT_TRUE(charge(*store, charged("a", 7)));
    ASSERT_EQ(sessions_in(*store), 1U);
    const Killed kept(folder, [&] {  // the tables stand still
        ASSERT_TRUE(charge(*store, charged("a", 5)));
        EXPECT_TRUE(spent_of(*store) == 12);
        EXPECT_EQ(*store->counter_pack(kPack), "pack after 5");
    });
    EXPECT_TRUE(spent_of(*store) == 12);
    EXPECT_EQ(sessions_in(*store), 1U);
    EXPECT_TRUE(spent_of(*store) == 12);
}

TEST(Groups, AreFoundAfterAProcessThatIsGone) {
    const TestFolder folder;
    auto store = charging_store(folder.path());
    ASSERT_TRUE(charge(*store, charged("a", 7)));
    const Killed killed(folder, [&] {
        ASSERT_TRUE(charge(*store, charged("b", 5)));
        ASSERT_TRUE(charge(*store, charged("c", 0)));
    });
    {
        const auto after = opened_store(killed.path());
        EXPECT_TRUE(spent_of(*after) == 12);
        EXPECT_EQ(*after->counter_pack(kPack), "pack after 5");
        EXPECT_EQ(sessions_in(*after), 3U);
        EXPECT_EQ(*after->newest_batch(), BatchId{2});
        EXPECT_TRUE(after->integrity()->empty());
    }
    EXPECT_EQ(std::filesystem::file_size(killed.path() / "groups-0.log"), 0U);
    const auto again = charging_store(killed.path());
    EXPECT_EQ(*charge(*again, charged("d", 1)), BatchId{3});
    EXPECT_TRUE(spent_of(*again) == 13);
    EXPECT_EQ(sessions_in(*again), 4U);
}

TEST(Groups, ThatAreLostAreTold) {
    const TestFolder folder;
    auto store = charging_store(folder.path());
    const Killed killed(folder, [&] {
        ASSERT_TRUE(charge(*store, charged("a", 7)));
        ASSERT_TRUE(charge(*store, charged("b", 5)));
    });
    std::fstream log(killed.path() / "groups-0.log",
                     std::ios::in | std::ios::out | std::ios::binary);
    log.seekp(40);
    log << "????";
    log.close();
    const auto after = Store::open(killed.path());
    ASSERT_FALSE(after);
    EXPECT_EQ(after.error().code, "group_log_damaged");
}

TEST(Groups, OfAnotherProcessComeFirst) {
    const TestFolder folder;
    auto store = charging_store(folder.path());
    auto beside = opened_store(folder.path());
    ASSERT_TRUE(beside->wrote_elsewhere());
    ASSERT_TRUE(charge(*store, charged("a", 7)));
    {
        const Turn turn = *Turn::take(*beside);
        EXPECT_TRUE(*beside->wrote_elsewhere());
        EXPECT_TRUE(spent_of(*beside) == 7);
    }
    ApiKey key{"gateway", "hash", "charge", kNow, {}};
    ASSERT_TRUE(beside->add_key(key));
    // It wrote: what is charged on what was seen before is refused, once.
    {
        const Turn turn = *Turn::take(*store);
        const auto refused = store->commit_group(charged("a", 5));
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, "position_moved");
        EXPECT_TRUE(*store->wrote_elsewhere());
        EXPECT_TRUE(store->commit_group(charged("a", 5)));
        EXPECT_FALSE(*store->wrote_elsewhere());
    }
    EXPECT_EQ(store->keys()->size(), 1U);
    ASSERT_TRUE(Turn::take(*beside));
    EXPECT_TRUE(spent_of(*beside) == 12);
}

TEST(Groups, OfTwoThatChargeFollowEachOther) {
    const TestFolder folder;
    auto one = charging_store(folder.path());
    auto other = charging_store(folder.path());
    for (int i = 1; i <= 6; ++i)
        EXPECT_EQ(*charge(i % 2 == 0 ? *one : *other, charged("s" + std::to_string(i), i)),
                  BatchId{static_cast<std::uint64_t>(i)});
    EXPECT_TRUE(Turn::take(*one));
    EXPECT_TRUE(spent_of(*one) == 21);
    EXPECT_TRUE(one->integrity()->empty());
}

}  // namespace
}  // namespace farthing::store
