// wholesale-voip: calls that are read once, sold to the customer who sends them and bought from the
// vendor who carries them, and the vendor's next prices.
#include "catalog/deck_import.h"
#include "cli/demo.h"

namespace farthing::cli {

namespace {

constexpr Date kTradeMonth = Date::of(2026, 1, 1);
constexpr Date kAfterIt = Date::of(2026, 2, 1);
constexpr int kCallsOfEach = 1'000;

Result<void> add_trunk(Demo& demo, const char* account, const char* title, const char* plan) {
    engine::AccountChange owner;
    owner.name = account;
    owner.title = title;
    owner.pays = true;
    FARTHING_CHECK(demo.engine().apply(owner));
    engine::SubscriptionChange trunk;
    trunk.account = account;
    trunk.name = std::string(account) + "-trunk";
    trunk.plan = plan;
    trunk.from = kTradeMonth;
    return demo.engine().apply(std::span(&trunk, 1));
}

// What a transit switch writes: each call once, with both trunks.
std::string calls() {
    std::string csv = "id,customer,vendor,start,seconds,calling,called\n";
    for (int i = 0; i < kCallsOfEach; ++i) {
        const std::string middle = std::to_string(i) + ",alpha-trunk,example-trunk,2026-01-" +
                                   (i % 31 < 9 ? "0" : "") + std::to_string(i % 31 + 1) +
                                   "T10:00:00Z,";
        csv += "fixed-" + middle + "45,3725550001,442071234567\n";
        csv += "mobile-" + middle + "90,3725550001,447700900123\n";
    }
    return csv;
}

Result<void> rate_calls(Demo& demo) {
    const auto path = demo.folder() / "calls.csv";
    FARTHING_CHECK(write_file(path, calls()));
    FARTHING_CHECK(demo.add_feed_file(demo.samples() / "feeds" / "wholesale.yaml"));
    FARTHING_TRY(const engine::Report report,
                 demo.engine().import_files("wholesale", std::span(&path, 1)));
    demo.tell_report("calls", report);
    return {};
}

// What was earned on each route, and what is left between us and the vendor.
Result<void> tell_margin(Demo& demo, const Invoice& sold) {
    FARTHING_TRY(const engine::MarginReport report, demo.engine().margin(engine::MarginBy::route));
    std::string_view label = "routes";
    for (const engine::MarginRow& row : report.rows) {
        demo.tell(label, row.of + ": sold " + row.retail.to_string() + ", carried " +
                             row.cost.to_string() + ", margin " + row.margin().to_string());
        label = "";
    }
    FARTHING_TRY(const engine::CarrierStatement bought,
                 demo.engine().carrier_statement("example", kTradeMonth));
    const Exact net = sold.net.exact() - bought.payable.exact();
    demo.tell("margin", "sold " + sold.net.to_string(2) + " − carried " +
                            bought.payable.to_string() + " = " + net.to_decimal());
    return {};
}

// What the vendor's next price file would change.
Result<void> tell_offer(Demo& demo) {
    const auto folder = demo.samples() / "vendors";
    FARTHING_TRY(std::string yaml, read_file((folder / "vendor.yaml").string()));
    FARTHING_TRY(std::string csv, read_file((folder / "2026-02.csv").string()));
    const auto layout = catalog::read_deck_layout({"vendor.yaml", std::move(yaml)});
    if (!layout) return fail(layout.error().front());
    auto offer = catalog::read_vendor_file({"2026-02.csv", std::move(csv)}, *layout);
    if (!offer) return fail(offer.error().front());
    FARTHING_TRY(auto files, engine::read_catalog(demo.samples()));
    const catalog::Version& version = demo.engine().catalog().newest();
    const catalog::Deck& deck = version.decks.at("vendor-az");
    for (CatalogFile& file : files) {
        if (file.path != deck.home().files.front()) continue;
        file.text = catalog::deck_csv(
            catalog::merge_offer(deck, *version.meter(deck.home().meter), std::move(*offer),
                                 std::nullopt, layout->changes_only),
            deck.home().point);
    }
    const auto after = engine::check_catalog(std::move(files));
    if (!after) return fail(after.error().front());
    std::string_view label = "next prices";
    for (const auto& change : catalog::compare_decks(deck, (*after)->decks.at("vendor-az"))) {
        demo.tell(label, std::string(name_of(change.kind)) + ": " +
                             catalog::change_text(change, deck.home().zone));
        label = "";
    }
    return {};
}

}  // namespace

Result<Exit> demo_wholesale(Context& context) {
    FARTHING_TRY(const auto demo, Demo::begin(context, "wholesale-voip"));
    FARTHING_CHECK(demo->publish_catalog());
    FARTHING_CHECK(add_trunk(*demo, "alpha", "Alpha Telecom", "origination"));
    FARTHING_CHECK(add_trunk(*demo, "example", "Example Telecom", "origination"));
    demo->set_clock(kAfterIt);
    FARTHING_CHECK(rate_calls(*demo));
    FARTHING_TRY(const Invoice sold, demo->bill_and_send(kTradeMonth, "alpha"));
    demo->tell_invoice(sold);
    FARTHING_CHECK(tell_margin(*demo, sold));
    FARTHING_CHECK(tell_offer(*demo));
    FARTHING_TRY(const bool good, demo->tell_checks());
    demo->tell_next({"explain " + sold.number + "/1 --verify", "margin --by route",
                     "carrier statement example --period 2026-01"});
    return good ? Exit::done : Exit::no;
}

}  // namespace farthing::cli
