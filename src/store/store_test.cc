#include "store/store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <fstream>

#include "base/hash.h"
#include "store/archive.h"
#include "store/test_folder.h"

namespace farthing::store {
namespace {

Currency eur() {
    return *Currency::named("EUR");
}

Entry usage_entry(std::int64_t atoms) {
    Entry entry;
    entry.kind = EntryKind::usage;
    entry.payer = {1};
    entry.component = {4};
    entry.period = {Date::of(2026, 6, 1), Date::of(2026, 7, 1)};
    entry.currency = eur();
    entry.postings = {{{LedgerKind::unbilled, 1}, atoms}, {{LedgerKind::revenue, 4}, -atoms}};
    return entry;
}

// A file holds its own path, unless it is a copy of what stands at `original`.
Store::SourceRow sealed(Store& store, std::string path, std::int64_t records = 10,
                        std::string_view original = {}) {
    Source source;
    source.feed = {1};
    source.path = path;
    source.hash = sha256_hex(original.empty() ? path : original);
    source.records = records;
    auto row = store.seal(source);
    EXPECT_TRUE(row) << row.error().to_string();
    return *row;
}

// Ten records of one source: seven rated, two duplicates, one suspended.
BatchCommit batch_of(const Store::SourceRow& source, std::int64_t from = 0, std::int64_t to = 10) {
    BatchCommit batch;
    batch.committed_at = *parse_rfc3339("2026-06-02T10:00:00Z");
    batch.feed = {1};
    batch.ranges = {{source.source.id, from, to, source.epoch}};
    ControlTotals totals;
    totals.source = source.source.id;
    totals.received = 10;
    totals.outcomes[static_cast<std::size_t>(Outcome::rated)] = 7;
    totals.outcomes[static_cast<std::size_t>(Outcome::duplicate)] = 2;
    totals.outcomes[static_cast<std::size_t>(Outcome::suspended)] = 1;
    batch.controls = {totals};
    batch.quantities = {{source.source.id, Perspective::retail, {1}, 100, {100}}};
    batch.packs = {
        {{Perspective::retail, 1, Date::of(2026, 6, 1).days, 0}, std::string("a\0b", 3)}};
    batch.entries = {usage_entry(1'234'567'890)};
    SuspenseGroup group;
    group.feed = {1};
    group.reason = SuspenseReason::unknown_identity;
    group.identity = "device L-9";
    group.records = 1;
    group.sample = "lamps.csv:4: L-9,…";
    batch.suspended = {group};
    batch.rated_atoms = {{eur().numeric(), 1'234'567'890}};
    batch.incidents = {"sequence 7 is missing"};
    return batch;
}

TEST(Store, KeepsCatalogsAndNames) {
    const TestFolder folder;
    NameTable names;
    names.id_of(NameTable::Kind::plan, "lamp");
    const CatalogRecord first{
        {1}, "city", *parse_rfc3339("2026-01-01T00:00:00Z"), "h1", {{"a.yaml", "x: 1\n"}}};
    {
        auto store = opened(folder.path());
        ASSERT_TRUE(store->publish(first, names));
        names.id_of(NameTable::Kind::meter, "energy");
        CatalogRecord second = first;
        second.version = {2};
        ASSERT_TRUE(store->publish(second, names));
        EXPECT_EQ(code_of_error(store->publish(second, names)),
                  "store_failed");  // version 2 is there already
    }
    auto store = opened(folder.path());
    const auto records = store->catalogs();
    ASSERT_EQ(records->size(), 2u);
    EXPECT_EQ((*records)[0].files, first.files);
    EXPECT_EQ((*records)[1].valid_from, first.valid_from);
    EXPECT_EQ(store->names()->rows(), names.rows());
}

TEST(Store, KeepsDirectoryFactsInOrder) {
    const TestFolder folder;
    DirectoryFacts facts;
    facts.accounts = {
        {{1}, "city", {}, "The City", {"Town Hall", "", "1 Main St"}, 31, "EE1", "EE"},
        {{2}, "north", {1}, "", {}, 1, "", ""}};
    facts.pays = {{{1}, Date::of(2026, 1, 1), true}, {{1}, Date::of(2026, 2, 1), false}};
    facts.groups = {{{1}, "lamps", {1}}};
    facts.subscriptions = {{{1}, "L-1", {2}, {1}}};
    facts.plans = {{{1}, Date::of(2026, 1, 1), {3}}};
    facts.quantities = {{{1}, Date::of(2026, 1, 16), 50}};
    facts.identities = {{IdentityKind::device, "L-1", {1}, Instant::min(), Instant::max()}};
    auto store = opened(folder.path());
    ASSERT_TRUE(store->append(facts));
    DirectoryFacts more;
    more.accounts = {{{1}, "city", {}, "The City", {"New Hall"}, 31, "EE1", "EE"}};
    ASSERT_TRUE(store->append(more));
    const DirectoryFacts read = facts_of(*opened(folder.path()));
    facts.accounts.push_back(more.accounts[0]);
    EXPECT_EQ(read.accounts, facts.accounts);
    EXPECT_EQ(read.pays, facts.pays);
    EXPECT_EQ(read.groups, facts.groups);
    EXPECT_EQ(read.subscriptions, facts.subscriptions);
    EXPECT_EQ(read.plans, facts.plans);
    EXPECT_EQ(read.quantities, facts.quantities);
    EXPECT_EQ(read.identities, facts.identities);
}

TEST(Store, ManyFactsAreToldSomeAtATimeAsTheyStoodAtOneTime) {
    const TestFolder folder;
    auto store = opened(folder.path());
    DirectoryFacts facts;
    for (std::uint32_t i = 1; i <= 20'000; ++i) {
        AccountFact account{{i}, "a" + std::to_string(i), {}, {}, {}, 1, {}, {}};
        for (std::uint32_t line = 0; line < i % 3; ++line)
            account.address.push_back("line " + std::to_string(line));
        facts.accounts.push_back(account);
        facts.identities.push_back(
            {IdentityKind::device, "d" + std::to_string(i), {1}, Instant::min(), Instant::max()});
    }
    ASSERT_TRUE(store->append(facts));
    auto other = opened(folder.path());
    DirectoryFacts told;
    std::size_t most = 0;
    FactCounts counts;
    ASSERT_TRUE(store->tell_facts(
        [&](const FactCounts& all) {
            counts = all;
            DirectoryFacts later;
            later.identities = {
                {IdentityKind::device, "later", {1}, Instant::min(), Instant::max()}};
            ASSERT_TRUE(other->append(later));
        },
        [&](DirectoryFacts& some) -> Result<void> {
            most = std::max(most, some.accounts.size() + some.identities.size());
            append_facts(told, some);
            return {};
        }));
    EXPECT_EQ(counts.accounts, 20'000U);
    EXPECT_EQ(counts.identities, 20'000U);
    EXPECT_LT(most, 10'000U);
    EXPECT_EQ(told.accounts, facts.accounts);
    EXPECT_EQ(told.identities, facts.identities);
    EXPECT_EQ(facts_of(*store).identities.size(), 20'001U);
}

TEST(Store, GivesTheNewestTextOfAFeed) {
    const TestFolder folder;
    auto store = opened(folder.path());
    EXPECT_EQ(*store->save_feed("lamps", "v1"), FeedId{1});
    EXPECT_EQ(*store->save_feed("sims", "v1"), FeedId{2});
    EXPECT_EQ(*store->save_feed("lamps", "v2"), FeedId{1});
    const auto feeds = store->feeds();
    ASSERT_EQ(feeds->size(), 2u);
    EXPECT_EQ((*feeds)[0].text, "v2");
}

TEST(Store, TakesAFileUpWhereItWasLeftAndKnowsACopy) {
    const TestFolder folder;
    auto store = opened(folder.path());
    const auto first = sealed(*store, "a.csv");
    EXPECT_EQ(first.epoch, 1);
    EXPECT_EQ(sealed(*store, "a.csv").source.id, first.source.id);
    ASSERT_TRUE(store->commit(batch_of(first)));
    EXPECT_EQ(sealed(*store, "a.csv").source.id, first.source.id);  // finished: nothing to do
    const auto copy = sealed(*store, "copy-of-a.csv", 10, "a.csv");
    EXPECT_NE(copy.source.id, first.source.id);
    EXPECT_EQ(copy.source.same_as, first.source.id);
    EXPECT_EQ(store->sources()->size(), 2u);
    EXPECT_EQ((*store->source(first.source.id))->position, 10);
}

TEST(Store, CommitsABatchWhole) {
    const TestFolder folder;
    auto store = opened(folder.path());
    const auto source = sealed(*store, "a.csv");
    EXPECT_EQ(*store->next_batch(), BatchId{1});
    const auto id = store->commit(batch_of(source));
    ASSERT_TRUE(id) << id.error().to_string();
    EXPECT_EQ(*id, BatchId{1});
    const auto batches = store->batches();
    ASSERT_EQ(batches->size(), 1u);
    EXPECT_EQ((*batches)[0].snapshot, 1);
    EXPECT_EQ((*batches)[0].chain.size(), 64u);
    EXPECT_EQ((*batches)[0].rated_atoms, batch_of(source).rated_atoms);
    EXPECT_EQ(*store->counter_pack({Perspective::retail, 1, Date::of(2026, 6, 1).days, 0}),
              std::string("a\0b", 3));
    EXPECT_EQ(*store->windows(Perspective::retail), std::vector<Date>{Date::of(2026, 6, 1)});
    EXPECT_EQ(store->counter_packs(Perspective::retail, Date::of(2026, 6, 1))->size(), 1u);
    EXPECT_EQ((*store->controls())[0].totals.outcomes, batch_of(source).controls[0].outcomes);
    EXPECT_EQ((*store->quantities())[0].totals.received, 100);
    EXPECT_EQ((*store->incidents())[0].text, "sequence 7 is missing");
    EXPECT_EQ((*store->suspense())[0].group.identity, "device L-9");
    const auto entries = store->entries({1});
    ASSERT_EQ(entries->size(), 1u);
    EXPECT_EQ((*entries)[0].id, EntryId{1});
    EXPECT_EQ((*entries)[0].batch, BatchId{1});
    EXPECT_EQ((*entries)[0].postings, usage_entry(1'234'567'890).postings);
    EXPECT_TRUE(store->integrity()->empty()) << store->integrity()->front();
}

TEST(Store, RefusesASourceThatMovedMeanwhile) {
    const TestFolder folder;
    auto one = opened(folder.path());
    auto other = opened(folder.path());
    const auto source = sealed(*one, "a.csv");
    ASSERT_TRUE(other->commit(batch_of(source)));
    EXPECT_EQ(code_of_error(one->commit(batch_of(source))), "position_moved");
    Store::SourceRow stale = sealed(*one, "b.csv");
    stale.epoch = 2;  // no longer the owner
    EXPECT_EQ(code_of_error(one->commit(batch_of(stale))), "position_moved");
    EXPECT_EQ(one->batches()->size(), 1u);
    EXPECT_EQ(one->entries({})->size(), 1u);
}

TEST(Store, RefusesABatchWhoseFilesCarryATakenNumber) {
    const TestFolder folder;
    auto one = opened(folder.path());
    auto other = opened(folder.path());
    const auto a = sealed(*one, "a.csv");
    const auto b = sealed(*one, "b.csv");
    EXPECT_EQ(*one->next_batch(), BatchId{1});
    ASSERT_TRUE(other->commit(batch_of(b)));
    EXPECT_EQ(code_of_error(one->commit(batch_of(a))), "position_moved");
    EXPECT_TRUE(one->commit(batch_of(a)));
}

TEST(Store, RefusesTotalsThatDoNotCloseAndKeepsNothingOfThem) {
    const TestFolder folder;
    auto store = opened(folder.path());
    const auto source = sealed(*store, "a.csv");
    BatchCommit batch = batch_of(source);
    batch.controls[0].received = 11;
    EXPECT_EQ(code_of_error(store->commit(batch)), "control_broken");
    batch = batch_of(source);
    batch.quantities[0].outcomes[0] = 99;
    EXPECT_EQ(code_of_error(store->commit(batch)), "control_broken");
    EXPECT_TRUE(store->batches()->empty());
    EXPECT_TRUE(store->suspense()->empty());
    EXPECT_EQ((*store->source(source.source.id))->position, 0);
    EXPECT_TRUE(store->commit(batch_of(source)));
}

TEST(Store, ReplacesNoFilesByOnesOfOtherRows) {
    const TestFolder folder;
    auto store = opened(folder.path());
    BatchCommit batch = batch_of(sealed(*store, "a.csv"));
    batch.retires = {"usage/nowhere.parquet"};
    EXPECT_EQ(code_of_error(store->commit(batch)), "rewrite_unequal");
    EXPECT_TRUE(store->batches()->empty());
}

TEST(Store, LetsNoMoreLeaveSuspenseThanWaits) {
    const TestFolder folder;
    auto store = opened(folder.path());
    ASSERT_TRUE(store->commit(batch_of(sealed(*store, "a.csv"))));
    EXPECT_EQ(code_of_error(store->drop({{1, {}, "test data", 2, {}}})), "suspense_overdrawn");
    ASSERT_TRUE(store->drop({{1, {}, "test data", 1, {}}}));
    EXPECT_EQ((*store->suspense())[0].dropped, 1);
    EXPECT_EQ(code_of_error(store->drop({{1, {}, "again", 1, {}}})), "suspense_overdrawn");
}

SuspenseFix fix_of(std::string field, std::string value) {
    return {0,
            *parse_rfc3339("2026-06-03T10:00:00Z"),
            "anna",
            "label",
            std::move(field),
            std::move(value)};
}

TEST(Store, KeepsWhatPeopleCorrectedWithTheBatchThatReadItSo) {
    const TestFolder folder;
    const auto store = opened(folder.path());
    BatchCommit first = batch_of(sealed(*store, "a.csv"));
    first.fixes = {fix_of("identity", "L-1"), fix_of("start", "2026-06-01T00:00:00Z")};
    ASSERT_TRUE(store->commit(first));
    auto fixes = *store->fixes();
    ASSERT_EQ(fixes[{1}].size(), 2U);
    EXPECT_EQ(fixes[{1}][0].id, 1U);
    EXPECT_EQ(fixes[{1}][1].value, "2026-06-01T00:00:00Z");

    BatchCommit second = batch_of(sealed(*store, "b.csv"));
    second.fixes = {fixes[{1}][0], fix_of("identity", "L-2")};  // one of before and a new one
    ASSERT_TRUE(store->commit(second));
    fixes = *store->fixes();
    ASSERT_EQ(fixes[{2}].size(), 2U);
    EXPECT_EQ(fixes[{2}][0], fixes[{1}][0]);
    EXPECT_EQ(fixes[{2}][1].id, 3U);
    EXPECT_TRUE(store->integrity()->empty());
    raw_sql(folder.path(),
            "DROP TRIGGER suspense_fix_no_UPDATE; UPDATE suspense_fix SET who = 'x'");
    EXPECT_FALSE(store->integrity()->empty());  // the chain covers them
}

TEST(Store, KeepsWhichRecordsLeftAGroupBeforeTheRest) {
    const TestFolder folder;
    const auto store = opened(folder.path());
    BatchCommit batch = batch_of(sealed(*store, "a.csv"));
    batch.suspended[0].records = 3;
    ASSERT_TRUE(store->commit(batch));
    ASSERT_TRUE(store->drop({{1, {}, "test", 1, {{{1}, 4}}}}));
    const auto left = *store->left_alone();
    ASSERT_EQ(left.at(1).size(), 1U);
    EXPECT_EQ(left.at(1)[0].line, 4);
    EXPECT_TRUE(store->integrity()->empty());
    EXPECT_FALSE(store->drop({{1, {}, "test", 1, {{{1}, 4}}}}));  // it is gone
    ASSERT_TRUE(store->drop({{1, {}, "test", 2, {{{1}, 5}}}}));   // two left, one is named
    EXPECT_FALSE(store->integrity()->empty());
}

WindowTotals window_of(WindowFunction function, std::int64_t quantity) {
    WindowTotals totals;
    totals.source = {1};
    totals.meter = {1};
    totals.function = function;
    totals.parts = 3;
    totals.sum = 20;
    totals.rated = 1;
    totals.quantity = quantity;
    return totals;
}

TEST(Store, ProvesWhatWindowsCameTo) {
    const TestFolder folder;
    const auto store = opened(folder.path());
    const auto commits = [&](const WindowTotals& totals) {
        BatchCommit batch = batch_of(sealed(*store, std::to_string(totals.quantity) + ".csv"));
        batch.windows = {totals};
        return store->commit(batch).has_value();
    };
    EXPECT_TRUE(commits(window_of(WindowFunction::max, 20)));
    EXPECT_FALSE(commits(window_of(WindowFunction::max, 21)));
    EXPECT_FALSE(commits(window_of(WindowFunction::distinct, 4)));
    EXPECT_FALSE(commits(window_of(WindowFunction::sum, 19)));
    EXPECT_FALSE(commits(window_of(WindowFunction::count, 2)));
    EXPECT_TRUE(commits(window_of(WindowFunction::last, -5)));
    EXPECT_FALSE(commits(window_of(WindowFunction::last, 21)));
}

TEST(Store, KeepsTheWindowsOfVersion15) {
    const TestFolder folder;
    {
        const auto store = opened(folder.path());
        BatchCommit batch = batch_of(sealed(*store, "a.csv"));
        batch.windows = {window_of(WindowFunction::count, 3)};
        ASSERT_TRUE(store->commit(batch));
    }
    raw_sql(folder.path(),
            "CREATE TABLE before (tenant INTEGER NOT NULL, batch INTEGER NOT NULL, source INTEGER "
            "NOT NULL, perspective INTEGER NOT NULL, meter INTEGER NOT NULL, counted INTEGER NOT "
            "NULL, parts INTEGER NOT NULL, parts_quantity INTEGER NOT NULL, rated INTEGER NOT "
            "NULL, zero_rated INTEGER NOT NULL, quantity INTEGER NOT NULL, PRIMARY KEY (tenant, "
            "batch, source, perspective, meter), CHECK (quantity = CASE WHEN counted = 1 THEN "
            "parts ELSE parts_quantity END)) STRICT, WITHOUT ROWID; "
            "INSERT INTO before SELECT * FROM control_window; DROP TABLE control_window; "
            "ALTER TABLE before RENAME TO control_window; ALTER TABLE batch DROP COLUMN owners; "
            "ALTER TABLE open_session DROP COLUMN closed_at; DROP TABLE group_moved; "
            "DROP TABLE charge_exit; DROP TABLE charge_asleep; "
            "ALTER TABLE open_session DROP COLUMN reported; ALTER TABLE open_session DROP COLUMN "
            "refunded; "
            "UPDATE schema_version SET version = 15");
    const auto store = opened(folder.path());
    const auto windows = store->windows();
    ASSERT_TRUE(windows && windows->size() == 1);
    EXPECT_EQ(windows->front().totals.function, WindowFunction::count);
    EXPECT_EQ(windows->front().totals.quantity, 3);
    EXPECT_TRUE(store->integrity()->empty());
    BatchCommit batch = batch_of(sealed(*store, "b.csv"));
    batch.windows = {window_of(WindowFunction::last, -7)};
    EXPECT_TRUE(store->commit(batch));
    EXPECT_TRUE(store->integrity()->empty());
}

TEST(Store, GivesADatabaseOfAnOlderReleaseWhatItLacks) {
    const TestFolder folder;
    {
        const auto store = opened(folder.path());
        ASSERT_TRUE(store->commit(batch_of(sealed(*store, "a.csv"))));
    }
    raw_sql(
        folder.path(),
        "DROP TABLE webhook_attempt; DROP TABLE webhook_delivery; DROP TABLE webhook_event; "
        "DROP TABLE session_changes; DROP TABLE webhook; DROP TABLE balance_watch; DROP TABLE "
        "balance_low; "
        "DROP TABLE plan_cap_alert; DROP TABLE fee_move; DROP TABLE fee_uncovered; "
        "DROP TABLE voucher_redeemed; DROP TABLE voucher_blocked; DROP TABLE voucher; "
        "DROP TABLE voucher_batch; DROP TABLE voucher_key; DROP TABLE voucher_guess; "
        "DROP TABLE transfer; DROP TABLE recharge_rule; DROP TABLE recharge; "
        "DROP TABLE bucket_fact; "
        "DROP TABLE batch_fix; DROP TABLE suspense_fix; DROP TABLE suspense_exit_record; "
        "DROP TABLE document_revision; DROP INDEX invoice_once; DROP INDEX note_once; "
        "ALTER TABLE invoice DROP COLUMN corrects; "
        "ALTER TABLE account_fact DROP COLUMN country; DROP TABLE control_taken_back; "
        "DROP TABLE archive_deleted; DROP TABLE archive_retired; "
        "DROP TABLE usage_deleted_session; DROP TABLE usage_deleted_rows; "
        "DROP TABLE usage_deleted; "
        "DROP TABLE control_window; ALTER TABLE source DROP COLUMN control; "
        "ALTER TABLE batch DROP COLUMN owners; "
        "ALTER TABLE suspense_group DROP COLUMN sides; "
        "ALTER TABLE suspense_group DROP COLUMN accepted; "
        "ALTER TABLE source DROP COLUMN taken_back_by; "
        "ALTER TABLE suspense_exit DROP COLUMN taken_back_by; "
        "DELETE FROM ducklake_column WHERE table_id = 4 OR (table_id = 1 AND column_id > 19) OR "
        "(table_id = 2 AND column_id > 22); DELETE FROM ducklake_table WHERE table_id = 4; "
        "DELETE FROM ducklake_table_stats WHERE table_id = 4; "
        "DROP TABLE charge_live; DROP TABLE charge_session; DROP TABLE top_up; "
        "DROP TABLE account_limit; DROP TABLE cap_alert; DROP TABLE api_key; "
        "DROP TABLE charge_archived; ALTER TABLE open_session DROP COLUMN filed; "
        "ALTER TABLE open_session DROP COLUMN touched_at; "
        "ALTER TABLE open_session DROP COLUMN closed_at; DROP TABLE group_moved; "
        "DROP TABLE charge_exit; DROP TABLE charge_asleep; "
        "ALTER TABLE open_session DROP COLUMN reported; ALTER TABLE open_session DROP COLUMN "
        "refunded; DROP INDEX "
        "suspense_exit_by_group; "
        "UPDATE schema_version SET version = 1");
    const auto store = opened(folder.path());
    EXPECT_TRUE(store->integrity()->empty());
    BatchCommit fixed = batch_of(sealed(*store, "b.csv"));
    fixed.fixes = {fix_of("identity", "L-1")};
    EXPECT_TRUE(store->commit(fixed));
}

// The plan SQLite would follow, step by step.
std::string plan_of(const std::filesystem::path& folder, const std::string& sql) {
    std::string plan;
    sqlite3* handle = nullptr;
    EXPECT_EQ(sqlite3_open((folder / "farthing.db").c_str(), &handle), SQLITE_OK);
    const auto take = [](void* out, int, char** values, char**) {
        *static_cast<std::string*>(out) += std::string(values[3]) + "\n";
        return 0;
    };
    sqlite3_exec(handle, ("EXPLAIN QUERY PLAN " + sql).c_str(), take, &plan, nullptr);
    sqlite3_close(handle);
    return plan;
}

TEST(Store, SearchesByTheIndexThatNarrowsNotByTheTenant) {
    const TestFolder folder;
    const auto store = opened(folder.path());
    const std::pair<std::string, std::string> questions[] = {
        {"SELECT document FROM invoice WHERE tenant = 1 AND payer = 2 ORDER BY id",
         "invoice_by_payer"},
        {"SELECT kind FROM entry WHERE tenant = 1 AND payer = 2 ORDER BY id", "entry_by_payer"},
        {"SELECT kind FROM entry WHERE tenant = 1 AND batch = 2 ORDER BY id", "entry_by_batch"},
        {"SELECT path FROM source WHERE tenant = 1 AND hash = 'a' ORDER BY id", "source_by_hash"},
        {"SELECT to_record FROM batch_range WHERE tenant = 1 AND batch = 2 ORDER BY source",
         "batch_range_by_batch"},
        {"SELECT sum(records) FROM suspense_exit WHERE tenant = 1 AND suspense_group = 2",
         "suspense_exit_by_group"},
        {"SELECT sum(atoms) FROM entry JOIN posting ON posting.tenant = entry.tenant AND "
         "posting.entry = entry.id WHERE entry.tenant = 1 AND entry.payer = 2 AND posting.kind = 3",
         "entry_by_payer"},
    };
    for (const auto& [sql, index] : questions) {
        EXPECT_NE(plan_of(folder.path(), sql).find(index), std::string::npos)
            << sql << "\n"
            << plan_of(folder.path(), sql);
    }
}

TEST(Store, ChainsItsBatches) {
    const TestFolder one;
    const TestFolder other;
    std::string first;
    for (const TestFolder* folder : {&one, &other}) {
        auto store = opened(folder->path());
        ASSERT_TRUE(store->commit(batch_of(sealed(*store, "a.csv", 20))));
        const std::string chain = (*store->batches())[0].chain;
        if (folder == &one) first = chain;
        EXPECT_EQ(chain, first);  // the same input gives the same chain
        ASSERT_TRUE(store->commit(batch_of(*(*store->source({1})), 10, 20)));
        EXPECT_NE((*store->batches())[1].chain, chain);
        EXPECT_TRUE(store->integrity()->empty());
    }
}

TEST(Store, RefusesToChangeHistory) {
    const TestFolder folder;
    auto store = opened(folder.path());
    ASSERT_TRUE(store->commit(batch_of(sealed(*store, "a.csv"))));
    for (const std::string table : {"posting", "entry", "control", "batch", "batch_chain"}) {
        EXPECT_EQ(raw_sql(folder.path(), "UPDATE " + table + " SET tenant = 2"),
                  "history_immutable")
            << table;
        EXPECT_EQ(raw_sql(folder.path(), "DELETE FROM " + table), "history_immutable") << table;
    }
}

TEST(Store, FindsPlantedDamage) {
    const std::pair<std::string, std::string> cases[] = {
        {"DROP TRIGGER posting_no_UPDATE; UPDATE posting SET atoms = atoms + 1 WHERE position = 0",
         "does not balance"},
        {"DROP TRIGGER posting_no_UPDATE; UPDATE posting SET atoms = atoms * 2", "chain: batch 1"},
        {"DROP TRIGGER control_no_UPDATE; UPDATE control SET rated = rated - 1, pending = pending "
         "+ 1",
         "chain: batch 1"},
        {"PRAGMA ignore_check_constraints = 1; DROP TRIGGER control_no_UPDATE; UPDATE control SET "
         "rated = 8",
         "CHECK"},
        {"UPDATE source SET position = 9", "position is not where"},
        {"UPDATE source SET hash = 'x'", "chain: batch 1"},
        {"UPDATE suspense_group SET dropped = 1", "suspense"},
    };
    for (const auto& [sql, fault] : cases) {
        const TestFolder folder;
        auto store = opened(folder.path());
        ASSERT_TRUE(store->commit(batch_of(sealed(*store, "a.csv"))));
        ASSERT_EQ(raw_sql(folder.path(), sql), "") << sql;
        const auto faults = store->integrity();
        ASSERT_TRUE(faults);
        const bool found = std::any_of(
            faults->begin(), faults->end(),
            [&](const std::string& told) { return told.find(fault) != std::string::npos; });
        EXPECT_TRUE(found) << sql
                           << (faults->empty() ? " found nothing" : " found " + faults->front());
    }
}

TEST(Store, RefusesADatabaseOfANewerRelease) {
    const TestFolder folder;
    (void)opened(folder.path());
    ASSERT_EQ(raw_sql(folder.path(), "UPDATE schema_version SET version = version + 1"), "");
    EXPECT_EQ(code_of_error(Store::open(folder.path())), "store_newer");
}

TEST(Store, FoldsBalancesBeyond64Bits) {
    const TestFolder folder;
    auto store = opened(folder.path());
    const auto source = sealed(*store, "a.csv");
    BatchCommit batch = batch_of(source);
    batch.entries = {usage_entry(INT64_MAX), usage_entry(INT64_MAX), usage_entry(3)};
    ASSERT_TRUE(store->commit(batch));
    const auto balances = store->balances();
    ASSERT_EQ(balances->size(), 2u);
    EXPECT_EQ((*balances)[0].account.kind, LedgerKind::unbilled);
    EXPECT_EQ(to_string((*balances)[0].atoms), "18446744073709551617");
    EXPECT_EQ(to_string((*balances)[1].atoms), "-18446744073709551617");
    EXPECT_TRUE(store->integrity()->empty());
}

std::function<std::string_view()> told(std::vector<std::string_view> some) {
    return [some = std::move(some), at = std::size_t{0}]() mutable {
        return at < some.size() ? some[at++] : std::string_view();
    };
}

TEST(Store, SweepsOrphansOnly) {
    const TestFolder folder;
    auto store = opened(folder.path());
    const auto source = sealed(*store, "a.csv");
    BatchCommit batch = batch_of(source);
    auto kept = write_blob(store->archive_folder(), "dedup", told({"regis", "tered"}));
    ASSERT_TRUE(kept);
    batch.files = {*kept};
    batch.dedup = {{kept->path, Date::of(2026, 6, 1), Date::of(2026, 6, 1), 10}};
    ASSERT_TRUE(store->commit(batch));
    ASSERT_TRUE(write_blob(store->archive_folder(), "dedup", told({"orphan"})));
    std::ofstream(store->archive_folder() / "dedup" / "99-1.tmp") << "half";
    {
        auto other = opened(folder.path());
        EXPECT_EQ(*store->sweep(), 0);  // its files may be waiting for their commit
    }
    EXPECT_EQ(*store->next_batch(), BatchId{2});
    EXPECT_EQ(*store->sweep(), 0);  // so may ours
    store.reset();
    store = opened(folder.path());
    EXPECT_EQ(*store->sweep(), 2);
    EXPECT_TRUE(std::filesystem::exists(store->archive_folder() / kept->path));
    EXPECT_EQ((*store->files("dedup"))[0].hash, sha256_hex("registered"));
    EXPECT_EQ((*store->dedup_segments())[0].second.keys, 10);
    std::filesystem::remove(store->archive_folder() / kept->path);
    EXPECT_EQ(store->integrity()->front(), "archive: a registered file is missing: " + kept->path);
}

}  // namespace
}  // namespace farthing::store
