// What scenarios say and expect of charging while usage happens.
#include "cli/scenario_online.h"

#include <algorithm>
#include <set>

#include "base/hash.h"
#include "base/utf8.h"
#include "cli/scenario_stage.h"
#include "cli/session.h"
#include "model/quantity.h"

namespace farthing::cli {

namespace {

constexpr std::int64_t kToldMax = 10'000;

bool has(const Line& line, std::string_view word) {
    return std::ranges::find(line.words, word) != line.words.end();
}

// JSON as a line of words: account anna, amount 10.00
std::string plain(std::string_view json) {
    std::string text;
    for (const char c : json) {
        if (c == '"') continue;
        text += c == ':' ? ' ' : c;
        if (c == ',') text += ' ';
    }
    return text;
}

// "10 MB" or "10" at a place of a line; gives how many words it is.
std::string quantity_at(const Line& line, std::size_t& at) {
    if (at >= line.words.size() || line.words[at].empty() || line.words[at][0] < '0' ||
        line.words[at][0] > '9')
        return {};
    std::string text = line.words[at++];
    if (at < line.words.size() && unit_named(line.words[at]) != nullptr)
        text += " " + line.words[at++];
    return text;
}

}  // namespace

// topup ACCOUNT AMOUNT [ref X]
Result<void> Stage::top_up(const Line& line) {
    FARTHING_TRY(const std::string account, word(line, 1, "an account"));
    FARTHING_TRY(const std::string amount, word(line, 2, "an amount"));
    online_.payments += 1;
    const std::string reference =
        word_after(line, "ref").value_or("payment " + std::to_string(online_.payments));
    if (auto paid = engine_->top_up(account, amount, reference); !paid) return fail(paid.error());
    return {};
}

// limit ACCOUNT [credit AMOUNT|none] [cap AMOUNT|none]
Result<void> Stage::limit(const Line& line) {
    engine::LimitChange change;
    FARTHING_TRY(change.account, word(line, 1, "an account"));
    change.credit = word_after(line, "credit").value_or("");
    change.cap = word_after(line, "cap").value_or("");
    if (change.credit.empty() && change.cap.empty())
        return wrong(line, "say what is limited: credit or cap");
    return engine_->limit(change);
}

// vouchers NAME COUNT AMOUNT until DATE [from DATE] [seller ACCOUNT]: codes are NAME-1, NAME-2 …
// vouchers block NAME because X
Result<void> Stage::vouchers(const Line& line) {
    if (line.words.size() > 2 && line.words[1] == "block")
        return engine_->block_vouchers(line.words[2], word_after(line, "because").value_or(""));
    engine::VoucherOrder order;
    FARTHING_TRY(order.name, word(line, 1, "a name"));
    FARTHING_TRY(const std::string many, word(line, 2, "how many"));
    FARTHING_TRY(order.amount, word(line, 3, "an amount"));
    FARTHING_TRY(const std::int64_t count, whole_number(many));
    FARTHING_TRY(order.until, date_argument(word_after(line, "until").value_or("")));
    if (const auto from = word_after(line, "from")) {
        FARTHING_TRY(order.from, date_argument(*from));
    }
    order.seller = word_after(line, "seller").value_or("");
    order.secret = "a key of this scenario";
    for (std::int64_t i = 1; i <= count; ++i)
        order.codes.push_back(order.name + "-" + std::to_string(i));
    return engine_->make_vouchers(order);
}

// redeem ACCOUNT CODE [ref X]
Result<void> Stage::redeem(const Line& line) {
    FARTHING_TRY(const std::string account, word(line, 1, "an account"));
    FARTHING_TRY(const std::string code, word(line, 2, "a code"));
    const auto paid = engine_->redeem(account, code, word_after(line, "ref").value_or(""));
    if (!paid) return fail(paid.error());
    return {};
}

// buy OWNER PACKAGE [of group|account] [from DATE] [ref X] · give … the same
Result<void> Stage::buy(const Line& line) {
    engine::BucketOrder order;
    FARTHING_TRY(order.owner, word(line, 1, "who it is for"));
    FARTHING_TRY(order.package, word(line, 2, "a package"));
    FARTHING_TRY(order.owner_kind, owner_kind_argument(word_after(line, "of").value_or("")));
    if (const auto from = word_after(line, "from")) {
        FARTHING_TRY(order.from, date_argument(*from));
    }
    online_.payments += 1;
    order.reference = word_after(line, "ref").value_or("order " + std::to_string(online_.payments));
    order.given = line.verb() == "give";
    if (const auto bought = engine_->buy_bucket(order); !bought) return fail(bought.error());
    return {};
}

// bucket ACCOUNT ID [remaining Q] [covered Q] [rolled Q] [state S] [until DATE]
Result<void> Stage::expect_bucket(const Line& line) {
    FARTHING_TRY(const std::string account, word(line, 1, "an account"));
    FARTHING_TRY(const std::string id, word(line, 2, "a bucket: bkt-1"));
    FARTHING_TRY(const auto rows, engine_->buckets(account));
    const auto row = std::ranges::find(rows, id, &engine::BucketRow::id);
    if (row == rows.end())
        return wrong(line, "there is no bucket \"" + printable(id) + "\"",
                     ScenarioReason::scenario_not_there);
    const auto compare = [&](std::string_view what, const std::string& got) {
        const auto found = std::ranges::find(line.words, what);
        if (found == line.words.end()) return;
        auto at = static_cast<std::size_t>(found - line.words.begin()) + 1;
        std::string expected = quantity_at(line, at);
        if (expected.empty()) expected = word_after(line, what).value_or("");
        if (expected != got) differences_.push_back({line.number, line.text, {expected}, {got}});
    };
    compare("remaining", row->remaining);
    compare("covered", row->covered);
    compare("rolled", row->rolled_over);
    compare("state", row->state);
    compare("price", row->price.to_string());
    compare("until", to_string(row->last));
    return {};
}

// transfer FROM TO AMOUNT ref X
Result<void> Stage::transfer(const Line& line) {
    engine::TransferOrder order;
    FARTHING_TRY(order.from, word(line, 1, "an account"));
    FARTHING_TRY(order.to, word(line, 2, "another account"));
    FARTHING_TRY(order.amount, word(line, 3, "an amount"));
    order.reference = word_after(line, "ref").value_or("");
    if (const auto moved = engine_->transfer(order); !moved) return fail(moved.error());
    return {};
}

// recharge ACCOUNT below AMOUNT|none [amount AMOUNT] [from ACCOUNT] [day N] [month N]
Result<void> Stage::recharge(const Line& line) {
    engine::RechargeChange change;
    FARTHING_TRY(change.account, word(line, 1, "an account"));
    change.below = word_after(line, "below").value_or("");
    change.amount = word_after(line, "amount").value_or("");
    change.source = word_after(line, "from").value_or("");
    if (const auto often = word_after(line, "day")) {
        FARTHING_TRY(change.per_day, whole_number(*often));
    }
    if (const auto often = word_after(line, "month")) {
        FARTHING_TRY(change.per_month, whole_number(*often));
    }
    return engine_->set_recharge(change);
}

// alert ACCOUNT below AMOUNT|none · webhook NAME [TYPE …]: what it would be told can be expected
Result<void> Stage::alert(const Line& line) {
    FARTHING_TRY(const std::string account, word(line, 1, "an account"));
    return engine_->watch_balance(account, word_after(line, "below").value_or(""));
}

Result<void> Stage::webhook(const Line& line) {
    engine::WebhookChange change;
    FARTHING_TRY(change.name, word(line, 1, "a name"));
    change.url = "https://example.org/" + change.name;
    for (std::size_t i = 2; i < line.words.size(); ++i)
        change.events += (i == 2 ? "" : " ") + line.words[i];
    FARTHING_CHECK(engine_->add_webhook(change));
    return {};
}

// tells NAME TYPE N [contains "…"]: of that type so far; what the last of them says
Result<void> Stage::expect_tells(const Line& line) {
    FARTHING_TRY(const std::string name, word(line, 1, "a webhook"));
    FARTHING_TRY(const std::string type, word(line, 2, "an event"));
    FARTHING_TRY(const std::string expected, word(line, 3, "how many"));
    FARTHING_TRY(const auto deliveries, engine_->webhook_deliveries(name, kToldMax));
    std::int64_t count = 0;
    std::string last;
    for (const Delivery& one : deliveries) {
        if (one.notice.type != type) continue;
        if (count++ == 0) last = plain(one.notice.body);
    }
    if (expected != std::to_string(count))
        differences_.push_back({line.number, line.text, {expected}, {std::to_string(count)}});
    const auto part = word_after(line, "contains");
    if (part && last.find(*part) == std::string::npos)
        differences_.push_back({line.number, line.text, {*part}, {last}});
    return {};
}

// fees [ACCOUNT]: takes those of prepaid accounts that are due
Result<void> Stage::fees(const Line& line) {
    FARTHING_TRY(const engine::FeeReport report,
                 engine_->take_fees(line.words.size() > 1 ? line.words[1] : std::string()));
    if (!report.failed.empty()) return fail(report.failed.front().second);
    return {};
}

// suspended ACCOUNT [SUBSCRIPTION …]: those and no others
Result<void> Stage::expect_suspended(const Line& line) {
    FARTHING_TRY(const std::string account, word(line, 1, "an account"));
    FARTHING_TRY(const engine::BalanceReport report, engine_->balance(account));
    std::set<std::string> names;
    for (const engine::SuspendedRow& one : report.suspended) names.insert(one.subscription);
    const std::set<std::string> expected(line.words.begin() + 2, line.words.end());
    if (names == expected) return {};
    const auto joined = [](const std::set<std::string>& all) {
        std::string text;
        for (const std::string& one : all) text += (text.empty() ? "" : " ") + one;
        return text.empty() ? "none" : text;
    };
    differences_.push_back({line.number, line.text, {joined(expected)}, {joined(names)}});
    return {};
}

// fee ACCOUNT AMOUNT taken|not covered|handed back: what became of its fees last
Result<void> Stage::expect_fee(const Line& line) {
    FARTHING_TRY(const std::string account, word(line, 1, "an account"));
    FARTHING_TRY(const std::string amount, word(line, 2, "an amount"));
    FARTHING_TRY(const auto rows, engine_->fees(account));
    if (rows.empty()) {
        differences_.push_back({line.number, line.text, {amount}, {"no fee fell due"}});
        return {};
    }
    const engine::FeeRow& last = rows.back();
    compare_amount(line, amount, last.amount.exact(), last.amount.to_string());
    std::string result;
    for (std::size_t i = 3; i < line.words.size(); ++i)
        result += (i == 3 ? "" : " ") + line.words[i];
    if (result != last.result)
        differences_.push_back({line.number, line.text, {result}, {last.result}});
    return {};
}

// The service of a session that counts a meter: each meter is a rating group of its own.
Result<engine::ChargeQuestion::Service*> Stage::service_of(const Line& line,
                                                           const std::string& meter,
                                                           engine::ChargeQuestion& question) {
    const catalog::Meter* known = newest()->meter_named(meter);
    if (known == nullptr)
        return wrong(line, "no meter is named \"" + printable(meter) + "\"",
                     ScenarioReason::scenario_not_there);
    for (auto& service : question.services) {
        if (service.group == known->id.value) return &service;
    }
    engine::ChargeQuestion::Service service;
    service.group = known->id.value;
    service.meter = meter;
    service.network = word_after(line, "network").value_or("");
    service.called = word_after(line, "called").value_or("");
    service.calling = word_after(line, "calling").value_or("");
    question.services.push_back(std::move(service));
    return &question.services.back();
}

namespace {

// By which a client's records are known that has no numbers: by what they say.
engine::ChargeFingerprint fingerprint_of(const Line& line) {
    std::uint64_t hash = 0;
    for (const std::string& word : line.words) hash = mix64(hash, hash64(word));
    return {static_cast<std::uint32_t>(hash >> 32), static_cast<std::uint32_t>(hash), false};
}

}  // namespace

// used METER QUANTITY [UNIT] [since TIME | switched] · counts METER QUANTITY [UNIT] after SECONDS ·
// asks METER [QUANTITY [UNIT]] · releases METER · ends
Result<void> Stage::read_request(const Line& line, engine::ChargeQuestion& question) {
    for (std::size_t at = 2; at < line.words.size();) {
        const std::string& verb = line.words[at++];
        const bool counts = verb == "counts";
        const bool uses = verb == "used" || counts;
        const bool asks = verb == "asks" || verb == "debits" || verb == "refunds";
        if (verb == "ends") question.action = engine::ChargeAction::end;
        if (verb == "debits") question.action = engine::ChargeAction::debit;
        if (verb == "refunds") question.action = engine::ChargeAction::refund;
        if (!uses && !asks && verb != "releases") continue;
        FARTHING_TRY(const std::string meter, word(line, at, "a meter after `" + verb + "`"));
        at += 1;
        FARTHING_TRY(auto* const service, service_of(line, meter, question));
        if (verb == "releases") {
            service->releases = true;
            continue;
        }
        const std::string quantity = quantity_at(line, at);
        if (asks) {
            service->asks = true;
            service->quantity = quantity;
            continue;
        }
        engine::ChargeQuestion::Used used{quantity, {}};
        if (at + 1 < line.words.size() && line.words[at] == "since") {
            FARTHING_TRY(used.start, moment_of(line, line.words[at + 1]));
            at += 2;
        }
        used.after_change = at < line.words.size() && line.words[at] == "switched";
        if (counts) {
            FARTHING_TRY(const std::int64_t seconds,
                         whole_number(word_after(line, "after").value_or("")));
            used.total = question.joins = true;
            question.counted = {0, {}, seconds};
            question.fingerprint = fingerprint_of(line);
        }
        service->used.push_back(std::move(used));
    }
    return {};
}

// A time of the line's day.
Result<Instant> Stage::moment_of(const Line& line, const std::string& text) const {
    FARTHING_TRY(const Date day, day_of(line));
    const auto time = time_of_day(text);
    if (!time) return wrong(line, "\"" + printable(text) + "\" is no time of a day");
    return newest()->zone.read_local(std::int64_t{day.days} * kMicrosPerDay + *time).first;
}

Result<void> Stage::ask(OnlineStage::Asked& asked) {
    FARTHING_TRY(auto answers, engine_->charge(std::span(&asked.question, 1)));
    if (!answers.front()) return fail(answers.front().error());
    asked.answer = *std::move(answers.front());
    return {};
}

// session ID [of SUBSCRIPTION] [number N] … · event ID of SUBSCRIPTION debits|refunds …
Result<void> Stage::session(const Line& line) {
    FARTHING_TRY(const std::string id, word(line, 1, "the id of a session"));
    OnlineStage::Asked& asked = online_.sessions[id];
    engine::ChargeQuestion question;
    question.session = id;
    question.number = asked.next;
    if (const auto number = word_after(line, "number")) {
        FARTHING_TRY(const std::int64_t given, whole_number(*number));
        question.number = static_cast<std::uint32_t>(std::clamp<std::int64_t>(given, 0, 1'000'000));
    }
    question.action = asked.next == 0 ? engine::ChargeAction::start : engine::ChargeAction::update;
    question.subscription = word_after(line, "of").value_or("");
    FARTHING_CHECK(read_request(line, question));
    asked.next = std::max(asked.next, question.number + 1);
    asked.question = std::move(question);
    return ask(asked);
}

// again ID: the same request comes once more.
Result<void> Stage::again(const Line& line) {
    FARTHING_TRY(const std::string id, word(line, 1, "the id of a session"));
    const auto found = online_.sessions.find(id);
    if (found == online_.sessions.end())
        return wrong(line, "nothing was asked of \"" + printable(id) + "\"",
                     ScenarioReason::scenario_not_there);
    return ask(found->second);
}

// burst N of SUBSCRIPTION debits METER QUANTITY [UNIT]: that many events at once
Result<void> Stage::burst(const Line& line) {
    FARTHING_TRY(const std::string many, word(line, 1, "how many events"));
    FARTHING_TRY(const std::int64_t count, whole_number(many));
    engine::ChargeQuestion one;
    one.action = engine::ChargeAction::debit;
    one.subscription = word_after(line, "of").value_or("");
    FARTHING_CHECK(read_request(line, one));
    std::vector<engine::ChargeQuestion> questions;
    for (std::int64_t i = 0; i < count; ++i) {
        questions.push_back(one);
        questions.back().session =
            "burst " + std::to_string(line.number) + "-" + std::to_string(i + 1);
    }
    FARTHING_TRY(const auto answers, engine_->charge(questions));
    online_.passed = 0;
    online_.asked = count;
    for (const auto& answer : answers) {
        if (!answer) return fail(answer.error());
        const bool passed = answer->why == "granted" && answer->services.front().why == "granted";
        online_.passed += passed ? 1 : 0;
    }
    return {};
}

// money ACCOUNT [balance A|none] [held A] [available A|endless] [spent A] [alerts N]
Result<void> Stage::expect_money(const Line& line) {
    FARTHING_TRY(const std::string account, word(line, 1, "an account"));
    FARTHING_TRY(const engine::BalanceReport report, engine_->balance(account));
    const auto compare = [&](std::string_view what, const Money& got) {
        if (const auto expected = word_after(line, what))
            compare_amount(line, *expected, got.exact(), std::string(what) + " " + got.to_string());
    };
    if (report.balance) {
        compare("balance", *report.balance);
    } else if (const auto expected = word_after(line, "balance");
               expected.value_or("none") != "none") {
        differences_.push_back({line.number, line.text, {*expected}, {"none: others pay"}});
    }
    compare("held", report.held);
    compare("spent", report.spent);
    if (report.available) {
        compare("available", *report.available);
    } else if (const auto expected = word_after(line, "available");
               expected.value_or("endless") != "endless") {
        differences_.push_back({line.number, line.text, {*expected}, {"endless"}});
    }
    const auto alerts = word_after(line, "alerts");
    if (alerts && *alerts != std::to_string(report.alerts))
        differences_.push_back(
            {line.number, line.text, {*alerts + " alerts"}, {std::to_string(report.alerts)}});
    return {};
}

// granted ID METER QUANTITY [UNIT] [final] [throttled] [valid SECONDS] · denied ID [METER] REASON
// [at ACCOUNT]
// charged ID METER AMOUNT · overrun ID METER AMOUNT · repeated ID · passed N of M
Result<void> Stage::expect_online(const Line& line) {
    const auto differ = [&](std::string expected, std::string got) {
        differences_.push_back({line.number, line.text, {std::move(expected)}, {std::move(got)}});
    };
    if (line.verb() == "passed") {
        const std::string got =
            std::to_string(online_.passed) + " of " + std::to_string(online_.asked);
        const std::string expected = line.text.substr(line.text.find(' ') + 1);
        if (expected != got) differ(expected, got);
        return {};
    }
    FARTHING_TRY(const std::string id, word(line, 1, "the id of a session"));
    const auto found = online_.sessions.find(id);
    if (found == online_.sessions.end())
        return wrong(line, "nothing was asked of \"" + printable(id) + "\"",
                     ScenarioReason::scenario_not_there);
    const engine::ChargeAnswer& answer = found->second.answer;
    if (line.verb() == "repeated") {
        if (!answer.repeated) differ("an answer that was told before", "a new one");
        return {};
    }
    const engine::ChargeAnswer::Service* service = nullptr;
    for (const auto& one : answer.services) {
        if (line.words.size() > 2 && one.meter == line.words[2]) service = &one;
    }
    if (line.verb() == "denied") {
        const auto whose = word_after(line, "at");
        const std::string got = service != nullptr ? service->why : answer.why;
        const std::string& expected = line.words[line.words.size() - (whose ? 3 : 1)];
        if (got != expected) differ(expected, got);
        if (whose && *whose != service->account) differ(*whose, service->account);
        return {};
    }
    if (service == nullptr) {
        differ("an answer for " + (line.words.size() > 2 ? line.words[2] : std::string("a meter")),
               answer.why);
        return {};
    }
    if (line.verb() == "charged")
        compare_amount(line, line.words.back(), service->charged.exact(),
                       service->charged.to_string());
    if (line.verb() == "overrun")
        compare_amount(line, line.words.back(), service->overrun.exact(),
                       service->overrun.to_string());
    if (line.verb() == "granted") expect_grant(line, *service);
    return {};
}

void Stage::expect_grant(const Line& line, const engine::ChargeAnswer::Service& service) {
    std::size_t at = 3;
    const std::string expected = quantity_at(line, at);
    const Unit* unit = unit_named(service.unit);
    const auto units =
        unit == nullptr ? std::optional<std::int64_t>() : parse_quantity(expected, *unit);
    const auto differ = [&](std::string wanted, std::string got) {
        differences_.push_back({line.number, line.text, {std::move(wanted)}, {std::move(got)}});
    };
    if (units != service.granted) differ(expected, service.granted_text + " " + service.why);
    if (has(line, "final") != service.final)
        differ(has(line, "final") ? "final" : "not final", service.final ? "final" : "not final");
    const bool slowly = service.why == "throttled";
    if (has(line, "throttled") != slowly)
        differ(slowly ? "not throttled" : "throttled", service.why);
    if (const auto valid = word_after(line, "valid");
        valid && *valid != std::to_string(service.valid_seconds))
        differ("valid " + *valid, std::to_string(service.valid_seconds));
}

// The process ends and begins again on what is stored.
Result<void> Stage::restart() {
    engine_.reset();
    FARTHING_TRY(engine_,
                 engine::Engine::open(folder_->path() / "data", {[this] { return now_; }}));
    return {};
}

}  // namespace farthing::cli
