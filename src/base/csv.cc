#include "base/csv.h"

#include <array>

namespace farthing {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

void trim_end(std::string& text) {
    while (!text.empty() && is_blank(text.back())) text.pop_back();
}

}  // namespace

char detect_delimiter(std::string_view header_line) {
    constexpr std::string_view kKnown = ",;\t|";
    std::array<int, kKnown.size()> seen{};
    bool quoted = false;
    for (const char c : header_line) {
        if (c == '"') quoted = !quoted;
        if (c == '\n' && !quoted) break;
        const std::size_t which = kKnown.find(c);
        if (!quoted && which != std::string_view::npos) seen[which] += 1;
    }
    std::size_t best = 0;
    for (std::size_t i = 1; i < seen.size(); ++i) {
        if (seen[i] > seen[best]) best = i;
    }
    return kKnown[best];
}

std::string csv_field(std::string_view content) {
    const bool plain = content.find_first_of(",\"\r\n\t") == std::string_view::npos &&
                       !content.starts_with(' ') && !content.ends_with(' ');
    if (plain) return std::string(content);
    std::string quoted = "\"";
    for (const char c : content) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

std::string csv_text(std::string_view content) {
    constexpr std::string_view kFormulaStarts = "=+-@\t\r";
    const bool number = content.size() > 1 && content.front() == '-' &&
                        content.find_first_not_of("0123456789.", 1) == std::string_view::npos;
    const bool formula = !content.empty() && !number && kFormulaStarts.contains(content.front());
    return csv_field(formula ? "'" + std::string(content) : content);
}

CsvReader::CsvReader(std::string_view text, char delimiter) : text_(text), delimiter_(delimiter) {
    if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
    if (delimiter_ == 0) {
        const std::size_t first = text_.find_first_not_of("\r\n");
        delimiter_ = detect_delimiter(first == std::string_view::npos ? "" : text_.substr(first));
    }
}

bool CsvReader::next(CsvRow& row) {
    while (!done()) {
        read_row(row);
        const bool blank =
            row.fields.size() == 1 && row.fields[0].text.empty() && row.problem.empty();
        if (!blank) return true;
    }
    return false;
}

void CsvReader::read_row(CsvRow& row) {
    row.line = line_;
    row.problem.clear();
    std::size_t count = 0;
    while (true) {
        if (row.fields.size() == count) row.fields.emplace_back();
        read_field(row, row.fields[count]);
        count += 1;
        if (!row.problem.empty()) {
            skip_line();
            break;
        }
        if (done() || skip_newline()) break;
        take();  // the delimiter
    }
    row.fields.resize(count);
}

void CsvReader::read_field(CsvRow& row, CsvField& field) {
    field.text.clear();
    while (!at_line_end() && is_blank(text_[at_]) && text_[at_] != delimiter_) take();
    field.line = line_;
    field.column = column_;
    if (!done() && text_[at_] == '"') {
        if (!read_quoted(field)) {
            row.problem = "a quoted field has no closing quote";
            return;
        }
        while (!at_line_end() && is_blank(text_[at_]) && text_[at_] != delimiter_) take();
        if (!at_line_end() && text_[at_] != delimiter_)
            row.problem = "text follows a closing quote";
        return;
    }
    while (!at_line_end() && text_[at_] != delimiter_) {
        field.text += text_[at_];
        take();
    }
    trim_end(field.text);
}

// Reads from the opening quote to behind the closing one. Where there is none, stays on the line of
// the opening quote.
bool CsvReader::read_quoted(CsvField& field) {
    const std::size_t start = at_;
    take();
    while (!done()) {
        const char c = text_[at_];
        take();
        if (c != '"') {
            field.text += c;
        } else if (!done() && text_[at_] == '"') {
            field.text += '"';
            take();
        } else {
            return true;
        }
    }
    at_ = start;
    line_ = field.line;
    column_ = field.column;
    const std::size_t end = text_.find('\n', start);
    field.text = text_.substr(start, end == std::string_view::npos ? end : end - start);
    return false;
}

void CsvReader::skip_line() {
    while (!at_line_end()) take();
    skip_newline();
}

void CsvReader::take() {
    const auto byte = static_cast<unsigned char>(text_[at_]);
    at_ += 1;
    if (byte == '\n') {
        line_ += 1;
        column_ = 1;
    } else if ((byte & 0xC0U) != 0x80U) {
        column_ += 1;  // a continuation byte is no character of its own
    }
}

bool CsvReader::at_line_end() const {
    return done() || text_[at_] == '\n' || text_.substr(at_).starts_with("\r\n");
}

bool CsvReader::skip_newline() {
    if (done()) return false;
    if (text_[at_] == '\r' && text_.substr(at_).starts_with("\r\n")) take();
    if (text_[at_] != '\n') return false;
    take();
    return true;
}

}  // namespace farthing
