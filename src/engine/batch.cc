#include "engine/batch.h"

#include <algorithm>
#include <future>

#include "base/assert.h"
#include "base/stages.h"
#include "base/utf8.h"
#include "engine/cap_alerts.h"
#include "engine/reasons.h"
#include "engine/usage_entries.h"

namespace farthing::engine {

namespace {

constexpr std::size_t kSampleBytes = 160;
constexpr std::uint8_t kRetail = bit_of(Perspective::retail);

Currency currency_of(const Engine::State& state) {
    return state.catalog.empty() ? Currency() : state.catalog.newest().currency;
}

}  // namespace

Batch::Batch(Engine::State& state, OpenFeed& feed, std::string kind, BatchId id,
             mediation::Dedup* dedup, std::optional<store::Turn> turn)
    : turn_(std::move(turn)),
      state_(state),
      feed_(feed),
      id_(id),
      dedup_(dedup),
      archive_(state.store->archive_folder(), id, currency_of(state)),
      rated_(archive_.rated()),
      currency_(currency_of(state)),
      winners_(state, feed.feed) {
    commit_.committed_at = state.clock.now();
    commit_.feed = feed.id;
    commit_.kind = std::move(kind);
}

Batch::~Batch() {
    if (!done_) abandon();
}

void Batch::abandon() {
    done_ = true;
    if (dedup_ != nullptr) dedup_->discard();
    state_.forget_counters();
}

Result<std::unique_ptr<Batch>> Batch::begin(Engine::State& state, OpenFeed& feed,
                                            std::string kind) {
    FARTHING_TRY(std::optional<store::Turn> turn, store::Turn::take(*state.store));
    FARTHING_CHECK(state.see_others(feed));
    FARTHING_TRY(const BatchId id, state.store->next_batch());
    mediation::Dedup* dedup = nullptr;
    if (feed.id) {
        FARTHING_TRY(dedup, state.dedup_of(feed));
    }
    return std::unique_ptr<Batch>(
        new Batch(state, feed, std::move(kind), id, dedup, std::move(turn)));
}

Result<std::unique_ptr<Batch>> Batch::begin_beside(Engine::State& state, OpenFeed& feed,
                                                   std::string kind, std::uint32_t others) {
    FARTHING_CHECK(state.see_others(feed));
    FARTHING_TRY(const BatchId id, state.store->later_batch(others));
    FARTHING_TRY(mediation::Dedup* const dedup, state.dedup_of(feed));
    return std::unique_ptr<Batch>(new Batch(state, feed, std::move(kind), id, dedup, {}));
}

Result<void> Batch::add(UsageChunk& chunk, const Source& source, Lack lack) try {
    chunk.source = source.id;
    std::uint8_t sides = lack.sides;
    if (sides == 0) {
        for (const Perspective side : feed_.feed.ratings) sides |= bit_of(side);
    }
    if (!lack.accepted) FARTHING_CHECK(settle_duplicates(chunk));
    if (feed_.feed.makes_windows()) return add_parts(chunk, source);
    const bool plain = !lack.accepted && !feed_.feed.rates_cost() && sides == kRetail;
    return plain ? add_retail(chunk, source) : add_sides(chunk, source, sides, lack.accepted);
} catch (const StoreFailure& failure) {
    return fail(failure.error);
}

Result<void> Batch::add_retail(UsageChunk& chunk, const Source& source) {
    std::vector<std::uint32_t> entered;  // rows whose keys this batch now holds
    const std::vector<Outcome> before = chunk.outcome;
    FARTHING_CHECK(rate(chunk, Perspective::retail));
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        const bool falls_out = chunk.outcome[row] == Outcome::suspended;
        if (falls_out && before[row] == Outcome::rated)
            entered.push_back(static_cast<std::uint32_t>(row));
    }
    if (!entered.empty())
        dedup_->withdraw(chunk, entered);  // or its retry would be a duplicate of itself
    return add_settled(chunk, source);
}

