// Pools whose members pay what is beyond: what of the whole each payer's document has. Every
// document computes the whole and takes its part, so that the parts sum to it. Private to this
// room.
#pragma once

#include <vector>

#include "billing/lines.h"
#include "billing/pool_memo.h"
#include "rating/rater.h"

namespace farthing::billing {

// What one member used, as far as one payer pays for it.
struct MemberPart {
    SubscriptionId member;  // none: what the pool's owner pays by an earlier version's rule
    AccountId account;
    i128 quantity = 0;
    Exact exact;
    std::map<Date, i128> by_day;
    i128 pool = 0;  // what all members used
};

struct PoolPart {
    Exact exact;
    Money amount;  // by largest remainder: the parts of a family sum to its line
    std::vector<MemberPart> members;
};

// The counters of one price and window whose charges were posted to one payer.
struct PoolFamily {
    AccountId posted_to;
    ComponentId component;
    DatePeriod window;
    ChargeRef ref;  // of the newest version that priced them
    Exact whole;
    i128 used = 0;
    i128 posted = 0;
    std::map<PartnerId, i128> shares;
    i128 included = 0;
    std::map<Date, i128> carried;
    bool members_pay = false;  // of any of it
    bool in_order = false;     // and that in the order of use
    // By payer and department; where lines are not grouped, the department is the payer.
    std::map<std::pair<AccountId, AccountId>, PoolPart> parts;
};

// Of all pools of the payer's account tree.
class Pools {
  public:
    // `memo` outlives what is given.
    static Result<std::vector<const PoolFamily*>> families(const Context& context, PoolMemo& memo);
};

}  // namespace farthing::billing
