// A kept session comes back or is refused; what comes back is packed to the same again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "charging/session.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farthing;
    const auto read = charging::unpack_session({reinterpret_cast<const char*>(data), size});
    if (!read) return 0;
    const std::string bytes = charging::pack_session(*read);
    const auto again = charging::unpack_session(bytes);
    if (!again || charging::pack_session(*again) != bytes) std::abort();
    return 0;
}
