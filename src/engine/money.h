// Money of paying accounts, in words: vouchers, transfers, and fees that prepaid accounts pay as
// they fall due.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/civil.h"
#include "base/error.h"
#include "base/instant.h"
#include "model/money.h"
#include "model/voucher.h"

namespace farthing::engine {

struct VoucherOrder {
    std::string name;
    std::string amount;       // of each
    std::string seller = {};  // an account, which owes for what is redeemed; empty: we sell them
    std::optional<Date> from = {};   // from its start on they are redeemed; none: at once
    Date until;                      // not any more from its start on
    std::vector<std::string> codes;  // by which they are redeemed: chance comes in from outside,
    std::string secret;              // and so does the key of their hashes, where there is none yet
};
struct VoucherReport {
    VoucherBatch batch;
    std::string seller;
    struct Row {
        std::int64_t serial = 0;
        std::string account;
        Instant at;
    };
    std::vector<Row> redeemed = {};
};
struct TransferOrder {
    std::string from;
    std::string to;
    std::string amount;
    std::string reference;
};
struct TransferRow {
    Instant at;
    std::string from;
    std::string to;
    std::string reference;
    Money amount;
};

struct RechargeChange {
    std::string account;
    std::string below;   // "none": no more
    std::string amount;  // that comes then
    std::string source;  // an account; empty: it is told, and whoever has the money tops up
    std::int64_t per_day = 1;
    std::int64_t per_month = 31;
};
struct RechargeRow {
    Instant at;
    std::string reference;
    std::string source;
    Money amount;
    std::string result;  // "made", "asked", "paid", "failed"
};

// What became of a fee of a prepaid account.
struct FeeRow {
    std::string id;  // "fee-12", what `explain` takes
    std::string account;
    std::string subscription;  // empty: a fee of the account
    std::string fee;           // "plan/fee"
    DatePeriod cycle;          // of the document on which it stands
    Date due;
    Instant at;
    Money amount;        // what was due, or less than nothing: what is owed back
    std::string result;  // "taken", "handed back", "not covered"
};

struct FeeReport {
    std::vector<FeeRow> rows;
    std::vector<std::pair<std::string, Error>> failed;  // account → cause; never blocks the others
};

// A subscription that is granted nothing until a fee is covered.
struct SuspendedRow {
    std::string subscription;
    std::string fee;  // "plan/fee"
    Date due;
    Money amount;
};

}  // namespace farthing::engine
