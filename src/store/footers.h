// What archive files say of their row groups, kept for those that are opened again and again.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace farthing::store {

// From any thread.
class Footers {
  public:
    // As `parquet_reader.cc` knows them; null: that file's is not known yet.
    using Footer = std::shared_ptr<void>;
    Footer find(const std::string& file) const {
        const std::lock_guard lock(mutex_);
        const auto found = known_.find(file);
        return found == known_.end() ? nullptr : found->second;
    }
    // `bytes` long in its file, and some five times that in memory: of a huge archive only the
    // first are kept.
    void keep(const std::string& file, Footer footer, std::size_t bytes) {
        const std::lock_guard lock(mutex_);
        if (bytes_ + bytes > kBytesMax) return;
        bytes_ += bytes;
        known_.insert_or_assign(file, std::move(footer));
    }
    static constexpr std::size_t kBytesMax = std::size_t{64} << 20;

  private:
    mutable std::mutex mutex_;
    std::map<std::string, Footer> known_;
    std::size_t bytes_ = 0;
};

}  // namespace farthing::store
