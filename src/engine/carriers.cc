// Carriers: what they charge in a month, and their own invoices compared with our rating.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/find.h"
#include "engine/reasons.h"
#include "engine/retention.h"
#include "mediation/collect.h"
#include "mediation/decode.h"
#include "model/quantity.h"
#include "settlement/carrier_check.h"
#include "store/archive.h"

namespace farthing::engine {

namespace {

// The newest version that has the carrier; nullptr when none has.
const catalog::Carrier* find_carrier(const catalog::Snapshot& catalog, std::string_view name) {
    const catalog::Carrier* found = nullptr;
    for (const auto& version : catalog.versions()) {
        const auto at = std::ranges::find(version->carriers, name, &catalog::Carrier::name);
        if (at != version->carriers.end()) found = &*at;
    }
    return found;
}

Result<const catalog::Carrier*> known_carrier(const Engine::State& state, const std::string& name) {
    if (state.catalog.empty()) return fail(EngineReason::catalog_none);
    const catalog::Carrier* carrier = find_carrier(state.catalog, name);
    if (carrier == nullptr)
        return fail(EngineReason::carrier_unknown, "no carrier is named \"" + name + "\"");
    return carrier;
}

// What an account owes for a period by the ledger, whether its documents were sent or not: what
// stands against it as revenue, tax and the rest.
Result<i128> owed(Engine::State& state, AccountId account, DatePeriod period) {
    i128 atoms = 0;
    FARTHING_TRY(const auto entries, state.store->entries(account));
    for (const Entry& entry : entries) {
        if (entry.payer != account || entry.period != period) continue;
        for (const Posting& posting : entry.postings) {
            switch (posting.account.kind) {
                case LedgerKind::revenue:
                case LedgerKind::discount:
                case LedgerKind::adjustment:
                case LedgerKind::rounding:
                case LedgerKind::tax: atoms -= posting.atoms; break;
                case LedgerKind::unbilled:
                case LedgerKind::receivable:
                case LedgerKind::share_cost:
                case LedgerKind::partner:
                case LedgerKind::cost:
                case LedgerKind::payable:
                case LedgerKind::prepaid:
                case LedgerKind::vouchers:
                case LedgerKind::cash: break;
            }
        }
    }
    return atoms;
}

std::string destination_of(const catalog::Version& version, const catalog::UsageCharge& charge,
                           const rating::Counter& counter) {
    if (charge.priced_by == catalog::PricedBy::bands) return charge.title;
    const catalog::RateRow* row =
        version.deck(charge)->row(counter.key.item, counter.segments.front().start);
    if (row == nullptr) return charge.title;
    return charge.title + ", " + row->prefix + (row->name.empty() ? "" : " " + row->name);
}

// The key by which a record of the invoice and ours are one.
class CarriedKeys {
  public:
    CarriedKeys(const mediation::Feed& feed, const catalog::Version& version)
        : parts_(feed.same_record), version_(version) {}
    std::string of(std::string_view id, MeterId meter, Instant start, std::string_view called,
                   std::string_view calling) const {
        std::string key;
        for (const std::string& part : parts_) {
            if (!key.empty()) key += ' ';
            if (part == "id") key += id;
            if (part == "start") key += to_rfc3339(start);
            if (part == "called") key += called;
            if (part == "calling") key += calling;
            if (part == "service") key += version_.meter(meter)->name;
        }
        return key;
    }

  private:
    std::vector<std::string> parts_;
    const catalog::Version& version_;
};

class InvoiceCheck {
  public:
    InvoiceCheck(Engine::State& state, const mediation::Feed& feed, PartnerId carrier)
        : state_(state),
          feed_(feed),
          carrier_(carrier),
          version_(state.catalog.newest()),
          keys_(feed, version_) {
        check_.theirs.currency = check_.ours.currency = version_.currency;
    }

    Result<CarrierCheck> run(const std::filesystem::path& file, std::optional<DatePeriod> period) {
        FARTHING_CHECK(read_theirs(file));
        check_.period = period.value_or(days_of_theirs());
        FARTHING_CHECK(require_kept(state_, check_.period.first));
        FARTHING_CHECK(read_ours());
        const auto compared = settlement::compare_carried(theirs_, ours_);
        check_.matched = compared.matched;
        for (const settlement::CarriedPair& pair : compared.differences) tell(pair);
        std::ranges::stable_sort(check_.differences, [](const auto& a, const auto& b) {
            return (a.line == 0) != (b.line == 0) ? a.line != 0 : a.line < b.line;
        });
        check_.records_theirs = static_cast<std::int64_t>(theirs_.size()) + unreadable_;
        check_.records_ours = static_cast<std::int64_t>(ours_.size());
        return std::move(check_);
    }

