// quote: what a session would cost, and what a balance affords of it.
#include <fmt/format.h>

#include <ostream>

#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

constexpr std::string_view kAnybody = "anybody";

// A folder that knows the catalog and one customer who has the plan.
Result<EnginePtr> open_for_plan(Context& context, const TemporaryFolder& folder) {
    FARTHING_TRY(auto files, engine::read_catalog(context["--catalog"]));
    FARTHING_TRY(EnginePtr engine, open_folder(context, folder.path()));
    if (const auto published = engine->publish(std::move(files), std::nullopt); !published) {
        tell(context, published.error());
        return fail(UsageReason::bad_value, "the catalog has mistakes");
    }
    const catalog::Version& version = engine->catalog().newest();
    engine::AccountChange account;
    account.name = kAnybody;
    FARTHING_CHECK(engine->apply(account));
    engine::SubscriptionChange subscription;
    subscription.name = kAnybody;
    subscription.account = kAnybody;
    subscription.plan = context["WHO"];
    subscription.from = version.zone.date_of(version.valid_from);
    FARTHING_CHECK(engine->apply(std::span(&subscription, 1)));
    return engine;
}

// Now; or, where its catalog is of the future, its first moment.
Result<Instant> moment(Context& context, const engine::Engine& engine) {
    if (engine.catalog().empty()) return fail(UsageReason::not_found, "no catalog is published");
    if (context.arguments.given("--at"))
        return instant_argument(context["--at"], engine.catalog().newest().zone);
    return std::max(context.now(), engine.catalog().versions().front()->valid_from);
}

void print_json(Context& context, const engine::QuoteAnswer& answer) {
    JsonWriter json;
    json.begin_object().key("prices").begin_array();
    for (const auto& part : answer.parts) {
        json.begin_object()
            .field("charge", part.charge)
            .field("price", part.price)
            .field("sessions", part.rule)
            .field("counter", part.counter)
            .field("billable", part.billable)
            .end_object();
    }
    json.end_array()
        .field("amount", answer.amount.to_string())
        .field("sponsored", answer.sponsored.to_string())
        .field("currency", answer.amount.currency.code());
    if (answer.affordable) {
        json.key("balance").begin_object().field("refused", answer.affordable->refused);
        if (!answer.affordable->any_quantity) json.field("affords", answer.affordable->quantity);
        json.field("for", answer.affordable->amount.to_string())
            .field("first_block", answer.affordable->first.to_string())
            .end_object();
    }
    context.out << json.end_object().text() << '\n';
}

void print_text(Context& context, const engine::QuoteAnswer& answer) {
    const std::string currency(answer.amount.currency.code());
    for (const auto& part : answer.parts) {
        context.out << part.charge << ": " << part.price;
        if (!part.rule.empty()) context.out << "; " << part.rule;
        context.out << "\n  counts " << part.billable << ", after " << part.counter << '\n';
    }
    context.out << "costs " << answer.amount.to_string() << ' ' << currency;
    if (answer.sponsored.atoms != 0)
        context.out << "; sponsors pay " << answer.sponsored.to_string();
    context.out << '\n';
    if (!answer.affordable) return;
    const auto& affordable = *answer.affordable;
    context.out << "with " << context["--balance"] << ' ' << currency << ": ";
    if (affordable.refused) {
        context.out << "refuse: the first block costs " << affordable.first.to_string() << '\n';
    } else if (affordable.any_quantity) {
        context.out << "any quantity\n";
    } else {
        context.out << affordable.quantity << " for " << affordable.amount.to_string() << '\n';
    }
}

Result<Exit> quote(Context& context) {
    const bool by_plan = context.arguments.given("--catalog");
    const TemporaryFolder folder;
    FARTHING_TRY(const EnginePtr engine,
                 by_plan ? open_for_plan(context, folder) : open_home(context));
    engine::QuoteQuestion question;
    question.subscription = by_plan ? std::string(kAnybody) : context["WHO"];
    question.meter = context["METER"];
    question.quantity = context["QUANTITY"];
    question.network = context["--network"];
    question.called = context["--called"];
    question.calling = context["--calling"];
    question.balance = context["--balance"];
    FARTHING_TRY(question.when, moment(context, *engine));
    FARTHING_TRY(const engine::QuoteAnswer answer, engine->quote(question));
    if (context.json()) {
        print_json(context, answer);
    } else {
        print_text(context, answer);
    }
    return answer.affordable && answer.affordable->refused ? Exit::no : Exit::done;
}

}  // namespace

std::vector<Command> quote_commands() {
    return {
        {"quote",
         "",
         "What a session would cost, and what a balance affords of it",
         {{"WHO"}, {"METER"}, {"QUANTITY"}},
         {{"--catalog", "DIR", "WHO is a plan of this catalog; else a subscription"},
          {"--network", "NETWORK", "where it happens: 248 or 248-01"},
          {"--called", "NUMBER", "the called number, for decks"},
          {"--calling", "NUMBER", "the calling number, for their origins"},
          {"--at", "TIME", "when it begins; else now"},
          {"--balance", "AMOUNT", "what may be spent; exit code 1 where that is too little"}},
         {"farthing quote standard voice \"125 second\" --catalog ./my-catalog --balance 0.50",
          "farthing quote sim-0007 data \"20 MB\" --network 262-01"},
         quote},
    };
}

}  // namespace farthing::cli
