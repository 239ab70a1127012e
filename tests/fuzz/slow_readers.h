// The delimited and the JSON reader once more, byte by byte and as docs/reference/feeds.md has it,
// for comparison with the fast ones. Nothing here comes from src/mediation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace farthing::fuzz {

struct SlowRecord {
    std::int64_t line = 0;
    std::string raw;
    enum class State : std::uint8_t {
        read,
        missing_field,
        unparseable,
        malformed
    } state = State::read;
    std::vector<std::string> fields;           // delimited: by column
    std::map<std::string, std::string> paths;  // JSON: by path
};

inline std::string without_byte_order_mark(std::string_view bytes) {
    if (bytes.size() >= 3 && bytes.substr(0, 3) == "\xef\xbb\xbf") bytes.remove_prefix(3);
    return std::string(bytes);
}

// One record of the text that starts at `at`; nothing when a quote is wrong. `at` moves behind it.
inline std::optional<std::vector<std::string>> slow_fields(const std::string& text, std::size_t& at,
                                                           char delimiter, char quote) {
    std::vector<std::string> fields;
    while (true) {
        std::string field;
        if (at < text.size() && text[at] == quote) {
            at += 1;
            while (true) {
                if (at >= text.size()) return std::nullopt;
                if (text[at] != quote) {
                    field += text[at++];
                } else if (at + 1 < text.size() && text[at + 1] == quote) {
                    field += quote;
                    at += 2;
                } else {
                    break;
                }
            }
            at += 1;
            if (at < text.size() && text[at] == '\r' &&
                (at + 1 == text.size() || text[at + 1] == '\n'))
                at += 1;
            const bool ended = at == text.size() || text[at] == '\n' || text[at] == delimiter;
            if (!ended) return std::nullopt;
        } else {
            while (at < text.size() && text[at] != delimiter && text[at] != '\n')
                field += text[at++];
            const bool last = at == text.size() || text[at] == '\n';
            if (last && !field.empty() && field.back() == '\r') field.pop_back();
        }
        fields.push_back(field);
        if (at == text.size()) return fields;
        if (text[at++] == '\n') return fields;
    }
}

inline std::string line_at(const std::string& text, std::size_t at) {
    std::string line = text.substr(at, text.find('\n', at) - at);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    return line;
}
inline std::size_t next_line(const std::string& text, std::size_t at) {
    const std::size_t newline = text.find('\n', at);
    return newline == std::string::npos ? text.size() : newline + 1;
}

inline std::vector<SlowRecord> slow_delimited(std::string_view bytes, char delimiter, char quote,
                                              char comment, std::size_t columns) {
    const std::string text = without_byte_order_mark(bytes);
    std::vector<SlowRecord> records;
    std::size_t at = 0;
    std::int64_t line = 1;
    while (at < text.size()) {
        const std::string first = line_at(text, at);
        if (first.empty() || text[at] == comment) {
            at = next_line(text, at);
            line += 1;
            continue;
        }
        SlowRecord record;
        record.line = line;
        std::size_t end = at;
        const auto fields = slow_fields(text, end, delimiter, quote);
        if (!fields || fields->size() != columns) {
            record.state = fields && fields->size() < columns ? SlowRecord::State::missing_field
                                                              : SlowRecord::State::unparseable;
            record.raw = first;
            at = next_line(text, at);
            line += 1;
        } else {
            record.fields = *fields;
            record.raw = text.substr(at, end - at);
            for (const char c : record.raw) line += c == '\n' ? 1 : 0;
            if (record.raw.empty() || record.raw.back() != '\n') line += 1;
            if (!record.raw.empty() && record.raw.back() == '\n') record.raw.pop_back();
            if (!record.raw.empty() && record.raw.back() == '\r') record.raw.pop_back();
            at = end;
        }
        records.push_back(record);
    }
    return records;
}

// A strict JSON reader (RFC 8259) of one line, which keeps the mapped leaves.
class SlowJson {
  public:
    SlowJson(std::string_view text, const std::vector<std::string>& paths)
        : text_(text), paths_(paths) {}

    SlowRecord::State read(std::map<std::string, std::string>& found) {
        found_ = &found;
        blanks();
        if (at_ >= text_.size() || text_[at_] != '{') return SlowRecord::State::malformed;
        if (!value("", 0)) return SlowRecord::State::malformed;
        blanks();
        if (at_ != text_.size()) return SlowRecord::State::malformed;
        return refused_ ? SlowRecord::State::unparseable : SlowRecord::State::read;
    }

