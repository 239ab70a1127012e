// Reading, checking, comparing and showing catalogs. The language: docs/reference/catalog.md.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "catalog/snapshot.h"
#include "model/catalog_record.h"

namespace farthing::catalog {

// Compiles one version's text. Every mistake is told, each with file:line:column, the offending
// text and the mend; what the language knows but this release can't price is refused by name
// (`not_supported`), never ignored. `names` gives and keeps the ids of meters, plans, components
// and partners.
std::expected<std::shared_ptr<const Version>, Errors> compile(const CatalogRecord& record,
                                                              NameTable& names);

// One line per difference that changes what somebody pays or reads, in the order of the catalog:
// "~ plan pooled-50, fee base: 2.00 → 2.50 per subscription and month".
struct Difference {
    char sign = '~';  // + - ~
    std::string text;
};
std::vector<Difference> diff(const Version& before, const Version& after);

// A price list that a customer could read, as Markdown-flavoured text.
std::string price_list(const Version& version);

// JSON Schema (2020-12) of the catalog's YAML, for editors.
std::string json_schema();

}  // namespace farthing::catalog
