#include "api/charge_json.h"

#include "api/bucket_json.h"
#include "api/fields.h"
#include "api/problem.h"
#include "base/json.h"
#include "base/utf8.h"

namespace farthing::api {

namespace {

Result<engine::ChargeAction> action_of(const std::string& text, std::uint64_t number) {
    using engine::ChargeAction;
    if (text.empty()) return number == 0 ? ChargeAction::start : ChargeAction::update;
    if (text == "start") return ChargeAction::start;
    if (text == "update") return ChargeAction::update;
    if (text == "end") return ChargeAction::end;
    if (text == "debit") return ChargeAction::debit;
    if (text == "refund") return ChargeAction::refund;
    return malformed("/action is start, update, end, debit or refund, not \"" + printable(text) +
                     "\"");
}

Result<engine::ChargeQuestion::Service> service_of(const Fields& fields) {
    engine::ChargeQuestion::Service service;
    FARTHING_TRY(service.group, fields.number("group", 0));
    FARTHING_TRY(service.meter, fields.text("meter"));
    FARTHING_TRY(service.network, fields.text("network"));
    FARTHING_TRY(service.called, fields.text("called"));
    FARTHING_TRY(service.calling, fields.text("calling"));
    FARTHING_TRY(service.releases, fields.flag("release"));
    FARTHING_TRY(service.asks, fields.flag("ask"));
    FARTHING_TRY(service.quantity, fields.quantity("quantity"));
    service.asks = service.asks || !service.quantity.empty();
    FARTHING_TRY(const auto used, fields.list("used"));
    for (const Fields& one : used) {
        engine::ChargeQuestion::Used container;
        FARTHING_TRY(container.quantity, one.quantity("quantity"));
        if (container.quantity.empty()) return one.wrong("quantity", "is needed");
        FARTHING_TRY(const std::string start, one.text("start"));
        if (!start.empty()) container.start = parse_rfc3339(start);
        if (!start.empty() && !container.start)
            return one.wrong("start", "is no RFC 3339 time: \"" + printable(start) + "\"");
        service.used.push_back(std::move(container));
    }
    return service;
}

}  // namespace

Result<engine::ChargeQuestion> read_charge(std::string_view body) {
    FARTHING_TRY(const Fields fields, fields_of(body));
    engine::ChargeQuestion question;
    FARTHING_TRY(question.session, fields.text("session"));
    if (question.session.empty()) return fields.wrong("session", "is needed");
    FARTHING_TRY(question.number, fields.number("number", 0));
    FARTHING_TRY(const std::string action, fields.text("action"));
    FARTHING_TRY(question.action, action_of(action, question.number));
    question.whole = true;
    FARTHING_TRY(question.subscription, fields.text("subscription"));
    FARTHING_TRY(question.charging_id, fields.text("charging_id"));
    FARTHING_TRY(const auto services, fields.list("services"));
    for (const Fields& one : services) {
        FARTHING_TRY(auto service, service_of(one));
        question.services.push_back(std::move(service));
    }
    return question;
}

Result<engine::ChargeQuestion> read_quote(std::string_view body) {
    FARTHING_TRY(const Fields fields, fields_of(body));
    engine::ChargeQuestion question;
    question.action = engine::ChargeAction::enquire;
    FARTHING_TRY(question.subscription, fields.text("subscription"));
    if (question.subscription.empty()) return fields.wrong("subscription", "is needed");
    FARTHING_TRY(const auto services, fields.list("services"));
    if (services.empty()) return fields.wrong("services", "names nothing that has a price");
    for (const Fields& one : services) {
        FARTHING_TRY(auto service, service_of(one));
        question.services.push_back(std::move(service));
    }
    return question;
}

std::string write_quote(const engine::ChargeAnswer& answer) {
    JsonWriter json(false);
    json.begin_object().key("services").begin_array();
    Money amount = answer.services.front().cost;
    amount.atoms = 0;
    bool covered = true;
    for (const auto& service : answer.services) {
        amount.atoms += service.cost.atoms;
        covered = covered && service.why == "granted";
        json.begin_object()
            .field("group", service.group)
            .field("meter", service.meter)
            .field("quantity", service.granted)
            .field("unit", service.unit)
            .field("amount", service.cost.to_string());
        if (service.sponsored.atoms != 0) json.field("sponsored", service.sponsored.to_string());
        json.field("result", service.why);
        if (!service.what.empty()) json.field("detail", service.what);
        if (!service.account.empty()) json.field("account", service.account);
        json.end_object();
    }
    return json.end_array()
        .field("amount", amount.to_string())
        .field("currency", amount.currency.code())
        .field("covered", covered)
        .end_object()
        .text();
}

std::string write_charge(const engine::ChargeQuestion& question,
                         const engine::ChargeAnswer& answer) {
    JsonWriter json(false);
    json.begin_object()
        .field("session", question.session)
        .field("number", question.number)
        .key("services")
        .begin_array();
    for (const auto& service : answer.services) {
        json.begin_object()
            .field("group", service.group)
            .field("meter", service.meter)
            .field("result", service.why);
        if (!service.what.empty()) json.field("detail", service.what);
        if (!service.account.empty()) json.field("account", service.account);
        json.field("granted", service.granted).field("unit", service.unit);
        if (service.final) json.field("final", true);
        if (service.valid_seconds > 0) json.field("valid_seconds", service.valid_seconds);
        json.field("charged", service.charged.to_string());
        if (service.overrun.atoms > 0) json.field("overrun", service.overrun.to_string());
        json.end_object();
    }
    json.end_array();
    if (!answer.services.empty())
        json.field("currency", answer.services.front().charged.currency.code());
    return json.end_object().text();
}

std::string write_balance(const engine::BalanceReport& report) {
    JsonWriter json(false);
    json.begin_object()
        .field("account", report.account)
        .field("currency", report.spent.currency.code());
    if (report.balance) {
        json.field("balance", report.balance->to_string());
    } else {
        json.field("payer", report.payer);
    }
    json.field("held", report.held.to_string());
    if (report.available) json.field("available", report.available->to_string());
    if (report.credit) json.field("credit_limit", report.credit->to_string());
    if (report.cap) json.field("cap", report.cap->to_string());
    json.field("spent", report.spent.to_string()).field("alerts", report.alerts);
    if (!report.suspended.empty()) {
        json.key("suspended").begin_array();
        for (const engine::SuspendedRow& one : report.suspended) {
            json.begin_object()
                .field("subscription", one.subscription)
                .field("fee", one.fee)
                .field("due", to_string(one.due))
                .field("amount", one.amount.to_string())
                .end_object();
        }
        json.end_array();
    }
    if (!report.buckets.empty()) {
        json.key("buckets").begin_array();
        for (const engine::BucketRow& one : report.buckets) write_bucket(one, json);
        json.end_array();
    }
    return json.end_object().text();
}

Result<TopUpBody> read_top_up(std::string_view body) {
    FARTHING_TRY(const Fields fields, fields_of(body));
    TopUpBody read;
    FARTHING_TRY(read.amount, fields.text("amount"));
    if (read.amount.empty()) return fields.wrong("amount", "is needed, as text: \"50.00\"");
    FARTHING_TRY(read.reference, fields.text("reference"));
    return read;
}

Result<VoucherBody> read_voucher(std::string_view body) {
    FARTHING_TRY(const Fields fields, fields_of(body));
    VoucherBody read;
    FARTHING_TRY(read.code, fields.text("code"));
    if (read.code.empty()) return fields.wrong("code", "is needed");
    FARTHING_TRY(read.reference, fields.text("reference"));
    return read;
}

Result<engine::TransferOrder> read_transfer(std::string_view body) {
    FARTHING_TRY(const Fields fields, fields_of(body));
    engine::TransferOrder order;
    FARTHING_TRY(order.to, fields.text("to"));
    if (order.to.empty()) return fields.wrong("to", "is needed: an account");
    FARTHING_TRY(order.amount, fields.text("amount"));
    if (order.amount.empty()) return fields.wrong("amount", "is needed, as text: \"50.00\"");
    FARTHING_TRY(order.reference, fields.text("reference"));
    return order;
}

Result<engine::LimitChange> read_limits(std::string_view body) {
    FARTHING_TRY(const Fields fields, fields_of(body));
    engine::LimitChange change;
    FARTHING_TRY(change.credit, fields.text("credit"));
    FARTHING_TRY(change.cap, fields.text("cap"));
    if (change.credit.empty() && change.cap.empty())
        return malformed("say what is limited: /credit or /cap, each an amount or \"none\"");
    return change;
}

}  // namespace farthing::api
