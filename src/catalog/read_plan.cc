#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "catalog/charge_parts.h"

namespace farthing::catalog {

namespace {

constexpr std::array<std::string_view, 14> kUsageOnly = {
    "name",      "when",   "adds", "round_up", "increments", "allowance",      "price",
    "graduated", "volume", "deck", "decks",    "price_list", "connection_fee", "margin"};
constexpr std::size_t kChargesMax = 10'000;

// Reads one plan; its charges know their names before the discounts look them up.
class PlanReader {
  public:
    PlanReader(Reading& reading, const Node& node)
        : reading_(reading),
          mistakes_(reading.mistakes),
          fields_(node, table("plan"), reading.mistakes) {}

    // nullopt where the plan has no name to be known by.
    std::optional<Plan> read() {
        const Node* name = fields_.find("plan");
        const auto plan_name =
            name == nullptr ? std::nullopt : read_name(*name, "a plan", mistakes_);
        plan_.name = plan_name.value_or("");
        plan_.title = fields_.text("title");
        if (plan_.title.empty()) plan_.title = plan_.name;
        plan_.place = fields_.place().line_only();
        plan_.id = PlanId{reading_.names.id_of(NameTable::Kind::plan, plan_.name)};
        defaults_.plan = plan_.name;
        defaults_.tax = read_tax_category(reading_, fields_, reading_.version.default_tax_category);
        defaults_.shares = read_shares(reading_, fields_, nullptr, "the plan");
        read_charges();
        plan_.matchers = compile_matchers(conditions_, mistakes_);
        for (const Node& node : fields_.list("discounts")) read_discount(node);
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

    void read_charges() {
        if (fields_.list("charges").size() > kChargesMax) {
            return mistakes_.add(CatalogReason::too_large, fields_.place(),
                                 fmt::format("a plan with more than {} charges", kChargesMax),
                                 "Use a deck or a price list.");
        }
        for (const Node& node : fields_.list("charges")) {
            const Fields charge(node, table("charge"), mistakes_);
            if (node.kind != Node::Kind::map) continue;
            const bool is_fee = charge.has("fee");
            if (is_fee == charge.has("usage")) {
                mistakes_.add(is_fee ? CatalogReason::bad_value : CatalogReason::missing_key,
                              node.place,
                              is_fee ? "a charge is either a fee or a price of usage"
                                     : "a charge says neither `fee` nor `usage`",
                              "Begin it with `fee: NAME` or with `usage: METER`.");
                continue;
            }
            is_fee ? read_fee(charge) : add_usage(charge);
        }
    }

    void add_usage(const Fields& fields) {
        auto read = read_usage(reading_, fields, defaults_);
        if (!read) return;
        const UsageCharge& charge = read->charge;
        claim(charge.name, {fields.place(), charge.id, charge.meter, !read->named && !charge.adds});
        conditions_.push_back(
            std::move(read->condition));  // in step with the charges: matchers hold their indices
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

    void read_fee(const Fields& charge) {
        refuse_usage_keys(charge);
        const auto name = read_name(*charge.find("fee"), "a fee", mistakes_);
        Fee fee;
        fee.name = name.value_or("fee");
        fee.id = component_id(reading_, plan_.name, fee.name);
        fee.title = charge.text("title");
        if (fee.title.empty()) fee.title = fee.name;
        fee.place = charge.place().line_only();
        read_period(charge, fee);
        const std::string amount = charge.text("amount");
        if (charge.has("amount"))
            fee.amount = read_decimal(amount, value_at(charge, "amount")).value_or(Decimal{});
        for (const std::string_view key : {"amount", "per"}) {
            if (charge.has(key)) continue;
            mistakes_.add(CatalogReason::missing_key, charge.place(),
                          fmt::format("a fee needs the key {}", shown(key)),
                          key == "per" ? "Write for example `per: subscription month`."
                                       : "Write for example `amount: 2.00`.");
        }
        fee.text = fee_text(fee, amount);
        fee.tax_category = read_tax_category(reading_, charge, defaults_.tax);
        fee.shares = charge.has("shares") ? read_shares(reading_, charge, &fee.amount, "the fee")
                                          : defaults_.shares;
        if (name && claim(fee.name, {charge.place(), fee.id, {}, false}))
            plan_.fees.push_back(std::move(fee));
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
            per, {"subscription month", "account month", "subscription day", "subscription once"});
        return known_whom && !priced &&
               among(every, {"once", "hour", "day", "week", "month", "quarter", "year"});
    }

    void read_period(const Fields& charge, Fee& fee) const {
        constexpr std::array kEvery = {FeeEvery::cycle, FeeEvery::cycle, FeeEvery::day,
                                       FeeEvery::once};
        if (is_later_period(charge)) {
            return mistakes_.add(CatalogReason::not_supported, charge.place_of("per"),
                                 fmt::format("a fee per {} is not priced by this release",
                                             shown(charge.text("per"))),
                                 "Charge it per subscription month, account month, subscription "
                                 "day or subscription once.");
        }
        const std::size_t per = charge.choice("per");
        fee.every = kEvery[per];
        if (per == 1) fee.per = FeePer::account;
        fee.unit = charge.text("unit");
        if (fee.unit.empty()) fee.unit = fee.per == FeePer::account ? "account" : "subscription";
        if (charge.choice("in") == 1) fee.timing = FeeTiming::advance;
        if (charge.choice("prorate") == 1 || fee.every == FeeEvery::once)
            fee.prorate = Prorate::none;
        if (fee.every == FeeEvery::cycle || !charge.has("prorate")) return;
        mistakes_.add(CatalogReason::bad_value, charge.place_of("prorate"),
                      "only a monthly fee is prorated", "Take `prorate` out.");
    }

    static std::string fee_text(const Fee& fee, const std::string& amount) {
        switch (fee.every) {
            case FeeEvery::cycle: return fmt::format("{} per {} and month", amount, fee.unit);
            case FeeEvery::day: return fmt::format("{} per {} and day", amount, fee.unit);
            case FeeEvery::once: return fmt::format("{} per {}, once", amount, fee.unit);
        }
        return amount;
    }

    void read_discount(const Node& node) {
        const Fields fields(node, table("discount"), mistakes_);
        if (node.kind != Node::Kind::map || !one_of(fields, "percent", "amount", "a discount"))
            return;
        Discount discount;
        const std::string on = fields.text("on");
        if (fields.has("percent")) {
            const std::string percent = fields.text("percent");
            if (const auto read = read_percent(percent, value_at(fields, "percent")))
                discount.percent = read->exact();
            discount.text = fmt::format("{} % on {}", percent, on);
        } else {
            const std::string amount = fields.text("amount");
            discount.amount = read_decimal(amount, value_at(fields, "amount"));
            discount.text = fmt::format("{} off {}", amount, on);
        }
        if (!on.empty()) resolve(fields, on, discount);
        const Node* name = fields.find("name");
        discount.name = name == nullptr ? free_name("discount on " + on)
                                        : read_name(*name, "a discount", mistakes_).value_or("");
        discount.title = fields.text("title");
        if (discount.title.empty())
            discount.title = name == nullptr ? "Discount " + discount.text : discount.name;
        discount.place = node.place.line_only();
        discount.id = component_id(reading_, plan_.name, discount.name);
        if (claim(discount.name, {node.place, discount.id, {}, false}))
            plan_.discounts.push_back(std::move(discount));
    }

    std::string free_name(const std::string& wanted) const {
        std::string name = wanted;
        for (int i = 2; known_.contains(name); ++i) name = fmt::format("{} {}", wanted, i);
        return name;
    }

    // A meter's name stands for all its charges, else the name of one charge or fee.
    void resolve(const Fields& fields, const std::string& on, Discount& discount) const {
        if (const Meter* meter = reading_.version.meter_named(on)) {
            for (const UsageCharge& charge : plan_.charges) {
                if (charge.meter == meter->id) discount.on.push_back(charge.id);
            }
        }
        const auto named = [&](const auto& charge) { return charge.name == on; };
        if (discount.on.empty()) {
            const auto fee = std::find_if(plan_.fees.begin(), plan_.fees.end(), named);
            if (fee != plan_.fees.end()) discount.on = {fee->id};
            const auto usage = std::find_if(plan_.charges.begin(), plan_.charges.end(), named);
            if (usage != plan_.charges.end()) discount.on = {usage->id};
        }
        if (!discount.on.empty()) return;
        mistakes_.add(CatalogReason::unknown_charge, fields.place_of("on"),
                      fmt::format("the plan {} has no charge {}", shown(plan_.name), shown(on)),
                      suggestion(on, keys_of(known_)));
    }

    Reading& reading_;
    Mistakes& mistakes_;
    Fields fields_;
    Plan plan_;
    PlanDefaults defaults_;
    std::vector<Condition> conditions_;
    std::map<std::string, Named, std::less<>> known_;
};

}  // namespace

void read_plans(Reading& reading, const Fields& catalog) {
    std::map<std::string, std::string> places;
    for (const Node& node : catalog.list("plans")) {
        auto plan = PlanReader(reading, node).read();
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

}  // namespace farthing::catalog
