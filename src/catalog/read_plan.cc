#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "catalog/charge_parts.h"

namespace farthing::catalog {

namespace {

constexpr std::array<std::string_view, 20> kUsageOnly = {
    "name",          "when",           "adds",         "round_up",        "increments",
    "allowance",     "price",          "graduated",    "volume",          "deck",
    "decks",         "price_list",     "minimum",      "grace",           "time_bands",
    "fee_on_answer", "connection_fee", "at_time_band", "at_price_change", "paid_by"};
constexpr std::size_t kChargesMax = 10'000;

enum class PlanOf : unsigned char { customer, carrier };  // whose prices they are

// Reads one plan; its charges know their names before the discounts look them up.
class PlanReader {
  public:
    PlanReader(Reading& reading, const Node& node, PlanOf whose)
        : reading_(reading),
          mistakes_(reading.mistakes),
          whose_(whose),
          fields_(node, table(whose == PlanOf::customer ? "plan" : "carrier"), reading.mistakes) {}

    // nullopt where the plan has no name to be known by.
    std::optional<Plan> read() {
        const bool customer = whose_ == PlanOf::customer;
        const Node* name = fields_.find(customer ? "plan" : "carrier");
        const auto plan_name = name == nullptr
                                   ? std::nullopt
                                   : read_name(*name, customer ? "a plan" : "a carrier", mistakes_);
        plan_.title = fields_.text("title");
        if (plan_.title.empty()) plan_.title = plan_name.value_or("");
        plan_.name = (customer ? "" : "carrier/") + plan_name.value_or("");
        plan_.place = fields_.place().line_only();
        plan_.id = PlanId{reading_.names.id_of(NameTable::Kind::plan, plan_.name)};
        defaults_.plan = plan_.name;
        plan_.currency = reading_.version.currency;
        defaults_.tax = reading_.version.default_tax_category;
        if (customer) read_defaults();
        read_charges();
        plan_.matchers = compile_matchers(conditions_, mistakes_);
        if (customer) {
            for (const Node& node : fields_.list("discounts")) read_discount(node);
            for (const Node& node : fields_.list("packages")) add_package(node);
        }
        if (plan_.currency != reading_.version.currency) check_foreign();
        check_shared_tax();
        if (!plan_name) return std::nullopt;
        return std::move(plan_);
    }

  private:
    struct Named {
        Place place;
        ComponentId id;
        MeterId meter;            // of usage charges
        bool by_default = false;  // named by the reader, not by the catalog
    };

    void read_defaults() {
        plan_.currency = read_currency(fields_, "currency").value_or(plan_.currency);
        defaults_.tax = read_tax_category(reading_, fields_, defaults_.tax);
        defaults_.shares = read_shares(reading_, fields_, nullptr, "the plan");
    }

    void read_charges() {
        if (fields_.list("charges").size() > kChargesMax) {
            return mistakes_.add(CatalogReason::too_large, fields_.place(),
                                 fmt::format("a plan with more than {} charges", kChargesMax),
                                 "Use a deck or a price list.");
        }
        for (const Node& node : fields_.list("charges")) {
            const Fields charge(node, table("charge"), mistakes_);
            if (node.kind != Node::Kind::map) continue;
            if (whose_ == PlanOf::carrier && !carrier_charges(charge)) continue;
            const bool is_fee = charge.has("fee");
            const bool is_minimum = charge.has("minimum_commitment");
            const int kinds = int{is_fee} + int{is_minimum} + int{charge.has("usage")};
            if (kinds != 1) {
                mistakes_.add(kinds > 1 ? CatalogReason::bad_value : CatalogReason::missing_key,
                              node.place,
                              kinds > 1 ? "a charge is either a fee or a price of usage"
                                        : "a charge says neither `fee` nor `usage`",
                              "Begin it with `fee: NAME` or with `usage: METER`.");
                continue;
            }
            is_fee || is_minimum ? read_fee(charge, is_minimum) : add_usage(charge);
        }
        if (whose_ == PlanOf::customer) {
            read_limits_of_plan();
            plan_.spending_cap = read_spending_cap(fields_, mistakes_);
        }
        append_band_prices();
        for (const Node& node : fields_.list("charges")) {
            if (node.field("minimum_commitment") != nullptr) read_minimum(node);
        }
    }

