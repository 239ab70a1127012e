// Charging while usage happens: a group of requests is on the disk in the log of groups when it is
// answered, and in the tables a moment later. Who asks for what it changed waits for that; whose
// turn it becomes moves first what another process left in the log.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/assert.h"
#include "store/sqlite_store.h"

namespace farthing::store {

SqliteStore::Writing::Writing(Turn turn, Transaction transaction)
    : turn_(std::move(turn)), transaction_(std::move(transaction)) {}

Result<SqliteStore::Writing> SqliteStore::begin_writing() {
    FARTHING_TRY(Turn turn, Turn::take(*this));
    FARTHING_TRY(Transaction transaction, Transaction::begin(*database_));
    if (left_log_) FARTHING_CHECK(keep_place(*left_log_));
    return Writing(std::move(turn), std::move(transaction));
}

Result<void> SqliteStore::take_turn() {
    const bool again = turns_.ours();
    FARTHING_CHECK(turns_.take());
    if (again || (applier_ && !turns_.others_had())) return {};
    const Result<void> caught_up = catch_up();
    if (!caught_up) turns_.give();
    return caught_up;
}

// Who waits for the turn would move what is on its way: it gets there faster from here.
void SqliteStore::give_turn() {
    if (applier_ && turns_.others_wait()) (void)applier_->settle();
    turns_.give();
}

Result<void> SqliteStore::charge_live() {
    FARTHING_CHECK(turns_.charge_live());
    if (applier_) return {};
    FARTHING_TRY(const Turn turn, Turn::take(*this));
    FARTHING_CHECK(log_->make());
    FARTHING_TRY(const LogPlace place, logged_place());
    FARTHING_TRY(FolderLock lock, FolderLock::share(folder_ / "farthing.lock"));
    FARTHING_TRY(Turns turns, Turns::open(folder_));
    FARTHING_TRY(auto database, Database::open(folder_ / "farthing.db"));
    // What it moves is on the disk already, until the log begins anew.
    FARTHING_CHECK(database->script("PRAGMA synchronous = NORMAL"));
    database->checkpoint_behind();
    database->give_way();
    tables_ = std::make_unique<SqliteStore>(folder_, std::move(lock), std::move(turns),
                                            std::move(database));
    applier_ = std::make_unique<Applier>(place, [this](std::span<const LoggedGroup* const> groups) {
        return tables_->move(groups);
    });
    database_->checkpoint_elsewhere();
    database_->wait_before([this] { return applier_->settle(); });
    return {};
}

Result<LogPlace> SqliteStore::logged_place() {
    LogPlace place;
    FARTHING_CHECK(database_->select(
        "SELECT number, file, place FROM group_moved WHERE tenant = ?",
        [&](const SqlStatement& row) {
            place = {row.as<std::uint64_t>(0), row.as<std::uint32_t>(1), row.integer(2)};
        },
        kTenant));
    return place;
}

Result<void> SqliteStore::keep_place(const LogPlace& place) {
    return database_->run(
        "INSERT INTO group_moved (tenant, number, file, place) VALUES (?, ?, ?, ?) ON CONFLICT "
        "(tenant) DO UPDATE SET number = excluded.number, file = excluded.file, place = "
        "excluded.place",
        kTenant, static_cast<std::int64_t>(place.number), place.file, place.offset);
}

// In a transaction of its own; what stands in the tables already is passed over.
Result<void> SqliteStore::move(std::span<const LoggedGroup* const> groups) {
    FARTHING_TRY(Transaction transaction, Transaction::begin(*database_));
    FARTHING_TRY(LogPlace place, logged_place());
    for (const LoggedGroup* const one : groups) {
        if (one->place.number <= place.number) continue;
        const ChargedGroup& group = one->group;
        FARTHING_TRY(const BatchId newest, newest_batch());
        const bool follows = one->place.number == place.number + 1 &&
                             (!group.batch || group.batch.value == newest.value + 1);
        if (!follows)
            return fail(StoreReason::group_log_damaged, "a group is missing before this one");
        if (group.batch) {
            FARTHING_CHECK(write_chained(group.commit, group.batch));
        } else {
            FARTHING_CHECK(write_session_changes(group.commit));
        }
        place = one->place;
    }
    FARTHING_CHECK(keep_place(place));
    Result<void> done = transaction.commit();
    if (done) return {};
    // Whether it took effect is seen when it is tried again.
    if (database_->in_transaction()) (void)database_->run("ROLLBACK");
    FARTHING_CHECK(database_->reopen());
    return done;
}

// REQUIRES: it is our turn.
Result<void> SqliteStore::catch_up() {
    if (applier_) FARTHING_CHECK(applier_->settle());
    FARTHING_TRY(LogPlace place, logged_place());
    while (true) {
        std::vector<LoggedGroup> groups;
        while (groups.size() < kGroupsTogether) {
            FARTHING_TRY(const std::optional<std::string> bytes, log_->next(place));
            if (!bytes) break;
            std::optional<ChargedGroup> group = unpack_group(*bytes);
            if (!group) return fail(StoreReason::group_log_damaged);
            groups.push_back({place, *std::move(group)});
        }
        if (groups.empty()) break;
        std::vector<const LoggedGroup*> each;
        for (const LoggedGroup& group : groups) each.push_back(&group);
        FARTHING_CHECK(move(each));
        data_version_ = kUnsure;  // they are another's, although this connection moved them
    }
    if (applier_) applier_->start_from(place);
    log_end_.reset();
    return {};
}

// What a process left that is gone: all of it that was on the disk, or it is told. While another
// one charges, who only reads waits here until all that was answered stands in the tables.
Result<void> SqliteStore::recover_groups() {
    FARTHING_TRY(GroupLog log, GroupLog::open(folder_));
    log_.emplace(std::move(log));
    if (log_->empty()) return {};
    FARTHING_TRY(const Turn turn, Turn::take(*this));
    if (turns_.live()) return {};
    FARTHING_TRY(const LogPlace place, logged_place());
    FARTHING_TRY(const bool ends, log_->ends(place));
    if (!ends) return fail(StoreReason::group_log_damaged);
    FARTHING_CHECK(sync_tables());  // who is gone moved some of them without
    return log_->clear();
}

Result<void> SqliteStore::find_log_end() {
    if (log_end_ && log_end_->writes == database_->total_changes()) return {};
    FARTHING_CHECK(applier_->settle());
    LogEnd end;
    end.place = applier_->applied();
    FARTHING_TRY(end.batch, newest_batch());
    FARTHING_TRY(const std::int64_t entry,
                 database_->integer("SELECT max(id) FROM entry WHERE tenant = ?", 0, kTenant));
    end.entry = {static_cast<std::uint64_t>(entry)};
    end.writes = database_->total_changes();
    log_end_ = end;
    return {};
}

Result<BatchId> SqliteStore::commit_group(BatchCommit batch) {
    if (!applier_ || left_log_) return commit(batch);
    FARTHING_ASSERT(turns_.ours() && batch.online);
    if (turns_.others_had()) return fail(StoreReason::position_moved);
    FARTHING_CHECK(applier_->make_room());
    FARTHING_CHECK(find_log_end());
    LogEnd end = *log_end_;
    LoggedGroup logged;
    if (makes_batch(batch)) logged.group.batch = end.batch = {end.batch.value + 1};
    end.entry.value += batch.entries.size();
    logged.group.commit = std::move(batch);
    const std::string bytes = pack_group(logged.group);
    if (!GroupLog::fits_at_all(bytes.size())) return commit(logged.group.commit);
    if (!GroupLog::fits(end.place, bytes.size())) FARTHING_CHECK(free_other_file(end.place));
    if (const Result<void> done = log_->append(end.place, bytes); !done) {
        FARTHING_CHECK(leave_log(end.place));
        return fail(done.error());
    }
    logged.place = end.place;
    const BatchId id = logged.group.batch;
    applier_->put(std::move(logged));
    newest_entry_ = end.entry;
    log_end_ = end;
    return id;
}

// What it holds stands in the tables, and they are on the disk.
Result<void> SqliteStore::free_other_file(const LogPlace& end) {
    if (applier_->applied().file != end.file) FARTHING_CHECK(applier_->settle());
    return sync_tables();
}

// What was moved to them is in the database's log, or in the database, which was synced for that.
Result<void> SqliteStore::sync_tables() {
    const std::filesystem::path log = folder_ / "farthing.db-wal";
    const int file = ::open(log.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0 && errno == ENOENT) return {};
    const bool synced = file >= 0 && ::fdatasync(file) == 0;
    if (file >= 0) ::close(file);
    if (synced) return {};
    return fail(StoreReason::store_failed, "the database's log can't be synced", log.string());
}

// Whether that group is on the disk nobody knows: its number is taken with whatever is written
// next, and from here on groups go to the tables at once.
Result<void> SqliteStore::leave_log(LogPlace place) {
    place.number += 1;
    left_log_ = place;
    log_end_.reset();
    return applier_->settle();
}

// What the group that was answered last has of it, or the tables.
Result<std::string> SqliteStore::counter_pack(const PackKey& key) {
    std::optional<std::string> bytes;
    if (applier_) {
        applier_->each_waiting([&](const LoggedGroup& one) {
            for (const CounterPack& pack : one.group.commit.packs)
                if (pack.key == key) bytes = pack.bytes;
        });
    }
    if (bytes) return *std::move(bytes);
    const AsItStands now(*database_);
    return stored_pack(key);
}

// What stands in the tables, and what is on its way there.
Result<std::map<std::pair<Date, ComponentId>, i128>> SqliteStore::spent(AccountId payer) {
    struct Waits {
        std::uint64_t number;
        std::pair<Date, ComponentId> of;
        std::int64_t atoms;
    };
    std::vector<Waits> waiting;
    if (applier_) {
        applier_->each_waiting([&](const LoggedGroup& one) {
            for (const Entry& entry : one.group.commit.entries) {
                if (entry.payer != payer || entry.kind != EntryKind::usage) continue;
                for (const Posting& posting : entry.postings)
                    if (posting.account.kind == LedgerKind::unbilled)
                        waiting.push_back({one.place.number,
                                           {entry.period.first, entry.component},
                                           posting.atoms});
            }
        });
    }
    const AsItStands now(*database_);
    std::optional<Snapshot> snapshot;
    if (!database_->in_transaction()) {
        FARTHING_TRY(Snapshot begun, Snapshot::begin(*database_));
        snapshot.emplace(std::move(begun));
    }
    FARTHING_TRY(auto spent, stored_spent(payer));
    if (waiting.empty()) return spent;
    FARTHING_TRY(const LogPlace moved, logged_place());
    for (const Waits& one : waiting)
        if (one.number > moved.number) spent[one.of] += one.atoms;
    return spent;
}

}  // namespace farthing::store
