#include "billing/fees.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "billing/earlier_cycles.h"

namespace farthing::billing {
namespace {

using catalog::FeeEvery;
using catalog::FeeTiming;

// A line before it is rounded.
struct Piece {
    i128 quantity = 0;
    DatePeriod period;
    Exact exact;
    std::map<AccountId, i128> unit_days;
};

i128 sum_of(const std::map<AccountId, i128>& parts) {
    i128 sum = 0;
    for (const auto& [department, part] : parts) sum += part;
    return sum;
}

// The lines of one fee in one cycle.
class FeeLines {
  public:
    FeeLines(const Context& context, DatePeriod cycle, const FeeKey& key,
             const FeeQuantity& quantity)
        : context_(context),
          cycle_(cycle),
          key_(key),
          quantity_(quantity),
          fee_(*quantity.ref.fee) {}

    Result<std::vector<Draft>> run() {
        if (!quantity_.whole.empty()) {
            FARTHING_CHECK(add_whole());
        } else if (fee_.every == FeeEvery::day) {
            FARTHING_CHECK(add_unit_days());
        } else {
            for (const DepartmentLine& line : cut_department_lines(quantity_.changes, cycle_)) {
                FARTHING_CHECK(add_quantity_line(line));
            }
        }
        return std::move(drafts_);
    }

  private:
    AccountId payer() const { return context_.input().payer; }
    int counted(DatePeriod days) const {
        return counted_days(fee_.prorate, days, context_.bill_day());
    }
    Exact price() const { return quantity_.amount.exact(); }
    std::string price_words() const { return price_text(quantity_.amount, currency()); }
    // Of the price; lines are rounded in it first and then converted (EC11).
    Currency currency() const { return quantity_.ref.plan->currency; }
    bool is_foreign() const { return currency() != context_.currency(); }
    int digits() const {
        return is_foreign() ? currency().minor_digits() : quantity_.ref.version->line_digits;
    }
    Result<Money> rounded(const Exact& exact) const {
        const catalog::Version& version = *quantity_.ref.version;
        if (!is_foreign()) return context_.rounded_line(version, exact);
        const auto money = rounded_money(exact, currency(), digits(), version.line_rounding);
        if (!money) return fail(BillingReason::amount_out_of_range);
        return *money;
    }

    Result<void> add_whole() {
        const i128 units = sum_of(quantity_.whole);
        const Piece piece{units, quantity_.days, price() * Exact(units, 1), quantity_.whole};
        FARTHING_TRY(const Money amount, rounded(piece.exact));
        return add(piece, amount, fmt::format("{} × {}", to_string(units), price_words()));
    }

    Result<void> add_unit_days() {
        std::vector<std::pair<AccountId, Piece>> pieces;
        const DatePeriod days = days_in_use();
        for (const auto& [who, part] : path()) {
            Piece piece{0, part.intersect(days), {}, unit_days(quantity_.changes, part)};
            piece.quantity = sum_of(piece.unit_days);
            if (piece.quantity == 0) continue;
            piece.exact = price() * Exact(piece.quantity, 1);
            pieces.emplace_back(who, std::move(piece));
        }
        return add_pieces(pieces, [&](const Piece& piece) {
            return fmt::format("{} × {}", to_string(piece.quantity), price_words());
        });
    }

    Result<void> add_quantity_line(const DepartmentLine& line) {
        std::vector<std::pair<AccountId, Piece>> pieces;
        for (const auto& [who, part] : path()) {
            const DatePeriod days = part.intersect(line.period);
            if (days.empty()) continue;
            Piece piece{line.quantity, days, {}, {}};
            piece.exact = price() * Exact(line.quantity * counted(days), counted(cycle_));
            // A line that is cut at a change of payer gives each part the same mix of departments.
            for (const auto& [department, units] : line.unit_days) {
                piece.unit_days[department] = units * days.days();
            }
            pieces.emplace_back(who, std::move(piece));
        }
        return add_pieces(pieces, [&](const Piece& piece) {
            std::string words = fmt::format("{} × {}", to_string(piece.quantity), price_words());
            if (piece.period != cycle_) {
                words += fmt::format(" × {}/{}", counted(piece.period), counted(cycle_));
            }
            return words;
        });
    }

    // Rounds the whole once and gives each payer its part by largest remainder, so that the payers'
    // documents sum to what one payer alone would have owed (EC59).
    template <class Words>
    Result<void> add_pieces(const std::vector<std::pair<AccountId, Piece>>& pieces, Words words) {
        Exact whole;
        std::vector<Exact> weights;
        for (const auto& [who, piece] : pieces) {
            whole += piece.exact;
            weights.push_back(piece.exact);
        }
        FARTHING_TRY(const Money sum, rounded(whole));
        std::vector<Money> parts{sum};
        if (pieces.size() > 1) {
            parts = split_money(sum, digits(), std::move(weights));
            parts.resize(pieces.size(), Money{0, currency()});
        }
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            if (pieces[i].first != payer()) continue;
            FARTHING_CHECK(add(pieces[i].second, parts[i], words(pieces[i].second)));
            if (pieces.size() > 1) {
                drafts_.back().line.rounding = fmt::format(
                    "part of {} by largest remainder, {} digits", sum.to_string(), digits());
            }
        }
        return {};
    }

