// The engine wires the rooms: start reading here. One Engine owns one tenant's data folder; not
// safe to share between threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/stages.h"
#include "catalog/snapshot.h"
#include "directory/directory.h"
#include "engine/carrier_reports.h"
#include "engine/money.h"
#include "engine/online.h"
#include "engine/webhooks.h"
#include "model/batch.h"
#include "model/catalog_record.h"
#include "model/invoice.h"
#include "model/online_charge.h"

namespace farthing::engine {

// What the world gives: the engine itself asks no clock.
struct Clock {
    std::function<Instant()> now;
};

// Control totals of a run, summed over its batches and sources.
struct Report {
    std::int64_t files = 0;
    std::int64_t received = 0;
    std::array<std::int64_t, kOutcomes> outcomes{};
    std::int64_t windows = 0;  // chargeable records that were made of aggregated ones
    std::int64_t batches = 0;
    Money charged;  // posted usage charges of the run
    bool rates_cost = false;
    Money cost;                                           // what carriers charge for it
    std::array<std::int64_t, kOutcomes> cost_outcomes{};  // where `outcomes` are of retail
    std::vector<std::pair<std::string, std::int64_t>> suspended_by_reason;
    struct Refused {
        std::string path;
        Error error;  // whole files that were rejected or can't be read
    };
    std::vector<Refused> refused;
    std::vector<std::string> notes;
    StageTimes stages{};  // of an import
    std::int64_t count(Outcome outcome) const {
        return outcomes[static_cast<std::size_t>(outcome)];
    }
    void count_suspended(const std::string& reason, std::int64_t records);
};

// What a correction changes on a side, in all and for each who pays (retail) or is paid (cost),
// greatest first.
struct Difference {
    struct Party {
        std::string name;
        std::int64_t records = 0;  // of its own that were corrected
        Money amount;
    };
    std::vector<Party> parties;
    Money amount;
};
struct TakeBackRequest {
    std::string because;
    bool preview = false;
    std::optional<Perspective> side;  // that one alone; none: the whole file
};
// A file that was taken back.
struct TakeBackReport {
    std::string file;
    TakenBackTotals taken_back;   // what its records had come to
    Report again;                 // records that had lost to the file's, and came again
    std::int64_t duplicates = 0;  // of those; the others were conflicts
    Difference retail;
    Difference cost;
};
// One used record of a customer, as it may be demanded by law: what, when, and what it came to.
struct UsageLogRow {
    std::string id;  // "rec-BATCH-ROW", what `explain` takes
    Instant start;
    Instant end;
    std::string subscription;
    std::string meter;
    std::int64_t quantity = 0;
    std::string unit;
    std::string network;  // "244-05"; empty: none
    std::string calling;
    std::string called;
    std::string outcome;
    Money charge;  // of all retail prices that applied
    std::string file;
    std::int64_t line = 0;
};
struct UsageLogFilter {
    std::string account;  // with all accounts below it
    std::string subscription;
    std::optional<DatePeriod> period;  // days of the event
};

// What keeping the archive in order did, or would do.
struct TidyReport {
    std::int64_t files_before = 0;  // small files of days that are over…
    std::int64_t files_after = 0;   // …and the sorted ones that stand for them
    std::int64_t records = 0;
    std::int64_t deleted = 0;   // files that older versions of the archive needed
    std::int64_t archived = 0;  // records charged online that the archive lacked
    std::int64_t orphans = 0;   // files that no batch registered, which are gone
};
// Usage that is to be deleted for its age.
struct DeletionRequest {
    Date before;  // whole days, by the catalog's clock
    std::string who;
    std::string because;
    bool preview = false;
};
struct DeletionReport {
    Date before;  // what goes: as asked for, or what is still needed begins here
    struct Hold {
        Date since;
        std::string because;
    };
    std::vector<Hold> holds;  // why it is less than was asked for, the earliest first
    struct Table {
        std::string name;
        std::int64_t files = 0;      // that go
        std::int64_t files_cut = 0;  // that hold later days too: those are written anew
        std::int64_t records = 0;
        std::int64_t bytes = 0;  // of these files
    };
    std::vector<Table> tables;
    std::optional<DatePeriod> days;  // of the events that go
    Money charged;                   // what they had come to
    std::int64_t records() const {
        std::int64_t sum = 0;
        for (const Table& table : tables) sum += table.records;
        return sum;
    }
};
struct DeletionRow {
    BatchId batch;
    Instant at;
    Date before;
    std::string who;
    std::string because;
    std::int64_t usage = 0;  // records
    std::int64_t rated = 0;  // rated records
    Money charged;
};
struct ArchiveFileRow {
    std::string table;
    std::string path;
    std::int64_t records = 0;
    BatchId first_batch;  // of its rows
    BatchId last_batch;
};
struct FileRow {
    std::string id;  // "file-3"
    std::string feed;
    std::string path;
    std::string state;  // taken in, unfinished, rejected, taken back
    std::int64_t records = 0;
    Instant came;
    std::string why;  // it was rejected: "sum_mismatch: the trailer …"
};
// Which usage is rated again; empty fields match all.
struct RerateFilter {
    Perspective side = Perspective::retail;
    std::string carrier;  // of the cost side alone; account and subscription of the other
    std::string account;  // with all accounts below it
    std::string subscription;
    std::string prefix;                // of the called number
    std::string charge;                // "plan/charge"
    std::optional<DatePeriod> period;  // days of the event
    // How many are read at once, about, as columns of some 100 to 200 bytes a record; the next ones
    // beside them. Of these so many are rows at once, of some 700.
    std::size_t records_at_once = std::size_t{1} << 22;
    std::size_t rows_at_once = std::size_t{1} << 12;
};
struct RerateReport {
    std::int64_t selected = 0;  // records that match
    std::int64_t records = 0;   // rated again: with those that are counted together with them
    std::int64_t changed = 0;   // counters that came to something else
    Difference difference;
    struct Read {
        std::int64_t files = 0;
        std::int64_t files_read = 0;
        std::int64_t row_groups = 0;
        std::int64_t row_groups_read = 0;
        std::int64_t rows_read = 0;
    };
    Read read;  // of the archive
};

struct Progress {
    std::int64_t files_done = 0;
    std::int64_t files_total = 0;
    std::int64_t bytes_done = 0;
    std::int64_t bytes_total = 0;
    std::int64_t records = 0;
};
using OnProgress = std::function<void(const Progress&)>;

// A change of the directory in words, from an import file, a command or a scenario; names, not ids.
struct AccountChange {
    std::string name;
    std::string parent;  // empty: topmost
    std::string title;
    std::vector<std::string> address;
    std::string tax_number;
    std::string country;  // "GB", "US-CA"; empty: as the account above it
    unsigned bill_day = 1;
    bool pays = true;
    Date from = Date::of(1970, 1, 1);
};
struct SubscriptionChange {
    std::string name;
    std::string account;
    std::string plan;
    std::string group;  // made on first use, owned by the account; empty: none
    std::int64_t quantity = 1;
    Date from;
    std::vector<std::pair<IdentityKind, std::string>>
        identities;             // valid from `from` to the end of `until`
    std::optional<Date> until;  // its last day; none: it goes on
};

// A billing cycle of each payer, by its own bill day.
struct WhichCycle {
    // The cycle that holds the day.
    // NOLINTNEXTLINE(google-explicit-constructor): a day is the usual way to name a cycle.
    WhichCycle(Date day) : day(day) {}
    // The cycle that ended last on a day, which may be its end.
    static WhichCycle ended_by(Date day) {
        WhichCycle which(day);
        which.ended = true;
        return which;
    }
    Date day;
    bool ended = false;
};

// What assurance found: for a person to look at, it fails no check.
struct Finding {
    std::string kind;     // name of the FindingReason
    std::string subject;  // "L-000066", "device SIM-77", an account
    std::string feed;
    std::string what;  // the reading that is stuck; empty: none
    std::optional<std::int64_t> value;
    Instant since;
    Instant until;
    std::int64_t records = 0;
    std::string text;  // the sentence
};

struct CheckLine {
    std::string name;  // "usage", "quantities", "ledger", "archive" …
    bool ok = true;
    std::string text;               // the equation with its figures
    std::vector<Finding> findings;  // of "anomalies", and slots that are missing
};

// What waiting records have in common; the fields by which they are not grouped stay empty.
struct SuspenseLine {
    std::string feed;
    SuspenseReason reason = SuspenseReason::none;
    std::string identity;
    std::int64_t records = 0;  // open
    Instant first;             // event times
    Instant last;
    Instant since;  // when the first of them came to wait
    std::string sample;
};
enum class SuspenseBy : std::uint8_t { everything, cause, feed, identity };
// Which records; empty fields match all.
struct SuspenseFilter {
    std::string feed;
    std::string reason;
    std::string identity;
    std::string record;                    // an id of a waiting record: that one alone
    std::optional<Perspective> side = {};  // only what lacks that side of the rating alone
};
// What the records of a line would cost: rated alone, from counters at zero. An estimate.
struct SuspenseWorth {
    SuspenseLine line;
    struct Quantity {
        std::string meter;
        std::int64_t quantity = 0;  // in `unit`, the meter's base unit
        std::string unit;
    };
    std::vector<Quantity> quantities;  // of records that can be read, by meter
    std::int64_t priced = 0;           // records with a price
    Money amount;                      // of those
    std::vector<std::string> plans;    // that stand in for plans nobody knows
};
// What a person corrected in waiting records, and why.
struct Correction {
    std::vector<std::pair<std::string, std::string>>
        fields;  // "start" → "2026-10-25T03:30:00+03:00"
    std::string who;
    std::string because;
};

struct BillRunReport {
    struct Row {
        InvoiceId id;
        std::string payer;
        std::string title;
        DatePeriod cycle;
        InvoiceState state = InvoiceState::draft;
        std::string number;
        std::optional<Money> net;  // absent in lists, which do not open the documents
        Money payable;
        InvoiceId corrects = {};             // of a note
        std::vector<Finding> findings = {};  // of a preview or run
    };
    std::vector<Row> invoices;
    std::vector<std::pair<std::string, Error>> failed;  // payer → cause; never blocks the others
};

// The evidence of one charge; rendered by cli as text or JSON.
struct Explanation {
    std::string subject;  // the id that was asked
    std::string sentence;
    std::vector<std::string> arithmetic;
    std::string exact;
    std::string rounded;
    std::string rule;  // catalog version › plan › charge, with file:line
    std::string catalog_hash;
    std::optional<std::pair<std::int64_t, std::int64_t>> counter;    // from, to
    std::optional<std::pair<std::int64_t, std::int64_t>> allowance;  // remaining before, after
    std::string unit;
    struct SourceLine {
        std::string file;
        std::string hash;
        std::int64_t line = 0;
        std::string text;  // the record, where the file is still there
    };
    std::vector<SourceLine> sources;
    std::int64_t source_records = 0;  // all of them; `sources` holds the first few
    std::vector<std::string> ledger;  // "unbilled/city 0.13 EUR" …
    std::vector<std::string> shares;
    std::vector<std::string> fixes;  // what people corrected in the records
    std::vector<std::string> parts;  // of a line: its details with what to ask next
    struct Verify {
        bool equal = false;
        std::string recomputed;
        std::string stored;
    };
    std::optional<Verify> verify;
};

// What a catalog folder or a feed file says, without a data folder.
Result<std::vector<CatalogFile>> read_catalog(const std::filesystem::path& folder);
std::expected<std::shared_ptr<const catalog::Version>, Errors> check_catalog(
    std::vector<CatalogFile> files);
std::expected<std::string, Errors> check_feed(std::string_view path,
                                              std::string_view yaml);  // the feed's name
// The description by which a centre reads what an edge sends by that policy or feed.
Result<std::string> edge_feed(std::string_view path, std::string_view yaml);
// A feed description proposed from the first bytes of a real file.
struct FeedProposal {
    std::string yaml;
    std::vector<std::string> notes;    // what to check
    std::vector<std::string> preview;  // the first records as normalised JSON lines
};
Result<FeedProposal> propose_feed(std::string_view file_name, std::string_view first_bytes);

// A rated record in words, as `rate --records` and exports show it.
struct RatedRecord {
    std::string id;  // "rec-BATCH-ROW", what `explain` takes; of cost "rec-BATCH-ROW-cost"
    Perspective perspective = Perspective::retail;
    std::string file;
    std::int64_t line = 0;
    std::string subscription;
    std::string payer;
    std::string meter;
    std::string charge;  // "plan/charge"
    Instant start;
    std::int64_t quantity = 0;  // billable, in the meter's base unit
    std::string unit;           // of quantity
    std::int64_t from = 0;      // counter before and after
    std::int64_t to = 0;
    Money amount;  // as attributed to the record
};
struct SuspendedRecord {
    // "sus-SOURCE-LINE": the same however often it is retried; "online-BATCH-POSITION" of usage
    // that was reported while it happened.
    std::string id;
    std::string feed;
    std::string file;
    std::int64_t line = 0;
    std::string text;
    SuspenseReason reason = SuspenseReason::none;
    std::string identity;
    std::string what;  // field, place and text that failed
    std::string mend;
    std::vector<std::string> fixes;  // that were not enough
};
// Posted usage charges of a subscription, summed over windows and payers, one per charge of its
// plans.
struct SubscriptionCharge {
    std::string meter;
    std::string charge;  // "plan/charge"
    Money amount;
};

// A price enquiry: what would a session cost, and how much of it does a balance afford?
struct QuoteQuestion {
    std::string subscription;
    std::string meter;
    std::string quantity;  // "2 minute"; without unit in the meter's own
    std::string network;   // "248-01"; these three may be empty
    std::string called;
    std::string calling;
    Instant when;
    std::string balance;  // "0.50"; empty: not asked
};
struct QuoteAnswer {
    struct Part {
        std::string charge;    // "plan/charge"
        std::string price;     // "0.04 per minute"
        std::string rule;      // of sessions: "counted in steps of 1 minute"; may be empty
        std::string counter;   // where it stands: "0 second"
        std::string billable;  // what the quantity comes to
    };
    std::vector<Part> parts;  // the prices in which it begins
    Money amount;
    Money sponsored;  // what sponsors pay for it besides
    struct Affordable {
        bool refused = false;       // the balance is less than the first block costs
        bool any_quantity = false;  // it costs no more, however long it is
        std::string quantity;       // what it affords before another price begins
        Money amount;
        Money first;  // what the first block costs
    };
    std::optional<Affordable> affordable;
};

class Engine {
  public:
    // Opens or makes a data folder.
    static Result<std::unique_ptr<Engine>> open(const std::filesystem::path& folder, Clock clock);
    ~Engine();

