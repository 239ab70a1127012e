// Files that are rated while others charge: nobody waits for it, and where both moved the same
// counters it is done again.
#include "engine/test_followed.h"

namespace farthing::engine {
namespace {

class BesideEngine : public FollowedEngine {
  protected:
    BesideEngine() : server_(open()), files_(open()) {
        EXPECT_TRUE(server_->set_charging({}));  // it charges while usage happens
        EXPECT_TRUE(server_->top_up("a0", "100.00", "p"));
    }

    // Two files, of a card's data each: 3 MB, and 2 MB of which one record comes twice.
    std::vector<std::filesystem::path> files_of(int one, int other) const {
        const auto path = [&](const char* name) { return folder_ / name; };
        std::ofstream(path("one.csv"))
            << "id,at,who,what,n\n"
            << "1,2026-01-05T09:00:00Z," << name_of(one) << ",d,1000000\n"
            << "2,2026-01-05T09:01:00Z," << name_of(one) << ",d,2000000\n";
        std::ofstream(path("other.csv"))
            << "id,at,who,what,n\n"
            << "3,2026-01-05T09:00:00Z," << name_of(other) << ",d,2000000\n"
            << "3,2026-01-05T09:00:00Z," << name_of(other) << ",d,2000000\n"
            << "4,2026-01-05T09:00:00Z,nobody,d,2000000\n";
        return {path("one.csv"), path("other.csv")};
    }

    // 75 MB of card 0 and as many of card 12: 40.00 each.
    static constexpr std::int64_t kLongRecords = 150'000;
    std::vector<std::filesystem::path> long_file() const {
        const auto path = folder_ / "long.csv";
        std::ofstream lines(path);
        lines << "id,at,who,what,n\n";
        for (std::int64_t i = 0; i < kLongRecords; ++i)
            lines << i << ",2026-01-05T09:00:00Z," << name_of(i % 2 == 0 ? 0 : 12) << ",d,1000\n";
        return {path};
    }

    // Imports them; once the first was rated, and not yet committed, `meanwhile` happens.
    template <class Meanwhile>
    Report import_beside(const std::vector<std::filesystem::path>& files, Meanwhile meanwhile) {
        bool happened = false;
        const auto report = files_->import_files("files", files, [&](const Progress& seen) {
            if (seen.records == 0 || std::exchange(happened, true)) return;
            meanwhile();
        });
        EXPECT_TRUE(report) << report.error().to_string();
        EXPECT_TRUE(happened);
        return report.value_or(Report());
    }
    static void expect_taken_once(const Report& report) {
        EXPECT_EQ(report.received, 5);
        EXPECT_EQ(report.count(Outcome::rated), 3);
        EXPECT_EQ(report.count(Outcome::duplicate), 1);
        EXPECT_EQ(report.count(Outcome::suspended), 1);
    }
    // What the server tells is what one that begins anew tells.
    void expect_same_anew() {
        EXPECT_EQ(all_of(*server_), all_of(*open()));
        expect_sound(*files_);
    }

