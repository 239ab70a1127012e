// A file reads:
//
//   #farthing-edge 1
//   #sent edge=gw-7 number=12 policy=0123456789abcdef
//   id,service,device,first,last,quantity,parts,digest
//   gw-7-12-1,energy,L-0001,2026-06-01T00:00:00Z,2026-06-01T00:14:00Z,36000,15,0123456789abcdef
//   #sum records=1 parts=15 digest=0123456789abcdef energy=36000
//   #total records=576 received=8642 aggregated=8640 held=0 duplicate=2 suspended=0 filtered=0
#include "mediation/edge_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/csv.h"
#include "base/utf8.h"
#include "mediation/windows.h"
#include "model/batch.h"

namespace farthing::mediation {

namespace {

constexpr std::string_view kFirstLine = "#farthing-edge 1";
constexpr std::string_view kSent = "#sent";
constexpr std::string_view kSum = "#sum";
constexpr std::string_view kTotal = "#total";

std::string hex(std::uint64_t value) {
    return fmt::format("{:016x}", value);
}
template <class Number>
bool read_number(std::string_view text, Number& value, int base = 10) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

// "k=v k=v" in the order they stand.
using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;
Pairs pairs_of(std::string_view line) {
    Pairs pairs;
    while (!line.empty()) {
        const std::size_t end = line.find(' ');
        const std::string_view word = line.substr(0, end);
        const std::size_t equals = word.find('=');
        if (equals != std::string_view::npos)
            pairs.emplace_back(word.substr(0, equals), word.substr(equals + 1));
        line = end == std::string_view::npos ? std::string_view() : line.substr(end + 1);
    }
    return pairs;
}

std::vector<std::pair<std::string_view, std::int64_t EdgeTotals::*>> total_fields() {
    return {{"records", &EdgeTotals::records},       {"received", &EdgeTotals::received},
            {"aggregated", &EdgeTotals::aggregated}, {"held", &EdgeTotals::held},
            {"duplicate", &EdgeTotals::duplicate},   {"suspended", &EdgeTotals::suspended},
            {"filtered", &EdgeTotals::filtered}};
}

bool read_sent(std::string_view line, EdgeControl& control) {
    bool numbered = false;
    for (const auto& [name, value] : pairs_of(line)) {
        if (name == "edge") control.edge = value;
        if (name == "policy") control.policy = value;
        if (name == "number") numbered = read_number(value, control.number);
    }
    return numbered && control.number > 0 && is_edge_name(control.edge) && !control.policy.empty();
}

bool read_sum(std::string_view line, EdgeControl& control) {
    int known = 0;
    for (const auto& [name, value] : pairs_of(line)) {
        if (name == "records") {
            known += read_number(value, control.records) ? 1 : 0;
        } else if (name == "parts") {
            known += read_number(value, control.parts) ? 1 : 0;
        } else if (name == "digest") {
            known += read_number(value, control.digest, 16) ? 1 : 0;
        } else if (!read_number(value, control.quantities[std::string(name)])) {
            return false;
        }
    }
    return known == 3;
}

bool read_total(std::string_view line, EdgeControl& control) {
    const auto fields = total_fields();
    std::size_t known = 0;
    for (const auto& [name, value] : pairs_of(line)) {
        const auto field = std::ranges::find(fields, name, [](const auto& f) { return f.first; });
        if (field == fields.end() || !read_number(value, control.total.*(field->second)))
            return false;
        known += 1;
    }
    return known == fields.size() && control.total.closes();
}

std::string sent_line(const EdgeControl& control) {
    return fmt::format("{} edge={} number={} policy={}", kSent, control.edge, control.number,
                       control.policy);
}
std::string sum_line(const EdgeControl& control) {
    std::string line = fmt::format("{} records={} parts={} digest={}", kSum, control.records,
                                   control.parts, hex(control.digest));
    for (const auto& [service, quantity] : control.quantities)
        line += fmt::format(" {}={}", service, quantity);
    return line;
}
std::string total_line(const EdgeTotals& total) {
    std::string line(kTotal);
    for (const auto& [name, field] : total_fields())
        line += fmt::format(" {}={}", name, total.*field);
    return line;
}

// Identities by the kinds of the feed's rules, each in a column of its own.
std::vector<IdentityKind> kinds_of(const Feed& feed) {
    std::vector<IdentityKind> kinds;
    for (const Feed::GuideRule& rule : feed.guide) {
        if (std::ranges::find(kinds, rule.by) == kinds.end()) kinds.push_back(rule.by);
    }
    return kinds;
}

std::vector<std::string> columns_of(const Feed& feed) {
    std::vector<std::string> columns = {"id", "service"};
    for (const IdentityKind kind : kinds_of(feed)) columns.emplace_back(name_of(kind));
    for (const char* name : {"first", "last", "quantity", "parts", "digest"})
        columns.emplace_back(name);
    const Feed::Aggregation& rules = feed.aggregation;
    if (rules.by_network) columns.emplace_back("network");
    if (rules.by_called) columns.emplace_back("called");
    if (rules.by_calling) columns.emplace_back("calling");
    for (std::size_t i = 0; i < feed.keep.size(); ++i) {
        if (feed.keep[i].given()) columns.push_back(fmt::format("reading_{}", i + 1));
    }
    return columns;
}

// "24405": as NetworkKey::parse reads it.
std::string network_text(NetworkKey network) {
    if (!network) return {};
    const std::uint32_t country = network.value / 10'000;
    const std::uint32_t code = network.value % 10'000;
    if (code == 0) return fmt::format("{:03}", country);
    return code >= 2'000 ? fmt::format("{:03}{:03}", country, code - 2'000)
                         : fmt::format("{:03}{:02}", country, code - 1'000);
}

void reject(Seal& seal, RejectReason why, std::string detail) {
    if (seal.rejected) return;
    seal.rejected = why;
    seal.detail = std::move(detail);
}

std::vector<std::string_view> lines_of(std::string_view bytes) {
    std::vector<std::string_view> lines;
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        lines.push_back(bytes.substr(0, end));
        bytes = end == std::string_view::npos ? std::string_view() : bytes.substr(end + 1);
    }
    return lines;
}

// What the records of a file come to.
class Sums {
  public:
    explicit Sums(const Feed& feed) : windows_(feed, {}) {}

