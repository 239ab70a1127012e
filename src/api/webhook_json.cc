#include "api/webhook_json.h"

#include "api/fields.h"
#include "base/json.h"

namespace farthing::api {

namespace {

void write_events(JsonWriter& json, const std::string& events) {
    json.key("events").begin_array();
    for (std::size_t at = 0; at < events.size();) {
        const std::size_t end = std::min(events.find(' ', at), events.size());
        json.value(std::string_view(events).substr(at, end - at));
        at = end + 1;
    }
    json.end_array();
}

void write_fields(JsonWriter& json, const Webhook& hook) {
    json.field("name", hook.name).field("url", hook.url);
    write_events(json, hook.events);
    json.field("since", to_rfc3339(hook.at));
    if (hook.stopped_at) json.field("stopped", to_rfc3339(*hook.stopped_at));
}

}  // namespace

Result<engine::WebhookChange> read_webhook(std::string_view body) {
    FARTHING_TRY(const Fields fields, fields_of(body));
    engine::WebhookChange change;
    FARTHING_TRY(change.name, fields.text("name"));
    FARTHING_TRY(change.url, fields.text("url"));
    FARTHING_TRY(change.events, fields.words("events"));
    return change;
}

Result<std::string> read_resend(std::string_view body) {
    FARTHING_TRY(const Fields fields, fields_of(body));
    FARTHING_TRY(const std::string event, fields.text("event"));
    if (!event.empty()) return event;
    FARTHING_TRY(const std::string from, fields.text("from"));
    FARTHING_TRY(const std::string to, fields.text("to"));
    if (from.empty() || to.empty())
        return malformed("say what is sent again: /event, or /from and /to");
    return from + ".." + to;
}

std::string write_new_webhook(const engine::WebhookChange& added) {
    JsonWriter json(false);
    json.begin_object().field("name", added.name).field("url", added.url);
    write_events(json, added.events);
    return json.field("secret", added.secret).end_object().text();
}

std::string write_webhook(const Webhook& hook, const std::vector<Delivery>& deliveries) {
    JsonWriter json(false);
    json.begin_object();
    write_fields(json, hook);
    json.key("deliveries").begin_array();
    for (const Delivery& one : deliveries) {
        json.begin_object()
            .field("event", engine::event_id(one.event))
            .field("type", one.notice.type)
            .field("state", name_of(one.state))
            .field("attempts", one.attempts);
        if (one.last_status > 0) json.field("status", one.last_status);
        if (!one.last_error.empty()) json.field("error", one.last_error);
        if (one.state == DeliveryState::waits) json.field("due", to_rfc3339(one.due));
        json.end_object();
    }
    return json.end_array().end_object().text();
}

std::string write_webhooks(const std::vector<Webhook>& hooks) {
    JsonWriter json(false);
    json.begin_object().key("webhooks").begin_array();
    for (const Webhook& hook : hooks) {
        json.begin_object();
        write_fields(json, hook);
        json.end_object();
    }
    return json.end_array().end_object().text();
}

}  // namespace farthing::api
