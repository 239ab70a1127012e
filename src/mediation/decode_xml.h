// XML: each record is one element. The elements are found by their tags, so that one that is broken
// does not harm the next; each is then parsed on its own by expat.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mediation/decode_record.h"

namespace farthing::mediation {

class XmlReader {
  public:
    // `header` given: the bytes are one record alone, without the elements around it (out of
    // suspense).
    XmlReader(const Feed& feed, const FieldMap& map, std::string_view bytes,
              std::string_view header, Arena& arena);
    XmlReader(XmlReader&&) noexcept;
    XmlReader& operator=(XmlReader&&) = delete;
    ~XmlReader();

    bool next(RecordView& record, std::string_view* fields);
    bool skip();

    // After the last record. The outermost element's name, empty where there is none.
    std::string_view outermost() const { return outermost_; }
    bool complete() const { return closed_; }  // the outermost element was closed
    // What the declaration says, empty where it says nothing.
    std::string_view encoding() const { return encoding_; }

  private:
    struct Tag {
        enum class Kind : std::uint8_t { start, empty, end, other, broken } kind = Kind::other;
        bool closing = false;  // </name, perhaps broken
        std::string_view name;
        const char* begin = nullptr;  // of the mark "<"
    };
    bool next_tag(Tag& tag);
    bool pass_markup();
    void pass_document_type();
    void read_tag(Tag& tag);
    bool find_record(std::string_view& raw, bool& whole);
    bool take_record(const Tag& opening, std::string_view& raw);
    void count_lines(const char* at);

    struct Parser;
    std::unique_ptr<Parser> parser_;
    std::size_t slots_;
    std::vector<std::string> path_;  // of a record, from the outermost element
    std::string_view outermost_;
    std::string_view encoding_;
    bool closed_ = false;
    std::size_t depth_ = 0;    // of open elements outside a record
    std::size_t matched_ = 0;  // of these, how many lead to a record
    const char* cursor_;
    const char* end_;
    std::array<bool, 3> never_closed_{};  // comments and the like that go on to the end
    const char* counted_;                 // lines are counted up to here
    std::int64_t line_ = 1;
};

}  // namespace farthing::mediation
