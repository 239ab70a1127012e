// A file of an edge is taken whole or refused: what the seal lets pass has control lines that come
// back as they were, and as many records as they say. Decoding never goes beyond its bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mediation/decode.h"
#include "mediation/edge_file.h"
#include "mediation/feed.h"

namespace {

using namespace farthing;
using namespace farthing::mediation;

const Feed& feed() {
    static const Feed kFeed = [] {
        const auto edge = read_feed(
            "lamps.yaml",
            "feed: lamps\nformat: {delimited: \",\", header: true}\nrecord:\n  id: {field: id}\n"
            "  service: {field: what}\n  start: {field: at, time: rfc3339}\n"
            "  quantity: {field: q}\n  called: {field: to}\n  network: {field: net}\n"
            "guide: [{by: device, field: d}, {by: imsi, field: i}]\nsame_record: [id]\n"
            "aggregate: {window: 15 minutes, by: [network, called]}\n");
        if (!edge) std::abort();
        auto centre = read_feed("lamps-edge.yaml", feed_of_edge(*edge));
        if (!centre) std::abort();
        return *std::move(centre);
    }();
    return kFeed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const Seal sealed = seal(feed(), bytes);
    if (!sealed.rejected) {
        const auto control = read_control(sealed.control);
        if (!control || read_control(control_text(*control)) != control) std::abort();
        if (control->records != sealed.records) std::abort();
    }
    static const catalog::Version kNoMeters;
    Decoder decoder(feed(), kNoMeters, bytes);
    UsageChunk chunk;
    while (decoder.next(chunk)) {
        for (std::size_t row = 0; row < chunk.size(); ++row)
            if (chunk.live(row) && chunk.parts[row] < 1) std::abort();
    }
    return 0;
}
