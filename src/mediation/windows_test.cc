#include "mediation/windows.h"

#include <fmt/format.h>

#include "catalog/test_catalogs.h"
#include "mediation/test_feeds.h"
#include "mediation/window_growth.h"
#include "mediation/windows_check.h"

namespace farthing::mediation {
namespace {

using catalog::testing::around;

// A feed of all meters with that `aggregate`.
std::string feed_text(const std::string& aggregate, const std::string& more = {}) {
    return "feed: f\nformat: {delimited: \",\", header: true}\ntime_zone: Europe/Tallinn\nrecord:\n"
           "  id: {field: id}\n  service: {field: what}\n  start: {field: at, time: rfc3339}\n"
           "  quantity: {field: q}\n  network: {field: net}\n  called: {field: to}\n"
           "  calling: {field: from}\n  keep: {seq: {field: seq}}\n"
           "guide: [{by: device, field: d}]\nsame_record: [id]\n" +
           more + "aggregate: " + aggregate + "\n";
}

TEST(Windows, AreDescribedInTheFeed) {
    const Feed feed = feed_of(feed_text(
        "{window: 15 minutes, time_zone: Asia/Tokyo, by: [network, called], quantity: {sms: "
        "count}}"));
    const Feed::Aggregation& rules = feed.aggregation;
    EXPECT_EQ(rules.window_micros, 15 * 60 * kMicrosPerSecond);
    EXPECT_EQ(rules.zone.name(), "Asia/Tokyo");
    EXPECT_TRUE(rules.by_network && rules.by_called && !rules.by_calling);
    EXPECT_EQ(rules.of("sms"), Feed::Aggregation::Quantity::count);
    EXPECT_EQ(rules.of("data"), Feed::Aggregation::Quantity::sum);
    EXPECT_FALSE(rules.any_grows());
    using Quantity = Feed::Aggregation::Quantity;
    const Feed grows = feed_of(feed_text(
        "{window: 1 h, quantity: {data: max, sms: distinct called, voice: distinct seq, fax: "
        "last}}"));
    EXPECT_EQ(grows.aggregation.of("data"), Quantity::max);
    EXPECT_EQ(grows.aggregation.of("sms"), Quantity::distinct_called);
    EXPECT_EQ(grows.aggregation.of("voice"), Quantity::distinct_reading_1);
    EXPECT_EQ(grows.aggregation.of("fax"), Quantity::last);
    EXPECT_TRUE(Feed::Aggregation::grows(Quantity::last));
    EXPECT_FALSE(Feed::Aggregation::is_distinct(Quantity::last));
    EXPECT_EQ(feed_of(feed_text("{window: 1 day}")).aggregation.zone.name(), "Europe/Tallinn");
}

TEST(Windows, ThatCanNotBeAreRefusedWithTheirPlace) {
    const auto says = [](const std::string& aggregate, const std::string& words) {
        const std::string told = mistake(feed_text(aggregate));
        EXPECT_NE(told.find(words), std::string::npos) << aggregate << "\n" << told;
    };
    says("{by: [network]}", "feed_missing_key");
    says("{window: 7 minutes}", "divide the day");
    says("{window: 30 s}", "divide the day");
    says("{window: 2 days}", "divide the day");
    says("{window: 1 h, time_zone: Mars/Base}", "no time zone");
    says("{window: 1 h, by: [colour]}", "\"colour\"");
    says("{window: 1 h, quantity: mean}", "no function \"mean\"");
    says("{window: 1 h, quantity: distinct}", "can't be told apart");
    says("{window: 1 h, quantity: distinct colour}", "\"colour\"");
    says("{window: 1 h, quantity: {data: latest}}", "no function \"latest\"");
    says("{window: 1 h, quantity: {data: [last]}}", "no function");
    says("{window: 1 h, every: 2}", "feed_unknown_key");
    EXPECT_NE(mistake(feed_text("{window: 1 h}", "partials: {by: {field: s}}\n"))
                  .find("feed_not_supported"),
              std::string::npos);
}

TEST(Windows, FollowTheLocalClockAndNeverGoOverItsChange) {
    const Feed feed = feed_of(feed_text("{window: 4 hours}"));
    Windows windows(feed, meters());
    const auto start = [&](const char* when) {
        return to_rfc3339(windows.window_of(*parse_rfc3339(when)));
    };
    EXPECT_EQ(start("2026-01-10T05:59:59Z"), "2026-01-10T02:00:00Z");  // 04:00 to 08:00
    EXPECT_EQ(start("2026-01-10T06:00:00Z"), "2026-01-10T06:00:00Z");
    EXPECT_EQ(start("1969-12-31T23:59:59Z"), start("1969-12-31T23:00:00Z"));
    // On 25 October the clock shows 03:00 twice: one window ends, another begins.
    EXPECT_NE(start("2026-10-25T00:59:59Z"), start("2026-10-25T01:00:00Z"));
    EXPECT_EQ(start("2026-10-25T01:00:00Z"), start("2026-10-25T01:59:59Z"));
}

TEST(Windows, NameTheirPartsInWhateverOrderTheyCome) {
    const Feed feed =
        feed_of(feed_text("{window: 15 minutes, by: [called], quantity: {sms: count}}"));
    UsageChunk chunk;
    chunk.resize(3000);
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        chunk.line[row] = static_cast<std::int64_t>(row) + 2;
        chunk.subscription[row] = {static_cast<std::uint32_t>(row % 500 + 1)};
        chunk.meter[row] = {static_cast<std::uint16_t>(row % 2 == 0 ? 1 : 3)};
        chunk.called[row] = row % 3 == 0 ? "44123" : "";
        chunk.start[row] = chunk.end[row] = Instant{static_cast<std::int64_t>(row) * 1'000'000};
        chunk.quantity[row] = static_cast<std::int64_t>(row);
    }
    const auto told = [&](bool backwards) {
        Windows windows(feed, meters());
        for (std::size_t i = 0; i < chunk.size(); ++i) {
            const std::size_t row = backwards ? chunk.size() - 1 - i : i;
            Windows::add(windows.of(chunk, row), chunk, row, part_hash(row, chunk.line[row]));
        }
        std::vector<std::string> lines;
        for (const Window& window : windows.all()) {
            lines.push_back(fmt::format(
                "{} {} {} {} {} {} {} {} {} {} {}", window.owner.value, window.meter.value,
                window.called, window.start.micros, window.first.micros, window.last.micros,
                window.line, window.parts, window.sum, window.digest, windows.quantity(window)));
        }
        std::ranges::sort(lines);
        return lines;
    };
    const auto forwards = told(false);
    EXPECT_EQ(forwards, told(true));
    // A record a second: 500 owners, each with one meter, in 4 windows of 900 s (the last of 300),
    // each with both numbers. An owner comes every 500 s, so some windows have one record of it.
    EXPECT_EQ(forwards.size(), 2601U);
}

TEST(Windows, PutBackAreTheSameWindows) {
    const Feed feed = feed_of(feed_text("{window: 15 minutes}"));
    UsageChunk chunk;
    chunk.resize(2000);
    for (std::size_t row = 0; row < chunk.size(); ++row)
        chunk.subscription[row] = {static_cast<std::uint32_t>(row + 1)};
    Windows windows(feed, meters());
    for (std::size_t row = 0; row < chunk.size(); ++row)
        Windows::add(windows.of(chunk, row), chunk, row, 1);
    const auto taken = windows.take([](const Window& one) { return one.owner.value % 2 == 0; });
    EXPECT_EQ(taken.size(), 1000U);
    for (const Window& window : taken) windows.put(window);
    for (std::size_t row = 0; row < chunk.size(); ++row)
        Windows::add(windows.of(chunk, row), chunk, row, 1);
    EXPECT_EQ(windows.all().size(), 2000U);
    for (const Window& window : windows.all()) EXPECT_EQ(window.parts, 2);
}

TEST(WindowGrowth, IsWhatPartsAddInWhateverOrderTheyCome) {
    const Feed feed = feed_of(feed_text(
        "{window: 15 minutes, quantity: {data: max, voice: distinct called, sms: distinct "
        "identity}}"));
    UsageChunk chunk;
    chunk.resize(6);
    const std::int64_t quantities[] = {5, 9, 7, 9, 0, 12};
    const char* texts[] = {"1", "2", "1", "", "3", "2"};
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        chunk.subscription[row] = {1};
        chunk.quantity[row] = quantities[row];
        chunk.called[row] = chunk.identity[row] = texts[row];
    }
    // One text of two kinds is two identities.
    chunk.identity_kind[5] = IdentityKind::iccid;
    const auto grown = [&](std::string_view meter, bool backwards) {
        WindowGrowth growth(feed, meters());
        const MeterId id = meters().meter_named(meter)->id;
        std::fill(chunk.meter.begin(), chunk.meter.end(), id);
        std::int64_t sum = 0;
        for (std::size_t i = 0; i < chunk.size(); ++i) {
            const std::size_t row = backwards ? chunk.size() - 1 - i : i;
            sum += *growth.growth(chunk, row);
            growth.add(chunk, row);
        }
        EXPECT_EQ(growth.all().size(), 1U);
        EXPECT_EQ(growth.all().front().growth, sum);
        return sum;
    };
    for (const bool backwards : {false, true}) {
        EXPECT_EQ(grown("data", backwards), 12);
        EXPECT_EQ(grown("voice", backwards), 3);  // the empty one is none
        EXPECT_EQ(grown("sms", backwards), 4);
    }
}

