// What archive files say of their row groups, kept for those that are opened again and again.
#pragma once

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
    void keep(const std::string& file, Footer footer) {
        const std::lock_guard lock(mutex_);
        known_.insert_or_assign(file, std::move(footer));
    }

  private:
    mutable std::mutex mutex_;
    std::map<std::string, Footer> known_;
};

}  // namespace farthing::store
