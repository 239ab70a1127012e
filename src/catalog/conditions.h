// Which charge applies where: sets of networks, their narrowness, and the matchers compiled from
// them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/mistakes.h"
#include "catalog/snapshot.h"

namespace farthing::catalog {

// Countries and networks. A country holds all its networks, so a network beside its country adds
// nothing.
class NetworkSet {
  public:
    NetworkSet() = default;
    explicit NetworkSet(std::vector<NetworkKey> keys);
    const std::vector<NetworkKey>& keys() const { return keys_; }
    bool covers(NetworkKey key) const;
    bool inside(const NetworkSet& other) const;  // every network of this is one of `other`
    bool operator==(const NetworkSet&) const = default;

  private:
    std::vector<NetworkKey> keys_;  // sorted
};

// A usage charge's condition while its plan is compiled.
struct Condition {
    MeterId meter;
    bool adds = false;
    std::optional<NetworkSet> networks;  // none: the rest
    Place place;                         // of the charge
    std::string name;                    // of the charge
};

// One matcher per meter id, for charges in the order of `conditions`. Tells each charge that
// another one contests.
std::vector<Plan::Matcher> compile_matchers(const std::vector<Condition>& conditions,
                                            Mistakes& mistakes);

}  // namespace farthing::catalog
