// Which field is what, told from the names of the fields, or from their texts where they have none.
#include "mediation/propose_guess.h"

#include <fmt/format.h>

#include "base/utf8.h"
#include "mediation/decode_time.h"

namespace farthing::mediation {

namespace {

// "A-Number" and "Call ID" as "a_number" and "call_id"; "startTime" keeps its words together.
std::string plain_name(std::string_view text) {
    std::string result;
    for (char c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
        const bool joins = c == ' ' || c == '-' || c == '.' || c == '/';
        result += joins ? '_' : c;
    }
    return result;
}

class NameGuesser {
  public:
    explicit NameGuesser(const Sample& sample) : sample_(sample) {}
    Result<Guess> guess(std::string_view file_name);

  private:
    bool named(std::size_t column, std::initializer_list<std::string_view> words) const {
        const std::string name = plain_name(sample_.names[column]);
        return std::ranges::any_of(
            words, [&](std::string_view word) { return name.find(word) != std::string::npos; });
    }
    std::size_t find_time(std::initializer_list<std::string_view> words, std::size_t besides) const;
    std::size_t find_named(std::initializer_list<std::string_view> words) const;
    void guess_times();
    void guess_id();
    void guess_identity();
    void guess_network();
    void guess_quantity();
    void guess_answered();

