// How many records a second one core rates: 200,000 subscriptions that report in turn, as lamps or
// SIMs do, or call by a deck; and that a call's length makes no difference.
#include <fmt/format.h>
#include <time.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>

#include "rating/rater.h"

namespace {

using namespace farthing;

constexpr std::uint32_t kSubscriptions = 200'000;
constexpr std::uint32_t kAccounts = 2'000;
constexpr MeterId kMeter{1};
constexpr int kRounds = 30;

catalog::Band band(std::int64_t to, const char* amount, std::int64_t per) {
    return {to, {*Decimal::parse(amount), per, amount}};
}

std::shared_ptr<catalog::Version> version_of(catalog::UsageCharge charge) {
    auto version = std::make_shared<catalog::Version>();
    version->number = {1};
    version->zone = *TimeZone::named("Europe/Tallinn");
    version->valid_from = *parse_rfc3339("2025-12-31T22:00:00Z");
    version->currency = *Currency::named("EUR");
    charge.id = {1};
    charge.meter = kMeter;
    catalog::Plan plan;
    plan.id = {1};
    plan.charges = {std::move(charge)};
    plan.matchers.resize(2);
    plan.matchers[1].rest = {0};
    version->plans = {plan};
    return version;
}

catalog::Snapshot catalog_of(std::vector<catalog::Band> bands, catalog::BandMode mode,
                             bool pooled) {
    catalog::UsageCharge charge;
    charge.bands = std::move(bands);
    charge.mode = mode;
    if (pooled)
        charge.allowance = catalog::Allowance{1'000'000, false, catalog::SharedBy::account, {}};
    return catalog::Snapshot({version_of(std::move(charge))});
}

constexpr std::array<const char*, 8> kCalled = {"4420", "447",  "65", "1",
                                                "3725", "4930", "33", "81"};

catalog::Snapshot deck_catalog() {
    catalog::UsageCharge charge;
    charge.priced_by = catalog::PricedBy::prefix_deck;
    charge.rates = "outbound";
    auto version = version_of(std::move(charge));
    std::vector<catalog::RateRow> rows;
    for (const char* prefix : kCalled) {
        catalog::RateRow row;
        row.prefix = prefix;
        row.key = catalog::deck_key(prefix);
        row.price = band(0, "0.012", 60).price;
        rows.push_back(row);
    }
    version->decks.emplace("outbound", catalog::Deck("outbound", std::move(rows)));
    return catalog::Snapshot({version});
}

directory::Directory subscribers() {
    DirectoryFacts facts;
    const Date from = Date::of(2026, 1, 1);
    for (std::uint32_t i = 1; i <= kAccounts; ++i) {
        facts.accounts.push_back({{i}, fmt::format("account {}", i), {}, {}, {}, 1, {}});
        facts.pays.push_back({{i}, from, true});
    }
    for (std::uint32_t i = 1; i <= kSubscriptions; ++i) {
        facts.subscriptions.push_back(
            {{i}, fmt::format("subscription {}", i), {1 + i % kAccounts}, {}});
        facts.plans.push_back({{i}, from, {1}});
        facts.quantities.push_back({{i}, from, 1});
    }
    return *directory::Directory::fold(std::move(facts), *TimeZone::named("Europe/Tallinn"));
}

// Time of this thread on a core, so that a busy machine measures the same.
std::chrono::nanoseconds core_time() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

// A record's quantity by its position.
using QuantityOf = std::int64_t (*)(std::uint64_t);
std::int64_t various(std::uint64_t position) {
    return static_cast<std::int64_t>(1 + (position * 7919) % 2'000'000);
}
std::int64_t one_second(std::uint64_t /*position*/) {
    return 1;
}
std::int64_t ten_hours(std::uint64_t /*position*/) {
    return 36'000;
}

struct Flow {
    bool in_order = true;
    QuantityOf quantity = various;
};

void fill(UsageChunk& chunk, std::uint64_t& position, const Flow& flow,
          std::vector<std::string>& called) {
    chunk.resize(0);
    chunk.resize(kChunkRecordsMax);
    const Instant first = *parse_rfc3339("2026-01-02T00:00:00Z");
    for (std::size_t row = 0; row < chunk.size(); ++row, ++position) {
        const std::uint64_t who = flow.in_order ? position : position * 2'654'435'761U;
        chunk.subscription[row] = {static_cast<std::uint32_t>(1 + who % kSubscriptions)};
        chunk.start[row] = first.plus_micros(static_cast<std::int64_t>(position) * 300'000);
        chunk.quantity[row] = flow.quantity(position);
        chunk.meter[row] = kMeter;
        const std::uint64_t number = position * 40'503;
        called[row] = kCalled[(number >> 12) % kCalled.size()];
        called[row] += std::to_string(1'000'000 + number % 9'000'000);
        chunk.called[row] = called[row];
    }
}

void measure(const char* name, const catalog::Snapshot& catalog,
             const directory::Directory& directory, const Flow& flow) {
    rating::CounterTable counters({});
    rating::Rater rater(catalog, directory, counters);
    UsageChunk chunk;
    std::vector<std::string> called(kChunkRecordsMax);
    RatedChunk rated;
    std::uint64_t position = 0;
    std::int64_t records = 0;
    std::int64_t atoms = 0;
    std::chrono::nanoseconds rating{0};
    std::chrono::nanoseconds taking{0};
    for (int round = 0; round < kRounds; ++round) {
        fill(chunk, position, flow, called);
        rated.clear();
        const auto start = core_time();
        rater.rate(chunk, rated);
        const auto middle = core_time();
        if (round % 10 == 9) {
            rater.take_deltas([&](const auto& delta) { atoms += delta.charge_atoms; });
        }
        const auto end = core_time();
        if (round < 4) continue;  // every subscription was seen once
        rating += middle - start;
        taking += end - middle;
        records += static_cast<std::int64_t>(chunk.size());
    }
    const auto per_second = [&](std::chrono::nanoseconds time) {
        return records * 1'000'000'000 / time.count();
    };
    fmt::print("{:32} {:>10} records/s rated, {:>10} with deltas, {} atoms\n", name,
               per_second(rating), per_second(rating + taking), atoms);
}

}  // namespace

int main() {
    const directory::Directory directory = subscribers();
    const auto flat =
        catalog_of({band(INT64_MAX, "0.05", 1'000'000)}, catalog::BandMode::flat, false);
    const auto tiers =
        catalog_of({band(100'000'000, "0.10", 1'000'000), band(500'000'000, "0.05", 1'048'576),
                    band(INT64_MAX, "0.02", 1'000'000)},
                   catalog::BandMode::graduated, true);
    const auto deck = deck_catalog();
    measure("flat, in order", flat, directory, {});
    measure("flat, scattered", flat, directory, {.in_order = false});
    measure("graduated and pooled, in order", tiers, directory, {});
    measure("graduated and pooled, scattered", tiers, directory, {.in_order = false});
    measure("deck, scattered", deck, directory, {.in_order = false});
    // At increments 1/1 a call of ten hours is 36,000 steps; it must cost what one step costs.
    measure("deck, calls of one second", deck, directory, {.quantity = one_second});
    measure("deck, calls of ten hours", deck, directory, {.quantity = ten_hours});
    return EXIT_SUCCESS;
}
