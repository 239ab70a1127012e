// The store on SQLite. One file a topic: store.cc (opening, catalog), store_directory.cc,
// store_source.cc
// (feeds, sources), store_batch.cc (commit), store_read.cc (what batches left), store_invoice.cc,
// store_groups.cc (the log of groups), store_online.cc, store_fees.cc, store_voucher.cc,
// store_webhook.cc, store_check.cc.
#pragma once

#include <map>

#include "store/applier.h"
#include "store/batch_chain.h"
#include "store/files.h"
#include "store/group_log.h"
#include "store/lake.h"
#include "store/schema.h"
#include "store/sqlite.h"
#include "store/store.h"
#include "store/turns.h"

namespace farthing::store {

class SqliteStore final : public Store {
  public:
    SqliteStore(std::filesystem::path folder, FolderLock lock, Turns turns,
                std::unique_ptr<Database> database);
    Result<void> prepare_schema();
    // What another process left in the log of groups.
    Result<void> recover_groups();
    // What is on the disk gets to the tables. All of it, or nothing; on a connection of its own.
    Result<void> move(std::span<const LoggedGroup* const> groups);

    Result<std::int64_t> described() override;
    Result<std::vector<CatalogRecord>> catalogs() override;
    Result<NameTable> names() override;
    Result<void> publish(const CatalogRecord& record, const NameTable& names) override;
    Result<void> tell_facts(const std::function<void(const FactCounts&)>& begin,
                            const std::function<Result<void>(DirectoryFacts&)>& take) override;
    Result<void> append(const DirectoryFacts& facts) override;
    Result<std::vector<FeedRow>> feeds() override;
    Result<FeedId> save_feed(const std::string& name, const std::string& text) override;
    Result<SourceRow> seal(Source source) override;
    Result<std::vector<SourceRow>> sources() override;
    Result<std::optional<SourceRow>> source(SourceId id) override;
    Result<BatchId> next_batch() override;
    Result<BatchId> later_batch(std::uint32_t others) override;
    Result<BatchId> newest_batch() override;
    Result<BatchId> commit(const BatchCommit& batch) override;
    Result<BatchId> commit_group(BatchCommit batch) override;
    Result<std::vector<BatchRow>> batches() override;
    Result<ChangedOwners> changed_owners(BatchId after) override;
    Result<std::string> counter_pack(const PackKey& key) override;
    Result<std::vector<OpenSession>> open_sessions(FeedId feed,
                                                   std::span<const Hash128> keys) override;
    Result<std::vector<PackKey>> counter_packs(Perspective perspective, Date window_first) override;
    Result<std::vector<Date>> windows(Perspective perspective) override;
    Result<std::vector<std::pair<FeedId, BatchCommit::DedupSegment>>> dedup_segments() override;
    Result<std::vector<ControlRow>> controls() override;
    Result<std::vector<QuantityRow>> quantities() override;
    Result<std::vector<WindowRow>> windows() override;
    Result<std::vector<TakenBackRow>> taken_back() override;
    Result<std::vector<IncidentRow>> incidents() override;
    Result<std::vector<SuspenseRow>> suspense() override;
    Result<void> drop(const std::vector<SuspenseExit>& exits) override;
    Result<std::map<std::uint32_t, std::vector<RecordPlace>>> left_alone() override;
    Result<std::map<BatchId, std::vector<SuspenseFix>>> fixes() override;
    Result<bool> wrote_elsewhere() override;
    std::int64_t writes() const override;
    Result<void> each_charge_session(
        const std::function<Result<void>(const OnlineDelta::KeptSession&)>& visit) override;
    Result<std::int64_t> session_changes() override;
    Result<std::int64_t> charge_rules() override;
    Result<void> each_online_use(
        const std::function<void(BatchId, const OnlineUse&)>& visit) override;
    Result<std::vector<WaitingUse>> waiting_uses() override;
    Result<UseExits> use_exits() override;
    Result<void> drop_uses(std::span<const UsePlace> places, const std::string& because,
                           Instant at) override;
    Result<std::optional<std::string>> asleep(const std::string& session) override;
    Result<std::vector<LiveBatch>> live_batches(std::int64_t records) override;
    Result<std::int64_t> archived_online() override;
    Result<void> forget_archived_online() override;
    Result<void> keep_sums(std::span<const OpenSession> sums, Instant at) override;
    Result<std::vector<OpenSession>> filed_sessions(Instant since) override;
    Result<void> forget_closed_sessions(FeedId feed, Instant before) override;
    Result<std::int64_t> forget_charged_sessions(Instant before) override;
    Result<TopUp> top_up(const PaidIn& paid) override;
    Result<std::string> voucher_key(const std::string& otherwise) override;
    Result<void> add_vouchers(const VoucherBatch& batch,
                              std::span<const std::string> hashes) override;
    Result<bool> block_vouchers(std::uint32_t batch, Instant at,
                                const std::string& because) override;
    Result<std::vector<VoucherBatch>> voucher_batches() override;
    Result<std::optional<Voucher>> voucher(const std::string& hash) override;
    Result<std::vector<RedeemedVoucher>> redeemed_vouchers(std::uint32_t batch) override;
    Result<std::optional<RedeemedVoucher>> redemption(const std::string& reference) override;
    Result<std::int64_t> voucher_guesses(AccountId account, Instant since) override;
    Result<void> add_voucher_guess(AccountId account, Instant at) override;
    Result<Transfer> transfer(const Moved& moved) override;
    Result<std::optional<Transfer>> transfer_named(const std::string& reference) override;
    Result<std::vector<Transfer>> transfers(AccountId account) override;
    Result<void> set_recharge_rule(const RechargeRule& rule) override;
    Result<std::vector<RechargeRule>> recharge_rules() override;
    Result<void> add_recharge(const Recharge& recharge, const Notice& notice) override;
    Result<std::vector<Recharge>> recharges(AccountId account, Instant since) override;
    Result<std::vector<TopUp>> top_ups(AccountId account) override;
    Result<std::int64_t> take_fees(const FeesTaken& taken) override;
    Result<BucketId> add_bucket(const BucketBought& bought) override;
    Result<std::vector<FeeMove>> fee_moves(AccountId payer, Date ends) override;
    Result<std::vector<FeeMove>> fee_moves() override;
    Result<std::optional<FeeMove>> fee_move(std::int64_t id) override;
    Result<std::vector<UncoveredFee>> uncovered_fees() override;
    Result<std::map<AccountId, Instant>> prepaid_since(AccountId account) override;
    Result<void> limit(const AccountLimit& limit) override;
    Result<std::vector<AccountLimit>> limits() override;
    Result<std::vector<CapAlert>> cap_alerts() override;
    Result<std::vector<PlanCapAlert>> plan_cap_alerts() override;
    Result<void> watch_balance(const BalanceWatch& watch) override;
    Result<std::vector<BalanceWatch>> balance_watches() override;
    Result<std::vector<AccountId>> told_low() override;
    Result<void> add_webhook(const Webhook& hook) override;
    Result<bool> remove_webhook(const std::string& name, Instant at) override;
    Result<std::vector<Webhook>> webhooks() override;
    Result<std::int64_t> tell_webhook(std::uint32_t webhook, const Notice& notice) override;
    Result<std::vector<Delivery>> due_deliveries(Instant now, std::int64_t most) override;
    Result<std::vector<Delivery>> deliveries(std::uint32_t webhook, std::int64_t most) override;
    Result<std::vector<DeliveryAttempt>> attempts(std::uint32_t webhook,
                                                  std::int64_t most) override;
    Result<void> record_attempt(const DeliveryAttempt& attempt, DeliveryState state, Instant due,
                                bool stop) override;
    Result<std::int64_t> resend(std::uint32_t webhook, std::int64_t first, std::int64_t last,
                                Instant now) override;
    Result<std::int64_t> forget_events(Instant before, std::int64_t most) override;
    Result<void> add_key(const ApiKey& key) override;
    Result<bool> revoke_key(const std::string& name, Instant at) override;
    Result<std::vector<ApiKey>> keys() override;
    Result<std::map<std::pair<Date, ComponentId>, i128>> spent(AccountId payer) override;
    Result<std::vector<FileRow>> files(const std::string& table) override;
    Result<std::vector<DeletedUsage>> deleted_usage(bool whole) override;
    Result<std::optional<Instant>> oldest_open_session(Instant touched_since) override;
    Result<void> take_turn() override;
    void give_turn() override;
    bool others_wait() override { return turns_.others_wait(); }
    Result<void> charge_live() override;
    bool charged_live() override { return turns_.live(); }
    Result<std::int64_t> delete_retired(Instant before) override;
    Result<std::vector<Entry>> entries(AccountId payer) override;
    Result<std::vector<BalanceRow>> balances() override;
    Result<MoneyMoves> money_moves(EntryId after) override;
    EntryId newest_entry() const override { return newest_entry_; }
    Result<InvoiceId> save_prepared(const Invoice& invoice, const std::vector<Entry>& entries,
                                    const std::vector<Statement>& statements) override;
    Result<void> replace_prepared(const Invoice& invoice, const std::vector<Entry>& entries,
                                  const std::vector<Statement>& statements) override;
    Result<void> undo_prepared(InvoiceId id, const std::vector<Entry>& mirrors) override;
    Result<Invoice> send(InvoiceId id, const std::string& series_prefix,
                         const std::function<Invoice(Invoice, std::int64_t number)>& finish,
                         const std::vector<Entry>& entries,
                         const std::function<Notice(const Invoice&)>& tell) override;
    Result<std::vector<InvoiceRow>> invoices() override;
    Result<Invoice> invoice(InvoiceId id) override;
    Result<std::vector<Statement>> statements(DatePeriod period) override;
    Result<std::vector<BilledAmount>> billed(AccountId payer) override;
    Result<std::vector<std::string>> integrity() override;
    const std::filesystem::path& archive_folder() const override { return archive_; }
    Result<std::int64_t> sweep() override;