    // What carriers charge is a price of usage, neither shared nor taxed nor sold on.
    bool carrier_charges(const Fields& charge) const {
        bool good = true;
        for (const std::string_view key :
             {"fee", "minimum_commitment", "shares", "tax", "margin", "paid_by"}) {
            if (!charge.has(key)) continue;
            good = false;
            mistakes_.add(CatalogReason::not_supported, charge.place_of(key),
                          fmt::format("{} among the charges of a carrier", shown(key)),
                          key == "margin" ? "Put the margin on the charge of the plan."
                                          : "A carrier charges usage only: take it out.");
        }
        return good;
    }

    // Each counts as a charge that costs nothing: for all usage of its meter, wherever it is.
    void read_limits_of_plan() {
        const Node* node = fields_.find("limits");
        if (node == nullptr) return;
        for (ReadLimit& limit : read_limits(reading_, *node, plan_)) {
            conditions_.push_back(
                {limit.charge.meter, true, std::nullopt, limit.place, limit.charge.name});
            plan_.charges.push_back(std::move(limit.charge));
        }
    }

    // A partner has no part of the state's money.
    void check_shared_tax() const {
        const auto included = [&](const std::string& category) {
            return std::ranges::any_of(reading_.version.taxes, [&](const TaxRule& rule) {
                return rule.included && rule.category == category;
            });
        };
        const auto shared = [&](const auto& charge) {
            return !charge.shares.empty() && included(charge.tax_category);
        };
        if (std::ranges::none_of(plan_.fees, shared) && std::ranges::none_of(plan_.charges, shared))
            return;
        mistakes_.add(CatalogReason::not_supported, fields_.place(),
                      "shares of prices that hold their tax",
                      "Write the prices without tax, or take the shares out.");
    }

    // Fees are billed in another currency and converted; counters and what is deducted are kept in
    // the catalog's.
    void check_foreign() const {
        const auto amount = [](const Discount& d) { return d.amount || !d.tiers.empty(); };
        const auto minimum = [](const Fee& fee) { return !!fee.minimum; };
        if (plan_.charges.empty() && plan_.packages.empty() &&
            std::ranges::none_of(plan_.fees, minimum) &&
            std::ranges::none_of(plan_.discounts, amount)) {
            return;
        }
        mistakes_.add(CatalogReason::not_supported, fields_.place_of("currency"),
                      "a plan in another currency has fees and percent discounts only",
                      "Price usage, minimums and fixed discounts in the catalog's currency.");
    }

    // What counts towards a minimum: it may name charges that stand below it.
    void read_minimum(const Node& node) {
        Mistakes told;  // the keys were told when the fee was read
        const Fields charge(node, table("charge"), told);
        const std::string name = charge.text("minimum_commitment");
        const auto same = [&](const Fee& fee) { return fee.minimum && fee.name == name; };
        const auto fee = std::find_if(plan_.fees.begin(), plan_.fees.end(), same);
        if (fee == plan_.fees.end()) return;
        for (const Node& item : charge.list("on")) {
            const auto on = one_line(item, "a charge", mistakes_);
            if (!on) continue;
            const auto found = named(*on);
            if (found.empty()) unknown_charge(item.place, *on);
            fee->minimum->on.insert(fee->minimum->on.end(), found.begin(), found.end());
            fee->minimum->text += (fee->minimum->text.empty() ? "" : ", ") + *on;
        }
        if (!charge.has("on")) {
            for (const Fee& other : plan_.fees) {
                if (!other.minimum && fee->per == FeePer::account)
                    fee->minimum->on.push_back(other.id);
            }
            for (const UsageCharge& usage : plan_.charges) {
                if (!usage.limit) fee->minimum->on.push_back(usage.id);
            }
            fee->minimum->text = "all charges";
        }
        check_minimum(*fee, charge);
    }

    // Each subscription's own spending is known of its own counters alone.
    void check_minimum(const Fee& fee, const Fields& charge) const {
        const auto refuse = [&](std::string_view what, std::string mend) {
            mistakes_.add(CatalogReason::not_supported, charge.place(), std::string(what),
                          std::move(mend));
        };
        for (const ComponentId id : fee.minimum->on) {
            for (const Fee& other : plan_.fees) {
                if (other.id != id) continue;
                if (fee.per == FeePer::subscription)
                    refuse("a minimum per subscription counts usage, not fees",
                           "Name charges of usage, or write `per: account month`.");
                if (other.every == FeeEvery::quarter || other.every == FeeEvery::year)
                    refuse("a monthly minimum can't count fees per quarter or year",
                           "Name the charges that it counts with `on`.");
            }
            for (const UsageCharge& usage : plan_.charges) {
                const bool pooled =
                    usage.allowance && usage.allowance->shared_by != SharedBy::subscription;
                if (usage.id == id && pooled && fee.per == FeePer::subscription)
                    refuse("a minimum per subscription can't count a shared allowance",
                           "Write `per: account month`.");
            }
        }
    }

