#include "api/radius.h"

#include <gtest/gtest.h>

#include "directory/directory.h"

namespace farthing::api {
namespace {

std::string attribute(const std::string& name, const std::string& value) {
    return '"' + name + R"(":{"type":"string","value":[)" + value + "]},";
}

std::string record(const std::string& status, const std::string& more) {
    std::string body = "{" + attribute("User-Name", R"("anna")") +
                       attribute("NAS-Identifier", R"("ap-1")") +
                       attribute("Acct-Session-Id", R"("s1")") +
                       attribute("Acct-Status-Type", '"' + status + '"') + more;
    body.back() = '}';
    return body;
}

Result<RadiusQuestion> account(const std::string& status, const std::string& more = {}) {
    return read_radius(RadiusWhat::accounting, "data", record(status, more));
}

TEST(Radius, CountersWrapAtFourGigawords) {
    const auto told = account("Interim-Update", attribute("Acct-Input-Octets", "4294967295") +
                                                    attribute("Acct-Input-Gigawords", "2") +
                                                    attribute("Acct-Output-Octets", R"("1")") +
                                                    attribute("Acct-Session-Time", "60"));
    ASSERT_TRUE(told) << told.error().message;
    const auto& service = told->charge.services.at(0);
    EXPECT_EQ(service.meter, "data");
    EXPECT_TRUE(service.asks);
    ASSERT_EQ(service.used.size(), 1U);
    EXPECT_TRUE(service.used[0].total);
    EXPECT_EQ(service.used[0].counts.bytes, 3 * (std::int64_t{1} << 32));
    EXPECT_EQ(service.used[0].counts.seconds, 60);
}

TEST(Radius, RepeatsAreKnownWhateverTheirDelay) {
    const std::string usage =
        attribute("Acct-Input-Octets", "1000") + attribute("Acct-Session-Time", "60");
    const auto first = account("Interim-Update", usage);
    const auto again = account("Interim-Update", usage + attribute("Acct-Delay-Time", "5"));
    const auto later = account("Interim-Update", attribute("Acct-Input-Octets", "1000") +
                                                     attribute("Acct-Session-Time", "61"));
    const auto last = account("Stop", usage);
    ASSERT_TRUE(first && again && later && last);
    const auto print = [](const auto& told) {
        return std::pair(told->charge.fingerprint->content, told->charge.fingerprint->stamp);
    };
    EXPECT_EQ(print(first), print(again));
    EXPECT_NE(print(first), print(later));
    EXPECT_NE(print(first), print(last));
    EXPECT_EQ(first->charge.session, last->charge.session);
}

// What tells sessions of one id apart: seconds on its way, the NAS's time, seconds gone by.
std::string counted(const std::string& status, const std::string& more) {
    const auto told = account(status, more);
    if (!told) return told.error().message;
    const auto& counted = *told->charge.counted;
    return std::to_string(counted.seconds_ago) + " " +
           (counted.at ? to_rfc3339(*counted.at) : std::string("-")) + " " +
           (counted.seconds ? std::to_string(*counted.seconds) : std::string("-"));
}

TEST(Radius, TellsWhenASessionWasCountedAndForHowLong) {
    const std::string minute = attribute("Acct-Session-Time", "60");
    const auto at = [](const std::string& text) { return attribute("Event-Timestamp", text); };
    EXPECT_EQ(counted("Start", attribute("Acct-Delay-Time", "5")), "5 - 0");
    EXPECT_EQ(counted("Stop", minute + attribute("Acct-Delay-Time", "0")), "0 - 60");
    EXPECT_EQ(counted("Stop", minute + at("1767607200")), "0 2026-01-05T10:00:00Z 60");
    EXPECT_EQ(counted("Stop", minute + at(R"("Jan  5 2026 10:00:00 UTC")")),
              "0 2026-01-05T10:00:00Z 60");
    // An old record could come so: nothing tells when its session began.
    EXPECT_EQ(counted("Stop", minute), "0 - -");
    EXPECT_EQ(counted("Start", {}), "0 - -");
    EXPECT_EQ(counted("Stop", attribute("Acct-Delay-Time", "0")), "0 - -");
    for (const char* const wrong :
         {R"("Jan  5 2026 10:00:00 EET")", R"("Jam  5 2026 10:00:00 UTC")", R"("")",
          R"("Jan 35 2026 10:00:00 UTC")", R"("Jan  5")", R"("99999999999999999999")"})
        EXPECT_EQ(counted("Stop", minute + at(wrong)), "0 - -") << wrong;
}

TEST(Radius, NamesWhoByAllThatIsTold) {
    const auto told = read_radius(
        RadiusWhat::authorize, "data",
        R"({"User-Name":{"value":["+3725550001"]},"3GPP-IMSI":{"value":["248011234567890"]}})");
    ASSERT_TRUE(told);
    EXPECT_EQ(told->charge.action, engine::ChargeAction::enquire);
    const std::vector<std::pair<IdentityKind, std::string>> expected = {
        {IdentityKind::imsi, "248011234567890"},
        {IdentityKind::device, "+3725550001"},
        {IdentityKind::msisdn, "3725550001"},
        {IdentityKind::did, "3725550001"}};
    EXPECT_EQ(told->charge.identities, expected);
}

TEST(Radius, WhatIsMissingOrWrongIsNamed) {
    const auto said = [](const std::string& body) {
        const auto told = read_radius(RadiusWhat::accounting, "data", body);
        return told ? std::string() : told.error().message;
    };
    EXPECT_NE(said("{}").find("/Acct-Status-Type"), std::string::npos);
    EXPECT_NE(said("[]").find("no object"), std::string::npos);
    EXPECT_NE(said("{").find("no JSON"), std::string::npos);
    EXPECT_NE(said(R"({"Acct-Status-Type":{"value":["Start"]}})").find("/NAS-Identifier"),
              std::string::npos);
    for (const char* octets : {"4294967296", "-1", "1.5", R"("x")", "true", R"("")"}) {
        const auto told = account("Stop", attribute("Acct-Input-Octets", octets));
        EXPECT_FALSE(told) << octets;
    }
    EXPECT_TRUE(account("Accounting-On")->nothing);
}

TEST(Radius, AnswersAreWhatFreeRadiusReads) {
    engine::ChargeAnswer told;
    told.why = "granted";
    told.services.emplace_back().why = "granted";
    EXPECT_EQ(radius_answer(RadiusWhat::authorize, told).status, 204);
    const Result<engine::ChargeAnswer> nobody =
        fail(DirectoryReason::unknown_subscription, "nobody has the identity \"x\"");
    EXPECT_EQ(radius_answer(RadiusWhat::authorize, nobody).status, 401);
    EXPECT_NE(radius_answer(RadiusWhat::authorize, nobody).body.find("nobody has the identity"),
              std::string::npos);
    EXPECT_EQ(radius_answer(RadiusWhat::accounting, nobody).status, 404);
    told.services[0].why = "no_money";
    told.services[0].what = "the balance is used up";
    EXPECT_EQ(radius_answer(RadiusWhat::authorize, told).status, 401);
    EXPECT_NE(radius_answer(RadiusWhat::authorize, told).body.find("reply:Reply-Message"),
              std::string::npos);
    EXPECT_EQ(radius_answer(RadiusWhat::accounting, told).status, 200);
    told.why = "session_ended";
    EXPECT_EQ(radius_answer(RadiusWhat::accounting, told).status, 204);
    told.why = "other_subscriber";
    EXPECT_EQ(radius_answer(RadiusWhat::accounting, told).status, 409);
}

}  // namespace
}  // namespace farthing::api
