// One fee of a prepaid account, back to its price and its postings; and all of them against the
// ledger.
#include <fmt/format.h>

#include "billing/due_fees.h"
#include "engine/charge_id.h"
#include "engine/find.h"
#include "engine/prepaid_fees.h"
#include "engine/reasons.h"
#include "settlement/charge_ref.h"

namespace farthing::engine {

namespace {

class ExplainFee {
  public:
    ExplainFee(Engine::State& state, FeeMove move)
        : state_(state), move_(std::move(move)), currency_(state.catalog.newest().currency) {}

    Result<Explanation> run(std::string_view id, bool verify) {
        Explanation e;
        e.subject = std::string(id);
        e.sentence = sentence();
        e.rounded = e.exact = money(move_.atoms);
        FARTHING_CHECK(tell_moves(e));
        tell_rule(e);
        FARTHING_CHECK(tell_ledger(e));
        if (verify) FARTHING_CHECK(tell_verified(e));
        return e;
    }

  private:
    std::string money(i128 atoms) const { return Money{atoms, currency_}.to_string(); }
    std::string amount(i128 atoms) const {
        return money(atoms) + " " + std::string(currency_.code());
    }
    const PrepaidFee& fee() const { return move_.fee; }
    const std::string& payer() const { return state_.directory.account(fee().payer).fact.name; }

    std::string whose() const {
        return fee().subscription ? state_.directory.subscription(fee().subscription).fact.name
                                  : payer();
    }

    std::string sentence() const {
        const std::string what =
            fmt::format("{} of {} for {} fell due on {}",
                        state_.names.name_of(NameTable::Kind::component, fee().component.value),
                        whose(), to_string(fee().cycle), to_string(fee().due));
        if (!move_.was_taken()) {
            return fmt::format("{}: {} could not be taken from {}, which had {} to spend", what,
                               amount(move_.wanted), payer(), money(move_.available));
        }
        if (move_.atoms < 0) {
            return fmt::format("{}: {} went back to {}, since there is less of it now", what,
                               amount(-i128{move_.atoms}), payer());
        }
        return fmt::format("{}: {} was taken from {}, which had {} to spend", what,
                           amount(move_.atoms), payer(), money(move_.available));
    }

    Result<void> tell_moves(Explanation& e) {
        FARTHING_TRY(const auto moves, state_.store->fee_moves(fee().payer, fee().cycle.end));
        for (const FeeMove& one : moves) {
            if (one.fee.key() != fee().key()) continue;
            e.arithmetic.push_back(fmt::format(
                "{} {}: {} due, {} to spend: {}", std::string(kFeePrefix) + std::to_string(one.id),
                to_rfc3339(one.at), money(one.wanted), money(one.available),
                one.was_taken() ? "taken " + money(one.atoms) : "not covered"));
            taken_ += one.atoms;
        }
        return {};
    }

    void tell_rule(Explanation& e) const {
        const catalog::Version* version = state_.version_on(fee().first);
        if (version == nullptr) version = &state_.catalog.newest();
        const settlement::ChargeRef ref = settlement::find_charge(*version, fee().component);
        if (ref.fee == nullptr) return;
        e.rule =
            fmt::format("{} version {} › {} › {}, {} ({})", version->name, version->number.value,
                        ref.plan->name, ref.fee->name, ref.fee->text, ref.fee->place);
        e.catalog_hash = version->hash;
    }

    Result<void> tell_ledger(Explanation& e) const {
        if (!move_.was_taken()) return {};
        FARTHING_TRY(const auto entries, state_.store->entries(fee().payer));
        for (const Entry& entry : entries) {
            if (entry.id != move_.entry) continue;
            for (const Posting& posting : entry.postings) {
                e.ledger.push_back(ledger_account_name(state_, posting.account) + " " +
                                   amount(posting.atoms));
            }
        }
        return {};
    }

    // Priced again on the day it fell due: what was taken of it, or what was asked for.
    Result<void> tell_verified(Explanation& e) const {
        const billing::Input input{
            .catalog = state_.catalog,
            .directory = state_.directory,
            .payer = fee().payer,
            .cycle = billing::cycle_of_payer(state_.directory, fee().payer, fee().due),
            .today = state_.today(),
            .due_by = std::max(fee().due, state_.zone().date_of(move_.at))};
        FARTHING_TRY(const auto due, billing::due_fees(input, fee().due));
        i128 again = 0;
        for (const billing::DueFee& one : due)
            if (one.fee.key() == fee().key()) again = one.atoms;
        const i128 stored = taken_ != 0 || move_.was_taken() ? taken_ : i128{move_.wanted};
        e.verify = {again == stored, money(again), money(stored)};
        return {};
    }

    Engine::State& state_;
    FeeMove move_;
    Currency currency_;
    i128 taken_ = 0;
};

}  // namespace

Result<Explanation> explain_fee(Engine::State& state, std::string_view id, bool verify) {
    const auto number = number_in(id.substr(kFeePrefix.size()));
    if (!number) return fail(EngineReason::id_malformed);
    FARTHING_TRY(const auto move, state.store->fee_move(*number));
    if (!move) {
        return fail(EngineReason::charge_unknown,
                    "no fee of a prepaid account is " + std::string(id));
    }
    return ExplainFee(state, *move).run(id, verify);
}

Result<std::optional<CheckLine>> check_fees(Engine::State& state) {
    FARTHING_TRY(const auto moves, state.store->fee_moves());
    if (moves.empty() || state.catalog.empty()) return std::optional<CheckLine>();
    FARTHING_TRY(const auto entries, state.store->entries({}));
    FARTHING_TRY(const auto waiting, state.store->uncovered_fees());
    std::map<EntryId, i128> posted;
    const auto packages = packages_sold(state);
    for (const Entry& entry : entries) {
        if (entry.kind != EntryKind::fee || entry.invoice) continue;
        if (packages.contains(entry.component)) continue;
        for (const Posting& posting : entry.postings)
            if (posting.account == LedgerAccount{LedgerKind::unbilled, entry.payer.value})
                posted[entry.id] += posting.atoms;
    }
    bool ok = true;
    i128 sum = 0;
    std::int64_t taken = 0;
    std::map<std::pair<AccountId, PrepaidFee::Key>, std::int64_t> last;  // asked for in vain
    for (const FeeMove& move : moves) {
        last[{move.fee.payer, move.fee.key()}] = move.was_taken() ? 0 : move.wanted;
        if (!move.was_taken()) continue;
        const auto found = posted.find(move.entry);
        ok = ok && found != posted.end() && found->second == move.atoms;
        if (found != posted.end()) posted.erase(found);
        sum += move.atoms;
        taken += 1;
    }
    for (const UncoveredFee& one : waiting) {
        const auto found = last.find({one.fee.payer, one.fee.key()});
        ok = ok && found != last.end() && found->second == one.atoms;
    }
    const Currency currency = state.catalog.newest().currency;
    return CheckLine{
        "fees",
        ok && posted.empty(),
        fmt::format("{} {} taken of prepaid accounts in {} entries = posted; {} fees wait",
                    Money{sum, currency}.to_string(), currency.code(), grouped(taken),
                    grouped(std::ssize(waiting))),
        {}};
}

}  // namespace farthing::engine
