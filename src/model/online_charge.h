// What online charging stores: usage that was charged while it happened, money that was paid in,
// limits of accounts, and alerts on their caps.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/civil.h"
#include "base/hash.h"
#include "base/instant.h"
#include "model/currency.h"
#include "model/ids.h"
#include "model/ledger_entry.h"
#include "model/open_session.h"
#include "model/outcome.h"
#include "model/rated_usage.h"
#include "model/usage.h"
#include "model/voucher.h"
#include "model/webhook.h"

namespace farthing {

// A record each: what a session reported, what an event debited or refunded. Kept in SQL, beside
// the records of files in the archive. Without session: other usage whose charge it moved.
struct OnlineUse {
    std::string session;
    std::uint32_t number = 0;  // of the request in its session
    std::uint32_t group = 0;
    SubscriptionId subscription;
    MeterId meter;
    NetworkKey network;
    std::string called;
    std::string calling;
    Instant start;
    std::int64_t quantity = 0;  // base units; less than nothing: refunded
    Outcome outcome = Outcome::rated;
    SuspenseReason reason = SuspenseReason::none;
    std::int64_t charge_atoms = 0;
    std::int64_t overrun_atoms = 0;  // of those, beyond what the account might spend
    Hash128 key;                     // charged_session: what the record is a part of
    std::int64_t counted = 0;        // of its quantity, what a file had told before
};

// Where the store has it.
struct UsePlace {
    BatchId batch;
    std::int64_t position = 0;
    auto operator<=>(const UsePlace&) const = default;
};
// Usage that was suspended, and has neither been charged since nor dropped.
struct WaitingUse {
    UsePlace place;
    OnlineUse use;
};

// Money that came in for an account, once per reference.
struct TopUp {
    AccountId account;
    std::string reference;
    Instant at;
    Currency currency;
    std::int64_t atoms = 0;
    bool repeated = false;  // it was known by its reference
    bool operator==(const TopUp&) const = default;
};

// How far below zero a balance may go that may go there without end.
constexpr std::int64_t kEndlessCredit = INT64_MAX;

// Of an account, from then on. Where no credit was ever set, who paid in spends what there is.
struct AccountLimit {
    AccountId account;
    Instant at;
    std::optional<std::int64_t> credit;  // atoms: how far below zero its balance may go; or endless
    std::optional<std::int64_t> cap;     // atoms: of what a billing cycle may cost
    bool operator==(const AccountLimit&) const = default;
};

// What a cycle cost reached that part of the account's cap: told once.
struct CapAlert {
    AccountId account;
    Date cycle;
    int percent = 0;
    Instant at;
    auto operator<=>(const CapAlert&) const = default;
};

// The same for the spending cap of a plan: a subscription's own, or an account's.
struct PlanCapAlert {
    PlanId plan;
    SubscriptionId subscription;  // none: of the account
    AccountId account;
    Date cycle;
    int percent = 0;
    Instant at;
};

// From then on it is told when the account's balance falls below that; none: no more.
struct BalanceWatch {
    AccountId account;
    Instant at;
    std::optional<std::int64_t> below;  // atoms
};

// Who may ask over the network: of the secret only its SHA-256 is kept.
struct ApiKey {
    std::string name;
    std::string hash;
    std::string scopes;  // "charge manage"
    Instant at;
    std::optional<Instant> revoked_at = {};
};

// What one group of requests changed.
struct OnlineDelta {
    std::vector<OnlineUse> uses;
    RatedChunk rated;               // what they came to: `row` is an index into `uses`
    std::vector<OpenSession> sums;  // of their sessions, as they stand now
    struct KeptSession {
        std::string id;
        std::string bytes;  // charging/session.h
    };
    std::vector<UsePlace> again;         // usage that had waited, which is among `uses`
    std::vector<std::string> forgotten;  // these first
    std::vector<KeptSession> asleep;     // those too; a counter of theirs may go on
    std::vector<KeptSession> sessions;
    std::vector<CapAlert> alerts;
    std::vector<PlanCapAlert> plan_alerts;
    std::vector<AccountId> low;        // whose balance fell below what is watched
    std::vector<AccountId> no_longer;  // whose is there again
    std::vector<Notice> notices;       // what others are told of it
};

// Money that comes in, with all that becomes true by it.
struct PaidIn {
    TopUp payment;
    Entry entry;
    bool no_longer_low = false;
    std::vector<Notice> notices;
    // Of a voucher that is redeemed: the hash of its code, and under which reference it is asked.
    std::string voucher = {};
    std::string voucher_reference = {};
};

// The same of money that goes from one account to another.
struct Moved {
    Transfer transfer;
    Entry entry;
    bool low = false;            // whom it comes from is below what is watched now
    bool no_longer_low = false;  // whom it goes to is not
    std::vector<Notice> notices;
    std::optional<Recharge> recharge = {};  // that it is
};

}  // namespace farthing
