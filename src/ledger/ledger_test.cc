#include "ledger/ledger.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace farthing::ledger {
namespace {

constexpr LedgerAccount kUnbilled{LedgerKind::unbilled, 1};
constexpr LedgerAccount kRevenue{LedgerKind::revenue, 7};
constexpr LedgerAccount kRounding{LedgerKind::rounding, 0};

TEST(EntryBuilder, AddsUpMovesAndDropsWhatCancels) {
    EntryBuilder builder{Entry{}};
    EXPECT_TRUE(builder.empty());
    EXPECT_TRUE(builder.move(kUnbilled, kRevenue, 100));
    EXPECT_TRUE(builder.move(kUnbilled, kRevenue, 23));
    EXPECT_TRUE(builder.move(kUnbilled, kRounding, 5));
    EXPECT_TRUE(builder.move(kUnbilled, kRounding, -5));
    const Entry entry = std::move(builder).finish();
    const std::vector<Posting> expected{{kUnbilled, 123}, {kRevenue, -123}};
    EXPECT_EQ(entry.postings, expected);
    EXPECT_TRUE(is_balanced(entry));
}

TEST(EntryBuilder, RefusesOverflowAndMovesNothing) {
    EntryBuilder builder{Entry{}};
    EXPECT_TRUE(builder.move(kUnbilled, kRevenue, INT64_MAX));
    EXPECT_FALSE(builder.move(kUnbilled, kRounding, 1));
    EXPECT_FALSE(builder.move(kRounding, kRevenue, 1));
    EXPECT_FALSE(builder.move(kRounding, kUnbilled, INT64_MIN));
    const Entry entry = std::move(builder).finish();
    const std::vector<Posting> expected{{kUnbilled, INT64_MAX}, {kRevenue, -INT64_MAX}};
    EXPECT_EQ(entry.postings, expected);
}

TEST(Mirror, CancelsAndNamesWhatItReverses) {
    EntryBuilder builder{Entry{}};
    EXPECT_TRUE(builder.move(kUnbilled, kRevenue, 123));
    Entry entry = std::move(builder).finish();
    entry.id = EntryId{9};
    const Entry mirror = mirror_of(entry);
    const std::vector<Posting> expected{{kUnbilled, -123}, {kRevenue, 123}};
    EXPECT_EQ(mirror.postings, expected);
    EXPECT_EQ(mirror.reverses, EntryId{9});
    EXPECT_FALSE(mirror.id);
}

TEST(Balance, SeesAnEntryThatDoesNotSumToZero) {
    Entry entry;
    entry.postings = {{kUnbilled, 2}, {kRevenue, -1}};
    EXPECT_FALSE(is_balanced(entry));
}

TEST(EntryBuilder, BalancesWhateverIsMoved) {
    rc::check("postings sum to zero and none is zero", [] {
        EntryBuilder builder{Entry{}};
        const auto moves =
            *rc::gen::container<std::vector<std::tuple<std::uint8_t, std::uint8_t, std::int64_t>>>(
                rc::gen::arbitrary<std::tuple<std::uint8_t, std::uint8_t, std::int64_t>>());
        for (const auto& [debit, credit, atoms] : moves) {
            (void)builder.move({LedgerKind::revenue, debit % 4U},
                               {LedgerKind::revenue, credit % 4U}, atoms);
        }
        const Entry entry = std::move(builder).finish();
        RC_ASSERT(is_balanced(entry));
        for (const Posting& posting : entry.postings) RC_ASSERT(posting.atoms != 0);
    });
}

}  // namespace
}  // namespace farthing::ledger
