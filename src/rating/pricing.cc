#include "rating/pricing.h"

#include <algorithm>

#include "base/hash.h"

namespace farthing::rating {

namespace {

// A price per base unit without bands.
Curve linear(const catalog::UnitPrice& price, Currency currency, const Exact& factor = Exact(1)) {
    const catalog::Band whole{INT64_MAX, price};
    return Curve(std::span(&whole, 1), catalog::BandMode::flat, currency, factor);
}

Curve usage_curve(const catalog::UsageCharge& charge, const catalog::RateRow* row,
                  Currency currency, const Exact& factor = Exact(1)) {
    if (row != nullptr) return linear(row->price, currency, factor);
    const catalog::PriceShape& shape = charge;
    return Curve(shape, currency, factor);
}

// The row's words go before the charge's; price lists leave the increments to the charge.
catalog::SessionRule rule_of(const catalog::UsageCharge& charge, const catalog::RateRow* row) {
    catalog::SessionRule rule = static_cast<const catalog::SessionRule&>(charge);
    if (row == nullptr) return rule;
    if (charge.priced_by == catalog::PricedBy::prefix_deck) rule.increments = row->increments;
    if (row->connection_fee) rule.connection_fee = row->connection_fee;
    if (row->minimum) rule.minimum = row->minimum;
    if (row->grace > 0) rule.grace = row->grace;
    return rule;
}

bool has_amount(const std::optional<Decimal>& amount) {
    return amount && amount->mantissa != 0;
}

catalog::UnitPrice per_session(const Decimal& amount) {
    return {amount, 1, {}};
}

// Base units from which on a session costs the minimum anyway.
std::int64_t enough_for(const Decimal& minimum, const Exact& price) {
    if (price == Exact(0)) return INT64_MAX;
    const auto least = (minimum.exact() / price).rounded(0, Rounding::away_from_zero);
    return least && *least <= INT64_MAX ? static_cast<std::int64_t>(*least) : INT64_MAX;
}

// What minimums add to the price of the quantities that stayed below them.
std::optional<std::int64_t> top_up(const std::optional<Curve>& minimum, const Curve& usage,
                                   const SessionTotals& sessions) {
    if (!minimum) return 0;
    const auto whole = minimum->atoms(sessions.below, 0);
    const auto priced = usage.atoms(sessions.below_quantity, 0);
    return whole && priced ? narrow64(i128{*whole} - *priced) : std::nullopt;
}

std::optional<std::int64_t> sum64(std::optional<std::int64_t> a, std::optional<std::int64_t> b) {
    return a && b ? narrow64(i128{*a} + *b) : std::nullopt;
}

std::optional<std::int64_t> difference(const Curve& curve, std::int64_t from, std::int64_t to,
                                       std::int64_t allowance) {
    const auto before = curve.atoms(from, allowance);
    const auto after = curve.atoms(to, allowance);
    if (!before || !after) return std::nullopt;
    return narrow64(i128{*after} - *before);
}

}  // namespace

PlannedCharge find_charge(const catalog::Version& version, ComponentId component) {
    const auto in = [&](const catalog::Plan& plan) -> PlannedCharge {
        for (const catalog::UsageCharge& charge : plan.charges) {
            if (charge.id == component) return {&plan, &charge};
        }
        return {};
    };
    for (const catalog::Plan& plan : version.plans) {
        if (const PlannedCharge found = in(plan); found.charge != nullptr) return found;
    }
    for (const catalog::Carrier& carrier : version.carriers) {
        if (const PlannedCharge found = in(carrier.prices); found.charge != nullptr) return found;
    }
    return {};
}

Pricing::Pricing(const catalog::Version& version, const catalog::UsageCharge& charge,
                 const catalog::RateRow* row)
    : charge_(&charge),
      version_(version.number),
      rule_(rule_of(charge, row)),
      usage_(usage_curve(charge, row, version.currency)) {
    const bool has_fee = has_amount(rule_.connection_fee);
    const bool has_minimum = has_amount(rule_.minimum);
    if (has_fee) fee_ = linear(per_session(*rule_.connection_fee), version.currency);
    if (has_minimum) {
        minimum_ = linear(per_session(*rule_.minimum), version.currency);
        const auto& price = row != nullptr ? row->price : charge.bands.front().price;
        enough_for_minimum_ = enough_for(*rule_.minimum, price.exact());
    }
    countable_ = rule_.increments.first <= kQuantityMax && rule_.increments.next <= kQuantityMax;
    plain_ = charge.in_bands.empty() && rule_.at_price_change == catalog::AtEdge::start;
    for (const catalog::Share& share : charge.shares) {
        if (share.amount) continue;
        const Exact factor = share.percent / Exact(100);
        shares_within_charge_ = shares_within_charge_ && factor >= Exact(0) && factor <= Exact(1);
        shares_.push_back(
            {share.partner, usage_curve(charge, row, version.currency, factor), {}, {}});
        ShareCurve& share_curve = shares_.back();
        if (has_fee) {
            share_curve.fee = linear(per_session(*rule_.connection_fee), version.currency, factor);
        }
        if (has_minimum) {
            share_curve.minimum = linear(per_session(*rule_.minimum), version.currency, factor);
        }
    }
}

std::optional<std::int64_t> Pricing::fee_atoms(const SessionTotals& sessions) const {
    const auto fees = fee_ ? fee_->atoms(sessions.fees, 0) : std::optional<std::int64_t>(0);
    return minimum_ ? sum64(fees, top_up(minimum_, usage_, sessions)) : fees;
}

Exact Pricing::exact(std::int64_t from, std::int64_t to, const SessionTotals& sessions,
                     std::int64_t allowance) const {
    Exact sum = usage_.exact(to, allowance) - usage_.exact(from, allowance);
    if (fee_) sum += fee_->exact(sessions.fees, 0);
    if (minimum_) {
        sum += minimum_->exact(sessions.below, 0) - usage_.exact(sessions.below_quantity, 0);
    }
    return sum;
}

std::optional<Amounts> Pricing::atoms(std::int64_t from, std::int64_t to,
                                      const SessionTotals& sessions, std::int64_t allowance) const {
    const auto usage = difference(usage_, from, to, allowance);
    const auto fee = fee_atoms(sessions);
    if (!usage || !fee || !narrow64(i128{*usage} + *fee)) return std::nullopt;
    return Amounts{*usage, *fee};
}

std::optional<std::int64_t> Pricing::share_atoms(const ShareCurve& share, std::int64_t from,
                                                 std::int64_t to, const SessionTotals& sessions,
                                                 std::int64_t allowance) const {
    const auto usage = difference(share.usage, from, to, allowance);
    const auto fee =
        share.fee ? share.fee->atoms(sessions.fees, 0) : std::optional<std::int64_t>(0);
    return sum64(sum64(usage, fee), top_up(share.minimum, share.usage, sessions));
}

std::size_t PricingCache::KeyHash::operator()(const Key& key) const {
    return mix64(reinterpret_cast<std::uintptr_t>(key.charge),
                 reinterpret_cast<std::uintptr_t>(key.row));
}

const Pricing* PricingCache::of(const catalog::Version& version, const catalog::UsageCharge& charge,
                                const catalog::RateRow* row) {
    auto& compiled = compiled_[Key{&charge, row}];
    if (!compiled) compiled = std::make_unique<Pricing>(version, charge, row);
    return compiled.get();
}

const Pricing* PricingCache::of(VersionNo number, ComponentId component, std::uint64_t item,
                                Instant start) {
    const catalog::Version* version = catalog_.numbered(number);
    if (version == nullptr) return nullptr;
    const catalog::UsageCharge* charge = find_charge(*version, component).charge;
    if (charge == nullptr) return nullptr;
    if (item == 0 || charge->priced_by == catalog::PricedBy::bands)
        return of(*version, *charge, nullptr);
    const catalog::Deck* deck = version->deck(*charge);
    const catalog::RateRow* row = deck == nullptr ? nullptr : deck->row(item, start);
    return row == nullptr ? nullptr : of(*version, *charge, row);
}

}  // namespace farthing::rating
