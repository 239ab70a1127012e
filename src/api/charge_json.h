// Charging requests and answers as JSON.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "engine/online.h"

namespace farthing::api {

Result<engine::ChargeQuestion> read_charge(std::string_view body);
// What would it cost, and is it covered?
Result<engine::ChargeQuestion> read_quote(std::string_view body);
std::string write_quote(const engine::ChargeAnswer& answer);
std::string write_charge(const engine::ChargeQuestion& question,
                         const engine::ChargeAnswer& answer);
std::string write_balance(const engine::BalanceReport& report);

struct TopUpBody {
    std::string amount;
    std::string reference;
};
Result<TopUpBody> read_top_up(std::string_view body);
struct VoucherBody {
    std::string code;
    std::string reference;
};
Result<VoucherBody> read_voucher(std::string_view body);
// From whom is not in it.
Result<engine::TransferOrder> read_transfer(std::string_view body);
Result<engine::LimitChange> read_limits(std::string_view body);

}  // namespace farthing::api
