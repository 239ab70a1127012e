#include <fmt/format.h>

#include "base/json.h"
#include "base/utf8.h"
#include "mediation/decode.h"
#include "mediation/propose_guess.h"

namespace farthing::mediation {

namespace {

// A catalog that has just the meters a proposal can name, to decode the preview with.
catalog::Version preview_meters() {
    constexpr std::pair<std::string_view, std::string_view> kMeters[] = {{"data", "byte"},
                                                                         {"energy", "joule"},
                                                                         {"event", "event"},
                                                                         {"sms", "message"},
                                                                         {"voice", "second"}};
    catalog::Version version;
    for (const auto& [name, unit] : kMeters) {
        catalog::Meter meter;
        meter.id.value = static_cast<std::uint16_t>(version.meters.size() + 1);
        meter.name = std::string(name);
        meter.title = std::string(name);
        meter.unit = unit_named(unit);
        version.meters.push_back(std::move(meter));
    }
    return version;
}

std::string preview_line(const UsageChunk& chunk, std::size_t row, const catalog::Version& meters) {
    JsonWriter json(false);
    json.begin_object().field("line", chunk.line[row]);
    if (chunk.outcome[row] == Outcome::suspended) {
        json.field("suspended", name_of(chunk.reason[row]))
            .field("record", printable(chunk.raw[row]));
        return json.end_object().text();
    }
    if (chunk.outcome[row] == Outcome::filtered) {  // nothing behind the filter was read
        json.field("filtered", true).field("record", printable(chunk.raw[row]));
        return json.end_object().text();
    }
    if (!chunk.id[row].empty()) json.field("id", chunk.id[row]);
    json.field(name_of(chunk.identity_kind[row]), chunk.identity[row]);
    const catalog::Meter* meter = meters.meter(chunk.meter[row]);
    json.field("service", std::string_view(meter->name))
        .field("start", to_rfc3339(chunk.start[row]));
    if (chunk.end[row] != chunk.start[row]) json.field("end", to_rfc3339(chunk.end[row]));
    json.field("quantity", chunk.quantity[row]).field("unit", meter->unit->name);
    if (!chunk.calling[row].empty()) json.field("calling", chunk.calling[row]);
    if (!chunk.called[row].empty()) json.field("called", chunk.called[row]);
    return json.end_object().text();
}

}  // namespace

Result<Proposal> propose_feed(std::string_view file_name, std::string_view first_bytes) {
    FARTHING_TRY(Sample sample, take_sample(first_bytes));
    Proposal proposal;
    FARTHING_TRY(proposal.yaml, write_proposal(file_name, sample, proposal.notes));
    const auto feed = read_feed("proposal", proposal.yaml);
    if (!feed) return fail(FeedReason::feed_no_proposal, feed.error().front().to_string());
    const catalog::Version meters = preview_meters();
    constexpr std::size_t kPreviewMax = 20;
    Decoder decoder(*feed, meters, sample.bytes);
    UsageChunk chunk;
    decoder.next(chunk, kPreviewMax);
    for (std::size_t row = 0; row < chunk.size(); ++row)
        proposal.preview.push_back(preview_line(chunk, row, meters));
    return proposal;
}

}  // namespace farthing::mediation