    // Catalog.
    std::expected<VersionNo, Errors> publish(std::string_view catalog_folder, Instant valid_from);
    std::expected<VersionNo, Errors> publish(std::vector<CatalogFile> files,
                                             std::optional<Date> valid_from);
    const catalog::Snapshot& catalog() const;

    // Directory. A repeated equal change does nothing.
    Result<void> apply(const AccountChange& change);
    Result<void> apply(std::span<const SubscriptionChange> changes);
    Result<void> set_pays(const std::string& account, bool pays, Date from);
    Result<void> set_quantity(const std::string& subscription, std::int64_t quantity, Date from);
    Result<void> set_plan(const std::string& subscription, const std::string& plan,
                          Date from);  // empty: ends
    Result<void> identify(const std::string& subscription, IdentityKind kind,
                          const std::string& value, Instant from);
    // CSV with a header; columns: docs/reference/imports.md. Returns how many rows changed
    // something.
    // Whole or not at all: every row that is wrong is told. They give the number of rows that
    // changed something.
    std::expected<std::int64_t, Errors> import_accounts(std::string_view file_name,
                                                        std::string_view csv);
    std::expected<std::int64_t, Errors> import_subscriptions(std::string_view file_name,
                                                             std::string_view csv);
    const directory::Directory& directory() const;

