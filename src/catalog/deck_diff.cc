#include "catalog/deck_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <tuple>

namespace farthing::catalog {

namespace {

// Rows of one deck in the order in which two decks are compared.
struct Entry {
    const RateRow* row;
    std::string_view origin;
};

std::vector<Entry> entries_of(const Deck& deck) {
    std::vector<Entry> entries;
    entries.reserve(deck.rows().size());
    for (const RateRow& row : deck.rows()) entries.push_back({&row, deck.origin_of(row)});
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
        return std::tie(a.row->prefix, a.origin, a.row->valid_from) <
               std::tie(b.row->prefix, b.origin, b.row->valid_from);
    });
    return entries;
}

Exact fee_of(const RateRow& row) {
    return row.connection_fee ? row.connection_fee->exact() : Exact(0);
}

bool same(const RateRow* a, const RateRow* b) {
    if (a == nullptr || b == nullptr) return a == b;
    // A prefix that leaves a longer one's shadow at the same price is called otherwise, no more.
    const bool alike = a->blocked == b->blocked && (a->prefix != b->prefix || a->name == b->name);
    if (a->blocked || b->blocked) return alike;
    return alike && a->increments == b->increments && a->price.exact() == b->price.exact() &&
           fee_of(*a) == fee_of(*b);
}

bool priced(const RateRow* row) {
    return row != nullptr && !row->blocked;
}

void judge(DeckChange& change) {
    const bool had = priced(change.before);
    const bool has = priced(change.after);
    if (!had || !has) {
        change.kind = has   ? DeckChangeKind::added
                      : had ? DeckChangeKind::closed
                            : DeckChangeKind::changed;
        return;
    }
    const Exact old_price = change.before->price.exact();
    const Exact price = change.after->price.exact();
    if (price == old_price) return;
    change.kind = price > old_price ? DeckChangeKind::dearer : DeckChangeKind::cheaper;
    if (!old_price.is_zero()) change.percent = (price - old_price) / old_price * Exact(100);
}

// One deck, asked in the order of its entries and by shorter prefixes.
struct Side {
    const Deck& deck;
    std::vector<Entry> entries;

    explicit Side(const Deck& of) : deck(of), entries(entries_of(of)) {}

    // When some row of a shorter prefix begins or ends.
    void add_cuts_above(std::string_view prefix, std::vector<Instant>& cuts) const {
        for (std::size_t length = 1; length < prefix.size(); ++length) {
            const std::string_view shorter = prefix.substr(0, length);
            const auto rows = std::ranges::equal_range(
                entries, shorter, {},
                [](const Entry& entry) -> std::string_view { return entry.row->prefix; });
            for (const Entry& entry : rows) {
                if (!entry.origin.empty()) continue;
                cuts.push_back(entry.row->valid_from);
                cuts.push_back(entry.row->valid_until);
            }
        }
    }
};

class Timelines {
  public:
    Timelines(const Side& before, const Side& after, std::vector<DeckChange>& out)
        : before_(before), after_(after), out_(out) {}

    // Both hold the rows of one prefix and origin, by their start and apart.
    void compare(std::span<const Entry> before, std::span<const Entry> after) {
        const Entry& any = (after.empty() ? before : after).front();
        const std::vector<Instant> cuts = cuts_of(before, after);
        DeckChange* last = nullptr;
        for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
            const RateRow* own_old = at(before, cuts[i]);
            const RateRow* own_new = at(after, cuts[i]);
            // Where neither has a row of its own, the shorter prefix tells its change itself.
            const bool silent = own_old == nullptr && own_new == nullptr;
            const RateRow* old = holding(before_, own_old, any, cuts[i]);
            const RateRow* now = holding(after_, own_new, any, cuts[i]);
            if (silent || same(old, now)) {
                last = nullptr;
            } else if (last != nullptr && last->before == old && last->after == now) {
                last->until = cuts[i + 1];
            } else {
                last = &out_.emplace_back(DeckChange{DeckChangeKind::changed,
                                                     cuts[i],
                                                     cuts[i + 1],
                                                     old,
                                                     now,
                                                     any.row->prefix,
                                                     any.row->name,
                                                     std::string(any.origin),
                                                     {}});
                judge(*last);
            }
        }
    }

  private:
    std::vector<Instant> cuts_of(std::span<const Entry> before,
                                 std::span<const Entry> after) const {
        std::vector<Instant> cuts;
        for (const auto side : {before, after}) {
            for (const Entry& entry : side) {
                cuts.push_back(entry.row->valid_from);
                cuts.push_back(entry.row->valid_until);
            }
        }
        const Entry& any = (after.empty() ? before : after).front();
        const bool alike = before.size() == 1 && after.size() == 1 &&
                           before[0].row->valid_from == after[0].row->valid_from &&
                           before[0].row->valid_until == after[0].row->valid_until;
        if (any.origin.empty() && !alike) {
            before_.add_cuts_above(any.row->prefix, cuts);
            after_.add_cuts_above(any.row->prefix, cuts);
        }
        std::ranges::sort(cuts);
        const auto repeated = std::ranges::unique(cuts);
        cuts.erase(repeated.begin(), repeated.end());
        return cuts;
    }

    static const RateRow* holding(const Side& side, const RateRow* own, const Entry& any,
                                  Instant when) {
        if (own != nullptr || !any.origin.empty()) return own;
        return side.deck.match(any.row->prefix, when);
    }

    static const RateRow* at(std::span<const Entry>& rows, Instant when) {
        while (!rows.empty() && rows.front().row->valid_until <= when) rows = rows.subspan(1);
        return rows.empty() || when < rows.front().row->valid_from ? nullptr : rows.front().row;
    }

    const Side& before_;
    const Side& after_;
    std::vector<DeckChange>& out_;
};

