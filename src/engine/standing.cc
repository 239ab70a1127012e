#include "engine/standing.h"

#include <algorithm>
#include <functional>

#include "engine/batch.h"
#include "engine/carrier_view.h"
#include "engine/reasons.h"
#include "mediation/record_key.h"

namespace farthing::engine {

namespace {

rating::Contribution contribution_of(store::RatedRow& row) {
    rating::Contribution part;
    part.key = {row.perspective, row.owner_kind, row.owner,
                row.component,   row.item,       row.window_first};
    part.window_end = row.window_end;
    part.version = row.version;
    part.payer = row.payer;
    part.subscription = row.subscription;
    part.when = row.start;
    part.billable = row.billable;
    part.adds = {row.fees, row.below, row.below_quantity};
    part.days = std::move(row.days);
    part.charge = row.charge_atoms;
    part.fee = row.fee_atoms;
    return part;
}

// Takes off what a row of a correction takes back.
void take_off(Standing::Value& parts, rating::Contribution back) {
    back.billable = -back.billable;
    back.adds = rating::SessionTotals{} - back.adds;
    back.charge = -back.charge;
    back.fee = -back.fee;
    for (DayPart& day : back.days) day.billable = -day.billable;
    const auto found = std::ranges::find(parts, back);
    if (found != parts.end()) parts.erase(found);
}

// What rows of the archive make of records, in the order in which the rows were written.
class Changes {
  public:
    explicit Changes(std::size_t rows = 0) { rows_.reserve(rows); }
    void add(store::RatedRow& row) {
        if (row.row < 0) return;  // a repricing adds nothing
        if (row.taken_back) backs_.push_back(rows_.size());
        rows_.emplace_back(RecordPosition{row.record_batch, row.row}, Standing::Value())
            .second.push_back(contribution_of(row));
    }
    // What is left of each record after them.
    Standing standing() && {
        const auto goes_on = [](const Standing::Row& a, const Standing::Row& b) {
            return a.first < b.first;
        };
        const bool one_each =
            std::ranges::adjacent_find(rows_, std::not_fn(goes_on)) == rows_.end();
        if (one_each && backs_.empty()) return Standing(std::move(rows_));
        return merged();
    }

  private:
    Standing merged() {
        std::vector<std::pair<RecordPosition, std::size_t>> order;
        order.reserve(rows_.size());
        for (std::size_t i = 0; i < rows_.size(); ++i) order.emplace_back(rows_[i].first, i);
        if (!std::ranges::is_sorted(order)) std::ranges::sort(order);
        std::vector<Standing::Row> rows;
        rows.reserve(order.size());
        for (const auto& [position, at] : order) {
            if (rows.empty() || rows.back().first != position) rows.push_back({position, {}});
            auto& parts = rows.back().second;
            if (std::ranges::binary_search(backs_, at)) {
                take_off(parts, std::move(rows_[at].second.front()));
            } else {
                parts.push_back(std::move(rows_[at].second.front()));
            }
        }
        return Standing(std::move(rows));
    }

