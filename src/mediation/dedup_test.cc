#include "mediation/dedup.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

namespace farthing::mediation {
namespace {

constexpr std::int64_t kMinute = 60 * kMicrosPerSecond;
const Instant kJune = *parse_rfc3339("2026-06-01T00:00:00Z");

Feed slot_feed(std::int64_t micros = kMinute) {
    Feed feed;
    feed.name = "lamps";
    feed.slots.micros = micros;
    return feed;
}
Feed number_feed() {
    Feed feed;
    feed.name = "meters";
    feed.sequence = 2;
    return feed;
}
Feed key_feed() {
    Feed feed;
    feed.name = "calls";
    feed.same_record = {"identity", "start"};
    return feed;
}

struct Report {
    std::uint32_t subscription = 1;
    Instant start;
    std::int64_t quantity = 1;
};

UsageChunk chunk_of(const std::vector<Report>& reports) {
    UsageChunk chunk;
    chunk.resize(reports.size());
    for (std::size_t row = 0; row < reports.size(); ++row) {
        const Report& report = reports[row];
        chunk.subscription[row] = {report.subscription};
        chunk.start[row] = report.start;
        chunk.end[row] = report.start;
        chunk.quantity[row] = report.quantity;
        chunk.reading[1][row] = report.start.micros / (kMinute / 2);  // numbered as they come
        const std::array<std::int64_t, 2> same{report.subscription, report.start.micros};
        chunk.key[row] = hash128({reinterpret_cast<const char*>(same.data()), sizeof same});
        chunk.content[row] = content_hash(chunk, row);
    }
    return chunk;
}

Report at_minute(std::uint32_t subscription, std::int64_t minute, std::int64_t quantity = 1) {
    return {subscription, kJune.plus_micros(minute * kMinute), quantity};
}

std::vector<std::uint32_t> rows_of(const std::vector<Candidate>& candidates) {
    std::vector<std::uint32_t> rows;
    for (const Candidate& candidate : candidates) rows.push_back(candidate.row);
    return rows;
}

// The archive folder of a test.
struct Files {
    struct Stored {
        std::string bytes;
        Date first_day;
        Date last_day;
    };
    std::map<std::string, Stored> stored;
    int reads = 0;

