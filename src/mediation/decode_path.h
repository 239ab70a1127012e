// The mapped paths of a format whose records are trees: "data.energy" is the child "energy" of the
// child "data".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mediation/decode_record.h"

namespace farthing::mediation {

struct PathNode {
    std::string key;
    Slot slot = kNoSlot;
    std::vector<PathNode> children;

    PathNode& child(std::string_view name) {
        for (PathNode& node : children) {
            if (node.key == name) return node;
        }
        return children.emplace_back(PathNode{std::string(name), kNoSlot, {}});
    }
    const PathNode* find(std::string_view name) const {
        for (const PathNode& node : children) {
            if (node.key == name) return &node;
        }
        return nullptr;
    }
    void add(std::string_view path, char separator, Slot of_path) {
        PathNode* node = this;
        while (true) {
            const std::size_t end = path.find(separator);
            node = &node->child(path.substr(0, end));
            if (end == std::string_view::npos) break;
            path.remove_prefix(end + 1);
        }
        node->slot = of_path;
    }
};

}  // namespace farthing::mediation