    // Feeds and files.
    std::expected<void, Errors> add_feed(std::string_view path, std::string_view yaml);
    std::vector<std::string> feed_names() const;
    Result<std::string> feed_text(const std::string& name) const;
    // Its numbered files: "41-44: 3 came; missing: 42", a line for each run of numbers; empty where
    // the feed does not number its files.
    Result<std::vector<std::string>> feed_files(const std::string& name);
    Result<Report> import_files(const std::string& feed,
                                std::span<const std::filesystem::path> files,
                                const OnProgress& progress = {});

    // What was used, duplicates and records that were taken back left out, by time of the event.
    Result<std::vector<UsageLogRow>> usage_log(const UsageLogFilter& filter);
    // Rewrites small files of the archive, and deletes those that were rewritten at least
    // `keep_days` days ago.
    Result<TidyReport> tidy(int keep_days, bool preview = false);
    Result<std::vector<ArchiveFileRow>> archive_files();
    // Deletes usage of whole days from the archive, as far as nobody needs it any more; what it
    // came to stays, and its files go as rewritten ones do.
    Result<DeletionReport> delete_usage(const DeletionRequest& request);
    Result<std::vector<DeletionRow>> deletions();  // oldest first

    // Files that came, and taking one back: by id, path or file name.
    Result<std::vector<FileRow>> files();
    // What an edge receives to aggregate as the feed says: its description and the meters' units.
    Result<std::string> edge_policy(const std::string& feed) const;
    // How the feed tells duplicates, and what its keys cost on the disk and in memory.
    Result<std::vector<std::string>> feed_keys(const std::string& feed);
    // Of a feed whose owners number their records: which did not come. None of others.
    Result<std::vector<CheckLine>> feed_numbers(const std::string& feed);
    // What edges received against what came, one line an edge.
    Result<std::vector<CheckLine>> feed_edges(const std::string& feed);
    Result<TakeBackReport> take_back(const std::string& file, const TakeBackRequest& request);
    // Rates usage again with the catalog and directory as they are now.
    Result<RerateReport> rerate(const RerateFilter& filter, bool preview = false);

