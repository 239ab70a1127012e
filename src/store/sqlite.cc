#include "store/sqlite.h"

#include <sqlite3.h>

#include <thread>

#include "base/assert.h"
#include "store/checkpoints.h"
#include "store/crash_point.h"
#include "store/store.h"

namespace farthing::store {

namespace {

constexpr unsigned kRowsAtOnce = 16;  // of who gives way: some 100 µs
constexpr std::string_view kBeginToWrite = "BEGIN IMMEDIATE";

// Constraints and triggers are named after the reason they stand for.
std::optional<StoreReason> reason_in(std::string_view message) {
    const std::size_t colon = message.rfind(": ");
    return reason_named<StoreReason>(colon == std::string_view::npos ? message
                                                                     : message.substr(colon + 2));
}

}  // namespace

SqlStatement::SqlStatement(Database& database, sqlite3_stmt* handle, std::string_view sql)
    : database_(&database), handle_(handle), sql_(sql) {}

SqlStatement::SqlStatement(SqlStatement&& other) noexcept
    : database_(other.database_),
      handle_(std::exchange(other.handle_, nullptr)),
      sql_(other.sql_) {}

SqlStatement::~SqlStatement() {
    if (handle_ != nullptr) database_->give_back(sql_, handle_);
}

Result<bool> SqlStatement::step() {
    if (database_->gives_way_ && ++database_->steps_ % kRowsAtOnce == 0) std::this_thread::yield();
    const int code = sqlite3_step(handle_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) {
        sqlite3_reset(handle_);
        return false;
    }
    Error error = database_->error(code);
    sqlite3_reset(handle_);
    return fail(std::move(error));
}

Result<void> SqlStatement::run() {
    while (true) {
        FARTHING_TRY(const bool row, step());
        if (!row) return {};
    }
}

std::int64_t SqlStatement::integer(int column) const {
    return sqlite3_column_int64(handle_, column);
}

std::string SqlStatement::text(int column) const {
    const void* bytes = sqlite3_column_blob(handle_, column);
    const int size = sqlite3_column_bytes(handle_, column);
    if (bytes == nullptr) return {};
    return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

bool SqlStatement::is_null(int column) const {
    return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

void SqlStatement::bind_integer(int at, std::int64_t value) {
    FARTHING_ASSERT(sqlite3_bind_int64(handle_, at, value) == SQLITE_OK);
}
void SqlStatement::bind_text(int at, std::string_view value) {
    // A null pointer would bind NULL, and an empty text is not NULL. Callers keep the bytes until
    // the last step.
    const char* bytes = value.data() == nullptr ? "" : value.data();
    FARTHING_ASSERT(sqlite3_bind_text64(handle_, at, bytes, value.size(), SQLITE_STATIC,
                                        SQLITE_UTF8) == SQLITE_OK);
}
void SqlStatement::bind_blob(int at, std::string_view value) {
    const char* bytes = value.data() == nullptr ? "" : value.data();
    FARTHING_ASSERT(sqlite3_bind_blob64(handle_, at, bytes, value.size(), SQLITE_STATIC) ==
                    SQLITE_OK);
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& file) {
    std::unique_ptr<Database> database(new Database(file));
    FARTHING_CHECK(database->connect());
    return database;
}

Database::Database(std::filesystem::path file) : file_(std::move(file)) {}

Database::~Database() {
    checkpoints_.reset();
    disconnect();
}

void Database::checkpoint_behind() {
    if (!checkpoints_) checkpoints_ = std::make_unique<Checkpoints>(file_);
    watch_log();
}

void Database::checkpoint_elsewhere() {
    checkpoint_elsewhere_ = true;
    watch_log();
}

void Database::watch_log() {
    if (checkpoint_elsewhere_ && handle_ != nullptr) (void)sqlite3_wal_autocheckpoint(handle_, 0);
    if (!checkpoints_ || handle_ == nullptr) return;
    const auto told = [](void* self, sqlite3* writer, const char*, int pages) {
        static_cast<Checkpoints*>(self)->committed(writer, pages);
        return SQLITE_OK;
    };
    (void)sqlite3_wal_hook(handle_, told, checkpoints_.get());
}

Result<void> Database::connect() {
    const int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (const int code = sqlite3_open_v2(file_.c_str(), &handle_, flags, nullptr);
        code != SQLITE_OK) {
        Error why =
            error_of(StoreReason::store_unavailable, sqlite3_errmsg(handle_), file_.string());
        disconnect();
        return fail(std::move(why));
    }
    sqlite3_busy_timeout(handle_, 10'000);
    // FULL: a commit that was acknowledged survives a loss of power.
    const Result<void> done = script(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
        "PRAGMA cell_size_check = ON; PRAGMA cache_size = -32768; PRAGMA journal_size_limit = "
        "67108864");
    if (!done) {
        Error why = error_of(StoreReason::store_unavailable, done.error().message, file_.string());
        disconnect();
        return fail(std::move(why));
    }
    watch_log();
    return {};
}

void Database::disconnect() {
    for (auto& [sql, handles] : idle_) {
        for (sqlite3_stmt* handle : handles) sqlite3_finalize(handle);
    }
    idle_.clear();
    sqlite3_close_v2(handle_);
    handle_ = nullptr;
}

Result<void> Database::reopen() {
    disconnect();
    return connect();
}

Result<SqlStatement> Database::prepare(std::string_view sql) {
    if (handle_ == nullptr) FARTHING_CHECK(connect());  // it could not be opened anew before
    if (settle_ && !as_it_stands_ && !in_transaction()) FARTHING_CHECK(settle_());
    auto cached = idle_.find(sql);
    if (cached == idle_.end())
        cached = idle_.emplace(std::string(sql), std::vector<sqlite3_stmt*>{}).first;
    if (!cached->second.empty()) {
        sqlite3_stmt* handle = cached->second.back();
        cached->second.pop_back();
        return SqlStatement(*this, handle, cached->first);
    }
    sqlite3_stmt* handle = nullptr;
    const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
    if (code != SQLITE_OK) return fail(error(code));
    // Whoever writes says so first (Transaction), so that others know.
    FARTHING_ASSERT(in_transaction() || sqlite3_stmt_readonly(handle) != 0 || sql == kBeginToWrite);
    return SqlStatement(*this, handle, cached->first);
}

void Database::give_back(std::string_view sql, sqlite3_stmt* handle) {
    sqlite3_reset(handle);
    sqlite3_clear_bindings(handle);
    idle_.find(sql)->second.push_back(handle);
}

Result<void> Database::script(const std::string& sql) {
    const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return fail(error(code));
    return {};
}

std::int64_t Database::changes() const {
    return handle_ == nullptr ? 0 : sqlite3_changes64(handle_);
}
std::int64_t Database::total_changes() const {
    return handle_ == nullptr ? 0 : sqlite3_total_changes64(handle_);
}
bool Database::in_transaction() const {
    return handle_ != nullptr && sqlite3_get_autocommit(handle_) == 0;
}

Error Database::error(int code) const {
    const std::string message = sqlite3_errmsg(handle_);
    if ((code & 0xff) == SQLITE_CONSTRAINT) {
        if (const auto reason = reason_in(message)) return error_of(*reason);
    }
    return error_of(StoreReason::store_failed, message + " (SQLite " + std::to_string(code) + ")",
                    file_.string());
}

Result<Transaction> Transaction::begin(Database& database) {
    FARTHING_CHECK(database.run(kBeginToWrite));
    return Transaction(&database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
    if (database_ != nullptr && database_->in_transaction()) (void)database_->run("ROLLBACK");
}

Result<void> Transaction::commit() {
    crash_point();
    FARTHING_CHECK(database_->run("COMMIT"));
    database_ = nullptr;
    crash_point();
    return {};
}

Result<Snapshot> Snapshot::begin(Database& database) {
    FARTHING_CHECK(database.run("BEGIN"));
    return Snapshot(&database);
}

Snapshot::Snapshot(Snapshot&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Snapshot::~Snapshot() {
    if (database_ != nullptr && database_->in_transaction()) (void)database_->run("COMMIT");
}

}  // namespace farthing::store
