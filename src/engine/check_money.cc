// What vouchers, transfers and packages moved, against the ledger.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/decimal.h"
#include "engine/prepaid_fees.h"

namespace farthing::engine {

namespace {

using Sums = std::map<LedgerAccount, i128>;

Sums sums_posted(const std::vector<Entry>& entries, EntryKind kind) {
    Sums sums;
    for (const Entry& entry : entries) {
        if (entry.kind != kind) continue;
        for (const Posting& posting : entry.postings) sums[posting.account] += posting.atoms;
    }
    std::erase_if(sums, [](const auto& one) { return one.second == 0; });
    return sums;
}

}  // namespace

std::set<ComponentId> packages_sold(const Engine::State& state) {
    std::set<ComponentId> packages;
    for (const BucketFact& fact : state.directory.bucket_facts()) packages.insert(fact.package);
    return packages;
}

namespace {

CheckLine check_packages(const Engine::State& state, const std::vector<Entry>& entries) {
    std::map<std::pair<AccountId, ComponentId>, i128> sums;
    i128 sum = 0;
    std::int64_t sold = 0;
    for (const BucketFact& fact : state.directory.bucket_facts()) {
        if (!fact.payer) continue;
        sums[{fact.payer, fact.package}] += fact.price_atoms;
        sum += fact.price_atoms;
        sold += 1;
    }
    const auto packages = packages_sold(state);
    for (const Entry& entry : entries) {
        if (entry.kind != EntryKind::fee || entry.invoice) continue;
        if (!packages.contains(entry.component)) continue;
        for (const Posting& posting : entry.postings)
            if (posting.account == LedgerAccount{LedgerKind::unbilled, entry.payer.value})
                sums[{entry.payer, entry.component}] -= posting.atoms;
    }
    const bool ok = std::ranges::all_of(sums, [](const auto& one) { return one.second == 0; });
    const Currency currency = state.catalog.newest().currency;
    return {"packages",
            ok,
            fmt::format("{} bought, {} {} = posted; {} given", grouped(sold),
                        Money{sum, currency}.to_string(), currency.code(),
                        grouped(std::ssize(state.directory.bucket_facts()) - sold)),
            {}};
}

}  // namespace

Result<std::vector<CheckLine>> check_moved_money(Engine::State& state) {
    std::vector<CheckLine> lines;
    FARTHING_TRY(const auto batches, state.store->voucher_batches());
    FARTHING_TRY(const auto transfers, state.store->transfers({}));
    const bool packages = state.directory.has_buckets();
    if (batches.empty() && transfers.empty() && !packages) return lines;
    FARTHING_TRY(const auto entries, state.store->entries({}));
    if (packages) lines.push_back(check_packages(state, entries));
    const Currency currency = state.catalog.newest().currency;
    const auto add = [&](std::string name, Sums sums, EntryKind kind, std::string text) {
        std::erase_if(sums, [](const auto& one) { return one.second == 0; });
        lines.push_back({std::move(name), sums == sums_posted(entries, kind), std::move(text), {}});
    };
    if (!batches.empty()) {
        Sums sums;
        i128 sum = 0;
        std::int64_t count = 0;
        for (const VoucherBatch& batch : batches) {
            FARTHING_TRY(const auto redeemed, state.store->redeemed_vouchers(batch.id));
            for (const RedeemedVoucher& one : redeemed) {
                sums[{LedgerKind::vouchers, batch.seller.value}] += batch.atoms;
                sums[{LedgerKind::prepaid, one.account.value}] -= batch.atoms;
                sum += batch.atoms;
                count += 1;
            }
        }
        add("vouchers", std::move(sums), EntryKind::voucher,
            fmt::format("{} redeemed, {} {} = posted", grouped(count),
                        Money{sum, currency}.to_string(), currency.code()));
    }
    if (!transfers.empty()) {
        Sums sums;
        i128 sum = 0;
        for (const Transfer& one : transfers) {
            sums[{LedgerKind::prepaid, one.from.value}] += one.atoms;
            sums[{LedgerKind::prepaid, one.to.value}] -= one.atoms;
            sum += one.atoms;
        }
        add("transfers", std::move(sums), EntryKind::transfer,
            fmt::format("{} transfers, {} {} = posted", grouped(std::ssize(transfers)),
                        Money{sum, currency}.to_string(), currency.code()));
    }
    return lines;
}

}  // namespace farthing::engine
