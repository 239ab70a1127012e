// Online charging: grants what a balance covers, charges what is reported, returns what is not
// used. Pure: requests come with their time, and the same requests in the same order get the same
// answers. Prices are the rater's; there is no second price.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "base/split_map.h"
#include "catalog/snapshot.h"
#include "charging/holds.h"
#include "charging/request.h"
#include "charging/session.h"
#include "model/online_charge.h"
#include "model/rated_usage.h"
#include "rating/rater.h"

namespace farthing::charging {

struct Policy {
    std::int64_t valid_seconds = 3600;
    std::int64_t remembered_seconds = 86'400;  // after a session ended or fell silent
    std::int64_t answers = 32;                 // kept of a session
    // Granted where nobody says how much, by the dimension of the meter.
    std::int64_t usual_bytes = 10'000'000;
    std::int64_t usual_seconds = 300;
    std::int64_t usual_pieces = 1;
};

// What the requests since `take` did.
struct Taken {
    std::vector<OnlineUse> uses;
    RatedChunk rated;               // `row`: of `uses`; kNoRow: other records' segments that moved
    std::vector<OpenSession> sums;  // of the sessions used, by the rater's keys
    std::vector<OpenSession> last_sums;   // of those that ended, or are forgotten
    std::int64_t atoms = 0;               // charged, with what others moved by it
    std::vector<const Session*> changed;  // to keep as they stand; good until the next request
    std::vector<UsePlace> again;          // usage that had waited
    std::vector<std::string> forgotten;
    std::vector<OnlineDelta::KeptSession> asleep;  // of which a counter may go on
    std::set<AccountId> payers;                    // that were charged
};

// What became of usage that had waited.
struct Again {
    Outcome outcome = Outcome::suspended;
    SuspenseReason why = SuspenseReason::none;
    i128 atoms = 0;
    std::optional<OpenSession> sum = {};  // what its session came to with it, by the rater's key
};

// What the session came to, by the rater's keys.
std::vector<OpenSession> sums_of(const Session& session);

class Charger {
  public:
    // The snapshots and the rater outlive it. Purses of payers without one are without limit.
    // `committed` tells what counts for a plan's spending cap by what the store has, and
    // `committed_below` what counts for an account that others pay for.
    Charger(const catalog::Snapshot& catalog, const directory::Directory& directory,
            rating::Rater& rater, Policy policy, Caps::Committed committed,
            Levels::Committed committed_below);

    // Before the first request: what was kept.
    void load(Session session);
    // One that was remembered no more; its counter goes on. REQUIRES: there is none with its id.
    void wake(Session session, Instant now);
    // One that fell asleep since `take`.
    std::optional<std::string> fell_asleep(std::string_view id) const;
    Purses& purses() { return purses_; }
    // What records of files told of sessions, by the rater's keys.
    void count_filed(const std::vector<OpenSession>& sums);
    // After counters or purses changed otherwise: what is held is worked out again.
    void set_purses(Purses purses, Instant now);
    // The same where only counters of these owners, sorted, did.
    void follow(std::span<const OwnerBlock> owners, Instant now);

    Answer handle(Request request);
    // Usage that waited is charged as a part of its session, of which `known` is what it came to;
    // where it still can't be, it waits on and is told why.
    Again charge_again(const WaitingUse& waits, std::optional<OpenSession> known, Instant now);
    // What debits of as much would be told, all of them together: nothing is charged or kept.
    // `granted` tells of how much, also where it is refused.
    Answer enquire(const Request& request);
    // Sessions that fell silent give back what they hold, and are forgotten later.
    void pass(Instant now);
    Taken take();
    // A row that was rated: takes from its payer's purse, and counts for the cap of its plan. Gives
    // what lies beyond what may be spent.
    i128 charge(const RatedChunk& rated, std::size_t row);
    void committed() {
        caps_.committed();
        levels_.committed();
    }
    // What cycles with a plan's spending cap came to that were charged since the last commit.
    std::vector<std::pair<CapKey, i128>> moved_caps() { return caps_.moved(); }

    // Accounts that others pay for and that have a cap.
    Levels& levels() { return levels_; }
    // What can still be reserved of what usage below the account may cost, in a cycle of `payer`:
    // the least of all levels from there up to it. None: without end.
    std::optional<i128> room(AccountId account, AccountId payer, Date cycle);
    // What is held of it.
    i128 held_below(AccountId account) const;

    // Those that are granted nothing, with how many of their fees are not covered.
    using Suspended = std::unordered_map<SubscriptionId, int>;
    Suspended& suspended() { return suspended_; }

