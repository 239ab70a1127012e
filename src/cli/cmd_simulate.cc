// charge simulate: sessions played against a running server, by the same protocols as networks.
#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "api/player.h"
#include "base/json.h"
#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/serve_policy.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

Result<api::PlayProtocol> protocol_of(const std::string& text) {
    if (text.empty() || text == "http") return api::PlayProtocol::http;
    if (text == "diameter") return api::PlayProtocol::diameter;
    if (text == "nchf") return api::PlayProtocol::nchf;
    return fail(UsageReason::bad_value, "--protocol is http, diameter or nchf");
}

std::string latencies_text(const api::Latencies& told) {
    const auto millis = [](std::int64_t micros) {
        return fmt::format("{}.{:02} ms", micros / 1000, micros % 1000 / 10);
    };
    std::string text =
        fmt::format("{} answered, p50 {}, p99 {}, p99.9 {}, max {}", told.requests,
                    millis(told.p50), millis(told.p99), millis(told.p999), millis(told.max));
    if (told.refused > 0) text += fmt::format(", {} refused", told.refused);
    if (told.denied > 0) text += fmt::format(", {} not granted", told.denied);
    return text;
}

std::string played_json(const api::Played& played) {
    const api::Latencies& all = played.all;
    JsonWriter json(false);
    return json.begin_object()
        .field("requests", all.requests)
        .field("refused", all.refused)
        .field("denied", all.denied)
        .field("per_second", all.requests * 1'000'000 / std::max<std::int64_t>(1, played.micros))
        .field("p50_micros", all.p50)
        .field("p99_micros", all.p99)
        .field("p999_micros", all.p999)
        .field("max_micros", all.max)
        .field("player_cpu_micros", played.cpu_micros)
        .end_object()
        .text();
}

Result<api::Play> play_of(Context& context) {
    api::Play play;
    FARTHING_TRY(play.protocol, protocol_of(context["--protocol"]));
    if (context.arguments.given("--to")) {
        FARTHING_TRY(play.to, address_of(context["--to"]));
    } else if (play.protocol != api::PlayProtocol::http) {
        return fail(UsageReason::bad_usage, "say where the server speaks it: --to HOST:PORT");
    }
    play.tls = context.arguments.given("--tls") || context.arguments.given("--ca");
    play.authorities = context["--ca"];
    play.sctp = context.arguments.given("--sctp");
    if (play.sctp && (play.tls || play.protocol != api::PlayProtocol::diameter))
        return fail(UsageReason::bad_usage, "over SCTP goes Diameter, without TLS");
    play.key = context["--key"];
    play.subscriptions = context["SUBSCRIPTIONS"];
    play.meter = context["METER"];
    play.quantity = context["QUANTITY"];
    FARTHING_TRY(play.count, at_least_one(context, "--count", 1));
    FARTHING_TRY(play.rate, at_least_one(context, "--rate", play.rate));
    FARTHING_TRY(play.seconds, at_least_one(context, "--seconds", play.seconds));
    FARTHING_TRY(play.sessions, at_least_one(context, "--sessions", play.sessions));
    FARTHING_TRY(play.connections, at_least_one(context, "--connections", play.connections));
    FARTHING_TRY(play.updates, at_least_one(context, "--updates", play.updates));
    play.leaves_open = context.arguments.given("--open");
    play.balances = context["--balances"];
    if (!play.balances.empty() && play.protocol != api::PlayProtocol::http)
        return fail(UsageReason::bad_usage, "--balances are asked for over HTTP");
    play.now = context.now;
    play.run = "run-" + std::to_string(context.now().micros);
    return play;
}

Result<Exit> simulate(Context& context) {
    FARTHING_TRY(const api::Play play, play_of(context));
    FARTHING_TRY(const api::Played played, api::play(play, [&](const api::Latencies& second) {
                     say(context, latencies_text(second));
                 }));
    context.out << (context.json() ? played_json(played) : latencies_text(played.all)) << '\n';
    return Exit::done;
}

}  // namespace

std::vector<Command> simulate_commands() {
    return {
        {"charge",
         "simulate",
         "Play sessions against a running server, and show its latency",
         {{"SUBSCRIPTIONS"}, {"METER"}, {"QUANTITY"}},
         {{"--to", "HOST:PORT", "else 127.0.0.1:8080"},
          {"--protocol", "NAME",
           "http (else), diameter or nchf: there SUBSCRIPTIONS begin telephone numbers or names "
           "of devices, and the server tells the meter by its unit"},
          {"--tls", "", "over TLS"},
          {"--ca", "FILE",
           "over TLS, trusting who is in the PEM file (else whom the system trusts)"},
          {"--sctp", "", "Diameter over SCTP"},
          {"--key", "KEY", "an API key of scope charge, over HTTP"},
          {"--count", "N", "names are SUBSCRIPTIONS and a number up to N (else 1)"},
          {"--rate", "N", "requests due in a second (else 1000)"},
          {"--seconds", "N", "for how long (else 10)"},
          {"--sessions", "N", "at once (else 64); over HTTP each has a connection of its own"},
          {"--connections", "N", "of Diameter and Nchf, which the sessions share (else 4)"},
          {"--updates", "N", "of a session, between its start and its end (else 4)"},
          {"--open", "", "sessions begin, and nothing follows"},
          {"--balances", "ACCOUNTS",
           "in place of sessions ask for the balance of ACCOUNTS and a number"}},
         {"farthing charge simulate sim- data \"100 kB\" --key $KEY --count 1000",
          "farthing charge simulate 3725550 data 1000 --protocol diameter --to 127.0.0.1:3868 "
          "--rate 5000 --json"},
         simulate},
    };
}

}  // namespace farthing::cli
