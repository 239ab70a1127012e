// Invented usage as real files: the same arguments give the same bytes. For demonstrations, tests
// and benchmarks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace farthing::cli {

// Files done and all files.
using OnFile = std::function<void(std::int64_t, std::int64_t)>;

// What stands in the folder: inbox/…, accounts.csv, subscriptions.csv and what else a story needs.
struct Generated {
    std::vector<std::filesystem::path> files;  // of usage, in the order in which they arrive
    std::int64_t records = 0;                  // in all files
};

// A city's June 2026: every lamp reports each 60 s to the gateway of its district, one file per
// gateway and day. With the faults of real life: a file delivered twice, a silent hour that comes
// late, three lamps that the directory does not know yet (unknown-lamps.csv has them), a conflict,
// a stuck light sensor, a rogue SIM.
constexpr std::int64_t kDistricts = 12;
constexpr std::int64_t kLampsMin = 2 * kDistricts;
constexpr std::int64_t kLampsMax = 999'999;
struct CityFaults {
    std::int64_t reports = 0;   // one per lamp and minute
    std::int64_t repeated = 0;  // records of the file that is delivered twice
    std::int64_t conflicts = 0;
    std::int64_t rogue = 0;
    std::int64_t unknown_lamps = 0;
    std::int64_t unknown_reports = 0;
};
struct City : Generated {
    CityFaults faults;
};
// What of the month is written. Of a district and a day that is one file, and what is special of
// it; the lists of accounts and lamps are always written.
struct CitySlice {
    std::optional<std::int64_t> day;  // 1 to 30; else all
    std::string district;             // else all
};
Result<City> generate_lamps(const std::filesystem::path& folder, std::int64_t lamps,
                            const OnFile& on_file = {}, const CitySlice& slice = {});

// What chance decides. With faults some records come twice, some late, and some from owners that
// nobody knows: two, two and one of a thousand.
struct Chance {
    std::uint64_t seed = 20'260'101;
    bool faults = false;
};
// Data sessions of SIM cards over January 2026, for the feed sim-sessions. Into the folder "-"
// means: the records alone, to standard output.
Result<Generated> generate_sessions(const std::filesystem::path& folder, std::int64_t sims,
                                    std::int64_t records, Chance chance = {});
// Calls of office lines over January 2026 as Asterisk writes them, for the feed asterisk-master.
Result<Generated> generate_calls(const std::filesystem::path& folder, std::int64_t lines,
                                 std::int64_t records, Chance chance = {});

}  // namespace farthing::cli
