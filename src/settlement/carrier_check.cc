#include "settlement/carrier_check.h"

#include <unordered_map>

#include "base/decimal.h"

namespace farthing::settlement {

namespace {

bool same_quantity(const CarriedRecord& theirs, const CarriedRecord& ours) {
    return theirs.quantity == ours.quantity || theirs.quantity == ours.billable;
}

bool same_amount(const CarriedRecord& theirs, const CarriedRecord& ours) {
    if (theirs.amount == ours.amount) return true;
    const Exact last_digit(i128{1}, power_of_ten128(theirs.digits));
    const Exact difference = theirs.amount - ours.amount;
    return difference < last_digit && -difference < last_digit;
}

}  // namespace

CarrierComparison compare_carried(std::span<const CarriedRecord> theirs,
                                  std::span<const CarriedRecord> ours) {
    std::unordered_map<std::string_view, std::vector<std::size_t>> waiting;  // of ours, last first
    for (std::size_t i = ours.size(); i > 0; --i) waiting[ours[i - 1].key].push_back(i - 1);
    std::vector<bool> met(ours.size());
    CarrierComparison result;
    for (const CarriedRecord& record : theirs) {
        const auto found = waiting.find(record.key);
        if (found == waiting.end() || found->second.empty()) {
            result.differences.push_back({CarrierDifference::missing_at_ours, &record, nullptr});
            continue;
        }
        const CarriedRecord& own = ours[found->second.back()];
        met[found->second.back()] = true;
        found->second.pop_back();
        if (!same_quantity(record, own)) {
            result.differences.push_back({CarrierDifference::quantity_differs, &record, &own});
        } else if (!same_amount(record, own)) {
            result.differences.push_back({CarrierDifference::price_differs, &record, &own});
        } else {
            result.matched += 1;
        }
    }
    for (std::size_t i = 0; i < ours.size(); ++i) {
        if (!met[i])
            result.differences.push_back({CarrierDifference::extra_at_ours, nullptr, &ours[i]});
    }
    return result;
}

}  // namespace farthing::settlement
