#include "diameter/credit_control.h"

#include "base/utf8.h"

namespace farthing::diameter {

namespace {

constexpr std::uint64_t kUnitsMax = (std::uint64_t{1} << 62) - 1;  // two of them fit
constexpr std::size_t kTextMax = 256;

// Reads the attributes of one request; keeps the first fault.
class RequestReader {
  public:
    explicit RequestReader(CreditControlRequest& request) : request_(request) {}

    void read(std::string_view avps);
    std::optional<Fault> fault() { return std::move(fault_); }

  private:
    void blame(Fault fault) {
        if (!fault_) fault_ = std::move(fault);
    }
    // Walks a group; those that nobody knows are passed over unless they must be understood.
    template <class Use>
    void each(std::string_view avps, Use&& use);
    void read_one(const Avp& avp);
    void read_identity(const Avp& avp);
    void read_service(const Avp& avp);
    void read_services(const Avp& avp, ServiceRequest& service);
    void read_subscriber(const Avp& avp);
    void read_subscriber_extension(const Avp& avp);
    void read_service_information(std::string_view avps);
    void read_ps_information(std::string_view avps);
    void read_party(std::string_view avps, std::string_view& party);
    ServiceUnits read_units(const Avp& avp, bool& ends);
    void read_count(const Avp& avp, std::optional<std::int64_t>& count);
    std::optional<std::uint32_t> number(const Avp& avp, std::uint32_t most);
    void read_text(const Avp& avp, std::string_view& text);
    void once(const Avp& avp, bool before) {
        if (before)
            blame(fault_of(Code::avp_occurs_too_many_times, avp, "an AVP comes too many times"));
    }
    ServiceRequest& at_command_level() {
        if (!level_) {
            level_ = true;
            request_.services.insert(request_.services.begin(), ServiceRequest{});
        }
        return request_.services.front();
    }