    // Suspense.
    Result<std::vector<SuspenseLine>> suspense(SuspenseBy by = SuspenseBy::everything,
                                               const SuspenseFilter& filter = {});
    // `plan`: for records whose own plan nobody knows; empty: the one that most of the identities
    // nearest to theirs have.
    Result<std::vector<SuspenseWorth>> suspense_worth(SuspenseBy by, const SuspenseFilter& filter,
                                                      const std::string& plan = {});
    // With `preview` they tell what would happen, and nothing does.
    Result<Report> retry(const SuspenseFilter& filter, bool preview = false);
    Result<Report> fix(const SuspenseFilter& filter, const Correction& correction,
                       bool preview = false);
    Result<std::int64_t> drop(const SuspenseFilter& filter, const std::string& reason,
                              bool preview = false);
    Result<std::vector<SuspendedRecord>> suspended_records(const SuspenseFilter& filter,
                                                           std::size_t limit);

    // Rated usage, in batch and row order.
    Result<void> each_rated_record(const std::function<void(const RatedRecord&)>& visit);
    Result<std::vector<SubscriptionCharge>> charges(const std::string& subscription);
    // Nothing changes by it.
    Result<QuoteAnswer> quote(const QuoteQuestion& question);

    // Charging while usage happens. The requests are one commit: what is answered is stored, and a
    // request that came before is told what it was told then.
    Result<std::vector<Result<ChargeAnswer>>> charge(std::span<const ChargeQuestion> questions);
    Result<void> set_charging(const ChargeSettings& settings);
    // Where the client of a session is told about it; empty: nobody said so, or it has ended.
    Result<std::string> session_client(const std::string& session);
    // Those whose payers had money come in since it was asked last, by whatever way through here.
    std::vector<WaitingSession> waiting_sessions();
    Result<BalanceReport> balance(const std::string& account);
    // Once per reference.
    Result<TopUp> top_up(const std::string& account, const std::string& amount,
                         const std::string& reference);
    Result<void> make_vouchers(const VoucherOrder& order);
    Result<std::vector<VoucherReport>> vouchers();  // their batches, without who redeemed them
    Result<VoucherReport> vouchers(const std::string& name);
    Result<void> block_vouchers(const std::string& name, const std::string& because);
    // Once: whoever comes second is refused as voucher_redeemed, but for who asks again under the
    // same reference.
    Result<TopUp> redeem(const std::string& account, const std::string& code,
                         const std::string& reference = {});
    Result<Transfer> transfer(const TransferOrder& order);  // once per reference
    Result<std::vector<TransferRow>> transfers(const std::string& account);
    // Money that comes by itself when a balance falls below an amount.
    Result<void> set_recharge(const RechargeChange& change);
    Result<std::vector<RechargeRow>> recharges(const std::string& account);
    // Buys a package of a plan, or gives it; once per reference.
    Result<BucketRow> buy_bucket(const BucketOrder& order);
    // Those of the account and all below it, as they stand today.
    Result<std::vector<BucketRow>> buckets(const std::string& account);
    Result<std::vector<TopUp>> top_ups(const std::string& account);
    Result<void> limit(const LimitChange& change);
    // Takes the fees of prepaid accounts that are due by now, each once; of an account, or of all.
    // What a balance does not cover waits for a top-up, and suspends its subscription.
    Result<FeeReport> take_fees(const std::string& account = {});
    // The same in short turns, for whoever has a clock: so many accounts at a time, each once a
    // day. False: all of today's were asked.
    Result<bool> take_fees_of_day(std::size_t most);
    Result<std::vector<FeeRow>> fees(const std::string& account);
    Result<void> watch_balance(const std::string& account, const std::string& below);

