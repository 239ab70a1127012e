// The log begins anew while commits go on, also after somebody read from it for long.
#include "store/checkpoints.h"

#include <gtest/gtest.h>

#include <fstream>

#include "store/sqlite.h"
#include "store/test_folder.h"

namespace farthing::store {
namespace {

class LoggedTable {
  public:
    LoggedTable() : writer_(*Database::open(file())) {
        EXPECT_TRUE(writer_->script("CREATE TABLE some (id INTEGER PRIMARY KEY, bytes BLOB)"));
        writer_->checkpoint_behind();
    }
    std::unique_ptr<Database> other() const { return *Database::open(file()); }
    // A hundred pages.
    void commit() {
        auto transaction = Transaction::begin(*writer_);
        ASSERT_TRUE(writer_->run("INSERT OR REPLACE INTO some VALUES (?, randomblob(400000))",
                                 commits_ % 50));
        ASSERT_TRUE(transaction->commit());
        commits_ += 1;
    }
    // By the number that a log has from its beginning.
    std::string beginning() const {
        std::ifstream log(file().string() + "-wal", std::ios::binary);
        std::string header(32, '\0');
        log.read(header.data(), 32);
        return header.substr(16, 8);
    }
    // Commits until the log has another; gives how many commits it took.
    int begins_anew() {
        const std::string before = beginning();
        for (int commits = 1; commits < 5'000; ++commits) {
            commit();
            if (beginning() != before) return commits;
        }
        return 0;
    }
    std::string checked() const {
        std::string told;
        EXPECT_TRUE(other()->select("PRAGMA integrity_check",
                                    [&](const SqlStatement& row) { told += row.text(0); }));
        return told;
    }

  private:
    std::filesystem::path file() const { return folder_.path() / "some.db"; }
    TestFolder folder_;
    std::unique_ptr<Database> writer_;
    int commits_ = 0;
};

TEST(Checkpoints, TheLogBeginsAnewAgainAndAgain) {
    LoggedTable table;
    for (int i = 0; i < 3; ++i) EXPECT_GT(table.begins_anew(), 0);
    EXPECT_EQ(table.checked(), "ok");
}

TEST(Checkpoints, TheLogStaysWhileSomebodyReadsAndThenBeginsAnew) {
    LoggedTable table;
    table.commit();
    const auto reader = table.other();
    ASSERT_TRUE(reader->script("BEGIN"));
    const auto rows = [&] { return *reader->integer("SELECT count(*) FROM some", -1); };
    ASSERT_EQ(rows(), 1);
    const std::string before = table.beginning();
    for (int i = 0; i < 300; ++i) table.commit();
    EXPECT_EQ(table.beginning(), before);
    EXPECT_EQ(rows(), 1);
    ASSERT_TRUE(reader->script("COMMIT"));
    EXPECT_GT(table.begins_anew(), 0);
    EXPECT_EQ(rows(), 50);
    EXPECT_EQ(table.checked(), "ok");
}

}  // namespace
}  // namespace farthing::store
