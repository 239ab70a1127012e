// Format:
//
//   rated := version(1 byte = 1) count { perspective subscription payer component version
//   owner_kind
//            owner item ~window_first ~window_end ~segment_start ~billable ~from ~to ~charge ~fee
//            ~below ~below_quantity ~when ~fees days }
//   days  := count { day ~billable }
//
// Numbers as base/packing.h has them; those marked ~ are signed.
#include "store/rated_codec.h"

#include "base/packing.h"

namespace farthing::store {

namespace {

constexpr std::uint8_t kVersion = 1;

void pack_days(Packer& out, const RatedChunk& rated, std::size_t row) {
    std::uint64_t count = 0;
    for (const auto& [of, part] : rated.days) count += of == row ? 1 : 0;
    out.whole(count);
    for (const auto& [of, part] : rated.days) {
        if (of != row) continue;
        out.whole(part.day);
        out.integer(part.billable);
    }
}

// Both walk the columns in one order.
void pack_row(Packer& out, const RatedChunk& rated, std::size_t i) {
    out.whole(static_cast<std::uint64_t>(rated.perspective[i]));
    for (const std::uint32_t id :
         {rated.subscription[i].value, rated.payer[i].value,
          std::uint32_t{rated.component[i].value}, std::uint32_t{rated.version[i].value}})
        out.whole(id);
    out.whole(static_cast<std::uint64_t>(rated.owner_kind[i]));
    out.whole(rated.owner[i]);
    out.whole(rated.item[i]);
    for (const std::int64_t value :
         {std::int64_t{rated.window_first[i].days}, std::int64_t{rated.window_end[i].days},
          rated.segment_start[i].micros, rated.billable[i], rated.from[i], rated.to[i],
          rated.charge_atoms[i], rated.fee_atoms[i], std::int64_t{rated.below[i]},
          rated.below_quantity[i], rated.when[i].micros, std::int64_t{rated.fees[i]}})
        out.integer(value);
    pack_days(out, rated, i);
}

void unpack_row(Unpacker& in, std::uint32_t row, RatedChunk& rated) {
    const auto index = static_cast<std::uint32_t>(rated.size());
    rated.row.push_back(row);
    rated.perspective.push_back(static_cast<Perspective>(in.small<std::uint8_t>()));
    rated.subscription.push_back({in.small<std::uint32_t>()});
    rated.payer.push_back({in.small<std::uint32_t>()});
    rated.component.push_back({in.small<std::uint32_t>()});
    rated.version.push_back({in.small<std::uint32_t>()});
    rated.owner_kind.push_back(static_cast<OwnerKind>(in.small<std::uint8_t>()));
    rated.owner.push_back(in.small<std::uint32_t>());
    rated.item.push_back(in.whole());
    rated.window_first.push_back({static_cast<std::int32_t>(in.integer())});
    rated.window_end.push_back({static_cast<std::int32_t>(in.integer())});
    rated.segment_start.push_back({in.integer()});
    rated.billable.push_back(in.integer());
    rated.from.push_back(in.integer());
    rated.to.push_back(in.integer());
    rated.charge_atoms.push_back(in.integer());
    rated.fee_atoms.push_back(in.integer());
    rated.below.push_back(static_cast<std::int32_t>(in.integer()));
    rated.below_quantity.push_back(in.integer());
    rated.when.push_back({in.integer()});
    rated.fees.push_back(static_cast<std::int32_t>(in.integer()));
    for (std::uint64_t left = in.count(); left > 0 && in.ok(); --left) {
        DayPart part;
        part.day = in.small<std::uint32_t>();
        part.billable = in.integer();
        rated.days.emplace_back(index, part);
    }
}

}  // namespace

std::string pack_rated(const RatedChunk& rated, std::span<const std::size_t> rows) {
    Packer out;
    out.whole(kVersion);
    out.whole(rows.size());
    for (const std::size_t row : rows) pack_row(out, rated, row);
    return out.take();
}

bool unpack_rated(std::string_view bytes, std::uint32_t row, RatedChunk& rated) {
    Unpacker in(bytes);
    if (in.whole() != kVersion) in.refuse();
    for (std::uint64_t left = in.count(); left > 0 && in.ok(); --left) unpack_row(in, row, rated);
    return in.at_end();
}

}  // namespace farthing::store