    void add(const std::vector<std::string>& columns, const CsvRow& row, Seal& seal) {
        std::string service;
        Instant first;
        Instant last;
        std::int64_t quantity = 0;
        std::int64_t parts = 0;
        std::uint64_t digest = 0;
        bool read = row.problem.empty() && row.fields.size() == columns.size();
        for (std::size_t i = 0; read && i < columns.size(); ++i) {
            const std::string& text = row.fields[i].text;
            if (columns[i] == "service") service = text;
            if (columns[i] == "quantity") read = read_number(text, quantity);
            if (columns[i] == "parts") read = read_number(text, parts) && parts > 0;
            if (columns[i] == "digest") read = read_number(text, digest, 16);
            if (columns[i] == "first" || columns[i] == "last") {
                const auto when = parse_rfc3339(text);
                read = when.has_value();
                if (when) (columns[i] == "first" ? first : last) = *when;
            }
        }
        if (!read)
            return reject(seal, RejectReason::sum_mismatch,
                          fmt::format("the record on line {} can't be read", row.line));
        if (windows_.window_of(first) != windows_.window_of(last))
            return reject(seal, RejectReason::windows_differ,
                          fmt::format("the record on line {} goes from {} to {}", row.line,
                                      to_rfc3339(first), to_rfc3339(last)));
        control.records += 1;
        control.digest += digest;
        const bool wraps = __builtin_add_overflow(control.parts, parts, &control.parts) ||
                           __builtin_add_overflow(control.quantities[service], quantity,
                                                  &control.quantities[service]);
        if (wraps) reject(seal, RejectReason::sum_mismatch, "the records sum up to too much");
    }

    EdgeControl control;

  private:
    Windows windows_;
};

}  // namespace

std::string edge_file_name(const std::string& edge, std::int64_t number) {
    return fmt::format("{}-{:06}.csv", edge, number);
}

bool is_edge_name(std::string_view name) {
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    return !name.empty() && name.size() <= 64 && is_plain(name.front()) &&
           std::ranges::all_of(
               name, [&](char c) { return is_plain(c) || c == '.' || c == '-' || c == '_'; });
}

EdgeFile::EdgeFile(const Feed& feed, EdgeControl control)
    : feed_(feed), control_(std::move(control)) {}

void EdgeFile::add(const EdgeRecord& record) {
    control_.records += 1;
    control_.parts += record.parts;
    control_.digest += record.digest;
    control_.quantities[record.service] += record.quantity;
    rows_ += fmt::format("{}-{}-{},{}", control_.edge, control_.number, control_.records,
                         csv_field(record.service));
    for (const IdentityKind kind : kinds_of(feed_))
        rows_ += "," + (kind == record.kind ? csv_field(record.identity) : std::string());
    rows_ += fmt::format(",{},{},{},{},{}", to_rfc3339(record.first), to_rfc3339(record.last),
                         record.quantity, record.parts, hex(record.digest));
    const Feed::Aggregation& rules = feed_.aggregation;
    if (rules.by_network) rows_ += "," + network_text(record.network);
    if (rules.by_called) rows_ += "," + csv_field(record.called);
    if (rules.by_calling) rows_ += "," + csv_field(record.calling);
    for (std::size_t i = 0; i < feed_.keep.size(); ++i) {
        if (feed_.keep[i].given()) rows_ += fmt::format(",{}", record.reading[i]);
    }
    rows_ += '\n';
}

std::string EdgeFile::finish(const EdgeTotals& total) {
    return fmt::format("{}\n{}\n{}\n{}{}\n{}\n", kFirstLine, sent_line(control_),
                       fmt::join(columns_of(feed_), ","), rows_, sum_line(control_),
                       total_line(total));
}

