// The player as a Diameter peer that asks for credit: requests of many sessions on one connection.
#include "api/speaker.h"
#include "diameter/message.h"

namespace farthing::api {

namespace {

using diameter::AvpReader;
using diameter::Code;
using diameter::Header;
using diameter::Key;
using diameter::Writer;

constexpr std::string_view kRealm = "play.example.org";
constexpr std::uint32_t kUnused = UINT32_MAX;  // of what belongs to no lane
constexpr std::uint32_t kE164 = 0;
constexpr std::uint32_t kNai = 3;

std::string_view context_of(Dimension dimension) {
    switch (dimension) {
        case Dimension::volume: return "32251@3gpp.org";
        case Dimension::time: return "32260@3gpp.org";
        default: return "32274@3gpp.org";
    }
}

class DiameterSpeaker final : public Speaker {
  public:
    DiameterSpeaker(const Play& play, const PlayedUnits& units, std::size_t connection)
        : Speaker(play),
          units_(units),
          host_(play.run + '-' + std::to_string(connection) + '.' + std::string(kRealm)) {
        Writer writer(out_, header_of(diameter::kCapabilitiesExchange, 0, kUnused));
        write_origin(writer);
        writer.text(Key::host_ip_address, std::string_view("\0\1\x7f\0\0\1", 6));
        writer.u32(Key::vendor_id, 0);
        writer.text(Key::product_name, "farthing charge simulate");
        writer.u32(Key::auth_application_id, diameter::kCreditControlApplication);
        writer.end();
    }

    bool ready() const override { return !realm_.empty(); }
    void ask(Lane& lane) override;
    Result<std::size_t> take(std::string_view bytes, const Answered& answered) override;

  private:
    static Header header_of(std::uint32_t command, std::uint32_t application, std::size_t lane) {
        Header header;
        header.flags = diameter::kRequest;
        if (application != 0) header.flags |= diameter::kProxiable;
        header.command = command;
        header.application = application;
        header.hop_by_hop = header.end_to_end = static_cast<std::uint32_t>(lane);
        return header;
    }
    void write_origin(Writer& writer) const {
        writer.text(Key::origin_host, host_);
        writer.text(Key::origin_realm, kRealm);
    }
    void write_units(Writer& writer, Key key) const {
        const std::size_t group = writer.open(key);
        const auto count = static_cast<std::uint64_t>(units_.count);
        switch (units_.dimension) {
            case Dimension::volume: writer.u64(Key::cc_total_octets, count); break;
            case Dimension::time:
                writer.u32(Key::cc_time, static_cast<std::uint32_t>(count));
                break;
            default: writer.u64(Key::cc_service_specific_units, count); break;
        }
        writer.close(group);
    }
    Result<void> take_one(const Header& header, std::string_view avps, const Answered& answered);

    PlayedUnits units_;
    std::string host_;
    std::string realm_;  // of the server, once it greeted
};

void DiameterSpeaker::ask(Lane& lane) {
    Writer writer(
        out_, header_of(diameter::kCreditControl, diameter::kCreditControlApplication, lane.index));
    writer.text(Key::session_id, host_ + ';' + std::to_string(lane.session));
    write_origin(writer);
    writer.text(Key::destination_realm, realm_);
    writer.u32(Key::auth_application_id, diameter::kCreditControlApplication);
    writer.text(Key::service_context_id, context_of(units_.dimension));
    writer.u32(Key::cc_request_type, lane.number == 0 ? 1 : ends(lane) ? 3 : 2);
    writer.u32(Key::cc_request_number, static_cast<std::uint32_t>(lane.number));
    const std::string name = subscription_of(lane);
    const std::size_t who = writer.open(Key::subscription_id);
    writer.u32(Key::subscription_id_type, is_telephone_number(name) ? kE164 : kNai);
    writer.text(Key::subscription_id_data, name);
    writer.close(who);
    writer.u32(Key::multiple_services_indicator, 1);
    const std::size_t service = writer.open(Key::multiple_services);
    if (!ends(lane)) write_units(writer, Key::requested_service_unit);
    if (lane.number > 0) write_units(writer, Key::used_service_unit);
    writer.u32(Key::rating_group, 1);
    writer.close(service);
    writer.end();
}

Result<std::size_t> DiameterSpeaker::take(std::string_view bytes, const Answered& answered) {
    std::size_t taken = 0;
    while (bytes.size() - taken >= diameter::kHeaderSize) {
        const std::string_view rest = bytes.substr(taken);
        const Header header = diameter::read_header(rest);
        if (header.version != 1 || header.length < diameter::kHeaderSize)
            return no_answer("it does not speak Diameter");
        if (rest.size() < header.length) break;
        const auto avps = rest.substr(diameter::kHeaderSize, header.length - diameter::kHeaderSize);
        FARTHING_CHECK(take_one(header, avps, answered));
        taken += header.length;
    }
    return taken;
}

Result<void> DiameterSpeaker::take_one(const Header& header, std::string_view avps,
                                       const Answered& answered) {
    if (header.has(diameter::kRequest)) {  // it looks whether we are there; or leaves
        Header answer = header;
        answer.flags = 0;
        Writer writer(out_, answer);
        writer.u32(Key::result_code, static_cast<std::uint32_t>(Code::success));
        write_origin(writer);
        writer.end();
        return {};
    }
    std::uint32_t result = 0;
    std::uint32_t of_service = static_cast<std::uint32_t>(Code::success);
    std::string_view text;
    std::string_view realm;
    for (AvpReader reader(avps); reader.next();) {
        const diameter::Avp& avp = reader.avp();
        if (avp.key == Key::result_code) result = diameter::as_u32(avp.data).value_or(0);
        if (avp.key == Key::error_message) text = avp.data;
        if (avp.key == Key::origin_realm) realm = avp.data;
        if (avp.key != Key::multiple_services) continue;
        for (AvpReader inner(avp.data); inner.next();)
            if (inner.avp().key == Key::result_code)
                of_service = diameter::as_u32(inner.avp().data).value_or(0);
    }
    const auto is = [](std::uint32_t code, Code what) {
        return code == static_cast<std::uint32_t>(what);
    };
    const bool busy = is(result, Code::too_busy);
    if (!busy && !is(result, Code::success))
        return refused("result code " + std::to_string(result) + ": " + std::string(text));
    if (header.command == diameter::kCapabilitiesExchange) {
        realm_ = realm;
    } else if (header.hop_by_hop != kUnused) {
        const bool granted = is(of_service, Code::success);
        answered(header.hop_by_hop, busy ? Told::busy : granted ? Told::granted : Told::denied);
    }
    return {};
}

}  // namespace

std::unique_ptr<Speaker> speak_diameter(const Play& play, const PlayedUnits& units,
                                        std::size_t connection) {
    return std::make_unique<DiameterSpeaker>(play, units, connection);
}

}  // namespace farthing::api
