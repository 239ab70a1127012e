// catalog check | show | diff | test | publish | list | schema
#include <ostream>

#include "catalog/catalog.h"
#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/scenario.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

using VersionPtr = std::shared_ptr<const catalog::Version>;

std::expected<VersionPtr, Errors> read_version(const std::string& folder) {
    auto files = engine::read_catalog(folder);
    if (!files) return std::unexpected(Errors{std::move(files).error()});
    return engine::check_catalog(std::move(*files));
}

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
    return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

Result<Exit> check(Context& context) {
    const auto version = read_version(context["DIR"]);
    if (context.json()) print_mistakes_json(context, version ? Errors{} : version.error());
    if (!version) {
        if (!context.json()) tell(context, version.error());
        say(context, counted(version.error().size(), "mistake", "mistakes"));
        return Exit::error;
    }
    if (!context.json()) {
        const catalog::Version& good = **version;
        context.out << good.name << ": good. " << counted(good.plans.size(), "plan", "plans")
                    << ", " << counted(good.meters.size(), "meter", "meters") << ", "
                    << good.currency.code() << ", " << good.zone.name() << '\n';
    }
    return Exit::done;
}

// The catalog of a folder, or the newest one that is published.
std::expected<VersionPtr, Errors> folder_or_published(Context& context, const std::string& folder) {
    if (!folder.empty()) return read_version(folder);
    auto engine = open_home(context);
    if (!engine) return std::unexpected(Errors{std::move(engine).error()});
    if ((*engine)->catalog().empty()) {
        return std::unexpected(
            Errors{error_of(UsageReason::not_found, "no catalog is published in " + context.home)});
    }
    return (*engine)->catalog().versions().back();
}

Result<Exit> show(Context& context) {
    const auto version = folder_or_published(context, context["DIR"]);
    if (!version) return tell(context, version.error());
    const std::string prices = catalog::price_list(**version);
    if (context.json()) {
        JsonWriter json;
        json.begin_object().field("catalog", (*version)->name).field("price_list", prices);
        context.out << json.end_object().text() << '\n';
    } else {
        context.out << prices;
    }
    return Exit::done;
}

Result<Exit> diff(Context& context) {
    // One folder is compared with what is published, two with each other.
    const bool two = context.arguments.given("NEW");
    const auto after = read_version(context[two ? "NEW" : "DIR"]);
    if (!after) return tell(context, after.error());
    const auto before = folder_or_published(context, two ? context["DIR"] : std::string());
    if (!before) return tell(context, before.error());
    const std::vector<catalog::Difference> differences = catalog::diff(**before, **after);
    if (context.json()) {
        Listing listing({"sign", "difference"});
        for (const auto& difference : differences)
            listing.add({std::string(1, difference.sign), difference.text});
        listing.print(context);
    } else {
        for (const auto& difference : differences)
            context.out << difference.sign << ' ' << difference.text << '\n';
        say(context, counted(differences.size(), "difference", "differences"));
    }
    return differences.empty() ? Exit::done : Exit::no;
}

Result<Exit> publish(Context& context) {
    FARTHING_TRY(auto files, engine::read_catalog(context["DIR"]));
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    std::optional<Date> from;
    if (context.arguments.given("--valid-from")) {
        FARTHING_TRY(from, date_argument(context["--valid-from"]));
    }
    const auto number = engine->publish(std::move(files), from);
    if (!number) return tell(context, number.error());
    const catalog::Version* version = engine->catalog().numbered(*number);
    context.out << version->name << " version " << number->value << ", valid from "
                << to_string(version->zone.date_of(version->valid_from)) << '\n';
    return Exit::done;
}

Result<Exit> list(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    Listing listing({"version", "catalog", "valid from", "currency", "plans", "hash"});
    for (const auto& version : engine->catalog().versions()) {
        listing.add({std::int64_t{version->number.value}, version->name,
                     to_string(version->zone.date_of(version->valid_from)),
                     std::string(version->currency.code()),
                     static_cast<std::int64_t>(version->plans.size()),
                     version->hash.substr(0, 12)});
    }
    listing.print(context);
    return Exit::done;
}

Result<Exit> schema(Context& context) {
    context.out << catalog::json_schema();
    return Exit::done;
}

Result<Exit> test(Context& context) {
    return run_scenarios(context, context.arguments.all("PATHS"));
}

}  // namespace

std::vector<Command> catalog_commands() {
    return {
        {"catalog",
         "check",
         "Read a catalog and tell every mistake with its place",
         {{"DIR"}},
         {},
         {"farthing catalog check ./my-catalog", "farthing catalog check ./my-catalog --json"},
         check},
        {"catalog",
         "show",
         "Print a price list that a customer could read",
         {{"DIR", false}},
         {},
         {"farthing catalog show ./my-catalog", "farthing catalog show"},
         show},
        {"catalog",
         "diff",
         "What changes for whom: exit code 1 when something does",
         {{"DIR"}, {"NEW", false}},
         {},
         {"farthing catalog diff ./my-catalog", "farthing catalog diff ./old ./new"},
         diff},
        {"catalog",
         "test",
         "Run scenario files (*.scn) against their catalogs",
         {{"PATHS", true, true}},
         {},
         {"farthing catalog test ./my-catalog/scenarios", "farthing catalog test january.scn"},
         test},
        {"catalog",
         "publish",
         "Store the catalog as the next version",
         {{"DIR"}},
         {{"--valid-from", "DATE", "instead of the catalog's own valid_from"}},
         {"farthing catalog publish ./my-catalog",
          "farthing catalog publish ./my-catalog --valid-from 2026-02-01"},
         publish},
        {"catalog",
         "list",
         "List the published versions",
         {},
         {},
         {"farthing catalog list", "farthing catalog list -o csv"},
         list},
        {"catalog",
         "schema",
         "Print the JSON Schema of the catalog language, for editors",
         {},
         {},
         {"farthing catalog schema > catalog.schema.json", "farthing catalog schema | less"},
         schema},
    };
}

}  // namespace farthing::cli
