// What a record charged while it happened came to, as bytes, until the archive has it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "model/rated_usage.h"

namespace farthing::store {

// Rows of a chunk, without whose they are. Every stored release stays readable: golden bytes in the
// tests.
std::string pack_rated(const RatedChunk& rated, std::span<const std::size_t> rows);
// Appends them as rows of `row`; false where the bytes are none of these.
bool unpack_rated(std::string_view bytes, std::uint32_t row, RatedChunk& rated);

}  // namespace farthing::store
