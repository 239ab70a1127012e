// A small JSON writer: deterministic order, two-space indentation or one line. Money is written as
// strings by callers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace farthing {

class JsonWriter {
  public:
    explicit JsonWriter(bool pretty = true) : pretty_(pretty) {}

    JsonWriter& begin_object();
    JsonWriter& end_object();
    JsonWriter& begin_array();
    JsonWriter& end_array();
    JsonWriter& key(std::string_view name);
    JsonWriter& value(std::string_view text);
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    JsonWriter& value(std::int64_t number);
    JsonWriter& value(std::uint64_t number);
    JsonWriter& value(int number) { return value(std::int64_t{number}); }
    JsonWriter& value(unsigned number) { return value(std::uint64_t{number}); }
    JsonWriter& value(bool flag);
    JsonWriter& null();
    template <class T>
    JsonWriter& field(std::string_view name, const T& content) {
        key(name);
        return value(content);
    }
    const std::string& text() const { return out_; }

  private:
    void separate();
    void newline();
    std::string out_;
    std::vector<bool> has_items_;
    bool after_key_ = false;
    bool pretty_;
};

// `text` with JSON's escapes, without the quotes. Bytes that are not UTF-8 become U+FFFD.
std::string json_escaped(std::string_view text);

}  // namespace farthing
