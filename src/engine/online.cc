// Charging while usage happens: groups of requests, limits, who may ask.
#include "engine/online.h"

#include <algorithm>

#include "base/hash.h"
#include "base/utf8.h"
#include "engine/desk.h"
#include "engine/find.h"
#include "engine/prepaid_fees.h"
#include "engine/reasons.h"

namespace farthing::engine {

Result<std::int64_t> atoms_of(const std::string& text, Currency currency) {
    const auto money = Money::parse(text, currency);
    const auto atoms = money ? narrow64(money->atoms) : std::nullopt;
    if (!atoms || *atoms < 0) {
        return fail(EngineReason::amount_malformed, "\"" + printable(text) + "\" is no amount");
    }
    return *atoms;
}

namespace {

Result<AccountId> known_account(const Engine::State& state, const std::string& name) {
    if (state.catalog.empty()) return fail(EngineReason::catalog_none);
    const AccountId id = state.directory.account_named(name);
    if (!id) {
        return fail(DirectoryReason::unknown_account,
                    "no account is named \"" + printable(name) + "\"");
    }
    return id;
}

}  // namespace

bool pays_today(const Engine::State& state, AccountId account) {
    const bool* pays = state.directory.account(account).pays.at(state.today());
    return pays != nullptr && *pays;
}

Result<AccountId> payer_named(const Engine::State& state, const std::string& name) {
    FARTHING_TRY(const AccountId id, known_account(state, name));
    if (!pays_today(state, id))
        return fail(EngineReason::account_does_not_pay, "account \"" + name + "\" does not pay");
    return id;
}

Result<AccountId> paid_account_named(const Engine::State& state, const std::string& name) {
    FARTHING_TRY(const AccountId id, known_account(state, name));
    const AccountId* payer = state.directory.account(id).payer.at(state.today());
    if (payer == nullptr || !*payer)
        return fail(EngineReason::account_does_not_pay, "nobody pays for account \"" + name + "\"");
    return id;
}

// They may be newer in memory than `seen`, never older: then they are loaded again in vain.
Result<std::optional<std::vector<OwnerBlock>>> Engine::State::follow_counters() try {
    FARTHING_TRY(auto changed, store->changed_owners(seen));
    seen = changed.last;
    if (changed.owners) {
        const auto numbers = counters.numbers_of(*changed.owners);
        rater->forget(numbers);
        cost_rater->forget(numbers);
        counters.load_again(*changed.owners);
    } else {
        counters.clear();
    }
    return std::move(changed.owners);
} catch (const StoreFailure& failure) {
    forget_counters();
    return fail(failure.error);
}

// What another process wrote is read before anything is charged on it.
Result<void> Engine::State::follow_others() {
    FARTHING_TRY(const bool wrote, store->wrote_elsewhere());
    if (!wrote && followed) return {};
    followed = false;
    FARTHING_TRY(const std::int64_t now, store->described());
    if (now == described && desk) {  // a batch of usage describes nothing
        FARTHING_TRY(const auto owners, follow_counters());
        desk->others_wrote(owners);
    } else {
        if (now != described) FARTHING_CHECK(load_descriptions(now));
        forget_counters();
        FARTHING_CHECK(load_deletions());
    }
    followed = true;
    return {};
}

Result<void> Engine::State::load_descriptions(std::int64_t now) {
    described = -1;
    FARTHING_CHECK(load_catalog());
    FARTHING_CHECK(load_directory());
    FARTHING_CHECK(load_feeds());
    described = now;
    return {};
}

Result<void> Engine::State::see_others(OpenFeed& feed) {
    FARTHING_TRY(const bool wrote, store->wrote_elsewhere());
    if (!wrote && followed) return {};
    followed = false;
    desk.reset();
    FARTHING_CHECK(follow_counters());
    if (!feed.dedup) return {};
    FARTHING_TRY(const auto segments, store->dedup_segments());
    const auto known =
        std::ranges::count_if(segments, [&](const auto& one) { return one.first == feed.id; });
    if (static_cast<std::size_t>(known) != feed.segments) feed.dedup.reset();
    return {};
}

Result<Desk*> Engine::State::open_desk() {
    FARTHING_CHECK(follow_others());
    if (desk) {
        FARTHING_TRY(const bool stands, desk->stands());
        if (!stands) desk.reset();
    }
    if (!desk) {
        FARTHING_TRY(desk, Desk::open(*this));
    }
    FARTHING_CHECK(desk->follow());
    return desk.get();
}

// REQUIRES: it is our turn.
Result<void> Engine::State::keep_open_sums() {
    std::vector<OpenSession> sums;
    FARTHING_CHECK(store->each_charge_session([&](const auto& kept) -> Result<void> {
        FARTHING_TRY(const charging::Session session, charging::unpack_session(kept.bytes));
        if (session.ended) return {};  // then they were
        for (const OpenSession& sum : charging::sums_of(session)) sums.push_back(sum);
        return {};
    }));
    return store->keep_sums(sums, clock.now());
}

Result<void> Engine::State::quietly(const std::function<Result<void>()>& write) {
    FARTHING_TRY(const store::Turn turn, store::Turn::take(*store));
    const bool in_step = desk && desk->in_step();
    FARTHING_CHECK(write());
    if (in_step) desk->stay_in_step();
    return {};
}

Result<void> Engine::set_charging(const ChargeSettings& settings) try {
    State& s = *state_;
    s.charge_settings = settings;
    s.desk.reset();
    FARTHING_CHECK(s.store->charge_live());
    if (s.catalog.empty()) return {};
    FARTHING_TRY(const store::Turn turn, store::Turn::take(*s.store));
    FARTHING_CHECK(s.open_desk());  // or who asks first waits until all sessions are read
    return {};
} catch (const StoreFailure& failure) {
    return fail(failure.error);
}

Result<std::vector<Result<ChargeAnswer>>> Engine::charge(
    std::span<const ChargeQuestion> questions) try {
    State& s = *state_;
    for (int left = kTries; left > 0; --left) {
        FARTHING_TRY(const store::Turn turn, store::Turn::take(*s.store));
        if (s.catalog.empty()) FARTHING_CHECK(s.follow_others());
        if (s.catalog.empty()) return fail(EngineReason::catalog_none);
        FARTHING_TRY(Desk* const desk, s.open_desk());
        auto answers = desk->charge(questions);
        const Result<void> done = desk->commit();
        if (done) {
            FARTHING_CHECK(let_money_come(s));
            return answers;
        }
        s.forget_counters();  // and the desk with them: the store has what is true
        s.followed = false;
        if (done.error().code != name_of(StoreReason::position_moved) || left == 1)
            return fail(done.error());
    }
    return fail(StoreReason::position_moved);
} catch (const StoreFailure& failure) {
    state_->forget_counters();
    return fail(failure.error);
}

Result<std::string> Engine::session_client(const std::string& session) try {
    FARTHING_CHECK(state_->follow_others());
    FARTHING_TRY(Desk* const desk, state_->open_desk());
    const charging::Session* const open = desk->charger().find(session);
    if (open == nullptr || open->ended) return fail(ChargeReason::unknown_session);
    return std::string(open->client);
} catch (const StoreFailure& failure) {
    return fail(failure.error);
}

std::vector<WaitingSession> Engine::waiting_sessions() {
    return state_->desk ? state_->desk->take_waiting() : std::vector<WaitingSession>();
}

Result<BalanceReport> Engine::balance(const std::string& account) try {
    FARTHING_CHECK(state_->follow_others());
    FARTHING_TRY(const AccountId id, paid_account_named(*state_, account));
    FARTHING_TRY(Desk* const desk, state_->open_desk());
    FARTHING_TRY(BalanceReport report, desk->balance(id));
    if (!state_->directory.has_buckets()) return report;
    FARTHING_TRY(report.buckets, buckets(account));
    std::erase_if(report.buckets, [](const BucketRow& row) { return row.state != "valid"; });
    return report;
} catch (const StoreFailure& failure) {
    return fail(failure.error);
}

Result<std::vector<TopUp>> Engine::top_ups(const std::string& account) {
    FARTHING_TRY(const AccountId id, payer_named(*state_, account));
    return state_->store->top_ups(id);
}

Result<void> Engine::limit(const LimitChange& change) {
    State& s = *state_;
    FARTHING_CHECK(s.follow_others());
    FARTHING_TRY(const AccountId id, paid_account_named(s, change.account));
    const bool pays = pays_today(s, id);
    if (!pays && !change.credit.empty())
        return fail(EngineReason::account_does_not_pay,
                    "account \"" + change.account + "\" has no money of its own");
    AccountLimit now{id, s.clock.now(), {}, {}};
    FARTHING_TRY(const auto before, s.store->limits());
    for (const AccountLimit& limit : before) {
        if (limit.account != id) continue;
        now.credit = limit.credit;
        now.cap = limit.cap;
    }
    const auto set = [&](const std::string& text, std::optional<std::int64_t>& limit,
                         std::optional<std::int64_t> endless) -> Result<void> {
        if (text.empty()) return {};
        limit = endless;
        if (text == "none") return {};
        FARTHING_TRY(limit, atoms_of(text, s.catalog.newest().currency));
        return {};
    };
    FARTHING_CHECK(set(change.credit, now.credit, kEndlessCredit));
    FARTHING_CHECK(set(change.cap, now.cap, std::nullopt));
    FARTHING_CHECK(s.store->limit(now));
    if (pays) FARTHING_CHECK(take_due_fees(s, id));
    return {};
}

Result<void> Engine::add_api_key(const std::string& name, const std::string& secret,
                                 const std::string& scopes) {
    const ApiKey key{name, sha256_hex(secret), scopes, state_->clock.now(), {}};
    return state_->quietly([&] { return state_->store->add_key(key); });
}

Result<void> Engine::revoke_api_key(const std::string& name) {
    bool revoked = false;
    FARTHING_CHECK(state_->quietly([&]() -> Result<void> {
        FARTHING_TRY(revoked, state_->store->revoke_key(name, state_->clock.now()));
        return {};
    }));
    if (revoked) return {};
    return fail(EngineReason::api_key_unknown,
                "no API key in use is named \"" + printable(name) + "\"");
}

Result<std::vector<ApiKey>> Engine::api_keys() {
    return state_->store->keys();
}

}  // namespace farthing::engine
