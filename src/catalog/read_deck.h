// Rate decks and price lists from CSV.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time_zone.h"
#include "catalog/mistakes.h"
#include "catalog/snapshot.h"
#include "model/catalog_record.h"

namespace farthing::catalog {

// What the catalog says about the files of one deck.
struct DeckSource {
    std::string name;
    std::vector<const CatalogFile*> files;
    PricedBy by = PricedBy::prefix_deck;  // or network_list
    const Meter& meter;
    Place place;                            // of the declaration
    std::string per;                        // empty: the file must say, or the meter's usual unit
    Increments increments;                  // for rows that say none
    std::optional<Decimal> connection_fee;  // likewise
    char point = '.';
    TimeZone zone;                                        // whose days the rows' days are
    const std::map<std::string, OriginSet>& origin_sets;  // of the catalog
};

// Rows as read, and the origin sets that they name.
struct DeckRows {
    std::vector<RateRow> rows;
    std::vector<OriginSet> origins;
};

// Tells each bad row; returns what could be read. Linear in the rows.
void read_deck_file(const DeckSource& source, const CatalogFile& file, DeckRows& into,
                    Mistakes& mistakes);

// Reads all files of a deck, and tells each overlap of two rows.
Deck read_deck(const DeckSource& source, Mistakes& mistakes);

// EC26: no two rows of one prefix, origin and rank at one time; and of two origin sets of one
// prefix and time one lies inside the other, or they share no number.
void check_overlaps(const Deck& deck, Mistakes& mistakes);

}  // namespace farthing::catalog
