// One commit of an edge: the file to send is written under a hidden name and synced, then the state
// that names it replaces the one before (from there on it is true), then the file gets its name.
// What a crash leaves before that is written over by the next try; after it, only the name is
// missing.
#include "engine/edge.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <set>

#include "base/assert.h"
#include "base/json.h"
#include "engine/edge_state.h"
#include "engine/reasons.h"
#include "engine/state.h"
#include "mediation/collect.h"
#include "mediation/decode.h"
#include "store/files.h"

namespace farthing::engine {

namespace {

constexpr std::int64_t kCommitRecords = 1 << 20;
constexpr std::size_t kStreamBytes = std::size_t{8} << 20;
constexpr auto kStreamWait = std::chrono::seconds(10);

std::filesystem::path keys_path(const std::filesystem::path& folder, std::int64_t commit) {
    return folder / "keys" / std::to_string(commit);
}

// An edge has no catalog: its policy names the meters.
catalog::Version meters_of(const mediation::Feed& feed) {
    catalog::Version version;
    for (const auto& [name, unit] : feed.policy_meters) {
        catalog::Meter meter;
        meter.id.value = static_cast<std::uint16_t>(version.meters.size() + 1);
        meter.name = name;
        meter.unit = base_unit(unit_named(unit));
        version.meters.push_back(std::move(meter));
    }
    return version;
}

Result<mediation::Feed> read_policy(const EdgeSettings& settings) {
    if (!mediation::is_edge_name(settings.name))
        return fail(EngineReason::edge_name_malformed,
                    "\"" + settings.name + "\" is no name of an edge");
    auto feed = mediation::read_feed(settings.policy_path, settings.policy);
    if (!feed) return fail(feed.error().front());
    if (!feed->makes_windows() || feed->sent_by_edge() || feed->policy_meters.empty() ||
        feed->by_destination)
        return fail(EngineReason::edge_policy_unfit, "this is no policy of an edge",
                    settings.policy_path);
    return *std::move(feed);
}

}  // namespace

struct Edge::State {
    State(EdgeSettings given, Clock given_clock, mediation::Feed read, store::FolderLock held)
        : settings(std::move(given)),
          clock(std::move(given_clock)),
          feed(std::move(read)),
          lock(std::move(held)),
          meters(meters_of(feed)),
          windows(feed, meters),
          dedup(
              feed,
              [this](const std::string& path) {
                  auto bytes = read_text(settings.folder / path);
                  if (!bytes) throw StoreFailure{std::move(bytes).error()};
                  return *std::move(bytes);
              },
              mediation::Dedup::Content::kept) {}

    Result<void> recover();
    void sweep() const;
    Result<void> name_file();
    Result<void> take_file(const std::filesystem::path& path);
    Result<void> take(UsageChunk& chunk, const std::string& file);
    void find_owners(UsageChunk& chunk);
    Result<void> settle_duplicates(UsageChunk& chunk);
    void add_parts(UsageChunk& chunk);
    void count(const UsageChunk& chunk, const std::string& file);
    Result<void> commit(bool all);
    std::vector<mediation::Window> closing(bool all);
    std::string file_of(const std::vector<mediation::Window>& sent, EdgeState& next) const;
    EdgeState remembered() const;
    std::filesystem::path hidden(const std::string& name) const {
        return settings.out / ("." + name + std::string(store::kTemporarySuffix));
    }

