// Suspense: what waits, how it comes back (a retry is a batch whose source is suspense), what
// people correct for that, and how it is dropped.
#include <algorithm>
#include <map>

#include "engine/batch.h"
#include "engine/decode_ahead.h"
#include "engine/inventory.h"
#include "engine/reasons.h"
#include "engine/suspense_groups.h"
#include "engine/suspense_online.h"
#include "mediation/decode.h"

namespace farthing::engine {

namespace {

// Records that are retried in one batch: of one feed, with the same corrections behind them.
struct Retried {
    std::vector<SuspenseFix> fixes;
    std::map<SourceId, RawRecords> by_source;
    std::map<const OpenGroup*, std::vector<RecordPlace>> places;
    Lack lack;
};
using ByFixes = std::map<std::tuple<std::uint8_t, bool, std::vector<std::uint32_t>>, Retried>;

Result<Source> source_of(Engine::State& state, SourceId id) {
    FARTHING_TRY(const auto row, state.store->source(id));
    if (!row)
        return fail(StoreReason::archive_damaged,
                    "suspended records name a source that is not there");
    return row->source;
}

Result<void> retry_inventory(Engine::State& state, OpenFeed& feed, Batch& batch,
                             const Source& source, const RawRecords& records) {
    std::string text = source.header.empty() ? std::string() : source.header + "\n";
    for (const std::string& raw : records.raw) text += raw + "\n";
    FARTHING_TRY(InventoryChange change, read_inventory(state, feed.feed, text, false));
    change.rows.source = source.id;
    batch.add_facts(change.facts);
    for (std::size_t i = 0; i < change.rows.size() && i < records.lines.size(); ++i)
        change.rows.line[i] = records.lines[i];
    return batch.add_settled(change.rows, source);
}

Result<void> retry_source(Engine::State& state, OpenFeed& feed, Batch& batch, SourceId id,
                          const RawRecords& records, const std::vector<mediation::FieldFix>& fixes,
                          Lack lack) {
    FARTHING_TRY(const Source source, source_of(state, id));
    if (feed.feed.kind == mediation::Feed::Kind::inventory)
        return retry_inventory(state, feed, batch, source, records);
    return decode_waiting(
        state, feed.feed, source, records, fixes, [&](UsageChunk& chunk, std::size_t) {
            prepare(feed.feed, state.catalog.newest(), state.directory, source.sealed_at, chunk);
            return batch.add(chunk, source, lack);
        });
}

// `only` is empty where nothing stays behind in the group.
SuspenseExit exit_of(const OpenGroup& group, std::vector<RecordPlace> places) {
    SuspenseExit exit;
    exit.group = group.row.group.id;
    exit.records = static_cast<std::int64_t>(places.size());
    if (exit.records < group.open()) exit.only = std::move(places);
    return exit;
}

Result<void> try_batch(Engine::State& state, OpenFeed& feed, const Retried& retried,
                       const std::vector<SuspenseFix>& more, bool preview, bool apart,
                       Report& report) {
    std::vector<SuspenseFix> fixes = retried.fixes;
    fixes.insert(fixes.end(), more.begin(), more.end());
    FARTHING_TRY(const auto fields, field_fixes(feed.feed, fixes));
    FARTHING_TRY(const auto batch, Batch::begin(state, feed, "retry"));
    if (apart) batch->keep_records_apart();
    for (const auto& [source, records] : retried.by_source)
        FARTHING_CHECK(retry_source(state, feed, *batch, source, records, fields, retried.lack));
    if (preview) return batch->tell_and_forget(report);
    FARTHING_TRY(const BatchId id, state.store->next_batch());
    for (const auto& [group, places] : retried.places) {
        SuspenseExit exit = exit_of(*group, places);
        exit.recycled_by = id;
        batch->add_exit(std::move(exit));
    }
    batch->add_fixes(std::move(fixes));
    FARTHING_CHECK(batch->commit(report));
    if (feed.feed.kind != mediation::Feed::Kind::inventory) return {};
    FARTHING_CHECK(state.load_directory());
    state.remake_rater();
    return {};
}

Result<void> retry_batch(Engine::State& state, OpenFeed& feed, const Retried& retried,
                         const std::vector<SuspenseFix>& more, bool preview, Report& report) {
    try {
        return try_batch(state, feed, retried, more, preview, false, report);
    } catch (const WindowRefused&) {
        return try_batch(state, feed, retried, more, preview, true, report);
    }
}

// By feed.
Result<std::map<std::string, ByFixes>> records_of(Engine::State& state,
                                                  const std::vector<OpenGroup>& groups,
                                                  const SuspenseFilter& filter) {
    std::map<std::string, ByFixes> retried;
    const auto add = [&](const OpenGroup& group, store::SuspendedRow& row) {
        const SuspenseGroup& lacks = group.row.group;
        std::vector<std::uint32_t> fixes;
        for (const SuspenseFix& fix : group.fixes) fixes.push_back(fix.id);
        Retried& part = retried[group.feed][{lacks.sides, lacks.accepted, std::move(fixes)}];
        part.fixes = group.fixes;
        part.lack = {lacks.sides, lacks.accepted};
        part.places[&group].push_back({row.source, row.line});
        RawRecords& records = part.by_source[row.source];
        records.lines.push_back(row.line);
        records.raw.push_back(std::move(row.raw));
        records.groups.push_back(&group);
    };
    FARTHING_CHECK(each_waiting(state, groups, filter, add));
    return retried;
}

// Nothing is retried before all of it is known to be possible.
Result<Report> retry_with(Engine::State& state, const SuspenseFilter& filter,
                          const std::vector<SuspenseFix>& fixes, bool preview) {
    if (state.catalog.empty()) return fail(EngineReason::catalog_none);
    FARTHING_TRY(const auto groups, open_groups(state, filter));
    FARTHING_TRY(const auto retried, records_of(state, groups, filter));
    for (const auto& [name, parts] : retried) {
        const auto feed = state.feeds.find(name);
        if (feed == state.feeds.end()) return fail(EngineReason::feed_unknown);
        FARTHING_TRY([[maybe_unused]] const auto fields, field_fixes(feed->second.feed, fixes));
    }
    Report report;
    report.charged.currency = state.catalog.newest().currency;
    for (const auto& [name, parts] : retried) {
        for (const auto& [key, part] : parts)
            FARTHING_CHECK(
                retry_batch(state, state.feeds.find(name)->second, part, fixes, preview, report));
    }
    return report;
}

void add_to(SuspenseLine& line, const OpenGroup& group) {
    const SuspenseGroup& what = group.row.group;
    const bool fresh = line.records == 0;
    if (fresh) line.sample = what.sample;
    line.first = fresh ? what.first : std::min(line.first, what.first);
    line.last = fresh ? what.last : std::max(line.last, what.last);
    line.since = fresh ? group.since : std::min(line.since, group.since);
    line.records += group.open();
}

}  // namespace

SuspenseLine line_of(const OpenGroup& group, SuspenseBy by) {
    SuspenseLine line;
    const bool all = by == SuspenseBy::everything;
    if (all || by == SuspenseBy::feed) line.feed = group.feed;
    if (all || by == SuspenseBy::cause) line.reason = group.row.group.reason;
    if (all || by == SuspenseBy::identity) line.identity = group.row.group.identity;
    return line;
}

Result<std::vector<SuspenseLine>> Engine::suspense(SuspenseBy by, const SuspenseFilter& filter) {
    FARTHING_TRY(const auto groups, open_groups(*state_, filter));
    SuspenseLines lines;
    FARTHING_CHECK(add_online_lines(*state_, by, filter, lines));
    for (const OpenGroup& group : groups) {
        const SuspenseLine empty = line_of(group, by);
        add_to(lines.try_emplace({empty.feed, empty.reason, empty.identity}, empty).first->second,
               group);
    }
    std::vector<SuspenseLine> sorted;
    for (auto& [key, line] : lines) sorted.push_back(std::move(line));
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.records > b.records; });
    return sorted;
}

