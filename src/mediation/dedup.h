// Dedup, exact, in layers of which the feed chooses one (R9): a time-slot bitmap per device, the
// numbers that devices give their records, or 128-bit keys, all in days with segments on disk.
// Mediation finds candidates; the engine confirms them against content.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "base/reason.h"
#include "mediation/dedup_segment.h"
#include "mediation/feed.h"
#include "model/usage.h"

namespace farthing {
#define FARTHING_DEDUP_REASONS(X)                                               \
    X(segment_damaged, "a file of duplicate keys is damaged",                   \
      "Restore the archive folder from a backup.")                              \
    X(segment_of_other_rule, "the feed told duplicates by another rule before", \
      "Give the changed description a new feed name: old keys can't be compared with new ones.")
FARTHING_REASON_ENUM(DedupReason, FARTHING_DEDUP_REASONS)
}  // namespace farthing

namespace farthing::mediation {

// A live row whose key was seen before.
struct Candidate {
    std::uint32_t row = 0;
    Hash128 key;  // keys: the key; others: {subscription, slot or number}
    // Keys carry the winner's content; others have it where the winner is in the batch at hand, and
    // leave it to that day's archive where not. Of slots it is that of the row where the winner is
    // the same device's and says the same.
    bool content_known = false;
    std::uint64_t content = 0;
};

// What must agree where a slot is told again: the content, and which identity reported it where
// that is not the first of its subscription, which may have several devices.
std::uint64_t slot_content(const UsageChunk& chunk, std::size_t row);
std::uint64_t content_with_identity(const UsageChunk& chunk, std::size_t row);

// Stands for how the feed tells duplicates.
std::uint64_t dedup_rule(const Feed& feed);
// Fails where a stored file holds keys that can't be compared with those of the feed.
Result<void> require_same_rule(const Feed& feed, std::string_view segment, const std::string& path);

// The keys of one feed that were accepted before, and those of the batch at hand.
class Dedup {
  public:
    // Gives the bytes of a segment file by its archive path.
    using Reader = std::function<std::string(const std::string& path)>;
    // Where the content of earlier records is found: where slots tell duplicates, the archive has
    // it, unless it is kept beside the keys, which then take the place of bitmaps.
    enum class Content : std::uint8_t { in_archive, kept };
    Dedup(const Feed& feed, Reader reader, Content content = Content::in_archive);
    Dedup(Dedup&&) noexcept;
    Dedup& operator=(Dedup&&) noexcept;
    ~Dedup();

    // Registers a stored segment (the store lists them at start): `path`, and which days its keys
    // fall on, so that it is read only when a record of those days comes.
    void add_segment(const std::string& path, Date first_day, Date last_day);

    // Finds the live rows whose key was seen, and enters the keys of the others for this batch.
    // Rows not entered are those returned and those not live. Nothing is entered and nothing
    // returned while error() is set.
    std::vector<Candidate> check(const UsageChunk& chunk);
    // Why a registered segment could not be read, if so: the batch must be given up, as its
    // duplicates can't be told. discard() clears it, so that a later batch tries again.
    const std::optional<Error>& error() const;
    // Takes back rows that were entered but did not pass a later stage (suspended at rating), so
    // that their retry is no duplicate of themselves.
    void withdraw(const UsageChunk& chunk, const std::vector<std::uint32_t>& rows);

    // Takes back the keys of live rows that earlier batches entered: their file is taken back. What
    // was entered is stored by delta(), what was taken back by taken_back(), which comes first.
    // Afterwards this object is spent: neither committed() nor discard() brings it back in
    // order.
    void take_back(const UsageChunk& chunk);

    // Whether a row has one of these keys. REQUIRES: nothing is taken back after the first
    // question.
    bool was_taken_back(const UsageChunk& chunk, std::size_t row) const;

    // The batch's new keys as a segment, with the days they fall on. Its bytes are to be asked for
    // before the next call of anything else here; without keys there are none.
    struct Delta {
        SegmentBytes bytes;
        Date first_day;
        Date last_day;
        std::int64_t keys = 0;
    };
    Delta delta();
    Delta taken_back();
    void committed(const std::string& path);  // the delta was stored there
    void discard();                           // the batch was given up: its keys are forgotten

    std::int64_t memory_bytes() const;
    // What the stored keys of a day take in memory once a record of that day comes. It opens the
    // day: ask one that no batch works with.
    struct Cost {
        std::int64_t keys = 0;
        std::int64_t bytes = 0;
    };
    Result<Cost> cost_of(Date day);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace farthing::mediation
