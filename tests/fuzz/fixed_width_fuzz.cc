// Fixed-width text: what tests/fuzz/decode_harness.h asks of it, with every kind of field.
#include "decode_harness.h"
#include "mediation/feed.h"

namespace {

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farthing::mediation;
    static const Feed feed = read_feed("fuzz", kFeed).value();
    check_decoder(feed, data, size);
    return 0;
}
