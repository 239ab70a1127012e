// The store: SQL behind one interface, with the archive beside it. One writer; a transaction holds
// all that a batch produced and moves every source's position by compare-and-set (idea 2). Schema:
// src/store/schema.cc.
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/reason.h"
#include "model/batch.h"
#include "model/catalog_record.h"
#include "model/directory_facts.h"
#include "model/invoice.h"
#include "model/ledger_entry.h"
#include "model/online_charge.h"
#include "model/open_session.h"
#include "model/prepaid_fee.h"
#include "store/crash_point.h"

namespace farthing {
#define FARTHING_STORE_REASONS(X)                                                           \
    X(store_unavailable, "the database can't be opened",                                    \
      "Check the path, its permissions and the free space.")                                \
    X(store_failed, "the database refused an operation",                                    \
      "Check the disk; what was committed is safe.")                                        \
    X(store_newer, "the database was written by a newer Farthing",                          \
      "Use that release or a newer one.")                                                   \
    X(position_moved, "another process consumed this source meanwhile",                     \
      "Run again; nothing was lost.")                                                       \
    X(rewrite_unequal, "the rewritten files do not hold the rows of the old ones",          \
      "Nothing was replaced; run `farthing check archive`.")                                \
    X(commit_ambiguous, "it is not known whether a commit took effect",                     \
      "Run again; the position tells.")                                                     \
    X(group_log_damaged, "what was charged online can't be read from the log of groups",    \
      "Restore the folder from a backup.")                                                  \
    X(archive_damaged, "a file of the archive is not what was registered",                  \
      "Restore it from a backup.")                                                          \
    X(archive_failed, "a file of the archive can't be written",                             \
      "Check the disk's free space and permissions.")                                       \
    X(invoice_immutable, "a sent invoice never changes", "Correct it by a later document.") \
    X(invoice_moved, "another process changed a document of this payer meanwhile",          \
      "Look at it, and do it again if it is still to do.")                                  \
    X(invoice_unknown, "no invoice has that number or id",                                  \
      "List them with `farthing invoice list`.")                                            \
    X(control_broken, "the control totals of the batch do not close",                       \
      "This is a defect of Farthing: report it with the batch.")                            \
    X(reference_taken, "another payment or transfer has that reference",                    \
      "Give each a reference of its own.")                                                  \
    X(key_exists, "an API key has that name, or had it",                                    \
      "Name the new one otherwise: names of keys are not used again.")                      \
    X(webhook_exists, "a webhook has that name", "Name the new one otherwise.")             \
    X(voucher_batch_exists, "vouchers of that name were made before",                       \
      "Name the new ones otherwise.")                                                       \
    X(voucher_redeemed, "the voucher was redeemed before", "Each counts once.")             \
    X(suspense_overdrawn, "more records would leave suspense than wait there",              \
      "List what is open and try again.")                                                   \
    X(live_damaged, "what was charged online can't be read",                                \
      "Restore the database from a backup; `farthing check database` names the rest.")      \
    X(history_immutable, "what was recorded never changes", "Correct it by a later record.")
FARTHING_REASON_ENUM(StoreReason, FARTHING_STORE_REASONS)
}  // namespace farthing

