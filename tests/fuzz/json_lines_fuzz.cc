// JSON lines: what tests/fuzz/decode_harness.h asks of it, with every kind of field.
#include "decode_harness.h"
#include "mediation/feed.h"

namespace {

constexpr const char* kFeed =
    "feed: fuzz\n"
    "format: {json_lines: true}\n"
    "record:\n"
    "  id: {field: id}\n"
    "  service: {field: type}\n"
    "  start: {field: time, time: rfc3339}\n"
    "  quantity: {field: data.energy, unit: kWh}\n"
    "guide: [{by: iccid, field: subject}]\n"
    "same_record: [id, start]\n";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farthing::mediation;
    static const Feed feed = read_feed("fuzz", kFeed).value();
    check_decoder(feed, data, size);
    return 0;
}