// The rows at the front that are of the same prefix and origin as the first.
std::span<const Entry> group(std::span<const Entry> entries) {
    std::size_t count = 0;
    while (count < entries.size() && entries[count].row->prefix == entries[0].row->prefix &&
           entries[count].origin == entries[0].origin) {
        count += 1;
    }
    return entries.first(count);
}

bool before_other(std::span<const Entry> a, std::span<const Entry> b) {
    if (a.empty() || b.empty()) return b.empty() && !a.empty();
    return std::tie(a[0].row->prefix, a[0].origin) < std::tie(b[0].row->prefix, b[0].origin);
}

}  // namespace

std::vector<DeckChange> compare_decks(const Deck& before, const Deck& after) {
    const Side old_side(before);
    const Side new_side(after);
    std::span<const Entry> old_left = old_side.entries;
    std::span<const Entry> new_left = new_side.entries;
    std::vector<DeckChange> changes;
    Timelines timelines(old_side, new_side, changes);
    while (!old_left.empty() || !new_left.empty()) {
        const auto old_group =
            before_other(new_left, old_left) ? std::span<const Entry>() : group(old_left);
        const auto new_group =
            before_other(old_left, new_left) ? std::span<const Entry>() : group(new_left);
        timelines.compare(old_group, new_group);
        old_left = old_left.subspan(old_group.size());
        new_left = new_left.subspan(new_group.size());
    }
    return changes;
}

std::string row_text(const RateRow& row) {
    if (row.blocked) return "blocked";
    std::string text = row.price.text;
    if (!(row.increments == Increments{}))
        text += fmt::format(", {}/{}", row.increments.first, row.increments.next);
    if (row.connection_fee && row.connection_fee->mantissa != 0)
        text += fmt::format(", {} per call", row.connection_fee->to_string());
    return text;
}

std::string validity_text(Instant from, Instant until, const TimeZone& zone) {
    std::string text;
    if (from != Instant::min()) text += " from " + to_string(zone.date_of(from));
    if (until != Instant::max()) text += " to " + to_string(zone.date_of(until.plus_micros(-1)));
    return text;
}

std::string change_text(const DeckChange& change, const TimeZone& zone) {
    // Calls that a shorter prefix prices say so.
    const auto side = [&](const RateRow& row) {
        return row_text(row) + (row.prefix == change.prefix ? "" : " as " + row.prefix);
    };
    std::string text = change.prefix;
    if (!change.destination.empty()) text += " " + change.destination;
    if (!change.origin.empty()) text += " (from " + change.origin + ")";
    text += ": ";
    if (change.before != nullptr) text += side(*change.before);
    if (change.before != nullptr && change.after != nullptr) text += " → ";
    if (change.after != nullptr) text += side(*change.after);
    if (change.percent.sign() != 0)
        text += fmt::format(" ({}{} %)", change.percent.sign() > 0 ? "+" : "",
                            change.percent.to_decimal(4));
    const bool renamed = change.before != nullptr && change.after != nullptr &&
                         change.before->prefix == change.after->prefix &&
                         change.before->name != change.after->name;
    if (renamed) {
        text += fmt::format(", before called {}",
                            change.before->name.empty() ? "nothing" : change.before->name);
    }
    const std::string validity = validity_text(change.from, change.until, zone);
    return validity.empty() ? text : text + "," + validity;
}

}  // namespace farthing::catalog
