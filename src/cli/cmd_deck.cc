// deck import | diff | match
#include <algorithm>
#include <filesystem>
#include <ostream>

#include "catalog/deck_import.h"
#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

constexpr std::size_t kChangesShown = 50;
constexpr std::size_t kSampleChanges = 5;
// Stands in a deck that is declared but not there yet, so that its catalog can be read; no number
// is called so.
constexpr std::string_view kNoRows = "prefix,price\n999999999999999999,0\n";

using VersionPtr = std::shared_ptr<const catalog::Version>;
using Changes = std::vector<catalog::DeckChange>;

std::string percent_text(const catalog::DeckChange& change) {
    if (change.percent.is_zero()) return {};
    return (change.percent.sign() > 0 ? "+" : "") + change.percent.to_decimal(6);
}

// Calls that a row of a shorter prefix prices say so.
std::string terms(const catalog::RateRow* row, std::string_view prefix) {
    if (row == nullptr) return {};
    return catalog::row_text(*row) + (row->prefix == prefix ? "" : " as " + row->prefix);
}

// Limited where eyes read it.
void print_changes(Context& context, const Changes& changes, const TimeZone& zone, bool all) {
    Listing listing(
        {"change", "prefix", "destination", "origin", "before", "after", "percent", "from", "to"});
    const bool whole = all || context.format != Format::table;
    const std::size_t shown = whole ? changes.size() : std::min(changes.size(), kChangesShown);
    for (std::size_t i = 0; i < shown; ++i) {
        const catalog::DeckChange& change = changes[i];
        const auto day = [&](Instant at) { return to_string(zone.date_of(at)); };
        listing.add(
            {std::string(name_of(change.kind)), change.prefix, change.destination, change.origin,
             terms(change.before, change.prefix), terms(change.after, change.prefix),
             percent_text(change), change.from == Instant::min() ? std::string() : day(change.from),
             change.until == Instant::max() ? std::string() : day(change.until.plus_micros(-1))});
    }
    listing.print(context);
    if (shown < changes.size()) {
        say(context, std::to_string(changes.size() - shown) +
                         " more changes: see them with --all, or as -o csv");
    }
}

// "3 new, 1 closed, 2 dearer (up to +25 %), 1 cheaper, 0 changed".
std::string summary_of(const Changes& changes) {
    std::array<std::size_t, std::size(catalog::kDeckChangeNames)> counts{};
    Exact most;
    for (const catalog::DeckChange& change : changes) {
        counts[static_cast<std::size_t>(change.kind)] += 1;
        if (change.percent > most) most = change.percent;
    }
    std::string text;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        text += (i == 0 ? "" : ", ") + std::to_string(counts[i]) + " " +
                std::string(catalog::kDeckChangeNames[i]);
        const bool dearer =
            static_cast<catalog::DeckChangeKind>(i) == catalog::DeckChangeKind::dearer;
        if (dearer && counts[i] > 0) text += " (up to +" + most.to_decimal(2) + " %)";
    }
    return text;
}

// A catalog with one of its decks, and where that stands.
struct Target {
    std::vector<CatalogFile> files;
    std::string path;  // inside the catalog
    VersionPtr version;
    catalog::Deck present;
};

std::expected<Target, Errors> read_target(const std::string& folder, const std::string& name) {
    const auto one = [](Error error) { return std::unexpected(Errors{std::move(error)}); };
    auto files = engine::read_catalog(folder);
    if (!files) return one(std::move(files).error());
    Target target;
    CatalogRecord record;
    record.files = *files;
    auto path = catalog::deck_file(record, name);
    if (!path) return one(std::move(path).error());
    target.path = *path;
    target.files = *files;
    auto file = std::ranges::find(target.files, target.path, &CatalogFile::path);
    if (file == target.files.end()) file = target.files.insert(file, {target.path, {}});
    const bool is_new = file->text.empty();
    if (is_new) file->text = kNoRows;
    auto version = engine::check_catalog(target.files);
    if (!version) return std::unexpected(std::move(version).error());
    target.version = std::move(*version);
    const catalog::Deck& deck = target.version->decks.at(name);
    target.present = is_new ? catalog::Deck(name, {}) : deck;
    target.present.set_home(deck.home());
    return target;
}

// Read back from beside its place, so that a crash leaves the old file or the new one.
Result<void> replace_file(const std::filesystem::path& path, const std::string& content) {
    std::filesystem::path beside = path;
    beside += ".new";
    FARTHING_CHECK(write_file(beside, content));
    std::error_code failed;
    std::filesystem::rename(beside, path, failed);
    if (failed) return fail(UsageReason::file_not_written, failed.message(), path.string());
    return {};
}

