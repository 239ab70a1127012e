#include "api/radius.h"

#include <algorithm>
#include <sstream>

#include "api/fields.h"
#include "api/problem.h"
#include "api/route.h"
#include "base/hash.h"
#include "base/json.h"
#include "directory/directory.h"

namespace farthing::api {

namespace {

using engine::ChargeAction;
using engine::ChargeQuestion;

constexpr std::uint64_t kWordsMax = UINT32_MAX;  // of a counter of 32 bits, and of what it wrapped

// Attributes as the REST module writes them: {"User-Name": {"type": "string", "value": ["anna"]}}.
class Attributes {
  public:
    explicit Attributes(sj::object object) : object_(object) {}

    // The first value; empty where there is none.
    Result<std::string> text(std::string_view name) const {
        sj::element value;
        if (!first(name, value)) return std::string();
        std::string_view text;
        if (!value.get_string().get(text)) return std::string(text);
        std::uint64_t number = 0;
        if (!value.get_uint64().get(number)) return std::to_string(number);
        return malformed("/" + std::string(name) + " is neither text nor a number");
    }
    Result<std::optional<std::uint64_t>> number(std::string_view name) const {
        sj::element value;
        if (!first(name, value)) return std::nullopt;
        std::uint64_t number = 0;
        std::string_view text;
        if (!value.get_string().get(text)) {
            const bool digits = !text.empty() && text.size() < 19 &&
                                text.find_first_not_of("0123456789") == std::string_view::npos;
            if (digits) return std::stoull(std::string(text));
        } else if (!value.get_uint64().get(number)) {
            return number;
        }
        return malformed("/" + std::string(name) + " is no whole number");
    }