namespace farthing::store {

// The kind of batches that delete usage for its age.
inline constexpr std::string_view kDeleteUsage = "delete";

// All that one batch writes, and moves, or nothing of it.
struct BatchCommit {
    Instant committed_at;
    FeedId feed;
    std::string kind =
        "import";  // import, retry, reprice, take back, rerate, charge, archive, tidy, delete
    std::vector<SourceRange> ranges;  // of import and retry
    std::vector<ControlTotals> controls;
    std::vector<QuantityTotals> quantities;
    std::vector<WindowTotals> windows;
    std::vector<CounterPack> packs;
    std::vector<Entry> entries;
    std::vector<SuspenseGroup> suspended;
    std::vector<SuspenseExit> exits;
    std::vector<SuspenseFix> fixes;  // that all of its records were read with, oldest first
    std::vector<ArchiveFile> files;  // already written, synced and renamed
    struct DedupSegment {
        std::string path;
        Date first_day;
        Date last_day;
        std::int64_t keys = 0;
    };
    std::vector<DedupSegment> dedup;
    std::vector<CapAlert> alerts;  // on what accounts spent, and what others are told of it
    std::vector<Notice> notices;
    std::vector<OpenSession> open_sessions;  // of the feed, as they stand now
    std::vector<Hash128> closed_sessions;    // of which nothing is left
    DirectoryFacts facts;  // inventory feeds change the directory in the same transaction
    // Sums over rated_usage rows, for check: charge atoms by currency number.
    std::vector<std::pair<std::uint16_t, std::int64_t>> rated_atoms;
    std::vector<std::string> incidents;
    std::vector<TakenBackTotals> taken_back;
    std::optional<SourceRange> takes_back;  // a whole source, from 0 to where it stands
    std::optional<OnlineDelta> online;      // of kind charge
    // Of sessions that are charged online too, whichever feed the records are of: none.
    std::optional<FeedId> session_feed;
    // Of a batch whose files hold what was charged online: up to which batch, and how much.
    struct ArchivedOnline {
        BatchId to;
        std::int64_t records = 0;
    };
    std::optional<ArchivedOnline> archived_online;
    // Paths of archive files that `files` stand for from now on, but for the rows that it deletes.
    std::vector<std::string> retires;
    std::optional<DeletedUsage> deletes;
};

struct BatchRow {
    BatchId id;
    FeedId feed;
    std::string kind;
    Instant committed_at;
    std::int64_t snapshot = 0;  // of the archive's catalogue
    std::string chain;          // SHA-256 over the previous chain and this batch's totals
    std::vector<std::pair<std::uint16_t, std::int64_t>> rated_atoms;
};

class Store {
  public:
    // Opens or makes the database `folder`/farthing.db and the archive `folder`/archive/.
    static Result<std::unique_ptr<Store>> open(const std::filesystem::path& folder);
    virtual ~Store() = default;

    // Grows with whatever is added to catalogs, names, directory and feeds.
    virtual Result<std::int64_t> described() = 0;

    // Catalog.
    virtual Result<std::vector<CatalogRecord>> catalogs() = 0;
    virtual Result<NameTable> names() = 0;
    // Stores a version and the names it added. REQUIRES: version = the newest + 1.
    virtual Result<void> publish(const CatalogRecord& record, const NameTable& names) = 0;

    // Directory.
    // All of them as they stood at one time: first how many, then some at a time, in the order of
    // the members of DirectoryFacts. Who takes them may take them apart.
    virtual Result<void> tell_facts(const std::function<void(const FactCounts&)>& begin,
                                    const std::function<Result<void>(DirectoryFacts&)>& take) = 0;
    virtual Result<void> append(const DirectoryFacts& facts) = 0;

    // Feeds.
    struct FeedRow {
        FeedId id;
        std::string name;
        std::string text;  // the newest description
    };
    virtual Result<std::vector<FeedRow>> feeds() = 0;
    virtual Result<FeedId> save_feed(const std::string& name,
                                     const std::string& text) = 0;  // a new version each time

    // Sources. `seal` gives the id and epoch 1; the same content at the same path is the same
    // source, wherever its position stands.
    struct SourceRow {
        BatchId taken_back_by;  // none: it stands
        Source source;
        std::int64_t position = 0;  // next record to read
        std::int64_t epoch = 0;
    };
    virtual Result<SourceRow> seal(Source source) = 0;
    virtual Result<std::vector<SourceRow>> sources() = 0;
    virtual Result<std::optional<SourceRow>> source(SourceId id) = 0;

