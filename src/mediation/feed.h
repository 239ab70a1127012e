// A feed description: how a source's records become usage. A new carrier is a new file, never code.
// The language: docs/reference/feeds.md.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/instant.h"
#include "base/reason.h"
#include "base/time_zone.h"
#include "catalog/snapshot.h"
#include "model/batch.h"
#include "model/ids.h"
#include "model/usage.h"

namespace farthing {

// Why a feed description is refused.
#define FARTHING_FEED_REASONS(X)                                                                  \
    X(feed_unknown_key, "the feed language has no such key", "See docs/reference/feeds.md.")      \
    X(feed_missing_key, "the description lacks a key that it needs", "Add it.")                   \
    X(feed_bad_value, "the value is not one that this key takes", "See docs/reference/feeds.md.") \
    X(feed_not_supported, "the feed language knows this, but this release can't do it",           \
      "Leave it out.")                                                                            \
    X(feed_no_proposal, "no feed can be proposed from this file",                                 \
      "Write the description by hand: docs/reference/feeds.md.")
FARTHING_REASON_ENUM(FeedReason, FARTHING_FEED_REASONS)

}  // namespace farthing

namespace farthing::mediation {

enum class FormatKind : std::uint8_t { delimited, fixed_width, json_lines, xml };

// Where a value stands in a record.
struct FieldRef {
    std::string name;  // delimited with header: column name; json_lines: "a.b" path; xml: "a/b"
    int column = -1;   // delimited without header: 0-based (people write them from 1)
    int from = 0;      // fixed width: 1-based first and last character, inclusive
    int to = 0;
    bool given() const { return !name.empty() || column >= 0 || to > 0; }
    bool operator==(const FieldRef&) const = default;
};

struct NumberRules {  // normalisation of telephone numbers before prefix matching
    bool on = false;
    std::string country;             // "44": replaces the national prefix
    std::vector<std::string> strip;  // technical prefixes removed first
    std::string national = "0";
    std::string international = "00";
};

struct TimeRules {
    enum class Kind : std::uint8_t {
        rfc3339,
        unix_seconds,
        unix_millis,
        pattern
    } kind = Kind::rfc3339;
    std::string pattern;  // strptime-like: %Y %m %d %H %M %S %f %z %y %b; local to the feed's zone
                          // without %z
};

struct TextField {
    FieldRef at;
    std::optional<std::string> constant;
    std::map<std::string, std::string, std::less<>> map;  // source text → ours; empty: as it is
};

// Which slots of time hold one report each (dedup by bitmap): e.g. 60 s.
struct SlotRules {
    std::int64_t micros = 0;  // 0: no slots
};

struct Feed {
    std::string name;
    std::string title;
    std::string text;  // the description itself
    std::string hash;

    FormatKind format = FormatKind::delimited;
    char delimiter = ',';
    char quote = '"';  // 0: none
    char comment = 0;
    int skip_lines = 0;    // delimited: lines at the start of a file that say nothing
    bool header = false;   // delimited: the first line then names the columns
    int header_lines = 1;  // and this many lines, the names among them, come before the records
    char decimal_point = '.';
    bool percent_encoded = false;  // json_lines: texts say %20 for a blank
    std::string xml_record;        // path of the elements that are records, from the outermost one
    std::vector<std::string> columns;  // delimited without header: names in order
    struct Line {                      // fixed width: header and trailer
        bool present = false;
        FieldRef count;
        FieldRef sum;
        std::string starts_with;  // recognises it; empty: by position alone
    } first, last;
    std::int64_t unpacked_max = std::int64_t{16} << 30;
    TimeZone zone = TimeZone::utc();

    enum class Kind : std::uint8_t { usage, inventory, carrier_invoice } kind = Kind::usage;
    // From whose sides each record is rated, in this order.
    std::vector<Perspective> ratings = {Perspective::retail};
    bool rates(Perspective side) const { return std::ranges::find(ratings, side) != ratings.end(); }
    bool rates_cost() const { return rates(Perspective::cost); }

