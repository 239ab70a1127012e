// Capabilities, watchdog and leave, without a connection and with a clock of its own.
#include "diameter/peer.h"

#include <gtest/gtest.h>

#include "diameter/test_messages.h"

namespace farthing::diameter {
namespace {

using Next = Peer::Next;

class DiameterPeer : public testing::Test {
  protected:
    static Instant at(std::int64_t seconds) { return Instant::from_seconds(1'000 + seconds); }
    // Takes the message; the answer stands in out_.
    Next take(const std::string& message, std::int64_t seconds = 0) {
        out_.clear();
        EXPECT_EQ(peer_.look(message, out_), Next::go_on);
        return peer_.take(message, at(seconds), out_);
    }
    std::optional<std::uint32_t> code() const { return first_u32(out_, Key::result_code); }
    static std::string base(std::uint32_t command, std::uint8_t flags = kRequest) {
        std::string bytes;
        Header header = request_header(command, kBaseApplication);
        header.flags = flags;
        Writer writer(bytes, header);
        writer.text(Key::origin_host, "pgw.example.org");
        writer.text(Key::origin_realm, "example.org");
        writer.end();
        return bytes;
    }

    Node node_{"ocs.example.org", "example.org", 5};
    PeerPolicy policy_{{"pgw.example.org"}};
    OpenPeers peers_;
    Peer peer_{node_, policy_, peers_, std::string("\0\1\x7f\0\0\1", 6), at(0)};
    std::string out_;
};

TEST_F(DiameterPeer, CapabilitiesComeFirstAndName) {
    EXPECT_EQ(take(base(kWatchdog)), Next::close);
    EXPECT_EQ(code(), 3010U);
    EXPECT_EQ(take(capabilities("PGW.example.org", 4)), Next::go_on);
    EXPECT_EQ(code(), 2001U);
    EXPECT_EQ(first_u32(out_, Key::auth_application_id), 4U);
    EXPECT_EQ(read_header(out_).hop_by_hop, 7U);
    EXPECT_TRUE(peer_.open());
    EXPECT_EQ(peer_.realm(), "example.org");
    EXPECT_EQ(take(credit_control(1, 0, [](Writer&) {})), Next::credit_control);
}

TEST_F(DiameterPeer, WhoIsNotKnownOrServesNothingInCommonIsSentAway) {
    EXPECT_EQ(take(capabilities("other.example.org", 4)), Next::close);
    EXPECT_EQ(code(), 3010U);
    EXPECT_EQ(read_header(out_).flags & kError, kError);
    EXPECT_EQ(take(capabilities("pgw.example.org", 16'777'238)), Next::close);
    EXPECT_EQ(code(), 5010U);
    EXPECT_EQ(take(base(kCapabilitiesExchange)), Next::close);
    EXPECT_EQ(code(), 5005U);
    EXPECT_FALSE(peer_.open());
    EXPECT_EQ(take(capabilities("pgw.example.org", kRelayApplication)), Next::go_on);
    EXPECT_TRUE(peer_.open());
}

TEST_F(DiameterPeer, EC46_capabilities_at_fault_are_refused_with_their_avp) {
    // Code 99999 with M bit; an Origin-State-Id of three bytes; an Origin-Host too many; one in
    // Vendor-Specific-Application-Id.
    const std::string unknown("\0\1\x86\x9f\x40\0\0\x0cnews", 12);
    const std::string no_state("\0\0\1\x16\x40\0\0\x0b\0\0\1", 11);
    const std::string host("\0\0\1\x08\x40\0\0\x0chost", 12);
    const auto refusal = [&](const auto& more) {
        EXPECT_EQ(take(capabilities_with("pgw.example.org", 4, more)), Next::close);
        const auto avp = first(std::string_view(out_).substr(kHeaderSize), Key::failed_avp);
        return std::pair(code().value_or(0), avp.value_or(""));
    };
    EXPECT_EQ(refusal([&](Writer& w) { w.copy(unknown); }), std::pair(5001U, unknown));
    EXPECT_EQ(refusal([&](Writer& w) { w.copy(no_state); }),
              std::pair(5014U, no_state + std::string(1, '\0')));
    EXPECT_EQ(refusal([&](Writer& w) { w.copy(host); }), std::pair(5009U, host));
    EXPECT_EQ(refusal([&](Writer& w) {
                  const auto group = w.open(Key::vendor_specific_application_id);
                  w.copy(unknown);
                  w.close(group);
              }),
              std::pair(5001U, unknown));
    EXPECT_FALSE(peer_.open());
}

TEST_F(DiameterPeer, EC46_a_watchdog_at_fault_is_refused_and_the_connection_goes_on) {
    take(capabilities("pgw.example.org", 4));
    for (const std::uint32_t command : {kWatchdog, kDisconnect}) {
        std::string asked = base(command);
        asked += std::string("\0\0\1\x16\x40\0\x0f\xa0\0\0\0\1", 12);  // longer than it has
        asked[3] = static_cast<char>(asked.size());
        EXPECT_EQ(take(asked), Next::go_on);
        EXPECT_EQ(code(), 5014U);
        EXPECT_TRUE(first(std::string_view(out_).substr(kHeaderSize), Key::failed_avp));
    }
    EXPECT_TRUE(peer_.open());
}

TEST_F(DiameterPeer, ASilentPeerIsAskedAndThenLeft) {
    take(capabilities("pgw.example.org", 4));
    out_.clear();
    EXPECT_EQ(peer_.watch(at(29), out_), Next::go_on);
    EXPECT_TRUE(out_.empty());
    EXPECT_EQ(peer_.watch(at(30), out_), Next::go_on);
    EXPECT_EQ(read_header(out_).command, kWatchdog);
    EXPECT_EQ(take(base(kWatchdog, 0), 40), Next::go_on);  // it lives
    EXPECT_TRUE(out_.empty());
    EXPECT_EQ(peer_.watch(at(70), out_), Next::go_on);
    EXPECT_EQ(peer_.watch(at(99), out_), Next::go_on);
    EXPECT_EQ(peer_.watch(at(100), out_), Next::close);
}

TEST_F(DiameterPeer, WhoNeverSaysWhoItIsIsLeft) {
    EXPECT_EQ(peer_.watch(at(29), out_), Next::go_on);
    EXPECT_EQ(peer_.watch(at(30), out_), Next::close);
}

TEST_F(DiameterPeer, LeaveIsTakenBothWays) {
    take(capabilities("pgw.example.org", 4));
    EXPECT_EQ(take(base(kDisconnect)), Next::close);
    EXPECT_EQ(code(), 2001U);
    out_.clear();
    peer_.disconnect(out_);
    EXPECT_EQ(read_header(out_).command, kDisconnect);
    EXPECT_EQ(first_u32(out_, Key::disconnect_cause), 0U);
    EXPECT_EQ(take(base(kDisconnect, 0)), Next::close);
}

// RFC 6733, 5.6: the connection that is open stays.
TEST_F(DiameterPeer, AHostHasOneConnection) {
    take(capabilities("pgw.example.org", 4));
    Peer second(node_, policy_, peers_, {}, at(1));
    const auto comes = [&](std::uint32_t origin_state) {
        out_.clear();
        return second.take(capabilities("PGW.example.org", 4, origin_state), at(1), out_);
    };
    EXPECT_EQ(comes(0), Next::close);
    EXPECT_EQ(code(), 4003U);
    EXPECT_FALSE(second.open());
    out_.clear();
    EXPECT_EQ(peer_.watch(at(1), out_), Next::go_on);  // asked at once whether it is there
    EXPECT_EQ(read_header(out_).command, kWatchdog);
    EXPECT_EQ(take(base(kWatchdog, 0), 2), Next::go_on);
    EXPECT_EQ(peer_.watch(at(31), out_), Next::go_on);
    EXPECT_EQ(comes(7), Next::close);  // the first told no state: nothing says that it is gone
    EXPECT_EQ(peer_.watch(at(31), out_), Next::go_on);
    EXPECT_EQ(peer_.watch(at(61), out_), Next::close);
    peer_.leave();
    EXPECT_EQ(comes(7), Next::go_on);
    EXPECT_EQ(code(), 2001U);
}

TEST_F(DiameterPeer, AHostThatBeganAgainTakesTheOldOnesPlace) {
    take(capabilities("pgw.example.org", 4, 7));
    Peer second(node_, policy_, peers_, {}, at(1));
    EXPECT_EQ(second.take(capabilities("pgw.example.org", 4, 7), at(1), out_), Next::close);
    out_.clear();
    EXPECT_EQ(second.take(capabilities("pgw.example.org", 4, 8), at(1), out_), Next::go_on);
    EXPECT_EQ(code(), 2001U);
    EXPECT_EQ(peer_.watch(at(2), out_), Next::close);
    EXPECT_TRUE(peer_.replaced());
    peer_.leave();
    Peer third(node_, policy_, peers_, {}, at(3));
    EXPECT_EQ(third.take(capabilities("pgw.example.org", 4, 8), at(3), out_), Next::close);
    EXPECT_EQ(second.take(base(kDisconnect), at(4), out_), Next::close);
    out_.clear();
    EXPECT_EQ(third.take(capabilities("pgw.example.org", 4, 8), at(4), out_), Next::go_on);
}

TEST_F(DiameterPeer, WhatIsNotServedIsToldByCode) {
    take(capabilities("pgw.example.org", 4));
    const auto told = [&](Header header) {
        std::string bytes;
        Writer(bytes, header).end();
        EXPECT_EQ(take(bytes), Next::go_on);
        EXPECT_EQ(read_header(out_).command, header.command);
        return code();
    };
    EXPECT_EQ(told(request_header(271, 3)), 3007U);
    EXPECT_EQ(told(request_header(999, 4)), 3001U);
    EXPECT_EQ(told(request_header(kCreditControl, 0)), 3001U);
    Header odd = request_header(kCreditControl, 4);
    odd.flags |= kError;
    EXPECT_EQ(told(odd), 3008U);
}

TEST_F(DiameterPeer, WhatHasNoEndIsAnsweredAndLeft) {
    const auto told = [&](std::uint8_t version, std::uint32_t length) {
        std::string bytes;
        Writer(bytes, request_header(kCreditControl, 4)).end();
        bytes[0] = static_cast<char>(version);
        bytes[1] = static_cast<char>(length >> 16);
        bytes[2] = static_cast<char>(length >> 8 & 255);
        bytes[3] = static_cast<char>(length & 255);
        out_.clear();
        EXPECT_EQ(peer_.look(bytes, out_), Next::close);
        return code();
    };
    EXPECT_EQ(told(2, 20), 5011U);
    EXPECT_EQ(told(1, 0), 5015U);
    EXPECT_EQ(told(1, 16), 5015U);
    EXPECT_EQ(told(1, 22), 5015U);
    EXPECT_EQ(told(1, 0xfffffc), 5015U);
}

TEST_F(DiameterPeer, RequestsOfOursNameTheSessionAndItsHost) {
    peer_.re_authorise("s1", "pgw.example.org", "example.org", out_);
    EXPECT_EQ(read_header(out_).command, kReAuth);
    EXPECT_EQ(first_u32(out_, Key::re_auth_request_type), 0U);
    const std::uint32_t hop = read_header(out_).hop_by_hop;
    out_.clear();
    peer_.abort("s1", "pgw.example.org", "example.org", out_);
    EXPECT_EQ(read_header(out_).command, kAbortSession);
    EXPECT_EQ(read_header(out_).hop_by_hop, hop + 1);
    EXPECT_EQ(first(std::string_view(out_).substr(kHeaderSize), Key::destination_host),
              "pgw.example.org");
}

TEST_F(DiameterPeer, RequestsForOthersAreSentBack) {
    CreditControlRequest request;
    request.destination_realm = "EXAMPLE.org";
    EXPECT_FALSE(misdirected(node_, request));
    request.destination_host = "other.example.org";
    EXPECT_EQ(misdirected(node_, request)->code, Code::unable_to_deliver);
    request.destination_host = "ocs.example.org";
    request.routes.push_back("ocs.example.org");
    EXPECT_EQ(misdirected(node_, request)->code, Code::loop_detected);
    request.routes.clear();
    request.destination_realm = "example.com";
    EXPECT_EQ(misdirected(node_, request)->code, Code::realm_not_served);
}

}  // namespace
}  // namespace farthing::diameter