std::string control_text(const EdgeControl& control) {
    return sent_line(control) + "\n" + sum_line(control) + "\n" + total_line(control.total);
}

std::optional<EdgeControl> read_control(std::string_view text) {
    const auto lines = lines_of(text);
    EdgeControl control;
    const bool read = lines.size() == 3 && lines[0].starts_with(kSent) &&
                      read_sent(lines[0], control) && lines[1].starts_with(kSum) &&
                      read_sum(lines[1], control) && lines[2].starts_with(kTotal) &&
                      read_total(lines[2], control);
    return read ? std::optional(control) : std::nullopt;
}

void seal_edge_file(const Feed& feed, std::string_view bytes, Seal& seal) {
    const auto lines = lines_of(bytes);
    if (lines.size() < 5 || lines[0] != kFirstLine)
        return reject(seal, RejectReason::header_missing,
                      fmt::format("the first line is not \"{}\"", kFirstLine));
    const std::string control_lines =
        fmt::format("{}\n{}\n{}", lines[1], lines[lines.size() - 2], lines.back());
    const auto control = read_control(control_lines);
    if (!control || !bytes.ends_with('\n'))
        return reject(
            seal, RejectReason::trailer_missing,
            fmt::format("the lines \"{}\", \"{}\" and \"{}\" are not whole", kSent, kSum, kTotal));
    const auto columns = columns_of(feed);
    if (lines[2] != fmt::format("{}", fmt::join(columns, ",")))
        return reject(seal, RejectReason::header_unknown_fields,
                      fmt::format("the columns are \"{}\"", printable(lines[2], 200)));
    const char* const begin = lines[3].data();
    CsvReader reader({begin, lines[lines.size() - 2].data()}, ',');
    Sums sums(feed);
    CsvRow row;
    while (!seal.rejected && reader.next(row)) sums.add(columns, row, seal);
    if (seal.rejected) return;
    if (sums.control.records != control->records)
        return reject(seal, RejectReason::count_mismatch,
                      fmt::format("the file names {} records and holds {}", control->records,
                                  sums.control.records));
    sums.control.edge = control->edge;
    sums.control.number = control->number;
    sums.control.policy = control->policy;
    sums.control.total = control->total;
    if (sums.control != *control)
        return reject(seal, RejectReason::sum_mismatch,
                      fmt::format("the file says \"{}\", its records \"{}\"", sum_line(*control),
                                  sum_line(sums.control)));
    seal.control = control_lines;
}

std::string feed_of_edge(const Feed& feed) {
    const Feed::Aggregation& rules = feed.aggregation;
    std::string text = fmt::format(
        "feed: {}-edge\nformat: {{delimited: \",\", header: true, comment: \"#\"}}\n"
        "files: {{sequence: '^(.+)-(\\d+)\\.csv$', start: 1}}\nrecord:\n  id: {{field: id}}\n"
        "  service: {{field: service}}\n  start: {{field: first, time: rfc3339}}\n"
        "  end: {{field: last, time: rfc3339}}\n  quantity: {{field: quantity}}\n",
        feed.name);
    if (rules.by_network) text += "  network: {field: network}\n";
    if (rules.by_called) text += "  called: {field: called}\n";
    if (rules.by_calling) text += "  calling: {field: calling}\n";
    std::string keep;
    for (std::size_t i = 0; i < feed.keep.size(); ++i) {
        if (feed.keep[i].given())
            keep += fmt::format("{}{}: {{field: reading_{}}}", keep.empty() ? "" : ", ",
                                feed.keep_names[i], i + 1);
    }
    if (!keep.empty()) text += "  keep: {" + keep + "}\n";
    text += "guide:\n";
    for (const IdentityKind kind : kinds_of(feed))
        text += fmt::format("  - {{by: {0}, field: {0}}}\n", name_of(kind));
    text += fmt::format("same_record: [id]\naggregated: {{window: {} s, time_zone: {}",
                        rules.window_micros / kMicrosPerSecond, rules.zone.name());
    std::string by;
    for (const auto& [on, name] :
         {std::pair(rules.by_network, "network"), std::pair(rules.by_called, "called"),
          std::pair(rules.by_calling, "calling")}) {
        if (on) by += fmt::format("{}{}", by.empty() ? "" : ", ", name);
    }
    if (!by.empty()) text += ", by: [" + by + "]";
    const auto function = [](Feed::Aggregation::Quantity quantity) {  // no edge sends `distinct`
        return kWindowFunctionNames[static_cast<std::size_t>(
            Feed::Aggregation::function(quantity))];
    };
    if (rules.quantity_of.empty()) {
        text += fmt::format(", quantity: {}", function(rules.quantity));
    } else {
        std::string map;
        for (const auto& [service, quantity] : rules.quantity_of)
            map += fmt::format("{}{}: {}", map.empty() ? "" : ", ", service, function(quantity));
        text += ", quantity: {" + map + "}";
    }
    return text +
           fmt::format("}}\nlate: {{accept: {} s}}\n", feed.accept_late_micros / kMicrosPerSecond);
}

}  // namespace farthing::mediation
