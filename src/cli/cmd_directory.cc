// account … and subscription …: who pays, who uses.
#include <ostream>

#include "base/utf8.h"
#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

using directory::Account;
using directory::Directory;

Result<Exit> account_add(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    engine::AccountChange change;
    change.name = context["NAME"];
    change.parent = context["--under"];
    change.title = context["--title"];
    change.address = context.arguments.all("--address");
    change.tax_number = context["--tax-number"];
    change.country = context["--country"];
    // Below another account the one above pays, unless this one is told to.
    change.pays = context.arguments.given("--pays") || change.parent.empty();
    if (context.arguments.given("--bill-day")) {
        FARTHING_TRY(const std::int64_t day, whole_number(context["--bill-day"]));
        // Out of range in any way is refused by the engine; 0 is such a value.
        change.bill_day = day >= 1 && day <= 31 ? static_cast<unsigned>(day) : 0;
    }
    if (context.arguments.given("--from")) {
        FARTHING_TRY(change.from, date_argument(context["--from"]));
    }
    FARTHING_CHECK(engine->apply(change));
    say(context, "account " + change.name);
    return Exit::done;
}

using Import = std::expected<std::int64_t, Errors> (engine::Engine::*)(std::string_view,
                                                                       std::string_view);

Result<Exit> import_with(Context& context, Import import) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    std::int64_t changed = 0;
    for (const std::string& path : context.arguments.all("FILES")) {
        FARTHING_TRY(const std::string csv, read_file(path));
        const auto rows = (engine.get()->*import)(path, csv);
        if (!rows) {
            tell(context, rows.error());
            say(context, "nothing of " + path + " was imported: mend it and import it again");
            return Exit::error;
        }
        changed += *rows;
    }
    if (context.json()) {
        context.out << JsonWriter().begin_object().field("changed", changed).end_object().text()
                    << '\n';
    } else {
        context.out << grouped(changed) << " changed\n";
    }
    return Exit::done;
}

Result<Exit> account_import(Context& context) {
    return import_with(context, &engine::Engine::import_accounts);
}
Result<Exit> subscription_import(Context& context) {
    return import_with(context, &engine::Engine::import_subscriptions);
}

std::string name_or_empty(const Directory& directory, AccountId id) {
    return id ? directory.account(id).fact.name : std::string();
}

Result<Exit> account_list(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    const Directory& directory = engine->directory();
    FARTHING_TRY(const Date day, date_option(context, "--on", *engine));
    Listing listing({"account", "under", "title", "pays", "payer", "bill day", "subscriptions"});
    for (const Account& account : directory.accounts()) {
        const bool* pays = account.pays.at(day);
        const AccountId* payer = account.payer.at(day);
        listing.add(
            {account.fact.name, name_or_empty(directory, account.fact.parent),
             std::string(account.fact.title), std::string(pays != nullptr && *pays ? "yes" : "no"),
             payer == nullptr ? std::string() : name_or_empty(directory, *payer),
             std::int64_t{account.fact.bill_day},
             static_cast<std::int64_t>(directory.subscriptions_of(account.fact.id).size())});
    }
    listing.print(context);
    return Exit::done;
}

void print_tree(std::ostream& out, const Directory& directory, const Account& account, Date day,
                const std::string& indent) {
    const bool* pays = account.pays.at(day);
    out << indent << account.fact.name;
    if (!account.fact.title.empty())
        out << " (" << printable(std::string_view(account.fact.title)) << ")";
    if (pays != nullptr && *pays) out << "  pays";
    if (const auto count = directory.subscriptions_of(account.fact.id).size(); count > 0) {
        out << "  " << grouped(static_cast<std::int64_t>(count))
            << (count == 1 ? " subscription" : " subscriptions");
    }
    out << '\n';
    for (const AccountId child : account.children)
        print_tree(out, directory, directory.account(child), day, indent + "  ");
}

Result<Exit> account_tree(Context& context) {
    if (context.json()) return account_list(context);  // `under` says the tree
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const Date day, date_option(context, "--on", *engine));
    for (const Account& account : engine->directory().accounts()) {
        if (!account.fact.parent) print_tree(context.out, engine->directory(), account, day, "");
    }
    return Exit::done;
}

