// Vendors' price files into decks: how a file is laid out, what it says, what that changes.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/civil.h"
#include "base/reason.h"
#include "catalog/deck_diff.h"
#include "catalog/mistakes.h"
#include "model/catalog_record.h"

namespace farthing {
// clang-format off
#define FARTHING_DECK_REASONS(X)                                                                                     \
    X(header_not_found, "no line of the file names the columns of the layout", "Name the columns as the file does, or the line where they stand: `header: 5`.") \
    X(column_repeated, "the file has two columns of that name", "Rename one of them in the file.")                   \
    X(column_undeclared, "the layout says nothing about a column of the file", "Name it under `columns`, or under `ignore`.") \
    X(vendor_row, "a row of the file doesn't fit its column names", "Correct the row, or take it out if it is no price.") \
    X(vendor_prefix, "prefixes can't be read", "Write digits, country code first; lists as 44, 45 and ranges as 4420-4422.") \
    X(vendor_price, "a price can't be read", "Correct it, or say `decimal: comma` in the layout.")                   \
    X(vendor_increments, "increments can't be read", "Write them as 60/6, or in two columns as seconds.")            \
    X(vendor_date, "a day can't be read", "Add its format to `dates` of the layout, such as \"%d.%m.%Y\".")          \
    X(date_ambiguous, "a day can be read in two ways", "Keep one of the formats in `dates` of the layout.")          \
    X(vendor_status, "a word of the status column is unknown", "Add it to `blocked` or to `open` of the layout.")    \
    X(prefix_repeated, "the file prices one prefix twice at the same time", "Take one of the two rows out.")         \
    X(nothing_offered, "the file holds no prices", "Check that it is the right file.")                               \
    X(layout_not_found, "no line of the file looks like names of columns", "Write a layout by hand; docs/how-to/import-a-deck.md shows how.") \
    X(layout_needed, "only a layout that somebody has read is applied", "Save the proposed layout, check it, and name it with --layout.") \
    X(deck_undeclared, "the catalog declares no such deck", "Declare it: `decks: {NAME: {file: NAME.csv}}`.")        \
    X(deck_of_files, "the deck is made of several files", "Import each into a deck of its own.")                     \
    X(deck_outside, "the deck's file is none that can be written", "Let `file` name a CSV file in the catalog's folder, or in `decks/`.")
// clang-format on
FARTHING_REASON_ENUM(DeckReason, FARTHING_DECK_REASONS)
}  // namespace farthing

namespace farthing::catalog {

// What a column of a vendor's file may hold.
enum class VendorColumn : std::uint8_t {
    country,  // digits before each prefix of the row
    prefix,   // one, a list, ranges
    destination,
    price,
    per,
    increments,  // 60/1
    first,       // or in two columns
    next,
    connection_fee,
    valid_from,
    valid_until,
    origin,
    status  // whether the destination is blocked
};
constexpr std::array<std::string_view, 13> kVendorColumns = {
    "country", "prefix",         "destination", "price",       "per",    "increments", "first",
    "next",    "connection_fee", "valid_from",  "valid_until", "origin", "status"};
constexpr std::string_view name_of(VendorColumn column) {
    return kVendorColumns[static_cast<std::size_t>(column)];
}

// How a vendor writes its files. The language: docs/how-to/import-a-deck.md.
struct DeckLayout {
    std::string name;
    std::array<std::string, kVendorColumns.size()> columns;  // as the file calls them; empty: none
    std::vector<std::string> ignore;                         // columns that are read past
    std::int64_t header = 0;                                 // its line; 0: the first that fits
    char separator = 0;                                      // 0: the one that fits
    char point = '.';
    std::string per;                   // for rows that say none; empty: what the deck says
    std::vector<std::string> dates;    // "%d.%m.%Y"
    std::vector<std::string> blocked;  // words, lower case
    std::vector<std::string> open;
    bool changes_only = false;  // prefixes that the file doesn't name keep their price

    const std::string& column(VendorColumn which) const {
        return columns[static_cast<std::size_t>(which)];
    }
};
std::expected<DeckLayout, Errors> read_deck_layout(const CatalogFile& yaml);
// The layout as a file that read_deck_layout reads as the same.
std::string layout_text(const DeckLayout& layout);

// What the column names and the first rows of a file look like, and what to look at twice.
struct LayoutProposal {
    DeckLayout layout;
    std::vector<std::string> notes;
};
std::expected<LayoutProposal, Error> propose_deck_layout(const CatalogFile& file);

// One row of a deck as text, with nothing left to read in two ways.
struct DeckLine {
    std::string prefix;
    std::string origin;
    std::string destination;
    std::string price;  // with a point; empty where blocked
    std::string per;
    std::string increments;
    std::string connection_fee;
    std::optional<Date> from;
    std::optional<Date> until;  // the last day
    bool blocked = false;
    std::int64_t line = 0;  // of the vendor's file; 0: of the present deck
    bool same_terms(const DeckLine& other) const;
};
// Every price of the file, prefix by prefix. Every mistake is told.
std::expected<std::vector<DeckLine>, Errors> read_vendor_file(const CatalogFile& file,
                                                              const DeckLayout& layout);

// The rows of `present` until the offer begins, then the offer. `effective` is the day from which
// rows without one hold; prefixes that a whole offer doesn't name end the day before it, or before
// the first day of the offer, or are gone where nothing says a day.
std::vector<DeckLine> merge_offer(const Deck& present, const Meter& meter,
                                  std::vector<DeckLine> offer, std::optional<Date> effective,
                                  bool changes_only);
// As a file of the deck; `point` is the decimal mark that the catalog declares for it.
std::string deck_csv(const std::vector<DeckLine>& lines, char point);

// Where the declaration of a deck says that its rows stand.
std::expected<std::string, Error> deck_file(const CatalogRecord& record, std::string_view deck);

// Why a call has its row: each row whose prefix begins the called number, in the order of asking,
// with what it says about the call.
struct MatchStep {
    const RateRow* row = nullptr;
    std::string_view origin;
    std::string verdict;
    bool taken = false;
};
std::vector<MatchStep> explain_match(const Deck& deck, std::string_view called, Instant when,
                                     std::string_view calling, const TimeZone& zone);

}  // namespace farthing::catalog
