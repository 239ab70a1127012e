// What a scenario's sessions asked and were told.
#pragma once

#include <map>
#include <string>

#include "engine/online.h"

namespace farthing::cli {

struct OnlineStage {
    struct Asked {
        std::uint64_t next = 0;  // number
        engine::ChargeQuestion question;
        engine::ChargeAnswer answer;
    };
    std::map<std::string, Asked> sessions;
    std::int64_t passed = 0;  // of the last burst
    std::int64_t asked = 0;
    int payments = 0;
};

}  // namespace farthing::cli
