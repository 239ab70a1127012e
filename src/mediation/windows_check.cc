#include "mediation/windows_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace farthing::mediation {

namespace {

constexpr std::int64_t kMinuteMicros = 60 * kMicrosPerSecond;
constexpr std::int64_t kHourMicros = 60 * kMinuteMicros;

// One clock may go by several names.
std::string_view clock_of(const TimeZone& zone) {
    constexpr std::string_view kUtc[] = {"UTC",      "Etc/UTC", "Etc/UCT",   "Etc/Universal",
                                         "Etc/Zulu", "UCT",     "Universal", "Zulu"};
    return std::ranges::find(kUtc, zone.name()) == std::end(kUtc) ? std::string_view(zone.name())
                                                                  : kUtc[0];
}

class Check {
  public:
    Check(const Feed& feed, const catalog::Version& version)
        : feed_(feed), rules_(feed.aggregation), version_(version) {}

    Errors run() {
        if (clock_of(rules_.zone) != clock_of(version_.zone))
            refuse(WindowReason::windows_cross_days, "",
                   fmt::format("windows are cut by the clock of {}, days of the catalog by that of "
                               "{}",
                               rules_.zone.name(), version_.zone.name()));
        if (version_.valid_from != Instant::min() && !is_edge(version_.valid_from))
            refuse(WindowReason::windows_cross_prices, "",
                   "the version begins within a window, at " + to_rfc3339(version_.valid_from));
        check_functions();
        for (const catalog::Plan& plan : version_.plans) check(plan);
        return std::move(errors_);
    }

  private:
    void check_functions() {
        for (const auto& [name, quantity] : rules_.quantity_of) {
            if (version_.meter_named(name) == nullptr)
                refuse(WindowReason::windows_of_no_meter, "",
                       fmt::format("the catalog has no meter \"{}\"", name));
        }
        for (const catalog::Meter& meter : version_.meters) {
            const Feed::Aggregation::Quantity quantity = rules_.of(meter.name);
            const bool counts = quantity == Feed::Aggregation::Quantity::count ||
                                Feed::Aggregation::is_distinct(quantity);
            if (!is_fed(meter) || !counts) continue;
            const Dimension dimension = meter.unit->dimension;
            if (dimension != Dimension::event && dimension != Dimension::message &&
                dimension != Dimension::number)
                refuse(WindowReason::windows_count_amounts, "",
                       fmt::format("{} counts in {}, not in events", meter.name, meter.unit->name));
        }
    }

    // Whether records of the feed can be of that meter.
    bool is_fed(const catalog::Meter& meter) const {
        if (feed_.service.constant) return *feed_.service.constant == meter.name;
        if (feed_.service.map.empty()) return true;
        return std::ranges::any_of(feed_.service.map,
                                   [&](const auto& pair) { return pair.second == meter.name; });
    }

    bool is_edge(Instant when) const {
        return rules_.zone.local_micros(when) % rules_.window_micros == 0;
    }

    void check(const catalog::Plan& plan) {
        for (const catalog::UsageCharge& charge : plan.charges) {
            const catalog::Meter* meter = version_.meter(charge.meter);
            if (meter == nullptr || !is_fed(*meter)) continue;
            place_ = fmt::format("{}/{} ({})", plan.name, charge.name, charge.place);
            check_networks(plan, charge);
            check_rule(charge, "");
            check_times(charge, *meter);
            if (charge.allowance && charge.allowance->in_order)
                refuse(WindowReason::windows_merge_sessions, place_,
                       "what its pool's members pay goes by the order of use");
            if (charge.limit)
                refuse(WindowReason::windows_merge_limits, place_,
                       "a record that goes beyond the limit waits, those before it count");
            if (charge.priced_by == catalog::PricedBy::prefix_deck) check_deck(charge);
            if (charge.priced_by == catalog::PricedBy::network_list) check_rows(charge);
        }
    }

    void check_networks(const catalog::Plan& plan, const catalog::UsageCharge& charge) {
        if (rules_.by_network) return;
        const bool by_network = charge.meter.value < plan.matchers.size() &&
                                !plan.matchers[charge.meter.value].by_network.empty();
        const bool listed = charge.priced_by == catalog::PricedBy::network_list;
        if (listed || by_network || !plan.allowed.empty())
            refuse(WindowReason::windows_merge_networks, place_,
                   listed ? "its price list goes by network"
                          : "which price applies, or whether one does, goes by network");
    }

