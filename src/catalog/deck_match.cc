#include <fmt/format.h>

#include <algorithm>

#include "catalog/deck_import.h"

namespace farthing::catalog {

namespace {

std::string verdict_of(const Deck& deck, const RateRow& row, Instant when, std::string_view calling,
                       const TimeZone& zone) {
    if (when < row.valid_from) return "begins on " + to_string(zone.date_of(row.valid_from));
    if (when >= row.valid_until)
        return "ended on " + to_string(zone.date_of(row.valid_until.plus_micros(-1)));
    if (row.origin == 0) return {};
    const OriginSet& set = deck.origins()[row.origin - 1U];
    const bool from_there = std::ranges::any_of(
        set.prefixes, [&](const std::string& prefix) { return calling.starts_with(prefix); });
    if (from_there) return {};
    return calling.empty()
               ? fmt::format("is for calls from {}, and no calling number is known", set.name)
               : fmt::format("is for calls from {}, and {} is none of them", set.name, calling);
}

}  // namespace

std::vector<MatchStep> explain_match(const Deck& deck, std::string_view called, Instant when,
                                     std::string_view calling, const TimeZone& zone) {
    std::vector<const RateRow*> asked;
    for (const RateRow& row : deck.rows()) {
        if (called.starts_with(row.prefix)) asked.push_back(&row);
    }
    // Rows of one rank and prefix stand in the order in which they are asked.
    std::ranges::stable_sort(asked, [](const RateRow* a, const RateRow* b) {
        return a->rank != b->rank ? a->rank < b->rank : a->prefix.size() > b->prefix.size();
    });
    const RateRow* taken = deck.match(called, when, calling);
    std::vector<MatchStep> steps;
    bool found = false;
    for (const RateRow* row : asked) {
        MatchStep step{row, deck.origin_of(*row), verdict_of(deck, *row, when, calling, zone),
                       row == taken};
        if (step.taken) {
            step.verdict = row->blocked ? "blocks the call" : "prices the call";
        } else if (step.verdict.empty()) {
            step.verdict = found ? "would be next" : "holds";
        }
        found = found || step.taken;
        steps.push_back(std::move(step));
    }
    return steps;
}

}  // namespace farthing::catalog
