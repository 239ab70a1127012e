// JSON lines: any bytes decode without harm, and reading in one go or record by record finds the
// same records.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "mediation/decode.h"

namespace {

using namespace farthing;
using namespace farthing::mediation;

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

std::int64_t count(const Feed& feed, std::string_view bytes, std::size_t step) {
    const catalog::Version meters;
    Decoder decoder(feed, meters, bytes);
    UsageChunk chunk;
    while (decoder.next(chunk, step)) validate(feed, Instant{}, chunk);
    return decoder.position();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Feed feed = read_feed("fuzz", kFeed).value();
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::int64_t records = count(feed, bytes, 64);
    FARTHING_ASSERT(count(feed, bytes, 1) == records);
    const Seal sealed = seal(feed, bytes);
    FARTHING_ASSERT(sealed.rejected.has_value() || sealed.records == records);
    return 0;
}
