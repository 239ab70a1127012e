// Proposals: any file is refused, or what is proposed for it is a feed that reads it without harm.
#include "base/assert.h"
#include "decode_harness.h"
#include "mediation/feed.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farthing::mediation;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto proposal = propose_feed("sample.txt", bytes);
    if (!proposal) return 0;
    const auto feed = read_feed("proposal", proposal->yaml);
    FARTHING_ASSERT(feed.has_value());
    check_decoder(*feed, data, size);
    return 0;
}
