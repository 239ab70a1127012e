// The equations, asked (idea 3): nothing disappeared, nothing doubled, every posting has its
// counterpart.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/decimal.h"
#include "base/utf8.h"
#include "engine/anomalies.h"
#include "engine/edges.h"
#include "engine/find.h"
#include "engine/numbered_files.h"
#include "engine/numbered_records.h"
#include "engine/prepaid_fees.h"
#include "engine/reasons.h"
#include "rating/counters.h"
#include "store/archive.h"
#include "store/files.h"

namespace farthing::engine {

namespace {

using store::Store;

// "1 000 = 990 rated + 10 duplicate": terms that are zero are left out.
std::string equation(std::int64_t received, const std::array<std::int64_t, kOutcomes>& outcomes) {
    std::string text = grouped(received) + " =";
    bool any = false;
    for (std::size_t i = 0; i < kOutcomes; ++i) {
        if (outcomes[i] == 0) continue;
        text += std::string(any ? " +" : "") + " " + grouped(outcomes[i]) + " " +
                std::string(kOutcomeNames[i]);
        any = true;
    }
    return any ? text : text + " 0";
}

struct Sum {
    std::int64_t received = 0;
    std::array<std::int64_t, kOutcomes> outcomes{};
    template <class Totals>
    void add(const Totals& totals) {
        received += totals.received;
        for (std::size_t i = 0; i < kOutcomes; ++i) outcomes[i] += totals.outcomes[i];
    }
    bool closes() const {
        std::int64_t sum = 0;
        for (const std::int64_t outcome : outcomes) sum += outcome;
        return sum == received;
    }
};

// What control totals say of one perspective.
struct Records {
    Sum imported;
    Sum retried;
    bool each_closes = true;
};

class Check {
  public:
    explicit Check(Engine::State& state) : state_(state) {}

    // Every record that came in has exactly one outcome on each side that it is rated from, and
    // every source was read from end to end without overlap.
    Result<void> usage() {
        FARTHING_TRY(const auto controls, state_.store->controls());
        FARTHING_TRY(const auto sources, state_.store->sources());
        FARTHING_TRY(const auto batches, state_.store->batches());
        FARTHING_TRY(const auto suspense, state_.store->suspense());
        std::map<BatchId, bool> is_import;
        for (const auto& batch : batches) is_import[batch.id] = batch.kind == "import";
        std::map<Perspective, Records> records{{Perspective::retail, {}}};
        std::map<std::pair<BatchId, SourceId>, std::int64_t> received;
        bool sides_agree = true;
        for (const auto& row : controls) {
            Records& of_side = records[row.totals.perspective];
            Sum one;
            one.add(row.totals);
            of_side.each_closes = of_side.each_closes && one.closes();
            (is_import[row.batch] ? of_side.imported : of_side.retried).add(row.totals);
            if (!is_import[row.batch]) continue;
            const auto [found, first] =
                received.try_emplace({row.batch, row.totals.source}, row.totals.received);
            sides_agree = sides_agree && found->second == row.totals.received;
        }
        for (const auto& [side, sums] : records) {
            say(side == Perspective::cost ? "usage cost" : "usage",
                sums.each_closes && sums.imported.closes(),
                equation(sums.imported.received, sums.imported.outcomes));
        }
        std::map<SourceId, std::int64_t> read;
        for (const auto& [place, count] : received) read[place.second] += count;
        tell_sources(sources, read, sides_agree);
        FARTHING_TRY(const auto gone, state_.store->taken_back());
        std::map<Perspective, std::int64_t> again;
        for (const auto& row : gone) {
            if (row.totals.again) again[row.totals.perspective] += row.totals.records;
        }
        for (const auto& [side, sums] : records) {
            tell_taken_back(side, gone, read, again[side]);
            tell_suspense(side, sums, suspense, again[side]);
        }
        tell_whole(sources, controls, gone);
        FARTHING_CHECK(tell_online());
        return {};
    }