    // Who is told what as it happens. What is written is delivered by whoever asks for what is due.
    Result<AddedWebhook> add_webhook(const WebhookChange& change);
    Result<void> remove_webhook(const std::string& name);
    Result<Webhook> webhook(const std::string& name);
    Result<std::vector<Webhook>> webhooks();
    // The newest first.
    Result<std::vector<Delivery>> webhook_deliveries(const std::string& name, std::int64_t most);
    Result<std::vector<DeliveryAttempt>> webhook_log(const std::string& name, std::int64_t most);
    Result<std::string> test_webhook(const std::string& name);  // gives the event
    Result<std::int64_t> resend_webhook(const std::string& name, const std::string& events);
    Result<std::vector<Delivery>> due_webhooks(std::int64_t most);
    Result<void> delivered(const Delivery& delivery, const WebhookOutcome& outcome,
                           const RetryPolicy& policy);
    // What was told, or given up, so many days ago: at most so many events. Gives how many went.
    Result<std::int64_t> forget_webhook_events(std::int64_t days, std::int64_t most);

    // Who may ask over the network; the secret itself is told to nobody again.
    Result<void> add_api_key(const std::string& name, const std::string& secret,
                             const std::string& scopes);
    Result<void> revoke_api_key(const std::string& name);
    Result<std::vector<ApiKey>> api_keys();  // with those that were revoked

