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
