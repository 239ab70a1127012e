// What the decoders of all formats promise: any bytes decode without harm; reading in one go or
// record by record finds the same records; and sealing a file counts the same ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "mediation/decode.h"

namespace farthing::mediation {

inline std::int64_t count_records(const Feed& feed, std::string_view bytes, std::size_t step) {
    const catalog::Version meters;
    Decoder decoder(feed, meters, bytes);
    UsageChunk chunk;
    while (decoder.next(chunk, step)) validate(feed, Instant{}, chunk);
    return decoder.position();
}

inline void check_decoder(const Feed& feed, const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::int64_t records = count_records(feed, bytes, 64);
    FARTHING_ASSERT(count_records(feed, bytes, 1) == records);
    const Seal sealed = seal(feed, bytes);
    FARTHING_ASSERT(sealed.rejected.has_value() || sealed.records == records);
}

}  // namespace farthing::mediation
