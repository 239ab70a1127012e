// One compilation: what is read from, what is written to, and the steps in their order.
#pragma once

#include <map>
#include <string>

#include "catalog/conditions.h"
#include "catalog/fields.h"
#include "catalog/mistakes.h"
#include "catalog/snapshot.h"
#include "catalog/yaml_reader.h"
#include "model/catalog_record.h"

namespace farthing::catalog {

struct Reading {
    const CatalogRecord& record;
    const Node& root;  // the files of the folder, merged by top-level keys
    Mistakes& mistakes;
    NameTable& names;
    Version& version;
    // Decks and price lists that the catalog declares, and the first charge that uses each: it says
    // what a row counts.
    std::map<std::string, PricedBy, std::less<>> declared_rates;
    struct Use {
        const Meter* meter;
        Place place;
    };
    std::map<std::string, Use, std::less<>> rate_uses;
    // Decks that charges make of declared ones: in their order of trust, with a margin.
    struct Derived {
        std::vector<std::string> decks;
        Exact margin;  // percent
        Place place;   // of the charge
    };
    std::map<std::string, Derived, std::less<>> derived_rates;
};

// In this order: each step looks up what the steps before it declared.
void read_head(Reading& reading, const Fields& catalog);  // name, currency, zone, rounding
void read_meters(Reading& reading, const Fields& catalog);
void read_nouns(
    Reading& reading,
    const Fields& catalog);  // zones, partners, taxes, invoices, names of decks, origin sets
void declare_rates(Reading& reading, const Fields& catalog);  // names of decks, origin sets
void read_taxes(Reading& reading, const Fields& catalog);
void read_exchange_rates(Reading& reading, const Fields& catalog);
void read_special_prices(Reading& reading, const Fields& catalog);
void read_times(Reading& reading, const Fields& catalog);  // time bands, holidays
void read_plans(Reading& reading, const Fields& catalog);
void read_carriers(Reading& reading, const Fields& catalog);
void read_rate_files(Reading& reading, const Fields& catalog);  // decks and price lists
void derive_rates(Reading& reading);                            // from those, for charges

// Calls `read(field)` for each entry of a map of named things whose names are good.
template <class Read>
void for_each_named(const Fields& catalog, std::string_view key, std::string_view what, Read read) {
    const Node* node = catalog.find(key);
    if (node == nullptr) return;
    if (node->kind != Node::Kind::map) {
        catalog.mistakes().add(CatalogReason::bad_value, node->place,
                               shown(key) + " must be a map of names",
                               "Write each name, a colon, and what it is.");
        return;
    }
    for (const Field& field : node->fields) {
        if (check_name(field.name, what, field.place, catalog.mistakes())) read(field);
    }
}

// The names of a map, for suggestions.
template <class Map>
std::vector<std::string> keys_of(const Map& map) {
    std::vector<std::string> keys;
    for (const auto& [key, ignored] : map) keys.push_back(key);
    return keys;
}

}  // namespace farthing::catalog