    // Every number that a feed's files should carry came (EC49).
    Result<void> files() {
        for (const auto& [name, feed] : state_.feeds) {
            FARTHING_TRY(const NumberedFiles found, numbered_files(state_, feed));
            for (const auto& run : found.runs)
                say("files " + name, run.missing.empty(), equation_of(run));
            if (!found.unnumbered.empty())
                say("files " + name, false,
                    fmt::format("{} files whose names hold no number, such as {}",
                                grouped(static_cast<std::int64_t>(found.unnumbered.size())),
                                printable(found.unnumbered.front(), 60)));
        }
        return {};
    }

    // Their rows are aggregated to what the directory says.
    Result<std::set<BatchId>> batches_of_inventories() {
        std::set<FeedId> feeds;
        for (const auto& [name, feed] : state_.feeds) {
            if (feed.feed.kind == mediation::Feed::Kind::inventory) feeds.insert(feed.id);
        }
        std::set<BatchId> found;
        FARTHING_TRY(const auto batches, state_.store->batches());
        for (const auto& batch : batches) {
            if (feeds.contains(batch.feed)) found.insert(batch.id);
        }
        return found;
    }

    // What was aggregated is what the chargeable records that were made of it stand for.
    Result<void> windows() {
        FARTHING_TRY(const auto controls, state_.store->controls());
        FARTHING_TRY(const auto quantities, state_.store->quantities());
        FARTHING_TRY(const auto rows, state_.store->windows());
        FARTHING_TRY(const std::set<BatchId> inventories, batches_of_inventories());
        using Place = std::tuple<BatchId, SourceId, Perspective>;
        constexpr auto kAggregated = static_cast<std::size_t>(Outcome::aggregated);
        std::map<Place, std::int64_t> parts;
        std::map<std::pair<Place, MeterId>, std::int64_t> sums;
        const auto place_of = [](const auto& row) {
            return Place{row.batch, row.totals.source, row.totals.perspective};
        };
        for (const auto& row : controls) {
            if (!inventories.contains(row.batch))
                parts[place_of(row)] += row.totals.outcomes[kAggregated];
        }
        for (const auto& row : quantities)
            sums[{place_of(row), row.totals.meter}] += row.totals.outcomes[kAggregated];
        WindowTotals all;
        for (const auto& row : rows) {
            parts[place_of(row)] -= row.totals.parts;
            sums[{place_of(row), row.totals.meter}] -= row.totals.sum;
            all.parts += row.totals.parts;
            all.rated += row.totals.rated;
            all.zero_rated += row.totals.zero_rated;
        }
        const auto is_zero = [](const auto& of_place) { return of_place.second == 0; };
        const bool whole =
            std::ranges::all_of(parts, is_zero) && std::ranges::all_of(sums, is_zero);
        if (rows.empty() && whole) return {};
        say("windows", whole,
            fmt::format("{} aggregated = the parts of {} chargeable records: {} rated + {} "
                        "zero_rated",
                        grouped(all.parts), grouped(all.rated + all.zero_rated), grouped(all.rated),
                        grouped(all.zero_rated)));
        return {};
    }

    // What edges sent came whole, and is what they say that they received.
    Result<void> edges() {
        for (const auto& [name, feed] : state_.feeds) {
            FARTHING_TRY(auto lines, edges_of(state_, feed));
            for (CheckLine& line : lines) lines_.push_back(std::move(line));
        }
        return {};
    }

    // Of records that their owners number, none is missing; slots that devices left out are told.
    Result<void> numbers() {
        for (const auto& [name, feed] : state_.feeds) {
            for (CheckLine& line : numbered_records(state_, feed))
                lines_.push_back(std::move(line));
        }
        return {};
    }

