// Any bytes as a catalog: it compiles, or every mistake has a code and a sentence. A catalog that
// compiles must also print, and be equal to itself.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "catalog/catalog.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farthing;
    CatalogRecord record;
    record.version = {1};
    record.files = {{"catalog.yaml", std::string(reinterpret_cast<const char*>(data), size)},
                    {"deck.csv", "prefix,price\n44,0.01\n447,0.05\n"}};
    NameTable names;
    const auto compiled = catalog::compile(record, names);
    if (!compiled) {
        FARTHING_ASSERT(!compiled.error().empty() && names.rows().empty());
        for (const Error& error : compiled.error())
            FARTHING_ASSERT(!error.code.empty() && !error.message.empty());
        return 0;
    }
    FARTHING_ASSERT(!catalog::price_list(**compiled).empty());
    FARTHING_ASSERT(catalog::diff(**compiled, **compiled).empty());
    return 0;
}
