// What a plan lets a subscription use: how much of a meter in a cycle, and in which networks.
#include <fmt/format.h>

#include <algorithm>

#include "catalog/charge_parts.h"

namespace farthing::catalog {

namespace {

std::vector<NetworkKey> read_allowed(const Node& node, std::string& words, Mistakes& mistakes) {
    std::vector<NetworkKey> allowed;
    for (const Node& item : node.items) {
        const auto network = one_line(item, "a network", mistakes);
        const auto key = network ? read_network(*network, {item.place, mistakes}) : std::nullopt;
        if (!key) continue;
        allowed.push_back(*key);
        words += (words.empty() ? "" : ", ") + *network;
    }
    if (node.items.empty()) {
        mistakes.add(CatalogReason::bad_value, node.place, "the limit names no network",
                     "Name countries (\"248\") or networks (\"244-05\"), or take it out.");
    }
    std::ranges::sort(allowed);
    return allowed;
}

}  // namespace

std::vector<ReadLimit> read_limits(Reading& reading, const Node& node, Plan& plan) {
    Mistakes& mistakes = reading.mistakes;
    std::vector<ReadLimit> limits;
    if (node.kind != Node::Kind::map) {
        mistakes.add(CatalogReason::bad_value, node.place, "`limits` must be a map",
                     "Write `limits: {data: 60 MB, networks: [\"248\"]}`.");
        return limits;
    }
    for (const Field& field : node.fields) {
        if (field.name == "networks") {
            plan.allowed = read_allowed(field.value, plan.allowed_text, mistakes);
            continue;
        }
        const Meter* meter = reading.version.meter_named(field.name);
        if (meter == nullptr) {
            std::vector<std::string> names = {"networks"};
            for (const Meter& known : reading.version.meters) names.push_back(known.name);
            mistakes.add(CatalogReason::unknown_meter, field.place,
                         fmt::format("no meter is called {}", shown(field.name)),
                         suggestion(field.name, names));
            continue;
        }
        const auto text = one_line(field.value, "a limit", mistakes);
        const auto quantity =
            text ? read_quantity(*text, *meter, {field.value.place, mistakes}) : std::nullopt;
        if (!quantity) continue;
        ReadLimit limit{{}, field.place};
        UsageCharge& charge = limit.charge;
        charge.name = "limits/" + meter->name;  // no name of a charge holds a slash
        charge.title = fmt::format("Limit of {}", meter->title);
        charge.id = component_id(reading, plan.name, charge.name);
        charge.place = field.place.line_only();
        charge.meter = meter->id;
        charge.adds = true;
        charge.limit = *quantity;
        charge.bands = {{INT64_MAX, UnitPrice{{}, 1, "0"}}};
        limits.push_back(std::move(limit));
    }
    return limits;
}

}  // namespace farthing::catalog
