#include "billing/postings.h"

#include <tuple>

#include "settlement/shares.h"

namespace farthing::billing {
namespace {

class Poster {
  public:
    explicit Poster(const Context& context) : context_(context) {
        for (const Entry& entry : context.input().posted) {
            for (const Posting& posting : entry.postings) {
                earlier_[{entry.kind, entry.component, entry.period, posting.account}] +=
                    posting.atoms;
            }
        }
    }

    LedgerAccount unbilled() const { return {LedgerKind::unbilled, context_.input().payer.value}; }

    // What earlier documents' entries of that kind moved on the account.
    i128 earlier(EntryKind kind, ComponentId component, DatePeriod period,
                 LedgerAccount account) const {
        const auto found = earlier_.find({kind, component, period, account});
        return found == earlier_.end() ? 0 : found->second;
    }

    // Whose part of pools earlier documents' entries moved here.
    std::vector<AccountId> owners_before(ComponentId component, DatePeriod period) const {
        std::vector<AccountId> owners;
        for (auto at = earlier_.lower_bound({EntryKind::attribution, component, period, {}});
             at != earlier_.end(); ++at) {
            const auto& [kind, of, when, account] = at->first;
            if (kind != EntryKind::attribution || of != component || when != period) break;
            if (account != unbilled()) owners.push_back({account.ref});
        }
        return owners;
    }

    Result<void> move(EntryKind kind, ComponentId component, DatePeriod period, LedgerAccount debit,
                      LedgerAccount credit, i128 atoms) {
        const auto narrow = narrow64(atoms);
        auto at = builders_.find({kind, component, period});
        if (at == builders_.end()) {
            Entry header;
            header.kind = kind;
            header.payer = context_.input().payer;
            header.component = component;
            header.period = period;
            header.currency = context_.currency();
            at =
                builders_.emplace(std::tuple(kind, component, period), ledger::EntryBuilder(header))
                    .first;
        }
        if (!narrow || !at->second.move(debit, credit, *narrow)) {
            return fail(BillingReason::amount_out_of_range,
                        "the document's entries do not fit in postings");
        }
        return {};
    }

    std::vector<Entry> finish() {
        std::vector<Entry> entries;
        for (auto& [key, builder] : builders_) {
            if (!builder.empty()) entries.push_back(std::move(builder).finish());
        }
        return entries;
    }

