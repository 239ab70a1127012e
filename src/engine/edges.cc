#include "engine/edges.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>

#include "base/decimal.h"
#include "engine/reasons.h"
#include "mediation/edge_file.h"

namespace farthing::engine {

namespace {

struct Sent {
    std::map<std::int64_t, mediation::EdgeControl> files;  // by number
    std::set<std::int64_t> again;  // numbers of files that came with other content as well
    std::int64_t unfinished = 0;
};

std::string totals_text(const mediation::EdgeTotals& totals) {
    std::string text =
        fmt::format("received {} = {} aggregated + {} held", grouped(totals.received),
                    grouped(totals.aggregated), grouped(totals.held));
    for (const auto& [count, name] :
         {std::pair(totals.duplicate, "duplicate"), std::pair(totals.suspended, "suspended there"),
          std::pair(totals.filtered, "filtered")}) {
        if (count > 0) text += fmt::format(" + {} {}", grouped(count), name);
    }
    if (totals.received > 0) {
        const std::int64_t thousandths =
            (totals.received - totals.records) * 1000 / totals.received;
        text += fmt::format("; {}.{} % never travelled", thousandths / 10, thousandths % 10);
    }
    return text;
}

CheckLine line_of(const std::string& edge, const Sent& sent) {
    mediation::EdgeControl sum;
    std::string missing;
    std::int64_t expected = 1;
    for (const auto& [number, control] : sent.files) {
        for (; expected < number; ++expected) missing += fmt::format(" {}", expected);
        expected = number + 1;
        sum.records += control.records;
        sum.parts += control.parts;
    }
    const mediation::EdgeTotals& last = sent.files.rbegin()->second.total;
    CheckLine line;
    line.name = "edge " + edge;
    line.ok = missing.empty() && sent.again.empty() && sent.unfinished == 0 &&
              sum.records == last.records && sum.parts == last.aggregated;
    line.text = fmt::format("{} files, {} records of {} parts came; it {}",
                            grouped(static_cast<std::int64_t>(sent.files.size())),
                            grouped(sum.records), grouped(sum.parts), totals_text(last));
    if (!missing.empty()) line.text += "; files missing:" + missing;
    if (!sent.again.empty()) {
        line.text += fmt::format(
            "; files that came with other content as well: {} (an edge that began anew needs "
            "another name)",
            fmt::join(sent.again, " "));
    }
    if (sent.unfinished > 0) line.text += fmt::format("; {} unfinished", sent.unfinished);
    return line;
}

}  // namespace

Result<std::vector<CheckLine>> edges_of(Engine::State& state, const OpenFeed& feed) {
    std::vector<CheckLine> lines;
    if (!feed.feed.sent_by_edge()) return lines;
    FARTHING_TRY(const auto sources, state.store->sources());
    std::map<std::string, Sent> edges;
    for (const auto& row : sources) {
        if (row.source.feed != feed.id || !row.source.reject_reason.empty() || row.taken_back_by)
            continue;
        const auto control = mediation::read_control(row.source.control);
        if (!control) continue;
        Sent& sent = edges[control->edge];
        if (row.position < row.source.records) sent.unfinished += 1;
        const auto [file, first] = sent.files.emplace(control->number, *control);
        if (!first && file->second != *control) sent.again.insert(control->number);
    }
    for (const auto& [edge, sent] : edges) lines.push_back(line_of(edge, sent));
    return lines;
}

Result<std::vector<CheckLine>> Engine::feed_edges(const std::string& name) {
    const auto feed = state_->feeds.find(name);
    if (feed == state_->feeds.end())
        return fail(EngineReason::feed_unknown, "no feed is named \"" + name + "\"");
    return edges_of(*state_, feed->second);
}

Result<std::string> Engine::edge_policy(const std::string& name) const {
    const auto feed = state_->feeds.find(name);
    if (feed == state_->feeds.end())
        return fail(EngineReason::feed_unknown, "no feed is named \"" + name + "\"");
    const mediation::Feed& described = feed->second.feed;
    if (!described.makes_windows() || described.sent_by_edge())
        return fail(EngineReason::feed_without_windows);
    if (described.aggregation.any(mediation::Feed::Aggregation::is_distinct))
        return fail(EngineReason::edge_policy_unfit,
                    "an edge sends how many values a window has, not which");
    if (state_->catalog.empty()) return fail(EngineReason::catalog_none);
    std::string text = feed->second.feed.text;
    if (!text.ends_with('\n')) text += '\n';
    std::string meters;
    for (const catalog::Meter& meter : state_->catalog.newest().meters) {
        if (meter.unit->dimension == Dimension::money) continue;
        meters += fmt::format("{}{}: {}", meters.empty() ? "" : ", ", meter.name, meter.unit->name);
    }
    return text + "policy: {meters: {" + meters + "}}\n";
}

Result<std::string> edge_feed(std::string_view path, std::string_view yaml) {
    const auto feed = mediation::read_feed(path, yaml);
    if (!feed) return fail(feed.error().front());
    if (!feed->makes_windows() || feed->sent_by_edge())
        return fail(EngineReason::feed_without_windows, {}, std::string(path));
    return mediation::feed_of_edge(*feed);
}

}  // namespace farthing::engine
