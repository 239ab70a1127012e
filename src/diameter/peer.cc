#include "diameter/peer.h"

#include <algorithm>

namespace farthing::diameter {

namespace {

constexpr std::uint32_t kRebooting = 0;
constexpr std::uint32_t kAuthorizeOnly = 0;
constexpr std::uint32_t kNoSecurity = 0;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower(std::string_view name) {
    std::string small(name);
    std::ranges::transform(small, small.begin(), [](char c) { return lower(c); });
    return small;
}

Header answer_to(const Header& asked, bool error) {
    Header header = asked;
    header.flags = static_cast<std::uint8_t>((asked.flags & kProxiable) | (error ? kError : 0));
    return header;
}

void write_origin(Writer& writer, const Node& node) {
    writer.text(Key::origin_host, node.host);
    writer.text(Key::origin_realm, node.realm);
}

void write_success(const Node& node, const Header& asked, std::string& out) {
    Writer writer(out, answer_to(asked, false));
    writer.u32(Key::result_code, static_cast<std::uint32_t>(Code::success));
    write_origin(writer, node);
    writer.u32(Key::origin_state_id, node.origin_state);
    writer.end();
}

// What a CER says of the peer.
struct Capabilities {
    std::string_view host;
    std::string_view realm;
    bool addressed = false;
    bool vendor = false;
    bool product = false;
    bool credit_control = false;  // or it relays everything
    std::uint32_t origin_state = 0;

