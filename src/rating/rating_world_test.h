// What the tests of this room rate with: catalogs and directories built by hand, so that they need
// neither a reader nor a store.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/assert.h"
#include "model/money.h"
#include "rating/rater.h"

namespace farthing::rating::testing {

constexpr std::int64_t kMb = 1'000'000;
constexpr MeterId kData{1};

inline catalog::UnitPrice price(std::string_view amount, std::int64_t per = 1) {
    return {*Decimal::parse(amount), per, std::string(amount)};
}
inline std::vector<catalog::Band> flat(std::string_view amount, std::int64_t per = 1) {
    return {{INT64_MAX, price(amount, per)}};
}

// `when` names networks, "248,262-01"; empty: the rest.
inline catalog::UsageCharge charge(std::uint32_t id, std::vector<catalog::Band> bands,
                                   catalog::BandMode mode = catalog::BandMode::graduated) {
    catalog::UsageCharge made;
    made.id = {id};
    made.name = "charge " + std::to_string(id);
    made.meter = kData;
    made.bands = std::move(bands);
    made.mode = mode;
    return made;
}
inline catalog::RateRow rate_row(std::uint64_t key, std::string_view prefix,
                                 catalog::UnitPrice price, catalog::Increments increments = {}) {
    catalog::RateRow row;
    row.key = key;
    row.prefix = prefix;
    row.price = std::move(price);
    row.increments = increments;
    return row;
}
inline catalog::Allowance allowance(std::int64_t quantity, catalog::SharedBy shared_by,
                                    bool per_pool = false) {
    return {quantity, per_pool, shared_by, {}};
}
inline catalog::Share share(std::uint32_t partner, std::int64_t percent) {
    return {{partner}, "partner " + std::to_string(partner), Exact(percent), {}};
}

inline std::vector<NetworkKey> networks_of(const catalog::UsageCharge& charge) {
    std::vector<NetworkKey> networks;
    for (std::size_t at = 0; at < charge.when.size();) {
        const std::size_t end = std::min(charge.when.find(',', at), charge.when.size());
        networks.push_back(NetworkKey::parse(charge.when.substr(at, end - at)));
        at = end + 1;
    }
    return networks;
}

// The sets of charges that Plan::applying looks up.
inline void compile_matchers(catalog::Plan& plan) {
    std::map<std::uint16_t, std::vector<NetworkKey>> named;
    for (const auto& one : plan.charges) {
        auto& list = named[one.meter.value];
        for (const NetworkKey network : networks_of(one)) list.push_back(network);
    }
    const auto names = [](const catalog::UsageCharge& one, NetworkKey network) {
        return network && std::ranges::count(networks_of(one), network) > 0;
    };
    for (const auto& [meter, networks] : named) {
        const auto set_for = [&, meter = meter](NetworkKey network) {
            std::vector<std::uint32_t> mains;
            std::vector<std::uint32_t> added;
            std::uint32_t narrowest = 0;
            for (std::uint32_t i = 0; i < plan.charges.size(); ++i) {
                const auto& one = plan.charges[i];
                if (one.meter.value != meter || one.of_customer) continue;
                const bool exact = names(one, network);
                const bool country = names(one, network.country());
                if (!one.when.empty() && !exact && !country) continue;
                const std::uint32_t narrow = exact ? 3 : country ? 2 : 1;
                if (one.adds) {
                    added.push_back(i);
                } else if (narrow > narrowest) {
                    narrowest = narrow;
                    mains = {i};
                }
            }
            mains.insert(mains.end(), added.begin(), added.end());
            return mains;
        };
        if (plan.matchers.size() <= meter) plan.matchers.resize(meter + 1U);
        plan.matchers[meter].rest = set_for({});
        for (const NetworkKey network : networks) {
            plan.matchers[meter].by_network[network.value] = set_for(network);
        }
    }
}

inline std::vector<SegmentDelta> taken_deltas(Rater& rater) {
    std::vector<SegmentDelta> deltas;
    rater.take_deltas([&](const SegmentDelta& delta) { deltas.push_back(delta); });
    return deltas;
}

struct World {
    TimeZone zone = *TimeZone::named("Europe/Tallinn");
    std::vector<std::shared_ptr<const catalog::Version>> versions;
    DirectoryFacts facts;
    catalog::Snapshot catalog;
    std::unique_ptr<directory::Directory> directory;
    Perspective side = Perspective::retail;
    std::map<PackKey, std::string> stored;
    std::map<PackKey, std::string>* shelf = nullptr;  // another world's, where both fill one store
    std::map<PackKey, std::string>& store() { return shelf == nullptr ? stored : *shelf; }
    std::unique_ptr<CounterTable> counters;
    std::unique_ptr<Rater> rater;

