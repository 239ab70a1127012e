// What can be wrong in a catalog, and the list in which the readers collect it.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/reason.h"

namespace farthing {
// clang-format off
#define FARTHING_CATALOG_REASONS(X)                                                                                  \
    X(file_missing, "the catalog has no such file", "Put the file into the catalog's folder, or correct the name.")  \
    X(too_large, "the catalog is larger or deeper than any catalog needs to be", "Move long price lists into CSV files; nest no deeper than the manual shows.") \
    X(not_text, "the file is not UTF-8 text", "Save the file as UTF-8.")                                             \
    X(syntax, "the file is not well-formed", "Check indentation (spaces, never tabs), colons and quotes near this place.") \
    X(duplicate_key, "the same key stands twice", "Keep one of the two.")                                            \
    X(unknown_key, "the catalog language has no such key", "See docs/reference/catalog.md for the keys that may stand here.") \
    X(missing_key, "a key that must be there is missing", "Add it; docs/reference/catalog.md shows how.")            \
    X(bad_value, "the value can't be read", "See docs/reference/catalog.md for what may stand here.")                \
    X(not_supported, "the language knows this, this release can't price it yet", "Take it out, or wait for a release that prices it.") \
    X(currency_unknown, "no such currency", "Write an ISO 4217 code such as EUR.")                                   \
    X(time_zone_unknown, "no such time zone", "Write an IANA name such as Europe/Tallinn, or UTC.")                  \
    X(duplicate_name, "two things have the same name", "Give one of them another name.")                             \
    X(unknown_unit, "no such unit, or a unit of another kind", "Use a unit that measures the same thing as the meter.") \
    X(unknown_meter, "the catalog declares no such meter", "Add it under `meters`, or correct the name.")            \
    X(unknown_zone, "the catalog declares no such zone", "Add it under `zones`, or correct the name.")               \
    X(unknown_time_band, "the catalog declares no such time band", "Add it under `time_bands`, or correct the name.") \
    X(unknown_partner, "the catalog declares no such partner", "Add it under `partners`, or correct the name.")      \
    X(unknown_deck, "the catalog declares no such deck or price list", "Add it under `decks` or `price_lists`, or correct the name.") \
    X(unknown_origin, "the catalog declares no such origin set", "Add it under `origin_sets`, or correct the name.") \
    X(unknown_tax, "the catalog declares no such tax category", "Add it under `taxes`, or correct the name.")        \
    X(ambiguous_tax, "two taxes apply to the same lines", "Let one end before the other begins, or say the country or the customer in one of them.") \
    X(unknown_charge, "the plan has no such charge", "Name a fee, a usage charge or a meter of this plan.")          \
    X(ambiguous_charge, "two charges apply to the same usage", "Make one condition strictly narrower, or mark a surcharge with `adds: true`.") \
    X(bands_out_of_order, "the bands don't rise to an open end", "Let each `to` be larger than the one before, and leave it out of the last band only.") \
    X(shares_exceed_charge, "the partners' shares are more than the charge", "Let the shares of one charge be at most 100 percent of it.") \
    X(deck_columns, "the first row of the file doesn't name its columns", "Begin the file with a row of column names; see docs/reference/catalog.md.") \
    X(deck_row, "a row of the file can't be read", "Correct the row.")                                               \
    X(deck_overlap, "two rows price the same prefix or network at the same time", "End the first row before the second begins, or take one of them out.") \
    X(ambiguous_origin, "two rows price the same prefix for the same calling numbers", "Make one origin set lie inside the other, or let them share no number.")
// clang-format on
FARTHING_REASON_ENUM(CatalogReason, FARTHING_CATALOG_REASONS)
}  // namespace farthing

namespace farthing::catalog {

// A place in a file of the catalog. Lines and columns count from 1; column 0 is "the line".
struct Place {
    std::string_view file;  // lives as long as the record that is compiled
    int line = 0;
    int column = 0;
    std::string to_string() const;  // "catalog.yaml:12:7"
    std::string line_only() const;  // "catalog.yaml:12"
};

// Every mistake found so far. Beyond a limit only the count grows: a deck with 500,000 bad rows is
// one message more.
class Mistakes {
  public:
    // `mend` replaces the reason's own where it can be more exact.
    void add(CatalogReason reason, const Place& place, std::string message, std::string mend = {});
    void add(Error error);
    bool empty() const { return errors_.empty(); }
    std::size_t count() const { return errors_.size() + untold_; }
    Errors take();

  private:
    Errors errors_;
    std::size_t untold_ = 0;
};

}  // namespace farthing::catalog
