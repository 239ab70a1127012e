#include "catalog/snapshot.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "base/assert.h"

namespace farthing::catalog {

namespace {

constexpr std::size_t kPrefixDigitsMax = 18;
constexpr std::uint32_t kNoRow = UINT32_MAX;

bool is_digit(char c) {
    return '0' <= c && c <= '9';
}

bool before(const RateRow& a, const RateRow& b) {
    return std::tie(a.key, a.valid_from) < std::tie(b.key, b.valid_from);
}

// The row of `key` valid at `when` among the rows from `first` on. Nearly every key has one row, so
// that is tried before searching; the search keeps a key with thousands of dated prices from
// costing more than its logarithm.
std::uint32_t valid_row(const std::vector<RateRow>& rows, std::uint32_t first, Instant when) {
    const std::uint64_t key = rows[first].key;
    std::uint32_t found = first;
    if (first + 1 < rows.size() && rows[first + 1].key == key) {
        RateRow sought;
        sought.key = key;
        sought.valid_from = when;
        const auto after = std::upper_bound(rows.begin() + first, rows.end(), sought, before);
        if (after == rows.begin() + first) return kNoRow;
        found = static_cast<std::uint32_t>(after - rows.begin() - 1);
    }
    return rows[found].valid_from <= when && when < rows[found].valid_until ? found : kNoRow;
}

template <class Range, class Wanted>
auto* find_in(Range& range, Wanted wanted) {
    const auto found = std::find_if(range.begin(), range.end(), wanted);
    return found == range.end() ? nullptr : &*found;
}

}  // namespace

std::uint64_t deck_key(std::string_view prefix) {
    FARTHING_ASSERT(prefix.size() <= kPrefixDigitsMax);
    std::uint64_t key = 1;  // the leading 1 keeps "07" apart from "7"
    for (const char digit : prefix) key = key * 10 + static_cast<std::uint64_t>(digit - '0');
    return key;
}

Deck::Deck(std::string name, std::vector<RateRow> rows)
    : name_(std::move(name)), rows_(std::move(rows)) {
    std::sort(rows_.begin(), rows_.end(), before);
    std::array<bool, kPrefixDigitsMax + 1> used{};
    first_.reserve(rows_.size());
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        first_.try_emplace(rows_[i].key, static_cast<std::uint32_t>(i));
        used[std::min(rows_[i].prefix.size(), kPrefixDigitsMax)] = true;
    }
    for (std::size_t length = used.size(); length-- > 0;) {
        if (used[length]) lengths_.push_back(length);
    }
}

const RateRow* Deck::match(std::string_view digits, Instant when) const {
    std::array<std::uint64_t, kPrefixDigitsMax + 1> keys{1};
    std::size_t count = 0;
    while (count < std::min(digits.size(), kPrefixDigitsMax) && is_digit(digits[count])) {
        keys[count + 1] = keys[count] * 10 + static_cast<std::uint64_t>(digits[count] - '0');
        count += 1;
    }
    for (const std::size_t length : lengths_) {
        if (length > count) continue;
        if (const RateRow* found = row(keys[length], when)) return found;
    }
    return nullptr;
}

const RateRow* Deck::row(std::uint64_t key, Instant when) const {
    const auto first = first_.find(key);
    if (first == first_.end()) return nullptr;
    const std::uint32_t found = valid_row(rows_, first->second, when);
    return found == kNoRow ? nullptr : &rows_[found];
}

const std::vector<std::uint32_t>& Plan::applying(MeterId meter, NetworkKey network) const {
    static const std::vector<std::uint32_t> kNone;
    if (meter.value >= matchers.size()) return kNone;
    const Matcher& matcher = matchers[meter.value];
    if (matcher.by_network.empty() || !network) return matcher.rest;
    for (const NetworkKey key : {network, network.country()}) {
        const auto found = matcher.by_network.find(key.value);
        if (found != matcher.by_network.end()) return found->second;
    }
    return matcher.rest;
}

const Plan* Version::plan(PlanId id) const {
    return find_in(plans, [&](const Plan& plan) { return plan.id == id; });
}

const Plan* Version::plan_named(std::string_view plan_name) const {
    return find_in(plans, [&](const Plan& plan) { return plan.name == plan_name; });
}

const Meter* Version::meter(MeterId id) const {
    return find_in(meters, [&](const Meter& meter) { return meter.id == id; });
}

const Meter* Version::meter_named(std::string_view meter_name) const {
    return find_in(meters, [&](const Meter& meter) { return meter.name == meter_name; });
}

const Deck* Version::deck(const UsageCharge& charge) const {
    const auto found = decks.find(charge.rates);
    return found == decks.end() ? nullptr : &found->second;
}

Snapshot::Snapshot(std::vector<std::shared_ptr<const Version>> versions)
    : versions_(std::move(versions)) {
    std::sort(versions_.begin(), versions_.end(), [](const auto& a, const auto& b) {
        return std::tie(a->valid_from, a->number) < std::tie(b->valid_from, b->number);
    });
}

const Version* Snapshot::at(Instant when) const {
    const auto later =
        std::upper_bound(versions_.begin(), versions_.end(), when,
                         [](Instant t, const auto& version) { return t < version->valid_from; });
    return later == versions_.begin() ? nullptr : std::prev(later)->get();
}

const Version* Snapshot::numbered(VersionNo number) const {
    const auto* found =
        find_in(versions_, [&](const auto& version) { return version->number == number; });
    return found == nullptr ? nullptr : found->get();
}

Instant Snapshot::in_force_until(Instant when) const {
    const auto later =
        std::upper_bound(versions_.begin(), versions_.end(), when,
                         [](Instant t, const auto& version) { return t < version->valid_from; });
    return later == versions_.end() ? Instant::max() : (*later)->valid_from;
}

}  // namespace farthing::catalog
