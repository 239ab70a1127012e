// By which fields a feed tells that a record came before.
#pragma once

#include <string>
#include <vector>

#include "base/hash.h"
#include "mediation/feed.h"
#include "model/usage.h"

namespace farthing::mediation {

// With its length, so that "ab","c" is not "a","bc".
void append_key_text(std::string& key, std::string_view text);

class RecordKey {
  public:
    explicit RecordKey(const Feed& feed);

    // Whether columns that the archive keeps tell the key, so that it need not be kept itself: all
    // but fields that are mapped to nothing.
    bool told_by_columns() const { return told_by_columns_; }
    // Whether the identity is one of those columns.
    bool told_by_identity() const { return told_by_columns_ && has_identity_; }
    // Appends the canonical fields; fields that are mapped to nothing come after them.
    void append(const UsageChunk& chunk, std::size_t row, std::string& key) const;
    bool empty() const { return parts_.empty(); }
    bool id_alone() const;
    // Of a row of the archive. REQUIRES: told_by_columns().
    Hash128 of(const UsageChunk& chunk, std::size_t row) const;

  private:
    enum class Part : std::uint8_t {
        id,
        identity,
        service,
        start,
        end,
        quantity,
        network,
        called,
        calling
    };
    std::vector<Part> parts_;
    bool told_by_columns_ = true;
    bool has_identity_ = false;
};

}  // namespace farthing::mediation
