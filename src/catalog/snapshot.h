// A compiled catalog: immutable, effective-dated, safe to share between threads. What rating and
// billing read.
//
// Condition matching is compiled too: of the charges on one meter exactly one applies to a record,
// found by two map look-ups on the record's network (country and network, then country, then the
// rest); surcharges (`adds: true`) apply as well.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/civil.h"
#include "base/decimal.h"
#include "base/exact.h"
#include "base/instant.h"
#include "base/rounding.h"
#include "base/time_zone.h"
#include "model/currency.h"
#include "model/ids.h"
#include "model/quantity.h"
#include "model/usage.h"

namespace farthing::catalog {

struct Meter {
    MeterId id;
    std::string name;            // "data"; also the service name in feeds
    std::string title;           // section heading on documents
    const Unit* unit = nullptr;  // base unit
};

// `amount` of the currency for each `per` base units. Any sign of `amount` but minus.
struct UnitPrice {
    Decimal amount;
    std::int64_t per = 1;
    std::string text;  // as the catalog says it: "0.05 per MB"
    Exact exact() const { return amount.exact() / Exact(per); }
};

struct Band {
    std::int64_t to = INT64_MAX;  // cumulated base units, exclusive; the last band has no end
    UnitPrice price;
};
enum class BandMode : std::uint8_t { flat, graduated, volume };  // flat: one band

// A price of a cumulated quantity.
struct PriceShape {
    BandMode mode = BandMode::flat;
    std::vector<Band> bands;
    std::int64_t step = 1;       // what was used counts in whole steps of base units
    std::int64_t block = 1;      // what is paid counts in whole blocks: a package
    std::optional<Decimal> cap;  // it costs at most that
    // Whether what a sum costs is the sum of what its parts cost.
    bool additive() const { return mode == BandMode::flat && step == 1 && block == 1 && !cap; }
};

// Over what a charge cumulates: the billing cycle, or each local hour or day of it by itself.
enum class Window : std::uint8_t { cycle, hour, day };

// Billable quantity of a session: at least `first`, then whole steps of `next` (60/6; 1/1 changes
// nothing).
struct Increments {
    std::int64_t first = 1;
    std::int64_t next = 1;
    bool operator==(const Increments&) const = default;
};

// What the edge of a time band, or a new price, does to a session that goes on over it: each second
// has the price of its own time, each increment that of the time at which it begins, or all of it
// that of the session's start.
enum class AtEdge : std::uint8_t { split, block, start };

// How the raw quantity of a session becomes billable, and what the session costs besides (R0).
struct SessionRule {
    Increments increments;
    std::optional<Decimal> connection_fee;   // of a session that used something
    bool fee_on_answer = false;              // also of one that was answered and used nothing
    std::optional<Decimal> minimum;          // of the session's usage charge
    std::int64_t grace = 0;                  // base units: a session of at most that is free
    AtEdge at_band = AtEdge::split;          // meters of time; others count at the start
    AtEdge at_price_change = AtEdge::start;  // of a version, or of a row's validity
};

enum class SharedBy : std::uint8_t { subscription, group, account, enterprise };
// What a member that comes or goes within the window does to what its pool includes.
enum class Join : std::uint8_t { forward, whole_cycle };  // counts from its day, or from the start
enum class Leave : std::uint8_t { keep, prorate };  // takes nothing away, or the days after it
// What is left at the end of a window and counts in those that follow.
struct Rollover {
    int months = 1;                // windows that what is left lives on
    std::int64_t cap = INT64_MAX;  // of what one window leaves, base units
    Exact percent = Exact(100);    // likewise, of what is left
    bool current_first = false;    // the window's own is used before what was carried
    std::string text = {};         // "for 2 months, at most 50 MB"
};
struct Allowance {
    std::int64_t quantity = 0;  // base units
    bool per_pool =
        false;  // `per pool`: the quantity is the whole pool's; else each member adds it
    SharedBy shared_by = SharedBy::subscription;
    std::string text;  // "50 MB per subscription"
    Join join = Join::forward;
    bool prorated = true;  // a member that joins brings its days' part
    Leave leave = Leave::keep;
    std::int64_t cap = INT64_MAX;  // what one member may use of the pool
    std::optional<Rollover> rollover = {};
    bool members_pay = false;  // what is beyond, by what each used; else the pool's owner pays
    bool in_order = false;     // members pay for what each used beyond, in the order of event time
    // Whether it matters who of the pool used how much on which day.
    bool counts_members() const { return cap != INT64_MAX || members_pay; }
};

// Part of a charge that belongs to a partner; shares of one charge apply in order, each to the
// whole charge.
struct Share {
    PartnerId partner;
    std::string partner_name;
    Exact percent;                  // of the charge; 0 when `amount` is fixed
    std::optional<Decimal> amount;  // fees only: per unit and cycle, prorated like the fee
};

// One row of a rate deck or price list, found by longest prefix of the called number or by network.
// Of its session rule a row says the increments, and what its charge doesn't say.
struct RateRow : SessionRule {
    // Stable item key, never 0: the network key, deck_key(prefix), or item_key where that isn't
    // enough to tell it from the other rows of its deck.
    std::uint64_t key = 0;
    std::string prefix;  // digits, or "248" / "244-05"
    std::string name;    // destination, country
    UnitPrice price;
    Instant valid_from = Instant::min();
    Instant valid_until = Instant::max();
    std::string place;        // file:line
    std::uint8_t origin = 0;  // 0: calls from anywhere; else 1 + the index of the deck's origin set
    std::uint8_t rank = 0;    // of several decks: the lower is asked first
    bool blocked = false;     // no price: usage waits in suspense
};
// Digits with a leading 1, as a number: "372" is 1372. At most 18 digits, so below 2^61.
std::uint64_t deck_key(std::string_view prefix);
// The key of a prefix among rows of several decks or origins: 62 bits of a hash, and bit 62 set.
std::uint64_t item_key(std::string_view deck, std::string_view origin, std::string_view prefix);

// Calling numbers by their first digits: "baltics: 370, 371, 372".
struct OriginSet {
    std::string name;
    std::vector<std::string> prefixes;  // digits, sorted
    std::string place;
};
constexpr std::size_t kOriginSetsMax = 64;  // of one deck
constexpr std::size_t kRanksMax = 8;        // decks of one charge

// Which of up to 64 origin sets a calling number belongs to.
class OriginIndex {
  public:
    OriginIndex() = default;
    explicit OriginIndex(const std::vector<OriginSet>& sets);
    // Bit i for set i.
    std::uint64_t sets_of(std::string_view calling) const;

