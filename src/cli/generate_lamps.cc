#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/civil.h"
#include "base/instant.h"
#include "base/time_zone.h"
#include "cli/generate.h"
#include "cli/generate_file.h"
#include "cli/parse.h"

namespace farthing::cli {

namespace {

constexpr Date kFirstDay = Date::of(2026, 6, 1);
constexpr int kDays = 30;
constexpr int kMinutesPerDay = 24 * 60;
constexpr std::string_view kHeader = "event_id,lamp,time,energy_j,light,fault\n";
constexpr std::string_view kBurning = ",2400,";  // 40 W for 60 s
constexpr std::string_view kDark = ",0,";
constexpr std::array<std::string_view, kDistricts> kDistrictNames = {
    "harbour", "old-town", "market",  "riverside", "university", "north",
    "south",   "garden",   "station", "mills",     "hill",       "airport"};

// Where the faults are; days count from 0.
constexpr std::int64_t kRepeatedDistrict = 2, kRepeatedDay = 9;
constexpr std::int64_t kSilentDistrict = 4, kSilentDay = 11, kSilentFrom = 22 * 60,
                       kSilentTo = 23 * 60;
constexpr std::int64_t kConflictDistrict = 6, kConflictDay = 14, kConflictMinute = 21 * 60;
constexpr std::int64_t kRogueDistrict = 8, kRogueDay = 19, kRogueFrom = 2 * 60, kRogueTo = 4 * 60;

bool burns(std::int64_t minute_of_day) {
    return minute_of_day >= 20 * 60 || minute_of_day < 7 * 60;
}

std::string lamp_name(std::int64_t lamp) {
    std::string digits = std::to_string(lamp);
    return "L-" + std::string(6 - digits.size(), '0') + digits;
}

class CityWriter {
  public:
    CityWriter(std::filesystem::path folder, std::int64_t lamps, CitySlice slice)
        : folder_(std::move(folder)),
          lamps_(lamps),
          slice_(std::move(slice)),
          zone_(*TimeZone::named("Europe/Tallinn")) {
        unknown_ = {lamps / 5, lamps / 2, lamps - 1};
        stuck_ = lamps / 3;
    }

    Result<City> write(const OnFile& on_file) {
        for (std::int64_t day = 0; day < kDays; ++day) {
            for (std::int64_t district = 0; district < kDistricts; ++district) {
                if (!wanted(district, day)) continue;
                FARTHING_CHECK(day_file(district, day));
                if (on_file) on_file(day * kDistricts + district + 1, kDays * kDistricts);
            }
        }
        if (!is_output(folder_)) FARTHING_CHECK(directory());
        city_.faults.unknown_lamps = static_cast<std::int64_t>(unknown_.size());
        city_.faults.unknown_reports = city_.faults.unknown_lamps * kDays * kMinutesPerDay;
        return std::move(city_);
    }

  private:
    bool wanted(std::int64_t district, std::int64_t day) const {
        const auto name = kDistrictNames[static_cast<std::size_t>(district)];
        return (!slice_.day || *slice_.day == day + 1) &&
               (slice_.district.empty() || slice_.district == name);
    }
    std::filesystem::path path_of(std::int64_t district, std::int64_t day,
                                  std::string_view suffix) const {
        const std::string name =
            to_string(kFirstDay.plus_days(static_cast<int>(day))) + std::string(suffix) + ".csv";
        return folder_ / "inbox" / kDistrictNames[static_cast<std::size_t>(district)] / name;
    }

    Result<void> day_file(std::int64_t district, std::int64_t day) {
        const bool repeated = district == kRepeatedDistrict && day == kRepeatedDay;
        const bool silent = district == kSilentDistrict && day == kSilentDay;
        FARTHING_CHECK(
            minutes(path_of(district, day, ""), district, day, 0, kMinutesPerDay, silent));
        if (repeated) {
            const std::int64_t before = city_.records;
            FARTHING_CHECK(
                minutes(path_of(district, day, "-again"), district, day, 0, kMinutesPerDay, false));
            city_.faults.repeated = city_.records - before;
            city_.faults.reports -= city_.faults.repeated;
        }
        // The silent hour arrives with the next day's files.
        if (district == kSilentDistrict && day == kSilentDay + 1) {
            return minutes(path_of(district, day, "-late"), district, kSilentDay, kSilentFrom,
                           kSilentTo, false);
        }
        return {};
    }

