// Charging while usage happens, in words: what the API, the command line and scenarios ask.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/instant.h"
#include "engine/buckets.h"
#include "engine/money.h"
#include "model/money.h"
#include "model/quantity.h"
#include "model/usage.h"

namespace farthing::engine {

// How long grants are valid, and how long sessions are remembered after their end or silence.
struct ChargeSettings {
    std::int64_t valid_seconds = 3600;
    std::int64_t remembered_seconds = 86'400;
};

// `enquire`: what would a debit of as much cost now, and is it covered? Nothing is charged or kept.
enum class ChargeAction : std::uint8_t { start, update, end, debit, refund, enquire };

// What a network counted in each way that it can: the meter says which of them is meant.
struct NetworkCounts {
    std::optional<std::int64_t> bytes;
    std::optional<std::int64_t> seconds;
    std::optional<std::int64_t> pieces;
};

// By which requests are known of clients that do not number them: a repeat has the same.
struct ChargeFingerprint {
    std::uint32_t content = 0;  // of all but the client's time stamp
    std::uint32_t stamp = 0;
    bool again = false;  // the client says that it repeats: then perhaps with another time stamp
};

struct ChargeQuestion {
    std::string session;
    std::uint64_t number = 0;  // of the request in its session
    ChargeAction action = ChargeAction::start;
    std::string subscription;  // empty: whose the identities are, else that of the session
    std::string charging_id;   // by which files know the session; empty: by its own id
    std::vector<std::pair<IdentityKind, std::string>> identities = {};  // the first that is known
    // What is wrong with one service refuses that one alone.
    bool apart = false;
    std::optional<ChargeFingerprint> fingerprint = {};  // in place of the number
    bool only = false;  // what it reports has happened, and nothing follows
    // Of clients whose first word may get lost or come late: begins the session where there is
    // none, and goes on with it where there is one.
    bool joins = false;
    // Of counters that count from the session's start. By when it began it is told apart from
    // others that had its id before.
    struct Counted {
        std::int64_t seconds_ago = 0;
        std::optional<Instant> at = {};            // the same by the client's clock
        std::optional<std::int64_t> seconds = {};  // that the session had gone on then
    };
    std::optional<Counted> counted = {};
    std::string client = {};   // where the client is told about the session; empty: as before
    bool whole = false;        // all services of a debit are debited, or none is
    std::string network = {};  // where the session is; empty: as before, or as its services say
    struct Used {
        std::string quantity;          // "2 MB", or in the meter's own unit; else `counts`
        std::optional<Instant> start;  // none: since the session was heard of last
        NetworkCounts counts = {};
        bool total = false;  // since the session began: what was told before is taken off
        // In place of `start`, by the client's own clock; never before that.
        std::optional<std::int64_t> micros_ago = {};
        bool after_change = false;  // of the price, where it changed since
    };
    struct Service {
        std::uint32_t group = 0;
        std::string meter;  // empty: that of the group, else the only one that counts so
        std::optional<Dimension> usual = {};  // of what is counted, where no count tells
        std::string network;
        std::string called;
        std::string calling;
        std::vector<Used> used;
        bool asks = false;
        std::string quantity;  // empty: `counts`, else as much as is usual
        NetworkCounts counts = {};
        bool releases = false;  // what was granted and not used returns
    };
    std::vector<Service> services;

    // That of the group, made where there is none yet: one session has each group once.
    Service& service_at(std::uint32_t group) {
        for (Service& service : services)
            if (service.group == group) return service;
        services.emplace_back().group = group;
        return services.back();
    }
};

struct ChargeAnswer {
    std::string why;   // "granted", or the reason of a refusal of the whole
    std::string what;  // the reason in a sentence; empty where granted
    std::string mend;
    struct Service {
        std::uint32_t group = 0;
        std::string meter;
        std::string why;
        std::string what;
        std::string account;       // whose cap it is that is reached
        std::string suspense;      // the reason for which usage waits or has no price
        std::int64_t granted = 0;  // in `unit`
        std::string unit;          // the meter's base unit
        NetworkCounts counts;      // what is granted, as networks count it
        std::string granted_text;  // "10 MB"
        bool final = false;        // there is nothing beyond it
        std::int32_t valid_seconds = 0;
        Money charged;         // by this request
        Money overrun;         // of that, beyond what might be spent
        Money cost = {};       // of what is enquired about: `granted` of it
        Money sponsored = {};  // beside it
    };
    std::vector<Service> services;
    bool repeated = false;
};

// A session that goes on and was granted less than it asked for, for want of money.
struct WaitingSession {
    std::string id;
    std::string client;  // where it is told, if it said so
};

struct BalanceReport {
    std::string account;
    std::string payer;               // who pays for it; empty: itself
    std::optional<Money> balance;    // paid in less charged; none: others pay
    Money held;                      // reserved for open sessions
    std::optional<Money> credit;     // how far below zero it may go; none: without end
    std::optional<Money> available;  // what can still be reserved, by all levels up to its payer
    std::optional<Money> cap;        // of a cycle
    Money spent;                     // in the cycle of today
    std::int64_t alerts = 0;         // on the cap, of that cycle
    std::vector<SuspendedRow> suspended = {};
    std::vector<BucketRow> buckets = {};  // valid today, of the account and all below it
};

struct LimitChange {
    std::string account;
    // Amounts; "none" takes the limit away; empty: stays as it is.
    std::string credit;
    std::string cap;
};

}  // namespace farthing::engine