Result<void> Batch::rate(UsageChunk& chunk, Perspective side) {
    FARTHING_CHECK(load_sessions(chunk));
    const Timed timed(Stage::rate);
    const std::size_t before = rated_.size();
    state_.rater_of(side).rate(chunk, rated_, side, sessions_);
    for (std::size_t row = 0; chunk.tells_counted && row < chunk.size(); ++row) {
        const bool more = chunk.live(row) || chunk.outcome[row] == Outcome::zero_rated;
        if (more && chunk.counted[row] > 0) beyond_online_ += 1;
    }
    add_atoms(side, before);
    return {};
}

void Batch::add_atoms(Perspective side, std::size_t first) {
    std::int64_t atoms = 0;
    for (std::size_t i = first; i < rated_.size(); ++i) atoms += rated_.charge_atoms[i];
    rated_atoms_ += atoms;
    if (side == Perspective::cost) cost_atoms_ += atoms;
}

bool Batch::full() const {
    if (turn_ && state_.store->others_wait()) return true;
    if (records_ >= kBatchRecordsLive && (!turn_ || state_.store->charged_live())) return true;
    if (records_ < kBatchRecordsMin) return false;
    const std::size_t windows = windows_ ? windows_->all().size() : 0;
    const auto counters = static_cast<std::int64_t>(state_.rater->touched() + windows);
    return records_ >= kBatchRecordsMax || records_ >= counters * kBatchRecordsPerCounter;
}

Result<void> Batch::add_settled(const UsageChunk& chunk, const Source& source) {
    const Timed timed(Stage::gather);
    count_chunk(chunk, source, Perspective::retail);
    std::vector<std::uint32_t> rows;
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        if (chunk.outcome[row] == Outcome::suspended)
            rows.push_back(static_cast<std::uint32_t>(row));
    }
    FARTHING_CHECK(group_suspended(chunk, source, {kRetail, false}, rows));
    return archive(chunk);
}

Result<void> Batch::archive(const UsageChunk& chunk) {
    FARTHING_CHECK(archive_.append(chunk, records_, waiting_));
    waiting_.clear();
    records_ += static_cast<std::int64_t>(chunk.size());
    return {};
}

Result<void> Batch::reprice(const std::vector<rating::CounterKey>& keys) try {
    const std::size_t before = rated_.size();
    for (const rating::CounterKey& key : keys) state_.rater->reprice(key, rated_);
    add_atoms(Perspective::retail, before);
    repriced_ += static_cast<std::int64_t>(rated_.size() - before);
    const UsageChunk none;
    return archive(none);
} catch (const StoreFailure& failure) {
    return fail(failure.error);
}

// Sessions that are charged while they happen are nobody's feed's.
FeedId Batch::session_feed() const {
    return feed_.feed.partials.counted_online() == CountedOnline::no ? feed_.id : FeedId();
}

// The open sessions that the chunk's records are parts of, before they are rated.
Result<void> Batch::load_sessions(const UsageChunk& chunk) {
    if (!chunk.in_parts) return {};
    std::vector<Hash128> unknown;
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        const Hash128 key = chunk.live(row) ? rating::session_key(chunk, row) : Hash128{};
        if (key != Hash128{} && !sessions_.knows(key)) unknown.push_back(key);
    }
    std::ranges::sort(unknown);
    unknown.erase(std::ranges::unique(unknown).begin(), unknown.end());
    FARTHING_TRY(const auto stored, state_.store->open_sessions(session_feed(), unknown));
    for (const OpenSession& session : stored) sessions_.learn(session.key, &session);
    for (const Hash128& key : unknown) {
        if (!sessions_.knows(key)) sessions_.learn(key, nullptr);
    }
    return {};
}

// Candidates become duplicates when their content agrees with the winner's, conflicts when it does
// not (R9).
Result<void> Batch::settle_duplicates(UsageChunk& chunk) {
    const Timed timed(Stage::dedup);
    std::vector<mediation::Candidate> candidates = dedup_->check(chunk);
    if (dedup_->error()) return fail(*dedup_->error());  // duplicates can't be told: none may pass
    if (!std::ranges::all_of(candidates, &mediation::Candidate::content_known)) {
        std::ranges::stable_sort(candidates, {}, [&](const mediation::Candidate& candidate) {
            return chunk.start[candidate.row];  // the winners are read in that order
        });
    }
    for (const mediation::Candidate& candidate : candidates) {
        FARTHING_TRY(const bool same, same_content(chunk, candidate));
        if (same) {
            chunk.outcome[candidate.row] = Outcome::duplicate;
        } else {
            chunk.suspend(candidate.row, SuspenseReason::conflict);
        }
    }
    return {};
}

