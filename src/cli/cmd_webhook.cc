// webhook: who is told what as it happens, and how it went.
#include <ostream>

#include "api/deliverer.h"
#include "api/webhook_json.h"
#include "api/webhook_signature.h"
#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

constexpr std::int64_t kTold = 100;
constexpr std::int64_t kAtOnce = 16;  // of one receiver

Result<Exit> add(Context& context) {
    engine::WebhookChange change;
    change.name = context["NAME"];
    change.url = context["URL"];
    for (const std::string& event : context.arguments.all("--event"))
        change.events += (change.events.empty() ? "" : " ") + event;
    change.private_network = context.arguments.given("--private");
    change.secret = api::new_webhook_secret();
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_CHECK(engine->add_webhook(change));
    context.out << change.secret << '\n';
    say(context, "This is the only time that the secret is shown; it signs what is sent.");
    return Exit::done;
}

Result<Exit> list(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const auto hooks, engine->webhooks());
    Listing listing({"name", "url", "events", "since", "stopped"});
    for (const Webhook& hook : hooks) {
        listing.add({hook.name, hook.url, hook.events.empty() ? "all" : hook.events,
                     to_rfc3339(hook.at),
                     hook.stopped_at ? to_rfc3339(*hook.stopped_at) : std::string()});
    }
    listing.print(context);
    return Exit::done;
}

Result<Exit> show(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const Webhook hook, engine->webhook(context["NAME"]));
    FARTHING_TRY(const auto deliveries, engine->webhook_deliveries(hook.name, kTold));
    if (context.json()) {
        context.out << api::write_webhook(hook, deliveries) << '\n';
        return Exit::done;
    }
    Listing listing({"event", "type", "state", "attempts", "due", "last"});
    for (const Delivery& one : deliveries) {
        listing.add({engine::event_id(one.event), one.notice.type, name_of(one.state),
                     std::to_string(one.attempts),
                     one.state == DeliveryState::waits ? to_rfc3339(one.due) : std::string(),
                     one.last_error});
    }
    listing.print(context);
    return Exit::done;
}

Result<Exit> log(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const auto attempts, engine->webhook_log(context["NAME"], kTold));
    Listing listing({"at", "event", "status", "micros", "error"});
    for (const DeliveryAttempt& one : attempts) {
        listing.add({to_rfc3339(one.at), engine::event_id(one.event), std::to_string(one.status),
                     std::to_string(one.micros), one.error});
    }
    listing.print(context);
    return Exit::done;
}

Result<Exit> remove(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_CHECK(engine->remove_webhook(context["NAME"]));
    return Exit::done;
}

Result<Exit> resend(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const std::int64_t count,
                 engine->resend_webhook(context["NAME"], context["EVENTS"]));
    say(context, std::to_string(count) + " to be delivered again");
    return count == 0 ? Exit::no : Exit::done;
}

Result<Exit> test(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const std::string event, engine->test_webhook(context["NAME"]));
    context.out << event << '\n';
    return Exit::done;
}

Result<Exit> events(Context& context) {
    Listing listing({"event", "when"});
    for (const auto& type : engine::event_types())
        listing.add({std::string(type.name), std::string(type.when)});
    listing.print(context);
    return Exit::done;
}

// For those without `serve`.
Result<Exit> deliver(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    std::int64_t taken = 0;
    std::int64_t failed = 0;
    std::optional<Error> broken;
    api::Deliverer deliverer({context.now,
                              [&]() -> std::vector<Delivery> {
                                  auto due = engine->due_webhooks(kAtOnce);
                                  if (due && !broken) return *std::move(due);
                                  if (!due) broken = due.error();
                                  return {};
                              },
                              [&](const Delivery& one, const engine::WebhookOutcome& outcome) {
                                  (outcome.error.empty() ? taken : failed) += 1;
                                  const auto kept = engine->delivered(one, outcome, {});
                                  if (!kept) broken = kept.error();
                                  return true;
                              }});
    deliverer.run_once();
    if (broken) return fail(*broken);
    context.out << taken << " delivered, " << failed << " to be tried again\n";
    return failed > 0 ? Exit::partly : Exit::done;
}

std::vector<Command> receivers() {
    return {
        {"webhook",
         "add",
         "Tell a receiver what happens; its secret is shown once",
         {{"NAME"}, {"URL"}},
         {{"--event", "TYPE", "that alone; repeat it (else all)"},
          {"--private", "", "its address may be one of a private network"}},
         {"farthing webhook add crm https://crm.example.org/farthing",
          "farthing webhook add ops http://10.0.0.7:8000/ --private --event balance.low"},
         add},
        {"webhook",
         "list",
         "List the receivers",
         {},
         {},
         {"farthing webhook list", "farthing webhook list -o csv"},
         list},
        {"webhook",
         "show",
         "What a receiver was told, or is still to be",
         {{"NAME"}},
         {},
         {"farthing webhook show crm", "farthing webhook show crm --json"},
         show},
        {"webhook",
         "log",
         "Each attempt at a receiver, the newest first",
         {{"NAME"}},
         {},
         {"farthing webhook log crm", "farthing webhook log crm -o csv"},
         log},
        {"webhook",
         "remove",
         "Tell a receiver no more",
         {{"NAME"}},
         {},
         {"farthing webhook remove crm", "farthing webhook remove ops"},
         remove},
    };
}

std::vector<Command> deliveries() {
    return {
        {"webhook",
         "resend",
         "Deliver events again, and begin again with a receiver that was gone",
         {{"NAME"}, {"EVENTS"}},
         {},
         {"farthing webhook resend crm evt-12", "farthing webhook resend crm evt-12..evt-40"},
         resend},
        {"webhook",
         "test",
         "Tell a receiver a test",
         {{"NAME"}},
         {},
         {"farthing webhook test crm", "farthing webhook test ops && farthing webhook deliver"},
         test},
        {"webhook",
         "events",
         "List what receivers can be told",
         {},
         {},
         {"farthing webhook events", "farthing webhook events -o csv"},
         events},
        {"webhook",
         "deliver",
         "Deliver what is due, once; `serve` does it all the time",
         {},
         {},
         {"farthing webhook deliver", "farthing webhook deliver --home ./data"},
         deliver},
    };
}

}  // namespace

std::vector<Command> webhook_commands() {
    std::vector<Command> all = receivers();
    for (const Command& one : deliveries()) all.push_back(one);
    return all;
}

}  // namespace farthing::cli