  private:
    // A transaction that nobody else charges or writes beside.
    class Writing {
      public:
        Writing(Turn turn, Transaction transaction);
        Result<void> commit() { return transaction_.commit(); }

      private:
        Turn turn_;
        Transaction transaction_;
    };
    Result<Writing> begin_writing();
    // One statement; gives how many rows it changed.
    template <class... Values>
    Result<std::int64_t> write_one(std::string_view sql, const Values&... values) {
        FARTHING_TRY(Writing writing, begin_writing());
        FARTHING_CHECK(database_->run(sql, values...));
        const std::int64_t changed = database_->changes();
        FARTHING_CHECK(writing.commit());
        return changed;
    }
    // store_groups.cc
    Result<LogPlace> logged_place();
    Result<void> keep_place(const LogPlace& place);
    Result<void> catch_up();
    Result<void> find_log_end();
    Result<void> free_other_file(const LogPlace& end);
    Result<void> sync_tables();
    Result<void> leave_log(LogPlace place);
    Result<std::string> stored_pack(const PackKey& key);
    Result<std::map<std::pair<Date, ComponentId>, i128>> stored_spent(AccountId payer);
    // store.cc. All of these run inside a transaction of the caller's.
    Result<void> create_schema();
    Result<void> upgrade();
    // store_directory.cc
    Result<FactCounts> count_facts();
    Result<void> read_buckets(DirectoryFacts& facts);
    Result<void> append_facts(const DirectoryFacts& facts);
    Result<void> append_account(const AccountFact& fact);
    Result<std::int64_t> next_seq(std::string_view table);
    // store_batch.cc
    // Others of kind charge only change sessions: they make no batch.
    static bool makes_batch(const BatchCommit& batch) {
        return !batch.online->uses.empty() || !batch.packs.empty() || !batch.entries.empty();
    }
    Result<std::string> write_chained(const BatchCommit& batch, BatchId id);
    Result<void> write_batch(const BatchCommit& batch, BatchSeal& seal);
    Result<void> move_positions(const BatchCommit& batch, BatchSeal& seal);
    Result<void> write_totals(const BatchCommit& batch, BatchId id);
    Result<void> write_taken_back(const BatchCommit& batch, BatchId id);
    Result<void> write_sessions(const BatchCommit& batch);
    Result<void> write_open(FeedId feed, std::span<const OpenSession> sessions, Instant at);
    Result<void> write_packs(const BatchCommit& batch, BatchId id);
    Result<void> write_suspense(const BatchCommit& batch, BatchId id);
    Result<void> write_files(const BatchCommit& batch, BatchId id, const LakeSnapshot& snapshot);
    // store_online.cc
    Result<void> write_notices(std::span<const Notice> notices);  // store_webhook.cc
    Result<void> write_recharge(const Recharge& recharge);        // store_voucher.cc
    Result<void> write_cap_alerts(const std::vector<CapAlert>& alerts);
    Result<void> write_alerts(const OnlineDelta& online);
    Result<void> write_online(const OnlineDelta& online, BatchId id, Instant at);
    Result<void> write_use_exits(std::span<const UsePlace> places, BatchId recycled_by,
                                 const std::string& because, Instant at);
    Result<void> write_uses(const OnlineDelta& online, BatchId id);
    Result<void> require_alone();
    Result<void> count_session_change();
    Result<void> commit_alone(Writing& transaction);
    Result<BatchId> commit_sessions(const BatchCommit& batch);
    Result<void> write_session_changes(const BatchCommit& batch);
    Result<std::vector<std::int64_t>> retired_data_files(const BatchCommit& batch);
    Result<void> write_exits(const std::vector<SuspenseExit>& exits);
    // store_deleted.cc
    Result<void> write_deleted(const DeletedUsage& deleted, BatchId id);
    Result<void> read_deleted(DeletedUsage& deleted);
    Result<void> check_deleted(std::vector<std::string>& faults);
    // store_suspense.cc. Gives new fixes their ids and writes them.
    Result<void> write_fixes(std::vector<SuspenseFix>& fixes, BatchId batch);
    Result<std::vector<SuspenseFix>> read_fixes(BatchId batch);
    // Gives the entries their ids and writes them.
    Result<void> write_entries(std::vector<Entry>& entries, BatchId batch, InvoiceId invoice);
    Result<BatchId> resolve(BatchId id, const std::string& chain, const Error& error);
    Result<std::string> newest_chain();
    // store_read.cc
    Result<std::vector<Entry>> read_entries(std::string_view where, std::int64_t value);
    Result<BatchSeal> read_seal(BatchId id);
    // store_invoice.cc
    struct StoredInvoice {
        std::int64_t state = 0;
        Invoice invoice;
    };
    Result<StoredInvoice> read_invoice(InvoiceId id);
    Result<Invoice> require_prepared(InvoiceId id);
    Result<void> claim_documents(AccountId payer);
    Result<void> commit_documents(Writing& transaction, AccountId payer);
    Result<void> write_lines(const Invoice& invoice);
    Result<void> write_statements(InvoiceId id, const std::vector<Statement>& statements);
    // store_check.cc
    Result<void> check_sql(std::vector<std::string>& faults);
    Result<void> check_ledger(std::vector<std::string>& faults);
    Result<void> check_sources(std::vector<std::string>& faults);
    Result<void> check_suspense(std::vector<std::string>& faults);
    Result<void> check_chain(std::vector<std::string>& faults);
    Result<void> check_series(std::vector<std::string>& faults);
    Result<void> check_files(std::vector<std::string>& faults);

