// How long a rate deck takes to compile and to match: deck_bench FILE.csv. Called numbers are
// spread over the whole deck, so that look-ups miss the caches as those of a carrier's traffic do.
#include <fmt/format.h>
#include <time.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "catalog/catalog.h"

namespace {

using namespace farthing;

constexpr std::size_t kNumbers = 1 << 20;
constexpr int kRounds = 8;

// Time of this thread on a core, so that a busy machine measures the same.
std::chrono::nanoseconds core_time() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

CatalogRecord catalog_with(const char* path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    CatalogRecord record;
    record.version = {1};
    record.files = {
        {"catalog.yaml",
         "catalog: bench\ncurrency: EUR\ntime_zone: Europe/Tallinn\nmeters: {voice: {unit: "
         "second}}\n"
         "decks: {az: {file: az.csv}}\nplans: [{plan: p, charges: [{usage: voice, deck: az}]}]\n"},
        {"az.csv", text.str()}};
    return record;
}

// Numbers under every prefix of the deck in turn, far from each other.
std::vector<std::string> numbers_under(const catalog::Deck& deck) {
    std::vector<std::string> numbers;
    const std::size_t rows = deck.rows().size();
    for (std::size_t i = 0; i < kNumbers; ++i) {
        const auto& row = deck.rows()[i * 2'654'435'761U % rows];
        numbers.push_back(fmt::format("{}{:07}", row.prefix, i * 7919 % 10'000'000));
    }
    return numbers;
}

}  // namespace

int main(int count, char** words) {
    if (count != 2) return EXIT_FAILURE;
    const CatalogRecord record = catalog_with(words[1]);
    NameTable names;
    const auto start = core_time();
    const auto compiled = catalog::compile(record, names);
    const auto loaded = core_time();
    if (!compiled) {
        fmt::print(stderr, "{}\n", compiled.error().front().to_string());
        return EXIT_FAILURE;
    }
    const catalog::Deck& deck = (*compiled)->decks.at("az");
    const auto numbers = numbers_under(deck);
    const Instant when = *parse_rfc3339("2026-06-15T12:00:00Z");
    std::size_t matched = 0;
    const auto before = core_time();
    for (int round = 0; round < kRounds; ++round) {
        for (const std::string& number : numbers) matched += deck.match(number, when) != nullptr;
    }
    const auto after = core_time();
    fmt::print("rows {} load_ms {} match_ns {} matched {}\n", deck.rows().size(),
               std::chrono::duration_cast<std::chrono::milliseconds>(loaded - start).count(),
               (after - before).count() / static_cast<std::int64_t>(kNumbers * kRounds),
               matched / kRounds);
    return EXIT_SUCCESS;
}
