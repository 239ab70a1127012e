// Reasons: one enum per operation whose enumerator name is the wire name and the heading in the
// manual.
//
//   #define FARTHING_REJECT_REASONS(X) X(trailer_count, "the trailer names another count", "ask the
//   carrier ...") FARTHING_REASON_ENUM(RejectReason, FARTHING_REJECT_REASONS)
//
// gives `enum class RejectReason`, `name_of`, `sentence_of`, `mend_of`,
// `reasons_of<RejectReason>()` and, in text order, the table from which docs/reference/errors.md is
// generated. Order is precedence: the first that holds is told.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace farthing {

struct ReasonText {
    std::string_view name;      // enumerator name
    std::string_view sentence;  // what is wrong, lower case, no full stop
    std::string_view mend;      // what to do
};

template <class Enum>
struct ReasonTable;

template <class Enum>
std::span<const ReasonText> reasons_of() {
    return ReasonTable<Enum>::rows;
}
template <class Enum>
std::string_view name_of(Enum reason) {
    return ReasonTable<Enum>::rows[static_cast<std::size_t>(reason)].name;
}
template <class Enum>
std::string_view sentence_of(Enum reason) {
    return ReasonTable<Enum>::rows[static_cast<std::size_t>(reason)].sentence;
}
template <class Enum>
std::string_view mend_of(Enum reason) {
    return ReasonTable<Enum>::rows[static_cast<std::size_t>(reason)].mend;
}
template <class Enum>
std::optional<Enum> reason_named(std::string_view name) {
    for (std::size_t i = 0; i < std::size(ReasonTable<Enum>::rows); ++i) {
        if (ReasonTable<Enum>::rows[i].name == name) return static_cast<Enum>(i);
    }
    return std::nullopt;
}
// An Error of that reason: its code and mend, with `detail` as message (or the reason's own
// sentence).
template <class Enum>
Error error_of(Enum reason, std::string detail = {}, std::string place = {}) {
    if (detail.empty()) detail = std::string(sentence_of(reason));
    return {std::string(name_of(reason)), std::move(detail), std::move(place),
            std::string(mend_of(reason))};
}
template <class Enum>
std::unexpected<Error> fail(Enum reason, std::string detail = {}, std::string place = {}) {
    return std::unexpected(error_of(reason, std::move(detail), std::move(place)));
}

}  // namespace farthing

#define FARTHING_REASON_ENUMERATOR_(name, sentence, mend) name,
#define FARTHING_REASON_ROW_(name, sentence, mend) {#name, sentence, mend},
// At namespace farthing scope only.
#define FARTHING_REASON_ENUM(Enum, LIST)                                   \
    enum class Enum : unsigned char { LIST(FARTHING_REASON_ENUMERATOR_) }; \
    template <>                                                            \
    struct ReasonTable<Enum> {                                             \
        static constexpr ReasonText rows[] = {LIST(FARTHING_REASON_ROW_)}; \
    };
