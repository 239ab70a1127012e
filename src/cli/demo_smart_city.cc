// 200 lamps report every minute of June 2026; three of them nobody knew.
#include <ostream>

#include "cli/demo.h"
#include "cli/generate.h"
#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/progress.h"

namespace farthing::cli {

namespace {

constexpr Date kJune = Date::of(2026, 6, 1);
constexpr Date kAfterJune = Date::of(2026, 7, 1);
constexpr std::int64_t kJoulesPerReport = 2400;

Result<City> make_reports(Context& context, Demo& demo, std::int64_t lamps) {
    ProgressBar bar(context, "generate");
    return generate_lamps(demo.folder(), lamps, [&](std::int64_t done, std::int64_t total) {
        engine::Progress progress;
        progress.files_done = done;
        progress.files_total = total;
        bar.show(progress);
    });
}

Result<engine::Report> import_reports(Context& context, Demo& demo, const City& city) {
    ProgressBar bar(context, "import");
    FARTHING_TRY(engine::Report report,
                 demo.engine().import_files("lamps", city.files, bar.callback()));
    const std::int64_t millis = std::max<std::int64_t>(1, bar.elapsed().count());
    report.notes.push_back(grouped(report.files) + " files in " + duration_text(bar.elapsed()) +
                           ", " + grouped(report.received * 1000 / millis) + " records/s");
    return report;
}

// What a system that rounds every event to 6 digits would bill for the energy.
std::string energy_rounded_per_event(const engine::Engine& engine, std::int64_t events) {
    const catalog::Version& version = engine.catalog().newest();
    Exact sum;
    for (const catalog::Plan& plan : version.plans) {
        for (const catalog::UsageCharge& charge : plan.charges) {
            if (charge.bands.empty()) continue;
            const Exact one = charge.bands.front().price.exact() * Exact(kJoulesPerReport);
            sum += one.rounded_to(6, Rounding::half_even) * Exact(events);
        }
    }
    const auto money =
        rounded_money(sum, version.currency, version.payable_digits, version.payable_rounding);
    return money ? money->to_string(version.payable_digits) : std::string("out of range");
}

Result<void> first_act(Context& context, Demo& demo, const City& city) {
    FARTHING_CHECK(
        demo.import_directory(demo.folder() / "accounts.csv", demo.folder() / "subscriptions.csv"));
    demo.tell(
        "customers",
        "city (pays) › " + grouped(kDistricts) + " districts › " +
            grouped(static_cast<std::int64_t>(demo.engine().directory().subscriptions().size())) +
            " lamps");
    demo.set_clock(kAfterJune);
    FARTHING_TRY(const engine::Report report, import_reports(context, demo, city));
    demo.tell_report("act 1", report);
    for (const std::string& note : report.notes) demo.tell("", note);
    FARTHING_TRY(const Invoice preview, demo.engine().preview_invoice(kJune, "city"));
    demo.tell_invoice(preview);
    return {};
}

Result<void> second_act(Demo& demo) {
    FARTHING_CHECK(demo.import_directory({}, demo.folder() / "unknown-lamps.csv"));
    FARTHING_TRY(const engine::Report report,
                 demo.engine().retry({{}, "unknown_identity", {}, {}}));
    demo.tell_report("act 2", report);
    demo.tell("",
              "the unknown lamps were added from 1 June and their records retried; the rogue SIM "
              "stays out");
    return {};
}

Result<void> tell_shares(Demo& demo) {
    FARTHING_TRY(const auto statements, demo.engine().statements(kJune));
    for (const Statement& statement : statements) {
        demo.tell("shares", "own " + statement.kept.to_string() + " · " + statement.partner_name +
                                " " + statement.share.to_string() + " · of " +
                                statement.charged.to_string());
    }
    return {};
}

}  // namespace

Result<Exit> demo_smart_city(Context& context, std::int64_t lamps) {
    FARTHING_TRY(const auto demo, Demo::begin(context, "smart-city"));
    FARTHING_CHECK(demo->publish_catalog());
    FARTHING_CHECK(demo->add_feed("lamps"));
    FARTHING_TRY(const City city, make_reports(context, *demo, lamps));
    demo->tell("reports",
               grouped(city.faults.reports) + " of lamps, one each minute of June 2026; besides " +
                   grouped(city.faults.repeated) + " delivered twice, " +
                   grouped(city.faults.conflicts) + " that contradicts another, " +
                   grouped(city.faults.rogue) + " of a rogue SIM, and an hour that comes late");
    FARTHING_CHECK(first_act(context, *demo, city));
    FARTHING_CHECK(second_act(*demo));
    FARTHING_TRY(const Invoice invoice, demo->bill_and_send(kJune, "city"));
    demo->tell_invoice(invoice);
    demo->tell("", "energy rounded per event would be: " +
                       energy_rounded_per_event(demo->engine(), city.faults.reports));
    FARTHING_CHECK(tell_shares(*demo));
    FARTHING_TRY(const bool good, demo->tell_checks());
    FARTHING_TRY(const auto pdf, demo->write_pdf(invoice));
    demo->tell("document", pdf.string());
    demo->tell_next({"explain " + invoice.number + "/2 --verify", "suspense list", "check all"});
    return good ? Exit::done : Exit::no;
}

}  // namespace farthing::cli
