// multiline: numbers, departments and dates. sim-pool: SIMs that share a package. convergent: one
// bill for everything.
#include "cli/demo.h"

namespace farthing::cli {

namespace {

constexpr Date kJanuary = Date::of(2026, 1, 1);
constexpr Date kFebruary = Date::of(2026, 2, 1);
constexpr Date kMarch = Date::of(2026, 3, 1);

struct NewAccount {
    const char* name;
    const char* parent;
    const char* title;
    bool pays;
};

Result<void> add_account(Demo& demo, const NewAccount& account) {
    engine::AccountChange change;
    change.name = account.name;
    change.parent = account.parent;
    change.title = account.title;
    change.pays = account.pays;
    return demo.engine().apply(change);
}

Result<void> subscribe(Demo& demo, std::string account, std::string name, std::int64_t quantity) {
    engine::SubscriptionChange change;
    change.account = std::move(account);
    change.name = std::move(name);
    change.plan = "number-monthly";
    change.quantity = quantity;
    change.from = kJanuary;
    return demo.engine().apply(std::span(&change, 1));
}

Result<void> one_company(Demo& demo) {
    FARTHING_CHECK(add_account(demo, {"acme", "", "Acme Ltd", true}));
    FARTHING_CHECK(subscribe(demo, "acme", "acme-numbers", 50));
    FARTHING_CHECK(demo.engine().set_quantity("acme-numbers", 60, Date::of(2026, 1, 16)));
    FARTHING_CHECK(demo.engine().set_quantity("acme-numbers", 55, Date::of(2026, 2, 25)));
    demo.tell("acme", "50 numbers from 1 January, 60 from 16 January, 55 from 25 February");
    return {};
}

Result<void> four_levels(Demo& demo) {
    for (const NewAccount& account : {NewAccount{"globex", "", "Globex Corporation", true},
                                      {"hr", "globex", "Human Resources", false},
                                      {"sales", "globex", "Sales", true},
                                      {"sales-emea", "sales", "Sales EMEA", false},
                                      {"sales-uk", "sales-emea", "Sales UK", false}}) {
        FARTHING_CHECK(add_account(demo, account));
        FARTHING_CHECK(subscribe(demo, account.name, std::string(account.name) + "-numbers", 10));
    }
    FARTHING_CHECK(demo.engine().set_quantity("sales-uk-numbers", 20, Date::of(2026, 1, 16)));
    FARTHING_CHECK(demo.engine().set_quantity("hr-numbers", 5, Date::of(2026, 2, 25)));
    demo.tell("globex", "pays for itself and HR; Sales pays for itself, EMEA and UK below it");
    return {};
}

// A client's calls, read once from the carrier's file: what they cost, and what its invoice says.
Result<void> tell_termination(Demo& demo) {
    engine::AccountChange client;
    client.name = "client";
    client.title = "Client Corporation";
    FARTHING_CHECK(demo.engine().apply(client));
    engine::SubscriptionChange line;
    line.account = client.name;
    line.name = "client-line";
    line.plan = "number-monthly";
    line.from = kJanuary;
    line.identities.emplace_back(IdentityKind::msisdn, "12125550001");
    FARTHING_CHECK(demo.engine().apply(std::span(&line, 1)));
    for (const char* feed : {"voxa.yaml", "voxa-invoice.yaml"})
        FARTHING_CHECK(demo.add_feed_file(demo.samples() / "feeds" / feed));
    const auto calls = demo.samples() / "usage" / "calls.csv";
    FARTHING_TRY(const engine::Report report,
                 demo.engine().import_files("voxa", std::span(&calls, 1)));
    demo.tell_report("calls", report);
    demo.tell("", "cost " + report.cost.to_string() + " at voxa, charged " +
                      report.charged.to_string() + " to the client");
    FARTHING_TRY(
        const engine::CarrierCheck check,
        demo.engine().check_carrier("voxa", demo.samples() / "usage" / "voxa-2026-01.csv"));
    demo.tell("voxa says", std::to_string(check.matched) + " of " +
                               std::to_string(check.records_theirs) + " records agree");
    for (const auto& row : check.differences) {
        demo.tell("", row.kind + " " + row.record + ": theirs " + row.theirs +
                          (row.ours.empty() ? "" : ", ours " + row.ours));
    }
    return {};
}

}  // namespace

Result<Exit> demo_multiline(Context& context) {
    FARTHING_TRY(const auto demo, Demo::begin(context, "multiline"));
    FARTHING_CHECK(demo->publish_catalog());
    FARTHING_CHECK(one_company(*demo));
    FARTHING_CHECK(four_levels(*demo));
    std::string last;
    for (const auto& [month, after] :
         {std::pair(kJanuary, kFebruary), std::pair(kFebruary, kMarch)}) {
        demo->set_clock(after);
        for (const char* payer : {"acme", "globex", "sales"}) {
            FARTHING_TRY(const Invoice invoice, demo->bill_and_send(month, payer));
            demo->tell_invoice(invoice);
            if (std::string_view(payer) == "acme") {
                last = invoice.number;
                FARTHING_TRY(const auto pdf, demo->write_pdf(invoice));
                demo->tell("document", pdf.string());
            }
        }
    }
    FARTHING_CHECK(tell_termination(*demo));
    FARTHING_TRY(const bool good, demo->tell_checks());
    demo->tell_next({"explain " + last + "/2 --verify", "account tree", "margin --by destination"});
    return good ? Exit::done : Exit::no;
}

Result<Exit> demo_convergent(Context& context) {
    FARTHING_TRY(const auto demo, Demo::begin(context, "convergent"));
    FARTHING_CHECK(demo->publish_catalog());
    const auto samples = demo->samples();
    FARTHING_CHECK(demo->import_directory(samples / "directory" / "accounts.csv",
                                          samples / "directory" / "subscriptions.csv"));
    demo->tell("customer", "3 desk phones, a mobile line, text campaigns, 40 devices, a video app");
    demo->set_clock(Date::of(2026, 7, 1));
    for (const auto& [feed, file] :
         {std::pair("asterisk-master", "calls.csv"), std::pair("sim-sessions", "sessions.csv"),
          std::pair("sms-campaigns", "campaigns.csv")}) {
        FARTHING_CHECK(demo->add_feed(feed));
        const auto path = samples / "usage" / file;
        FARTHING_TRY(const engine::Report report,
                     demo->engine().import_files(feed, std::span(&path, 1)));
        demo->tell_report(feed, report);
    }
    FARTHING_TRY(const Invoice invoice, demo->bill_and_send(Date::of(2026, 6, 1), "harbour"));
    demo->tell_invoice(invoice);
    FARTHING_TRY(const auto pdf, demo->write_pdf(invoice));
    demo->tell("document", pdf.string());
    FARTHING_TRY(const bool good, demo->tell_checks());
    demo->tell_next({"invoice show " + invoice.number, "explain " + invoice.number + "/5 --verify",
                     "invoice credit " + invoice.number + " 3 3.50 --because outage"});
    return good ? Exit::done : Exit::no;
}

Result<Exit> demo_sim_pool(Context& context) {
    FARTHING_TRY(const auto demo, Demo::begin(context, "sim-pool"));
    FARTHING_CHECK(demo->publish_catalog());
    FARTHING_CHECK(demo->add_feed("sim-sessions"));
    const auto samples = demo->samples();
    FARTHING_CHECK(demo->import_directory(samples / "directory" / "accounts.csv",
                                          samples / "directory" / "subscriptions.csv"));
    demo->tell("customers", "two companies with two SIMs each: a pool of 100 MB a company");
    const auto sessions = samples / "usage" / "sessions.csv";
    demo->set_clock(kFebruary);
    FARTHING_TRY(const engine::Report report,
                 demo->engine().import_files("sim-sessions", std::span(&sessions, 1)));
    demo->tell_report("sessions", report);
    std::string last;
    for (const char* payer : {"calm", "busy"}) {
        FARTHING_TRY(const Invoice invoice, demo->bill_and_send(kJanuary, payer));
        demo->tell_invoice(invoice);
        last = invoice.number;
        FARTHING_TRY(const auto pdf, demo->write_pdf(invoice));
        demo->tell("document", pdf.string());
    }
    FARTHING_TRY(const bool good, demo->tell_checks());
    demo->tell_next({"explain --largest --verify", "invoice show " + last, "subscription list"});
    return good ? Exit::done : Exit::no;
}

}  // namespace farthing::cli