    std::vector<Standing::Row> rows_;  // of one part each
    std::vector<std::size_t> backs_;   // which of them take back; ascending
};

store::RatedFilter rated_of(Perspective side, store::Footers* footers) {
    store::RatedFilter filter;
    filter.perspective = side;
    filter.footers = footers;
    filter.columns = store::Columns::rated_by;
    return filter;
}

// Told by its bounds alone. `wanted`, sorted; none: all.
bool may_hold(const store::Store::FileRow& file, const std::vector<SubscriptionId>* wanted,
              store::ReadCount* count) {
    if (wanted == nullptr || file.may_hold_any(*wanted)) return true;
    if (count != nullptr) count->files += 1;
    return false;
}

const store::UsageRow& more_of(const store::UsageRow& row) {
    return row;
}
const LeanUsage::More& more_of(const LeanUsage& usage) {
    return usage.more();
}

// Which columns any of the rows needs.
template <class Row>
void tell_columns(UsageChunk& chunk, std::span<const Row* const> rows) {
    for (const Row* row : rows) {
        const auto& more = more_of(*row);
        chunk.in_parts = chunk.in_parts || more.session != Hash128{};
        chunk.tells_answer = chunk.tells_answer || row->unanswered;
        chunk.tells_counted = chunk.tells_counted || more.counted != 0;
        chunk.tells_carrier = chunk.tells_carrier || !more.carrier.empty();
    }
}

template <class Row>
void set_row(UsageChunk& chunk, std::size_t i, const Row& row) {
    const auto& more = more_of(row);
    chunk.line[i] = row.line;
    chunk.meter[i] = row.meter;
    chunk.start[i] = row.start;
    chunk.end[i] = row.end;
    chunk.quantity[i] = row.quantity;
    chunk.network[i] = row.network;
    chunk.called[i] = more.called;
    chunk.calling[i] = more.calling;
    if (chunk.in_parts) {
        chunk.session[i] = more.session;
        chunk.last_part[i] = row.last_part ? 1 : 0;
    }
    if (chunk.tells_answer) chunk.unanswered[i] = row.unanswered ? 1 : 0;
    if (chunk.tells_counted) chunk.counted[i] = more.counted;
    chunk.subscription[i] = row.subscription;
    if (chunk.tells_carrier) chunk.carrier[i] = more.carrier;
    name_identity(more.identity, chunk, i);
}

}  // namespace

Result<void> StandingRecords::open() {
    FARTHING_TRY(const auto batches, state_.store->batches());
    for (const auto& batch : batches) {
        if (batch.feed) of_feed_[batch.feed].insert(batch.id);
    }
    FARTHING_TRY(corrections_, correcting_batches(state_));
    FARTHING_TRY(const auto controls, state_.store->controls());
    for (const auto& row : controls) of_source_[row.totals.source].insert(row.batch);
    FARTHING_TRY(sources_taken_back_, sources_taken_back(state_));
    FARTHING_TRY(const auto files, state_.store->files("withdrawn"));
    for (const auto& file : files) {
        FARTHING_TRY(const auto rows,
                     store::read_withdrawn(state_.store->archive_folder() / file.path));
        for (const store::WithdrawnRow& row : rows) {
            const RecordPosition position{row.record.batch, row.record.row};
            withdrawn_.push_back(position);
            if (row.again) came_first_.try_emplace({row.source, row.line}, position);
        }
    }
    std::ranges::sort(withdrawn_);
    FARTHING_TRY(usage_files_, state_.store->files("usage"));
    FARTHING_TRY(rated_files_, state_.store->files("rated_usage"));
    return {};
}

std::set<BatchId> StandingRecords::batches_of(SourceId source) const {
    const auto found = of_source_.find(source);
    return found == of_source_.end() ? std::set<BatchId>() : found->second;
}
std::set<BatchId> StandingRecords::batches_of(FeedId feed) const {
    const auto found = of_feed_.find(feed);
    return found == of_feed_.end() ? std::set<BatchId>() : found->second;
}

bool StandingRecords::stands(const store::UsageRow& row) const {
    return !std::ranges::binary_search(sources_taken_back_, row.source) &&
           !std::ranges::binary_search(withdrawn_, RecordPosition{row.batch, row.row});
}

RecordPosition StandingRecords::came_at(RecordPosition position, const RecordPlace& place) const {
    if (came_first_.empty()) return position;
    const auto first = came_first_.find(place);
    return first == came_first_.end() ? position : first->second;
}

void StandingRecords::take(std::span<store::UsageRow> rows, const std::set<BatchId>* batches,
                           std::vector<UsageRows::Row>& found) const {
    for (store::UsageRow& row : rows) {
        const bool wanted = batches == nullptr || batches->contains(row.batch);
        if (wanted && stands(row))
            found.emplace_back(RecordPosition{row.batch, row.row}, std::move(row));
    }
}

Result<UsageRows> StandingRecords::usage(const std::set<BatchId>* batches,
                                         store::UsageFilter filter) const {
    std::vector<UsageRows::Row> found;
    filter.footers = footers_.get();
    for (const auto& file : usage_files_) {
        if (batches != nullptr && !file.may_hold_any(*batches)) continue;
        if (!may_hold(file, filter.subscriptions, filter.count)) continue;
        FARTHING_CHECK(store::each_usage(
            state_.store->archive_folder() / file.path, filter,
            [&](std::span<store::UsageRow> rows) { take(rows, batches, found); }));
    }
    return UsageRows(std::move(found));
}

Result<UsageRows> StandingRecords::usage(const Standing& records, store::ReadCount* count) const {
    std::vector<UsageRows::Row> found;
    store::UsageFilter filter;
    filter.count = count;
    filter.footers = footers_.get();
    std::set<BatchId> batches;
    for (const auto& [position, parts] : records) batches.insert(position.batch);
    for (const auto& file : usage_files_) {
        if (!file.may_hold_any(batches)) continue;
        const auto take = [&](std::span<store::UsageRow> rows) {
            for (store::UsageRow& row : rows) {
                const RecordPosition position{row.batch, row.row};
                if (records.contains(position) && stands(row))
                    found.emplace_back(position, std::move(row));
            }
        };
        FARTHING_CHECK(store::each_usage(state_.store->archive_folder() / file.path, filter, take));
    }
    return UsageRows(std::move(found));
}

Result<Standing> StandingRecords::rated(const std::set<BatchId>* batches, const Rated& wanted,
                                        store::ReadCount* count) const {
    Changes changes;
    store::RatedFilter filter = rated_of(wanted.side, footers_.get());
    filter.subscriptions = wanted.subscriptions;
    filter.count = count;
    for (const auto& file : rated_files_) {
        if (batches != nullptr && !file.may_hold_any(*batches) && !file.may_hold_any(corrections_))
            continue;
        if (!may_hold(file, wanted.subscriptions, count)) continue;
        const auto take = [&](std::span<store::RatedRow> rows) {
            for (store::RatedRow& row : rows) {
                if (batches != nullptr && !batches->contains(row.record_batch)) continue;
                const RecordPosition position{row.record_batch, row.row};
                if (wanted.records != nullptr && !wanted.records->contains(position)) continue;
                changes.add(row);
            }
        };
        FARTHING_CHECK(store::each_rated(state_.store->archive_folder() / file.path, filter, take));
    }
    return std::move(changes).standing();
}

Result<std::vector<std::size_t>> StandingRecords::rows_about(
    std::span<const SubscriptionId> some) const {
    constexpr std::size_t kUnit = 1024;  // parts of a row
    std::vector<SubscriptionId> sorted(some.begin(), some.end());
    std::ranges::sort(sorted);
    const std::size_t last = sorted.empty() ? 0 : sorted.back().value;
    std::vector<std::size_t> more(last + 2);  // than the one before has; what is less wraps around
    for (const auto& file : rated_files_) {
        if (!file.may_hold_any(sorted)) continue;
        FARTHING_TRY(const auto groups, store::subscriptions_in(
                                            state_.store->archive_folder() / file.path, *footers_));
        for (const store::SubscriptionsIn& group : groups) {
            if (group.first.value > last) continue;
            const std::size_t among = std::size_t{group.last.value} - group.first.value + 1;
            const std::size_t each = group.rows * kUnit / among;
            more[group.first.value] += each;
            more[std::min<std::size_t>(group.last.value, last) + 1] -= each;
        }
    }
    for (std::size_t who = 1; who < more.size(); ++who) more[who] += more[who - 1];
    std::vector<std::size_t> rows;
    rows.reserve(some.size());
    for (const SubscriptionId who : some) rows.push_back(more[who.value] / kUnit);
    return rows;
}

Result<Shelf> StandingRecords::shelve(std::vector<SubscriptionId> some, Perspective side) const {
    Shelf shelf;
    shelf.readers = some;
    std::ranges::sort(some);
    store::RatedFilter rated = rated_of(side, footers_.get());
    rated.subscriptions = &some;
    rated.count = &shelf.count;
    for (const auto& file : rated_files_) {
        if (!may_hold(file, &some, &shelf.count)) continue;
        FARTHING_CHECK(store::each_rated_block(
            state_.store->archive_folder() / file.path, rated,
            [&](store::RatedBlock block) { shelf.rated.add(std::move(block)); }));
    }
    shelf.rated.sort();
    if (side == Perspective::cost) return shelf;
    store::UsageFilter usage;
    usage.subscriptions = &some;
    usage.columns = store::Columns::rated_by;
    usage.count = &shelf.count;
    usage.footers = footers_.get();
    for (const auto& file : usage_files_) {
        if (!may_hold(file, &some, &shelf.count)) continue;
        FARTHING_CHECK(store::each_usage_block(
            state_.store->archive_folder() / file.path, usage,
            [&](store::UsageBlock block) { shelf.usage.add(std::move(block)); }));
    }
    shelf.usage.sort();
    return shelf;
}

LeanUsages StandingRecords::usage(const Shelf& shelf, std::span<const SubscriptionId> some) const {
    std::vector<LeanUsages::Row> found;
    found.reserve(shelf.usage.rows_of(some));
    shelf.usage.each(some, [&](std::span<store::UsageRow> rows) {
        for (store::UsageRow& row : rows) {
            if (stands(row)) found.emplace_back(RecordPosition{row.batch, row.row}, std::move(row));
        }
    });
    return LeanUsages(std::move(found));
}

Standing StandingRecords::rated(const Shelf& shelf, std::span<const SubscriptionId> some) const {
    Changes changes(shelf.rated.rows_of(some));
    shelf.rated.each(some, [&](std::span<store::RatedRow> rows) {
        for (store::RatedRow& row : rows) changes.add(row);
    });
    return std::move(changes).standing();
}

LeanUsage::LeanUsage(store::UsageRow row)
    : start(row.start),
      end(row.end),
      quantity(row.quantity),
      line(row.line),
      source(row.source),
      subscription(row.subscription),
      network(row.network),
      meter(row.meter),
      outcome(row.outcome),
      last_part(row.last_part),
      unanswered(row.unanswered) {
    // The identity matters to what carriers charge alone.
    const bool none = row.session == Hash128{} && row.counted == 0 && row.called.empty() &&
                      row.calling.empty() && row.carrier.empty();
    if (none) return;
    has = std::make_unique<const More>(More{row.session, row.counted, std::move(row.called),
                                            std::move(row.calling), std::move(row.carrier),
                                            std::move(row.identity)});
}

UsageChunk chunk_of(std::span<const LeanUsage* const> usages) {
    UsageChunk chunk;
    tell_columns(chunk, usages);
    chunk.resize(usages.size());
    chunk.keeps_identity = chunk.tells_carrier;
    for (std::size_t i = 0; i < usages.size(); ++i) set_row(chunk, i, *usages[i]);
    return chunk;
}

void name_identity(std::string_view text, UsageChunk& chunk, std::size_t index) {
    const std::size_t blank = text.find(' ');
    if (blank == std::string_view::npos) return;
    const auto kind = std::ranges::find(kIdentityKindNames, text.substr(0, blank));
    if (kind == kIdentityKindNames.end()) return;
    chunk.identity_kind[index] = static_cast<IdentityKind>(kind - kIdentityKindNames.begin());
    chunk.identity[index] = text.substr(blank + 1);
}

bool is_further(const directory::Directory& directory, const UsageChunk& chunk, std::size_t row) {
    return !chunk.identity[row].empty() &&
           !directory.is_first(chunk.identity_kind[row], chunk.identity[row],
                               chunk.subscription[row]);
}

namespace {

// The columns that were told, and those that any of the rows needs.
void set_rows(UsageChunk& chunk, const std::vector<const store::UsageRow*>& rows) {
    tell_columns(chunk, std::span(rows));
    chunk.resize(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const store::UsageRow& row = *rows[i];
        set_row(chunk, i, row);
        chunk.id[i] = row.id;
        chunk.reading[0][i] = row.reading[0];
        chunk.reading[1][i] = row.reading[1];
    }
}

}  // namespace

UsageChunk chunk_of(const std::vector<const store::UsageRow*>& rows) {
    UsageChunk chunk;
    set_rows(chunk, rows);
    chunk.keeps_identity = chunk.tells_carrier;
    return chunk;
}

UsageChunk keyed_chunk_of(const Engine::State& state, const mediation::Feed& feed,
                          const std::vector<const store::UsageRow*>& rows) {
    const mediation::RecordKey key(feed);
    UsageChunk chunk;
    chunk.in_parts = chunk.tells_answer = chunk.tells_counted = true;
    chunk.tells_carrier = feed.rates_cost();
    chunk.keeps_key = !key.told_by_columns();
    chunk.tells_further = feed.slots.micros > 0;
    set_rows(chunk, rows);
    chunk.keeps_identity = chunk.tells_carrier || key.told_by_identity();
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (chunk.tells_further) chunk.further[i] = is_further(state.directory, chunk, i) ? 1 : 0;
        chunk.content[i] =
            chunk.tells_carrier ? content_hash_by_identity(chunk, i) : content_hash(chunk, i);
        chunk.key[i] = key.told_by_columns() ? key.of(chunk, i) : rows[i]->key;
    }
    return chunk;
}

std::vector<Hash128> session_keys(const Engine::State& state, Perspective side, UsageChunk chunk) {
    std::optional<CarrierView> view;
    if (side == Perspective::cost) view.emplace(state, chunk);
    std::vector<Hash128> keys;
    keys.reserve(chunk.size());
    for (std::size_t i = 0; i < chunk.size(); ++i) keys.push_back(rating::session_key(chunk, i));
    return keys;
}

std::vector<SubscriptionId> subscriptions_of(const UsageRows& rows) {
    std::vector<SubscriptionId> found;
    for (const auto& [position, row] : rows) found.push_back(row.subscription);
    std::ranges::sort(found);
    found.erase(std::ranges::unique(found).begin(), found.end());
    return found;
}

}  // namespace farthing::engine
