#include "mediation/number_set.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <tuple>

#include "base/hash.h"

namespace farthing::mediation {

namespace {

constexpr std::size_t kSlotsMin = 1024;

// Adds the numbers of a bitmap to runs that end before them.
template <class Words>
void add_runs(std::int64_t first, const Words& words, std::vector<NumberRun>& runs) {
    for (std::size_t w = 0; w < words.size(); ++w) {
        for (std::uint64_t rest = words[w]; rest != 0;) {
            const int low = std::countr_zero(rest);
            const int length = std::countr_one(rest >> low);
            const std::int64_t at = first + static_cast<std::int64_t>(w) * 64 + low;
            if (!runs.empty() && runs.back().end() == at) {
                runs.back().length += length;
            } else {
                runs.push_back({at, length});
            }
            if (low + length == 64) break;
            rest &= ~std::uint64_t{0} << (low + length);
        }
    }
}

}  // namespace

std::size_t NumberSet::home_of(SubscriptionId owner, std::int64_t block) const {
    return mix64(owner.value, static_cast<std::uint64_t>(block)) & (slots_.size() - 1);
}

void NumberSet::grow() {
    slots_.assign(std::max(kSlotsMin, slots_.size() * 2), 0);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = 0; i < pages_.size(); ++i) {
        std::size_t at = home_of(pages_[i].owner, pages_[i].block);
        while (slots_[at] != 0) at = (at + 1) & mask;
        slots_[at] = static_cast<std::uint32_t>(i + 1);
    }
}

NumberSet::Page& NumberSet::page_of(SubscriptionId owner, std::int64_t block) {
    if (pages_.size() * 2 >= slots_.size()) grow();
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = home_of(owner, block);
    for (; slots_[at] != 0; at = (at + 1) & mask) {
        Page& page = pages_[slots_[at] - 1];
        if (page.block == block && page.owner == owner) return page;
    }
    pages_.push_back({block, owner, {}});
    slots_[at] = static_cast<std::uint32_t>(pages_.size());
    return pages_.back();
}

bool NumberSet::insert(SubscriptionId owner, std::int64_t number) {
    Page& page = page_of(owner, number / kPageNumbers);
    const auto bit = static_cast<std::size_t>(number % kPageNumbers);
    std::uint64_t& word = page.words[bit / 64];
    const std::uint64_t mask = std::uint64_t{1} << (bit % 64);
    const bool fresh = (word & mask) == 0;
    word |= mask;
    return fresh;
}

void NumberSet::insert(SubscriptionId owner, const NumberRun& run) {
    for (std::int64_t number = run.first; number < run.end(); ++number) insert(owner, number);
}

void NumberSet::erase(SubscriptionId owner, const NumberRun& run) {
    for (std::int64_t number = run.first; number < run.end(); ++number) {
        const auto bit = static_cast<std::size_t>(number % kPageNumbers);
        page_of(owner, number / kPageNumbers).words[bit / 64] &= ~(std::uint64_t{1} << (bit % 64));
    }
}

void NumberSet::each_owner(const TakeRuns& take) const {
    std::vector<std::uint32_t> order(pages_.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::sort(order, {}, [&](std::uint32_t at) {
        return std::tuple(pages_[at].owner, pages_[at].block);
    });
    std::vector<NumberRun> runs;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const Page& page = pages_[order[i]];
        add_runs(page.block * kPageNumbers, page.words, runs);
        const bool last = i + 1 == order.size() || pages_[order[i + 1]].owner != page.owner;
        if (!last) continue;
        if (!runs.empty()) take(page.owner, runs);
        runs.clear();
    }
}

std::int64_t NumberSet::memory_bytes() const {
    return static_cast<std::int64_t>(pages_.capacity() * sizeof(Page) +
                                     slots_.capacity() * sizeof slots_[0]);
}

}  // namespace farthing::mediation
