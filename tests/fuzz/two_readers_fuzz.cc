// The fast readers against slow ones of the same bytes: the same records on the same lines, with
// the same fields and the same faults.
#include "base/assert.h"
#include "base/utf8.h"
#include "mediation/decode_source.h"
#include "slow_readers.h"

namespace farthing::mediation {

constexpr const char* kRest =
    "  service: {constant: data}\n"
    "  start: {field: b, time: rfc3339}\n"
    "  quantity: {field: c}\n"
    "guide: [{by: device, field: d.1.e}]\n"
    "same_record: [id]\n";

Feed delimited_feed() {
    return read_feed("fuzz",
                     std::string("feed: f\nformat: {delimited: \",\", comment: \"#\", "
                                 "columns: [a, b, c, d.1.e]}\nrecord:\n  id: {field: a}\n") +
                         kRest)
        .value();
}
Feed json_feed() {
    return read_feed("fuzz", std::string("feed: f\nformat: {json_lines: true}\nrecord:\n"
                                         "  id: {field: a.x}\n") +
                                 kRest)
        .value();
}

using fuzz::SlowRecord;

void compare_delimited(std::string_view bytes) {
    static const Feed feed = delimited_feed();
    const FieldMap map(feed);
    Arena arena;
    RecordReader fast = reader_of(feed, map, bytes, {}, arena);
    std::vector<std::string_view> fields(map.slots());
    RecordView record;
    for (const SlowRecord& slow : fuzz::slow_delimited(bytes, ',', '"', '#', feed.columns.size())) {
        const bool more =
            std::visit([&](auto& reader) { return reader.next(record, fields.data()); }, fast);
        FARTHING_ASSERT(more);
        FARTHING_ASSERT(record.line == slow.line && record.raw == slow.raw);
        FARTHING_ASSERT((record.fault == SuspenseReason::none) ==
                        (slow.state == SlowRecord::State::read));
        FARTHING_ASSERT((record.fault == SuspenseReason::missing_field) ==
                        (slow.state == SlowRecord::State::missing_field));
        for (std::size_t column = 0; column < slow.fields.size(); ++column) {
            FieldRef ref;
            ref.column = static_cast<int>(column);
            FARTHING_ASSERT(fields[map.slot_of(ref)] == slow.fields[column]);
        }
    }
    FARTHING_ASSERT(
        !std::visit([&](auto& reader) { return reader.next(record, fields.data()); }, fast));
}

// A line that is no JSON at all may be read by the fast reader, which looks at mapped fields only.
void compare_json(std::string_view bytes) {
    static const Feed feed = json_feed();
    const FieldMap map(feed);
    std::vector<std::string> paths;
    for (Slot slot = 1; slot < map.refs.size(); ++slot) paths.push_back(map.refs[slot].name);
    Arena arena;
    RecordReader fast = reader_of(feed, map, bytes, {}, arena);
    std::vector<std::string_view> fields(map.slots());
    RecordView record;
    for (const SlowRecord& slow : fuzz::slow_json_lines(bytes, paths)) {
        const bool more =
            std::visit([&](auto& reader) { return reader.next(record, fields.data()); }, fast);
        FARTHING_ASSERT(more);
        FARTHING_ASSERT(record.line == slow.line && record.raw == slow.raw);
        if (slow.state == SlowRecord::State::malformed || !is_utf8(slow.raw)) continue;
        FARTHING_ASSERT((record.fault == SuspenseReason::none) ==
                        (slow.state == SlowRecord::State::read));
        if (slow.state != SlowRecord::State::read) continue;
        for (Slot slot = 1; slot < map.refs.size(); ++slot) {
            const auto found = slow.paths.find(map.refs[slot].name);
            FARTHING_ASSERT(fields[slot] ==
                            (found == slow.paths.end() ? std::string() : found->second));
        }
    }
    FARTHING_ASSERT(
        !std::visit([&](auto& reader) { return reader.next(record, fields.data()); }, fast));
}

}  // namespace farthing::mediation

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    farthing::mediation::compare_delimited(bytes);
    farthing::mediation::compare_json(bytes);
    return 0;
}
