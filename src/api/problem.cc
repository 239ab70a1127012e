#include "api/problem.h"

#include <array>
#include <utility>

#include "base/json.h"

namespace farthing::api {

namespace {

// Everything else is a request that can't be met: 422.
constexpr std::array<std::pair<std::string_view, int>, 28> kStatus = {{
    {"key_missing", 401},      {"key_unknown", 401},          {"scope_missing", 403},
    {"route_unknown", 404},    {"unknown_session", 404},      {"session_goes_on", 409},
    {"unknown_account", 404},  {"unknown_subscription", 404}, {"method_not_allowed", 405},
    {"number_conflict", 409},  {"number_forgotten", 409},     {"session_ended", 409},
    {"other_subscriber", 409}, {"client_unreachable", 409},   {"reference_taken", 409},
    {"body_too_large", 413},   {"body_malformed", 400},       {"charge_malformed", 400},
    {"overloaded", 503},       {"position_moved", 503},       {"commit_ambiguous", 503},
    {"store_failed", 503},     {"store_unavailable", 503},    {"webhook_unknown", 404},
    {"webhook_exists", 409},   {"voucher_unknown", 404},      {"voucher_redeemed", 409},
    {"voucher_guesses", 429},
}};

int status_of(std::string_view code) {
    for (const auto& [known, status] : kStatus) {
        if (known == code) return status;
    }
    return 422;
}

}  // namespace

HttpAnswer problem(const Error& error) {
    HttpAnswer answer;
    answer.status = status_of(error.code);
    answer.content_type = "application/problem+json";
    answer.retry_after = answer.status == 503 ? 1 : 0;
    answer.asks_for_key = answer.status == 401;
    JsonWriter json(false);
    json.begin_object()
        .field("type", "https://farthing.dev/errors#" + error.code)
        .field("title", error.code)
        .field("status", answer.status)
        .field("detail", error.message)
        .field("code", error.code);
    if (!error.mend.empty()) json.field("fix", error.mend);
    answer.body = json.end_object().text();
    return answer;
}

}  // namespace farthing::api
