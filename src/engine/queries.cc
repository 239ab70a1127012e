// Reading back: rated records, charges, suspended records, in words.
#include <algorithm>
#include <map>

#include "engine/find.h"
#include "engine/reasons.h"
#include "rating/pricing.h"
#include "store/archive.h"

namespace farthing::engine {

namespace {

// Files of one table, by the batch that registered them.
Result<std::map<BatchId, std::vector<std::string>>> files_by_batch(const Engine::State& state,
                                                                   const std::string& table) {
    FARTHING_TRY(const auto rows, state.store->files(table));
    std::map<BatchId, std::vector<std::string>> found;
    for (const auto& row : rows) found[row.batch].push_back(row.path);
    return found;
}

}  // namespace

const catalog::UsageCharge* find_charge(const catalog::Version& version, ComponentId id,
                                        const catalog::Plan** plan) {
    const rating::PlannedCharge found = rating::find_charge(version, id);
    if (plan != nullptr && found.plan != nullptr) *plan = found.plan;
    return found.charge;
}

std::string owner_name(const directory::Directory& directory, OwnerKind kind, std::uint32_t owner) {
    switch (kind) {
        case OwnerKind::subscription: return directory.subscription({owner}).fact.name;
        case OwnerKind::group: return directory.group({owner}).fact.name;
        case OwnerKind::account: return directory.account({owner}).fact.name;
    }
    return {};
}

std::string ledger_account_name(const Engine::State& state, LedgerAccount account) {
    std::string name(name_of(account.kind));
    switch (account.kind) {
        case LedgerKind::unbilled:
        case LedgerKind::receivable:
        case LedgerKind::adjustment:
            return name + "/" + state.directory.account({account.ref}).fact.name;
        case LedgerKind::revenue:
        case LedgerKind::discount:
        case LedgerKind::cost:
        case LedgerKind::attribution:
            if (account.ref == 0) return name;
            return name + "/" + state.names.name_of(NameTable::Kind::component, account.ref);
        case LedgerKind::share_cost:
        case LedgerKind::partner:
        case LedgerKind::payable:
            return name + "/" + state.names.name_of(NameTable::Kind::partner, account.ref);
        case LedgerKind::rounding:
        case LedgerKind::tax: return name;
    }
    return name;
}

Result<std::string> Engine::feed_text(const std::string& name) const {
    const auto feed = state_->feeds.find(name);
    if (feed == state_->feeds.end())
        return fail(EngineReason::feed_unknown, "no feed is named \"" + name + "\"");
    return feed->second.feed.text;
}

Result<void> Engine::each_rated_record(const std::function<void(const RatedRecord&)>& visit) {
    State& s = *state_;
    FARTHING_TRY(const auto usage_files, files_by_batch(s, "usage"));
    FARTHING_TRY(const auto rated_files, files_by_batch(s, "rated_usage"));
    FARTHING_TRY(const auto source_rows, s.store->sources());
    std::map<SourceId, std::string> paths;
    for (const auto& row : source_rows) paths[row.source.id] = row.source.path;
    for (const auto& [batch, files] : rated_files) {
        std::unordered_map<std::int64_t, store::UsageRow> usage;
        const auto recorded = usage_files.find(batch);
        for (const std::string& file :
             recorded == usage_files.end() ? std::vector<std::string>{} : recorded->second) {
            FARTHING_TRY(auto rows, store::read_usage(s.store->archive_folder() / file, {}));
            for (store::UsageRow& row : rows) usage.emplace(row.row, std::move(row));
        }
        std::vector<store::RatedRow> rated;
        for (const std::string& file : files) {
            FARTHING_TRY(auto rows, store::read_rated(s.store->archive_folder() / file, {}));
            std::move(rows.begin(), rows.end(), std::back_inserter(rated));
        }
        std::stable_sort(rated.begin(), rated.end(),
                         [](const auto& a, const auto& b) { return a.row < b.row; });
        for (const store::RatedRow& row : rated) {
            RatedRecord record;
            record.id = "rec-" + std::to_string(batch.value) + "-" + std::to_string(row.row);
            if (row.perspective == Perspective::cost) record.id += "-cost";
            const directory::Directory& directory = s.directory_of(row.perspective);
            record.perspective = row.perspective;
            if (const auto found = usage.find(row.row); found != usage.end()) {
                record.file = paths[found->second.source];
                record.line = found->second.line;
            }
            const catalog::Version& version = *s.catalog.numbered(row.version);
            record.subscription = row.subscription
                                      ? directory.subscription(row.subscription).fact.name
                                      : owner_name(directory, row.owner_kind, row.owner);
            record.payer = directory.account(row.payer).fact.name;
            if (const catalog::UsageCharge* charge = find_charge(version, row.component, nullptr)) {
                const catalog::Meter& meter = *version.meter(charge->meter);
                record.meter = meter.name;
                record.unit = std::string(meter.unit->name);
            }
            record.charge = s.names.name_of(NameTable::Kind::component, row.component.value);
            record.start = row.start;
            record.quantity = row.billable;
            record.from = row.from;
            record.to = row.to;
            record.amount = Money{row.charge_atoms, version.currency};
            visit(record);
        }
    }
    return {};
}

Result<std::vector<SubscriptionCharge>> Engine::charges(const std::string& subscription) {
    State& s = *state_;
    const SubscriptionId id = s.directory.subscription_named(subscription);
    if (!id)
        return fail(DirectoryReason::unknown_subscription,
                    "no subscription is named \"" + subscription + "\"");
    store::RatedFilter filter;
    filter.subscription = id;
    std::map<ComponentId, SubscriptionCharge> sums;
    FARTHING_TRY(const auto files, s.store->files("rated_usage"));
    for (const auto& file : files) {
        FARTHING_TRY(const auto rows,
                     store::read_rated(s.store->archive_folder() / file.path, filter));
        for (const store::RatedRow& row : rows) {
            if (row.perspective != Perspective::retail) continue;
            SubscriptionCharge& sum = sums[row.component];
            const catalog::Version& version = *s.catalog.numbered(row.version);
            if (const catalog::UsageCharge* charge = find_charge(version, row.component, nullptr)) {
                sum.meter = version.meter(charge->meter)->name;
            }
            sum.charge = s.names.name_of(NameTable::Kind::component, row.component.value);
            sum.amount.currency = version.currency;
            sum.amount.atoms += row.charge_atoms;
        }
    }
    std::vector<SubscriptionCharge> found;
    for (auto& [component, sum] : sums) found.push_back(std::move(sum));
    return found;
}

}  // namespace farthing::engine
