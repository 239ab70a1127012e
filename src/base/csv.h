// Separated text as spreadsheets write it: RFC 4180 quotes (newlines inside them included), CRLF or
// LF, a byte order mark, and comma, semicolon, tab or bar between fields. For imports and decks;
// usage files have their own fast decoder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace farthing {

struct CsvField {
    std::string text;         // without its quotes; unquoted text is trimmed of blanks
    std::int64_t line = 0;    // where it starts, 1-based
    std::int64_t column = 0;  // in characters, 1-based
};

struct CsvRow {
    std::int64_t line = 0;
    std::vector<CsvField> fields;
    std::string problem;  // why the row can't be read, empty when it can; its last field is where
};

// The separator that a header line uses most outside quotes; a comma when it uses none.
char detect_delimiter(std::string_view header_line);

// One field to write, quoted where it must be; reads back as it is.
std::string csv_field(std::string_view content);
// The same for people's words. A spreadsheet would run a field that starts like a formula, so an
// apostrophe goes before it, which spreadsheets read as "this is text"; negative numbers stay.
std::string csv_text(std::string_view content);

class CsvReader {
  public:
    // `delimiter` 0: detected from the first line. REQUIRES: `text` outlives the reader.
    explicit CsvReader(std::string_view text, char delimiter = 0);
    // The next row that is not blank; false at the end. After a row with a problem the reader goes
    // on with the next line, so that one stray quote does not swallow the rest of the file.
    bool next(CsvRow& row);
    char delimiter() const { return delimiter_; }

  private:
    void read_row(CsvRow& row);
    void read_field(CsvRow& row, CsvField& field);
    bool read_quoted(CsvField& field);
    void skip_line();
    void take();
    bool at_line_end() const;
    bool done() const { return at_ >= text_.size(); }
    bool skip_newline();

    std::string_view text_;
    std::size_t at_ = 0;
    std::int64_t line_ = 1;
    std::int64_t column_ = 1;
    char delimiter_;
};

}  // namespace farthing
