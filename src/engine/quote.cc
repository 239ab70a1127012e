// Price enquiries: rated as a record would be, on counters that are thrown away.
#include "rating/quote.h"

#include <fmt/format.h>

#include "catalog/describe.h"
#include "engine/explain_session.h"
#include "engine/reasons.h"
#include "engine/state.h"

namespace farthing::engine {

namespace {

std::unexpected<Error> malformed(std::string what) {
    return fail(EngineReason::quote_malformed, std::move(what));
}

Result<rating::QuoteRequest> request_of(const Engine::State& state, const QuoteQuestion& question,
                                        const catalog::Version& version,
                                        const catalog::Meter& meter) {
    rating::QuoteRequest request;
    request.subscription = state.directory.subscription_named(question.subscription);
    if (!request.subscription) {
        return fail(DirectoryReason::unknown_subscription,
                    "no subscription is named \"" + question.subscription + "\"");
    }
    const auto raw = parse_quantity(question.quantity, *meter.unit);
    if (!raw || *raw < 0 || *raw > kQuantityMax)
        return malformed("\"" + question.quantity + "\" is no quantity of " + meter.name);
    request.meter = meter.id;
    request.network = NetworkKey::parse(question.network);
    if (!request.network && !question.network.empty())
        return malformed("\"" + question.network + "\" is no network");
    request.called = question.called;
    request.calling = question.calling;
    request.when = question.when;
    request.raw = *raw;
    if (question.balance.empty()) return request;
    const auto balance = Money::parse(question.balance, version.currency);
    const auto atoms = balance ? narrow64(balance->atoms) : std::nullopt;
    if (!atoms) return malformed("\"" + question.balance + "\" is no amount");
    request.balance_atoms = *atoms;
    return request;
}

QuoteAnswer::Affordable affordable_of(const rating::Affordable& affordable,
                                      const catalog::Version& version,
                                      const catalog::Meter& meter) {
    QuoteAnswer::Affordable answer;
    answer.refused = affordable.units == 0;
    answer.any_quantity = affordable.units == kQuantityMax;
    answer.quantity = quantity_to_string(affordable.units, *meter.unit);
    answer.amount = {affordable.atoms, version.currency};
    answer.first = {affordable.first_atoms, version.currency};
    return answer;
}

QuoteAnswer::Part part_of(const Engine::State& state, const rating::Quote::Part& part,
                          const catalog::Meter& meter) {
    QuoteAnswer::Part told;
    told.charge = state.names.name_of(NameTable::Kind::component, part.charge->id.value);
    told.price = catalog::price_text(*part.charge, meter);
    if (part.row != nullptr) {
        told.price =
            fmt::format("{} ({} {})", part.row->price.text, part.row->prefix, part.row->name);
    }
    if (!part.charge->paid_by.empty()) told.price += ", paid by " + part.charge->paid_by;
    told.rule = rule_words(part.rule, meter);
    told.counter = quantity_to_string(part.total, *meter.unit);
    if (part.allowance > 0)
        told.counter +=
            fmt::format(" of {} included", quantity_to_string(part.allowance, *meter.unit));
    told.billable = quantity_to_string(part.billable, *meter.unit);
    return told;
}

}  // namespace

Result<QuoteAnswer> Engine::quote(const QuoteQuestion& question) try {
    const State& state = *state_;
    const catalog::Version* version = state.catalog.at(question.when);
    if (version == nullptr)
        return fail(EngineReason::quote_unpriced,
                    "no catalog is in force at " + to_rfc3339(question.when));
    const catalog::Meter* meter = version->meter_named(question.meter);
    if (meter == nullptr) return malformed("no meter is named \"" + question.meter + "\"");
    FARTHING_TRY(const auto request, request_of(state, question, *version, *meter));
    rating::CounterTable counters([this](const PackKey& key) {
        auto bytes = state_->store->counter_pack(key);
        if (!bytes) throw StoreFailure{std::move(bytes).error()};
        return *std::move(bytes);
    });
    const rating::Quote quote = rating::quote(state.catalog, state.directory, counters, request);
    if (quote.why != SuspenseReason::none) {
        return fail(EngineReason::quote_unpriced,
                    fmt::format("{} ({})", sentence_of(quote.why), name_of(quote.why)));
    }
    QuoteAnswer answer;
    for (const auto& part : quote.parts) answer.parts.push_back(part_of(state, part, *meter));
    answer.amount = {quote.atoms, version->currency};
    answer.sponsored = {quote.sponsored_atoms, version->currency};
    if (quote.affordable) answer.affordable = affordable_of(*quote.affordable, *version, *meter);
    return answer;
} catch (const StoreFailure& failure) {
    return std::unexpected(failure.error);
}

}  // namespace farthing::engine
