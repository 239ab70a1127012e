#include "catalog/charge_parts.h"

#include <fmt/format.h>

namespace farthing::catalog {

namespace {

constexpr int kMarginMax = 10'000;  // percent

std::optional<Share> read_share(Reading& reading, const Fields& share, const Decimal* fee) {
    Share out;
    out.partner_name = share.text("partner");
    const auto& partners = reading.version.partners;
    const bool known = partners.contains(out.partner_name);
    if (!known && !out.partner_name.empty()) {
        reading.mistakes.add(CatalogReason::unknown_partner, share.place_of("partner"),
                             fmt::format("no partner is called {}", shown(out.partner_name)),
                             suggestion(out.partner_name, keys_of(partners)));
    }
    if (known)
        out.partner = PartnerId{reading.names.id_of(NameTable::Kind::partner, out.partner_name)};
    if (!one_of(share, "percent", "amount", "a share")) return std::nullopt;
    if (share.has("amount") && fee == nullptr) {
        reading.mistakes.add(CatalogReason::bad_value, share.place_of("amount"),
                             "a fixed share may be only of one fee",
                             "Write `percent`, or put the share on the fee.");
        return std::nullopt;
    }
    if (share.has("amount"))
        out.amount = read_decimal(share.text("amount"), value_at(share, "amount"));
    if (share.has("percent")) {
        if (const auto percent = read_percent(share.text("percent"), value_at(share, "percent")))
            out.percent = percent->exact();
    }
    return out;
}

}  // namespace

Decimal read_margin(const Fields& fields) {
    if (!fields.has("margin")) return {};
    const std::string whole = fields.text("margin");
    std::string_view text = trimmed(whole);
    if (text.ends_with('%')) text = trimmed(text.substr(0, text.size() - 1));
    const auto margin = read_decimal(text, value_at(fields, "margin"));
    if (!margin || margin->exact() <= Exact(kMarginMax)) return margin.value_or(Decimal{});
    fields.mistakes().add(CatalogReason::bad_value, fields.place_of("margin"),
                          fmt::format("a margin of {} percent", text), "Write 0 % to 10000 %.");
    return {};
}

std::optional<Decimal> with_margin(const Decimal& amount, const Decimal& percent) {
    constexpr i128 kDigitsMax = 1'000'000'000'000'000'000;
    const i128 factor = 100 * power_of_ten128(percent.scale) + percent.mantissa;
    const auto product = checked_mul(amount.mantissa, factor);
    if (!product) return std::nullopt;
    i128 mantissa = *product;
    int scale = amount.scale + percent.scale + 2;
    for (; scale > 0 && mantissa % 10 == 0; --scale) mantissa /= 10;
    if (scale > 18 || abs128(mantissa) >= kDigitsMax) return std::nullopt;
    return Decimal{static_cast<std::int64_t>(mantissa), scale};
}

ValueAt value_at(const Fields& fields, std::string_view key) {
    return {fields.place_of(key), fields.mistakes()};
}

bool one_of(const Fields& fields, std::string_view a, std::string_view b, std::string_view what) {
    if (fields.has(a) != fields.has(b)) return true;
    const bool both = fields.has(a);
    fields.mistakes().add(
        both ? CatalogReason::bad_value : CatalogReason::missing_key, fields.place(),
        fmt::format("{} says {} {} and {}", what, both ? "both" : "neither", shown(a), shown(b)),
        fmt::format("Write one of {} and {}.", shown(a), shown(b)));
    return false;
}

std::string read_tax_category(const Reading& reading, const Fields& fields,
                              const std::string& otherwise) {
    const std::string category = fields.text("tax");
    if (category.empty()) return otherwise;
    if (!reading.version.has_tax_category(category)) {
        std::vector<std::string> known;
        for (const TaxRule& rule : reading.version.taxes) known.push_back(rule.category);
        reading.mistakes.add(CatalogReason::unknown_tax, fields.place_of("tax"),
                             fmt::format("no tax category is called {}", shown(category)),
                             suggestion(category, known));
    }
    return category;
}

std::vector<Share> read_shares(Reading& reading, const Fields& fields, const Decimal* fee,
                               std::string_view whose) {
    std::vector<Share> shares;
    Exact percent_sum;
    Exact amount_sum;
    for (const Node& node : fields.list("shares")) {
        const Fields share(node, table("share"), reading.mistakes);
        if (auto read = read_share(reading, share, fee)) {
            percent_sum += read->percent;
            if (read->amount) amount_sum += read->amount->exact();
            shares.push_back(std::move(*read));
        }
    }
    const Exact whole = fee == nullptr ? Exact(100) : fee->exact();
    const Exact given =
        fee == nullptr ? percent_sum : whole * percent_sum / Exact(100) + amount_sum;
    if (given > whole || percent_sum > Exact(100)) {
        reading.mistakes.add(
            CatalogReason::shares_exceed_charge, fields.place_of("shares"),
            fmt::format("the shares of {} add up to more than the charge itself", whose));
    }
    return shares;
}

ComponentId component_id(Reading& reading, std::string_view plan, std::string_view name) {
    return ComponentId{
        reading.names.id_of(NameTable::Kind::component, fmt::format("{}/{}", plan, name))};
}

}  // namespace farthing::catalog
