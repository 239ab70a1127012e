// Records that are rated from several sides at once: what the customer pays, and what the carrier
// who carried them charges. Each side has its own outcome; dedup is asked once for all.
#include "engine/batch.h"

namespace farthing::engine {

namespace {

// A chunk as the carriers' side sees it, while this lives: who carried a record has used it, and
// its sessions are none of the customers'.
class CarrierView {
  public:
    CarrierView(UsageChunk& chunk, std::vector<SubscriptionId> carriers)
        : chunk_(chunk), customers_(std::move(carriers)), sessions_(chunk.session) {
        chunk.subscription.swap(customers_);
        for (Hash128& session : chunk.session) {
            if (session != Hash128{}) session.high = mix64(session.high, kCarriers);
        }
    }
    ~CarrierView() {
        chunk_.subscription.swap(customers_);
        chunk_.session.swap(sessions_);
    }
    CarrierView(const CarrierView&) = delete;
    CarrierView& operator=(const CarrierView&) = delete;

  private:
    static constexpr std::uint64_t kCarriers = 0x636f7374;
    UsageChunk& chunk_;
    std::vector<SubscriptionId> customers_;
    std::vector<Hash128> sessions_;
};

}  // namespace

Result<void> Batch::add_sides(UsageChunk& chunk, const Source& source, std::uint8_t sides,
                              bool accepted) {
    const std::vector<Outcome> came = chunk.outcome;
    const std::vector<SuspenseReason> why = chunk.reason;
    std::vector<std::uint32_t> unreadable;
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        if (came[row] == Outcome::suspended) unreadable.push_back(static_cast<std::uint32_t>(row));
    }
    group_suspended(chunk, source, {sides, accepted}, unreadable);

    // The archive keeps a record that any side rated, under the outcome of the first that did.
    std::vector<Outcome> kept = came;
    std::vector<SuspenseReason> kept_why = why;
    for (Outcome& outcome : kept) {
        if (outcome == Outcome::rated) outcome = Outcome::suspended;
    }
    for (const Perspective side : {Perspective::retail, Perspective::cost}) {
        if ((sides & bit_of(side)) == 0) continue;
        chunk.outcome = came;
        chunk.reason = why;
        FARTHING_CHECK(side == Perspective::cost ? rate_cost(chunk) : rate(chunk, side));
        count_chunk(chunk, source, side);
        std::vector<std::uint32_t> lacking;
        for (std::size_t row = 0; row < chunk.size(); ++row) {
            if (came[row] != Outcome::rated) continue;
            if (chunk.outcome[row] == Outcome::suspended)
                lacking.push_back(static_cast<std::uint32_t>(row));
            if (kept[row] != Outcome::suspended) continue;
            kept[row] = chunk.outcome[row];
            kept_why[row] = chunk.reason[row];
        }
        group_suspended(chunk, source, {bit_of(side), true}, lacking);
    }
    chunk.outcome = std::move(kept);
    chunk.reason = std::move(kept_why);
    return archive(chunk);
}

Result<void> Batch::rate_cost(UsageChunk& chunk) {
    std::vector<SubscriptionId> carriers(chunk.size());
    std::string_view name;
    SubscriptionId known;
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        if (!chunk.live(row)) continue;
        const std::string_view carrier =
            chunk.tells_carrier ? chunk.carrier[row] : std::string_view();
        if (carrier != name) {  // a carrier's records mostly come together
            name = carrier;
            known = state_.carriers.subscription_named(name);
            if (known && state_.carriers.subscription(known).plan.steps.empty()) known = {};
        }
        carriers[row] = known;
        if (!known) chunk.suspend(row, SuspenseReason::unknown_carrier);
    }
    const CarrierView view(chunk, std::move(carriers));
    return rate(chunk, Perspective::cost);
}

}  // namespace farthing::engine
