#include "catalog/mistakes.h"

#include <gtest/gtest.h>

#include <set>

#include "catalog/test_catalogs.h"
#include "catalog/vocabulary.h"

namespace farthing::catalog {
namespace {

using namespace farthing::catalog::testing;

struct Mistake {
    std::string yaml;
    std::string first;  // how the first message begins
    std::string deck = {};
};

std::string usage(const std::string& keys) {
    return around("      - {usage: data, " + keys + "}\n");
}
std::string with_deck(const std::string& more = "file: deck.csv") {
    return around("      - {usage: voice, deck: d}\n", "decks: {d: {" + more + "}}\n");
}

const std::vector<Mistake> kMistakes = {
    {"plans:\n  - [", "catalog.yaml:2:5: a list or a map stands where a key should be (syntax)"},
    {"catalog: a\n\tcurrency: EUR\n", "catalog.yaml:2:1: "},
    {"catalog: \"a\n", "catalog.yaml:"},
    {"", "catalog.yaml:1:1: the file holds no keys (syntax)"},
    {"- a\n", "catalog.yaml:1:1: the file holds no keys (syntax)"},
    {std::string("catalog: a\0b\n", 13),
     "catalog.yaml:1:11: a control character `\\x00` (not_text)"},
    {"catalog: K\xF6ln\n", "catalog.yaml:1:11: a byte that is no UTF-8 `\\xf6` (not_text)"},
    {"catalog: a\ncatalog: b\n",
     "catalog.yaml:2:1: the key `catalog` stands twice, first at catalog.yaml:1:1 (duplicate_key)"},
    {"catalog: &x a\n",
     "catalog.yaml:1:10: anchors and aliases (& and *) are not read (not_supported)"},
    {"catalog: a\n---\ncatalog: b\n",
     "catalog.yaml:2:1: a second document begins here (---) (syntax)"},
    {"catalog: !!binary aGk=\n",
     "catalog.yaml:1:10: the tag `tag:yaml.org,2002:binary` is not read (not_supported)"},
    {"catalog: " + std::string(30, '[') + std::string(30, ']') + "\n",
     "catalog.yaml:1:33: nested deeper than 24 levels (too_large)"},
    {around("      - {usage: data, price: 1 per MB}\n", "plan: x\n"),
     "catalog.yaml:11:1: a catalog has no key `plan` (unknown_key). Did you mean `plans`?"},
    {"currency: EUR\ntime_zone: UTC\n",
     "catalog.yaml:1:1: a catalog needs the key `catalog` (missing_key)"},
    {"catalog: a\ntime_zone: UTC\ncurrency: eur\n",
     "catalog.yaml:3:11: `eur` is no currency (currency_unknown). Did you mean `EUR`?"},
    {"catalog: a\ncurrency: EUR\ntime_zone: Mars\n",
     "catalog.yaml:3:12: `Mars` is no time zone (time_zone_unknown)"},
    {"catalog: a\ncurrency: EUR\ntime_zone: UTC\nmeters: {data: {unit: bits}}\n",
     "catalog.yaml:4:23: `bits` is no unit (unknown_unit)"},
    {"catalog: a\ncurrency: EUR\ntime_zone: UTC\nvalid_from: 2026-02-30\n",
     "catalog.yaml:4:13: valid_from `2026-02-30` is no day (bad_value)"},
    {"catalog: a\ncurrency: EUR\ntime_zone: UTC\nrounding: {line: half_up 2}\n",
     "catalog.yaml:4:18: `half_up 2` is no rounding (bad_value)"},
    {"catalog: a\ncurrency: EUR\ntime_zone: UTC\ninvoices: {series: INV}\n",
     "catalog.yaml:4:20: `series` is `INV` (bad_value)"},
    {"catalog: a\ncurrency: EUR\ntime_zone: UTC\ninvoices: {due: soon}\n",
     "catalog.yaml:4:17: `due` is `soon` (bad_value)"},
    {"catalog: a\ncurrency: EUR\ntime_zone: UTC\nzones: {eu: {networks: [\"2480\"]}}\n",
     "catalog.yaml:4:25: `2480` is no network (bad_value)"},
    {around("      - {usage: date, price: 1 per MB}\n"),
     "catalog.yaml:10:17: no meter is called `date` (unknown_meter). Did you mean `data`?"},
    {usage("price: 1 per MB, when: {zone: ue}"),
     "catalog.yaml:10:53: no zone is called `ue` (unknown_zone)"},
    {usage("price: 1 per MB, shares: [{partner: vendr, percent: 1}]"),
     "catalog.yaml:10:59: no partner is called `vendr` (unknown_partner). Did you mean `vendor`?"},
    {usage("price: 1 per MB, shares: [{partner: vendor, percent: 60}, {partner: vendor, percent: "
           "41}]"),
     "catalog.yaml:10:48: the shares of the charge add up to more than the charge itself "
     "(shares_exceed_charge)"},
    {usage("price: 1 per MB, tax: none"),
     "catalog.yaml:10:45: no tax category is called `none` (unknown_tax)"},
    {usage("deck: uk"), "catalog.yaml:10:29: no deck is called `uk` (unknown_deck)"},
    {usage("price: 1 per hour"),
     "catalog.yaml:10:30: `hour` doesn't measure what the meter `data` counts (byte) "
     "(unknown_unit)"},
    {usage("price: 1 per Mb"),
     "catalog.yaml:10:30: `Mb` is no unit (unknown_unit). Did you mean `MB`?"},
    {usage("price: 0.05"),
     "catalog.yaml:10:30: `0.05` doesn't say for how much it is (bad_value). Write for example "
     "`0.05 per MB`."},
    {usage("price: 5e-3 per MB"),
     "catalog.yaml:10:30: `5e-3` has an exponent (bad_value). Write the digits out: 0.00005."},
    {usage("price: .nan per MB"), "catalog.yaml:10:30: `.nan` is not a number (bad_value)"},
    {usage("price: -1 per MB"), "catalog.yaml:10:30: `-1` is negative (bad_value)"},
    {usage("price: \"0,05 per MB\""), "catalog.yaml:10:30: `0,05` has a comma (bad_value)"},
    {usage("price: 0.1234567890123456789 per MB"),
     "catalog.yaml:10:30: `0.1234567890123456789` has more than 18 digits (bad_value)"},
    {usage("price: 1 % per MB"), "catalog.yaml:10:30: `1 % per MB` is a percentage (bad_value)"},
    {usage("title: x"), "catalog.yaml:10:9: the charge has no price (missing_key)"},
    {usage("price: 1 per MB, deck: x"),
     "catalog.yaml:10:9: the charge has two prices, `price` and `deck` (bad_value)"},
    {usage("price: 1 per MB, amount: 2"),
     "catalog.yaml:10:48: `amount` belongs to fees (bad_value)"},
    {usage("price: 1 per MB, uncovered: owe"),
     "catalog.yaml:10:51: `uncovered` belongs to fees (bad_value)"},
    {around("      - {minimum_commitment: m, amount: 5, per: account month, uncovered: owe}\n"),
     "catalog.yaml:10:75: a minimum is charged when its cycle is over (bad_value)"},
    {usage("price: 1 per MB, round_up: 1 kB"),
     "catalog.yaml:10:50: `round_up` is `1 kB` (bad_value). Write for example `1 kB per session` "
     "or `1 MB per day`."},
    {usage("price: 1 per MB, increments: 0/6"),
     "catalog.yaml:10:52: an increment of `0` counts nothing (bad_value)"},
    {usage("price: 1 per MB, allowance: {quantity: 50 MB}"),
     "catalog.yaml:10:62: the quantity `50 MB` doesn't say for whom it is (bad_value)"},
    {usage("price: 1 per MB, allowance: {quantity: 50 MB per pool}"),
     "catalog.yaml:10:62: a pool needs somebody who shares it (bad_value)"},
    {usage("price: 1 per MB, allowance: {quantity: 50 MB per subscription, rollover: {months: 0}}"),
     "catalog.yaml:10:105: `months` is `0` (bad_value). Write 1 to 24."},
    {usage("price: 1 per MB, allowance: {quantity: 50 MB per subscription, rollover: {cap: 5 MB}}"),
     "catalog.yaml:10:96: `rollover` needs the key `months` (missing_key)"},
    {usage("price: 1 per MB, allowance: {quantity: 50 MB per subscription, rollover: {months: 1, "
           "percent: 101}}"),
     "catalog.yaml:10:117: `101` is more than 100 percent (bad_value)"},
    {usage("price: 1 per MB, allowance: {quantity: 50 MB per subscription, rollover: {months: 1, "
           "order: last}}"),
     "catalog.yaml:10:115: `order` is `last` (bad_value). Write `expiring_first` or "
     "`current_first`."},
    {usage("price: 1 per MB, allowance: {quantity: 50 MB per subscription, join: forward}"),
     "catalog.yaml:10:92: `join` says nothing of an allowance that is not shared (bad_value)"},
    {usage(
         "price: 1 per MB, allowance: {quantity: 50 MB per pool, shared_by: account, leave: keep}"),
     "catalog.yaml:10:105: `leave` says nothing of a pool of one quantity (bad_value)"},
    {usage("price: 1 per MB, allowance: {quantity: 50 MB per subscription, cap: 5 MB per "
           "subscription}"),
     "catalog.yaml:10:91: a cap needs a pool that others use, too (bad_value)"},
    {usage("price: 1 per MB, allowance: {quantity: 50 MB per subscription, shared_by: account, "
           "cap: 5 MB}"),
     "catalog.yaml:10:111: the cap `5 MB` doesn't say for whom it is (bad_value). Write `60 MB per "
     "subscription`."},
    {usage("price: 1 per MB, allowance: {quantity: 50 MB per subscription, shared_by: account, "
           "attribution: chronological}"),
     "catalog.yaml:10:119: `attribution` says nothing where the pool's owner pays (bad_value). "
     "Take "
     "it out, or write `overage: members`."},
    {usage("price: 1 per MB, allowance: {quantity: 50 MB per subscription, shared_by: account, "
           "overage: members, attribution: by_time}"),
     "catalog.yaml:10:137: `attribution` is `by_time` (bad_value). Write `pro_rata` or "
     "`chronological`."},
    {usage("price: 1 per MB, allowance: {quantity: 50 MB per subscription, shared_by: account, "
           "leave: prorate, overage: members, attribution: chronological}"),
     "catalog.yaml:10:153: what a member takes away that leaves puts use beyond that was not, and "
     "so nobody went beyond in the order of use; that is not priced by this release "
     "(not_supported). Write `leave: keep`, or `attribution: pro_rata`."},
    {usage("volume: [{to: 5 MB, price: 2 per MB}, {price: 1 per MB}], allowance: {quantity: 50 MB "
           "per pool, shared_by: account, overage: members, attribution: chronological}"),
     "catalog.yaml:10:92: chronological attribution of volume prices, packages and caps is not "
     "priced by this release "
     "(not_supported). Write `attribution: pro_rata`."},
    {usage("price: 1 per MB, paid_by: \"\""),
     "catalog.yaml:10:49: `paid_by` names no account (bad_value). Write the name of the sponsor's "
     "account, or take `paid_by` out."},
    {usage("price: 1 per MB, paid_by: x, allowance: {quantity: 5 MB per subscription, rollover: "
           "{months: 1}}"),
     "catalog.yaml:10:49: a rollover of what a sponsor pays for is not priced by this release "
     "(not_supported)"},
    {usage("price: 1 per MB, sponsored: x"),
     "catalog.yaml:10:40: `sponsored` is not priced by this release (not_supported). Write "
     "`paid_by: ACCOUNT`."},
    {around("      - {fee: x, amount: 1, per: account month, paid_by: x}\n"),
     "catalog.yaml:10:58: `paid_by` belongs to prices of usage (bad_value)"},
    {around("      - {usage: data, price: 1 per MB}\n", "    paid_by: x\n"),
     "catalog.yaml:11:5: `paid_by` is not priced by this release (not_supported). Write it on each "
     "usage charge that the sponsor pays for."},
    {around("      - {usage: data, price: 1 per MB}\n", "    spending_cap: {amount: 5}\n"),
     "catalog.yaml:11:19: `spending_cap` needs the key `action` (missing_key)"},
    {around("      - {usage: data, price: 1 per MB}\n",
            "    spending_cap: {amount: 0, action: block}\n"),
     "catalog.yaml:11:28: a cap of nothing allows nothing (bad_value)"},
    {around("      - {usage: data, price: 1 per MB}\n",
            "    spending_cap: {amount: 5, action: stop}\n"),
     "catalog.yaml:11:39: `action` is `stop` (bad_value). Write `block`, `throttle` or `notify`."},
    {around("      - {usage: data, price: 1 per MB}\n",
            "    spending_cap: {amount: 5, action: block, alerts: [80, 50]}\n"),
     "catalog.yaml:11:59: the alert `50` is no percent above the one before it (bad_value)"},
    {around("      - {usage: data, price: 1 per MB}\n",
            "    spending_cap: {amount: 5, action: block, alerts: [101]}\n"),
     "catalog.yaml:11:55: the alert `101` is no percent above the one before it (bad_value)"},
    {around("      - {usage: data, price: 1 per MB}\n", "    spending_cap: 5\n"),
     "catalog.yaml:11:19: `spending_cap` must be a map"},
    {usage("price: 1 per MB, spending_cap: {amount: 5}"),
     "catalog.yaml:10:40: `spending_cap` is not priced by this release (not_supported). Write it "
     "on "
     "the plan, or `price_cap` for what the usage costs at most."},
    {usage("price: 1 per MB, window: day, allowance: {quantity: 5 MB per subscription, rollover: "
           "{months: 1}}"),
     "catalog.yaml:10:64: rollover, a cap or an overage of members, of each hour or day is not "
     "priced by this release (not_supported)"},
    {usage("price: 1 per MB, allowance: {quantity: 5 MB per subscription, overage: members}"),
     "catalog.yaml:10:94: `overage` says nothing of an allowance that is not shared (bad_value)"},
    {usage("price: 1 per MB, paid_by: x, allowance: {quantity: 5 MB per subscription, shared_by: "
           "account, overage: members}"),
     "catalog.yaml:10:49: a sponsor pays for it, and so can't its members (bad_value)"},
    {around("      - {usage: data, price: 1 per MB}\n", "    limits: {dta: 5 MB}\n"),
     "catalog.yaml:11:14: no meter is called `dta` (unknown_meter). Did you mean `data`?"},
    {around("      - {usage: data, price: 1 per MB}\n", "    limits: {data: much}\n"),
     "catalog.yaml:11:20: `much`"},
    {around("      - {usage: data, price: 1 per MB}\n", "    limits: {networks: []}\n"),
     "catalog.yaml:11:24: the limit names no network (bad_value)"},
    {around("      - {usage: data, price: 1 per MB}\n", "    limits: 5 MB\n"),
     "catalog.yaml:11:13: `limits` must be a map (bad_value)"},
    {usage("graduated: [{to: 5 MB, price: 1 per MB}, {to: 5 MB, price: 1 per MB}, {price: 1 per "
           "MB}]"),
     "catalog.yaml:10:69: the band ends at `5 MB`, where it has not begun (bands_out_of_order)"},
    {usage("graduated: [{to: 5 MB, price: 1 per MB}]"),
     "catalog.yaml:10:35: the last band has an end (bands_out_of_order)"},
    {around("      - {fee: a, amount: 1, per: subscription month}\n      - {fee: a, amount: 2, "
            "per: subscription month}\n"),
     "catalog.yaml:11:9: the plan `p` has two charges called `a`, the first at catalog.yaml:10:9 "
     "(duplicate_name)"},
    {around("      - {fee: a, per: subscription month}\n"),
     "catalog.yaml:10:9: a fee needs the key `amount` (missing_key)"},
    {around("      - {fee: a, amount: 1, per: subscription week}\n"),
     "catalog.yaml:10:34: a fee per `subscription week` is not priced by this release "
     "(not_supported)"},
    {around("      - {fee: a, amount: 1, per: SIM}\n"),
     "catalog.yaml:10:34: `per` is `SIM` (bad_value). Write `subscription month`"},
    {around("      - {title: a}\n"),
     "catalog.yaml:10:9: a charge says neither `fee` nor `usage` (missing_key)"},
    {around("      - {usage: data, price: 1 per MB}\n",
            "    discounts: [{percent: 10, on: dta}]\n"),
     "catalog.yaml:11:35: the plan `p` has no charge `dta` (unknown_charge). Did you mean `data`?"},
    {around("      - {usage: data, price: 1 per MB}\n",
            "    discounts: [{percent: 101, on: data}]\n"),
     "catalog.yaml:11:27: `101` is more than 100 percent (bad_value)"},
    {"catalog: a\ncurrency: EUR\ntime_zone: UTC\n",
     "catalog.yaml:1:1: the catalog has no plans (missing_key)"},
    {around("      - {usage: data, price: 1 per MB}\n",
            "taxes:\n  - {category: s, name: A, percent: 1}\n"
            "  - {category: s, name: B, percent: 2}\n"),
     "catalog.yaml:13:5: `s` is taxed here and at catalog.yaml:12 (ambiguous_tax)"},
    {around("      - {usage: data, price: 1 per MB}\n",
            "taxes: [{category: s, name: A, percent: 1, country: Estonia}]\n"),
     "catalog.yaml:11:53: `Estonia` is no code of a country (bad_value)"},
    {around("      - {fee: a, amount: 1, per: account month, shares: [{partner: vendor, percent: "
            "5}]}\n",
            "taxes: [{category: s, name: A, percent: 1, included: true}]\n"),
     "catalog.yaml:8:5: shares of prices that hold their tax (not_supported)"},
    {around("      - {minimum_commitment: m, amount: 1, per: account month, on: [dta]}\n"),
     "catalog.yaml:10:69: the plan `p` has no charge `dta` (unknown_charge)"},
    {around("      - {minimum_commitment: m, amount: 1, per: account year}\n"),
     "catalog.yaml:10:49: a minimum is per month (not_supported)"},
    {around("      - {usage: data, price: 1 per MB}\n",
            "    discounts: [{on: data, graduated: [{to: 5, percent: 1}]}]\n"),
     "catalog.yaml:11:39: the last tier has no open end (bands_out_of_order)"},
    {around("      - {usage: data, price: 1 per MB}\n",
            "special_prices: [{plan: p, fee: x, account: a, amount: 1}]\n"),
     "catalog.yaml:11:18: no plan `p` has a fee `x` (unknown_charge)"},
    {around("      - {usage: data, price: 1 per MB}\n",
            "special_prices: [{plan: p, usage: dta, account: a, price: 1 per MB}]\n"),
     "catalog.yaml:11:18: no plan `p` has a usage charge `dta` (unknown_charge)"},
    {around("      - {usage: data, price: 1 per MB}\n",
            "special_prices: [{plan: p, usage: data, account: a, amount: 1}]\n"),
     "catalog.yaml:11:61: `amount` is no price of a usage charge (bad_value). Write `amount` for a "
     "fee, `price` or `percent` for usage."},
    {around("      - {usage: data, price: 1 per MB}\n",
            "special_prices: [{plan: p, usage: data, account: a, price: 1 per hour}]\n"),
     "catalog.yaml:11:60: `hour` doesn't measure"},
    {around("      - {usage: data, graduated: [{to: 1 MB, price: 2 per MB}, {price: 1 per MB}]}\n",
            "special_prices: [{plan: p, usage: data, account: a, price: 1 per MB}]\n"),
     "catalog.yaml:11:35: a special price of `data`, which has tiers, an allowance, packages, a "
     "deck or time bands, is not priced by this release (not_supported)"},
    {around(
         "      - {usage: data, price: 1 per MB}\n",
         "special_prices: [{plan: p, usage: data, account: a, price: 1 per MB}, {plan: p, usage: "
         "data, account: a, price: 2 per MB}]\n"),
     "catalog.yaml:11:71: that customer has a special price of that charge from that day already "
     "(duplicate_name)"},
    {around("      - {fee: x, amount: 1, per: account month}\n",
            "special_prices: [{plan: p, fee: x, account: a}]\n"),
     "catalog.yaml:11:18: a special price of a fee needs the key `amount` (missing_key)"},
    {around("      - {fee: x, amount: 1, per: account month}\n",
            "special_prices: [{plan: p, fee: x, usage: data, account: a, amount: 1}]\n"),
     "catalog.yaml:11:18: "},
    {around("      - {usage: data, price: 1 per MB}\n",
            "exchange_rates: [{currency: EUR, day: 2026-01-01, rate: 1}]\n"),
     "catalog.yaml:11:18: a rate is of another currency, and not zero (bad_value)"},
    {with_deck("file: uk.csv"),
     "catalog.yaml:11:19: the catalog has no file `uk.csv` (file_missing)"},
    {with_deck(), "deck.csv:1:1: no column is called `prefx` (unknown_key). Did you mean `prefix`?",
     "prefx,price\n44,1\n"},
    {with_deck(), "deck.csv:1: the file has no column `price` (deck_columns)", "prefix\n44\n"},
    {usage("price: 1 per MB, time_bands: [{band: peak, price: 2 per MB}]"),
     "catalog.yaml:10:60: no time band is called `peak` (unknown_time_band)"},
    {with_deck(),
     "deck.csv:1:14: the column `minimum` is not priced by this release (not_supported)",
     "prefix,price,minimum\n44,1,1\n"},
    {with_deck(), "deck.csv:3:4: price `abc` is not a number (deck_row)",
     "prefix,price\n44,1\n45,abc\n"},
    {with_deck(), "deck.csv:2: prefix `4,42E+11` is no prefix (deck_row)",
     "prefix;price\n4,42E+11;1\n"},
    {with_deck(), "deck.csv:2: 3 fields where the first row names 2 columns (deck_row)",
     "prefix,price\n44,1,2\n"},
    {with_deck(), "deck.csv:2:4: a quoted field has no closing quote (deck_row)",
     "prefix,price\n44,\"1\n"},
    {with_deck(),
     "deck.csv:3: `44` is priced twice at the same time, also at deck.csv:2 (deck_overlap)",
     "prefix,price\n44,1\n44,2\n"},
    {with_deck(), "deck.csv:2:6: no origin set is called `uk` (unknown_origin)",
     "prefix,price,origin\n44,1,uk\n"},
    {around("      - {usage: voice, deck: d}\n",
            "decks: {d: {file: deck.csv}}\n"
            "origin_sets: {a: {prefixes: [44, 45]}, b: {prefixes: [45, 46]}}\n"),
     "deck.csv:3: `44` has two prices for the same calls: from `b`, and from `a` at deck.csv:2 "
     "(ambiguous_origin)",
     "prefix,price,origin\n44,1,a\n44,2,b\n"},
    {around("      - {usage: sms, price: 1 per message}\n", "origin_sets: {a: {prefixes: [x]}}\n"),
     "catalog.yaml:11:30: `x` is no prefix (bad_value)"},
    {with_deck(), "deck.csv:2: the blocked prefix `44` has a price (deck_row)",
     "prefix,price,blocked\n44,1,yes\n"},
    {with_deck(), "deck.csv:2: blocked is `perhaps` (deck_row)",
     "prefix,price,blocked\n44,1,perhaps\n"},
    {with_deck(), "deck.csv:1:14: the column `rank` is not priced by this release (not_supported)",
     "prefix,price,rank\n44,1,1\n"},
    {with_deck("per: minute"),
     "catalog.yaml:11:12: a deck says neither `file` and `files` (missing_key)"},
    {usage("decks: []"), "catalog.yaml:10:30: `decks` names 0 decks (bad_value)"},
    {usage("price: 1 per MB, margin: 10 %"),
     "catalog.yaml:10:48: a margin stands on the prices of a deck or price list (bad_value)"},
};

TEST(Mistakes, EachIsToldWithPlaceTextAndMend) {
    for (const Mistake& mistake : kMistakes) {
        const auto compiled = compile_text(mistake.yaml, mistake.deck);
        const std::string text = told(compiled);
        EXPECT_TRUE(text.starts_with(mistake.first))
            << "wanted: " << mistake.first << "\nhave: " << text;
        if (compiled) continue;
        for (const Error& error : compiled.error())
            EXPECT_FALSE(error.mend.empty()) << error.to_string();
    }
}

TEST(Mistakes, EveryReasonIsSeen) {
    std::set<std::string> seen;
    for (const Mistake& mistake : kMistakes) {
        const auto compiled = compile_text(mistake.yaml, mistake.deck);
        ASSERT_FALSE(compiled) << mistake.yaml;
        for (const Error& error : compiled.error()) seen.insert(error.code);
    }
    seen.insert("ambiguous_charge");  // below
    for (const ReasonText& reason : reasons_of<CatalogReason>())
        EXPECT_TRUE(seen.contains(std::string(reason.name))) << reason.name;
}

TEST(Mistakes, AllAreTold) {
    const auto compiled = compile_text(
        "catalog: a\ncurency: EUR\ntime_zone: Mars\nplans: [{plan: p, charges: [{usage: x, price: "
        "y}]}]\n");
    ASSERT_FALSE(compiled);
    std::string codes;
    for (const Error& error : compiled.error()) codes += error.code + " ";
    EXPECT_EQ(codes, "unknown_key missing_key time_zone_unknown unknown_meter ");
}

TEST(Mistakes, AmbiguityNamesBothPlaces) {
    const auto overlap =
        compile_text(around("      - {usage: data, price: 1 per MB, when: {zone: eu}}\n"
                            "      - {usage: data, price: 2 per MB, when: {zone: north}}\n"));
    EXPECT_TRUE(told(overlap).starts_with(
        "catalog.yaml:11:9: `data north` and `data eu` (at catalog.yaml:10:9) both apply on "
        "network 248, and neither is narrower (ambiguous_charge)"))
        << told(overlap);
    const auto rest = compile_text(
        around("      - {usage: data, price: 1 per MB}\n      - {usage: data, price: 2 per MB}\n"));
    EXPECT_TRUE(told(rest).starts_with(
        "catalog.yaml:11:9: `data` and `data` (at catalog.yaml:10:9) both apply everywhere"))
        << told(rest);
    EXPECT_EQ(rest.error().size(), 1U);
    const auto network_in_country = compile_text(
        around("      - {usage: data, price: 1 per MB, when: {networks: [\"248-01\", \"310\"]}}\n"
               "      - {usage: data, price: 2 per MB, when: {zone: ee}}\n"));
    EXPECT_EQ(network_in_country.error().at(0).code, "ambiguous_charge")
        << told(network_in_country);
    const auto same = compile_text(
        around("      - {usage: data, price: 1 per MB, when: {networks: [\"248\", \"248-01\"]}}\n"
               "      - {usage: data, price: 2 per MB, when: {zone: ee}}\n"));
    EXPECT_EQ(same.error().at(0).code, "ambiguous_charge") << told(same);
}

// Whatever the language knows and this release can't price is refused by that name, wherever it
// stands.
TEST(Mistakes, WhatIsNotPricedYetIsRefusedByName) {
    for (const Table& table : tables()) {
        std::string start = "{";
        if (table.name == "catalog") start = "";
        for (const Key& key : table.keys) {
            if (key.not_yet.empty()) continue;
            const std::string name(key.name);
            std::string yaml;
            if (table.name == "catalog") yaml = name + ": 1\n";
            if (table.name == "plan") yaml = "plans: [{" + name + ": 1}]\n";
            if (table.name == "charge") yaml = "plans: [{charges: [{" + name + ": 1}]}]\n";
            if (table.name == "discount") yaml = "plans: [{discounts: [{" + name + ": 1}]}]\n";
            if (table.name == "tax") yaml = "taxes: [{" + name + ": 1}]\n";
            if (yaml.empty()) continue;
            const std::string text = told(compile_text(yaml));
            EXPECT_NE(text.find("`" + name + "` is not priced by this release (not_supported). " +
                                std::string(key.not_yet)),
                      text.npos)
                << text;
        }
    }
}

TEST(Mistakes, AFloodIsCountedNotListed) {
    std::string deck = "prefix,price\n";
    for (int i = 0; i < 5'000; ++i) deck += "x,1\n";
    const auto compiled = compile_text(with_deck(), deck);
    ASSERT_FALSE(compiled);
    EXPECT_EQ(compiled.error().size(), 201U);
    EXPECT_EQ(compiled.error().back().message, "4800 more mistakes are not shown");
}

TEST(Mistakes, AbsurdFilesAreRefusedNotRead) {
    std::string bomb = "catalog: &a [x, x]\n";
    for (char c = 'b'; c < 'z'; ++c)
        bomb += std::string(1, c) + ": &" + c + " [*" + char(c - 1) + ", *" + char(c - 1) + "]\n";
    EXPECT_EQ(compile_text(bomb).error().at(0).code, "not_supported");
    EXPECT_EQ(compile_text("catalog: " + std::string(1'000'000, 'x') + "\n").error().at(0).code,
              "missing_key");
    EXPECT_EQ(compile_text(std::string(9'000'000, '#')).error().at(0).code, "too_large");
    EXPECT_FALSE(compile_text(std::string(100'000, '[')));
    EXPECT_FALSE(compile_text(std::string(100'000, '{')));
    EXPECT_FALSE(compile_text("? ? ? ?\n"));
    EXPECT_FALSE(compile_text("<<: {a: 1}\n"));
    EXPECT_FALSE(compile_text("{a: 1}: b\n"));
}

TEST(Mistakes, ATruncatedCatalogIsToldUnlessItEndsBetweenCharges) {
    const std::string whole = folder("smart-city").at(0).text;
    const std::size_t first_charge_ends = whole.find("unit: lamp");
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const auto compiled = compile_text(whole.substr(0, length));
        if (compiled) {
            EXPECT_GT(length, first_charge_ends - 40) << whole.substr(0, length);
            continue;
        }
        for (const Error& error : compiled.error())
            EXPECT_TRUE(error.place.starts_with("catalog.yaml:")) << error.to_string();
    }
}

}  // namespace
}  // namespace farthing::catalog
