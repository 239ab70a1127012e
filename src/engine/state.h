// What an open engine holds. Private to this room.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "catalog/snapshot.h"
#include "directory/directory.h"
#include "engine/engine.h"
#include "mediation/dedup.h"
#include "mediation/feed.h"
#include "model/catalog_record.h"
#include "rating/counters.h"
#include "rating/rater.h"
#include "store/store.h"

namespace farthing::engine {

struct OpenFeed {
    FeedId id;
    mediation::Feed feed;
    std::unique_ptr<mediation::Dedup> dedup;  // opened on first use
    std::size_t segments = 0;                 // of keys that it knows
};

class Desk;
constexpr int kTries = 8;  // while other processes write to the same folder

struct Engine::State {
    std::filesystem::path folder;
    Clock clock;
    std::unique_ptr<store::Store> store;
    NameTable names;
    catalog::Snapshot catalog;
    directory::Directory directory;
    directory::Directory
        carriers;  // as if each carrier were a customer: what it charges is its plan
    std::map<std::string, OpenFeed, std::less<>> feeds;
    std::optional<DeletedUsage> deleted;  // the last deletion of usage for its age
    rating::CounterTable counters;
    std::int64_t unusual_factor = 3;
    std::unique_ptr<rating::Rater>
        rater;  // caches look-ups of the snapshots: remade when one changes
    std::unique_ptr<rating::Rater> cost_rater;  // the same, over `carriers`

    ChargeSettings charge_settings;
    // Prepaid accounts that were not asked yet today, with the day since when they are.
    struct FeeDay {
        Date day;
        std::vector<std::pair<AccountId, Date>> left;
        std::size_t plans = 0;  // facts of the directory that were known then
        std::size_t quantities = 0;
    };
    std::optional<FeeDay> fee_day;
    std::unique_ptr<Desk> desk;   // opened on first use; forgotten with the rater
    std::int64_t rater_age = 0;   // grows when it is remade
    bool followed = false;        // what other processes wrote was read
    BatchId seen;                 // up to there counters in memory know what batches changed
    std::int64_t described = -1;  // of the store, when catalog, directory and feeds were read

    State();
    ~State();
    Result<void> follow_others();
    // Counters that batches of others changed since `seen` are loaded again, in their places, and
    // all are forgotten where it is not told which. Gives whose; none: perhaps anybody's.
    Result<std::optional<std::vector<OwnerBlock>>> follow_counters();
    // The same for a batch on its way through a file, which keeps the snapshots that it began with:
    // counters and keys. REQUIRES: it is our turn, or what was changed since is asked for at the
    // commit (`Batch::begin_beside`).
    Result<void> see_others(OpenFeed& feed);
    Result<Desk*> open_desk();
    // What sessions that go on came to is put where records of files look for it.
    Result<void> keep_open_sums();
    // A write that changes nothing by which is charged: the desk need not look. Others who charge
    // do not find it between what they read and their commit: they would begin anew.
    Result<void> quietly(const std::function<Result<void>()>& write);
    // Drops what rating cached and what a discarded batch left in memory.
    void forget_counters();
    void remake_rater();
    Result<void> load_descriptions(std::int64_t now);
    Result<void> load_catalog();
    Result<void> load_carriers();
    // Whose prices and whose names a perspective goes by.
    const directory::Directory& directory_of(Perspective side) const {
        return side == Perspective::cost ? carriers : directory;
    }
    rating::Rater& rater_of(Perspective side) const {
        return side == Perspective::cost ? *cost_rater : *rater;
    }
    Result<void> load_directory();
    Result<void> load_feeds();
    // Up to when usage was deleted, for feeds too. REQUIRES: catalogs and feeds were read.
    Result<void> load_deletions();
    // Stores the facts, then folds them in.
    Result<void> change_directory(DirectoryFacts added);
    // Folds `added` into a new snapshot without storing it: what a batch's transaction will make
    // true.
    Result<directory::Directory> folded_with(const DirectoryFacts& added) const;
    Result<mediation::Dedup*> dedup_of(OpenFeed& feed);
    // Gives the bytes of a file of duplicate keys, or throws StoreFailure.
    mediation::Dedup::Reader key_reader() const;
    // The version in force at the end of a day, or the newest before: for words on documents.
    const catalog::Version* version_on(Date day) const;
    TimeZone zone() const;
    Date today() const { return zone().date_of(clock.now()); }
};

// The whole of a file; store_failed-like error when it can't be read.
Result<std::string> read_text(const std::filesystem::path& path);

}  // namespace farthing::engine
