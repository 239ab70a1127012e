#include "mediation/guide.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace farthing::mediation {
namespace {

using directory::Directory;

// Identities seen lately, direct-mapped: a source's devices tend to cluster or to take turns, and
// an answer found here touches fewer lines of memory than the directory's index. Where more devices
// take turns than it holds it would only cost, so it then steps aside.
class RecentOwners {
  public:
    explicit RecentOwners(const Directory& directory) : directory_(directory) {}

    SubscriptionId owner(IdentityKind kind, std::string_view value, Instant when) {
        if (asked_ >= kTrial && found_ * 2 < asked_) return directory_.find(kind, value, when);
        asked_ += 1;
        const std::uint64_t tail = tail_of(value);
        Slot& slot = slots_[mix64(0, tail) % kSlots];
        // The tail goes first: the text of another identity lies far away.
        if (slot.tail == tail && slot.kind == kind && slot.value == value &&
            slot.owner.valid.contains(when)) {
            found_ += 1;
            return slot.owner.subscription;
        }
        slot = {tail, value, kind, directory_.owner_of(kind, value, when)};
        return slot.owner.subscription;
    }

  private:
    static constexpr std::size_t kSlots = 4096;
    static constexpr std::size_t kTrial = 2 * kSlots;
    struct Slot {
        std::uint64_t tail = 0;
        std::string_view value;
        IdentityKind kind = IdentityKind::device;
        Directory::Owner owner{};  // an empty period: never seen
    };
    // Numbers of neighbours differ in their last characters, so those choose the slot.
    static std::uint64_t tail_of(std::string_view value) {
        std::uint64_t tail = value.size();
        const std::size_t bytes = value.size() < sizeof tail ? value.size() : sizeof tail;
        if (bytes > 0) std::memcpy(&tail, value.data() + value.size() - bytes, bytes);
        return tail;
    }

    const Directory& directory_;
    std::array<Slot, kSlots> slots_{};
    std::size_t asked_ = 0;
    std::size_t found_ = 0;
};

// Who owns a called number or address, for the service that was used.
class Destinations {
  public:
    Destinations(const Directory& directory, const catalog::Version& version)
        : directory_(directory) {
        for (const catalog::Meter& meter : version.meters) {
            services_.resize(std::max(services_.size(), std::size_t{meter.id.value} + 1));
            std::string& name = services_[meter.id.value];
            for (const char c : meter.name)
                name += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        }
    }
    SubscriptionId owner(const UsageChunk& chunk, std::size_t row) {
        return directory_.destination_owner(chunk.called[row], services_[chunk.meter[row].value],
                                            chunk.start[row], scratch_);
    }

  private:
    const Directory& directory_;
    std::vector<std::string> services_;  // by meter
    std::string scratch_;
};

}  // namespace

void guide(const Directory& directory, UsageChunk& chunk, const catalog::Version* reverse) {
    RecentOwners owners(directory);
    std::optional<Destinations> destinations;
    if (reverse != nullptr) destinations.emplace(directory, *reverse);
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        if (!chunk.live(row)) continue;
        chunk.subscription[row] = destinations ? destinations->owner(chunk, row) : SubscriptionId{};
        if (!chunk.subscription[row])
            chunk.subscription[row] =
                owners.owner(chunk.identity_kind[row], chunk.identity[row], chunk.start[row]);
        if (chunk.tells_carrier) {  // its cost is known, whoever used it
            chunk.content[row] = content_hash_by_identity(chunk, row);
            continue;
        }
        if (!chunk.subscription[row]) {
            chunk.suspend(row, SuspenseReason::unknown_identity);
            continue;
        }
        chunk.content[row] = content_hash(chunk, row);
    }
}

}  // namespace farthing::mediation
