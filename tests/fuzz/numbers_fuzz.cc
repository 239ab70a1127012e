// Text to numbers and back: decimals, fractions, money, quantities, dates and instants.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/civil.h"
#include "base/decimal.h"
#include "base/instant.h"
#include "base/json.h"
#include "base/utf8.h"
#include "model/money.h"
#include "model/quantity.h"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace farthing;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto decimal = Decimal::parse(text)) {
        const auto again = Decimal::parse(decimal->to_string());
        require(again && again->exact() == decimal->exact());
    }
    if (const auto exact = Exact::parse_fraction(text)) {
        require(Exact::parse_fraction(exact->to_fraction()) == exact);
    }
    if (const auto money = Money::parse(text, *Currency::named("EUR"))) {
        require(Money::parse(money->to_string(), money->currency) == money);
    }
    if (const auto quantity = parse_quantity(text, *unit_named("byte"))) {
        require(parse_quantity(quantity_to_string(*quantity, *unit_named("byte")),
                               *unit_named("byte")) == quantity);
    }
    if (const auto date = parse_date(text)) require(to_string(*date) == text);
    if (const auto instant = parse_rfc3339(text))
        require(parse_rfc3339(to_rfc3339(*instant)) == instant);
    require(is_utf8(json_escaped(text)));
    require(is_utf8(printable(text)));
    return 0;
}
