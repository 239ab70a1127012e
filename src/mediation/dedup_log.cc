#include "mediation/dedup_log.h"

#include <algorithm>
#include <bit>

namespace farthing::mediation {

namespace {

void place(BatchLog::Day& day, std::size_t number) {
    const Hash128 key = day.keys[number].key;
    const std::size_t mask = day.index.size() - 1;
    std::size_t at = mix64(key.high, key.low) & mask;
    while (day.index[at] != 0) at = (at + 1) & mask;
    day.index[at] = static_cast<std::uint32_t>(number + 1);
}

void index_keys(BatchLog::Day& day) {
    if (day.index.size() < day.keys.size() * 2) {
        day.index.assign(std::bit_ceil(day.keys.size() * 4), 0);
        day.indexed = 0;
    }
    while (day.indexed < day.keys.size()) place(day, day.indexed++);
}

void forget_index(BatchLog::Day& day) {
    if (day.indexed > 0) std::ranges::fill(day.index, 0U);
    day.indexed = 0;
}

}  // namespace

StoredKey* BatchLog::find_in(Day& day, Hash128 key) {
    index_keys(day);
    const std::size_t mask = day.index.size() - 1;
    for (std::size_t at = mix64(key.high, key.low) & mask; day.index[at] != 0;
         at = (at + 1) & mask) {
        StoredKey& entered = day.keys[day.index[at] - 1];
        if (entered.key == key) return &entered;
    }
    return nullptr;
}

const StoredKey* BatchLog::find(const DayKey& key) {
    const auto day = days_.find(key.day);
    return day == days_.end() ? nullptr : find_in(day->second, key.key);
}

bool BatchLog::withdraw(const DayKey& key) {
    const auto day = days_.find(key.day);
    StoredKey* const entered = day == days_.end() ? nullptr : find_in(day->second, key.key);
    if (entered == nullptr) return false;
    *entered = {};
    day->second.withdrawn += 1;
    return true;
}

BatchLog::Day& BatchLog::day_of(Date date) {
    const auto [day, is_new] = days_.try_emplace(date);
    if (is_new && !spare_.empty()) {
        day->second = std::move(spare_.back());
        spare_.pop_back();
    }
    last_ = date;
    return day->second;
}

void BatchLog::drop_withdrawn(Day& day) {
    forget_index(day);  // of an order that will not stand
    if (day.withdrawn > 0)
        std::erase_if(day.keys, [](const StoredKey& entered) { return entered.key == Hash128{}; });
    day.withdrawn = 0;
}

std::size_t BatchLog::live() const {
    std::size_t live = 0;
    for (const auto& [date, day] : days_) live += day.live();
    return live;
}

void BatchLog::clear() {
    for (auto& [date, day] : days_) {
        forget_index(day);
        day.keys.clear();
        day.withdrawn = 0;
        spare_.push_back(std::move(day));
    }
    days_.clear();
    of_last_ = nullptr;
}

std::int64_t BatchLog::memory_bytes() const {
    std::size_t bytes = 0;
    const auto add = [&](const Day& day) {
        bytes +=
            day.keys.capacity() * sizeof(StoredKey) + day.index.capacity() * sizeof(std::uint32_t);
    };
    for (const auto& [date, day] : days_) add(day);
    for (const Day& day : spare_) add(day);
    return static_cast<std::int64_t>(bytes);
}

}  // namespace farthing::mediation