    Dedup open(const Feed& feed) {
        Dedup dedup(feed, [this](const std::string& path) {
            reads += 1;
            return stored[path].bytes;
        });
        for (const auto& [path, delta] : stored)
            dedup.add_segment(path, delta.first_day, delta.last_day);
        return dedup;
    }
    void commit(Dedup& dedup) {
        Dedup::Delta delta = dedup.delta();
        const std::string path = "segment-" + std::to_string(1000 + stored.size());
        if (delta.keys > 0) stored[path] = {delta.bytes.all(), delta.first_day, delta.last_day};
        dedup.committed(path);
    }
};

using Rows = std::vector<std::uint32_t>;

enum class Layer : std::uint8_t { slots, numbers, keys };

class DedupOfAll : public testing::TestWithParam<Layer> {
  protected:
    Feed feed_ = GetParam() == Layer::slots     ? slot_feed()
                 : GetParam() == Layer::numbers ? number_feed()
                                                : key_feed();
    Files files_;
};
std::string name_of_layer(const testing::TestParamInfo<Layer>& layer) {
    constexpr std::array kNames = {"slots", "numbers", "keys"};
    return kNames[static_cast<std::size_t>(layer.param)];
}
INSTANTIATE_TEST_SUITE_P(Layers, DedupOfAll,
                         testing::Values(Layer::slots, Layer::numbers, Layer::keys), name_of_layer);

TEST_P(DedupOfAll, EC48_the_same_records_come_again_as_duplicates) {
    std::vector<Report> reports;
    for (std::int64_t i = 0; i < 1000; ++i)
        reports.push_back(at_minute(1 + static_cast<std::uint32_t>(i % 7), i));
    Dedup dedup = files_.open(feed_);
    EXPECT_TRUE(dedup.check(chunk_of(reports)).empty());
    files_.commit(dedup);
    std::ranges::reverse(reports);  // another file, another order
    const std::vector<Candidate> again = dedup.check(chunk_of(reports));
    EXPECT_EQ(again.size(), 1000U);
    EXPECT_EQ(dedup.delta().keys, 0);
    EXPECT_EQ(std::ranges::count_if(again, &Candidate::content_known),
              GetParam() == Layer::keys ? 1000 : 0);
}

// Of hashes, and of subscriptions with slots so short that they are kept as keys.
TEST(Dedup, a_day_of_many_keys_is_stored_in_order_and_read_again) {
    Feed short_slots = key_feed();
    short_slots.slots.micros = 1000;
    for (const Feed& feed : {key_feed(), short_slots}) {
        Files files;
        std::vector<Report> reports;
        for (std::uint32_t i = 0; i < 20'000; ++i) reports.push_back(at_minute(1 + i % 20, i / 20));
        const UsageChunk chunk = chunk_of(reports);
        Dedup writer = files.open(feed);
        EXPECT_TRUE(writer.check(chunk).empty());
        files.commit(writer);
        Dedup reader = files.open(feed);
        EXPECT_EQ(reader.check(chunk).size(), 20'000U);
        EXPECT_FALSE(reader.error());
    }
}

TEST_P(DedupOfAll, EC48_another_content_under_the_same_key_can_be_told) {
    Dedup dedup = files_.open(feed_);
    const UsageChunk first = chunk_of({at_minute(1, 5, 100)});
    EXPECT_TRUE(dedup.check(first).empty());
    const std::vector<Candidate> found =
        dedup.check(chunk_of({at_minute(1, 5, 200), at_minute(1, 5, 100)}));
    ASSERT_EQ(found.size(), 2U);
    for (const Candidate& candidate : found) {
        EXPECT_TRUE(candidate.content_known);
        EXPECT_EQ(candidate.content, first.content[0]);
    }
}

// A subscription may have several: short slots are kept as keys, with the content.
TEST(DedupOfSlots, EC48_another_device_says_the_same_of_a_slot_and_is_no_duplicate) {
    for (const std::int64_t micros : {kMinute, std::int64_t{1000}}) {
        Files files;
        const Feed feed = slot_feed(micros);
        Dedup dedup = files.open(feed);
        UsageChunk chunk = chunk_of({at_minute(1, 5), at_minute(1, 5), at_minute(1, 5)});
        chunk.identity = {"L-1", "L-2", "L-1"};
        chunk.tells_further = true;
        chunk.further = {0, 1, 0};
        auto found = dedup.check(chunk);
        ASSERT_EQ(rows_of(found), (Rows{1, 2}));
        EXPECT_NE(found[0].content, chunk.content[1]);
        EXPECT_EQ(found[1].content, chunk.content[2]);
        chunk.identity_kind[2] = IdentityKind::msisdn;
        chunk.further[2] = 1;
        EXPECT_NE(dedup.check(chunk)[2].content, chunk.content[2]);
        files.commit(dedup);
        Dedup again = files.open(feed);
        found = again.check(chunk);
        ASSERT_EQ(rows_of(found), (Rows{0, 1, 2}));
        EXPECT_EQ(found[0].content_known, micros == 1000);  // else the archive tells it
        if (micros != 1000) continue;
        EXPECT_EQ(found[0].content, chunk.content[0]);
        EXPECT_NE(found[1].content, chunk.content[1]);
    }
}

// Earlier releases kept the content with no device, or with any: a folder that they wrote tells on.
TEST(DedupOfSlots, EC48_what_was_kept_without_its_device_or_with_the_first_one_is_the_first_ones) {
    for (const bool with_device : {false, true}) {
        Files files;
        const Feed feed = slot_feed(1000);
        Dedup before = files.open(feed);
        UsageChunk chunk = chunk_of({at_minute(1, 5)});
        chunk.identity = {"L-1"};
        chunk.tells_further = true;
        chunk.further = {std::uint8_t{with_device}};
        EXPECT_TRUE(before.check(chunk).empty());
        files.commit(before);
        Dedup dedup = files.open(feed);
        chunk.further = {0};
        EXPECT_EQ(dedup.check(chunk).at(0).content, chunk.content[0]);
        chunk.identity = {"L-2"};
        chunk.further = {1};
        EXPECT_NE(dedup.check(chunk).at(0).content, chunk.content[0]);
        UsageChunk other = chunk_of({at_minute(1, 5, 2)});
        other.identity = {"L-1"};
        EXPECT_NE(dedup.check(other).at(0).content, other.content[0]);
    }
}

TEST_P(DedupOfAll, a_duplicate_within_one_chunk_is_found) {
    Dedup dedup = files_.open(feed_);
    EXPECT_EQ(rows_of(dedup.check(chunk_of({at_minute(1, 5), at_minute(2, 5), at_minute(1, 5)}))),
              Rows{2});
}

TEST_P(DedupOfAll, rows_that_are_not_live_are_passed_over) {
    Dedup dedup = files_.open(feed_);
    UsageChunk chunk = chunk_of({at_minute(1, 5), at_minute(1, 5)});
    chunk.suspend(0, SuspenseReason::unknown_identity);
    EXPECT_TRUE(dedup.check(chunk).empty());
    EXPECT_EQ(dedup.delta().keys, 1);
}

TEST_P(DedupOfAll, what_was_withdrawn_is_new_again_EC51) {
    Dedup dedup = files_.open(feed_);
    const UsageChunk chunk = chunk_of({at_minute(1, 5), at_minute(1, 6)});
    EXPECT_TRUE(dedup.check(chunk).empty());
    dedup.withdraw(chunk, {1});
    EXPECT_EQ(dedup.delta().keys, 1);
    files_.commit(dedup);
    Dedup restarted = files_.open(feed_);
    EXPECT_EQ(rows_of(dedup.check(chunk)), Rows{0});
    EXPECT_EQ(rows_of(restarted.check(chunk)), Rows{0});
}

TEST_P(DedupOfAll, withdrawn_and_entered_again_in_one_batch_counts_once) {
    Dedup dedup = files_.open(feed_);
    const UsageChunk chunk = chunk_of({at_minute(1, 5, 7)});
    EXPECT_TRUE(dedup.check(chunk).empty());
    dedup.withdraw(chunk, {0});
    const UsageChunk other = chunk_of({at_minute(1, 5, 9)});
    EXPECT_TRUE(dedup.check(other).empty());
    EXPECT_EQ(dedup.delta().keys, 1);
    EXPECT_EQ(dedup.check(chunk).at(0).content, other.content[0]);
}

TEST_P(DedupOfAll, a_discarded_batch_leaves_no_trace) {
    Dedup dedup = files_.open(feed_);
    EXPECT_TRUE(dedup.check(chunk_of({at_minute(1, 5)})).empty());
    files_.commit(dedup);
    const UsageChunk chunk = chunk_of({at_minute(1, 5), at_minute(1, 6), at_minute(9, 2000)});
    EXPECT_EQ(rows_of(dedup.check(chunk)), Rows{0});
    dedup.discard();
    EXPECT_EQ(dedup.delta().keys, 0);
    EXPECT_EQ(rows_of(dedup.check(chunk)), Rows{0});
    EXPECT_EQ(dedup.delta().keys, 2);
}

TEST_P(DedupOfAll, stored_segments_are_read_only_for_their_days) {
    Dedup writer = files_.open(feed_);
    EXPECT_TRUE(writer.check(chunk_of({at_minute(1, 5)})).empty());
    files_.commit(writer);
    EXPECT_TRUE(writer.check(chunk_of({at_minute(1, 5 + 3 * 1440)})).empty());
    files_.commit(writer);
    EXPECT_EQ(files_.reads, 0);
    Dedup reader = files_.open(feed_);
    EXPECT_TRUE(reader.check(chunk_of({at_minute(1, 5 + 2 * 1440)})).empty());
    EXPECT_EQ(files_.reads, 0);
    EXPECT_EQ(rows_of(reader.check(chunk_of({at_minute(1, 5 + 3 * 1440)}))), Rows{0});
    EXPECT_EQ(files_.reads, 1);
    EXPECT_EQ(rows_of(reader.check(chunk_of({at_minute(1, 5)}))), Rows{0});
    EXPECT_EQ(files_.reads, 2);
}

TEST_P(DedupOfAll, a_segment_added_later_counts_for_days_in_memory) {
    Dedup one = files_.open(feed_);
    Dedup two = files_.open(feed_);
    EXPECT_TRUE(two.check(chunk_of({at_minute(1, 1)})).empty());
    EXPECT_TRUE(one.check(chunk_of({at_minute(1, 2)})).empty());
    files_.commit(one);
    const Files::Stored& delta = files_.stored.begin()->second;
    two.add_segment(files_.stored.begin()->first, delta.first_day, delta.last_day);
    EXPECT_EQ(rows_of(two.check(chunk_of({at_minute(1, 2), at_minute(1, 1)}))), (Rows{0, 1}));
}

TEST_P(DedupOfAll, a_damaged_segment_is_an_error_until_it_is_mended) {
    Dedup writer = files_.open(feed_);
    const UsageChunk chunk = chunk_of({at_minute(1, 5), at_minute(2, 7)});
    EXPECT_TRUE(writer.check(chunk).empty());
    files_.commit(writer);
    const std::string whole = files_.stored.begin()->second.bytes;
    for (std::size_t i = 0; i < whole.size(); ++i) {
        std::string& bytes = files_.stored.begin()->second.bytes;
        bytes = whole;
        bytes[i] = static_cast<char>(bytes[i] ^ 0x10);
        Dedup reader = files_.open(feed_);
        EXPECT_TRUE(reader.check(chunk).empty());
        ASSERT_TRUE(reader.error().has_value()) << "byte " << i;
        EXPECT_EQ(reader.error()->code, "segment_damaged");
        EXPECT_EQ(reader.error()->place, files_.stored.begin()->first);
        EXPECT_EQ(reader.delta().keys, 0);
        bytes = whole;
        reader.discard();
        EXPECT_EQ(rows_of(reader.check(chunk)), (Rows{0, 1}));
        EXPECT_FALSE(reader.error().has_value());
    }
    for (std::size_t size = 0; size < whole.size(); ++size) {
        files_.stored.begin()->second.bytes = whole.substr(0, size);
        Dedup reader = files_.open(feed_);
        EXPECT_TRUE(reader.check(chunk).empty());
        EXPECT_TRUE(reader.error().has_value()) << size << " bytes";
    }
}

TEST_P(DedupOfAll, memory_follows_what_is_held) {
    Dedup dedup = files_.open(feed_);
    const std::int64_t empty = dedup.memory_bytes();
    std::vector<Report> reports;
    for (std::uint32_t i = 1; i <= 10'000; ++i) reports.push_back(at_minute(i, 3));
    EXPECT_TRUE(dedup.check(chunk_of(reports)).empty());
    // 10,000 bitmaps of 184 bytes or pages of 48, with as many entries of the batch of 32; or keys
    // of 24 with places of 8.
    const std::array<std::int64_t, 3> least = {184 + 32, 48 + 32, 24 + 8};
    const std::array<std::int64_t, 3> most = {300, 200, 56};
    const auto layer = static_cast<std::size_t>(GetParam());
    EXPECT_GE(dedup.memory_bytes() - empty, 10'000 * least[layer]);
    EXPECT_LE(dedup.memory_bytes() - empty, 10'000 * most[layer]);
}

TEST(Dedup, numbers_that_follow_each_other_take_little) {
    Files files;
    Dedup dedup = files.open(number_feed());
    std::vector<Report> reports;
    for (std::uint32_t owner = 1; owner <= 20; ++owner) {
        for (std::int64_t n = 0; n < 2880; ++n)
            reports.push_back({owner, kJune.plus_micros(n * kMinute / 2)});
    }
    EXPECT_TRUE(dedup.check(chunk_of(reports)).empty());
    files.commit(dedup);
    // 57,600 numbers: 12 or 13 pages of 48 bytes an owner, and one run of 8 bytes or less stored.
    // The batch's entries of 32 bytes keep their room for the next one.
    EXPECT_LE(dedup.memory_bytes(), 65'536 * 32 + 32'000);
    EXPECT_LE(files.stored.begin()->second.bytes.size(), 20U * 8 + 100);
    EXPECT_EQ(dedup.cost_of(Date::of(2026, 6, 1))->keys, 57'600);
}

TEST(Dedup, an_edge_tells_numbers_with_their_content) {
    Dedup dedup(
        number_feed(), [](const std::string&) { return std::string(); }, Dedup::Content::kept);
    const UsageChunk first = chunk_of({at_minute(1, 5, 100), at_minute(2, 5, 100)});
    EXPECT_TRUE(dedup.check(first).empty());
    const auto found = dedup.check(chunk_of({at_minute(1, 5, 200)}));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_TRUE(found[0].content_known);
    EXPECT_EQ(found[0].content, first.content[0]);
}

TEST(Dedup, slots_hold_one_report_each) {
    Files files;
    Dedup dedup = files.open(slot_feed());
    const UsageChunk chunk = chunk_of({{1, kJune},
                                       {1, kJune.plus_micros(kMinute - 1)},
                                       {1, kJune.plus_micros(kMinute)},
                                       {1, kJune.plus_micros(-1)},
                                       {2, kJune}});
    const std::vector<Candidate> found = dedup.check(chunk);
    EXPECT_EQ(rows_of(found), Rows{1});
    EXPECT_EQ(found.at(0).key.high, 1U);
    EXPECT_EQ(found.at(0).key.low, static_cast<std::uint64_t>(kJune.micros / kMinute));
}

TEST(Dedup, the_winner_of_an_earlier_batch_is_left_to_the_archive) {
    Files files;
    Dedup dedup = files.open(slot_feed());
    EXPECT_TRUE(dedup.check(chunk_of({at_minute(1, 5)})).empty());
    files.commit(dedup);
    const std::vector<Candidate> found = dedup.check(chunk_of({at_minute(1, 5)}));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_FALSE(found[0].content_known);
}

TEST(Dedup, keys_carry_the_content_of_earlier_batches) {
    Files files;
    Dedup writer = files.open(key_feed());
    const UsageChunk chunk = chunk_of({at_minute(1, 5, 100)});
    EXPECT_TRUE(writer.check(chunk).empty());
    files.commit(writer);
    Dedup reader = files.open(key_feed());
    const std::vector<Candidate> found = reader.check(chunk_of({at_minute(1, 5, 200)}));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_TRUE(found[0].content_known);
    EXPECT_EQ(found[0].content, chunk.content[0]);
}

TEST(Dedup, a_key_of_zeros_is_a_key) {
    Files files;
    Dedup writer = files.open(key_feed());
    UsageChunk chunk = chunk_of({at_minute(1, 5), at_minute(1, 5)});
    chunk.key.assign(2, {});
    EXPECT_EQ(rows_of(writer.check(chunk)), Rows{1});
    files.commit(writer);
    Dedup reader = files.open(key_feed());
    EXPECT_EQ(rows_of(reader.check(chunk)), (Rows{0, 1}));
}

TEST(Dedup, another_rule_is_refused_and_not_compared) {
    Files files;
    Dedup writer = files.open(slot_feed());
    EXPECT_TRUE(writer.check(chunk_of({at_minute(1, 5)})).empty());
    files.commit(writer);
    for (const Feed& feed : {slot_feed(30 * kMicrosPerSecond), key_feed(), number_feed()}) {
        Dedup reader = files.open(feed);
        EXPECT_TRUE(reader.check(chunk_of({at_minute(1, 5)})).empty());
        ASSERT_TRUE(reader.error().has_value());
        EXPECT_EQ(reader.error()->code, "segment_of_other_rule");
    }
}

TEST(Dedup, days_at_the_ends_of_time_are_days) {
    for (const std::int64_t slot :
         {std::int64_t{1}, kMicrosPerSecond, kMinute, 7 * kMicrosPerDay}) {
        Files files;
        Dedup writer = files.open(slot_feed(slot));
        const UsageChunk chunk = chunk_of({{1, Instant::min()}, {1, Instant::max()}});
        EXPECT_TRUE(writer.check(chunk).empty());
        files.commit(writer);
        Dedup reader = files.open(slot_feed(slot));
        EXPECT_EQ(rows_of(reader.check(chunk)), (Rows{0, 1}));
    }
}

// Any cut into chunks and batches, any restart, discard and withdrawal: what is accepted is what a
// plain set accepts.
void agrees_with_a_set(const Feed& feed, std::int64_t slot) {
    using Key = std::tuple<std::uint32_t, std::int64_t>;
    Files files;
    auto dedup = std::make_unique<Dedup>(files.open(feed));
    std::set<Key> accepted;
    std::map<Key, std::uint64_t> open;
    const auto steps = *rc::gen::inRange(1, 40);
    for (int step = 0; step < steps; ++step) {
        switch (*rc::gen::weightedElement<int>({{6, 0}, {2, 1}, {1, 2}, {1, 3}})) {
            case 0: {
                std::vector<Report> reports;
                const auto count = *rc::gen::inRange(0, 60);
                for (int i = 0; i < count; ++i) {
                    reports.push_back(
                        {*rc::gen::inRange<std::uint32_t>(1, 5),
                         kJune.plus_micros(*rc::gen::inRange<std::int64_t>(-50, 3 * 1440) *
                                           kMinute / 2),
                         *rc::gen::inRange<std::int64_t>(0, 3)});
                }
                const UsageChunk chunk = chunk_of(reports);
                const std::vector<Candidate> found = dedup->check(chunk);
                auto next = found.begin();
                std::vector<std::uint32_t> withdrawn;
                for (std::uint32_t row = 0; row < chunk.size(); ++row) {
                    const std::int64_t start = chunk.start[row].micros;
                    const Key key{chunk.subscription[row].value, slot == 0 ? start : start / slot};
                    const auto here = open.find(key);
                    const bool duplicate = accepted.contains(key) || here != open.end();
                    RC_ASSERT(duplicate == (next != found.end() && next->row == row));
                    if (!duplicate) {
                        open[key] = chunk.content[row];
                        continue;
                    }
                    if (here != open.end()) {
                        RC_ASSERT(next->content_known);
                        RC_ASSERT(next->content == here->second);
                    }
                    ++next;
                }
                for (std::uint32_t row = 0; row < chunk.size(); ++row) {
                    const bool candidate =
                        std::ranges::find(found, row, &Candidate::row) != found.end();
                    if (candidate || *rc::gen::inRange(0, 8) != 0) continue;
                    withdrawn.push_back(row);
                    const std::int64_t start = chunk.start[row].micros;
                    open.erase({chunk.subscription[row].value, slot == 0 ? start : start / slot});
                }
                dedup->withdraw(chunk, withdrawn);
                RC_ASSERT(dedup->delta().keys == static_cast<std::int64_t>(open.size()));
                break;
            }
            case 1:
                files.commit(*dedup);
                for (const auto& [key, content] : open) accepted.insert(key);
                open.clear();
                break;
            case 2:
                dedup->discard();
                open.clear();
                break;
            case 3:  // a crash: the open batch is lost, the rest comes back from its segments
                dedup = std::make_unique<Dedup>(files.open(feed));
                open.clear();
                break;
        }
        RC_ASSERT(!dedup->error().has_value());
    }
}

RC_GTEST_PROP(DedupLaws, slots_accept_what_a_set_accepts, ()) {
    agrees_with_a_set(slot_feed(), kMinute);
}
RC_GTEST_PROP(DedupLaws, odd_slots_accept_what_a_set_accepts, ()) {
    const std::int64_t slot = 7 * 60 * kMicrosPerSecond + 1;  // divides no day
    agrees_with_a_set(slot_feed(slot), slot);
}
RC_GTEST_PROP(DedupLaws, short_slots_accept_what_a_set_accepts, ()) {
    agrees_with_a_set(slot_feed(1000), 1000);
}
RC_GTEST_PROP(DedupLaws, numbers_accept_what_a_set_accepts, ()) {
    agrees_with_a_set(number_feed(), kMinute / 2);
}
RC_GTEST_PROP(DedupLaws, keys_accept_what_a_set_accepts, ()) {
    agrees_with_a_set(key_feed(), 0);
}

}  // namespace
}  // namespace farthing::mediation
