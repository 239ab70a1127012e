// serve: charging over HTTP, Diameter and Nchf; key: who may ask.
#include <fmt/format.h>
#include <openssl/rand.h>
#include <sys/prctl.h>

#include <array>
#include <ostream>
#include <thread>

#include "api/deliverer.h"
#include "api/diameter_server.h"
#include "api/nchf_server.h"
#include "api/server.h"
#include "api/service.h"
#include "api/ticker.h"
#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/serve_diameter.h"
#include "cli/serve_nchf.h"
#include "cli/serve_upkeep.h"
#include "cli/session.h"

// jemalloc's, where it is linked; sanitizers bring their own.
extern "C" [[gnu::weak]] int mallctl(const char* name, void* old, std::size_t* old_size,
                                     void* fresh, std::size_t fresh_size);

namespace farthing::cli {

namespace {

constexpr std::size_t kSecretBytes = 24;
constexpr std::int64_t kAtOnce = 16;  // notices of one receiver

// What webhooks are to tell, asked of the one thread that has the engine.
api::Deliverer::Source deliveries_of(Context& context, std::unique_ptr<api::Service>& service,
                                     const engine::RetryPolicy& retries) {
    return {context.now,
            [&service] {
                std::vector<Delivery> due;
                (void)service->with_engine([&due](engine::Engine& engine) {
                    if (auto found = engine.due_webhooks(kAtOnce)) due = *std::move(found);
                });
                return due;
            },
            [&service, retries](const Delivery& one, const engine::WebhookOutcome& outcome) {
                bool kept = false;
                (void)service->with_engine([&](engine::Engine& engine) {
                    kept = engine.delivered(one, outcome, retries).has_value();
                });
                return kept;
            }};
}

// The kernel clears a huge page before it gives it: 2 MiB take it up to 5 ms here, several times a
// second while sessions are added, and all that waits waits for it. What was read stays on them.
void take_small_pages() {
    (void)::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

// What was given back is kept for what comes next (main.cc). To read the directory takes half as
// much again as what stands of it, and nothing of that size comes any more.
void give_back_what_was_read() {
    if (mallctl != nullptr) (void)mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0);  // all
}

Result<Exit> serve(Context& context) {
    FARTHING_TRY(const api::Address address, address_of(context, "--listen", "http"));
    engine::ChargeSettings settings;
    FARTHING_TRY(settings.valid_seconds,
                 at_least_one(context, "--validity", settings.valid_seconds));
    FARTHING_TRY(settings.remembered_seconds,
                 at_least_one(context, "--remember", settings.remembered_seconds));
    FARTHING_TRY(const std::int64_t first_retry, at_least_one(context, "--retry", 5));
    FARTHING_TRY(EnginePtr engine, open_home(context));
    FARTHING_CHECK(engine->set_charging(settings));
    take_small_pages();
    give_back_what_was_read();
    FARTHING_TRY(auto diameter_service, diameter_service_of(context));
    std::optional<api::NchfServer::Settings> nchf_settings;
    if (context.arguments.given("--nchf")) {
        FARTHING_TRY(nchf_settings, nchf_settings_of(context));
    }
    std::unique_ptr<api::Service> service;
    FARTHING_TRY(auto upkeep, upkeep_of(context, service));
    const auto charge = [&service](engine::ChargeQuestion question,
                                   api::Service::ChargeReply reply) {
        service->charge(std::move(question), std::move(reply));
    };
    FARTHING_TRY(
        const auto server,
        api::Server::listen(address, [&service](api::HttpRequest request, api::HttpReply reply) {
            service->handle(std::move(request), std::move(reply));
        }));
    service = std::make_unique<api::Service>(std::move(engine));
    std::unique_ptr<api::DiameterServer> diameter;
    if (diameter_service) {
        FARTHING_TRY(diameter, start_diameter(context, *std::move(diameter_service), charge));
    }
    std::unique_ptr<api::NchfServer> nchf;
    if (nchf_settings) {
        const std::string host = nchf_settings->address.host;
        FARTHING_TRY(nchf, api::NchfServer::listen(*std::move(nchf_settings), charge));
        context.out << "nchf on " << host << ':' << nchf->port() << std::endl;
    }
    service->tell_clients([&](const std::string& session, const std::string& client, bool abort) {
        if (!client.empty()) return nchf && nchf->tell(client, abort);
        return diameter && diameter->tell(session, abort);
    });
    api::Deliverer deliverer(deliveries_of(context, service, {.first_seconds = first_retry}));
    std::thread delivers([&deliverer] { deliverer.run(); });
    api::Ticker ticker(std::move(upkeep));
    context.out << "listening on " << address.host << ':' << server->port() << std::endl;
    server->run();
    ticker.stop();
    deliverer.stop();
    delivers.join();
    if (diameter) diameter->refuse();
    if (nchf) nchf->refuse();
    service.reset();  // charges what still waits
    if (diameter) diameter->stop();
    if (nchf) nchf->stop();
    return Exit::done;
}

Result<Exit> key_add(Context& context) {
    std::string scopes;
    for (const std::string& scope : context.arguments.all("--scope")) {
        if (scope != "charge" && scope != "manage")
            return fail(UsageReason::bad_value,
                        "a scope is charge or manage, not \"" + scope + "\"");
        scopes += (scopes.empty() ? "" : " ") + scope;
    }
    if (scopes.empty()) return fail(UsageReason::bad_usage, "say what the key may do: --scope");
    std::array<unsigned char, kSecretBytes> random{};
    if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
        return fail(UsageReason::bad_value, "the system gives no random numbers");
    std::string secret = "fk_";
    for (const unsigned char byte : random) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        secret += kDigits[byte >> 4];
        secret += kDigits[byte & 15];
    }
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_CHECK(engine->add_api_key(context["NAME"], secret, scopes));
    context.out << secret << '\n';
    say(context, "This is the only time that the key is shown.");
    return Exit::done;
}

Result<Exit> key_list(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const auto keys, engine->api_keys());
    Listing listing({"name", "scopes", "since", "revoked"});
    for (const ApiKey& key : keys) {
        listing.add({key.name, key.scopes, to_rfc3339(key.at),
                     key.revoked_at ? to_rfc3339(*key.revoked_at) : std::string()});
    }
    listing.print(context);
    return Exit::done;
}