    EdgeSettings settings;
    Clock clock;
    mediation::Feed feed;
    store::FolderLock lock;
    catalog::Version meters;
    mediation::Windows windows;
    mediation::Dedup dedup;
    EdgeState known;  // all but the windows, which stand in `windows`
    std::map<EdgeState::Identity, std::uint32_t> numbers;
    std::string set_aside;   // records that wait here, since the last commit
    std::int64_t taken = 0;  // records, since the last commit
    EdgeReport done;
};

Result<std::unique_ptr<Edge>> Edge::open(EdgeSettings settings, Clock clock) {
    FARTHING_TRY(mediation::Feed feed, read_policy(settings));
    std::error_code code;
    std::filesystem::create_directories(settings.folder, code);
    std::filesystem::create_directories(settings.out, code);
    FARTHING_TRY(auto lock, store::FolderLock::alone(settings.folder / "lock"));
    if (!lock) return fail(EngineReason::edge_busy, {}, settings.folder.string());
    auto state = std::make_unique<State>(std::move(settings), std::move(clock), std::move(feed),
                                         *std::move(lock));
    FARTHING_CHECK(state->recover());
    return std::unique_ptr<Edge>(new Edge(std::move(state)));
}

Edge::Edge(std::unique_ptr<State> state) : state_(std::move(state)) {}
Edge::~Edge() = default;

// What a crash left that no state names.
void Edge::State::sweep() const {
    std::error_code ignored;
    std::set<std::string> named;
    for (const EdgeState::Segment& segment : known.segments)
        named.insert(std::to_string(segment.commit));
    for (const auto& entry :
         std::filesystem::directory_iterator(settings.folder / "keys", ignored)) {
        if (!named.contains(entry.path().filename().string()))
            std::filesystem::remove(entry.path(), ignored);
    }
    const std::string next = fmt::format("{:06}.jsonl", known.commits + 1);
    std::filesystem::remove(settings.folder / "suspended" / next, ignored);
    std::filesystem::remove(hidden(mediation::edge_file_name(known.name, known.files_sent + 1)),
                            ignored);
}

Result<void> Edge::State::recover() {
    const std::string version = feed.hash.substr(0, 16);
    const auto path = settings.folder / "state";
    if (!std::filesystem::exists(path)) {
        known.name = settings.name;
        known.policy = version;
        sweep();
        return {};
    }
    FARTHING_TRY(const std::string bytes, read_text(path));
    FARTHING_TRY(known, EdgeState::decode(bytes, path.string()));
    if (known.name != settings.name || known.policy != version)
        return fail(EngineReason::edge_policy_changed,
                    fmt::format("the edge {} works by policy {}, this one is {}", known.name,
                                known.policy, version),
                    settings.policy_path);
    for (const mediation::Window& window : known.windows) windows.put(window);
    known.windows.clear();
    known.texts.clear();
    for (std::size_t i = 0; i < known.identities.size(); ++i)
        numbers[known.identities[i]] = static_cast<std::uint32_t>(i + 1);
    sweep();
    for (const EdgeState::Segment& segment : known.segments)
        dedup.add_segment("keys/" + std::to_string(segment.commit), segment.first_day,
                          segment.last_day);
    return name_file();
}

// A file whose hidden name is gone has its own name, or was fetched already.
Result<void> Edge::State::name_file() {
    if (known.on_its_way.empty() || !std::filesystem::exists(hidden(known.on_its_way))) return {};
    return store::rename_synced(hidden(known.on_its_way), settings.out / known.on_its_way);
}

Result<void> Edge::State::take_file(const std::filesystem::path& path) {
    auto collected = mediation::Collected::open(path, feed.unpacked_max);
    if (!collected) {
        done.refused.push_back({path.string(), std::move(collected).error()});
        return {};
    }
    const auto is_it = [&](const auto& source) { return source.hash == collected->hash(); };
    const auto before = std::ranges::find_if(known.sources, is_it);
    const mediation::Seal seal = mediation::seal(feed, collected->bytes());
    if (seal.rejected) {
        done.refused.push_back(
            {path.string(), error_of(*seal.rejected, seal.detail, path.string())});
        return {};
    }
    const std::int64_t position = before == known.sources.end() ? 0 : before->position;
    if (position == seal.records && seal.records > 0) {
        done.again += 1;
        return {};
    }
    if (before == known.sources.end()) known.sources.push_back({collected->hash(), 0, clock.now()});
    done.files += 1;
    mediation::Decoder decoder(feed, meters, collected->bytes());
    decoder.skip_to(position);
    UsageChunk chunk;
    while (decoder.next(chunk)) {
        FARTHING_CHECK(take(chunk, path.string()));
        std::ranges::find_if(known.sources, is_it)->position = decoder.position();
        if (taken >= kCommitRecords) FARTHING_CHECK(commit(false));
    }
    return commit(false);
}

Result<void> Edge::State::take(UsageChunk& chunk, const std::string& file) try {
    mediation::validate(feed, clock.now(), chunk);
    find_owners(chunk);
    FARTHING_CHECK(settle_duplicates(chunk));
    add_parts(chunk);
    count(chunk, file);
    return {};
} catch (const StoreFailure& failure) {
    return fail(failure.error);
}

// The centre knows who owns an identity; here each is its own owner.
void Edge::State::find_owners(UsageChunk& chunk) {
    EdgeState::Identity key;
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        if (!chunk.live(row)) continue;
        key.first = chunk.identity_kind[row];
        key.second.assign(chunk.identity[row]);
        const auto next = static_cast<std::uint32_t>(known.identities.size() + 1);
        const auto [found, fresh] = numbers.try_emplace(key, next);
        if (fresh) known.identities.push_back(key);
        chunk.subscription[row] = {found->second};
        chunk.content[row] = content_hash(chunk, row);
    }
}

