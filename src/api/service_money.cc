// Routes of money that is redeemed from vouchers and goes from one account to another, and of what
// is bought with it.
#include "api/bucket_json.h"
#include "api/charge_json.h"
#include "api/problem.h"
#include "api/route.h"
#include "api/service.h"

namespace farthing::api {

namespace {

HttpAnswer once(HttpAnswer answer, bool repeated) {
    answer.replayed = repeated;
    return answer;
}

// As it is today, also where it was asked before.
Result<HttpAnswer> balance_of(engine::Engine& engine, const std::string& account, bool repeated) {
    FARTHING_TRY(const engine::BalanceReport report, engine.balance(account));
    return once(with_body(write_balance(report)), repeated);
}

}  // namespace

Result<Service::Asked> Service::route_voucher(const HttpRequest& request,
                                              const std::string& account) {
    if (request.method != "POST") return fail(ApiReason::method_not_allowed);
    auto body = read_voucher(request.body);
    if (!body) return Asked{"manage", std::unexpected(std::move(body).error())};
    if (body->reference.empty()) body->reference = request.idempotency_key;
    return Asked{
        "manage", Call{[account, asked = *body](engine::Engine& engine) -> Result<HttpAnswer> {
            FARTHING_TRY(const TopUp paid, engine.redeem(account, asked.code, asked.reference));
            return balance_of(engine, account, paid.repeated);
        }}};
}

Result<Service::Asked> Service::route_buckets(const HttpRequest& request,
                                              const std::string& account) {
    if (request.method == "GET") {
        return Asked{"charge", Call{[account](engine::Engine& engine) -> Result<HttpAnswer> {
                         FARTHING_TRY(const auto rows, engine.buckets(account));
                         return with_body(write_buckets(rows));
                     }}};
    }
    if (request.method != "POST") return fail(ApiReason::method_not_allowed);
    auto order = read_bucket_order(request.body);
    if (!order) return Asked{"manage", std::unexpected(std::move(order).error())};
    if (order->reference.empty()) order->reference = request.idempotency_key;
    if (order->owner.empty()) order->owner = account;
    order->account = account;
    return Asked{"manage", Call{[order = *order](engine::Engine& engine) -> Result<HttpAnswer> {
                     FARTHING_TRY(const engine::BucketRow row, engine.buy_bucket(order));
                     return once(with_body(write_bucket(row)), row.repeated);
                 }}};
}

Result<Service::Asked> Service::route_transfer(const HttpRequest& request,
                                               const std::string& account) {
    if (request.method != "POST") return fail(ApiReason::method_not_allowed);
    auto order = read_transfer(request.body);
    if (!order) return Asked{"manage", std::unexpected(std::move(order).error())};
    if (order->reference.empty()) order->reference = request.idempotency_key;
    order->from = account;
    return Asked{"manage", Call{[order = *order](engine::Engine& engine) -> Result<HttpAnswer> {
                     FARTHING_TRY(const Transfer moved, engine.transfer(order));
                     return balance_of(engine, order.from, moved.repeated);
                 }}};
}

}  // namespace farthing::api
