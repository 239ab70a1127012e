// A session as it is kept: what it may still use, what it came to, and what it was told.
#pragma once

#include <boost/container/flat_map.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/lean_text.h"
#include "base/lean_vector.h"
#include "charging/holds.h"
#include "charging/request.h"
#include "model/open_session.h"

namespace farthing {
class Unpacker;

#define FARTHING_KEPT_SESSION_REASONS(X)                                 \
    X(charge_session_damaged, "a stored charging session can't be read", \
      "Restore the database from a backup; `farthing check database` names the rest.")
FARTHING_REASON_ENUM(KeptSessionReason, FARTHING_KEPT_SESSION_REASONS)
}  // namespace farthing

namespace farthing::charging {

// Sessions stand by the million: what each has lies in as few bytes as may be.

// One rating group of a session.
struct Service {
    MeterId meter;
    NetworkKey network;
    LeanText called;
    LeanText calling;
    OpenSession sum;           // what it came to, with what files told of it
    std::int64_t told = 0;     // where a counter is reported: how far it was
    std::int64_t granted = 0;  // base units that may still be used
    Instant held_until;        // then what is left of them returns (EC41)
    Instant since;             // of what is reported next
    // What the grant holds. It is not kept: who reads the session holds anew.
    LeanVector<Held> held = {};
    LeanVector<rating::CounterKey> limits = {};
    bool begun() const { return sum.key != Hash128{}; }
    bool operator==(const Service&) const = default;
};

// By group. Another group moves those that are there.
using Services = boost::container::flat_map<std::uint32_t, Service, std::less<>,
                                            LeanVector<std::pair<std::uint32_t, Service>>>;

// Who had the id of a session before it: what is still said of that one is told apart by when it
// began.
struct EarlierSession {
    Instant ended;  // what began by then is of it
    std::int64_t told = 0;
    LeanText known_as;
    bool operator==(const EarlierSession&) const = default;
};

struct KeptAnswer {
    std::uint64_t number = 0;
    std::uint64_t content = 0;
    Answer answer;
};
// What the last requests were told, by number, in the bytes that the store keeps: hardly one of
// them is told again.
class KeptAnswers {
  public:
    bool empty() const { return size_ == 0; }
    std::uint32_t size() const { return size_; }
    std::uint64_t newest() const { return newest_; }  // number; 0 where there is none
    std::optional<KeptAnswer> numbered(std::uint64_t number) const;
    // The first whose content is such.
    std::optional<KeptAnswer> find(const std::function<bool(std::uint64_t)>& such) const;
    // REQUIRES: there is none with its number.
    void add(const KeptAnswer& kept);
    // Gives its number. REQUIRES: there is one.
    std::uint64_t drop_oldest();
    // As the store keeps them: `size` of them.
    std::string_view bytes() const { return bytes_; }
    void read(Unpacker& in, std::uint64_t version);

  private:
    LeanText bytes_;
    std::uint64_t newest_ = 0;
    std::uint32_t size_ = 0;
};

struct Session {
    LeanText id;
    LeanText charging_id;  // by which files know it; empty: by its id
    LeanText client;       // where its client is told about it, if it said so
    SubscriptionId subscription;
    NetworkKey network;  // where it was heard of last
    bool ended = false;
    bool events = false;  // of debits, which may be refunded; else of what is reported
    Instant last;         // when it was heard of
    // Of a client whose counters count from the session's start: when it counted last. Others: no
    // time. What such a counter has told is kept when the session is forgotten.
    Instant counted_at = {};
    LeanVector<EarlierSession> earlier = {};  // the last one; mostly there was none
    Services services;
    KeptAnswers answers;                // to the newest few requests
    std::uint64_t forgotten_below = 0;  // answers to smaller numbers are gone

    std::string_view known_as() const { return charging_id.empty() ? id : charging_id; }
    bool counts_on() const { return counted_at != Instant{}; }
    // Until when it holds money; the last word on it long before where it holds none.
    Instant held_until() const;
};

// As the store keeps it. Every stored release stays readable: golden bytes in the tests.
std::string pack_session(const Session& session);
Result<Session> unpack_session(std::string_view bytes);

}  // namespace farthing::charging
