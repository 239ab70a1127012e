#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "catalog/charge_parts.h"

namespace farthing::catalog {

namespace {

constexpr std::array<std::string_view, 6> kFeeOnly = {"amount", "per",     "unit",
                                                      "in",     "prorate", "uncovered"};
constexpr std::array<std::string_view, 8> kPriceKeys = {
    "price", "package", "percent", "graduated", "volume", "deck", "decks", "price_list"};

class UsageReader {
  public:
    UsageReader(Reading& reading, const Fields& fields, const PlanDefaults& defaults)
        : reading_(reading), mistakes_(reading.mistakes), fields_(fields), defaults_(defaults) {}

    std::optional<ReadCharge> read() {
        for (const std::string_view key : kFeeOnly) {
            if (!fields_.has(key)) continue;
            mistakes_.add(CatalogReason::bad_value, fields_.place_of(key),
                          fmt::format("{} belongs to fees", shown(key)),
                          "Take it out, or make two charges.");
        }
        const std::string meter_name = fields_.text("usage");
        const Meter* meter = reading_.version.meter_named(meter_name);
        if (meter == nullptr) {
            std::vector<std::string> names;
            for (const Meter& known : reading_.version.meters) names.push_back(known.name);
            mistakes_.add(CatalogReason::unknown_meter, fields_.place_of("usage"),
                          fmt::format("no meter is called {}", shown(meter_name)),
                          suggestion(meter_name, names));
            return std::nullopt;
        }
        meter_ = meter;
        charge_.meter = meter->id;
        charge_.place = fields_.place().line_only();
        read_adds();
        Condition condition{meter->id, charge_.adds, read_condition(), fields_.place(), {}};
        const bool named = read_charge_name();
        condition.name = charge_.name;
        charge_.allowance = read_allowance(fields_, *meter_, mistakes_);
        read_sponsor();
        read_prices();
        read_shape(reading_, fields_, *meter_, charge_);
        read_session_rule(reading_, fields_, *meter_, charge_);
        charge_.tax_category = read_tax_category(reading_, fields_, defaults_.tax);
        charge_.shares = fields_.has("shares")
                             ? read_shares(reading_, fields_, nullptr, "the charge")
                             : defaults_.shares;
        read_band_prices();
        return ReadCharge{std::move(charge_), std::move(in_bands_), std::move(condition), named};
    }

  private:
    void read_adds() {
        const std::string text = fields_.text("adds");
        charge_.adds = text == "true";
        if (!text.empty() && text != "true" && text != "false") {
            mistakes_.add(CatalogReason::bad_value, fields_.place_of("adds"),
                          fmt::format("`adds` is {}", shown(text)), "Write true or false.");
        }
    }

    // What is left of an allowance is found in the cycles of who pays; a sponsor's are others.
    void read_sponsor() {
        if (!fields_.has("paid_by")) return;
        charge_.paid_by = fields_.text("paid_by");
        if (charge_.paid_by.empty()) {
            mistakes_.add(CatalogReason::bad_value, fields_.place_of("paid_by"),
                          "`paid_by` names no account",
                          "Write the name of the sponsor's account, or take `paid_by` out.");
        }
        if (charge_.allowance && charge_.allowance->members_pay) {
            mistakes_.add(CatalogReason::bad_value, fields_.place_of("paid_by"),
                          "a sponsor pays for it, and so can't its members",
                          "Take `overage` out of the allowance, or `paid_by` out of the charge.");
        }
        if (charge_.allowance && charge_.allowance->rollover) {
            mistakes_.add(CatalogReason::not_supported, fields_.place_of("paid_by"),
                          "a rollover of what a sponsor pays for is not priced by this release",
                          "Take `rollover` out of the allowance, or `paid_by` out of the charge.");
        }
    }