    void check_rule(const catalog::SessionRule& rule, const std::string& of_row) {
        const auto sessions = [&](std::string_view what) {
            refuse(WindowReason::windows_merge_sessions, place_, of_row + std::string(what));
        };
        if (rule.increments != catalog::Increments{}) sessions("it rounds each session up");
        if (rule.connection_fee) sessions("it has a connection fee");
        if (rule.minimum) sessions("it has a minimum for each session");
        if (rule.grace > 0) sessions("short sessions are free");
    }

    void check_times(const catalog::UsageCharge& charge, const catalog::Meter& meter) {
        const bool takes_time = meter.unit->dimension == Dimension::time;
        const bool hours = charge.window == catalog::Window::hour;
        if (hours && kHourMicros % rules_.window_micros != 0)
            refuse(WindowReason::windows_cross_prices, place_, "it counts each hour by itself");
        if (takes_time && charge.at_price_change != catalog::AtEdge::start)
            refuse(WindowReason::windows_merge_sessions, place_,
                   "a new price cuts the sessions that go on over it");
        if (charge.in_bands.empty()) return;
        if (takes_time && charge.at_band != catalog::AtEdge::start)
            refuse(WindowReason::windows_merge_sessions, place_,
                   "time bands cut the sessions that go on over them");
        for (const catalog::UsageCharge::InBand& in : charge.in_bands)
            check_band(version_.time_bands[in.band]);
    }

    void check_band(const catalog::TimeBand& band) {
        bool edges = clock_of(band.zone) == clock_of(rules_.zone);
        for (const auto& day : band.days) {
            for (const catalog::TimeBand::Hours& hours : day) {
                edges = edges && hours.from * kMinuteMicros % rules_.window_micros == 0 &&
                        hours.to * kMinuteMicros % rules_.window_micros == 0;
            }
        }
        if (!edges)
            refuse(WindowReason::windows_cross_prices, place_,
                   fmt::format("the time band {} ({}) begins or ends within a window", band.name,
                               band.text));
    }

    void check_deck(const catalog::UsageCharge& charge) {
        const catalog::Deck* deck = version_.deck(charge);
        if (!rules_.by_called || (!deck->origins().empty() && !rules_.by_calling))
            refuse(WindowReason::windows_merge_numbers, place_,
                   rules_.by_called ? "its deck goes by the calling number"
                                    : "its deck goes by the called number");
        check_rows(charge);
    }

    // The first row that does not go with windows is told: a deck has very many.
    void check_rows(const catalog::UsageCharge& charge) {
        for (const catalog::RateRow& row : version_.deck(charge)->rows()) {
            const std::size_t before = errors_.size();
            check_rule(row, fmt::format("{} {} ({}): ", row.prefix, row.name, row.place));
            for (const Instant edge : {row.valid_from, row.valid_until}) {
                if (edge != Instant::min() && edge != Instant::max() && !is_edge(edge))
                    refuse(WindowReason::windows_cross_prices, place_,
                           fmt::format("{} {} ({}) changes within a window, at {}", row.prefix,
                                       row.name, row.place, to_rfc3339(edge)));
            }
            if (errors_.size() > before) return;
        }
    }

    void refuse(WindowReason why, const std::string& place, const std::string& what) {
        errors_.push_back(error_of(
            why, fmt::format("feed {}: {}{}{}", feed_.name, place, place.empty() ? "" : ": ", what),
            version_.name));
    }

    const Feed& feed_;
    const Feed::Aggregation& rules_;
    const catalog::Version& version_;
    std::string place_;  // of the charge at hand
    Errors errors_;
};

}  // namespace

bool same_windows(const Feed& a, const Feed& b) {
    const auto of = [](const Feed& feed) {
        const Feed::Aggregation& rules = feed.aggregation;
        return std::tuple(rules.window_micros, clock_of(rules.zone), rules.by_network,
                          rules.by_called, rules.by_calling, rules.quantity, rules.quantity_of,
                          rules.at_edge, feed.keep_names);
    };
    return of(a) == of(b);
}

Errors check_windows(const Feed& feed, const catalog::Version& version) {
    if (!feed.aggregation.given()) return {};
    return Check(feed, version).run();
}

}  // namespace farthing::mediation
