#include <fmt/format.h>

#include <algorithm>

#include "catalog/catalog.h"
#include "catalog/deck_diff.h"
#include "catalog/describe.h"

namespace farthing::catalog {

namespace {

constexpr std::size_t kDeckRowsTold = 50;  // per deck; the rest is counted

class Comparison {
  public:
    Comparison(const Version& before, const Version& after) : before_(before), after_(after) {}

    std::vector<Difference> run() {
        compare_head();
        compare_named("meter", before_.meters, after_.meters, [&](const Meter& a, const Meter& b) {
            compare("meter " + b.name + ", unit", std::string(a.unit->name),
                    std::string(b.unit->name));
        });
        compare_maps("zone", before_.zones, after_.zones,
                     [&](const std::string& name, const auto& a, const auto& b) {
                         if (a != b)
                             tell('~', fmt::format("zone {}: {} → {} networks, not the same ones",
                                                   name, a.size(), b.size()));
                     });
        compare_maps("partner", before_.partners, after_.partners,
                     [&](const std::string& name, const auto& a, const auto& b) {
                         compare("partner " + name + ", title", a, b);
                     });
        compare_maps("tax", taxes_of(before_), taxes_of(after_),
                     [&](const std::string& name, const TaxRule& a, const TaxRule& b) {
                         compare("tax " + name + ", name", a.name, b.name);
                         compare("tax " + name, a.percent.to_decimal() + " %",
                                 b.percent.to_decimal() + " %");
                         compare("tax " + name + ", in the price", a.included ? "yes" : "no",
                                 b.included ? "yes" : "no");
                         compare("tax " + name + ", text", a.text, b.text);
                     });
        compare_maps("rate of", rates_of(before_), rates_of(after_),
                     [&](const std::string& name, const auto& a, const auto& b) {
                         compare("rate of " + name, a, b);
                     });
        compare_maps("special price of", special_prices_of(before_), special_prices_of(after_),
                     [&](const std::string& name, const auto& a, const auto& b) {
                         compare("special price of " + name, a, b);
                     });
        compare("rounding of tax", before_.tax_per_line ? "per line" : "per category",
                after_.tax_per_line ? "per line" : "per category");
        compare_named("plan", before_.plans, after_.plans,
                      [&](const Plan& a, const Plan& b) { compare_plans("plan " + b.name, a, b); });
        compare_named("carrier", before_.carriers, after_.carriers,
                      [&](const Carrier& a, const Carrier& b) {
                          const std::string carrier = "carrier " + b.name;
                          compare(carrier + ", account", a.account, b.account);
                          compare_plans(carrier, a.prices, b.prices);
                      });
        compare_maps("origin set", before_.origin_sets, after_.origin_sets,
                     [&](const std::string& name, const OriginSet& a, const OriginSet& b) {
                         if (a.prefixes != b.prefixes)
                             tell('~', fmt::format("origin set {}: {} → {} prefixes, not the same "
                                                   "ones",
                                                   name, a.prefixes.size(), b.prefixes.size()));
                     });
        compare_maps("prices", declared(before_.decks), declared(after_.decks),
                     [&](const std::string&, const Deck& a, const Deck& b) { tell_decks(a, b); });
        return std::move(out_);
    }

  private:
    static std::string prorate_text(Prorate prorate) {
        switch (prorate) {
            case Prorate::calendar_days: break;
            case Prorate::none: return "never";
            case Prorate::thirty_days: return "by months of 30 days";
        }
        return "by calendar days";
    }

    static std::map<std::string, std::string> rates_of(const Version& version) {
        std::map<std::string, std::string> rates;
        for (const ExchangeRate& rate : version.exchange_rates) {
            rates.emplace(fmt::format("{} from {}", rate.from.code(), to_string(rate.day)),
                          rate.rate.to_string());
        }
        return rates;
    }

    static std::map<std::string, std::string> special_prices_of(const Version& version) {
        std::map<std::string, std::string> prices;
        for (const SpecialPrice& price : version.special_prices) {
            std::string of;
            for (const Plan& plan : version.plans) {
                for (const Fee& fee : plan.fees) {
                    if (fee.id == price.fee) of = plan.name + "/" + fee.name;
                }
            }
            const std::string days = days_text(price.days);
            prices.insert_or_assign(
                fmt::format("{} for {}{}{}", of, price.account, price.subscription, days),
                price.amount.to_string());
        }
        return prices;
    }

    static std::string scope_text(const Discount& discount) {
        return (discount.account.empty() ? "" : " for " + discount.account) +
               days_text({discount.from, discount.end});
    }

    // Rules by what they apply to.
    static std::map<std::string, TaxRule> taxes_of(const Version& version) {
        std::map<std::string, TaxRule> rules;
        for (const TaxRule& rule : version.taxes)
            rules.emplace(rule.category + tax_scope_text(rule), rule);
        return rules;
    }

    void tell(char sign, std::string text) { out_.push_back({sign, std::move(text)}); }

