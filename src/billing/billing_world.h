// A small world for tests of this room: a catalog and a directory built by hand, and documents
// billed from them.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "billing/bill.h"
#include "rating/rater.h"

namespace farthing::billing {

struct World {
    std::shared_ptr<catalog::Version> version = std::make_shared<catalog::Version>();
    std::vector<std::shared_ptr<const catalog::Version>> versions;
    DirectoryFacts facts;
    std::map<std::string, AccountId> account_ids;
    std::vector<std::shared_ptr<rating::Counter>> counters;
    std::uint32_t next_component = 1;

    explicit World(std::string_view currency = "EUR", int line_digits = 2,
                   Rounding line_rounding = Rounding::half_even) {
        version->number = VersionNo{1};
        version->name = "test";
        version->valid_from = Instant::from_seconds(0);
        version->currency = *Currency::named(currency);
        version->line_digits = line_digits;
        version->line_rounding = line_rounding;
        version->payable_digits = version->currency.minor_digits();
        version->default_tax_category = "standard";
        version->meters.push_back({MeterId{1}, "data", "Data", unit_named("byte")});
        version->meters.push_back({MeterId{2}, "energy", "Energy", unit_named("joule")});
        version->meters.push_back({MeterId{3}, "voice", "Voice", unit_named("second")});
    }

    static Decimal decimal(std::string_view text) { return *Decimal::parse(text); }
    Money money(std::string_view text) const {
        return *money_of(decimal(text).exact(), version->currency);
    }

    void tax(std::string category, std::string name, std::int64_t percent) {
        catalog::TaxRule rule;
        rule.category = std::move(category);
        rule.name = std::move(name);
        rule.percent = Exact(percent);
        rule.place = "catalog.yaml:9";
        version->taxes.push_back(std::move(rule));
    }

    catalog::Plan& plan(std::string name = "plan") {
        catalog::Plan plan;
        plan.id = PlanId{static_cast<std::uint32_t>(version->plans.size()) + 1};
        plan.name = plan.title = std::move(name);
        plan.currency = version->currency;
        version->plans.reserve(16);
        version->plans.push_back(std::move(plan));
        return version->plans.back();
    }
    catalog::Fee& fee(catalog::Plan& plan, std::string_view amount) {
        catalog::Fee fee;
        fee.id = ComponentId{next_component++};
        fee.name = fee.title = "fee " + std::to_string(fee.id.value);
        fee.amount = decimal(amount);
        fee.text = std::string(amount) + " per unit and month";
        fee.unit = "number";
        fee.tax_category = "standard";
        plan.fees.reserve(16);
        plan.fees.push_back(std::move(fee));
        return plan.fees.back();
    }
    catalog::UnitPrice price(std::string_view amount, std::string_view unit,
                             std::uint16_t meter) const {
        const std::int64_t per = *units_in(*unit_named(unit), *version->meters[meter - 1U].unit);
        return {decimal(amount), per, std::string(amount) + " per " + std::string(unit)};
    }
    catalog::UsageCharge& usage(catalog::Plan& plan, std::string_view amount, std::string_view unit,
                                std::uint16_t meter = 1) {
        catalog::UsageCharge charge;
        charge.id = ComponentId{next_component++};
        charge.name = charge.title = version->meters[meter - 1U].name;
        charge.meter = MeterId{meter};
        charge.bands = {{INT64_MAX, price(amount, unit, meter)}};
        charge.tax_category = "standard";
        plan.charges.reserve(16);
        plan.charges.push_back(std::move(charge));
        return plan.charges.back();
    }
    static catalog::Share share(std::uint32_t partner, std::int64_t percent) {
        return {PartnerId{partner}, "partner " + std::to_string(partner), Exact(percent), {}};
    }
    catalog::Discount& discount(catalog::Plan& plan, std::vector<ComponentId> on,
                                std::int64_t percent, std::string_view amount = "") {
        catalog::Discount discount;
        discount.id = ComponentId{next_component++};
        discount.name = discount.title = "discount " + std::to_string(discount.id.value);
        discount.on = std::move(on);
        discount.percent = Exact(percent);
        if (!amount.empty()) discount.amount = decimal(amount);
        plan.discounts.push_back(std::move(discount));
        return plan.discounts.back();
    }

    AccountId account(const std::string& name, const std::string& parent = "", bool pays = true,
                      unsigned bill_day = 1) {
        const AccountId id{static_cast<std::uint32_t>(facts.accounts.size()) + 1};
        AccountFact fact;
        fact.id = id;
        fact.name = name;
        fact.parent = parent.empty() ? AccountId{} : account_ids.at(parent);
        fact.bill_day = bill_day;
        facts.accounts.push_back(fact);
        account_ids[name] = id;
        if (pays) pays_from(name, Date::of(2020, 1, 1), true);
        return id;
    }
    void pays_from(const std::string& name, Date from, bool pays) {
        facts.pays.push_back({account_ids.at(name), from, pays});
    }
    SubscriptionId subscribe(const std::string& account, PlanId plan, Date from,
                             std::int64_t quantity = 1, GroupId group = {}) {
        const SubscriptionId id{static_cast<std::uint32_t>(facts.subscriptions.size()) + 1};
        facts.subscriptions.push_back(
            {id, "SIM-" + std::to_string(id.value), account_ids.at(account), group});
        facts.plans.push_back({id, from, plan});
        facts.quantities.push_back({id, from, quantity});
        return id;
    }
    void quantity(SubscriptionId id, Date from, std::int64_t quantity) {
        facts.quantities.push_back({id, from, quantity});
    }

