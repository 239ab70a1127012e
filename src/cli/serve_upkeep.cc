#include "cli/serve_upkeep.h"

#include <ostream>

#include "cli/serve_policy.h"

namespace farthing::cli {

namespace {

constexpr std::size_t kFeesAtOnce = 64;     // accounts whose fees are taken between two requests
constexpr std::int64_t kEventsAtOnce = 64;  // of webhooks, that are forgotten so
constexpr std::int64_t kKeptDays = 30;

}  // namespace

std::vector<Option> upkeep_options() {
    return {{"--keep-webhooks", "DAYS", "what they were told, and each attempt (else 30)"}};
}

Result<std::function<bool()>> upkeep_of(Context& context, std::unique_ptr<api::Service>& service) {
    FARTHING_TRY(const std::int64_t days, at_least_one(context, "--keep-webhooks", kKeptDays));
    return [&service, &context, days, told = std::string()]() mutable {
        bool more = false;
        std::string wrong;
        const bool ran = service->with_engine([&](engine::Engine& engine) {
            const auto fees = engine.take_fees_of_day(kFeesAtOnce);
            const auto events = engine.forget_webhook_events(days, kEventsAtOnce);
            if (!fees) wrong = fees.error().to_string();
            if (!events) wrong = events.error().to_string();
            more = fees && events && (*fees || *events == kEventsAtOnce);
        });
        if (!wrong.empty() && wrong != told) context.err << wrong << std::endl;
        told = wrong;
        return ran && more;
    };
}

}  // namespace farthing::cli