    Result<void> minutes(const std::filesystem::path& path, std::int64_t district, std::int64_t day,
                         std::int64_t from, std::int64_t to, bool silent) {
        FARTHING_CHECK(file_.open(path));
        if (file_.begins()) file_.add(kHeader);
        const Instant midnight = zone_.start_of(kFirstDay.plus_days(static_cast<int>(day)));
        for (std::int64_t minute = from; minute < to; ++minute) {
            if (silent && minute >= kSilentFrom && minute < kSilentTo) continue;
            const std::string time =
                to_rfc3339(midnight.plus_micros(minute * 60 * kMicrosPerSecond));
            for (std::int64_t lamp = district + 1; lamp <= lamps_; lamp += kDistricts)
                report(lamp, day, minute, time, burns(minute));
            if (district == kConflictDistrict && day == kConflictDay && minute == kConflictMinute)
                conflict(time, day, minute);
            if (district == kRogueDistrict && day == kRogueDay && minute >= kRogueFrom &&
                minute < kRogueTo)
                rogue(time, minute);
        }
        city_.files.push_back(path);
        return file_.close();
    }

    void report(std::int64_t lamp, std::int64_t day, std::int64_t minute, std::string_view time,
                bool burning) {
        file_.add((lamp - 1) * kDays * kMinutesPerDay + day * kMinutesPerDay + minute + 1);
        file_.add(",L-");
        file_.add_padded(lamp, 6);
        file_.add(",");
        file_.add(time);
        file_.add(burning ? kBurning : kDark);
        // Night is dark, day is bright; the stuck sensor never sees a difference.
        file_.add(lamp == stuck_ ? 42
                  : burning      ? (lamp + minute) % 9
                                 : 600 + (lamp + minute) % 250);
        file_.add(",0\n");
        city_.records += 1;
        city_.faults.reports += 1;
    }

    // The same lamp, minute and event id as before, with twice the energy.
    void conflict(std::string_view time, std::int64_t day, std::int64_t minute) {
        const std::int64_t lamp = kConflictDistrict + 1;
        file_.add((lamp - 1) * kDays * kMinutesPerDay + day * kMinutesPerDay + minute + 1);
        file_.add(",L-");
        file_.add_padded(lamp, 6);
        file_.add(",");
        file_.add(time);
        file_.add(",4800,3,0\n");
        city_.records += 1;
        city_.faults.conflicts += 1;
    }

    void rogue(std::string_view time, std::int64_t minute) {
        file_.add(900'000'000'000 + minute);
        file_.add(",SIM-77,");
        file_.add(time);
        file_.add(",2400,0,0\n");
        city_.records += 1;
        city_.faults.rogue += 1;
    }

    bool is_unknown(std::int64_t lamp) const {
        return std::ranges::find(unknown_, lamp) != unknown_.end();
    }

    Result<void> directory() {
        FARTHING_CHECK(file_.open(folder_ / "accounts.csv"));
        file_.add("account,parent,title,pays\ncity,,City of Lights,yes\n");
        for (const std::string_view district : kDistrictNames) {
            file_.add(district);
            file_.add(",city,,no\n");
        }
        FARTHING_CHECK(file_.close());
        FARTHING_CHECK(subscriptions("subscriptions.csv", false));
        return subscriptions("unknown-lamps.csv", true);
    }

    Result<void> subscriptions(const char* name, bool unknown) {
        FARTHING_CHECK(file_.open(folder_ / name));
        file_.add("subscription,account,plan,from,device\n");
        for (std::int64_t lamp = 1; lamp <= lamps_; ++lamp) {
            if (is_unknown(lamp) != unknown) continue;
            const std::string lamp_text = lamp_name(lamp);
            file_.add(lamp_text);
            file_.add(",");
            file_.add(kDistrictNames[static_cast<std::size_t>((lamp - 1) % kDistricts)]);
            file_.add(",lamp,2026-06-01,");
            file_.add(lamp_text);
            file_.add("\n");
        }
        return file_.close();
    }

    std::filesystem::path folder_;
    std::int64_t lamps_;
    CitySlice slice_;
    TimeZone zone_;
    std::array<std::int64_t, 3> unknown_{};
    std::int64_t stuck_ = 0;
    GeneratedFile file_;
    City city_;
};

}  // namespace

Result<City> generate_lamps(const std::filesystem::path& folder, std::int64_t lamps,
                            const OnFile& on_file, const CitySlice& slice) {
    if (lamps < kLampsMin || lamps > kLampsMax) {
        return fail(UsageReason::bad_value, "a city has " + std::to_string(kLampsMin) + " to " +
                                                std::to_string(kLampsMax) + " lamps");
    }
    if (slice.day && (*slice.day < 1 || *slice.day > kDays))
        return fail(UsageReason::bad_value, "June has the days 1 to " + std::to_string(kDays));
    if (!slice.district.empty() &&
        std::ranges::find(kDistrictNames, slice.district) == kDistrictNames.end()) {
        return fail(UsageReason::bad_value,
                    fmt::format("the city has no district \"{}\"; it has {}", slice.district,
                                fmt::join(kDistrictNames, ", ")));
    }
    if (!TimeZone::named("Europe/Tallinn"))
        return fail(UsageReason::not_found, "the system has no time zone Europe/Tallinn");
    return CityWriter(folder, lamps, slice).write(on_file);
}

}  // namespace farthing::cli
