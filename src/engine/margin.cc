// What records were sold for and what carrying them costs, met again from the archive.
#include "engine/margin.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "catalog/describe.h"
#include "engine/batch.h"
#include "engine/find.h"
#include "engine/retention.h"
#include "engine/standing.h"
#include "store/archive.h"

namespace farthing::engine {

namespace {

std::string row_name(const catalog::RateRow& row) {
    return row.name.empty() ? row.prefix : row.prefix + " " + row.name;
}

// One record's charges on one side.
struct Half {
    std::int64_t rows = 0;  // less those that were taken back
    std::int64_t atoms = 0;
    SidePrice price;
    std::uint32_t who = 0;  // the payer, or the carrier
    bool there() const { return rows > 0; }
};
struct Met {
    Half sides[2];
    Instant start;
    bool both() const { return sides[0].there() && sides[1].there(); }
    bool any() const { return sides[0].there() || sides[1].there(); }
};
constexpr std::size_t index_of(Perspective side) {
    return side == Perspective::cost ? 1 : 0;
}

using Records = std::map<RecordPosition, Met>;

class Meeting {
  public:
    Meeting(const Engine::State& state, const OnCarried& visit) : state_(state), visit_(visit) {}

    Result<void> run() {
        FARTHING_TRY(const auto windows, state_.store->windows(Perspective::cost));
        if (windows.empty()) return {};
        FARTHING_TRY(const auto rated, state_.store->files("rated_usage"));
        FARTHING_TRY(const auto usage, state_.store->files("usage"));
        FARTHING_CHECK(read_corrections(rated));
        for (const auto& file : rated) {
            Records records;
            std::set<BatchId> batches;
            const auto take = [&](std::span<const store::RatedRow> rows) {
                for (const store::RatedRow& row : rows) {
                    if (row.row < 0 || row.record_batch != row.batch) continue;
                    add(records[{row.batch, row.row}], row);
                    batches.insert(row.batch);
                }
            };
            FARTHING_CHECK(store::each_rated(state_.store->archive_folder() / file.path, {}, take));
            for (const BatchId batch : batches) correct(batch, records);
            FARTHING_CHECK(settle(records, batches, usage));
        }
        for (const auto& [place, met] : lonely_) {
            if (met.any()) visit_(carried(met));
        }
        return {};
    }

  private:
    // What later batches took back from records, and gave them.
    Result<void> read_corrections(const std::vector<store::Store::FileRow>& rated) {
        FARTHING_TRY(const auto correcting, correcting_batches(state_));
        const auto take = [&](std::span<store::RatedRow> rows) {
            for (store::RatedRow& row : rows) {
                if (row.row >= 0 && row.record_batch != row.batch)
                    corrections_[row.record_batch].push_back(std::move(row));
            }
        };
        for (const auto& file : rated) {
            if (file.may_hold_any(correcting))
                FARTHING_CHECK(
                    store::each_rated(state_.store->archive_folder() / file.path, {}, take));
        }
        return {};
    }

    void correct(BatchId batch, Records& records) const {
        const auto found = corrections_.find(batch);
        if (found == corrections_.end()) return;
        for (const store::RatedRow& row : found->second) add(records[{batch, row.row}], row);
    }

    static void add(Met& met, const store::RatedRow& row) {
        Half& half = met.sides[index_of(row.perspective)];
        half.rows += row.taken_back ? -1 : 1;
        if (half.rows == 1 && !row.taken_back) {
            half.price = {row.version, row.component, row.item, row.segment_start};
            half.who =
                row.perspective == Perspective::cost ? row.subscription.value : row.payer.value;
        }
        half.atoms += row.charge_atoms;
        met.start = row.start;
    }

