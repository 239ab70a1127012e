// One scenario on its stage: a fresh data folder, a clock that goes with the dates of the lines,
// and what happened.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "cli/scenario_online.h"
#include "cli/scenario_parse.h"
#include "cli/session.h"

namespace farthing::cli {

struct Difference {
    std::int64_t line = 0;
    std::string what;
    std::vector<std::string> expected;
    std::vector<std::string> got;
};

class Stage {
  public:
    // `file`: the scenario file; paths in it are relative to its folder.
    explicit Stage(std::filesystem::path file) : file_(std::move(file)) {}

    // Opens the data folder. Call it once, first.
    Result<void> open(Context& context);
    // Does what a line says. What the engine refuses is kept for a `refused` line that follows, and
    // told as an error when none does.
    Result<void> perform(const Line& line);
    // Compares; a difference is added to `differences()`.
    Result<void> expect(const Step& step);
    // Errors that no `refused` line asked for.
    const Errors& unasked() const { return refused_; }
    const std::vector<Difference>& differences() const { return differences_; }

  private:
    // Statements (scenario_stage.cc).
    Result<void> dispatch(const Line& line);
    Result<void> flush();  // publishes the pending catalog and imports the pending usage
    Result<void> publish();
    Result<void> import_usage();
    Result<void> catalog(const Line& line);
    Result<void> account(const Line& line);
    Result<void> subscribe(const Line& line);
    Result<void> change(const Line& line);  // quantity, plan, pays, identify
    Result<void> usage(const Line& line);
    Result<void> feed(const Line& line);
    Result<void> file(const Line& line);
    Result<void> suspense(const Line& line);  // retry, drop, fix
    static engine::Correction correction_of(const Line& line);
    Result<void> bill(const Line& line);       // bill, undo, send
    Result<void> amend(const Line& line);      // adjust, field
    Result<void> note(const Line& line);       // note, credit, debit
    Result<void> note_step(const Line& line);  // send, void
    Result<void> compare_carrier(const Line& line);
    Result<void> undo_file(const Line& line);  // scenario_corrections.cc, with the next three
    Result<void> rerate(const Line& line);
    Result<void> expect_corrected(const Line& line);
    Result<void> delete_usage(const Line& line);
    Result<void> expect_deleted(const Line& line);
    Result<void> expect_needed(const Line& line);
    Result<void> import_directory(const Line& line);
    Result<void> move_clock(const Line& line);
    // Charging while usage happens (scenario_online.cc).
    Result<void> top_up(const Line& line);
    Result<void> limit(const Line& line);
    Result<void> vouchers(const Line& line);
    Result<void> redeem(const Line& line);
    Result<void> buy(const Line& line);
    Result<void> expect_bucket(const Line& line);
    Result<void> transfer(const Line& line);
    Result<void> recharge(const Line& line);
    Result<void> alert(const Line& line);
    Result<void> webhook(const Line& line);
    Result<void> expect_tells(const Line& line);
    Result<void> fees(const Line& line);
    Result<void> expect_suspended(const Line& line);
    Result<void> expect_fee(const Line& line);
    Result<void> session(const Line& line);
    Result<void> again(const Line& line);
    Result<void> burst(const Line& line);
    Result<void> restart();
    Result<void> ask(OnlineStage::Asked& asked);
    Result<void> read_request(const Line& line, engine::ChargeQuestion& question);
    Result<engine::ChargeQuestion::Service*> service_of(const Line& line, const std::string& meter,
                                                        engine::ChargeQuestion& question);
    Result<Instant> moment_of(const Line& line, const std::string& text) const;
    Result<void> expect_money(const Line& line);
    Result<void> expect_online(const Line& line);
    void expect_grant(const Line& line, const engine::ChargeAnswer::Service& service);
    void count(const engine::Report& report, bool recycled);

    // Expectations (scenario_expect.cc).
    Result<void> expect_invoice(const Step& step);
    Result<void> expect_records(const Line& line);
    Result<void> expect_charge(const Line& line);
    Result<void> expect_share(const Line& line);
    Result<void> expect_suspense(const Line& line);
    Result<void> expect_refused(const Line& line);
    Result<void> expect_check(const Line& line);
    Result<void> expect_finding(const Line& line);
    Result<void> expect_estimate(const Line& line);
    Result<void> expect_explain(const Line& line);
    Result<void> expect_quote(const Line& line);
    Result<void> expect_covered(const Line& line, const engine::QuoteQuestion& quote);
    Result<void> expect_balance(const Line& line);
    Result<void> expect_documents(const Line& line);
    // Of both sides (scenario_carriers.cc).
    Result<void> expect_cost(const Line& line);
    Result<void> expect_margin(const Line& line);
    Result<void> expect_statement(const Line& line);
    Result<void> expect_difference(const Line& line);
    std::vector<std::string> document_lines(const Invoice& invoice, bool with_details) const;
    bool same_line(const Line& expected, const Invoice& invoice, const InvoiceLine& line) const;
    void compare_amount(const Line& line, const std::string& expected, const Exact& got,
                        const std::string& got_text);

    void compare_text(const Line& line, const std::string& expected, const std::string& got);

    Result<Date> day_of(const Line& line) const;
    Result<std::string> word(const Line& line, std::size_t index, std::string_view what) const;
    std::string place(const Line& line) const {
        return file_.string() + ":" + std::to_string(line.number);
    }
    std::unexpected<Error> wrong(const Line& line, std::string message,
                                 ScenarioReason why = ScenarioReason::scenario_malformed) const {
        return fail(why, std::move(message), place(line));
    }
    const catalog::Version* newest() const;
    // The last document of that payer, or the one of that period.
    Result<std::optional<Invoice>> document(const std::string& payer, const std::string& period,
                                            DocumentKind kind = DocumentKind::invoice);
    Result<std::string> document_id(const Line& line, const std::string& payer);
    // The invoice that a line names by payer and, where it says one, period.
    Result<Invoice> named_invoice(const Line& line);
    Result<Money> amount_of(const Line& line, const std::string& text, bool credit) const;

    std::filesystem::path file_;
    std::unique_ptr<TemporaryFolder> folder_;
    Instant now_ = Instant::min();
    EnginePtr engine_;
    std::vector<CatalogFile> catalog_files_;
    std::optional<Date> catalog_from_;
    bool catalog_pending_ = false;
    std::string usage_rows_;
    std::int64_t usage_count_ = 0;
    int usage_files_ = 0;
    std::map<std::string, std::int64_t> totals_;  // by outcome, and "received"
    engine::WhichCycle billed_ = Date{};
    Errors refused_;
    std::vector<engine::Finding> findings_;  // of the last bill run
    engine::CarrierCheck carrier_check_;     // the last comparison
    engine::Difference corrected_;           // by the last correction
    engine::Difference corrected_cost_;
    engine::DeletionReport deletion_;
    OnlineStage online_;
    std::vector<Difference> differences_;
};

}  // namespace farthing::cli
