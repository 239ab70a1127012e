// Fixed-width text: any bytes decode without harm, and reading in one go or record by record finds
// the same records.
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
    "format: {fixed_width: true, header: {starts_with: HDR, count: 11-18}, trailer: {count: 11-18, "
    "sum: 19-30}}\n"
    "time_zone: Europe/London\n"
    "record:\n"
    "  id: {at: 1-20}\n"
    "  service: {at: 21-22, map: {\"01\": voice}}\n"
    "  start: {at: 23-36, time: \"%Y%m%d%H%M%S\"}\n"
    "  called: {at: 52-66, number: {country: 44}}\n"
    "  quantity: {at: 67-74, unit: second}\n"
    "guide: [{by: iccid, at: 37-51}]\n"
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
