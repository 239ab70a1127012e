#include "cli/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <numeric>
#include <system_error>

#include "base/utf8.h"
#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/progress.h"

namespace farthing::cli {

Result<EnginePtr> open_home(Context& context) {
    return open_folder(context, context.home);
}

Result<EnginePtr> open_folder(Context& context, const std::filesystem::path& folder) {
    return engine::Engine::open(folder, engine::Clock{context.now});
}

Result<std::string> read_file(const std::string& path) {
    if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
    std::error_code failed;
    std::ifstream in(path, std::ios::binary);
    if (!in || std::filesystem::is_directory(path, failed)) {
        return fail(UsageReason::not_found, "can't read \"" + printable(path) + "\"", path);
    }
    return std::string(std::istreambuf_iterator<char>(in), {});
}

namespace {

// What is hidden is still being written, as transfers do; a data folder holds no usage of others.
bool passed_over(const std::filesystem::directory_entry& entry) {
    std::error_code failed;
    return entry.path().filename().string().starts_with('.') ||
           std::filesystem::exists(entry.path() / "farthing.db", failed);
}

}  // namespace

Result<std::vector<std::filesystem::path>> files_of(const std::vector<std::string>& paths,
                                                    std::string_view extension) {
    std::vector<std::filesystem::path> files;
    for (const std::string& path : paths) {
        std::error_code failed;
        if (!std::filesystem::is_directory(path, failed)) {
            files.emplace_back(path);
            continue;
        }
        const std::size_t first = files.size();
        for (auto entry = std::filesystem::recursive_directory_iterator(path, failed);
             !failed && entry != std::filesystem::recursive_directory_iterator();
             entry.increment(failed)) {
            if (passed_over(*entry)) {
                entry.disable_recursion_pending();
                continue;
            }
            const bool wanted = extension.empty() || entry->path().extension() == extension;
            if (wanted && entry->is_regular_file(failed)) files.push_back(entry->path());
        }
        if (failed)
            return fail(UsageReason::not_found, "can't list the folder: " + failed.message(), path);
        std::sort(files.begin() + static_cast<std::ptrdiff_t>(first), files.end());
    }
    return files;
}

Result<void> write_file(const std::filesystem::path& path, std::string_view content) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    out.close();
    if (!out) return fail(UsageReason::file_not_written, "can't write it", path.string());
    return {};
}

Result<OwnerKind> owner_kind_argument(const std::string& text) {
    if (text.empty() || text == "subscription") return OwnerKind::subscription;
    if (text == "group") return OwnerKind::group;
    if (text == "account") return OwnerKind::account;
    return fail(UsageReason::bad_value,
                "\"" + printable(text) + "\" is no subscription, group or account");
}

Result<Date> date_argument(const std::string& text) {
    if (const auto date = parse_date(text)) return *date;
    return fail(UsageReason::bad_value,
                "\"" + printable(text) + "\" is not a date; write 2026-01-31");
}

Result<std::optional<Perspective>> side_argument(std::string_view text) {
    for (const Perspective side : {Perspective::retail, Perspective::cost}) {
        if (text == name_of(side)) return side;
    }
    if (text.empty()) return std::nullopt;
    return fail(UsageReason::bad_value, "a side of the rating is \"retail\" or \"cost\"");
}

Result<DatePeriod> period_argument(const std::string& text) {
    const std::size_t dots = text.find("..");
    if (dots != std::string::npos) {
        const auto first = parse_date(text.substr(0, dots));
        const auto last = parse_date(text.substr(dots + 2));
        if (first && last && *first <= *last) return DatePeriod{*first, last->plus_days(1)};
    }
    return fail(UsageReason::bad_value,
                "\"" + printable(text) + "\" is no period; write 2026-06-08..2026-06-14");
}

Date today(Context& context, const engine::Engine& engine) {
    if (engine.catalog().empty()) return TimeZone::utc().date_of(context.now());
    return engine.catalog().newest().zone.date_of(context.now());
}

Result<Date> date_option(Context& context, std::string_view option, const engine::Engine& engine) {
    if (context.arguments.given(option)) return date_argument(context[option]);
    return today(context, engine);
}

Result<std::int64_t> whole_number(const std::string& text) {
    std::int64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc() || end != text.data() + text.size()) {
        return fail(UsageReason::bad_value, "\"" + printable(text) + "\" is not a whole number");
    }
    return number;
}

std::string who_of(Context& context) {
    if (!context["--who"].empty()) return context["--who"];
    const char* user = std::getenv("USER");
    return user == nullptr ? std::string() : std::string(user);
}

Result<Instant> instant_argument(const std::string& text, const TimeZone& zone) {
    if (const auto instant = parse_rfc3339(text)) return *instant;
    if (const auto date = parse_date(text)) return zone.start_of(*date);
    return fail(UsageReason::bad_value,
                "\"" + printable(text) +
                    "\" is neither a day (2026-01-31) nor an instant (2026-01-31T12:00:00Z)");
}

void tell(Context& context, const Error& error) {
    const char* red = context.color ? "\x1b[31m" : "";
    const char* plain = context.color ? "\x1b[0m" : "";
    context.err << red << "farthing: " << plain << error.to_string() << '\n';
}

