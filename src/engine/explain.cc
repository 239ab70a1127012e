// Explaining a charge: the sentence, the arithmetic, the rule, the counter, the source, the ledger,
// and on demand the same figures computed again.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "engine/archive_online.h"
#include "engine/charge_id.h"
#include "engine/explain_parts.h"
#include "engine/explain_session.h"
#include "engine/find.h"
#include "engine/prepaid_fees.h"
#include "engine/reasons.h"
#include "engine/retention.h"
#include "engine/spending.h"
#include "engine/suspense_groups.h"
#include "mediation/collect.h"
#include "model/quantity.h"
#include "model/quantity_text.h"
#include "rating/curve.h"
#include "store/archive.h"

namespace farthing::engine {

namespace {

constexpr std::size_t kSourcesShown = 3;

class Explain {
  public:
    explicit Explain(Engine::State& state) : state_(state) {}

    Result<Explanation> charge(std::string_view id, bool verify) {
        const auto parsed = parse_charge_id(id);
        if (!parsed)
            return fail(EngineReason::id_malformed, "\"" + std::string(id) + "\" is no charge id");
        FARTHING_TRY(const ChargedRows charged, charged_rows(state_, *parsed));
        const std::vector<store::RatedRow>& rows = charged.rows;
        if (rows.empty()) FARTHING_CHECK(require_rows_kept(state_, parsed->batch));
        if (rows.empty())
            return fail(EngineReason::charge_unknown, "no charge is \"" + std::string(id) + "\"");
        Explanation e;
        e.subject = std::string(id);
        if (charged.corrected_by) {
            const Money before{charged.atoms_before, state_.catalog.newest().currency};
            e.parts.push_back(fmt::format("rated again in batch {}: batch {} had charged {}",
                                          charged.corrected_by.value, parsed->batch.value,
                                          before.to_string()));
        }
        std::vector<store::RatedRow>
            same;  // of the first counter: a record may have surcharges on others
        for (const store::RatedRow& row : rows) {
            const store::RatedRow& first = rows.front();
            const bool one = row.component == first.component && row.owner == first.owner &&
                             row.item == first.item && row.window_first == first.window_first &&
                             row.segment_start == first.segment_start;
            if (one) {
                same.push_back(row);
            } else {
                e.parts.push_back("also charged: " + charge_id(row));
            }
        }
        FARTHING_CHECK(describe(same, verify, e));
        return e;
    }

    Result<Explanation> line(std::string_view id, const Invoice& invoice, std::int64_t line_number,
                             bool verify) {
        if (line_number < 1 || line_number > static_cast<std::int64_t>(invoice.lines.size())) {
            return fail(EngineReason::charge_unknown,
                        fmt::format("the document has no line {}", line_number));
        }
        const InvoiceLine& line = invoice.lines[static_cast<std::size_t>(line_number) - 1];
        Explanation e;
        e.subject = std::string(id);
        const std::string currency(invoice.currency.code());
        e.sentence =
            fmt::format("{}: {} {} for {}", line.text, line.amount.to_string(invoice.line_digits),
                        currency, to_string(line.period));
        if (!line.quantity.is_zero())
            e.sentence += fmt::format(" ({} {})", number_text(line.quantity, line.unit), line.unit);
        e.arithmetic.push_back(line.arithmetic + " = " + line.exact.to_decimal());
        if (line.already_billed.atoms != 0) {
            e.arithmetic.push_back("billed before for the same period: " +
                                   line.already_billed.to_string());
        }
        e.exact = line.exact.to_fraction();
        e.rounded = line.amount.to_string(invoice.line_digits) + " " + currency + " (" +
                    line.rounding + ")";
        e.unit = line.unit;
        rule(line.version, line.component, e);
        for (const LineDetail& detail : line.details) {
            if (e.parts.size() >= kPartsShown) break;
            e.parts.push_back(fmt::format("{}: {} = {}", detail.subject, detail.quantity,
                                          detail.exact.to_decimal()));
        }
        if (line.details.size() > kPartsShown) {
            e.parts.push_back(fmt::format("… and {} more", line.details.size() - kPartsShown));
        }
        FARTHING_CHECK(line_ledger(invoice, line, e));
        FARTHING_CHECK(line_shares(invoice, line, e));
        if (line.kind == LineKind::usage) {
            FARTHING_CHECK(over_caps(invoice.payer, line, e));
            FARTHING_CHECK(line_sources(invoice.payer, line, e));
        }
        if (verify) FARTHING_CHECK(verify_line(invoice, line, e));
        return e;
    }

