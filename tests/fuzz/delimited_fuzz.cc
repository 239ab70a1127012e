// Delimited text: what tests/fuzz/decode_harness.h asks of it, with every kind of field.
#include "decode_harness.h"
#include "mediation/feed.h"

namespace {

constexpr const char* kFeed =
    "feed: fuzz\n"
    "format: {delimited: \",\", columns: [id, device, start, end, seconds, bytes, called]}\n"
    "time_zone: Europe/Tallinn\n"
    "record:\n"
    "  id: {field: id}\n"
    "  service: {constant: data}\n"
    "  start: {field: start, time: \"%Y-%m-%d %H:%M:%S\"}\n"
    "  end: {field: end, time: rfc3339}\n"
    "  duration: {field: seconds, unit: second}\n"
    "  quantity: {field: bytes, unit: kB}\n"
    "  called: {field: called, number: {country: 44, strip: [\"99\"]}}\n"
    "guide: [{by: iccid, field: device}]\n"
    "same_record: [id, start]\n";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farthing::mediation;
    static const Feed feed = read_feed("fuzz", kFeed).value();
    check_decoder(feed, data, size);
    return 0;
}
