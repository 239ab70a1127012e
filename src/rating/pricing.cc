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
    return Curve(charge.bands, charge.mode, currency, factor);
}

std::optional<Decimal> fee_of(const catalog::UsageCharge& charge, const catalog::RateRow* row) {
    if (row != nullptr && row->connection_fee) return row->connection_fee;
    return charge.connection_fee;
}

std::optional<std::int64_t> difference(const Curve& curve, std::int64_t from, std::int64_t to,
                                       std::int64_t allowance) {
    const auto before =
        from <= allowance ? std::optional<std::int64_t>(0) : curve.atoms(from, allowance);
    const auto after = curve.atoms(to, allowance);
    if (!before || !after) return std::nullopt;
    return narrow64(i128{*after} - *before);
}

}  // namespace

PlannedCharge find_charge(const catalog::Version& version, ComponentId component) {
    for (const catalog::Plan& plan : version.plans) {
        for (const catalog::UsageCharge& charge : plan.charges) {
            if (charge.id == component) return {&plan, &charge};
        }
    }
    return {};
}

Pricing::Pricing(const catalog::Version& version, const catalog::UsageCharge& charge,
                 const catalog::RateRow* row)
    : charge_(&charge),
      increments_(row != nullptr && charge.priced_by == catalog::PricedBy::prefix_deck
                      ? row->increments
                      : charge.increments),
      usage_(usage_curve(charge, row, version.currency)) {
    const auto fee = fee_of(charge, row);
    const bool has_fee = fee && fee->mantissa != 0;
    const catalog::UnitPrice per_session{has_fee ? *fee : Decimal{}, 1, {}};
    if (has_fee) fee_ = linear(per_session, version.currency);
    for (const catalog::Share& share : charge.shares) {
        if (share.amount) continue;
        const Exact factor = share.percent / Exact(100);
        shares_within_charge_ = shares_within_charge_ && factor >= Exact(0) && factor <= Exact(1);
        shares_.push_back({share.partner, usage_curve(charge, row, version.currency, factor), {}});
        if (has_fee) shares_.back().fee = linear(per_session, version.currency, factor);
    }
}

std::optional<std::int64_t> Pricing::fee_atoms(std::int64_t sessions) const {
    return fee_ ? fee_->atoms(sessions, 0) : 0;
}

Exact Pricing::exact(std::int64_t from, std::int64_t to, std::int64_t sessions,
                     std::int64_t allowance) const {
    Exact sum = usage_.exact(to, allowance) - usage_.exact(from, allowance);
    if (fee_) sum += fee_->exact(sessions, 0);
    return sum;
}

std::optional<Amounts> Pricing::atoms(std::int64_t from, std::int64_t to, std::int64_t sessions,
                                      std::int64_t allowance) const {
    const auto usage = difference(usage_, from, to, allowance);
    const auto fee = fee_atoms(sessions);
    if (!usage || !fee || !narrow64(i128{*usage} + *fee)) return std::nullopt;
    return Amounts{*usage, *fee};
}

std::optional<std::int64_t> Pricing::share_atoms(const ShareCurve& share, std::int64_t from,
                                                 std::int64_t to, std::int64_t sessions,
                                                 std::int64_t allowance) const {
    const auto usage = difference(share.usage, from, to, allowance);
    const auto fee = share.fee ? share.fee->atoms(sessions, 0) : std::optional<std::int64_t>(0);
    return usage && fee ? narrow64(i128{*usage} + *fee) : std::nullopt;
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
    if (item == 0) return of(*version, *charge, nullptr);
    const catalog::Deck* deck = version->deck(*charge);
    const catalog::RateRow* row = deck == nullptr ? nullptr : deck->row(item, start);
    return row == nullptr ? nullptr : of(*version, *charge, row);
}

}  // namespace farthing::rating
