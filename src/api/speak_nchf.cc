// The player as a 5G function that charges: requests of many sessions on one HTTP/2 connection.
#include "api/speaker.h"
#include "nchf/charging_data.h"
#include "nchf/http2_client.h"

namespace farthing::api {

namespace {

using nchf::kResource;

class NchfSpeaker final : public Speaker {
  public:
    NchfSpeaker(const Play& play, const PlayedUnits& units)
        : Speaker(play),
          client_(play.tls ? "https" : "http", play.to.host + ":" + std::to_string(play.to.port)),
          consumer_(R"({"nfConsumerIdentification":{"nodeFunctionality":")" +
                    std::string(function_of(units.dimension)) + R"(","nFName":")" + play.run +
                    R"("},"invocationTimeStamp":")") {
        const std::string_view name = units.dimension == Dimension::volume ? "totalVolume"
                                      : units.dimension == Dimension::time ? "time"
                                                                           : "serviceSpecificUnits";
        units_ = "{\"" + std::string(name) + "\":" + std::to_string(units.count) + '}';
        used_ = "{\"localSequenceNumber\":1," + units_.substr(1);
    }

    void ask(Lane& lane) override;
    void produce(std::string& out) override { client_.produce(out); }
    Result<std::size_t> take(std::string_view bytes, const Answered& answered) override;

  private:
    static std::string_view function_of(Dimension dimension) {
        switch (dimension) {
            case Dimension::volume: return "SMF";
            case Dimension::time: return "IMS_Node";
            default: return "SMSF";
        }
    }
    void told(Lane& lane, nchf::Http2Client::Answer answer);

    nchf::Http2Client client_;
    std::string consumer_;
    std::string units_;
    std::string used_;
    const Answered* answered_ = nullptr;  // while something is taken
    std::string failure_;
};

void NchfSpeaker::ask(Lane& lane) {
    std::string body = consumer_ + to_rfc3339(lane.asked);
    body += R"(","invocationSequenceNumber":)" + std::to_string(lane.number);
    const std::string name = subscription_of(lane);
    body += R"(,"subscriberIdentifier":")";
    body += is_telephone_number(name) ? "msisdn-" : "nai-";
    body += name + R"(","pDUSessionChargingInformation":{"pduSessionInformation":{"pduSessionID":)";
    body += std::to_string(lane.session) + R"(}},"multipleUnitUsage":[{"ratingGroup":1)";
    if (!ends(lane)) body += R"(,"requestedUnit":)" + units_;
    if (lane.number > 0) body += R"(,"usedUnitContainer":[)" + used_ + "]";
    body += "}]}";
    std::string path(kResource);
    if (lane.number > 0) path += '/' + lane.reference + (ends(lane) ? "/release" : "/update");
    const auto done = [this, &lane](nchf::Http2Client::Answer answer) {
        told(lane, std::move(answer));
    };
    if (!client_.post(path, std::move(body), done)) failure_ = "it takes no more requests";
}

void NchfSpeaker::told(Lane& lane, nchf::Http2Client::Answer answer) {
    if (answer.status == 503) return (*answered_)(lane.index, Told::busy);
    if (answer.status < 200 || answer.status > 204) {
        failure_ = "status " + std::to_string(answer.status) + ": " + answer.body;
        return;
    }
    if (answer.status == 201) {
        const std::size_t last = answer.location.rfind('/');
        lane.reference = answer.location.substr(last == std::string::npos ? 0 : last + 1);
    }
    const bool granted =
        answer.status == 204 || answer.body.find(R"("resultCode":"SUCCESS")") != std::string::npos;
    (*answered_)(lane.index, granted ? Told::granted : Told::denied);
}

Result<std::size_t> NchfSpeaker::take(std::string_view bytes, const Answered& answered) {
    answered_ = &answered;
    if (!client_.receive(bytes)) return no_answer("it does not speak HTTP/2");
    if (!failure_.empty()) return refused(failure_);
    return bytes.size();
}

}  // namespace

std::unique_ptr<Speaker> speak_nchf(const Play& play, const PlayedUnits& units) {
    return std::make_unique<NchfSpeaker>(play, units);
}

}  // namespace farthing::api
