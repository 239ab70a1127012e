#include "nchf/http2.h"

#include <gtest/gtest.h>

#include <optional>

#include "nchf/http2_post.h"

namespace farthing::nchf {
namespace {

// A client and a server, whose bytes go to and fro until neither has more to say.
struct Wire {
    std::optional<Http2Request> asked;
    Http2Session server;
    Http2Post client;

    Wire(const Http2Limits& limits, std::string body, const std::string& url = "http://smf:81/n/7")
        : server(
              limits, [this](Http2Request request) { asked = std::move(request); },
              [](int status) {
                  Http2Answer answer;
                  answer.status = status;
                  return answer;
              }),
          client(*parse_url(url), std::move(body)) {}

    void run() {
        for (int turn = 0; turn < 20; ++turn) {
            if (const std::string bytes = client.produce(); !bytes.empty()) {
                ASSERT_TRUE(server.receive(bytes));
            }
            std::string out;
            ASSERT_TRUE(server.produce(out, 1 << 20));
            if (!out.empty()) {
                ASSERT_TRUE(client.receive(out));
            }
        }
    }
};

TEST(Http2, AskedAndAnswered) {
    Wire wire(Http2Limits(), R"({"a":1})");
    wire.run();
    ASSERT_TRUE(wire.asked);
    EXPECT_EQ(wire.asked->method, "POST");
    EXPECT_EQ(wire.asked->authority, "smf:81");
    EXPECT_EQ(wire.asked->path, "/n/7");
    EXPECT_EQ(wire.asked->body, R"({"a":1})");
    EXPECT_FALSE(wire.client.done());
    Http2Answer answer;
    answer.status = 201;
    answer.body = std::string(200'000, 'x');  // beyond the window of a stream
    wire.server.answer(wire.asked->stream, answer);
    wire.server.answer(wire.asked->stream, answer);  // once
    wire.server.answer(99, answer);
    wire.run();
    EXPECT_TRUE(wire.client.done());
    EXPECT_EQ(wire.client.status(), 201);
}

TEST(Http2, WhatIsTooLargeIsRefusedAndNeverHandedOn) {
    Http2Limits limits;
    limits.body_bytes = 1'000;
    Wire body(limits, std::string(1'001, 'x'));
    body.run();
    EXPECT_FALSE(body.asked);
    EXPECT_EQ(body.client.status(), 413);
    limits.header_bytes = 100;
    Wire header(limits, "x", "http://smf/" + std::string(200, 'x'));
    header.run();
    EXPECT_FALSE(header.asked);
    EXPECT_EQ(header.client.status(), 431);
}

TEST(Http2, ABodyOfAnySizeIsToldThatItIsTooLarge) {
    Wire wire(Http2Limits(), std::string(3'000'000, 'x'));
    wire.run();
    EXPECT_FALSE(wire.asked);
    EXPECT_TRUE(wire.client.done());
    EXPECT_EQ(wire.client.status(), 413);
}

// HEADERS of HEAD / in HPACK, and what comes back as a frame: its kind and flags.
TEST(Http2, AnswersToHeadHaveNoBody) {
    std::int32_t asked = 0;
    Http2Session server(
        Http2Limits(), [&](const Http2Request& request) { asked = request.stream; },
        [](int) { return Http2Answer(); });
    const std::string_view headers("\0\0\x0b\1\5\0\0\0\1\2\4HEAD\x86\x84\1\1a", 20);
    const std::string_view settings("\0\0\0\4\0\0\0\0\0", 9);
    ASSERT_TRUE(server.receive("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + std::string(settings) +
                               std::string(headers)));
    ASSERT_EQ(asked, 1);
    std::string out;
    ASSERT_TRUE(server.produce(out, 1 << 20));
    out.clear();
    Http2Answer answer;
    answer.status = 405;
    answer.body = "{}";
    server.answer(1, answer);
    ASSERT_TRUE(server.produce(out, 1 << 20));
    ASSERT_GT(out.size(), 9U);
    EXPECT_EQ(out.substr(3, 2), "\1\5");  // HEADERS, and with them the end
    EXPECT_EQ(out.size(), 9U + static_cast<unsigned char>(out[2]));
}

TEST(Http2, RequestsThatDoNotEndAreTakenBack) {
    Http2Limits limits;
    limits.ticks = 1;
    Wire wire(limits, std::string(100'000, 'x'));  // the window of a stream has 65,535
    ASSERT_TRUE(wire.server.receive(wire.client.produce()));
    std::string out;
    wire.server.tick();
    wire.server.tick();
    ASSERT_TRUE(wire.server.produce(out, 1 << 20));
    ASSERT_TRUE(wire.client.receive(out));
    EXPECT_TRUE(wire.client.done());
    EXPECT_FALSE(wire.asked);
}

TEST(Http2, LeavesAfterItsAnswers) {
    Wire wire(Http2Limits(), "{}");
    wire.run();
    wire.server.leave();
    wire.run();
    EXPECT_FALSE(wire.server.ended());
    wire.server.answer(wire.asked->stream, Http2Answer());
    wire.run();
    EXPECT_TRUE(wire.client.done());
    EXPECT_TRUE(wire.server.ended());
}

TEST(Http2, OtherProtocolsAreToldWhatThisIs) {
    Wire wire(Http2Limits(), "{}");
    EXPECT_FALSE(wire.server.receive("GET / HTTP/1.1\r\n\r\n"));
    std::string out;
    EXPECT_FALSE(wire.server.produce(out, 1'000));
    EXPECT_TRUE(out.starts_with("HTTP/1.1 505 "));
    EXPECT_EQ(out.size() - out.find("\r\n\r\n") - 4, 50U);
}

TEST(Http2, UrlsAreTakenApart) {
    const auto url = parse_url("http://[::1]:8080/a?b");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->host, "::1");
    EXPECT_EQ(url->port, "8080");
    EXPECT_EQ(url->path, "/a?b");
    EXPECT_EQ(parse_url("http://smf")->port, "80");
    EXPECT_EQ(parse_url("http://smf")->path, "/");
    EXPECT_EQ(parse_url("https://smf/a")->port, "443");
    for (const char* bad :
         {"", "smf", "ftp://a/", "http://", "http://a:b/", "http://u@a/", "http://[::1"})
        EXPECT_FALSE(parse_url(bad)) << bad;
}

}  // namespace
}  // namespace farthing::nchf
