// What the protocols of networks have in common: settings, and what an answer means to them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "engine/online.h"

namespace farthing::api {

enum class FailureHandling : std::uint8_t { terminate, go_on, retry };

struct ChargePolicy {
    std::map<std::uint32_t, std::string> meters;  // by rating group; else by what is counted
    std::string redirect;                         // URL for users without money; empty: none
    bool failover = false;                        // another node has the same sessions
    std::optional<FailureHandling> failure_handling;
};

bool is_empty(const engine::NetworkCounts& counts);

// Of one rating group.
enum class Verdict : std::uint8_t {
    granted,
    no_money,
    over_limit,  // of the plan
    not_here,    // in this country or network
    unrated
};
Verdict verdict_of(const engine::ChargeAnswer::Service& service);

}  // namespace farthing::api