    void compare(const std::string& what, const std::string& before, const std::string& after) {
        if (before == after) return;
        const auto said = [](const std::string& text) {
            return text.empty() ? std::string("nothing") : text;
        };
        tell('~', fmt::format("{}: {} → {}", what, said(before), said(after)));
    }

    void compare_head() {
        const auto day = [](const Version& v) { return to_string(v.zone.date_of(v.valid_from)); };
        compare("valid from", day(before_), day(after_));
        compare("currency", std::string(before_.currency.code()),
                std::string(after_.currency.code()));
        compare("time zone", before_.zone.name(), after_.zone.name());
        compare("rounding of lines", rounding_text(before_.line_rounding, before_.line_digits),
                rounding_text(after_.line_rounding, after_.line_digits));
        compare("rounding of what is payable",
                rounding_text(before_.payable_rounding, before_.payable_digits),
                rounding_text(after_.payable_rounding, after_.payable_digits));
        compare("default tax category", before_.default_tax_category, after_.default_tax_category);
        compare_documents(before_.documents, after_.documents);
    }

    void compare_documents(const DocumentRules& a, const DocumentRules& b) {
        compare("invoices, series", a.series, b.series);
        compare("invoices, lines", a.group_per_account ? "per account" : "per payer",
                b.group_per_account ? "per account" : "per payer");
        compare("invoices, due", fmt::format("{} days", a.due_days),
                fmt::format("{} days", b.due_days));
        compare("invoices, seller", seller(a), seller(b));
        compare("invoices, payment", a.payment_text, b.payment_text);
        compare("invoices, logo", a.logo, b.logo);
    }

    static std::string seller(const DocumentRules& rules) {
        std::string text = rules.seller_title;
        for (const std::string& line : rules.seller_address) text += ", " + line;
        return rules.seller_tax_number.empty() ? text : text + ", " + rules.seller_tax_number;
    }

    // Lists of named things in the order of the new catalog; what is gone stands at the end.
    template <class List, class Both>
    void compare_named(const std::string& what, const List& before, const List& after, Both both) {
        const auto named = [](const List& list, const std::string& name) {
            return std::find_if(list.begin(), list.end(),
                                [&](const auto& item) { return item.name == name; });
        };
        for (const auto& item : after) {
            const auto old = named(before, item.name);
            if (old == before.end()) {
                tell('+', what + " " + item.name + added_text(item));
            } else {
                both(*old, item);
            }
        }
        for (const auto& item : before) {
            if (named(after, item.name) == after.end()) tell('-', what + " " + item.name);
        }
    }

    template <class Map, class Both>
    void compare_maps(const std::string& what, const Map& before, const Map& after, Both both) {
        for (const auto& [name, item] : after) {
            const auto old = before.find(name);
            if (old == before.end()) {
                tell('+', what + " " + name);
            } else {
                both(name, old->second, item);
            }
        }
        for (const auto& [name, item] : before) {
            if (!after.contains(name)) tell('-', what + " " + name);
        }
    }

    // Those made of others for a charge change with them.
    static std::map<std::string, const Deck&> declared(const std::map<std::string, Deck>& decks) {
        std::map<std::string, const Deck&> out;
        for (const auto& [name, deck] : decks) {
            if (name.find('/') == name.npos) out.emplace(name, deck);
        }
        return out;
    }

    std::string added_text(const Meter&) const { return {}; }
    std::string added_text(const Package& package) const {
        return ": " + package.fee.text + ", " + package.text;
    }
    std::string added_text(const Plan&) const { return {}; }
    std::string added_text(const Carrier&) const { return {}; }
    std::string added_text(const Fee& fee) const { return ": " + fee.text; }
    std::string added_text(const UsageCharge& charge) const {
        return ": " + price_text(charge, *after_.meter(charge.meter));
    }
    std::string added_text(const Discount& discount) const { return ": " + discount.text; }

    void compare_plans(const std::string& plan, const Plan& a, const Plan& b) {
        compare(plan + ", title", a.title, b.title);
        compare(plan + ", currency", std::string(a.currency.code()),
                std::string(b.currency.code()));
        compare(plan + ", allowed networks", a.allowed_text, b.allowed_text);
        compare(plan + ", spending cap", a.spending_cap ? cap_text(*a.spending_cap) : "",
                b.spending_cap ? cap_text(*b.spending_cap) : "");
        compare_named(plan + ", fee", a.fees, b.fees, [&](const Fee& x, const Fee& y) {
            compare_fees(plan + ", fee " + y.name, x, y);
        });
        compare_named(plan + ", usage", a.charges, b.charges,
                      [&](const UsageCharge& x, const UsageCharge& y) {
                          const std::string what = plan + ", usage " + y.name;
                          compare_usage(what, x, y);
                          compare(what + ", days", customer_days_text(x, a),
                                  customer_days_text(y, b));
                      });
        compare_named(plan + ",", a.discounts, b.discounts,
                      [&](const Discount& x, const Discount& y) {
                          const std::string what = plan + ", " + y.name;
                          compare(what, x.text + scope_text(x), y.text + scope_text(y));
                          compare(what + ", title", x.title, y.title);
                          if (x.on != y.on) tell('~', what + ": applies to other charges");
                      });
        compare_named(plan + ", package", a.packages, b.packages,
                      [&](const Package& x, const Package& y) {
                          const std::string what = plan + ", package " + y.name;
                          compare(what, package_words(x, a), package_words(y, b));
                          compare(what + ", title", x.fee.title, y.fee.title);
                          compare(what + ", tax", x.fee.tax_category, y.fee.tax_category);
                      });
        const auto order = [](const Plan& p) {
            std::string text;
            for (const Discount& discount : p.discounts)
                text += (text.empty() ? "" : ", ") + discount.name;
            return text;
        };
        if (a.discounts.size() == b.discounts.size())
            compare(plan + ", order of discounts", order(a), order(b));
    }