Result<Exit> key_revoke(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_CHECK(engine->revoke_api_key(context["NAME"]));
    return Exit::done;
}

std::vector<Option> serve_options() {
    std::vector<Option> options = {
        {"--listen", "HOST:PORT", "else 127.0.0.1:8080; port 0: any that is free"},
        {"--validity", "SECONDS",
         "for which a grant holds (else 3600); its money is held twice as long"},
        {"--retry", "SECONDS",
         "before a webhook is tried again (else 5); each next wait is four times as long"},
        {"--remember", "SECONDS", "sessions after their end or silence (else 86400)"},
    };
    for (const auto& more :
         {upkeep_options(), diameter_options(), nchf_options(), policy_options()})
        options.insert(options.end(), more.begin(), more.end());
    return options;
}

}  // namespace

std::vector<Command> serve_commands() {
    return {
        {"serve",
         "",
         "Charge usage while it happens, over HTTP, Diameter and Nchf",
         {},
         serve_options(),
         {"farthing serve --diameter 0.0.0.0:3868 --host ocs.example.org --peer "
          "pgw.example.org",
          "farthing serve --nchf 10.1.0.5:8081 --nchf-client 10.1.0.0/16"},
         serve},
        {"key",
         "add",
         "Make an API key; it is shown once",
         {{"NAME"}},
         {{"--scope", "SCOPE", "charge (usage, balances) or manage (money, limits); repeat it"}},
         {"farthing key add gateway --scope charge",
          "farthing key add crm --scope charge --scope manage"},
         key_add},
        {"key",
         "list",
         "List the API keys",
         {},
         {},
         {"farthing key list", "farthing key list -o csv"},
         key_list},
        {"key",
         "revoke",
         "End an API key",
         {{"NAME"}},
         {},
         {"farthing key revoke gateway", "farthing key revoke crm"},
         key_revoke},
    };
}

}  // namespace farthing::cli
