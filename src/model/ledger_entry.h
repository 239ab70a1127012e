// Entries of the ledger: postings that sum to zero per currency, never edited.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/civil.h"
#include "model/currency.h"
#include "model/ids.h"

namespace farthing {

// What a ledger account stands for; `ref` says whose. Debits are positive, credits negative.
enum class LedgerKind : std::uint8_t {
    unbilled = 1,  // ref: paying account; earned, not yet on a sent document
    receivable,    // ref: paying account; sent, not yet paid
    revenue,       // ref: component
    discount,      // ref: component of the discount; reduces revenue
    adjustment,    // ref: paying account; manual debits and credits
    rounding,      // ref: 0
    tax,           // ref: 0
    share_cost,    // ref: partner; what partners' shares cost us
    partner,       // ref: partner; what we owe the partner
    cost,          // ref: component of a carrier's prices; what carrying the usage costs us
    payable,       // ref: carrier; what we owe the carrier
    prepaid,  // ref: paying account; money that it paid in, and what it bought is not yet set off
    cash,     // ref: 0; money that came in
    vouchers  // ref: the account that sold them; vouchers redeemed, which it owes for; 0: our own
};
constexpr std::array<std::string_view, 15> kLedgerKindNames = {
    "",           "unbilled", "receivable", "revenue", "discount", "adjustment", "rounding", "tax",
    "share_cost", "partner",  "cost",       "payable", "prepaid",  "cash",       "vouchers"};
constexpr std::string_view name_of(LedgerKind kind) {
    return kLedgerKindNames[static_cast<std::size_t>(kind)];
}

struct LedgerAccount {
    LedgerKind kind = LedgerKind::unbilled;
    std::uint32_t ref = 0;
    constexpr auto operator<=>(const LedgerAccount&) const = default;
};

struct Posting {
    LedgerAccount account;
    std::int64_t atoms = 0;
    constexpr auto operator<=>(const Posting&) const = default;
};

// What caused an entry.
enum class EntryKind : std::uint8_t {
    usage = 1,
    fee,
    discount,
    adjustment,
    share,
    rounding,
    tax,
    invoice,
    settlement,
    cost,         // of usage, by what a carrier charges
    top_up,       // money that an account paid in
    attribution,  // of a pool's usage, from its owner to who pays for a member
    voucher,      // redeemed for an account
    transfer      // of money, from one account to another
};
constexpr std::array<std::string_view, 15> kEntryKindNames = {
    "",        "usage",      "fee",  "discount", "adjustment",  "share",   "rounding", "tax",
    "invoice", "settlement", "cost", "top_up",   "attribution", "voucher", "transfer"};
constexpr std::string_view name_of(EntryKind kind) {
    return kEntryKindNames[static_cast<std::size_t>(kind)];
}

struct Entry {
    EntryId id;  // given by the store
    EntryKind kind = EntryKind::usage;
    BatchId batch;      // usage and cost: the batch that made it; else none
    InvoiceId invoice;  // what a document made: that document; else none
    EntryId reverses;   // the mirror of that entry; else none
    AccountId payer;
    ComponentId component;  // none where no single component caused it
    DatePeriod period;      // the service period it belongs to
    Currency currency;
    std::vector<Posting> postings;
};

}  // namespace farthing