    // One payer alone pays on all days of the cycle that count.
    PayerPath path() const { return key_.path.empty() ? PayerPath{{payer(), cycle_}} : key_.path; }

    DatePeriod days_in_use() const {
        DatePeriod days{cycle_.end, cycle_.first};
        for (const DepartmentLine& line : cut_department_lines(quantity_.changes, cycle_)) {
            days.first = std::min(days.first, line.period.first);
            days.end = std::max(days.end, line.period.end);
        }
        return days;
    }

    // The rate of the day on which the period's bill is due to be made: its end, or its start where
    // it is billed in advance. A note keeps the rate of its invoice.
    Result<void> convert(InvoiceLine& line) const {
        const Date day = timing_of(fee_) == FeeTiming::advance ? cycle_.first : cycle_.end;
        const InvoiceLine* corrected = context_.corrected(line);
        if (corrected != nullptr && corrected->converted.amount.currency == currency()) {
            line.converted = corrected->converted;
        } else {
            const auto* rate = context_.rules().exchange_rate(currency(), day);
            if (rate == nullptr) {
                return fail(
                    BillingReason::rate_unknown,
                    fmt::format("no rate of {} is known on {}", currency().code(), to_string(day)));
            }
            line.converted.rate = rate->rate.exact();
            line.converted.day = rate->day;
        }
        line.converted.amount = line.amount;
        line.exact = line.amount.exact() * line.converted.rate;
        FARTHING_TRY(line.amount, context_.rounded_line(*quantity_.ref.version, line.exact));
        line.arithmetic +=
            fmt::format(" = {} {} × {} of {}", line.converted.amount.to_string(), currency().code(),
                        line.converted.rate.to_decimal(), to_string(line.converted.day));
        return {};
    }

    Result<void> add(const Piece& piece, const Money& amount, std::string arithmetic) {
        Draft draft = context_.draft(quantity_.ref, key_.department);
        InvoiceLine& line = draft.line;
        line.period = piece.period;
        line.cycle = cycle_;
        line.quantity = Exact(piece.quantity, 1);
        if (is_periodic(fee_) && quantity_.whole.empty()) {
            line.fraction = Exact(counted(piece.period), counted(cycle_));
        }
        if (fee_.every == FeeEvery::day && !line.unit.empty()) line.unit += " day";
        line.exact = piece.exact;
        line.amount = amount;
        line.arithmetic = std::move(arithmetic);
        if (key_.special != 0) line.unit_price = price_words() + ", special price";
        if (is_foreign()) FARTHING_CHECK(convert(line));
        if (context_.detail_by(key_.department) == DetailBy::department) {
            line.details = details_of(piece);
            attribute(line.amount, quantity_.ref.version->line_digits, line.details);
        }
        drafts_.push_back(std::move(draft));
        return {};
    }

    std::vector<LineDetail> details_of(const Piece& piece) const {
        std::vector<LineDetail> details;
        const Exact all(sum_of(piece.unit_days), 1);
        for (const auto& [department, units] : piece.unit_days) {
            if (units == 0) continue;
            const Exact part = Exact(units, 1) / all;
            LineDetail detail;
            detail.subject = context_.title_of(department);
            detail.quantity = number_text(Exact(piece.quantity, 1) * part);
            detail.exact = piece.exact * part;
            details.push_back(std::move(detail));
        }
        return details;
    }

    const Context& context_;
    DatePeriod cycle_;
    const FeeKey& key_;
    const FeeQuantity& quantity_;
    const catalog::Fee& fee_;
    std::vector<Draft> drafts_;
};

// A fee that was billed and is no longer owed at all: nothing × its price, so that the credit has a
// line to stand on.
Draft nothing_owed(const Context& context, const ChargeRef& ref, const BilledAmount& billed) {
    const bool own = context.grouped() && billed.department;
    const AccountId department = own ? billed.department : context.input().payer;
    Draft draft = context.draft(ref, department);
    draft.line.period = billed.period;
    draft.line.cycle = billed.period;
    draft.line.amount = context.zero();
    return draft;
}

class FeeComposer {
  public:
    FeeComposer(const Context& context, Totals& totals) : context_(context), totals_(totals) {}