    // How far from an account's earlier documents a new one may be before a preview or run tells
    // it: more than `factor` times their median, or less than that part of it. 0: never told.
    void set_unusual_factor(std::int64_t factor);
    // Billing. Payer empty: all who pay.
    Result<BillRunReport> preview(WhichCycle which, const std::string& payer = {});
    Result<BillRunReport> bill_run(WhichCycle which, const std::string& payer = {},
                                   const OnProgress& progress = {});
    Result<BillRunReport> undo(WhichCycle which, const std::string& payer = {});
    Result<BillRunReport> send(WhichCycle which, const std::string& payer = {});
    Result<Invoice> preview_invoice(WhichCycle which, const std::string& payer);
    Result<std::vector<BillRunReport::Row>> invoices();
    Result<Invoice> invoice(std::string_view number_or_id);  // "INV-2026-0001" or "12"
    Result<Invoice> adjust(std::string_view invoice, Adjustment adjustment);
    // A note over what changed since in a sent invoice's own period and lines, prepared; none where
    // nothing did.
    Result<std::optional<Invoice>> note(std::string_view number);
    // Credits or debits a line of a sent invoice by a note; what is prepared already is extended.
    Result<Invoice> note_by_hand(std::string_view number, Adjustment adjustment);
    Result<Invoice> send_document(std::string_view number_or_id);
    Result<Invoice> void_document(std::string_view number_or_id);  // a prepared one
    Result<Invoice> set_field(std::string_view invoice, const std::string& name,
                              const std::string& value);
    Result<std::string> invoice_pdf(const Invoice& invoice);
    Result<std::vector<Statement>> statements(WhichCycle which);
    struct Balance {
        std::string account;  // "unbilled/city"
        Money amount;
    };
    Result<std::vector<Balance>> balances();

    // Both sides: what carriers charge, beside what it was sold for.
    Result<MarginReport> margin(MarginBy by, std::optional<DatePeriod> period = {});
    Result<std::vector<std::string>> carriers();
    Result<Money> carrier_cost(const std::string& name);
    // Of the month that holds the day.
    Result<CarrierStatement> carrier_statement(const std::string& name, Date day);
    // A file of the carrier's, read by the feed of kind carrier_invoice that names it. Without a
    // period, that of its records.
    Result<CarrierCheck> check_carrier(const std::string& name, const std::filesystem::path& file,
                                       std::optional<DatePeriod> period = {});

    // Proof. `what`: usage, files, quantities, ledger, archive, documents, settlement, database,
    // anomalies or all.
    Result<std::vector<CheckLine>> check(std::string_view what);
    // `id`: an invoice line "INV-2026-0001/2" or "12/2", a rated record "rec-BATCH-ROW", or a
    // charge "chg-BATCH-N".
    Result<Explanation> explain(std::string_view id, bool verify);
    Result<std::string> largest_charge();  // an id for `explain`

    struct State;

  private:
    explicit Engine(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace farthing::engine
