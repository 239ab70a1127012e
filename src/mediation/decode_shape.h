// What JSON lines of one source have in common: most differ in nothing but their texts and numbers.
// Such a line is read by comparing the rest with one that was taken apart before.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mediation/decode_record.h"

namespace farthing::mediation {

class JsonShape {
  public:
    // Of a well-formed line in which these fields were found, by slot; none where the line does not
    // tell by itself what each is. Values that nobody asked for go to `unwanted`.
    static std::optional<JsonShape> of(std::string_view line,
                                       std::span<const std::string_view> fields, Slot unwanted);

    // Where the line at `at` ends, with its fields set as the parser would; nullptr where that has
    // to be asked: another shape, a text with escapes or beyond ASCII, or the end of the bytes.
    const char* read(const char* at, const char* end, std::string_view* fields) const;

  private:
    // What all lines have before a value, and where the value goes.
    struct Part {
        std::uint32_t begin = 0;  // in alike_
        std::uint32_t size = 0;
        Slot slot = kNoSlot;
        bool quoted = false;
    };
    struct Value;
    static std::vector<Value> values_of(std::string_view line);

    std::string alike_;  // of all parts, and the end; some bytes more are readable
    std::vector<Part> parts_;
    Part last_;
    std::vector<std::pair<Slot, std::string_view>> constants_;  // true, false and null
};

// The shapes met lately in one source.
class JsonShapes {
  public:
    explicit JsonShapes(const FieldMap& map) : slots_(map.slots()), unwanted_(map.unwanted()) {}

    // As JsonShape::read, with the fields that the line lacks cleared.
    const char* read(const char* at, const char* end, std::string_view* fields);
    // A line that none of them could read, taken apart into these fields.
    void learn(std::string_view line, const std::string_view* fields);

  private:
    std::size_t slots_;
    Slot unwanted_;
    std::vector<JsonShape> known_;  // the one met last first
    // Lines without a shape of others are not learned from each time.
    std::uint32_t pause_ = 0;
    std::uint32_t next_pause_ = 1;
};

}  // namespace farthing::mediation