    Result<void> take(const EarlierCycle& of, FeeTiming timing, int months) {
        const DatePeriod cycle = of.cycle;
        FARTHING_TRY(const FeeQuantities quantities,
                     fee_quantities(context_, cycle, timing, months, of.begun_since));
        for (const auto& [key, quantity] : quantities) {
            FARTHING_TRY(std::vector<Draft> lines, FeeLines(context_, cycle, key, quantity).run());
            for (Draft& line : lines) FARTHING_CHECK(take_line(std::move(line)));
        }
        for (const BilledAmount& billed : context_.input().billed) {
            if (billed.period != cycle) continue;
            const ChargeRef ref = fee_in(cycle, billed.component);
            if (!ref || timing_of(*ref.fee) != timing || months_of(*ref.fee) != months) continue;
            if (ref.fee->minimum || ref.package != nullptr) continue;
            Draft draft = nothing_owed(context_, ref, billed);
            const BilledKey key{billed.component, context_.billed_department(billed.department),
                                cycle};
            if (!owed_.contains(key)) FARTHING_CHECK(take_line(std::move(draft)));
        }
        return {};
    }

    Result<void> finish(std::vector<Draft>& document) {
        std::ranges::stable_sort(lines_, {}, [](const Draft& d) {
            return std::tuple(d.line.cycle, d.section, d.plan, d.charge, d.line.component,
                              d.line.department);
        });
        return append_unbilled(context_, std::move(lines_), document);
    }

  private:
    ChargeRef fee_in(DatePeriod cycle, ComponentId component) const {
        const catalog::Version* then =
            context_.input().catalog.at(context_.directory().zone().start_of(cycle.first));
        for (const catalog::Version* version : {then, &context_.rules()}) {
            if (version == nullptr) continue;
            const ChargeRef ref = settlement::find_charge(*version, component);
            if (ref.fee != nullptr) return ref;
        }
        return {};
    }

    Result<void> take_line(Draft draft) {
        const InvoiceLine& line = draft.line;
        Total& total =
            totals_.try_emplace({line.component, line.cycle}, Total{{}, context_.zero(), 0, {}})
                .first->second;
        total.exact += line.exact;
        FARTHING_TRY(total.lines, context_.sum(total.lines, line.amount));
        owed_.insert({line.component, context_.billed_department(line.department), line.cycle});
        lines_.push_back(std::move(draft));
        return {};
    }

    const Context& context_;
    Totals& totals_;
    std::vector<Draft> lines_;
    std::set<BilledKey> owed_;
};

// Fees in arrears stand on the document of the month with which their period ends, fees in advance
// on that of the month before it, and what is new of a period on that of its month.
Result<void> take_all(const Context& context, FeeComposer& composer, int months) {
    const Input& input = context.input();
    for (const EarlierCycle& cycle : earlier_cycles(input, months)) {
        FARTHING_CHECK(composer.take(cycle, FeeTiming::arrears, months));
        FARTHING_CHECK(composer.take(cycle, FeeTiming::advance, months));
    }
    const DatePeriod now = context.cycle_of_months(input.cycle.first, months);
    const DatePeriod next = context.cycle_of_months(input.cycle.end, months);
    if (now.end <= input.cycle.end)
        FARTHING_CHECK(composer.take({now}, FeeTiming::arrears, months));
    FARTHING_CHECK(composer.take({now}, FeeTiming::advance, months));
    if (next != now) FARTHING_CHECK(composer.take({next}, FeeTiming::advance, months));
    return {};
}

}  // namespace

bool any_fee_of(const catalog::Snapshot& catalog, int months) {
    return std::ranges::any_of(catalog.versions(), [&](const auto& version) {
        return std::ranges::any_of(version->plans, [&](const catalog::Plan& plan) {
            return std::ranges::any_of(
                plan.fees, [&](const catalog::Fee& fee) { return months_of(fee) == months; });
        });
    });
}

Result<Exact> fee_amount(const Context& context, DatePeriod cycle, const FeeKey& key,
                         const FeeQuantity& quantity) {
    Exact sum;
    FARTHING_TRY(const auto lines, FeeLines(context, cycle, key, quantity).run());
    for (const Draft& draft : lines) sum += draft.line.exact;
    return sum;
}

int counted_days(catalog::Prorate prorate, DatePeriod days, unsigned bill_day) {
    if (prorate != catalog::Prorate::thirty_days) return days.days();
    const auto count = [&](Date date) {
        const auto civil = date.civil();
        const bool last = date.plus_days(1).civil().month() != civil.month();
        const auto shown = static_cast<unsigned>(civil.day());
        const int day = std::min(30, static_cast<int>(last ? std::max(shown, bill_day) : shown));
        return 360 * static_cast<int>(civil.year()) +
               30 * static_cast<int>(static_cast<unsigned>(civil.month())) + day;
    };
    return count(days.end) - count(days.first);
}

Result<void> append_fees(const Context& context, std::vector<Draft>& document, Totals& totals) {
    FeeComposer composer(context, totals);
    for (const int months : {1, 3, 12}) {
        if (months == 1 || any_fee_of(context.input().catalog, months))
            FARTHING_CHECK(take_all(context, composer, months));
    }
    return composer.finish(document);
}

}  // namespace farthing::billing
