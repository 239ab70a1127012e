// An object in a body, read field by field: the first fault is kept, unknown fields are passed
// over. Private to this room.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nchf/problem.h"

namespace farthing::nchf {

namespace sj = simdjson::dom;

class Node {
  public:
    Node(sj::object object, std::optional<Problem>& problem) : object_(object), problem_(problem) {}

    bool there() const { return object_.has_value(); }
    void wrong(std::string_view name, std::string_view what,
               std::string_view cause = "OPTIONAL_IE_INCORRECT") const {
        if (problem_) return;
        const std::string place = place_ + "/" + std::string(name);
        problem_ = Problem{400, cause, place + " " + std::string(what), place};
    }

    // Empty where it is absent.
    std::string_view text(std::string_view name,
                          std::string_view cause = "OPTIONAL_IE_INCORRECT") const {
        sj::element value;
        std::string_view text;
        if (find(name, value) && value.get_string().get(text)) wrong(name, "is not text", cause);
        return text;
    }
    std::optional<std::uint64_t> whole(std::string_view name, std::uint64_t most) const {
        return whole(name, most, "OPTIONAL_IE_INCORRECT");
    }
    bool flag(std::string_view name) const {
        sj::element value;
        bool flag = false;
        if (find(name, value) && value.get_bool().get(flag))
            wrong(name, "is neither true nor false");
        return flag;
    }
    Node at(std::string_view name) const {
        sj::element value;
        sj::object object;
        if (!find(name, value)) return below(name, std::nullopt);
        if (!value.get_object().get(object)) return below(name, object);
        wrong(name, "is no object");
        return below(name, std::nullopt);
    }
    std::vector<Node> list(std::string_view name) const {
        std::vector<Node> nodes;
        sj::element value;
        sj::array array;
        if (!find(name, value)) return nodes;
        if (value.get_array().get(array)) {
            wrong(name, "is no list");
            return nodes;
        }
        for (const sj::element one : array) {
            const std::string place = std::string(name) + "/" + std::to_string(nodes.size());
            sj::object object;
            if (one.get_object().get(object)) {
                wrong(place, "is no object");
                break;
            }
            nodes.push_back(below(place, object));
        }
        return nodes;
    }

    // What must be there.
    std::uint64_t needed(std::string_view name, std::uint64_t most) const {
        const auto number = whole(name, most, "MANDATORY_IE_INCORRECT");
        if (!number) wrong(name, "is needed", "MANDATORY_IE_MISSING");
        return number.value_or(0);
    }
    std::string_view needed_text(std::string_view name) const {
        const std::string_view found = text(name, "MANDATORY_IE_INCORRECT");
        if (found.empty()) wrong(name, "is needed", "MANDATORY_IE_MISSING");
        return found;
    }
    Node needed_at(std::string_view name) const {
        Node found = at(name);
        if (!found.there()) wrong(name, "is needed", "MANDATORY_IE_MISSING");
        return found;
    }

  private:
    bool find(std::string_view name, sj::element& value) const {
        return object_ && !object_->at_key(name).get(value) && !value.is_null();
    }
    std::optional<std::uint64_t> whole(std::string_view name, std::uint64_t most,
                                       std::string_view cause) const {
        sj::element value;
        std::uint64_t number = 0;
        if (!find(name, value)) return std::nullopt;
        if (!value.get_uint64().get(number) && number <= most) return number;
        wrong(name, "is no whole number that it can be", cause);
        return std::nullopt;
    }
    Node below(std::string_view name, std::optional<sj::object> object) const {
        Node node(sj::object(), problem_);
        node.object_ = object;
        node.place_ = place_ + "/" + std::string(name);
        return node;
    }

    std::optional<sj::object> object_;
    std::string place_;
    std::optional<Problem>& problem_;
};

}  // namespace farthing::nchf
