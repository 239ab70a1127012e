// Reading back: rated records, charges, suspended records, in words.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "engine/archive_online.h"
#include "engine/find.h"
#include "engine/reasons.h"
#include "engine/retention.h"
#include "engine/standing.h"
#include "rating/pricing.h"
#include "store/archive.h"

namespace farthing::engine {

namespace {

// The usage rows that rated rows are of.
Result<std::map<RecordPosition, store::UsageRow>> usage_of(
    const Engine::State& state, const std::vector<store::Store::FileRow>& files,
    const std::vector<store::RatedRow>& rated) {
    std::map<RecordPosition, store::UsageRow> usage;
    std::set<BatchId> batches;
    for (const store::RatedRow& row : rated) {
        if (row.row < 0) continue;
        usage[{row.record_batch, row.row}];
        batches.insert(row.record_batch);
    }
    const auto take = [&](std::span<store::UsageRow> rows) {
        for (store::UsageRow& row : rows) {
            const auto found = usage.find({row.batch, row.row});
            if (found != usage.end()) found->second = std::move(row);
        }
    };
    for (const auto& file : files) {
        if (file.may_hold_any(batches))
            FARTHING_CHECK(store::each_usage(state.store->archive_folder() / file.path, {}, take));
    }
    return usage;
}

Result<std::vector<store::RatedRow>> rated_of(const Engine::State& state,
                                              const std::vector<store::Store::FileRow>& files,
                                              BatchId batch) {
    std::vector<store::RatedRow> rated;
    store::RatedFilter filter;
    filter.batch = batch;
    for (const auto& file : files) {
        if (!file.may_hold(batch)) continue;
        FARTHING_TRY(auto rows,
                     store::read_rated(state.store->archive_folder() / file.path, filter));
        std::move(rows.begin(), rows.end(), std::back_inserter(rated));
    }
    std::ranges::stable_sort(rated, {}, &store::RatedRow::row);
    return rated;
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

Result<std::set<SubscriptionId>> subscriptions_named(const Engine::State& state,
                                                     const std::string& account,
                                                     const std::string& subscription) {
    const directory::Directory& directory = state.directory;
    std::set<SubscriptionId> found;
    std::vector<AccountId> open;
    if (account.empty()) {
        for (const auto& one : directory.subscriptions()) found.insert(one.fact.id);
    } else {
        open.push_back(directory.account_named(account));
        if (!open.back())
            return fail(DirectoryReason::unknown_account,
                        "no account is named \"" + account + "\"");
    }
    while (!open.empty()) {
        const AccountId next = open.back();
        open.pop_back();
        for (const SubscriptionId id : directory.subscriptions_of(next)) found.insert(id);
        const auto& children = directory.account(next).children;
        open.insert(open.end(), children.begin(), children.end());
    }
    if (subscription.empty()) return found;
    const SubscriptionId id = directory.subscription_named(subscription);
    if (!id)
        return fail(DirectoryReason::unknown_subscription,
                    "no subscription is named \"" + subscription + "\"");
    return found.contains(id) ? std::set{id} : std::set<SubscriptionId>();
}

std::string ledger_account_name(const Engine::State& state, LedgerAccount account) {
    std::string name(name_of(account.kind));
    switch (account.kind) {
        case LedgerKind::unbilled:
        case LedgerKind::receivable:
        case LedgerKind::adjustment:
        case LedgerKind::prepaid:
        case LedgerKind::vouchers:
            if (account.ref == 0) return name;
            return name + "/" + state.directory.account({account.ref}).fact.name;
        case LedgerKind::revenue:
        case LedgerKind::discount:
        case LedgerKind::cost:
            if (account.ref == 0) return name;
            return name + "/" + state.names.name_of(NameTable::Kind::component, account.ref);
        case LedgerKind::share_cost:
        case LedgerKind::partner:
        case LedgerKind::payable:
            return name + "/" + state.names.name_of(NameTable::Kind::partner, account.ref);
        case LedgerKind::rounding:
        case LedgerKind::cash:
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
    if (!s.catalog.empty()) FARTHING_CHECK(archive_online(s));
    FARTHING_TRY(const auto usage_files, s.store->files("usage"));
    FARTHING_TRY(const auto rated_files, s.store->files("rated_usage"));
    FARTHING_TRY(const auto source_rows, s.store->sources());
    FARTHING_TRY(const auto batches, s.store->batches());
    std::map<SourceId, std::string> paths;
    for (const auto& row : source_rows) paths[row.source.id] = row.source.path;
    for (const store::BatchRow& batch : batches) {
        FARTHING_TRY(const auto rated, rated_of(s, rated_files, batch.id));
        FARTHING_TRY(const auto usage, usage_of(s, usage_files, rated));
        for (const store::RatedRow& row : rated) {
            RatedRecord record;
            record.id = fmt::format("rec-{}-{}", row.record_batch.value, row.row);
            if (row.perspective == Perspective::cost) record.id += "-cost";
            const directory::Directory& directory = s.directory_of(row.perspective);
            record.perspective = row.perspective;
            if (const auto found = usage.find({row.record_batch, row.row}); found != usage.end()) {
                const store::UsageRow& row_of_it = found->second;
                record.file = row_of_it.source ? paths[row_of_it.source]
                                               : online_source(row_of_it.id, row_of_it.line);
                record.line = row_of_it.line;
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

namespace {

// What was charged while it happened, by meter.
Result<std::vector<SubscriptionCharge>> online_charges(Engine::State& s, SubscriptionId id) {
    std::map<MeterId, SubscriptionCharge> sums;
    FARTHING_CHECK(s.store->each_online_use([&](BatchId, const OnlineUse& use) {
        if (use.subscription != id || use.outcome == Outcome::suspended) return;
        SubscriptionCharge& sum = sums[use.meter];
        sum.meter = s.names.name_of(NameTable::Kind::meter, use.meter.value);
        sum.charge = "online";
        sum.amount.currency = s.catalog.newest().currency;
        sum.amount.atoms += use.charge_atoms;
    }));
    std::vector<SubscriptionCharge> found;
    for (auto& [meter, sum] : sums) found.push_back(std::move(sum));
    return found;
}

}  // namespace

Result<std::vector<SubscriptionCharge>> Engine::charges(const std::string& subscription) {
    State& s = *state_;
    const SubscriptionId id = s.directory.subscription_named(subscription);
    if (!id)
        return fail(DirectoryReason::unknown_subscription,
                    "no subscription is named \"" + subscription + "\"");
    FARTHING_CHECK(require_kept(s, Date::min()));
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
    FARTHING_TRY(found, online_charges(s, id));
    for (auto& [component, sum] : sums) found.push_back(std::move(sum));
    return found;
}

}  // namespace farthing::engine
