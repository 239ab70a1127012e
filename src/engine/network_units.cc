#include "engine/network_units.h"

#include <fmt/format.h>

#include "engine/reasons.h"
#include "model/quantity.h"

namespace farthing::engine {

namespace {

constexpr std::int64_t kMillis = 1'000;  // what time's units are measured in, of a second

enum class Way : std::uint8_t { bytes, seconds, pieces };

std::optional<Way> way_of(Dimension dimension) {
    switch (dimension) {
        case Dimension::volume: return Way::bytes;
        case Dimension::time: return Way::seconds;
        case Dimension::message:
        case Dimension::event:
        case Dimension::number: return Way::pieces;
        case Dimension::energy:
        case Dimension::money: return std::nullopt;
    }
    return std::nullopt;
}

bool counts_so(const NetworkCounts& counts, Way way) {
    switch (way) {
        case Way::bytes: return counts.bytes.has_value();
        case Way::seconds: return counts.seconds.has_value();
        case Way::pieces: return counts.pieces.has_value();
    }
    return false;
}

std::string_view words_of(Way way) {
    switch (way) {
        case Way::bytes: return "bytes";
        case Way::seconds: return "seconds";
        case Way::pieces: return "pieces";
    }
    return {};
}

bool counts_so(const ChargeQuestion::Service& service, Way way) {
    bool some = !is_empty(service.counts);
    bool so = counts_so(service.counts, way);
    for (const auto& used : service.used) {
        so = so || counts_so(used.counts, way);
        some = some || !is_empty(used.counts);
    }
    return some ? so : service.usual && way_of(*service.usual) == way;
}

}  // namespace

bool is_empty(const NetworkCounts& counts) {
    return !counts.bytes && !counts.seconds && !counts.pieces;
}

Result<const catalog::Meter*> meter_counting(const catalog::Version& version,
                                             const ChargeQuestion::Service& service) {
    for (const Way way : {Way::bytes, Way::seconds, Way::pieces}) {
        if (!counts_so(service, way)) continue;
        const catalog::Meter* found = nullptr;
        for (const catalog::Meter& meter : version.meters) {
            if (way_of(meter.unit->dimension) != way) continue;
            if (found != nullptr)
                return fail(EngineReason::charge_malformed,
                            fmt::format("group {} counts {}, and so do the meters {} and {}",
                                        service.group, words_of(way), found->name, meter.name));
            found = &meter;
        }
        if (found != nullptr) return found;
    }
    return fail(EngineReason::charge_malformed,
                fmt::format("no meter counts what group {} does", service.group));
}

Result<std::optional<std::int64_t>> units_of(const NetworkCounts& counts,
                                             const catalog::Meter& meter) {
    const Unit& unit = *meter.unit;
    const auto way = way_of(unit.dimension);
    if (!way || !counts_so(counts, *way)) return std::nullopt;
    std::optional<std::int64_t> smallest;
    if (way == Way::bytes) smallest = counts.bytes;
    if (way == Way::pieces) smallest = counts.pieces;
    if (way == Way::seconds && *counts.seconds <= kQuantityMax / kMillis)
        smallest = *counts.seconds * kMillis;
    if (!smallest || *smallest < 0 || *smallest > kQuantityMax || *smallest % unit.size != 0)
        return fail(EngineReason::charge_malformed,
                    fmt::format("what was counted is no quantity of {}", meter.name));
    return *smallest / unit.size;
}

NetworkCounts counts_of(std::int64_t units, const Unit& unit) {
    NetworkCounts counts;
    const auto way = way_of(unit.dimension);
    const std::int64_t smallest = units > INT64_MAX / unit.size ? INT64_MAX : units * unit.size;
    if (way == Way::bytes) counts.bytes = smallest;
    if (way == Way::seconds) counts.seconds = smallest / kMillis;
    if (way == Way::pieces) counts.pieces = smallest;
    return counts;
}

}  // namespace farthing::engine
