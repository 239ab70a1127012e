// What a failed operation says: a stable code (an enumerator's name), a sentence, the place, the
// mend.
#pragma once

#include <expected>
#include <string>
#include <utility>
#include <vector>

namespace farthing {

struct Error {
    std::string code;     // enumerator name = wire name = heading in docs/reference/errors.md
    std::string message;  // one sentence, with the offending text
    std::string place;    // file:line:column where known, else empty
    std::string mend;     // what the reader can do about it, else empty

    // "place: message (code). mend"
    std::string to_string() const;
    bool operator==(const Error&) const = default;
};

using Errors = std::vector<Error>;

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Error error) {
    return std::unexpected(std::move(error));
}

}  // namespace farthing

// TRY(auto x, expression): assigns the value or returns the error from the enclosing function.
#define FARTHING_CONCAT_(a, b) a##b
#define FARTHING_CONCAT(a, b) FARTHING_CONCAT_(a, b)
#define FARTHING_TRY_(temporary, target, expression)                      \
    auto temporary = (expression);                                        \
    if (!temporary) return std::unexpected(std::move(temporary).error()); \
    target = *std::move(temporary)
#define FARTHING_TRY(target, expression) \
    FARTHING_TRY_(FARTHING_CONCAT(farthing_try_, __LINE__), target, expression)
#define FARTHING_CHECK(expression)                                      \
    do {                                                                \
        if (auto farthing_check_ = (expression); !farthing_check_) {    \
            return std::unexpected(std::move(farthing_check_).error()); \
        }                                                               \
    } while (false)