  private:
    std::unordered_map<std::uint64_t, std::uint64_t> sets_;  // by deck_key of each prefix
    std::vector<std::size_t> lengths_;                       // longest first
};
// Whether every number of `a` is one of `b`; whether any is.
bool inside(const OriginSet& a, const OriginSet& b);
bool overlap(const OriginSet& a, const OriginSet& b);

constexpr std::size_t kPrefixDigitsMax = 18;  // so that a prefix is a key of 64 bits

// Rows by longest prefix, valid at a time, from the narrowest origin. Immutable. A match looks into
// one small filter per prefix length in use, and into memory only where there is a row.
class Deck {
  public:
    Deck() = default;
    // The reader refuses decks with two rows of one key at the same time (EC26), and with two
    // origins of one prefix and time that overlap without one inside the other: there a match is
    // some row of them. REQUIRES: at most kOriginSetsMax origins, ranks below kRanksMax.
    Deck(std::string name, std::vector<RateRow> rows, std::vector<OriginSet> origins = {});
    // The row that prices a call to `called` at `when`: of the first deck in order that has one,
    // the longest prefix, then the narrowest origin. nullptr when none. Rows with an origin need
    // the calling number.
    const RateRow* match(std::string_view called, Instant when,
                         std::string_view calling = {}) const;
    // The row with that key that is valid at `when`; nullptr when none.
    const RateRow* row(std::uint64_t key, Instant when) const;
    const std::string& name() const { return name_; }
    const std::vector<RateRow>& rows() const { return rows_; }
    const std::vector<OriginSet>& origins() const { return origins_; }
    // The name of a row's origin set; empty for calls from anywhere.
    std::string_view origin_of(const RateRow& row) const;
    // How the catalog declares it; empty for one made of others.
    struct Home {
        std::vector<std::string> files;
        char point = '.';
        TimeZone zone = TimeZone::utc();
        MeterId meter;
        std::string per;        // of rows that say none
        Increments increments;  // likewise
    };
    const Home& home() const { return home_; }
    void set_home(Home home) { home_ = std::move(home); }
    // Two prefixes or origins have the same item_key: the reader refuses such a deck.
    bool keys_clash() const { return keys_clash_; }

