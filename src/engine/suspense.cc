// Suspense: what waits, how it comes back (a retry is a batch whose source is suspense) and how it
// is dropped.
#include <algorithm>
#include <map>

#include "engine/batch.h"
#include "engine/decode_ahead.h"
#include "engine/inventory.h"
#include "engine/reasons.h"
#include "mediation/decode.h"

namespace farthing::engine {

namespace {

using store::Store;

struct OpenGroup {
    Store::SuspenseRow row;
    std::uint32_t index = 0;  // within its batch
    std::int64_t open() const { return row.group.records - row.recycled - row.dropped; }
};

std::string feed_name(const Engine::State& state, FeedId id) {
    for (const auto& [name, feed] : state.feeds) {
        if (feed.id == id) return name;
    }
    return {};
}

bool matches(const Engine::State& state, const SuspenseGroup& group, const SuspenseFilter& filter) {
    if (!filter.feed.empty() && filter.feed != feed_name(state, group.feed)) return false;
    if (!filter.reason.empty() && filter.reason != name_of(group.reason)) return false;
    if (filter.identity.empty() || filter.identity == group.identity) return true;
    const std::size_t space = group.identity.find(' ');  // the identity alone, without its kind
    return space != std::string::npos && group.identity.substr(space + 1) == filter.identity;
}

Result<std::vector<OpenGroup>> open_groups(Engine::State& state, const SuspenseFilter& filter) {
    FARTHING_TRY(std::vector<Store::SuspenseRow> rows, state.store->suspense());
    std::sort(rows.begin(), rows.end(),
              [](const auto& a, const auto& b) { return a.group.id < b.group.id; });
    std::map<BatchId, std::uint32_t> next_index;
    std::vector<OpenGroup> found;
    for (Store::SuspenseRow& row : rows) {
        const std::uint32_t index =
            next_index[row.group.batch]++;  // ids are given in the batch's order
        OpenGroup group{std::move(row), index};
        if (group.open() > 0 && matches(state, group.row.group, filter))
            found.push_back(std::move(group));
    }
    return found;
}

// Raw records of one source, as its feed reads them now.
struct RawRecords {
    std::vector<std::int64_t> lines;
    std::vector<std::string> raw;
};

// Records that come without their file are told so by a header, whatever their format.
std::string_view header_for(const Source& source) {
    return source.header.empty() ? "\n" : std::string_view(source.header);
}

// Decodes records [first, end) and takes them through the batch. They are read as one text, which
// must fall into the same records again; where one can't be read so any more, each is read alone.
Result<void> retry_records(Engine::State& state, OpenFeed& feed, Batch& batch, const Source& source,
                           const RawRecords& records, std::size_t first, std::size_t end) {
    std::string text;
    for (std::size_t i = first; i < end; ++i) text += records.raw[i] + "\n";
    mediation::Decoder decoder(feed.feed, state.catalog.newest(), text, header_for(source));
    UsageChunk chunk;
    bool same = decoder.next(chunk) && chunk.size() == end - first;
    for (std::size_t i = first; same && i < end; ++i) same = chunk.raw[i - first] == records.raw[i];
    if (!same && end - first > 1) {
        for (std::size_t i = first; i < end; ++i) {
            FARTHING_CHECK(retry_records(state, feed, batch, source, records, i, i + 1));
        }
        return {};
    }
    if (!same) {
        chunk = UsageChunk();
        chunk.resize(1);
        chunk.raw[0] = records.raw[first];
        chunk.suspend(0, SuspenseReason::unparseable);
    }
    std::copy(records.lines.begin() + static_cast<std::ptrdiff_t>(first),
              records.lines.begin() + static_cast<std::ptrdiff_t>(end), chunk.line.begin());
    prepare(feed.feed, state.directory, source.sealed_at, chunk);
    return batch.add(chunk, source);
}

Result<void> retry_source(Engine::State& state, OpenFeed& feed, Batch& batch, SourceId source_id,
                          const RawRecords& records) {
    FARTHING_TRY(const auto source, state.store->source(source_id));
    if (!source)
        return fail(StoreReason::archive_damaged,
                    "suspended records name a source that is not there");
    if (feed.feed.kind == mediation::Feed::Kind::inventory) {
        std::string text =
            source->source.header.empty() ? std::string() : source->source.header + "\n";
        for (const std::string& raw : records.raw) text += raw + "\n";
        FARTHING_TRY(InventoryChange change, read_inventory(state, feed.feed, text));
        batch.add_facts(change.facts);
        for (std::size_t i = 0; i < change.rows.size() && i < records.lines.size(); ++i) {
            change.rows.line[i] = records.lines[i];
        }
        return batch.add_settled(change.rows, source->source);
    }
    for (std::size_t first = 0; first < records.raw.size(); first += kChunkRecordsMax) {
        const std::size_t end = std::min(records.raw.size(), first + kChunkRecordsMax);
        FARTHING_CHECK(retry_records(state, feed, batch, source->source, records, first, end));
    }
    return {};
}

using Wanted = std::map<std::pair<BatchId, std::uint32_t>, const OpenGroup*>;

// Visits the archived records of the wanted groups, in batch order.
template <class Visit>
Result<void> each_record(Engine::State& state, const std::vector<Store::FileRow>& files,
                         const Wanted& wanted, Visit visit) {
    for (const auto& file : files) {
        const auto first = wanted.lower_bound({file.batch, 0});
        if (first == wanted.end() || first->first.first != file.batch) continue;
        FARTHING_TRY(auto rows, store::read_suspended(state.store->archive_folder() / file.path));
        for (store::SuspendedRow& row : rows) {
            if (wanted.contains({file.batch, row.group})) visit(row);
        }
    }
    return {};
}

Result<void> retry_feed(Engine::State& state, OpenFeed& feed, const std::vector<OpenGroup>& groups,
                        Report& report) {
    Wanted wanted;
    for (const OpenGroup& group : groups) {
        if (group.row.group.feed == feed.id) wanted[{group.row.group.batch, group.index}] = &group;
    }
    if (wanted.empty()) return {};
    FARTHING_TRY(const auto files, state.store->files("suspended"));
    std::map<SourceId, RawRecords> by_source;
    FARTHING_CHECK(each_record(state, files, wanted, [&](store::SuspendedRow& row) {
        RawRecords& records = by_source[row.source];
        records.lines.push_back(row.line);
        records.raw.push_back(std::move(row.raw));
    }));
    FARTHING_TRY(const auto batch, Batch::begin(state, feed, "retry"));
    for (const auto& [source, records] : by_source) {
        FARTHING_CHECK(retry_source(state, feed, *batch, source, records));
    }
    FARTHING_TRY(const BatchId id, state.store->next_batch());
    for (const auto& [key, group] : wanted) {
        batch->add_exit({group->row.group.id, id, {}, group->open()});
    }
    FARTHING_CHECK(batch->commit(report));
    if (feed.feed.kind != mediation::Feed::Kind::inventory) return {};
    FARTHING_CHECK(state.load_directory());
    state.remake_rater();
    return {};
}

}  // namespace

Result<std::vector<SuspenseLine>> Engine::suspense() {
    State& s = *state_;
    FARTHING_TRY(const auto groups, open_groups(s, {}));
    std::map<std::tuple<std::string, SuspenseReason, std::string>, SuspenseLine> lines;
    for (const OpenGroup& group : groups) {
        const SuspenseGroup& what = group.row.group;
        SuspenseLine& line = lines[{feed_name(s, what.feed), what.reason, what.identity}];
        const bool fresh = line.records == 0;
        if (fresh) {
            line.feed = feed_name(s, what.feed);
            line.reason = what.reason;
            line.identity = what.identity;
            line.sample = what.sample;
        }
        line.first = fresh ? what.first : std::min(line.first, what.first);
        line.last = fresh ? what.last : std::max(line.last, what.last);
        line.records += group.open();
    }
    std::vector<SuspenseLine> sorted;
    for (auto& [key, line] : lines) sorted.push_back(std::move(line));
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.records > b.records; });
    return sorted;
}

