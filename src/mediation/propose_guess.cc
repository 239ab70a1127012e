#include "mediation/propose_guess.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <set>

#include "base/csv.h"
#include "base/utf8.h"
#include "mediation/decode_number.h"
#include "mediation/decode_time.h"

namespace farthing::mediation {

namespace {

constexpr std::size_t kRowsMax = 200;

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return result;
}

bool is_number(std::string_view text) {
    std::int64_t total = 0;
    return add_quantity(text, '.', {1'000'000'000, 1}, total) != SuspenseReason::bad_number;
}

// The leaves of an object as paths and texts.
void flatten(const std::string& prefix, simdjson::dom::object object, int depth,
             std::vector<std::pair<std::string, std::string>>& leaves) {
    for (const auto& [key, value] : object) {
        const std::string path = prefix + std::string(key);
        if (value.is_object() && depth < 4) {
            flatten(path + ".", value.get_object().value_unsafe(), depth + 1, leaves);
        } else if (value.is_string()) {
            leaves.emplace_back(path, std::string(value.get_string().value_unsafe()));
        } else if (value.is_int64() || value.is_uint64()) {
            leaves.emplace_back(path, simdjson::minify(value));
        } else if (value.is_double()) {
            leaves.emplace_back(path, "0.5");  // a fraction: its digits do not matter for a guess
        }
    }
}

Result<Sample> take_json(Sample sample) {
    simdjson::dom::parser parser;
    std::string_view rest = sample.bytes;
    while (!rest.empty() && sample.rows.size() < kRowsMax) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        simdjson::dom::object object;
        if (parser.parse(line.data(), line.size()).get_object().get(object) != simdjson::SUCCESS)
            continue;
        std::vector<std::pair<std::string, std::string>> leaves;
        flatten("", object, 0, leaves);
        std::vector<std::string> row(sample.names.size());
        for (auto& [path, text] : leaves) {
            auto at = static_cast<std::size_t>(std::ranges::find(sample.names, path) -
                                               sample.names.begin());
            if (at == sample.names.size()) {
                sample.names.push_back(path);
                row.emplace_back();
            }
            row[at] = std::move(text);
        }
        sample.rows.push_back(std::move(row));
    }
    if (sample.rows.empty())
        return fail(FeedReason::feed_no_proposal, "no line of the file is a JSON object");
    for (auto& row : sample.rows) row.resize(sample.names.size());
    sample.format = FormatKind::json_lines;
    return sample;
}

// A first line is a header when none of its texts is a number or empty.
bool is_header(const std::vector<std::string>& row) {
    return std::ranges::none_of(
               row, [](const std::string& text) { return text.empty() || is_number(text); }) &&
           std::set<std::string>(row.begin(), row.end()).size() == row.size();
}

Result<Sample> take_delimited(Sample sample) {
    CsvReader reader(sample.bytes);
    sample.delimiter = reader.delimiter();
    CsvRow row;
    while (sample.rows.size() < kRowsMax && reader.next(row)) {
        if (!row.problem.empty()) continue;
        std::vector<std::string> texts;
        for (CsvField& field : row.fields) texts.push_back(std::move(field.text));
        sample.rows.push_back(std::move(texts));
    }
    if (sample.rows.empty() || sample.rows.front().size() < 2) {
        return fail(
            FeedReason::feed_no_proposal,
            "the file has no delimiter between fields: neither comma, semicolon, tab nor bar");
    }
    sample.header = is_header(sample.rows.front());
    const std::size_t columns = sample.rows.front().size();
    for (std::size_t i = 0; i < columns; ++i) {
        sample.names.push_back(sample.header ? sample.rows.front()[i] : std::to_string(i + 1));
    }
    if (sample.header) sample.rows.erase(sample.rows.begin());
    std::erase_if(sample.rows, [&](const auto& texts) { return texts.size() != columns; });
    if (sample.rows.empty())
        return fail(FeedReason::feed_no_proposal, "the file has no record below its line of names");
    return sample;
}

constexpr std::string_view kTimeFormats[] = {
    "rfc3339",           "unix_seconds",      "unix_millis",         "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S", "%Y%m%d%H%M%S",      "%d.%m.%Y %H:%M:%S",   "%d/%m/%Y %H:%M:%S",
    "%Y-%m-%d %H:%M",    "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f"};

TimeRules rules_of(std::string_view format) {
    if (format == "rfc3339") return {TimeRules::Kind::rfc3339, {}};
    if (format == "unix_seconds") return {TimeRules::Kind::unix_seconds, {}};
    if (format == "unix_millis") return {TimeRules::Kind::unix_millis, {}};
    return {TimeRules::Kind::pattern, std::string(format)};
}

// A feed's name from its file's: small letters, digits and dashes, up to the first dot.
std::string name_for(std::string_view file_name) {
    std::string name;
    for (const char c : lower(file_name.substr(file_name.rfind('/') + 1))) {
        if (c == '.') break;
        name += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
    }
    return name.empty() ? "feed" : name;
}

class Guesser {
  public:
    Guesser(const Sample& sample, std::vector<std::string>& notes)
        : sample_(sample), notes_(notes) {}
    Result<std::string> write(std::string_view file_name);

  private:
    static constexpr std::size_t kNone = SIZE_MAX;

    template <class Accepts>
    bool all(std::size_t column, Accepts accepts) const {
        std::size_t filled = 0;
        for (const auto& row : sample_.rows) {
            if (row[column].empty()) continue;
            if (!accepts(row[column])) return false;
            filled += 1;
        }
        return filled > 0;
    }
    bool named(std::size_t column, std::initializer_list<std::string_view> words) const {
        const std::string name = lower(sample_.names[column]);
        return std::ranges::any_of(
            words, [&](std::string_view word) { return name.find(word) != std::string::npos; });
    }
    std::string_view time_format(std::size_t column) const;
    std::size_t find_time(std::initializer_list<std::string_view> words, std::size_t besides) const;
    std::size_t find_named(std::initializer_list<std::string_view> words) const;
    bool filled(std::size_t column) const;
    void guess_network();
    void take_asterisk();
    bool distinct(std::size_t column) const;
    std::string ref(std::size_t column) const;
    void guess_identity();
    void guess_quantity();
    Result<void> guess_fields(std::string_view file_name);
    std::string quantity_text() const;
    std::string format_text() const;
    std::string record_text() const;
    void tell_doubts();
    void tell(std::string note) { notes_.push_back(std::move(note)); }

    const Sample& sample_;
    std::vector<std::string>& notes_;
    std::size_t start_ = kNone, end_ = kNone, id_ = kNone, identity_ = kNone, called_ = kNone;
    std::string kind_ = "device";
    std::string service_ = "event";
    std::string unit_;
    std::string network_;    // as it stands in the description
    bool asterisk_ = false;  // Master.csv, known by its columns
    std::vector<std::size_t> quantities_;
};

std::string_view Guesser::time_format(std::size_t column) const {
    for (const std::string_view format : kTimeFormats) {
        TimeReader reader(rules_of(format), TimeZone::utc());
        const auto reads = [&](std::string_view text) {
            LocalReading reading;
            if (reader.read(text, reading) != SuspenseReason::none) return false;
            // Any small number could be seconds since 1970; events of this century are meant.
            return reading.first >= Instant::from_seconds(978'307'200) &&
                   reading.first < Instant::from_seconds(4'102'444'800);
        };
        if (all(column, reads)) return format;
    }
    return {};
}

std::size_t Guesser::find_time(std::initializer_list<std::string_view> words,
                               std::size_t besides) const {
    for (std::size_t i = 0; i < sample_.names.size(); ++i) {
        if (i != besides && (words.size() == 0 || named(i, words)) && !time_format(i).empty())
            return i;
    }
    return kNone;
}

std::size_t Guesser::find_named(std::initializer_list<std::string_view> words) const {
    for (const std::string_view word : words) {
        for (std::size_t i = 0; i < sample_.names.size(); ++i) {
            if (named(i, {word}) && filled(i)) return i;
        }
    }
    return kNone;
}

bool Guesser::filled(std::size_t column) const {
    return std::ranges::any_of(sample_.rows, [&](const auto& row) { return !row[column].empty(); });
}

bool Guesser::distinct(std::size_t column) const {
    std::set<std::string_view> seen;
    for (const auto& row : sample_.rows) {
        if (row[column].empty() || !seen.insert(row[column]).second) return false;
    }
    return true;
}

std::string Guesser::ref(std::size_t column) const {
    if (sample_.format == FormatKind::delimited && !sample_.header)
        return "column: " + sample_.names[column];
    std::string quoted = "field: \"";
    for (const char c : sample_.names[column]) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

void Guesser::guess_identity() {
    const auto digits = [](std::string_view text) {
        return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    };
    const auto is_iccid = [&](std::string_view text) {
        return text.starts_with("89") && digits(text) && text.size() >= 19 && text.size() <= 20;
    };
    const auto is_imsi = [&](std::string_view text) { return digits(text) && text.size() == 15; };
    for (std::size_t i = 0; i < sample_.names.size() && identity_ == kNone; ++i) {
        if (!all(i, is_iccid) && !all(i, is_imsi)) continue;
        if (named(i, {"imei"})) continue;
        identity_ = i;
        kind_ = all(i, is_iccid) ? "iccid" : "imsi";
    }
    for (const std::string_view card : {"iccid", "imsi"}) {
        if (identity_ != kNone) break;
        identity_ = find_named({card});
        if (identity_ != kNone) kind_ = card;
    }
    if (identity_ == kNone) {
        identity_ = find_named({"msisdn", "calling", "caller", "a_number", "anumber", "src"});
        if (identity_ != kNone) kind_ = "msisdn";
    }
    if (identity_ == kNone)
        identity_ = find_named(
            {"device", "lamp", "sensor", "subject", "account", "serial", "meter", "sim", "line"});
    for (std::size_t i = 0; i < sample_.names.size() && identity_ == kNone; ++i) {
        if (i != start_ && i != end_ && i != id_ && filled(i) &&
            std::ranges::find(quantities_, i) == quantities_.end())
            identity_ = i;
    }
    if (identity_ == kNone) identity_ = 0;
}

// Country and network in a field each, or both in one: 24405.
void Guesser::guess_network() {
    const auto code = [](std::size_t least, std::size_t most) {
        return [least, most](std::string_view text) {
            return text.size() >= least && text.size() <= most &&
                   std::ranges::all_of(text,
                                       [](char c) { return (c >= '0' && c <= '9') || c == '-'; });
        };
    };
    const std::size_t mcc = find_named({"mcc"});
    const std::size_t mnc = find_named({"mnc"});
    if (mcc != kNone && mnc != kNone && mcc != mnc && all(mcc, code(3, 3)) &&
        all(mnc, code(2, 3))) {
        network_ = fmt::format("{{mcc: {{{}}}, mnc: {{{}}}}}", ref(mcc), ref(mnc));
        return;
    }
    for (const std::string_view word : {"plmn", "mccmnc", "mcc_mnc", "mcc-mnc", "network"}) {
        const std::size_t both = find_named({word});
        if (both != kNone && all(both, code(3, 7))) {
            network_ = fmt::format("{{{}}}", ref(both));
            return;
        }
    }
}

// Asterisk's cdr_csv writes no header; its columns are known by their number, the state of the call
// and what it is for.
void Guesser::take_asterisk() {
    constexpr std::size_t kDuration = 12, kDisposition = 14, kAmaFlags = 15, kColumnsLeast = 16;
    if (sample_.header || sample_.format != FormatKind::delimited ||
        sample_.names.size() < kColumnsLeast)
        return;
    constexpr std::string_view kStates[] = {"ANSWERED", "NO ANSWER", "BUSY", "FAILED",
                                            "CONGESTION"};
    constexpr std::string_view kUses[] = {"DOCUMENTATION", "BILLING", "OMIT", "DEFAULT"};
    const auto state = [&](std::string_view text) {
        return std::ranges::find(kStates, text) != std::end(kStates);
    };
    const auto use = [&](std::string_view text) {
        return std::ranges::find(kUses, text) != std::end(kUses);
    };
    asterisk_ = all(kDuration, is_number) && all(kDuration + 1, is_number) &&
                all(kDisposition, state) && all(kAmaFlags, use);
    if (!asterisk_) return;
    start_ = 9, end_ = 11;
    quantities_ = {kDuration + 1};
    service_ = "voice", unit_ = "second", kind_ = "msisdn";
    identity_ = 1, called_ = 2;
    constexpr std::size_t kUniqueId = 16;
    if (sample_.names.size() > kUniqueId && distinct(kUniqueId)) id_ = kUniqueId;
}

void Guesser::guess_quantity() {
    struct Rule {
        std::initializer_list<std::string_view> words;
        std::string_view service, unit;
    };
    static const Rule kRules[] = {
        {{"kwh"}, "energy", "kWh"},
        {{"energy_wh", "watt_hour"}, "energy", "Wh"},
        {{"energy", "joule"}, "energy", "joule"},
        {{"megabyte", "_mb", "(mb)", " mb"}, "data", "MB"},
        {{"kilobyte", "_kb", "(kb)", " kb"}, "data", "kB"},
        {{"byte", "octet", "volume", "upload", "download", "uplink", "downlink"}, "data", "byte"},
        {{"billsec", "billable"}, "voice", "second"},
        {{"duration", "seconds", "secs"}, "voice", "second"},
    };
    for (const Rule& rule : kRules) {
        for (std::size_t i = 0; i < sample_.names.size(); ++i) {
            if (named(i, rule.words) && all(i, is_number)) quantities_.push_back(i);
        }
        if (quantities_.empty()) continue;
        service_ = rule.service;
        unit_ = rule.unit;
        // A total beside its parts must not be counted twice.
        const auto total =
            std::ranges::find_if(quantities_, [&](std::size_t i) { return named(i, {"total"}); });
        if (total != quantities_.end()) quantities_ = {*total};
        if (service_ == "voice" || service_ == "energy") quantities_.resize(1);
        return;
    }
}

std::string Guesser::quantity_text() const {
    if (quantities_.empty()) return "1";
    if (quantities_.size() == 1) return fmt::format("{{{}, unit: {}}}", ref(quantities_[0]), unit_);
    std::string sum;
    for (const std::size_t column : quantities_)
        sum += (sum.empty() ? "{" : ", {") + ref(column) + "}";
    return fmt::format("{{sum: [{}], unit: {}}}", sum, unit_);
}

Result<void> Guesser::guess_fields(std::string_view file_name) {
    take_asterisk();
    if (asterisk_) return {};
    start_ = find_time({"start", "begin", "time", "date"}, kNone);
    if (start_ == kNone) start_ = find_time({}, kNone);
    if (start_ == kNone) {
        return fail(
            FeedReason::feed_no_proposal,
            fmt::format("no field of {} reads as a time in all records", printable(file_name)));
    }
    end_ = find_time({"end", "stop", "finish"}, start_);
    for (std::size_t i = 0; i < sample_.names.size() && id_ == kNone; ++i) {
        const std::string name = lower(sample_.names[i]);
        const bool is_id = name == "id" || name == "uuid" || name == "uniqueid" ||
                           name.ends_with("_id") || name.ends_with("eventid");
        if (is_id && i != start_ && distinct(i)) id_ = i;
    }
    guess_quantity();
    guess_identity();
    guess_network();
    called_ =
        find_named({"called", "dialed", "dialled", "b_number", "bnumber", "destination", "dst"});
    if (called_ == identity_ || service_ != "voice") called_ = kNone;
    return {};
}

std::string Guesser::format_text() const {
    if (sample_.format == FormatKind::json_lines)
        return "format: {json_lines: true}                # each line is a JSON object\n";
    const std::string delimiter =
        sample_.delimiter == '\t' ? "tab" : fmt::format("\"{}\"", sample_.delimiter);
    return fmt::format("format: {{delimited: {}, header: {}}}       # {}\n", delimiter,
                       sample_.header,
                       sample_.header ? "the first line names the fields"
                                      : "the first line looks like a record: columns count from 1");
}

std::string Guesser::record_text() const {
    std::string out = "record:\n";
    if (id_ != kNone) out += fmt::format("  id: {{{}}}  # different in all records\n", ref(id_));
    out += fmt::format("  service: {{constant: {}}}  # guess: must be a meter of the catalog\n",
                       service_);
    out += fmt::format("  start: {{{}, time: \"{}\"}}  # all records read so\n", ref(start_),
                       time_format(start_));
    if (end_ != kNone)
        out += fmt::format("  end: {{{}, time: \"{}\"}}  # guess from its name\n", ref(end_),
                           time_format(end_));
    out += fmt::format("  quantity: {}  # {}\n", quantity_text(),
                       quantities_.empty() ? "no field looks like a quantity: 1 per record"
                                           : "guess from its name; check the unit");
    if (!network_.empty()) out += fmt::format("  network: {}  # guess from its name\n", network_);
    if (called_ != kNone)
        out += fmt::format(
            "  called: {{{}, number: {{}}}}  # guess: add `country:` if it holds national "
            "numbers\n",
            ref(called_));
    return out;
}

void Guesser::tell_doubts() {
    if (time_format(start_).starts_with('%'))
        tell("Times carry no offset: set `time_zone` to the clock of the source.");
    if (quantities_.empty()) tell("No field looks like a quantity: each record counts 1.");
    if (!unit_.empty()) tell(fmt::format("Check that the quantity is in {}.", unit_));
    if (id_ == kNone) tell("No field names each record: two equal records count as one.");
}

Result<std::string> Guesser::write(std::string_view file_name) {
    FARTHING_CHECK(guess_fields(file_name));
    tell_doubts();
    std::string out = fmt::format("# Proposed from {} records; check each guess.\nfeed: \"{}\"\n",
                                  sample_.rows.size(), name_for(file_name));
    out += format_text();
    out += "time_zone: UTC                            # guess: of times without an offset\n";
    out += record_text();
    out +=
        fmt::format("guide: [{{by: {}, {}}}]  # guess: whose usage it is\n", kind_, ref(identity_));
    out += id_ != kNone ? "same_record: [id]  # a record with the same id is the same record\n"
                        : "same_record: [identity, start, end, quantity]  # no field names each "
                          "record: check that these do\n";
    if (asterisk_)
        out +=
            "filter: [{column: 15, keep: [ANSWERED]}]  # calls that were not answered cost "
            "nothing\n";
    out += "late: {accept: 35 days}\n";
    return out;
}

}  // namespace

Result<Sample> take_sample(std::string_view first_bytes) {
    Sample sample;
    const std::string_view bytes = without_mark(first_bytes);
    const std::size_t newline = bytes.rfind('\n');
    // The first bytes may end inside a record.
    sample.bytes = newline == std::string_view::npos ? bytes : bytes.substr(0, newline + 1);
    if (sample.bytes.find_first_not_of(" \t\r\n") == std::string_view::npos) {
        return fail(FeedReason::feed_no_proposal, "the file is empty");
    }
    const bool text = is_utf8(sample.bytes) && sample.bytes.find('\0') == std::string_view::npos;
    if (!text) return fail(FeedReason::feed_no_proposal, "the file is not UTF-8 text");
    const bool json = sample.bytes[sample.bytes.find_first_not_of(" \t\r\n")] == '{';
    return json ? take_json(std::move(sample)) : take_delimited(std::move(sample));
}

Result<std::string> write_proposal(std::string_view file_name, const Sample& sample,
                                   std::vector<std::string>& notes) {
    return Guesser(sample, notes).write(file_name);
}

}  // namespace farthing::mediation
