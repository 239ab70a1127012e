#include "nchf/charging_data.h"

#include <gtest/gtest.h>

#include "nchf/charging_answer.h"

namespace farthing::nchf {
namespace {

std::string body_of(std::string_view more, std::string_view stamp = "2026-06-01T10:00:00Z") {
    return R"({"nfConsumerIdentification":{"nodeFunctionality":"SMF","nFName":"smf"},)"
           R"("invocationTimeStamp":")" +
           std::string(stamp) +
           R"(","invocationSequenceNumber":0,"subscriberIdentifier":"imsi-248010000000001")" +
           std::string(more) + "}";
}
ChargingData read(std::string_view more, std::string_view stamp = "2026-06-01T10:00:00Z") {
    auto data = read_charging_data(body_of(more, stamp));
    EXPECT_TRUE(data) << (data ? "" : data.error().detail);
    return data ? *data : ChargingData();
}
Problem refusal(std::string_view more) {
    const auto data = read_charging_data(body_of(more));
    EXPECT_FALSE(data);
    return data ? Problem() : data.error();
}

TEST(ChargingData, EC39_what_is_said_again_has_the_same_content_in_any_order) {
    const auto content = [](std::string_view more) { return read(more).content; };
    const auto first = content(R"(,"a":1,"b":{"x":[1,2.50],"y":null})");
    EXPECT_EQ(first, content(R"(, "b": {"y": null, "x": [1, 2.50]}, "a": 1)"));
    EXPECT_EQ(first,
              content(R"(,"retransmissionIndicator":true,"a":1,"b":{"x":[1,2.50],"y":null})"));
    EXPECT_EQ(first, read(R"(,"a":1,"b":{"x":[1,2.50],"y":null})", "2027-01-01T00:00:00Z").content);
    EXPECT_NE(first, content(R"(,"a":1,"b":{"x":[2.50,1],"y":null})"));
    EXPECT_NE(first, content(R"(,"a":1,"b":{"x":[1,2.51],"y":null})"));
    EXPECT_NE(first, content(R"(,"a":1,"b":{"x":[1,2.50],"y":{"retransmissionIndicator":true}})"));
}

TEST(ChargingData, EC39_a_session_is_named_by_its_ids_and_an_event_by_all_of_it) {
    const std::string_view session = R"(,"chargingId":7,"notifyUri":"http://a")";
    EXPECT_EQ(reference_of(read(session)), reference_of(read(R"(,"chargingId":7)")));
    EXPECT_NE(reference_of(read(session)), reference_of(read(R"(,"chargingId":8)")));
    EXPECT_NE(reference_of(read(session)), reference_of(read(session, "2026-06-01T10:00:01Z")));
    const auto event = [](int n) {
        return reference_of(
            read(R"(,"chargingId":7,"oneTimeEvent":true,"n":)" + std::to_string(n)));
    };
    EXPECT_EQ(event(1), event(1));
    EXPECT_NE(event(1), event(2));
    EXPECT_TRUE(event(1).starts_with("nchf-"));
    EXPECT_EQ(event(1).find_first_not_of("nchf-0123456789abde"), std::string::npos);
}

TEST(ChargingData, sessions_are_named_in_the_order_in_which_they_were_asked_for) {
    std::string before;
    for (const std::string_view stamp :
         {"1970-01-01T00:00:00Z", "2026-06-01T10:00:00Z", "2026-06-01T10:00:00.001Z",
          "2026-06-01T13:00:01+03:00", "2038-01-20T00:00:00Z", "9999-12-31T23:59:59.999Z"}) {
        const std::string name = reference_of(read(R"(,"chargingId":7)", stamp));
        EXPECT_EQ(name.size(), 37) << name;
        EXPECT_GT(name, before) << stamp;
        before = name;
    }
}

TEST(ChargingData, UnitsAreTotalsOrBothDirectionsAndWhatIsAbsentIsZero) {
    const auto data = read(
        R"(,"multipleUnitUsage":[{"ratingGroup":1,"requestedUnit":{},"uPFID":"u","usedUnitContainer":[)"
        R"({"localSequenceNumber":0,"uplinkVolume":3,"downlinkVolume":4},)"
        R"({"localSequenceNumber":0,"totalVolume":10,"uplinkVolume":3,"time":5},)"
        R"({"localSequenceNumber":0}]},)"
        R"({"ratingGroup":2,"requestedUnit":{"totalVolume":0}},{"ratingGroup":3}])");
    ASSERT_EQ(data.usages.size(), 3U);
    const UnitUsage& one = data.usages[0];
    EXPECT_TRUE(one.requested && one.requested->empty());
    EXPECT_EQ(one.upf, "u");
    EXPECT_EQ(one.used[0].units, (Units{7, {}, {}}));
    EXPECT_EQ(one.used[1].units, (Units{10, 5, {}}));
    EXPECT_TRUE(one.used[2].units.empty());
    EXPECT_TRUE(data.usages[1].requested->empty());  // nobody asks for nothing
    EXPECT_FALSE(data.usages[2].requested);
}

TEST(ChargingData, TellsWhoAndWhere) {
    const auto data = read(
        R"(,"pDUSessionChargingInformation":{"chargingId":9,"userInformation":)"
        R"({"servedGPSI":"msisdn-37255500001"},"userLocationinfo":{"nrLocation":{"tai":{"plmnId":)"
        R"({"mcc":"248","mnc":"01"}}}},"pduSessionInformation":{"pduSessionID":1,"dnnId":"net"}})");
    const std::vector<Subscriber> who = {{SubscriberKind::imsi, "248010000000001"},
                                         {SubscriberKind::number, "37255500001"}};
    EXPECT_EQ(data.who, who);
    EXPECT_EQ(data.network, "248-01");
    EXPECT_EQ(data.called, "net");
    EXPECT_EQ(data.charging_id, "9");
    EXPECT_EQ(data.service, ServiceKind::data);
}

