// What clients of Nchf_ConvergedCharging ask (TS 32.291): bodies and paths as values.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "nchf/problem.h"

namespace farthing::nchf {

struct Units {
    std::optional<std::int64_t> octets;
    std::optional<std::int64_t> seconds;
    std::optional<std::int64_t> pieces;
    bool empty() const { return !octets && !seconds && !pieces; }
    bool operator==(const Units&) const = default;
};

// Usage up to the moment at which the container was closed.
struct Container {
    Units units;
    std::optional<Instant> closed;
    bool offline = false;
};

struct UnitUsage {
    std::uint32_t group = 0;
    std::optional<Units> requested;  // empty: as much as we choose; none: no quota is wanted
    std::vector<Container> used;
    std::string upf;  // comes back unchanged
};

enum class SubscriberKind : std::uint8_t { imsi, number, name };
struct Subscriber {
    SubscriberKind kind;
    std::string value;
    bool operator==(const Subscriber&) const = default;
};

// What is charged, where nothing else tells what is counted.
enum class ServiceKind : std::uint8_t { unknown, data, message, call };

struct ChargingData {
    std::string stamp;  // as the client wrote it
    Instant at;         // what it says, by the client's clock
    std::uint32_t sequence = 0;
    bool again = false;           // the client says that it sent it before
    bool one_time = false;        // an event: no session stays
    bool happened = false;        // the event is over, and is charged whatever the balance
    std::string consumer;         // the client's name, or address
    std::vector<Subscriber> who;  // the first that is known counts
    std::string charging_id;      // by which records in files know the session
    std::string pdu_session;
    std::string notify;  // where the client is told about the session
    ServiceKind service = ServiceKind::unknown;
    std::string network;  // "248-01"
    std::string called;
    std::string calling;
    std::vector<UnitUsage> usages;
    std::uint64_t content = 0;  // hash of all but time stamp and the client's word of sending again
};

std::expected<ChargingData, Problem> read_charging_data(std::string_view body);

// The name of the resource that a request creates: the same where it comes again (EC39).
std::string reference_of(const ChargingData& data);

enum class Operation : std::uint8_t { create, update, release };
struct Target {
    Operation operation = Operation::create;
    std::string reference;
};
constexpr std::string_view kResource = "/nchf-convergedcharging/v3/chargingdata";
std::expected<Target, Problem> target_of(std::string_view method, std::string_view path);

}  // namespace farthing::nchf