    void offer(std::string_view data) {
        const auto application = as_u32(data);
        credit_control |=
            application == kCreditControlApplication || application == kRelayApplication;
    }
};

// Whether it may come once, and has come before.
bool comes_again(const Avp& avp, const Capabilities& peer) {
    switch (avp.key) {
        case Key::origin_host: return !peer.host.empty();
        case Key::origin_realm: return !peer.realm.empty();
        case Key::vendor_id: return peer.vendor;
        case Key::product_name: return peer.product;
        case Key::origin_state_id: return peer.origin_state != 0;
        default: return false;
    }
}

std::optional<Fault> read_capabilities(std::string_view avps, Capabilities& peer) {
    AvpReader reader(avps);
    while (reader.next()) {
        const Avp& avp = reader.avp();
        if (auto fault = unreadable(avp)) return fault;
        if (comes_again(avp, peer))
            return fault_of(Code::avp_occurs_too_many_times, avp, "an AVP comes too many times");
        switch (avp.key) {
            case Key::origin_host: peer.host = avp.data; break;
            case Key::origin_realm: peer.realm = avp.data; break;
            case Key::host_ip_address: peer.addressed = true; break;
            case Key::vendor_id: peer.vendor = true; break;
            case Key::product_name: peer.product = true; break;
            case Key::origin_state_id: peer.origin_state = as_u32(avp.data).value_or(0); break;
            case Key::auth_application_id: peer.offer(avp.data); break;
            case Key::vendor_specific_application_id: {
                if (auto fault = unreadable(avp.data)) return fault;
                AvpReader inner(avp.data);
                while (inner.next())
                    if (inner.avp().key == Key::auth_application_id) peer.offer(inner.avp().data);
                break;
            }
            default: break;
        }
    }
    if (reader.damaged()) return reader.fault();
    if (peer.host.empty()) return missing(Key::origin_host);
    if (peer.realm.empty()) return missing(Key::origin_realm);
    if (!peer.addressed) return missing(Key::host_ip_address);
    if (!peer.vendor) return missing(Key::vendor_id);
    if (!peer.product) return missing(Key::product_name);
    if (!peer.credit_control)
        return Fault{Code::no_common_application, "only credit control (4) is served"};
    return std::nullopt;
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
    const auto small = [](char c) { return lower(c); };
    return std::ranges::equal(a, b, {}, small, small);
}

void write_refusal(const Node& node, std::string_view message, const Fault& fault,
                   std::string& out) {
    const Header asked = read_header(message);
    Writer writer(out, answer_to(asked, is_protocol_error(fault.code)));
    AvpReader session(message.substr(kHeaderSize));
    while (session.next()) {
        if (session.avp().key != Key::session_id) continue;
        writer.copy(session.avp().whole);
        break;
    }
    writer.u32(Key::result_code, static_cast<std::uint32_t>(fault.code));
    write_origin(writer, node);
    if (!fault.text.empty()) writer.text(Key::error_message, fault.text);
    if (!fault.avp.empty()) {
        const std::size_t group = writer.open(Key::failed_avp);
        writer.copy(fault.avp);
        writer.close(group);
    }
    AvpReader reader(message.substr(kHeaderSize));
    while (reader.next())
        if (reader.avp().key == Key::proxy_info) writer.copy(reader.avp().whole);
    writer.end();
}

std::optional<Fault> misdirected(const Node& node, const CreditControlRequest& request) {
    for (const std::string_view route : request.routes) {
        if (same_name(route, node.host))
            return Fault{Code::loop_detected, "the request has been here before"};
    }
    if (!request.destination_host.empty() && !same_name(request.destination_host, node.host))
        return Fault{Code::unable_to_deliver, "the request is for another host"};
    if (!same_name(request.destination_realm, node.realm))
        return Fault{Code::realm_not_served, "the request is for another realm"};
    return std::nullopt;
}

Peer* OpenPeers::of(std::string_view host) const {
    const auto found = open_.find(lower(host));
    return found == open_.end() ? nullptr : found->second;
}
void OpenPeers::join(std::string_view host, Peer& peer) {
    leave(peer);
    open_.insert_or_assign(lower(host), &peer);
}
void OpenPeers::leave(const Peer& peer) {
    std::erase_if(open_, [&](const auto& one) { return one.second == &peer; });
}

Peer::Peer(const Node& node, const PeerPolicy& policy, OpenPeers& others, std::string address,
           Instant now)
    : node_(node),
      policy_(policy),
      others_(others),
      address_(std::move(address)),
      heard_(now),
      asked_(now),
      hop_by_hop_(static_cast<std::uint32_t>(now.micros)),
      end_to_end_(node.origin_state << 20 | (static_cast<std::uint32_t>(now.micros) & 0xfffff)) {}

Header Peer::request_of(std::uint32_t command, std::uint32_t application) {
    Header header;
    header.flags = kRequest;
    header.command = command;
    header.application = application;
    header.hop_by_hop = hop_by_hop_++;
    header.end_to_end = end_to_end_++;
    return header;
}

Peer::Next Peer::look(std::string_view bytes, std::string& out) const {
    const Header header = read_header(bytes);
    Fault fault;
    if (header.version != 1) {
        fault = {Code::unsupported_version, "only version 1 is spoken"};
    } else if (header.length < kHeaderSize || header.length % 4 != 0 ||
               header.length > kMessageMax) {
        fault = {Code::invalid_message_length, "a message has 20 to 65536 bytes, a multiple of 4"};
    } else {
        return Next::go_on;
    }
    if (header.has(kRequest)) write_refusal(node_, bytes.substr(0, kHeaderSize), fault, out);
    return Next::close;
}

Peer::Next Peer::take(std::string_view message, Instant now, std::string& out) {
    const Header header = read_header(message);
    heard_ = now;
    waits_ = doubted_ = false;
    if (header.has(kRequest)) return take_request(header, message, out);
    // An answer: to a watchdog, to a re-authorisation, or to nothing that we asked.
    return header.command == kDisconnect && disconnects_ ? Next::close : Next::go_on;
}

Peer::Next Peer::take_request(const Header& header, std::string_view message, std::string& out) {
    const auto refuse = [&](Code code, std::string text) {
        write_refusal(node_, message, {code, std::move(text)}, out);
        return open_ ? Next::go_on : Next::close;
    };
    if (header.has(kError)) return refuse(Code::invalid_hdr_bits, "a request has no E bit");
    const std::string_view avps = message.substr(kHeaderSize);
    if (header.command == kCapabilitiesExchange && header.application == kBaseApplication)
        return take_capabilities(header, avps, out);
    if (!open_) return refuse(Code::unknown_peer, "capabilities are exchanged first");
    const bool leaves = header.command == kDisconnect;
    if ((leaves || header.command == kWatchdog) && header.application == kBaseApplication) {
        if (const auto fault = unreadable(avps)) {
            write_refusal(node_, message, *fault, out);
            return Next::go_on;
        }
        write_success(node_, header, out);
        if (leaves) leave();
        return leaves ? Next::close : Next::go_on;
    }
    if (header.application != kCreditControlApplication && header.application != kBaseApplication)
        return refuse(Code::application_unsupported, "only credit control (4) is served");
    if (header.command != kCreditControl || header.application != kCreditControlApplication)
        return refuse(Code::command_unsupported, "the command is not served");
    return Next::credit_control;
}

// The connection that is open stays, and its peer is asked at once whether it is there; unless the
// host says by its Origin-State-Id that it has begun again since.
std::optional<Fault> Peer::elect(std::string_view host, std::uint32_t origin_state) {
    Peer* const other = others_.of(host);
    if (other == nullptr || other == this) return std::nullopt;
    if (other->origin_state_ != 0 && origin_state > other->origin_state_) {
        other->replaced_ = true;
        return std::nullopt;
    }
    other->doubted_ = true;
    return Fault{Code::election_lost, "the host is connected already"};
}

Peer::Next Peer::take_capabilities(const Header& header, std::string_view avps, std::string& out) {
    Capabilities peer;
    std::optional<Fault> fault = read_capabilities(avps, peer);
    const auto is_peer = [&](std::string_view known) { return same_name(known, peer.host); };
    if (!fault && !policy_.known.empty() && std::ranges::none_of(policy_.known, is_peer))
        fault = Fault{Code::unknown_peer, "the host is not among the peers that are served"};
    if (!fault) fault = elect(peer.host, peer.origin_state);
    Writer writer(out, answer_to(header, fault && is_protocol_error(fault->code)));
    writer.u32(Key::result_code, static_cast<std::uint32_t>(fault ? fault->code : Code::success));
    write_origin(writer, node_);
    writer.text(Key::host_ip_address, address_);
    writer.u32(Key::vendor_id, 0);
    writer.text(Key::product_name, "Farthing");
    writer.u32(Key::origin_state_id, node_.origin_state);
    writer.u32(Key::supported_vendor_id, kThreeGpp);
    writer.u32(Key::auth_application_id, kCreditControlApplication);
    writer.u32(Key::inband_security_id, kNoSecurity);
    const std::size_t group = writer.open(Key::vendor_specific_application_id);
    writer.u32(Key::vendor_id, kThreeGpp);
    writer.u32(Key::auth_application_id, kCreditControlApplication);
    writer.close(group);
    if (fault) {
        writer.text(Key::error_message, fault->text);
        if (!fault->avp.empty()) {
            const std::size_t failed = writer.open(Key::failed_avp);
            writer.copy(fault->avp);
            writer.close(failed);
        }
    }
    writer.end();
    if (fault) return Next::close;
    host_ = peer.host;
    realm_ = peer.realm;
    origin_state_ = peer.origin_state;
    open_ = true;
    others_.join(host_, *this);
    return Next::go_on;
}

Peer::Next Peer::watch(Instant now, std::string& out) {
    const std::int64_t silent = now.micros - heard_.micros;
    if (replaced_) return Next::close;
    if (!open_ || disconnects_) return silent < policy_.watchdog_micros ? Next::go_on : Next::close;
    if (waits_)
        return now.micros - asked_.micros < policy_.watchdog_micros ? Next::go_on : Next::close;
    if (silent < policy_.watchdog_micros && !doubted_) return Next::go_on;
    doubted_ = false;
    waits_ = true;
    asked_ = now;
    Writer writer(out, request_of(kWatchdog, kBaseApplication));
    write_origin(writer, node_);
    writer.u32(Key::origin_state_id, node_.origin_state);
    writer.end();
    return Next::go_on;
}

void Peer::disconnect(std::string& out) {
    disconnects_ = true;
    Writer writer(out, request_of(kDisconnect, kBaseApplication));
    write_origin(writer, node_);
    writer.u32(Key::disconnect_cause, kRebooting);
    writer.end();
}

void Peer::about_session(std::uint32_t command, std::string_view session, std::string_view host,
                         std::string_view realm, std::string& out) {
    Header header = request_of(command, kCreditControlApplication);
    header.flags |= kProxiable;
    Writer writer(out, header);
    writer.text(Key::session_id, session);
    write_origin(writer, node_);
    writer.text(Key::destination_realm, realm);
    writer.text(Key::destination_host, host);
    writer.u32(Key::auth_application_id, kCreditControlApplication);
    if (command == kReAuth) writer.u32(Key::re_auth_request_type, kAuthorizeOnly);
    writer.u32(Key::origin_state_id, node_.origin_state);
    writer.end();
}

void Peer::re_authorise(std::string_view session, std::string_view host, std::string_view realm,
                        std::string& out) {
    about_session(kReAuth, session, host, realm, out);
}

void Peer::abort(std::string_view session, std::string_view host, std::string_view realm,
                 std::string& out) {
    about_session(kAbortSession, session, host, realm, out);
}

}  // namespace farthing::diameter
