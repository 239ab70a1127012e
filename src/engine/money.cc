// Money of accounts: paid in, redeemed from vouchers, and moved from one to another.
#include "engine/money.h"

#include <algorithm>

#include "base/hash.h"
#include "base/utf8.h"
#include "engine/desk.h"
#include "engine/find.h"
#include "engine/notices.h"
#include "engine/prepaid_fees.h"
#include "engine/reasons.h"
#include "ledger/ledger.h"

namespace farthing::engine {

namespace {

constexpr std::int64_t kGuessesMax = 5;  // in an hour, by one account
constexpr std::int64_t kHourMicros = 3600 * kMicrosPerSecond;
constexpr std::size_t kVouchersMax = 100'000;

Result<Entry> entry_of(const Engine::State& state, EntryKind kind, AccountId payer,
                       LedgerAccount debit, LedgerAccount credit, std::int64_t atoms) {
    Entry header;
    header.kind = kind;
    header.payer = payer;
    const Date day = state.today();
    header.period = {day, day.plus_days(1)};
    header.currency = state.catalog.newest().currency;
    ledger::EntryBuilder entry(std::move(header));
    if (!entry.move(debit, credit, atoms)) return fail(EngineReason::amount_out_of_range);
    return std::move(entry).finish();
}

Result<std::int64_t> some_atoms(const std::string& amount, Currency currency) {
    FARTHING_TRY(const std::int64_t atoms, atoms_of(amount, currency));
    if (atoms == 0) return fail(EngineReason::amount_malformed, "an amount of nothing");
    return atoms;
}

Result<TopUp> take_in(Engine::State& s, PaidIn money) {
    const AccountId id = money.payment.account;
    money.notices.push_back(notice_of(s, money.payment));
    FARTHING_TRY(const auto low, s.store->told_low());
    if (std::ranges::find(low, id) != low.end()) {
        FARTHING_TRY(Desk* const desk, s.open_desk());
        money.no_longer_low = !desk->is_low(id, money.payment.atoms);
    }
    const bool in_step = s.desk && s.desk->in_step();
    FARTHING_TRY(const TopUp paid, s.store->top_up(money));
    if (in_step) s.desk->paid(id, paid.repeated ? 0 : paid.atoms, money.no_longer_low);
    FARTHING_CHECK(take_due_fees(s, id));
    return paid;
}

// As it was made, however it is written: letters of either case, with hyphens or blanks or none,
// O for 0 and I or L for 1.
std::string code_as_made(const std::string& text) {
    std::string code;
    for (const char c : text) {
        if (c == '-' || c == ' ') continue;
        char plain = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        if (plain == 'O') plain = '0';
        if (plain == 'I' || plain == 'L') plain = '1';
        code.push_back(plain);
    }
    return code;
}

Result<VoucherBatch> batch_named(const Engine::State& state, const std::string& name) {
    FARTHING_TRY(const auto batches, state.store->voucher_batches());
    for (const VoucherBatch& one : batches)
        if (one.name == name) return one;
    return fail(EngineReason::voucher_batch_unknown,
                "no vouchers are named \"" + printable(name) + "\"");
}

VoucherReport report_of(const Engine::State& state, const VoucherBatch& batch) {
    VoucherReport report{batch, {}, {}};
    if (batch.seller) report.seller = state.directory.account(batch.seller).fact.name;
    return report;
}

// Why a voucher does not count now.
std::optional<Error> refused_for(const Voucher& voucher, Instant now) {
    const VoucherBatch& batch = voucher.batch;
    if (voucher.account) return error_of(StoreReason::voucher_redeemed);
    if (batch.blocked_at)
        return error_of(EngineReason::voucher_blocked,
                        "the voucher is blocked: " + batch.blocked_because);
    if (now < batch.valid_from) return error_of(EngineReason::voucher_not_yet);
    if (batch.valid_until <= now) return error_of(EngineReason::voucher_expired);
    return std::nullopt;
}

}  // namespace

Result<TopUp> Engine::top_up(const std::string& account, const std::string& amount,
                             const std::string& reference) {
    State& s = *state_;
    FARTHING_CHECK(s.follow_others());
    FARTHING_TRY(const AccountId id, payer_named(s, account));
    TopUp payment;
    payment.account = id;
    payment.at = s.clock.now();
    payment.currency = s.catalog.newest().currency;
    FARTHING_TRY(payment.atoms, some_atoms(amount, payment.currency));
    if (reference.empty())
        return fail(EngineReason::reference_missing, "a top-up needs a reference");
    payment.reference = reference;
    FARTHING_TRY(Entry entry, entry_of(s, EntryKind::top_up, id, {LedgerKind::cash, 0},
                                       {LedgerKind::prepaid, id.value}, payment.atoms));
    return take_in(s, {payment, std::move(entry), false, {}});
}

Result<void> Engine::make_vouchers(const VoucherOrder& order) {
    State& s = *state_;
    FARTHING_CHECK(s.follow_others());
    if (s.catalog.empty()) return fail(EngineReason::catalog_none);
    VoucherBatch batch;
    batch.name = order.name;
    batch.at = s.clock.now();
    batch.currency = s.catalog.newest().currency;
    FARTHING_TRY(batch.atoms, some_atoms(order.amount, batch.currency));
    batch.valid_from = order.from ? s.zone().start_of(*order.from) : batch.at;
    batch.valid_until = s.zone().start_of(order.until);
    if (order.name.empty() || order.codes.empty() || order.codes.size() > kVouchersMax ||
        batch.valid_until <= batch.valid_from)
        return fail(EngineReason::voucher_order_malformed);
    if (!order.seller.empty()) {
        batch.seller = s.directory.account_named(order.seller);
        if (!batch.seller)
            return fail(DirectoryReason::unknown_account,
                        "no account is named \"" + printable(order.seller) + "\"");
    }
    std::vector<std::string> hashes;
    FARTHING_TRY(const std::string key, s.store->voucher_key(order.secret));
    for (const std::string& code : order.codes)
        hashes.push_back(hmac_sha256_hex(key, code_as_made(code)));
    return s.quietly([&] { return s.store->add_vouchers(batch, hashes); });
}

Result<std::vector<VoucherReport>> Engine::vouchers() {
    FARTHING_TRY(const auto batches, state_->store->voucher_batches());
    std::vector<VoucherReport> reports;
    for (const VoucherBatch& one : batches) reports.push_back(report_of(*state_, one));
    return reports;
}

Result<VoucherReport> Engine::vouchers(const std::string& name) {
    FARTHING_TRY(const VoucherBatch batch, batch_named(*state_, name));
    FARTHING_TRY(const auto redeemed, state_->store->redeemed_vouchers(batch.id));
    VoucherReport report = report_of(*state_, batch);
    for (const RedeemedVoucher& one : redeemed) {
        report.redeemed.push_back(
            {one.serial, state_->directory.account(one.account).fact.name, one.at});
    }
    return report;
}

Result<void> Engine::block_vouchers(const std::string& name, const std::string& because) {
    State& s = *state_;
    if (because.empty()) return fail(EngineReason::reason_missing);
    FARTHING_TRY(const VoucherBatch batch, batch_named(s, name));
    return s.quietly([&]() -> Result<void> {
        FARTHING_CHECK(s.store->block_vouchers(batch.id, s.clock.now(), because));
        return {};
    });
}

Result<TopUp> Engine::redeem(const std::string& account, const std::string& code,
                             const std::string& reference) {
    State& s = *state_;
    FARTHING_CHECK(s.follow_others());
    FARTHING_TRY(const AccountId id, payer_named(s, account));
    const Instant now = s.clock.now();
    FARTHING_TRY(const std::string key, s.store->voucher_key({}));
    const std::string hash = hmac_sha256_hex(key, code_as_made(code));
    if (!reference.empty()) {
        FARTHING_TRY(const auto before, s.store->redemption(reference));
        if (before && (before->hash != hash || before->account != id))
            return fail(StoreReason::reference_taken);
        if (before) {  // asked again: told again
            FARTHING_TRY(const auto voucher, s.store->voucher(hash));
            const VoucherBatch& batch = voucher->batch;
            return TopUp{id, before->top_up, before->at, batch.currency, batch.atoms, true};
        }
    }
    FARTHING_TRY(const std::int64_t guesses,
                 s.store->voucher_guesses(id, now.plus_micros(-kHourMicros)));
    if (guesses >= kGuessesMax) return fail(EngineReason::voucher_guesses);
    FARTHING_TRY(const auto voucher, s.store->voucher(hash));
    if (!voucher) {
        FARTHING_CHECK(s.quietly([&] { return s.store->add_voucher_guess(id, now); }));
        return fail(EngineReason::voucher_unknown);
    }
    if (const auto refused = refused_for(*voucher, now)) return fail(*refused);
    const VoucherBatch& batch = voucher->batch;
    const TopUp payment{id, "voucher " + batch.name + "/" + std::to_string(voucher->serial), now,
                        batch.currency, batch.atoms};
    FARTHING_TRY(Entry entry,
                 entry_of(s, EntryKind::voucher, id, {LedgerKind::vouchers, batch.seller.value},
                          {LedgerKind::prepaid, id.value}, payment.atoms));
    return take_in(s, {payment, std::move(entry), false, {}, hash, reference});
}

namespace {

// What is asked for, or what was done of it before.
Result<Transfer> transfer_of(const Engine::State& s, const TransferOrder& order) {
    Transfer asked;
    FARTHING_TRY(asked.from, payer_named(s, order.from));
    FARTHING_TRY(asked.to, payer_named(s, order.to));
    asked.currency = s.catalog.newest().currency;
    FARTHING_TRY(asked.atoms, some_atoms(order.amount, asked.currency));
    if (order.reference.empty())
        return fail(EngineReason::reference_missing, "a transfer needs a reference");
    if (asked.from == asked.to) return fail(EngineReason::transfer_to_itself);
    asked.reference = order.reference;
    asked.at = s.clock.now();
    FARTHING_TRY(auto before, s.store->transfer_named(order.reference));
    if (!before) return asked;
    before->repeated = true;
    if (before->from == asked.from && before->to == asked.to && before->atoms == asked.atoms)
        return *std::move(before);
    return fail(StoreReason::reference_taken,
                "another transfer has the reference \"" + printable(order.reference) + "\"");
}

}  // namespace

Result<Transfer> Engine::transfer(const TransferOrder& order) try {
    State& s = *state_;
    for (int left = kTries; left > 0; --left) {
        FARTHING_TRY(const store::Turn turn, store::Turn::take(*s.store));
        FARTHING_TRY(Desk* const desk, s.open_desk());
        FARTHING_TRY(const Transfer asked, transfer_of(s, order));
        if (asked.repeated) return asked;
        const Result<void> done = desk->transfer(asked);
        if (done) {
            FARTHING_CHECK(take_due_fees(s, asked.to));
            FARTHING_CHECK(let_money_come(s));
            return asked;
        }
        if (done.error().code != name_of(StoreReason::position_moved)) return fail(done.error());
        s.forget_counters();  // and the desk with them: the store has what is true
        s.followed = false;
    }
    return fail(StoreReason::position_moved);
} catch (const StoreFailure& failure) {
    state_->forget_counters();
    return fail(failure.error);
}

// What may be spent and is not held, of an account that has money of its own.
Result<void> Desk::transfer(const Transfer& asked, const Recharge* recharge) {
    charger_.pass(asked.at);
    const ledger::Purse& purse = charger_.purses()[asked.from];
    if (!purse.credit) return fail(EngineReason::transfer_of_postpaid);
    const i128 free = purse.balance + *purse.credit - purse.held;
    if (free < asked.atoms) {
        return fail(EngineReason::transfer_not_covered,
                    Money{std::max<i128>(0, free), currency()}.to_string() + " can be moved");
    }
    Moved moved;
    moved.transfer = asked;
    if (recharge != nullptr) moved.recharge = *recharge;
    FARTHING_TRY(moved.entry, entry_of(state_, EntryKind::transfer, asked.from,
                                       {LedgerKind::prepaid, asked.from.value},
                                       {LedgerKind::prepaid, asked.to.value}, asked.atoms));
    moved.low = is_low(asked.from, -asked.atoms) && !low_.contains(asked.from);
    moved.no_longer_low = low_.contains(asked.to) && !is_low(asked.to, asked.atoms);
    moved.notices.push_back(recharge == nullptr ? notice_of(state_, asked)
                                                : notice_of(state_, *recharge));
    if (moved.low) {
        moved.notices.push_back(
            low_notice(state_, asked.from, purse.balance - asked.atoms, watched_.at(asked.from)));
    }
    FARTHING_CHECK(state_.store->transfer(moved));
    if (moved.low) low_.insert(asked.from);
    paid(asked.from, -asked.atoms);
    look_at(asked.from);
    paid(asked.to, asked.atoms, moved.no_longer_low);
    return {};
}

Result<std::vector<TransferRow>> Engine::transfers(const std::string& account) {
    FARTHING_TRY(const AccountId id, payer_named(*state_, account));
    FARTHING_TRY(const auto found, state_->store->transfers(id));
    const auto name = [&](AccountId one) { return state_->directory.account(one).fact.name; };
    std::vector<TransferRow> rows;
    for (const Transfer& one : found) {
        rows.push_back(
            {one.at, name(one.from), name(one.to), one.reference, Money{one.atoms, one.currency}});
    }
    return rows;
}

}  // namespace farthing::engine
