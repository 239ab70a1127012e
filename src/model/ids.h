// The ids of the trade's nouns. Stored ids are per tenant, dense, start at 1 and never change.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/id.h"

namespace farthing {

using TenantId = Id<struct TenantTag>;
using AccountId = Id<struct AccountTag>;  // a node of the account tree; may pay for those below it
using GroupId = Id<struct GroupTag>;      // subscriptions that share an allowance
using SubscriptionId =
    Id<struct SubscriptionTag>;  // the SIM, line, lamp or block of numbers that uses
using MeterId = Id<struct MeterTag, std::uint16_t>;  // what is counted: data, voice, sms, energy
using PlanId = Id<struct PlanTag>;
using ComponentId =
    Id<struct ComponentTag>;  // one charge of a plan, usage or fee, stable over catalog versions
using PartnerId = Id<struct PartnerTag>;
using VersionNo = Id<struct CatalogVersionTag>;  // catalog version, 1, 2, 3 …
using FeedId = Id<struct FeedTag>;
using SourceId = Id<struct SourceTag>;               // one file (later: one partition) of a feed
using BatchId = Id<struct BatchTag, std::uint64_t>;  // the unit of commit
using EntryId = Id<struct EntryTag, std::uint64_t>;
using BucketId = Id<struct BucketTag>;  // one package that an owner bought or was given
using InvoiceId = Id<struct InvoiceTag>;

// From whose side a record is rated, part of every rated key: what the customer pays, and what the
// carrier who carried it charges us.
enum class Perspective : std::uint8_t { retail = 1, cost };
constexpr std::array<std::string_view, 3> kPerspectiveNames = {"", "retail", "cost"};
constexpr std::string_view name_of(Perspective perspective) {
    return kPerspectiveNames[static_cast<std::size_t>(perspective)];
}
// Several of them, as bits.
constexpr std::uint8_t bit_of(Perspective perspective) {
    return static_cast<std::uint8_t>(1U << (static_cast<unsigned>(perspective) - 1));
}

}  // namespace farthing
