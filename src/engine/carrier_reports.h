// What carrying usage costs, beside what it is sold for: margins, carriers' statements, and
// carriers' own invoices compared with our rating.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/civil.h"
#include "model/money.h"

namespace farthing::engine {

enum class MarginBy : std::uint8_t { route, account, carrier, destination };

// Records that were rated on both sides, by what they have in common.
struct MarginRow {
    std::string of;  // "voxa 447 United Kingdom mobile"
    std::int64_t records = 0;
    Money retail;
    Money cost;
    std::int64_t losing = 0;  // records that were sold below their cost
    Money lost;               // on those
    Money margin() const { return {retail.atoms - cost.atoms, retail.currency}; }
};
struct MarginReport {
    std::vector<MarginRow> rows;  // the lowest margin first
    MarginRow total;
    // Records that have one side only, as yet.
    std::int64_t without_cost = 0;
    std::int64_t without_retail = 0;
};

// What a carrier charges us for one calendar month, and what it owes us where it is a customer too.
struct CarrierStatement {
    std::string carrier;
    std::string title;
    DatePeriod period;
    int digits = 2;
    struct Line {
        std::string text;  // "Calls, 447 United Kingdom mobile"
        std::int64_t records = 0;
        std::int64_t quantity = 0;
        std::string unit;
        Money amount;
    };
    std::vector<Line> lines;
    Money payable;        // the sum of the lines
    std::string account;  // the carrier's as our customer; empty: it is none
    Money receivable;     // what that account owes for the period, by the ledger
    Money net() const { return {receivable.atoms - payable.atoms, payable.currency}; }
};

// A carrier's itemised invoice, record by record.
struct CarrierCheck {
    struct Row {
        std::string kind;       // name of the CarrierDifference
        std::string record;     // its key: "c-2", "447700900123 2026-01-10T10:05:00Z"
        std::int64_t line = 0;  // in the carrier's file; 0: it is not there
        std::string theirs;     // "90 s, 0.0900"
        std::string ours;
    };
    std::vector<Row> differences;
    std::int64_t matched = 0;  // without a difference
    std::int64_t records_theirs = 0;
    std::int64_t records_ours = 0;
    Money theirs;  // sums
    Money ours;
    DatePeriod period;
};

}  // namespace farthing::engine
