// Lines of words, texts in hexadecimal, and the hash of all lines before it as the last one. A
// later release reads each version for ever; before version 2 windows had no greatest part.
#include "engine/edge_state.h"

#include <fmt/format.h>

#include <charconv>
#include <deque>

#include "base/hash.h"
#include "engine/reasons.h"

namespace farthing::engine {

namespace {

constexpr std::string_view kMagic = "farthing-edge-state 2";
constexpr std::string_view kMagicBefore = "farthing-edge-state 1";

std::string hex_text(std::string_view text) {
    std::string hex = "x";
    for (const char c : text) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return hex;
}

class Words {
  public:
    explicit Words(std::string_view line) : line_(line) {}
    std::string_view next() {
        const std::size_t end = line_.find(' ');
        const std::string_view word = line_.substr(0, end);
        line_ = end == std::string_view::npos ? std::string_view() : line_.substr(end + 1);
        return word;
    }
    template <class Number>
    void number(Number& value, int base = 10) {
        const std::string_view word = next();
        const auto [end, error] =
            std::from_chars(word.data(), word.data() + word.size(), value, base);
        good_ = good_ && error == std::errc{} && end == word.data() + word.size();
    }
    std::string text() {
        const std::string_view word = next();
        good_ = good_ && word.starts_with('x') && word.size() % 2 == 1;
        std::string text;
        for (std::size_t at = 1; good_ && at + 1 < word.size(); at += 2) {
            unsigned value = 0;
            const auto [end, error] =
                std::from_chars(word.data() + at, word.data() + at + 2, value, 16);
            good_ = error == std::errc{} && end == word.data() + at + 2;
            text += static_cast<char>(value);
        }
        return text;
    }
    bool good() const { return good_ && line_.empty(); }
    bool more() const { return !line_.empty(); }

  private:
    std::string_view line_;
    bool good_ = true;
};

bool read_window(Words& words, EdgeState& state) {
    mediation::Window window;
    words.number(window.owner.value);
    words.number(window.meter.value);
    words.number(window.network.value);
    for (Instant* at : {&window.start, &window.first, &window.last, &window.end})
        words.number(at->micros);
    for (std::int64_t* value :
         {&window.line, &window.reading[0], &window.reading[1], &window.parts, &window.sum})
        words.number(*value);
    words.number(window.digest, 16);
    state.texts.push_back(words.text());
    state.texts.push_back(words.text());
    if (words.more()) words.number(window.growth);
    state.windows.push_back(window);
    return words.good() && window.owner && window.owner.value <= state.identities.size();
}

bool read_line(std::string_view name, Words& words, EdgeState& state) {
    if (name == "edge") {
        state.name = words.text();
        state.policy = words.text();
    } else if (name == "counts") {
        mediation::EdgeTotals& totals = state.totals;
        for (std::int64_t* value :
             {&state.commits, &state.files_sent, &totals.records, &totals.received,
              &totals.aggregated, &totals.held, &totals.duplicate, &totals.suspended,
              &totals.filtered, &state.newest.micros})
            words.number(*value);
    } else if (name == "sending") {
        state.on_its_way = words.text();
    } else if (name == "source") {
        EdgeState::Source source;
        source.hash = words.text();
        words.number(source.position);
        words.number(source.taken.micros);
        state.sources.push_back(std::move(source));
    } else if (name == "keys") {
        EdgeState::Segment segment;
        words.number(segment.commit);
        words.number(segment.first_day.days);
        words.number(segment.last_day.days);
        state.segments.push_back(segment);
    } else if (name == "identity") {
        unsigned kind = 0;
        words.number(kind);
        if (kind >= kIdentityKindNames.size()) return false;
        std::string text = words.text();
        state.identities.emplace_back(static_cast<IdentityKind>(kind), std::move(text));
    } else if (name == "window") {
        return read_window(words, state);
    } else {
        return false;
    }
    return words.good();
}

}  // namespace

std::string EdgeState::encode() const {
    std::string out = fmt::format("{}\nedge {} {}\n", kMagic, hex_text(name), hex_text(policy));
    out += fmt::format("counts {} {} {} {} {} {} {} {} {} {}\n", commits, files_sent,
                       totals.records, totals.received, totals.aggregated, totals.held,
                       totals.duplicate, totals.suspended, totals.filtered, newest.micros);
    if (!on_its_way.empty()) out += fmt::format("sending {}\n", hex_text(on_its_way));
    for (const Source& source : sources)
        out += fmt::format("source {} {} {}\n", hex_text(source.hash), source.position,
                           source.taken.micros);
    for (const Segment& segment : segments)
        out += fmt::format("keys {} {} {}\n", segment.commit, segment.first_day.days,
                           segment.last_day.days);
    for (const auto& [kind, text] : identities)
        out += fmt::format("identity {} {}\n", static_cast<unsigned>(kind), hex_text(text));
    for (const mediation::Window& window : windows)
        out += fmt::format("window {} {} {} {} {} {} {} {} {} {} {} {} {:x} {} {} {}\n",
                           window.owner.value, window.meter.value, window.network.value,
                           window.start.micros, window.first.micros, window.last.micros,
                           window.end.micros, window.line, window.reading[0], window.reading[1],
                           window.parts, window.sum, window.digest, hex_text(window.called),
                           hex_text(window.calling), window.growth);
    return out + "end " + sha256_hex(out) + "\n";
}

Result<EdgeState> EdgeState::decode(std::string_view bytes, const std::string& place) {
    EdgeState state;
    const std::size_t last = bytes.rfind("end ");
    const std::string_view first_line = bytes.substr(0, bytes.find('\n'));
    bool good = last != std::string_view::npos &&
                (first_line == kMagic || first_line == kMagicBefore) &&
                bytes.substr(last) == "end " + sha256_hex(bytes.substr(0, last)) + "\n";
    std::string_view rest = good ? bytes.substr(0, last) : std::string_view();
    for (bool first = true; good && !rest.empty(); first = false) {
        const std::size_t end = rest.find('\n');
        Words words(rest.substr(0, end));
        rest = rest.substr(end + 1);
        const std::string_view name = words.next();
        if (!first) good = read_line(name, words, state);
    }
    if (!good || !state.totals.closes())
        return fail(EngineReason::edge_state_damaged, "what the edge remembers is not whole",
                    place);
    for (std::size_t i = 0; i < state.windows.size(); ++i) {
        state.windows[i].called = state.texts[2 * i];
        state.windows[i].calling = state.texts[2 * i + 1];
    }
    return state;
}

}  // namespace farthing::engine
