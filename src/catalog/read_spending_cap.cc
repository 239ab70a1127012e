// What a plan's usage may cost in a cycle, and what happens beyond it.
#include <fmt/format.h>

#include <charconv>

#include "catalog/charge_parts.h"

namespace farthing::catalog {

namespace {

constexpr int kAlertMost = 100;

std::vector<int> read_alerts(const Fields& cap, Mistakes& mistakes) {
    std::vector<int> alerts;
    for (const Node& item : cap.list("alerts")) {
        const auto text = one_line(item, "an alert", mistakes);
        if (!text) continue;
        int percent = 0;
        const auto [end, error] =
            std::from_chars(text->data(), text->data() + text->size(), percent);
        const bool number = error == std::errc() && end == text->data() + text->size();
        const int before = alerts.empty() ? 0 : alerts.back();
        if (!number || percent <= before || percent > kAlertMost) {
            mistakes.add(
                CatalogReason::bad_value, item.place,
                fmt::format("the alert {} is no percent above the one before it", shown(*text)),
                "Write rising numbers from 1 to 100: `alerts: [50, 80, 100]`.");
            continue;
        }
        alerts.push_back(percent);
    }
    return alerts;
}

}  // namespace

std::optional<SpendingCap> read_spending_cap(const Fields& plan, Mistakes& mistakes) {
    const Node* node = plan.find("spending_cap");
    if (node == nullptr) return std::nullopt;
    const Fields fields(*node, table("spending_cap"), mistakes);
    if (node->kind != Node::Kind::map || !fields.has("amount") || !fields.has("action"))
        return std::nullopt;
    const auto amount = read_decimal(fields.text("amount"), value_at(fields, "amount"));
    if (!amount) return std::nullopt;
    if (amount->mantissa == 0) {
        mistakes.add(CatalogReason::bad_value, fields.place_of("amount"),
                     "a cap of nothing allows nothing",
                     "Write what a cycle's usage may cost, or take the price out of the plan.");
    }
    SpendingCap cap;
    cap.amount = *amount;
    cap.action = static_cast<CapAction>(fields.choice("action"));
    cap.per_account = fields.choice("per") == 1;
    cap.alerts = read_alerts(fields, mistakes);
    cap.text = fmt::format("{} for each {} and month", fields.text("amount"),
                           cap.per_account ? "account" : "subscription");
    cap.place = node->place.line_only();
    return cap;
}

}  // namespace farthing::catalog
