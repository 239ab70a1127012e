// The player's side of our HTTP API: one request after the other.
#include "api/speaker.h"
#include "base/json.h"

namespace farthing::api {

namespace {

class HttpSpeaker final : public Speaker {
  public:
    explicit HttpSpeaker(const Play& play)
        : Speaker(play),
          head_(" HTTP/1.1\r\nHost: " + play.to.host + "\r\nAuthorization: Bearer " + play.key +
                "\r\n"),
          subscription_(R"(,"subscription":")" + json_escaped(play.subscriptions)),
          service_(R"("services":[{"group":1,"meter":")" + json_escaped(play.meter) + '"'),
          quantity_('"' + json_escaped(play.quantity) + '"') {}

    void ask(Lane& lane) override {
        lane_ = lane.index;
        if (!play_.balances.empty()) {
            out_ += "GET /v1/accounts/" + play_.balances +
                    std::to_string(lane.session % play_.count + 1) + "/balance" + head_ + "\r\n";
            return;
        }
        body_ = R"({"session":")" + session_of(lane) + R"(","number":)";
        body_ += std::to_string(lane.number);
        if (ends(lane)) body_ += R"(,"action":"end")";
        if (lane.number == 0)
            body_ += subscription_ + std::to_string(lane.session % play_.count + 1) + '"';
        body_ += ',' + service_;
        if (!ends(lane)) body_ += R"(,"quantity":)" + quantity_;
        if (lane.number > 0) body_ += R"(,"used":[{"quantity":)" + quantity_ + "}]";
        body_ += "}]}";
        out_ += "POST /v1/charges" + head_ + "Content-Type: application/json\r\nContent-Length: " +
                std::to_string(body_.size()) + "\r\n\r\n" + body_;
    }

    Result<std::size_t> take(std::string_view in, const Answered& answered) override {
        const std::size_t head = in.find("\r\n\r\n");
        if (head == std::string_view::npos) return 0;
        constexpr std::string_view kLength = "Content-Length: ";
        const std::size_t length = in.find(kLength);
        if (length == std::string_view::npos || length > head)
            return no_answer("no HTTP: " + std::string(in.substr(0, 80)));
        std::size_t size = 0;
        for (std::size_t at = length + kLength.size(); in[at] >= '0' && in[at] <= '9'; ++at)
            size = size * 10 + static_cast<std::size_t>(in[at] - '0');
        const std::size_t whole = head + 4 + size;
        if (in.size() < whole) return 0;
        const std::string_view body = in.substr(head + 4, size);
        if (in.starts_with("HTTP/1.1 200")) {
            const bool none = body.find(R"("granted":0,)") != std::string_view::npos &&
                              body.find(R"("result":"granted")") == std::string_view::npos;
            answered(lane_, none ? Told::denied : Told::granted);
        } else if (in.starts_with("HTTP/1.1 503")) {
            answered(lane_, Told::busy);
        } else {
            return refused(std::string(body));
        }
        return whole;
    }

  private:
    std::string head_;
    std::string subscription_;
    std::string service_;
    std::string quantity_;
    std::string body_;
    std::size_t lane_ = 0;  // that waits for its answer
};

}  // namespace

std::unique_ptr<Speaker> speak_http(const Play& play) {
    return std::make_unique<HttpSpeaker>(play);
}

}  // namespace farthing::api