  private:
    Result<void> read_theirs(const std::filesystem::path& path) {
        FARTHING_TRY(const mediation::Collected file,
                     mediation::Collected::open(path, feed_.unpacked_max));
        const mediation::Seal sealed = mediation::seal(feed_, file.bytes());
        if (sealed.rejected) return fail(*sealed.rejected, sealed.detail, path.string());
        mediation::Decoder decoder(feed_, version_, file.bytes());
        UsageChunk chunk;
        while (decoder.next(chunk)) {
            for (std::size_t row = 0; row < chunk.size(); ++row) take_theirs(chunk, row);
        }
        return {};
    }

    void take_theirs(const UsageChunk& chunk, std::size_t row) {
        if (chunk.outcome[row] == Outcome::filtered) return;
        const auto amount = Decimal::parse(chunk.amount[row], feed_.decimal_point);
        if (!chunk.live(row) || !amount) {
            const SuspenseReason why =
                chunk.live(row) ? SuspenseReason::bad_number : chunk.reason[row];
            check_.differences.push_back(
                {std::string(name_of(CarrierDifference::record_unreadable)),
                 std::string(name_of(why)), chunk.line[row], std::string(chunk.raw[row]), ""});
            unreadable_ += 1;
            return;
        }
        meter_ = chunk.meter[row];
        theirs_.push_back({keys_.of(chunk.id[row], chunk.meter[row], chunk.start[row],
                                    chunk.called[row], chunk.calling[row]),
                           chunk.line[row], chunk.quantity[row], chunk.quantity[row],
                           amount->exact(), amount->scale});
        const Date day = version_.zone.date_of(chunk.start[row]);
        first_ = theirs_.size() == 1 ? day : std::min(first_, day);
        last_ = theirs_.size() == 1 ? day : std::max(last_, day);
        add(check_.theirs, amount->exact());
    }

    // Without a period, that of the invoice's first and last record.
    DatePeriod days_of_theirs() const {
        return theirs_.empty() ? DatePeriod{} : DatePeriod{first_, last_.plus_days(1)};
    }

    struct Charged {
        std::int64_t atoms = 0;
        std::int64_t billable = 0;
        std::int64_t rows = 0;  // less those that were taken back
    };

    using ChargedRecords = std::map<BatchId, std::map<std::int64_t, Charged>>;

    // What we rated for the carrier in the period, corrections included.
    Result<void> read_ours() {
        FARTHING_TRY(const auto rated, state_.store->files("rated_usage"));
        store::RatedFilter filter;
        filter.perspective = Perspective::cost;
        filter.subscription = SubscriptionId{carrier_.value};
        ChargedRecords batches;
        for (const auto& file : rated) {
            FARTHING_TRY(const auto rows,
                         store::read_rated(state_.store->archive_folder() / file.path, filter));
            for (const store::RatedRow& row : rows) {
                if (row.row < 0 || !check_.period.contains(version_.zone.date_of(row.start)))
                    continue;
                Charged& charged = batches[row.record_batch][row.row];
                charged.atoms += row.charge_atoms;
                charged.rows += row.taken_back ? -1 : 1;
                charged.billable = row.taken_back ? 0 : std::max(charged.billable, row.billable);
            }
        }
        FARTHING_TRY(const auto usage, state_.store->files("usage"));
        for (const auto& file : usage) {
            if (file.may_hold_any(batches)) FARTHING_CHECK(read_usage_of(file.path, batches));
        }
        return {};
    }

    Result<void> read_usage_of(const std::string& path, const ChargedRecords& batches) {
        return store::each_usage(state_.store->archive_folder() / path, {},
                                 [&](std::span<const store::UsageRow> rows) {
                                     for (const store::UsageRow& row : rows)
                                         take_ours(row, batches);
                                 });
    }

    void take_ours(const store::UsageRow& row, const ChargedRecords& batches) {
        const auto batch = batches.find(row.batch);
        if (batch == batches.end()) return;
        const auto found = batch->second.find(row.row);
        if (found == batch->second.end() || found->second.rows == 0) return;
        const Money amount{found->second.atoms, version_.currency};
        ours_.push_back({keys_.of(row.id, row.meter, row.start, row.called, row.calling), row.line,
                         row.quantity, found->second.billable, amount.exact(), 0});
        meter_ = row.meter;
        add(check_.ours, amount.exact());
    }

    static void add(Money& sum, const Exact& amount) {
        const auto more = money_of(amount, sum.currency);
        const auto both = more ? checked_add(sum, *more) : std::nullopt;
        if (both) sum = *both;
    }

    std::string words(const settlement::CarriedRecord* record) const {
        if (record == nullptr) return {};
        const catalog::Meter* meter = version_.meter(meter_);
        return fmt::format("{} {}, {}", record->quantity, meter->unit->name,
                           record->amount.to_decimal());
    }

    void tell(const settlement::CarriedPair& pair) {
        const settlement::CarriedRecord& one = pair.theirs != nullptr ? *pair.theirs : *pair.ours;
        check_.differences.push_back({std::string(name_of(pair.kind)), one.key,
                                      pair.theirs == nullptr ? 0 : pair.theirs->place,
                                      words(pair.theirs), words(pair.ours)});
    }

