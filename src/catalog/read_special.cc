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

class SpecialReader {
  public:
    SpecialReader(Reading& reading, const Node& node)
        : reading_(reading), node_(node), fields_(node, table("special_price"), reading.mistakes) {}

    void read() {
        const bool whose = one_of(fields_, "account", "subscription", "a special price");
        if (!one_of(fields_, "fee", "usage", "a special price") || !whose) return;
        const auto plan =
            std::ranges::find(reading_.version.plans, fields_.text("plan"), &Plan::name);
        if (plan == reading_.version.plans.end()) return unknown();
        if (fields_.has("fee")) {
            read_fee(*plan);
        } else {
            read_usage_price(*plan);
        }
    }

  private:
    void read_fee(const Plan& plan) {
        refuse_of_the_other("price", "fee");
        refuse_of_the_other("percent", "fee");
        const auto fee = std::ranges::find(plan.fees, fields_.text("fee"), &Fee::name);
        if (fee == plan.fees.end() || fee->minimum) return unknown();
        if (!fields_.has("amount")) {
            return reading_.mistakes.add(CatalogReason::missing_key, fields_.place(),
                                         "a special price of a fee needs the key `amount`");
        }
        const auto amount = read_decimal(fields_.text("amount"), value_at(fields_, "amount"));
        if (!amount) return;
        SpecialPrice price;
        price.fee = fee->id;
        price.place = node_.place.line_only();
        price.account = fields_.text("account");
        price.subscription = fields_.text("subscription");
        price.days = read_days(fields_);
        price.amount = *amount;
        reading_.version.special_prices.push_back(std::move(price));
    }

    // The price of one customer is a charge of its own, with a counter of its own: so that only
    // prices can have it for which that makes no difference.
    void read_usage_price(Plan& plan) {
        refuse_of_the_other("amount", "usage charge");
        const auto base = std::ranges::find_if(plan.charges, [&](const UsageCharge& charge) {
            return charge.name == fields_.text("usage") && charge.of_band.empty() &&
                   !charge.of_customer && !charge.limit;
        });
        if (base == plan.charges.end()) return unknown();
        const auto covers = [&](const Package& one) { return one.charge == base->id; };
        const bool plain = base->priced_by == PricedBy::bands && base->additive() &&
                           !base->allowance && base->in_bands.empty() &&
                           std::ranges::none_of(plan.packages, covers);
        if (!plain) {
            return reading_.mistakes.add(
                CatalogReason::not_supported, fields_.place_of("usage"),
                fmt::format("a special price of {}, which has tiers, an allowance, packages, a "
                            "deck or time bands, is not priced by this release",
                            shown(base->name)),
                "Give such customers a plan of their own.");
        }
        UsageCharge charge = *base;
        if (!read_price(charge)) return;
        add(plan, static_cast<std::size_t>(base - plan.charges.begin()), std::move(charge));
    }

    bool read_price(UsageCharge& charge) {
        if (!one_of(fields_, "price", "percent", "a special price of usage")) return false;
        const Meter& meter = *reading_.version.meter(charge.meter);
        const auto price =
            fields_.has("price")
                ? read_unit_price(fields_.text("price"), meter, value_at(fields_, "price"))
                : read_percent_price(fields_.text("percent"), meter, reading_.version.currency,
                                     value_at(fields_, "percent"));
        charge.bands = {{INT64_MAX, price.value_or(UnitPrice{})}};
        return price.has_value();
    }

    void add(Plan& plan, std::size_t of, UsageCharge charge) {
        UsageCharge::ForCustomer customer{fields_.text("account"), fields_.text("subscription"),
                                          read_days(fields_),
                                          static_cast<std::uint32_t>(plan.charges.size())};
        std::string who = customer.account.empty() ? "subscription " + customer.subscription
                                                   : "account " + customer.account;
        std::ranges::replace(who, '/', '-');  // ids are made of "plan/charge"
        charge.name = fmt::format("{} for {}", charge.name, who);
        if (customer.days.first != Date::min())
            charge.name += " from " + to_string(customer.days.first);
        if (std::ranges::find(plan.charges, charge.name, &UsageCharge::name) !=
            plan.charges.end()) {
            return reading_.mistakes.add(
                CatalogReason::duplicate_name, node_.place,
                "that customer has a special price of that charge from that day already");
        }
        charge.id = component_id(reading_, plan.name, charge.name);
        charge.place = node_.place.line_only();
        charge.for_customers.clear();
        charge.of_customer = true;
        count_with(plan, plan.charges[of].id, charge.id);
        plan.charges[of].for_customers.push_back(std::move(customer));
        plan.charges.push_back(std::move(charge));
    }

    // Discounts and minimum commitments that are on the charge are on it at any price.
    static void count_with(Plan& plan, ComponentId base, ComponentId special) {
        const auto extend = [&](std::vector<ComponentId>& on) {
            const auto found = std::ranges::find(on, base);
            if (found != on.end()) on.insert(found + 1, special);
        };
        for (Discount& discount : plan.discounts) extend(discount.on);
        for (Fee& fee : plan.fees) {
            if (fee.minimum) extend(fee.minimum->on);
        }
    }

    void refuse_of_the_other(std::string_view key, std::string_view what) {
        if (!fields_.has(key)) return;
        reading_.mistakes.add(CatalogReason::bad_value, fields_.place_of(key),
                              fmt::format("{} is no price of a {}", shown(key), what),
                              "Write `amount` for a fee, `price` or `percent` for usage.");
    }

    void unknown() {
        const std::string_view kind = fields_.has("fee") ? "fee" : "usage";
        reading_.mistakes.add(
            CatalogReason::unknown_charge, node_.place,
            fmt::format("no plan {} has a {} {}", shown(fields_.text("plan")),
                        kind == "fee" ? "fee" : "usage charge", shown(fields_.text(kind))));
    }

    Reading& reading_;
    const Node& node_;
    const Fields fields_;
};

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
    for (const Node& node : catalog.list("special_prices")) SpecialReader(reading, node).read();
}

}  // namespace farthing::catalog
