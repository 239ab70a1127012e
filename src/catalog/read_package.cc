// The packages of a plan: what customers buy beside it, and which of its charges that covers.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "catalog/charge_parts.h"

namespace farthing::catalog {

namespace {

constexpr int kDaysMax = 3'660;
constexpr int kPriorityMax = 1'000;

std::optional<int> read_whole(std::string_view text) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole ? std::optional(number) : std::nullopt;
}

class PackageReader {
  public:
    PackageReader(Reading& reading, const Node& node, const Plan& plan)
        : reading_(reading),
          mistakes_(reading.mistakes),
          plan_(plan),
          fields_(node, table("package"), reading.mistakes) {}

    std::optional<Package> read(const PlanDefaults& defaults) {
        const Node* name = fields_.find("package");
        const auto read_as =
            name == nullptr ? std::nullopt : read_name(*name, "a package", mistakes_);
        if (!read_as) return std::nullopt;
        read_fee(*read_as, defaults);
        const UsageCharge* const charge = charge_of(fields_.text("on"));
        if (charge == nullptr) return std::nullopt;
        out_.charge = charge->id;
        if (const auto why = why_not_covered(*charge); !why.empty()) {
            mistakes_.add(CatalogReason::not_supported, fields_.place_of("on"),
                          fmt::format("a package on {}: {}", shown(charge->name), why),
                          "Name a charge with `price`, `graduated` or `package` that counts over "
                          "the cycle.");
        }
        read_quantity_of(*reading_.version.meter(charge->meter));
        read_valid();
        read_priority();
        out_.text = fmt::format(
            "{} {}", out_.quantity_text,
            out_.days == 0 ? "until the month ends"
                           : fmt::format("for {} day{}", out_.days, out_.days == 1 ? "" : "s"));
        if (out_.fee.title.empty()) out_.fee.title = out_.text;
        return std::move(out_);
    }

  private:
    void read_fee(const std::string& name, const PlanDefaults& defaults) {
        Fee& fee = out_.fee;
        fee.name = out_.name = name;
        fee.id = component_id(reading_, plan_.name, name);
        fee.title = fields_.text("title");
        fee.place = fields_.place().line_only();
        fee.every = FeeEvery::once;
        fee.prorate = Prorate::none;
        fee.unit = "package";
        const std::string price = fields_.text("price");
        if (fields_.has("price"))
            fee.amount = read_decimal(price, value_at(fields_, "price")).value_or(Decimal{});
        if (fee.amount.scale > reading_.version.line_digits) {
            mistakes_.add(CatalogReason::bad_value, fields_.place_of("price"),
                          fmt::format("the price {} has more digits than a line", shown(price)),
                          fmt::format("Write it with at most {}.", reading_.version.line_digits));
        }
        fee.text = price + " per package";
        fee.tax_category = read_tax_category(reading_, fields_, defaults.tax);
        fee.shares = defaults.shares;
    }

    const UsageCharge* charge_of(const std::string& on) const {
        if (on.empty()) return nullptr;  // told as missing
        const auto found = std::ranges::find_if(plan_.charges, [&](const UsageCharge& charge) {
            return charge.name == on && !charge.limit && charge.of_band.empty();
        });
        if (found != plan_.charges.end()) return &*found;
        std::vector<std::string> known;
        for (const UsageCharge& charge : plan_.charges)
            if (!charge.limit) known.push_back(charge.name);
        mistakes_.add(
            CatalogReason::unknown_charge, fields_.place_of("on"),
            fmt::format("the plan {} has no price of usage {}", shown(plan_.name), shown(on)),
            suggestion(on, known));
        return nullptr;
    }

    void read_quantity_of(const Meter& meter) {
        out_.quantity_text = fields_.text("quantity");
        if (!fields_.has("quantity")) return;
        const auto quantity =
            read_quantity(out_.quantity_text, meter, value_at(fields_, "quantity"));
        out_.quantity = quantity.value_or(1);
        if (out_.quantity < 1) {
            mistakes_.add(CatalogReason::bad_value, fields_.place_of("quantity"),
                          "a package of nothing", "Write what it holds: `quantity: 1 GB`.");
        }
        if (!fields_.has("rollover")) return;
        const std::string rollover = fields_.text("rollover");
        out_.rollover_text = rollover;
        out_.rollover =
            rollover == "all"
                ? INT64_MAX
                : read_quantity(rollover, meter, value_at(fields_, "rollover")).value_or(0);
    }

    void read_valid() {
        const std::string valid = fields_.text("valid");
        if (!fields_.has("valid") || valid == "month") return;
        const std::size_t space = valid.find(' ');
        const std::string_view unit =
            space == std::string::npos ? "" : std::string_view(valid).substr(space + 1);
        const auto days = read_whole(std::string_view(valid).substr(0, space));
        if ((unit == "days" || unit == "day") && days && *days >= 1 && *days <= kDaysMax) {
            out_.days = *days;
            return;
        }
        mistakes_.add(CatalogReason::bad_value, fields_.place_of("valid"),
                      fmt::format("{} is not how long a package is valid", shown(valid)),
                      "Write `30 days`, or `month` for up to the end of the calendar month.");
    }

    void read_priority() {
        if (!fields_.has("priority")) return;
        const std::string text = fields_.text("priority");
        const auto priority = read_whole(text);
        if (priority && *priority >= 0 && *priority <= kPriorityMax) {
            out_.priority = *priority;
            return;
        }
        mistakes_.add(
            CatalogReason::bad_value, fields_.place_of("priority"),
            fmt::format("the priority {} is no number from 0 to {}", shown(text), kPriorityMax),
            "Write a small number: the lowest is used first.");
    }

    Reading& reading_;
    Mistakes& mistakes_;
    const Plan& plan_;
    const Fields fields_;
    Package out_;
};

}  // namespace

std::string_view why_not_covered(const UsageCharge& charge) {
    if (charge.priced_by != PricedBy::bands)
        return "what a deck or price list prices has a counter for each row";
    if (charge.mode == BandMode::volume) return "fewer units of a volume price may cost more";
    if (charge.window != Window::cycle || charge.step != 1)
        return "hours and days are counted each by itself";
    if (charge.minimum) return "a minimum is of all that a session used";
    if (charge.restarts) return "its tiers begin anew";
    if (!charge.in_bands.empty()) return "its time bands are counted each by itself";
    if (charge.of_customer || !charge.for_customers.empty())
        return "customers with a special price have a counter of their own";
    if (!charge.paid_by.empty()) return "a sponsor pays for its usage";
    if (charge.limit) return "a limit has no price";
    if (!charge.allowance) return "";
    if (charge.allowance->rollover) return "its allowance has a rollover of its own";
    if (charge.allowance->counts_members()) return "its allowance counts members one by one";
    return "";
}

std::optional<Package> read_package(Reading& reading, const Node& node, const Plan& plan,
                                    const PlanDefaults& defaults) {
    return PackageReader(reading, node, plan).read(defaults);
}

}  // namespace farthing::catalog
