// How a usage line tells its arithmetic: "20 MB × 0.05 per MB". Private to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "billing/lines.h"
#include "model/quantity_text.h"
#include "rating/rater.h"

namespace farthing::billing {

struct ShownQuantity {
    Exact number;
    std::string unit;
    std::string text() const {
        return number_text(number, unit, 6) + (unit.empty() ? "" : " " + unit);
    }
};
// In the unit of the price where that ends within six decimals, as bytes do in megabytes; else in a
// readable unit of the meter.
ShownQuantity shown_quantity(std::int64_t quantity, const catalog::Meter& meter,
                             const catalog::UnitPrice* price);

// Collects how much was charged at which price, over all counters of a line.
class UsageWords {
  public:
    void add(const catalog::UsageCharge& charge, const catalog::RateRow* row,
             const rating::SegmentPrice& segment);
    // The sum in words; where the collected prices do not come to `exact`, or are too many to read,
    // only how many counters it is the sum of.
    std::string text(const Exact& exact, const catalog::Meter& meter, Currency currency) const;
    // The price where there is just one.
    const catalog::UnitPrice* only_price() const;

  private:
    struct Part {
        catalog::UnitPrice price;
        i128 quantity = 0;
    };
    struct Fee {
        Decimal amount;
        std::string_view what;  // "connection fee", "minimum"
        i128 sessions = 0;
    };
    void add_bands(const catalog::UsageCharge& charge, i128 from, i128 to);
    void add_part(const catalog::UnitPrice& price, i128 quantity);
    void add_fee(const std::optional<Decimal>& of_row, const std::optional<Decimal>& of_charge,
                 std::string_view what, std::int64_t sessions);

    std::vector<Part> parts_;
    std::vector<Fee> fees_;
    Exact above_cap_;  // what the prices come to beyond it
    std::int64_t segments_ = 0;
};

}  // namespace farthing::billing