    // Both sides of a record mostly stand in one batch; those that a retry brought meet by their
    // place in the source.
    Result<void> settle(const Records& records, const std::set<BatchId>& batches,
                        const std::vector<store::Store::FileRow>& usage) {
        bool lonely = false;
        for (const auto& [position, met] : records) {
            if (met.both()) visit_(carried(met));
            lonely = lonely || !met.both();
        }
        if (!lonely) return {};
        const auto take = [&](std::span<const store::UsageRow> rows) {
            for (const store::UsageRow& row : rows) {
                const auto found = records.find({row.batch, row.row});
                if (found != records.end()) meet({row.source, row.line}, found->second);
            }
        };
        for (const auto& file : usage) {
            if (file.may_hold_any(batches))
                FARTHING_CHECK(
                    store::each_usage(state_.store->archive_folder() / file.path, {}, take));
        }
        return {};
    }

    void meet(RecordPlace place, const Met& half) {
        if (half.both()) return;
        const auto [found, fresh] = lonely_.try_emplace(place, half);
        if (fresh) return;
        for (std::size_t side = 0; side < 2; ++side) {
            const Half& more = half.sides[side];
            if (!more.there()) continue;
            Half& known = found->second.sides[side];
            const std::int64_t before = known.atoms;
            if (!known.there()) known = more;
            known.atoms = before + more.atoms;
        }
        if (!found->second.both()) return;
        visit_(carried(found->second));
        lonely_.erase(found);
    }

    static Carried carried(const Met& met) {
        Carried record;
        record.start = met.start;
        record.sold = met.sides[0].there();
        record.carried = met.sides[1].there();
        record.retail_atoms = met.sides[0].atoms;
        record.cost_atoms = met.sides[1].atoms;
        record.retail = met.sides[0].price;
        record.cost = met.sides[1].price;
        record.payer = {met.sides[0].who};
        record.carrier = {met.sides[1].who};
        return record;
    }

    const Engine::State& state_;
    const OnCarried& visit_;
    std::map<RecordPlace, Met> lonely_;
    std::map<BatchId, std::vector<store::RatedRow>> corrections_;  // by the records' batch
};

struct Words {
    std::string destination;
    std::string price;
    auto operator<=>(const Words&) const = default;
};

// What a price is for and what it is, in words, each looked up once.
class PriceWords {
  public:
    explicit PriceWords(const catalog::Snapshot& catalog) : catalog_(catalog) {}
    const Words& of(const SidePrice& price) {
        const auto [found, fresh] =
            known_.try_emplace({price.version, price.component, price.item, price.since});
        if (fresh) found->second = tell(price);
        return found->second;
    }

  private:
    Words tell(const SidePrice& price) const {
        const catalog::Version* version = catalog_.numbered(price.version);
        const catalog::UsageCharge* charge =
            version == nullptr ? nullptr : find_charge(*version, price.component, nullptr);
        if (charge == nullptr) return {};
        if (charge->priced_by == catalog::PricedBy::bands)
            return {charge->title, catalog::price_text(*charge, *version->meter(charge->meter))};
        const catalog::Deck* deck = version->deck(*charge);
        const catalog::RateRow* row =
            deck == nullptr ? nullptr : deck->row(price.item, price.since);
        if (row == nullptr) return {charge->title, {}};
        const bool by_prefix = charge->priced_by == catalog::PricedBy::prefix_deck;
        return {row_name(*row),
                row->price.text + fee(by_prefix ? row->connection_fee : charge->connection_fee)};
    }
    static std::string fee(const std::optional<Decimal>& amount) {
        return amount && amount->mantissa != 0 ? " and " + amount->to_string() + " per call"
                                               : std::string();
    }

