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
      has_identity_(feed.rates(Perspective::retail) && feed.kind != Feed::Kind::carrier_invoice),
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

namespace {

// REQUIRES: a zero of the column's says that nothing was read; at most a block of rows.
template <class Value>
void clear(std::vector<Value>& column, std::size_t first, std::size_t rows) {
    static constexpr std::array<Value, RecordBlock::kRecords> kNothing{};
    std::copy_n(kNothing.begin(), rows, column.begin() + static_cast<std::ptrdiff_t>(first));
}

// As if nothing had been read yet.
void blank(UsageChunk& chunk, std::size_t first, std::size_t rows) {
    for (auto* column : {&chunk.id, &chunk.identity, &chunk.called, &chunk.calling})
        clear(*column, first, rows);
    if (chunk.tells_carrier) clear(chunk.carrier, first, rows);
    if (chunk.tells_amount) clear(chunk.amount, first, rows);
    clear(chunk.identity_kind, first, rows);
    clear(chunk.meter, first, rows);
    clear(chunk.start, first, rows);
    clear(chunk.end, first, rows);
    clear(chunk.quantity, first, rows);
    clear(chunk.network, first, rows);
    for (auto& column : chunk.reading) clear(column, first, rows);
    if (chunk.in_parts) {
        clear(chunk.session, first, rows);
        clear(chunk.last_part, first, rows);
    }
    if (chunk.tells_counted) clear(chunk.counted, first, rows);
    if (chunk.tells_answer) clear(chunk.unanswered, first, rows);
    if (chunk.tells_parts) {
        clear(chunk.parts, first, rows);
        clear(chunk.digest, first, rows);
    }
    clear(chunk.key, first, rows);
    clear(chunk.content, first, rows);
    clear(chunk.subscription, first, rows);
    static_assert(Outcome{} == Outcome::rated && SuspenseReason{} == SuspenseReason::none);
    clear(chunk.outcome, first, rows);
    clear(chunk.reason, first, rows);
}

}  // namespace

// A record that fails goes on: who sent it and when tells people where to look.
void Mapper::map(RecordBlock& block, std::size_t records, UsageChunk& chunk, std::size_t first) {
    blank(chunk, first, records);
    const Rows rows = readable(block, records, chunk, first);
    if (map_.id != kNoSlot) map_id(rows, chunk);
    if (has_numbers_) map_numbers(rows, chunk);
    if (has_identity_) map_identity(rows, chunk);
    map_times(rows, chunk);
    if (has_network_) map_network(rows, chunk);
    map_keep(rows, chunk);
    map_quantity(rows, chunk);
    if (chunk.in_parts) {
        for (const Row& one : rows) map_session(one, chunk);
    }
    if (chunk.tells_carrier) map_carrier(rows, chunk);
    if (chunk.tells_amount) {
        for (const Row& one : rows) chunk.amount[one.row] = trimmed(one.fields[map_.amount]);
    }
    if (!has_key_) return;
    for (const Row& one : rows) {
        if (chunk.live(one.row)) chunk.key[one.row] = key_of(one, chunk);
    }
}

// Those that could be taken apart and are wanted, corrected where a person did so.
Mapper::Rows Mapper::readable(RecordBlock& block, std::size_t records, UsageChunk& chunk,
                              std::size_t first) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < records; ++i) {
        const RecordView& record = block.record(i);
        chunk.line[first + i] = record.line;
        chunk.raw[first + i] = record.raw;
        rows_[count] = {block.fields(i), first + i};
        count += record.fault == SuspenseReason::none ? 1 : 0;
        if (record.fault != SuspenseReason::none)
            suspend(chunk, first + i, record.fault, kNoSlot, record.raw);
    }
    if (!corrections_.empty()) correct({rows_.data(), count});
    if (chunk.tells_parts) map_parts({rows_.data(), count}, chunk);
    if (feed_.filters.empty()) return {rows_.data(), count};
    const auto wanted = std::remove_if(
        rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(count), [&](const Row& one) {
            const bool out = filtered(one.fields);
            if (out) chunk.outcome[one.row] = Outcome::filtered;
            return out;
        });
    return {rows_.begin(), wanted};
}

