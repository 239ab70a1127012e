// What a customer used, record by record, out of the archive.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/archive_online.h"
#include "engine/find.h"
#include "engine/reasons.h"
#include "engine/standing.h"

namespace farthing::engine {

namespace {

// What records came to in all, corrections included.
Result<std::map<RecordPosition, i128>> charges_of(const Engine::State& state,
                                                  const std::vector<SubscriptionId>& who,
                                                  const UsageRows& rows) {
    std::map<RecordPosition, i128> charges;
    store::RatedFilter filter;
    filter.perspective = Perspective::retail;
    filter.subscriptions = &who;
    FARTHING_TRY(const auto files, state.store->files("rated_usage"));
    for (const auto& file : files) {
        if (!file.may_hold_any(who)) continue;
        FARTHING_TRY(const auto rated,
                     store::read_rated(state.store->archive_folder() / file.path, filter));
        for (const store::RatedRow& row : rated) {
            const RecordPosition position{row.record_batch, row.row};
            if (rows.contains(position)) charges[position] += row.charge_atoms;
        }
    }
    return charges;
}

class Words {
  public:
    explicit Words(const Engine::State& state) : state_(state) {}
    Result<void> open() {
        FARTHING_TRY(const auto sources, state_.store->sources());
        for (const auto& row : sources) paths_[row.source.id] = row.source.path;
        return {};
    }
    UsageLogRow of(const RecordPosition& position, const store::UsageRow& row, i128 atoms) const {
        const catalog::Version& newest = state_.catalog.newest();
        UsageLogRow told;
        told.id = fmt::format("rec-{}-{}", position.batch.value, position.row);
        told.start = row.start;
        told.end = row.end;
        told.subscription = state_.directory.subscription(row.subscription).fact.name;
        told.meter = state_.names.name_of(NameTable::Kind::meter, row.meter.value);
        if (const catalog::Meter* meter = newest.meter(row.meter)) told.unit = meter->unit->name;
        told.quantity = row.quantity;
        told.network = to_string(row.network);
        told.calling = row.calling;
        told.called = row.called;
        told.outcome = name_of(row.outcome);
        told.charge = Money{atoms, newest.currency};
        const auto path = paths_.find(row.source);
        if (path != paths_.end()) told.file = path->second;
        told.line = row.line;
        if (!row.source) told.file = online_source(row.id, row.line);
        return told;
    }

  private:
    const Engine::State& state_;
    std::map<SourceId, std::string> paths_;
};

}  // namespace

Result<std::vector<UsageLogRow>> Engine::usage_log(const UsageLogFilter& filter) try {
    State& s = *state_;
    if (s.catalog.empty()) return fail(EngineReason::catalog_none);
    FARTHING_TRY(const auto named, subscriptions_named(s, filter.account, filter.subscription));
    const std::vector<SubscriptionId> who(named.begin(), named.end());
    FARTHING_CHECK(archive_online(s));
    StandingRecords archive(s);
    FARTHING_CHECK(archive.open());
    store::UsageFilter usage;
    usage.subscriptions = &who;
    if (filter.period) usage.start = s.zone().period_of(*filter.period);
    FARTHING_TRY(UsageRows rows, archive.usage(nullptr, usage));
    rows.erase_if([](const auto& row) { return row.second.outcome == Outcome::duplicate; });
    FARTHING_TRY(const auto charges, charges_of(s, who, rows));
    Words words(s);
    FARTHING_CHECK(words.open());
    std::vector<UsageLogRow> log;
    for (const auto& [position, row] : rows) {
        const auto charge = charges.find(position);
        log.push_back(words.of(position, row, charge == charges.end() ? 0 : charge->second));
    }
    std::ranges::stable_sort(log, {}, &UsageLogRow::start);
    return log;
} catch (const StoreFailure& failure) {
    return fail(failure.error);
}

}  // namespace farthing::engine
