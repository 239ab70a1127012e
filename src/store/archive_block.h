// Rows of one row group as columns, until somebody wants some of them as rows: millions of rows of
// which only a few are looked at together take far less memory so.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "model/ids.h"
#include "store/archive_rows.h"
#include "store/texts.h"

namespace farthing::store {

// Each with those before it.
enum class Columns : std::uint8_t {
    rated_by,  // what prices look at, and what counters were given
    content,   // what tells a duplicate from a conflict
    all
};

class ParquetReader;

// A column of numbers; those near each other take half the room.
class Numbers {
  public:
    explicit Numbers(std::vector<std::int64_t> values);

    // Calls `each` with the rows [first, end), counted from 0, and their values.
    template <class Each>
    void for_each(std::size_t first, std::size_t end, Each each) const {
        if (wide_.empty()) {
            for (std::size_t row = first; row < end; ++row) {
                const std::uint64_t value = static_cast<std::uint64_t>(least_) + near_[row];
                each(row - first, static_cast<std::int64_t>(value));
            }
        } else {
            for (std::size_t row = first; row < end; ++row) each(row - first, wide_[row]);
        }
    }

  private:
    std::int64_t least_ = 0;
    std::vector<std::uint32_t> near_;  // beyond the least
    std::vector<std::int64_t> wide_;   // where they differ by more
};

// Rows of one subscription that follow each other: [first, end).
struct SubscriptionRun {
    SubscriptionId who;
    std::size_t first = 0;
    std::size_t end = 0;
};

template <class Row>
class ArchiveBlock {
  public:
    // These rows of a group, which ascend; fields of other columns than are wanted stay empty.
    static Result<ArchiveBlock> read(ParquetReader& reader, int group,
                                     const std::vector<std::uint32_t>& rows,
                                     Columns wanted = Columns::all);
    std::size_t size() const { return size_; }
    // Row groups are sorted by subscription: mostly each has one.
    std::vector<SubscriptionRun> runs() const;
    // Appends the rows [first, end).
    void append_to(std::vector<Row>& to, std::size_t first, std::size_t end) const;
    void append_to(std::vector<Row>& to) const { append_to(to, 0, size_); }

  private:
    // Both by the place of the field among those that make a row.
    struct NumbersOf {
        std::size_t field = 0;
        Numbers numbers;
    };
    struct TextsOf {
        std::size_t field = 0;
        Texts texts;
    };
    std::size_t size_ = 0;
    Row alike_;  // has what all rows have
    std::vector<NumbersOf> numbers_;
    std::vector<TextsOf> texts_;
};
using UsageBlock = ArchiveBlock<UsageRow>;
using RatedBlock = ArchiveBlock<RatedRow>;

}  // namespace farthing::store