void print_mistakes_json(Context& context, const Errors& errors) {
    JsonWriter json;
    json.begin_object().field("ok", errors.empty()).key("mistakes").begin_array();
    for (const Error& error : errors) {
        json.begin_object().field("code", error.code).field("message", error.message);
        json.field("place", error.place).field("mend", error.mend).end_object();
    }
    json.end_array().end_object();
    context.out << json.text() << '\n';
}

Exit tell(Context& context, const Errors& errors) {
    for (const Error& error : errors) tell(context, error);
    return Exit::error;
}

namespace {

void print_report_json(Context& context, const engine::Report& report) {
    JsonWriter json;
    json.begin_object().field("files", report.files).field("received", report.received);
    for (std::size_t i = 0; i < kOutcomes; ++i) json.field(kOutcomeNames[i], report.outcomes[i]);
    json.field("windows", report.windows);
    json.field("batches", report.batches).field("charged", report.charged.to_string());
    json.field("currency", std::string_view(report.charged.currency.code()));
    if (report.rates_cost) {
        json.key("cost").begin_object().field("amount", report.cost.to_string());
        for (std::size_t i = 0; i < kOutcomes; ++i)
            json.field(kOutcomeNames[i], report.cost_outcomes[i]);
        json.end_object();
    }
    json.key("suspended_by_reason").begin_object();
    for (const auto& [reason, records] : report.suspended_by_reason) json.field(reason, records);
    json.end_object().key("refused").begin_array();
    for (const auto& refused : report.refused) {
        json.begin_object().field("file", refused.path).field("reason", refused.error.code);
        json.field("message", refused.error.message).end_object();
    }
    json.end_array().key("notes").begin_array();
    for (const std::string& note : report.notes) json.value(note);
    json.end_array();
    if (context.arguments.given("--stages")) {
        json.key("stage_nanos").begin_object();
        for (std::size_t i = 0; i < kStages; ++i)
            json.field(name_of(static_cast<Stage>(i)), report.stages[i]);
        json.end_object();
    }
    json.end_object();
    context.out << json.text() << '\n';
}

// Processor time of all threads, so that it does not depend on who waited for whom.
void print_stages(Context& context, const engine::Report& report) {
    const std::int64_t all =
        std::accumulate(report.stages.begin(), report.stages.end(), std::int64_t{0});
    const std::int64_t records = std::max<std::int64_t>(report.received, 1);
    const auto line = [&](std::string_view title, std::int64_t nanos) {
        context.out << fmt::format("{:<20}{:>8} ns a record{:>5} %\n", title,
                                   grouped(nanos / records),
                                   nanos * 100 / std::max<std::int64_t>(all, 1));
    };
    for (std::size_t i = 0; i < kStages; ++i) {
        if (report.stages[i] > 0) line(title_of(static_cast<Stage>(i)), report.stages[i]);
    }
    line("all stages", all);
}

void print_report_text(Context& context, const engine::Report& report,
                       std::chrono::milliseconds elapsed) {
    context.out << "files " << grouped(report.files) << "   received " << grouped(report.received);
    for (std::size_t i = 0; i < kOutcomes; ++i) {
        const bool always = static_cast<Outcome>(i) == Outcome::rated;
        if (always || report.outcomes[i] != 0) {
            context.out << "   " << kOutcomeNames[i] << ' ' << grouped(report.outcomes[i]);
            if (static_cast<Outcome>(i) == Outcome::aggregated)
                context.out << " in " << grouped(report.windows);
        }
    }
    context.out << "   charged " << report.charged.to_string() << ' '
                << report.charged.currency.code() << '\n';
    if (report.rates_cost) {
        context.out << "cost";
        for (std::size_t i = 0; i < kOutcomes; ++i) {
            if (report.cost_outcomes[i] != 0)
                context.out << "   " << kOutcomeNames[i] << ' ' << grouped(report.cost_outcomes[i]);
        }
        context.out << "   owed " << report.cost.to_string() << ' ' << report.cost.currency.code()
                    << '\n';
    }
    for (const auto& [reason, records] : report.suspended_by_reason) {
        context.out << "suspended " << grouped(records) << ": " << reason;
        if (const auto known = reason_named<SuspenseReason>(reason))
            context.out << ", " << sentence_of(*known);
        context.out << '\n';
    }
    for (const auto& refused : report.refused) {
        // The place of most refusals is in the file already.
        const bool placed = refused.error.place.starts_with(refused.path);
        context.out << "refused " << (placed ? std::string() : refused.path + ": ")
                    << refused.error.to_string() << '\n';
    }
    if (context.arguments.given("--stages")) print_stages(context, report);
    for (const std::string& note : report.notes) say(context, "note: " + note);
    say(context, "took " + duration_text(elapsed));
}

}  // namespace

Exit print_report(Context& context, const engine::Report& report,
                  std::chrono::milliseconds elapsed) {
    if (context.json()) {
        print_report_json(context, report);
    } else {
        print_report_text(context, report, elapsed);
    }
    const auto suspended = static_cast<std::size_t>(Outcome::suspended);
    const bool partly = report.count(Outcome::suspended) > 0 ||
                        report.cost_outcomes[suspended] > 0 || !report.refused.empty();
    return partly ? Exit::partly : Exit::done;
}

TemporaryFolder::TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "farthing-XXXXXX").string();
    // A name that can't be made leaves the path empty; opening the data folder then says so.
    if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;  // what can't be removed is the system's to sweep
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace farthing::cli