    Result<void> quantities() {
        FARTHING_TRY(const auto rows, state_.store->quantities());
        FARTHING_TRY(const auto batches, state_.store->batches());
        std::map<BatchId, bool> is_import;
        for (const auto& batch : batches) is_import[batch.id] = batch.kind == "import";
        std::map<std::pair<Perspective, MeterId>, Sum> meters;
        for (const auto& row : rows) {
            if (is_import[row.batch])
                meters[{row.totals.perspective, row.totals.meter}].add(row.totals);
        }
        for (const auto& [key, sum] : meters) {
            const std::string name = state_.names.name_of(NameTable::Kind::meter, key.second.value);
            say("quantity " + name + (key.first == Perspective::cost ? " cost" : ""), sum.closes(),
                equation(sum.received, sum.outcomes));
        }
        return {};
    }

    // rated = postings (+ rounding on documents); debits = credits; what the archive sums to is
    // what was posted.
    Result<void> ledger() {
        FARTHING_TRY(const auto balances, state_.store->balances());
        FARTHING_TRY(const auto entries, state_.store->entries({}));
        FARTHING_TRY(const auto batches, state_.store->batches());
        std::map<Currency, std::pair<i128, i128>> sides;  // debits, credits
        for (const auto& row : balances) {
            auto& [debits, credits] = sides[row.currency];
            (row.atoms > 0 ? debits : credits) += row.atoms;
        }
        for (const auto& [currency, side] : sides) {
            say("ledger", side.first + side.second == 0,
                fmt::format("debits {} = credits {} {}, {} accounts",
                            Money{side.first, currency}.to_string(),
                            Money{-side.second, currency}.to_string(), currency.code(),
                            balances.size()));
        }
        std::map<BatchId, i128> posted;
        i128 cost = 0;
        for (const Entry& entry : entries) {
            if (entry.kind != EntryKind::usage && entry.kind != EntryKind::cost) continue;
            for (const Posting& posting : entry.postings) {
                if (posting.account.kind == LedgerKind::revenue)
                    posted[entry.batch] -= posting.atoms;
                if (posting.account.kind != LedgerKind::cost) continue;
                posted[entry.batch] += posting.atoms;
                cost += posting.atoms;
            }
        }
        bool equal = true;
        i128 total = 0;
        for (const auto& batch : batches) {
            i128 rated = 0;
            for (const auto& [currency, atoms] : batch.rated_atoms) rated += atoms;
            equal = equal && rated == posted[batch.id];
            total += rated;
        }
        if (!state_.catalog.empty()) {
            const Currency currency = state_.catalog.newest().currency;
            const std::string of_cost =
                cost == 0 ? std::string()
                          : fmt::format(" and {} of cost", Money{cost, currency}.to_string());
            say("rated", equal,
                fmt::format("{}{} {} rated = posted, batch by batch",
                            Money{total - cost, currency}.to_string(), of_cost, currency.code()));
        }
        FARTHING_TRY(auto fees, check_fees(state_));
        if (fees) lines_.push_back(*std::move(fees));
        FARTHING_TRY(const auto moved, check_moved_money(state_));
        lines_.insert(lines_.end(), moved.begin(), moved.end());
        return {};
    }

