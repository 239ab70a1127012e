#include "mediation/decode_map.h"

#include <charconv>

#include "base/decimal.h"
#include "mediation/dedup_segment.h"
#include "model/open_session.h"

namespace farthing::mediation {

Mapper::Mapper(const Feed& feed, const catalog::Version& meters, const FieldMap& map, Arena& arena)
    : feed_(feed),
      map_(map),
      arena_(arena),
      start_reader_(feed.time, feed.zone),
      end_reader_(feed.end_time.value_or(feed.time), feed.zone),
      start_clock_(map.start_clock),
      end_clock_(map.end_clock),
      service_constant_(feed.service.constant.has_value()),
      record_key_(feed),
      has_numbers_(map.called != kNoSlot || map.calling != kNoSlot),
      has_network_(map.network != kNoSlot || map.mcc != kNoSlot),
      has_key_(!map.same_record.empty() || !record_key_.empty()) {
    if (service_constant_) {
        add_service(meters, {}, *feed.service.constant);
    } else if (!feed.service.map.empty()) {
        for (const auto& [source_name, name] : feed.service.map)
            add_service(meters, source_name, name);
    } else {
        for (const catalog::Meter& meter : meters.meters)
            add_service(meters, meter.name, meter.name);
    }
    if (!services_.empty()) last_service_ = &services_.front();
}

void Mapper::add_service(const catalog::Version& meters, const std::string& source_name,
                         const std::string& name) {
    Service service;
    service.source_name = source_name;
    const auto own = feed_.quantity_of.find(name);
    const Feed::QuantityRules& rules =
        own == feed_.quantity_of.end() ? feed_.quantity : own->second;
    for (const FieldRef& ref : rules.sum) service.quantities.push_back(map_.slot_of(ref));
    if (const catalog::Meter* meter = meters.meter_named(name)) {
        service.meter = meter->id;
        const Unit* unit =
            rules.unit.empty() ? unit_as_written(meter->unit) : unit_named(rules.unit);
        service.unit_fits = unit != nullptr && same_measure(*unit, *meter->unit);
        if (service.unit_fits) service.ratio = {unit->size, meter->unit->size};
        if (service.unit_fits && unit->size % meter->unit->size == 0) {
            service.ratio = {unit->size / meter->unit->size, 1};
        }
        if (meter->unit->dimension == Dimension::time)
            service.unit_micros = meter->unit->size * 1'000;  // from milliseconds
    }
    if (rules.from.given()) {
        service.from = map_.slot_of(rules.from);
        service.to = map_.slot_of(rules.to);
        service.fraction = rules.fraction;
        service.times = std::make_unique<TimeReader>(rules.time, feed_.zone);
    }
    services_.push_back(std::move(service));
}

const Mapper::Service* Mapper::service_of(std::string_view name) {
    if (service_constant_) return last_service_;
    if (last_service_ != nullptr && last_service_->source_name == name) return last_service_;
    for (const Service& service : services_) {
        if (service.source_name != name) continue;
        last_service_ = &service;
        return last_service_;
    }
    return nullptr;
}

void Mapper::suspend(UsageChunk& chunk, std::size_t row, SuspenseReason why, Slot slot,
                     std::string_view text) {
    if (!chunk.live(row)) return;  // the first fault is told
    chunk.suspend(row, why);
    culprit_ = {slot, text};
}

void Mapper::map(const RecordView& record, const std::string_view* fields, UsageChunk& chunk,
                 std::size_t row) {
    chunk.line[row] = record.line;
    chunk.raw[row] = record.raw;
    chunk.meter[row] = {};
    chunk.quantity[row] = 0;
    chunk.content[row] = 0;
    chunk.subscription[row] = {};
    chunk.outcome[row] = Outcome::rated;
    chunk.reason[row] = SuspenseReason::none;
    if (chunk.tells_carrier) chunk.carrier[row] = {};
    if (chunk.tells_parts) map_parts(fields, chunk, row);
    if (chunk.tells_amount) chunk.amount[row] = {};
    if (chunk.tells_answer) chunk.unanswered[row] = 0;
    if (!corrections_.empty()) fields = corrected(fields);
    if (record.fault != SuspenseReason::none || (!feed_.filters.empty() && filtered(fields))) {
        chunk.id[row] = chunk.identity[row] = chunk.called[row] = chunk.calling[row] = {};
        chunk.identity_kind[row] = {};
        chunk.start[row] = chunk.end[row] = {};
        chunk.network[row] = {};
        for (auto& column : chunk.reading) column[row] = 0;
        chunk.key[row] = {};
        if (chunk.in_parts) chunk.session[row] = {}, chunk.last_part[row] = 0;
        if (record.fault == SuspenseReason::none) {
            chunk.outcome[row] = Outcome::filtered;
        } else {
            suspend(chunk, row, record.fault, kNoSlot, record.raw);
        }
        return;
    }
    // A record that fails goes on: who sent it and when tells people where to look.
    chunk.id[row] = trimmed(fields[map_.id]);
    if (map_.id != kNoSlot && chunk.id[row].empty())
        suspend(chunk, row, SuspenseReason::missing_field, map_.id, {});
    chunk.called[row] = chunk.calling[row] = {};
    if (has_numbers_) map_numbers(fields, chunk, row);
    map_identity(fields, chunk, row);
    map_times(fields, chunk, row);
    chunk.network[row] = {};
    if (has_network_) map_network(fields, chunk, row);
    map_keep(fields, chunk, row);
    map_quantity(fields, chunk, row);
    if (chunk.in_parts) map_session(fields, chunk, row);
    if (chunk.tells_carrier) chunk.carrier[row] = carrier_of(fields);
    if (chunk.tells_amount) chunk.amount[row] = trimmed(fields[map_.amount]);
    chunk.key[row] = has_key_ && chunk.live(row) ? key_of(fields, chunk, row) : Hash128{};
}

bool Mapper::filtered(const std::string_view* fields) const {
    for (std::size_t i = 0; i < feed_.filters.size(); ++i) {
        const Feed::Filter& filter = feed_.filters[i];
        const std::string_view text = trimmed(fields[map_.filters[i]]);
        const bool matches = std::ranges::find(filter.equals, text) != filter.equals.end();
        if (matches != filter.keep_matching) return true;
    }
    return false;
}

void Mapper::map_numbers(const std::string_view* fields, UsageChunk& chunk, std::size_t row) {
    const auto read = [&](Slot slot, const NumberRules& rules) {
        const std::string_view text = trimmed(fields[slot]);
        return rules.on ? normalised_number(text, rules, arena_) : text;
    };
    chunk.called[row] = read(map_.called, feed_.called_rules);
    chunk.calling[row] = read(map_.calling, feed_.calling_rules);
}

std::string_view Mapper::carrier_of(const std::string_view* fields) const {
    const TextField& carrier = feed_.carrier;
    const std::string_view text = trimmed(fields[map_.carrier]);
    if (carrier.constant && text.empty()) return *carrier.constant;
    const auto mapped = carrier.map.find(text);
    return mapped == carrier.map.end() ? text : std::string_view(mapped->second);
}

// By the first rule whose field is filled.
void Mapper::map_identity(const std::string_view* fields, UsageChunk& chunk, std::size_t row) {
    chunk.identity[row] = {};
    chunk.identity_kind[row] = {};
    if (!feed_.rates(Perspective::retail) || feed_.kind == Feed::Kind::carrier_invoice) return;
    for (std::size_t i = 0; i < feed_.guide.size(); ++i) {
        const Feed::GuideRule& rule = feed_.guide[i];
        std::string_view text;
        switch (rule.from) {
            case Feed::GuideRule::From::field: text = trimmed(fields[map_.guide[i]]); break;
            case Feed::GuideRule::From::called: text = chunk.called[row]; break;
            case Feed::GuideRule::From::calling: text = chunk.calling[row]; break;
        }
        const bool digits =
            rule.by != IdentityKind::device && rule.by != IdentityKind::subscription;
        if (digits) text = without_separators(text, arena_);
        if (text.empty()) continue;
        chunk.identity[row] = text;
        chunk.identity_kind[row] = rule.by;
        return;
    }
    if (feed_.by_destination && !chunk.called[row].empty()) return;  // perhaps its owner pays
    suspend(chunk, row, SuspenseReason::missing_field,
            map_.guide.empty() ? kNoSlot : map_.guide.front(), {});
}

void Mapper::map_times(const std::string_view* fields, UsageChunk& chunk, std::size_t row) {
    chunk.start[row] = chunk.end[row] = {};
    LocalReading start;
    LocalReading end;
    bool unclear = false;
    if (!read_times(fields, chunk, row, start, end, unclear)) return;
    std::int64_t duration = 0;
    if (map_.duration != kNoSlot && !read_duration(fields, chunk, row, duration)) return;
    const bool has_end = map_.end != kNoSlot;
    if (unclear && has_end && map_.duration != kNoSlot) {
        // The repeated hour: start, end and duration together may fit exactly one reading (EC22).
        int fits = 0;
        Instant from;
        for (int i = 0; i < (start.kind == LocalReading::Kind::ambiguous ? 2 : 1); ++i) {
            for (int j = 0; j < (end.kind == LocalReading::Kind::ambiguous ? 2 : 1); ++j) {
                const Instant first = i == 0 ? start.first : start.second;
                const Instant last = j == 0 ? end.first : end.second;
                if (last.micros - first.micros != duration) continue;
                fits += 1;
                from = first;
            }
        }
        if (fits == 1) {
            chunk.start[row] = from;
            chunk.end[row] = from.plus_micros(duration);
            return;
        }
    }
    chunk.start[row] = start.first;
    chunk.end[row] = has_end ? end.first : start.first.plus_micros(duration);
    if (!unclear) return;
    const bool at_start = start.kind == LocalReading::Kind::ambiguous;
    suspend(chunk, row, SuspenseReason::ambiguous_time, at_start ? map_.start : map_.end,
            at_start ? time_text(fields, map_.start, start_clock_)
                     : time_text(fields, map_.end, end_clock_));
}

// A day and a clock in two fields are read as one text; empty when one of them is.
std::string_view Mapper::time_text(const std::string_view* fields, Slot slot, Slot clock) {
    const std::string_view text = trimmed(fields[slot]);
    if (clock == kNoSlot) return text;
    const std::string_view rest = trimmed(fields[clock]);
    if (text.empty() || rest.empty()) return {};
    char* const joined = arena_.take(text.size() + 1 + rest.size());
    char* at = std::ranges::copy(text, joined).out;
    *at++ = ' ';
    return {joined, std::ranges::copy(rest, at).out};
}

// False when a time can't be read; `unclear` when one has two readings.
bool Mapper::read_times(const std::string_view* fields, UsageChunk& chunk, std::size_t row,
                        LocalReading& start, LocalReading& end, bool& unclear) {
    const auto read = [&](TimeReader& reader, Slot slot, Slot clock, LocalReading& reading) {
        const std::string_view text = time_text(fields, slot, clock);
        const SuspenseReason why =
            text.empty() ? SuspenseReason::missing_field : reader.read(text, reading);
        if (why == SuspenseReason::ambiguous_time) unclear = true;
        if (why == SuspenseReason::none || why == SuspenseReason::ambiguous_time) return true;
        suspend(chunk, row, why, slot, text);
        return false;
    };
    if (!read(start_reader_, map_.start, start_clock_, start)) return false;
    return map_.end == kNoSlot || read(end_reader_, map_.end, end_clock_, end);
}

bool Mapper::read_duration(const std::string_view* fields, UsageChunk& chunk, std::size_t row,
                           std::int64_t& micros) {
    const std::string_view text = trimmed(fields[map_.duration]);
    const SuspenseReason why =
        text.empty() ? SuspenseReason::missing_field
                     : add_quantity(text, feed_.decimal_point, {feed_.duration_micros, 1}, micros);
    if (why == SuspenseReason::none) return true;
    suspend(chunk, row, why, map_.duration, text);
    return false;
}

void Mapper::map_time_between(const Service& service, const std::string_view* fields,
                              UsageChunk& chunk, std::size_t row) {
    LocalReading readings[2];
    for (const bool at_end : {false, true}) {
        const Slot slot = at_end ? service.to : service.from;
        const std::string_view text = trimmed(fields[slot]);
        LocalReading& reading = readings[at_end ? 1 : 0];
        SuspenseReason why =
            text.empty() ? SuspenseReason::missing_field : service.times->read(text, reading);
        if (why == SuspenseReason::bad_time && !corrections_.empty())  // as people write times
            why = TimeReader({TimeRules::Kind::rfc3339, {}}, feed_.zone).read(text, reading);
        if (why != SuspenseReason::none) return suspend(chunk, row, why, slot, text);
    }
    const std::int64_t micros = readings[1].first.micros - readings[0].first.micros;
    const std::int64_t rest = service.unit_micros == 0 ? 1 : micros % service.unit_micros;
    using Fraction = Feed::QuantityRules::Fraction;
    const bool uneven = rest != 0 && service.fraction == Fraction::refuse;
    if (service.unit_micros == 0 || uneven)
        return suspend(chunk, row, SuspenseReason::bad_number, service.to,
                       trimmed(fields[service.to]));
    if (micros < 0)
        return suspend(chunk, row, SuspenseReason::session_reversed, service.to,
                       trimmed(fields[service.to]));
    chunk.quantity[row] =
        micros / service.unit_micros + (rest != 0 && service.fraction == Fraction::up ? 1 : 0);
}

void Mapper::map_quantity(const std::string_view* fields, UsageChunk& chunk, std::size_t row) {
    const std::string_view name =
        service_constant_ ? std::string_view{} : trimmed(fields[map_.service]);
    if (!service_constant_ && name.empty()) {
        return suspend(chunk, row, SuspenseReason::missing_field, map_.service, name);
    }
    const Service* service = service_of(name);
    if (service == nullptr || !service->meter) {
        return suspend(chunk, row, SuspenseReason::unknown_service, map_.service, name);
    }
    chunk.meter[row] = service->meter;
    if (map_.answered != kNoSlot && !is_answered(fields, chunk, row)) return;
    if (service->times != nullptr) return map_time_between(*service, fields, chunk, row);
    std::int64_t total = service->quantities.empty() ? 1 : 0;
    for (const Slot slot : service->quantities) {
        const std::string_view text = trimmed(fields[slot]);
        SuspenseReason why = SuspenseReason::missing_field;
        if (!service->unit_fits) {
            why = SuspenseReason::bad_number;
        } else if (!text.empty()) {
            why = add_quantity(text, feed_.decimal_point, service->ratio, total);
        }
        if (why != SuspenseReason::none) return suspend(chunk, row, why, slot, text);
    }
    chunk.quantity[row] = total;
}

bool Mapper::is_answered(const std::string_view* fields, UsageChunk& chunk, std::size_t row) const {
    if (!chunk.tells_answer) {
        chunk.tells_answer = true;
        chunk.unanswered.resize(chunk.size());
    }
    const bool answered = trimmed(fields[map_.answered]) == feed_.answered_equals;
    chunk.unanswered[row] = answered ? 0 : 1;
    return answered;
}

void Mapper::map_network(const std::string_view* fields, UsageChunk& chunk, std::size_t row) {
    const Slot slot = map_.network != kNoSlot ? map_.network : map_.mcc;
    const std::string_view country = trimmed(fields[slot]);
    const std::string_view code = trimmed(fields[map_.mnc]);
    if (country.empty()) return;
    std::array<char, 6> text{};
    const bool fits =
        country.size() + code.size() <= text.size() && (code.empty() || country.size() == 3);
    if (fits) std::ranges::copy(code, std::ranges::copy(country, text.begin()).out);
    // "244-05" is one field of seven characters.
    chunk.network[row] = code.empty() ? NetworkKey::parse(country)
                         : fits ? NetworkKey::parse({text.data(), country.size() + code.size()})
                                : NetworkKey{};
    if (!chunk.network[row]) suspend(chunk, row, SuspenseReason::unparseable, slot, country);
}

void Mapper::map_keep(const std::string_view* fields, UsageChunk& chunk, std::size_t row) {
    for (std::size_t i = 0; i < map_.keep.size(); ++i) {
        std::int64_t value = 0;
        const std::string_view text = trimmed(fields[map_.keep[i]]);
        const bool numbers = feed_.sequence == i + 1;  // then there must be one
        const bool read = (text.empty() && !numbers) || read_integer(text, value);
        if (!read || (numbers && (value < 0 || value > kNumberMax)))
            suspend(chunk, row, SuspenseReason::bad_number, map_.keep[i], text);
        chunk.reading[i][row] = value;
    }
}

// The file's seal compared both with its control totals.
void Mapper::map_parts(const std::string_view* fields, UsageChunk& chunk, std::size_t row) {
    const std::string_view parts = fields[map_.parts];
    const std::string_view digest = fields[map_.digest];
    chunk.digest[row] = 0;
    std::from_chars(digest.data(), digest.data() + digest.size(), chunk.digest[row], 16);
    if (!read_integer(parts, chunk.parts[row]) || chunk.parts[row] < 1)
        suspend(chunk, row, SuspenseReason::bad_number, map_.parts, parts);
}

// A record whose fields name no session is a whole one.
void Mapper::map_session(const std::string_view* fields, UsageChunk& chunk, std::size_t row) {
    chunk.session[row] = {};
    chunk.last_part[row] = 0;
    if (chunk.counted_online != CountedOnline::no) return map_charged(fields, chunk, row);
    bool named = false;
    key_text_.clear();
    for (const std::string& part : feed_.partials.by) {
        const bool is_id = part == "id";
        const std::string_view text = is_id ? chunk.id[row] : chunk.identity[row];
        named = named || (is_id && !text.empty());
        append_key_text(key_text_, text);
    }
    for (const Slot slot : map_.session) {
        const std::string_view text = trimmed(fields[slot]);
        named = named || !text.empty();
        append_key_text(key_text_, text);
    }
    if (!named) return;
    chunk.session[row] = hash128(key_text_);
    chunk.last_part[row] = closes(fields) ? 1 : 0;
}

bool Mapper::closes(const std::string_view* fields) const {
    const auto& closing = feed_.partials.last_equals;
    return std::ranges::find(closing, trimmed(fields[map_.last_part])) != closing.end();
}

// What online charging knows the session by.
void Mapper::map_charged(const std::string_view* fields, UsageChunk& chunk, std::size_t row) {
    const std::string_view id = trimmed(fields[map_.charging_id]);
    const std::string_view text = trimmed(fields[map_.rating_group]);
    std::int64_t group = 0;
    if (!text.empty() && (!read_integer(text, group) || group < 0 || group > UINT32_MAX))
        suspend(chunk, row, SuspenseReason::bad_number, map_.rating_group, text);
    chunk.counted[row] = 0;
    if (id.empty()) return;
    chunk.session[row] = charged_session(id, static_cast<std::uint32_t>(group));
    chunk.last_part[row] = closes(fields) ? 1 : 0;
}

Hash128 Mapper::key_of(const std::string_view* fields, const UsageChunk& chunk, std::size_t row) {
    if (map_.same_record.empty() && record_key_.id_alone()) return hash128(chunk.id[row]);
    key_text_.clear();
    record_key_.append(chunk, row, key_text_);
    for (const Slot slot : map_.same_record) append_key_text(key_text_, trimmed(fields[slot]));
    return hash128(key_text_);
}

}  // namespace farthing::mediation