Result<std::optional<catalog::DeckLayout>> layout_of(Context& context, const CatalogFile& file,
                                                     Errors& mistakes) {
    if (context.arguments.given("--layout")) {
        const std::string& path = context["--layout"];
        FARTHING_TRY(std::string yaml, read_file(path));
        auto layout = catalog::read_deck_layout({path, std::move(yaml)});
        if (layout) return std::optional(std::move(*layout));
        mistakes = std::move(layout).error();
        return std::optional<catalog::DeckLayout>();
    }
    if (context.arguments.given("--apply")) return fail(DeckReason::layout_needed);
    FARTHING_TRY(catalog::LayoutProposal proposal, catalog::propose_deck_layout(file));
    context.out << catalog::layout_text(proposal.layout);
    for (const std::string& text : proposal.notes) say(context, "check: " + text);
    return std::optional(std::move(proposal.layout));
}

// What the deck's file becomes; every mistake of the offer, or of the catalog with it.
std::expected<std::string, Errors> offer_of(Context& context, const Target& target,
                                            const CatalogFile& file,
                                            const catalog::DeckLayout& layout) {
    std::optional<Date> effective;
    if (context.arguments.given("--effective")) {
        const auto day = date_argument(context["--effective"]);
        if (!day) return std::unexpected(Errors{day.error()});
        effective = *day;
    }
    auto lines = catalog::read_vendor_file(file, layout);
    if (!lines) return std::unexpected(std::move(lines).error());
    const catalog::Meter& meter = *target.version->meter(target.present.home().meter);
    return catalog::deck_csv(catalog::merge_offer(target.present, meter, std::move(*lines),
                                                  effective, layout.changes_only),
                             target.present.home().point);
}

Result<Exit> preview(Context& context, const Target& target, const Changes& changes,
                     bool proposed) {
    const TimeZone& zone = target.present.home().zone;
    if (proposed) {
        const std::size_t count = std::min(changes.size(), kSampleChanges);
        for (std::size_t i = 0; i < count; ++i)
            say(context, "would change: " + catalog::change_text(changes[i], zone));
    } else {
        print_changes(context, changes, zone, context.arguments.given("--all"));
    }
    say(context, summary_of(changes));
    return Exit::done;
}

Result<Exit> import(Context& context) {
    const std::string& name = context["--as"];
    if (name.empty() || context["--into"].empty())
        return fail(UsageReason::bad_usage, "name the deck with --as and its catalog with --into");
    FARTHING_TRY(std::string text, read_file(context["FILE"]));
    const CatalogFile file{context["FILE"], std::move(text)};
    auto target = read_target(context["--into"], name);
    if (!target) return tell(context, target.error());
    Errors mistakes;
    FARTHING_TRY(const auto layout, layout_of(context, file, mistakes));
    if (!layout) return tell(context, mistakes);
    const auto csv = offer_of(context, *target, file, *layout);
    if (!csv) return tell(context, csv.error());
    std::ranges::find(target->files, target->path, &CatalogFile::path)->text = *csv;
    const auto after = engine::check_catalog(target->files);
    if (!after) return tell(context, after.error());
    const Changes changes = catalog::compare_decks(target->present, (*after)->decks.at(name));
    const bool proposed = !context.arguments.given("--layout");
    FARTHING_TRY(const Exit exit, preview(context, *target, changes, proposed));
    const auto path = std::filesystem::path(context["--into"]) / target->path;
    if (context.arguments.given("--apply")) {
        FARTHING_CHECK(replace_file(path, *csv));
        say(context,
            "written: " + path.string() + "; next: farthing catalog publish " + context["--into"]);
    } else {
        say(context, proposed
                         ? "nothing is written; save the layout above and name it with --layout"
                         : "nothing is written; add --apply to write " + path.string());
    }
    return exit;
}

// A folder, or the number of a published version.
std::expected<VersionPtr, Errors> version_of(Context& context, const std::string& which) {
    const bool number = !which.empty() && which.find_first_not_of("0123456789") == which.npos &&
                        !std::filesystem::exists(which);
    if (!number) {
        auto files = engine::read_catalog(which);
        if (!files) return std::unexpected(Errors{std::move(files).error()});
        return engine::check_catalog(std::move(*files));
    }
    auto engine = open_home(context);
    if (!engine) return std::unexpected(Errors{std::move(engine).error()});
    for (const VersionPtr& version : (*engine)->catalog().versions()) {
        if (std::to_string(version->number.value) == which) return version;
    }
    return std::unexpected(Errors{error_of(
        UsageReason::not_found, "no version " + which + " is published in " + context.home)});
}