TEST(ChargingData, EC46_faults_are_named_with_their_place) {
    EXPECT_EQ(refusal(R"(,"multipleUnitUsage":{})").param, "/multipleUnitUsage");
    EXPECT_EQ(refusal(R"(,"multipleUnitUsage":[7])").param, "/multipleUnitUsage/0");
    const Problem group = refusal(R"(,"multipleUnitUsage":[{"ratingGroup":"1"}])");
    EXPECT_EQ(group.cause, "MANDATORY_IE_INCORRECT");
    EXPECT_EQ(group.param, "/multipleUnitUsage/0/ratingGroup");
    EXPECT_EQ(refusal(R"(,"oneTimeEvent":"yes")").cause, "OPTIONAL_IE_INCORRECT");
    EXPECT_EQ(read_charging_data("{").error().cause, "INVALID_MSG_FORMAT");
    EXPECT_EQ(read_charging_data("{}").error().cause, "MANDATORY_IE_MISSING");
    // What nobody knows yet is passed over.
    EXPECT_TRUE(read_charging_data(body_of(R"(,"oneTimeEventType":"NEWS","triggers":7)")));
}

// JSON bounds no numbers: what nobody reads may be any.
TEST(ChargingData, EC46_numbers_beyond_every_bound_are_passed_over_where_nobody_reads_them) {
    const std::string many = "123456789012345678901234567890";
    const auto content = [](const std::string& more) { return read(R"(,"x":)" + more).content; };
    const auto first = content("[1," + many + ",{\"y\":-" + many + "}]");
    EXPECT_EQ(first, content(" [ 1,\n" + many + " , {\"y\": -" + many + "}]"));
    EXPECT_NE(first, content("[1," + many + ",{\"y\":-" + many + "1}]"));
    for (const char* const odd : {"1e400", "-2.5E+999", "1e-400", "18446744073709551616", "0",
                                  "\"12345678901234567890123\\\"4\""})
        EXPECT_NE(content(odd), first) << odd;
    EXPECT_NE(content("[" + many + R"(,"\"[1e999"])"), first);  // texts are let alone
    EXPECT_EQ(read(R"(,"multipleUnitUsage":[{"ratingGroup":1,"requestedUnit":{"totalVolume":)"
                   R"(9223372036854775807,"x":)" +
                   many + "}}]")
                  .usages.at(0)
                  .requested->octets,
              INT64_MAX);
    EXPECT_EQ(refusal(R"(,"chargingId":)" + many).param, "/chargingId");
    EXPECT_EQ(refusal(R"(,"notifyUri":)" + many).param, "/notifyUri");
    EXPECT_EQ(refusal(R"(,"multipleUnitUsage":[{"ratingGroup":)" + many + "}]").cause,
              "MANDATORY_IE_INCORRECT");
    for (const char* const junk : {"0123456789012345678901234567890", "1.e400", "1e", "-",
                                   "123456789012345678901234567890x"})
        EXPECT_EQ(refusal(R"(,"x":)" + std::string(junk)).cause, "INVALID_MSG_FORMAT") << junk;
}

TEST(ChargingData, PathsNameOperations) {
    const std::string reference = "nchf-" + std::string(32, '0');
    const auto target = [&](const std::string& rest) {
        return target_of("POST", std::string(kResource) + rest);
    };
    EXPECT_EQ(target("")->operation, Operation::create);
    EXPECT_EQ(target("/" + reference + "/update")->operation, Operation::update);
    EXPECT_EQ(target("/" + reference + "/release?x=1")->reference, reference);
    EXPECT_EQ(target("/s1/update").error().cause, "CONTEXT_NOT_FOUND");
    for (const char* rest : {"/", "x",
                             "/"
                             "a",
                             "/a/", "/a/update/", "/a/b", "//update/x"})
        EXPECT_EQ(target(rest).error().cause, "RESOURCE_URI_STRUCTURE_NOT_FOUND") << rest;
    EXPECT_EQ(target_of("GET", kResource).error().status, 405);
}

TEST(ChargingAnswer, AGrantCarriesTheTriggersThatClientsActOn) {
    ChargingAnswer answer;
    answer.stamp = "t";
    answer.units.push_back({1, "SUCCESS", Units{100, {}, {}}, 60, false, "u"});
    const std::string_view trigger = R"({"triggerCategory":"IMMEDIATE_REPORT","triggerType":")";
    EXPECT_EQ(
        write_answer(answer),
        R"({"invocationTimeStamp":"t","invocationSequenceNumber":0,"multipleUnitInformation":)"
        R"([{"ratingGroup":1,"resultCode":"SUCCESS","grantedUnit":{"totalVolume":100},)"
        R"("volumeQuotaThreshold":20,"triggers":[)" +
            std::string(trigger) + R"(QUOTA_EXHAUSTED"},)" + std::string(trigger) +
            R"(QUOTA_THRESHOLD"},)" + std::string(trigger) +
            R"(VALIDITY_TIME"}],"validityTime":60,"uPFID":"u"}]})");
    answer.units[0].final = true;
    answer.redirect = "http://pay.example.org";
    const std::string last = write_answer(answer);
    EXPECT_EQ(last.find("QuotaThreshold"), std::string::npos);
    EXPECT_NE(
        last.find(R"("finalUnitAction":"REDIRECT","redirectServer":{"redirectAddressType":"URL")"),
        std::string::npos);
}

}  // namespace
}  // namespace farthing::nchf