    // Behind the charges that apply by themselves, because matchers hold the indices of those.
    void append_band_prices() {
        for (auto& [owner, in_bands] : band_prices_) {
            for (std::size_t i = 0; i < in_bands.size(); ++i) {
                plan_.charges[owner].in_bands[i].charge =
                    static_cast<std::uint32_t>(plan_.charges.size());
                plan_.charges.push_back(std::move(in_bands[i]));
            }
        }
    }

    void add_usage(const Fields& fields) {
        auto read = read_usage(reading_, fields, defaults_);
        if (!read) return;
        const UsageCharge& charge = read->charge;
        claim(charge.name, {fields.place(), charge.id, charge.meter, !read->named && !charge.adds});
        conditions_.push_back(
            std::move(read->condition));  // in step with the charges: matchers hold their indices
        for (const UsageCharge& in_band : read->in_bands) {
            claim(in_band.name, {fields.place(), in_band.id, in_band.meter, false});
        }
        if (!read->in_bands.empty())
            band_prices_.emplace_back(plan_.charges.size(), std::move(read->in_bands));
        plan_.charges.push_back(std::move(read->charge));
    }

    void refuse_usage_keys(const Fields& charge) const {
        for (const std::string_view key : kUsageOnly) {
            if (!charge.has(key)) continue;
            mistakes_.add(CatalogReason::bad_value, charge.place_of(key),
                          fmt::format("{} belongs to prices of usage", shown(key)),
                          "Take it out, or make two charges.");
        }
    }

    // True where the name is new in the plan.
    bool claim(const std::string& name, Named named) {
        const auto [found, added] = known_.try_emplace(name, named);
        if (added) return true;
        // Two unnamed charges on one meter contest the same usage; that is told instead.
        const bool contest =
            named.by_default && found->second.by_default && named.meter == found->second.meter;
        if (!contest) {
            mistakes_.add(
                CatalogReason::duplicate_name, named.place,
                fmt::format("the plan {} has two charges called {}, the first at {}",
                            shown(plan_.name), shown(name), found->second.place.to_string()));
        }
        return false;
    }

    void read_fee(const Fields& charge, bool is_minimum) {
        refuse_usage_keys(charge);
        const auto name =
            read_name(*charge.find(is_minimum ? "minimum_commitment" : "fee"), "a fee", mistakes_);
        Fee fee;
        if (is_minimum) fee.minimum = Minimum{};
        fee.name = name.value_or("fee");
        fee.id = component_id(reading_, plan_.name, fee.name);
        fee.title = charge.text("title");
        if (fee.title.empty()) fee.title = fee.name;
        fee.place = charge.place().line_only();
        read_period(charge, fee);
        check_kind(charge, fee);
        std::string amount = charge.text("amount");
        if (charge.has("amount"))
            fee.amount = read_decimal(amount, value_at(charge, "amount")).value_or(Decimal{});
        if (charge.has("margin")) amount = add_margin(charge, amount, fee);
        for (const std::string_view key : {"amount", "per"}) {
            if (charge.has(key)) continue;
            mistakes_.add(CatalogReason::missing_key, charge.place(),
                          fmt::format("a fee needs the key {}", shown(key)),
                          key == "per" ? "Write for example `per: subscription month`."
                                       : "Write for example `amount: 2.00`.");
        }
        fee.text = fee_text(fee, plan_.currency == reading_.version.currency
                                     ? amount
                                     : fmt::format("{} {}", amount, plan_.currency.code()));
        fee.tax_category = read_tax_category(reading_, charge, defaults_.tax);
        if (charge.has("shares")) {
            fee.shares = read_shares(reading_, charge, &fee.amount, "the fee");
        } else if (!is_minimum) {
            fee.shares = defaults_.shares;
        }
        if (name && claim(fee.name, {charge.place(), fee.id, {}, false}))
            plan_.fees.push_back(std::move(fee));
    }