Result<Exit> account_pays(Context& context) {
    const std::string& answer = context["YES-OR-NO"];
    if (answer != "yes" && answer != "no") {
        return fail(UsageReason::bad_value, "write yes or no, not \"" + printable(answer) + "\"");
    }
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const Date from, date_option(context, "--from", *engine));
    FARTHING_CHECK(engine->set_pays(context["NAME"], answer == "yes", from));
    say(context, context["NAME"] + (answer == "yes" ? " pays from " : " does not pay from ") +
                     to_string(from));
    return Exit::done;
}

Result<std::pair<IdentityKind, std::string>> identity_argument(const std::string& text) {
    const std::size_t sign = text.find('=');
    const std::string_view kind_text =
        std::string_view(text).substr(0, std::min(sign, text.size()));
    for (std::size_t i = 0; i < kIdentityKindNames.size() && sign != std::string::npos; ++i) {
        if (kIdentityKindNames[i] == kind_text)
            return std::pair(static_cast<IdentityKind>(i), text.substr(sign + 1));
    }
    return fail(UsageReason::bad_value, "\"" + printable(text) +
                                            "\" is no identity; write KIND=VALUE with KIND device, "
                                            "iccid, imsi, msisdn, did or destination");
}

Result<Exit> subscription_add(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    engine::SubscriptionChange change;
    change.name = context["NAME"];
    change.account = context["ACCOUNT"];
    change.plan = context["PLAN"];
    change.group = context["--group"];
    FARTHING_TRY(change.from, date_option(context, "--from", *engine));
    if (context.arguments.given("--quantity")) {
        FARTHING_TRY(change.quantity, whole_number(context["--quantity"]));
    }
    for (const std::string& text : context.arguments.all("--identity")) {
        FARTHING_TRY(auto identity, identity_argument(text));
        change.identities.push_back(std::move(identity));
    }
    FARTHING_CHECK(engine->apply(std::span(&change, 1)));
    say(context, "subscription " + change.name + " from " + to_string(change.from));
    return Exit::done;
}

std::string plan_name(const engine::Engine& engine, PlanId id) {
    for (const auto& version : engine.catalog().versions()) {
        if (const catalog::Plan* plan = version->plan(id)) return plan->name;
    }
    return {};
}

Result<Exit> subscription_list(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    const Directory& directory = engine->directory();
    FARTHING_TRY(const Date day, date_option(context, "--on", *engine));
    Listing listing({"subscription", "account", "plan", "quantity", "group"});
    for (const auto& subscription : directory.subscriptions()) {
        const auto& fact = subscription.fact;
        if (!context["--account"].empty() &&
            name_or_empty(directory, fact.account) != context["--account"])
            continue;
        const PlanId* plan = subscription.plan.at(day);
        const std::int64_t* quantity = subscription.quantity.at(day);
        listing.add({fact.name, name_or_empty(directory, fact.account),
                     plan != nullptr && *plan ? plan_name(*engine, *plan) : std::string(),
                     quantity == nullptr ? 0 : *quantity,
                     fact.group ? directory.group(fact.group).fact.name : std::string()});
    }
    listing.print(context);
    return Exit::done;
}

Result<Exit> subscription_quantity(Context& context) {
    FARTHING_TRY(const std::int64_t quantity, whole_number(context["QUANTITY"]));
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const Date from, date_option(context, "--from", *engine));
    FARTHING_CHECK(engine->set_quantity(context["NAME"], quantity, from));
    say(context,
        context["NAME"] + " counts " + std::to_string(quantity) + " from " + to_string(from));
    return Exit::done;
}

Result<Exit> subscription_plan(Context& context) {
    const bool ends = context.arguments.given("--end");
    if (ends == context.arguments.given("PLAN")) {
        return fail(UsageReason::bad_usage, "name the new plan, or --end");
    }
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const Date from, date_option(context, "--from", *engine));
    FARTHING_CHECK(engine->set_plan(context["NAME"], context["PLAN"], from));
    say(context, context["NAME"] +
                     (ends ? " ends on " : " has plan " + context["PLAN"] + " from ") +
                     to_string(from));
    return Exit::done;
}

Result<Exit> subscription_identify(Context& context) {
    FARTHING_TRY(const auto identity, identity_argument(context["IDENTITY"]));
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const Date from, date_option(context, "--from", *engine));
    const TimeZone zone =
        engine->catalog().empty() ? TimeZone::utc() : engine->catalog().newest().zone;
    FARTHING_CHECK(
        engine->identify(context["NAME"], identity.first, identity.second, zone.start_of(from)));
    say(context, context["NAME"] + " is " + context["IDENTITY"] + " from " + to_string(from));
    return Exit::done;
}

