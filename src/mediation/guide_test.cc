#include "mediation/guide.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace farthing::mediation {
namespace {

const Instant kStart = *parse_rfc3339("2026-01-01T00:00:00Z");
const Instant kChange = kStart.plus_micros(kMicrosPerDay);

// SIM 8944 is SIM-1's on the first day and SIM-2's from the second on.
directory::Directory two_owners() {
    DirectoryFacts facts;
    facts.accounts.push_back({.id = {1},
                              .name = "company",
                              .parent = {},
                              .title = {},
                              .address = {},
                              .tax_number = {},
                              .country = {}});
    facts.subscriptions = {{{1}, "SIM-1", {1}, {}}, {{2}, "SIM-2", {1}, {}}};
    facts.identities = {{IdentityKind::iccid, "8944", {1}, kStart, kChange},
                        {IdentityKind::iccid, "8944", {2}, kChange}};
    return *directory::Directory::fold(facts, TimeZone::utc());
}

struct Event {
    IdentityKind kind = IdentityKind::iccid;
    std::string_view identity;
    Instant start;
};

UsageChunk chunk_of(const std::vector<Event>& events) {
    UsageChunk chunk;
    chunk.resize(events.size());
    for (std::size_t row = 0; row < events.size(); ++row) {
        chunk.identity_kind[row] = events[row].kind;
        chunk.identity[row] = events[row].identity;
        chunk.start[row] = events[row].start;
        chunk.quantity[row] = 7;
    }
    return chunk;
}

TEST(Guide, the_owner_at_event_time_is_charged) {
    UsageChunk chunk = chunk_of({{IdentityKind::iccid, "8944", kStart},
                                 {IdentityKind::iccid, "8944", kChange},
                                 {IdentityKind::iccid, "8944", kChange.plus_micros(-1)},
                                 {IdentityKind::subscription, "SIM-2", kStart}});
    guide(two_owners(), chunk);
    EXPECT_EQ(chunk.subscription, (std::vector<SubscriptionId>{{1}, {2}, {1}, {2}}));
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        EXPECT_TRUE(chunk.live(row));
        EXPECT_EQ(chunk.content[row], content_hash(chunk, row));
    }
}

TEST(Guide, a_record_of_several_owners_is_nobodys) {
    DirectoryFacts facts = two_owners().facts();
    const auto hour = [](int hours) { return kStart.plus_micros(hours * 3600 * kMicrosPerSecond); };
    facts.identities = {{IdentityKind::iccid, "8944", {1}, hour(0), hour(1)},
                        {IdentityKind::iccid, "8944", {1}, hour(1), hour(2)},
                        {IdentityKind::iccid, "8944", {2}, hour(2), hour(3)},
                        {IdentityKind::iccid, "8944", {1}, hour(3), hour(4)}};
    const directory::Directory directory = *directory::Directory::fold(facts, TimeZone::utc());
    UsageChunk chunk = chunk_of(std::vector<Event>(6, {IdentityKind::iccid, "8944", hour(0)}));
    chunk.start[4] = hour(2);
    chunk.start[5] = hour(3);
    chunk.end = {hour(0),                  // one moment
                 hour(2).plus_micros(-1),  // two stretches of one owner
                 hour(2),                  // the next owner's first moment
                 hour(3),                  // another owner between
                 hour(3).plus_micros(-1),
                 hour(4)};  // nobody's in the end
    guide(directory, chunk);
    suspend_shared(directory, chunk);
    for (const std::size_t row : {0, 1, 4}) EXPECT_TRUE(chunk.live(row)) << row;
    for (const std::size_t row : {2, 3, 5})
        EXPECT_EQ(chunk.reason[row], SuspenseReason::owner_changes) << row;
}

TEST(Guide, EC51_an_identity_unknown_at_event_time_is_suspended_until_it_is_added) {
    UsageChunk chunk = chunk_of({{IdentityKind::iccid, "8944", kStart.plus_micros(-1)},
                                 {IdentityKind::imsi, "8944", kStart},
                                 {IdentityKind::iccid, "", kStart},
                                 {IdentityKind::subscription, "SIM-3", kStart}});
    guide(two_owners(), chunk);
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        EXPECT_EQ(chunk.outcome[row], Outcome::suspended);
        EXPECT_EQ(chunk.reason[row], SuspenseReason::unknown_identity);
        EXPECT_EQ(chunk.subscription[row], SubscriptionId{});
    }
    DirectoryFacts facts = two_owners().facts();
    facts.identities.push_back({IdentityKind::imsi, "8944", {2}, kStart});
    UsageChunk retry = chunk_of({{IdentityKind::imsi, "8944", kStart}});
    guide(*directory::Directory::fold(facts, TimeZone::utc()), retry);
    EXPECT_EQ(retry.subscription[0], SubscriptionId{2});
}