    // What a carrier asks for, sold on; returns the amount in words. 0 % is a margin too.
    std::string add_margin(const Fields& charge, const std::string& amount, Fee& fee) const {
        const auto with = with_margin(fee.amount, read_margin(charge));
        if (fee.minimum || !with) {
            mistakes_.add(CatalogReason::bad_value, charge.place_of("margin"),
                          fee.minimum ? "a minimum commitment has no margin"
                                      : "the amount with its margin has more than 18 digits",
                          "Write the amount with its margin.");
            return amount;
        }
        if (with->exact() == fee.amount.exact()) return amount;
        fee.amount = *with;
        return with->to_string();
    }

    // Periods and payers that the language knows beside those it prices: "subscription year",
    // "group month".
    bool is_later_period(const Fields& charge) const {
        const std::string per = charge.text("per");
        const std::size_t space = per.find(' ');
        if (space == std::string::npos) return false;
        const std::string_view whom = std::string_view(per).substr(0, space);
        const std::string_view every = std::string_view(per).substr(space + 1);
        const auto among = [](std::string_view word,
                              std::initializer_list<std::string_view> words) {
            return std::find(words.begin(), words.end(), word) != words.end();
        };
        const bool known_whom = among(whom, {"subscription", "account", "group", "enterprise"});
        const bool priced = among(
            per, {"subscription month", "account month", "subscription day", "subscription once",
                  "subscription quarter", "account quarter", "subscription year", "account year"});
        return known_whom && !priced &&
               among(every, {"once", "hour", "day", "week", "month", "quarter", "year"});
    }

    void read_period(const Fields& charge, Fee& fee) const {
        constexpr std::array kEvery = {FeeEvery::cycle, FeeEvery::cycle,   FeeEvery::day,
                                       FeeEvery::once,  FeeEvery::quarter, FeeEvery::quarter,
                                       FeeEvery::year,  FeeEvery::year};
        if (is_later_period(charge)) {
            return mistakes_.add(CatalogReason::not_supported, charge.place_of("per"),
                                 fmt::format("a fee per {} is not priced by this release",
                                             shown(charge.text("per"))),
                                 "Charge it per month, quarter or year, per subscription day or "
                                 "once.");
        }
        const std::size_t per = charge.choice("per");
        fee.every = kEvery[per];
        if (per == 1 || per == 5 || per == 7) fee.per = FeePer::account;
        fee.owed_if_uncovered = charge.choice("uncovered") == 1;
        fee.unit = charge.text("unit");
        if (fee.unit.empty()) fee.unit = fee.per == FeePer::account ? "account" : "subscription";
        if (charge.choice("in") == 1) fee.timing = FeeTiming::advance;
        constexpr std::array kProrate = {Prorate::calendar_days, Prorate::none,
                                         Prorate::thirty_days};
        fee.prorate = kProrate[charge.choice("prorate")];
        if (fee.every == FeeEvery::once) fee.prorate = Prorate::none;
        const bool by_time = fee.every != FeeEvery::once && fee.every != FeeEvery::day;
        if (by_time || !charge.has("prorate")) return;
        mistakes_.add(CatalogReason::bad_value, charge.place_of("prorate"),
                      "only a fee per month, quarter or year is prorated", "Take `prorate` out.");
    }

    void check_kind(const Fields& charge, const Fee& fee) const {
        if (!fee.minimum && charge.has("on")) {
            mistakes_.add(CatalogReason::bad_value, charge.place_of("on"),
                          "`on` belongs to a minimum commitment", "Take it out.");
        }
        if (!fee.minimum) return;
        if (fee.every != FeeEvery::cycle) {
            mistakes_.add(CatalogReason::not_supported, charge.place_of("per"),
                          "a minimum is per month", "Write `per: account month`.");
        }
        for (const std::string_view key : {"in", "uncovered"}) {
            if (!charge.has(key)) continue;
            mistakes_.add(CatalogReason::bad_value, charge.place_of(key),
                          "a minimum is charged when its cycle is over",
                          fmt::format("Take {} out.", shown(key)));
        }
    }

