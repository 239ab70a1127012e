// explain and check: every figure can show where it comes from, and the books prove themselves.
#include <filesystem>
#include <ostream>

#include "base/utf8.h"
#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

void write_range(JsonWriter& json, std::string_view name,
                 const std::optional<std::pair<std::int64_t, std::int64_t>>& range,
                 std::string_view first, std::string_view second) {
    if (!range) return;
    json.key(name)
        .begin_object()
        .field(first, range->first)
        .field(second, range->second)
        .end_object();
}

void write_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
    json.key(name).begin_array();
    for (const std::string& text : texts) json.value(text);
    json.end_array();
}

void print_json(Context& context, const engine::Explanation& explanation) {
    JsonWriter json;
    json.begin_object()
        .field("subject", explanation.subject)
        .field("sentence", explanation.sentence);
    write_texts(json, "arithmetic", explanation.arithmetic);
    json.field("exact", explanation.exact)
        .field("rounded", explanation.rounded)
        .field("rule", explanation.rule);
    json.field("catalog_hash", explanation.catalog_hash).field("unit", explanation.unit);
    write_range(json, "counter", explanation.counter, "from", "to");
    write_range(json, "allowance", explanation.allowance, "before", "after");
    json.key("sources").begin_array();
    for (const auto& source : explanation.sources) {
        json.begin_object()
            .field("file", source.file)
            .field("hash", source.hash)
            .field("line", source.line);
        json.field("text", source.text).end_object();
    }
    json.end_array().field("source_records", explanation.source_records);
    write_texts(json, "fixes", explanation.fixes);
    write_texts(json, "ledger", explanation.ledger);
    write_texts(json, "shares", explanation.shares);
    write_texts(json, "parts", explanation.parts);
    if (explanation.verify) {
        json.key("verify").begin_object().field("equal", explanation.verify->equal);
        json.field("recomputed", explanation.verify->recomputed)
            .field("stored", explanation.verify->stored)
            .end_object();
    }
    json.end_object();
    context.out << json.text() << '\n';
}

void print_text(Context& context, const engine::Explanation& explanation) {
    std::ostream& out = context.out;
    out << explanation.sentence << '\n';
    for (const std::string& step : explanation.arithmetic) out << "  " << step << '\n';
    const auto field = [&](std::string_view name, const std::string& text) {
        if (!text.empty()) out << name << text << '\n';
    };
    field("exact      ", explanation.exact);
    field("rounded    ", explanation.rounded);
    field("rule       ", explanation.rule);
    field("catalog    ", explanation.catalog_hash);
    if (explanation.counter) {
        out << "counter    " << grouped(explanation.counter->first) << " → "
            << grouped(explanation.counter->second) << ' ' << explanation.unit << '\n';
    }
    if (explanation.allowance) {
        out << "allowance  " << grouped(explanation.allowance->first) << " → "
            << grouped(explanation.allowance->second) << ' ' << explanation.unit << " left\n";
    }
    for (const auto& source : explanation.sources) {
        out << "source     " << source.file;
        if (!source.hash.empty())
            out << ':' << source.line << "  sha256 " << source.hash.substr(0, 12);
        out << '\n';
        if (!source.text.empty()) out << "           " << printable(source.text, 100) << '\n';
    }
    if (const auto shown = static_cast<std::int64_t>(explanation.sources.size());
        explanation.source_records > shown) {
        out << "           and " << grouped(explanation.source_records - shown)
            << " more records\n";
    }
    for (const std::string& text : explanation.fixes) field("fix        ", text);
    for (const std::string& text : explanation.ledger) field("ledger     ", text);
    for (const std::string& text : explanation.shares) field("share      ", text);
    for (const std::string& text : explanation.parts) field("part       ", text);
    if (explanation.verify) {
        out << "verify     recomputed " << explanation.verify->recomputed << ", stored "
            << explanation.verify->stored
            << (explanation.verify->equal ? ": equal\n" : ": NOT EQUAL\n");
    }
}

Result<Exit> explain(Context& context) {
    const bool largest = context.arguments.given("--largest");
    if (largest == context.arguments.given("ID"))
        return fail(UsageReason::bad_usage, "name a charge or line, or --largest");
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    std::string id = context["ID"];
    if (largest) {
        FARTHING_TRY(id, engine->largest_charge());
        say(context, "largest charge: " + id);
    }
    FARTHING_TRY(const engine::Explanation explanation,
                 engine->explain(id, context.arguments.given("--verify")));
    if (context.json()) {
        print_json(context, explanation);
    } else {
        print_text(context, explanation);
    }
    return explanation.verify && !explanation.verify->equal ? Exit::no : Exit::done;
}

// What assurance found, a row each; what is not known stays empty.
void print_findings(Context& context, const std::vector<engine::Finding>& findings) {
    Listing listing(
        {"finding", "subject", "feed", "since", "until", "records", "reading", "value", "text"});
    for (const engine::Finding& finding : findings) {
        listing.add({finding.kind, finding.subject, finding.feed, to_rfc3339(finding.since),
                     to_rfc3339(finding.until), finding.records, finding.what,
                     finding.value ? Listing::Cell(*finding.value) : Listing::Cell(std::string()),
                     finding.text});
    }
    listing.print(context);
}

Result<Exit> check(Context& context) {
    // Opening makes a data folder where there is none, and an empty one has nothing wrong in it: a
    // mistyped folder must not pass.
    if (!std::filesystem::exists(std::filesystem::path(context.home) / "farthing.db"))
        return fail(UsageReason::not_found, "no data folder is at \"" + printable(context.home) +
                                                "\"; name it with --home");
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    const std::string what = context.arguments.given("WHAT") ? context["WHAT"] : "all";
    FARTHING_TRY(const auto lines, engine->check(what));
    if (what == "anomalies") {
        print_findings(context, lines.front().findings);
        return Exit::done;
    }
    bool good = true;
    Listing listing({"check", "equation", "answer"});
    for (const engine::CheckLine& line : lines) {
        good = good && line.ok;
        listing.add({line.name, line.text, std::string(line.ok ? "ok" : "WRONG")});
        for (const engine::Finding& finding : line.findings)
            listing.add({finding.kind, finding.text, std::string("look")});
    }
    listing.print(context);
    return good ? Exit::done : Exit::no;
}

}  // namespace

std::vector<Command> proof_commands() {
    return {
        {"explain",
         "",
         "Where a figure comes from, down to the source line",
         {{"ID", false}},
         {{"--verify", "", "recompute it and compare"},
          {"--largest", "", "the largest charge there is"}},
         {"farthing explain INV-2026-0001/1", "farthing explain --largest --verify"},
         explain},
        {"check",
         "",
         "Prove the books: usage, windows, edges, files, numbers (what devices left out, of "
         "numbers "
         "and of slots), quantities, ledger, archive, documents, settlement, anomalies, all",
         {{"WHAT", false}},
         {},
         {"farthing check all", "farthing check anomalies --json"},
         check},
    };
}

}  // namespace farthing::cli
