// Routes of webhooks: who is told what, and how it went.
#include "api/problem.h"
#include "api/route.h"
#include "api/service.h"
#include "api/webhook_json.h"
#include "api/webhook_signature.h"

namespace farthing::api {

namespace {

constexpr std::int64_t kDeliveriesTold = 100;

Result<HttpAnswer> shown(engine::Engine& engine, const std::string& name) {
    FARTHING_TRY(const Webhook hook, engine.webhook(name));
    FARTHING_TRY(const auto deliveries, engine.webhook_deliveries(name, kDeliveriesTold));
    return with_body(write_webhook(hook, deliveries));
}

Result<HttpAnswer> added(engine::Engine& engine, engine::WebhookChange change) {
    change.secret = new_webhook_secret();
    FARTHING_TRY(const engine::AddedWebhook done, engine.add_webhook(change));
    change.secret = done.secret;
    HttpAnswer told = with_body(write_new_webhook(change), 201);
    told.replayed = done.repeated;
    return told;
}

Result<HttpAnswer> listed(engine::Engine& engine) {
    FARTHING_TRY(const auto hooks, engine.webhooks());
    return with_body(write_webhooks(hooks));
}

}  // namespace

// (nothing) · /NAME · /NAME/test · /NAME/resend
Result<Service::Asked> Service::route_webhooks(const HttpRequest& request, std::string_view rest) {
    if (rest.empty() && request.method == "GET") return Asked{"manage", Call{listed}};
    if (rest.empty() && request.method == "POST") {
        auto change = read_webhook(request.body);
        if (!change) return Asked{"manage", std::unexpected(std::move(change).error())};
        change->key = request.idempotency_key;
        return Asked{"manage", Call{[change = *std::move(change)](engine::Engine& engine) {
                         return added(engine, change);
                     }}};
    }
    if (rest.empty()) return fail(ApiReason::method_not_allowed);
    rest.remove_prefix(1);
    const std::size_t slash = rest.find('/');
    const std::string name = unescaped(rest.substr(0, slash));
    const std::string_view what = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
    if (what.empty() && request.method == "GET")
        return Asked{"manage",
                     Call{[name](engine::Engine& engine) { return shown(engine, name); }}};
    if (what.empty() && request.method == "DELETE") {
        return Asked{"manage", Call{[name](engine::Engine& engine) -> Result<HttpAnswer> {
                         FARTHING_CHECK(engine.remove_webhook(name));
                         return with_body(R"({"status":"removed"})");
                     }}};
    }
    if (what != "" && what != "test" && what != "resend") return fail(ApiReason::route_unknown);
    if (what.empty() || request.method != "POST") return fail(ApiReason::method_not_allowed);
    if (what == "test") {
        return Asked{"manage", Call{[name](engine::Engine& engine) -> Result<HttpAnswer> {
                         FARTHING_TRY(const std::string event, engine.test_webhook(name));
                         return with_body(R"({"event":")" + event + R"("})", 202);
                     }}};
    }
    auto events = read_resend(request.body);
    if (!events) return Asked{"manage", std::unexpected(std::move(events).error())};
    return Asked{"manage",
                 Call{[name, events = *events](engine::Engine& engine) -> Result<HttpAnswer> {
                     FARTHING_TRY(const std::int64_t count, engine.resend_webhook(name, events));
                     return with_body(R"({"deliveries":)" + std::to_string(count) + "}", 202);
                 }}};
}

}  // namespace farthing::api