Result<void> Edge::State::settle_duplicates(UsageChunk& chunk) {
    const auto candidates = dedup.check(chunk);
    if (dedup.error()) return fail(*dedup.error());
    for (const mediation::Candidate& candidate : candidates) {
        FARTHING_ASSERT(candidate.content_known);
        if (candidate.content == chunk.content[candidate.row]) {
            chunk.outcome[candidate.row] = Outcome::duplicate;
        } else {
            chunk.suspend(candidate.row, SuspenseReason::conflict);
        }
    }
    return {};
}

void Edge::State::add_parts(UsageChunk& chunk) {
    std::vector<std::uint32_t> fell_out;
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        if (!chunk.live(row)) continue;
        mediation::Window& window = windows.of(chunk, row);
        const std::int64_t sum_max = windows.sum_max(window.meter);
        if (chunk.quantity[row] > sum_max - window.sum) {
            chunk.suspend(row, SuspenseReason::quantity_out_of_range);
            fell_out.push_back(static_cast<std::uint32_t>(row));
            continue;
        }
        const bool counts =
            windows.function(window.meter) == WindowFunction::last
                ? mediation::Windows::is_newer(window, chunk.start[row], chunk.quantity[row])
                : chunk.quantity[row] > window.growth;  // of `max`
        mediation::Windows::add(window, chunk, row, hash64(chunk.raw[row]));
        if (counts) window.growth = chunk.quantity[row];
        known.newest = std::max(known.newest, chunk.start[row]);
        chunk.outcome[row] = Outcome::aggregated;
    }
    if (!fell_out.empty()) dedup.withdraw(chunk, fell_out);
}

void Edge::State::count(const UsageChunk& chunk, const std::string& file) {
    mediation::EdgeTotals& totals = known.totals;
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        switch (chunk.outcome[row]) {
            case Outcome::aggregated: totals.held += 1; break;
            case Outcome::duplicate: totals.duplicate += 1; break;
            case Outcome::filtered: totals.filtered += 1; break;
            default: {
                totals.suspended += 1;
                JsonWriter json(false);
                json.begin_object().field("reason", name_of(chunk.reason[row]));
                json.field("file", file).field("line", chunk.line[row]);
                json.field("record", chunk.raw[row]).end_object();
                set_aside += json.text() + "\n";
            }
        }
    }
    totals.received += static_cast<std::int64_t>(chunk.size());
    taken += static_cast<std::int64_t>(chunk.size());
}

