#include "catalog/conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "catalog/fields.h"

namespace farthing::catalog {

namespace {

using Indices = std::vector<std::uint32_t>;

// The charges of one meter, by what they name.
struct OfMeter {
    std::map<NetworkKey, Indices> primary;     // charges that name the key
    std::map<NetworkKey, Indices> surcharges;  // likewise, of those that add
    Indices rest;                              // charges without condition
    Indices always;                            // surcharges without condition
};

void append_of(const std::map<NetworkKey, Indices>& charges, NetworkKey key, Indices& out) {
    const auto found = charges.find(key);
    if (found != charges.end()) out.insert(out.end(), found->second.begin(), found->second.end());
}

// The charges that cover `key`: those that name it, and for a network those that name its country.
Indices covering(const std::map<NetworkKey, Indices>& charges, NetworkKey key) {
    Indices out;
    append_of(charges, key, out);
    if (key.country() != key) append_of(charges, key.country(), out);
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

std::string text_of(NetworkKey key) {
    const std::uint32_t country = key.value / 10'000;
    const std::uint32_t network = key.value % 10'000;
    if (network >= 2'000) return fmt::format("{:03}-{:03}", country, network - 2'000);
    if (network >= 1'000) return fmt::format("{:03}-{:02}", country, network - 1'000);
    return fmt::format("{:03}", country);
}

void tell_ambiguous(const Condition& first, const Condition& second, const std::string& where,
                    Mistakes& mistakes) {
    mistakes.add(
        CatalogReason::ambiguous_charge, second.place,
        fmt::format("{} and {} (at {}) both apply {}, and neither is narrower", shown(second.name),
                    shown(first.name), first.place.to_string(), where));
}

// Finds the narrowest of the charges that contest `key`, and tells each charge once that isn't
// comparable with it.
class Contest {
  public:
    Contest(const std::vector<Condition>& conditions, Mistakes& mistakes)
        : conditions_(conditions), mistakes_(mistakes), told_(conditions.size()) {}

    std::uint32_t narrowest(const Indices& candidates, NetworkKey key) {
        std::uint32_t best = candidates.front();
        for (const std::uint32_t candidate : candidates) {
            if (candidate == best) continue;
            const NetworkSet& a = *conditions_[best].networks;
            const NetworkSet& b = *conditions_[candidate].networks;
            if (a == b || (!b.inside(a) && !a.inside(b))) {
                tell(best, candidate, "on network " + text_of(key));
            } else if (b.inside(a)) {
                best = candidate;
            }
        }
        return best;
    }

    void tell(std::uint32_t first, std::uint32_t second, const std::string& where) {
        if (told_[second]) return;
        told_[second] = true;
        tell_ambiguous(conditions_[first], conditions_[second], where, mistakes_);
    }

  private:
    const std::vector<Condition>& conditions_;
    Mistakes& mistakes_;
    std::vector<bool> told_;
};

OfMeter gather(const std::vector<Condition>& conditions, MeterId meter) {
    OfMeter out;
    for (std::uint32_t i = 0; i < conditions.size(); ++i) {
        const Condition& condition = conditions[i];
        if (condition.meter != meter) continue;
        if (!condition.networks) {
            (condition.adds ? out.always : out.rest).push_back(i);
            continue;
        }
        auto& by_key = condition.adds ? out.surcharges : out.primary;
        for (const NetworkKey key : condition.networks->keys()) by_key[key].push_back(i);
    }
    return out;
}

Plan::Matcher matcher_of(const OfMeter& charges, Contest& contest) {
    Plan::Matcher matcher;
    for (std::size_t i = 1; i < charges.rest.size(); ++i) {
        contest.tell(charges.rest.front(), charges.rest[i], "everywhere");
    }
    if (!charges.rest.empty()) {
        matcher.rest = {charges.rest.front()};
        matcher.rest.insert(matcher.rest.end(), charges.always.begin(), charges.always.end());
    }
    std::map<NetworkKey, Indices> named = charges.primary;
    named.insert(charges.surcharges.begin(), charges.surcharges.end());
    for (const auto& [key, ignored] : named) {
        const Indices candidates = covering(charges.primary, key);
        Indices applying;
        if (!candidates.empty()) applying = {contest.narrowest(candidates, key)};
        if (candidates.empty() && !charges.rest.empty()) applying = {charges.rest.front()};
        if (!applying.empty()) {  // a surcharge alone prices nothing: it adds to a charge
            Indices adding = covering(charges.surcharges, key);
            adding.insert(adding.end(), charges.always.begin(), charges.always.end());
            std::sort(adding.begin(), adding.end());
            applying.insert(applying.end(), adding.begin(), adding.end());
        }
        matcher.by_network.emplace(key.value, std::move(applying));
    }
    return matcher;
}

}  // namespace

NetworkSet::NetworkSet(std::vector<NetworkKey> keys) : keys_(std::move(keys)) {
    std::sort(keys_.begin(), keys_.end());
    keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
    const std::vector<NetworkKey> all = keys_;
    std::erase_if(keys_, [&](NetworkKey key) {
        return key.country() != key && std::binary_search(all.begin(), all.end(), key.country());
    });
}

bool NetworkSet::covers(NetworkKey key) const {
    return std::binary_search(keys_.begin(), keys_.end(), key) ||
           std::binary_search(keys_.begin(), keys_.end(), key.country());
}

bool NetworkSet::inside(const NetworkSet& other) const {
    return std::all_of(keys_.begin(), keys_.end(),
                       [&](NetworkKey key) { return other.covers(key); });
}

std::vector<Plan::Matcher> compile_matchers(const std::vector<Condition>& conditions,
                                            Mistakes& mistakes) {
    std::size_t size = 0;
    for (const Condition& condition : conditions) {
        size = std::max<std::size_t>(size, std::size_t{condition.meter.value} + 1);
    }
    Contest contest(conditions, mistakes);
    std::vector<Plan::Matcher> matchers(size);
    std::vector<bool> done(size);
    for (const Condition& condition : conditions) {
        if (done[condition.meter.value]) continue;
        done[condition.meter.value] = true;
        matchers[condition.meter.value] = matcher_of(gather(conditions, condition.meter), contest);
    }
    return matchers;
}

}  // namespace farthing::catalog