Result<Exit> diff(Context& context) {
    const auto before = version_of(context, context["OLD"]);
    if (!before) return tell(context, before.error());
    const auto after = version_of(context, context["NEW"]);
    if (!after) return tell(context, after.error());
    const std::string& wanted = context["--deck"];
    Changes changes;
    std::size_t decks = 0;
    const catalog::Deck none;
    for (const auto& [name, deck] : (*after)->decks) {
        const bool declared = !deck.home().files.empty();
        if (!declared || (!wanted.empty() && name != wanted)) continue;
        decks += 1;
        const auto old = (*before)->decks.find(name);
        const Changes more =
            catalog::compare_decks(old == (*before)->decks.end() ? none : old->second, deck);
        changes.insert(changes.end(), more.begin(), more.end());
    }
    if (decks == 0) {
        return fail(UsageReason::not_found, wanted.empty()
                                                ? "the new catalog has no deck"
                                                : "the new catalog has no deck " + wanted);
    }
    print_changes(context, changes, (*after)->zone, context.arguments.given("--all"));
    say(context, summary_of(changes));
    return changes.empty() ? Exit::done : Exit::no;
}

std::string digits_of(const std::string& number) {
    std::string digits;
    for (const char c : number) {
        if ('0' <= c && c <= '9') digits += c;
    }
    return digits;
}

std::expected<VersionPtr, Errors> catalog_at(Context& context) {
    if (context.arguments.given("--catalog")) return version_of(context, context["--catalog"]);
    auto engine = open_home(context);
    if (!engine) return std::unexpected(Errors{std::move(engine).error()});
    const auto& versions = (*engine)->catalog().versions();
    if (versions.empty()) {
        return std::unexpected(
            Errors{error_of(UsageReason::not_found, "no catalog is published in " + context.home)});
    }
    if (!context.arguments.given("--at")) return versions.back();
    const auto when = instant_argument(context["--at"], versions.back()->zone);
    if (!when) return std::unexpected(Errors{when.error()});
    for (const VersionPtr& version : versions) {
        if (version.get() == (*engine)->catalog().at(*when)) return version;
    }
    return std::unexpected(
        Errors{error_of(UsageReason::not_found, "no catalog was in force at " + context["--at"])});
}

Result<Exit> match(Context& context) {
    const auto version = catalog_at(context);
    if (!version) return tell(context, version.error());
    const auto deck = (*version)->decks.find(context["DECK"]);
    if (deck == (*version)->decks.end())
        return fail(UsageReason::not_found, "the catalog has no deck " + context["DECK"]);
    Instant when = context.now();
    if (context.arguments.given("--at")) {
        FARTHING_TRY(when, instant_argument(context["--at"], (*version)->zone));
    }
    const auto steps = catalog::explain_match(deck->second, digits_of(context["NUMBER"]), when,
                                              digits_of(context["--from"]), (*version)->zone);
    Listing listing({"prefix", "destination", "origin", "price", "place", "why"});
    bool priced = false;
    for (const catalog::MatchStep& step : steps) {
        priced = priced || (step.taken && !step.row->blocked);
        listing.add({step.row->prefix, step.row->name, std::string(step.origin),
                     catalog::row_text(*step.row), step.row->place, step.verdict});
    }
    listing.print(context);
    if (steps.empty()) say(context, "no prefix of the deck begins " + context["NUMBER"]);
    return priced ? Exit::done : Exit::no;
}

}  // namespace

std::vector<Command> deck_commands() {
    return {
        {"deck",
         "import",
         "Read a vendor's price file into a deck, and show what changes",
         {{"FILE"}},
         {{"--as", "DECK", "the deck, as the catalog declares it"},
          {"--into", "DIR", "the folder of the catalog"},
          {"--layout", "FILE", "how the vendor's file is laid out; else one is proposed"},
          {"--effective", "DATE", "the day from which prices hold that say none"},
          {"--all", "", "every change, not the first 50"},
          {"--apply", "", "write the deck's file"}},
         {"farthing deck import rates.csv --as carrier-uk --into ./my-catalog > vendor.yaml",
          "farthing deck import rates.csv --as carrier-uk --into ./my-catalog --layout vendor.yaml "
          "--apply"},
         import},
        {"deck",
         "diff",
         "What changes between two versions of decks: exit code 1 when something does",
         {{"OLD"}, {"NEW"}},
         {{"--deck", "NAME", "of this deck only"}, {"--all", "", "every change, not the first 50"}},
         {"farthing deck diff ./old ./new --deck carrier-uk", "farthing deck diff 3 4 -o csv"},
         diff},
        {"deck",
         "match",
         "Which row prices a call, and why: exit code 1 when none does",
         {{"DECK"}, {"NUMBER"}},
         {{"--from", "NUMBER", "the calling number"},
          {"--at", "TIME", "a day or an instant; else now"},
          {"--catalog", "DIR", "the folder of a catalog; else what is published"}},
         {"farthing deck match carrier-uk +447700900123",
          "farthing deck match carrier-uk 442071234567 --from 3725550001 --at 2026-02-01"},
         match},
    };
}

}  // namespace farthing::cli
