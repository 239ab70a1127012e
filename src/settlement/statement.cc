#include "settlement/statement.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "settlement/shares.h"

namespace farthing::settlement {
namespace {

std::string name_of_document(const Invoice& invoice) {
    if (!invoice.number.empty()) return invoice.number;
    return invoice.id ? fmt::format("document {}", invoice.id.value) : "draft";
}

using PerPartner = std::map<std::pair<Currency, PartnerId>, Statement>;

std::vector<Statement> values_of(PerPartner statements) {
    std::vector<Statement> list;
    for (auto& [key, statement] : statements) list.push_back(std::move(statement));
    return list;
}

Statement& statement_for(PerPartner& statements, const Invoice& invoice, const PartnerPart& part) {
    Statement fresh;
    fresh.partner = part.partner;
    fresh.partner_name = part.name;
    fresh.period = invoice.period;
    fresh.currency = invoice.currency;
    fresh.charged = fresh.share = fresh.kept = {0, invoice.currency};
    return statements.try_emplace({invoice.currency, part.partner}, std::move(fresh)).first->second;
}

}  // namespace

std::vector<Statement> statements_of(const catalog::Snapshot& catalog, const Invoice& invoice) {
    PerPartner statements;
    for (const SharedLine& shared : shared_lines(catalog, invoice)) {
        const Statement* last = nullptr;
        for (const PartnerPart& part : shared.parts) {
            Statement& statement = statement_for(statements, invoice, part);
            statement.lines.push_back({shared.line->text, shared.line->number,
                                       name_of_document(invoice), shared.charged, part.percent,
                                       part.share});
            statement.share.atoms += part.share.atoms;
            if (&statement == last) continue;  // two shares of one partner are of the same charge
            last = &statement;
            statement.charged.atoms += shared.charged.atoms;
            statement.kept.atoms += shared.kept.atoms;
        }
    }
    return values_of(std::move(statements));
}

std::vector<Statement> merge(std::span<const Statement> statements) {
    PerPartner merged;
    for (const Statement& statement : statements) {
        const auto [at, fresh] =
            merged.try_emplace({statement.currency, statement.partner}, statement);
        if (fresh) continue;
        Statement& into = at->second;
        into.period.first = std::min(into.period.first, statement.period.first);
        into.period.end = std::max(into.period.end, statement.period.end);
        into.lines.insert(into.lines.end(), statement.lines.begin(), statement.lines.end());
        into.charged.atoms += statement.charged.atoms;
        into.share.atoms += statement.share.atoms;
        into.kept.atoms += statement.kept.atoms;
    }
    return values_of(std::move(merged));
}

}  // namespace farthing::settlement
