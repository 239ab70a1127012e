// Requests as a gateway sends them, for tests.
#pragma once

#include <string>

#include "diameter/credit_control.h"

namespace farthing::diameter {

inline Header request_header(std::uint32_t command, std::uint32_t application) {
    Header header;
    header.flags = kRequest | kProxiable;
    header.command = command;
    header.application = application;
    header.hop_by_hop = 7;
    header.end_to_end = 9;
    return header;
}

// A credit-control request of session s1 with what `more` writes at its end.
template <class More>
std::string credit_control(std::uint32_t type, std::uint32_t number, More&& more) {
    std::string bytes;
    Writer writer(bytes, request_header(kCreditControl, kCreditControlApplication));
    writer.text(Key::session_id, "s1");
    writer.text(Key::origin_host, "pgw.example.org");
    writer.text(Key::origin_realm, "example.org");
    writer.text(Key::destination_realm, "example.org");
    writer.u32(Key::auth_application_id, kCreditControlApplication);
    writer.text(Key::service_context_id, "32251@3gpp.org");
    writer.u32(Key::cc_request_type, type);
    writer.u32(Key::cc_request_number, number);
    more(writer);
    writer.end();
    return bytes;
}

template <class More>
std::string capabilities_with(std::string_view host, std::uint32_t application, More&& more) {
    std::string bytes;
    Writer writer(bytes, request_header(kCapabilitiesExchange, kBaseApplication));
    writer.text(Key::origin_host, host);
    writer.text(Key::origin_realm, "example.org");
    writer.text(Key::host_ip_address, std::string_view("\0\1\x7f\0\0\1", 6));
    writer.u32(Key::vendor_id, 0);
    writer.text(Key::product_name, "test");
    writer.u32(Key::auth_application_id, application);
    more(writer);
    writer.end();
    return bytes;
}
inline std::string capabilities(std::string_view host, std::uint32_t application,
                                std::uint32_t origin_state = 0) {
    return capabilities_with(host, application, [&](Writer& writer) {
        if (origin_state != 0) writer.u32(Key::origin_state_id, origin_state);
    });
}

// The first AVP of that name, also in the groups of an answer; none: not there.
inline std::optional<std::string> first(std::string_view avps, Key key) {
    AvpReader reader(avps);
    while (reader.next()) {
        if (reader.avp().key == key) return std::string(reader.avp().data);
        const Known* type = known(reader.avp().key);
        if (type == nullptr || type->type != Type::grouped) continue;
        if (auto inner = first(reader.avp().data, key)) return inner;
    }
    return std::nullopt;
}
inline std::optional<std::uint32_t> first_u32(std::string_view message, Key key) {
    const auto found = first(message.substr(kHeaderSize), key);
    return found ? as_u32(*found) : std::nullopt;
}

}  // namespace farthing::diameter
