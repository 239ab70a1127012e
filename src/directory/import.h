// Accounts and subscriptions from CSV, as plain rows in words: names, not ids. The engine turns
// them into facts. The columns: docs/reference/imports.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/civil.h"
#include "base/error.h"
#include "directory/directory.h"

namespace farthing::directory {

struct AccountRow {
    std::int64_t line = 0;  // of the file, 1-based
    std::string account;
    std::string parent;  // empty: topmost
    std::string title;
    std::vector<std::string> address;  // lines as printed
    std::string tax_number;
    std::string country;
    unsigned bill_day = 1;
    bool pays = true;
    Date from = Date::of(1970, 1, 1);  // since when it pays or not
};

struct SubscriptionRow {
    std::int64_t line = 0;
    std::string subscription;
    std::string account;
    std::string plan;
    std::int64_t quantity = 1;
    Date from;
    std::optional<Date> until;                                     // its last day; none: it goes on
    std::string group;                                             // empty: in none
    std::vector<std::pair<IdentityKind, std::string>> identities;  // valid while it is
};

// The rows that can be read, in order, and what is wrong with each of the others. With a header
// that can't be read there are no rows.
template <class Row>
struct Imported {
    std::vector<Row> rows;
    Errors errors;
};

// `file_name` is told in the errors.
Imported<AccountRow> parse_accounts(std::string_view file_name, std::string_view csv);
Imported<SubscriptionRow> parse_subscriptions(std::string_view file_name, std::string_view csv);

}  // namespace farthing::directory
