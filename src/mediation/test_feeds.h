// For tests of this room: feeds, meters, and records as readable lines.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "mediation/decode.h"

namespace farthing::mediation {

inline std::string slurp(const std::string& path) {
    std::ifstream file(std::string(FARTHING_SOURCE_DIR) + "/" + path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

inline catalog::Version meters() {
    catalog::Version version;
    constexpr std::pair<const char*, const char*> kMeters[] = {
        {"data", "byte"}, {"energy", "joule"}, {"sms", "message"}, {"voice", "second"}};
    for (const auto& [name, unit] : kMeters) {
        catalog::Meter meter;
        meter.id.value = static_cast<std::uint16_t>(version.meters.size() + 1);
        meter.name = name;
        meter.unit = unit_named(unit);
        version.meters.push_back(meter);
    }
    return version;
}

inline Feed feed_of(const std::string& yaml) {
    auto feed = read_feed("feed.yaml", yaml);
    if (!feed) {
        ADD_FAILURE() << feed.error().front().to_string();
        return {};
    }
    return *feed;
}
inline std::string mistake(const std::string& yaml) {
    const auto feed = read_feed("feed.yaml", yaml);
    return feed ? "none" : feed.error().front().to_string();
}
inline Feed stored_feed(const std::string& name) {
    return feed_of(slurp("catalogs/feeds/" + name + ".yaml"));
}

// One line per record: where it went, or what it became.
inline std::vector<std::string> decoded(const Feed& feed, std::string_view bytes,
                                        std::size_t step = 64) {
    const catalog::Version version = meters();
    Decoder decoder(feed, version, bytes);
    UsageChunk chunk;
    std::vector<std::string> lines;
    while (decoder.next(chunk, step)) {
        for (std::size_t i = 0; i < chunk.size(); ++i) {
            std::string line = std::to_string(chunk.line[i]) + " ";
            if (chunk.outcome[i] != Outcome::rated) {
                line += chunk.outcome[i] == Outcome::suspended ? name_of(chunk.reason[i])
                                                               : name_of(chunk.outcome[i]);
            } else {
                line += std::string(chunk.identity[i]) + " " + version.meter(chunk.meter[i])->name +
                        " " + to_rfc3339(chunk.start[i]) + " " + std::to_string(chunk.quantity[i]);
            }
            lines.push_back(line);
        }
    }
    EXPECT_EQ(decoder.position(), static_cast<std::int64_t>(lines.size()));
    const Seal sealed = seal(feed, bytes);
    EXPECT_TRUE(sealed.rejected || sealed.records == decoder.position());
    return lines;
}
using Lines = std::vector<std::string>;

}  // namespace farthing::mediation