Result<bool> Batch::same_content(const UsageChunk& chunk, const mediation::Candidate& candidate) {
    if (candidate.content_known) return candidate.content == chunk.content[candidate.row];
    return winners_.agrees(chunk, candidate.row);
}

Result<std::set<BatchId>> correcting_batches(const Engine::State& state) {
    FARTHING_TRY(const auto batches, state.store->batches());
    std::set<BatchId> found;
    for (const auto& batch : batches) {
        if (batch.kind == kTakeBack || batch.kind == kRerate) found.insert(batch.id);
    }
    return found;
}

Result<std::vector<SourceId>> sources_taken_back(Engine::State& state) {
    std::vector<SourceId> found;
    FARTHING_TRY(const auto rows, state.store->sources());
    for (const auto& row : rows) {
        if (row.taken_back_by) found.push_back(row.source.id);
    }
    return found;  // by id
}

void Batch::count(const Source& source, Perspective side, Outcome outcome, std::int64_t records) {
    ControlTotals& totals = controls_[{source.id, side}];
    totals.source = source.id;
    totals.perspective = side;
    totals.received += records;
    totals.outcomes[static_cast<std::size_t>(outcome)] += records;
}

void Batch::count_chunk(const UsageChunk& chunk, const Source& source, Perspective side) {
    std::array<std::int64_t, kOutcomes> records{};
    std::unordered_map<std::uint32_t, QuantityTotals> meters;
    MeterId last;  // records of one meter come in runs
    QuantityTotals* of_last = nullptr;
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        const auto outcome = static_cast<std::size_t>(chunk.outcome[row]);
        records[outcome] += 1;
        if (!chunk.meter[row]) continue;  // not decoded far enough to have a quantity
        if (chunk.meter[row] != last) of_last = &meters[(last = chunk.meter[row]).value];
        of_last->received += chunk.quantity[row];
        of_last->outcomes[outcome] += chunk.quantity[row];
    }
    for (std::size_t outcome = 0; outcome < kOutcomes; ++outcome) {
        count(source, side, static_cast<Outcome>(outcome), records[outcome]);
    }
    for (const auto& [meter, added] : meters) {
        const MeterId id{static_cast<std::uint16_t>(meter)};
        QuantityTotals& totals = quantities_[{source.id, side, id}];
        totals.source = source.id;
        totals.perspective = side;
        totals.meter = id;
        totals.received += added.received;
        for (std::size_t i = 0; i < kOutcomes; ++i) totals.outcomes[i] += added.outcomes[i];
    }
}

std::uint32_t Batch::group_of(const UsageChunk& chunk, std::size_t row, const Source& source,
                              Lack lack) {
    std::string identity;
    if (lack.sides == bit_of(Perspective::cost)) {
        if (chunk.tells_carrier) identity = "carrier " + printable(chunk.carrier[row]);
    } else if (!chunk.identity[row].empty()) {
        identity =
            std::string(name_of(chunk.identity_kind[row])) + " " + printable(chunk.identity[row]);
    }
    const SuspenseReason reason = chunk.reason[row];
    const auto lacks = static_cast<std::uint8_t>(lack.sides | (lack.accepted ? 0x80 : 0));
    if (groups_.size() >= kSuspenseGroupsMax && !groups_.contains({reason, lacks, identity}))
        identity = "*";
    const auto next = static_cast<std::uint32_t>(commit_.suspended.size());
    const auto [found, added] = groups_.try_emplace({reason, lacks, identity}, next);
    if (added) {
        SuspenseGroup group;
        group.batch = id_;
        group.feed = feed_.id;
        group.reason = reason;
        group.identity = std::move(identity);
        group.sample = source.path + ":" + std::to_string(chunk.line[row]) + ": " +
                       printable(chunk.raw[row], kSampleBytes);
        group.sides = lack.sides;
        group.accepted = lack.accepted;
        commit_.suspended.push_back(std::move(group));
    }
    return found->second;
}

