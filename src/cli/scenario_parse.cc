#include "cli/scenario_parse.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/instant.h"
#include "base/utf8.h"

namespace farthing::cli {

namespace {

constexpr std::array<std::string_view, 50> kVerbs = {
    "scenario", "catalog", "deck",  "account",  "subscribe", "quantity", "plan",     "pays",
    "identify", "usage",   "feed",  "file",     "retry",     "drop",     "bill",     "undo",
    "send",     "adjust",  "field", "import",   "now",       "explain",  "invoice",  "records",
    "charge",   "share",   "fix",   "note",     "credit",    "debit",    "void",     "compare",
    "rerate",   "topup",   "limit", "alert",    "webhook",   "session",  "event",    "again",
    "burst",    "restart", "fees",  "vouchers", "redeem",    "transfer", "recharge", "delete",
    "buy",      "give"};
constexpr std::array<std::string_view, 31> kExpectationVerbs = {
    "own",         "suspense", "refused",  "check",  "balance",   "documents", "no",
    "finding",     "findings", "estimate", "cost",   "margin",    "statement", "difference",
    "differences", "matched",  "quote",    "money",  "tells",     "granted",   "denied",
    "charged",     "overrun",  "repeated", "passed", "corrected", "suspended", "fee",
    "deleted",     "needed",   "bucket"};
// What may stand under an expected document besides its lines.
constexpr std::array<std::string_view, 7> kDocumentVerbs = {
    "total", "net", "tax", "payable", "detail", "department", "number"};

template <class Words>
bool one_of(const Words& words, std::string_view word) {
    return std::ranges::find(words, word) != words.end();
}

// Words of a line; "…" groups; a # after a blank starts a comment.
std::optional<std::vector<std::string>> split(std::string_view text) {
    std::vector<std::string> words;
    std::size_t at = 0;
    while (at < text.size()) {
        const char c = text[at];
        if (c == ' ' || c == '\t') {
            at += 1;
        } else if (c == '#') {
            break;
        } else if (c == '"') {
            const std::size_t end = text.find('"', at + 1);
            if (end == std::string_view::npos) return std::nullopt;
            words.emplace_back(text.substr(at + 1, end - at - 1));
            at = end + 1;
        } else {
            const std::size_t end = std::min(text.find_first_of(" \t", at), text.size());
            words.emplace_back(text.substr(at, end - at));
            at = end;
        }
    }
    return words;
}

// A line with {1..1000} stands for that many lines; {0001..1000} pads with zeros.
std::string expanded(const std::string& line) {
    const std::size_t open = line.find('{');
    const std::size_t dots = line.find("..", open == std::string::npos ? 0 : open);
    const std::size_t close = line.find('}', open == std::string::npos ? 0 : open);
    if (open == std::string::npos || dots == std::string::npos || close == std::string::npos ||
        dots > close)
        return line + "\n";
    const std::string first = line.substr(open + 1, dots - open - 1);
    const std::string last = line.substr(dots + 2, close - dots - 2);
    int from = 0;
    int to = 0;
    const auto read = [](const std::string& text, int& number) {
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
        return failed == std::errc() && end == text.data() + text.size() && !text.empty();
    };
    if (!read(first, from) || !read(last, to) || to - from > 1'000'000) return line + "\n";
    std::string text;
    for (int i = from; i <= to; ++i) {
        std::string number = std::to_string(i);
        if (first.size() > 1 && first[0] == '0' && number.size() < first.size())
            number.insert(0, first.size() - number.size(), '0');
        // The same count may stand several times in a line.
        std::string one = line;
        const std::string pattern = line.substr(open, close - open + 1);
        for (std::size_t at = one.find(pattern); at != std::string::npos;
             at = one.find(pattern, at + number.size())) {
            one.replace(at, pattern.size(), number);
        }
        text += one + "\n";
    }
    return text;
}

class Parser {
  public:
    Parser(std::string_view path, std::string_view text) : path_(path) {
        while (!text.empty()) {
            const std::size_t end = text.find('\n');
            std::string_view line = text.substr(0, end);
            if (line.ends_with('\r')) line.remove_suffix(1);
            lines_.emplace_back(line);
            text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        }
    }

    Result<std::vector<Scenario>> parse() {
        scenarios_.push_back({});
        while (at_ < lines_.size()) FARTHING_CHECK(line());
        if (scenarios_.size() > 1) {
            // What stands before the first `scenario` is common to all of them.
            const std::vector<Step> common = std::move(scenarios_.front().steps);
            scenarios_.erase(scenarios_.begin());
            for (Scenario& scenario : scenarios_)
                scenario.steps.insert(scenario.steps.begin(), common.begin(), common.end());
        }
        if (scenarios_.front().steps.empty()) return wrong("there is nothing in it", 1);
        for (Scenario& scenario : scenarios_) {
            if (scenario.title.empty()) scenario.title = std::string(path_);
        }
        return std::move(scenarios_);
    }

  private:
    static bool is_document(std::string_view verb) { return verb == "invoice" || verb == "note"; }
    std::unexpected<Error> wrong(std::string message, std::size_t number,
                                 ScenarioReason why = ScenarioReason::scenario_malformed) const {
        return fail(why, std::move(message), std::string(path_) + ":" + std::to_string(number));
    }

