// A column of texts.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace farthing::store {

// Costs nothing while all are empty.
class Texts {
  public:
    // REQUIRES: rows come in order.
    void add(std::size_t row, std::string_view text) {
        if (text.empty()) return;
        if (row > starts_.size()) starts_.resize(row, bytes_.size());
        starts_.push_back(bytes_.size());
        bytes_ += text;
    }
    void clear() {
        bytes_.clear();
        starts_.clear();
    }
    bool empty() const { return bytes_.empty(); }
    std::string_view at(std::size_t row) const {
        if (row >= starts_.size()) return {};
        const std::size_t end = row + 1 < starts_.size() ? starts_[row + 1] : bytes_.size();
        return std::string_view(bytes_).substr(starts_[row], end - starts_[row]);
    }

  private:
    std::string bytes_;
    std::vector<std::size_t> starts_;
};

}  // namespace farthing::store