    static std::string fee_text(const Fee& fee, const std::string& amount) {
        switch (fee.every) {
            case FeeEvery::cycle:
                return fmt::format("{}{} per {} and month", fee.minimum ? "at least " : "", amount,
                                   fee.unit);
            case FeeEvery::quarter: return fmt::format("{} per {} and quarter", amount, fee.unit);
            case FeeEvery::year: return fmt::format("{} per {} and year", amount, fee.unit);
            case FeeEvery::day: return fmt::format("{} per {} and day", amount, fee.unit);
            case FeeEvery::once: return fmt::format("{} per {}, once", amount, fee.unit);
        }
        return amount;
    }

    void read_discount(const Node& node) {
        const Fields fields(node, table("discount"), mistakes_);
        if (node.kind != Node::Kind::map || !one_kind(fields)) return;
        Discount discount;
        const std::string on = fields.text("on");
        if (!on.empty()) discount.on = named(on);
        if (!on.empty() && discount.on.empty()) unknown_charge(fields.place_of("on"), on);
        read_rate(fields, title_of(on), discount);
        const Node* name = fields.find("name");
        discount.name = name == nullptr ? free_name("discount on " + on)
                                        : read_name(*name, "a discount", mistakes_).value_or("");
        discount.title = fields.text("title");
        if (discount.title.empty())
            discount.title = name == nullptr ? "Discount " + discount.text : discount.name;
        discount.place = node.place.line_only();
        discount.id = component_id(reading_, plan_.name, discount.name);
        discount.account = fields.text("account");
        const DatePeriod days = read_days(fields);
        discount.from = days.first;
        discount.end = days.end;
        if (claim(discount.name, {node.place, discount.id, {}, false}))
            plan_.discounts.push_back(std::move(discount));
    }

    void add_package(const Node& node) {
        auto package = read_package(reading_, node, plan_, defaults_);
        if (package && claim(package->fee.name, {node.place, package->fee.id, {}, false}))
            plan_.packages.push_back(*std::move(package));
    }

    // What customers read instead of the name.
    std::string title_of(const std::string& on) const {
        if (const Meter* meter = reading_.version.meter_named(on)) return meter->title;
        for (const Fee& fee : plan_.fees) {
            if (fee.name == on) return fee.title;
        }
        for (const UsageCharge& charge : plan_.charges) {
            if (charge.name == on) return charge.title;
        }
        return on;
    }

    bool one_kind(const Fields& fields) const {
        int kinds = 0;
        for (const std::string_view key : {"percent", "amount", "graduated", "volume"})
            kinds += int{fields.has(key)};
        if (kinds == 1) return true;
        mistakes_.add(kinds > 1 ? CatalogReason::bad_value : CatalogReason::missing_key,
                      fields.place(), "a discount says one of percent, amount and a ladder",
                      "Write one of `percent`, `amount`, `graduated` and `volume`.");
        return false;
    }

    void read_rate(const Fields& fields, const std::string& on, Discount& discount) const {
        if (fields.has("percent")) {
            const std::string percent = fields.text("percent");
            if (const auto read = read_percent(percent, value_at(fields, "percent")))
                discount.percent = read->exact();
            discount.text = fmt::format("{} % on {}", percent, on);
            return;
        }
        if (fields.has("amount")) {
            const std::string amount = fields.text("amount");
            discount.amount = read_decimal(amount, value_at(fields, "amount"));
            discount.text = fmt::format("{} off {}", amount, on);
            return;
        }
        const bool volume = fields.has("volume");
        const std::string_view key = volume ? "volume" : "graduated";
        discount.tier_mode = volume ? BandMode::volume : BandMode::graduated;
        for (const Node& node : fields.list(key)) read_tier(node, discount);
        discount.text += fmt::format("{} on {}", volume ? " of all" : "", on);
        if (discount.tiers.empty() || discount.tiers.back().to) {
            mistakes_.add(CatalogReason::bands_out_of_order, fields.place_of(key),
                          "the last tier has no open end", "Leave `to` out of the last tier.");
        }
    }

    void read_tier(const Node& node, Discount& discount) const {
        const Fields fields(node, table("tier"), mistakes_);
        DiscountTier tier;
        const std::string percent = fields.text("percent");
        if (const auto read = read_percent(percent, value_at(fields, "percent")))
            tier.percent = read->exact();
        if (fields.has("to")) tier.to = read_decimal(fields.text("to"), value_at(fields, "to"));
        const bool first = discount.tiers.empty();
        const bool open_before = !first && !discount.tiers.back().to;
        const bool rises = first || open_before || !tier.to ||
                           discount.tiers.back().to->exact() < tier.to->exact();
        if (open_before || !rises) {
            mistakes_.add(CatalogReason::bands_out_of_order, node.place,
                          "the tiers don't rise to an open end");
        }
        discount.text += fmt::format("{}{} %{}", first ? "" : ", then ", percent,
                                     tier.to ? " to " + fields.text("to") : "");
        discount.tiers.push_back(std::move(tier));
    }

