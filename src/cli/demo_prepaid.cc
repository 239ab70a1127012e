// prepaid-cap: a runaway device is stopped where the customer's cap and money end.
#include "cli/demo.h"

namespace farthing::cli {

namespace {

constexpr Date kToday = Date::of(2026, 6, 5);

Result<void> begin_account(Demo& demo) {
    engine::AccountChange account;
    account.name = "anna";
    FARTHING_CHECK(demo.engine().apply(account));
    for (const char* name : {"tracker-1", "tracker-2"}) {
        engine::SubscriptionChange change;
        change.account = account.name;
        change.name = name;
        change.plan = "tracker";
        change.from = Date::of(2026, 1, 1);
        FARTHING_CHECK(demo.engine().apply(std::span(&change, 1)));
    }
    FARTHING_CHECK(demo.engine().top_up("anna", "50.00", "card-1"));
    FARTHING_CHECK(demo.engine().limit({"anna", "", "50.00"}));
    demo.tell("anna", "paid 50.00 in; a month may cost her at most 50.00");
    return {};
}

engine::ChargeQuestion message(const std::string& id) {
    engine::ChargeQuestion question;
    question.session = id;
    question.action = engine::ChargeAction::debit;
    question.subscription = "tracker-1";
    engine::ChargeQuestion::Service service;
    service.meter = "sms";
    service.quantity = "1";
    question.services.push_back(std::move(service));
    return question;
}

// Sends them at once; gives how many passed, and why the last one did not.
Result<std::int64_t> send(Demo& demo, const std::string& name, std::int64_t count,
                          std::string& refusal) {
    std::vector<engine::ChargeQuestion> questions;
    for (std::int64_t i = 0; i < count; ++i)
        questions.push_back(message(name + std::to_string(i + 1)));
    FARTHING_TRY(const auto answers, demo.engine().charge(questions));
    std::int64_t passed = 0;
    for (const auto& answer : answers) {
        if (!answer) return fail(answer.error());
        const auto& told = answer->services.front();
        passed += told.why == "granted" ? 1 : 0;
        if (told.why != "granted") refusal = told.what;
    }
    return passed;
}

Result<void> tell_balance(Demo& demo, std::string_view name) {
    FARTHING_TRY(const auto report, demo.engine().balance("anna"));
    std::string text = report.balance->to_string() + " EUR left, " + report.spent.to_string() +
                       " of the cap of " + report.cap->to_string() + " spent";
    if (report.alerts > 0) text += ", " + std::to_string(report.alerts) + " alerts (50, 80, 100 %)";
    demo.tell(name, text);
    return {};
}

Result<void> tell_next_message(Demo& demo, const std::string& id) {
    std::string refusal;
    FARTHING_TRY(const std::int64_t passed, send(demo, id, 1, refusal));
    demo.tell("", passed == 1 ? "the next message passes" : "the next message: " + refusal);
    return {};
}

}  // namespace

Result<Exit> demo_prepaid(Context& context) {
    FARTHING_TRY(const auto demo, Demo::begin(context, "prepaid-cap"));
    demo->set_clock(kToday);
    FARTHING_CHECK(demo->publish_catalog());
    FARTHING_CHECK(begin_account(*demo));
    std::string refusal;
    FARTHING_TRY(const std::int64_t passed, send(*demo, "burst-", 5000, refusal));
    demo->tell("burst", "5 000 messages at 0.10 within a second: " + std::to_string(passed) +
                            " pass, " + std::to_string(5000 - passed) + " are refused");
    FARTHING_CHECK(tell_balance(*demo, "balance"));
    FARTHING_CHECK(demo->engine().top_up("anna", "20.00", "card-2"));
    demo->tell("top-up", "20.00 more: there is money, but the cap stands");
    FARTHING_CHECK(tell_next_message(*demo, "after-top-up-"));
    FARTHING_CHECK(demo->engine().limit({"anna", "", "70.00"}));
    demo->tell("cap", "raised to 70.00");
    FARTHING_CHECK(tell_next_message(*demo, "after-cap-"));
    FARTHING_CHECK(tell_balance(*demo, "balance"));
    FARTHING_TRY(const bool good, demo->tell_checks());
    demo->tell_next({"balance show anna", "balance payments anna", "check all", "serve"});
    return good ? Exit::done : Exit::no;
}

}  // namespace farthing::cli