// Of two parts at one time the greater counts, so that the order in which they come says nothing.
TEST(WindowGrowth, OfTheLastPartIsLessThanNothingWhereThatIsSmaller) {
    const Feed feed = feed_of(feed_text("{window: 15 minutes, quantity: last}"));
    UsageChunk chunk;
    chunk.resize(5);
    const std::int64_t minutes[] = {3, 9, 1, 9, 9};
    const std::int64_t quantities[] = {8, 2, 9, 5, 4};
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        chunk.subscription[row] = {1};
        chunk.meter[row] = meters().meter_named("data")->id;
        chunk.start[row] = chunk.end[row] = Instant{minutes[row] * 60 * kMicrosPerSecond};
        chunk.quantity[row] = quantities[row];
    }
    std::vector<std::size_t> order = {0, 1, 2, 3, 4};
    do {
        WindowGrowth growth(feed, meters());
        WindowGrowth charged(feed, meters());  // by what chargeable records of each say
        std::int64_t sum = 0;
        for (const std::size_t row : order) {
            const std::int64_t adds = *growth.growth(chunk, row);
            EXPECT_EQ(charged.growth(chunk, row), adds);
            growth.add(chunk, row);
            charged.add_charged(charged.of(chunk, row), chunk.end[row], adds);
            sum += adds;
        }
        EXPECT_EQ(sum, 5);
        EXPECT_EQ(growth.all().front().growth, 5);
    } while (std::ranges::next_permutation(order).found);
}