constexpr Option kFrom = {"--from", "DATE", "from that day on (else today)"};
constexpr Option kOn = {"--on", "DATE", "as it stands on that day (else today)"};

std::vector<Command> account_commands() {
    return {
        {"account",
         "add",
         "Add an account to the tree",
         {{"NAME"}},
         {{"--under", "ACCOUNT", "its parent; without one it is topmost and pays"},
          {"--title", "TEXT", "as printed on documents"},
          {"--address", "LINE", "a line of the address; repeat it"},
          {"--tax-number", "TEXT", "printed on documents; makes it a business for taxes"},
          {"--country", "CODE", "for taxes: GB, or US-CA for a part of a country"},
          {"--bill-day", "DAY", "first day of its billing cycles, 1 to 31"},
          {"--pays", "", "pays for itself and those below it"},
          {"--from", "DATE", "pays (or not) from that day"}},
         {"farthing account add acme --title \"Acme Ltd\"",
          "farthing account add sales --under acme --pays"},
         account_add},
        {"account",
         "import",
         "Add accounts from CSV files",
         {{"FILES", true, true}},
         {},
         {"farthing account import accounts.csv", "farthing account import - < accounts.csv"},
         account_import},
        {"account",
         "list",
         "List the accounts",
         {},
         {kOn},
         {"farthing account list", "farthing account list --on 2026-01-31 --json"},
         account_list},
        {"account",
         "tree",
         "Show who stands under whom and who pays",
         {},
         {kOn},
         {"farthing account tree", "farthing account tree --on 2026-01-31"},
         account_tree},
        {"account",
         "pays",
         "Let an account pay, or not, from a day on",
         {{"NAME"}, {"YES-OR-NO"}},
         {kFrom},
         {"farthing account pays sales yes --from 2026-02-01", "farthing account pays sales no"},
         account_pays},
    };
}

}  // namespace

std::vector<Command> directory_commands() {
    std::vector<Command> all = account_commands();
    const std::vector<Command> more = {
        {"subscription",
         "add",
         "Let an account subscribe to a plan",
         {{"ACCOUNT"}, {"NAME"}, {"PLAN"}},
         {kFrom,
          {"--quantity", "N", "how many it counts (else 1)"},
          {"--group", "GROUP", "shares allowances with that group"},
          {"--identity", "KIND=VALUE",
           "device, iccid, imsi, msisdn, did or destination; repeat it"}},
         {"farthing subscription add acme sim-1 pooled-50 --identity iccid=8937",
          "farthing subscription add acme numbers number-monthly --quantity 50"},
         subscription_add},
        {"subscription",
         "import",
         "Add subscriptions from CSV files",
         {{"FILES", true, true}},
         {},
         {"farthing subscription import lamps.csv",
          "farthing subscription import sims.csv more.csv"},
         subscription_import},
        {"subscription",
         "list",
         "List the subscriptions",
         {},
         {{"--account", "ACCOUNT", "only of that account"}, kOn},
         {"farthing subscription list --account acme", "farthing subscription list -o csv"},
         subscription_list},
        {"subscription",
         "quantity",
         "Set how many a subscription counts from a day on",
         {{"NAME"}, {"QUANTITY"}},
         {kFrom},
         {"farthing subscription quantity numbers 60 --from 2026-01-16",
          "farthing subscription quantity numbers 0"},
         subscription_quantity},
        {"subscription",
         "plan",
         "Change a subscription's plan, or end it",
         {{"NAME"}, {"PLAN", false}},
         {kFrom, {"--end", "", "end the subscription"}},
         {"farthing subscription plan sim-1 pooled-100 --from 2026-02-01",
          "farthing subscription plan sim-1 --end"},
         subscription_plan},
        {"subscription",
         "identify",
         "Give a subscription an identity from a day on",
         {{"NAME"}, {"IDENTITY"}},
         {kFrom},
         {"farthing subscription identify sim-1 iccid=8937",
          "farthing subscription identify desk did=442071234567 --from 2026-02-01"},
         subscription_identify},
    };
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

}  // namespace farthing::cli
