// Plays sessions against a running server, open loop: requests are due at a steady rate whether the
// server keeps pace or not, and a latency counts from when its request was due.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "api/server.h"
#include "base/error.h"
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

struct Play {
    Address to;
    std::string key;
    std::string subscriptions;  // their names are this and a number from 1
    std::int64_t count = 1;
    std::string meter;
    std::string quantity;       // asked for and reported by each update
    std::int64_t rate = 1'000;  // requests a second
    std::int64_t seconds = 10;
    std::int64_t connections = 64;
    std::int64_t updates = 4;  // of a session, between its start and its end
    std::string run;           // tells its sessions from those of other runs
};

struct Latencies {
    std::int64_t requests = 0;
    std::int64_t refused = 0;  // answered, and not by 200
    std::int64_t p50 = 0;      // microseconds
    std::int64_t p99 = 0;
    std::int64_t p999 = 0;
    std::int64_t max = 0;
};
struct Played {
    Latencies all;
    std::int64_t micros = 0;  // that it took
};
// Tells each second what was answered in it.
Result<Played> play(const Play& play, const std::function<void(const Latencies&)>& each_second);

}  // namespace farthing::api