// A duplicate that comes again from the archive has no bytes: waiting, it could never be retried.
Result<void> Batch::group_suspended(const UsageChunk& chunk, const Source& source, Lack lack,
                                    const std::vector<std::uint32_t>& rows) {
    for (const std::uint32_t row : rows) {
        if (chunk.raw[row].data() == nullptr) {
            return fail(EngineReason::no_price_again,
                        fmt::format("line {} of {}, a duplicate that comes again, would wait as "
                                    "{}; take that file back first, and import it again after",
                                    chunk.line[row], source.path, name_of(chunk.reason[row])));
        }
        const std::uint32_t index = group_of(chunk, row, source, lack);
        SuspenseGroup& group = commit_.suspended[index];
        const Instant start = chunk.start[row];
        if (group.records == 0 || start < group.first) group.first = start;
        if (group.records == 0 || start > group.last) group.last = start;
        group.records += 1;
        waiting_.push_back({row, index});
    }
    return {};
}

void Batch::post(rating::Rater& rater, Perspective side) {
    UsageEntries entries(side, currency_, id_);
    rater.take_deltas([&](const rating::SegmentDelta& delta) {
        posted_[{side, delta.payer}] += delta.charge_atoms;
        entries.add(delta);
    });
    for (Entry& entry : std::move(entries).finish()) commit_.entries.push_back(std::move(entry));
}

void Batch::seal_totals() {
    for (const auto& [source, totals] : controls_) commit_.controls.push_back(totals);
    for (const auto& [key, totals] : quantities_) commit_.quantities.push_back(totals);
    for (const auto& [key, totals] : window_totals_) commit_.windows.push_back(totals);
    if (rated_atoms_ != 0) commit_.rated_atoms.emplace_back(currency_.numeric(), rated_atoms_);
}

// What the batch moved leaves more, or less, to the windows after it.
Result<void> Batch::carry() {
    for (const Perspective side : {Perspective::retail, Perspective::cost}) {
        const std::size_t before = rated_.size();
        state_.rater_of(side).carry(rated_);
        add_atoms(side, before);
    }
    const UsageChunk none;
    return archive_.append(none, records_, {});
}

Result<std::vector<Batch::KeysFile>> Batch::write_keys() const {
    const Timed timed(Stage::keys);
    std::vector<KeysFile> files;
    if (dedup_ == nullptr) return files;
    const auto write = [&](mediation::Dedup::Delta delta) -> Result<void> {
        if (delta.keys == 0) return {};
        FARTHING_TRY(ArchiveFile file, store::write_blob(state_.store->archive_folder(), "dedup",
                                                         [&delta] { return delta.bytes.next(); }));
        const std::string path = file.path;
        files.push_back({std::move(file), {path, delta.first_day, delta.last_day, delta.keys}});
        return {};
    };
    FARTHING_CHECK(write(dedup_->taken_back()));  // before those that take their place
    FARTHING_CHECK(write(dedup_->delta()));
    return files;
}

void Batch::pack_counters() {
    const Timed timed(Stage::counter);
    post(*state_.rater, Perspective::retail);
    post(*state_.cost_rater, Perspective::cost);
    commit_.packs = state_.counters.dirty_packs();
}

Result<std::vector<ArchiveFile>> Batch::finish_archive() {
    const Timed timed(Stage::encode);
    return archive_.finish();
}

// What the batch writes beside the store. Keys, counters and the archive's last rows need nothing
// of each other: the three are made at once.
Result<void> Batch::write_files() {
    auto writing = std::async(std::launch::async, [this] { return write_keys(); });
    pack_counters();
    FARTHING_TRY(commit_.files, finish_archive());
    FARTHING_TRY(std::vector<KeysFile> keys, writing.get());
    for (KeysFile& written : keys) {
        commit_.files.push_back(std::move(written.file));
        commit_.dedup.push_back(std::move(written.segment));
    }
    return {};
}

Result<void> Batch::add_corrections(const RatedChunk& rated) {
    for (std::size_t i = 0; i < rated.size(); ++i) {
        rated_atoms_ += rated.charge_atoms[i];
        if (rated.perspective[i] == Perspective::cost) cost_atoms_ += rated.charge_atoms[i];
    }
    if (!writes_corrections_) return {};
    append(rated_, rated);
    const UsageChunk none;
    return archive_.append(none, records_, {});
}

