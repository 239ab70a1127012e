// The tables of the store, as text for one SQL dialect.
#pragma once

#include <cstdint>
#include <string>

namespace farthing::store {

constexpr std::int64_t kSchemaVersion = 23;  // raised with every change of the tables below
constexpr std::int64_t kTenant = 1;  // every key starts with it; one tenant a database for now

// InvoiceState as stored: a document that was undone keeps its row, so that no id is given twice.
constexpr std::int64_t kStoredPrepared = 1;
constexpr std::int64_t kStoredSent = 2;
constexpr std::int64_t kStoredUndone = 3;

// Creates all tables in an empty SQLite database.
std::string schema_sql();
// What makes a database of an older version one of kSchemaVersion; it only adds.
std::string upgrade_sql(std::int64_t version);

}  // namespace farthing::store
