#include "mediation/guide.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace farthing::mediation {
namespace {

using directory::Directory;

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

// The rows whose identities are looked up together.
class Asked {
  public:
    Asked(const Directory& directory, UsageChunk& chunk) : directory_(directory), chunk_(chunk) {}

    void ask(std::size_t row) {
        rows_[count_] = static_cast<std::uint32_t>(row);
        questions_[count_] = {chunk_.identity_kind[row], chunk_.identity[row], chunk_.start[row]};
        if (++count_ == kAtOnce) answer();
    }
    void answer() {
        directory_.find_all(std::span(questions_).first(count_), std::span(answers_).first(count_));
        for (std::size_t i = 0; i < count_; ++i) {
            const Directory::Found& found = answers_[i];
            chunk_.subscription[rows_[i]] = found.subscription;
            if (chunk_.tells_further) chunk_.further[rows_[i]] = found.first ? 0 : 1;
            // A carrier's record stays on its way: its cost is known, whoever used it.
            if (!found.subscription && !chunk_.tells_carrier)
                chunk_.suspend(rows_[i], SuspenseReason::unknown_identity);
        }
        count_ = 0;
    }

  private:
    static constexpr std::size_t kAtOnce = 64;
    const Directory& directory_;
    UsageChunk& chunk_;
    std::array<std::uint32_t, kAtOnce> rows_{};
    std::array<Directory::Question, kAtOnce> questions_{};
    std::array<Directory::Found, kAtOnce> answers_{};
    std::size_t count_ = 0;
};

}  // namespace

void guide(const Directory& directory, UsageChunk& chunk, const catalog::Version* reverse) {
    Asked asked(directory, chunk);
    std::optional<Destinations> destinations;
    if (reverse != nullptr) destinations.emplace(directory, *reverse);
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        if (!chunk.live(row)) continue;
        chunk.subscription[row] = destinations ? destinations->owner(chunk, row) : SubscriptionId{};
        if (!chunk.subscription[row]) {
            asked.ask(row);
        } else if (chunk.tells_further) {
            chunk.further[row] = 1;  // whoever called is no identity of the owner
        }
    }
    asked.answer();
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        if (!chunk.live(row)) continue;
        chunk.content[row] =
            chunk.tells_carrier ? content_hash_by_identity(chunk, row) : content_hash(chunk, row);
    }
}

void suspend_shared(const Directory& directory, UsageChunk& chunk) {
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        for (Instant at = chunk.start[row]; chunk.live(row);) {
            const Directory::Owner owner =
                directory.owner_of(chunk.identity_kind[row], chunk.identity[row], at);
            if (owner.subscription != chunk.subscription[row])
                chunk.suspend(row, SuspenseReason::owner_changes);
            if (chunk.end[row] < owner.valid.end) break;
            at = owner.valid.end;
        }
    }
}

}  // namespace farthing::mediation
