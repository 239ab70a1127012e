#include "engine/corrector.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/carrier_view.h"
#include "engine/reasons.h"

namespace farthing::engine {

// Rows that were appended since `first` point into `records`.
void Corrector::name_rows(std::size_t first, std::span<const RecordRef> records, bool taken_back) {
    for (std::size_t i = first; i < rated_.size(); ++i) {
        const bool none = rated_.row[i] == rating::kNoRow;
        rated_.record.push_back(none ? RecordRef{} : records[rated_.row[i]]);
        rated_.taken_back.push_back(taken_back && !none ? 1 : 0);
    }
}

Result<void> Corrector::take_back(std::vector<Part> parts) {
    const auto key_of = [](const Part& one) -> const rating::CounterKey& { return one.part->key; };
    if (!std::ranges::is_sorted(parts, {}, key_of)) std::ranges::stable_sort(parts, {}, key_of);
    for (std::size_t first = 0; first < parts.size();) {
        std::vector<RecordRef> refs;
        std::vector<const rating::Contribution*> of_counter;
        const rating::CounterKey& key = key_of(parts[first]);
        for (; first < parts.size() && key_of(parts[first]) == key; ++first) {
            refs.push_back({parts[first].record.batch, parts[first].record.row});
            of_counter.push_back(parts[first].part);
        }
        const std::size_t rows = rated_.size();
        const std::size_t done = state_.rater_of(key.perspective).take_back(of_counter, rated_);
        if (done < of_counter.size()) {
            return fail(EngineReason::counter_disagrees,
                        fmt::format("record rec-{}-{} does not stand in its counter",
                                    refs[done].batch.value, refs[done].row));
        }
        name_rows(rows, refs, true);
    }
    return {};
}

Result<void> Corrector::rate(std::span<const LeanUsages::Row* const> records,
                             Perspective perspective, rating::SessionBook& sessions) {
    constexpr std::size_t kAtOnce = 4096;  // columns of so many stay in a processor's cache
    for (; !records.empty(); records = records.subspan(std::min(records.size(), kAtOnce))) {
        std::vector<const LeanUsage*> usages;
        std::vector<RecordRef> refs;
        for (const LeanUsages::Row* record : records.first(std::min(records.size(), kAtOnce))) {
            usages.push_back(&record->second);
            refs.push_back({record->first.batch, record->first.row});
        }
        UsageChunk chunk = chunk_of(usages);
        const std::size_t rows = rated_.size();
        {
            std::optional<CarrierView> view;
            if (perspective == Perspective::cost) view.emplace(state_, chunk);
            state_.rater_of(perspective).rate(chunk, rated_, perspective, sessions);
        }
        name_rows(rows, refs, false);
        for (std::size_t row = 0; row < chunk.size(); ++row) {
            if (chunk.outcome[row] != Outcome::suspended) continue;
            return fail(
                EngineReason::no_price_again,
                fmt::format("record rec-{}-{} would be suspended as {}", refs[row].batch.value,
                            refs[row].row, name_of(chunk.reason[row])));
        }
    }
    return {};
}

bool Corrector::unpin(const rating::CounterKey& key, Period span,
                      std::span<const rating::Contribution> rest) {
    const std::size_t first = rated_.size();
    const bool done = state_.rater_of(key.perspective).unpin(key, span, rest, rated_);
    name_rows(first, {}, false);
    return done;
}

void Corrector::join(const rating::CounterKey& key) {
    const std::size_t first = rated_.size();
    state_.rater_of(key.perspective).join(key, rated_);
    name_rows(first, {}, false);
}

void Corrector::add_keys(std::set<rating::CounterKey>& keys) const {
    rating::CounterKey last;  // mostly the next row's as well
    for (std::size_t i = 0; i < rated_.size(); ++i) {
        const rating::CounterKey key = {rated_.perspective[i], rated_.owner_kind[i],
                                        rated_.owner[i],       rated_.component[i],
                                        rated_.item[i],        rated_.window_first[i]};
        if (i == 0 || key != last) keys.insert(key);
        last = key;
    }
}

i128 Corrector::charge() const {
    i128 sum = 0;
    for (const std::int64_t atoms : rated_.charge_atoms) sum += atoms;
    return sum;
}

std::vector<std::pair<RecordPosition, rating::Contribution>> Corrector::rated_again() const {
    std::vector<std::pair<RecordPosition, rating::Contribution>> found;
    auto day = rated_.days.begin();
    for (std::uint32_t i = 0; i < rated_.size(); ++i) {
        rating::Contribution part;
        part.key = {rated_.perspective[i], rated_.owner_kind[i], rated_.owner[i],
                    rated_.component[i],   rated_.item[i],       rated_.window_first[i]};
        part.window_end = rated_.window_end[i];
        part.version = rated_.version[i];
        part.payer = rated_.payer[i];
        part.subscription = rated_.subscription[i];
        part.when = rated_.when[i];
        part.billable = rated_.billable[i];
        part.adds = {rated_.fees[i], rated_.below[i], rated_.below_quantity[i]};
        for (; day != rated_.days.end() && day->first <= i; ++day) part.days.push_back(day->second);
        part.charge = rated_.charge_atoms[i];
        part.fee = rated_.fee_atoms[i];
        if (rated_.row[i] != rating::kNoRow && rated_.taken_back[i] == 0)
            found.emplace_back(RecordPosition{rated_.record[i].batch, rated_.record[i].row},
                               std::move(part));
    }
    return found;
}

Result<void> Corrector::flush() {
    const Result<void> done = batch_.add_corrections(rated_);
    drop_rows();
    return done;
}

Difference differences_of(const Engine::State& state, const Batch& batch, Perspective side,
                          const ByPayer<std::int64_t>& records) {
    ByPayer<i128> atoms = batch.posted();
    for (const auto& [key, count] : records) atoms.try_emplace(key, 0);
    const Currency currency = state.catalog.empty() ? Currency() : state.catalog.newest().currency;
    Difference found{{}, {0, currency}};
    for (const auto& [key, sum] : atoms) {
        if (key.first != side) continue;
        const auto count = records.find(key);
        const std::string name =
            side == Perspective::cost
                ? state.names.name_of(NameTable::Kind::partner, key.second.value)
                : state.directory.account(key.second).fact.name;
        found.parties.push_back(
            {name, count == records.end() ? 0 : count->second, Money{sum, currency}});
        found.amount.atoms += sum;
    }
    const auto size = [](const Difference::Party& one) {
        return one.amount.atoms < 0 ? -one.amount.atoms : one.amount.atoms;
    };
    std::ranges::stable_sort(found.parties,
                             [&](const auto& a, const auto& b) { return size(a) > size(b); });
    return found;
}

}  // namespace farthing::engine