Result<Report> Engine::retry(const SuspenseFilter& filter, bool preview) {
    FARTHING_TRY(Report report, retry_with(*state_, filter, {}, preview));
    FARTHING_CHECK(retry_online(*state_, filter, preview, report));
    if (report.batches == 0) return fail(EngineReason::suspense_empty);
    return report;
}

Result<Report> Engine::fix(const SuspenseFilter& filter, const Correction& correction,
                           bool preview) {
    if (correction.fields.empty()) return fail(EngineReason::fix_empty);
    if (correction.who.empty() || correction.because.empty())
        return fail(EngineReason::fix_unsigned);
    std::vector<SuspenseFix> fixes;
    for (const auto& [field, value] : correction.fields) {
        fixes.push_back({0, state_->clock.now(), correction.who, correction.because, field, value});
    }
    FARTHING_TRY(Report report, retry_with(*state_, filter, fixes, preview));
    if (report.batches > 0) return report;
    FARTHING_TRY(const auto online, waiting_online(*state_, filter));
    return fail(online.empty() ? EngineReason::suspense_empty : EngineReason::fix_of_online);
}

Result<std::vector<SuspendedRecord>> Engine::suspended_records(const SuspenseFilter& filter,
                                                               std::size_t limit) {
    State& s = *state_;
    FARTHING_TRY(const auto groups, open_groups(s, filter));
    FARTHING_TRY(const auto sources, s.store->sources());
    std::map<SourceId, const Source*> by_id;
    for (const auto& row : sources) by_id[row.source.id] = &row.source;
    std::vector<SuspendedRecord> found;
    const auto add = [&](const OpenGroup& group, store::SuspendedRow& row) {
        if (found.size() >= limit) return;
        const SuspenseGroup& what = group.row.group;
        const auto source = by_id.find(row.source);
        SuspendedRecord record{suspense_id({row.source, row.line}),
                               group.feed,
                               {},
                               row.line,
                               row.raw,
                               what.reason,
                               what.identity,
                               std::string(sentence_of(what.reason)),
                               std::string(mend_of(what.reason)),
                               {}};
        for (const SuspenseFix& fix : group.fixes) record.fixes.push_back(fix_text(s, fix));
        if (source != by_id.end()) record.file = source->second->path;
        const auto feed = s.feeds.find(group.feed);
        const bool usage =
            feed != s.feeds.end() && feed->second.feed.kind == mediation::Feed::Kind::usage;
        if (usage && source != by_id.end() && !s.catalog.empty()) {
            const auto fixes = field_fixes(feed->second.feed, group.fixes);
            record.what = mediation::describe_failure(
                feed->second.feed, s.catalog.newest(), row.raw, source->second->header, what.reason,
                fixes ? std::span<const mediation::FieldFix>(*fixes)
                      : std::span<const mediation::FieldFix>());
        }
        found.push_back(std::move(record));
    };
    FARTHING_CHECK(each_waiting(s, groups, filter, add));
    FARTHING_TRY(const auto online, waiting_online(s, filter));
    for (const WaitingUse& waits : online)
        if (found.size() < limit) found.push_back(online_record(s, waits));
    return found;
}

Result<std::int64_t> Engine::drop(const SuspenseFilter& filter, const std::string& reason,
                                  bool preview) {
    FARTHING_TRY(const auto groups, open_groups(*state_, filter));
    std::vector<SuspenseExit> exits;
    if (filter.record.empty()) {
        for (const OpenGroup& group : groups)
            exits.push_back({group.row.group.id, {}, reason, group.open(), {}});
    } else {
        const auto add = [&](const OpenGroup& group, const store::SuspendedRow& row) {
            exits.push_back(exit_of(group, {{row.source, row.line}}));
            exits.back().dropped_because = reason;
        };
        FARTHING_CHECK(each_waiting(*state_, groups, filter, add));
    }
    FARTHING_TRY(std::int64_t records, drop_online(*state_, filter, reason, preview));
    if (exits.empty() && records == 0) return fail(EngineReason::suspense_empty);
    for (const SuspenseExit& exit : exits) records += exit.records;
    if (!preview && !exits.empty()) FARTHING_CHECK(state_->store->drop(exits));
    return records;
}

}  // namespace farthing::engine
