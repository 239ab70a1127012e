#include "catalog/vocabulary.h"

#include <algorithm>

#include "base/assert.h"

namespace farthing::catalog {

namespace {

// clang-format off
constexpr Key refused(std::string_view name, std::string_view instead) {
    return {name, Shape::text, "", "Not priced by this release.", false, instead};
}

constexpr std::string_view kLater = "Take it out: a later release prices it.";

constexpr Key kCatalog[] = {
    {"catalog", Shape::name, "", "The name of the catalog.", true},
    {"valid_from", Shape::date, "", "The local day from whose start these prices are in force."},
    {"currency", Shape::name, "", "ISO 4217 code of every amount.", true},
    {"time_zone", Shape::name, "", "IANA time zone in which days and months are cut.", true},
    {"rounding", Shape::object, "rounding", "How lines and totals are rounded."},
    {"meters", Shape::named_objects, "meter", "What is counted, by name."},
    {"zones", Shape::named_objects, "zone", "Sets of networks, by name."},
    {"partners", Shape::named_objects, "partner", "Who gets a share of charges, by name."},
    {"taxes", Shape::objects, "tax",
     "Tax by category, country, customer and day; the first category is what a charge has unless "
     "it says otherwise. None: no tax lines."},
    {"invoices", Shape::object, "invoices", "What invoices say and how they are numbered."},
    {"decks", Shape::named_objects, "deck", "Rate decks by called prefix, from CSV files."},
    {"price_lists", Shape::named_objects, "price_list", "Price lists by network, from CSV files."},
    {"plans", Shape::objects, "plan", "What customers subscribe to."},
    {"carriers", Shape::objects, "carrier", "Who carries usage, and what they charge us for it."},
    {"time_bands", Shape::named_objects, "time_band",
     "Hours of the week that have prices of their own, by name."},
    {"holidays", Shape::object, "holidays", "Days that count as another day of the week."},
    refused("packages", "Write them in the plan whose usage they cover."),
    refused("customers", "Write `special_prices`, or a discount with `account`."),
    {"origin_sets", Shape::named_objects, "origin_set",
     "Sets of calling numbers by name, for rows of decks."},
    refused("perspectives", "Write what carriers charge under `carriers`."),
    refused("cost", "Write what carriers charge under `carriers`."),
    {"exchange_rates", Shape::objects, "exchange_rate",
     "What one unit of another currency is worth, from a day on."},
    {"special_prices", Shape::objects, "special_price",
     "What one account or subscription pays for a fee or its usage instead of the plan's price."},
};
constexpr Key kExchangeRate[] = {
    {"currency", Shape::name, "", "ISO 4217 code of the other currency.", true},
    {"day", Shape::date, "", "From which day it holds.", true},
    {"rate", Shape::decimal, "", "In the catalog's currency, for one of the other.", true},
};
constexpr Key kSpecialPrice[] = {
    {"plan", Shape::name, "", "The plan.", true},
    {"fee", Shape::name, "", "A fee of the plan."},
    {"usage", Shape::name, "", "Or a usage charge of the plan, by its name."},
    {"account", Shape::name, "", "For that account and those below it."},
    {"subscription", Shape::name, "", "For that subscription."},
    {"amount", Shape::decimal, "", "Instead of the fee's amount."},
    {"price", Shape::unit_price, "", "Instead of the usage charge's price: 0.03 per MB."},
    {"percent", Shape::decimal, "", "Likewise, on a meter of money."},
    {"from", Shape::date, "",
     "Fees: for cycles that begin on that day or later; usage: from that day on."},
    {"until", Shape::date, "",
     "Fees: for cycles that begin on that day or earlier; usage: up to the end of that day."},
    refused("charge", "Write `usage`: the name of the charge."),
};
constexpr Key kRounding[] = {
    {"line", Shape::text, "", "Rounding and digits of a line: half_even 2."},
    {"payable", Shape::text, "", "Rounding and digits of what is payable: half_away 2."},
    {"tax", Shape::choice, "per category|per line",
     "Whether the tax of a category is rounded, or that of each line."},
    refused("record", "Records are never rounded: a line rounds once, the exact sum."),
};
constexpr Key kMeter[] = {
    {"unit", Shape::name, "",
     "What it counts: byte, second, message, joule, event, number, or money: EUR.", true},
    {"title", Shape::text, "", "Heading on documents."},
};
constexpr Key kZone[] = {
    {"networks", Shape::networks, "", "Countries (\"248\") and networks (\"244-05\").", true},
};
constexpr Key kOriginSet[] = {
    {"prefixes", Shape::texts, "", "First digits of calling numbers: [\"370\", \"371\"].", true},
};
constexpr Key kTimeBand[] = {
    {"days", Shape::text, "", "Days of the week: mon-fri, or mon-thu, sat; every day without it."},
    {"hours", Shape::text, "",
     "Local hours: 08:00-20:00, or 00:00-08:00, 20:00-24:00; the whole day without it."},
    {"time_zone", Shape::name, "", "IANA time zone of its clock; else the catalog's."},
};
constexpr Key kHolidays[] = {
    {"days", Shape::texts, "", "Dates: [2026-12-25, 2026-12-26].", true},
    {"as", Shape::name, "", "The day of the week that they count as: sun.", true},
};
constexpr Key kPartner[] = {
    {"title", Shape::text, "", "Name on statements."},
};
constexpr Key kTax[] = {
    {"category", Shape::name, "", "What charges call it: standard.", true},
    {"name", Shape::text, "", "What documents call it: VAT 20 %.", true},
    {"percent", Shape::decimal, "", "Of the net amount.", true},
    {"country", Shape::text, "", "Where it applies: GB, or US-CA for a part of a country."},
    {"countries", Shape::texts, "", "Several such codes."},
    {"customer", Shape::choice, "business|consumer",
     "Whom it applies to; a business is an account with a tax number."},
    {"from", Shape::date, "", "The first day whose service it taxes."},
    {"until", Shape::date, "", "The last day whose service it taxes."},
    {"included", Shape::flag, "", "The prices include it."},
    {"text", Shape::text, "", "What documents must say with it: Reverse charge, Article 196."},
    refused("valid_from", "Write `from`: the first day whose service it taxes."),
};
constexpr Key kInvoices[] = {
    {"series", Shape::text, "", "Invoice numbers: INV-{year}-{number:4}."},
    {"notes", Shape::text, "", "Numbers of credit and debit notes: CN-{year}-{number:4}."},
    {"taxed_by", Shape::choice, "payer|service",
     "Whose country decides the tax: the payer's, or that of the account that uses the service."},
    {"lines", Shape::choice, "per payer|per account",
     "Whether lines are grouped over all accounts of the payer, or per account."},
    {"due", Shape::text, "", "When payment is due: 14 days."},
    {"seller", Shape::object, "seller", "Who sends the invoice."},
    {"payment", Shape::text, "", "How to pay."},
    {"logo", Shape::text, "", "An image in the catalog's folder."},
};
constexpr Key kSeller[] = {
    {"title", Shape::text, "", "Name of the company."},
    {"address", Shape::texts, "", "Lines of the address."},
    {"tax_number", Shape::text, "", "VAT or GST number."},
};
constexpr Key kDeck[] = {
    {"file", Shape::text, "",
     "CSV file in the catalog's folder, with columns prefix and price."},
    {"files", Shape::texts, "", "Several such files that are one deck."},
    {"meter", Shape::name, "", "The meter it prices; needed only where no charge uses the deck."},
    {"per", Shape::text, "", "What a price is for where the file has no column `per`: minute."},
    {"increments", Shape::text, "",
     "First and next step where the file has no column `increments`: 60/6."},
    {"connection_fee", Shape::decimal, "",
     "Per call, where the file has no column `connection_fee`."},
    {"decimal", Shape::choice, "point|comma",
     "The decimal mark of the file's prices; a point unless it says comma."},
    {"time_zone", Shape::name, "",
     "IANA time zone of the days in its file, where it isn't the catalog's."},
    refused("time_bands", "Price the whole day alike for now."),
};
constexpr Key kPriceList[] = {
    {"file", Shape::text, "",
     "CSV file in the catalog's folder, with columns network and price.", true},
    {"by", Shape::choice, "mcc-mnc", "What its rows are found by.", true},
    {"meter", Shape::name, "", "The meter it prices; needed only where no charge uses the list."},
    {"per", Shape::text, "", "What a price is for where the file has no column `per`: MB."},
    {"decimal", Shape::choice, "point|comma",
     "The decimal mark of the file's prices; a point unless it says comma."},
    {"time_zone", Shape::name, "",
     "IANA time zone of the days in its file, where it isn't the catalog's."},
};
constexpr Key kPlan[] = {
    {"plan", Shape::name, "", "The name by which subscriptions take it.", true},
    {"title", Shape::text, "", "Name on documents."},
    {"tax", Shape::name, "", "Tax category of its charges that say none."},
    {"currency", Shape::name, "",
     "Currency of its fees, where it is not the catalog's; lines are converted."},
    {"charges", Shape::objects, "charge", "Fees and usage prices.", true},
    {"discounts", Shape::objects, "discount", "Discounts, in the order in which they apply."},
    {"packages", Shape::objects, "package", "What customers buy beside it: a quantity for days."},
    {"shares", Shape::objects, "share", "Partners' parts of every charge that names none itself."},
    {"spending_cap", Shape::object, "spending_cap",
     "What a month's usage may cost, and what happens beyond it."},
    {"limits", Shape::limits, "",
     "What a subscription may use in a cycle, and where: {data: 60 MB, networks: [\"248\"]}."},
    refused("allowed", "Write `limits: {networks: [\"248\"]}`."),
    refused("minimum_commitment", "Write it among the charges: `minimum_commitment: NAME`."),
    refused("minimum", "Charge a fee of that amount for now."),
    refused("paid_by", "Write it on each usage charge that the sponsor pays for."),
    refused("sponsored", "Write `paid_by` on each usage charge that the sponsor pays for."),
    refused("payer", "Say who pays on the account, not in the plan."),
    refused("special_prices", "Write `special_prices` at the top of the catalog."),
    refused("extends", "Write the plan out: plans that build on others come in a later release."),
    refused("package", "Write it on a charge: `package: 5.00 per 100 MB`."),
};
constexpr Key kPackage[] = {
    {"package", Shape::name, "", "The name by which it is bought.", true},
    {"title", Shape::text, "", "Text on documents; else what it holds and for how long."},
    {"on", Shape::name, "", "The usage charge of the plan that it covers.", true},
    {"quantity", Shape::quantity, "", "What it holds: 1 GB.", true},
    {"price", Shape::decimal, "", "What it costs, once.", true},
    {"valid", Shape::text, "",
     "For how long: 30 days, the first among them; or `month`: until the calendar month ends.",
     true},
    {"priority", Shape::text, "",
     "Of several the lowest is used first (else 0); of equals the one that ends first."},
    {"rollover", Shape::text, "",
     "Of what is left at its end so much at most goes on in the next of its kind: 500 MB, or all."},
    {"tax", Shape::name, "", "Tax category."},
    refused("meter", "Write `on`: the usage charge that it covers."),
    refused("unit", "Write the unit in `quantity`: 100 minute."),
    refused("shared_by", "Write it in the `allowance` of the charge: a package is bought for who "
                         "shares it."),
    refused("recurring", "Charge a fee with an `allowance` for what comes each month."),
    refused("hours", "A package is valid for whole days in this release."),
};
constexpr Key kSpendingCap[] = {
    {"amount", Shape::decimal, "", "Of a billing cycle's usage, before discounts and tax.", true},
    {"action", Shape::choice, "block|throttle|notify",
     "What happens beyond it to sessions that are charged while they run; other usage is charged "
     "and told.", true},
    {"per", Shape::choice, "subscription month|account month",
     "Of each subscription (default), or of all that a payer has of the plan."},
    {"alerts", Shape::texts, "", "Percent of it that are told: [50, 80, 100]."},
    refused("price", "Write `price_cap` on the charge: it is what the usage costs at most."),
};
constexpr Key kCarrier[] = {
    {"carrier", Shape::name, "", "The name by which feeds say who carried a record.", true},
    {"title", Shape::text, "", "Name on statements."},
    {"account", Shape::name, "", "Where the carrier is our customer too: its account."},
    {"charges", Shape::objects, "charge", "What it charges us for usage.", true},
    refused("currency", "Write what it charges in the catalog's currency."),
    refused("discounts", "Write the prices after the discount."),
    refused("fees", "Carriers charge usage only in this release."),
    refused("margin", "Put the margin on the charge of the plan."),
    refused("shares", "What a carrier charges is shared with nobody."),
    refused("tax", "What a carrier charges carries no tax here."),
};
constexpr Key kCharge[] = {
    {"fee", Shape::name, "", "Makes this a fee; its name in the plan."},
    {"usage", Shape::name, "", "Makes this a price of usage; the meter it prices."},
    {"minimum_commitment", Shape::name, "",
     "Makes this a minimum; its name in the plan. What the charges fall short of it is charged."},
    {"name", Shape::name, "",
     "Name of a usage charge in the plan; else the meter's, and the zone's."},
    {"title", Shape::text, "", "Text on documents."},
    {"tax", Shape::name, "", "Tax category."},
    {"shares", Shape::objects, "share", "Partners' parts of this charge."},
    {"amount", Shape::decimal, "", "Fee: the amount per unit and period."},
    {"per", Shape::choice,
     "subscription month|account month|subscription day|subscription once|subscription "
     "quarter|account quarter|subscription year|account year",
     "Fee: for what and how often."},
    {"unit", Shape::text, "", "Fee: what one is called on documents: lamp, number, SIM."},
    {"in", Shape::choice, "arrears|advance",
     "Fee: charged after the cycle (default) or before it."},
    {"prorate", Shape::choice, "calendar_days|none|thirty_days",
     "Fee: what a part of a cycle costs; thirty_days counts 30 for every month."},
    {"uncovered", Shape::choice, "suspend|owe",
     "Fee that a prepaid balance can't cover: not taken, and the subscription is suspended until a "
     "top-up covers it (default); or taken all the same, below zero."},
    {"on", Shape::texts, "",
     "Minimum commitment: the charges that count towards it; without it, all of the plan."},
    {"when", Shape::object, "condition",
     "Usage: the networks it applies to; without it, the rest."},
    {"adds", Shape::flag, "", "Usage: a surcharge on top of the charge that applies."},
    {"round_up", Shape::text, "", "Usage: 1 kB per session, or 1 MB per day."},
    {"increments", Shape::text, "", "Usage: first and next step of a session: 60/6."},
    {"allowance", Shape::object, "allowance", "Usage: what is included."},
    {"price", Shape::unit_price, "", "Usage: one price: 0.05 per MB."},
    {"graduated", Shape::objects, "band", "Usage: each band's price for the quantity inside it."},
    {"volume", Shape::objects, "band",
     "Usage: the price of the band that the total reaches, for all of it."},
    {"package", Shape::unit_price, "",
     "Usage: each package that is begun costs this: 5.00 per 100 MB."},
    {"percent", Shape::decimal, "", "Usage: of amounts, on a meter of money: 15."},
    {"deck", Shape::name, "", "Usage: priced by called prefix."},
    {"decks", Shape::texts, "",
     "Usage: several decks in order of trust; the first that has the number prices it."},
    {"margin", Shape::text, "",
     "On the prices of its deck or price list, or on the amount of a fee: 10 %."},
    {"price_list", Shape::name, "", "Usage: priced by network."},
    {"connection_fee", Shape::decimal, "", "Usage: once per session that used something."},
    {"fee_on_answer", Shape::flag, "",
     "Usage: the connection fee is due for answered calls of no length too."},
    {"minimum", Shape::decimal, "", "Usage: what a session that used something costs at least."},
    {"grace", Shape::quantity, "", "Usage: a session of at most that is free: 3 second."},
    {"time_bands", Shape::objects, "band_price",
     "Usage: prices inside time bands; outside of them the charge's own price holds."},
    {"at_time_band", Shape::choice, "split|block|start",
     "Usage: a session over the edge of a band is priced by the second (default), by increments "
     "at the price of their own start, or as a whole at the price of its start."},
    {"at_price_change", Shape::choice, "start|split|block",
     "Usage: a session over a change of price has the price of its start (default), or is split."},
    {"window", Shape::choice, "cycle|hour|day",
     "Usage: over what it counts: the billing cycle (default), or each local hour or day."},
    {"price_cap", Shape::decimal, "", "Usage: what the usage of a window costs at most."},
    {"on_change", Shape::choice, "continue|restart",
     "Usage: whether tiers go on (default) or begin anew where the price or the payer changes."},
    {"paid_by", Shape::name, "",
     "Usage: the account that pays for it in the customer's place: a sponsor."},
    refused("rollover", "Write it into the charge's `allowance`."),
    refused("block", "Write `package: 5.00 per 100 MB`."),
    refused("spending_cap",
            "Write it on the plan, or `price_cap` for what the usage costs at most."),
    refused("limits", "Write `limits` on the plan."),
    refused("at", "Write `time_bands` on the charge."),
    refused("sponsored", "Write `paid_by: ACCOUNT`."),
    refused("payer", "Write `paid_by: ACCOUNT` for a sponsor, or say who pays on the account."),
    refused("special_prices", "Write `special_prices` at the top of the catalog."),
    refused("cost", "Write what carriers charge under `carriers`."),
    refused("perspective", "Write what carriers charge under `carriers`."),
    refused("on_insufficient_balance",
            "Fees are billed, not taken from a balance, in this release."),
};
constexpr Key kCondition[] = {
    {"zone", Shape::name, "", "A zone of the catalog."},
    {"networks", Shape::networks, "", "Countries (\"248\") and networks (\"244-05\")."},
    refused("country", "Name the country by its mobile code: `networks: [\"248\"]`."),
    refused("countries", "Name countries by their mobile codes: `networks: [\"248\", \"262\"]`."),
    refused("zones", "Make one zone of them, or write one charge per zone."),
    refused("time", "Write `time_bands` on the charge."),
    refused("time_band", "Write `time_bands` on the charge."),
    refused("days", "Write `time_bands` on the charge."),
    refused("called", "Use a deck to price by called number."),
    refused("origin", "Use a deck with a column `origin` to price by calling number."),
    refused("direction", "Use one meter per direction for now."),
    refused("service", "Use one meter per service."),
    refused("quality", "Use one meter per quality for now."),
};
constexpr Key kAllowance[] = {
    {"quantity", Shape::quantity, "", "50 MB per subscription, or 100 MB per pool.", true},
    {"shared_by", Shape::choice, "subscription|group|account|enterprise",
     "Who uses it together; a subscription for itself by default."},
    {"join", Shape::choice, "forward|whole_cycle",
     "Whether what a member that joins brings counts from its day (default) or for the whole "
     "cycle."},
    {"prorate", Shape::choice, "calendar_days|none",
     "What a member that joins brings: the part of its days (default) or all."},
    {"leave", Shape::choice, "keep|prorate",
     "Whether what a member that leaves brought stays to the end of the cycle (default)."},
    {"cap", Shape::text, "",
     "What one member may use of the pool: 60 MB per subscription; what is beyond is charged."},
    {"rollover", Shape::object, "rollover", "What happens to what is left; else it lapses."},
    refused("expires",
            "Write `rollover: {months: 2}`; without it an allowance lives for its cycle."),
    refused("members",
            "Name the committed pool by its quantity alone: `quantity: 100 MB per pool`."),
    refused("per_member_cap", "Write `cap: 60 MB per subscription`."),
    refused("on_join", "Write `join: forward` or `join: whole_cycle`."),
    refused("on_leave", "Write `leave: keep` or `leave: prorate`."),
    {"overage", Shape::choice, "owner|members",
     "Who pays what is beyond: the pool's owner (default), or its members by what each used."},
    {"attribution", Shape::choice, "pro_rata|chronological",
     "How members share it: by all that each used (default), or by who went beyond, in the order "
     "of use."},
    refused("window", "Write `window` on the charge: its allowance is that of each window."),
};
constexpr Key kRollover[] = {
    {"months", Shape::text, "", "For how many cycles what is left lives on: 2.", true},
    {"cap", Shape::quantity, "", "Of what one cycle leaves at most that is carried: 50 MB."},
    {"percent", Shape::decimal, "", "Of what one cycle leaves that part is carried: 50."},
    {"order", Shape::choice, "expiring_first|current_first",
     "What is used first: what lapses next (default), or the cycle's own."},
};
constexpr Key kBand[] = {
    {"to", Shape::quantity, "",
     "Up to where, counted from the start of the window; the last band has none."},
    {"price", Shape::unit_price, "", "0.10 per MB."},
    {"percent", Shape::decimal, "", "Of amounts, on a meter of money: 15."},
    refused("fee", "Charge a fee of its own for now: fees of bands come in a later release."),
};
constexpr Key kBandPrice[] = {
    {"band", Shape::name, "", "A time band of the catalog.", true},
    {"title", Shape::text, "", "Text on documents."},
    {"price", Shape::unit_price, "", "One price: 0.12 per minute."},
    {"deck", Shape::name, "", "Priced by called prefix."},
    {"decks", Shape::texts, "", "Several decks in order of trust."},
    {"margin", Shape::text, "", "On the prices of its deck or price list: 10 %."},
    {"price_list", Shape::name, "", "Priced by network."},
    {"percent", Shape::decimal, "", "Of amounts, on a meter of money: 15."},
    {"package", Shape::unit_price, "", "Not priced inside time bands by this release."},
    {"graduated", Shape::objects, "band", "Not priced inside time bands by this release."},
    {"volume", Shape::objects, "band", "Not priced inside time bands by this release."},
};
constexpr Key kShare[] = {
    {"partner", Shape::name, "", "A partner of the catalog.", true},
    {"percent", Shape::decimal, "", "Of the charge."},
    {"amount", Shape::decimal, "",
     "Fees: a fixed amount per unit and period, prorated like the fee."},
    refused("up_to", kLater),
    refused("graduated", kLater),
    refused("minimum", kLater),
};
constexpr Key kDiscount[] = {
    {"percent", Shape::decimal, "", "Of the exact line."},
    {"amount", Shape::decimal, "", "Per document, never more than what it is on."},
    {"on", Shape::name, "", "A fee, a charge, or a meter (all its charges) of the plan.", true},
    {"name", Shape::name, "", "Name in the plan; else `discount on …`."},
    {"title", Shape::text, "", "Text on documents."},
    refused("when", "Give the charge of that zone a name and put the discount on it."),
    {"graduated", Shape::objects, "tier",
     "A ladder: each tier's percent for the charges of the cycle inside it."},
    {"volume", Shape::objects, "tier",
     "A ladder: the percent of the tier that the charges of the cycle reach, for all of them."},
    {"account", Shape::name, "", "Only for that account and those below it."},
    {"from", Shape::date, "", "For cycles that begin on that day or later."},
    {"until", Shape::date, "", "For cycles that begin on that day or earlier."},
    refused("months", "Write `until`: the last day on which its last cycle may begin."),
    refused("customer", "Write `account`."),
};
constexpr Key kTier[] = {
    {"to", Shape::decimal, "", "Up to which charges of the cycle; the last tier has none."},
    {"percent", Shape::decimal, "", "Of them.", true},
};
constexpr Table kTables[] = {
    {"catalog", "a catalog", kCatalog},
    {"rounding", "`rounding`", kRounding},
    {"meter", "a meter", kMeter},
    {"zone", "a zone", kZone},
    {"origin_set", "an origin set", kOriginSet},
    {"time_band", "a time band", kTimeBand},
    {"holidays", "`holidays`", kHolidays},
    {"partner", "a partner", kPartner},
    {"tax", "a tax", kTax},
    {"invoices", "`invoices`", kInvoices},
    {"seller", "`seller`", kSeller},
    {"deck", "a deck", kDeck},
    {"price_list", "a price list", kPriceList},
    {"plan", "a plan", kPlan},
    {"package", "a package", kPackage},
    {"spending_cap", "`spending_cap`", kSpendingCap},
    {"carrier", "a carrier", kCarrier},
    {"charge", "a charge", kCharge},
    {"condition", "`when`", kCondition},
    {"allowance", "`allowance`", kAllowance},
    {"rollover", "`rollover`", kRollover},
    {"band", "a band", kBand},
    {"band_price", "a price in a time band", kBandPrice},
    {"share", "a share", kShare},
    {"discount", "a discount", kDiscount},
    {"exchange_rate", "an exchange rate", kExchangeRate},
    {"special_price", "a special price", kSpecialPrice},
    {"tier", "a tier of a discount", kTier},
};
// clang-format on

}  // namespace

const Table& table(std::string_view name) {
    const auto* const found = std::find_if(std::begin(kTables), std::end(kTables),
                                           [&](const Table& t) { return t.name == name; });
    FARTHING_ASSERT(found != std::end(kTables));
    return *found;
}

std::span<const Table> tables() {
    return kTables;
}

}  // namespace farthing::catalog