    // Batches.
    virtual Result<BatchId> next_batch() = 0;  // the id the next commit will get (one writer)
    // The same for a commit before which so many of other processes may come.
    virtual Result<BatchId> later_batch(std::uint32_t others) = 0;
    virtual Result<BatchId> newest_batch() = 0;
    virtual Result<BatchId> commit(const BatchCommit& batch) = 0;
    // One of kind charge: on the disk when this returns, and told to all that ask, but where this
    // process charges live it may get to the tables a moment later. REQUIRES: it is our turn.
    virtual Result<BatchId> commit_group(BatchCommit batch) = 0;
    virtual Result<std::vector<BatchRow>> batches() = 0;
    // Whose counters the batches after that one changed, each once, in order.
    struct ChangedOwners {
        BatchId last;  // of those batches, or that one
        // None: not all of them told it.
        std::optional<std::vector<OwnerBlock>> owners;
        std::uint32_t batches = 0;
        bool all_charged = true;  // while it happened: none of them came from files
    };
    virtual Result<ChangedOwners> changed_owners(BatchId after) = 0;
    virtual Result<std::string> counter_pack(const PackKey& key) = 0;  // empty when absent
    // Those of the feed's sessions that are open.
    virtual Result<std::vector<OpenSession>> open_sessions(FeedId feed,
                                                           std::span<const Hash128> keys) = 0;
    virtual Result<std::vector<PackKey>> counter_packs(Perspective perspective,
                                                       Date window_first) = 0;
    virtual Result<std::vector<Date>> windows(
        Perspective perspective) = 0;  // first days that have packs
    virtual Result<std::vector<std::pair<FeedId, BatchCommit::DedupSegment>>> dedup_segments() = 0;
    struct ControlRow {
        BatchId batch;
        ControlTotals totals;
    };
    virtual Result<std::vector<ControlRow>> controls() = 0;
    struct TakenBackRow {
        BatchId batch;
        TakenBackTotals totals;
    };
    virtual Result<std::vector<TakenBackRow>> taken_back() = 0;
    struct QuantityRow {
        BatchId batch;
        QuantityTotals totals;
    };
    virtual Result<std::vector<QuantityRow>> quantities() = 0;
    struct WindowRow {
        BatchId batch;
        WindowTotals totals;
    };
    virtual Result<std::vector<WindowRow>> windows() = 0;
    struct IncidentRow {
        BatchId batch;
        std::string text;
    };
    virtual Result<std::vector<IncidentRow>> incidents() = 0;

    // Suspense. `open` = records − what left.
    struct SuspenseRow {
        SuspenseGroup group;
        std::int64_t recycled = 0;
        std::int64_t dropped = 0;
        std::int64_t taken_back = 0;  // of `dropped`: with their file
    };
    virtual Result<std::vector<SuspenseRow>> suspense() = 0;
    virtual Result<void> drop(const std::vector<SuspenseExit>& exits) = 0;
    // The records that left a group before the rest of it, in order.
    virtual Result<std::map<std::uint32_t, std::vector<RecordPlace>>> left_alone() = 0;
    // What the records of each batch were read with; a batch without fixes has no entry.
    virtual Result<std::map<BatchId, std::vector<SuspenseFix>>> fixes() = 0;

