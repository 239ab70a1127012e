// Events of Nchf as questions and answers.
#include "api/nchf.h"

#include <gtest/gtest.h>

namespace farthing::api {
namespace {

NchfRequest event(const std::string& usages, const std::string& function = "SMF",
                  bool one_time = true) {
    const std::string body =
        R"({"nfConsumerIdentification":{"nodeFunctionality":")" + function +
        R"("},"invocationTimeStamp":"2026-06-01T10:00:00Z","invocationSequenceNumber":0,)"
        R"("subscriberIdentifier":"imsi-248010000000001")" +
        (one_time ? R"(,"oneTimeEvent":true,"oneTimeEventType":"IEC")" : "") + usages + "}";
    auto request = read_nchf("POST", nchf::kResource, body);
    EXPECT_TRUE(request) << (request ? "" : request.error().detail);
    return *std::move(request);
}

engine::ChargeAnswer::Service told(std::uint32_t group, std::string why, std::int64_t pieces = 0) {
    engine::ChargeAnswer::Service service;
    service.group = group;
    service.meter = "sms";
    service.why = std::move(why);
    service.granted = pieces;
    if (pieces > 0) service.counts.pieces = pieces;
    return service;
}
NchfAnswer answer(const NchfRequest& request, std::vector<engine::ChargeAnswer::Service> services,
                  const NchfPolicy& policy) {
    return answer_of(request, engine::ChargeAnswer{"granted", {}, {}, std::move(services), false},
                     policy);
}
bool has(const NchfAnswer& answer, std::string_view text) {
    return answer.body.find(text) != std::string::npos;
}

constexpr const char* kTwo =
    R"(,"multipleUnitUsage":[{"ratingGroup":1,"requestedUnit":{"serviceSpecificUnits":1}},)"
    R"({"ratingGroup":2,"requestedUnit":{"serviceSpecificUnits":1}}])";

TEST(Nchf, OnlySessionsThatGoOnAreLedToWhereMoneyIsPaidIn) {
    NchfPolicy policy;
    policy.redirect = "http://pay.example.org";
    const auto denied = answer(event(kTwo), {told(1, "granted", 1), told(2, "no_money")}, policy);
    EXPECT_TRUE(has(denied, R"("ratingGroup":2,"resultCode":"QUOTA_LIMIT_REACHED")"));
    EXPECT_FALSE(has(denied, "REDIRECT"));
    const auto led =
        answer(event(kTwo, "SMF", false), {told(1, "granted", 1), told(2, "no_money")}, policy);
    EXPECT_TRUE(has(led, R"("ratingGroup":2,"resultCode":"SUCCESS")"));
    EXPECT_TRUE(has(led, "REDIRECT"));
}

// A client closes a container when the price changes, and another where it goes on.
TEST(Nchf, EC45_containers_follow_those_before_them_of_the_same_upf) {
    const auto upf = [](const std::string& name, int bytes) {
        const auto container = [](int number, int volume, const std::string& closed) {
            return R"({"localSequenceNumber":)" + std::to_string(number) + R"(,"totalVolume":)" +
                   std::to_string(volume) +
                   R"(,"triggers":[{"triggerType":"TARIFF_TIME_CHANGE"}],)"
                   R"("triggerTimestamp":"2026-06-01T)" +
                   closed + R"(Z"})";
        };
        return R"({"ratingGroup":1,"uPFID":")" + name + R"(","usedUnitContainer":[)" +
               container(1, bytes, "09:55:00") + "," + container(2, bytes + 1, "10:00:00") + "]}";
    };
    const NchfRequest request =
        event(R"(,"multipleUnitUsage":[)" + upf("a", 10) + "," + upf("b", 20) + "]", "SMF", false);
    const auto question = question_of(request, NchfPolicy());
    ASSERT_EQ(question.services.size(), 1U);
    const auto& used = question.services[0].used;
    ASSERT_EQ(used.size(), 4U);
    constexpr std::int64_t kFiveMinutes = 5 * 60'000'000LL;
    const std::optional<std::int64_t> begin[] = {{}, kFiveMinutes, {}, kFiveMinutes};
    for (std::size_t i = 0; i < used.size(); ++i) EXPECT_EQ(used[i].micros_ago, begin[i]) << i;
    EXPECT_EQ(used[2].counts.bytes, 20);
}

TEST(Nchf, ADebitThatSaysNoUnitMeansOnePieceAndIsToldWhatItTook) {
    const NchfPolicy policy;
    const NchfRequest nothing = event("", "SMSF");
    EXPECT_FALSE(refusal_of(nothing, policy));
    EXPECT_EQ(question_of(nothing, policy).services.at(0).counts.pieces, 1);
    EXPECT_TRUE(has(answer(nothing, {told(0, "granted", 1)}, policy),
                    R"("grantedUnit":{"serviceSpecificUnits":1})"));
    const NchfRequest group = event(R"(,"multipleUnitUsage":[{"ratingGroup":5}])", "SMSF");
    EXPECT_TRUE(has(answer(group, {told(5, "granted", 1)}, policy),
                    R"("grantedUnit":{"serviceSpecificUnits":1})"));
}

TEST(Nchf, ADebitThatSaysNoUnitOfWhatHasNoPiecesIsRefused) {
    NchfPolicy policy;
    const auto fault = refusal_of(event(""), policy);
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->param, "/multipleUnitUsage");
    const NchfRequest group =
        event(R"(,"multipleUnitUsage":[{"ratingGroup":5,"requestedUnit":{}}])");
    EXPECT_EQ(refusal_of(group, policy)->param, "/multipleUnitUsage/0/requestedUnit");
    EXPECT_FALSE(refusal_of(event(kTwo), policy));
    EXPECT_FALSE(refusal_of(event("", "SMF", false), policy));
    // Of a meter that is named the engine knows what it counts.
    policy.meters[5] = "data";
    EXPECT_FALSE(refusal_of(group, policy));
    auto unfit = told(5, "not_chargeable");
    unfit.meter.clear();
    const auto refused = answer(group, {unfit}, policy);
    EXPECT_EQ(refused.status, 400);
    EXPECT_TRUE(has(refused, R"("invalidParams":[{"param":"/multipleUnitUsage/0/requestedUnit")"));
    unfit.suspense = "no_price";
    EXPECT_TRUE(has(answer(group, {unfit}, policy), "CHARGING_FAILED"));
}

}  // namespace
}  // namespace farthing::api
