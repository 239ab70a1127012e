// XML: what tests/fuzz/decode_harness.h asks of it, with every kind of field.
#include "decode_harness.h"
#include "mediation/feed.h"

namespace {

constexpr const char* kFeed =
    "feed: fuzz\n"
    "format: {xml: {record: cdrs/cdr}}\n"
    "record:\n"
    "  id: {field: \"@id\"}\n"
    "  service: {constant: voice}\n"
    "  start: {field: call/start, time: \"%Y%m%d%H%M%S.%f\"}\n"
    "  quantity: {from: call/start, to: call/end, time: \"%Y%m%d%H%M%S.%f\", fraction: up}\n"
    "  called: {field: call/called, number: {country: 44}}\n"
    "guide: [{by: msisdn, field: call/@from}]\n"
    "same_record: [id, start]\n"
    "partials: {by: session, last: {field: cause, equals: F}}\n";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farthing::mediation;
    static const Feed feed = read_feed("fuzz", kFeed).value();
    check_decoder(feed, data, size);
    return 0;
}