    std::optional<NetworkSet> read_condition() {
        const Node* node = fields_.find("when");
        if (node == nullptr) return std::nullopt;
        const Fields when(*node, table("condition"), mistakes_);
        if (node->kind != Node::Kind::map || !one_of(when, "zone", "networks", "`when`"))
            return NetworkSet{};
        if (!when.has("zone")) return read_networks(when);
        const std::string zone = when.text("zone");
        charge_.when = "zone " + zone;
        const auto found = reading_.version.zones.find(zone);
        if (found != reading_.version.zones.end()) return NetworkSet(found->second);
        mistakes_.add(CatalogReason::unknown_zone, when.place_of("zone"),
                      fmt::format("no zone is called {}", shown(zone)),
                      suggestion(zone, keys_of(reading_.version.zones)));
        return NetworkSet{};
    }

    NetworkSet read_networks(const Fields& when) {
        std::vector<NetworkKey> keys;
        std::string text;
        for (const Node& item : when.list("networks")) {
            const auto network = one_line(item, "a network", mistakes_);
            const auto key =
                network ? read_network(*network, {item.place, mistakes_}) : std::nullopt;
            if (!key) continue;
            keys.push_back(*key);
            text += (text.empty() ? "" : ", ") + *network;
        }
        if (keys.empty()) {
            mistakes_.add(CatalogReason::bad_value, when.place_of("networks"),
                          "the condition names no network",
                          "Name countries (\"248\") or networks (\"244-05\"), or take `when` out.");
        }
        charge_.when = "networks " + text;
        return NetworkSet(std::move(keys));
    }

    // True where the catalog itself says the name.
    bool read_charge_name() {
        const Node* node = fields_.find("name");
        const auto given = node == nullptr ? std::nullopt : read_name(*node, "a charge", mistakes_);
        const std::string where =
            charge_.when.starts_with("zone ") ? charge_.when.substr(5) : charge_.when;
        charge_.name = given.value_or(meter_->name + (charge_.adds ? " surcharge" : "") +
                                      (where.empty() ? "" : " " + where));
        const Meter* same = reading_.version.meter_named(charge_.name);
        if (given && same != nullptr && same->id != meter_->id) {
            mistakes_.add(CatalogReason::duplicate_name, node->place,
                          fmt::format("{} is the name of another meter", shown(*given)));
        }
        charge_.id = component_id(reading_, defaults_.plan, charge_.name);
        charge_.title = fields_.text("title");
        if (charge_.title.empty()) {
            charge_.title = given ? *given
                                  : meter_->title + (charge_.adds ? ", surcharge" : "") +
                                        (where.empty() ? "" : ", " + where);
        }
        return given.has_value();
    }

    void read_prices() {
        std::vector<std::string_view> present;
        for (const std::string_view key : kPriceKeys) {
            if (fields_.has(key)) present.push_back(key);
        }
        if (present.size() != 1) {
            return mistakes_.add(
                present.empty() ? CatalogReason::missing_key : CatalogReason::bad_value,
                fields_.place(),
                present.empty() ? "the charge has no price"
                                : fmt::format("the charge has two prices, {} and {}",
                                              shown(present[0]), shown(present[1])),
                "Write exactly one of `price`, `package`, `percent`, `graduated`, `volume`, "
                "`deck`, `decks` and `price_list`.");
        }
        const std::string_view key = present.front();
        const bool in_file = key == "deck" || key == "decks" || key == "price_list";
        if (fields_.has("margin") && !in_file) {
            mistakes_.add(CatalogReason::bad_value, fields_.place_of("margin"),
                          "a margin stands on the prices of a deck or price list",
                          "Write the price with its margin.");
        }
        if (key == "price" || key == "package" || key == "percent") {
            charge_.bands = {{INT64_MAX, read_one_price(fields_, key)}};
            if (key == "package") charge_.block = charge_.bands.front().price.per;
        } else if (key == "graduated" || key == "volume") {
            charge_.mode = key == "graduated" ? BandMode::graduated : BandMode::volume;
            read_bands(key);
        } else {
            read_rates(key);
        }
    }

