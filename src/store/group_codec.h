// What a group of requests came to as bytes of the log, and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/store.h"

namespace farthing::store {

// `batch`: the id that it gets in the tables; none: it makes no batch there.
struct ChargedGroup {
    BatchId batch;
    BatchCommit commit;  // of kind charge, with nothing that files or documents bring
};

std::string pack_group(const ChargedGroup& group);
// nullopt: these are not bytes that pack_group made.
std::optional<ChargedGroup> unpack_group(std::string_view bytes);

}  // namespace farthing::store
