// Gathered rows as row groups: put in the order of their subscriptions, parted into groups of few
// of them, and written column by column.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "store/archive.h"
#include "store/parquet_writer.h"
#include "store/texts.h"

namespace farthing::store {

// What an id, an instant, a date or a name is kept as.
template <class T>
constexpr auto number_of(T value) {
    if constexpr (std::is_class_v<T>) {
        using Small = std::conditional_t<sizeof(T) == 2, std::uint16_t, std::uint32_t>;
        return std::bit_cast<std::conditional_t<sizeof(T) == 8, std::int64_t, Small>>(value);
    } else if constexpr (std::is_enum_v<T>) {
        return std::to_underlying(value);
    } else {
        return value;
    }
}

// `order[i]` is the row that comes i-th when rows are sorted by key; equal keys keep their order.
// Empty: sorted already.
template <class Id>
std::vector<std::uint32_t> stable_order(const std::vector<Id>& ids) {
    if (std::is_sorted(ids.begin(), ids.end())) return {};
    std::vector<std::uint32_t> keys(ids.size());
    std::ranges::transform(ids, keys.begin(), number_of<Id>);
    constexpr unsigned kDigitBits = 11;
    constexpr std::uint32_t kDigits = 1U << kDigitBits;
    std::vector<std::uint32_t> order(keys.size());
    std::vector<std::uint32_t> next(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
    const std::uint32_t largest = *std::max_element(keys.begin(), keys.end());
    for (unsigned shift = 0; shift < 32 && (largest >> shift) != 0; shift += kDigitBits) {
        std::array<std::uint32_t, kDigits + 1> starts{};
        for (const std::uint32_t key : keys) starts[((key >> shift) & (kDigits - 1)) + 1] += 1;
        for (std::size_t digit = 1; digit <= kDigits; ++digit) starts[digit] += starts[digit - 1];
        for (const std::uint32_t row : order)
            next[starts[(keys[row] >> shift) & (kDigits - 1)]++] = row;
        order.swap(next);
    }
    return order;
}

// How many row groups the rows, put in that order, are parted into.
template <class Id>
std::size_t groups_of(const std::vector<Id>& who, const std::vector<std::uint32_t>& order) {
    const auto at = [&](std::size_t i) { return order.empty() ? who[i] : who[order[i]]; };
    std::size_t subscriptions = 1;
    for (std::size_t i = 1; i < who.size(); ++i) subscriptions += at(i) != at(i - 1) ? 1 : 0;
    return (subscriptions + kGroupSubscriptions - 1) / kGroupSubscriptions;
}

// Writes the columns of gathered rows in a given order, row group by row group: while there is a
// `next` one, each column in its turn.
class GroupWriter {
  public:
    GroupWriter(ParquetWriter& writer, std::size_t rows, const std::vector<std::uint32_t>& order,
                std::size_t groups = 1)
        : writer_(writer), all_(rows), order_(order), group_rows_((rows + groups - 1) / groups) {}
    // False after the last, and after a failure.
    bool next() {
        first_ += rows_;
        rows_ = std::min(group_rows_, all_ - first_);
        column_ = 0;
        if (!done_ || rows_ == 0) return false;
        done_ = writer_.begin_group(rows_);
        return done_.has_value();
    }
    template <class T>
    GroupWriter& operator()(const std::vector<T>& column) {
        FARTHING_ASSERT(column.size() == all_);
        if (!done_) return *this;
        if (all_alike(column)) {
            done_ = writer_.write_constant(static_cast<std::int64_t>(number_of(column.front())));
        } else if constexpr (sizeof(T) == 8) {
            ordered(column, wide_);
        } else {
            ordered(column, narrow_);
        }
        return *this;
    }
    template <class T>
    GroupWriter& constant(T value) {
        if (done_) done_ = writer_.write_constant(static_cast<std::int64_t>(number_of(value)));
        return *this;
    }
    // The column, or that value where the rows have none.
    template <class T>
    GroupWriter& or_constant(const std::vector<T>& column, T value = {}) {
        return column.empty() ? constant(value) : (*this)(column);
    }
    GroupWriter& operator()(const Texts& texts) {
        if (!done_) return *this;
        if (texts.empty()) {
            done_ = writer_.write_nulls();
            return *this;
        }
        texts_.resize(rows_);
        for (std::size_t i = 0; i < rows_; ++i) texts_[i] = texts.at(row_at(i));
        done_ = writer_.write(texts_);
        return *this;
    }
    const Result<void>& done() const { return done_; }

  private:
    std::size_t row_at(std::size_t i) const {
        return order_.empty() ? first_ + i : order_[first_ + i];
    }
    // Many at a time: most columns have one value.
    template <class T>
    static bool all_as_first(const std::vector<T>& column) {
        constexpr std::size_t kStep = 64;
        const auto first = number_of(column.front());
        std::size_t at = 0;
        for (; at + kStep <= column.size(); at += kStep) {
            decltype(first ^ first) differs = 0;
            for (std::size_t i = 0; i < kStep; ++i)
                differs |= static_cast<decltype(differs)>(number_of(column[at + i]) ^ first);
            if (differs != 0) return false;
        }
        return std::all_of(column.begin() + static_cast<std::ptrdiff_t>(at), column.end(),
                           [&](const T& value) { return number_of(value) == first; });
    }
    // Looked at once for all groups.
    template <class T>
    bool all_alike(const std::vector<T>& column) {
        const std::size_t number = column_++;
        if (number == alike_.size()) alike_.push_back(all_as_first(column));
        return alike_[number];
    }
    template <class T, class Physical>
    void ordered(const std::vector<T>& column, std::vector<Physical>& scratch) {
        scratch.resize(rows_);
        if (order_.empty()) {
            for (std::size_t i = 0; i < rows_; ++i)
                scratch[i] = static_cast<Physical>(number_of(column[first_ + i]));
        } else {
            const std::uint32_t* const order = order_.data() + first_;
            for (std::size_t i = 0; i < rows_; ++i)
                scratch[i] = static_cast<Physical>(number_of(column[order[i]]));
        }
        done_ = writer_.write(scratch);
    }

    ParquetWriter& writer_;
    std::size_t all_;  // rows
    const std::vector<std::uint32_t>& order_;
    std::size_t group_rows_;
    std::size_t first_ = 0;  // of the group, among all
    std::size_t rows_ = 0;   // of the group
    std::size_t column_ = 0;
    std::vector<bool> alike_;  // by column of numbers
    Result<void> done_;
    std::vector<std::int32_t> narrow_;
    std::vector<std::int64_t> wide_;
    std::vector<std::string_view> texts_;
};

}  // namespace farthing::store
