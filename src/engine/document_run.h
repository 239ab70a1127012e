// What billing reads once, whatever the number of payers, and how documents are composed from it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "billing/bill.h"
#include "billing/payer_index.h"
#include "engine/state.h"

namespace farthing::engine {

// The cycle of a payer that holds a day, or the one that ended last on it.
DatePeriod cycle_of(const directory::Directory& directory, AccountId payer, WhichCycle which);

class DocumentRun {
  public:
    using Row = store::Store::InvoiceRow;

    explicit DocumentRun(Engine::State& state) : state_(state), index_(state.directory) {}
    Result<void> open();

    // Accounts that pay on any day of that cycle, with the cycle, and those that did not long
    // before: something of it may have come late. `only` none: all.
    std::vector<std::pair<AccountId, DatePeriod>> payers(WhichCycle which, AccountId only) const;
    // The invoice of that cycle; nullptr where there is none.
    const Row* document(AccountId payer, DatePeriod cycle) const;
    // All documents, by payer.
    std::vector<Row> rows() const;
    // Notes of an invoice, oldest first.
    std::vector<Row> notes_of(InvoiceId invoice) const;
    // Prices again what the directory changed since it was rated, in those cycles and the few
    // before them, so that postings and documents agree.
    Result<void> reprice(const std::vector<std::pair<AccountId, DatePeriod>>& payers);

    // `amended`: a prepared invoice whose adjustments and fields a person changed; else they are
    // kept as stored.
    Result<billing::Bill> bill(AccountId payer, DatePeriod cycle, const Invoice* amended = nullptr);
    // `like`: a prepared note, or a new one, of which adjustments, fields and `by_hand` are kept.
    Result<billing::Bill> note(const Invoice& corrects, const Invoice& like);
    // Whose charges are counted in windows that begin on a day, with the end of theirs.
    Result<std::map<AccountId, Date>> payers_of(Date window);
    // Payers and first days of cycles with usage that stands in no document that was sent.
    Result<std::set<std::pair<AccountId, Date>>> unbilled() const;
    // Whether usage that it may tell of was posted after the document was made.
    bool outdated(const Row& row) const;
    // The same document as it would be made now.
    Result<billing::Bill> again(const Invoice& document);

    // Stores the document in place of the prepared one: the old postings are mirrored, never
    // edited.
    Result<Invoice> replace(InvoiceId id, billing::Bill bill);
    // The mirrors of what still stands of a document's postings.
    std::vector<Entry> mirrors_of(InvoiceId id) const;

  private:
    Result<billing::Bill> compose(billing::Input input, InvoiceId own);
    std::vector<Entry> posted_by_others(AccountId payer, InvoiceId own) const;
    std::vector<DatePeriod> cycles_before(AccountId payer, DatePeriod cycle) const;
    void add_earlier_documents(billing::Input& input, InvoiceId own) const;
    Result<void> add_counters(billing::Input& input);
    // `in_order`: what members of pools used can be told in its order.
    Result<void> add_window(billing::Input& input, Date window, bool in_order);
    Result<void> add_sponsored(billing::Input& input);
    // What members of pools that pay in the order of use used, by the archive.
    Result<void> read_uses(Date window);
    AccountId owner_of(const rating::Counter& counter) const;
    bool is_sponsored(const rating::Counter& counter);
    void note_customers(const rating::Counter& counter, std::uint32_t index);
    Result<std::map<std::uint32_t, Money>> adjusted_by_others(const Invoice& corrects,
                                                              InvoiceId own) const;
    bool has_allowance(const rating::Counter& counter) const;
    Result<const std::vector<rating::Counter>*> window_counters(Date window);

    Engine::State& state_;
    billing::PayerIndex index_;
    billing::PoolMemo pools_;
    std::map<std::pair<AccountId, DatePeriod>, Row> documents_;
    std::map<AccountId, std::vector<Row>> rows_;
    // The first day that an invoice bills: anybody's, and by the top of the account tree.
    std::optional<Date> billed_since_;
    std::map<AccountId, Date> tree_billed_since_;
    // Newest usage entry per payer and period.
    std::map<AccountId, std::map<DatePeriod, EntryId>> usage_;
    std::map<InvoiceId, std::vector<Entry>> of_invoice_;
    std::set<AccountId> prepaid_;                    // whose fees are taken when they fall due…
    std::map<AccountId, std::vector<Entry>> taken_;  // …and those that were
    std::map<Date, std::vector<rating::Counter>> windows_;
    std::map<Date, std::unordered_map<AccountId, std::vector<std::uint32_t>>> payer_counters_;
    // Of charges that a sponsor pays: likewise, by who pays for the customer.
    std::map<Date, std::unordered_map<AccountId, std::vector<std::uint32_t>>> sponsored_;
    // Of pools whose members pay in some version: by the top of the account tree.
    std::map<Date, std::unordered_map<AccountId, std::vector<std::uint32_t>>> pooled_;
    std::set<ComponentId> paid_by_members_;
    std::set<ComponentId> in_order_;  // of those, by who went beyond
    std::map<Date, std::map<rating::CounterKey, std::vector<rating::PoolUse>>> uses_;
    std::map<AccountId, std::map<DatePeriod, EntryId>> pool_usage_;  // newest entry, by that top
    std::set<AccountId> sponsors_;  // accounts that some version names
    std::map<std::pair<VersionNo, ComponentId>, bool> is_sponsored_;
};

// The document with that number or id.
Result<DocumentRun::Row> find_invoice(Engine::State& state, std::string_view number_or_id);
bool nothing_to_bill(const Invoice& invoice);
// Numbers a prepared document; a sent one is given as it was sent. One that late usage changes is
// prepared again and refused: nobody has looked at it yet (EC54).
Result<Invoice> send_prepared(Engine::State& state, DocumentRun& run, const DocumentRun::Row& row);

}  // namespace farthing::engine
