#include "cli/demo.h"

#include <cstdlib>
#include <ostream>

#include "cli/listing.h"
#include "cli/parse.h"
#include "render/text_table.h"

namespace farthing::cli {

namespace {

// A folder is only removed when a demonstration made it.
constexpr std::string_view kMarker = ".farthing-demo";

Result<void> remake(const std::filesystem::path& folder) {
    std::error_code failed;
    if (std::filesystem::exists(folder) && !std::filesystem::exists(folder / kMarker)) {
        return fail(UsageReason::file_not_written,
                    "that folder was not made by a demonstration; name another with --dir",
                    folder.string());
    }
    std::filesystem::remove_all(folder, failed);
    if (!failed) std::filesystem::create_directories(folder, failed);
    if (failed) return fail(UsageReason::file_not_written, failed.message(), folder.string());
    return write_file(folder / kMarker, "Made by `farthing demo`; removed and remade by it.\n");
}

}  // namespace

Result<std::filesystem::path> share_folder() {
    std::error_code failed;
    const auto holds = [&](const std::filesystem::path& folder) {
        return std::filesystem::is_directory(folder / "catalogs" / "smart-city", failed);
    };
    if (const char* share = std::getenv("FARTHING_SHARE"); share != nullptr && holds(share))
        return share;
    std::filesystem::path folder =
        std::filesystem::read_symlink("/proc/self/exe", failed).parent_path();
    for (; !folder.empty(); folder = folder.parent_path()) {
        if (holds(folder)) return folder;
        if (holds(folder / "share" / "farthing")) return folder / "share" / "farthing";
        if (folder == folder.root_path()) break;
    }
    return fail(UsageReason::demo_files_missing);
}

Result<std::unique_ptr<Demo>> Demo::begin(Context& context, std::string_view name) {
    std::unique_ptr<Demo> demo(new Demo(context));
    FARTHING_TRY(demo->share_, share_folder());
    demo->name_ = name;
    demo->folder_ = std::filesystem::path(context.arguments.given("--dir") ? context["--dir"]
                                                                           : "farthing-demo") /
                    name;
    FARTHING_CHECK(remake(demo->folder_));
    demo->set_clock(Date::of(2026, 1, 1));
    FARTHING_TRY(demo->engine_,
                 engine::Engine::open(demo->home(),
                                      engine::Clock{[raw = demo.get()] { return raw->now_; }}));
    context.out << "Farthing demo \"" << name << "\": invented data in " << demo->folder_.string()
                << "\n\n";
    return demo;
}

void Demo::tell(std::string_view name, const std::string& text) {
    std::string label(name);
    const std::size_t columns = render::columns_of(label);
    label.append(columns < 12 ? 12 - columns : 1, ' ');
    context_.out << ' ' << label << text << std::endl;
}

Result<void> Demo::publish_catalog() {
    FARTHING_TRY(auto files, engine::read_catalog(samples()));
    const auto number = engine_->publish(std::move(files), std::nullopt);
    if (!number) return fail(number.error().front());
    const catalog::Version& version = engine_->catalog().newest();
    std::string text = version.name + ", " + std::string(version.currency.code()) + ":";
    for (const catalog::Plan& plan : version.plans) {
        for (const catalog::Fee& fee : plan.fees) text += " " + fee.name + " " + fee.text + " ·";
        for (const catalog::UsageCharge& charge : plan.charges) {
            if (!charge.bands.empty())
                text += " " + charge.name + " " + charge.bands.front().price.text + " ·";
        }
    }
    tell("catalog", text.substr(0, text.rfind(" ·")));
    return {};
}

Result<void> Demo::add_feed(std::string_view feed) {
    return add_feed_file(share_ / "catalogs" / "feeds" / (std::string(feed) + ".yaml"));
}

Result<void> Demo::add_feed_file(const std::filesystem::path& path) {
    FARTHING_TRY(const std::string yaml, read_file(path.string()));
    if (auto added = engine_->add_feed(path.string(), yaml); !added)
        return fail(added.error().front());
    return {};
}

Result<void> Demo::import_directory(const std::filesystem::path& accounts,
                                    const std::filesystem::path& subscriptions) {
    if (!accounts.empty()) {
        FARTHING_TRY(const std::string csv, read_file(accounts.string()));
        if (const auto rows = engine_->import_accounts(accounts.string(), csv); !rows)
            return fail(rows.error().front());
    }
    FARTHING_TRY(const std::string csv, read_file(subscriptions.string()));
    if (const auto rows = engine_->import_subscriptions(subscriptions.string(), csv); !rows)
        return fail(rows.error().front());
    return {};
}

void Demo::tell_report(std::string_view name, const engine::Report& report) {
    std::string text = grouped(report.received) + " records =";
    bool first = true;
    for (std::size_t i = 0; i < kOutcomes; ++i) {
        if (report.outcomes[i] == 0) continue;
        text += (first ? " " : " + ") + grouped(report.outcomes[i]) + " " +
                std::string(kOutcomeNames[i]);
        first = false;
    }
    tell(name, text);
    for (const auto& [reason, records] : report.suspended_by_reason)
        tell("", "suspended " + grouped(records) + ": " + reason);
    for (const auto& refused : report.refused)
        tell("", "refused " + refused.path + ": " + refused.error.message);
}

void Demo::tell_invoice(const Invoice& invoice) {
    const std::string currency(invoice.currency.code());
    tell("invoice", (invoice.number.empty() ? std::string("not numbered yet") : invoice.number) +
                        " · " +
                        (invoice.payer_title.empty() ? invoice.payer_name : invoice.payer_title) +
                        " · " + to_string(invoice.period));
    for (const InvoiceLine& line : invoice.lines) {
        tell("", to_string(line.period) + "  " + line.text + "  " +
                     (line.arithmetic.empty() ? "" : line.arithmetic + " = ") +
                     line.amount.to_string(invoice.line_digits));
    }
    tell("", "net " + invoice.net.to_string(invoice.payable_digits) + " · payable " +
                 invoice.payable.to_string(invoice.payable_digits) + " " + currency);
}

Result<bool> Demo::tell_checks() {
    FARTHING_TRY(const auto lines, engine_->check("all"));
    std::size_t good = 0;
    for (const engine::CheckLine& line : lines) good += line.ok ? 1 : 0;
    tell("checks", std::to_string(good) + " of " + std::to_string(lines.size()) + " pass");
    for (const engine::CheckLine& line : lines) {
        if (!line.ok) tell("", line.name + " WRONG: " + line.text);
        bool first = true;
        for (const engine::Finding& finding : line.findings) {
            tell(first ? "assurance" : "", finding.kind + ": " + finding.text);
            first = false;
        }
    }
    return good == lines.size();
}

Result<std::filesystem::path> Demo::write_pdf(const Invoice& invoice) {
    FARTHING_TRY(const std::string pdf, engine_->invoice_pdf(invoice));
    const auto path = folder_ / ((invoice.number.empty() ? "invoice" : invoice.number) + ".pdf");
    FARTHING_CHECK(write_file(path, pdf));
    return path;
}

Result<Invoice> Demo::bill_and_send(Date day, const std::string& payer) {
    for (const auto step : {+[](engine::Engine& engine, Date on, const std::string& who) {
                                return engine.bill_run(on, who);
                            },
                            +[](engine::Engine& engine, Date on, const std::string& who) {
                                return engine.send(on, who);
                            }}) {
        FARTHING_TRY(const engine::BillRunReport report, step(*engine_, day, payer));
        if (!report.failed.empty()) return fail(report.failed.front().second);
    }
    FARTHING_TRY(const auto rows, engine_->invoices());
    for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
        if (row->payer == payer && row->cycle.contains(day))
            return engine_->invoice(std::to_string(row->id.value));
    }
    return fail(UsageReason::not_found, "no document was made for " + payer);
}

void Demo::tell_next(const std::vector<std::string>& commands) {
    context_.out << "\n try next:\n";
    for (const std::string& command : commands)
        context_.out << "   farthing " << command << " --home " << home().string() << '\n';
    context_.out << std::endl;
}

}  // namespace farthing::cli
