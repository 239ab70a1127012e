// What a charge says about its counter: over what it counts, in which steps, up to which amount,
// and what a change of price or payer does to it.
#include <fmt/format.h>

#include "catalog/charge_parts.h"

namespace farthing::catalog {

namespace {

class ShapeReader {
  public:
    ShapeReader(Reading& reading, const Fields& fields, const Meter& meter, UsageCharge& charge)
        : mistakes_(reading.mistakes), fields_(fields), meter_(meter), charge_(charge) {}

    void read() {
        charge_.window = static_cast<Window>(fields_.choice("window"));
        charge_.restarts = fields_.choice("on_change") == 1;
        if (fields_.has("price_cap"))
            charge_.cap = read_decimal(fields_.text("price_cap"), value_at(fields_, "price_cap"));
        read_round_up_per_day();
        if (charge_.priced_by != PricedBy::bands) return refuse_beside_rates();
        check_window();
        check_cap();
        check_restart();
        check_order();
    }

  private:
    // The steps of a day are counted day by day: what tiers and allowances say of a cycle would be
    // said of them.
    void read_round_up_per_day() {
        const std::string text = fields_.text("round_up");
        if (!text.ends_with(kPerDay)) return;
        const auto step = std::string_view(text).substr(0, text.size() - kPerDay.size());
        charge_.step = read_per(step, meter_, value_at(fields_, "round_up")).value_or(1);
        if (charge_.window == Window::hour) {
            bad("round_up", "it is rounded up per day, and counted per hour",
                "Take `window` out, or write `window: day`.");
        }
        const bool plain = charge_.mode == BandMode::flat && charge_.block == 1 && !charge_.cap;
        if (charge_.window == Window::cycle && (charge_.allowance || !plain)) {
            later("round_up",
                  "rounding up per day what tiers, packages, a cap or an allowance count per cycle",
                  "Write `window: day` if they are of each day, or round up per session.");
        }
        charge_.window = Window::day;
    }

    void refuse_beside_rates() {
        const bool per_day = fields_.text("round_up").ends_with(kPerDay);
        const auto refuse = [&](std::string_view key, bool present) {
            if (!present) return;
            later(key, fmt::format("{} beside a deck or price list", shown(key)),
                  fmt::format("Take {} out, or write the price on the charge.", shown(key)));
        };
        refuse("window", fields_.has("window"));
        refuse("price_cap", fields_.has("price_cap"));
        refuse("on_change", fields_.has("on_change"));
        refuse("round_up", per_day);
    }

    void check_window() {
        if (charge_.window != Window::cycle && charge_.allowance) {
            const Allowance& allowance = *charge_.allowance;
            if (allowance.rollover || allowance.counts_members()) {
                later("allowance", "rollover, a cap or an overage of members, of each hour or day",
                      "Take it out of the allowance, or take `window` out.");
            }
        }
        if (!fields_.has("window") || charge_.window == Window::cycle) return;
        if (charge_.allowance || !charge_.additive()) return;
        bad("window", "one price for all is the same in each hour and day",
            "Take `window` out, or add tiers, a package, `price_cap` or an allowance.");
    }

    // Fees and minimums are of sessions, and the cap is of their usage alone: a cap that does not
    // hold would surprise its reader.
    void check_cap() {
        if (!charge_.cap) return;
        for (const std::string_view key : {"connection_fee", "minimum"}) {
            if (!fields_.has(key)) continue;
            later("price_cap", fmt::format("a cap beside {}", shown(key)),
                  fmt::format("Take `price_cap` or {} out.", shown(key)));
        }
    }

    void check_restart() {
        if (!fields_.has("on_change")) return;
        if (charge_.additive() && !charge_.allowance) {
            bad("on_change", "one price for all has no tiers that could go on or begin anew",
                "Take it out.");
        }
        if (charge_.restarts && charge_.allowance) {
            later("on_change", "giving an allowance anew where the price or the payer changes",
                  "Take `on_change` or `allowance` out.");
        }
    }

    // Who reaches the next band makes all cheaper: there is nobody who went beyond.
    void check_order() {
        if (!charge_.allowance || !charge_.allowance->in_order) return;
        if (charge_.mode == BandMode::volume || charge_.block != 1 || charge_.cap) {
            later("allowance", "chronological attribution of volume prices, packages and caps",
                  "Write `attribution: pro_rata`.");
        }
    }

    void bad(std::string_view key, std::string message, std::string mend) {
        mistakes_.add(CatalogReason::bad_value, fields_.place_of(key), std::move(message),
                      std::move(mend));
    }
    void later(std::string_view key, std::string_view what, std::string mend) {
        mistakes_.add(CatalogReason::not_supported, fields_.place_of(key),
                      fmt::format("{} is not priced by this release", what), std::move(mend));
    }

    Mistakes& mistakes_;
    const Fields& fields_;
    const Meter& meter_;
    UsageCharge& charge_;
};

}  // namespace

void read_shape(Reading& reading, const Fields& fields, const Meter& meter, UsageCharge& charge) {
    ShapeReader(reading, fields, meter, charge).read();
}

}  // namespace farthing::catalog