// A window is sent when an event came that is later than its end by more than the lateness.
std::vector<mediation::Window> Edge::State::closing(bool all) {
    const mediation::Feed::Aggregation& rules = feed.aggregation;
    const Instant until =
        known.newest == Instant::min()
            ? known.newest
            : known.newest.plus_micros(-rules.window_micros - rules.lateness_micros);
    auto closing =
        windows.take([&](const mediation::Window& window) { return all || window.start <= until; });
    std::erase_if(closing, [](const mediation::Window& window) { return window.parts == 0; });
    std::ranges::sort(closing, {}, [](const mediation::Window& window) {
        return std::tuple(window.start, window.owner, window.meter, window.network, window.called,
                          window.calling);
    });
    return closing;
}

std::string Edge::State::file_of(const std::vector<mediation::Window>& sent,
                                 EdgeState& next) const {
    mediation::EdgeControl control;
    control.edge = next.name;
    control.number = ++next.files_sent;
    control.policy = next.policy;
    mediation::EdgeFile file(feed, control);
    for (const mediation::Window& window : sent) {
        mediation::EdgeRecord record;
        record.service = meters.meter(window.meter)->name;
        std::tie(record.kind, record.identity) = next.identities[window.owner.value - 1];
        record.first = window.first;
        record.last = window.last;
        record.quantity = windows.quantity(window);
        record.parts = window.parts;
        record.digest = window.digest;
        record.network = window.network;
        record.called = window.called;
        record.calling = window.calling;
        for (std::size_t i = 0; i < feed.keep.size(); ++i) record.reading[i] = window.reading[i];
        file.add(record);
    }
    next.totals.records += static_cast<std::int64_t>(sent.size());
    next.totals.aggregated += file.parts();
    next.totals.held -= file.parts();
    return file.finish(next.totals);
}

EdgeState Edge::State::remembered() const {
    EdgeState next = known;
    next.commits += 1;
    next.on_its_way.clear();
    const Instant horizon = clock.now().plus_micros(-feed.accept_late_micros - kMicrosPerDay);
    std::erase_if(next.sources, [&](const auto& source) { return source.taken < horizon; });
    const Date first = TimeZone::utc().date_of(horizon);
    std::erase_if(next.segments, [&](const auto& segment) { return segment.last_day < first; });
    return next;
}

Result<void> Edge::State::commit(bool all) {
    const std::vector<mediation::Window> sent = closing(all);
    if (taken == 0 && sent.empty()) return {};
    EdgeState next = remembered();
    if (!sent.empty()) {
        const std::string bytes = file_of(sent, next);
        next.on_its_way = mediation::edge_file_name(next.name, next.files_sent);
        if (const auto path = settings.out / next.on_its_way; std::filesystem::exists(path))
            return fail(EngineReason::edge_file_taken, {}, path.string());
        FARTHING_CHECK(store::write_synced(hidden(next.on_its_way), bytes));
    }
    auto delta = dedup.delta();
    if (delta.keys > 0) {
        FARTHING_CHECK(
            store::write_synced(keys_path(settings.folder, next.commits), delta.bytes.all()));
        next.segments.push_back({next.commits, delta.first_day, delta.last_day});
    }
    if (!set_aside.empty()) {
        const std::string name = fmt::format("{:06}.jsonl", next.commits);
        FARTHING_CHECK(store::write_synced(settings.folder / "suspended" / name, set_aside));
    }
    next.windows = windows.all();
    FARTHING_ASSERT(next.totals.closes());
    FARTHING_CHECK(store::replace_synced(settings.folder / "state", next.encode()));
    next.windows.clear();
    windows.compact();
    known = std::move(next);
    dedup.committed(delta.keys > 0 ? "keys/" + std::to_string(known.commits) : std::string());
    set_aside.clear();
    taken = 0;
    if (!sent.empty()) done.sent.push_back(known.on_its_way);
    return name_file();
}

