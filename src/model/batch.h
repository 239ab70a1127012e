// Batches and their control totals: the unit of commit and the proof that nothing disappeared.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/civil.h"
#include "base/hash.h"
#include "base/instant.h"
#include "model/ids.h"
#include "model/outcome.h"

namespace farthing {

// One file of a feed, known by its content.
struct Source {
    SourceId id;
    FeedId feed;
    std::string path;  // as it was given
    std::string hash;  // SHA-256 of the file as received
    std::int64_t size_bytes = 0;
    std::int64_t records = 0;  // counted when it was sealed
    SourceId
        same_as;  // an earlier source with the same hash: its records come again, as duplicates
    std::string header;         // first line of a delimited file that has one: field names
    std::string reject_reason;  // why the whole file was refused; empty: it was not
    std::string reject_detail;
    Instant sealed_at;
    std::string control;  // of what an edge sent: its control totals, mediation/edge_file.h
};

// [from, to) record numbers of one source that a batch consumed. `epoch` fences owners: a commit
// moves the source's position from `from` to `to` only while the epoch is still the owner's.
struct SourceRange {
    SourceId source;
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::int64_t epoch = 0;
    bool operator==(const SourceRange&) const = default;
};

// One row per batch, source and perspective. received = sum of outcomes.
struct ControlTotals {
    SourceId source;
    Perspective perspective = Perspective::retail;
    std::int64_t received = 0;
    std::array<std::int64_t, kOutcomes> outcomes{};
};
// The same per meter for quantities of decoded records.
struct QuantityTotals {
    SourceId source;
    Perspective perspective = Perspective::retail;
    MeterId meter;
    std::int64_t received = 0;
    std::array<std::int64_t, kOutcomes> outcomes{};
};

// Records of a source that lost their outcomes in a batch: its file was taken back, or they are
// duplicates of such a file's records and came again. records = dropped + sum of outcomes.
struct TakenBackTotals {
    SourceId source;
    Perspective perspective = Perspective::retail;
    std::int64_t records = 0;
    std::int64_t dropped = 0;  // by people, before
    bool again = false;        // duplicates of a file's records that came again when it was gone
    std::array<std::int64_t, kOutcomes> outcomes{};
};

// What a window of records is worth: the sum of its parts, their number, the greatest of them, how
// many different values they have, or the last of them by event time. Stored by these numbers.
enum class WindowFunction : std::uint8_t { sum, count, max, distinct, last };
constexpr std::array<std::string_view, 5> kWindowFunctionNames = {"sum", "count", "max", "distinct",
                                                                  "last"};

// Per batch, source, perspective and meter: the chargeable records that were made of aggregated
// ones, with what their parts come to and what they come to.
struct WindowTotals {
    SourceId source;
    Perspective perspective = Perspective::retail;
    MeterId meter;
    WindowFunction function = WindowFunction::sum;
    std::int64_t parts = 0;
    std::int64_t sum = 0;
    std::int64_t rated = 0;
    std::int64_t zero_rated = 0;
    std::int64_t quantity = 0;  // less than nothing where `last` went down
};

// Rows of the archive that were deleted for their age: what they came to stays.
struct DeletedRows {
    std::string table;  // usage, rated_usage
    BatchId of;         // of the rows
    SourceId source;    // of usage; rated rows name none
    std::int64_t records = 0;
    std::int64_t atoms = 0;  // charges of rated rows
    bool operator==(const DeletedRows&) const = default;
};
struct DeletedUsage {
    BatchId batch;  // given by the store
    Instant at;     // likewise
    Date before;    // all usage before that day, by the catalog's clock
    std::string who;
    std::string because;
    std::vector<DeletedRows> rows;
    std::vector<Hash128> sessions;  // of which parts are deleted, and others are not or may come
};

// What waits in suspense, one row per batch and cause; the records themselves are in the archive.
struct SuspenseGroup {
    std::uint32_t id = 0;  // given by the store
    BatchId batch;
    FeedId feed;
    SuspenseReason reason = SuspenseReason::none;
    std::string
        identity;  // "device L-0007"; empty where it can't be read, "*" where too many differ
    std::int64_t records = 0;
    Instant first;  // event times; zero where unreadable
    Instant last;
    std::string sample;                                // file:line: the text of the first record
    std::uint8_t sides = bit_of(Perspective::retail);  // the perspectives that the records lack
    bool accepted = false;  // dedup holds their keys: the records count on the other side
};

// One record, wherever it is retried: its source, and its line there.
struct RecordPlace {
    SourceId source;
    std::int64_t line = 0;
    constexpr auto operator<=>(const RecordPlace&) const = default;
};

// How suspended records left suspense: recycled by a retry (a batch of its own) or dropped with a
// reason.
struct SuspenseExit {
    std::uint32_t group = 0;
    BatchId recycled_by;  // none: dropped
    std::string dropped_because;
    std::int64_t records = 0;
    std::vector<RecordPlace> only = {};  // which of the group's; empty: all that were left in it
    BatchId taken_back_by = {};          // the batch that took their file back; else none
};

// A field of waiting records that a person corrected. The records stay as they came: the batch that
// retries them reads the field as if the source had written it so.
struct SuspenseFix {
    std::uint32_t id = 0;  // given by the store; 0: new with its batch
    Instant at;
    std::string who;
    std::string because;
    std::string field;  // "identity", "start", "quantity" …
    std::string value;
    bool operator==(const SuspenseFix&) const = default;
};

// A block of packed totals (R6): the counters of 64 owners in one window.
struct PackKey {
    Perspective perspective = Perspective::retail;
    std::uint8_t owner_kind = 0;    // rating::OwnerKind
    std::int32_t window_first = 0;  // Date::days of the window's first day
    std::uint32_t block = 0;        // owner id / 64
    constexpr auto operator<=>(const PackKey&) const = default;
};
// Its owners, in any window.
struct OwnerBlock {
    Perspective perspective = Perspective::retail;
    std::uint8_t owner_kind = 0;
    std::uint32_t block = 0;
    constexpr auto operator<=>(const OwnerBlock&) const = default;
};
constexpr OwnerBlock owners_of(const PackKey& key) {
    return {key.perspective, key.owner_kind, key.block};
}
struct CounterPack {
    PackKey key;
    std::string bytes;  // rating/counter_pack.h
};

// An immutable file beside the database, named by its content.
struct ArchiveFile {
    std::string table;  // usage, rated_usage, suspended, dedup
    std::string path;   // relative to the archive folder
    std::int64_t records = 0;
    std::int64_t bytes = 0;
    std::string hash;
    std::int64_t footer_size = 0;  // Parquet only
    struct ColumnStats {
        std::uint32_t column = 0;  // field id
        std::string min;           // as DuckLake writes them
        std::string max;
        std::int64_t values = 0;
        std::int64_t nulls = 0;
        std::int64_t bytes = 0;
    };
    std::vector<ColumnStats> columns;
};

}  // namespace farthing
