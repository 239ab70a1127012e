// Stored duplicate keys come back or are refused. The first byte chooses the kind; with its upper
// bit set the checksum is put right, so that what lies behind it is searched too.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "mediation/dedup_segment.h"

namespace {

using namespace farthing;
using namespace farthing::mediation;

constexpr std::uint64_t kRule = 0x454c5552;  // "RULE"
constexpr std::size_t kSlots = 1440;

// Writes the day again and expects the same bitmaps.
void check_slots(const SegmentReader::Day& day) {
    SlotsBody body;
    std::uint32_t subscriptions = 0;
    const auto read =
        read_slots(day.body, kSlots, [&](std::uint32_t id, std::span<const std::uint64_t> words) {
            bool any = false;
            for (const std::uint64_t word : words) any |= word != 0;
            if (!any) return;
            subscriptions += 1;
            body.add(id, words);
        });
    if (!read) return;
    const std::string written = body.take();
    const auto again =
        read_slots(written, kSlots, [&](std::uint32_t, auto) { subscriptions -= 1; });
    if (!again || subscriptions != 0) std::abort();
}

void check_keys(const SegmentReader::Day& day) {
    std::vector<StoredKey> keys;
    const auto read = read_keys(day.body, [&](const StoredKey& key) { keys.push_back(key); });
    if (!read) return;
    SegmentWriter writer(SegmentKind::keys, kRule);
    writer.add_keys(day.day, keys.size(), [&](std::vector<StoredKey>& told) { told = keys; });
    const std::string written = writer.finish().all();
    const auto again = SegmentReader::open(written, SegmentKind::keys, kRule, {});
    if (!again || again->days().size() != 1 || again->days()[0].body != day.body) std::abort();
}

void check_numbers(const SegmentReader::Day& day) {
    std::vector<std::pair<std::uint32_t, NumberRun>> runs;
    const auto read = read_numbers(day.body, [&](std::uint32_t owner, const NumberRun& run) {
        if (run.first < 0 || run.end() > kNumberMax + 1 || run.length < 1) std::abort();
        runs.emplace_back(owner, run);
    });
    if (!read) return;
    NumbersBody body;
    for (std::size_t first = 0; first < runs.size();) {
        std::vector<NumberRun> of_owner;
        const std::uint32_t owner = runs[first].first;
        for (; first < runs.size() && runs[first].first == owner; ++first)
            of_owner.push_back(runs[first].second);
        body.add(owner, of_owner);
    }
    std::size_t again = 0;
    const bool same = read_numbers(body.take(), [&](std::uint32_t owner, const NumberRun& run) {
                          if (runs[again++] != std::pair(owner, run)) std::abort();
                      }).has_value();
    if (!same || again != runs.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    constexpr SegmentKind kKinds[] = {SegmentKind::keys, SegmentKind::slots, SegmentKind::numbers,
                                      SegmentKind::slots};
    const SegmentKind kind = kKinds[data[0] & 3U];
    std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    if ((data[0] & 0x80U) != 0 && bytes.size() >= sizeof(std::uint64_t)) {
        const std::size_t end = bytes.size() - sizeof(std::uint64_t);
        const std::uint64_t checksum = hash64(std::string_view(bytes).substr(0, end));
        std::memcpy(bytes.data() + end, &checksum, sizeof checksum);
    }
    const auto segment = SegmentReader::open(bytes, kind, kRule, "fuzz");
    if (!segment) return 0;
    for (const SegmentReader::Day& day : segment->days()) {
        if (kind == SegmentKind::slots) check_slots(day);
        if (kind == SegmentKind::keys) check_keys(day);
        if (kind == SegmentKind::numbers) check_numbers(day);
    }
    return 0;
}