    // Online charging. A commit of kind charge is refused as position_moved where another process
    // wrote anything since `wrote_elsewhere` was asked last; where it charges nothing it makes no
    // batch, and gives none.
    virtual Result<bool> wrote_elsewhere() = 0;
    // Grows with whatever this process writes.
    virtual std::int64_t writes() const = 0;
    virtual Result<void> each_charge_session(
        const std::function<Result<void>(const OnlineDelta::KeptSession&)>& visit) = 0;
    // Grows by one with each commit of kind charge, and with what files tell of its sessions, since
    // it was asked first.
    virtual Result<std::int64_t> session_changes() = 0;
    // Grows with each limit, watched balance and rule of recharging.
    virtual Result<std::int64_t> charge_rules() = 0;
    virtual Result<void> each_online_use(
        const std::function<void(BatchId, const OnlineUse&)>& visit) = 0;
    // Those that wait, in order; how many did, and were charged or dropped.
    virtual Result<std::vector<WaitingUse>> waiting_uses() = 0;
    struct UseExits {
        std::int64_t recycled = 0;
        std::int64_t dropped = 0;
    };
    virtual Result<UseExits> use_exits() = 0;
    // Usage that waits is given up: all of it, or nothing where some of it has left.
    virtual Result<void> drop_uses(std::span<const UsePlace> places, const std::string& because,
                                   Instant at) = 0;
    // A session that is remembered no more, as it was then (charging/session.h); none: there is
    // none with that id, or it has no counter that could go on.
    virtual Result<std::optional<std::string>> asleep(const std::string& session) = 0;
    // What the archive lacks of it and can hold, with what it came to: whole batches, from the
    // oldest, of about that many records. `rated.row` counts the uses of a batch; what moved other
    // records' charges is none of them.
    struct LiveBatch {
        BatchId batch;
        std::vector<OnlineUse> uses;
        std::vector<std::int64_t> positions;  // of the uses in their batch
        RatedChunk rated;                     // `row`: index into `uses`
    };
    virtual Result<std::vector<LiveBatch>> live_batches(std::int64_t records) = 0;
    virtual Result<std::int64_t> archived_online() = 0;  // records
    // Deletes what the archive holds, some rows at a time, so that nobody waits long.
    virtual Result<void> forget_archived_online() = 0;
    // What such sessions came to, where more is known of them than what is stored.
    virtual Result<void> keep_sums(std::span<const OpenSession> sums, Instant at) = 0;
    // Sessions charged online of which files told since then; the others are as they were left.
    virtual Result<std::vector<OpenSession>> filed_sessions(Instant since) = 0;
    // Forgets the feed's sessions that were closed and of which nothing came since then.
    virtual Result<void> forget_closed_sessions(FeedId feed, Instant before) = 0;
    // Forgets what such sessions came to that nothing touched since then; returns how many.
    virtual Result<std::int64_t> forget_charged_sessions(Instant before) = 0;
    // Once per reference: what was stored before is told when the same comes again.
    virtual Result<TopUp> top_up(const PaidIn& paid) = 0;
    // Vouchers, by the keyed hashes of their codes. The key is what was given first.
    virtual Result<std::string> voucher_key(const std::string& otherwise) = 0;
    virtual Result<void> add_vouchers(const VoucherBatch& batch,
                                      std::span<const std::string> hashes) = 0;
    virtual Result<bool> block_vouchers(std::uint32_t batch, Instant at,
                                        const std::string& because) = 0;  // false: it was before
    virtual Result<std::vector<VoucherBatch>> voucher_batches() = 0;
    virtual Result<std::optional<Voucher>> voucher(const std::string& hash) = 0;
    virtual Result<std::vector<RedeemedVoucher>> redeemed_vouchers(std::uint32_t batch) = 0;
    virtual Result<std::optional<RedeemedVoucher>> redemption(const std::string& reference) = 0;
    virtual Result<std::int64_t> voucher_guesses(AccountId account, Instant since) = 0;
    virtual Result<void> add_voucher_guess(AccountId account, Instant at) = 0;
    // Refused as position_moved where another process wrote since `wrote_elsewhere` was asked last.
    virtual Result<Transfer> transfer(const Moved& moved) = 0;
    virtual Result<std::optional<Transfer>> transfer_named(const std::string& reference) = 0;
    virtual Result<std::vector<Transfer>> transfers(AccountId account) = 0;  // none: of all
    // Money that comes by itself.
    virtual Result<void> set_recharge_rule(const RechargeRule& rule) = 0;
    virtual Result<std::vector<RechargeRule>> recharge_rules() = 0;  // that hold, by account
    virtual Result<void> add_recharge(const Recharge& recharge, const Notice& notice) = 0;
    virtual Result<std::vector<Recharge>> recharges(AccountId account, Instant since) = 0;
    virtual Result<std::vector<TopUp>> top_ups(AccountId account) = 0;  // none: of all
    // Fees of prepaid accounts. Refused as position_moved where another process wrote anything
    // since `wrote_elsewhere` was asked last.
    struct FeesTaken {
        struct Move {
            FeeMove move;
            std::optional<Entry> entry;  // none: it was not taken
        };
        std::vector<Move> moves;
        std::vector<UncoveredFee> uncovered;  // since then, or with another amount
        std::vector<PrepaidFee> no_longer;    // taken, or not asked for any more
        OnlineDelta told;                     // of it: balances that are low, and notices
        bool empty() const {
            return moves.empty() && uncovered.empty() && no_longer.empty() &&
                   told.notices.empty() && told.low.empty() && told.no_longer.empty();
        }
    };
    // Gives the id of the first move.
    virtual Result<std::int64_t> take_fees(const FeesTaken& taken) = 0;
    // In the order in which they became known, of cycles that end on that day or later.
    virtual Result<std::vector<FeeMove>> fee_moves(AccountId payer, Date ends) = 0;
    virtual Result<std::vector<FeeMove>> fee_moves() = 0;
    virtual Result<std::optional<FeeMove>> fee_move(std::int64_t id) = 0;
    virtual Result<std::vector<UncoveredFee>> uncovered_fees() = 0;
    // When an account first paid in, or was first limited to what it has; none: all that did.
    virtual Result<std::map<AccountId, Instant>> prepaid_since(AccountId account) = 0;
    // What is used before money. Refused as position_moved as fees are.
    struct BucketBought {
        BucketFact fact;
        std::optional<Entry> entry;  // none: it was given
        OnlineDelta told;
    };
    virtual Result<BucketId> add_bucket(const BucketBought& bought) = 0;
    virtual Result<void> limit(const AccountLimit& limit) = 0;
    virtual Result<std::vector<AccountLimit>> limits() = 0;  // in the order they were set
    virtual Result<std::vector<CapAlert>> cap_alerts() = 0;
    virtual Result<std::vector<PlanCapAlert>> plan_cap_alerts() = 0;
    virtual Result<void> watch_balance(const BalanceWatch& watch) = 0;
    virtual Result<std::vector<BalanceWatch>> balance_watches() = 0;  // in order
    virtual Result<std::vector<AccountId>> told_low() = 0;