TEST(Windows, OfTheirLastPartAreChargedWhereTheyBegin) {
    const Feed feed = feed_of(feed_text("{window: 1 day, quantity: {data: last}}"));
    Windows windows(feed, meters());
    const MeterId data = meters().meter_named("data")->id;
    const auto charged = [&](const char* part) {
        return to_rfc3339(windows.charged_at(data, *parse_rfc3339(part)));
    };
    EXPECT_EQ(charged("2026-01-10T05:59:59Z"), "2026-01-09T22:00:00Z");
    // Where the clock changes within the day, a window ends there and another begins.
    EXPECT_EQ(charged("2026-03-29T00:30:00Z"), "2026-03-28T22:00:00Z");
    EXPECT_EQ(charged("2026-03-29T12:00:00Z"), "2026-03-29T01:00:00Z");
    EXPECT_EQ(charged("2026-10-25T12:00:00Z"), "2026-10-25T01:00:00Z");
    const Instant part = *parse_rfc3339("2026-01-10T05:59:59Z");
    EXPECT_EQ(windows.charged_at(meters().meter_named("sms")->id, part), part);
}

TEST(WindowGrowth, KeepsSoManyValuesAndSaysSo) {
    const Feed feed = feed_of(feed_text("{window: 15 minutes, quantity: distinct network}"));
    WindowGrowth growth(feed, meters());
    UsageChunk chunk;
    chunk.resize(1);
    chunk.meter[0] = meters().meter_named("data")->id;
    for (std::int64_t i = 1; i <= kWindowValuesMax; ++i) {
        chunk.network[0] = {static_cast<std::uint32_t>(i)};
        ASSERT_EQ(growth.growth(chunk, 0), 1);
        growth.add(chunk, 0);
    }
    EXPECT_EQ(growth.growth(chunk, 0), 0);
    chunk.network[0] = {kWindowValuesMax + 1};
    EXPECT_EQ(growth.growth(chunk, 0), std::nullopt);
}