    CreditControlRequest& request_;
    std::optional<Fault> fault_;
    bool level_ = false;  // units stand at the level of the command
    bool told_ = false;   // Service-Information was there
};

template <class Use>
void RequestReader::each(std::string_view avps, Use&& use) {
    AvpReader reader(avps);
    while (reader.next()) {
        const Avp& avp = reader.avp();
        if (auto fault = unreadable(avp)) {
            blame(*std::move(fault));
        } else {
            use(avp);
        }
    }
    if (reader.damaged()) blame(reader.fault());
}

std::optional<std::uint32_t> RequestReader::number(const Avp& avp, std::uint32_t most) {
    const auto value = as_u32(avp.data);
    if (value && *value <= most) return value;
    blame(fault_of(Code::invalid_avp_value, avp, "an AVP has a value that it can't have"));
    return std::nullopt;
}

void RequestReader::read_text(const Avp& avp, std::string_view& text) {
    once(avp, text.data() != nullptr);
    if (avp.data.empty() || avp.data.size() > kTextMax || !is_utf8(avp.data)) {
        blame(fault_of(Code::invalid_avp_value, avp, "an AVP is no text of 1 to 256 bytes"));
        return;
    }
    text = avp.data;
}

void RequestReader::read(std::string_view avps) {
    each(avps, [this](const Avp& avp) { read_one(avp); });
    if (!level_) request_.in_mscc = !request_.services.empty();
    if (request_.type == RequestType::event && request_.services.empty())
        request_.services.emplace_back();          // of one thing, of which nothing is said
    if (level_ && request_.services.size() > 1) {  // an MSCC tells the same better
        request_.services.erase(request_.services.begin());
        request_.in_mscc = true;
    }
}

void RequestReader::read_one(const Avp& avp) {
    switch (avp.key) {
        case Key::session_id:
        case Key::origin_host:
        case Key::origin_realm:
        case Key::destination_host:
        case Key::destination_realm:
        case Key::service_context_id:
        case Key::cc_request_type:
        case Key::cc_request_number:
        case Key::cc_sub_session_id:
        case Key::requested_action:
        case Key::auth_application_id: read_identity(avp); return;
        case Key::subscription_id: read_subscriber(avp); return;
        case Key::subscription_id_extension: read_subscriber_extension(avp); return;
        case Key::multiple_services: {
            ServiceRequest service;
            service.whole = avp.whole;
            each(avp.data, [&](const Avp& inner) { read_services(inner, service); });
            request_.services.push_back(std::move(service));
            return;
        }
        case Key::requested_service_unit:
        case Key::used_service_unit:
        case Key::service_identifier:
        case Key::rating_group: read_services(avp, at_command_level()); return;
        case Key::service_information:
            once(avp, told_);
            told_ = true;
            read_service_information(avp.data);
            return;
        case Key::user_location_info:
            if (request_.network.empty()) request_.network = network_of(avp.data);
            return;
        case Key::refund_information:
            once(avp, request_.refunds.data() != nullptr);
            request_.refunds = avp.data;
            return;
        case Key::route_record: request_.routes.push_back(avp.data); return;
        case Key::proxy_info: request_.proxies.push_back(avp.whole); return;
        default: return;
    }
}

void RequestReader::read_identity(const Avp& avp) {
    switch (avp.key) {
        case Key::session_id: read_text(avp, request_.session); return;
        case Key::origin_host: read_text(avp, request_.origin_host); return;
        case Key::origin_realm: read_text(avp, request_.origin_realm); return;
        case Key::destination_host: read_text(avp, request_.destination_host); return;
        case Key::destination_realm: read_text(avp, request_.destination_realm); return;
        case Key::service_context_id: read_text(avp, request_.context); return;
        case Key::cc_request_number:
            once(avp, request_.number.has_value());
            request_.number = as_u32(avp.data);
            request_.number_avp = avp.whole;
            return;
        case Key::cc_sub_session_id:
            once(avp, request_.sub_session.has_value());
            request_.sub_session = as_u64(avp.data);
            return;
        case Key::cc_request_type:
            once(avp, request_.type.has_value());
            if (as_u32(avp.data) == 0U) {
                blame(fault_of(Code::invalid_avp_value, avp, "a request's type is 1 to 4"));
            } else if (const auto type = number(avp, 4)) {
                request_.type = static_cast<RequestType>(*type);
            }
            return;
        case Key::requested_action:
            once(avp, !request_.action_avp.empty());
            request_.action_avp = avp.whole;
            if (const auto action = number(avp, 3))
                request_.action = static_cast<RequestedAction>(*action);
            return;
        case Key::auth_application_id:
            once(avp, request_.application);
            request_.application = true;
            if (as_u32(avp.data) != kCreditControlApplication)
                blame(fault_of(Code::invalid_avp_value, avp, "the application is 4"));
            return;
        default: return;
    }
}

void RequestReader::read_services(const Avp& avp, ServiceRequest& service) {
    switch (avp.key) {
        case Key::rating_group:
            once(avp, service.rating_group.has_value());
            service.rating_group = as_u32(avp.data);
            return;
        case Key::service_identifier: service.services.push_back(*as_u32(avp.data)); return;
        case Key::requested_service_unit:
            once(avp, service.requested.has_value());
            service.requested = read_units(avp, service.ends);
            return;
        case Key::used_service_unit: service.used.push_back(read_units(avp, service.ends)); return;
        case Key::reporting_reason: service.ends |= as_u32(avp.data) == 2U; return;
        case Key::user_location_info:
            if (request_.network.empty()) request_.network = network_of(avp.data);
            return;
        default: return;
    }
}

void RequestReader::read_count(const Avp& avp, std::optional<std::int64_t>& count) {
    once(avp, count.has_value());
    const std::optional<std::uint64_t> wide =
        avp.data.size() == 8 ? as_u64(avp.data) : std::optional<std::uint64_t>(as_u32(avp.data));
    if (!wide || *wide > kUnitsMax) {
        blame(fault_of(Code::invalid_avp_value, avp, "more was counted than can be"));
        return;
    }
    count = static_cast<std::int64_t>(*wide);
}

ServiceUnits RequestReader::read_units(const Avp& avp, bool& ends) {
    ServiceUnits units;
    std::optional<std::int64_t> input;
    std::optional<std::int64_t> output;
    each(avp.data, [&](const Avp& inner) {
        switch (inner.key) {
            case Key::cc_time: read_count(inner, units.seconds); return;
            case Key::cc_total_octets: read_count(inner, units.octets); return;
            case Key::cc_input_octets: read_count(inner, input); return;
            case Key::cc_output_octets: read_count(inner, output); return;
            case Key::cc_service_specific_units: read_count(inner, units.pieces); return;
            case Key::reporting_reason: ends |= as_u32(inner.data) == 2U; return;
            case Key::tariff_change_usage: units.after_change = number(inner, 2) == 1U; return;
            case Key::cc_money:
                blame(fault_of(Code::rating_failed, inner, "money is not counted here"));
                return;
            default: return;
        }
    });
    if (!units.octets && (input || output)) units.octets = input.value_or(0) + output.value_or(0);
    return units;
}

void RequestReader::read_subscriber(const Avp& avp) {
    Subscriber subscriber;
    bool typed = false;
    each(avp.data, [&](const Avp& inner) {
        if (inner.key == Key::subscription_id_data) read_text(inner, subscriber.data);
        if (inner.key != Key::subscription_id_type) return;
        typed = true;
        if (const auto kind = number(inner, 4))
            subscriber.kind = static_cast<SubscriberKind>(*kind);
    });
    if (!typed) blame(missing(Key::subscription_id_type));
    if (subscriber.data.data() == nullptr) blame(missing(Key::subscription_id_data));
    request_.subscribers.push_back(subscriber);
    request_.subscriber_avps.push_back(avp.whole);
}

void RequestReader::read_subscriber_extension(const Avp& avp) {
    each(avp.data, [&](const Avp& inner) {
        Subscriber subscriber;
        switch (inner.key) {
            case Key::subscription_id_e164: subscriber.kind = SubscriberKind::e164; break;
            case Key::subscription_id_imsi: subscriber.kind = SubscriberKind::imsi; break;
            case Key::subscription_id_sip_uri: subscriber.kind = SubscriberKind::sip_uri; break;
            case Key::subscription_id_private: subscriber.kind = SubscriberKind::private_id; break;
            default: return;
        }
        read_text(inner, subscriber.data);
        request_.subscribers.push_back(subscriber);
        request_.subscriber_avps.push_back(avp.whole);
    });
}

// The first address of a group, or of the group inside it.
void RequestReader::read_party(std::string_view avps, std::string_view& party) {
    AvpReader reader(avps);
    while (reader.next()) {
        const Avp& avp = reader.avp();
        if (avp.key == Key::address_data && party.empty()) party = avp.data;
        if (avp.key == Key::recipient_address) read_party(avp.data, party);
    }
    if (reader.damaged()) blame(reader.fault());
}

// Much of it tells the network's own story; of an unknown part nothing is asked.
void RequestReader::read_service_information(std::string_view avps) {
    AvpReader reader(avps);
    while (reader.next()) {
        const Avp& avp = reader.avp();
        if (avp.key == Key::ps_information) read_ps_information(avp.data);
        if (avp.key == Key::subscription_id) read_subscriber(avp);
        if (avp.key != Key::ims_information && avp.key != Key::sms_information) continue;
        AvpReader parts(avp.data);
        while (parts.next()) {
            const Avp& part = parts.avp();
            if (part.key == Key::called_party_address) request_.called = part.data;
            if (part.key == Key::calling_party_address) request_.calling = part.data;
            if (part.key == Key::recipient_info) read_party(part.data, request_.called);
            if (part.key == Key::originator_received_address)
                read_party(part.data, request_.calling);
        }
        if (parts.damaged()) blame(parts.fault());
    }
    if (reader.damaged()) blame(reader.fault());
}

void RequestReader::read_ps_information(std::string_view avps) {
    AvpReader reader(avps);
    std::string located;
    while (reader.next()) {
        const Avp& avp = reader.avp();
        if (avp.key == Key::called_station_id) request_.called = avp.data;
        if (avp.key == Key::user_location_info) located = network_of(avp.data);
        if (avp.key != Key::sgsn_mcc_mnc) continue;
        request_.network = std::string(avp.data);
        if (avp.data.size() != 5 && avp.data.size() != 6)
            blame(fault_of(Code::invalid_avp_value, avp, "no MCC and MNC"));
    }
    if (request_.network.empty()) request_.network = located;
    if (reader.damaged()) blame(reader.fault());
}

std::optional<Fault> missing_of(const CreditControlRequest& request) {
    if (request.session.empty()) return missing(Key::session_id);
    if (request.origin_host.empty()) return missing(Key::origin_host);
    if (request.origin_realm.empty()) return missing(Key::origin_realm);
    if (request.destination_realm.empty()) return missing(Key::destination_realm);
    if (!request.application) return missing(Key::auth_application_id);
    if (request.context.empty()) return missing(Key::service_context_id);
    if (!request.type) return missing(Key::cc_request_type);
    if (!request.number) return missing(Key::cc_request_number);
    if (*request.type == RequestType::event && !request.action)
        return missing(Key::requested_action);
    return std::nullopt;
}

}  // namespace

std::optional<Fault> read_credit_control(std::string_view message, CreditControlRequest& request) {
    request.header = read_header(message);
    RequestReader reader(request);
    reader.read(message.substr(kHeaderSize));
    if (auto fault = reader.fault()) return fault;
    return missing_of(request);
}

std::string number_of(std::string_view address) {
    for (const std::string_view scheme : {"tel:", "sip:", "sips:"}) {
        if (address.starts_with(scheme)) address.remove_prefix(scheme.size());
    }
    const std::string_view local = address.substr(0, address.find_first_of("@;"));
    std::string digits;
    for (const char c : local) {
        if (c >= '0' && c <= '9') {
            digits.push_back(c);
        } else if (std::string_view("+-. ()").find(c) == std::string_view::npos) {
            return std::string(address);  // a name
        }
    }
    return digits.empty() ? std::string(address) : digits;
}

std::string network_of(std::string_view location) {
    if (location.size() < 4) return {};
    const auto digit = [&](std::size_t byte, int shift) {
        return static_cast<char>('0' + (static_cast<unsigned char>(location[byte]) >> shift & 15));
    };
    std::string network = {digit(1, 0), digit(1, 4), digit(2, 0), digit(3, 0), digit(3, 4)};
    if (const char third = digit(2, 4); third != '0' + 15) network.push_back(third);
    for (const char c : network)
        if (c > '9') return {};
    return network;
}

}  // namespace farthing::diameter