    const Sample& sample_;
    Guess guess_;
};

std::size_t NameGuesser::find_time(std::initializer_list<std::string_view> words,
                                   std::size_t besides) const {
    for (std::size_t i = 0; i < sample_.names.size(); ++i) {
        const bool meant = words.size() == 0 || named(i, words);
        if (i != besides && meant && !time_format(sample_, i).empty()) return i;
    }
    return kNoColumn;
}

std::size_t NameGuesser::find_named(std::initializer_list<std::string_view> words) const {
    for (const std::string_view word : words) {
        for (std::size_t i = 0; i < sample_.names.size(); ++i) {
            if (named(i, {word}) && sample_.filled(i)) return i;
        }
    }
    return kNoColumn;
}

void NameGuesser::guess_identity() {
    const auto digits = [](std::string_view text) {
        return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    };
    const auto is_iccid = [&](std::string_view text) {
        return text.starts_with("89") && digits(text) && text.size() >= 19 && text.size() <= 20;
    };
    const auto is_imsi = [&](std::string_view text) { return digits(text) && text.size() == 15; };
    for (std::size_t i = 0; i < sample_.names.size() && guess_.identity == kNoColumn; ++i) {
        if (!sample_.all(i, is_iccid) && !sample_.all(i, is_imsi)) continue;
        if (named(i, {"imei"})) continue;
        guess_.identity = i;
        guess_.kind = sample_.all(i, is_iccid) ? "iccid" : "imsi";
    }
    for (const std::string_view card : {"iccid", "imsi"}) {
        if (guess_.identity != kNoColumn) break;
        guess_.identity = find_named({card});
        if (guess_.identity != kNoColumn) guess_.kind = card;
    }
    if (guess_.identity == kNoColumn) {
        guess_.identity =
            find_named({"msisdn", "calling", "caller", "a_number", "anumber", "a_party",
                        "originator", "src", "cli", "anrufer", "appelant", "llamante"});
        if (guess_.identity != kNoColumn) guess_.kind = "msisdn";
    }
    if (guess_.identity == kNoColumn)
        guess_.identity =
            find_named({"device", "lamp", "sensor", "subject", "subscriber", "account", "serial",
                        "meter", "sim", "line", "user", "customer"});
    for (std::size_t i = 0; i < sample_.names.size() && guess_.identity == kNoColumn; ++i) {
        if (i != guess_.start.column && i != guess_.start.clock && i != guess_.end.column &&
            i != guess_.end.clock && i != guess_.id && sample_.filled(i) &&
            std::ranges::find(guess_.quantities, i) == guess_.quantities.end())
            guess_.identity = i;
    }
    if (guess_.identity == kNoColumn) guess_.identity = 0;
}

// Country and network in a field each, or both in one: 24405.
void NameGuesser::guess_network() {
    const auto code = [](std::size_t least, std::size_t most) {
        return [least, most](std::string_view text) {
            return text.size() >= least && text.size() <= most &&
                   std::ranges::all_of(text,
                                       [](char c) { return (c >= '0' && c <= '9') || c == '-'; });
        };
    };
    const std::size_t mcc = find_named({"mcc"});
    const std::size_t mnc = find_named({"mnc"});
    if (mcc != kNoColumn && mnc != kNoColumn && mcc != mnc && sample_.all(mcc, code(3, 3)) &&
        sample_.all(mnc, code(2, 3))) {
        guess_.network = fmt::format("{{mcc: {{{}}}, mnc: {{{}}}}}", ref_text(sample_, mcc),
                                     ref_text(sample_, mnc));
        return;
    }
    for (const std::string_view word : {"plmn", "mccmnc", "mcc_mnc", "mcc-mnc", "network"}) {
        const std::size_t both = find_named({word});
        if (both != kNoColumn && sample_.all(both, code(3, 7))) {
            guess_.network = fmt::format("{{{}}}", ref_text(sample_, both));
            return;
        }
    }
}

void NameGuesser::guess_quantity() {
    struct Rule {
        std::initializer_list<std::string_view> words;
        std::string_view service, unit;
    };
    static const Rule kRules[] = {
        {{"kwh"}, "energy", "kWh"},
        {{"energy_wh", "watt_hour"}, "energy", "Wh"},
        {{"energy", "joule"}, "energy", "joule"},
        {{"megabyte", "_mb", "(mb)"}, "data", "MB"},
        {{"kilobyte", "_kb", "(kb)"}, "data", "kB"},
        {{"byte", "octet", "volume", "upload", "download", "uplink", "downlink"}, "data", "byte"},
        {{"billsec", "billable", "billed", "chargeable", "charged_"}, "voice", "second"},
        {{"duration", "seconds", "secs", "dauer", "durée", "duree", "duración", "duracion",
          "durata", "kestus"},
         "voice",
         "second"},
    };
    for (const Rule& rule : kRules) {
        for (std::size_t i = 0; i < sample_.names.size(); ++i) {
            if (named(i, rule.words) && sample_.all(i, is_number)) guess_.quantities.push_back(i);
        }
        if (guess_.quantities.empty()) continue;
        guess_.service = rule.service;
        guess_.unit = rule.unit;
        // A total beside its parts must not be counted twice.
        const auto total = std::ranges::find_if(guess_.quantities,
                                                [&](std::size_t i) { return named(i, {"total"}); });
        if (total != guess_.quantities.end()) guess_.quantities = {*total};
        if (guess_.service == "voice" || guess_.service == "energy") guess_.quantities.resize(1);
        return;
    }
}

void NameGuesser::guess_times() {
    const auto single = [&](std::size_t column) {
        Guess::Time time;
        time.column = column;
        if (column != kNoColumn) time.format = time_format(sample_, column);
        return time;
    };
    guess_.start = single(find_time({"start", "begin", "connect", "answer", "anfang"}, kNoColumn));
    if (!guess_.start.given()) guess_.start = single(find_time({"time", "date"}, kNoColumn));
    if (!guess_.start.given()) guess_.start = day_and_clock(sample_, 0);
    if (!guess_.start.given()) guess_.start = single(find_time({}, kNoColumn));
    const auto end_words = {std::string_view("end"), std::string_view("stop"),
                            std::string_view("finish"), std::string_view("release")};
    guess_.end = single(find_time(end_words, guess_.start.column));
    if (guess_.end.given() || guess_.start.clock == kNoColumn) return;
    const Guess::Time later = day_and_clock(sample_, guess_.start.clock + 1);
    if (later.given() && named(later.column, end_words)) guess_.end = later;
}

void NameGuesser::guess_id() {
    for (std::size_t i = 0; i < sample_.names.size() && guess_.id == kNoColumn; ++i) {
        const std::string name = plain_name(sample_.names[i]);
        const bool is_id = name == "id" || name == "uuid" || name == "uniqueid" ||
                           name.ends_with("_id") || name.ends_with("eventid") ||
                           name.ends_with("callid") || name.ends_with("recordid");
        if (is_id && i != guess_.start.column && sample_.distinct(i)) guess_.id = i;
    }
}

Result<Guess> NameGuesser::guess(std::string_view file_name) {
    guess_times();
    if (!guess_.start.given()) {
        return fail(
            FeedReason::feed_no_proposal,
            fmt::format("no field of {} reads as a time in all records", printable(file_name)));
    }
    guess_id();
    guess_quantity();
    guess_identity();
    guess_network();
    guess_.called = find_named({"called", "callee", "dialed", "dialled", "b_number", "bnumber",
                                "b_party", "destination", "dst", "zielrufnummer", "appelé"});
    if (guess_.called == guess_.identity || guess_.service != "voice") guess_.called = kNoColumn;
    guess_answered();
    return guess_;
}

void NameGuesser::guess_answered() {
    for (std::size_t i = 0; i < sample_.names.size() && guess_.service == "voice"; ++i) {
        const std::string_view state = answered_state(sample_, i);
        if (state.empty()) continue;
        guess_.answered = fmt::format("{{{}, equals: \"{}\"}}", ref_text(sample_, i), state);
        return;
    }
}

}  // namespace

std::string_view answered_state(const Sample& sample, std::size_t column) {
    constexpr std::string_view kAnswered[] = {"ANSWERED", "ANSWER", "answered", "Answered"};
    constexpr std::string_view kOthers[] = {
        "NO ANSWER", "NOANSWER", "BUSY",      "FAILED", "CONGESTION", "CANCEL", "CANCELLED",
        "no answer", "busy",     "failed",    "missed", "No Answer",  "Busy",   "Failed",
        "Missed",    "Canceled", "Cancelled", "MISSED", "CHANUNAVAIL"};
    std::string_view state;
    const bool states = sample.all(column, [&](std::string_view text) {
        if (std::ranges::find(kOthers, text) != std::end(kOthers)) return true;
        const auto* const found = std::ranges::find(kAnswered, text);
        if (found == std::end(kAnswered) || (!state.empty() && state != *found)) return false;
        state = *found;
        return true;
    });
    return states ? state : std::string_view();
}

// Asterisk's cdr_csv writes no header; its columns are known by their number, the state of the call
// and what it is for.
std::optional<Guess> guess_asterisk(const Sample& sample) {
    constexpr std::size_t kDuration = 12, kDisposition = 14, kAmaFlags = 15, kColumnsLeast = 16;
    if (sample.header || sample.format != FormatKind::delimited ||
        sample.names.size() < kColumnsLeast)
        return std::nullopt;
    constexpr std::string_view kStates[] = {"ANSWERED", "NO ANSWER", "BUSY", "FAILED",
                                            "CONGESTION"};
    constexpr std::string_view kUses[] = {"DOCUMENTATION", "BILLING", "OMIT", "DEFAULT"};
    const auto state = [&](std::string_view text) {
        return std::ranges::find(kStates, text) != std::end(kStates);
    };
    const auto use = [&](std::string_view text) {
        return std::ranges::find(kUses, text) != std::end(kUses);
    };
    const bool known = sample.all(kDuration, is_number) && sample.all(kDuration + 1, is_number) &&
                       sample.all(kDisposition, state) && sample.all(kAmaFlags, use);
    if (!known) return std::nullopt;
    Guess guess;
    constexpr std::size_t kStart = 9, kEnd = 11;
    guess.start = {kStart, kNoColumn, std::string(time_format(sample, kStart))};
    guess.end = {kEnd, kNoColumn, std::string(time_format(sample, kEnd))};
    guess.filter = "[{column: 15, keep: [ANSWERED]}]";
    guess.quantities = {kDuration + 1};
    guess.service = "voice", guess.unit = "second", guess.kind = "msisdn";
    guess.identity = 1, guess.called = 2;
    constexpr std::size_t kUniqueId = 16;
    if (sample.names.size() > kUniqueId && sample.distinct(kUniqueId)) guess.id = kUniqueId;
    return guess;
}

Result<Guess> guess_by_names(std::string_view file_name, const Sample& sample) {
    return NameGuesser(sample).guess(file_name);
}

}  // namespace farthing::mediation
