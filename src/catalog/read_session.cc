// What a charge says about sessions: increments, fee, minimum, grace, and what the edges of time
// bands and new prices do.
#include <fmt/format.h>

#include <array>

#include "catalog/charge_parts.h"

namespace farthing::catalog {

namespace {

class SessionReader {
  public:
    SessionReader(Reading& reading, const Fields& fields, const Meter& meter, UsageCharge& charge)
        : mistakes_(reading.mistakes), fields_(fields), meter_(meter), charge_(charge) {}

    void read() {
        read_increments_of();
        read_amounts();
        charge_.at_band = static_cast<AtEdge>(fields_.choice("at_time_band"));
        constexpr std::array kAtPriceChange = {AtEdge::start, AtEdge::split, AtEdge::block};
        charge_.at_price_change = kAtPriceChange[fields_.choice("at_price_change")];
        refuse_what_is_cut();
        refuse_what_is_not_flat();
    }

  private:
    bool of_time() const { return meter_.unit->dimension == Dimension::time; }
    bool flat() const { return !charge_.allowance && charge_.additive(); }

    void read_increments_of() {
        if (fields_.has("round_up") && fields_.has("increments"))
            one_of(fields_, "round_up", "increments", "the charge");
        for (const std::string_view key : {"round_up", "increments"}) {
            if (charge_.priced_by != PricedBy::prefix_deck || !fields_.has(key)) continue;
            mistakes_.add(CatalogReason::bad_value, fields_.place_of(key),
                          fmt::format("{} stands in the deck, row by row", shown(key)),
                          "Say `increments` where the deck is declared, or in its column.");
        }
        if (fields_.has("increments")) {
            charge_.increments =
                read_increments(fields_.text("increments"), meter_, value_at(fields_, "increments"))
                    .value_or(Increments{});
        }
        if (fields_.has("round_up")) read_round_up();
    }

    void read_round_up() {
        const std::string text = fields_.text("round_up");
        if (charge_.step > 1 || text.ends_with(kPerDay)) return;  // read with the window
        if (!text.ends_with(kPerSession)) {
            return mistakes_.add(CatalogReason::bad_value, fields_.place_of("round_up"),
                                 fmt::format("`round_up` is {}", shown(text)),
                                 "Write for example `1 kB per session` or `1 MB per day`.");
        }
        const std::string_view step =
            std::string_view(text).substr(0, text.size() - kPerSession.size());
        if (const auto units = read_per(step, meter_, value_at(fields_, "round_up")))
            charge_.increments = {*units, *units};
    }

    void read_amounts() {
        if (fields_.has("connection_fee")) {
            charge_.connection_fee =
                read_decimal(fields_.text("connection_fee"), value_at(fields_, "connection_fee"));
        }
        if (fields_.has("minimum"))
            charge_.minimum = read_decimal(fields_.text("minimum"), value_at(fields_, "minimum"));
        if (fields_.has("grace")) {
            charge_.grace = read_quantity(fields_.text("grace"), meter_, value_at(fields_, "grace"))
                                .value_or(0);
        }
        const std::string on_answer = fields_.text("fee_on_answer");
        charge_.fee_on_answer = on_answer == "true";
        if (!on_answer.empty() && on_answer != "true" && on_answer != "false") {
            bad("fee_on_answer", fmt::format("`fee_on_answer` is {}", shown(on_answer)),
                "Write true or false.");
        }
        if (charge_.fee_on_answer && charge_.grace > 0) {
            bad("fee_on_answer", "an answered call within the grace is free, so it has no fee",
                "Take `grace` or `fee_on_answer` out.");
        }
        if (charge_.fee_on_answer && !charge_.connection_fee &&
            charge_.priced_by != PricedBy::prefix_deck) {
            bad("fee_on_answer", "there is no connection fee to be charged",
                "Add `connection_fee`.");
        }
    }

    void refuse_what_is_cut() {
        if (fields_.has("at_time_band") && !fields_.has("time_bands")) {
            bad("at_time_band", "the charge has no time bands",
                "Take it out, or add `time_bands`.");
        }
        for (const std::string_view key : {"at_time_band", "at_price_change"}) {
            if (!fields_.has(key) || of_time()) continue;
            bad(key, fmt::format("{} is about sessions that are counted in time", shown(key)),
                "Take it out: other quantities count at the start of their session.");
        }
    }

    // Tops up to a minimum, and two prices in one session, are sums of flat prices: the price of a
    // tier depends on all sessions together.
    void refuse_what_is_not_flat() {
        const bool splits = charge_.at_price_change != AtEdge::start;
        if (charge_.minimum && !flat()) {
            later("minimum",
                  "a minimum with an allowance, tiers, packages, a cap or round-up per day");
        }
        if (splits && !flat()) later("at_price_change", "splitting sessions in tiers");
        if (splits && charge_.window != Window::cycle)
            later("at_price_change", "splitting sessions of hours and days");
        if (splits && charge_.minimum)
            later("at_price_change", "splitting sessions with a minimum");
        if (splits && charge_.adds) later("at_price_change", "splitting sessions of surcharges");
    }

    void bad(std::string_view key, std::string message, std::string mend) {
        mistakes_.add(CatalogReason::bad_value, fields_.place_of(key), std::move(message),
                      std::move(mend));
    }
    void later(std::string_view key, std::string_view what) {
        mistakes_.add(CatalogReason::not_supported, fields_.place_of(key),
                      fmt::format("{} is not priced by this release", what),
                      fmt::format("Take {} out, or give the charge one price.", shown(key)));
    }

    Mistakes& mistakes_;
    const Fields& fields_;
    const Meter& meter_;
    UsageCharge& charge_;
};

}  // namespace

void read_session_rule(Reading& reading, const Fields& fields, const Meter& meter,
                       UsageCharge& charge) {
    SessionReader(reading, fields, meter, charge).read();
}

}  // namespace farthing::catalog
