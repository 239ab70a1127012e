// Feed descriptions: any text is read or refused with a place, and a file is proposed for or
// refused.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "mediation/feed.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto feed = farthing::mediation::read_feed("fuzz", text);
    FARTHING_ASSERT(feed.has_value() || !feed.error().empty());
    (void)farthing::mediation::propose_feed("fuzz", text);
    return 0;
}