    // Plan 1 with those charges, in force from a day on.
    void publish(std::uint32_t number, std::string_view from,
                 std::vector<catalog::UsageCharge> charges, std::vector<catalog::Deck> decks = {},
                 std::string_view currency = "EUR") {
        auto version = std::make_shared<catalog::Version>();
        version->number = {number};
        version->name = "test";
        version->zone = zone;
        version->valid_from = zone.start_of(*parse_date(from));
        version->currency = *Currency::named(currency);
        catalog::Plan plan;
        plan.id = {1};
        plan.name = "plan";
        plan.charges = std::move(charges);
        compile_matchers(plan);
        version->plans = {std::move(plan)};
        for (catalog::Deck& deck : decks) {
            const std::string name = deck.name();
            version->decks.emplace(name, std::move(deck));
        }
        versions.push_back(std::move(version));
    }
    AccountId account(AccountId parent = {}, bool pays = true, unsigned bill_day = 1) {
        const AccountId id{static_cast<std::uint32_t>(facts.accounts.size() + 1)};
        facts.accounts.push_back(
            {id, "account " + std::to_string(id.value), parent, {}, {}, bill_day, {}, {}});
        facts.pays.push_back({id, Date::of(2020, 1, 1), pays});
        return id;
    }
    GroupId group(AccountId owner) {
        const GroupId id{static_cast<std::uint32_t>(facts.groups.size() + 1)};
        facts.groups.push_back({id, "group " + std::to_string(id.value), owner});
        return id;
    }
    SubscriptionId subscription(AccountId owner, GroupId group = {},
                                std::string_view from = "2020-01-01") {
        const SubscriptionId id{static_cast<std::uint32_t>(facts.subscriptions.size() + 1)};
        facts.subscriptions.push_back(
            {id, "subscription " + std::to_string(id.value), owner, group});
        facts.plans.push_back({id, *parse_date(from), {1}});
        facts.quantities.push_back({id, *parse_date(from), 1});
        return id;
    }
    // Snapshots of what was declared; counters come from what was stored.
    void open() {
        rater.reset();
        catalog = catalog::Snapshot(versions);
        auto folded = directory::Directory::fold(facts, zone);
        if (!folded) ADD_FAILURE() << folded.error().to_string();
        FARTHING_ASSERT(folded.has_value());
        directory = std::make_unique<directory::Directory>(std::move(*folded));
        counters = std::make_unique<CounterTable>([this](const PackKey& key) {
            const auto found = store().find(key);
            return found == store().end() ? std::string() : found->second;
        });
        rater = std::make_unique<Rater>(catalog, *directory, *counters);
    }
    // New snapshots, same counters.
    void reopen() {
        commit();
        open();
    }
    void commit() {
        for (CounterPack& pack : counters->dirty_packs()) store()[pack.key] = std::move(pack.bytes);
        counters->mark_clean();
    }

    Instant local(std::string_view day, int hour = 12, int minute = 0, int second = 0) const {
        const std::int64_t seconds = (hour * 60 + minute) * 60 + second;
        return zone.start_of(*parse_date(day)).plus_micros(seconds * kMicrosPerSecond);
    }
    struct Use {
        SubscriptionId subscription;
        Instant when;
        std::int64_t quantity = 0;
        std::string_view network = {};
        std::string_view called = {};
    };
    static UsageChunk chunk_of(const std::vector<Use>& uses) {
        UsageChunk chunk;
        chunk.resize(uses.size());
        for (std::size_t i = 0; i < uses.size(); ++i) {
            chunk.subscription[i] = uses[i].subscription;
            chunk.start[i] = chunk.end[i] = uses[i].when;
            chunk.quantity[i] = uses[i].quantity;
            chunk.network[i] = NetworkKey::parse(uses[i].network);
            chunk.called[i] = uses[i].called;
            chunk.meter[i] = kData;
        }
        return chunk;
    }
    struct Batch {
        UsageChunk chunk;
        RatedChunk rated;
        std::vector<SegmentDelta> deltas;
    };
    // One batch: rated, its deltas taken, the counters stored. Its records and its postings agree
    // to the atom.
    Batch rate(const std::vector<Use>& uses) {
        Batch batch;
        batch.chunk = chunk_of(uses);
        rater->rate(batch.chunk, batch.rated, side);
        rater->carry(batch.rated);
        batch.deltas = taken_deltas(*rater);
        commit();
        i128 of_records = 0;
        for (const std::int64_t atoms : batch.rated.charge_atoms) of_records += atoms;
        i128 of_deltas = 0;
        for (const SegmentDelta& delta : batch.deltas) of_deltas += delta.charge_atoms;
        EXPECT_EQ(to_string(of_records), to_string(of_deltas));
        EXPECT_FALSE(counters->damage().has_value());
        return batch;
    }
    // What the batches posted to a payer so far.
    std::map<std::uint32_t, i128> posted;
    std::map<std::uint32_t, i128> shared;
    Batch post(const std::vector<Use>& uses) {
        Batch batch = rate(uses);
        for (const SegmentDelta& delta : batch.deltas) {
            posted[delta.payer.value] += delta.charge_atoms;
            for (const auto& part : delta.shares) shared[part.partner.value] += part.atoms;
        }
        return batch;
    }
    std::string amount(i128 atoms) const {
        return Money{atoms, versions.front()->currency}.to_string();
    }
    std::string posted_to(AccountId payer) { return amount(posted[payer.value]); }
};

}  // namespace farthing::rating::testing
