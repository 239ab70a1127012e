// Decoding: a source's bytes → usage columns. Pure: bytes come in as an argument, nothing is opened
// here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/civil.h"
#include "base/error.h"
#include "catalog/snapshot.h"
#include "mediation/decode_fix.h"
#include "mediation/feed.h"
#include "model/batch.h"
#include "model/usage.h"

namespace farthing::mediation {

// What one pass over a whole file finds before its first batch (R9): its records and whether header
// and trailer hold.
struct Seal {
    std::int64_t records = 0;
    std::string header;  // names line of a delimited file
    std::optional<RejectReason> rejected;
    std::string detail;     // place and offending text of the rejection
    std::string control;    // the control totals of what an edge sent
    bool open_end = false;  // a delimited file's last line has no end: it may be cut short there
};
Seal seal(const Feed& feed, std::string_view bytes);

// How many chunks may wait to be read while the next one is decoded.
constexpr std::size_t kChunksAhead = 2;

// Decodes one source, chunk by chunk. Views in a chunk point into `bytes` or into the decoder's own
// arena; they live until kChunksAhead + 2 further chunks were decoded.
class Decoder {
  public:
    // `meters` turns service names and units into ids and base units. `header`: see Seal; for
    // records out of suspense that come without their file. `fixes`: what people corrected in all
    // of them. REQUIRES: feed, version and bytes outlive the decoder.
    Decoder(const Feed& feed, const catalog::Version& meters, std::string_view bytes,
            std::string_view header = {}, std::span<const FieldFix> fixes = {});
    ~Decoder();

    // Starts at that 0-based record (a restart in the middle of a file).
    void skip_to(std::int64_t record);
    // Fills `chunk` with up to `records_max` records; false when the source is at its end and
    // nothing was read. A record that can't be read keeps its row, suspended with its reason.
    bool next(UsageChunk& chunk, std::size_t records_max = kChunkRecordsMax);
    // Records read so far, counted from the start of the source.
    std::int64_t position() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// What exactly was wrong with one record that was suspended for `reason`: its field, column and
// text. Re-reads the record, so that the hot path keeps nothing but the reason. `header`: the names
// line of its source.
std::string describe_failure(const Feed& feed, const catalog::Version& meters, std::string_view raw,
                             std::string_view header, SuspenseReason reason,
                             std::span<const FieldFix> fixes = {});

// One row of a numbers inventory (`kind: inventory`).
struct InventoryRow {
    std::int64_t line = 0;  // 1-based
    std::string subscription;
    std::string number;  // digits, normalised by the rules of the feed
    bool add = true;     // or remove; a feed without action lists all numbers that there are
    Date date;           // from that local day
    std::optional<Error> error;  // what is wrong with this row; the others stand
};
// A whole inventory file. REQUIRES: feed.kind is inventory.
std::vector<InventoryRow> decode_inventory(const Feed& feed, std::string_view bytes);

// Checks what can be told from the record alone, by the feed's limits. `now`: arrival time.
void validate(const Feed& feed, Instant now, UsageChunk& chunk);

}  // namespace farthing::mediation