    // Sessions of the subscription that go on and were granted less than they asked for, for want
    // of money.
    void each_waiting(SubscriptionId subscription,
                      const std::function<void(const Session&)>& visit);

    const Session* find(std::string_view id) const;
    std::size_t sessions() const { return sessions_.size(); }

  private:
    struct Open {
        Session session;
        std::multimap<Instant, Open*>::iterator due;
        Open* before = nullptr;  // of those of its subscription's block
        Open* after = nullptr;
        bool changed = false;
    };

    struct HashOfText {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return hash64(text); }
    };

    // The only ways into `sessions_` and out of it.
    Open& add(Session session);
    void forget(Open& open);
    void hold_nothing();
    void tell_last(const Session& session);
    Open*& first_of(SubscriptionId subscription);
    void hold_again(Open& open, Instant now);
    static bool holds_on(const Open& open, std::span<const OwnerBlock> owners);
    // As the session numbers it; the answer, where it came before.
    static std::optional<Answer> repeated(Request& request, std::uint64_t& content,
                                          const Session& session);
    Answer answer(const Request& request, Open& open);
    Answer set_aside(const Request& request, Open& open);
    Open& begin_anew(const Request& request, Open& open);
    std::vector<std::pair<Open*, Service*>> those_with(const OnlineUse& use);
    static bool refuse_whole(Answer& answer);
    ServiceAnswer serve(const Request& request, const ServiceRequest& asked, Open& open);
    void grant(const Request& request, const ServiceRequest& asked, Open& open, Service& service,
               ServiceAnswer& told);
    // Whether that much may be used at once; told why not.
    bool covers(const Request& request, std::int64_t units, Open& open, Service& service,
                ServiceAnswer& told);
    void debit(const Request& request, const ServiceRequest& asked, Open& open, Service& service,
               ServiceAnswer& told);
    void refund(const Request& request, const ServiceRequest& asked, Open& open, Service& service,
                ServiceAnswer& told);
    // What is counted belongs there.
    struct Part {
        const Request& request;
        std::uint32_t group;
        Open& open;
        Service& service;
    };
    static OpenSession sum_told(const UsageChunk& chunk, const Service& service);
    void rate(UsageChunk& chunk, bool begins, Service& service);
    void use(const Part& part, const UsedUnits& used, ServiceAnswer& told);
    void count(const Part& part, Hash128 key, const UsedUnits& used, ServiceAnswer& told);
    void tell_use(OnlineUse record, ServiceAnswer& told);
    Instant start_of(const Part& part, const UsedUnits& used);
    static void describe(const ServiceRequest& asked, const Session& session, Service& service);
    void hold(const rating::EarlierParts& earlier, std::int64_t units, Service& service);
    void release(Service& service);
    bool is_suspended(const Open& open) const {
        return !suspended_.empty() && suspended_.contains(open.session.subscription);
    }
    SuspenseReason stand(const Open& open, const Service& service, Instant when);
    // When the next unit of the service is used, as far as prices ask.
    Instant next_use(const Service& service, Instant now) const;
    std::int64_t left_of_limits(const Open& open, const Service& service, Instant when);
    std::int64_t micros_of_unit(MeterId meter, Instant when) const;
    std::int64_t usual_units(MeterId meter, Instant when) const;
    rating::EarlierParts earlier_parts(const Open& open, const Service& service, Instant when);
    std::int64_t most_that_fits(const rating::EarlierParts& earlier, std::int64_t most,
                                bool beyond_caps, Bounded& bound) const;
    // Whether the cap of a plan that counts what stands there slows usage instead of ending it.
    bool only_slows() const;
    void keep(const Request& request, std::uint64_t content, const Answer& answer, Open& open);
    void schedule(Open& open);
    void mark(Open& open);
    UsageChunk& chunk_of(const Open& open, const Service& service, Instant start,
                         std::int64_t quantity);

    const catalog::Snapshot& catalog_;
    const directory::Directory& directory_;
    rating::Rater& rater_;
    Policy policy_;
    Purses purses_;
    Caps caps_;
    Levels levels_;
    Holds holds_;
    SplitMap<std::string_view, Open, HashOfText> sessions_;  // by the id that stands in them
    std::vector<Open*> of_block_;        // the first of each, by block of subscriptions
    std::multimap<Instant, Open*> due_;  // when something of a session ends by itself
    Suspended suspended_;
    Taken taken_;
    UsageChunk chunk_;
    RatedChunk rated_;
    rating::Standings standings_;
};

}  // namespace farthing::charging
