#include "base/error.h"

namespace farthing {

std::string Error::to_string() const {
    std::string text;
    if (!place.empty()) text += place + ": ";
    text += message + " (" + code + ")";
    if (!mend.empty()) text += ". " + mend;
    return text;
}

}  // namespace farthing