  private:
    static constexpr std::size_t kPartsShown = 12;

    const directory::Directory& directory_of(const store::RatedRow& row) const {
        return state_.directory_of(row.perspective);
    }

    void rule(VersionNo number, ComponentId component, Explanation& e) {
        const catalog::Version* version = state_.catalog.numbered(number);
        if (version == nullptr) return;
        e.catalog_hash = version->hash;
        std::string place;
        for (const catalog::Carrier& carrier : version->carriers) {
            for (const auto& charge : carrier.prices.charges) {
                if (charge.id == component)
                    place = carrier.prices.name + " › " + charge.name + " (" + charge.place + ")";
            }
        }
        for (const catalog::Plan& plan : version->plans) {
            for (const auto& fee : plan.fees) {
                if (fee.id == component)
                    place = plan.name + " › " + fee.name + " (" + fee.place + ")";
            }
            for (const catalog::Package& package : plan.packages) {
                if (package.fee.id == component)
                    place = plan.name + " › " + package.name + " (" + package.fee.place + ")";
            }
            for (const auto& charge : plan.charges) {
                if (charge.id == component)
                    place = plan.name + " › " + charge.name + " (" + charge.place + ")";
            }
            for (const auto& discount : plan.discounts) {
                if (discount.id == component)
                    place = plan.name + " › " + discount.name + " (" + discount.place + ")";
            }
        }
        e.rule = fmt::format("{} version {}", version->name, number.value);
        if (!place.empty()) e.rule += " › " + place;
    }

    // One or more rated rows of one counter's segment, by rising counter.
    Result<void> describe(const std::vector<store::RatedRow>& rows, bool verify, Explanation& e) {
        const store::RatedRow& first = rows.front();
        const catalog::Version& version = *state_.catalog.numbered(first.version);
        const catalog::UsageCharge* charge = find_charge(version, first.component, nullptr);
        FARTHING_TRY(const Shape shape, shape_of(version, charge, first));
        std::int64_t atoms = 0;
        std::int64_t fees = 0;
        std::int64_t used = 0;
        for (const store::RatedRow& row : rows) {
            atoms += row.charge_atoms;
            fees += row.fee_atoms;
            used += row.billable;
        }
        const std::int64_t from = rows.front().from;
        const std::int64_t to = rows.back().to;
        const Money amount{atoms, version.currency};
        const std::string unit(version.currency.code());
        e.counter = {from, to};
        e.unit = std::string(shape.unit->name);
        e.sentence = sentence_of(first, shape, used, amount);
        rule(first.version, first.component, e);
        FARTHING_CHECK(over_cap(first, e));
        e.arithmetic.push_back(fmt::format("counter {} → {}: {}",
                                           quantity_to_string(from, *shape.unit),
                                           quantity_to_string(to, *shape.unit), shape.price_text));
        add_included_words(shape.included, *shape.unit, e);
        // What a member's cap, or a pool that grew, left beyond depends on all of the pool.
        if (!shape.included.simple()) {
            e.arithmetic.push_back(
                std::string(shape.included.buckets.empty()
                                ? "what is beyond depends on when the whole pool used it: "
                                : "what buckets do not cover depends on the days of all usage: ") +
                amount.to_string());
            FARTHING_CHECK(sources(rows, e));
            return usage_ledger(first, e);
        }
        const std::int64_t allowance = shape.included.at_end();
        if (allowance > 0) {
            const auto left = [&](std::int64_t total) {
                return std::max<std::int64_t>(0, allowance - total);
            };
            e.allowance = {left(from), left(to)};
        }
        const rating::Curve curve(shape.price, version.currency);
        const Exact before = curve.exact(from, allowance);
        const Exact after = curve.exact(to, allowance);
        e.arithmetic.push_back(fmt::format("price({}) − price({}) = {} − {} = {}", to, from,
                                           after.to_decimal(), before.to_decimal(),
                                           (after - before).to_decimal()));
        if (fees != 0)
            e.arithmetic.push_back("fee and minimum " + Money{fees, version.currency}.to_string());
        e.exact = (after - before).to_fraction();
        e.rounded = fmt::format("{} {} (both ends half_even, {} digits)", amount.to_string(), unit,
                                version.currency.atom_digits());
        FARTHING_CHECK(sources(rows, e));
        FARTHING_CHECK(usage_ledger(first, e));
        if (verify) {
            const auto high = curve.atoms(to, allowance);
            const auto low = curve.atoms(from, allowance);
            Explanation::Verify result;
            result.stored = amount.to_string();
            if (high && low) {
                const Money again{static_cast<i128>(*high) - *low + fees, version.currency};
                result.recomputed = again.to_string();
                result.equal = again == amount && windows_hold_;
            }
            e.verify = std::move(result);
        }
        return {};
    }

