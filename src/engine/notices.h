// What others are told as it happens, in words: the bodies of webhooks. Private to this room.
#pragma once

#include <string_view>

#include "engine/state.h"
#include "model/invoice.h"
#include "model/online_charge.h"
#include "model/prepaid_fee.h"
#include "model/webhook.h"

namespace farthing::engine {

bool is_event_type(std::string_view type);

Notice notice_of(const Engine::State& state, const TopUp& paid);
Notice notice_of(const Engine::State& state, const Transfer& moved);
Notice notice_of(const Engine::State& state, const Recharge& recharge);
Notice notice_of(const Engine::State& state, const CapAlert& alert, i128 spent, i128 cap);
Notice notice_of(const Engine::State& state, const PlanCapAlert& alert, i128 spent,
                 const catalog::SpendingCap& cap);
Notice notice_of(const Engine::State& state, const Invoice& sent);
Notice low_notice(const Engine::State& state, AccountId account, i128 balance, i128 below);
// A subscription that a fee suspends, and one that none suspends any more.
Notice suspended_notice(const Engine::State& state, SubscriptionId subscription,
                        const UncoveredFee& fee);
Notice resumed_notice(const Engine::State& state, SubscriptionId subscription, AccountId payer);
Notice test_notice(Instant now);

}  // namespace farthing::engine
