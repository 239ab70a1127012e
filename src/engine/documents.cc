// One document at a time: read it, change it while it is prepared, send it, and correct a sent one
// by a note.
#include "render/documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/document_run.h"
#include "engine/find.h"
#include "engine/notices.h"
#include "engine/reasons.h"
#include "settlement/statement.h"

namespace farthing::engine {

namespace {

// Applies a person's change to a prepared document by preparing it again with that change.
template <class Change>
Result<Invoice> amend(Engine::State& state, std::string_view number_or_id, Change change) {
    FARTHING_TRY(const DocumentRun::Row row, find_invoice(state, number_or_id));
    if (row.state == InvoiceState::sent)
        return fail(StoreReason::invoice_immutable, row.number + " was sent");
    DocumentRun run(state);
    FARTHING_CHECK(run.open());
    FARTHING_TRY(Invoice before, state.store->invoice(row.id));
    FARTHING_CHECK(change(before));
    if (before.kind == DocumentKind::invoice) {
        FARTHING_TRY(billing::Bill bill, run.bill(row.payer, row.period, &before));
        return run.replace(row.id, std::move(bill));
    }
    FARTHING_TRY(const Invoice corrects, state.store->invoice(before.corrects));
    FARTHING_TRY(billing::Bill bill, run.note(corrects, before));
    return run.replace(row.id, std::move(bill));
}

// What a note corrects, and the note of it that is prepared, if any.
struct Corrected {
    Invoice invoice;
    std::optional<Invoice> note;
};
Result<Corrected> corrected(Engine::State& state, DocumentRun& run, std::string_view number) {
    FARTHING_TRY(const DocumentRun::Row row, find_invoice(state, number));
    FARTHING_CHECK(run.open());
    Corrected found;
    FARTHING_TRY(found.invoice, state.store->invoice(row.id));
    if (found.invoice.kind == DocumentKind::note)
        return fail(BillingReason::note_of_note,
                    found.invoice.number + " corrects " + found.invoice.corrects_number);
    if (found.invoice.state != InvoiceState::sent)
        return fail(BillingReason::not_sent, "invoice " + std::string(number) + " is prepared");
    for (const DocumentRun::Row& note : run.notes_of(row.id)) {
        if (note.state == InvoiceState::sent) continue;
        FARTHING_TRY(found.note, state.store->invoice(note.id));
    }
    return found;
}

Result<Invoice> save(Engine::State& state, DocumentRun& run, const Corrected& of,
                     billing::Bill bill) {
    if (of.note) return run.replace(of.note->id, std::move(bill));
    FARTHING_TRY(bill.invoice.id,
                 state.store->save_prepared(bill.invoice, bill.entries, bill.statements));
    return std::move(bill.invoice);
}

std::unexpected<Error> other_note(const Invoice& note) {
    return fail(BillingReason::note_open, "note " + std::to_string(note.id.value) + " of " +
                                              note.corrects_number + " is prepared");
}

}  // namespace

namespace {

Result<void> take_in_what_came(DocumentRun& run, const Invoice& prepared) {
    FARTHING_TRY(billing::Bill now, run.again(prepared));
    if (now.invoice.lines == prepared.lines && now.invoice.payable == prepared.payable) return {};
    FARTHING_TRY(const Invoice again, run.replace(prepared.id, std::move(now)));
    return fail(EngineReason::document_changed,
                fmt::format("{} payable instead of {}", again.payable.to_string(),
                            prepared.payable.to_string()));
}

}  // namespace

Result<Invoice> send_prepared(Engine::State& state, DocumentRun& run, const DocumentRun::Row& row) {
    FARTHING_TRY(const Invoice prepared, state.store->invoice(row.id));
    if (prepared.state == InvoiceState::sent) return prepared;
    if (run.outdated(row)) FARTHING_CHECK(take_in_what_came(run, prepared));
    const Date today = state.today();
    const catalog::Version* version = state.version_on(prepared.period.end.plus_days(-1));
    if (version == nullptr) return fail(BillingReason::catalog_missing);
    FARTHING_TRY(const billing::Sent sent, billing::finish(*version, prepared, 0, today));
    const auto finish = [&](Invoice invoice, std::int64_t number) {
        auto final_document = billing::finish(*version, std::move(invoice), number, today);
        return final_document ? std::move(final_document->invoice)
                              : prepared;  // it finished a moment ago
    };
    const std::string& series = billing::series_of(*version, prepared);
    return state.store->send(row.id, billing::series_prefix(series, today), finish, sent.entries,
                             [&](const Invoice& done) { return notice_of(state, done); });
}

Result<std::optional<Invoice>> Engine::note(std::string_view number) {
    DocumentRun run(*state_);
    FARTHING_TRY(const Corrected of, corrected(*state_, run, number));
    if (of.note && of.note->by_hand) return other_note(*of.note);
    FARTHING_CHECK(run.reprice({{of.invoice.payer, of.invoice.period}}));
    FARTHING_TRY(billing::Bill bill, run.note(of.invoice, of.note ? *of.note : Invoice()));
    if (!nothing_to_bill(bill.invoice)) {
        FARTHING_TRY(Invoice note, save(*state_, run, of, std::move(bill)));
        return std::optional(std::move(note));
    }
    // What it said was taken back, or another document took it meanwhile.
    if (of.note)
        FARTHING_CHECK(state_->store->undo_prepared(of.note->id, run.mirrors_of(of.note->id)));
    return std::optional<Invoice>();
}

Result<Invoice> Engine::note_by_hand(std::string_view number, Adjustment adjustment) {
    DocumentRun run(*state_);
    FARTHING_TRY(const Corrected of, corrected(*state_, run, number));
    if (of.note && !of.note->by_hand) return other_note(*of.note);
    Invoice like = of.note ? *of.note : Invoice();
    like.by_hand = true;
    const auto line =
        std::ranges::find(of.invoice.lines, adjustment.line.value_or(0), &InvoiceLine::number);
    if (line == of.invoice.lines.end())
        return fail(BillingReason::line_unknown, of.invoice.number + " has no line " +
                                                     std::to_string(adjustment.line.value_or(0)));
    if (adjustment.text.empty()) adjustment.text = line->text;
    like.adjustments.push_back(std::move(adjustment));
    FARTHING_TRY(billing::Bill bill, run.note(of.invoice, like));
    return save(*state_, run, of, std::move(bill));
}

Result<Invoice> Engine::send_document(std::string_view number_or_id) {
    FARTHING_TRY(const DocumentRun::Row row, find_invoice(*state_, number_or_id));
    DocumentRun run(*state_);
    FARTHING_CHECK(run.open());
    return send_prepared(*state_, run, row);
}

Result<Invoice> Engine::void_document(std::string_view number_or_id) {
    FARTHING_TRY(const DocumentRun::Row row, find_invoice(*state_, number_or_id));
    if (row.state == InvoiceState::sent)
        return fail(StoreReason::invoice_immutable, row.number + " was sent");
    DocumentRun run(*state_);
    FARTHING_CHECK(run.open());
    FARTHING_TRY(Invoice invoice, state_->store->invoice(row.id));
    FARTHING_CHECK(state_->store->undo_prepared(row.id, run.mirrors_of(row.id)));
    invoice.state = InvoiceState::draft;
    return invoice;
}

Result<std::vector<BillRunReport::Row>> Engine::invoices() {
    FARTHING_TRY(const std::vector<DocumentRun::Row> rows, state_->store->invoices());
    std::vector<BillRunReport::Row> found;
    for (const auto& row : rows) {
        const AccountFact& payer = state_->directory.account(row.payer).fact;
        found.push_back({row.id,
                         payer.name,
                         std::string(payer.title),
                         row.period,
                         row.state,
                         row.number,
                         std::nullopt,
                         Money{row.payable_atoms, row.currency},
                         row.corrects,
                         {}});
    }
    return found;
}

Result<Invoice> Engine::invoice(std::string_view number_or_id) {
    FARTHING_TRY(const DocumentRun::Row row, find_invoice(*state_, number_or_id));
    return state_->store->invoice(row.id);
}

Result<Invoice> Engine::adjust(std::string_view invoice, Adjustment adjustment) {
    return amend(*state_, invoice, [&](Invoice& before) -> Result<void> {
        if (adjustment.line && *adjustment.line > before.lines.size()) {
            return fail(BillingReason::line_unknown, "line " + std::to_string(*adjustment.line));
        }
        before.adjustments.push_back(std::move(adjustment));
        return {};
    });
}

Result<Invoice> Engine::set_field(std::string_view invoice, const std::string& name,
                                  const std::string& value) {
    return amend(*state_, invoice, [&](Invoice& before) -> Result<void> {
        const auto known = std::find_if(before.fields.begin(), before.fields.end(),
                                        [&](const auto& field) { return field.first == name; });
        if (known != before.fields.end()) {
            known->second = value;
        } else {
            before.fields.emplace_back(name, value);
        }
        return {};
    });
}

Result<std::string> Engine::invoice_pdf(const Invoice& invoice) {
    std::string logo;
    const catalog::Version* version = state_->version_on(invoice.period.end.plus_days(-1));
    if (!invoice.logo.empty() && version != nullptr) {
        FARTHING_TRY(const std::vector<CatalogRecord> records, state_->store->catalogs());
        for (const CatalogRecord& record : records) {
            for (const CatalogFile& file : record.files) {
                if (record.version == version->number && file.path == invoice.logo)
                    logo = file.text;
            }
        }
    }
    return render::invoice_pdf(invoice, logo);
}

Result<std::vector<Statement>> Engine::statements(WhichCycle which) {
    std::vector<Statement> all;
    std::set<DatePeriod> periods;
    for (const directory::Account& account : state_->directory.accounts()) {
        periods.insert(cycle_of(state_->directory, account.fact.id, which));
    }
    for (const DatePeriod period : periods) {
        FARTHING_TRY(const std::vector<Statement> found, state_->store->statements(period));
        all.insert(all.end(), found.begin(), found.end());
    }
    return settlement::merge(all);
}

Result<std::vector<Engine::Balance>> Engine::balances() {
    FARTHING_TRY(const auto rows, state_->store->balances());
    std::vector<Balance> found;
    for (const auto& row : rows) {
        found.push_back(
            {ledger_account_name(*state_, row.account), Money{row.atoms, row.currency}});
    }
    return found;
}

}  // namespace farthing::engine
