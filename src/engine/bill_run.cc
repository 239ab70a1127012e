// Bill runs: one document per payer and cycle. A failed account never blocks the others; a run can
// be repeated and undone until numbers are given.
#include <algorithm>
#include <map>
#include <set>

#include "billing/bill.h"
#include "billing/payer_index.h"
#include "engine/batch.h"
#include "engine/find.h"
#include "engine/reasons.h"
#include "engine/review.h"
#include "ledger/ledger.h"
#include "render/documents.h"
#include "settlement/statement.h"

namespace farthing::engine {

namespace {

using store::Store;

DatePeriod cycle_of(const directory::Directory& directory, AccountId payer, WhichCycle which) {
    const DatePeriod cycle = billing::cycle_of_payer(directory, payer, which.day);
    // The cycle that holds a day ends after it; the one before has ended.
    return which.ended ? billing::cycle_of_payer(directory, payer, cycle.first.plus_days(-1))
                       : cycle;
}

// Everything a run reads once, whatever the number of payers.
class Run {
  public:
    explicit Run(Engine::State& state) : state_(state), index_(state.directory) {}

    Result<void> open() {
        if (state_.catalog.empty()) return fail(EngineReason::catalog_none);
        FARTHING_TRY(const std::vector<Store::InvoiceRow> rows, state_.store->invoices());
        for (const auto& row : rows) documents_[{row.payer, row.period}] = row;
        FARTHING_TRY(const std::vector<Entry> entries, state_.store->entries({}));
        for (const Entry& entry : entries) {
            if (entry.kind == EntryKind::usage) {
                usage_[entry.payer][entry.period] =
                    std::max(usage_[entry.payer][entry.period], entry.id);
            }
            if (entry.invoice) of_invoice_[entry.invoice].push_back(entry);
        }
        return {};
    }

    // Accounts that pay on any day of that cycle, with the cycle; `only` none: all.
    std::vector<std::pair<AccountId, DatePeriod>> payers(WhichCycle which, AccountId only) const {
        std::vector<std::pair<AccountId, DatePeriod>> found;
        for (const directory::Account& account : state_.directory.accounts()) {
            if (only && account.fact.id != only) continue;
            const DatePeriod cycle = cycle_of(state_.directory, account.fact.id, which);
            if (pays_within(account, cycle)) found.emplace_back(account.fact.id, cycle);
        }
        return found;
    }

    const Store::InvoiceRow* document(AccountId payer, DatePeriod cycle) const {
        const auto found = documents_.find({payer, cycle});
        return found == documents_.end() ? nullptr : &found->second;
    }
    const std::vector<Entry>& entries_of(InvoiceId id) { return of_invoice_[id]; }

    // Prices again what the directory changed since it was rated, so that postings and documents
    // agree.
    Result<void> reprice(const std::vector<std::pair<AccountId, DatePeriod>>& payers) {
        std::set<Date> windows;
        for (const auto& [payer, cycle] : payers) windows.insert(cycle.first);
        std::vector<rating::CounterKey> keys;
        for (const Date window : windows) {
            FARTHING_TRY(const auto* counters, window_counters(window));
            for (const rating::Counter& counter : *counters) {
                if (has_allowance(counter)) keys.push_back(counter.key);
            }
        }
        if (keys.empty()) return {};
        OpenFeed no_feed;
        FARTHING_TRY(const auto batch, Batch::begin(state_, no_feed, "reprice"));
        FARTHING_CHECK(batch->reprice(keys));
        if (!batch->moved()) return {};
        Report ignored;
        FARTHING_CHECK(batch->commit(ignored));
        windows_.clear();
        return open();
    }

    // `amended`: a prepared document whose adjustments and fields a person changed; else they are
    // kept as stored.
    Result<billing::Bill> bill(AccountId payer, DatePeriod cycle,
                               const Invoice* amended = nullptr) {
        const Store::InvoiceRow* own = document(payer, cycle);
        billing::Input input{.catalog = state_.catalog,
                             .directory = state_.directory,
                             .payer = payer,
                             .cycle = cycle,
                             .today = state_.today(),
                             .counters = {},
                             .billed = {},
                             .adjustments = {},
                             .fields = {},
                             .posted = posted_by_others(payer, own),
                             .payers = &index_};
        if (amended != nullptr) {
            input.adjustments = amended->adjustments;
            input.fields = amended->fields;
        } else if (own != nullptr) {
            FARTHING_TRY(const Invoice before, state_.store->invoice(own->id));
            input.adjustments = before.adjustments;
            input.fields = before.fields;
        }
        FARTHING_TRY(input.billed, state_.store->billed(payer));
        const catalog::Version* version = state_.version_on(cycle.first);
        if (version == nullptr || !version->documents.group_per_account) {
            for (BilledAmount& amount : input.billed)
                amount.department = {};  // its lines stand for the payer
        }
        std::erase_if(input.billed, [&](const BilledAmount& b) {
            return own != nullptr && b.invoice == own->id;
        });
        FARTHING_CHECK(add_counters(payer, cycle, input));
        return billing::bill(input);
    }

