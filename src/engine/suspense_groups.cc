#include "engine/suspense_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "engine/reasons.h"
#include "engine/suspense_online.h"
#include "mediation/decode.h"

namespace farthing::engine {

namespace {

using store::Store;

std::string feed_name(const Engine::State& state, FeedId id) {
    for (const auto& [name, feed] : state.feeds) {
        if (feed.id == id) return name;
    }
    return {};
}

bool matches(const OpenGroup& open, const SuspenseFilter& filter) {
    const SuspenseGroup& group = open.row.group;
    if (!filter.feed.empty() && filter.feed != open.feed) return false;
    if (!filter.reason.empty() && filter.reason != name_of(group.reason)) return false;
    if (filter.side && group.sides != bit_of(*filter.side)) return false;
    if (filter.identity.empty() || filter.identity == group.identity) return true;
    const std::size_t space = group.identity.find(' ');  // the identity alone, without its kind
    return space != std::string::npos && group.identity.substr(space + 1) == filter.identity;
}

using Wanted = std::map<std::pair<BatchId, std::uint32_t>, const OpenGroup*>;

// One call of `visit` for the records [first, end).
Result<void> decode_some(const Engine::State& state, const mediation::Feed& feed,
                         const Source& source, const RawRecords& records, std::size_t first,
                         std::size_t end, std::span<const mediation::FieldFix> fixes,
                         const OnDecoded& visit) {
    std::string text;
    for (std::size_t i = first; i < end; ++i) text += records.raw[i] + "\n";
    mediation::Decoder decoder(feed, state.catalog.newest(), text, header_for(source), fixes);
    UsageChunk chunk;
    bool same = decoder.next(chunk) && chunk.size() == end - first;
    for (std::size_t i = first; same && i < end; ++i) same = chunk.raw[i - first] == records.raw[i];
    if (!same && end - first > 1) {
        for (std::size_t i = first; i < end; ++i)
            FARTHING_CHECK(decode_some(state, feed, source, records, i, i + 1, fixes, visit));
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
    return visit(chunk, first);
}

}  // namespace

Result<std::vector<OpenGroup>> open_groups(Engine::State& state, const SuspenseFilter& filter) {
    FARTHING_TRY(std::vector<Store::SuspenseRow> rows, state.store->suspense());
    FARTHING_TRY(auto left, state.store->left_alone());
    FARTHING_TRY(auto fixes, state.store->fixes());
    FARTHING_TRY(const auto batches, state.store->batches());
    std::map<BatchId, Instant> committed;
    for (const auto& batch : batches) committed[batch.id] = batch.committed_at;
    std::sort(rows.begin(), rows.end(),
              [](const auto& a, const auto& b) { return a.group.id < b.group.id; });
    std::map<BatchId, std::uint32_t> next_index;
    std::vector<OpenGroup> found;
    for (Store::SuspenseRow& row : rows) {
        const BatchId batch = row.group.batch;
        OpenGroup group;
        group.index = next_index[batch]++;  // ids are given in the batch's order
        group.row = std::move(row);
        if (group.open() <= 0) continue;
        group.feed = feed_name(state, group.row.group.feed);
        if (!matches(group, filter)) continue;
        group.since = committed[batch];
        if (const auto of = fixes.find(batch); of != fixes.end()) group.fixes = of->second;
        if (const auto of = left.find(group.row.group.id); of != left.end())
            group.left = std::move(of->second);
        found.push_back(std::move(group));
    }
    return found;
}

Result<void> each_waiting(Engine::State& state, const std::vector<OpenGroup>& groups,
                          const SuspenseFilter& filter, const OnWaiting& visit) {
    std::optional<RecordPlace> only;
    if (names_online(filter.record)) return {};
    if (!filter.record.empty()) {
        FARTHING_TRY(only, parse_suspense_id(filter.record));
    }
    Wanted wanted;
    for (const OpenGroup& group : groups) wanted[{group.row.group.batch, group.index}] = &group;
    FARTHING_TRY(const auto files, state.store->files("suspended"));
    for (const auto& file : files) {
        const auto first = wanted.lower_bound({file.batch, 0});
        if (first == wanted.end() || first->first.first != file.batch) continue;
        FARTHING_TRY(auto rows, store::read_suspended(state.store->archive_folder() / file.path));
        for (store::SuspendedRow& row : rows) {
            const auto group = wanted.find({file.batch, row.group});
            const RecordPlace place{row.source, row.line};
            if (group == wanted.end() || (only && *only != place)) continue;
            if (!std::ranges::binary_search(group->second->left, place)) visit(*group->second, row);
        }
    }
    return {};
}

std::string suspense_id(RecordPlace place) {
    return fmt::format("sus-{}-{}", place.source.value, place.line);
}

Result<RecordPlace> parse_suspense_id(std::string_view id) {
    RecordPlace place;
    const char* const end = id.data() + id.size();
    if (id.starts_with("sus-")) {
        const auto source = std::from_chars(id.data() + 4, end, place.source.value);
        if (source.ec == std::errc{} && source.ptr != end && *source.ptr == '-') {
            const auto line = std::from_chars(source.ptr + 1, end, place.line);
            if (line.ec == std::errc{} && line.ptr == end) return place;
        }
    }
    return fail(EngineReason::suspense_id_malformed,
                "\"" + std::string(id) + "\" is no id of a waiting record");
}

Result<void> decode_waiting(const Engine::State& state, const mediation::Feed& feed,
                            const Source& source, const RawRecords& records,
                            std::span<const mediation::FieldFix> fixes, const OnDecoded& visit) {
    for (std::size_t first = 0; first < records.size(); first += kChunkRecordsMax) {
        const std::size_t end = std::min(records.size(), first + kChunkRecordsMax);
        FARTHING_CHECK(decode_some(state, feed, source, records, first, end, fixes, visit));
    }
    return {};
}

Result<std::vector<mediation::FieldFix>> field_fixes(const mediation::Feed& feed,
                                                     const std::vector<SuspenseFix>& fixes) {
    std::vector<mediation::FieldFix> found;
    for (const SuspenseFix& fix : fixes) {
        FARTHING_TRY(auto field, mediation::read_fix(feed, fix.field, fix.value));
        found.push_back(std::move(field));
    }
    return found;
}

std::string fix_text(const Engine::State& state, const SuspenseFix& fix) {
    return fmt::format("{} read as {}, by {} on {}: {}", fix.field, fix.value, fix.who,
                       to_string(state.zone().date_of(fix.at)), fix.because);
}

Result<void> tell_fixes(const Engine::State& state, BatchId batch,
                        std::vector<std::string>& texts) {
    FARTHING_TRY(const auto fixes, state.store->fixes());
    const auto found = fixes.find(batch);
    if (found == fixes.end()) return {};
    for (const SuspenseFix& fix : found->second) {
        std::string text = fix_text(state, fix);
        if (std::ranges::find(texts, text) == texts.end()) texts.push_back(std::move(text));
    }
    return {};
}

// Records that come without their file are told so by a header, whatever their format.
std::string_view header_for(const Source& source) {
    return source.header.empty() ? "\n" : std::string_view(source.header);
}

}  // namespace farthing::engine
