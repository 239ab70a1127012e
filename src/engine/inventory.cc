#include "engine/inventory.h"

#include <map>
#include <optional>
#include <set>

#include "mediation/decode.h"

namespace farthing::engine {

namespace {

// The numbers and quantities as they stand while the rows of a file are applied one after the
// other.
class NumberBook {
  public:
    explicit NumberBook(const Engine::State& state) : state_(state), zone_(state.zone()) {}

    SubscriptionId owner(const std::string& number, Date day) const {
        const auto changed = numbers_.find(number);
        if (changed != numbers_.end() && changed->second.from <= day)
            return changed->second.subscription;
        return state_.directory.find(IdentityKind::did, number, zone_.start_of(day));
    }

    void add(const std::string& number, SubscriptionId subscription, Date day) {
        facts_.identities.push_back({IdentityKind::did, number, subscription, zone_.start_of(day)});
        numbers_[number] = {day, subscription};
        shift(subscription, day, 1);
    }

    void remove(const std::string& number, SubscriptionId subscription, Date day) {
        // The same kind, value and start, now with an end: that is how an identity ends.
        IdentityFact ended{IdentityKind::did, number, subscription,
                           start_of(number, subscription, day), zone_.start_of(day)};
        facts_.identities.push_back(std::move(ended));
        numbers_[number] = {day, {}};
        shift(subscription, day, -1);
    }

    DirectoryFacts take() { return std::move(facts_); }

  private:
    struct Holding {
        Date from;
        SubscriptionId subscription;
    };

    Instant start_of(const std::string& number, SubscriptionId subscription, Date day) const {
        for (auto fact = facts_.identities.rbegin(); fact != facts_.identities.rend(); ++fact) {
            if (fact->value == number && fact->subscription == subscription) return fact->from;
        }
        return state_.directory.owner_of(IdentityKind::did, number, zone_.start_of(day))
            .valid.start;
    }

    directory::Dated<std::int64_t>& levels_of(SubscriptionId subscription) {
        const auto [found, added] = levels_.try_emplace(subscription);
        if (added) found->second = state_.directory.subscription(subscription).quantity;
        return found->second;
    }

    // One more or one fewer from `day` on, later levels included.
    void shift(SubscriptionId subscription, Date day, std::int64_t by) {
        auto& steps = levels_of(subscription).steps;
        const std::int64_t* now = levels_of(subscription).at(day);
        const std::int64_t before = now == nullptr ? 0 : *now;
        std::size_t at = 0;
        while (at < steps.size() && steps[at].from < day) ++at;
        if (at == steps.size() || steps[at].from != day) {
            steps.insert(steps.begin() + static_cast<std::ptrdiff_t>(at), {day, before});
        }
        for (; at < steps.size(); ++at) {
            steps[at].value += by;
            facts_.quantities.push_back({subscription, steps[at].from, steps[at].value});
        }
    }

    const Engine::State& state_;
    TimeZone zone_;
    DirectoryFacts facts_;
    std::map<std::string, Holding> numbers_;  // changed by this file
    std::map<SubscriptionId, directory::Dated<std::int64_t>> levels_;
};

std::vector<std::string_view> lines_of(std::string_view bytes) {
    std::vector<std::string_view> lines;
    while (!bytes.empty()) {
        const std::size_t newline = bytes.find('\n');
        lines.push_back(bytes.substr(0, newline));
        bytes.remove_prefix(newline == std::string_view::npos ? bytes.size() : newline + 1);
    }
    return lines;
}

using Row = mediation::InventoryRow;

Outcome apply(NumberBook& numbers, const Row& row, SubscriptionId subscription) {
    const SubscriptionId owner = numbers.owner(row.number, row.date);
    if (row.add && owner == subscription) return Outcome::duplicate;
    if (row.add && owner) return Outcome::suspended;  // somebody else's: a conflict
    if (row.add) {
        numbers.add(row.number, subscription, row.date);
        return Outcome::aggregated;
    }
    if (!owner) return Outcome::duplicate;  // it is gone already
    if (owner != subscription) return Outcome::suspended;
    numbers.remove(row.number, subscription, row.date);
    return Outcome::aggregated;
}

// A feed without actions lists every number there is: what a listed subscription holds beyond the
// list goes. A row that waits lists its number, too; one that does not say which may list any.
void remove_unlisted(const Engine::State& state, const std::vector<Row>& rows,
                     NumberBook& numbers) {
    struct Listed {
        std::optional<Date> date;
        std::set<std::string> numbers;
    };
    std::map<std::string, Listed> listed;  // by subscription
    for (const Row& row : rows) {
        if (row.error && (row.subscription.empty() || row.number.empty())) return;
        Listed& list = listed[row.subscription];
        if (!row.error) list.date = row.date;
        list.numbers.insert(row.number);
    }
    for (std::size_t i = 0; i < state.directory.identities(); ++i) {
        const auto [kind, number, subscription, valid] = state.directory.identity(i);
        if (kind != IdentityKind::did) continue;
        const auto found = listed.find(state.directory.subscription(subscription).fact.name);
        const std::string name(number);
        if (found == listed.end() || found->second.numbers.contains(name)) continue;
        const std::optional<Date> date = found->second.date;
        if (!date || numbers.owner(name, *date) != subscription) continue;
        numbers.remove(name, subscription, *date);
    }
}

}  // namespace

Result<InventoryChange> read_inventory(const Engine::State& state, const mediation::Feed& feed,
                                       std::string_view bytes, bool whole) {
    const std::vector<Row> rows = mediation::decode_inventory(feed, bytes);
    const std::vector<std::string_view> lines = lines_of(bytes);
    NumberBook numbers(state);
    InventoryChange change;
    change.rows.resize(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Row& row = rows[i];
        change.rows.line[i] = row.line;
        const auto at = static_cast<std::size_t>(row.line) - 1;
        if (at < lines.size()) change.rows.raw[i] = lines[at];
        if (row.error) {
            const auto reason = reason_named<SuspenseReason>(row.error->code);
            change.rows.suspend(i, reason.value_or(SuspenseReason::unparseable));
            continue;
        }
        change.rows.start[i] = state.zone().start_of(row.date);
        change.rows.end[i] = change.rows.start[i];
        const SubscriptionId subscription = state.directory.subscription_named(row.subscription);
        if (!subscription) {
            change.rows.suspend(i, SuspenseReason::unknown_identity);
            continue;
        }
        change.rows.subscription[i] = subscription;
        const Outcome outcome = apply(numbers, row, subscription);
        if (outcome == Outcome::suspended) {
            change.rows.suspend(i, SuspenseReason::conflict);
        } else {
            change.rows.outcome[i] = outcome;
        }
    }
    if (whole && !feed.inventory_action.given()) remove_unlisted(state, rows, numbers);
    change.facts = numbers.take();
    return change;
}

}  // namespace farthing::engine
