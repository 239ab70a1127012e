// Events of credit control as questions and answers: what a debit took, and how it is taken back.
#include "api/gy.h"

#include <gtest/gtest.h>

#include <functional>

#include "diameter/test_messages.h"

namespace farthing::api {
namespace {

using diameter::Code;
using diameter::Key;
using diameter::Writer;
using Write = std::function<void(Writer&)>;

constexpr std::uint32_t kInitial = 1;
constexpr std::uint32_t kEvent = 4;
constexpr std::uint32_t kDebit = 0;
constexpr std::uint32_t kRefund = 1;

class Gy : public testing::Test {
  protected:
    Gy() { policy_.node = {"ocs.example.org", "example.org", 1}; }
    const diameter::CreditControlRequest& read(std::uint32_t type, std::uint32_t number,
                                               const Write& more) {
        bytes_ = diameter::credit_control(type, number, [&](Writer& writer) {
            const auto who = writer.open(Key::subscription_id);
            writer.u32(Key::subscription_id_type, 0);
            writer.text(Key::subscription_id_data, "37255500001");
            writer.close(who);
            more(writer);
        });
        request_ = {};
        const auto fault = diameter::read_credit_control(bytes_, request_);
        EXPECT_FALSE(fault) << fault->text;
        return request_;
    }
    const diameter::CreditControlRequest& event(std::uint32_t action, const Write& more,
                                                std::uint32_t number = 0) {
        return read(kEvent, number, [&](Writer& writer) {
            writer.u32(Key::requested_action, action);
            more(writer);
        });
    }
    static void mscc(Writer& writer, std::optional<std::uint32_t> group,
                     std::optional<std::uint64_t> octets) {
        const auto service = writer.open(Key::multiple_services);
        if (group) writer.u32(Key::rating_group, *group);
        if (octets) {
            const auto units = writer.open(Key::requested_service_unit);
            writer.u64(Key::cc_total_octets, *octets);
            writer.close(units);
        }
        writer.close(service);
    }
    static engine::ChargeAnswer::Service told(std::uint32_t group, std::string why,
                                              std::int64_t bytes = 0) {
        engine::ChargeAnswer::Service service;
        service.group = group;
        service.meter = "data";
        service.why = std::move(why);
        service.granted = bytes;
        if (bytes > 0) service.counts.bytes = bytes;
        return service;
    }
    diameter::CreditControlAnswer answer(std::vector<engine::ChargeAnswer::Service> services) {
        told_ = engine::ChargeAnswer{"granted", {}, {}, std::move(services), false};
        return answer_of(request_, told_, policy_);
    }
    std::string bytes_;
    diameter::CreditControlRequest request_;
    Result<engine::ChargeAnswer> told_;
    GyPolicy policy_;
};

TEST_F(Gy, OnlySessionsThatGoOnAreLedToWhereMoneyIsPaidIn) {
    policy_.redirect = "http://pay.example.org";
    const Write one = [](Writer& w) { mscc(w, 10, 5); };
    read(kInitial, 0, one);
    auto said = answer({told(10, "no_money")});
    EXPECT_EQ(said.services[0].code, Code::success);
    EXPECT_TRUE(said.services[0].final);
    event(kDebit, one);
    said = answer({told(10, "no_money")});
    EXPECT_EQ(said.services[0].code, Code::credit_limit_reached);
    EXPECT_FALSE(said.services[0].final);
    event(kDebit, [](Writer& w) { w.close(w.open(Key::requested_service_unit)); });
    EXPECT_EQ(answer({told(0, "no_money")}).code, Code::credit_limit_reached);
}

TEST_F(Gy, EC47_OfSeveralOfOneRatingGroupASessionAsksForTheMostAndEventsForAll) {
    const auto asked = [&](std::optional<std::uint64_t> one, std::optional<std::uint64_t> other) {
        return [=](Writer& w) {
            mscc(w, 10, one);
            mscc(w, 20, 7);
            mscc(w, 10, other);
        };
    };
    const auto counts = [&] {
        const auto question = question_of(request_, policy_);
        EXPECT_EQ(question.services.size(), 2U);
        return question.services.at(0).counts;
    };
    read(kInitial, 0, asked(500, 300));
    EXPECT_EQ(counts().bytes, 500);
    read(kInitial, 0, asked(300, 500));
    EXPECT_EQ(counts().bytes, 500);
    read(kInitial, 0, asked(300, std::nullopt));
    EXPECT_EQ(counts().bytes, 300);
    const auto said = answer({told(10, "granted", 500), told(20, "granted", 7)});
    ASSERT_EQ(said.services.size(), 3U);
    EXPECT_EQ(said.services[0].granted->octets, 500);
    EXPECT_EQ(said.services[2].code, Code::success);
    EXPECT_FALSE(said.services[2].granted);
    event(kDebit, asked(500, 300));
    EXPECT_EQ(counts().bytes, 800);
    event(kDebit, asked(std::nullopt, std::nullopt));
    EXPECT_EQ(counts().pieces, 2);
    EXPECT_FALSE(counts().bytes);
}

TEST_F(Gy, WhatADebitTookIsTold) {
    event(kDebit, [](Writer&) {});
    auto said = answer({told(0, "granted", 7)});
    ASSERT_EQ(said.services.size(), 1U);
    EXPECT_EQ(said.services[0].granted->octets, 7);
    std::string out;
    write_answer(policy_.node, request_, said, out);
    EXPECT_TRUE(diameter::first(std::string_view(out).substr(diameter::kHeaderSize),
                                Key::granted_service_unit));
    event(kDebit, [](Writer& w) { mscc(w, 10, std::nullopt); });
    said = answer({told(10, "granted", 7)});
    EXPECT_EQ(said.services[0].granted->octets, 7);
}

TEST_F(Gy, ADebitThatSaysNoUnitMeansOnePieceOrIsRefused) {
    const Write nothing = [](Writer& w) { mscc(w, 10, std::nullopt); };
    EXPECT_FALSE(refusal_of(event(kDebit, [](Writer& w) { mscc(w, 10, 0); }), policy_));
    const auto fault = refusal_of(event(kDebit, nothing), policy_);  // of data
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->code, Code::missing_avp);
    EXPECT_EQ(fault->avp, diameter::missing(Key::requested_service_unit).avp);
    // Of a meter that is named the engine knows what it counts.
    policy_.meters[10] = "data";
    EXPECT_FALSE(refusal_of(request_, policy_));
    EXPECT_EQ(question_of(request_, policy_).services.at(0).counts.pieces, 1);
    auto unfit = told(10, "not_chargeable");
    unfit.meter.clear();
    const auto said = answer({unfit});
    EXPECT_EQ(said.code, Code::missing_avp);
    EXPECT_EQ(said.failed_avp, fault->avp);
    unfit.suspense = "no_price";
    EXPECT_EQ(answer({unfit}).code, Code::success);
    EXPECT_EQ(answer({unfit}).services[0].code, Code::rating_failed);
}

TEST_F(Gy, ARefundTakesBackTheDebitWhoseAnswerNamedIt) {
    const Write two = [](Writer& w) {
        w.u64(Key::cc_sub_session_id, 3);
        mscc(w, 10, 5);
        mscc(w, 20, 5);
        mscc(w, 30, 5);
    };
    event(kDebit, two);
    EXPECT_EQ(question_of(request_, policy_).session, "s1;sub=3");
    event(kDebit, two, 1);
    const std::string session = question_of(request_, policy_).session;
    EXPECT_NE(session, "s1;sub=3");
    const std::string token =
        answer({told(10, "granted", 5), told(20, "no_money"), told(30, "granted", 5)}).refund;
    const auto refund = [&](const Write& more, std::uint32_t number = 0) {
        event(
            kRefund,
            [&](Writer& w) {
                w.text(Key::refund_information, token);
                more(w);
            },
            number);
        return question_of(request_, policy_);
    };
    const auto all = refund([](Writer&) {});
    EXPECT_EQ(all.session, session);
    ASSERT_EQ(all.services.size(), 2U);
    EXPECT_EQ(all.services[0].group, 10U);
    EXPECT_EQ(all.services[1].group, 30U);
    EXPECT_EQ(answer({told(10, "granted"), told(30, "nothing_to_refund")}).code,
              Code::rating_failed);
    EXPECT_EQ(answer({told(10, "granted"), told(30, "granted")}).code, Code::success);
    EXPECT_NE(refund([](Writer&) {}, 1).number, all.number);
    const auto part = refund([](Writer& w) { mscc(w, 30, 2); });
    ASSERT_EQ(part.services.size(), 1U);
    EXPECT_EQ(part.services[0].group, 30U);
    EXPECT_EQ(part.services[0].counts.bytes, 2);
}

TEST_F(Gy, ARefundOfOneGroupNeedNotNameIt) {
    event(kDebit, [](Writer& w) { mscc(w, 10, 5); });
    const std::string token = answer({told(10, "granted", 5)}).refund;
    event(kRefund, [&](Writer& w) {
        w.text(Key::refund_information, token);
        mscc(w, std::nullopt, 2);
    });
    const auto part = question_of(request_, policy_);
    ASSERT_EQ(part.services.size(), 1U);
    EXPECT_EQ(part.services[0].group, 10U);
    EXPECT_EQ(part.services[0].counts.bytes, 2);
    EXPECT_EQ(answer({told(10, "nothing_to_refund")}).services.at(0).code, Code::rating_failed);
    for (const char* const plain : {"s1", "groups=", "groups=1", "groups=1+;s1", "groups=x;s1"}) {
        event(kRefund, [&](Writer& w) { w.text(Key::refund_information, plain); });
        EXPECT_EQ(question_of(request_, policy_).session, plain);
        EXPECT_EQ(question_of(request_, policy_).services.at(0).group, 0U);
    }
}

TEST_F(Gy, EC45_what_was_used_after_the_price_changed_is_told_apart) {
    constexpr std::uint32_t kUpdate = 2;
    read(kUpdate, 1, [](Writer& w) {
        const auto service = w.open(Key::multiple_services);
        for (std::uint32_t side = 0; side < 3; ++side) {
            const auto units = w.open(Key::used_service_unit);
            w.u32(Key::tariff_change_usage, side);
            w.u64(Key::cc_total_octets, 10 + side);
            w.close(units);
        }
        w.close(service);
    });
    const auto question = question_of(request_, policy_);
    const auto& used = question.services.at(0).used;
    ASSERT_EQ(used.size(), 3U);
    EXPECT_FALSE(used[0].after_change);
    EXPECT_TRUE(used[1].after_change);
    EXPECT_EQ(used[1].counts.bytes, 11);
    EXPECT_FALSE(used[2].after_change);  // it straddles the switch: the price of its start
}

TEST_F(Gy, ADebitThatIsDeniedCanNotBeTakenBack) {
    event(kDebit, [](Writer& w) { mscc(w, 10, 5); });
    EXPECT_EQ(answer({told(10, "no_money")}).refund, "");
}

TEST_F(Gy, ClientsKnowTheirOwnNamesOfSessions) {
    EXPECT_EQ(client_session_of("pgw;1;2;sub=3"), "pgw;1;2");
    EXPECT_EQ(client_session_of("pgw;1;2;sub=3;event=7"), "pgw;1;2");
    EXPECT_EQ(client_session_of("pgw;1;2"), "pgw;1;2");
    EXPECT_EQ(client_session_of("pgw;1;sub=x"), "pgw;1;sub=x");
    EXPECT_EQ(client_session_of("pgw;1;sub="), "pgw;1;sub=");
}

}  // namespace
}  // namespace farthing::api
