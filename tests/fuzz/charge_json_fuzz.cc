// Bodies of requests are read or refused with a place and a mend.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/charge_json.h"
#include "api/radius.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farthing;
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    const auto charge = api::read_charge(body);
    if (charge && charge->session.empty()) std::abort();
    if (!charge && (charge.error().message.empty() || charge.error().mend.empty())) std::abort();
    (void)api::read_quote(body);
    (void)api::read_top_up(body);
    (void)api::read_voucher(body);
    (void)api::read_transfer(body);
    (void)api::read_limits(body);
    const auto told = api::read_radius(api::RadiusWhat::accounting, "data", body);
    if (told && !told->nothing && told->charge.session.empty()) std::abort();
    (void)api::read_radius(api::RadiusWhat::authorize, "data", body);
    return 0;
}
