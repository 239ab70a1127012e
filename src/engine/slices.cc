#include "engine/slices.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace farthing::engine {

namespace {

LeanUsages lean(UsageRows rows) {
    std::vector<LeanUsages::Row> found;
    found.reserve(rows.size());
    for (auto& [position, row] : rows) found.emplace_back(position, std::move(row));
    return LeanUsages(std::move(found));
}

}  // namespace

Result<void> Slices::begin(std::vector<SubscriptionId> order) {
    order_ = std::move(order);
    FARTHING_TRY(rows_, archive_.rows_about(order_));
    shelf_ahead_ = read_next();
    return {};
}

Result<Slice> Slices::next() {
    while (true) {
        if (!shelf_) {
            FARTHING_TRY(Shelf shelf, shelf_ahead_.get());
            shelf_ahead_ = read_next();
            if (shelf.readers.empty()) return Slice{};
            count_ += shelf.count;
            shelf_ = std::make_shared<const Shelf>(std::move(shelf));
            taken_to_ = 0;
            slice_ahead_ = take_next();
        }
        FARTHING_TRY(Slice slice, slice_ahead_.get());
        if (slice.readers.empty()) {
            shelf_.reset();
            continue;
        }
        slice_ahead_ = take_next();
        leave_out(slice);
        FARTHING_CHECK(add_sharers(slice));
        count_ += slice.count;
        return slice;
    }
}

Slices::Turn& Slices::turn_of(SubscriptionId who) {
    if (who.value >= turns_.size()) turns_.resize(who.value + 1);
    return turns_[who.value];
}

// Few at first, so that there is work soon.
std::future<Result<Shelf>> Slices::read_next() {
    constexpr std::size_t kAtFirst = std::size_t{1} << 17;
    const std::size_t most = std::min(filter_.records_at_once, std::max(kAtFirst, rows_read_));
    std::vector<SubscriptionId> some;
    std::size_t rows = 0;
    for (; read_to_ < order_.size() && rows < most; ++read_to_) {
        if (turn_of(order_[read_to_]) != Turn::none) continue;
        some.push_back(order_[read_to_]);
        rows += rows_[read_to_];
    }
    rows_read_ += rows;
    return reader_.ask([this, some = std::move(some)]() mutable {
        return archive_.shelve(std::move(some), filter_.side);
    });
}

// So few that they fit in a processor's cache.
std::future<Result<Slice>> Slices::take_next() {
    std::vector<SubscriptionId> some;
    const std::vector<SubscriptionId>& readers = shelf_->readers;
    for (std::size_t rows = 0; taken_to_ < readers.size() && rows < rows_at_once(); ++taken_to_) {
        const SubscriptionId who = readers[taken_to_];
        Turn& turn = turn_of(who);
        if (turn != Turn::none) continue;
        turn = Turn::next;
        some.push_back(who);
        rows += shelf_->rated.rows_of(who);
    }
    return maker_.ask([this, shelf = shelf_, some = std::move(some)]() mutable {
        return slice_of(*shelf, std::move(some));
    });
}

// What carriers charge for is looked up in the usage of all customers: seldom, then.
std::size_t Slices::rows_at_once() const {
    const bool carriers = filter_.side == Perspective::cost;
    return carriers ? filter_.records_at_once : filter_.rows_at_once;
}

// From any thread.
Result<Slice> Slices::slice_of(const Shelf& shelf, std::vector<SubscriptionId> some) const {
    std::ranges::sort(some);
    Slice slice;
    slice.standing = archive_.rated(shelf, some);
    if (filter_.side == Perspective::retail) {
        slice.usage = archive_.usage(shelf, some);
    } else {
        FARTHING_TRY(UsageRows rows, archive_.usage(slice.standing, &slice.count));
        slice.usage = lean(std::move(rows));
    }
    slice.readers = std::move(some);
    return slice;
}

// Those whose turn came with others while the slice was made. A record adds to the counters of one
// subscription alone.
void Slices::leave_out(Slice& slice) {
    std::vector<SubscriptionId> gone;
    for (const SubscriptionId who : slice.readers) {
        if (std::exchange(turn_of(who), Turn::done) == Turn::done) gone.push_back(who);
    }
    if (gone.empty()) return;
    const auto is_gone = [&](SubscriptionId who) { return std::ranges::binary_search(gone, who); };
    slice.standing.erase_if([&](const auto& row) {
        return !row.second.empty() && is_gone(row.second.front().subscription);
    });
    slice.usage.erase_if([&](const auto& row) {
        return filter_.side == Perspective::cost ? !slice.standing.contains(row.first)
                                                 : is_gone(row.second.subscription);
    });
}

// Reads the records of all who share a counter with those of the slice.
Result<void> Slices::add_sharers(Slice& slice) {
    std::vector<SubscriptionId> more = sharers_of(slice.standing);
    while (!more.empty()) {
        const auto elsewhere = std::ranges::partition(
            more, [&](SubscriptionId who) { return shelf_->rated.rows_of(who) > 0; });
        std::vector<SubscriptionId> others(elsewhere.begin(), elsewhere.end());
        more.erase(elsewhere.begin(), elsewhere.end());
        FARTHING_TRY(Slice found, slice_of(*shelf_, std::move(more)));
        if (!others.empty()) {
            FARTHING_TRY(const Shelf beside, archive_.shelve(others, filter_.side));
            FARTHING_TRY(Slice from_beside, slice_of(beside, std::move(others)));
            found.add(std::move(from_beside));
            found.count += beside.count;
        }
        more = sharers_of(found.standing);
        slice.add(std::move(found));
    }
    return {};
}

// But for those whose turn it is or was; now it is theirs.
std::vector<SubscriptionId> Slices::sharers_of(const Standing& standing) {
    std::vector<SubscriptionId> sharers;
    std::unordered_set<rating::CounterKey, KeyHash> shared;
    for (const auto& [position, parts] : standing) {
        for (const rating::Contribution& part : parts) {
            const rating::CounterKey& key = part.key;
            if (key.owner_kind == OwnerKind::subscription || !shared.insert(key).second) continue;
            const rating::Counter* counter = state_.counters.find(key);
            if (counter == nullptr) continue;
            for (const auto& [member, quantity] : counter->members) {
                if (std::exchange(turn_of(member), Turn::done) != Turn::done)
                    sharers.push_back(member);
            }
        }
    }
    return sharers;
}

}  // namespace farthing::engine