    std::filesystem::path folder_;
    std::filesystem::path archive_;
    FolderLock lock_;
    Turns turns_;
    std::unique_ptr<Database> database_;
    std::map<AccountId, std::int64_t> document_revisions_;  // as `invoices` told them last
    static constexpr std::int64_t kUnsure = -1;
    std::int64_t data_version_ = kUnsure;  // SQLite's: what other connections wrote
    EntryId newest_entry_;                 // when entries were written last
    std::optional<BatchId> charges_seen_;  // up to there batches that charge were counted,
    std::int64_t charges_ = 0;             // since it was asked first
    BatchId promised_;  // what next_batch told: files that carry it may wait for their commit
    bool others_first_ = false;                // of other processes may come before it
    std::optional<std::vector<ApiKey>> keys_;  // as they were when so much had been written
    std::int64_t keys_at_ = 0;
    // The log of groups: what is committed stands there first while this process charges.
    struct LogEnd {
        LogPlace place;
        BatchId batch;  // what the last group got, and the last entry
        EntryId entry;
        std::int64_t writes = 0;
    };
    std::optional<GroupLog> log_;
    std::optional<LogEnd> log_end_;        // none: to be looked up
    std::optional<LogPlace> left_log_;     // it failed there
    std::unique_ptr<SqliteStore> tables_;  // of the thread that moves groups
    std::unique_ptr<Applier> applier_;
};

}  // namespace farthing::store