    // Of a line: whose usage in it went over a cap.
    Result<void> over_caps(AccountId payer, const InvoiceLine& line, Explanation& e) {
        FARTHING_TRY(const auto spendings, spending_in(state_, line.cycle.first));
        for (const Spending& one : spendings) {
            const bool of_it =
                one.account == payer &&
                std::ranges::any_of(one.plan->charges, [&](const catalog::UsageCharge& charge) {
                    return charge.id == line.component;
                });
            if (!of_it || !one.over() || e.parts.size() >= kPartsShown) continue;
            e.parts.push_back(fmt::format(
                "over_cap: {}{}",
                one.subscription ? state_.directory.subscription(one.subscription).fact.name + ", "
                                 : std::string(),
                one.text()));
        }
        return {};
    }

    // What was used beyond the plan's spending cap is charged, and flagged.
    Result<void> over_cap(const store::RatedRow& row, Explanation& e) {
        if (row.perspective != Perspective::retail) return {};
        FARTHING_TRY(const auto spendings, spending_in(state_, row.window_first, row.subscription));
        for (const Spending& one : spendings) {
            const bool of_it =
                one.subscription ? one.subscription == row.subscription : one.account == row.payer;
            if (of_it && one.over()) e.parts.push_back("over_cap: " + one.text());
        }
        return {};
    }

    void add_included_words(const rating::Included& included, const Unit& unit, Explanation& e) {
        for (const rating::BucketState& one : included.buckets.all()) {
            e.arithmetic.push_back(fmt::format(
                "covered first by bucket bkt-{} of {}, {} to {}: {} before the cycle",
                one.fact->id.value,
                state_.names.name_of(NameTable::Kind::component, one.fact->package.value),
                to_string(one.fact->from), to_string(one.fact->until.plus_days(-1)),
                quantity_to_string(one.left, unit)));
        }
        std::int64_t whole = included.at_start;
        for (const auto& step : included.steps) {
            if (std::exchange(whole, step.whole) == step.whole) continue;
            e.arithmetic.push_back(fmt::format("included from day {} of the cycle on: {}",
                                               step.day + 1, quantity_to_string(step.whole, unit)));
        }
        if (included.capped()) {
            e.arithmetic.push_back("at most " + quantity_to_string(included.cap, unit) +
                                   " of it for each member");
        }
        for (const rating::Carried& one : included.carried) {
            e.arithmetic.push_back(fmt::format(
                "included, carried over from the cycle of {}: {} until {}", to_string(one.from),
                quantity_to_string(one.quantity, unit), to_string(one.until.plus_days(-1))));
        }
    }

