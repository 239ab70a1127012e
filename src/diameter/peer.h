// One connection to a peer, without the connection: whole messages and the time come in, bytes to
// send and what is to be done come out. Capabilities, watchdog and disconnection (RFC 6733, RFC
// 3539) are answered here; credit control is handed on.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "diameter/credit_control.h"

namespace farthing::diameter {

struct PeerPolicy {
    std::vector<std::string> known;  // their Origin-Hosts; empty: any may come
    std::int64_t watchdog_micros = 30 * kMicrosPerSecond;
};

// One connection of each host is served (RFC 6733, 2.1 and 5.6): who has it.
class Peer;
class OpenPeers {
  public:
    Peer* of(std::string_view host) const;
    void join(std::string_view host, Peer& peer);
    void leave(const Peer& peer);

  private:
    std::map<std::string, Peer*, std::less<>> open_;  // by host in small letters
};

class Peer {
  public:
    // `address` is our own on the connection, as an Address AVP holds it. All but it outlive the
    // peer.
    Peer(const Node& node, const PeerPolicy& policy, OpenPeers& others, std::string address,
         Instant now);
    ~Peer() { leave(); }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    enum class Next : std::uint8_t {
        go_on,           // what is to be sent stands in `out`
        credit_control,  // the message is a request to charge
        close            // after sending `out`
    };
    Next take(std::string_view message, Instant now, std::string& out);
    // Before a whole message came: its first kHeaderSize bytes. Close: nothing after it can be
    // read.
    Next look(std::string_view header, std::string& out) const;
    // Called often. Close: the peer is silent, or it began again on another connection.
    Next watch(Instant now, std::string& out);
    // The connection has ended: its host may come on another one.
    void leave() { others_.leave(*this); }
    // We leave: the peer is told.
    void disconnect(std::string& out);
    bool disconnected() const { return disconnects_; }
    bool replaced() const { return replaced_; }

    // Requests of ours about a session, to the host where it lives.
    void re_authorise(std::string_view session, std::string_view host, std::string_view realm,
                      std::string& out);
    void abort(std::string_view session, std::string_view host, std::string_view realm,
               std::string& out);

    bool open() const { return open_; }
    const std::string& host() const { return host_; }
    const std::string& realm() const { return realm_; }

  private:
    Next take_request(const Header& header, std::string_view message, std::string& out);
    Next take_capabilities(const Header& header, std::string_view avps, std::string& out);
    std::optional<Fault> elect(std::string_view host, std::uint32_t origin_state);
    void about_session(std::uint32_t command, std::string_view session, std::string_view host,
                       std::string_view realm, std::string& out);
    Header request_of(std::uint32_t command, std::uint32_t application);

    const Node& node_;
    const PeerPolicy& policy_;
    OpenPeers& others_;
    std::string address_;
    std::string host_;
    std::string realm_;
    Instant heard_;
    Instant asked_;
    std::uint32_t origin_state_ = 0;  // the peer's; 0: it tells none
    bool open_ = false;
    bool waits_ = false;     // for the answer to a watchdog
    bool doubted_ = false;   // its host came on another connection: is it still there?
    bool replaced_ = false;  // it began again there
    bool disconnects_ = false;
    std::uint32_t hop_by_hop_;
    std::uint32_t end_to_end_;
};

// A refusal of any request, which repeats what it can of it.
void write_refusal(const Node& node, std::string_view message, const Fault& fault,
                   std::string& out);
// Where the request is not for us: nothing where it is.
std::optional<Fault> misdirected(const Node& node, const CreditControlRequest& request);
// Names of hosts and realms are the same in capitals.
bool same_name(std::string_view a, std::string_view b);

}  // namespace farthing::diameter
