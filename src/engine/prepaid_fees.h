// Fees of accounts that pay before they use: taken from the balance when they fall due, or not, and
// then their subscriptions are suspended until a top-up covers them (EC71). Private to this room.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "engine/desk.h"

namespace farthing::engine {

// Takes what is due by now of an account or, without one, of all that are prepaid.
Result<FeeReport> take_due_fees(Engine::State& state, AccountId only);

// Lets money come to whom a rule gives it, and takes the fees that waited for it.
Result<void> let_money_come(Engine::State& state);

// Who is prepaid now: money was paid in or its limit is what it has, and no one lets it go below
// without end.
Result<std::set<AccountId>> prepaid_payers(Engine::State& state);
// Which fees of a payer documents pass over: what nothing was taken of.
using Uncovered = std::function<bool(SubscriptionId, ComponentId, Date)>;
Result<Uncovered> uncovered_fees(Engine::State& state, AccountId payer);

// What was taken is what was posted, and what waits was not taken; none where nothing fell due.
Result<std::optional<CheckLine>> check_fees(Engine::State& state);
// Whose prices stand in the ledger beside fees.
std::set<ComponentId> packages_sold(const Engine::State& state);
// What vouchers, transfers and packages moved is what was posted; one line of each that there are.
Result<std::vector<CheckLine>> check_moved_money(Engine::State& state);
// `id`: "fee-12".
Result<Explanation> explain_fee(Engine::State& state, std::string_view id, bool verify);
constexpr std::string_view kFeePrefix = "fee-";

}  // namespace farthing::engine