    // One line where only the words of a price changed would be noise: 2.00 and 2.0 are one price.
    void compare_fees(const std::string& what, const Fee& a, const Fee& b) {
        const bool same = a.amount.exact() == b.amount.exact() && a.unit == b.unit &&
                          a.per == b.per && a.every == b.every;
        if (!same) compare(what, a.text, b.text);
        compare(what + ", title", a.title, b.title);
        compare(what + ", charged", a.timing == FeeTiming::advance ? "in advance" : "in arrears",
                b.timing == FeeTiming::advance ? "in advance" : "in arrears");
        compare(what + ", prorated", prorate_text(a.prorate), prorate_text(b.prorate));
        compare(what + ", on a prepaid account that can't cover it",
                a.owed_if_uncovered ? "owed" : "suspends",
                b.owed_if_uncovered ? "owed" : "suspends");
        compare(what + ", counts", a.minimum ? a.minimum->text : "",
                b.minimum ? b.minimum->text : "");
        compare(what + ", shares", shares_text(a.shares, before_), shares_text(b.shares, after_));
        compare(what + ", tax", a.tax_category, b.tax_category);
    }

    static bool same_price(const UsageCharge& a, const UsageCharge& b) {
        const bool same_bands =
            std::equal(a.bands.begin(), a.bands.end(), b.bands.begin(), b.bands.end(),
                       [](const Band& x, const Band& y) {
                           return x.to == y.to && x.price.exact() == y.price.exact();
                       });
        const auto fee = [](const UsageCharge& c) {
            return c.connection_fee ? c.connection_fee->exact() : Exact(0);
        };
        const auto cap = [](const UsageCharge& c) {
            return c.cap ? std::optional(c.cap->exact()) : std::nullopt;
        };
        return same_bands && fee(a) == fee(b) && a.mode == b.mode && a.priced_by == b.priced_by &&
               a.rates == b.rates && a.step == b.step && a.block == b.block && cap(a) == cap(b) &&
               a.window == b.window && a.restarts == b.restarts;
    }

    void compare_usage(const std::string& what, const UsageCharge& a, const UsageCharge& b) {
        const Meter& old_meter = *before_.meter(a.meter);
        const Meter& meter = *after_.meter(b.meter);
        compare(what + ", meter", old_meter.name, meter.name);
        if (a.limit != b.limit || !same_price(a, b))
            compare(what, price_text(a, old_meter), price_text(b, meter));
        compare(what + ", title", a.title, b.title);
        compare(what + ", when", a.when, b.when);
        compare(what + ", surcharge", a.adds ? "yes" : "no", b.adds ? "yes" : "no");
        compare(what + ", increments", increments_text(a.increments, old_meter),
                increments_text(b.increments, meter));
        compare(what + ", sessions", session_text(a, old_meter), session_text(b, meter));
        compare(what + ", hours", band_text(a, before_), band_text(b, after_));
        compare(what + ", included", allowance_text(a, old_meter), allowance_text(b, meter));
        compare(what + ", shares", shares_text(a.shares, before_), shares_text(b.shares, after_));
        compare(what + ", paid by", a.paid_by, b.paid_by);
        compare(what + ", tax", a.tax_category, b.tax_category);
    }

    void tell_decks(const Deck& a, const Deck& b) {
        const std::vector<DeckChange> changes = compare_decks(a, b);
        for (std::size_t i = 0; i < std::min(changes.size(), kDeckRowsTold); ++i) {
            const DeckChange& change = changes[i];
            const char sign = change.before == nullptr ? '+' : change.after == nullptr ? '-' : '~';
            tell(sign, fmt::format("prices {}, {}", b.name(), change_text(change, after_.zone)));
        }
        if (changes.size() > kDeckRowsTold)
            tell('~', fmt::format("prices {}: {} more rows differ", b.name(),
                                  changes.size() - kDeckRowsTold));
    }

    const Version& before_;
    const Version& after_;
    std::vector<Difference> out_;
};

}  // namespace

std::vector<Difference> diff(const Version& before, const Version& after) {
    return Comparison(before, after).run();
}

}  // namespace farthing::catalog
