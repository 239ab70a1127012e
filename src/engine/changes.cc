// Changes of the directory by name: from commands, imports and scenarios to stored facts. What says
// nothing new stores nothing.
#include <unordered_map>

#include "base/utf8.h"
#include "directory/import.h"
#include "engine/state.h"

namespace farthing::engine {

namespace {

using directory::Directory;

// Names that are new within one set of changes get ids at once, so that later rows can refer to
// them.
class Changes {
  public:
    explicit Changes(const Engine::State& state) : state_(state), directory_(state.directory) {
        next_account_ = static_cast<std::uint32_t>(directory_.accounts().size()) + 1;
        next_group_ = static_cast<std::uint32_t>(directory_.groups().size()) + 1;
        next_subscription_ = static_cast<std::uint32_t>(directory_.subscriptions().size()) + 1;
    }

    // True when it changed something.
    Result<bool> account(const AccountChange& change) {
        AccountId parent;
        if (!change.parent.empty()) {
            FARTHING_TRY(parent, account_named(change.parent));
        }
        if (change.bill_day < 1 || change.bill_day > 31) {
            return fail(DirectoryReason::bad_bill_day,
                        "bill day " + std::to_string(change.bill_day));
        }
        if (!change.country.empty() && !catalog::is_country_code(change.country))
            return fail(DirectoryReason::bad_country,
                        "\"" + change.country + "\" is no code of a country");
        AccountFact fact{{},
                         change.name,
                         parent,
                         change.title,
                         change.address,
                         change.bill_day,
                         change.tax_number,
                         change.country};
        if (const auto known = find_account(change.name); known) {
            const bool stored = known.value <= directory_.accounts().size();
            const AccountFact& old = stored ? directory_.account(known).fact : new_account(known);
            fact.id = known;
            if (old != fact)
                return fail(DirectoryReason::account_exists,
                            "account \"" + change.name + "\" exists with other particulars");
            const bool* pays = stored ? directory_.account(known).pays.at(change.from) : nullptr;
            if (!stored || (pays != nullptr && *pays == change.pays)) return false;
            facts_.pays.push_back({known, change.from, change.pays});
            return true;
        }
        fact.id = {next_account_++};
        accounts_[change.name] = fact.id;
        facts_.accounts.push_back(fact);
        facts_.pays.push_back({fact.id, change.from, change.pays});
        return true;
    }

    Result<bool> subscription(const SubscriptionChange& change) {
        FARTHING_TRY(const AccountId account, account_named(change.account));
        FARTHING_TRY(const PlanId plan, plan_named(change.plan));
        if (change.quantity < 0)
            return fail(DirectoryReason::bad_quantity, std::to_string(change.quantity));
        const GroupId group = change.group.empty() ? GroupId{} : group_of(change.group, account);
        SubscriptionId id = find_subscription(change.name);
        if (id) {
            if (id.value > directory_.subscriptions().size()) {
                return fail(DirectoryReason::subscription_exists,
                            "subscription \"" + change.name + "\" twice");
            }
            const directory::Subscription& old = directory_.subscription(id);
            const bool same = old.fact.account == account && old.fact.group == group &&
                              same_start(old, change, plan);
            if (!same)
                return fail(DirectoryReason::subscription_exists,
                            "subscription \"" + change.name + "\"");
            return false;
        }
        id = {next_subscription_++};
        subscriptions_[change.name] = id;
        facts_.subscriptions.push_back({id, change.name, account, group});
        facts_.plans.push_back({id, change.from, plan});
        facts_.quantities.push_back({id, change.from, change.quantity});
        const Instant from = state_.zone().start_of(change.from);
        Instant until = Instant::max();
        if (change.until) {
            const Date gone = change.until->plus_days(1);
            facts_.quantities.push_back({id, gone, 0});
            until = state_.zone().start_of(gone);
        }
        for (const auto& [kind, value] : change.identities)
            facts_.identities.push_back(
                {kind, directory::identity_text(kind, value), id, from, until});
        return true;
    }