    // What a rated row was priced by.
    struct Shape {
        const Unit* unit = nullptr;
        std::string subject;
        std::string title;
        std::string price_text;
        catalog::PriceShape price;
        rating::Included included;
    };
    std::string sentence_of(const store::RatedRow& row, const Shape& shape, std::int64_t used,
                            const Money& amount) const {
        const bool back = used < 0 && used != INT64_MIN;
        const std::string quantity = quantity_to_string(back ? -used : used, *shape.unit);
        if (row.perspective == Perspective::cost)
            return fmt::format("{} carried {} of {}, which costs {} {}", shape.subject, quantity,
                               shape.title, amount.to_string(), amount.currency.code());
        return fmt::format("{} {} {} on {}, charged {} {} to {}", shape.subject,
                           back ? "gave back" : "used", quantity, shape.title, amount.to_string(),
                           amount.currency.code(), state_.directory.account(row.payer).fact.name);
    }
    Result<Shape> shape_of(const catalog::Version& version, const catalog::UsageCharge* charge,
                           const store::RatedRow& row) {
        if (charge == nullptr)
            return fail(EngineReason::charge_unknown, "its catalog version has no such charge");
        Shape shape;
        shape.unit = version.meter(charge->meter)->unit;
        const directory::Directory& directory = directory_of(row);
        shape.subject = row.subscription ? directory.subscription(row.subscription).fact.name
                                         : owner_name(directory, row.owner_kind, row.owner);
        shape.title = charge->title.empty() ? charge->name : charge->title;
        if (charge->priced_by == catalog::PricedBy::bands) {
            shape.price = *charge;
            const rating::CounterKey key{row.perspective, row.owner_kind, row.owner,
                                         row.component,   row.item,       row.window_first};
            shape.included = rating::included_of(
                state_.catalog, version, directory, key, {row.window_first, row.window_end},
                [this](const rating::CounterKey& of) { return state_.counters.find(of); });
            shape.price_text = shape_words(version, *charge, row.item);
            if (charge->allowance) shape.price_text += "; included " + charge->allowance->text;
        } else {
            const catalog::RateRow* rate = version.deck(*charge)->row(row.item, row.segment_start);
            if (rate == nullptr)
                return fail(EngineReason::charge_unknown, "its deck has no such row any more");
            shape.price.bands = {catalog::Band{INT64_MAX, rate->price}};
            shape.price_text =
                fmt::format("{} {} ({}), {}/{}", rate->prefix, rate->name, rate->price.text,
                            rate->increments.first, rate->increments.next);
        }
        return shape;
    }

    Result<void> sources(const std::vector<store::RatedRow>& rows, Explanation& e) {
        e.source_records = static_cast<std::int64_t>(rows.size());
        FARTHING_TRY(const auto files, state_.store->files("usage"));
        for (const store::RatedRow& row : rows) {
            if (e.sources.size() >= kSourcesShown) break;
            if (row.row < 0) continue;  // a repricing has no record
            for (const auto& file : files) {
                if (!file.may_hold(row.record_batch)) continue;
                store::UsageFilter filter;
                filter.batch = row.record_batch;
                filter.row = row.row;
                FARTHING_TRY(const auto found,
                             store::read_usage(state_.store->archive_folder() / file.path, filter));
                for (const store::UsageRow& usage : found) {
                    if (usage.parts > 0) {
                        FARTHING_CHECK(window_sources(usage, e));
                        continue;
                    }
                    if (rows.size() == 1) add_session_words(state_.catalog, row, usage, e);
                    FARTHING_CHECK(add_source(usage, e));
                }
            }
            FARTHING_CHECK(tell_fixes(state_, row.record_batch, e.fixes));
        }
        if (state_.deleted && e.sources.empty() && !rows.empty())
            e.parts.push_back("its record is no longer kept: " + words_of(*state_.deleted));
        return {};
    }

    // Of a record that was made of others: those, as the archive holds them.
    Result<void> window_sources(const store::UsageRow& whole, Explanation& e) {
        FARTHING_TRY(const Parts parts, parts_of(state_, whole));
        e.arithmetic.push_back(parts.words);
        e.source_records += whole.parts - 1;
        if (parts.rows.empty()) return add_source(whole, e);
        windows_hold_ = windows_hold_ && parts.whole;
        for (const store::UsageRow& row : parts.rows) {
            if (e.sources.size() >= kSourcesShown) break;
            FARTHING_CHECK(add_source(row, e));
        }
        return {};
    }

    Result<void> add_source(const store::UsageRow& usage, Explanation& e) {
        if (!usage.source) {
            e.sources.push_back({online_source(usage.id, usage.line), {}, 0, {}});
            return {};
        }
        const std::int64_t line = usage.line;
        FARTHING_TRY(const auto row, state_.store->source(usage.source));
        if (!row) return {};
        Explanation::SourceLine shown{row->source.path, row->source.hash, line, {}};
        // The file may be gone or changed by now: its text is shown only while its hash is the one
        // that was read.
        const auto file = mediation::Collected::open(row->source.path, INT64_MAX);
        if (file && file->hash() == row->source.hash) {
            std::string_view bytes = file->bytes();
            for (std::int64_t at = 1; at < line && !bytes.empty(); ++at) {
                const std::size_t newline = bytes.find('\n');
                bytes.remove_prefix(newline == std::string_view::npos ? bytes.size() : newline + 1);
            }
            shown.text = std::string(bytes.substr(0, bytes.find('\n')));
            if (!shown.text.empty() && shown.text.back() == '\r') shown.text.pop_back();
        }
        e.sources.push_back(std::move(shown));
        return {};
    }

