// Exchange rates and special prices.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "catalog/charge_parts.h"

namespace farthing::catalog {

namespace {

std::optional<ExchangeRate> read_rate(Reading& reading, const Node& node) {
    const Fields fields(node, table("exchange_rate"), reading.mistakes);
    ExchangeRate rate;
    rate.place = node.place.line_only();
    const auto day = parse_date(fields.text("day"));
    if (!day && fields.has("day")) {
        reading.mistakes.add(CatalogReason::bad_value, fields.place_of("day"),
                             fmt::format("{} is no day", shown(fields.text("day"))),
                             "Write it as 2026-01-31.");
    }
    const auto from = read_currency(fields, "currency");
    const auto amount = fields.has("rate")
                            ? read_decimal(fields.text("rate"), value_at(fields, "rate"))
                            : std::nullopt;
    if (!day || !from || !amount) return std::nullopt;
    if (amount->mantissa == 0 || *from == reading.version.currency) {
        reading.mistakes.add(CatalogReason::bad_value, node.place,
                             "a rate is of another currency, and not zero");
    }
    rate.from = *from;
    rate.day = *day;
    rate.rate = *amount;
    return rate;
}

const Fee* fee_named(const Version& version, const std::string& plan, const std::string& fee) {
    const Plan* found = version.plan_named(plan);
    if (found == nullptr) return nullptr;
    const auto named = std::ranges::find(found->fees, fee, &Fee::name);
    return named == found->fees.end() ? nullptr : &*named;
}

void read_special_price(Reading& reading, const Node& node) {
    const Fields fields(node, table("special_price"), reading.mistakes);
    SpecialPrice price;
    price.place = node.place.line_only();
    price.account = fields.text("account");
    price.subscription = fields.text("subscription");
    price.days = read_days(fields);
    const bool whose = one_of(fields, "account", "subscription", "a special price");
    const Fee* fee = fee_named(reading.version, fields.text("plan"), fields.text("fee"));
    if (fee == nullptr || fee->minimum) {
        return reading.mistakes.add(
            CatalogReason::unknown_charge, node.place,
            fmt::format("no plan {} has a fee {}", shown(fields.text("plan")),
                        shown(fields.text("fee"))));
    }
    const auto amount = read_decimal(fields.text("amount"), value_at(fields, "amount"));
    if (!amount || !whose) return;
    price.fee = fee->id;
    price.amount = *amount;
    reading.version.special_prices.push_back(std::move(price));
}

}  // namespace

std::optional<Currency> read_currency(const Fields& fields, std::string_view key) {
    const std::string code = fields.text(key);
    if (code.empty()) return std::nullopt;
    const auto currency = Currency::named(code);
    if (!currency) {
        fields.mistakes().add(CatalogReason::currency_unknown, fields.place_of(key),
                              fmt::format("{} is no currency", shown(code)));
    }
    return currency;
}

void read_exchange_rates(Reading& reading, const Fields& catalog) {
    auto& rates = reading.version.exchange_rates;
    for (const Node& node : catalog.list("exchange_rates")) {
        auto rate = read_rate(reading, node);
        if (!rate) continue;
        for (const ExchangeRate& other : rates) {
            if (other.from != rate->from || other.day != rate->day) continue;
            reading.mistakes.add(
                CatalogReason::duplicate_name, node.place,
                fmt::format("the rate of that day stands at {} already", other.place));
        }
        rates.push_back(std::move(*rate));
    }
    std::ranges::sort(rates, {}, [](const ExchangeRate& rate) {
        return std::tuple(rate.from.numeric(), rate.day);
    });
}

void read_special_prices(Reading& reading, const Fields& catalog) {
    for (const Node& node : catalog.list("special_prices")) read_special_price(reading, node);
}

}  // namespace farthing::catalog
