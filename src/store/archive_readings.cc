// Kept readings out of the archive, for assurance: only their columns are read.
#include <algorithm>

#include "store/archive.h"
#include "store/parquet_reader.h"

namespace farthing::store {

namespace {

bool may_lie_within(const ParquetReader& reader, int group, Period within) {
    const auto bounds = reader.bounds(group, usage_column::start);
    return !bounds || (bounds->first < within.end.micros && bounds->second >= within.start.micros);
}

bool was_taken_in(std::int64_t outcome) {
    return outcome <= static_cast<std::int64_t>(Outcome::open_partial);
}

// The group's rows whose device is wanted; empty: none is.
struct Devices {
    std::vector<std::int64_t> ids;
    std::vector<bool> wanted;
};
Result<Devices> devices_of(ParquetReader& reader, int group, const ReadingFilter& filter) {
    Devices devices;
    FARTHING_TRY(devices.ids, reader.numbers(group, usage_column::subscription));
    devices.wanted.assign(devices.ids.size(), true);
    if (!filter.wanted) return devices;
    bool any = false;
    for (std::size_t i = 0; i < devices.ids.size(); ++i) {
        devices.wanted[i] = filter.wanted({static_cast<std::uint32_t>(devices.ids[i])});
        any = any || devices.wanted[i];
    }
    return any ? std::move(devices) : Devices{};
}

Result<void> read_group(ParquetReader& reader, int group, const ReadingFilter& filter,
                        const OnReadings& visit) {
    FARTHING_TRY(const Devices devices, devices_of(reader, group, filter));
    if (devices.ids.empty()) return {};
    FARTHING_TRY(const auto outcomes, reader.numbers(group, usage_column::outcome));
    FARTHING_TRY(const auto starts, reader.numbers(group, usage_column::start));
    FARTHING_TRY(const auto values,
                 reader.numbers(
                     group, filter.which == 0 ? usage_column::reading_1 : usage_column::reading_2));
    std::vector<std::int64_t> sources;
    if (!filter.without.empty()) {
        FARTHING_TRY(sources, reader.numbers(group, usage_column::source));
    }
    const auto was_withdrawn = [&](std::size_t row) {
        return !sources.empty() &&
               std::ranges::binary_search(filter.without,
                                          SourceId{static_cast<std::uint32_t>(sources[row])});
    };
    std::vector<KeptReading> readings;
    readings.reserve(devices.ids.size());
    for (std::size_t i = 0; i < devices.ids.size(); ++i) {
        const Instant start{starts[i]};
        if (!devices.wanted[i] || !was_taken_in(outcomes[i]) || !filter.within.contains(start) ||
            was_withdrawn(i))
            continue;
        readings.push_back({{static_cast<std::uint32_t>(devices.ids[i])}, start, values[i]});
    }
    visit(readings);
    return {};
}

}  // namespace

Result<void> each_reading(const std::filesystem::path& file, const ReadingFilter& filter,
                          const OnReadings& visit) {
    FARTHING_TRY(ParquetReader reader, ParquetReader::open(file, kUsageTable));
    for (int group = 0; group < reader.groups(); ++group) {
        if (!may_lie_within(reader, group, filter.within)) continue;
        FARTHING_CHECK(read_group(reader, group, filter, visit));
    }
    return {};
}

Result<std::optional<Instant>> newest_event(const std::filesystem::path& file) {
    FARTHING_TRY(const ParquetReader reader, ParquetReader::open(file, kUsageTable));
    std::optional<Instant> newest;
    for (int group = 0; group < reader.groups(); ++group) {
        const auto bounds = reader.bounds(group, usage_column::start);
        if (bounds && (!newest || newest->micros < bounds->second)) newest = {bounds->second};
    }
    return newest;
}

}  // namespace farthing::store
