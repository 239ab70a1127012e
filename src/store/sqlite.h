// A thin layer over SQLite's C API: statements that are prepared once, values in and out by type,
// transactions that roll back unless they were committed. The only file besides sqlite.cc and
// dialect.cc that knows SQLite.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/civil.h"
#include "base/error.h"
#include "base/instant.h"

struct sqlite3;
struct sqlite3_stmt;

namespace farthing::store {

class Checkpoints;

// Bytes that are not text.
struct Blob {
    std::string_view bytes;
};

class Database;

// A prepared statement on loan from its database: reset and given back when it goes out of scope.
class SqlStatement {
  public:
    SqlStatement(Database& database, sqlite3_stmt* handle, std::string_view sql);
    ~SqlStatement();
    SqlStatement(SqlStatement&& other) noexcept;
    SqlStatement& operator=(SqlStatement&&) = delete;

    template <class... Values>
    SqlStatement& bind(const Values&... values) {
        int at = 0;
        (bind_at(++at, values), ...);
        return *this;
    }
    template <class Value>
    void bind_one(int at, const Value& value) {
        bind_at(at, value);
    }
    // True: a row is there to read. False: done; the statement is ready to be bound again.
    Result<bool> step();
    // Runs to the end, rows ignored.
    Result<void> run();

    std::int64_t integer(int column) const;
    template <class T>
    T as(int column) const {
        return static_cast<T>(integer(column));
    }
    template <class Id>
    Id id(int column) const {
        return {as<decltype(Id::value)>(column)};
    }
    Instant instant(int column) const { return {integer(column)}; }
    Date date(int column) const { return {as<std::int32_t>(column)}; }
    std::string text(int column) const;  // text or blob, byte for byte
    bool is_null(int column) const;

  private:
    void bind_integer(int at, std::int64_t value);
    void bind_text(int at, std::string_view value);
    void bind_blob(int at, std::string_view value);
    template <class T>
    void bind_at(int at, const T& value) {
        if constexpr (std::is_same_v<T, Blob>) {
            bind_blob(at, value.bytes);
        } else if constexpr (std::is_same_v<T, Instant>) {
            bind_integer(at, value.micros);
        } else if constexpr (std::is_same_v<T, Date>) {
            bind_integer(at, value.days);
        } else if constexpr (std::is_enum_v<T> || std::is_integral_v<T>) {
            bind_integer(at, static_cast<std::int64_t>(value));
        } else if constexpr (requires { value.value; }) {
            bind_integer(at, static_cast<std::int64_t>(value.value));
        } else {
            bind_text(at, value);
        }
    }

    Database* database_;
    sqlite3_stmt* handle_;
    std::string_view sql_;  // the cache's own key
};

// One connection, of one thread.
class Database {
  public:
    static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file);
    ~Database();
    // From here on the log is moved to the database by another thread; else by every thousandth
    // page that is committed.
    void checkpoint_behind();
    // Or by another connection.
    void checkpoint_elsewhere();
    // Others that wait for a processor get this one every few rows.
    void give_way() { gives_way_ = true; }
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    // Called before whatever is asked outside of a transaction: what is on its way to the tables
    // gets there first.
    void wait_before(std::function<Result<void>()> settle) { settle_ = std::move(settle); }

    // From the cache, or prepared now.
    Result<SqlStatement> prepare(std::string_view sql);
    template <class... Values>
    Result<void> run(std::string_view sql, const Values&... values) {
        FARTHING_TRY(SqlStatement statement, prepare(sql));
        return statement.bind(values...).run();
    }
    // Calls `each` for every row.
    template <class Each, class... Values>
    Result<void> select(std::string_view sql, Each each, const Values&... values) {
        FARTHING_TRY(SqlStatement statement, prepare(sql));
        statement.bind(values...);
        while (true) {
            FARTHING_TRY(const bool row, statement.step());
            if (!row) return {};
            each(static_cast<const SqlStatement&>(statement));
        }
    }
    // The one integer of a query; `otherwise` when there is no row or it is null.
    template <class... Values>
    Result<std::int64_t> integer(std::string_view sql, std::int64_t otherwise,
                                 const Values&... values) {
        std::int64_t result = otherwise;
        FARTHING_CHECK(select(
            sql,
            [&](const SqlStatement& row) {
                if (!row.is_null(0)) result = row.integer(0);
            },
            values...));
        return result;
    }
    // Several statements separated by semicolons.
    Result<void> script(const std::string& sql);
    std::int64_t changes() const;        // rows that the last statement changed
    std::int64_t total_changes() const;  // rows that this connection ever changed
    bool in_transaction() const;
    // Closes the connection and opens it again: after an error of COMMIT nothing it still believes
    // can be trusted. Where that fails, the next statement tries again.
    Result<void> reopen();
    Error error(int code) const;  // what the last operation said

  private:
    friend class SqlStatement;
    friend class AsItStands;
    explicit Database(std::filesystem::path file);
    Result<void> connect();
    void watch_log();
    void disconnect();
    void give_back(std::string_view sql, sqlite3_stmt* handle);

    std::filesystem::path file_;
    sqlite3* handle_ = nullptr;
    std::unique_ptr<Checkpoints> checkpoints_;
    bool checkpoint_elsewhere_ = false;
    std::map<std::string, std::vector<sqlite3_stmt*>, std::less<>> idle_;
    std::function<Result<void>()> settle_;
    bool as_it_stands_ = false;
    bool gives_way_ = false;
    unsigned steps_ = 0;
};

// While this is there, nothing that is asked waits for what is on its way to the tables.
class AsItStands {
  public:
    explicit AsItStands(Database& database)
        : database_(database), before_(std::exchange(database.as_it_stands_, true)) {}
    ~AsItStands() { database_.as_it_stands_ = before_; }
    AsItStands(const AsItStands&) = delete;
    AsItStands& operator=(const AsItStands&) = delete;

  private:
    Database& database_;
    bool before_;
};

// IMMEDIATE: the writer is alone from the start, so what it reads stays true until it commits.
class Transaction {
  public:
    static Result<Transaction> begin(Database& database);
    ~Transaction();  // rolls back what was not committed
    Transaction(Transaction&& other) noexcept;
    Transaction& operator=(Transaction&&) = delete;
    // An error does not mean that nothing was committed: read back (Database::reopen).
    Result<void> commit();

  private:
    explicit Transaction(Database* database) : database_(database) {}
    Database* database_;
};

// What is read while it stands is of one time.
class Snapshot {
  public:
    static Result<Snapshot> begin(Database& database);
    ~Snapshot();
    Snapshot(Snapshot&& other) noexcept;
    Snapshot& operator=(Snapshot&&) = delete;

  private:
    explicit Snapshot(Database* database) : database_(database) {}
    Database* database_;
};

}  // namespace farthing::store