  private:
    std::vector<Entry> posted_by_others(AccountId payer, const Store::InvoiceRow* own) const {
        std::vector<Entry> posted;
        each_document(payer, [&](const Store::InvoiceRow& row) {
            const auto found = of_invoice_.find(row.id);
            if ((own != nullptr && row.id == own->id) || found == of_invoice_.end()) return;
            posted.insert(posted.end(), found->second.begin(), found->second.end());
        });
        return posted;
    }

    template <class Visit>
    void each_document(AccountId payer, Visit visit) const {
        const std::pair<AccountId, DatePeriod> first{payer, {Date::min(), Date::min()}};
        for (auto at = documents_.lower_bound(first);
             at != documents_.end() && at->first.first == payer; ++at) {
            visit(at->second);
        }
    }

    static bool pays_within(const directory::Account& account, DatePeriod cycle) {
        for (Date day = cycle.first; day < cycle.end; day = account.pays.next_change(day)) {
            const bool* pays = account.pays.at(day);
            if (pays != nullptr && *pays) return true;
        }
        return false;
    }

    bool has_allowance(const rating::Counter& counter) const {
        const catalog::Version* version = state_.catalog.numbered(counter.segments.back().version);
        for (const catalog::Plan& plan : version->plans) {
            for (const catalog::UsageCharge& charge : plan.charges) {
                if (charge.id == counter.key.component) return charge.allowance.has_value();
            }
        }
        return false;
    }

    // Windows to bill: the cycle's own, and earlier ones that usage reached after the last document
    // that billed them. `input.billed` is of the payer's other documents.
    Result<void> add_counters(AccountId payer, DatePeriod cycle, billing::Input& input) {
        std::map<DatePeriod, EntryId> seen;
        for (const BilledAmount& billed : input.billed) {
            EntryId& last = seen[billed.period];
            for (const Entry& entry : of_invoice_[billed.invoice]) last = std::max(last, entry.id);
        }
        std::set<Date> windows{cycle.first};
        for (const auto& [period, newest] : usage_[payer]) {
            if (period.first < cycle.first && newest > seen[period]) windows.insert(period.first);
        }
        for (const Date window : windows) {
            FARTHING_TRY(const auto* counters, window_counters(window));
            const auto& by_payer = payer_counters_[window];
            const auto found = by_payer.find(payer);
            if (found == by_payer.end()) continue;
            for (const std::uint32_t index : found->second)
                input.counters.push_back(&(*counters)[index]);
        }
        return {};
    }

    Result<const std::vector<rating::Counter>*> window_counters(Date window) {
        const auto known = windows_.find(window);
        if (known != windows_.end()) return &known->second;
        std::vector<rating::Counter> counters;
        FARTHING_TRY(const std::vector<PackKey> keys,
                     state_.store->counter_packs(Perspective::retail, window));
        for (const PackKey& key : keys) {
            FARTHING_TRY(const std::string bytes, state_.store->counter_pack(key));
            FARTHING_TRY(auto block, rating::unpack_counters(key, bytes));
            std::move(block.begin(), block.end(), std::back_inserter(counters));
        }
        auto& by_payer = payer_counters_[window];
        by_payer.clear();
        for (std::uint32_t i = 0; i < counters.size(); ++i) {
            AccountId last;
            for (const rating::Segment& segment : counters[i].segments) {
                std::vector<std::uint32_t>& list = by_payer[segment.payer];
                if (segment.payer != last && (list.empty() || list.back() != i)) list.push_back(i);
                last = segment.payer;
            }
        }
        return &windows_.emplace(window, std::move(counters)).first->second;
    }