Result<void> Edge::take_files(std::span<const std::filesystem::path> files) {
    for (const auto& file : files) FARTHING_CHECK(state_->take_file(file));
    return {};
}

namespace {

// Lines from a descriptor, in blocks that end with a line; a last line needs no newline.
class Lines {
  public:
    explicit Lines(int descriptor) : descriptor_(descriptor) {}

    // The next block: when it is full, or nothing came for a while. Empty at the end.
    Result<std::string> next() {
        const auto until = std::chrono::steady_clock::now() + kStreamWait;
        while (!ended_ && rest_.size() < kStreamBytes) {
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
                until - std::chrono::steady_clock::now());
            if (left.count() <= 0 && rest_.find('\n') != std::string::npos) break;
            pollfd ready{descriptor_, POLLIN, 0};
            const int wait = static_cast<int>(std::max<std::int64_t>(left.count(), 100));
            const int came = ::poll(&ready, 1, wait);
            if (came < 0 && errno != EINTR) return unreadable();
            if (came <= 0) continue;
            char bytes[1 << 16];
            const ssize_t size = ::read(descriptor_, bytes, sizeof bytes);
            if (size < 0 && errno != EINTR && errno != EAGAIN) return unreadable();
            if (size == 0) ended_ = true;
            if (size > 0) rest_.append(bytes, static_cast<std::size_t>(size));
        }
        const std::size_t last = rest_.rfind('\n');
        const std::size_t end = ended_ || last == std::string::npos ? rest_.size() : last + 1;
        std::string block = rest_.substr(0, end);
        rest_.erase(0, end);
        return block;
    }

  private:
    static std::unexpected<Error> unreadable() {
        return fail(EngineReason::file_unreadable, std::strerror(errno), "standard input");
    }
    int descriptor_;
    std::string rest_;
    bool ended_ = false;
};

}  // namespace

Result<void> Edge::take_stream(int descriptor, const OnDurable& durable) {
    State& s = *state_;
    const bool lines_alone = s.feed.format == mediation::FormatKind::delimited ||
                             s.feed.format == mediation::FormatKind::json_lines;
    const bool begins_odd = s.feed.skip_lines > 0 || s.feed.header_lines > 1;
    if (!lines_alone || begins_odd)
        return fail(EngineReason::edge_policy_unfit,
                    "only delimited records and JSON lines can come as a stream");
    Lines lines(descriptor);
    std::string header;
    std::int64_t records = 0;
    while (true) {
        FARTHING_TRY(const std::string block, lines.next());
        if (block.empty()) break;
        if (header.empty() && s.feed.header) {
            const mediation::Seal seal = mediation::seal(s.feed, block);
            if (seal.rejected) return fail(error_of(*seal.rejected, seal.detail, "standard input"));
            header = seal.header;
        }
        const bool first = records == 0;
        mediation::Decoder decoder(s.feed, s.meters, block,
                                   first ? std::string_view() : std::string_view(header));
        UsageChunk chunk;
        while (decoder.next(chunk)) FARTHING_CHECK(s.take(chunk, "standard input"));
        records += decoder.position();
        FARTHING_CHECK(s.commit(false));
        if (durable) durable(records);
    }
    return {};
}

Result<void> Edge::send_all() {
    return state_->commit(true);
}

EdgeReport Edge::report() const {
    EdgeReport report = state_->done;
    const mediation::EdgeTotals& totals = state_->known.totals;
    report.edge = state_->known.name;
    report.records = totals.records;
    report.received = totals.received;
    report.aggregated = totals.aggregated;
    report.held = totals.held;
    report.duplicate = totals.duplicate;
    report.suspended = totals.suspended;
    report.filtered = totals.filtered;
    report.windows_open = static_cast<std::int64_t>(state_->windows.all().size());
    return report;
}

}  // namespace farthing::engine
