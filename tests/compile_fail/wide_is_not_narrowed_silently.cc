// 128 bits do not fit in 64: narrow64 says so.
#include "base/int128.h"

std::optional<std::int64_t> posted(farthing::i128 atoms) {
#ifdef FORBIDDEN
    const std::int64_t cut = atoms;
    return cut;
#else
    return farthing::narrow64(atoms);
#endif
}