  private:
    bool first(std::string_view name, sj::element& value) const {
        sj::element attribute;
        if (object_.at_key(name).get(attribute)) return false;
        sj::array values;
        if (attribute.at_key("value").get_array().get(values)) return false;
        return values.size() > 0 && !values.at(0).get(value);
    }
    sj::object object_;
};

bool is_number(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    return text.size() >= 5 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// By a SIM, by the name that was given, by the number that calls; a device by its address.
Result<void> name_subscriber(const Attributes& attributes, ChargeQuestion& question) {
    FARTHING_TRY(const std::string imsi, attributes.text("3GPP-IMSI"));
    if (!imsi.empty()) question.identities.emplace_back(IdentityKind::imsi, imsi);
    for (const std::string_view attribute : {"User-Name", "Calling-Station-Id"}) {
        FARTHING_TRY(std::string name, attributes.text(attribute));
        if (name.empty()) continue;
        question.identities.emplace_back(IdentityKind::device, name);
        if (!is_number(name)) continue;
        if (name.starts_with('+')) name.erase(0, 1);
        question.identities.emplace_back(IdentityKind::msisdn, name);
        question.identities.emplace_back(IdentityKind::did, name);
    }
    if (question.identities.empty())
        return malformed("/User-Name is needed, or /3GPP-IMSI, or /Calling-Station-Id");
    return {};
}

// A session is known by who serves it and by its id there.
Result<std::string> session_of(const Attributes& attributes) {
    std::string key;
    for (const std::string_view name : {"NAS-Identifier", "NAS-IP-Address", "NAS-IPv6-Address"}) {
        FARTHING_TRY(const std::string text, attributes.text(name));
        key += text + '\0';
    }
    if (key.size() == 3) return malformed("/NAS-Identifier is needed, or /NAS-IP-Address");
    FARTHING_TRY(const std::string session, attributes.text("Acct-Session-Id"));
    if (session.empty()) return malformed("/Acct-Session-Id is needed");
    FARTHING_TRY(const std::string user, attributes.text("User-Name"));
    const Hash128 hash = hash128(key + session + '\0' + user);
    std::string name = "radius-";
    for (const std::uint64_t half : {hash.high, hash.low})
        for (int shift = 60; shift >= 0; shift -= 4) name += "0123456789abcdef"[half >> shift & 15];
    return name;
}

// Both directions, with how often each counter of 32 bits wrapped.
Result<std::optional<std::int64_t>> octets_of(const Attributes& attributes) {
    std::uint64_t sum = 0;
    bool any = false;
    for (const std::string direction : {"Input", "Output"}) {
        FARTHING_TRY(const auto low, attributes.number("Acct-" + direction + "-Octets"));
        FARTHING_TRY(const auto high, attributes.number("Acct-" + direction + "-Gigawords"));
        any = any || low || high;
        if (low.value_or(0) > kWordsMax || high.value_or(0) > kWordsMax / 4)
            return malformed("/Acct-" + direction + "-Octets has 32 bits");
        sum += (high.value_or(0) << 32) + low.value_or(0);
    }
    if (!any) return std::nullopt;
    return static_cast<std::int64_t>(sum);
}

std::optional<ChargeAction> action_of(std::string_view status) {
    if (status == "Start" || status == "1") return ChargeAction::start;
    if (status == "Interim-Update" || status == "3") return ChargeAction::update;
    if (status == "Stop" || status == "2") return ChargeAction::end;
    return std::nullopt;
}

// A repeat says the same; only how long it was delayed differs.
Result<engine::ChargeFingerprint> fingerprint_of(const Attributes& attributes,
                                                 const ChargeQuestion& question,
                                                 const engine::NetworkCounts& counts) {
    std::uint64_t hash = mix64(static_cast<std::uint64_t>(question.action),
                               static_cast<std::uint64_t>(counts.bytes.value_or(-1)));
    hash = mix64(hash, static_cast<std::uint64_t>(counts.seconds.value_or(-1)));
    if (!counts.seconds) {
        FARTHING_TRY(const std::string at, attributes.text("Event-Timestamp"));
        hash = mix64(hash, hash64(at));
    }
    return engine::ChargeFingerprint{static_cast<std::uint32_t>(hash >> 32),
                                     static_cast<std::uint32_t>(hash), false};
}

constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// As seconds, or as FreeRADIUS tells it where its host keeps UTC: "Dec  1 2026 10:00:00 UTC". A
// time of another zone is none.
std::optional<Instant> time_of(const std::string& text) {
    if (!text.empty() && text.size() < 12 &&
        text.find_first_not_of("0123456789") == std::string::npos)
        return Instant{std::stoll(text) * kMicrosPerSecond};
    if (const auto at = parse_rfc3339(text)) return at;
    std::istringstream words(text);
    std::string month, day, year, clock, zone;
    words >> month >> day >> year >> clock >> zone;
    const auto known = std::ranges::find(kMonths, month);
    if (known == std::end(kMonths) || (zone != "UTC" && zone != "GMT")) return std::nullopt;
    const auto number = known - std::begin(kMonths) + 1;
    const auto digits = [](std::string of) { return of.size() < 2 ? "0" + of : of; };
    return parse_rfc3339(year + "-" + digits(std::to_string(number)) + "-" + digits(day) + "T" +
                         clock + "Z");
}

// When it was counted, and for how long by then. A client that says neither when nor for how long
// the record was on its way may send an old one: then it is not told when its session began.
Result<engine::ChargeQuestion::Counted> counted_of(const Attributes& attributes,
                                                   const engine::NetworkCounts& counts,
                                                   ChargeAction action) {
    ChargeQuestion::Counted counted;
    FARTHING_TRY(const auto delay, attributes.number("Acct-Delay-Time"));
    FARTHING_TRY(const std::string at, attributes.text("Event-Timestamp"));
    counted.seconds_ago = static_cast<std::int64_t>(std::min(delay.value_or(0), kWordsMax));
    counted.at = time_of(at);
    if (!delay && !counted.at) return counted;
    counted.seconds = counts.seconds;
    if (action == ChargeAction::start) counted.seconds = 0;
    return counted;
}

Result<RadiusQuestion> accounting(const Attributes& attributes, const std::string& meter) {
    RadiusQuestion asked;
    ChargeQuestion& question = asked.charge;
    FARTHING_TRY(const std::string status, attributes.text("Acct-Status-Type"));
    asked.nothing =
        status == "Accounting-On" || status == "Accounting-Off" || status == "7" || status == "8";
    if (asked.nothing) return asked;
    const auto action = action_of(status);
    if (!action) {
        return malformed(
            "/Acct-Status-Type is Start, Interim-Update, Stop, Accounting-On or "
            "Accounting-Off");
    }
    question.action = *action;
    question.joins = true;
    FARTHING_TRY(question.session, session_of(attributes));
    FARTHING_TRY(question.charging_id, attributes.text("3GPP-Charging-ID"));
    FARTHING_CHECK(name_subscriber(attributes, question));
    engine::NetworkCounts counts;
    FARTHING_TRY(counts.bytes, octets_of(attributes));
    FARTHING_TRY(const auto seconds, attributes.number("Acct-Session-Time"));
    if (seconds) counts.seconds = static_cast<std::int64_t>(std::min(*seconds, kWordsMax));
    FARTHING_TRY(question.fingerprint, fingerprint_of(attributes, question, counts));
    FARTHING_TRY(question.counted, counted_of(attributes, counts, *action));
    auto& service = question.services.emplace_back();
    service.meter = meter;
    FARTHING_TRY(service.called, attributes.text("Called-Station-Id"));
    FARTHING_TRY(service.network, attributes.text("3GPP-SGSN-MCC-MNC"));
    service.asks = *action != ChargeAction::end;
    if (*action == ChargeAction::start) return asked;
    auto& used = service.used.emplace_back();
    used.counts = counts;
    used.total = true;
    return asked;
}

HttpAnswer with_attribute(const char* name, const std::string& value, int status) {
    JsonWriter json(false);
    json.begin_object()
        .key(name)
        .begin_object()
        .field("op", ":=")
        .field("do_xlat", false)
        .key("value")
        .begin_array()
        .value(value)
        .end_array()
        .end_object();
    return with_body(json.end_object().text(), status);
}

}  // namespace

Result<RadiusQuestion> read_radius(RadiusWhat what, const std::string& meter,
                                   std::string_view body) {
    thread_local sj::parser parser;  // whose buffers are used again
    sj::element root;
    sj::object object;
    if (const auto error = parser.parse(body.data(), body.size()).get(root))
        return malformed(std::string("no JSON: ") + simdjson::error_message(error));
    if (root.get_object().get(object)) return malformed("the body is no object");
    const Attributes attributes(object);
    if (what == RadiusWhat::accounting) return accounting(attributes, meter);
    // Is the first of it covered?
    RadiusQuestion asked;
    asked.charge.action = ChargeAction::enquire;
    FARTHING_CHECK(name_subscriber(attributes, asked.charge));
    auto& service = asked.charge.services.emplace_back();
    service.meter = meter;
    service.quantity = "1";
    return asked;
}

HttpAnswer radius_answer(RadiusWhat what, const Result<engine::ChargeAnswer>& told) {
    const bool accounts = what == RadiusWhat::accounting;
    const bool unknown =
        !told && told.error().code == name_of(DirectoryReason::unknown_subscription);
    if (unknown && !accounts)
        return with_attribute("reply:Reply-Message", told.error().message, 401);
    if (!told) return problem(told.error());
    // What comes late is known already by the last word: it is not sent for ever.
    if (accounts && told->why == "session_ended") return with_body({}, 204);
    if (told->why != "granted") return problem({told->why, told->what, {}, told->mend});
    for (const auto& service : told->services) {
        if (service.why == "granted" || service.why == "throttled") continue;
        if (accounts) return with_attribute("control:Tmp-String-0", service.why, 200);
        return with_attribute("reply:Reply-Message", service.what, 401);
    }
    return with_body({}, 204);
}

}  // namespace farthing::api