// The names of the refusals of that policy under a plan with those charges; "" when it goes.
std::string refusals(const std::string& aggregate, const std::string& charges,
                     const std::string& more = {}, const std::string& deck = {}) {
    const auto compiled = catalog::testing::compile_text(around(charges, more), deck);
    if (!compiled) return catalog::testing::told(compiled);
    std::string names;
    for (const Error& error : check_windows(feed_of(feed_text(aggregate)), **compiled)) {
        if (names.find(error.code) == std::string::npos)
            names += (names.empty() ? "" : " ") + error.code;
    }
    return names;
}

TEST(Windows, GoWithPricesOfCumulatedQuantities) {
    const std::string hour = "{window: 1 h}";
    EXPECT_EQ(refusals(hour, "      - {usage: data, price: 0.01 per MB}\n"), "");
    EXPECT_EQ(refusals(hour,
                       "      - {usage: data, graduated: [{to: 1 MB, price: 1 per MB}, {price: 0.5 "
                       "per MB}], allowance: {quantity: 5 MB per subscription, shared_by: "
                       "account}}\n"),
              "");
    EXPECT_EQ(refusals(hour, "      - {usage: data, package: 1.00 per 10 MB}\n"), "");
    EXPECT_EQ(refusals(hour, "      - {usage: data, window: hour, package: 1.00 per 10 MB}\n"), "");
    EXPECT_EQ(refusals("{window: 1 day}",
                       "      - {usage: data, round_up: 1 kB per day, price: 0.01 per MB}\n"),
              "");
    EXPECT_EQ(refusals("{window: 1 h, by: [network]}",
                       "      - {usage: data, when: {zone: eu}, price: 0.01 per MB}\n"
                       "      - {usage: data, price: 0.02 per MB}\n"),
              "");
}

TEST(Windows, ThatMergeWhatAPriceTellsApartAreRefusedByName) {
    const std::string hour = "{window: 1 h}";
    EXPECT_EQ(
        refusals(hour, "      - {usage: data, round_up: 1 kB per session, price: 1 per MB}\n"),
        "windows_merge_sessions");
    EXPECT_EQ(refusals(hour, "      - {usage: sms, connection_fee: 0.01, price: 1 per message}\n"),
              "windows_merge_sessions");
    EXPECT_EQ(refusals(hour, "      - {usage: sms, minimum: 0.01, price: 1 per message}\n"),
              "windows_merge_sessions");
    EXPECT_EQ(refusals(hour,
                       "      - {usage: data, when: {zone: eu}, price: 0.01 per MB}\n"
                       "      - {usage: data, price: 0.02 per MB}\n"),
              "windows_merge_networks");
    EXPECT_EQ(
        refusals("{window: 2 h}", "      - {usage: data, window: hour, package: 1.00 per 10 MB}\n"),
        "windows_cross_prices");
    EXPECT_EQ(refusals("{window: 1 h, time_zone: UTC}", "      - {usage: data, price: 1 per MB}\n"),
              "windows_cross_days");
    EXPECT_EQ(
        refusals("{window: 1 h, quantity: {fax: sum}}", "      - {usage: data, price: 1 per MB}\n"),
        "windows_of_no_meter");
    for (const char* function : {"count", "distinct called"})
        EXPECT_EQ(refusals("{window: 1 h, quantity: " + std::string(function) + "}",
                           "      - {usage: sms, price: 1 per message}\n"),
                  "windows_count_amounts");
    EXPECT_EQ(
        refusals("{window: 1 h, quantity: max}", "      - {usage: sms, price: 1 per message}\n"),
        "");
    EXPECT_EQ(refusals(hour, "      - {usage: data, price: 1 per MB}\n    limits: {data: 60 MB}\n"),
              "windows_merge_limits");
    EXPECT_EQ(
        refusals(hour,
                 "      - {usage: data, price: 1 per MB}\n    limits: {networks: [\"248\"]}\n"),
        "windows_merge_networks");
    const std::string deck = "prefix,name,price\n44,UK,0.01\n";
    const std::string by_deck = "      - {usage: voice, deck: d}\n";
    const std::string decks =
        "decks: {d: {file: deck.csv, meter: voice, per: min, increments: 1/1}}\n";
    EXPECT_EQ(refusals(hour, by_deck, decks, deck), "windows_merge_numbers");
    EXPECT_EQ(refusals("{window: 1 h, by: [called]}", by_deck, decks, deck), "");
    EXPECT_EQ(
        refusals("{window: 1 h, by: [called]}", by_deck,
                 "decks: {d: {file: deck.csv, meter: voice, per: min, increments: 60/6}}\n", deck),
        "windows_merge_sessions");
}

}  // namespace
}  // namespace farthing::mediation