    // Every registered file is there, is what it was, and sums to what its batch says.
    Result<void> archive() {
        FARTHING_TRY(const auto batches, state_.store->batches());
        std::map<BatchId, i128> rated;
        std::int64_t files = 0;
        std::int64_t rows = 0;
        std::string wrong;
        for (const char* table : {"usage", "rated_usage", "suspended", "withdrawn", "dedup"}) {
            FARTHING_TRY(const auto registered, state_.store->files(table));
            for (const auto& file : registered) {
                const auto path = state_.store->archive_folder() / file.path;
                files += 1;
                const auto hash = store::hash_of_file(path);
                if (!hash || *hash != file.hash) {
                    wrong = file.path + (hash ? " has another content" : " can't be read");
                    continue;
                }
                if (std::string_view(table) == "dedup") continue;
                const auto sums = store::sum_file(path, table);
                if (!sums || sums->rows != file.records) {
                    wrong = file.path + " has another number of rows";
                    continue;
                }
                rows += sums->rows;
                if (std::string_view(table) != "rated_usage") continue;
                if (!file.rewritten()) {
                    rated[file.batch] += sums->charge_atoms;
                    continue;
                }
                FARTHING_TRY(const auto by_batch, store::charges_by_batch(path));
                for (const auto& [batch, atoms] : by_batch) rated[batch] += atoms;
            }
        }
        // What was deleted for its age is counted as it was then.
        FARTHING_TRY(const auto deletions, state_.store->deleted_usage(true));
        std::int64_t deleted = 0;
        for (const DeletedUsage& one : deletions) {
            for (const DeletedRows& gone : one.rows) {
                rated[gone.of] += gone.atoms;
                deleted += gone.records;
            }
        }
        // What was charged online is not in the archive, but beside it.
        FARTHING_CHECK(state_.store->each_online_use(
            [&](BatchId batch, const OnlineUse& use) { rated[batch] += use.charge_atoms; }));
        bool equal = true;
        for (const auto& batch : batches) {
            i128 expected = 0;
            for (const auto& [currency, atoms] : batch.rated_atoms) expected += atoms;
            equal = equal && expected == rated[batch.id];
        }
        if (!equal && wrong.empty()) wrong = "rated_usage sums to another amount than was posted";
        std::string right = fmt::format("{} files, {} rows, hashes and sums as registered",
                                        grouped(files), grouped(rows));
        if (deleted > 0) right += fmt::format("; with {} rows deleted", grouped(deleted));
        say("archive", wrong.empty(), wrong.empty() ? right : wrong);
        return {};
    }

    // Parts of partners sum to the whole; a document's payable is the sum of its parts; numbers
    // have no gap.
    Result<void> documents() {
        FARTHING_TRY(const auto rows, state_.store->invoices());
        std::map<std::string, std::vector<std::int64_t>> series;
        std::int64_t sent = 0;
        bool sums = true;
        for (const auto& row : rows) {
            FARTHING_TRY(const Invoice invoice, state_.store->invoice(row.id));
            i128 lines = 0;
            for (const InvoiceLine& line : invoice.lines) lines += line.amount.atoms;
            sums = sums && lines == invoice.lines_total.atoms &&
                   invoice.net.atoms + invoice.tax.atoms == invoice.payable.atoms;
            if (invoice.state != InvoiceState::sent) continue;
            sent += 1;
            const std::size_t digits = invoice.number.find_last_not_of("0123456789") + 1;
            series[invoice.number.substr(0, digits)].push_back(
                std::stoll(invoice.number.substr(digits)));
        }
        bool gapless = true;
        for (auto& [prefix, numbers] : series) {
            std::sort(numbers.begin(), numbers.end());
            for (std::size_t i = 0; i < numbers.size(); ++i) {
                gapless = gapless && numbers[i] == static_cast<std::int64_t>(i) + 1;
            }
        }
        say("documents", sums && gapless,
            fmt::format("{} prepared, {} sent; lines + tax = payable, numbers without a gap",
                        grouped(static_cast<std::int64_t>(rows.size()) - sent), grouped(sent)));
        return {};
    }

    Result<void> settlement() {
        FARTHING_TRY(const auto rows, state_.store->invoices());
        std::map<DatePeriod, bool> periods;
        for (const auto& row : rows) periods[row.period] = true;
        bool equal = true;
        std::map<Currency, std::pair<i128, i128>> totals;  // shares, charged
        for (const auto& [period, seen] : periods) {
            FARTHING_TRY(const auto statements, state_.store->statements(period));
            for (const Statement& statement : statements) {
                i128 lines = 0;
                i128 charged = 0;
                for (const StatementLine& line : statement.lines) {
                    lines += line.share.atoms;
                    charged += line.charged.atoms;
                }
                equal =
                    equal && lines == statement.share.atoms && charged == statement.charged.atoms;
                totals[statement.currency].first += lines;
                totals[statement.currency].second += charged;
            }
        }
        for (const auto& [currency, total] : totals) {
            say("settlement", equal,
                fmt::format("partners {} of {} {}, line by line",
                            Money{total.first, currency}.to_string(),
                            Money{total.second, currency}.to_string(), currency.code()));
        }
        return {};
    }

