// Plays sessions against a running server, open loop: requests are due at a steady rate whether the
// server keeps pace or not, and a latency counts from when its request was due.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "api/latencies.h"
#include "api/server.h"
#include "base/error.h"
#include "base/instant.h"
#include "base/reason.h"

namespace farthing {
#define FARTHING_PLAYER_REASONS(X)                                     \
    X(server_unreachable, "the server does not answer",                \
      "Start it with `farthing serve`, and name its address.")         \
    X(server_refuses, "the server refused a request that should pass", \
      "Check the key, the subscriptions and the meter.")
FARTHING_REASON_ENUM(PlayerReason, FARTHING_PLAYER_REASONS)
}  // namespace farthing

namespace farthing::api {

enum class PlayProtocol : std::uint8_t { http, diameter, nchf };

struct Play {
    Address to;
    PlayProtocol protocol = PlayProtocol::http;
    bool tls = false;
    std::string authorities = {};  // with TLS: a file of whom to trust; empty: as the system does
    bool sctp = false;             // in place of TCP
    std::string key;               // of the HTTP API
    std::string subscriptions;     // their names are this and a number from 1; where a network is
                                   // played their telephone numbers, or the names of their devices
    std::int64_t count = 1;
    std::string meter;          // over HTTP; else the server tells it by what is counted
    std::string quantity;       // asked for and reported by each update
    std::int64_t rate = 1'000;  // requests a second
    std::int64_t seconds = 10;
    std::int64_t sessions = 64;    // at once
    std::int64_t connections = 4;  // that they share; over HTTP each has one of its own
    std::int64_t updates = 4;      // of a session, between its start and its end
    bool leaves_open = false;      // sessions begin, and nothing follows
    std::string balances;          // in place of sessions: balances of accounts named so
    std::function<Instant()> now;  // the client's clock
    std::string run;               // tells its sessions from those of other runs
};

struct Played {
    Latencies all;
    std::int64_t micros = 0;      // that it took
    std::int64_t cpu_micros = 0;  // that playing took
};
// Tells each second what was answered in it.
Result<Played> play(const Play& play, const std::function<void(const Latencies&)>& each_second);

}  // namespace farthing::api
