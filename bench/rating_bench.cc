// How many records a second one core rates: 200,000 subscriptions that report in turn, as lamps or
// SIMs do.
#include <fmt/format.h>
#include <time.h>

#include <chrono>
#include <cstdlib>
#include <memory>

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

catalog::Snapshot catalog_of(std::vector<catalog::Band> bands, catalog::BandMode mode,
                             bool pooled) {
    auto version = std::make_shared<catalog::Version>();
    version->number = {1};
    version->zone = *TimeZone::named("Europe/Tallinn");
    version->valid_from = *parse_rfc3339("2025-12-31T22:00:00Z");
    version->currency = *Currency::named("EUR");
    catalog::UsageCharge charge;
    charge.id = {1};
    charge.meter = kMeter;
    charge.bands = std::move(bands);
    charge.mode = mode;
    if (pooled)
        charge.allowance = catalog::Allowance{1'000'000, false, catalog::SharedBy::account, {}};
    catalog::Plan plan;
    plan.id = {1};
    plan.charges = {charge};
    plan.matchers.resize(2);
    plan.matchers[1].rest = {0};
    version->plans = {plan};
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

void fill(UsageChunk& chunk, std::uint64_t& position, bool in_order) {
    chunk.resize(0);
    chunk.resize(kChunkRecordsMax);
    const Instant first = *parse_rfc3339("2026-01-02T00:00:00Z");
    for (std::size_t row = 0; row < chunk.size(); ++row, ++position) {
        const std::uint64_t who = in_order ? position : position * 2'654'435'761U;
        chunk.subscription[row] = {static_cast<std::uint32_t>(1 + who % kSubscriptions)};
        chunk.start[row] = first.plus_micros(static_cast<std::int64_t>(position) * 300'000);
        chunk.quantity[row] = static_cast<std::int64_t>(1 + (position * 7919) % 2'000'000);
        chunk.meter[row] = kMeter;
    }
}

void measure(const char* name, const catalog::Snapshot& catalog,
             const directory::Directory& directory, bool in_order) {
    rating::CounterTable counters({});
    rating::Rater rater(catalog, directory, counters);
    UsageChunk chunk;
    RatedChunk rated;
    std::uint64_t position = 0;
    std::int64_t records = 0;
    std::int64_t atoms = 0;
    std::chrono::nanoseconds rating{0};
    std::chrono::nanoseconds taking{0};
    for (int round = 0; round < kRounds; ++round) {
        fill(chunk, position, in_order);
        rated.clear();
        const auto start = core_time();
        rater.rate(chunk, rated);
        const auto middle = core_time();
        if (round % 10 == 9) {
            for (const auto& delta : rater.take_deltas()) atoms += delta.charge_atoms;
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
    measure("flat, in order", flat, directory, true);
    measure("flat, scattered", flat, directory, false);
    measure("graduated and pooled, in order", tiers, directory, true);
    measure("graduated and pooled, scattered", tiers, directory, false);
    return EXIT_SUCCESS;
}
