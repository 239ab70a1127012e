// Fields of waiting records that a person corrected: the record is read as if its source had
// written them so. Only times are written otherwise, with their offset, since what a source writes
// may be what was unclear.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/reason.h"
#include "mediation/feed.h"

namespace farthing {
#define FARTHING_FIX_REASONS(X)                                                              \
    X(fix_unknown_field, "records have no such field",                                       \
      "Name identity, service, start, end, duration, quantity, called, calling, network or " \
      "carrier.")                                                                            \
    X(fix_field_not_mapped, "the feed does not read such a field",                           \
      "Correct a field that `record` or `guide` of the feed reads.")                         \
    X(fix_bad_value, "the value is not one that this field takes",                           \
      "Write times with their offset (2026-10-25T03:30:00+03:00), others as the source would.")
FARTHING_REASON_ENUM(FixReason, FARTHING_FIX_REASONS)
}  // namespace farthing

namespace farthing::mediation {

enum class FixField : std::uint8_t {
    identity,
    service,
    start,
    end,
    duration,
    quantity,
    called,
    calling,
    network,
    carrier
};
constexpr std::array<std::string_view, 10> kFixFieldNames = {
    "identity", "service", "start",   "end",     "duration",
    "quantity", "called",  "calling", "network", "carrier"};
constexpr bool is_time(FixField field) {
    return field == FixField::start || field == FixField::end;
}

struct FieldFix {
    FixField field = FixField::identity;
    std::string value;
};

// Checks a fix against what the feed reads.
Result<FieldFix> read_fix(const Feed& feed, std::string_view field, std::string value);

}  // namespace farthing::mediation