    // Webhooks. What commits tell goes to all receivers that want it, in the same transaction.
    virtual Result<void> add_webhook(const Webhook& hook) = 0;  // webhook_exists; gives the id
    virtual Result<bool> remove_webhook(const std::string& name, Instant at) = 0;
    virtual Result<std::vector<Webhook>> webhooks() = 0;
    virtual Result<std::int64_t> tell_webhook(std::uint32_t webhook, const Notice& notice) = 0;
    // So many of each receiver.
    virtual Result<std::vector<Delivery>> due_deliveries(Instant now, std::int64_t most) = 0;
    // The newest first.
    virtual Result<std::vector<Delivery>> deliveries(std::uint32_t webhook, std::int64_t most) = 0;
    virtual Result<std::vector<DeliveryAttempt>> attempts(std::uint32_t webhook,
                                                          std::int64_t most) = 0;
    // `stop`: the receiver is gone, and is told no more until something is sent again.
    virtual Result<void> record_attempt(const DeliveryAttempt& attempt, DeliveryState state,
                                        Instant due, bool stop) = 0;
    // Events from `first` to `last` that it was told, or should have been; gives how many.
    virtual Result<std::int64_t> resend(std::uint32_t webhook, std::int64_t first,
                                        std::int64_t last, Instant now) = 0;

    // Of events before that, which nobody is still to be told: at most so many, with what was said
    // of them. Gives how many went.
    virtual Result<std::int64_t> forget_events(Instant before, std::int64_t most) = 0;

    virtual Result<void> add_key(const ApiKey& key) = 0;  // key_exists where the name is taken
    virtual Result<bool> revoke_key(const std::string& name, Instant at) = 0;  // false: no such key
    virtual Result<std::vector<ApiKey>> keys() = 0;
    // Posted usage charges of a payer by the first day of the cycle.
    virtual Result<std::map<std::pair<Date, ComponentId>, i128>> spent(AccountId payer) = 0;

    // Archive: files that stand for a table, by their oldest rows: a correction comes after what it
    // corrects.
    struct FileRow {
        std::string path;
        BatchId batch;
        std::int64_t records = 0;
        std::string hash;
        std::vector<ArchiveFile::ColumnStats> columns;
        // Of its rows: a rewritten file holds those of many.
        BatchId first_batch;
        BatchId last_batch;
        Period events{Instant::min(), Instant::max()};  // of usage: these, the last one included
        SubscriptionId first_subscription;              // of tables that tell them
        SubscriptionId last_subscription{UINT32_MAX};
        bool may_hold_events(const Period& wanted) const {
            return events.start < wanted.end && wanted.start <= events.end;
        }
        bool may_hold(BatchId wanted) const {
            return first_batch <= wanted && wanted <= last_batch;
        }
        bool may_hold_any(const std::vector<SubscriptionId>& wanted) const {  // sorted
            const auto found = std::ranges::lower_bound(wanted, first_subscription);
            return found != wanted.end() && *found <= last_subscription;
        }
        bool rewritten() const { return first_batch != batch || last_batch != batch; }
        template <class Batches>  // sorted
        bool may_hold_any(const Batches& wanted) const {
            const auto found = wanted.lower_bound(first_batch);
            return found != wanted.end() && key_of(*found) <= last_batch;
        }

