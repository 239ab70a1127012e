#include "mediation/decode_record.h"

#include <fmt/format.h>

namespace farthing::mediation {

FieldMap::FieldMap(const Feed& feed) : refs(1) {
    id = add(feed.id);
    service = add(feed.service.at);
    start = add(feed.start);
    end = add(feed.end);
    start_clock = add(feed.start_clock);
    end_clock = add(feed.end_clock);
    duration = add(feed.duration.value_or(FieldRef{}));
    answered = add(feed.answered);
    network = add(feed.network);
    mcc = add(feed.mcc);
    mnc = add(feed.mnc);
    called = add(feed.called);
    calling = add(feed.calling);
    carrier = add(feed.carrier.at);
    amount = add(feed.amount);
    parts = add(feed.parts);
    digest = add(feed.digest);
    for (std::size_t i = 0; i < keep.size(); ++i) keep[i] = add(feed.keep[i]);
    for (const auto& rule : feed.guide) guide.push_back(add(rule.field));
    for (const auto& rule : feed.filters) filters.push_back(add(rule.field));
    for (const auto& ref : feed.same_record_fields) same_record.push_back(add(ref));
    for (const auto& ref : feed.partials.by_fields) session.push_back(add(ref));
    charging_id = add(feed.partials.charging_id);
    rating_group = add(feed.partials.rating_group);
    last_part = add(feed.partials.last);
    const auto add_quantities = [&](const Feed::QuantityRules& rules) {
        for (const FieldRef& ref : rules.sum) {
            const Slot slot = add(ref);
            if (std::ranges::find(quantities, slot) == quantities.end()) quantities.push_back(slot);
        }
        add(rules.from);
        add(rules.to);
    };
    add_quantities(feed.quantity);
    for (const auto& [name, rules] : feed.quantity_of) add_quantities(rules);
    subscription = add(feed.inventory_subscription);
    number = add(feed.inventory_number);
    action = add(feed.inventory_action);
    date = add(feed.inventory_date);
}

Slot FieldMap::slot_of(const FieldRef& ref) const {
    if (!ref.given()) return kNoSlot;
    const auto found = std::ranges::find(refs, ref);
    return found == refs.end() ? kNoSlot : static_cast<Slot>(found - refs.begin());
}

Slot FieldMap::add(const FieldRef& ref) {
    if (!ref.given()) return kNoSlot;
    if (const Slot known = slot_of(ref); known != kNoSlot) return known;
    refs.push_back(ref);
    return static_cast<Slot>(refs.size() - 1);
}

std::string_view without_blanks_around(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

std::string describe(const FieldRef& ref, FormatKind format) {
    switch (format) {
        case FormatKind::delimited:
            return ref.name.empty() ? fmt::format("column {}", ref.column + 1)
                                    : "column " + ref.name;
        case FormatKind::fixed_width: return fmt::format("characters {}-{}", ref.from, ref.to);
        case FormatKind::json_lines:
        case FormatKind::xml: break;
    }
    return "field " + ref.name;
}

}  // namespace farthing::mediation
