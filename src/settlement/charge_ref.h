// Where a component stands in a catalog version: its plan and its place there.
#pragma once

#include <cstdint>
#include <span>

#include "catalog/snapshot.h"

namespace farthing::settlement {

// Exactly one of `fee`, `usage` and `discount` is set where the version has the component; else
// none.
struct ChargeRef {
    const catalog::Version* version = nullptr;
    const catalog::Plan* plan = nullptr;
    const catalog::Fee* fee = nullptr;
    const catalog::UsageCharge* usage = nullptr;
    const catalog::Discount* discount = nullptr;
    std::uint32_t plan_place = 0;  // in the order of the catalog
    std::uint32_t charge_place = 0;
    const catalog::Package* package = nullptr;  // whose price the fee is
    explicit operator bool() const { return plan != nullptr; }
};
ChargeRef find_charge(const catalog::Version& version, ComponentId component);

// The shares of a fee or usage charge; nothing for a discount.
std::span<const catalog::Share> shares_of(const ChargeRef& ref);

}  // namespace farthing::settlement
