//   owners := count { perspective kind block }
//
// Numbers are varints of 7 bits. In order; a block is counted from the one before it of the same
// perspective and kind.
#include "store/owners_codec.h"

#include <algorithm>

#include "base/packing.h"

namespace farthing::store {

namespace {

constexpr std::size_t kOwnersMost = 1 << 14;

bool same_kind(const OwnerBlock& a, const OwnerBlock& b) {
    return a.perspective == b.perspective && a.owner_kind == b.owner_kind;
}

}  // namespace

std::optional<std::string> pack_owners(const std::vector<CounterPack>& packs) {
    std::vector<OwnerBlock> owners;
    owners.reserve(packs.size());
    for (const CounterPack& pack : packs) owners.push_back(owners_of(pack.key));
    std::ranges::sort(owners);  // they come by window
    owners.erase(std::ranges::unique(owners).begin(), owners.end());
    if (owners.size() > kOwnersMost) return std::nullopt;
    Packer out;
    out.whole(owners.size());
    OwnerBlock before;
    for (const OwnerBlock& one : owners) {
        out.whole(static_cast<std::uint64_t>(one.perspective));
        out.whole(one.owner_kind);
        out.whole(one.block - (same_kind(one, before) ? before.block : 0));
        before = one;
    }
    return out.take();
}

std::optional<std::vector<OwnerBlock>> unpack_owners(std::string_view bytes) {
    Unpacker in(bytes);
    std::vector<OwnerBlock> owners;
    for (std::uint64_t left = in.count(); left > 0 && in.ok(); --left) {
        OwnerBlock one;
        one.perspective = static_cast<Perspective>(in.small<std::uint8_t>());
        one.owner_kind = in.small<std::uint8_t>();
        one.block = in.small<std::uint32_t>();
        if (!owners.empty() && same_kind(one, owners.back())) one.block += owners.back().block;
        if (!owners.empty() && one <= owners.back()) in.refuse();
        owners.push_back(one);
    }
    if (!in.at_end()) return std::nullopt;
    return owners;
}

}  // namespace farthing::store
