// Where a record went, and why: each received record has exactly one outcome per perspective.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/reason.h"

namespace farthing {

// The terms of the completeness equation, in its order.
enum class Outcome : std::uint8_t {
    rated,
    zero_rated,
    aggregated,
    pending,
    open_partial,
    duplicate,
    suspended,
    filtered,
    rejected,
};
constexpr std::size_t kOutcomes = 9;
constexpr std::array<std::string_view, kOutcomes> kOutcomeNames = {
    "rated",     "zero_rated", "aggregated", "pending", "open_partial",
    "duplicate", "suspended",  "filtered",   "rejected"};
constexpr std::string_view name_of(Outcome outcome) {
    return kOutcomeNames[static_cast<std::size_t>(outcome)];
}

// Why a record waits in suspense; `none` for all that do not.
#define FARTHING_SUSPENSE_REASONS(X)                                                        \
    X(none, "not suspended", "")                                                            \
    X(unparseable, "the record can't be read as its feed describes it",                     \
      "Mend the feed description or the record, then retry.")                               \
    X(missing_field, "a field that the feed needs is absent or empty",                      \
      "Mend the feed description or the record, then retry.")                               \
    X(bad_number, "a number is malformed or out of range",                                  \
      "Mend the unit or field mapping, or drop the record.")                                \
    X(bad_time, "a time can't be read with the feed's format",                              \
      "Mend the time format of the feed, then retry.")                                      \
    X(ambiguous_time, "the local time occurs twice on that day",                            \
      "Have the source send an offset, or drop the record.")                                \
    X(nonexistent_time, "the local time does not exist on that day",                        \
      "Have the source's clock mended, or drop the record.")                                \
    X(session_reversed, "the record ends before it starts",                                 \
      "Check the field mapping of start and end.")                                          \
    X(quantity_out_of_range, "the quantity is negative or absurdly large",                  \
      "Check the unit of the field, or drop the record.")                                   \
    X(unknown_service, "the service of the record is not mapped to a meter",                \
      "Add it to `service: map:` of the feed, then retry.")                                 \
    X(too_late, "the record is older than the feed accepts",                                \
      "Raise `late: accept:` of the feed and retry, or drop it.")                           \
    X(in_the_future, "the record lies further ahead than the feed accepts",                 \
      "Check the source's clock and time zone.")                                            \
    X(conflict, "the same key came before with other content",                              \
      "Compare the two records with the source; drop the wrong one.")                       \
    X(unknown_identity, "no subscription owns this identity at the time of the event",      \
      "Add the SIM, number or device with its start date, then retry.")                     \
    X(no_plan, "the subscription has no plan at the time of the event",                     \
      "Assign a plan from that date, then retry.")                                          \
    X(no_payer, "nobody pays for the account at the time of the event",                     \
      "Let an account above it pay from that date, then retry.")                            \
    X(no_price, "no price of the plan matches this usage",                                  \
      "Add a price for it to the catalog, then retry.")                                     \
    X(no_prefix, "no prefix of the rate deck matches the called number",                    \
      "Add the destination to the deck, then retry.")                                       \
    X(no_catalog, "no catalog version is valid at the time of the event",                   \
      "Publish a version that covers it, then retry.")                                      \
    X(currency_mismatch, "the plan's currency is not the payer's",                          \
      "Move the subscription to a plan of that currency.")                                  \
    X(charge_out_of_range, "the charge does not fit in a posting",                          \
      "Check the price and the unit of the quantity.")                                      \
    X(blocked_destination, "the rate deck blocks the called destination",                   \
      "Price the destination in the deck and retry, or drop the record.")                   \
    X(unknown_carrier, "the catalog has no carrier of that name",                           \
      "Add it to `carriers`, or map the text in the feed, then retry.")                     \
    X(not_allowed_here, "the plan does not allow usage in this country or network",         \
      "Allow it in the plan's `limits` and retry, or drop the record.")                     \
    X(over_limit, "the plan's hard limit of the cycle would be exceeded",                   \
      "Raise the plan's limit from that date and retry, or drop the record.")               \
    X(unknown_sponsor, "the account that the price names in `paid_by` is not known",        \
      "Add the account, then retry.")                                                       \
    X(owner_changes, "the identity changed its owner between the parts of the record",      \
      "Import the gateway's own records of that window instead, and drop this one.")        \
    X(less_than_online, "it tells less of its session than was charged while it happened",  \
      "Compare both with the network element; refund the difference, or drop the record.")  \
    X(too_many_values, "its window counts as many different values as are kept of one",     \
      "Shorten the window of the feed's `aggregate`, or drop the record.")                  \
    X(counter_holds_less, "a smaller last part gives back more than its counter holds",     \
      "Rate the usage of its window again with `farthing rerate`, then retry.")             \
    X(unknown_session, "it was reported of a session that nobody began, or that had ended", \
      "Have the record of the session sent by file: it is charged by that.")
FARTHING_REASON_ENUM(SuspenseReason, FARTHING_SUSPENSE_REASONS)

// Why a whole file is refused: nothing of it is rated and none of its keys enter dedup (EC49).
#define FARTHING_REJECT_REASONS(X)                                                              \
    X(unreadable, "the file can't be read",                                                     \
      "Check its permissions and whether it is still being written.")                           \
    X(compression_broken, "the compressed file is cut short or damaged", "Have it sent again.") \
    X(too_large_when_unpacked, "the file unpacks to more than the feed allows",                 \
      "Check it, or raise `unpacked_max` of the feed.")                                         \
    X(encoding_unknown, "the file is not UTF-8 text", "Have it sent as UTF-8.")                 \
    X(header_missing, "the file does not start with the header its feed describes",             \
      "Check that it belongs to this feed.")                                                    \
    X(header_unknown_fields, "the header lacks fields that the feed maps",                      \
      "Mend the field names in the feed.")                                                      \
    X(trailer_missing, "the file does not end with the trailer its feed describes",             \
      "It may be cut short: have it sent again.")                                               \
    X(count_mismatch, "header or trailer name another number of records",                       \
      "Have the file sent again.")                                                              \
    X(sum_mismatch, "the trailer names another sum than the records have",                      \
      "Have the file sent again.")                                                              \
    X(windows_differ, "the edge aggregated by another policy than the feed describes",          \
      "Add the description that `farthing edge feed` prints for the edge's policy.")
FARTHING_REASON_ENUM(RejectReason, FARTHING_REJECT_REASONS)

}  // namespace farthing