    std::string free_name(const std::string& wanted) const {
        std::string name = wanted;
        for (int i = 2; known_.contains(name); ++i) name = fmt::format("{} {}", wanted, i);
        return name;
    }

    // A meter's name stands for all its charges, else the name of one charge or fee.
    std::vector<ComponentId> named(const std::string& on) const {
        std::vector<ComponentId> found;
        if (const Meter* meter = reading_.version.meter_named(on)) {
            for (const UsageCharge& charge : plan_.charges) {
                if (charge.meter == meter->id && !charge.limit) found.push_back(charge.id);
            }
        }
        if (!found.empty()) return found;
        for (const Fee& fee : plan_.fees) {
            if (fee.name == on) return {fee.id};
        }
        for (const UsageCharge& charge : plan_.charges) {
            if (charge.name != on || charge.limit) continue;
            found = {charge.id};
            for (const auto& in_band : charge.in_bands)
                found.push_back(plan_.charges[in_band.charge].id);
            return found;
        }
        return {};
    }

    void unknown_charge(const Place& place, const std::string& on) const {
        mistakes_.add(CatalogReason::unknown_charge, place,
                      fmt::format("the plan {} has no charge {}", shown(plan_.name), shown(on)),
                      suggestion(on, keys_of(known_)));
    }

    Reading& reading_;
    Mistakes& mistakes_;
    PlanOf whose_;
    Fields fields_;
    Plan plan_;
    PlanDefaults defaults_;
    std::vector<Condition> conditions_;
    std::vector<std::pair<std::size_t, std::vector<UsageCharge>>> band_prices_;  // by charge
    std::map<std::string, Named, std::less<>> known_;
};

}  // namespace

void read_plans(Reading& reading, const Fields& catalog) {
    std::map<std::string, std::string> places;
    for (const Node& node : catalog.list("plans")) {
        auto plan = PlanReader(reading, node, PlanOf::customer).read();
        if (!plan) continue;
        const auto [found, added] = places.try_emplace(plan->name, node.place.to_string());
        if (!added) {
            reading.mistakes.add(CatalogReason::duplicate_name, node.place,
                                 fmt::format("the plan {} stands twice, first at {}",
                                             shown(plan->name), found->second));
        }
        reading.version.plans.push_back(std::move(*plan));
    }
    if (!catalog.has("plans")) {
        reading.mistakes.add(
            CatalogReason::missing_key, catalog.place(), "the catalog has no plans",
            "Add `plans:` and at least one plan; a file that was cut off looks like this too.");
    }
    std::sort(reading.version.plans.begin(), reading.version.plans.end(),
              [](const Plan& a, const Plan& b) { return a.name < b.name; });
}

void read_carriers(Reading& reading, const Fields& catalog) {
    std::map<std::string, std::string> places;
    for (const Node& node : catalog.list("carriers")) {
        auto prices = PlanReader(reading, node, PlanOf::carrier).read();
        if (!prices) continue;
        Mistakes told;  // the keys were told when the prices were read
        const Fields fields(node, table("carrier"), told);
        Carrier carrier;
        carrier.name = prices->name.substr(prices->name.find('/') + 1);
        carrier.id = PartnerId{reading.names.id_of(NameTable::Kind::partner, carrier.name)};
        carrier.title = prices->title;
        carrier.account = fields.text("account");
        carrier.place = prices->place;
        carrier.prices = std::move(*prices);
        const auto [found, added] = places.try_emplace(carrier.name, node.place.to_string());
        if (!added) {
            reading.mistakes.add(CatalogReason::duplicate_name, node.place,
                                 fmt::format("the carrier {} stands twice, first at {}",
                                             shown(carrier.name), found->second));
        }
        reading.version.carriers.push_back(std::move(carrier));
    }
    std::ranges::sort(reading.version.carriers, {}, &Carrier::name);
}

}  // namespace farthing::catalog