  private:
    const Context& context_;
    std::map<std::tuple<EntryKind, ComponentId, DatePeriod, LedgerAccount>, i128> earlier_;
    std::map<std::tuple<EntryKind, ComponentId, DatePeriod>, ledger::EntryBuilder> builders_;
};

constexpr LedgerAccount kRounding{LedgerKind::rounding, 0};

Result<i128> atoms_of(const Exact& exact, Currency currency) {
    const auto money = money_of(exact, currency);
    if (!money) return fail(BillingReason::amount_out_of_range);
    return money->atoms;
}

// What this payer pays of what rating posted to the owners of pools.
Result<void> post_of_owners(Poster& poster, ComponentId component, DatePeriod cycle,
                            const Total& total) {
    std::map<AccountId, std::int64_t> wanted = total.of_owners;
    for (const AccountId owner : poster.owners_before(component, cycle)) wanted.try_emplace(owner);
    for (const auto& [owner, atoms] : wanted) {
        const LedgerAccount theirs{LedgerKind::unbilled, owner.value};
        const i128 moved = -poster.earlier(EntryKind::attribution, component, cycle, theirs);
        FARTHING_CHECK(poster.move(EntryKind::attribution, component, cycle, poster.unbilled(),
                                   theirs, atoms - moved));
    }
    return {};
}

// `exact` is what revenue must stand at and `lines` what the customer is asked for, both in all.
Result<void> post_totals(const Context& context, Poster& poster, const Totals& fees,
                         const Totals& usage) {
    for (const auto& [key, total] : fees) {
        const auto& [component, cycle] = key;
        FARTHING_TRY(const i128 revenue, atoms_of(total.exact, context.currency()));
        const i128 before = poster.earlier(EntryKind::fee, component, cycle, poster.unbilled());
        FARTHING_CHECK(poster.move(EntryKind::fee, component, cycle, poster.unbilled(),
                                   {LedgerKind::revenue, component.value}, revenue - before));
        const i128 rounded =
            poster.earlier(EntryKind::rounding, component, cycle, poster.unbilled());
        FARTHING_CHECK(poster.move(EntryKind::rounding, component, cycle, poster.unbilled(),
                                   kRounding, total.lines.atoms - revenue - rounded));
    }
    for (const auto& [key, total] : usage) {
        const auto& [component, cycle] = key;
        FARTHING_CHECK(post_of_owners(poster, component, cycle, total));
        const i128 rounded =
            poster.earlier(EntryKind::rounding, component, cycle, poster.unbilled());
        FARTHING_CHECK(
            poster.move(EntryKind::rounding, component, cycle, poster.unbilled(), kRounding,
                        total.lines.atoms - total.rated_atoms - total.shifted_atoms - rounded));
    }
    return {};
}

Result<void> post_lines(const Context& context, Poster& poster, const Invoice& invoice) {
    for (const InvoiceLine& line : invoice.lines) {
        if (line.kind == LineKind::discount) {
            FARTHING_TRY(const i128 atoms, atoms_of(line.exact, context.currency()));
            FARTHING_CHECK(poster.move(EntryKind::discount, line.component, line.cycle,
                                       poster.unbilled(),
                                       {LedgerKind::discount, line.component.value}, atoms));
            FARTHING_CHECK(poster.move(EntryKind::rounding, line.component, line.cycle,
                                       poster.unbilled(), kRounding, line.amount.atoms - atoms));
        } else if (line.kind == LineKind::adjustment) {
            FARTHING_CHECK(poster.move(EntryKind::adjustment, {}, invoice.period, poster.unbilled(),
                                       {LedgerKind::adjustment, invoice.payer.value},
                                       line.amount.atoms));
        }
    }
    return {};
}

Result<void> post_share(Poster& poster, const InvoiceLine& line, PartnerId partner, i128 atoms) {
    return poster.move(EntryKind::share, line.component, line.cycle,
                       {LedgerKind::share_cost, partner.value},
                       {LedgerKind::partner, partner.value}, atoms);
}

// Of fees and discounts: what the statement says. Of usage: what rating and earlier documents have
// not posted yet.
Result<void> post_shares(const Context& context, Poster& poster, const Invoice& invoice,
                         const Totals& usage, const std::vector<InvoiceLine>& usage_lines) {
    const catalog::Snapshot& catalog = context.input().catalog;
    for (const auto& shared : settlement::shared_lines(catalog, invoice)) {
        if (shared.line->kind == LineKind::usage) continue;
        for (const auto& part : shared.parts) {
            FARTHING_CHECK(post_share(poster, *shared.line, part.partner, part.share.atoms));
        }
    }
    Invoice clean;
    clean.currency = invoice.currency;
    clean.lines = usage_lines;
    std::map<std::pair<ComponentId, DatePeriod>, std::map<PartnerId, const InvoiceLine*>> settled;
    for (const auto& shared : settlement::shared_lines(catalog, clean)) {
        for (const auto& part : shared.parts) {
            FARTHING_CHECK(post_share(poster, *shared.line, part.partner, part.share.atoms));
            settled[{shared.line->component, shared.line->cycle}][part.partner] = shared.line;
        }
    }
    for (const auto& [key, partners] : settled) {
        const Total& total = usage.at(key);
        for (const auto& [partner, line] : partners) {
            const auto rated = total.rated_shares.find(partner);
            i128 posted = rated == total.rated_shares.end() ? 0 : rated->second;
            posted -= poster.earlier(EntryKind::share, key.first, key.second,
                                     {LedgerKind::partner, partner.value});
            FARTHING_CHECK(post_share(poster, *line, partner, -posted));
        }
    }
    return {};
}

}  // namespace

Result<std::vector<Entry>> entries_of(const Context& context, const Invoice& invoice,
                                      const Totals& fees, const Totals& usage,
                                      const std::vector<InvoiceLine>& usage_lines) {
    Poster poster(context);
    FARTHING_CHECK(post_totals(context, poster, fees, usage));
    FARTHING_CHECK(post_lines(context, poster, invoice));
    FARTHING_CHECK(post_shares(context, poster, invoice, usage, usage_lines));
    return poster.finish();
}

}  // namespace farthing::billing