  private:
    // Rows of one prefix and rank: one row, or a stretch of `spans_`.
    struct Slot {
        std::uint64_t key = 0;     // 0: empty
        std::uint32_t at = 0;      // of the row, or of the first span
        std::uint32_t period = 0;  // index into `periods_`, or kManyRows
    };
    // Rows of one key, by valid_from.
    struct Span {
        std::uint32_t first = 0;
        std::uint32_t end = 0;
        std::uint8_t origin = 0;
        bool more = false;  // the next span is of the same slot
    };
    struct Probe {
        std::uint64_t rank = 0;  // as it stands in the key
        std::size_t length = 0;
    };
    void sort_rows();
    void build_index();
    void add_slot(std::uint32_t first, std::uint32_t end,
                  std::unordered_map<std::uint64_t, std::uint32_t>& periods);
    void build_probes();
    bool may_have(std::uint64_t key) const;
    const Slot* slot(std::uint64_t key) const;
    const RateRow* valid(const Span& span, Instant when) const;
    const RateRow* choose(const Slot& slot, Instant when, std::string_view calling) const;

    std::string name_;
    std::vector<RateRow> rows_;  // by rank, prefix, origin from the narrowest on, valid_from
    std::vector<OriginSet> origins_;
    OriginIndex origin_index_;
    std::vector<Slot> slots_;            // open addressing, a power of two, at most half full
    std::vector<std::uint64_t> filter_;  // bits of the keys in `slots_`
    std::vector<Span> spans_;
    std::vector<std::pair<Instant, Instant>> periods_;          // that rows are valid in
    std::unordered_map<std::uint64_t, std::uint64_t> slot_of_;  // by item_key: the key of its slot
    std::vector<Probe> probes_;                                 // in the order of asking
    std::size_t longest_ = 0;                                   // prefix
    Home home_;
    bool keys_clash_ = false;
};

enum class PricedBy : std::uint8_t { bands, network_list, prefix_deck };

// Hours of the week, by name: "peak".
struct TimeBand {
    struct Hours {
        std::int32_t from = 0;  // minutes of the local day, half-open
        std::int32_t to = 0;
        bool operator==(const Hours&) const = default;
    };
    std::string name;
    std::string text;   // "mon-fri 08:00-20:00"
    std::string place;  // file:line
    TimeZone zone = TimeZone::utc();
    std::array<std::vector<Hours>, 7> days;  // Monday first; each sorted, without overlap
};

// Its session rule: the increments of bands and network lists; decks say theirs per row.
struct UsageCharge : SessionRule, PriceShape {
    ComponentId id;
    std::string name;   // unique in its plan
    std::string title;  // on documents
    std::string place;  // file:line of the catalog
    MeterId meter;
    bool adds = false;
    std::optional<Allowance> allowance;  // with bands only
    PricedBy priced_by = PricedBy::bands;
    Window window = Window::cycle;
    bool restarts = false;   // tiers begin anew where the version or the payer changes
    std::string rates;       // the deck or list, of Version::decks
    std::string rates_text;  // as the catalog says it: "special, standard + 10 %"
    // What prices it inside time bands, in whose order they are asked; outside of all it prices
    // itself. Each is a charge of its own that applies through this one alone.
    struct InBand {
        std::uint32_t band = 0;    // index into Version::time_bands
        std::uint32_t charge = 0;  // index into Plan::charges
    };
    std::vector<InBand> in_bands;
    // Of a hard limit, which costs nothing and counts what the cycle may hold: that many base units
    // for each subscription. What would go beyond is not rated.
    std::optional<std::int64_t> limit;
    std::string of_band;  // the band whose charge this is; empty: it applies by itself
    // Customers who pay another price for their usage of those days: that of a charge of its own,
    // which applies through this one alone. As declared.
    struct ForCustomer {
        std::string account;  // and those below it; or
        std::string subscription;
        DatePeriod days{Date::min(), Date::max()};
        std::uint32_t charge = 0;  // index into Plan::charges
    };
    std::vector<ForCustomer> for_customers;
    bool of_customer = false;  // it is such a charge
    // The account that pays for it in the customer's place: a sponsor, by its own payer and in its
    // own cycles. Empty: who pays for the customer.
    std::string paid_by;
    std::vector<Share> shares;
    std::string tax_category;
    std::string when;  // as the catalog says it: "zone eu"
};

enum class FeeTiming : std::uint8_t { arrears, advance };
// cycle: a month, the payer's billing cycle; quarters and years are three and twelve of them, from
// January.
enum class FeeEvery : std::uint8_t { cycle, day, once, quarter, year };
enum class FeePer : std::uint8_t {
    subscription,
    account
};  // account: once per paying account that has the plan
// thirty_days: every month counts 30 days (30/360).
enum class Prorate : std::uint8_t { calendar_days, none, thirty_days };

// Makes a fee a floor: it costs what the charges `on` fall short of its amount.
struct Minimum {
    std::vector<ComponentId> on;
    std::string text;  // "all charges", "data and base"
};

struct Fee {
    ComponentId id;
    std::string name;
    std::string title;
    std::string place;
    Decimal amount;
    std::string text;  // "2.00 per subscription and month"
    std::string unit;  // what a quantity of 1 is called on documents: "number", "lamp"
    FeePer per = FeePer::subscription;
    FeeEvery every = FeeEvery::cycle;
    FeeTiming timing = FeeTiming::arrears;
    Prorate prorate = Prorate::calendar_days;
    // Of a prepaid account that can't cover it: taken all the same; else the subscription is
    // suspended until it can.
    bool owed_if_uncovered = false;
    std::optional<Minimum> minimum;
    std::vector<Share> shares;
    std::string tax_category;
};

// A quantity that customers of a plan buy beside it: it covers usage of one of its charges for some
// days.
struct Package {
    std::string name;
    Fee fee;  // what it costs, once
    ComponentId charge;
    std::int64_t quantity = 0;
    std::string quantity_text;  // "1 GB"
    int days = 0;               // that it is valid, its first among them; 0: until the month ends
    std::int32_t priority = 0;
    std::int64_t rollover = 0;  // of what is left at its end, so much at most goes on in the next
    std::string rollover_text;
    std::string text;             // "1 GB for 30 days"
    Date until(Date from) const;  // the first day on which it is valid no more
};

// Why no package covers usage of that charge; empty where packages may.
std::string_view why_not_covered(const UsageCharge& charge);

struct DiscountTier {
    std::optional<Decimal> to;  // of the cycle's charges; none: the last one
    Exact percent;
};

// Applies to the lines of the plan that it names, in the order of the plan.
struct Discount {
    ComponentId id;
    std::string name;
    std::string title;
    std::string place;
    std::vector<ComponentId> on;      // resolved; in the order of the plan
    Exact percent;                    // of the exact line; 0 when `amount` is fixed
    std::optional<Decimal> amount;    // per cycle, never below zero (EC65)
    std::vector<DiscountTier> tiers;  // of what is left of the charges in the cycle; else empty
    BandMode tier_mode = BandMode::graduated;
    std::string account;  // only for that account and those below it; empty: for all
    Date from = Date::min();
    Date end = Date::max();  // of the cycles' first days that it applies to
    std::string text;        // "10 % on data"
};

// What a cycle's usage may cost. It never changes a price: charged online, `action` happens beyond
// it; usage that comes as records is charged all the same, and told.
enum class CapAction : std::uint8_t { block, throttle, notify };
struct SpendingCap {
    Decimal amount;
    CapAction action = CapAction::notify;
    bool per_account = false;      // of all that a payer has of the plan; else of one subscription
    std::vector<int> alerts = {};  // percent of it, rising
    std::string text;              // "50.00 for each subscription and month"
    std::string place;
};

struct Plan {
    PlanId id;
    std::string name;
    std::string title;
    std::string place;
    Currency currency;  // of its prices; the catalog's unless the plan says otherwise
    std::vector<Fee> fees;
    std::vector<UsageCharge> charges;
    std::vector<Discount> discounts;
    std::vector<Package> packages;
    const Package* package_named(std::string_view package_name) const;
    std::vector<NetworkKey> allowed;  // countries and networks, sorted; empty: everywhere
    std::string allowed_text;         // as the catalog says them: "248, 244-05"
    std::optional<SpendingCap> spending_cap;
    bool allows(NetworkKey network) const;

