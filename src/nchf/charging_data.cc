#include "nchf/charging_data.h"

#include <simdjson.h>

#include <array>

#include "base/hash.h"
#include "nchf/json_node.h"
#include "nchf/wide_numbers.h"

namespace farthing::nchf {

namespace {

constexpr std::string_view kReferencePrefix = "nchf-";
constexpr std::size_t kReferenceDigits = 32;  // of a time and a hash
constexpr std::size_t kTimeDigits = 11;
constexpr std::size_t kReferenceSize = kReferencePrefix.size() + kReferenceDigits;
constexpr std::string_view kStamp = "invocationTimeStamp";
constexpr std::string_view kAgain = "retransmissionIndicator";

// Of a value, whatever the order in which an object has its fields.
std::uint64_t hash_of(const sj::element& value, bool whole) {
    std::uint64_t hash = static_cast<std::uint64_t>(value.type());
    std::string_view text;
    sj::object object;
    sj::array array;
    if (!value.get_object().get(object)) {
        std::uint64_t sum = 0;
        for (const sj::key_value_pair field : object) {
            if (whole && (field.key == kStamp || field.key == kAgain)) continue;
            sum += mix64(hash64(field.key), hash_of(field.value, false));
        }
        hash = mix64(hash, sum);
    } else if (!value.get_array().get(array)) {
        for (const sj::element one : array) hash = mix64(hash, hash_of(one, false));
    } else if (!value.get_string().get(text)) {
        hash = mix64(hash, hash64(text));
    } else {
        hash = mix64(hash, hash64(simdjson::minify(value)));
    }
    return hash;
}

std::string after(std::string_view text, std::string_view prefix) {
    return std::string(text.starts_with(prefix) ? text.substr(prefix.size()) : text);
}

void add_subscriber(std::string_view text, ChargingData& data) {
    if (text.empty()) return;
    if (text.starts_with("imsi-")) {
        data.who.push_back({SubscriberKind::imsi, after(text, "imsi-")});
    } else if (text.starts_with("msisdn-")) {
        data.who.push_back({SubscriberKind::number, after(text, "msisdn-")});
    } else {
        std::string name = after(after(text, "nai-"), "extid-");
        data.who.push_back({SubscriberKind::name, std::move(name)});
    }
}

void read_network(const Node& plmn, ChargingData& data) {
    if (!plmn.there() || !data.network.empty()) return;
    const auto digits = [&](std::string_view name, std::size_t least) {
        const std::string_view text = plmn.text(name);
        const bool fits = text.size() >= least && text.size() <= 3 &&
                          text.find_first_not_of("0123456789") == std::string_view::npos;
        if (!fits) plmn.wrong(name, "is no code of a network");
        return std::string(text);
    };
    data.network = digits("mcc", 3) + "-" + digits("mnc", 2);
}

void read_location(const Node& location, ChargingData& data) {
    for (const std::string_view access : {"nrLocation", "eutraLocation"})
        read_network(location.at(access).at("tai").at("plmnId"), data);
}

void read_pdu_session(const Node& pdu, ChargingData& data) {
    if (!pdu.there()) return;
    data.service = ServiceKind::data;
    if (const auto id = pdu.whole("chargingId", UINT32_MAX)) data.charging_id = std::to_string(*id);
    add_subscriber(pdu.at("userInformation").text("servedGPSI"), data);
    const Node session = pdu.at("pduSessionInformation");
    if (const auto id = session.whole("pduSessionID", UINT32_MAX))
        data.pdu_session = std::to_string(*id);
    data.called = session.text("dnnId");
    read_network(session.at("servingCNPlmnId"), data);
    read_location(pdu.at("userLocationinfo"), data);
}

void read_message(const Node& message, ChargingData& data) {
    if (!message.there()) return;
    data.service = ServiceKind::message;
    const Node from = message.at("originatorInfo");
    add_subscriber(from.text("originatorSUPI"), data);
    add_subscriber(from.text("originatorGPSI"), data);
    data.calling = after(from.text("originatorGPSI"), "msisdn-");
    for (const Node& to : message.list("recipientInfo")) {
        if (!data.called.empty()) break;
        data.called = after(to.text("recipientGPSI"), "msisdn-");
        if (data.called.empty()) data.called = to.at("recipientOtherAddress").text("sMaddressData");
    }
    read_location(message.at("userLocationinfo"), data);
}

void read_call(const Node& call, ChargingData& data) {
    if (!call.there()) return;
    data.service = ServiceKind::call;
    data.called = call.text("calledPartyAddress");
}

Units read_units(const Node& node) {
    Units units;
    const auto count = [&](std::string_view name, std::uint64_t most) {
        const auto read = node.whole(name, most);
        return read ? std::optional(static_cast<std::int64_t>(*read)) : std::nullopt;
    };
    units.octets = count("totalVolume", INT64_MAX);
    const auto up = count("uplinkVolume", INT64_MAX / 2);
    const auto down = count("downlinkVolume", INT64_MAX / 2);
    if (!units.octets && (up || down)) units.octets = up.value_or(0) + down.value_or(0);
    units.seconds = count("time", UINT32_MAX);
    units.pieces = count("serviceSpecificUnits", INT64_MAX);
    return units;
}

// Clients that leave out what is zero mean the same by both.
Units without_zeros(Units units) {
    for (auto* count : {&units.octets, &units.seconds, &units.pieces})
        if (*count == 0) count->reset();
    return units;
}

UnitUsage read_usage(const Node& node) {
    UnitUsage usage;
    usage.group = static_cast<std::uint32_t>(node.needed("ratingGroup", UINT32_MAX));
    usage.upf = node.text("uPFID");
    if (const Node requested = node.at("requestedUnit"); requested.there())
        usage.requested = without_zeros(read_units(requested));
    for (const Node& one : node.list("usedUnitContainer")) {
        Container container;
        (void)one.needed("localSequenceNumber", INT64_MAX);
        container.units = read_units(one);
        container.offline = one.text("quotaManagementIndicator") == "OFFLINE_CHARGING";
        const std::string_view closed = one.text("triggerTimestamp");
        container.closed = parse_rfc3339(closed);
        if (!closed.empty() && !container.closed)
            one.wrong("triggerTimestamp", "is no RFC 3339 time");
        usage.used.push_back(std::move(container));
    }
    return usage;
}

void read_consumer(const Node& consumer, ChargingData& data) {
    const std::string_view function = consumer.needed_text("nodeFunctionality");
    if (function == "SMSF" || function == "SMS") data.service = ServiceKind::message;
    if (function == "IMS_Node") data.service = ServiceKind::call;
    if (function.ends_with("SMF") || function == "PGW_C_SMF" || function == "SGW" ||
        function == "UPF")
        data.service = function == "SMSF" ? data.service : ServiceKind::data;
    for (const std::string_view name : {"nFName", "nFFqdn", "nFIPv4Address", "nFIPv6Address"})
        if (data.consumer.empty()) data.consumer = consumer.text(name);
}

ChargingData read(const Node& root) {
    ChargingData data;
    read_consumer(root.needed_at("nfConsumerIdentification"), data);
    data.stamp = root.needed_text(kStamp);
    const auto at = parse_rfc3339(data.stamp);
    if (!at) root.wrong(kStamp, "is no RFC 3339 time", "MANDATORY_IE_INCORRECT");
    data.at = at.value_or(Instant());
    data.sequence = static_cast<std::uint32_t>(root.needed("invocationSequenceNumber", UINT32_MAX));
    data.again = root.flag(kAgain);
    data.one_time = root.flag("oneTimeEvent");
    data.happened = root.text("oneTimeEventType") == "PEC";
    add_subscriber(root.text("subscriberIdentifier"), data);
    read_pdu_session(root.at("pDUSessionChargingInformation"), data);
    read_message(root.at("sMSChargingInformation"), data);
    read_call(root.at("iMSChargingInformation"), data);
    if (const auto id = root.whole("chargingId", UINT32_MAX))
        data.charging_id = std::to_string(*id);
    data.notify = root.text("notifyUri");
    for (const Node& usage : root.list("multipleUnitUsage"))
        data.usages.push_back(read_usage(usage));
    return data;
}

}  // namespace

std::expected<ChargingData, Problem> read_charging_data(std::string_view body) {
    thread_local sj::parser parser;  // whose buffers are used again
    sj::element root;
    auto error = parser.parse(body.data(), body.size()).get(root);
    if (error == simdjson::NUMBER_ERROR)
        error = parser.parse(with_wide_numbers_as_lists(body)).get(root);
    if (error) {
        return std::unexpected(Problem{400, "INVALID_MSG_FORMAT",
                                       std::string("no JSON: ") + simdjson::error_message(error)});
    }
    sj::object object;
    if (root.get_object().get(object))
        return std::unexpected(Problem{400, "INVALID_MSG_FORMAT", "the body is no object"});
    std::optional<Problem> problem;
    ChargingData data = read(Node(object, problem));
    if (problem) return std::unexpected(*std::move(problem));
    data.content = hash_of(root, true);
    return data;
}

std::string reference_of(const ChargingData& data) {
    std::string key = data.consumer;
    const auto add = [&key](std::string_view text) {
        key += '\0';
        key += text;
    };
    add(data.stamp);
    add(std::to_string(data.sequence));
    // Clients tell their sessions apart by an id; events, and sessions without, by all of it.
    if (data.one_time || (data.charging_id.empty() && data.pdu_session.empty())) {
        add("all");
        add(std::to_string(data.content));
    } else {
        for (const Subscriber& who : data.who) add(who.value);
        add(data.charging_id);
        add(data.pdu_session);
    }
    // Begins with when it was asked, in milliseconds: sessions of one time lie side by side in the
    // store, whose pages each of them would else have to itself.
    const auto digits = [](std::uint64_t number, std::size_t count) {
        std::string text(count, '0');
        for (std::size_t at = count; at > 0; number >>= 4)
            text[--at] = "0123456789abcdef"[number & 15];
        return text;
    };
    const Hash128 hash = hash128(key);
    return std::string(kReferencePrefix) +
           digits(static_cast<std::uint64_t>(data.at.micros / 1'000), kTimeDigits) +
           digits(hash.high, 16) + digits(hash.low, kReferenceDigits - kTimeDigits - 16);
}

std::expected<Target, Problem> target_of(std::string_view method, std::string_view path) {
    path = path.substr(0, path.find('?'));
    const Problem unknown{404, "RESOURCE_URI_STRUCTURE_NOT_FOUND", "there is no such resource"};
    if (!path.starts_with(kResource)) return std::unexpected(unknown);
    path.remove_prefix(kResource.size());
    Target target;
    if (!path.empty()) {
        const std::size_t slash = path.find('/', 1);
        if (path.front() != '/' || slash == std::string_view::npos) return std::unexpected(unknown);
        const std::string_view verb = path.substr(slash);
        if (verb != "/update" && verb != "/release") return std::unexpected(unknown);
        target.operation = verb == "/update" ? Operation::update : Operation::release;
        target.reference = path.substr(1, slash - 1);
    }
    if (method != "POST")
        return std::unexpected(Problem{405, {}, "the resource takes nothing but POST"});
    const bool ours =
        target.reference.size() == kReferenceSize && target.reference.starts_with(kReferencePrefix);
    if (target.operation != Operation::create && !ours)
        return std::unexpected(Problem{404, "CONTEXT_NOT_FOUND", "there is no such session"});
    return target;
}

}  // namespace farthing::nchf
