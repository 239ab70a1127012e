// The words of the plan language, once: the reader checks keys against these tables, the JSON
// Schema is made from them.
#pragma once

#include <span>
#include <string_view>

namespace farthing::catalog {

enum class Shape : unsigned char {
    text,          // any text
    name,          // text that names something
    date,          // 2026-01-01
    decimal,       // 0.05, read exactly
    flag,          // true, false
    choice,        // one of the words in `detail`, separated by '|'
    unit_price,    // 0.05 per MB
    quantity,      // 50 MB
    networks,      // a list of network codes
    limits,        // networks, and a quantity for each meter by its name
    texts,         // a list of texts
    object,        // a map described by the table named in `detail`
    objects,       // a list of such maps
    named_objects  // name: such a map
};

struct Key {
    std::string_view name;
    Shape shape = Shape::text;
    std::string_view detail;  // words of a choice, or the name of a table
    std::string_view about;   // one sentence for the editor
    bool required = false;
    // Not empty: the language knows the key, this release refuses it. What to do instead.
    std::string_view not_yet = {};
};

struct Table {
    std::string_view name;  // "charge"
    std::string_view what;  // "a charge", in messages
    std::span<const Key> keys;
};

// REQUIRES: such a table exists.
const Table& table(std::string_view name);
std::span<const Table> tables();

}  // namespace farthing::catalog
