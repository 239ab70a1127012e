// Money that was sold as codes, and money that goes from one account to another.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/instant.h"
#include "model/currency.h"
#include "model/ids.h"

namespace farthing {

// Vouchers of one amount, made together. Of their codes only a keyed hash is kept.
struct VoucherBatch {
    std::uint32_t id = 0;
    std::string name;
    Instant at;
    AccountId seller;  // who sells them, and owes for those redeemed; none: we do
    Currency currency;
    std::int64_t atoms = 0;  // of each
    std::int64_t count = 0;
    Instant valid_from;
    Instant valid_until;  // not redeemed from then on
    std::int64_t redeemed = 0;
    std::optional<Instant> blocked_at = {};
    std::string blocked_because = {};
};

struct Voucher {
    VoucherBatch batch;
    std::int64_t serial = 0;  // in its batch, from 1
    AccountId account;        // that redeemed it; none: it was not
};

struct RedeemedVoucher {
    std::int64_t serial = 0;
    AccountId account;
    Instant at;
    std::string hash;
    std::string top_up;  // reference of the money that came in by it
};

// When the account's balance falls below that, so much comes from a source by itself: another
// account, or whoever is told to pay in. The last one holds; without `below` nothing comes.
struct RechargeRule {
    AccountId account;
    Instant at;
    std::optional<std::int64_t> below = {};  // atoms
    std::int64_t atoms = 0;
    AccountId source;  // none: it is told, and whoever has the money tops up
    std::int64_t per_day = 1;
    std::int64_t per_month = 31;
};

enum class RechargeState : std::uint8_t { made = 1, asked, failed };
constexpr const char* name_of(RechargeState state) {
    switch (state) {
        case RechargeState::made: return "made";
        case RechargeState::asked: return "asked";
        case RechargeState::failed: return "failed";
    }
    return "";
}

// What a rule did: moved money, asked for it, or found too little at the source.
struct Recharge {
    AccountId account;
    Instant at;
    std::string reference;  // of the transfer, or of the top-up that is asked for
    AccountId source;
    std::int64_t atoms = 0;
    RechargeState state = RechargeState::made;
    bool paid = false;  // what was asked for came
};

// Once per reference.
struct Transfer {
    AccountId from;
    AccountId to;
    std::string reference;
    Instant at;
    Currency currency;
    std::int64_t atoms = 0;
    bool repeated = false;  // it was known by its reference
    bool operator==(const Transfer&) const = default;
};

}  // namespace farthing
