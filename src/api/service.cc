#include "api/service.h"

#include <future>

#include "api/charge_json.h"
#include "api/problem.h"
#include "api/route.h"
#include "base/hash.h"

namespace farthing::api {

namespace {

constexpr std::chrono::milliseconds kApart(1);  // commits of crowds
constexpr std::string_view kAccounts = "/v1/accounts/";
constexpr std::string_view kWebhooks = "/v1/webhooks";
constexpr std::string_view kSessions = "/v1/sessions/";
constexpr std::string_view kRadius = "/v1/radius/";

bool has_scope(std::string_view scopes, std::string_view scope) {
    for (std::size_t at = 0; at < scopes.size();) {
        const std::size_t end = std::min(scopes.find(' ', at), scopes.size());
        if (scopes.substr(at, end - at) == scope) return true;
        at = end + 1;
    }
    return false;
}

}  // namespace

Service::Service(std::unique_ptr<engine::Engine> engine)
    : engine_(std::move(engine)), intake_(kApart) {
    thread_ = std::thread([this] { run(); });
}

Service::~Service() {
    intake_.end();
    thread_.join();
}

void Service::load_keys() {
    const auto keys = engine_->api_keys();
    if (!keys) return;  // the ones that were known stay
    std::map<std::string, std::string> known;
    for (const ApiKey& key : *keys) {
        if (!key.revoked_at) known[key.hash] = key.scopes;
    }
    keys_ = std::move(known);
}

Result<void> Service::authorise(const Work& work) const {
    const auto key = keys_.find(work.key);
    if (key == keys_.end()) return fail(ApiReason::key_unknown);
    if (!has_scope(key->second, work.asked.scope)) {
        return fail(ApiReason::scope_missing,
                    "the API key lacks the scope \"" + std::string(work.asked.scope) + "\"");
    }
    return {};
}

// Answers those who may not ask, or asked wrongly, and takes them out.
void Service::refuse(std::vector<Work>& works) const {
    std::erase_if(works, [this](Work& work) {
        if (work.charged || work.ours) return false;
        const Result<void> allowed = authorise(work);
        if (!allowed) {
            work.reply(problem(allowed.error()));
        } else if (!work.asked.what) {
            work.reply(problem(work.asked.what.error()));
        }
        return !allowed || !work.asked.what;
    });
}

Result<Service::Asked> Service::route(const HttpRequest& request) {
    if (request.path == "/v1/charges") {
        if (request.method != "POST") return fail(ApiReason::method_not_allowed);
        auto question = read_charge(request.body);
        if (!question) return Asked{"charge", std::unexpected(std::move(question).error())};
        return Asked{"charge", Charge{*std::move(question)}};
    }
    if (request.path == "/v1/quotes") {
        if (request.method != "POST") return fail(ApiReason::method_not_allowed);
        auto question = read_quote(request.body);
        if (!question) return Asked{"charge", std::unexpected(std::move(question).error())};
        return Asked{"charge", Charge{*std::move(question)}};
    }
    if (request.path.starts_with(kAccounts))
        return route_account(request, std::string_view(request.path).substr(kAccounts.size()));
    if (request.path.starts_with(kWebhooks))
        return route_webhooks(request, std::string_view(request.path).substr(kWebhooks.size()));
    if (request.path.starts_with(kRadius))
        return route_radius(request, std::string_view(request.path).substr(kRadius.size()));
    if (request.path.starts_with(kSessions)) {
        const auto rest = std::string_view(request.path).substr(kSessions.size());
        const std::size_t slash = rest.find('/');
        const std::string_view what = rest.substr(std::min(slash, rest.size()));
        if (slash == 0 || (what != "/reauthorise" && what != "/abort"))
            return fail(ApiReason::route_unknown);
        if (request.method != "POST") return fail(ApiReason::method_not_allowed);
        return Asked{"manage", Tell{unescaped(rest.substr(0, slash)), what == "/abort"}};
    }
    return fail(ApiReason::route_unknown);
}

// NAME/balance · NAME/buckets · NAME/topups · NAME/vouchers · NAME/transfers · NAME/limits
Result<Service::Asked> Service::route_account(const HttpRequest& request, std::string_view rest) {
    const std::size_t slash = rest.find('/');
    if (slash == 0 || slash == std::string_view::npos) return fail(ApiReason::route_unknown);
    const std::string account = unescaped(rest.substr(0, slash));
    const std::string_view what = rest.substr(slash + 1);
    if (what == "balance") {
        if (request.method != "GET") return fail(ApiReason::method_not_allowed);
        return Asked{"charge", Balance{account}};
    }
    if (what == "topups") {
        if (request.method != "POST") return fail(ApiReason::method_not_allowed);
        auto body = read_top_up(request.body);
        if (!body) return Asked{"manage", std::unexpected(std::move(body).error())};
        if (body->reference.empty()) body->reference = request.idempotency_key;
        return Asked{"manage",
                     TopUpOf{account, std::move(body->amount), std::move(body->reference)}};
    }
    if (what == "vouchers") return route_voucher(request, account);
    if (what == "buckets") return route_buckets(request, account);
    if (what == "transfers") return route_transfer(request, account);
    if (what == "limits") {
        if (request.method != "PUT") return fail(ApiReason::method_not_allowed);
        auto change = read_limits(request.body);
        if (!change) return Asked{"manage", std::unexpected(std::move(change).error())};
        change->account = account;
        return Asked{"manage", Limits{*std::move(change)}};
    }
    return fail(ApiReason::route_unknown);
}

// METER/authorize · METER/accounting
Result<Service::Asked> Service::route_radius(const HttpRequest& request, std::string_view rest) {
    const std::size_t slash = rest.find('/');
    const std::string_view verb = rest.substr(std::min(slash, rest.size()));
    if (slash == 0 || (verb != "/authorize" && verb != "/accounting"))
        return fail(ApiReason::route_unknown);
    if (request.method != "POST") return fail(ApiReason::method_not_allowed);
    const RadiusWhat what = verb == "/authorize" ? RadiusWhat::authorize : RadiusWhat::accounting;
    auto asked = read_radius(what, unescaped(rest.substr(0, slash)), request.body);
    if (!asked) return Asked{"charge", std::unexpected(std::move(asked).error())};
    if (!asked->nothing) return Asked{"charge", Charge{std::move(asked->charge), what}};
    return Asked{"charge", Call{[](engine::Engine&) { return with_body({}, 204); }}};
}

void Service::handle(HttpRequest request, HttpReply reply) {
    if (request.path == "/healthz") return reply(with_body(R"({"status":"ok"})"));
    auto asked = route(request);
    if (!asked) return reply(problem(asked.error()));
    constexpr std::string_view kBearer = "Bearer ";
    if (!request.authorization.starts_with(kBearer)) return reply(problem(ApiReason::key_missing));
    const auto secret = std::string_view(request.authorization).substr(kBearer.size());
    enqueue({*std::move(asked), sha256_hex(secret), std::move(reply), {}, false});
}

void Service::charge(engine::ChargeQuestion question, ChargeReply reply) {
    enqueue({{"charge", Charge{std::move(question)}}, {}, {}, std::move(reply), true});
}

bool Service::with_engine(const std::function<void(engine::Engine&)>& work) {
    std::promise<bool> done;
    bool ran = false;
    Call call{[&](engine::Engine& engine) -> Result<HttpAnswer> {
        work(engine);
        ran = true;
        return HttpAnswer();
    }};
    enqueue({{"", std::move(call)}, {}, [&](const HttpAnswer&) { done.set_value(ran); }, {}, true});
    return done.get_future().get();
}

void Service::Work::refuse(const Error& error) const {
    if (charged) {
        charged(std::unexpected(error));
    } else {
        reply(problem(error));
    }
}

Intake<Service::Work>::Kind Service::kind_of(const Work& work) {
    using Kind = Intake<Work>::Kind;
    const auto* charge = work.asked.what ? std::get_if<Charge>(&work.what()) : nullptr;
    if (charge == nullptr) return Kind::other;
    const engine::ChargeAction action = charge->question.action;
    const bool begins = action == engine::ChargeAction::start ||
                        action == engine::ChargeAction::debit ||
                        action == engine::ChargeAction::enquire;
    return begins ? Kind::begins : Kind::goes_on;
}

void Service::enqueue(Work work) {
    if (!intake_.put(work, kind_of(work))) work.refuse(error_of(ApiReason::overloaded));
}

void Service::run() {
    while (true) {
        Intake<Work>::Group works = intake_.take();
        if (works.empty()) return;
        // Before anything is answered: a key that was revoked opens nothing any more.
        load_keys();
        refuse(works.others);
        refuse(works.charges);
        for (const Work& work : works.others) work.reply(answer(work));
        if (!works.charges.empty()) charge(works.charges);
        tell_waiting();
    }
}

// There is money again: who was granted too little for want of it may come back at once.
void Service::tell_waiting() {
    if (!tell_client_) return;
    for (const engine::WaitingSession& session : engine_->waiting_sessions())
        (void)tell_client_(session.id, session.client, false);
}

void Service::charge(std::span<Work> works) {
    std::vector<engine::ChargeQuestion> questions;
    questions.reserve(works.size());
    for (Work& work : works)
        questions.push_back(std::move(std::get<Charge>(*work.asked.what).question));
    const auto answers = engine_->charge(questions);
    for (std::size_t i = 0; i < works.size(); ++i) {
        if (!answers) {
            works[i].refuse(answers.error());
            continue;
        }
        if (works[i].charged) {
            works[i].charged((*answers)[i]);
            continue;
        }
        const Result<engine::ChargeAnswer>& one = (*answers)[i];
        const RadiusWhat radius = std::get<Charge>(*works[i].asked.what).radius;
        if (radius != RadiusWhat::none) {
            works[i].reply(radius_answer(radius, one));
        } else if (!one) {
            works[i].reply(problem(one.error()));
        } else if (one->why != "granted") {
            works[i].reply(problem({one->why, one->what, {}, one->mend}));
        } else if (questions[i].action == engine::ChargeAction::enquire) {
            works[i].reply(with_body(write_quote(*one)));
        } else {
            HttpAnswer told = with_body(write_charge(questions[i], *one));
            told.replayed = one->repeated;
            works[i].reply(std::move(told));
        }
    }
}

HttpAnswer Service::answer(const Work& work) {
    if (const auto* balance = std::get_if<Balance>(&work.what())) {
        const auto report = engine_->balance(balance->account);
        return report ? with_body(write_balance(*report)) : problem(report.error());
    }
    if (const auto* tell = std::get_if<Tell>(&work.what())) {
        const auto client = engine_->session_client(tell->session);
        if (!client) return problem(client.error());
        if (!tell_client_ || !tell_client_(tell->session, *client, tell->abort))
            return problem(ApiReason::client_unreachable);
        return with_body(R"({"status":"asked"})", 202);
    }
    if (const auto* call = std::get_if<Call>(&work.what())) {
        auto told = call->run(*engine_);
        return told ? *std::move(told) : problem(told.error());
    }
    std::string account;
    bool repeated = false;
    if (const auto* payment = std::get_if<TopUpOf>(&work.what())) {
        const auto paid = engine_->top_up(payment->account, payment->amount, payment->reference);
        if (!paid) return problem(paid.error());
        account = payment->account;
        repeated = paid->repeated;
    } else {
        const auto& change = std::get<Limits>(work.what()).change;
        if (const auto done = engine_->limit(change); !done) return problem(done.error());
        account = change.account;
    }
    const auto report = engine_->balance(account);
    if (!report) return problem(report.error());
    HttpAnswer told = with_body(write_balance(*report));
    told.replayed = repeated;
    return told;
}

}  // namespace farthing::api