    struct Files {             // numbers in the names of files
        std::string sequence;  // a regular expression; its last group is the number, those before
                               // it name the run that is counted
        std::optional<std::int64_t> start;  // the first number that is expected
        std::int64_t first = 0;             // after `last` comes `first` again
        std::optional<std::int64_t> last;
        bool given() const { return !sequence.empty(); }
    } files;

    // record: source field → canonical usage
    FieldRef id;
    TextField service;
    TextField carrier;  // who carried it: whose prices are its cost
    FieldRef amount;    // carrier_invoice: what the carrier asks for it
    FieldRef start;
    FieldRef end;
    FieldRef start_clock;  // a second field of `start` or `end`, read after it with a blank between
    FieldRef end_clock;
    std::optional<FieldRef> duration;   // instead of end
    std::int64_t duration_micros = 0;   // unit of `duration`
    TimeRules time;                     // of `start` (inventory: of `date`)
    std::optional<TimeRules> end_time;  // of `end`, where it differs
    struct QuantityRules {
        std::vector<FieldRef> sum;  // added up; empty: 1 per record
        std::string unit;           // empty: the meter's base unit
        FieldRef from;              // or the time between two fields
        FieldRef to;
        TimeRules time;
        enum class Fraction : std::uint8_t { refuse, up, down } fraction = Fraction::refuse;
    } quantity;                                                     // of every service
    std::map<std::string, QuantityRules, std::less<>> quantity_of;  // by service, where they differ
    FieldRef answered;
    std::string answered_equals;  // records that differ are not answered: quantity 0
    FieldRef network;             // "24405", "244-05", or
    FieldRef mcc;
    FieldRef mnc;
    FieldRef called;
    FieldRef calling;
    NumberRules called_rules;
    NumberRules calling_rules;
    std::array<FieldRef, 2> keep;  // integers kept as UsageChunk::reading
    std::array<std::string, 2> keep_names;
    struct GuideRule {  // first that matches, at event time
        enum class From : std::uint8_t { field, called, calling };
        IdentityKind by = IdentityKind::device;
        FieldRef field;
        From from = From::field;  // called, calling: the number as normalised
    };
    std::vector<GuideRule> guide;  // without the rule for destinations
    bool by_destination = false;   // usage to a number or address that has an owner is the owner's
    std::vector<std::string>
        same_record;  // dedup key: names of mapped fields (id, start, identity, called …)
    std::vector<FieldRef> same_record_fields;  // and fields of the source that are not mapped
    SlotRules slots;                           // instead of same_record
    // Instead of both: each owner numbers its records, and which of `keep` has the number, from 1;
    // 0: none.
    std::size_t sequence = 0;
    struct Partials {                     // records that are parts of one session
        std::vector<std::string> by;      // what names the session: id, identity,
        std::vector<FieldRef> by_fields;  // and fields of the source
        FieldRef last;
        std::vector<std::string> last_equals;  // texts of `last` that close the session
        bool given() const { return !by.empty() || !by_fields.empty() || charging_id.given(); }
        // Or of sessions that are charged while they happen: what online charging knows them by.
        FieldRef charging_id;
        FieldRef rating_group;
        CountedOnline counted_online() const {
            if (!charging_id.given()) return CountedOnline::no;
            return last.given() ? CountedOnline::parts : CountedOnline::totals;
        }
    } partials;
    struct Aggregation {  // records of one window become one chargeable record
        // A part of the day on the local clock, so that none goes over midnight or over a change
        // of the clock; 0: each record is charged by itself.
        std::int64_t window_micros = 0;
        TimeZone zone = TimeZone::utc();
        bool by_network = false;  // what keeps windows apart besides owner and service
        bool by_called = false;
        bool by_calling = false;
        // What a window is worth: `distinct` is how many different values that field has.
        enum class Quantity : std::uint8_t {
            sum,
            count,
            max,
            last,
            distinct_network,
            distinct_called,
            distinct_calling,
            distinct_identity,
            distinct_reading_1,
            distinct_reading_2
        } quantity = Quantity::sum;
        // Those are no sums of what files hold: what a part adds depends on what came before.
        static bool grows(Quantity quantity) { return quantity >= Quantity::max; }
        static bool is_distinct(Quantity quantity) { return quantity > Quantity::last; }
        static WindowFunction function(Quantity quantity) {
            if (quantity == Quantity::last) return WindowFunction::last;
            return is_distinct(quantity) ? WindowFunction::distinct
                                         : static_cast<WindowFunction>(quantity);
        }
        std::map<std::string, Quantity, std::less<>> quantity_of;  // by service, where they differ
        std::int64_t lateness_micros = 0;  // how long an edge waits for the parts of a window
        bool at_edge = false;              // the records are windows already, made by an edge
        bool given() const { return window_micros > 0; }
        Quantity of(std::string_view service) const {
            const auto found = quantity_of.find(service);
            return found == quantity_of.end() ? quantity : found->second;
        }
        template <class Is>
        bool any(Is is) const {
            return std::ranges::any_of(quantity_of,
                                       [&](const auto& one) { return is(one.second); }) ||
                   is(quantity);
        }
        bool any_grows() const { return any(grows); }
        bool tells_identity() const {
            return any([](Quantity one) { return one == Quantity::distinct_identity; });
        }
    } aggregation;
    // Of what an edge sent too, where it can't be added up: two of its records may be of one
    // window.
    bool makes_windows() const {
        return aggregation.given() && (!aggregation.at_edge || aggregation.any_grows());
    }
    bool sent_by_edge() const { return aggregation.at_edge; }
    FieldRef parts;  // of what an edge sent: how many records each stands for
    FieldRef digest;
    // What an edge needs to know of the catalog: units of meters by name; empty but in policies.
    std::map<std::string, std::string, std::less<>> policy_meters;
    std::int64_t accept_late_micros = 35 * kMicrosPerDay;  // beyond it: too_late
    // So is what is earlier than that: usage of that time was deleted, and with it what tells
    // duplicates. Set by who reads the feed.
    Instant accept_since = Instant::min();
    std::int64_t accept_early_micros = 5 * 60 * kMicrosPerSecond;
    struct Filter {  // records that are not usage: counted as filtered
        FieldRef field;
        std::vector<std::string> equals;
        bool keep_matching = false;  // true: only these are usage
    };
    std::vector<Filter> filters;

    // What assurance looks at.
    struct Watch {                // a kept reading that should not stand still
        std::size_t reading = 0;  // into keep
        std::int64_t stuck_micros = 0;
        std::int64_t records = 10;  // fewer are no proof
    };
    std::vector<Watch> watches;
    std::int64_t unknown_records = 100;  // so many of one unknown identity are told

    // inventory: one row per number; which subscription it belongs to and whether it is added or
    // removed
    FieldRef inventory_subscription;
    FieldRef inventory_number;
    FieldRef inventory_action;  // add / remove after mapping; absent: the file is the full list
    std::map<std::string, std::string, std::less<>> inventory_actions;
    FieldRef inventory_date;
};

// Reads a feed description (YAML). Every mistake is told with file:line:column and the mend.
std::expected<Feed, Errors> read_feed(std::string_view path, std::string_view yaml);

// A description proposed from the first bytes of a real file, with a comment on each guess, and
// what it would read.
struct Proposal {
    std::string yaml;
    std::vector<std::string> notes;    // what to check
    std::vector<std::string> preview;  // the first records as normalised JSON lines
};
Result<Proposal> propose_feed(std::string_view file_name, std::string_view first_bytes);

}  // namespace farthing::mediation
