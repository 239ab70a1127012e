// Any bytes as a rate deck. Every row of a deck that loads is found again by its key, and by its
// own prefix at its own time unless a narrower origin comes first.
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
         "origin_sets: {a: {prefixes: [3, 12]}, b: {prefixes: [1]}, c: {prefixes: [123]}}\n"
         "decks: {d: {file: deck.csv}}\n"
         "plans: [{plan: p, charges: [{usage: voice, decks: [d], margin: 10 %}]}]\n"},
        {"deck.csv", std::string(reinterpret_cast<const char*>(data), size)}};
    NameTable names;
    const auto compiled = catalog::compile(record, names);
    if (!compiled) return 0;
    for (const auto& [name, deck] : (*compiled)->decks) {
        for (const catalog::RateRow& row : deck.rows()) {
            FARTHING_ASSERT(deck.row(row.key, row.valid_from) == &row);
            const std::string calling =
                row.origin == 0 ? std::string() : deck.origins()[row.origin - 1U].prefixes.front();
            const catalog::RateRow* found = deck.match(row.prefix, row.valid_from, calling);
            FARTHING_ASSERT(found != nullptr && found->prefix == row.prefix);
            FARTHING_ASSERT(row.origin != 0 || found == &row);
        }
    }
    return 0;
}
