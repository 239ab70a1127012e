// A session as it is kept: what it may still use, what it came to, and what it was told.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "charging/request.h"
#include "model/open_session.h"

namespace farthing {
#define FARTHING_KEPT_SESSION_REASONS(X)                                 \
    X(charge_session_damaged, "a stored charging session can't be read", \
      "Restore the database from a backup; `farthing check database` names the rest.")
FARTHING_REASON_ENUM(KeptSessionReason, FARTHING_KEPT_SESSION_REASONS)
}  // namespace farthing

namespace farthing::charging {

// One rating group of a session.
struct Service {
    MeterId meter;
    NetworkKey network;
    std::string called;
    std::string calling;
    OpenSession sum;           // what it came to, with what files told of it
    std::int64_t told = 0;     // base units that were reported here
    std::int64_t granted = 0;  // base units that may still be used
    Instant held_until;        // then what is left of them returns (EC41)
    Instant since;             // of what is reported next
    bool begun() const { return sum.key != Hash128{}; }
    bool operator==(const Service&) const = default;
};

struct KeptAnswer {
    std::uint64_t content = 0;
    Answer answer;
};

struct Session {
    std::string id;
    std::string charging_id;  // by which files know it; empty: by its id
    std::string client;       // where its client is told about it, if it said so
    SubscriptionId subscription;
    Instant last;  // when it was heard of
    bool ended = false;
    std::map<std::uint32_t, Service> services;    // by group
    std::map<std::uint64_t, KeptAnswer> answers;  // by number; the newest few
    std::uint64_t forgotten_below = 0;            // answers to smaller numbers are gone

    const std::string& known_as() const { return charging_id.empty() ? id : charging_id; }
    // Until when it holds money; the last word on it long before where it holds none.
    Instant held_until() const;
};

// As the store keeps it. Every stored release stays readable: golden bytes in the tests.
std::string pack_session(const Session& session);
Result<Session> unpack_session(std::string_view bytes);

}  // namespace farthing::charging
