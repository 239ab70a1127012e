// What online usage came to comes back or is refused; what comes back is packed to the same again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string_view>

#include "store/rated_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farthing;
    const auto packed = [](const RatedChunk& rated) {
        std::vector<std::size_t> rows(rated.size());
        std::iota(rows.begin(), rows.end(), std::size_t{0});
        return store::pack_rated(rated, rows);
    };
    RatedChunk read;
    if (!store::unpack_rated({reinterpret_cast<const char*>(data), size}, 0, read)) return 0;
    const std::string bytes = packed(read);
    RatedChunk again;
    if (!store::unpack_rated(bytes, 0, again) || packed(again) != bytes) std::abort();
    return 0;
}