    DirectoryFacts take() { return std::move(facts_); }

    Result<PlanId> plan_named(const std::string& name) const {
        if (name.empty()) return PlanId{};
        std::vector<std::string> known;
        for (const auto& version : state_.catalog.versions()) {
            if (const catalog::Plan* plan = version->plan_named(name)) return plan->id;
            for (const catalog::Plan& plan : version->plans) known.push_back(plan.name);
        }
        return unknown(DirectoryReason::unknown_plan, "plan", name, known);
    }
    Result<AccountId> account_named(const std::string& name) const {
        if (const auto known = find_account(name)) return known;
        std::vector<std::string> known;
        for (const auto& account : directory_.accounts()) known.push_back(account.fact.name);
        return unknown(DirectoryReason::unknown_account, "account", name, known);
    }
    Result<SubscriptionId> subscription_named(const std::string& name) const {
        if (const auto known = find_subscription(name)) return known;
        std::vector<std::string> known;
        for (const auto& subscription : directory_.subscriptions())
            known.push_back(subscription.fact.name);
        return unknown(DirectoryReason::unknown_subscription, "subscription", name, known);
    }

  private:
    static std::unexpected<Error> unknown(DirectoryReason reason, std::string_view what,
                                          const std::string& name,
                                          const std::vector<std::string>& known) {
        std::string text = "no " + std::string(what) + " is named \"" + printable(name) + "\"";
        // Suggestions over a hundred thousand names would cost more than they help.
        const std::string near = known.size() < 10'000 ? nearest_name(name, known) : std::string();
        if (!near.empty()) text += "; did you mean \"" + near + "\"?";
        return fail(reason, std::move(text));
    }
    static bool same_start(const directory::Subscription& old, const SubscriptionChange& change,
                           PlanId plan) {
        const PlanId* had = old.plan.at(change.from);
        const std::int64_t* many = old.quantity.at(change.from);
        return had != nullptr && *had == plan && many != nullptr && *many == change.quantity;
    }
    const AccountFact& new_account(AccountId id) const {
        return facts_.accounts[id.value - directory_.accounts().size() - 1];
    }
    AccountId find_account(const std::string& name) const {
        const auto added = accounts_.find(name);
        return added != accounts_.end() ? added->second : directory_.account_named(name);
    }
    SubscriptionId find_subscription(const std::string& name) const {
        const auto added = subscriptions_.find(name);
        return added != subscriptions_.end() ? added->second : directory_.subscription_named(name);
    }
    GroupId group_of(const std::string& name, AccountId account) {
        if (const auto known = directory_.group_named(name)) return known;
        const auto [found, added] = groups_.try_emplace(name, GroupId{next_group_});
        if (added) {
            next_group_ += 1;
            facts_.groups.push_back({found->second, name, account});
        }
        return found->second;
    }

