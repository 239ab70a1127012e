#include <fmt/format.h>

#include "base/utf8.h"
#include "mediation/decode.h"
#include "mediation/decode_map.h"
#include "mediation/decode_source.h"

namespace farthing::mediation {

namespace {

// Which of the record's values a reason is about, where decoding itself found no fault.
std::string subject_of(const UsageChunk& chunk, SuspenseReason reason) {
    switch (reason) {
        case SuspenseReason::too_late:
        case SuspenseReason::in_the_future:
        case SuspenseReason::no_catalog: return "start " + to_rfc3339(chunk.start[0]);
        case SuspenseReason::session_reversed:
            return fmt::format("start {}, end {}", to_rfc3339(chunk.start[0]),
                               to_rfc3339(chunk.end[0]));
        case SuspenseReason::quantity_out_of_range:
        case SuspenseReason::charge_out_of_range:
        case SuspenseReason::less_than_online:
        case SuspenseReason::too_many_values:
        case SuspenseReason::counter_holds_less:
        case SuspenseReason::unknown_session:
        case SuspenseReason::over_limit: return fmt::format("quantity {}", chunk.quantity[0]);
        case SuspenseReason::unknown_identity:
        case SuspenseReason::owner_changes:
        case SuspenseReason::no_plan:
        case SuspenseReason::no_payer:
        case SuspenseReason::currency_mismatch:
            return fmt::format("{} {}", name_of(chunk.identity_kind[0]),
                               printable(chunk.identity[0]));
        case SuspenseReason::no_prefix:
        case SuspenseReason::blocked_destination: return "called " + printable(chunk.called[0]);
        case SuspenseReason::unknown_carrier:
            return "carrier " + (chunk.tells_carrier ? printable(chunk.carrier[0]) : "");
        case SuspenseReason::conflict:
        case SuspenseReason::not_allowed_here:
        case SuspenseReason::no_price:
        case SuspenseReason::unknown_sponsor:
        case SuspenseReason::none:
        case SuspenseReason::unparseable:
        case SuspenseReason::missing_field:
        case SuspenseReason::bad_number:
        case SuspenseReason::bad_time:
        case SuspenseReason::ambiguous_time:
        case SuspenseReason::nonexistent_time:
        case SuspenseReason::unknown_service: break;
    }
    return "record " + printable(chunk.raw[0], 100);
}

// What about the record as a whole keeps it from being read, as far as that can be told.
std::string fault_of(const RecordReader& reader, std::string_view raw) {
    for (std::size_t at = 0; at < raw.size();) {
        const std::size_t length = raw[at] == '\0' ? 0 : utf8_length(raw.substr(at));
        if (length == 0) {
            return fmt::format(
                "byte 0x{:02x} at character {}: ", static_cast<unsigned char>(raw[at]), at + 1);
        }
        at += length;
    }
    const auto* const delimited = std::get_if<DelimitedReader>(&reader);
    const std::string miscount = delimited == nullptr ? "" : delimited->miscount();
    return miscount.empty() ? "" : miscount + ": ";
}

// "characters 23-36" of the record, counted from 1, where the text stands in it as it is.
std::string place_in(std::string_view raw, std::string_view text) {
    const std::size_t at = text.empty() ? std::string_view::npos : raw.find(text);
    return at == std::string_view::npos ? std::string() : fmt::format(", character {}", at + 1);
}

}  // namespace

std::string describe_failure(const Feed& feed, const catalog::Version& meters, std::string_view raw,
                             std::string_view header, SuspenseReason reason,
                             std::span<const FieldFix> fixes) {
    Arena arena;
    const FieldMap map(feed);
    // A record alone is no header, even when nobody kept that one.
    const bool framed = feed.format == FormatKind::fixed_width || feed.format == FormatKind::xml ||
                        (feed.skip_lines > 0 && !feed.header);
    const std::string_view frame = header.empty() && framed ? raw : header;
    RecordReader reader = reader_of(feed, map, raw, frame, arena);
    Mapper mapper(feed, meters, map, arena);
    if (!fixes.empty()) mapper.correct(fixes);
    RecordBlock block(map.slots());
    RecordView& record = block.record(0);
    record.raw = raw;
    if (!std::visit([&](auto& of_format) { return of_format.next(record, block.fields(0)); },
                    reader)) {
        record.fault = SuspenseReason::unparseable;
    }
    UsageChunk chunk;
    chunk.in_parts = feed.partials.given();
    chunk.counted_online = feed.partials.counted_online();
    chunk.tells_counted = chunk.counted_online != CountedOnline::no;
    chunk.tells_carrier = feed.rates_cost();
    chunk.resize(1);
    mapper.map(block, 1, chunk, 0);
    const std::string sentence(sentence_of(reason));
    const Mapper::Culprit& culprit = mapper.culprit();
    if (reason == SuspenseReason::unparseable || culprit.slot == kNoSlot) {
        if (const std::string fault = fault_of(reader, raw); !fault.empty())
            return fmt::format("record {}: {}{}", printable(raw, 100), fault, sentence);
    }
    if (chunk.live(0) || chunk.outcome[0] != Outcome::suspended) {
        return fmt::format("{}: {}", subject_of(chunk, reason), sentence);
    }
    if (culprit.slot == kNoSlot) return fmt::format("record {}: {}", printable(raw, 100), sentence);
    return fmt::format("{}{}: \"{}\": {}", describe(map.refs[culprit.slot], feed.format),
                       place_in(raw, culprit.text), printable(culprit.text), sentence);
}

}  // namespace farthing::mediation
