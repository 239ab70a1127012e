#include "rating/session.h"

#include <algorithm>

namespace farthing::rating {

namespace {

constexpr std::int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
constexpr std::int32_t kMinutesPerDay = 24 * 60;
// A call that lasts longer than this is a fault of its source; cutting it would take for ever.
constexpr std::int64_t kSessionMicrosMax = 400 * kMicrosPerDay;

std::int64_t micros_of_day(const TimeZone& zone, Instant when) {
    return zone.local_micros(when) - std::int64_t{zone.date_of(when).days} * kMicrosPerDay;
}

unsigned weekday_of(const catalog::Version& version, Date day) {
    const auto holiday = version.holidays.find(day);
    if (holiday != version.holidays.end()) return holiday->second;
    const std::int32_t since_thursday = day.days % 7;  // 1970-01-01 was one
    return static_cast<unsigned>((since_thursday + 7 + 3) % 7);
}

// Minutes of the local day around `minute` between which the band neither begins nor ends.
bool within(const catalog::TimeBand& band, unsigned weekday, std::int64_t minute,
            std::int32_t& from, std::int32_t& to) {
    bool holds = false;
    for (const catalog::TimeBand::Hours& hours : band.days[weekday]) {
        for (const std::int32_t edge : {hours.from, hours.to}) {
            if (edge <= minute) from = std::max(from, edge);
            if (edge > minute) to = std::min(to, edge);
        }
        holds = holds || (hours.from <= minute && minute < hours.to);
    }
    return holds;
}

// Clips `span` to where a local clock stays between two minutes of the day that `when` is in.
void clip(const TimeZone& zone, Instant when, std::int64_t local, std::int32_t from,
          std::int32_t to, Period& span) {
    const Period offset = zone.offset_span(when);
    const Instant start = when.plus_micros(from * kMicrosPerMinute - local);
    const Instant end = when.plus_micros(to * kMicrosPerMinute - local);
    span.start = std::max({span.start, offset.start, start});
    span.end = std::min({span.end, offset.end, end});
}

}  // namespace

const BandClock::Held& BandClock::at(const catalog::Version& version, Instant when) {
    if (version_ == &version && held_.span.contains(when)) return held_;
    version_ = &version;
    held_ = {0, {Instant::min(), Instant::max()}};
    clip(version.zone, when, micros_of_day(version.zone, when), 0, kMinutesPerDay, held_.span);
    for (std::size_t i = 0; i < version.time_bands.size(); ++i) {
        const catalog::TimeBand& band = version.time_bands[i];
        const std::int64_t local = micros_of_day(band.zone, when);
        std::int32_t from = 0;
        std::int32_t to = kMinutesPerDay;
        const unsigned weekday = weekday_of(version, band.zone.date_of(when));
        if (within(band, weekday, local / kMicrosPerMinute, from, to))
            held_.bands |= std::uint64_t{1} << i;
        clip(band.zone, when, local, from, to, held_.span);
    }
    return held_;
}

std::int64_t units_before(Instant edge, Instant start, std::int64_t unit_micros,
                          catalog::AtEdge at_edge, const catalog::Increments& increments) {
    const std::int64_t micros = edge.micros - start.micros;
    const std::int64_t begun = micros / unit_micros + (micros % unit_micros == 0 ? 0 : 1);
    return at_edge == catalog::AtEdge::block ? billable(begun, increments) : begun;
}

std::int64_t unit_micros(const catalog::Version& version, const catalog::UsageCharge& charge) {
    const catalog::Meter* meter = version.meter(charge.meter);
    if (meter == nullptr || meter->unit == nullptr || meter->unit->dimension != Dimension::time)
        return 0;
    return meter->unit->size * (kMicrosPerSecond / 1000);  // sizes of time are in milliseconds
}

std::uint32_t price_at(const catalog::Version& version, const catalog::UsageCharge& charge,
                       Instant when, BandClock& clock) {
    const std::uint64_t bands = clock.at(version, when).bands;
    for (std::uint32_t i = 0; i < charge.in_bands.size(); ++i) {
        if ((bands >> charge.in_bands[i].band & 1) != 0) return i + 1;
    }
    return 0;
}

bool cut_at_bands(const catalog::Version& version, const catalog::UsageCharge& charge,
                  const catalog::SessionRule& rule, Instant start, std::int64_t billable,
                  BandClock& clock, std::vector<SessionPiece>& pieces) {
    const std::int64_t unit = unit_micros(version, charge);
    if (rule.at_band == catalog::AtEdge::start || unit == 0 || billable <= 0) {
        pieces.push_back({price_at(version, charge, start, clock), start, billable});
        return true;
    }
    if (billable > kSessionMicrosMax / unit) return false;
    std::int64_t cut = 0;  // units before the piece at hand
    while (cut < billable) {
        const Instant from = start.plus_micros(cut * unit);
        const std::uint32_t price = price_at(version, charge, from, clock);
        const Instant edge = clock.at(version, from).span.end;
        const std::int64_t next =
            std::min(billable, units_before(edge, start, unit, rule.at_band, rule.increments));
        pieces.push_back({price, from, next - cut});
        cut = next;
    }
    return true;
}

}  // namespace farthing::rating
