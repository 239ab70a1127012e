// A stored document comes back or is refused; what comes back writes the same text again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "render/documents.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farthing;
    const auto read = render::read_invoice_json({reinterpret_cast<const char*>(data), size});
    if (!read) return 0;
    const std::string text = render::invoice_json(*read);
    const auto again = render::read_invoice_json(text);
    if (!again || render::invoice_json(*again) != text) std::abort();
    return 0;
}
