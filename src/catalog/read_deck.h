// Rate decks and price lists from CSV.
#pragma once

#include <optional>
#include <string>

#include "base/time_zone.h"
#include "catalog/mistakes.h"
#include "catalog/snapshot.h"
#include "model/catalog_record.h"

namespace farthing::catalog {

// What the catalog says about one file.
struct DeckSource {
    std::string name;
    const CatalogFile& file;
    PricedBy by = PricedBy::prefix_deck;  // or network_list
    const Meter& meter;
    Place place;                            // of the declaration
    std::string per;                        // empty: the file must say, or the meter's usual unit
    Increments increments;                  // for rows that say none
    std::optional<Decimal> connection_fee;  // likewise
    char point = '.';
};

// Tells each bad row and each overlap; returns what could be read. Linear in the rows but for one
// sort.
Deck read_deck(const DeckSource& source, const TimeZone& zone, Mistakes& mistakes);

}  // namespace farthing::catalog