    Engine::State& state_;
    billing::PayerIndex index_;
    std::map<std::pair<AccountId, DatePeriod>, Store::InvoiceRow> documents_;
    std::map<AccountId, std::map<DatePeriod, EntryId>>
        usage_;  // newest usage entry per payer and period
    std::map<InvoiceId, std::vector<Entry>> of_invoice_;
    std::map<Date, std::vector<rating::Counter>> windows_;
    std::map<Date, std::unordered_map<AccountId, std::vector<std::uint32_t>>> payer_counters_;
};

// What still stands of a document's postings: entries that no mirror undid.
std::vector<Entry> mirrors_of(const std::vector<Entry>& entries) {
    std::set<EntryId> undone;
    for (const Entry& entry : entries) {
        if (entry.reverses) undone.insert(entry.reverses);
    }
    std::vector<Entry> mirrors;
    for (const Entry& entry : entries) {
        if (!entry.reverses && !undone.contains(entry.id))
            mirrors.push_back(ledger::mirror_of(entry));
    }
    return mirrors;
}

BillRunReport::Row row_of(const Engine::State& state, const Invoice& invoice) {
    const AccountFact& payer = state.directory.account(invoice.payer).fact;
    return {invoice.id,     payer.name,      payer.title.empty() ? payer.name : payer.title,
            invoice.period, invoice.state,   invoice.number,
            invoice.net,    invoice.payable, {}};
}

bool nothing_to_bill(const Invoice& invoice) {
    return invoice.lines.empty() && invoice.adjustments.empty();
}

// The new document in place of the prepared one: the old postings are mirrored, never edited.
Result<Invoice> replace(Engine::State& state, Run& run, InvoiceId id, billing::Bill bill) {
    bill.invoice.id = id;
    std::vector<Entry> entries = mirrors_of(run.entries_of(id));
    for (Entry& entry : bill.entries) {
        entry.invoice = id;
        entries.push_back(std::move(entry));
    }
    FARTHING_CHECK(state.store->replace_prepared(bill.invoice, entries, bill.statements));
    return std::move(bill.invoice);
}

// Prepares one payer's document, or prepares it again with what came since.
Result<std::optional<Invoice>> prepare(Engine::State& state, Run& run, AccountId payer,
                                       DatePeriod cycle) {
    if (cycle.end > state.today()) {
        return fail(BillingReason::period_not_over,
                    "the cycle " + to_string(cycle) + " has not ended");
    }
    const Store::InvoiceRow* own = run.document(payer, cycle);
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
    FARTHING_TRY(Invoice again, replace(state, run, own->id, std::move(bill)));
    return std::optional(std::move(again));
}

}  // namespace

namespace {

// Calls `work` for each payer that is asked for; failures stand in the report beside the successes.
template <class Work>
Result<BillRunReport> each_payer(Engine::State& state, Run& run, WhichCycle which,
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
    FARTHING_CHECK(review.open(payers.size()));
    Progress seen;
    seen.files_total = static_cast<std::int64_t>(payers.size());
    for (const auto& [id, cycle] : payers) {
        Result<std::optional<Invoice>> done = work(id, cycle);
        if (!done) {
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
    Run run(state);
    FARTHING_CHECK(run.open());
    FARTHING_TRY(BillRunReport report,
                 each_payer(state, run, which, payer,
                            [&](AccountId id, DatePeriod cycle) -> Result<std::optional<Invoice>> {
                                const Store::InvoiceRow* own = run.document(id, cycle);
                                if (own == nullptr) return std::optional<Invoice>();
                                FARTHING_TRY(Invoice invoice, work(run, *own));
                                return std::optional(std::move(invoice));
                            }));
    for (auto& row : report.invoices) row.findings.clear();  // told when they were made
    return report;
}

}  // namespace

Result<BillRunReport> Engine::preview(WhichCycle which, const std::string& payer) {
    Run run(*state_);
    FARTHING_CHECK(run.open());
    return each_payer(*state_, run, which, payer,
                      [&](AccountId id, DatePeriod cycle) -> Result<std::optional<Invoice>> {
                          FARTHING_TRY(billing::Bill bill, run.bill(id, cycle));
                          bill.invoice.state = InvoiceState::draft;
                          if (nothing_to_bill(bill.invoice)) return std::optional<Invoice>();
                          return std::optional(std::move(bill.invoice));
                      });
}

Result<Invoice> recompute(Engine::State& state, AccountId payer, DatePeriod cycle) {
    Run run(state);
    FARTHING_CHECK(run.open());
    FARTHING_TRY(billing::Bill bill, run.bill(payer, cycle));
    return std::move(bill.invoice);
}

Result<Invoice> Engine::preview_invoice(WhichCycle which, const std::string& payer) {
    const AccountId id = state_->directory.account_named(payer);
    if (!id) return fail(DirectoryReason::unknown_account, "no account is named \"" + payer + "\"");
    FARTHING_TRY(Invoice invoice, recompute(*state_, id, cycle_of(state_->directory, id, which)));
    invoice.state = InvoiceState::draft;
    return invoice;
}

Result<BillRunReport> Engine::bill_run(WhichCycle which, const std::string& payer,
                                       const OnProgress& progress) {
    Run run(*state_);
    FARTHING_CHECK(run.open());
    FARTHING_CHECK(run.reprice(run.payers(which, state_->directory.account_named(payer))));
    return each_payer(
        *state_, run, which, payer,
        [&](AccountId id, DatePeriod cycle) { return prepare(*state_, run, id, cycle); }, progress);
}

Result<BillRunReport> Engine::undo(WhichCycle which, const std::string& payer) {
    return each_document(
        *state_, which, payer, [&](Run& run, const Store::InvoiceRow& own) -> Result<Invoice> {
            if (own.state == InvoiceState::sent) return fail(StoreReason::invoice_immutable);
            FARTHING_TRY(Invoice invoice, state_->store->invoice(own.id));
            FARTHING_CHECK(
                state_->store->undo_prepared(own.id, mirrors_of(run.entries_of(own.id))));
            invoice.state = InvoiceState::draft;
            return invoice;
        });
}

namespace {

Result<Invoice> send_one(Engine::State& state, const Store::InvoiceRow& row) {
    FARTHING_TRY(const Invoice prepared, state.store->invoice(row.id));
    if (prepared.state == InvoiceState::sent) return prepared;
    const Date today = state.today();
    const catalog::Version* version = state.version_on(prepared.period.end.plus_days(-1));
    if (version == nullptr) return fail(BillingReason::catalog_missing);
    FARTHING_TRY(const billing::Sent sent, billing::finish(*version, prepared, 0, today));
    const auto finish = [&](Invoice invoice, std::int64_t number) {
        auto final_document = billing::finish(*version, std::move(invoice), number, today);
        return final_document ? std::move(final_document->invoice)
                              : prepared;  // it finished a moment ago
    };
    return state.store->send(row.id, billing::series_prefix(*version, today), finish, sent.entries);
}

Result<Store::InvoiceRow> find_invoice(Engine::State& state, std::string_view number_or_id) {
    FARTHING_TRY(const std::vector<Store::InvoiceRow> rows, state.store->invoices());
    for (const auto& row : rows) {
        if (row.number == number_or_id || std::to_string(row.id.value) == number_or_id) return row;
    }
    return fail(StoreReason::invoice_unknown,
                "no invoice is \"" + std::string(number_or_id) + "\"");
}

// Applies a person's change to a prepared document by preparing it again with that change.
template <class Change>
Result<Invoice> amend(Engine::State& state, std::string_view number_or_id, Change change) {
    FARTHING_TRY(const Store::InvoiceRow row, find_invoice(state, number_or_id));
    if (row.state == InvoiceState::sent)
        return fail(StoreReason::invoice_immutable, row.number + " was sent");
    Run run(state);
    FARTHING_CHECK(run.open());
    FARTHING_TRY(Invoice before, state.store->invoice(row.id));
    FARTHING_CHECK(change(before));
    FARTHING_TRY(billing::Bill bill, run.bill(row.payer, row.period, &before));
    return replace(state, run, row.id, std::move(bill));
}

}  // namespace

Result<BillRunReport> Engine::send(WhichCycle which, const std::string& payer) {
    return each_document(*state_, which, payer, [&](Run&, const Store::InvoiceRow& own) {
        return send_one(*state_, own);
    });
}

Result<std::vector<BillRunReport::Row>> Engine::invoices() {
    FARTHING_TRY(const std::vector<Store::InvoiceRow> rows, state_->store->invoices());
    std::vector<BillRunReport::Row> found;
    for (const auto& row : rows) {
        const AccountFact& payer = state_->directory.account(row.payer).fact;
        found.push_back({row.id,
                         payer.name,
                         payer.title,
                         row.period,
                         row.state,
                         row.number,
                         std::nullopt,
                         Money{row.payable_atoms, row.currency},
                         {}});
    }
    return found;
}

Result<Invoice> Engine::invoice(std::string_view number_or_id) {
    FARTHING_TRY(const Store::InvoiceRow row, find_invoice(*state_, number_or_id));
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