    // Which charges apply to a record of that meter on that network: indices into `charges`. Empty:
    // no price. The one that applies first, then the surcharges.
    const std::vector<std::uint32_t>& applying(MeterId meter, NetworkKey network) const;

    // Compiled by the reader, one per meter: sets for the networks that any condition names, and
    // the rest.
    struct Matcher {
        std::unordered_map<std::uint32_t, std::vector<std::uint32_t>>
            by_network;  // NetworkKey::value
        std::vector<std::uint32_t> rest;
    };
    std::vector<Matcher> matchers;  // by MeterId::value
};

// Who carries usage for us, and what they charge for it: the same language as a plan.
struct Carrier {
    PartnerId id;
    std::string name;
    std::string title;
    std::string account;  // where the carrier is a customer too: theirs; else empty
    std::string place;
    Plan prices;  // named "carrier/NAME"
};

enum class TaxedCustomer : std::uint8_t { any, business, consumer };  // business: has a tax number
struct TaxRule {
    std::string category;  // "standard"
    std::string name;      // "VAT 20 %"
    Exact percent;
    std::vector<std::string> countries;  // "GB", "US-CA"; empty: everywhere
    TaxedCustomer customer = TaxedCustomer::any;
    DatePeriod days{Date::min(), Date::max()};  // of the last day of the service
    bool included = false;                      // in the price
    std::string text;                           // printed below the tax: "Reverse charge, …"
    std::string place;
};
// "GB", or "US-CA" for a part of a country.
bool is_country_code(std::string_view text);
// What decides which rule taxes a line.
struct TaxCase {
    std::string_view
        country;  // of the customer or the place of service: "GB", "US-CA"; may be empty
    bool business = false;
    Date day;
};

// One unit of `from` in the catalog's currency, from that day on.
struct ExchangeRate {
    Currency from;
    Date day;
    Decimal rate;
    std::string place;
};

// What one account or subscription pays for a fee instead of the plan's price. What it pays for
// usage is a charge: UsageCharge::for_customers.
struct SpecialPrice {
    ComponentId fee;
    std::string account;  // and those below it; or
    std::string subscription;
    Decimal amount;
    DatePeriod days{Date::min(), Date::max()};  // of the cycles' first days
    std::string place;
};

struct DocumentRules {
    std::string series =
        "INV-{year}-{number:4}";  // gapless within the expanded text before {number}
    std::string note_series = "CN-{year}-{number:4}";  // of credit and debit notes
    bool group_per_account = false;                    // lines per department instead of per payer
    bool taxed_at_service = false;  // by the department's country instead of the payer's
    std::string seller_title;
    std::vector<std::string> seller_address;
    std::string seller_tax_number;
    std::string payment_text;
    int due_days = 14;
    std::string logo;  // path inside the catalog's folder
};

// One published version.
struct Version {
    VersionNo number;
    std::string name;  // catalog: NAME
    std::string hash;
    Instant valid_from;
    Currency currency;
    TimeZone zone = TimeZone::utc();
    Rounding line_rounding = Rounding::half_even;
    int line_digits = 2;
    Rounding payable_rounding = Rounding::half_away;
    int payable_digits = 2;
    std::vector<Meter> meters;  // by name
    std::map<std::string, std::vector<NetworkKey>> zones;
    std::vector<TimeBand> time_bands;   // by name
    std::map<Date, unsigned> holidays;  // which day of the week each counts as; 0 is Monday
    std::vector<Plan> plans;            // by name
    std::vector<Carrier> carriers;      // by name
    // Prefix decks and network lists by name, and those made of several decks or with a margin,
    // under a name with a slash.
    std::map<std::string, Deck> decks;
    std::map<std::string, OriginSet> origin_sets;
    std::vector<TaxRule> taxes;  // as declared; empty: no tax
    std::string default_tax_category;
    bool tax_per_line = false;                 // each line's tax is rounded, instead of each rule's
    std::vector<ExchangeRate> exchange_rates;  // by currency, then day
    std::vector<SpecialPrice> special_prices;  // as declared
    std::map<std::string, std::string> partners;  // name → title
    DocumentRules documents;
    // The usage charges that count for the spending cap of their plan: indices into `plans`.
    std::map<ComponentId, std::uint32_t> capped;

