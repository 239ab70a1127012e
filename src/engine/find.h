// Small look-ups that several parts of the engine share.
#pragma once

#include <set>
#include <string>

#include "catalog/snapshot.h"
#include "directory/directory.h"
#include "engine/state.h"
#include "model/ledger_entry.h"
#include "model/rated_usage.h"

namespace farthing::engine {

// An account that pays today: charges of those below it are posted to it.
Result<AccountId> payer_named(const Engine::State& state, const std::string& name);
// An account for which somebody pays today: itself, or one above it.
Result<AccountId> paid_account_named(const Engine::State& state, const std::string& name);
bool pays_today(const Engine::State& state, AccountId account);
// "50.00"; refuses what is less than nothing.
Result<std::int64_t> atoms_of(const std::string& text, Currency currency);

// The usage charge with that id, and its plan where asked; nullptr when the version has none.
const catalog::UsageCharge* find_charge(const catalog::Version& version, ComponentId id,
                                        const catalog::Plan** plan);
// The same document as it would be made now.
Result<Invoice> recompute(Engine::State& state, const Invoice& document);
// The subscriptions of an account and all below it, of a name, or of both; empty names: all.
Result<std::set<SubscriptionId>> subscriptions_named(const Engine::State& state,
                                                     const std::string& account,
                                                     const std::string& subscription);
// "unbilled/city", "revenue/lamp/lease", "rounding".
std::string ledger_account_name(const Engine::State& state, LedgerAccount account);
std::string owner_name(const directory::Directory& directory, OwnerKind kind, std::uint32_t owner);

}  // namespace farthing::engine