    const Engine::State& state_;
    const Directory& directory_;
    DirectoryFacts facts_;
    std::unordered_map<std::string, AccountId> accounts_;
    std::unordered_map<std::string, SubscriptionId> subscriptions_;
    std::unordered_map<std::string, GroupId> groups_;
    std::uint32_t next_account_ = 1;
    std::uint32_t next_group_ = 1;
    std::uint32_t next_subscription_ = 1;
};

}  // namespace

Result<void> Engine::apply(const AccountChange& change) {
    Changes changes(*state_);
    FARTHING_TRY(const bool changed, changes.account(change));
    return changed ? state_->change_directory(changes.take()) : Result<void>{};
}

Result<void> Engine::apply(std::span<const SubscriptionChange> all) {
    Changes changes(*state_);
    bool changed = false;
    for (const SubscriptionChange& change : all) {
        FARTHING_TRY(const bool one, changes.subscription(change));
        changed = changed || one;
    }
    return changed ? state_->change_directory(changes.take()) : Result<void>{};
}

Result<void> Engine::set_pays(const std::string& account, bool pays, Date from) {
    FARTHING_TRY(const AccountId id, Changes(*state_).account_named(account));
    const bool* now = state_->directory.account(id).pays.at(from);
    if (now != nullptr && *now == pays) return {};
    DirectoryFacts facts;
    facts.pays.push_back({id, from, pays});
    return state_->change_directory(std::move(facts));
}

Result<void> Engine::set_quantity(const std::string& subscription, std::int64_t quantity,
                                  Date from) {
    FARTHING_TRY(const SubscriptionId id, Changes(*state_).subscription_named(subscription));
    if (quantity < 0) return fail(DirectoryReason::bad_quantity, std::to_string(quantity));
    const std::int64_t* now = state_->directory.subscription(id).quantity.at(from);
    if (now != nullptr && *now == quantity) return {};
    DirectoryFacts facts;
    facts.quantities.push_back({id, from, quantity});
    return state_->change_directory(std::move(facts));
}

Result<void> Engine::set_plan(const std::string& subscription, const std::string& plan, Date from) {
    const Changes changes(*state_);
    FARTHING_TRY(const SubscriptionId id, changes.subscription_named(subscription));
    FARTHING_TRY(const PlanId plan_id, changes.plan_named(plan));
    const PlanId* now = state_->directory.subscription(id).plan.at(from);
    if (now != nullptr && *now == plan_id) return {};
    DirectoryFacts facts;
    facts.plans.push_back({id, from, plan_id});
    return state_->change_directory(std::move(facts));
}

Result<void> Engine::identify(const std::string& subscription, IdentityKind kind,
                              const std::string& value, Instant from) {
    FARTHING_TRY(const SubscriptionId id, Changes(*state_).subscription_named(subscription));
    if (state_->directory.find(kind, value, from) == id) return {};
    DirectoryFacts facts;
    facts.identities.push_back({kind, directory::identity_text(kind, value), id, from});
    return state_->change_directory(std::move(facts));
}

namespace {

// A list is imported whole or not at all, and every row that is wrong is told. `apply` gives
// whether its row changes something.
template <class Parsed, class Apply>
std::expected<std::int64_t, Errors> import_rows(Engine::State& state, std::string_view file_name,
                                                Parsed parsed, Apply apply) {
    Changes changes(state);
    std::int64_t changed = 0;
    for (const auto& row : parsed.rows) {
        Result<bool> one = apply(changes, row);
        if (!one) {
            one.error().place = std::string(file_name) + ":" + std::to_string(row.line);
            parsed.errors.push_back(std::move(one).error());
            continue;
        }
        changed += *one ? 1 : 0;
    }
    if (!parsed.errors.empty()) return std::unexpected(std::move(parsed.errors));
    if (changed == 0) return 0;
    const Result<void> stored = state.change_directory(changes.take());
    if (!stored) return std::unexpected(Errors{stored.error()});
    return changed;
}

}  // namespace

std::expected<std::int64_t, Errors> Engine::import_accounts(std::string_view file_name,
                                                            std::string_view csv) {
    return import_rows(
        *state_, file_name, directory::parse_accounts(file_name, csv),
        [](Changes& changes, const directory::AccountRow& row) {
            return changes.account({row.account, row.parent, row.title, row.address, row.tax_number,
                                    row.country, row.bill_day, row.pays, row.from});
        });
}

std::expected<std::int64_t, Errors> Engine::import_subscriptions(std::string_view file_name,
                                                                 std::string_view csv) {
    return import_rows(
        *state_, file_name, directory::parse_subscriptions(file_name, csv),
        [](Changes& changes, const directory::SubscriptionRow& row) {
            return changes.subscription({row.subscription, row.account, row.plan, row.group,
                                         row.quantity, row.from, row.identities, row.until});
        });
}

}  // namespace farthing::engine
