// What changes between two versions of a deck, destination by destination and in time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/snapshot.h"

namespace farthing::catalog {

enum class DeckChangeKind : std::uint8_t { added, closed, dearer, cheaper, changed };
constexpr std::string_view kDeckChangeNames[] = {"new", "closed", "dearer", "cheaper", "changed"};
constexpr std::string_view name_of(DeckChangeKind kind) {
    return kDeckChangeNames[static_cast<std::size_t>(kind)];
}

// What calls to one prefix from one origin cost during [from, until). Rows live as long as their
// decks.
struct DeckChange {
    DeckChangeKind kind = DeckChangeKind::changed;
    Instant from;
    Instant until;
    // The rows that price those calls, perhaps of a shorter prefix; nullptr where none does.
    const RateRow* before = nullptr;
    const RateRow* after = nullptr;
    std::string prefix;
    std::string destination;
    std::string origin;
    Exact percent;  // of the old price; where both are there, and the old one isn't zero
};

// Where calls cost the same there is no change, however rows are cut. A prefix that only one deck
// has is compared with the shorter one that holds in the other; one of an origin set with that set
// alone. By prefix as text, then origin, then time.
std::vector<DeckChange> compare_decks(const Deck& before, const Deck& after);

// "447 United Kingdom mobile: 0.05 per minute → 0.06 per minute (+20 %), from 2026-02-01".
std::string change_text(const DeckChange& change, const TimeZone& zone);
// "0.05 per minute, 60/6, 0.01 per call"; "blocked".
std::string row_text(const RateRow& row);
// " from 2026-02-01 to 2026-03-31"; empty for always.
std::string validity_text(Instant from, Instant until, const TimeZone& zone);

}  // namespace farthing::catalog