Result<Report> Engine::retry(const SuspenseFilter& filter) {
    State& s = *state_;
    if (s.catalog.empty()) return fail(EngineReason::catalog_none);
    FARTHING_TRY(const auto groups, open_groups(s, filter));
    if (groups.empty()) return fail(EngineReason::suspense_empty);
    Report report;
    report.charged.currency = s.catalog.newest().currency;
    for (auto& [name, feed] : s.feeds) FARTHING_CHECK(retry_feed(s, feed, groups, report));
    return report;
}

Result<std::vector<SuspendedRecord>> Engine::suspended_records(const SuspenseFilter& filter,
                                                               std::size_t limit) {
    FARTHING_TRY(const auto groups, open_groups(*state_, filter));
    Wanted wanted;
    for (const OpenGroup& group : groups) wanted[{group.row.group.batch, group.index}] = &group;
    FARTHING_TRY(const auto files, state_->store->files("suspended"));
    FARTHING_TRY(const auto sources, state_->store->sources());
    std::vector<SuspendedRecord> found;
    FARTHING_CHECK(each_record(*state_, files, wanted, [&](const store::SuspendedRow& row) {
        if (found.size() >= limit) return;
        const auto source =
            std::find_if(sources.begin(), sources.end(),
                         [&](const auto& candidate) { return candidate.source.id == row.source; });
        found.push_back(
            {source == sources.end() ? std::string() : source->source.path, row.line, row.raw});
    }));
    return found;
}

Result<std::int64_t> Engine::drop(const SuspenseFilter& filter, const std::string& reason) {
    FARTHING_TRY(const auto groups, open_groups(*state_, filter));
    if (groups.empty()) return fail(EngineReason::suspense_empty);
    std::vector<SuspenseExit> exits;
    std::int64_t records = 0;
    for (const OpenGroup& group : groups) {
        exits.push_back({group.row.group.id, {}, reason, group.open()});
        records += group.open();
    }
    FARTHING_CHECK(state_->store->drop(exits));
    return records;
}

}  // namespace farthing::engine