    UnitPrice read_one_price(const Fields& fields, std::string_view key) {
        const ValueAt at = value_at(fields, key);
        const auto price = key == "percent" ? read_percent_price(fields.text(key), *meter_,
                                                                 reading_.version.currency, at)
                                            : read_unit_price(fields.text(key), *meter_, at);
        return price.value_or(UnitPrice{});
    }

    void read_bands(std::string_view key) {
        const auto& items = fields_.list(key);
        std::int64_t from = 0;
        for (std::size_t i = 0; i < items.size(); ++i) {
            const Fields band(items[i], table("band"), mistakes_);
            Band out;
            if (items[i].kind == Node::Kind::map && one_of(band, "price", "percent", "a band"))
                out.price = read_one_price(band, band.has("price") ? "price" : "percent");
            if (band.has("to")) {
                const auto to = read_quantity(band.text("to"), *meter_, value_at(band, "to"));
                if (to && *to <= from) {
                    mistakes_.add(CatalogReason::bands_out_of_order, band.place_of("to"),
                                  fmt::format("the band ends at {}, where it has not begun",
                                              shown(band.text("to"))));
                }
                out.to = from = to.value_or(from + 1);
            }
            const bool last = i + 1 == items.size();
            if (last == band.has("to") && items[i].kind == Node::Kind::map) {
                mistakes_.add(CatalogReason::bands_out_of_order, items[i].place,
                              last ? "the last band has an end"
                                   : "a band without end is followed by another");
            }
            charge_.bands.push_back(std::move(out));
        }
        const Node* node = fields_.find(key);
        if (items.empty() && node->kind == Node::Kind::list) {
            mistakes_.add(CatalogReason::bad_value, node->place,
                          fmt::format("{} has no bands", shown(key)));
        }
    }

    void read_rates(std::string_view key) {
        charge_.priced_by = key == "price_list" ? PricedBy::network_list : PricedBy::prefix_deck;
        std::vector<std::string> decks;
        if (key != "decks") {
            decks.push_back(fields_.text(key));
            use_rates(key, decks.back(), fields_.place_of(key));
        }
        for (const Node& item : key == "decks" ? fields_.list(key) : std::vector<Node>{}) {
            const auto name = one_line(item, "a deck", mistakes_);
            if (!name) continue;
            if (std::find(decks.begin(), decks.end(), *name) != decks.end()) {
                mistakes_.add(CatalogReason::bad_value, item.place,
                              fmt::format("the deck {} stands twice", shown(*name)));
            }
            decks.push_back(*name);
            use_rates(key, *name, item.place);
        }
        if (decks.empty() || decks.size() > kRanksMax) {
            return mistakes_.add(
                CatalogReason::bad_value, fields_.place_of(key),
                fmt::format("`decks` names {} decks", decks.size()),
                fmt::format("Name 1 to {} decks, the one to ask first first.", kRanksMax));
        }
        derive(std::move(decks), read_margin(fields_));
    }

    // The charge takes the deck as it is, or one made of it.
    void derive(std::vector<std::string> decks, const Decimal& margin) {
        for (const std::string& deck : decks) {
            charge_.rates += (charge_.rates.empty() ? "" : "/") + deck;
            charge_.rates_text += (charge_.rates_text.empty() ? "" : ", then ") + deck;
        }
        if (margin.mantissa != 0) {
            charge_.rates += "/+" + margin.to_string() + " %";
            charge_.rates_text += " + " + margin.to_string() + " %";
        }
        if (decks.size() == 1 && margin.mantissa == 0) return;
        reading_.derived_rates.try_emplace(
            charge_.rates, Reading::Derived{std::move(decks), margin.exact(), fields_.place()});
    }