  private:
    static constexpr int kDepthMax = 200;
    bool is_path(const std::string& path) const {
        for (const std::string& known : paths_) {
            if (known == path) return true;
        }
        return false;
    }
    bool leads_to_path(const std::string& path) const {
        for (const std::string& known : paths_) {
            if (known.size() > path.size() && known.compare(0, path.size(), path) == 0 &&
                known[path.size()] == '.')
                return true;
        }
        return false;
    }
    void blanks() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' ||
                                      text_[at_] == '\r' || text_[at_] == '\n'))
            at_ += 1;
    }
    bool word(std::string_view expected) {
        if (text_.substr(at_, expected.size()) != expected) return false;
        at_ += expected.size();
        return true;
    }
    void keep(const std::string& path, const std::string& text) {
        if (leads_to_path(path) && !is_path(path)) refused_ = true;
        if (!is_path(path)) return;
        if (!found_->emplace(path, text).second) refused_ = true;
    }

    bool value(const std::string& path, int depth) {
        blanks();
        if (depth > kDepthMax || at_ >= text_.size()) return false;
        const char c = text_[at_];
        if (c == '{' || c == '[') {
            if (!path.empty() && is_path(path)) refused_ = true;
            return c == '{' ? object(path, depth) : list(path, depth);
        }
        std::string text;
        if (c == '"') {
            if (!string(text)) return false;
        } else if (c == 't') {
            if (!word("true")) return false;
            text = "true";
        } else if (c == 'f') {
            if (!word("false")) return false;
            text = "false";
        } else if (c == 'n') {
            if (!word("null")) return false;
            if (leads_to_path(path) && !is_path(path)) return true;
        } else if (!number(text)) {
            return false;
        }
        keep(path, text);
        return true;
    }
    bool object(const std::string& path, int depth) {
        at_ += 1;
        blanks();
        if (word("}")) return true;
        while (true) {
            blanks();
            std::string key;
            if (at_ >= text_.size() || text_[at_] != '"' || !string(key)) return false;
            blanks();
            if (!word(":")) return false;
            // A dot inside of a key is no step of a path.
            const bool steps = key.find('.') == std::string::npos && path != kNowhere;
            if (!value(!steps ? kNowhere : path.empty() ? key : path + "." + key, depth + 1))
                return false;
            blanks();
            if (word("}")) return true;
            if (!word(",")) return false;
        }
    }
    bool list(const std::string& path, int depth) {
        at_ += 1;
        blanks();
        if (word("]")) return true;
        for (std::size_t place = 0;; ++place) {
            const bool steps = path != kNowhere;
            if (!value(steps ? path + "." + std::to_string(place) : kNowhere, depth + 1))
                return false;
            blanks();
            if (word("]")) return true;
            if (!word(",")) return false;
        }
    }
    bool digits() {
        const std::size_t begin = at_;
        while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') at_ += 1;
        return at_ > begin;
    }
    bool number(std::string& text) {
        const std::size_t begin = at_;
        if (at_ < text_.size() && text_[at_] == '-') at_ += 1;
        if (at_ < text_.size() && text_[at_] == '0') {
            at_ += 1;
        } else if (!digits()) {
            return false;
        }
        if (at_ < text_.size() && text_[at_] == '.') {
            at_ += 1;
            if (!digits()) return false;
        }
        if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
            at_ += 1;
            if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) at_ += 1;
            if (!digits()) return false;
        }
        text = std::string(text_.substr(begin, at_ - begin));
        return true;
    }
    bool hexadecimal(std::uint32_t& code) {
        if (text_.size() - at_ < 4) return false;
        code = 0;
        for (int i = 0; i < 4; ++i) {
            const char c = text_[at_++];
            const int digit = c >= '0' && c <= '9'   ? c - '0'
                              : c >= 'a' && c <= 'f' ? c - 'a' + 10
                              : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                     : -1;
            if (digit < 0) return false;
            code = code * 16 + static_cast<std::uint32_t>(digit);
        }
        return true;
    }
    static void append_utf8(std::string& text, std::uint32_t code) {
        const auto byte = [&](std::uint32_t value) { text += static_cast<char>(value); };
        if (code < 0x80) return byte(code);
        if (code < 0x800) return byte(0xc0 | code >> 6), byte(0x80 | (code & 0x3f));
        if (code < 0x10000)
            return byte(0xe0 | code >> 12), byte(0x80 | (code >> 6 & 0x3f)),
                   byte(0x80 | (code & 0x3f));
        byte(0xf0 | code >> 18), byte(0x80 | (code >> 12 & 0x3f));
        byte(0x80 | (code >> 6 & 0x3f)), byte(0x80 | (code & 0x3f));
    }
    bool escape(std::string& text) {
        if (at_ >= text_.size()) return false;
        constexpr std::string_view kFrom = "\"\\/bfnrt";
        constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
        const char c = text_[at_++];
        if (const std::size_t known = kFrom.find(c); known != std::string_view::npos) {
            text += kTo[known];
            return true;
        }
        std::uint32_t code = 0;
        if (c != 'u' || !hexadecimal(code)) return false;
        if (code >= 0xdc00 && code < 0xe000) return false;
        if (code >= 0xd800 && code < 0xdc00) {
            std::uint32_t low = 0;
            if (!word("\\u") || !hexadecimal(low) || low < 0xdc00 || low >= 0xe000) return false;
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        append_utf8(text, code);
        return true;
    }
    bool string(std::string& text) {
        for (at_ += 1; at_ < text_.size();) {
            const char c = text_[at_++];
            if (c == '"') return true;
            if (static_cast<unsigned char>(c) < 0x20) return false;
            if (c != '\\') {
                text += c;
            } else if (!escape(text)) {
                return false;
            }
        }
        return false;
    }

    inline static const std::string kNowhere = "\n";
    std::string_view text_;
    const std::vector<std::string>& paths_;
    std::size_t at_ = 0;
    bool refused_ = false;
    std::map<std::string, std::string>* found_ = nullptr;
};

inline std::vector<SlowRecord> slow_json_lines(std::string_view bytes,
                                               const std::vector<std::string>& paths) {
    const std::string text = without_byte_order_mark(bytes);
    std::vector<SlowRecord> records;
    std::int64_t line = 1;
    for (std::size_t at = 0; at < text.size(); at = next_line(text, at), line += 1) {
        std::string raw = line_at(text, at);
        raw.erase(0, std::min(raw.find_first_not_of(" \t\r"), raw.size()));
        if (raw.empty()) continue;
        SlowRecord record;
        record.line = line;
        record.raw = raw;
        record.state = SlowJson(raw, paths).read(record.paths);
        records.push_back(record);
    }
    return records;
}

}  // namespace farthing::fuzz