    std::string account_text(const Posting& posting, Currency currency) {
        return fmt::format("{} {} {}", ledger_account_name(state_, posting.account),
                           Money{posting.atoms, currency}.to_string(), currency.code());
    }

    Result<void> usage_ledger(const store::RatedRow& row, Explanation& e) {
        const bool cost = row.perspective == Perspective::cost;  // entries of nobody who pays us
        FARTHING_TRY(const auto entries, state_.store->entries(cost ? AccountId{} : row.payer));
        for (const Entry& entry : entries) {
            const bool of_it = entry.kind == (cost ? EntryKind::cost : EntryKind::usage) &&
                               entry.batch == row.batch && entry.component == row.component &&
                               entry.period.first == row.window_first;
            if (!of_it) continue;
            for (const Posting& posting : entry.postings) {
                e.ledger.push_back(fmt::format("entry {}: {} (all of batch {})", entry.id.value,
                                               account_text(posting, entry.currency),
                                               row.batch.value));
            }
        }
        return {};
    }

    Result<void> line_ledger(const Invoice& invoice, const InvoiceLine& line, Explanation& e) {
        FARTHING_TRY(const auto entries, state_.store->entries(invoice.payer));
        std::map<std::pair<Currency, LedgerAccount>, std::int64_t> sums;
        for (const Entry& entry : entries) {
            const bool usage = entry.kind == EntryKind::usage && entry.period == line.cycle;
            const bool document = entry.invoice == invoice.id;
            if (entry.component != line.component || !(usage || document)) continue;
            for (const Posting& posting : entry.postings)
                sums[{entry.currency, posting.account}] += posting.atoms;
        }
        for (const auto& [key, atoms] : sums) {
            if (atoms != 0) e.ledger.push_back(account_text({key.second, atoms}, key.first));
        }
        return {};
    }

    Result<void> line_shares(const Invoice& invoice, const InvoiceLine& line, Explanation& e) {
        FARTHING_TRY(const auto statements, state_.store->statements(invoice.period));
        const std::string by_id = std::to_string(invoice.id.value);
        for (const Statement& statement : statements) {
            for (const StatementLine& part : statement.lines) {
                const bool of_it = part.invoice_line == line.number &&
                                   (part.invoice == invoice.number || part.invoice == by_id);
                if (!of_it) continue;
                e.shares.push_back(fmt::format("{} {} % of {} = {} {}", statement.partner_name,
                                               part.percent.to_decimal(), part.charged.to_string(),
                                               part.share.to_string(), statement.currency.code()));
            }
        }
        return {};
    }

    // What a sponsor pays for is told on its own document, not on its customers'.
    Result<void> line_sources(AccountId payer, const InvoiceLine& line, Explanation& e) {
        const bool by_members = members_pay(line);
        store::RatedFilter filter;
        if (!by_members) filter.payer = payer;
        filter.component = line.component;
        filter.window_first = line.cycle.first;
        FARTHING_TRY(const auto files, state_.store->files("rated_usage"));
        std::vector<store::RatedRow> first;
        for (const auto& file : files) {
            if (!by_members) filter.limit = kSourcesShown;
            if (first.size() >= kSourcesShown) break;
            FARTHING_TRY(const auto rows,
                         store::read_rated(state_.store->archive_folder() / file.path, filter));
            for (const store::RatedRow& row : rows) {
                if (first.size() >= kSourcesShown || row.row < 0 || row.taken_back) continue;
                if (by_members && !pays_for(payer, row)) continue;
                first.push_back(row);
                e.parts.push_back(
                    fmt::format("a record of it: rec-{}-{} (its charge in that batch: {})",
                                row.record_batch.value, row.row, charge_id(row)));
            }
        }
        FARTHING_CHECK(sources(first, e));
        if (state_.deleted && line.cycle.first < state_.deleted->before)
            e.parts.push_back("records of it are no longer kept: " + words_of(*state_.deleted));
        if (by_members) return {};
        FARTHING_TRY(e.source_records, records_of(payer, line));
        return {};
    }