    Result<void> database() {
        FARTHING_TRY(auto broken, state_.store->integrity());
        FARTHING_CHECK(read_counters(broken));
        say("database", broken.empty(),
            broken.empty() ? "sound, constraints hold" : broken.front());
        return {};
    }

    Result<void> anomalies() {
        Result<CheckLine> line = find_anomalies(state_);
        if (line) {
            lines_.push_back(*std::move(line));
        } else {  // `archive` tells what is wrong with its files, and the other checks go on
            say("anomalies", false, line.error().to_string());
        }
        return {};
    }

    std::vector<CheckLine> take() { return std::move(lines_); }

  private:
    // SQL takes any bytes for a block of counters: who reads them tells whether they are one.
    Result<void> read_counters(std::vector<std::string>& broken) {
        for (const Perspective side : {Perspective::retail, Perspective::cost}) {
            FARTHING_TRY(const auto windows, state_.store->windows(side));
            for (const Date window : windows) {
                FARTHING_TRY(const auto keys, state_.store->counter_packs(side, window));
                for (const PackKey& key : keys) {
                    FARTHING_TRY(const std::string bytes, state_.store->counter_pack(key));
                    const auto counters = rating::unpack_counters(key, bytes);
                    if (!counters) broken.push_back(counters.error().to_string());
                }
            }
        }
        return {};
    }

    // Every report of usage while it happens is a record with one outcome.
    Result<void> tell_online() {
        Sum sum;
        FARTHING_CHECK(state_.store->each_online_use([&](BatchId, const OnlineUse& use) {
            if (use.session.empty()) return;
            sum.received += 1;
            sum.outcomes[static_cast<std::size_t>(use.outcome)] += 1;
        }));
        FARTHING_TRY(const std::int64_t archived, state_.store->archived_online());
        if (sum.received + archived == 0) return {};
        std::string text = equation(sum.received, sum.outcomes);
        FARTHING_TRY(const auto left, state_.store->use_exits());
        if (left.recycled + left.dropped > 0)
            text += fmt::format("; of the suspended {} were charged later, {} dropped",
                                grouped(left.recycled), grouped(left.dropped));
        if (archived > 0) text += "; " + grouped(archived) + " in the archive";
        say("usage online", sum.closes(), text);
        return {};
    }

    void tell_sources(const std::vector<Store::SourceRow>& sources,
                      std::map<SourceId, std::int64_t>& read, bool sides_agree) {
        std::int64_t waiting = 0;
        std::int64_t unfinished = 0;
        bool tiled = sides_agree;
        for (const auto& row : sources) {
            tiled = tiled && read[row.source.id] == row.position;
            if (!row.source.reject_reason.empty()) continue;
            if (row.position < row.source.records) unfinished += 1;
            waiting += row.source.records - row.position;
        }
        say("sources", tiled,
            fmt::format("{} files read to their position, each record once; {} unfinished with {} "
                        "records to come",
                        grouped(static_cast<std::int64_t>(sources.size())), grouped(unfinished),
                        grouped(waiting)));
    }