      private:
        static BatchId key_of(BatchId id) { return id; }
        template <class Value>
        static BatchId key_of(const std::pair<const BatchId, Value>& entry) {
            return entry.first;
        }
    };
    virtual Result<std::vector<FileRow>> files(const std::string& table) = 0;
    // Usage that was deleted for its age, oldest first; with or without the rows and sessions.
    virtual Result<std::vector<DeletedUsage>> deleted_usage(bool whole) = 0;
    // What may be a session's parts and was touched since, of all feeds but online charging's.
    virtual Result<std::optional<Instant>> oldest_open_session(Instant touched_since) = 0;
    // Processes that charge on the folder take turns: `Turn` below.
    virtual Result<void> take_turn() = 0;
    virtual void give_turn() = 0;
    virtual bool others_wait() = 0;
    // From now on this process charges while usage happens, and turns on the folder are short (R5).
    virtual Result<void> charge_live() = 0;
    virtual bool charged_live() = 0;  // by some process
    // Files that no reader needs any more but one of an older version of the archive: retired
    // before that time. Forgets those versions and deletes the files; returns how many.
    virtual Result<std::int64_t> delete_retired(Instant before) = 0;

    // Ledger.
    virtual Result<std::vector<Entry>> entries(AccountId payer) = 0;  // none: all payers
    struct BalanceRow {
        LedgerAccount account;
        Currency currency;
        i128 atoms = 0;
    };
    virtual Result<std::vector<BalanceRow>> balances() = 0;  // fold of all postings
    // What the entries after that one moved of what accounts have and owe, and the last of them.
    struct MoneyMoves {
        std::vector<std::pair<LedgerAccount, i128>> atoms;
        EntryId last;
    };
    virtual Result<MoneyMoves> money_moves(EntryId after) = 0;
    virtual EntryId newest_entry() const = 0;  // when this process wrote last

    // Invoices. One transaction each. A prepared document comes with the entries it posts. What
    // changes a document was made from what `invoices` told: if another process changed a document
    // of the same payer since, it is refused as invoice_moved (EC66).
    virtual Result<InvoiceId> save_prepared(const Invoice& invoice,
                                            const std::vector<Entry>& entries,
                                            const std::vector<Statement>& statements) = 0;
    // Replaces an own prepared document (adjustments, a repeated run): `entries` holds the mirror
    // of the old ones too.
    virtual Result<void> replace_prepared(const Invoice& invoice, const std::vector<Entry>& entries,
                                          const std::vector<Statement>& statements) = 0;
    virtual Result<void> undo_prepared(InvoiceId id, const std::vector<Entry>& mirrors) = 0;
    // Gives the next gapless number of the series and makes the document immutable. `finish` gets
    // the number and returns the final document. Sending twice returns the document as it was sent.
    virtual Result<Invoice> send(InvoiceId id, const std::string& series_prefix,
                                 const std::function<Invoice(Invoice, std::int64_t number)>& finish,
                                 const std::vector<Entry>& entries,
                                 const std::function<Notice(const Invoice&)>& tell) = 0;
    struct InvoiceRow {
        InvoiceId id;
        InvoiceState state = InvoiceState::prepared;
        std::string number;
        AccountId payer;
        DatePeriod period;
        Currency currency;
        std::int64_t payable_atoms = 0;
        InvoiceId corrects;  // of a note; else none
    };
    virtual Result<std::vector<InvoiceRow>> invoices() = 0;
    virtual Result<Invoice> invoice(InvoiceId id) = 0;
    virtual Result<std::vector<Statement>> statements(DatePeriod period) = 0;
    // What earlier documents (prepared or sent) of the payer billed.
    virtual Result<std::vector<BilledAmount>> billed(AccountId payer) = 0;

    // Whole-database integrity: SQL's own check and the CHECK constraints. Empty: sound.
    virtual Result<std::vector<std::string>> integrity() = 0;
    virtual const std::filesystem::path& archive_folder() const = 0;
    // Deletes archive files that no transaction registered; returns how many.
    virtual Result<std::int64_t> sweep() = 0;
};

// From what a process reads to its commit nobody else charges on the folder.
class Turn {
  public:
    static Result<Turn> take(Store& store) {
        FARTHING_CHECK(store.take_turn());
        return Turn(store);
    }
    ~Turn() {
        if (store_ != nullptr) store_->give_turn();
    }
    Turn(Turn&& other) noexcept : store_(std::exchange(other.store_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;

  private:
    explicit Turn(Store& store) : store_(&store) {}
    Store* store_;
};

}  // namespace farthing::store
