// What an account may spend: its money, what is reserved of it while sessions run, and the limits
// that it has. A reservation is held first and becomes a charge, or returns.
#pragma once

#include <algorithm>
#include <boost/container/flat_map.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "base/civil.h"
#include "base/int128.h"
#include "base/lean_vector.h"

namespace farthing::ledger {

// What ends it; `plan`: a spending cap of the catalog's.
enum class Bound : std::uint8_t { none, money, cap, plan };

struct Purse {
    i128 balance = 0;  // atoms paid in less those charged; below zero: owed
    i128 held = 0;     // reserved for what open sessions may still use
    // How far below zero the balance may go; none: without end (postpaid).
    std::optional<std::int64_t> credit = {};
    std::optional<std::int64_t> cap = {};  // of what one billing cycle may cost
    // By the first day of the cycle; of few cycles.
    boost::container::flat_map<Date, i128, std::less<>, LeanVector<std::pair<Date, i128>>> spent =
        {};

    bool limited() const { return credit.has_value() || cap.has_value(); }
    i128 spent_in(Date cycle) const {
        const auto found = spent.find(cycle);
        return found == spent.end() ? 0 : found->second;
    }
    // What can still be reserved in a cycle, and what bounds it. REQUIRES: limited.
    struct Room {
        i128 atoms = 0;
        Bound bound = Bound::none;
    };
    Room room(Date cycle) const {
        Room money{balance + credit.value_or(0) - held, Bound::money};
        Room capped{i128{cap.value_or(0)} - spent_in(cycle) - held, Bound::cap};
        if (!cap) return money;
        if (!credit) return capped;
        return capped.atoms < money.atoms ? capped : money;
    }
    // Reserves, or with less than nothing returns.
    void hold(i128 atoms) { held += atoms; }
    // Gives what of the charge lies beyond what may be spent: an overrun (EC42).
    i128 charge(Date cycle, i128 atoms) {
        balance -= atoms;
        spent[cycle] += atoms;
        if (!credit || atoms <= 0) return 0;
        return std::clamp<i128>(-(balance + *credit), 0, atoms);
    }
};

}  // namespace farthing::ledger