    Result<void> line() {
        const std::size_t number = at_ + 1;
        const std::string& raw = lines_[at_++];
        const auto words = split(raw);
        if (!words) return wrong("a quote is not closed: " + printable(raw), number);
        if (words->empty()) {
            const std::size_t text = raw.find_first_not_of("# \t");
            if (scenarios_.back().title.empty() && text != std::string::npos)
                scenarios_.back().title = raw.substr(text);
            return {};
        }
        if (words->front().starts_with("----")) {
            expects_ = true;
            return {};
        }
        Line line{static_cast<std::int64_t>(number), {}, {}, *words, {}, {}, false};
        read_block(line);
        return take(std::move(line), number);
    }

    // A line that ends in ":" owns the indented lines below it.
    void read_block(Line& line) {
        std::string& last = line.words.back();
        if (!last.ends_with(':')) return;
        last.pop_back();
        if (last.empty()) line.words.pop_back();
        line.has_block = true;
        std::size_t indent = std::string::npos;
        std::string blanks;
        for (; at_ < lines_.size(); ++at_) {
            const std::string& raw = lines_[at_];
            const std::size_t text = raw.find_first_not_of(" \t");
            if (text == std::string::npos) {
                blanks += "\n";
                continue;
            }
            if (text == 0) break;
            indent = std::min(indent, text);
            line.block += blanks + expanded(raw.substr(std::min(indent, text)));
            blanks.clear();
        }
    }

    Result<void> take(Line line, std::size_t number) {
        const bool is_period = line.words.front().find("..") != std::string::npos;
        if (!is_period) take_when(line);
        if (line.words.empty()) return wrong("a date alone says nothing", number);
        for (const std::string& word : line.words)
            line.text += (line.text.empty() ? "" : " ") + word;
        Scenario& scenario = scenarios_.back();
        if (expects_ && (is_period || one_of(kDocumentVerbs, line.verb()))) {
            if (scenario.steps.empty() || !scenario.steps.back().expects ||
                !is_document(scenario.steps.back().line.verb())) {
                return wrong(
                    "\"" + printable(line.text) + "\" belongs under an `invoice` or `note` line",
                    number);
            }
            scenario.steps.back().lines.push_back(std::move(line));
            return {};
        }
        const bool only_expected = one_of(kExpectationVerbs, line.verb());
        if (!one_of(kVerbs, line.verb()) && !only_expected) return unknown(line, number);
        if (line.verb() == "scenario") {
            expects_ = false;
            scenarios_.push_back({line.text.substr(std::min<std::size_t>(line.text.size(), 9)),
                                  static_cast<std::int64_t>(number),
                                  {}});
            return {};
        }
        // `----` opens a block of expectations; a statement that is none opens the next block of
        // statements.
        static constexpr std::array<std::string_view, 5> kBoth = {"invoice", "records", "charge",
                                                                  "share", "explain"};
        // With its day a note is made, without one it is expected.
        const bool expected_note = line.verb() == "note" && !line.date;
        const bool expectation = only_expected || one_of(kBoth, line.verb()) || expected_note;
        if (expectation && !expects_)
            return wrong("`" + line.verb() + "` is an expectation: write ---- above it", number);
        if (!expectation) expects_ = false;
        scenario.steps.push_back({expectation, std::move(line), {}});
        return {};
    }

    void take_when(Line& line) {
        line.date = parse_date(line.words.front());
        if (!line.date) return;
        line.words.erase(line.words.begin());
        if (line.words.empty()) return;
        line.time = time_of_day(line.words.front());
        if (line.time) line.words.erase(line.words.begin());
    }

    std::unexpected<Error> unknown(const Line& line, std::size_t number) const {
        std::vector<std::string_view> known(kVerbs.begin(), kVerbs.end());
        known.insert(known.end(), kExpectationVerbs.begin(), kExpectationVerbs.end());
        known.insert(known.end(), kDocumentVerbs.begin(), kDocumentVerbs.end());
        const std::string near = nearest_name(line.verb(), known);
        return wrong("unknown word \"" + printable(line.verb()) + "\"" +
                         (near.empty() ? "" : "; did you mean \"" + near + "\"?"),
                     number, ScenarioReason::scenario_unknown_word);
    }

    std::string_view path_;
    std::vector<std::string> lines_;
    std::size_t at_ = 0;
    bool expects_ = false;
    std::vector<Scenario> scenarios_;
};

}  // namespace

Result<std::vector<Scenario>> parse_scenarios(std::string_view path, std::string_view text) {
    return Parser(path, text).parse();
}

std::optional<std::int64_t> time_of_day(std::string_view text) {
    if (text.size() < 5 || text[2] != ':') return std::nullopt;
    std::string full = "1970-01-01T" + std::string(text);
    if (text.size() == 5) full += ":00";
    const auto instant = parse_rfc3339(full + "Z");
    if (!instant) return std::nullopt;
    return instant->micros;
}

std::optional<std::string> word_after(const Line& line, std::string_view word) {
    for (std::size_t i = 1; i + 1 < line.words.size(); ++i) {
        if (line.words[i] == word) return line.words[i + 1];
    }
    return std::nullopt;
}

}  // namespace farthing::cli
