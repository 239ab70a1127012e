#include "catalog/mistakes.h"

#include <fmt/format.h>

namespace farthing::catalog {

namespace {
constexpr std::size_t kToldMax = 200;  // nobody reads more before correcting something
}

std::string Place::to_string() const {
    return column > 0 ? fmt::format("{}:{}:{}", file, line, column) : line_only();
}

std::string Place::line_only() const {
    return line > 0 ? fmt::format("{}:{}", file, line) : std::string(file);
}

void Mistakes::add(CatalogReason reason, const Place& place, std::string message,
                   std::string mend) {
    Error error = error_of(reason, std::move(message), place.to_string());
    if (!mend.empty()) error.mend = std::move(mend);
    add(std::move(error));
}

void Mistakes::add(Error error) {
    if (errors_.size() >= kToldMax) {
        untold_ += 1;
    } else {
        errors_.push_back(std::move(error));
    }
}

Errors Mistakes::take() {
    if (untold_ > 0) {
        errors_.push_back(error_of(CatalogReason::too_large,
                                   fmt::format("{} more mistakes are not shown", untold_)));
        errors_.back().mend = "Correct these first.";
    }
    return std::move(errors_);
}

}  // namespace farthing::catalog
