// Headers as libnghttp2 takes them. Private to this room.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <string_view>

namespace farthing::nchf {

inline nghttp2_nv http2_header(std::string_view name, std::string_view value) {
    const auto bytes = [](std::string_view text) {  // the library copies, and never writes
        return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
    };
    return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace farthing::nchf