    std::unique_ptr<Engine> server_;
    std::unique_ptr<Engine> files_;
};

TEST_F(BesideEngine, OthersAreChargedMeanwhileAndTheBatchStands) {
    // 0 and 12 lie in one block, 132 in another; all have tiers and are of account a0.
    const Report report = import_beside(files_of(0, 12), [&] {
        EXPECT_EQ(told(*server_, asks(132, ChargeAction::start, "data", "2 MB")),
                  "granted 2000000 0.00");
        EXPECT_EQ(told(*server_, asks(132, ChargeAction::end, "data", "2 MB")), "granted 0 2.00");
    });
    expect_taken_once(report);
    EXPECT_EQ(report.batches, 1);
    EXPECT_EQ(money_of(*server_, 0), "93.00 held 0.00 spent 7.00 of 93.00");
    expect_same_anew();
}

TEST_F(BesideEngine, EC45_what_both_counted_for_is_rated_again) {
    // 4 MB online, then 3 MB of the file: the first 5 MB at 1.00, the rest at 0.50.
    const Report report = import_beside(files_of(0, 132), [&] {
        EXPECT_EQ(told(*server_, asks(0, ChargeAction::start, "data", "4 MB")),
                  "granted 4000000 0.00");
        EXPECT_EQ(told(*server_, asks(0, ChargeAction::end, "data", "4 MB")), "granted 0 4.00");
    });
    expect_taken_once(report);
    EXPECT_EQ(money_of(*server_, 0), "92.00 held 0.00 spent 8.00 of 92.00");
    expect_same_anew();
    // As after any other batch of its own.
    import(*files_, 132, "2026-01-05T09:00:00Z", 'd', 1'000'000);
    EXPECT_EQ(money_of(*server_, 0), "91.00 held 0.00 spent 9.00 of 91.00");
    expect_same_anew();
}

TEST_F(BesideEngine, WhatAnotherProcessImportsMeanwhileIsSeen) {
    const auto third = open();
    const Report report = import_beside(files_of(0, 132), [&] {
        const std::vector<std::filesystem::path> same = {folder_ / "same.csv"};
        std::ofstream(same.front())
            << "id,at,who,what,n\n3,2026-01-05T09:00:00Z," << name_of(132) << ",d,2000000\n";
        const auto taken = third->import_files("files", same);
        ASSERT_TRUE(taken);
        EXPECT_EQ(taken->count(Outcome::rated), 1);
    });
    EXPECT_EQ(report.received, 5);
    EXPECT_EQ(report.count(Outcome::rated), 2);
    EXPECT_EQ(report.count(Outcome::duplicate), 2);
    EXPECT_EQ(money_of(*server_, 0), "95.00 held 0.00 spent 5.00 of 95.00");
    expect_same_anew();
}

TEST_F(BesideEngine, MoreIsChargedMeanwhileThanThereWasRoomFor) {
    const Report report = import_beside(files_of(0, 12), [&] {
        for (int i = 0; i < 300; ++i)
            EXPECT_EQ(told(*server_, asks(132, ChargeAction::debit, "data", "10 kB")),
                      "granted 10000 0.01");
    });
    expect_taken_once(report);
    EXPECT_EQ(money_of(*server_, 0), "92.00 held 0.00 spent 8.00 of 92.00");
    expect_same_anew();
}

TEST_F(BesideEngine, ALongFileThatWasOvertakenGoesOnWhereItWas) {
    const Report report = import_beside(long_file(), [&] {
        EXPECT_EQ(told(*server_, asks(24, ChargeAction::debit, "data", "1 MB")),
                  "granted 1000000 1.00");
    });
    EXPECT_EQ(report.received, kLongRecords);
    EXPECT_EQ(report.count(Outcome::rated), kLongRecords);
    EXPECT_EQ(money_of(*server_, 0), "19.00 held 0.00 spent 81.00 of 19.00");
    expect_same_anew();
}

// What may have to be rated again is kept in memory: it stays little.
TEST_F(BesideEngine, AServerThatEndsMeanwhileLeavesTheBatchSmall) {
    const Report report = import_beside(long_file(), [&] { server_.reset(); });
    EXPECT_EQ(report.count(Outcome::rated), kLongRecords);
    EXPECT_EQ(report.batches, 2);  // of 65,536, and the rest
    EXPECT_EQ(money_of(*open(), 0), "20.00 held 0.00 spent 80.00 of 20.00");
    expect_sound(*files_);
}

// An import that was stopped, whose feed is mended before it goes on.
TEST_F(BesideEngine, AHalfReadFileGoesOnOnlyWhileItsFeedFindsTheSameRecords) {
    const auto files = long_file();
    struct Stopped {};
    const auto stop = [](const Progress& seen) {
        if (seen.records > 70'000) throw Stopped();
    };
    EXPECT_THROW((void)files_->import_files("files", files, stop), Stopped);
    files_ = open();
    ASSERT_EQ(files_->files()->front().state, "unfinished");
    std::string mended(kFiles);
    mended.replace(mended.find("header: true"), 12, "header: true, header_lines: 3");
    const auto refusal = [&](std::string_view description) {
        EXPECT_TRUE(files_->add_feed("files.yaml", std::string(description)));
        const auto report = files_->import_files("files", files);
        EXPECT_TRUE(report) << report.error().to_string();
        EXPECT_EQ(report->received, 0);
        return report->refused.empty() ? "" : report->refused.front().error.code;
    };
    EXPECT_EQ(refusal(mended), "file_half_read");
    std::string other(kFiles);
    other.replace(other.find("{field: n}"), 10, "{field: bytes}");
    EXPECT_EQ(refusal(other), "file_half_read");
    EXPECT_TRUE(files_->take_back("long.csv", {"mended", false, {}}));
    EXPECT_TRUE(files_->add_feed("files.yaml", mended));
    EXPECT_EQ(files_->import_files("files", files)->count(Outcome::rated), kLongRecords - 2);
    expect_sound(*files_);
}

}  // namespace
}  // namespace farthing::engine
