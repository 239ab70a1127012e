// Any bytes as a vendor's price file, by the layout that is proposed for it and by a fixed one.
// What is read is merged into a deck, written, and must be a deck again that the same offer leaves
// alone.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "catalog/catalog.h"
#include "catalog/deck_import.h"

namespace {

using namespace farthing;

std::shared_ptr<const catalog::Version> catalog_with(const std::string& csv) {
    CatalogRecord record;
    record.version = {1};
    record.files = {
        {"catalog.yaml",
         "catalog: f\ncurrency: EUR\ntime_zone: UTC\nmeters: {voice: {unit: second}}\n"
         "decks: {d: {file: deck.csv}}\nplans: [{plan: p, charges: [{usage: voice, deck: d}]}]\n"},
        {"deck.csv", csv}};
    NameTable names;
    const auto compiled = catalog::compile(record, names);
    return compiled ? *compiled : nullptr;
}

void import(const CatalogFile& file, const catalog::DeckLayout& layout) {
    const auto offer = catalog::read_vendor_file(file, layout);
    if (!offer || offer->size() > 1'000) return;
    const auto present = catalog_with("prefix,price,valid_from\n44,1,\n372,2,2026-01-01\n");
    const auto merge = [&](const catalog::Deck& deck) {
        return catalog::deck_csv(
            catalog::merge_offer(deck, present->meters.front(), *offer, {}, layout.changes_only),
            '.');
    };
    const std::string once = merge(present->decks.at("d"));
    const auto after = catalog_with(once);
    if (after == nullptr) return;  // names and origins that a catalog refuses
    FARTHING_ASSERT(merge(after->decks.at("d")) == once);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const CatalogFile file{"v.csv", std::string(reinterpret_cast<const char*>(data), size)};
    if (const auto proposal = catalog::propose_deck_layout(file)) {
        const auto layout =
            catalog::read_deck_layout({"l.yaml", catalog::layout_text(proposal->layout)});
        if (layout) import(file, *layout);
    }
    catalog::DeckLayout fixed;
    fixed.columns = {"cc", "code", "name", "rate", "per", "inc",  "",
                     "",   "fee",  "from", "to",   "",    "state"};
    fixed.dates = {"%d.%m.%Y", "%Y-%m-%d"};
    fixed.blocked = {"closed"};
    import(file, fixed);
    return 0;
}