    // Of each file that was taken back, every record that came in lost the outcome that it had.
    void tell_taken_back(Perspective side, const std::vector<Store::TakenBackRow>& rows,
                         const std::map<SourceId, std::int64_t>& received, std::int64_t again) {
        Sum lost;
        std::int64_t dropped = 0;
        std::int64_t files = 0;
        bool whole = true;
        for (const auto& row : rows) {
            if (row.totals.again || row.totals.perspective != side) continue;
            files += 1;
            dropped += row.totals.dropped;
            lost.received += row.totals.records;
            for (std::size_t i = 0; i < kOutcomes; ++i) lost.outcomes[i] += row.totals.outcomes[i];
            const auto read = received.find(row.totals.source);
            whole = whole && read != received.end() && row.totals.records == read->second;
        }
        if (files == 0) return;
        std::string text = equation(lost.received, lost.outcomes);
        if (dropped > 0) text += " + " + grouped(dropped) + " dropped before";
        say(side == Perspective::cost ? "taken back cost" : "taken back", whole,
            fmt::format("{} of {} files; {} that had lost to them came again", text, grouped(files),
                        grouped(again)));
    }

    // A file that stands no more lost every side that it counted on.
    void tell_whole(const std::vector<Store::SourceRow>& sources,
                    const std::vector<Store::ControlRow>& controls,
                    const std::vector<Store::TakenBackRow>& rows) {
        std::set<std::pair<SourceId, Perspective>> left;
        for (const auto& row : controls) left.insert({row.totals.source, row.totals.perspective});
        for (const auto& row : rows) {
            if (!row.totals.again) left.erase({row.totals.source, row.totals.perspective});
        }
        for (const auto& row : sources) {
            const auto first = left.lower_bound({row.source.id, Perspective{}});
            if (row.taken_back_by && first != left.end() && first->first == row.source.id)
                say("taken back", false, row.source.path + " still counts");
        }
    }

    // `again`: records that had lost to a file that was taken back.
    void tell_suspense(Perspective side, const Records& records,
                       const std::vector<Store::SuspenseRow>& suspense, std::int64_t again) {
        std::int64_t suspended = 0;
        std::int64_t recycled = 0;
        std::int64_t dropped = 0;
        std::int64_t with_file = 0;
        for (const auto& row : suspense) {
            if ((row.group.sides & bit_of(side)) == 0) continue;
            suspended += row.group.records;
            recycled += row.recycled;
            dropped += row.dropped - row.taken_back;
            with_file += row.taken_back;
        }
        const auto index = static_cast<std::size_t>(Outcome::suspended);
        const bool closed =
            records.imported.outcomes[index] + records.retried.outcomes[index] == suspended &&
            records.retried.received == recycled + again &&
            suspended >= recycled + dropped + with_file;
        const std::string taken = with_file == 0 ? "" : grouped(with_file) + " taken back + ";
        say(side == Perspective::cost ? "suspense cost" : "suspense", closed,
            fmt::format("{} suspended = {} recycled + {} dropped + {}{} open", grouped(suspended),
                        grouped(recycled), grouped(dropped), taken,
                        grouped(suspended - recycled - dropped - with_file)));
    }

    void say(std::string name, bool ok, std::string text) {
        lines_.push_back({std::move(name), ok, std::move(text), {}});
    }

    Engine::State& state_;
    std::vector<CheckLine> lines_;
};

}  // namespace

Result<std::vector<CheckLine>> Engine::check(std::string_view what) {
    using Step = Result<void> (Check::*)();
    struct Named {
        std::string_view name;
        Step step;
    };
    static constexpr Named kSteps[] = {
        {"usage", &Check::usage},         {"quantities", &Check::quantities},
        {"ledger", &Check::ledger},       {"archive", &Check::archive},
        {"documents", &Check::documents}, {"settlement", &Check::settlement},
        {"database", &Check::database},   {"anomalies", &Check::anomalies},
        {"files", &Check::files},         {"windows", &Check::windows},
        {"edges", &Check::edges},         {"numbers", &Check::numbers},
    };
    Check check(*state_);
    bool known = false;
    for (const Named& named : kSteps) {
        if (what != "all" && what != named.name) continue;
        known = true;
        FARTHING_CHECK((check.*named.step)());
    }
    if (!known)
        return fail(EngineReason::check_unknown, "there is no check \"" + std::string(what) + "\"");
    return check.take();
}

}  // namespace farthing::engine
