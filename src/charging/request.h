// What networks ask while usage happens, and what they are told: the seam of the protocols. HTTP,
// Diameter or Nchf only turn their messages into these values and back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.h"
#include "base/int128.h"
#include "base/reason.h"
#include "model/ids.h"
#include "model/open_session.h"
#include "model/usage.h"

namespace farthing {
// Why usage is not granted; `granted` where it is.
#define FARTHING_CHARGE_REASONS(X)                                                                 \
    X(granted, "it may be used", "")                                                               \
    X(number_conflict, "the same number of the session came before with other content",            \
      "Number the requests of a session from 0, and repeat a request unchanged.")                  \
    X(number_forgotten, "the answer to so early a number is no longer kept",                       \
      "Go on with the next number.")                                                               \
    X(unknown_session, "there is no such session, or it is no longer remembered",                  \
      "Begin a session first; usage that still has to be charged comes by file.")                  \
    X(session_ended, "the session has ended", "Begin another one.")                                \
    X(session_goes_on, "the session goes on, and an event is none of it",                          \
      "Give each event a session id of its own.")                                                  \
    X(other_subscriber, "the session belongs to another subscription",                             \
      "Give each session an id of its own.")                                                       \
    X(no_money, "the balance does not cover it", "Top up the account, or raise its credit limit.") \
    X(subscription_suspended, "the subscription is suspended: a fee of it is not covered",         \
      "Top up the account; `farthing balance show` tells which fee.")                              \
    X(cap_reached, "the cap of the cycle is reached, of the account or of one above it",           \
      "Raise that cap, which the answer names, or wait; `farthing balance show` tells what is "    \
      "left.")                                                                                     \
    X(spending_cap_reached, "the plan's spending cap of the cycle is reached",                     \
      "Raise the plan's spending cap, or wait for the next cycle.")                                \
    X(throttled, "it may be used, slowly: the plan's spending cap of the cycle is reached",        \
      "Let it pass at the speed agreed for that.")                                                 \
    X(limit_reached, "the plan's hard limit of the cycle is reached",                              \
      "Raise the plan's limit from that date.")                                                    \
    X(not_chargeable, "that usage has no price", "Mend it as the suspense reason beside it says.") \
    X(nothing_to_refund, "less was debited than is to be refunded",                                \
      "Refund what a debit of that session charged.")
FARTHING_REASON_ENUM(ChargeReason, FARTHING_CHARGE_REASONS)
}  // namespace farthing

namespace farthing::charging {

// A session begins, goes on and ends; an event debits at once, or refunds what it debited.
enum class Action : std::uint8_t { start = 1, update, end, debit, refund };

struct UsedUnits {
    std::int64_t units = 0;
    // Of the container, whose price is that of this time; none: since the session was heard of
    // last.
    std::optional<Instant> start = {};
    bool after_change = false;  // of the price, where it changed between the start and now
    bool of_counter = false;    // that counts on from the session's start: it is that much further
    bool operator==(const UsedUnits&) const = default;
};
// One rating group of a session.
struct ServiceRequest {
    std::uint32_t group = 0;
    MeterId meter;
    NetworkKey network = {};
    std::string called = {};
    std::string calling = {};
    std::vector<UsedUnits> used = {};
    bool asks = false;
    std::optional<std::int64_t> units = {};  // base units; none: as many as are usual
    bool releases = false;                   // what was granted and not used returns
    // What a file told of the session before it began here, or another session of its charging id
    // came to; not a part of what is asked.
    std::optional<OpenSession> filed = {};
    bool operator==(const ServiceRequest&) const = default;
};
// By which requests are known of clients that do not number them: a repeat has the same (EC39).
struct Fingerprint {
    std::uint32_t content = 0;  // of all but the client's time stamp
    std::uint32_t stamp = 0;
    bool again = false;  // the client says that it repeats: then perhaps with another time stamp
};
// Of a client whose counters count from the session's start: whose they are, for the same id is
// used again.
enum class Whose : std::uint8_t { same, newer, earlier };
struct Request {
    std::string session;
    std::uint64_t number = 0;  // of the request in its session
    Action action = Action::start;
    SubscriptionId subscription;
    Instant at;
    std::vector<ServiceRequest> services;
    std::string charging_id = {};  // by which records in files know the session; empty: by its id
    std::optional<Fingerprint> fingerprint = {};  // in place of the number
    bool only = false;                            // nothing follows: the session ends with it
    bool whole = false;                           // all of a debit happens, or nothing of it
    NetworkKey network = {};  // where the session is; services may say otherwise of themselves
    std::string client = {};  // where the client is told about the session; empty: as before
    std::optional<Instant> counted_at = {};  // of counters that go on, by our clock
    Whose whose = Whose::same;

    // It happens at once, whatever goes on.
    bool is_event() const { return action == Action::debit || action == Action::refund; }
};

struct ServiceAnswer {
    std::uint32_t group = 0;
    ChargeReason why = ChargeReason::granted;
    SuspenseReason suspense = SuspenseReason::none;  // of usage that waits, or has no price
    std::int64_t granted = 0;
    bool final = false;              // there is nothing beyond this grant
    std::int32_t valid_seconds = 0;  // come back by then
    i128 charged_atoms = 0;          // by this request
    i128 overrun_atoms = 0;          // of those, beyond what might be spent
    AccountId whose_cap = {};        // where `why` is `cap_reached`
    bool operator==(const ServiceAnswer&) const = default;
};
struct Answer {
    ChargeReason why = ChargeReason::granted;
    std::vector<ServiceAnswer> services;
    bool repeated = false;  // the request came before: this is what it was told
};

// What must agree when the same number comes again (EC39): everything but when it came.
std::uint64_t content_of(const Request& request);

}  // namespace farthing::charging
