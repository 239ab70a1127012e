// Vouchers by the keyed hashes of their codes; money that goes from one account to another, also by
// itself.
#include "store/currency_code.h"
#include "store/sqlite_store.h"

namespace farthing::store {

namespace {

constexpr std::string_view kBatchColumns =
    "b.id, b.name, b.at, b.seller, b.currency, b.atoms, b.vouchers, b.valid_from, b.valid_until, "
    "x.at, coalesce(x.because, '')";
constexpr std::string_view kBlocked =
    " LEFT JOIN voucher_blocked AS x ON x.tenant = b.tenant AND x.batch = b.id ";
constexpr int kAfterBatch = 11;

VoucherBatch batch_of(const SqlStatement& row) {
    VoucherBatch batch;
    batch.id = row.as<std::uint32_t>(0);
    batch.name = row.text(1);
    batch.at = row.instant(2);
    batch.seller = {row.as<std::uint32_t>(3)};
    batch.currency = currency_of(row.text(4));
    batch.atoms = row.integer(5);
    batch.count = row.integer(6);
    batch.valid_from = row.instant(7);
    batch.valid_until = row.instant(8);
    if (!row.is_null(9)) batch.blocked_at = row.instant(9);
    batch.blocked_because = row.text(10);
    return batch;
}

constexpr std::string_view kSelectRedeemed =
    "SELECT v.serial, r.account, t.at, r.hash, t.reference FROM voucher_redeemed AS r JOIN voucher "
    "AS v ON v.tenant = r.tenant AND v.hash = r.hash JOIN top_up AS t ON t.tenant = r.tenant AND "
    "t.seq = r.top_up WHERE r.tenant = ? AND ";

RedeemedVoucher redeemed_of(const SqlStatement& row) {
    return {row.integer(0), {row.as<std::uint32_t>(1)}, row.instant(2), row.text(3), row.text(4)};
}

Transfer transfer_of(const SqlStatement& row) {
    return {{row.as<std::uint32_t>(0)},
            {row.as<std::uint32_t>(1)},
            row.text(2),
            row.instant(3),
            currency_of(row.text(4)),
            row.integer(5)};
}

constexpr std::string_view kSelectTransfers =
    "SELECT from_account, to_account, reference, at, currency, atoms FROM transfer WHERE tenant = "
    "?";

}  // namespace

Result<std::string> SqliteStore::voucher_key(const std::string& otherwise) {
    std::string secret;
    const auto read = [&]() -> Result<void> {
        return database_->select(
            "SELECT secret FROM voucher_key WHERE tenant = ?",
            [&](const SqlStatement& row) { secret = row.text(0); }, kTenant);
    };
    FARTHING_CHECK(read());
    if (!secret.empty() || otherwise.empty()) return secret;
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_CHECK(read());
    if (!secret.empty()) return secret;
    FARTHING_CHECK(database_->run("INSERT INTO voucher_key (tenant, secret) VALUES (?, ?)", kTenant,
                                  otherwise));
    FARTHING_CHECK(transaction.commit());
    return otherwise;
}

Result<void> SqliteStore::add_vouchers(const VoucherBatch& batch,
                                       std::span<const std::string> hashes) {
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_TRY(
        const std::int64_t known,
        database_->integer("SELECT count(*) FROM voucher_batch WHERE tenant = ? AND name = ?", 0,
                           kTenant, batch.name));
    if (known > 0) return fail(StoreReason::voucher_batch_exists);
    FARTHING_TRY(
        const std::int64_t id,
        database_->integer("SELECT max(id) + 1 FROM voucher_batch WHERE tenant = ?", 1, kTenant));
    FARTHING_CHECK(database_->run(
        "INSERT INTO voucher_batch (tenant, id, name, at, seller, currency, atoms, vouchers, "
        "valid_from, valid_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        kTenant, id, batch.name, batch.at, batch.seller, code_of(batch.currency), batch.atoms,
        hashes.size(), batch.valid_from, batch.valid_until));
    for (std::size_t i = 0; i < hashes.size(); ++i) {
        FARTHING_CHECK(
            database_->run("INSERT INTO voucher (tenant, hash, batch, serial) VALUES (?, ?, ?, ?)",
                           kTenant, hashes[i], id, i + 1));
    }
    return transaction.commit();
}

Result<bool> SqliteStore::block_vouchers(std::uint32_t batch, Instant at,
                                         const std::string& because) {
    FARTHING_TRY(const std::int64_t blocked,
                 write_one("INSERT OR IGNORE INTO voucher_blocked (tenant, batch, at, because) "
                           "VALUES (?, ?, ?, ?)",
                           kTenant, batch, at, because));
    return blocked == 1;
}

Result<std::vector<VoucherBatch>> SqliteStore::voucher_batches() {
    std::vector<VoucherBatch> batches;
    FARTHING_CHECK(database_->select(
        "SELECT " + std::string(kBatchColumns) +
            ", (SELECT count(*) FROM voucher AS v JOIN voucher_redeemed AS r ON r.tenant = "
            "v.tenant AND r.hash = v.hash WHERE v.tenant = b.tenant AND v.batch = b.id) FROM "
            "voucher_batch AS b" +
            std::string(kBlocked) + "WHERE b.tenant = ? ORDER BY b.id",
        [&](const SqlStatement& row) {
            batches.push_back(batch_of(row));
            batches.back().redeemed = row.integer(kAfterBatch);
        },
        kTenant));
    return batches;
}

Result<std::optional<Voucher>> SqliteStore::voucher(const std::string& hash) {
    std::optional<Voucher> found;
    FARTHING_CHECK(database_->select(
        "SELECT " + std::string(kBatchColumns) +
            ", v.serial, coalesce(r.account, 0) FROM voucher AS v JOIN voucher_batch AS b ON "
            "b.tenant = v.tenant AND b.id = v.batch LEFT JOIN voucher_redeemed AS r ON r.tenant = "
            "v.tenant AND r.hash = v.hash" +
            std::string(kBlocked) + "WHERE v.tenant = ? AND v.hash = ?",
        [&](const SqlStatement& row) {
            found = Voucher{
                batch_of(row), row.integer(kAfterBatch), {row.as<std::uint32_t>(kAfterBatch + 1)}};
        },
        kTenant, hash));
    return found;
}

Result<std::vector<RedeemedVoucher>> SqliteStore::redeemed_vouchers(std::uint32_t batch) {
    std::vector<RedeemedVoucher> found;
    FARTHING_CHECK(database_->select(
        std::string(kSelectRedeemed) + "v.batch = ? ORDER BY v.serial",
        [&](const SqlStatement& row) { found.push_back(redeemed_of(row)); }, kTenant, batch));
    return found;
}

Result<std::optional<RedeemedVoucher>> SqliteStore::redemption(const std::string& reference) {
    std::optional<RedeemedVoucher> found;
    FARTHING_CHECK(database_->select(
        std::string(kSelectRedeemed) + "r.reference = ?",
        [&](const SqlStatement& row) { found = redeemed_of(row); }, kTenant, reference));
    return found;
}

Result<std::int64_t> SqliteStore::voucher_guesses(AccountId account, Instant since) {
    return database_->integer(
        "SELECT count(*) FROM voucher_guess WHERE tenant = ? AND account = ? AND at > ?", 0,
        kTenant, account, since);
}

Result<void> SqliteStore::add_voucher_guess(AccountId account, Instant at) {
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_TRY(const std::int64_t seq, next_seq("voucher_guess"));
    FARTHING_CHECK(
        database_->run("INSERT INTO voucher_guess (tenant, seq, account, at) VALUES (?, ?, ?, ?)",
                       kTenant, seq, account, at));
    return transaction.commit();
}

Result<Transfer> SqliteStore::transfer(const Moved& moved) {
    const Transfer& asked = moved.transfer;
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_CHECK(require_alone());
    std::vector<Entry> entries = {moved.entry};
    FARTHING_CHECK(write_entries(entries, {}, {}));
    FARTHING_TRY(const std::int64_t seq, next_seq("transfer"));
    FARTHING_CHECK(
        database_->run("INSERT INTO transfer (tenant, seq, from_account, to_account, reference, "
                       "at, currency, atoms, entry) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                       kTenant, seq, asked.from, asked.to, asked.reference, asked.at,
                       code_of(asked.currency), asked.atoms, entries.front().id));
    if (moved.low) {
        FARTHING_CHECK(database_->run("INSERT INTO balance_low (tenant, account) VALUES (?, ?)",
                                      kTenant, asked.from));
    }
    if (moved.no_longer_low) {
        FARTHING_CHECK(database_->run("DELETE FROM balance_low WHERE tenant = ? AND account = ?",
                                      kTenant, asked.to));
    }
    if (moved.recharge) FARTHING_CHECK(write_recharge(*moved.recharge));
    FARTHING_CHECK(write_notices(moved.notices));
    FARTHING_CHECK(commit_alone(transaction));
    return asked;
}

Result<std::optional<Transfer>> SqliteStore::transfer_named(const std::string& reference) {
    std::optional<Transfer> found;
    FARTHING_CHECK(database_->select(
        std::string(kSelectTransfers) + " AND reference = ?",
        [&](const SqlStatement& row) { found = transfer_of(row); }, kTenant, reference));
    return found;
}

Result<std::vector<Transfer>> SqliteStore::transfers(AccountId account) {
    std::vector<Transfer> found;
    FARTHING_CHECK(database_->select(
        std::string(kSelectTransfers) +
            " AND (? = 0 OR from_account = ? OR to_account = ?) ORDER BY seq",
        [&](const SqlStatement& row) { found.push_back(transfer_of(row)); }, kTenant, account,
        account, account));
    return found;
}

Result<void> SqliteStore::set_recharge_rule(const RechargeRule& rule) {
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_TRY(const std::int64_t seq, next_seq("recharge_rule"));
    FARTHING_CHECK(database_->run(
        "INSERT INTO recharge_rule (tenant, seq, account, at, below, atoms, source, per_day, "
        "per_month) VALUES (?, ?, ?, ?, nullif(?, -1), ?, ?, ?, ?)",
        kTenant, seq, rule.account, rule.at, rule.below.value_or(-1), rule.atoms, rule.source,
        rule.per_day, rule.per_month));
    return transaction.commit();
}

Result<std::vector<RechargeRule>> SqliteStore::recharge_rules() {
    std::map<AccountId, RechargeRule> rules;
    FARTHING_CHECK(database_->select(
        "SELECT account, at, below, atoms, source, per_day, per_month FROM recharge_rule WHERE "
        "tenant = ? ORDER BY seq",
        [&](const SqlStatement& row) {
            RechargeRule rule{{row.as<std::uint32_t>(0)},
                              row.instant(1),
                              {},
                              row.integer(3),
                              {row.as<std::uint32_t>(4)},
                              row.integer(5),
                              row.integer(6)};
            if (!row.is_null(2)) rule.below = row.integer(2);
            rules[rule.account] = rule;
        },
        kTenant));
    std::vector<RechargeRule> held;
    for (const auto& [account, rule] : rules)
        if (rule.below) held.push_back(rule);
    return held;
}

Result<void> SqliteStore::write_recharge(const Recharge& recharge) {
    FARTHING_TRY(const std::int64_t seq, next_seq("recharge"));
    return database_->run(
        "INSERT INTO recharge (tenant, seq, account, at, reference, source, atoms, state) VALUES "
        "(?, ?, ?, ?, ?, ?, ?, ?)",
        kTenant, seq, recharge.account, recharge.at, recharge.reference, recharge.source,
        recharge.atoms, recharge.state);
}

Result<void> SqliteStore::add_recharge(const Recharge& recharge, const Notice& notice) {
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_CHECK(require_alone());
    FARTHING_CHECK(write_recharge(recharge));
    FARTHING_CHECK(write_notices(std::span(&notice, 1)));
    return commit_alone(transaction);
}

Result<std::vector<Recharge>> SqliteStore::recharges(AccountId account, Instant since) {
    std::vector<Recharge> found;
    FARTHING_CHECK(database_->select(
        "SELECT r.account, r.at, r.reference, r.source, r.atoms, r.state, EXISTS (SELECT 1 FROM "
        "top_up AS t WHERE t.tenant = r.tenant AND t.reference = r.reference) FROM recharge AS r "
        "WHERE r.tenant = ? AND r.account = ? AND r.at >= ? ORDER BY r.seq",
        [&](const SqlStatement& row) {
            found.push_back({{row.as<std::uint32_t>(0)},
                             row.instant(1),
                             row.text(2),
                             {row.as<std::uint32_t>(3)},
                             row.integer(4),
                             row.as<RechargeState>(5),
                             row.integer(6) != 0});
        },
        kTenant, account, since));
    return found;
}

}  // namespace farthing::store
