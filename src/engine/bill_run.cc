// Bill runs: one document per payer and cycle. A failed account never blocks the others; a run can
// be repeated and undone until numbers are given.
#include <utility>

#include "engine/document_run.h"
#include "engine/prepaid_fees.h"
#include "engine/reasons.h"
#include "engine/review.h"

namespace farthing::engine {

namespace {

BillRunReport::Row row_of(const Engine::State& state, const Invoice& invoice) {
    const AccountFact& payer = state.directory.account(invoice.payer).fact;
    return {invoice.id,
            payer.name,
            payer.title.empty() ? payer.name : std::string(payer.title),
            invoice.period,
            invoice.state,
            invoice.number,
            invoice.net,
            invoice.payable,
            invoice.corrects,
            {}};
}

// Prepares one payer's document, or prepares it again with what came since.
Result<std::optional<Invoice>> prepare(Engine::State& state, DocumentRun& run, AccountId payer,
                                       DatePeriod cycle) {
    if (cycle.end > state.today()) {
        return fail(BillingReason::period_not_over,
                    "the cycle " + to_string(cycle) + " has not ended");
    }
    const DocumentRun::Row* own = run.document(payer, cycle);
    if (own != nullptr && own->state == InvoiceState::sent) {
        FARTHING_TRY(Invoice sent, state.store->invoice(own->id));
        return std::optional(std::move(sent));
    }
    FARTHING_TRY(billing::Bill bill, run.bill(payer, cycle));
    if (own == nullptr) {
        if (nothing_to_bill(bill.invoice)) return std::optional<Invoice>();
        FARTHING_TRY(bill.invoice.id,
                     state.store->save_prepared(bill.invoice, bill.entries, bill.statements));
        return std::optional(std::move(bill.invoice));
    }
    FARTHING_TRY(Invoice again, run.replace(own->id, std::move(bill)));
    return std::optional(std::move(again));
}

}  // namespace

namespace {

// Calls `work` for each payer that is asked for; failures stand in the report beside the successes.
template <class Work>
Result<BillRunReport> each_payer(Engine::State& state, DocumentRun& run, WhichCycle which,
                                 const std::string& payer, Work work,
                                 const OnProgress& progress = {}) {
    AccountId only;
    if (!payer.empty()) {
        only = state.directory.account_named(payer);
        if (!only)
            return fail(DirectoryReason::unknown_account, "no account is named \"" + payer + "\"");
    }
    BillRunReport report;
    const auto payers = run.payers(which, only);
    if (only && payers.empty())
        report.failed.emplace_back(payer, error_of(BillingReason::not_a_payer));
    Review review(state);
    if (!payers.empty()) review.open(run.rows());
    Progress seen;
    seen.files_total = static_cast<std::int64_t>(payers.size());
    for (const auto& [id, cycle] : payers) {
        Result<std::optional<Invoice>> done = work(id, cycle);
        if (!done && !only && done.error().code == name_of(BillingReason::not_a_payer)) {
            // It paid before, and nothing of that came late.
        } else if (!done) {
            report.failed.emplace_back(state.directory.account(id).fact.name,
                                       std::move(done).error());
        } else if (*done) {
            report.invoices.push_back(row_of(state, **done));
            FARTHING_TRY(report.invoices.back().findings, review.look_at(**done));
        }
        seen.files_done += 1;
        if (progress) progress(seen);
    }
    return report;
}

// The same for the payers that have a document of that cycle; the others are passed over.
template <class Work>
Result<BillRunReport> each_document(Engine::State& state, WhichCycle which,
                                    const std::string& payer, Work work) {
    DocumentRun run(state);
    FARTHING_CHECK(run.open());
    FARTHING_TRY(BillRunReport report,
                 each_payer(state, run, which, payer,
                            [&](AccountId id, DatePeriod cycle) -> Result<std::optional<Invoice>> {
                                const DocumentRun::Row* own = run.document(id, cycle);
                                if (own == nullptr) return std::optional<Invoice>();
                                FARTHING_TRY(Invoice invoice, work(run, *own));
                                return std::optional(std::move(invoice));
                            }));
    for (auto& row : report.invoices) row.findings.clear();  // told when they were made
    return report;
}

}  // namespace

Result<BillRunReport> Engine::preview(WhichCycle which, const std::string& payer) {
    DocumentRun run(*state_);
    FARTHING_CHECK(run.open());
    return each_payer(*state_, run, which, payer,
                      [&](AccountId id, DatePeriod cycle) -> Result<std::optional<Invoice>> {
                          FARTHING_TRY(billing::Bill bill, run.bill(id, cycle));
                          bill.invoice.state = InvoiceState::draft;
                          if (nothing_to_bill(bill.invoice)) return std::optional<Invoice>();
                          return std::optional(std::move(bill.invoice));
                      });
}

Result<Invoice> recompute(Engine::State& state, const Invoice& document) {
    DocumentRun run(state);
    FARTHING_CHECK(run.open());
    FARTHING_TRY(billing::Bill bill, run.again(document));
    return std::move(bill.invoice);
}

Result<Invoice> Engine::preview_invoice(WhichCycle which, const std::string& payer) {
    const AccountId id = state_->directory.account_named(payer);
    if (!id) return fail(DirectoryReason::unknown_account, "no account is named \"" + payer + "\"");
    DocumentRun run(*state_);
    FARTHING_CHECK(run.open());
    FARTHING_TRY(billing::Bill bill, run.bill(id, cycle_of(state_->directory, id, which)));
    bill.invoice.state = InvoiceState::draft;
    return std::move(bill.invoice);
}

Result<BillRunReport> Engine::bill_run(WhichCycle which, const std::string& payer,
                                       const OnProgress& progress) {
    const AccountId only = state_->directory.account_named(payer);
    if (only || payer.empty()) FARTHING_CHECK(take_due_fees(*state_, only));
    DocumentRun run(*state_);
    FARTHING_CHECK(run.open());
    FARTHING_CHECK(run.reprice(run.payers(which, only)));
    return each_payer(
        *state_, run, which, payer,
        [&](AccountId id, DatePeriod cycle) { return prepare(*state_, run, id, cycle); }, progress);
}

Result<BillRunReport> Engine::undo(WhichCycle which, const std::string& payer) {
    return each_document(
        *state_, which, payer,
        [&](DocumentRun& run, const DocumentRun::Row& own) -> Result<Invoice> {
            if (own.state == InvoiceState::sent) return fail(StoreReason::invoice_immutable);
            FARTHING_TRY(Invoice invoice, state_->store->invoice(own.id));
            FARTHING_CHECK(state_->store->undo_prepared(own.id, run.mirrors_of(own.id)));
            invoice.state = InvoiceState::draft;
            return invoice;
        });
}

Result<BillRunReport> Engine::send(WhichCycle which, const std::string& payer) {
    return each_document(*state_, which, payer, [&](DocumentRun& run, const DocumentRun::Row& own) {
        return send_prepared(*state_, run, own);
    });
}

}  // namespace farthing::engine