    // Whether the line is a part of pools, whose charges were posted to their owners.
    bool members_pay(const InvoiceLine& line) const {
        const catalog::Version* version = state_.catalog.numbered(line.version);
        const auto* charge =
            version == nullptr ? nullptr : find_charge(*version, line.component, nullptr);
        return charge != nullptr && charge->allowance && charge->allowance->members_pay;
    }

    bool pays_for(AccountId payer, const store::RatedRow& row) const {
        if (!row.subscription) return false;
        const directory::Directory& directory = state_.directory;
        const AccountId account = directory.subscription(row.subscription).fact.account;
        const AccountId* pays =
            directory.account(account).payer.at(directory.zone().date_of(row.start));
        return pays != nullptr && *pays == payer;
    }

    // How many records stand behind a line: what its counters say they took.
    Result<std::int64_t> records_of(AccountId payer, const InvoiceLine& line) {
        std::int64_t records = 0;
        FARTHING_TRY(const auto keys,
                     state_.store->counter_packs(Perspective::retail, line.cycle.first));
        for (const PackKey& key : keys) {
            FARTHING_TRY(const std::string bytes, state_.store->counter_pack(key));
            FARTHING_TRY(const auto counters, rating::unpack_counters(key, bytes));
            for (const rating::Counter& counter : counters) {
                if (counter.key.component != line.component) continue;
                for (const rating::Segment& segment : counter.segments)
                    records += segment.payer == payer ? segment.records : 0;
            }
        }
        return records;
    }

    Result<void> verify_line(const Invoice& invoice, const InvoiceLine& line, Explanation& e) {
        FARTHING_TRY(const Invoice again, recompute(state_, invoice));
        Explanation::Verify result;
        result.stored = line.amount.to_string(invoice.line_digits);
        for (const InvoiceLine& candidate : again.lines) {
            const bool same =
                candidate.component == line.component && candidate.period == line.period &&
                candidate.department == line.department && candidate.text == line.text;
            if (!same) continue;
            result.recomputed = candidate.amount.to_string(invoice.line_digits);
            result.equal = candidate.amount == line.amount;
        }
        e.verify = std::move(result);
        return {};
    }

    Engine::State& state_;
    bool windows_hold_ = true;  // every window's parts were met again
};

}  // namespace

Result<Explanation> Engine::explain(std::string_view id, bool verify) try {
    if (!state_->catalog.empty()) FARTHING_CHECK(archive_online(*state_));
    if (id.starts_with(kFeePrefix)) return explain_fee(*state_, id, verify);
    Explain explain(*state_);
    const std::size_t slash = id.rfind('/');
    if (slash == std::string_view::npos) return explain.charge(id, verify);
    const auto line = number_in(id.substr(slash + 1));
    if (!line) return fail(EngineReason::id_malformed, "\"" + std::string(id) + "\" names no line");
    FARTHING_TRY(const Invoice document, invoice(id.substr(0, slash)));
    return explain.line(id, document, *line, verify);
} catch (const StoreFailure& failure) {
    return fail(failure.error);
}

Result<std::string> Engine::largest_charge() {
    if (!state_->catalog.empty()) FARTHING_CHECK(archive_online(*state_));
    store::RatedFilter filter;
    filter.largest_first = true;
    filter.limit = 1;
    FARTHING_TRY(const auto files, state_->store->files("rated_usage"));
    std::optional<store::RatedRow> largest;
    for (const auto& file : files) {
        FARTHING_TRY(const auto rows,
                     store::read_rated(state_->store->archive_folder() / file.path, filter));
        for (const store::RatedRow& row : rows) {
            if (row.row >= 0 && (!largest || row.charge_atoms > largest->charge_atoms))
                largest = row;
        }
    }
    if (!largest) return fail(EngineReason::charge_unknown, "nothing has been charged yet");
    return fmt::format("rec-{}-{}", largest->batch.value, largest->row);
}

}  // namespace farthing::engine
