// Charging while usage happens, in words: what the API, the command line and scenarios ask.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/instant.h"
#include "model/money.h"

namespace farthing::engine {

// How long grants are valid, and how long sessions are remembered after their end or silence.
struct ChargeSettings {
    std::int64_t valid_seconds = 3600;
    std::int64_t remembered_seconds = 86'400;
};

enum class ChargeAction : std::uint8_t { start, update, end, debit, refund };

struct ChargeQuestion {
    std::string session;
    std::uint32_t number = 0;  // of the request in its session
    ChargeAction action = ChargeAction::start;
    std::string subscription;  // empty: that of the session
    std::string charging_id;   // by which files know the session; empty: by its own id
    struct Used {
        std::string quantity;          // "2 MB", or in the meter's own unit
        std::optional<Instant> start;  // none: since the session was heard of last
    };
    struct Service {
        std::uint32_t group = 0;
        std::string meter;
        std::string network;
        std::string called;
        std::string calling;
        std::vector<Used> used;
        bool asks = false;
        std::string quantity;   // empty: as much as is usual
        bool releases = false;  // what was granted and not used returns
    };
    std::vector<Service> services;
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
        std::int64_t granted = 0;  // in `unit`
        std::string unit;          // the meter's base unit
        std::string granted_text;  // "10 MB"
        bool final = false;        // there is nothing beyond it
        std::int32_t valid_seconds = 0;
        Money charged;  // by this request
        Money overrun;  // of that, beyond what might be spent
    };
    std::vector<Service> services;
    bool repeated = false;
};

struct BalanceReport {
    std::string account;
    Money balance;                   // paid in less charged
    Money held;                      // reserved for open sessions
    std::optional<Money> credit;     // how far below zero it may go; none: without end
    std::optional<Money> available;  // what can still be reserved; none: without end
    std::optional<Money> cap;        // of a cycle
    Money spent;                     // in the cycle of today
    std::int64_t alerts = 0;         // on the cap, of that cycle
};

struct LimitChange {
    std::string account;
    // Amounts; "none" takes the limit away; empty: stays as it is.
    std::string credit;
    std::string cap;
};

}  // namespace farthing::engine