    Engine::State& state_;
    const mediation::Feed& feed_;
    PartnerId carrier_;
    const catalog::Version& version_;
    CarriedKeys keys_;
    CarrierCheck check_;
    MeterId meter_;
    std::vector<settlement::CarriedRecord> theirs_;
    std::vector<settlement::CarriedRecord> ours_;
    std::int64_t unreadable_ = 0;
    Date first_;
    Date last_;
};

}  // namespace

Result<CarrierStatement> Engine::carrier_statement(const std::string& name, Date day) try {
    State& s = *state_;
    FARTHING_TRY(const catalog::Carrier* const carrier, known_carrier(s, name));
    const catalog::Version& newest = s.catalog.newest();
    CarrierStatement statement;
    statement.carrier = carrier->name;
    statement.title = carrier->title;
    statement.period = cycle_of(day, 1);
    statement.digits = newest.line_digits;
    statement.payable.currency = statement.receivable.currency = newest.currency;
    const auto counter_of = [&](const rating::CounterKey& of) { return s.counters.find(of); };
    std::map<std::pair<ComponentId, std::string>, std::pair<CarrierStatement::Line, Exact>> lines;
    FARTHING_TRY(const auto packs,
                 s.store->counter_packs(Perspective::cost, statement.period.first));
    for (const PackKey& key : packs) {
        FARTHING_TRY(const std::string bytes, s.store->counter_pack(key));
        FARTHING_TRY(const auto counters, rating::unpack_counters(key, bytes));
        for (const rating::Counter& counter : counters) {
            if (counter.key.owner != carrier->id.value || counter.segments.empty()) continue;
            const catalog::Version& version = *s.catalog.numbered(counter.segments.front().version);
            const catalog::UsageCharge& charge =
                *find_charge(version, counter.key.component, nullptr);
            const std::string text = destination_of(version, charge, counter);
            auto& [line, exact] = lines[{counter.key.component, text}];
            line.text = text;
            line.unit = std::string(version.meter(charge.meter)->unit->name);
            for (const auto& price :
                 rating::price_segments(s.catalog, s.carriers, counter, counter_of)) {
                line.records += price.segment.records;
                line.quantity += price.segment.quantity;
                exact += price.price;
            }
        }
    }
    for (auto& [key, found] : lines) {
        const auto amount =
            rounded_money(found.second, newest.currency, newest.line_digits, newest.line_rounding);
        if (!amount) return fail(EngineReason::amount_out_of_range, "the line of " + key.second);
        found.first.amount = *amount;
        statement.payable.atoms += amount->atoms;
        statement.lines.push_back(std::move(found.first));
    }
    statement.account = carrier->account;
    if (const AccountId account = s.directory.account_named(carrier->account)) {
        FARTHING_TRY(statement.receivable.atoms, owed(s, account, statement.period));
    } else if (!carrier->account.empty()) {
        return fail(DirectoryReason::unknown_account,
                    "the account \"" + carrier->account + "\" of the carrier", carrier->place);
    }
    return statement;
} catch (const StoreFailure& failure) {
    return fail(failure.error);
}

Result<CarrierCheck> Engine::check_carrier(const std::string& name,
                                           const std::filesystem::path& file,
                                           std::optional<DatePeriod> period) {
    State& s = *state_;
    FARTHING_TRY(const catalog::Carrier* const carrier, known_carrier(s, name));
    const mediation::Feed* found = nullptr;
    for (const auto& [feed_name, feed] : s.feeds) {
        const bool of_it = feed.feed.kind == mediation::Feed::Kind::carrier_invoice &&
                           feed.feed.carrier.constant == name;
        if (!of_it) continue;
        if (found != nullptr)
            return fail(EngineReason::carrier_invoice_ambiguous,
                        "the feeds " + found->name + " and " + feed_name + " both describe it");
        found = &feed.feed;
    }
    if (found == nullptr)
        return fail(EngineReason::carrier_invoice_undescribed,
                    "no feed describes the invoices of \"" + name + "\"");
    return InvoiceCheck(s, *found, carrier->id).run(file, period);
}

Result<std::vector<std::string>> Engine::carriers() {
    std::vector<std::string> names;
    for (const auto& version : state_->catalog.versions()) {
        for (const catalog::Carrier& carrier : version->carriers) {
            if (std::ranges::find(names, carrier.name) == names.end())
                names.push_back(carrier.name);
        }
    }
    std::ranges::sort(names);
    return names;
}

// What a carrier charged so far, over all months and meters, as posted.
Result<Money> Engine::carrier_cost(const std::string& name) {
    FARTHING_TRY(const catalog::Carrier* const carrier, known_carrier(*state_, name));
    Money cost{0, state_->catalog.newest().currency};
    FARTHING_TRY(const auto balances, state_->store->balances());
    const LedgerAccount account{LedgerKind::payable, carrier->id.value};
    for (const auto& row : balances) {
        if (row.account == account) cost.atoms -= row.atoms;
    }
    return cost;
}

}  // namespace farthing::engine
