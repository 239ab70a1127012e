// Any bytes as a rate deck. Every row of a deck that loads is found again by its own prefix at its
// own time.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "catalog/catalog.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farthing;
    CatalogRecord record;
    record.version = {1};
    record.files = {
        {"catalog.yaml",
         "catalog: f\ncurrency: EUR\ntime_zone: UTC\nmeters: {voice: {unit: second}}\n"
         "decks: {d: {file: deck.csv}}\nplans: [{plan: p, charges: [{usage: voice, deck: d}]}]\n"},
        {"deck.csv", std::string(reinterpret_cast<const char*>(data), size)}};
    NameTable names;
    const auto compiled = catalog::compile(record, names);
    if (!compiled) return 0;
    const catalog::Deck& deck = (*compiled)->decks.at("d");
    for (const catalog::RateRow& row : deck.rows()) {
        FARTHING_ASSERT(deck.match(row.prefix, row.valid_from) == &row);
    }
    return 0;
}
