// Checked access to a map of the catalog: every key is known, refused by name, or an unknown word
// with a suggestion.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "catalog/mistakes.h"
#include "catalog/vocabulary.h"
#include "catalog/yaml_reader.h"

namespace farthing::catalog {

class Fields {
  public:
    // Tells unknown, refused, empty and missing keys. `node` outlives this.
    Fields(const Node& node, const Table& table, Mistakes& mistakes);

    // The value of a key of the table; nullptr where it isn't there or was refused.
    const Node* find(std::string_view key) const;
    bool has(std::string_view key) const { return find(key) != nullptr; }
    // One line of text; empty where the key isn't there.
    std::string text(std::string_view key) const;
    // The same, of several lines.
    std::string long_text(std::string_view key) const;
    // The index of the word among the choices of the table; `fallback` where it isn't there.
    std::size_t choice(std::string_view key, std::size_t fallback = 0) const;
    // The items of a list; none where the key isn't there.
    const std::vector<Node>& list(std::string_view key) const;
    const Place& place() const { return node_.place; }
    Place place_of(std::string_view key) const;
    Mistakes& mistakes() const { return mistakes_; }

  private:
    const Key& known(std::string_view key) const;
    const Node& node_;
    const Table& table_;
    Mistakes& mistakes_;
};

// "`0.05`": a value in a message, cut and made printable.
std::string shown(std::string_view text);
// The text of a scalar without control characters; nullopt with a mistake for anything else.
std::optional<std::string> one_line(const Node& node, std::string_view what, Mistakes& mistakes);
// A name: one line, not empty, at most 80 bytes, without "/" (ids are made of "plan/charge").
std::optional<std::string> read_name(const Node& node, std::string_view what, Mistakes& mistakes);
bool check_name(std::string_view name, std::string_view what, const Place& place,
                Mistakes& mistakes);
// "Did you mean `data`?" or nothing.
template <class Range>
std::string suggestion(std::string_view typed, const Range& known);

}  // namespace farthing::catalog

#include "base/utf8.h"

namespace farthing::catalog {

template <class Range>
std::string suggestion(std::string_view typed, const Range& known) {
    const std::string near = nearest_name(typed, known);
    return near.empty() ? std::string() : "Did you mean " + shown(near) + "?";
}

}  // namespace farthing::catalog