Result<void> Batch::commit(Report& report) try {
    FARTHING_CHECK(close_windows());
    FARTHING_CHECK(carry());
    FARTHING_CHECK(write_files());
    // A stored block that can't be read must not be replaced by one that forgot what it counted.
    if (const auto& damage = state_.counters.damage()) return fail(*damage);
    auto [open, closed] = sessions_.changes();
    commit_.open_sessions = std::move(open);
    commit_.closed_sessions = std::move(closed);
    commit_.session_feed = session_feed();
    if (beyond_online_ > 0)
        add_incident(std::to_string(beyond_online_) +
                     " records told more than was charged while it happened: the rest is charged");
    seal_totals();
    if (!turn_) FARTHING_CHECK(take_turn());
    FARTHING_CHECK(tell_caps(state_, commit_));
    FARTHING_CHECK(store());
    done_ = true;
    state_.counters.mark_clean();
    if (dedup_ != nullptr)  // one that took keys back is spent: its caller opens it anew
        dedup_->committed(commit_.dedup.empty() ? std::string() : commit_.dedup.front().path);
    feed_.segments += commit_.dedup.size();

    tell(report);
    return {};
} catch (const StoreFailure& failure) {
    return fail(failure.error);
}

Result<void> Batch::take_turn() {
    FARTHING_TRY(store::Turn turn, store::Turn::take(*state_.store));
    turn_.emplace(std::move(turn));
    FARTHING_TRY(const bool stands_still, stands());
    overtaken_ = !stands_still;
    if (overtaken_) return fail(StoreReason::position_moved);
    FARTHING_CHECK(state_.follow_counters());
    return {};
}

// Who charged meanwhile did so for others than the batch counts for, and left room for its id.
Result<bool> Batch::stands() {
    FARTHING_TRY(const auto changed, state_.store->changed_owners(state_.seen));
    others_ = changed.batches;
    if (!changed.owners || !changed.all_charged || changed.last >= id_) return false;
    return std::ranges::none_of(commit_.packs, [&](const CounterPack& pack) {
        return std::ranges::binary_search(*changed.owners, owners_of(pack.key));
    });
}

Result<void> Batch::store() {
    const Timed timed(Stage::commit);
    FARTHING_TRY(const BatchId committed, state_.store->commit(commit_));
    FARTHING_ASSERT(committed == id_);
    state_.seen = id_;  // no other came between: it would have had that id
    return {};
}

Result<void> Batch::tell_and_forget(Report& report) try {
    FARTHING_CHECK(close_windows());
    FARTHING_CHECK(carry());
    post(*state_.rater, Perspective::retail);
    post(*state_.cost_rater, Perspective::cost);
    seal_totals();
    tell(report);
    abandon();
    return {};
} catch (const StoreFailure& failure) {
    return fail(failure.error);
}

void Batch::tell(Report& report) const {
    report.batches += 1;
    for (const WindowTotals& totals : commit_.windows)
        report.windows += totals.rated + totals.zero_rated;
    const bool two_sided = feed_.feed.ratings.size() > 1;
    for (const ControlTotals& totals : commit_.controls) {
        const bool cost = totals.perspective == Perspective::cost;
        if (cost) report.rates_cost = true;
        auto& outcomes = cost && two_sided ? report.cost_outcomes : report.outcomes;
        for (std::size_t i = 0; i < kOutcomes; ++i) outcomes[i] += totals.outcomes[i];
        if (!cost || !two_sided) report.received += totals.received;
    }
    report.charged.currency = report.cost.currency = currency_;
    report.charged.atoms += rated_atoms_ - cost_atoms_;
    report.cost.atoms += cost_atoms_;
    for (const SuspenseGroup& group : commit_.suspended) {
        std::string name(name_of(group.reason));
        if (two_sided && group.sides == bit_of(Perspective::cost)) name += " (cost)";
        report.count_suspended(name, group.records);
    }
}

void Report::count_suspended(const std::string& reason, std::int64_t records) {
    const auto known = std::ranges::find(suspended_by_reason, reason,
                                         [](const auto& entry) { return entry.first; });
    if (known == suspended_by_reason.end()) {
        suspended_by_reason.emplace_back(reason, records);
    } else {
        known->second += records;
    }
}

}  // namespace farthing::engine
