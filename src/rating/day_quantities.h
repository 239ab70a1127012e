// Base units per day of a window. Most counters see usage on few of its days: those stand as a
// list, and only where they are many as a row of all.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "base/lean_vector.h"
#include "base/prefetch.h"

namespace farthing::rating {

class DayQuantities {
  public:
    DayQuantities() = default;
    DayQuantities(std::initializer_list<std::int64_t> days) {
        for (const std::int64_t quantity : days) {
            resize(size_ + 1U);
            add(size_ - 1U, quantity);
        }
    }
    // Days from the first of the window.
    std::size_t size() const { return size_; }
    // REQUIRES: size() <= days <= 65,535.
    void resize(std::size_t days) {
        size_ = static_cast<std::uint16_t>(days);
        if (all_) values_.resize(days);
    }
    // REQUIRES: day < size().
    std::int64_t operator[](std::size_t day) const {
        const std::size_t at = place_of(day);
        return at < values_.size() ? values_[at] : 0;
    }
    void add(std::size_t day, std::int64_t quantity) {
        std::size_t at = place_of(day);
        if (at == values_.size()) at = begin(day);
        values_[at] += quantity;
    }
    // A value for each day, in `row`, which is used again.
    void expand(std::vector<std::int64_t>& row) const {
        row.assign(size_, 0);
        for (std::size_t i = 0; i < values_.size(); ++i) row[all_ ? i : days_[i]] = values_[i];
    }
    void prefetch_values() const {
        constexpr std::size_t kStep = kCacheLine / sizeof(std::int64_t);
        for (std::size_t i = 0; i < values_.size(); i += kStep) prefetch_line(&values_[i]);
    }
    void prefetch_value(std::size_t day) const {
        if (!values_.empty()) prefetch_line(&values_[std::min(day, values_.size() - 1)]);
    }
    friend bool operator==(const DayQuantities& a, const DayQuantities& b) {
        if (a.size_ != b.size_) return false;
        for (std::size_t day = 0; day < a.size_; ++day) {
            if (a[day] != b[day]) return false;
        }
        return true;
    }

  private:
    static constexpr std::size_t kFew = 6;

    // values_.size() where the day has none.
    std::size_t place_of(std::size_t day) const {
        if (all_) return day;
        const auto* const end = days_.data() + values_.size();
        return static_cast<std::size_t>(std::find(days_.data(), end, day) - days_.data());
    }
    std::size_t begin(std::size_t day) {
        if (values_.size() < kFew) {
            days_[values_.size()] = static_cast<std::uint16_t>(day);
            values_.push_back(0);
            return values_.size() - 1;
        }
        std::vector<std::int64_t> row;
        expand(row);
        values_.assign(row.begin(), row.end());
        all_ = true;
        return day;
    }

    LeanVector<std::int64_t> values_;         // of the first days, or of those that `days_` names
    std::array<std::uint16_t, kFew> days_{};  // of few, in the order in which they came
    std::uint16_t size_ = 0;
    bool all_ = false;
};

}  // namespace farthing::rating
