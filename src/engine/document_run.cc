#include "engine/document_run.h"

#include <algorithm>
#include <set>

#include "billing/earlier_cycles.h"
#include "engine/archive_online.h"
#include "engine/batch.h"
#include "engine/find.h"
#include "engine/prepaid_fees.h"
#include "engine/reasons.h"
#include "engine/retention.h"
#include "ledger/ledger.h"

namespace farthing::engine {
namespace {

bool pays_within(const directory::Account& account, DatePeriod cycle) {
    for (Date day = cycle.first; day < cycle.end; day = account.pays.next_change(day)) {
        const bool* pays = account.pays.at(day);
        if (pays != nullptr && *pays) return true;
    }
    return false;
}

std::set<AccountId> sponsors_of(const Engine::State& state) {
    std::set<AccountId> sponsors;
    for (const auto& version : state.catalog.versions()) {
        for (const catalog::Plan& plan : version->plans) {
            for (const catalog::UsageCharge& charge : plan.charges) {
                const AccountId account = state.directory.account_named(charge.paid_by);
                if (account) sponsors.insert(account);
            }
        }
    }
    return sponsors;
}

std::set<ComponentId> paid_by_members(const Engine::State& state, bool in_order_only) {
    std::set<ComponentId> components;
    for (const auto& version : state.catalog.versions()) {
        for (const catalog::Plan& plan : version->plans) {
            for (const catalog::UsageCharge& charge : plan.charges) {
                const auto& allowance = charge.allowance;
                if (!allowance || !allowance->members_pay) continue;
                if (!in_order_only || allowance->in_order) components.insert(charge.id);
            }
        }
    }
    return components;
}

}  // namespace

DatePeriod cycle_of(const directory::Directory& directory, AccountId payer, WhichCycle which) {
    const DatePeriod cycle = billing::cycle_of_payer(directory, payer, which.day);
    // The cycle that holds a day ends after it; the one before has ended.
    return which.ended ? billing::cycle_of_payer(directory, payer, cycle.first.plus_days(-1))
                       : cycle;
}

Result<void> DocumentRun::open() {
    if (state_.catalog.empty()) return fail(EngineReason::catalog_none);
    FARTHING_TRY(const std::vector<Row> rows, state_.store->invoices());
    documents_.clear();
    billed_since_.reset();
    tree_billed_since_.clear();
    rows_.clear();
    for (const Row& row : rows) {
        if (!row.corrects) {
            documents_[{row.payer, row.period}] = row;
            billed_since_ = std::min(billed_since_.value_or(Date::max()), row.period.first);
            const AccountId top = state_.directory.account(row.payer).top;
            Date& of_tree = tree_billed_since_.try_emplace(top, row.period.first).first->second;
            of_tree = std::min(of_tree, row.period.first);
        }
        rows_[row.payer].push_back(row);
    }
    sponsors_ = sponsors_of(state_);
    paid_by_members_ = paid_by_members(state_, false);
    in_order_ = paid_by_members(state_, true);
    uses_.clear();
    pools_.clear();
    pool_usage_.clear();
    usage_.clear();
    of_invoice_.clear();
    taken_.clear();
    FARTHING_TRY(prepaid_, prepaid_payers(state_));
    FARTHING_TRY(const std::vector<Entry> entries, state_.store->entries({}));
    for (const Entry& entry : entries) {
        if (entry.kind == EntryKind::usage) {
            EntryId& newest = usage_[entry.payer][entry.period];
            newest = std::max(newest, entry.id);
            if (paid_by_members_.contains(entry.component)) {
                const AccountId top = state_.directory.account(entry.payer).top;
                EntryId& of_pool = pool_usage_[top][entry.period];
                of_pool = std::max(of_pool, entry.id);
            }
        }
        if (entry.invoice) of_invoice_[entry.invoice].push_back(entry);
        if (entry.kind == EntryKind::fee && !entry.invoice) taken_[entry.payer].push_back(entry);
    }
    return {};
}

// The few whose facts still correct what was billed, latest first.
std::vector<DatePeriod> DocumentRun::cycles_before(AccountId payer, DatePeriod cycle) const {
    std::vector<DatePeriod> before;
    while (before.size() < billing::kCyclesBack) {
        cycle = billing::cycle_of_payer(state_.directory, payer, cycle.first.plus_days(-1));
        before.push_back(cycle);
    }
    return before;
}

std::vector<std::pair<AccountId, DatePeriod>> DocumentRun::payers(WhichCycle which,
                                                                  AccountId only) const {
    std::vector<std::pair<AccountId, DatePeriod>> found;
    for (const directory::Account& account : state_.directory.accounts()) {
        if (only && account.fact.id != only) continue;
        const DatePeriod cycle = cycle_of(state_.directory, account.fact.id, which);
        DatePeriod late = cycle;
        for (const DatePeriod earlier : cycles_before(account.fact.id, cycle))
            late.first = earlier.first;
        if (pays_within(account, late)) found.emplace_back(account.fact.id, cycle);
    }
    return found;
}

const DocumentRun::Row* DocumentRun::document(AccountId payer, DatePeriod cycle) const {
    const auto found = documents_.find({payer, cycle});
    return found == documents_.end() ? nullptr : &found->second;
}

std::vector<DocumentRun::Row> DocumentRun::rows() const {
    std::vector<Row> all;
    for (const auto& [payer, rows] : rows_) all.insert(all.end(), rows.begin(), rows.end());
    return all;
}

std::vector<DocumentRun::Row> DocumentRun::notes_of(InvoiceId invoice) const {
    std::vector<Row> notes;
    for (const auto& [payer, rows] : rows_) {
        std::ranges::copy_if(rows, std::back_inserter(notes),
                             [&](const Row& row) { return row.corrects == invoice; });
    }
    return notes;
}

Result<void> DocumentRun::reprice(const std::vector<std::pair<AccountId, DatePeriod>>& payers) {
    std::set<Date> windows;
    for (const auto& [payer, cycle] : payers) {
        windows.insert(cycle.first);
        for (const DatePeriod earlier : cycles_before(payer, cycle)) windows.insert(earlier.first);
    }
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
    pools_.clear();
    return open();
}

Result<billing::Bill> DocumentRun::bill(AccountId payer, DatePeriod cycle, const Invoice* amended) {
    const Row* own = document(payer, cycle);
    billing::Input input{.catalog = state_.catalog,
                         .directory = state_.directory,
                         .payer = payer,
                         .cycle = cycle,
                         .today = state_.today()};
    if (amended != nullptr) {
        input.adjustments = amended->adjustments;
        input.fields = amended->fields;
    } else if (own != nullptr) {
        FARTHING_TRY(const Invoice before, state_.store->invoice(own->id));
        input.adjustments = before.adjustments;
        input.fields = before.fields;
    }
    return compose(std::move(input), own == nullptr ? InvoiceId{} : own->id);
}

Result<billing::Bill> DocumentRun::note(const Invoice& corrects, const Invoice& like) {
    billing::Input input{.catalog = state_.catalog,
                         .directory = state_.directory,
                         .payer = corrects.payer,
                         .cycle = corrects.period,
                         .today = state_.today(),
                         .adjustments = like.adjustments,
                         .fields = like.fields,
                         .corrects = &corrects,
                         .by_hand = like.by_hand};
    if (like.by_hand) {
        FARTHING_TRY(input.adjusted, adjusted_by_others(corrects, like.id));
    }
    return compose(std::move(input), like.id);
}

Result<billing::Bill> DocumentRun::again(const Invoice& document) {
    if (document.kind == DocumentKind::invoice) return bill(document.payer, document.period);
    FARTHING_TRY(const Invoice corrects, state_.store->invoice(document.corrects));
    return note(corrects, document);
}

Result<billing::Bill> DocumentRun::compose(billing::Input input, InvoiceId own) try {
    input.payers = &index_;
    input.pools = &pools_;
    input.counter_of = [this](const rating::CounterKey& key) { return state_.counters.find(key); };
    input.uses_of = [this](const rating::CounterKey& key) -> std::span<const rating::PoolUse> {
        return uses_[key.window_first][key];
    };
    input.posted = posted_by_others(input.payer, own);
    if (prepaid_.contains(input.payer)) {
        input.due_by = state_.today();
        FARTHING_TRY(input.uncovered, uncovered_fees(state_, input.payer));
    }
    FARTHING_TRY(input.billed, state_.store->billed(input.payer));
    add_earlier_documents(input, own);
    const catalog::Version* version = state_.version_on(input.cycle.first);
    if (version == nullptr || !version->documents.group_per_account) {
        for (BilledAmount& amount : input.billed)
            amount.department = {};  // its lines stand for the payer
    }
    std::erase_if(input.billed, [&](const BilledAmount& b) { return own && b.invoice == own; });
    FARTHING_CHECK(add_counters(input));
    FARTHING_CHECK(add_sponsored(input));
    return billing::bill(input);
} catch (const StoreFailure& failure) {
    return fail(failure.error);
}

// Fees of a prepaid payer are taken when they fall due: what was not taken is not owed.
void DocumentRun::add_earlier_documents(billing::Input& input, InvoiceId own) const {
    if (!input.due_by) {
        input.billed_since = billed_since_;
        const auto tree = tree_billed_since_.find(state_.directory.account(input.payer).top);
        if (tree != tree_billed_since_.end()) input.tree_billed_since = tree->second;
    }
    const auto rows = rows_.find(input.payer);
    if (rows == rows_.end()) return;
    for (const Row& row : rows->second)
        if (!row.corrects && row.id != own) input.documents.push_back(row.period);
}

std::vector<Entry> DocumentRun::posted_by_others(AccountId payer, InvoiceId own) const {
    std::vector<Entry> posted;
    if (const auto taken = taken_.find(payer); taken != taken_.end()) posted = taken->second;
    const auto rows = rows_.find(payer);
    if (rows == rows_.end()) return posted;
    for (const Row& row : rows->second) {
        const auto found = of_invoice_.find(row.id);
        if (row.id == own || found == of_invoice_.end()) continue;
        posted.insert(posted.end(), found->second.begin(), found->second.end());
    }
    return posted;
}

Result<std::map<std::uint32_t, Money>> DocumentRun::adjusted_by_others(const Invoice& corrects,
                                                                       InvoiceId own) const {
    std::map<std::uint32_t, Money> sums;
    for (const Row& row : notes_of(corrects.id)) {
        if (row.id == own) continue;
        FARTHING_TRY(const Invoice other, state_.store->invoice(row.id));
        for (const Adjustment& adjustment : other.adjustments) {
            if (!adjustment.line || !other.by_hand) continue;
            const Money zero{0, adjustment.amount.currency};
            Money& sum = sums.try_emplace(*adjustment.line, zero).first->second;
            const auto more = checked_add(sum, adjustment.amount);
            if (!more) return fail(BillingReason::amount_out_of_range);
            sum = *more;
        }
    }
    return sums;
}

bool DocumentRun::has_allowance(const rating::Counter& counter) const {
    const catalog::Version* version = state_.catalog.numbered(counter.segments.back().version);
    const catalog::UsageCharge* charge = find_charge(*version, counter.key.component, nullptr);
    return charge != nullptr &&
           (charge->allowance.has_value() || rating::has_buckets(state_.directory, counter.key));
}

// Windows to bill: the cycle's own, earlier ones that usage reached after the last document that
// billed them, and those that facts may have moved since. `input.billed` is of the payer's
// other documents.
Result<void> DocumentRun::add_counters(billing::Input& input) {
    std::map<DatePeriod, EntryId> seen;
    for (const BilledAmount& billed : input.billed) {
        EntryId& last = seen[billed.period];
        for (const Entry& entry : of_invoice_[billed.invoice]) last = std::max(last, entry.id);
    }
    std::set<Date> windows{input.cycle.first};
    for (const auto& [period, newest] : usage_[input.payer]) {
        if (period.first < input.cycle.first && newest > seen[period]) windows.insert(period.first);
    }
    const AccountId top = state_.directory.account(input.payer).top;
    for (const auto& [period, newest] : pool_usage_[top]) {
        if (period.first < input.cycle.first && newest > seen[period]) windows.insert(period.first);
    }
    for (const Date window : windows) FARTHING_CHECK(add_window(input, window, true));
    for (const Date window : billing::windows_of_facts(input)) {
        if (windows.contains(window)) continue;
        // Of usage that was deleted for its age nobody knows the order any more: it stands.
        FARTHING_CHECK(add_window(input, window, require_kept(state_, window).has_value()));
    }
    return {};
}

Result<void> DocumentRun::add_window(billing::Input& input, Date window, bool in_order) {
    FARTHING_TRY(const auto* counters, window_counters(window));
    const auto stands = [&](std::uint32_t index) {
        return !in_order && in_order_.contains((*counters)[index].key.component);
    };
    for (const std::uint32_t index : pooled_[window][state_.directory.account(input.payer).top]) {
        if (stands(index)) continue;
        if (in_order_.contains((*counters)[index].key.component)) FARTHING_CHECK(read_uses(window));
        input.pooled.push_back(&(*counters)[index]);
    }
    const auto& by_payer = payer_counters_[window];
    const auto found = by_payer.find(input.payer);
    if (found == by_payer.end()) return {};
    for (const std::uint32_t index : found->second)
        if (!stands(index)) input.counters.push_back(&(*counters)[index]);
    return {};
}

Result<void> DocumentRun::read_uses(Date window) {
    const auto [uses, fresh] = uses_.try_emplace(window);
    if (!fresh || in_order_.empty()) return {};
    FARTHING_CHECK(require_kept(state_, window));
    FARTHING_CHECK(archive_online(state_));
    store::RatedFilter filter;
    filter.perspective = Perspective::retail;
    filter.window_first = window;
    FARTHING_TRY(const auto files, state_.store->files("rated_usage"));
    for (const ComponentId component : in_order_) {
        filter.component = component;
        for (const auto& file : files) {
            FARTHING_TRY(const auto rows,
                         store::read_rated(state_.store->archive_folder() / file.path, filter));
            for (const store::RatedRow& row : rows) {
                if (row.row < 0) continue;  // a repricing is nobody's use
                const rating::CounterKey key{row.perspective, row.owner_kind, row.owner,
                                             row.component,   row.item,       row.window_first};
                uses->second[key].push_back({row.subscription,
                                             row.start,
                                             row.billable,
                                             {row.fees, row.below, row.below_quantity},
                                             row.days});
            }
        }
    }
    return {};
}

// What sponsors pay for stands in windows of their own cycles.
Result<void> DocumentRun::add_sponsored(billing::Input& input) {
    std::set<Date> windows;
    for (const AccountId sponsor : sponsors_) {
        for (const auto& step : state_.directory.account(sponsor).payer.steps) {
            for (Date day = input.cycle.first; step.value && day < input.cycle.end;) {
                const DatePeriod window =
                    billing::cycle_of_payer(state_.directory, step.value, day);
                windows.insert(window.first);
                day = window.end;
            }
        }
    }
    for (const Date window : windows) {
        FARTHING_TRY(const auto* counters, window_counters(window));
        for (const std::uint32_t index : sponsored_[window][input.payer])
            input.sponsored.push_back(&(*counters)[index]);
    }
    return {};
}

bool DocumentRun::is_sponsored(const rating::Counter& counter) {
    return std::ranges::any_of(counter.segments, [&](const rating::Segment& segment) {
        const auto [known, fresh] =
            is_sponsored_.try_emplace({segment.version, counter.key.component}, false);
        if (fresh) {
            const catalog::Version* version = state_.catalog.numbered(segment.version);
            const auto* charge = find_charge(*version, counter.key.component, nullptr);
            known->second = charge != nullptr && !charge->paid_by.empty();
        }
        return known->second;
    });
}

AccountId DocumentRun::owner_of(const rating::Counter& counter) const {
    return state_.directory.account_of(counter.key.owner_kind, counter.key.owner);
}

void DocumentRun::note_customers(const rating::Counter& counter, std::uint32_t index) {
    for (const auto& step : state_.directory.account(owner_of(counter)).payer.steps) {
        auto& list = sponsored_[counter.key.window_first][step.value];
        if (step.value && (list.empty() || list.back() != index)) list.push_back(index);
    }
}

Result<const std::vector<rating::Counter>*> DocumentRun::window_counters(Date window) {
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
    sponsored_.erase(window);
    pooled_.erase(window);
    for (std::uint32_t i = 0; i < counters.size(); ++i) {
        AccountId last;
        for (const rating::Segment& segment : counters[i].segments) {
            std::vector<std::uint32_t>& list = by_payer[segment.payer];
            if (segment.payer != last && (list.empty() || list.back() != i)) list.push_back(i);
            last = segment.payer;
        }
        if (paid_by_members_.contains(counters[i].key.component)) {
            const AccountId top = state_.directory.account(owner_of(counters[i])).top;
            pooled_[window][top].push_back(i);
        }
        if (!sponsors_.empty() && is_sponsored(counters[i])) note_customers(counters[i], i);
    }
    return &windows_.emplace(window, std::move(counters)).first->second;
}

Result<std::map<AccountId, Date>> DocumentRun::payers_of(Date window) {
    std::map<AccountId, Date> ends;
    FARTHING_TRY(const auto* counters, window_counters(window));
    for (const rating::Counter& counter : *counters) {
        for (const rating::Segment& segment : counter.segments) {
            Date& end = ends.try_emplace(segment.payer, counter.window_end).first->second;
            end = std::max(end, counter.window_end);
        }
    }
    return ends;
}

Result<std::set<std::pair<AccountId, Date>>> DocumentRun::unbilled() const {
    std::set<std::pair<AccountId, Date>> found;
    for (const auto& [payer, periods] : usage_) {
        FARTHING_TRY(const auto billed, state_.store->billed(payer));
        const auto rows = rows_.find(payer);
        std::map<Date, EntryId> seen;
        for (std::size_t i = 0; rows != rows_.end() && i < rows->second.size(); ++i) {
            const Row& row = rows->second[i];
            const auto entries = of_invoice_.find(row.id);
            if (row.state != InvoiceState::sent || entries == of_invoice_.end()) continue;
            EntryId last;
            for (const Entry& entry : entries->second) last = std::max(last, entry.id);
            std::set<Date> told{row.period.first};
            for (const BilledAmount& amount : billed) {
                if (amount.invoice == row.id) told.insert(amount.period.first);
            }
            for (const Date first : told) seen[first] = std::max(seen[first], last);
        }
        for (const auto& [period, newest] : periods) {
            if (newest > seen[period.first]) found.emplace(payer, period.first);
        }
    }
    return found;
}

bool DocumentRun::outdated(const Row& row) const {
    EntryId made;
    const auto own = of_invoice_.find(row.id);
    for (std::size_t i = 0; own != of_invoice_.end() && i < own->second.size(); ++i)
        made = std::max(made, own->second[i].id);
    const auto moved = [&](const auto& usage, AccountId whose) {
        const auto found = usage.find(whose);
        return found != usage.end() && std::ranges::any_of(found->second, [&](const auto& one) {
                   return one.first.first < row.period.end && one.second > made;
               });
    };
    if (moved(usage_, row.payer)) return true;
    // What it tells of others' documents: its part of pools, and what sponsors pay for.
    if (moved(pool_usage_, state_.directory.account(row.payer).top)) return true;
    return std::ranges::any_of(sponsors_, [&](AccountId sponsor) {
        return std::ranges::any_of(state_.directory.account(sponsor).payer.steps,
                                   [&](const auto& step) { return moved(usage_, step.value); });
    });
}

std::vector<Entry> DocumentRun::mirrors_of(InvoiceId id) const {
    std::vector<Entry> mirrors;
    const auto found = of_invoice_.find(id);
    if (found == of_invoice_.end()) return mirrors;
    std::set<EntryId> undone;
    for (const Entry& entry : found->second) {
        if (entry.reverses) undone.insert(entry.reverses);
    }
    for (const Entry& entry : found->second) {
        if (!entry.reverses && !undone.contains(entry.id))
            mirrors.push_back(ledger::mirror_of(entry));
    }
    return mirrors;
}

Result<Invoice> DocumentRun::replace(InvoiceId id, billing::Bill bill) {
    bill.invoice.id = id;
    std::vector<Entry> entries = mirrors_of(id);
    for (Entry& entry : bill.entries) {
        entry.invoice = id;
        entries.push_back(std::move(entry));
    }
    FARTHING_CHECK(state_.store->replace_prepared(bill.invoice, entries, bill.statements));
    return std::move(bill.invoice);
}

Result<DocumentRun::Row> find_invoice(Engine::State& state, std::string_view number_or_id) {
    FARTHING_TRY(const std::vector<DocumentRun::Row> rows, state.store->invoices());
    for (const auto& row : rows) {
        if (row.number == number_or_id || std::to_string(row.id.value) == number_or_id) return row;
    }
    return fail(StoreReason::invoice_unknown,
                "no invoice is \"" + std::string(number_or_id) + "\"");
}

bool nothing_to_bill(const Invoice& invoice) {
    return invoice.lines.empty() && invoice.adjustments.empty();
}

}  // namespace farthing::engine
