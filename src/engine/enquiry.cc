// Price enquiries and balance checks: what a debit would cost from where the counters stand, and
// whether what may be spent covers it.
#include "engine/desk.h"
#include "engine/reasons.h"
#include "model/quantity.h"
#include "rating/quote.h"

namespace farthing::engine {

// What was charged since the last commit stands in blocks that the store has not seen.
rating::CounterTable Desk::counters_now() {
    return rating::CounterTable(
        [this, changed = state_.counters.dirty_packs()](const PackKey& key) -> std::string {
            for (const CounterPack& pack : changed)
                if (pack.key == key) return pack.bytes;
            auto bytes = state_.store->counter_pack(key);
            if (!bytes) throw StoreFailure{std::move(bytes).error()};
            return *std::move(bytes);
        });
}

Result<ChargeAnswer> Desk::enquire(const charging::Request& request) {
    const charging::Answer covered = charger_.enquire(request);
    rating::CounterTable counters = counters_now();  // one service counts for the next
    ChargeAnswer answer;
    answer.why = std::string(name_of(ChargeReason::granted));
    for (std::size_t i = 0; i < request.services.size(); ++i) {
        const charging::ServiceRequest& asked = request.services[i];
        const charging::ServiceAnswer& told = covered.services[i];
        rating::QuoteRequest priced{request.subscription, asked.meter, asked.network, asked.called,
                                    asked.calling,        request.at,  told.granted};
        const rating::Quote quote =
            rating::quote(state_.catalog, state_.directory, counters, priced);
        ChargeAnswer::Service one = service_told(told, asked.meter);
        if (told.why == ChargeReason::granted && quote.why != SuspenseReason::none) {
            one.why = std::string(name_of(ChargeReason::not_chargeable));
            tell_suspense(quote.why, one);
        }
        one.cost = {quote.atoms, currency()};
        one.sponsored = {quote.sponsored_atoms, currency()};
        answer.services.push_back(std::move(one));
    }
    return answer;
}

}  // namespace farthing::engine
