// Rows of the archive's tables; what their columns mean: docs/reference/archive.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/instant.h"
#include "model/currency.h"
#include "model/outcome.h"
#include "model/rated_usage.h"
#include "model/usage.h"

namespace farthing::store {

// A row of the archive's usage table, for explaining and for confirming duplicates.
struct UsageRow {
    BatchId batch;
    std::int64_t row = 0;
    SourceId source;
    std::int64_t line = 0;
    SubscriptionId subscription;
    MeterId meter;
    Instant start;
    Instant end;
    std::int64_t quantity = 0;
    NetworkKey network;
    std::string called;
    std::string calling;
    std::string id;
    std::int64_t reading[2] = {0, 0};
    Outcome outcome = Outcome::rated;
    SuspenseReason reason = SuspenseReason::none;
    Hash128 session;  // zero: the record is the whole session
    bool last_part = false;
    bool unanswered = false;
    Hash128 key;          // by which duplicates are told; zero where the other columns tell it
    std::string carrier;  // who carried it; empty unless the feed rates costs
    // Whose it is, as it came: "msisdn 447…"; empty where the feed needs it not, or the file is of
    // a release that did not keep it.
    std::string identity;
    std::int64_t parts = 0;    // how many records it stands for; 0: itself alone
    std::uint64_t digest = 0;  // the sum of their hashes
    std::int64_t counted = 0;  // of its quantity, what was counted of its session before
};
struct RatedRow {
    BatchId batch;
    std::int64_t row = 0;  // of the usage row; -1 for a repricing
    BatchId record_batch;  // of the usage row: another than `batch` where the row is a correction
    Perspective perspective = Perspective::retail;
    SubscriptionId subscription;
    AccountId payer;
    ComponentId component;
    VersionNo version;
    OwnerKind owner_kind = OwnerKind::subscription;
    std::uint32_t owner = 0;
    std::uint64_t item = 0;
    Date window_first;
    Date window_end;
    Instant segment_start;
    Instant start;  // the event time by which it was counted
    std::int64_t billable = 0;
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::int64_t charge_atoms = 0;
    std::int64_t fee_atoms = 0;
    Currency currency;
    std::int32_t below = 0;           // sessions that it added to those below the minimum…
    std::int64_t below_quantity = 0;  // …and their quantity
    std::int32_t fees = 0;            // sessions with a connection fee that it added
    std::vector<DayPart> days;        // empty: all on the day of `start`
    bool taken_back = false;          // the row takes back what an earlier one of its record added
};
struct SuspendedRow {
    std::uint32_t group = 0;  // index within its batch
    SourceId source;
    std::int64_t line = 0;
    std::string raw;
};

// A row of usage that stands no more: its file was taken back, or, of a duplicate, that of the
// record it lost to, and it came `again` in this batch.
struct WithdrawnRow {
    RecordRef record;
    SourceId source;
    std::int64_t line = 0;
    SubscriptionId subscription;
    bool again = false;
};

}  // namespace farthing::store
