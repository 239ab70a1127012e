// bucket: packages that customers buy or are given, and what is left of them.
#include <ostream>

#include "api/bucket_json.h"
#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

Result<Exit> take(Context& context, bool given) {
    engine::BucketOrder order;
    order.owner = context["OWNER"];
    order.package = context["PACKAGE"];
    order.reference = context["--reference"];
    order.given = given;
    FARTHING_TRY(order.owner_kind, owner_kind_argument(context["--of"]));
    if (context.arguments.given("--from")) {
        FARTHING_TRY(order.from, date_argument(context["--from"]));
    }
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const engine::BucketRow row, engine->buy_bucket(order));
    if (context.json()) {
        context.out << api::write_bucket(row) << '\n';
        return Exit::done;
    }
    say(context, row.id + ": " + row.remaining + " of " + row.package + " for " + row.owner + ", " +
                     to_string(row.from) + " to " + to_string(row.last) + ", " +
                     row.price.to_string() + " " + std::string(row.price.currency.code()));
    return Exit::done;
}

Result<Exit> buy(Context& context) {
    return take(context, false);
}

Result<Exit> give(Context& context) {
    return take(context, true);
}

Result<Exit> list(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const auto rows, engine->buckets(context["ACCOUNT"]));
    Listing listing({"bucket", "owner", "package", "quantity", "rolled over", "covered",
                     "remaining", "from", "last day", "state", "price"});
    for (const engine::BucketRow& row : rows) {
        listing.add({row.id, row.owner, row.package, row.quantity, row.rolled_over, row.covered,
                     row.remaining, to_string(row.from), to_string(row.last), row.state,
                     row.price.to_string()});
    }
    listing.print(context);
    return Exit::done;
}

std::vector<Option> order_options() {
    return {{"--reference", "TEXT", "of the order; the same counts once; needed"},
            {"--of", "KIND", "what OWNER names: a subscription (else), group or account"},
            {"--from", "DATE", "its first day (else today)"}};
}

}  // namespace

std::vector<Command> bucket_commands() {
    return {
        {"bucket",
         "buy",
         "Buy a package of a plan: its usage is covered before it costs",
         {{"OWNER"}, {"PACKAGE"}},
         order_options(),
         {"farthing bucket buy sim-1 data-1gb --reference app-17",
          "farthing bucket buy acme shared-10gb --of account --reference order-4"},
         buy},
        {"bucket",
         "give",
         "The same for nothing",
         {{"OWNER"}, {"PACKAGE"}},
         order_options(),
         {"farthing bucket give sim-1 data-1gb --reference sorry-4711",
          "farthing bucket give sim-1 data-1gb --reference welcome-1 --from 2026-12-01"},
         give},
        {"bucket",
         "list",
         "List what an account and all below it bought, and what remains",
         {{"ACCOUNT"}},
         {},
         {"farthing bucket list anna", "farthing bucket list acme -o csv"},
         list},
    };
}

}  // namespace farthing::cli