    void use_rates(std::string_view key, const std::string& rates, const Place& place) {
        const bool is_deck = key != "price_list";
        const auto declared = reading_.declared_rates.find(rates);
        if (declared == reading_.declared_rates.end()) {
            return mistakes_.add(
                CatalogReason::unknown_deck, place,
                fmt::format("no {} is called {}", is_deck ? "deck" : "price list", shown(rates)),
                suggestion(rates, keys_of(reading_.declared_rates)));
        }
        if (declared->second != charge_.priced_by) {
            mistakes_.add(CatalogReason::unknown_deck, place,
                          fmt::format("{} is a {}", shown(rates), is_deck ? "price list" : "deck"),
                          fmt::format("Write `{}: {}`.", is_deck ? "price_list" : "deck", rates));
        }
        const auto [use, first] = reading_.rate_uses.try_emplace(rates, meter_, fields_.place());
        if (!first && use->second.meter->unit != meter_->unit) {
            mistakes_.add(CatalogReason::unknown_unit, place,
                          fmt::format("{} counts {} for the meter {} at {}", shown(rates),
                                      use->second.meter->unit->name, shown(use->second.meter->name),
                                      use->second.place.to_string()),
                          "Declare the file a second time under another name.");
        }
    }

    // Each price in a time band becomes a charge of its own, with the session rule of this one.
    void read_band_prices() {
        const auto& items = fields_.list("time_bands");
        if (items.empty()) return;
        if (charge_.allowance || !charge_.additive() || charge_.window != Window::cycle) {
            return mistakes_.add(
                CatalogReason::not_supported, fields_.place_of("time_bands"),
                "time bands with an allowance, tiers, packages, a cap or hours and days are not "
                "priced by this release",
                "Give the charge one `price`, a deck or a price list.");
        }
        for (const Node& item : items) read_band_price(item);
    }

    void read_band_price(const Node& item) {
        const Fields fields(item, table("band_price"), mistakes_);
        const std::string name = fields.text("band");
        if (name.empty()) return;
        const auto& bands = reading_.version.time_bands;
        const auto band = std::find_if(bands.begin(), bands.end(),
                                       [&](const TimeBand& known) { return known.name == name; });
        if (band == bands.end()) {
            std::vector<std::string> names;
            for (const TimeBand& known : bands) names.push_back(known.name);
            return mistakes_.add(CatalogReason::unknown_time_band, fields.place_of("band"),
                                 fmt::format("no time band is called {}", shown(name)),
                                 suggestion(name, names));
        }
        UsageReader reader(reading_, fields, defaults_);
        reader.meter_ = meter_;
        UsageCharge& charge = reader.charge_;
        charge = charge_;
        charge.in_bands.clear();
        charge.bands.clear();
        charge.rates.clear();
        charge.rates_text.clear();
        charge.priced_by = PricedBy::bands;
        charge.place = fields.place().line_only();
        charge.of_band = name;
        charge.name = charge_.name + " " + name;
        charge.title = fields.text("title");
        if (charge.title.empty()) charge.title = charge_.title + ", " + name;
        charge.id = component_id(reading_, defaults_.plan, charge.name);
        reader.read_prices();
        if (!charge.additive()) {
            mistakes_.add(CatalogReason::not_supported, fields.place(),
                          "tiers and packages inside a time band are not priced by this release",
                          "Give the band one `price`, a deck or a price list.");
        }
        charge_.in_bands.push_back({static_cast<std::uint32_t>(band - bands.begin()), 0});
        in_bands_.push_back(std::move(charge));
    }

    Reading& reading_;
    Mistakes& mistakes_;
    const Fields& fields_;
    const PlanDefaults& defaults_;
    const Meter* meter_ = nullptr;
    UsageCharge charge_;
    std::vector<UsageCharge> in_bands_;
};

}  // namespace

std::optional<ReadCharge> read_usage(Reading& reading, const Fields& fields,
                                     const PlanDefaults& defaults) {
    return UsageReader(reading, fields, defaults).read();
}

}  // namespace farthing::catalog