TEST(Guide, EC50_a_destination_pays_for_its_service_from_its_day_on) {
    DirectoryFacts facts = two_owners().facts();
    const Instant from = *parse_rfc3339("2026-01-01T12:00:00Z");
    facts.identities.push_back(
        {IdentityKind::destination, "1234567890|voice", {2}, from, Instant::max()});
    facts.identities.push_back({IdentityKind::destination, "m2m.apn", {2}, from, Instant::max()});
    const auto directory = directory::Directory::fold(facts, TimeZone::utc());
    ASSERT_TRUE(directory) << directory.error().to_string();
    catalog::Version meters;
    for (const char* name : {"Voice", "sms"}) {
        catalog::Meter meter;
        meter.id.value = static_cast<std::uint16_t>(meters.meters.size() + 1);
        meter.name = name;
        meters.meters.push_back(meter);
    }
    struct Case {
        const char* called;
        std::uint16_t meter;
        const char* start;
        std::uint32_t payer;
    };
    constexpr Case kCases[] = {
        {"1234567890", 1, "2026-01-01T12:00:00Z", 2}, {"1234567890", 2, "2026-01-01T12:00:00Z", 1},
        {"1234567890", 1, "2026-01-01T11:59:59Z", 1}, {"1234567891", 1, "2026-01-01T12:00:00Z", 1},
        {"m2m.apn", 2, "2026-01-01T12:00:00Z", 2},    {"", 1, "2026-01-01T12:00:00Z", 1}};
    for (const Case& one : kCases) {
        UsageChunk chunk = chunk_of({{IdentityKind::iccid, "8944", *parse_rfc3339(one.start)}});
        chunk.called[0] = one.called;
        chunk.meter[0] = {one.meter};
        UsageChunk callers = chunk;
        guide(*directory, chunk, &meters);
        EXPECT_EQ(chunk.subscription[0], SubscriptionId{one.payer}) << one.called << one.start;
        guide(*directory, callers);
        EXPECT_EQ(callers.subscription[0], SubscriptionId{1});
    }
    UsageChunk nobody = chunk_of({{IdentityKind::msisdn, "", from}});
    nobody.called[0] = "1234567890";
    nobody.meter[0] = {1};
    guide(*directory, nobody, &meters);
    EXPECT_EQ(nobody.subscription[0], SubscriptionId{2});
}

TEST(Guide, what_is_suspended_already_is_passed_over) {
    UsageChunk chunk = chunk_of({{IdentityKind::iccid, "8944", kStart}});
    chunk.suspend(0, SuspenseReason::bad_time);
    guide(two_owners(), chunk);
    EXPECT_EQ(chunk.reason[0], SuspenseReason::bad_time);
    EXPECT_EQ(chunk.subscription[0], SubscriptionId{});
}

// More identities than any memory of recent ones holds, in an order that keeps evicting.
TEST(Guide, many_identities_taking_turns_find_their_owners) {
    constexpr std::uint32_t kMany = 20'000;
    DirectoryFacts facts;
    facts.accounts.push_back({.id = {1},
                              .name = "company",
                              .parent = {},
                              .title = {},
                              .address = {},
                              .tax_number = {},
                              .country = {}});
    for (std::uint32_t i = 1; i <= kMany; ++i) {
        facts.subscriptions.push_back({{i}, fmt::format("lamp {}", i), {1}, {}});
        facts.identities.push_back(
            {IdentityKind::device, fmt::format("L-{}", i), {i}, kStart, Instant::max()});
    }
    std::vector<Event> events;
    std::vector<SubscriptionId> expected;
    for (std::uint32_t i = 0; i < 3 * kMany; ++i) {
        const std::uint32_t lamp = i * 7919 % kMany;
        events.push_back({IdentityKind::device, facts.identities[lamp].value, kStart});
        expected.push_back({lamp + 1});
    }
    UsageChunk chunk = chunk_of(events);
    guide(*directory::Directory::fold(facts, TimeZone::utc()), chunk);
    EXPECT_EQ(chunk.subscription, expected);
}

}  // namespace
}  // namespace farthing::mediation
