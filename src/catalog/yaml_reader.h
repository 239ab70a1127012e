// YAML text to a plain tree with places. Stricter than YAML on purpose: a catalog is reviewed by
// people, so what they see is what there is. No anchors or aliases, no tags, no key twice, one
// document per file.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/mistakes.h"

namespace farthing::catalog {

struct Field;

struct Node {
    enum class Kind : unsigned char { null, scalar, list, map };
    Kind kind = Kind::null;
    std::string text;           // of a scalar, exactly as written
    std::vector<Node> items;    // of a list
    std::vector<Field> fields;  // of a map, in the order of the file
    Place place;

    Node() = default;
    Node(Kind node_kind, Place at, std::string scalar = {});
    const Field* field(std::string_view name) const;
};

struct Field {
    std::string name;
    Place place;
    Node value;
};

inline Node::Node(Kind node_kind, Place at, std::string scalar)
    : kind(node_kind), text(std::move(scalar)), place(std::move(at)) {}

inline const Field* Node::field(std::string_view name) const {
    for (const Field& candidate : fields) {
        if (candidate.name == name) return &candidate;
    }
    return nullptr;
}

// The tree of one file; a null node after a mistake. `file` is kept by reference in the places.
Node read_yaml(std::string_view file, const std::string& text, Mistakes& mistakes);

// Tells the first place where `text` isn't UTF-8 or holds a control character; false then.
bool check_text(std::string_view file, std::string_view text, Mistakes& mistakes);

}  // namespace farthing::catalog