    // The plan whose spending cap counts that charge; nullptr where none does.
    const Plan* capped_plan(ComponentId charge) const;
    const Plan* plan(PlanId id) const;  // of customers, or a carrier's
    const Carrier* carrier(PartnerId id) const;
    const Plan* plan_named(std::string_view plan_name) const;
    const Meter* meter(MeterId id) const;
    const Meter* meter_named(std::string_view meter_name) const;
    const Deck* deck(const UsageCharge& charge) const;
    bool has_tax_category(std::string_view category) const;
    // The narrowest rule that applies; nullptr where none does.
    const TaxRule* tax(std::string_view category, const TaxCase& what) const;
    // The rate of the last day up to `day`; nullptr before the first.
    const ExchangeRate* exchange_rate(Currency from, Date day) const;
};

// Every version of a tenant's catalog, in force from its `valid_from` until the next one's.
class Snapshot {
  public:
    Snapshot() = default;
    explicit Snapshot(
        std::vector<std::shared_ptr<const Version>> versions);  // sorts by valid_from, then number
    const std::vector<std::shared_ptr<const Version>>& versions() const { return versions_; }
    bool empty() const { return versions_.empty(); }
    // The version in force at `when`; nullptr before the first.
    const Version* at(Instant when) const;
    const Version* numbered(VersionNo number) const;
    // Until when the version in force at `when` stays so (the next valid_from).
    Instant in_force_until(Instant when) const;
    // REQUIRES: !empty().
    const Version& newest() const { return *versions_.back(); }

  private:
    std::vector<std::shared_ptr<const Version>> versions_;
};

}  // namespace farthing::catalog
