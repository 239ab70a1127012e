#include "engine/carrier_view.h"

namespace farthing::engine {

namespace {

constexpr std::uint64_t kCarriers = 0x636f7374;

std::vector<SubscriptionId> carriers_of(const Engine::State& state, UsageChunk& chunk) {
    std::vector<SubscriptionId> carriers(chunk.size());
    std::string_view name;
    SubscriptionId known;
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        if (!chunk.live(row)) continue;
        const std::string_view carrier =
            chunk.tells_carrier ? chunk.carrier[row] : std::string_view();
        if (carrier != name) {  // a carrier's records mostly come together
            name = carrier;
            known = state.carriers.subscription_named(name);
            if (known && state.carriers.subscription(known).plan.steps.empty()) known = {};
        }
        carriers[row] = known;
        if (!known) chunk.suspend(row, SuspenseReason::unknown_carrier);
    }
    return carriers;
}

}  // namespace

CarrierView::CarrierView(const Engine::State& state, UsageChunk& chunk)
    : chunk_(chunk), customers_(carriers_of(state, chunk)), sessions_(chunk.session) {
    chunk.subscription.swap(customers_);
    for (Hash128& session : chunk.session) {
        if (session != Hash128{}) session.high = mix64(session.high, kCarriers);
    }
}

CarrierView::~CarrierView() {
    chunk_.subscription.swap(customers_);
    chunk_.session.swap(sessions_);
}

}  // namespace farthing::engine
