#include "engine/engine.h"

#include <algorithm>
#include <fstream>
#include <ranges>
#include <sstream>

#include "catalog/catalog.h"
#include "directory/folding.h"
#include "engine/desk.h"
#include "engine/reasons.h"
#include "engine/state.h"
#include "mediation/windows_check.h"
#include "store/archive.h"

namespace farthing::engine {

namespace {

// Catalogs are read by people: a folder holds text of at most a few megabytes, decks somewhat more.
constexpr std::uintmax_t kCatalogBytesMax = std::uintmax_t{1} << 30;

std::string hash_of(const std::vector<CatalogFile>& files) {
    Sha256 hash;
    for (const CatalogFile& file : files) {
        hash.add(file.path);
        hash.add(std::string_view("\0", 1));
        hash.add(file.text);
        hash.add(std::string_view("\0", 1));
    }
    return hash.hex();
}

}  // namespace

Result<std::vector<CatalogFile>> read_catalog(const std::filesystem::path& folder) {
    std::error_code failed;
    std::vector<CatalogFile> files;
    std::uintmax_t bytes = 0;
    for (auto entry = std::filesystem::recursive_directory_iterator(folder, failed);
         !failed && entry != std::filesystem::recursive_directory_iterator();
         entry.increment(failed)) {
        const std::string extension = entry->path().extension().string();
        const bool part_of_it = extension == ".yaml" || extension == ".yml" ||
                                extension == ".csv" || extension == ".png";
        if (entry->is_directory() && entry.depth() == 0 && entry->path().filename() != "decks") {
            entry.disable_recursion_pending();  // scenarios, directory and usage samples stand
                                                // beside the catalog
        }
        if (!entry->is_regular_file() || !part_of_it) continue;
        bytes += entry->file_size();
        if (bytes > kCatalogBytesMax) {
            return fail(EngineReason::catalog_unreadable, "the catalog is larger than 1 GiB",
                        folder.string());
        }
        FARTHING_TRY(std::string text, read_text(entry->path()));
        files.push_back(
            {std::filesystem::relative(entry->path(), folder).generic_string(), std::move(text)});
    }
    if (failed) return fail(EngineReason::catalog_unreadable, failed.message(), folder.string());
    std::sort(files.begin(), files.end(),
              [](const CatalogFile& a, const CatalogFile& b) { return a.path < b.path; });
    return files;
}

std::expected<std::shared_ptr<const catalog::Version>, Errors> check_catalog(
    std::vector<CatalogFile> files) {
    CatalogRecord record;
    record.version = {1};
    record.hash = hash_of(files);
    record.files = std::move(files);
    record.valid_from = Instant::min();
    NameTable names;
    return catalog::compile(record, names);
}

Result<std::string> read_text(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    if (in) text << in.rdbuf();
    if (!in) return fail(EngineReason::file_unreadable, "can't read it", path.string());
    return std::move(text).str();
}

Engine::State::State()
    : counters([this](const PackKey& key) {
          auto bytes = store->counter_pack(key);
          // A block that can't be read is not an empty block: rating on it would lose what was
          // counted.
          if (!bytes) throw StoreFailure{std::move(bytes).error()};
          return *std::move(bytes);
      }) {}

Engine::State::~State() = default;

void Engine::State::remake_rater() {
    desk.reset();  // it charges by the rater
    rater_age += 1;
    rater = std::make_unique<rating::Rater>(catalog, directory, counters);
    cost_rater = std::make_unique<rating::Rater>(catalog, carriers, counters);
}

void Engine::State::forget_counters() {
    counters.clear();
    remake_rater();
}

TimeZone Engine::State::zone() const {
    return catalog.empty() ? TimeZone::utc() : catalog.newest().zone;
}

const catalog::Version* Engine::State::version_on(Date day) const {
    if (catalog.empty()) return nullptr;
    return catalog.at(zone().start_of(day));
}

Result<void> Engine::State::load_catalog() {
    FARTHING_TRY(names, store->names());
    FARTHING_TRY(const std::vector<CatalogRecord> records, store->catalogs());
    std::vector<std::shared_ptr<const catalog::Version>> versions;
    for (const CatalogRecord& record : records) {
        auto version = catalog::compile(record, names);
        // It compiled when it was published; a release that can't any more must say so.
        if (!version) return fail(version.error().front());
        versions.push_back(*std::move(version));
    }
    catalog = catalog::Snapshot(std::move(versions));
    return load_carriers();
}

// A carrier charges us as we charge a customer: rating asks the same questions of a directory in
// which each partner is an account with one subscription, all three of one number.
Result<void> Engine::State::load_carriers() {
    constexpr Date kAlways = Date::of(1970, 1, 1);
    DirectoryFacts facts;
    std::map<PartnerId, PlanId> plans;
    for (const auto& version : catalog.versions()) {
        for (const catalog::Carrier& carrier : version->carriers)
            plans[carrier.id] = carrier.prices.id;
    }
    for (const NameTable::Row& row : names.rows()) {
        if (row.kind != NameTable::Kind::partner) continue;
        AccountFact account;
        account.id = {row.id};
        account.name = row.name;
        facts.accounts.push_back(std::move(account));
        facts.pays.push_back({{row.id}, kAlways, true});
        facts.subscriptions.push_back({{row.id}, row.name, {row.id}, {}});
        facts.quantities.push_back({{row.id}, kAlways, 1});
        const auto plan = plans.find({row.id});
        if (plan != plans.end()) facts.plans.push_back({{row.id}, kAlways, plan->second});
    }
    FARTHING_TRY(carriers, directory::Directory::fold(std::move(facts), zone()));
    return {};
}

Result<directory::Directory> Engine::State::folded_with(const DirectoryFacts& added) const {
    DirectoryFacts facts = directory.facts();
    append_facts(facts, added);
    return directory::Directory::fold(std::move(facts), zone());
}

Result<void> Engine::State::load_directory() {
    std::optional<directory::Folding> folding;
    FARTHING_CHECK(
        store->tell_facts([&](const FactCounts& counts) { folding.emplace(zone(), counts); },
                          [&](DirectoryFacts& some) { return folding->add(some); }));
    FARTHING_TRY(directory, folding->finish());
    return {};
}

Result<void> Engine::State::change_directory(DirectoryFacts added) {
    FARTHING_TRY(directory::Directory next, folded_with(added));
    FARTHING_CHECK(store->append(added));
    directory = std::move(next);
    remake_rater();
    return {};
}

Result<void> Engine::State::load_feeds() {
    FARTHING_TRY(const std::vector<store::Store::FeedRow> rows, store->feeds());
    for (const auto& row : rows) {
        auto feed = mediation::read_feed(row.name, row.text);
        if (!feed) return fail(feed.error().front());
        feeds[row.name] = OpenFeed{row.id, *std::move(feed), nullptr};
    }
    return load_deletions();
}

mediation::Dedup::Reader Engine::State::key_reader() const {
    return [this](const std::string& path) {
        auto bytes = read_text(store->archive_folder() / path);
        if (!bytes) throw StoreFailure{std::move(bytes).error()};
        return *std::move(bytes);
    };
}

Result<mediation::Dedup*> Engine::State::dedup_of(OpenFeed& feed) {
    if (feed.dedup) return feed.dedup.get();
    feed.dedup = std::make_unique<mediation::Dedup>(feed.feed, key_reader());
    FARTHING_TRY(const auto segments, store->dedup_segments());
    feed.segments = 0;
    for (const auto& [id, segment] : segments) {
        if (id != feed.id) continue;
        feed.dedup->add_segment(segment.path, segment.first_day, segment.last_day);
        feed.segments += 1;
    }
    return feed.dedup.get();
}

Engine::Engine(std::unique_ptr<State> state) : state_(std::move(state)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::open(const std::filesystem::path& folder, Clock clock) {
    auto state = std::make_unique<State>();
    state->folder = folder;
    state->clock = std::move(clock);
    FARTHING_TRY(state->store, store::Store::open(folder));
    FARTHING_CHECK(state->store->wrote_elsewhere());  // from here on
    FARTHING_TRY(state->seen, state->store->newest_batch());
    FARTHING_TRY(state->described, state->store->described());
    state->followed = true;
    FARTHING_CHECK(state->load_catalog());
    FARTHING_CHECK(state->load_directory());
    FARTHING_CHECK(state->load_feeds());
    state->remake_rater();
    return std::unique_ptr<Engine>(new Engine(std::move(state)));
}

std::expected<VersionNo, Errors> Engine::publish(std::string_view catalog_folder,
                                                 Instant valid_from) {
    auto files = read_catalog(std::filesystem::path(catalog_folder));
    if (!files) return std::unexpected(Errors{files.error()});
    std::optional<Date> from;
    if (valid_from != Instant::min()) from = state_->zone().date_of(valid_from);
    return publish(*std::move(files), from);
}

std::expected<VersionNo, Errors> Engine::publish(std::vector<CatalogFile> files,
                                                 std::optional<Date> valid_from) {
    State& s = *state_;
    CatalogRecord record;
    record.version = {static_cast<std::uint32_t>(s.catalog.versions().size()) + 1};
    record.hash = hash_of(files);
    record.files = std::move(files);
    record.valid_from = Instant::min();
    NameTable names = s.names;
    auto compiled = catalog::compile(record, names);
    if (!compiled) return std::unexpected(compiled.error());
    if (valid_from) {
        record.valid_from = (*compiled)->zone.start_of(*valid_from);
        compiled = catalog::compile(record, names);
        if (!compiled) return std::unexpected(compiled.error());
    } else {
        record.valid_from = (*compiled)->valid_from;
    }
    const catalog::Version& version = **compiled;
    record.name = version.name;
    if (!s.catalog.empty()) {
        const catalog::Version& newest = s.catalog.newest();
        if (newest.hash == version.hash && newest.valid_from == version.valid_from)
            return newest.number;
        if (newest.currency != version.currency || newest.zone.name() != version.zone.name()) {
            return std::unexpected(Errors{error_of(EngineReason::catalog_ground_changed)});
        }
    }
    Errors windows;
    for (const auto& [name, feed] : s.feeds) {
        for (Error& error : mediation::check_windows(feed.feed, version))
            windows.push_back(std::move(error));
    }
    if (!windows.empty()) return std::unexpected(std::move(windows));
    if (auto stored = s.store->publish(record, names); !stored)
        return std::unexpected(Errors{stored.error()});
    const bool first = s.catalog.empty();
    std::vector<std::shared_ptr<const catalog::Version>> versions = s.catalog.versions();
    versions.push_back(*compiled);
    s.catalog = catalog::Snapshot(std::move(versions));
    s.names = std::move(names);
    if (auto loaded = s.load_carriers(); !loaded) return std::unexpected(Errors{loaded.error()});
    if (first) {  // days mean something only once the zone is known
        if (auto loaded = s.load_directory(); !loaded)
            return std::unexpected(Errors{loaded.error()});
    }
    s.remake_rater();
    return record.version;
}

const catalog::Snapshot& Engine::catalog() const {
    return state_->catalog;
}
const directory::Directory& Engine::directory() const {
    return state_->directory;
}

namespace {

// What windows came to that are no sum is read back by the policy that made them.
Result<void> require_policy(Engine::State& state, const OpenFeed& known,
                            const mediation::Feed& described) {
    const bool grows = known.feed.aggregation.any_grows() || described.aggregation.any_grows();
    if (!grows || mediation::same_windows(known.feed, described)) return {};
    FARTHING_TRY(const auto sources, state.store->sources());
    for (const auto& row : sources) {
        if (row.source.feed == known.id && row.source.reject_reason.empty() && !row.taken_back_by)
            return fail(EngineReason::windows_keep_policy, "such as " + row.source.path,
                        described.name);
    }
    return {};
}

// What came before is told by the keys that were stored for it, which the changed description has
// to be able to read. The newest file of keys says by which rule that is: a feed whose rule an
// older release let change finds back to it.
Result<void> require_rule(Engine::State& state, const OpenFeed& known,
                          const mediation::Feed& described) try {
    const bool as_many =
        known.feed.same_record_fields.size() == described.same_record_fields.size();
    const bool alike = mediation::dedup_rule(known.feed) == mediation::dedup_rule(described);
    if (alike && as_many) return {};
    FARTHING_TRY(const auto segments, state.store->dedup_segments());
    const auto of_feed = [&](const auto& segment) { return segment.first == known.id; };
    const auto newest = std::ranges::find_if(segments | std::views::reverse, of_feed);
    if (newest == segments.rend()) return {};
    // A field has no part in the stored rule: its column may be renamed, but not left out.
    if (alike) return fail(DedupReason::segment_of_other_rule, {}, described.name);
    const std::string keys = state.key_reader()(newest->second.path);
    return mediation::require_same_rule(described, keys, described.name);
} catch (const StoreFailure& failure) {
    return fail(failure.error);
}

// From then on each commit of what is charged online knows of it, and what was before as well.
Result<FeedId> save_feed(Engine::State& state, const mediation::Feed& feed) {
    const bool tells = feed.partials.counted_online() != CountedOnline::no;
    FARTHING_TRY(const store::Turn turn, store::Turn::take(*state.store));
    if (tells) FARTHING_CHECK(state.keep_open_sums());
    return state.store->save_feed(feed.name, feed.text);
}

}  // namespace

std::expected<void, Errors> Engine::add_feed(std::string_view path, std::string_view yaml) {
    State& s = *state_;
    auto feed = mediation::read_feed(path, yaml);
    if (!feed) return std::unexpected(feed.error());
    if (!feed->policy_meters.empty())
        return std::unexpected(
            Errors{error_of(EngineReason::feed_is_policy, {}, std::string(path))});
    const auto known = s.feeds.find(feed->name);
    if (known != s.feeds.end() && known->second.feed.text == feed->text) return {};
    if (known != s.feeds.end()) {
        for (const auto require : {require_policy, require_rule}) {
            auto kept = require(s, known->second, *feed);
            if (!kept) return std::unexpected(Errors{std::move(kept).error()});
        }
    }
    for (const auto& version : s.catalog.versions()) {
        Errors windows = mediation::check_windows(*feed, *version);
        if (!windows.empty()) return std::unexpected(std::move(windows));
    }
    const auto id = save_feed(s, *feed);
    if (!id) return std::unexpected(Errors{id.error()});
    const std::string name = feed->name;
    s.feeds[name] = OpenFeed{*id, *std::move(feed), nullptr};
    if (const auto known = s.load_deletions(); !known)
        return std::unexpected(Errors{known.error()});
    return {};
}

std::vector<std::string> Engine::feed_names() const {
    std::vector<std::string> found;
    for (const auto& [name, feed] : state_->feeds) found.push_back(name);
    return found;
}

}  // namespace farthing::engine
