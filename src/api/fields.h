// Fields of JSON bodies. Private to this room.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

#include "api/problem.h"
#include "base/error.h"

namespace farthing::api {

namespace sj = simdjson::dom;

inline std::unexpected<Error> malformed(std::string what) {
    return fail(ApiReason::body_malformed, std::move(what));
}

// Fields of one object; each is read by its name, and unknown ones are passed over (EC46).
class Fields {
  public:
    Fields(sj::object object, std::string place) : object_(object), place_(std::move(place)) {}

    bool has(std::string_view name) const {
        sj::element value;
        return !object_.at_key(name).get(value) && !value.is_null();
    }
    Result<std::string> text(std::string_view name) const {
        sj::element value;
        if (object_.at_key(name).get(value) || value.is_null()) return std::string();
        std::string_view text;
        if (value.get_string().get(text)) return wrong(name, "is not text");
        return std::string(text);
    }
    // Whole numbers, or text with a unit.
    Result<std::string> quantity(std::string_view name) const {
        sj::element value;
        if (object_.at_key(name).get(value) || value.is_null()) return std::string();
        std::int64_t number = 0;
        if (!value.get_int64().get(number)) return std::to_string(number);
        std::string_view text;
        if (value.get_string().get(text) || text.empty())
            return wrong(name, "is no quantity: a whole number, or text such as \"10 MB\"");
        return std::string(text);
    }
    Result<std::uint32_t> number(std::string_view name, std::uint32_t otherwise) const {
        sj::element value;
        if (object_.at_key(name).get(value) || value.is_null()) return otherwise;
        std::uint64_t number = 0;
        if (value.get_uint64().get(number) || number > UINT32_MAX)
            return wrong(name, "is no whole number of 32 bits");
        return static_cast<std::uint32_t>(number);
    }
    Result<bool> flag(std::string_view name) const {
        sj::element value;
        if (object_.at_key(name).get(value) || value.is_null()) return false;
        bool flag = false;
        if (value.get_bool().get(flag)) return wrong(name, "is neither true nor false");
        return flag;
    }
    // The objects of a list; empty where it is absent.
    Result<std::vector<Fields>> list(std::string_view name) const {
        std::vector<Fields> found;
        sj::element value;
        if (object_.at_key(name).get(value) || value.is_null()) return found;
        sj::array array;
        if (value.get_array().get(array)) return wrong(name, "is no list");
        for (const sj::element one : array) {
            const std::string place =
                place_ + std::string(name) + "/" + std::to_string(found.size()) + "/";
            sj::object object;
            if (one.get_object().get(object)) return malformed("/" + place + " is no object");
            found.emplace_back(object, place);
        }
        return found;
    }
    // Texts of a list, separated by blanks.
    Result<std::string> words(std::string_view name) const {
        sj::element value;
        if (object_.at_key(name).get(value) || value.is_null()) return std::string();
        sj::array array;
        if (value.get_array().get(array)) return wrong(name, "is no list");
        std::string words;
        for (const sj::element one : array) {
            std::string_view word;
            if (one.get_string().get(word)) return wrong(name, "holds what is not text");
            words += (words.empty() ? "" : " ") + std::string(word);
        }
        return words;
    }
    std::unexpected<Error> wrong(std::string_view name, std::string_view what) const {
        return malformed("/" + place_ + std::string(name) + " " + std::string(what));
    }

  private:
    sj::object object_;
    std::string place_;
};

// The parser of this thread, whose buffers are used again.
inline Result<Fields> fields_of(std::string_view body) {
    thread_local sj::parser parser;
    sj::element root;
    if (const auto error = parser.parse(body.data(), body.size()).get(root))
        return malformed(std::string("no JSON: ") + simdjson::error_message(error));
    sj::object object;
    if (root.get_object().get(object)) return malformed("the body is no object");
    return Fields(object, "");
}

}  // namespace farthing::api
