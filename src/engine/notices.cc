#include "engine/notices.h"

#include <algorithm>
#include <functional>

#include "base/json.h"
#include "engine/webhooks.h"

namespace farthing::engine {

namespace {

// {"type": …, "timestamp": …, "data": {…}}
Notice notice(std::string_view type, Instant at, AccountId account,
              const std::function<void(JsonWriter&)>& data) {
    JsonWriter json(false);
    json.begin_object()
        .field("type", type)
        .field("timestamp", to_rfc3339(at))
        .key("data")
        .begin_object();
    data(json);
    json.end_object().end_object();
    return {std::string(type), at, account, json.text()};
}

const std::string& name_of(const Engine::State& state, AccountId account) {
    return state.directory.account(account).fact.name;
}

Money in_currency(const Engine::State& state, i128 atoms) {
    return {atoms, state.catalog.newest().currency};
}

void cap_fields(const Engine::State& state, JsonWriter& json, Date cycle, int percent, i128 spent,
                const Money& cap) {
    json.field("cycle", to_string(cycle))
        .field("percent", percent)
        .field("spent", in_currency(state, spent).to_string())
        .field("cap", cap.to_string())
        .field("currency", cap.currency.code());
}

}  // namespace

std::span<const EventType> event_types() {
    static constexpr EventType kTypes[] = {
        {"topup.taken", "money came in for an account, paid in or by a voucher"},
        {"transfer.made", "money went from one account to another"},
        {"recharge.made", "a rule moved money to an account whose balance was too low"},
        {"recharge.asked", "a rule asks for a top-up under that reference"},
        {"recharge.failed", "the source of a rule had too little"},
        {"balance.low", "a balance fell below what `balance alert` watches"},
        {"cap.reached", "an account's cap of the cycle is reached to 50, 80 or 100 percent"},
        {"spending_cap.reached", "a plan's spending cap is reached to one of its alerts"},
        {"subscription.suspended", "a fee of a prepaid account is not covered"},
        {"subscription.resumed", "the fees of a suspended subscription are covered, or lapsed"},
        {"invoice.sent", "an invoice or note was sent"},
        {"webhook.test", "`webhook test` asked for it"},
    };
    return kTypes;
}

bool is_event_type(std::string_view type) {
    return std::ranges::any_of(event_types(), [&](const auto& one) { return one.name == type; });
}

Notice notice_of(const Engine::State& state, const TopUp& paid) {
    return notice("topup.taken", paid.at, paid.account, [&](JsonWriter& json) {
        json.field("account", name_of(state, paid.account))
            .field("amount", Money{paid.atoms, paid.currency}.to_string())
            .field("currency", paid.currency.code())
            .field("reference", paid.reference);
    });
}

Notice notice_of(const Engine::State& state, const Transfer& moved) {
    return notice("transfer.made", moved.at, moved.from, [&](JsonWriter& json) {
        json.field("from", name_of(state, moved.from))
            .field("to", name_of(state, moved.to))
            .field("amount", Money{moved.atoms, moved.currency}.to_string())
            .field("currency", moved.currency.code())
            .field("reference", moved.reference);
    });
}

Notice notice_of(const Engine::State& state, const Recharge& recharge) {
    return notice("recharge." + std::string(name_of(recharge.state)), recharge.at, recharge.account,
                  [&](JsonWriter& json) {
                      json.field("account", name_of(state, recharge.account))
                          .field("amount", in_currency(state, recharge.atoms).to_string())
                          .field("currency", state.catalog.newest().currency.code())
                          .field("reference", recharge.reference);
                      if (recharge.source) json.field("source", name_of(state, recharge.source));
                  });
}

Notice notice_of(const Engine::State& state, const CapAlert& alert, i128 spent, i128 cap) {
    return notice("cap.reached", alert.at, alert.account, [&](JsonWriter& json) {
        json.field("account", name_of(state, alert.account));
        cap_fields(state, json, alert.cycle, alert.percent, spent, in_currency(state, cap));
    });
}

Notice notice_of(const Engine::State& state, const PlanCapAlert& alert, i128 spent,
                 const catalog::SpendingCap& cap) {
    return notice("spending_cap.reached", alert.at, alert.account, [&](JsonWriter& json) {
        json.field("plan", state.names.name_of(NameTable::Kind::plan, alert.plan.value));
        if (alert.subscription)
            json.field("subscription", state.directory.subscription(alert.subscription).fact.name);
        if (alert.account) json.field("account", name_of(state, alert.account));
        const Currency currency = state.catalog.newest().currency;
        const auto amount = money_of(cap.amount.exact(), currency);
        cap_fields(state, json, alert.cycle, alert.percent, spent,
                   amount.value_or(Money{0, currency}));
    });
}

Notice notice_of(const Engine::State& state, const Invoice& sent) {
    return notice("invoice.sent", state.clock.now(), sent.payer, [&](JsonWriter& json) {
        json.field("number", sent.number)
            .field("account", name_of(state, sent.payer))
            .field("from", to_string(sent.period.first))
            .field("until", to_string(sent.period.end))
            .field("payable", sent.payable.to_string())
            .field("currency", sent.currency.code())
            .field("note", bool{sent.corrects});
    });
}

Notice low_notice(const Engine::State& state, AccountId account, i128 balance, i128 below) {
    return notice("balance.low", state.clock.now(), account, [&](JsonWriter& json) {
        json.field("account", name_of(state, account))
            .field("balance", in_currency(state, balance).to_string())
            .field("below", in_currency(state, below).to_string())
            .field("currency", state.catalog.newest().currency.code());
    });
}

Notice suspended_notice(const Engine::State& state, SubscriptionId subscription,
                        const UncoveredFee& fee) {
    return notice(
        "subscription.suspended", state.clock.now(), fee.fee.payer, [&](JsonWriter& json) {
            json.field("account", name_of(state, fee.fee.payer))
                .field("subscription", state.directory.subscription(subscription).fact.name)
                .field("fee",
                       state.names.name_of(NameTable::Kind::component, fee.fee.component.value))
                .field("due", to_string(fee.fee.due))
                .field("amount", in_currency(state, fee.atoms).to_string())
                .field("currency", state.catalog.newest().currency.code());
        });
}

Notice resumed_notice(const Engine::State& state, SubscriptionId subscription, AccountId payer) {
    return notice("subscription.resumed", state.clock.now(), payer, [&](JsonWriter& json) {
        json.field("account", name_of(state, payer))
            .field("subscription", state.directory.subscription(subscription).fact.name);
    });
}

Notice test_notice(Instant now) {
    return notice("webhook.test", now, {}, [](JsonWriter& json) { json.field("test", true); });
}

}  // namespace farthing::engine