void Mapper::map_id(Rows rows, UsageChunk& chunk) {
    std::string_view* const id = chunk.id.data();
    for (const Row& one : rows) {
        id[one.row] = trimmed(one.fields[map_.id]);
        if (id[one.row].empty())
            suspend(chunk, one.row, SuspenseReason::missing_field, map_.id, {});
    }
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

void Mapper::map_numbers(Rows rows, UsageChunk& chunk) {
    const auto read = [&](Slot slot, const NumberRules& rules,
                          std::vector<std::string_view>& column) {
        if (slot == kNoSlot) return;
        for (const Row& one : rows) {
            const std::string_view text = trimmed(one.fields[slot]);
            column[one.row] = rules.on ? normalised_number(text, rules, arena_) : text;
        }
    };
    read(map_.called, feed_.called_rules, chunk.called);
    read(map_.calling, feed_.calling_rules, chunk.calling);
}

void Mapper::map_carrier(Rows rows, UsageChunk& chunk) const {
    const TextField& carrier = feed_.carrier;
    for (const Row& one : rows) {
        std::string_view text = trimmed(one.fields[map_.carrier]);
        if (carrier.constant && text.empty()) {
            text = *carrier.constant;
        } else if (const auto mapped = carrier.map.find(text); mapped != carrier.map.end()) {
            text = mapped->second;
        }
        chunk.carrier[one.row] = text;
    }
}

// By the first rule whose field is filled.
void Mapper::map_identity(Rows rows, UsageChunk& chunk) {
    std::string_view* const identity = chunk.identity.data();
    IdentityKind* const kind = chunk.identity_kind.data();
    for (std::size_t i = 0; i < feed_.guide.size(); ++i) {
        const Feed::GuideRule& rule = feed_.guide[i];
        const Slot slot = map_.guide[i];
        const std::string_view* const number = rule.from == Feed::GuideRule::From::field ? nullptr
                                               : rule.from == Feed::GuideRule::From::called
                                                   ? chunk.called.data()
                                                   : chunk.calling.data();
        const bool digits =
            rule.by != IdentityKind::device && rule.by != IdentityKind::subscription;
        for (const Row& one : rows) {
            if (!identity[one.row].empty()) continue;
            std::string_view text = number != nullptr ? number[one.row] : trimmed(one.fields[slot]);
            if (digits) text = without_separators(text, arena_);
            if (text.empty()) continue;
            identity[one.row] = text;
            kind[one.row] = rule.by;
        }
    }
    for (const Row& one : rows) {
        if (!identity[one.row].empty()) continue;
        if (feed_.by_destination && !chunk.called[one.row].empty()) continue;  // its owner may pay
        suspend(chunk, one.row, SuspenseReason::missing_field,
                map_.guide.empty() ? kNoSlot : map_.guide.front(), {});
    }
}

void Mapper::map_quantity(Rows rows, UsageChunk& chunk) {
    const Service* service = service_constant_ ? &services_.front() : nullptr;
    for (const Row& one : rows) {
        if (!service_constant_) {
            const std::string_view name = trimmed(one.fields[map_.service]);
            service = name.empty() ? nullptr : service_of(name);
            if (service == nullptr || !service->meter) {
                suspend(
                    chunk, one.row,
                    name.empty() ? SuspenseReason::missing_field : SuspenseReason::unknown_service,
                    map_.service, name);
                continue;
            }
        }
        map_quantity(*service, one, chunk);
    }
}

void Mapper::map_quantity(const Service& service, const Row& one, UsageChunk& chunk) {
    if (!service.meter)
        return suspend(chunk, one.row, SuspenseReason::unknown_service, map_.service, {});
    chunk.meter[one.row] = service.meter;
    if (map_.answered != kNoSlot && !is_answered(one, chunk)) return;
    if (service.times != nullptr) return map_time_between(service, one, chunk);
    std::int64_t total = service.quantities.empty() ? 1 : 0;
    for (const Slot slot : service.quantities) {
        const std::string_view text = trimmed(one.fields[slot]);
        SuspenseReason why = SuspenseReason::missing_field;
        if (!service.unit_fits) {
            why = SuspenseReason::bad_number;
        } else if (!text.empty()) {
            why = add_quantity(text, feed_.decimal_point, service.ratio, total);
        }
        if (why != SuspenseReason::none) return suspend(chunk, one.row, why, slot, text);
    }
    chunk.quantity[one.row] = total;
}

bool Mapper::is_answered(const Row& one, UsageChunk& chunk) const {
    if (!chunk.tells_answer) {
        chunk.tells_answer = true;
        chunk.unanswered.resize(chunk.size());
    }
    const bool answered = trimmed(one.fields[map_.answered]) == feed_.answered_equals;
    chunk.unanswered[one.row] = answered ? 0 : 1;
    return answered;
}

void Mapper::map_network(Rows rows, UsageChunk& chunk) {
    const Slot slot = map_.network != kNoSlot ? map_.network : map_.mcc;
    for (const Row& one : rows) {
        const std::string_view country = trimmed(one.fields[slot]);
        const std::string_view code = trimmed(one.fields[map_.mnc]);
        if (country.empty()) continue;
        std::array<char, 6> text{};
        const bool fits =
            country.size() + code.size() <= text.size() && (code.empty() || country.size() == 3);
        if (fits) std::ranges::copy(code, std::ranges::copy(country, text.begin()).out);
        // "244-05" is one field of seven characters.
        NetworkKey& network = chunk.network[one.row];
        network = code.empty() ? NetworkKey::parse(country)
                  : fits       ? NetworkKey::parse({text.data(), country.size() + code.size()})
                               : NetworkKey{};
        if (!network) suspend(chunk, one.row, SuspenseReason::unparseable, slot, country);
    }
}

void Mapper::map_keep(Rows rows, UsageChunk& chunk) {
    for (std::size_t i = 0; i < map_.keep.size(); ++i) {
        const Slot slot = map_.keep[i];
        if (slot == kNoSlot) continue;
        const bool numbers = feed_.sequence == i + 1;  // then there must be one
        std::int64_t* const reading = chunk.reading[i].data();
        for (const Row& one : rows) {
            const std::string_view text = trimmed(one.fields[slot]);
            std::int64_t value = 0;
            const bool read = (text.empty() && !numbers) || read_integer(text, value);
            if (!read || (numbers && (value < 0 || value > kNumberMax)))
                suspend(chunk, one.row, SuspenseReason::bad_number, slot, text);
            reading[one.row] = value;
        }
    }
}

// The file's seal compared both with its control totals.
void Mapper::map_parts(Rows rows, UsageChunk& chunk) {
    for (const Row& one : rows) {
        const std::string_view parts = one.fields[map_.parts];
        const std::string_view digest = one.fields[map_.digest];
        std::from_chars(digest.data(), digest.data() + digest.size(), chunk.digest[one.row], 16);
        if (!read_integer(parts, chunk.parts[one.row]) || chunk.parts[one.row] < 1)
            suspend(chunk, one.row, SuspenseReason::bad_number, map_.parts, parts);
    }
}

// A record whose fields name no session is a whole one.
void Mapper::map_session(const Row& one, UsageChunk& chunk) {
    if (chunk.counted_online != CountedOnline::no) return map_charged(one, chunk);
    const auto& [fields, row] = one;
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
void Mapper::map_charged(const Row& one, UsageChunk& chunk) {
    const auto& [fields, row] = one;
    const std::string_view id = trimmed(fields[map_.charging_id]);
    const std::string_view text = trimmed(fields[map_.rating_group]);
    std::int64_t group = 0;
    if (!text.empty() && (!read_integer(text, group) || group < 0 || group > UINT32_MAX))
        suspend(chunk, row, SuspenseReason::bad_number, map_.rating_group, text);
    if (id.empty()) return;
    chunk.session[row] = charged_session(id, static_cast<std::uint32_t>(group));
    chunk.last_part[row] = closes(fields) ? 1 : 0;
}

Hash128 Mapper::key_of(const Row& one, const UsageChunk& chunk) {
    const auto& [fields, row] = one;
    if (map_.same_record.empty() && record_key_.id_alone()) return hash128(chunk.id[row]);
    key_text_.clear();
    record_key_.append(chunk, row, key_text_);
    for (const Slot slot : map_.same_record) append_key_text(key_text_, trimmed(fields[slot]));
    return hash128(key_text_);
}

}  // namespace farthing::mediation
