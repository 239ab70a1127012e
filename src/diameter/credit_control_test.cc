// Credit control from bytes and to bytes: what is optional, and what is wrong (EC46).
#include "diameter/credit_control.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>

#include "diameter/test_messages.h"

namespace farthing::diameter {
namespace {

using Write = std::function<void(Writer&)>;

// What a request with these AVPs at its end is refused with; success: it is not.
std::pair<Code, std::string> refusal(const Write& more) {
    CreditControlRequest request;
    const std::string bytes = credit_control(1, 0, more);
    const auto fault = read_credit_control(bytes, request);
    EXPECT_EQ(request.session, "s1");  // the answer repeats it although something is wrong
    if (!fault) return {Code::success, {}};
    return {fault->code, fault->avp};
}

std::string raw(std::uint32_t code, std::uint8_t flags, std::uint32_t length,
                std::string_view data) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(code >> shift & 255);
    bytes += static_cast<char>(flags);
    for (int shift = 16; shift >= 0; shift -= 8) bytes += static_cast<char>(length >> shift & 255);
    return bytes.append(data);
}

TEST(CreditControl, ReadsWhatOpen5gsSends) {
    const std::string bytes = credit_control(2, 3, [](Writer& writer) {
        const auto imsi = writer.open(Key::subscription_id);
        writer.u32(Key::subscription_id_type, 1);
        writer.text(Key::subscription_id_data, "248010000000001");
        writer.close(imsi);
        writer.u32(Key::requested_action, 0);
        writer.u32(Key::multiple_services_indicator, 0);
        const auto service = writer.open(Key::multiple_services);
        const auto asked = writer.open(Key::requested_service_unit);
        writer.u64(Key::cc_total_octets, 1'000'000);
        writer.close(asked);
        const auto used = writer.open(Key::used_service_unit);
        writer.u32(Key::reporting_reason, 3);
        writer.u32(Key::cc_time, 17);
        writer.u64(Key::cc_input_octets, 600);
        writer.u64(Key::cc_output_octets, 400);
        writer.close(used);
        writer.close(service);
        const auto information = writer.open(Key::service_information);
        const auto packet = writer.open(Key::ps_information);
        writer.text(Key::called_station_id, "internet");
        writer.text(Key::sgsn_mcc_mnc, "24802");
        writer.text(Key::user_location_info, std::string_view("\x82\x42\xf8\x10\0\0", 6));
        writer.close(packet);
        writer.close(information);
    });
    CreditControlRequest request;
    const auto fault = read_credit_control(bytes, request);
    ASSERT_FALSE(fault) << fault->text;
    EXPECT_EQ(request.type, RequestType::update);
    EXPECT_EQ(request.number, 3U);
    ASSERT_EQ(request.subscribers.size(), 1U);
    EXPECT_EQ(request.subscribers[0].kind, SubscriberKind::imsi);
    EXPECT_EQ(request.subscribers[0].data, "248010000000001");
    ASSERT_EQ(request.services.size(), 1U);
    EXPECT_TRUE(request.in_mscc);
    const ServiceRequest& service = request.services[0];
    EXPECT_FALSE(service.rating_group);  // EC46: the default
    EXPECT_EQ(service.group(), 0U);
    EXPECT_EQ(service.requested->octets, 1'000'000);
    ASSERT_EQ(service.used.size(), 1U);
    EXPECT_EQ(service.used[0].octets, 1'000);  // both directions
    EXPECT_EQ(service.used[0].seconds, 17);
    EXPECT_EQ(request.network, "24802");
    EXPECT_EQ(request.called, "internet");
}

TEST(CreditControl, EC46_what_is_optional_may_be_missing_empty_or_unknown) {
    const std::vector<Write> served = {
        [](Writer&) {},
        [](Writer& w) { w.close(w.open(Key::multiple_services)); },
        [](Writer& w) {
            const auto service = w.open(Key::multiple_services);
            w.close(w.open(Key::requested_service_unit));
            w.close(service);
        },
        [](Writer& w) { w.close(w.open(Key::requested_service_unit)); },  // without MSCC
        [](Writer& w) { w.copy(raw(99'999, 0, 12, "news")); },            // not mandatory
        [](Writer& w) { w.copy(raw(443, kVendor, 16, std::string_view("\0\0\x30\x39news", 8))); },
    };
    for (std::size_t i = 0; i < served.size(); ++i)
        EXPECT_EQ(refusal(served[i]).first, Code::success) << i;
}

TEST(CreditControl, EC46_what_is_wrong_is_told_with_its_avp) {
    const std::string unknown = raw(99'999, kMandatory, 12, "news");
    EXPECT_EQ(refusal([&](Writer& w) { w.copy(unknown); }),
              std::pair(Code::avp_unsupported, unknown));
    const std::string in_group = raw(99'998, kMandatory, 8, "");
    EXPECT_EQ(refusal([&](Writer& w) {
                  const auto service = w.open(Key::multiple_services);
                  w.copy(in_group);
                  w.close(service);
              }),
              std::pair(Code::avp_unsupported, in_group));
    const std::string twice = raw(415, kMandatory, 12, std::string_view("\0\0\0\1", 4));
    EXPECT_EQ(refusal([&](Writer& w) { w.copy(twice); }),
              std::pair(Code::avp_occurs_too_many_times, twice));
    const std::string short_number = raw(432, kMandatory, 10, std::string_view("\0\0\0\0", 4));
    EXPECT_EQ(refusal([&](Writer& w) { w.copy(short_number); }).first, Code::invalid_avp_length);
    const std::string action = raw(436, kMandatory, 12, std::string_view("\0\0\0\4", 4));
    EXPECT_EQ(refusal([&](Writer& w) { w.copy(action); }),
              std::pair(Code::invalid_avp_value, action));
    const std::string many = raw(421, kMandatory, 16, "\xff\xff\xff\xff\xff\xff\xff\xff");
    EXPECT_EQ(refusal([&](Writer& w) {
                  const auto used = w.open(Key::used_service_unit);
                  w.copy(many);
                  w.close(used);
              }),
              std::pair(Code::invalid_avp_value, many));
}

TEST(CreditControl, EC46_what_may_come_once_does) {
    const std::vector<Write> once = {
        [](Writer& w) { w.u32(Key::auth_application_id, kCreditControlApplication); },
        [](Writer& w) { w.u32(Key::requested_action, 0); },
        [](Writer& w) { w.u64(Key::cc_sub_session_id, 7); },
        [](Writer& w) { w.text(Key::service_context_id, "32251@3gpp.org"); },
        [](Writer& w) { w.text(Key::refund_information, "s1"); },
        [](Writer& w) { w.close(w.open(Key::service_information)); },
    };
    for (std::size_t i = 0; i < once.size(); ++i) {
        const auto [code, avp] = refusal([&](Writer& w) {
            once[i](w);
            once[i](w);
        });
        EXPECT_EQ(code, Code::avp_occurs_too_many_times) << i;
        EXPECT_FALSE(avp.empty()) << i;
    }
}

TEST(CreditControl, EC46_lengths_that_can_not_be_end_the_message_and_nothing_else) {
    for (const std::uint32_t length : {0U, 1U, 7U, 13U, 4'000U, 0xffffffU}) {
        // In place of four bytes and at the end: nothing after it can be told.
        const auto [code, avp] = refusal([&](Writer& w) {
            w.copy(raw(432, kMandatory, length, std::string_view("\0\0\0\0", 4)));
        });
        EXPECT_EQ(code, Code::invalid_avp_length) << length;
        EXPECT_EQ(avp, raw(432, kMandatory, 12, std::string_view("\0\0\0\0", 4))) << length;
    }
}

TEST(CreditControl, EveryMandatoryAvpIsAskedFor) {
    const std::string whole =
        credit_control(4, 0, [](Writer& w) { w.u32(Key::requested_action, 0); });
    const std::vector<Key> needed = {
        Key::session_id,        Key::origin_host,         Key::origin_realm,
        Key::destination_realm, Key::auth_application_id, Key::service_context_id,
        Key::cc_request_type,   Key::cc_request_number,   Key::requested_action};
    for (const Key left_out : needed) {
        std::string bytes;
        Writer writer(bytes, request_header(kCreditControl, kCreditControlApplication));
        AvpReader reader(std::string_view(whole).substr(kHeaderSize));
        while (reader.next())
            if (reader.avp().key != left_out) writer.copy(reader.avp().whole);
        writer.end();
        CreditControlRequest request;
        const auto fault = read_credit_control(bytes, request);
        ASSERT_TRUE(fault) << code_of(left_out);
        EXPECT_EQ(fault->code, Code::missing_avp);
        AvpReader failed(fault->avp);
        EXPECT_TRUE(failed.next());
        EXPECT_EQ(failed.avp().key, left_out);
    }
}

TEST(CreditControl, AnswersRepeatIdsGroupsAndProxies) {
    const std::string bytes = credit_control(1, 0, [](Writer& w) {
        const auto service = w.open(Key::multiple_services);
        w.u32(Key::rating_group, 10);
        w.u32(Key::service_identifier, 3);
        w.close(w.open(Key::requested_service_unit));
        w.close(service);
        const auto proxy = w.open(Key::proxy_info);
        w.text(static_cast<Key>(280), "relay.example.org");
        w.text(static_cast<Key>(33), "state");
        w.close(proxy);
    });
    CreditControlRequest request;
    ASSERT_FALSE(read_credit_control(bytes, request));
    CreditControlAnswer answer;
    answer.services.push_back({0, Code::success, ServiceUnits{5, {}, {}}, 3'600, true});
    answer.redirect = "http://pay.example.org";
    std::string out;
    write_answer({"ocs.example.org", "example.org", 1}, request, answer, out);
    const Header header = read_header(out);
    EXPECT_EQ(header.length, out.size());
    EXPECT_EQ(header.flags, kProxiable);
    EXPECT_EQ(header.hop_by_hop, 7U);
    EXPECT_EQ(header.end_to_end, 9U);
    EXPECT_EQ(first_u32(out, Key::rating_group), 10U);
    EXPECT_EQ(first_u32(out, Key::service_identifier), 3U);
    EXPECT_EQ(first_u32(out, Key::validity_time), 3'600U);
    EXPECT_EQ(first_u32(out, Key::final_unit_action), 1U);
    const std::string_view avps = std::string_view(out).substr(kHeaderSize);
    EXPECT_EQ(first(avps, Key::redirect_server_address), "http://pay.example.org");
    EXPECT_EQ(first(avps, static_cast<Key>(33)), "state");
    EXPECT_EQ(as_u64(*first(avps, Key::cc_total_octets)), 5U);
    answer = {Code::too_busy, "later", {}};
    out.clear();
    write_answer({"ocs.example.org", "example.org", 1}, request, answer, out);
    EXPECT_EQ(read_header(out).flags, kProxiable | kError);
    EXPECT_FALSE(first_u32(out, Key::cc_request_type));
}

TEST(CreditControl, NumbersAndNetworksAreReadFromTheirForms) {
    EXPECT_EQ(number_of("tel:+372 555-00001"), "37255500001");
    EXPECT_EQ(number_of("sip:+37255500001@ims.example.org;user=phone"), "37255500001");
    EXPECT_EQ(number_of("sip:anna@example.org"), "anna@example.org");
    EXPECT_EQ(number_of("internet"), "internet");
    EXPECT_EQ(network_of(std::string_view("\x82\x42\xf8\x10\0\0", 6)), "24801");
    EXPECT_EQ(network_of(std::string_view("\x82\x13\x00\x14\0\0", 6)), "310410");
    EXPECT_EQ(network_of(std::string_view("\x82\xff\xff\xff\0\0", 6)), "");
    EXPECT_EQ(network_of("ab"), "");
}

// Whatever a peer sends, it is read within its bounds, and what is told of it can be read.
RC_GTEST_PROP(CreditControl, EC46_any_damage_is_answered, ()) {
    std::string bytes = credit_control(2, 1, [](Writer& w) {
        const auto service = w.open(Key::multiple_services);
        const auto used = w.open(Key::used_service_unit);
        w.u64(Key::cc_total_octets, 5);
        w.close(used);
        w.close(service);
    });
    const auto times = *rc::gen::inRange(1, 6);
    for (int i = 0; i < times; ++i) {
        const auto at = *rc::gen::inRange<std::size_t>(kHeaderSize, bytes.size());
        bytes[at] = *rc::gen::arbitrary<char>();
    }
    bytes.resize(*rc::gen::inRange<std::size_t>(kHeaderSize, bytes.size() + 1));
    CreditControlRequest request;
    const auto fault = read_credit_control(bytes, request);
    CreditControlAnswer answer;
    if (fault) answer = {fault->code, fault->text, fault->avp};
    std::string out;
    write_answer({"ocs.example.org", "example.org", 1}, request, answer, out);
    AvpReader reader(std::string_view(out).substr(kHeaderSize));
    while (reader.next()) {
    }
    RC_ASSERT(!reader.damaged());
    RC_ASSERT(read_header(out).length == out.size());
}

}  // namespace
}  // namespace farthing::diameter
