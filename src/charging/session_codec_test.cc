// Sessions as bytes, and what they were told.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "charging/session.h"

namespace farthing::charging {
namespace {

Answer any_answer() {
    Answer answer;
    answer.services.push_back({9,
                               ChargeReason::no_money,
                               SuspenseReason::no_price,
                               10,
                               true,
                               60,
                               (i128{1} << 70) + 5,
                               -3,
                               {}});
    return answer;
}

Session any_session() {
    Session session;
    session.id = "s1";
    session.charging_id = "4711";
    session.client = "http://smf/n";
    session.network = {2'480'100};
    session.subscription = {7};
    session.last = {1'000'000};
    session.forgotten_below = 3;
    Service service{{1}, {2'480'000}, "372", "44", {{5, 6}, {900'000}, 42, true, 17},
                    25,  10,          {2},   {3}};
    service.sum.reported = 25;
    session.services[9] = service;
    session.answers.add({3, 0xFFFF'FFFF'FFFF'FFFF, any_answer()});
    return session;
}

TEST(KeptSession, EC39_what_was_told_survives_its_bytes) {
    const Session session = any_session();
    const auto read = unpack_session(pack_session(session));
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_EQ(read->id, session.id);
    EXPECT_EQ(read->charging_id, session.charging_id);
    EXPECT_EQ(read->client, session.client);
    EXPECT_EQ(read->services, session.services);
    EXPECT_EQ(read->forgotten_below, 3U);
    ASSERT_EQ(read->answers.size(), 1U);
    EXPECT_EQ(read->answers.numbered(3)->content, 0xFFFF'FFFF'FFFF'FFFF);
    EXPECT_EQ(read->answers.numbered(3)->answer.services, any_answer().services);
}

std::string bytes_of(std::string_view hex) {
    std::string bytes;
    for (std::size_t at = 0; at < hex.size(); at += 2)
        bytes += static_cast<char>(std::stoi(std::string(hex.substr(at, 2)), nullptr, 16));
    return bytes;
}

std::string hex(std::string_view bytes) {
    std::string text;
    for (const char c : bytes) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        text += kDigits[static_cast<unsigned char>(c) >> 4];
        text += kDigits[static_cast<unsigned char>(c) & 15];
    }
    return text;
}

// What releases stored stays readable: never change these bytes, add others beside them.
TEST(KeptSession, GoldenBytesOfVersion1) {
    const auto read = unpack_session(bytes_of(
        "010273310780897a000301090180af9701033337320234340506c0ee6d5401011404060103ffffffffffffffff"
        "ff01000109086e6f5f6d6f6e6579086e6f5f707269636514017880010501fdffffffffffffffff01"));
    ASSERT_TRUE(read) << read.error().to_string();
    Session expected = any_session();
    expected.charging_id = {};
    expected.services[9].sum.filed = 0;
    expected.services[9].told = expected.services[9].sum.reported = 42;
    EXPECT_EQ(read->known_as(), "s1");
    EXPECT_EQ(read->services, expected.services);
    EXPECT_EQ(read->answers.numbered(3)->answer.services, any_answer().services);
}
TEST(KeptSession, GoldenBytesOfVersion2) {
    const auto read = unpack_session(bytes_of(
        "020273310780897a0003043437313101090180af9701033337320234340506c0ee6d540122321404060103ff"
        "ffffffffffffffff01000109086e6f5f6d6f6e6579086e6f5f707269636514017880010501fdffffffffffff"
        "ffff01"));
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_EQ(read->known_as(), "4711");
    EXPECT_EQ(read->client, "");
    EXPECT_EQ(read->services, any_session().services);
}
TEST(KeptSession, GoldenBytesOfVersion3) {
    const auto read = unpack_session(bytes_of(
        "030273310780897a000304343731310c687474703a2f2f736d662f6e01090180af9701033337320234340506"
        "c0ee6d540122321404060103ffffffffffffffffff01000109086e6f5f6d6f6e6579086e6f5f707269636514"
        "017880010501fdffffffffffffffff01"));
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_EQ(read->client, "http://smf/n");
    EXPECT_EQ(read->services, any_session().services);
    EXPECT_EQ(read->answers.numbered(3)->answer.services, any_answer().services);
}
TEST(KeptSession, GoldenBytesOfVersion4) {
    Session session = any_session();
    session.forgotten_below = std::uint64_t{1} << 40;
    session.answers.add({std::uint64_t{1} << 63, 7, {}});
    const std::string bytes = bytes_of(
        "040273310780897a00808080808020043437313"
        "10c687474703a2f2f736d662f6e01090180af97010333373202343405"
        "06c0ee6d540122321404060203ffffffffffffffffff01000109086e6f5f6d6f6e6579086e6f5f7072696365"
        "14017880010501fdffffffffffffffff0180808080808080808001070000");
    const auto read = unpack_session(bytes);
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_EQ(read->forgotten_below, session.forgotten_below);
    EXPECT_EQ(read->client, session.client);
    EXPECT_FALSE(read->network);
    EXPECT_EQ(read->answers.numbered(std::uint64_t{1} << 63)->content, 7U);
}

TEST(KeptSession, GoldenBytesOfVersion5) {
    Session session = any_session();
    session.services[9].sum.reported += 6;  // by others of its charging id
    const std::string bytes = bytes_of(
        "050273310780897a020304343731310c687474703a2f2f736d662f6ee4af970101090180af97010333373202"
        "34340506c0ee6d540122321404060c0103ffffffffffffffffff01000109086e6f5f6d6f6e6579086e6f5f70"
        "7269636514017880010501fdffffffffffffffff01");
    const auto read = unpack_session(bytes);
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_EQ(read->network, session.network);
    EXPECT_EQ(read->services, session.services);
    EXPECT_TRUE(read->ended && read->events);
    EXPECT_FALSE(read->counts_on());
}

TEST(KeptSession, GoldenBytesOfVersion6) {
    Session session = any_session();
    session.ended = session.events = true;
    session.services[9].sum.refunded = 4;
    session.counted_at = {5'000'000};
    session.earlier.push_back({{4'000'000}, 300, "s1@4"});
    const std::string bytes = pack_session(session);
    EXPECT_EQ(
        hex(bytes),
        "060273310780897a020304343731310c687474703a2f2f736d662f6ee4af970180ade2040180a4e803d80404"
        "7331403401090180af9701033337320234340506c0ee6d5401223214040632080103ffffffffffffffffff01"
        "000109086e6f5f6d6f6e6579086e6f5f707269636514017880010501fdffffffffffffffff0100");
    const auto read = unpack_session(bytes);
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_EQ(read->network, session.network);
    EXPECT_EQ(read->services, session.services);
    EXPECT_EQ(read->counted_at, session.counted_at);
    ASSERT_EQ(read->earlier.size(), 1U);
    EXPECT_EQ(read->earlier.front(), session.earlier.front());
    EXPECT_TRUE(read->ended && read->events);
    session.events = false;
    EXPECT_FALSE(unpack_session(pack_session(session))->events);
}

TEST(KeptSession, AnswersAreFoundWhateverTheOrderInWhichTheyWereTold) {
    std::mt19937_64 random(7);
    const auto upto = [&](std::uint64_t most) { return random() % (most + 1); };
    for (int round = 0; round < 200; ++round) {
        KeptAnswers answers;
        std::map<std::uint64_t, KeptAnswer> expected;
        for (int step = 0; step < 40; ++step) {
            KeptAnswer kept{upto(60) << upto(50), upto(1'000), any_answer()};
            kept.answer.services.front().granted = static_cast<std::int64_t>(upto(1'000'000));
            if (upto(2) == 0) kept.answer.services.clear();
            if (expected.emplace(kept.number, kept).second) answers.add(kept);
            if (upto(3) != 0) continue;
            EXPECT_EQ(answers.drop_oldest(), expected.begin()->first);
            expected.erase(expected.begin());
        }
        ASSERT_EQ(answers.size(), expected.size());
        ASSERT_EQ(answers.newest(), expected.empty() ? 0 : expected.rbegin()->first);
        EXPECT_FALSE(answers.numbered(61));
        for (const auto& [number, kept] : expected) {
            const auto found = answers.numbered(number);
            ASSERT_TRUE(found);
            EXPECT_EQ(found->content, kept.content);
            EXPECT_EQ(found->answer.services, kept.answer.services);
            const auto first = answers.find([&](std::uint64_t one) { return one == kept.content; });
            ASSERT_TRUE(first);
            EXPECT_LE(first->number, number);
            EXPECT_EQ(first->content, kept.content);
        }
        Session session;
        session.answers = answers;
        const auto read = unpack_session(pack_session(session));
        ASSERT_TRUE(read);
        EXPECT_EQ(read->answers.bytes(), answers.bytes());
        EXPECT_EQ(read->answers.newest(), answers.newest());
    }
}

TEST(KeptSession, AnswersOutOfOrderAreDamage) {
    Session session;
    session.answers.add({1, 0, {}});
    session.answers.add({2, 0, {}});
    std::string bytes = pack_session(session);
    bytes[bytes.size() - 4] = 1;  // the second number
    ASSERT_FALSE(unpack_session(bytes));
}

TEST(KeptSession, DamagedBytesAreRefusedByName) {
    const std::string bytes = pack_session(any_session());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const auto read = unpack_session(std::string_view(bytes).substr(0, size));
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().code, "charge_session_damaged");
    }
    for (std::size_t i = 0; i < bytes.size(); ++i) {  // no crash, whatever stands there
        std::string other = bytes;
        other[i] = static_cast<char>(other[i] ^ 0x5A);
        (void)unpack_session(other);
    }
}

}  // namespace
}  // namespace farthing::charging