    catalog::Snapshot snapshot() const {
        auto all = versions;
        all.push_back(version);
        return catalog::Snapshot(all);
    }
    directory::Directory directory() const {
        auto folded = directory::Directory::fold(facts, TimeZone::utc());
        EXPECT_TRUE(folded.has_value()) << (folded ? "" : folded.error().to_string());
        return *std::move(folded);
    }

    // A counter with one segment, posted as rating would have.
    rating::Counter& counter(ComponentId component, OwnerKind kind, std::uint32_t owner,
                             DatePeriod window, AccountId payer, std::int64_t quantity,
                             std::uint64_t item = 0) {
        auto made = std::make_shared<rating::Counter>();
        made->key = {Perspective::retail, kind, owner, component, item, window.first};
        made->window_end = window.end;
        rating::Segment segment;
        segment.start = TimeZone::utc().start_of(window.first);
        segment.version = VersionNo{1};
        segment.payer = payer;
        segment.quantity = quantity;
        segment.records = 1;
        made->segments.push_back(segment);
        counters.push_back(std::move(made));
        return *counters.back();
    }
    // Fills what rating posts: each segment's price to the atom, and its partners' parts.
    void post_counters(const catalog::Snapshot& snapshot,
                       const directory::Directory& directory) const {
        for (const auto& counter : counters) {
            const auto priced = rating::price_segments(snapshot, directory, *counter);
            for (std::size_t i = 0; i < priced.size(); ++i) {
                const auto atoms = [&](const Exact& exact) {
                    return *narrow64(money_of(exact, version->currency)->atoms);
                };
                rating::Segment& segment = counter->segments[i];
                segment.posted_atoms = atoms(priced[i].price);
                segment.posted_shares.clear();
                for (const catalog::Plan& plan : version->plans) {
                    for (const auto& charge : plan.charges) {
                        if (charge.id != counter->key.component) continue;
                        for (const auto& share : charge.shares) {
                            segment.posted_shares.emplace_back(
                                share.partner, atoms(priced[i].price * share.percent / Exact(100)));
                        }
                    }
                }
            }
        }
    }

    struct Earlier {
        std::vector<BilledAmount> billed;
        std::vector<Entry> posted;
    };
    Result<Bill> try_bill(const std::string& payer, DatePeriod cycle, const Earlier& earlier = {},
                          std::vector<Adjustment> adjustments = {}) const {
        const auto catalog = snapshot();
        const auto folded = directory();
        post_counters(catalog, folded);
        Input input{catalog, folded, account_ids.at(payer), cycle, cycle.end};
        input.billed = earlier.billed;
        input.posted = earlier.posted;
        input.adjustments = std::move(adjustments);
        return bill_with(std::move(input));
    }
    // A note over `original`, by hand where there are adjustments.
    Result<Bill> try_note(const Invoice& original, const Earlier& earlier,
                          std::vector<Adjustment> adjustments = {}) const {
        const auto catalog = snapshot();
        const auto folded = directory();
        post_counters(catalog, folded);
        Input input{catalog, folded, original.payer, original.period, original.period.end};
        input.billed = earlier.billed;
        input.posted = earlier.posted;
        input.by_hand = !adjustments.empty();
        input.adjustments = std::move(adjustments);
        input.corrects = &original;
        return bill_with(std::move(input));
    }
    Result<Bill> bill_with(Input input) const {
        for (const auto& counter : counters) {
            for (const auto& segment : counter->segments) {
                if (segment.payer == input.payer) {
                    input.counters.push_back(counter.get());
                    break;
                }
            }
        }
        return billing::bill(input);
    }
    Bill bill(const std::string& payer, DatePeriod cycle, const Earlier& earlier = {},
              std::vector<Adjustment> adjustments = {}) const {
        auto result = try_bill(payer, cycle, earlier, std::move(adjustments));
        EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().to_string());
        if (!result) return {};
        for (const Entry& entry : result->entries) EXPECT_TRUE(ledger::is_balanced(entry));
        return *std::move(result);
    }
    Earlier after(const Bill& bill, Earlier earlier = {}) const {
        for (const BilledAmount& amount :
             billed_by(bill.invoice, version->documents.group_per_account)) {
            earlier.billed.push_back(amount);
        }
        earlier.posted.insert(earlier.posted.end(), bill.entries.begin(), bill.entries.end());
        return earlier;
    }
};

inline DatePeriod month(int year, unsigned month) {
    return cycle_of(Date::of(year, month, 1), 1);
}
const DatePeriod kJune = month(2026, 6);

// Of 2026.
inline Date day(unsigned month, unsigned of_month) {
    return Date::of(2026, month, of_month);
}

// "50 250.0000" per line: quantity and amount as on paper.
inline std::vector<std::string> shown(const Invoice& invoice) {
    std::vector<std::string> lines;
    for (const InvoiceLine& line : invoice.lines) {
        lines.push_back(line.quantity.to_decimal(3) + " " +
                        line.amount.to_string(invoice.line_digits));
    }
    return lines;
}
inline std::string total(const Invoice& invoice) {
    return invoice.lines_total.to_string(invoice.line_digits);
}

// Atoms that entries move on an account.
inline i128 moved(const std::vector<Entry>& entries, LedgerAccount account) {
    i128 sum = 0;
    for (const Entry& entry : entries) {
        for (const Posting& posting : entry.postings) {
            if (posting.account == account) sum += posting.atoms;
        }
    }
    return sum;
}

}  // namespace farthing::billing