    const catalog::Snapshot& catalog_;
    std::map<std::tuple<VersionNo, ComponentId, std::uint64_t, Instant>, Words> known_;
};

std::string carrier_name(const Engine::State& state, PartnerId carrier) {
    return state.names.name_of(NameTable::Kind::partner, carrier.value);
}

}  // namespace

Result<void> each_carried(const Engine::State& state, const OnCarried& visit) {
    return Meeting(state, visit).run();
}

Result<MarginReport> Engine::margin(MarginBy by, std::optional<DatePeriod> period) {
    const State& s = *state_;
    FARTHING_CHECK(require_kept(s, period ? period->first : Date::min()));
    MarginReport report;
    const Currency currency = s.catalog.empty() ? Currency() : s.catalog.newest().currency;
    const auto begin = [&](MarginRow& row) {
        row.retail.currency = row.cost.currency = row.lost.currency = currency;
    };
    begin(report.total);
    const TimeZone zone = s.zone();
    PriceWords words(s.catalog);
    std::map<std::string, MarginRow> rows;
    const auto add = [&](MarginRow& row, const Carried& record) {
        row.records += 1;
        row.retail.atoms += record.retail_atoms;
        row.cost.atoms += record.cost_atoms;
        if (record.retail_atoms >= record.cost_atoms) return;
        row.losing += 1;
        row.lost.atoms += record.retail_atoms - record.cost_atoms;
    };
    const auto key_of = [&](const Carried& record) -> std::string {
        switch (by) {
            case MarginBy::account: return s.directory.account(record.payer).fact.name;
            case MarginBy::carrier: return carrier_name(s, record.carrier);
            case MarginBy::destination: return words.of(record.retail).destination;
            case MarginBy::route: break;
        }
        return carrier_name(s, record.carrier) + " " + words.of(record.cost).destination;
    };
    FARTHING_CHECK(each_carried(s, [&](const Carried& record) {
        if (period && !period->contains(zone.date_of(record.start))) return;
        if (!record.carried || !record.sold) {
            (record.carried ? report.without_retail : report.without_cost) += 1;
            return;
        }
        add(report.total, record);
        std::string key = key_of(record);
        MarginRow& row = rows[key];
        if (row.records == 0) begin(row), row.of = std::move(key);
        add(row, record);
    }));
    for (auto& [key, row] : rows) report.rows.push_back(std::move(row));
    std::ranges::stable_sort(report.rows, [](const MarginRow& a, const MarginRow& b) {
        return a.margin().atoms < b.margin().atoms;
    });
    return report;
}

Result<std::vector<Finding>> losing_prices(const Engine::State& state) {
    struct Loss {
        std::int64_t records = 0;
        i128 atoms = 0;
        Instant since;
        Instant until;
    };
    struct Prices {
        std::string carrier;
        Words sold;
        Words carried;
        auto operator<=>(const Prices&) const = default;
    };
    PriceWords words(state.catalog);
    std::map<Prices, Loss> losses;
    FARTHING_CHECK(each_carried(state, [&](const Carried& record) {
        if (!record.sold || !record.carried || record.retail_atoms >= record.cost_atoms) return;
        const std::string carrier = carrier_name(state, record.carrier);
        Loss& loss = losses[{carrier, words.of(record.retail), words.of(record.cost)}];
        if (loss.records == 0) loss.since = loss.until = record.start;
        loss.records += 1;
        loss.atoms += record.retail_atoms - record.cost_atoms;
        loss.since = std::min(loss.since, record.start);
        loss.until = std::max(loss.until, record.start);
    }));
    std::vector<Finding> findings;
    for (const auto& [prices, loss] : losses) {
        const Money margin{loss.atoms, state.catalog.newest().currency};
        Finding finding;
        finding.kind = std::string(name_of(FindingReason::negative_margin));
        finding.subject = prices.carrier + " " + prices.carried.destination;
        finding.since = loss.since;
        finding.until = loss.until;
        finding.records = loss.records;
        finding.text = fmt::format(
            "{} records to {} sold at {} were carried by {} at {}: margin {} {}",
            grouped(loss.records), prices.sold.destination, prices.sold.price, prices.carrier,
            prices.carried.price, margin.to_string(), margin.currency.code());
        findings.push_back(std::move(finding));
    }
    return findings;
}

}  // namespace farthing::engine
