// From counters, fees and the tree to one payer's document. Pure: everything comes in, the document
// and its entries come out; the same input gives the same bytes.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/reason.h"
#include "billing/payer_index.h"
#include "billing/pool_memo.h"
#include "catalog/snapshot.h"
#include "directory/directory.h"
#include "ledger/ledger.h"
#include "model/invoice.h"
#include "rating/in_order.h"
#include "rating/rater.h"

namespace farthing {
#define FARTHING_BILLING_REASONS(X)                                                               \
    X(not_a_payer, "the account pays for nobody in that period",                                  \
      "Bill the account above it that pays.")                                                     \
    X(period_not_over, "the billing cycle has not ended yet",                                     \
      "Run a preview, or wait for the end of the cycle.")                                         \
    X(plan_missing, "a subscription has a plan that no catalog version in force knows",           \
      "Publish a version that has it, or change the plan.")                                       \
    X(catalog_missing, "no catalog version is in force on that day",                              \
      "Publish a version that is valid from then.")                                               \
    X(amount_out_of_range, "an amount does not fit in a posting", "Check prices and quantities.") \
    X(currency_mixed, "the catalog changed its currency within the billed period",                \
      "Publish the new currency from the start of a billing cycle.")                              \
    X(already_sent, "the period was billed and sent", "Later usage goes to the next document.")   \
    X(line_unknown, "the document has no such line",                                              \
      "List the lines with `farthing invoice show`.")                                             \
    X(amount_too_fine, "the amount has more decimals than a line of the document",                \
      "Write it with fewer decimals.")                                                            \
    X(discount_too_large, "the adjustment would make the document negative",                      \
      "Credit less, or add a debit.")                                                             \
    X(credit_too_large, "the line would come to less than nothing", "Credit less of that line.")  \
    X(tax_unknown, "no tax rule applies to the customer",                                         \
      "Give the account its country, or the catalog a tax without one for the rest.")             \
    X(rate_unknown, "no exchange rate is known for that day",                                     \
      "Add the day's rate to `exchange_rates` and publish it.")                                   \
    X(not_sent, "the document was not sent yet", "Prepare it again, or adjust it.")               \
    X(use_not_archived, "what a pool's members used is not all in the archive",                   \
      "Bring in the archive's files; `farthing check archive` names what is missing.")            \
    X(note_open, "another note of the invoice is prepared", "Send it or void it first.")          \
    X(note_of_note, "a note corrects an invoice, not another note",                               \
      "Name the invoice that the note names.")
FARTHING_REASON_ENUM(BillingReason, FARTHING_BILLING_REASONS)
}  // namespace farthing

namespace farthing::billing {

struct Input {
    const catalog::Snapshot& catalog;
    const directory::Directory& directory;
    AccountId payer;
    DatePeriod cycle;  // of the payer's bill day
    Date today;        // of the run; stands as preparation date
    // Counters with a segment of this payer: of the cycle's window, of earlier windows that moved
    // since, and of those that facts may have moved (`windows_of_facts`).
    std::vector<const rating::Counter*> counters = {};
    // Counters that hold days of the cycle, of accounts that this payer pays for, with a segment
    // that a sponsor pays instead: shown, and charged nothing.
    std::vector<const rating::Counter*> sponsored = {};
    // Counters of pools in the payer's account tree whose members pay what is beyond, of the same
    // windows as `counters`.
    std::vector<const rating::Counter*> pooled = {};
    // The uses of a pool whose members pay in the order of use, by the archive. REQUIRES: it is
    // given where there is such a pool.
    std::function<std::span<const rating::PoolUse>(const rating::CounterKey&)> uses_of = {};
    std::vector<BilledAmount> billed = {};   // by earlier documents of this payer
    std::vector<DatePeriod> documents = {};  // the cycles of its invoices
    // The first day of which anybody has a document, and of which somebody of the payer's account
    // tree has. What nobody billed of later cycles is made up for; unset: nothing is.
    std::optional<Date> billed_since = {};
    std::optional<Date> tree_billed_since = {};
    std::vector<Adjustment> adjustments = {};  // kept from an earlier run of the same document
    std::vector<std::pair<std::string, std::string>> fields = {};
    // What earlier documents of this payer posted and still stands: their fee, rounding and share
    // entries with the mirrors of those that were undone, and fees that were taken without one.
    // Only the difference is posted again; other kinds are passed over.
    std::vector<Entry> posted = {};
    // Any counter as it stands: earlier ones leave what is carried over. REQUIRES: it is given
    // where an allowance is.
    rating::CounterOf counter_of = {};
    // Of a prepaid payer, whose fees are taken when they fall due: what begins later is not due
    // yet…
    std::optional<Date> due_by = {};
    // …and what its balance did not cover is not owed. `due`: the first day that it stands for.
    std::function<bool(SubscriptionId, ComponentId, Date due)> uncovered = {};
    PoolMemo* pools = nullptr;  // of the run; nullptr: of this document alone
    const PayerIndex* payers =
        nullptr;  // built once per run; nullptr: built here, for this document alone
    // A note: what changed since in the own period and lines of this sent invoice. By hand: only
    // `adjustments`, which name lines of that invoice.
    const Invoice* corrects = nullptr;
    bool by_hand = false;
    std::map<std::uint32_t, Money> adjusted = {};  // by other notes by hand, by line of the invoice
};

struct Bill {
    Invoice invoice;  // state prepared, without id and number
    std::vector<Entry>
        entries;  // what preparing posts: fees, discounts, adjustments, rounding, shares
    std::vector<Statement> statements;  // partners' parts of this document
};

// The document of one payer and cycle. Lines in the order: fees, usage, discounts, by plan and
// catalog order.
Result<Bill> bill(const Input& input);

// What later documents must know of this one (EC72): one row per component, department and cycle,
// zero amounts too.
std::vector<BilledAmount> billed_by(const Invoice& invoice, bool per_department);

// The cycle of the payer that holds `day`.
DatePeriod cycle_of_payer(const directory::Directory& directory, AccountId payer, Date day);

// What sending adds: the number, the dates, and the entry unbilled → receivable with tax and
// payable rounding.
struct Sent {
    Invoice invoice;
    std::vector<Entry> entries;
};
Result<Sent> finish(const catalog::Version& version, Invoice prepared, std::int64_t number,
                    Date today);
// The series of invoices, or that of notes.
const std::string& series_of(const catalog::Version& version, const Invoice& invoice);
// The text of the series before the running number: "INV-2026-"; with the number: "INV-2026-0001".
std::string series_prefix(std::string_view series, Date today);
std::string series_number(std::string_view series, Date today, std::int64_t number);

// Running quantity lines of a fee (EC69): `levels` is the quantity from each day on within `cycle`.
// An increase opens a line for what is added, a decrease ends all running lines the day before and
// opens one for what remains.
struct QuantityLine {
    std::int64_t quantity = 0;
    DatePeriod period;
    bool operator==(const QuantityLine&) const = default;
};
std::vector<QuantityLine> cut_quantity_lines(const directory::Dated<std::int64_t>& levels,
                                             DatePeriod cycle);

}  // namespace farthing::billing
