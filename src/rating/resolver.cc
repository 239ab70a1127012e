#include "rating/resolver.h"

#include <algorithm>
#include <utility>

#include "base/prefetch.h"
#include "rating/window.h"

namespace farthing::rating {

namespace {

// Beyond this many the memory of what was looked up is dropped and begins anew.
constexpr std::size_t kContextsMax = std::size_t{1} << 24;
constexpr std::size_t kLanesMax = std::size_t{1} << 24;

Period intersection(Period a, Period b) {
    return {std::max(a.start, b.start), std::min(a.end, b.end)};
}

// What holds on `day`, and the event times around it for which that stays so.
template <class T>
struct Held {
    T value{};
    Period span;
};
template <class T>
Held<T> held_on(const directory::Dated<T>& dated, Date day, const TimeZone& zone, T absent,
                RecentDays& recent) {
    Held<T> held{absent, {Instant::min(), recent.start_of(zone, dated.next_change(day))}};
    Date from = Date::min();
    for (const auto& step : dated.steps) {
        if (step.from > day) break;
        held.value = step.value;
        from = step.from;
    }
    held.span.start = recent.start_of(zone, from);
    return held;
}

// Whether the network makes no difference to what a plan charges on a meter.
bool same_everywhere(const catalog::Plan& plan, MeterId meter) {
    if (!plan.allowed.empty()) return false;
    if (!plan.matchers[meter.value].by_network.empty()) return false;
    return std::ranges::none_of(plan.charges, [&](const catalog::UsageCharge& charge) {
        return charge.meter == meter && charge.priced_by == catalog::PricedBy::network_list;
    });
}

const catalog::RateRow* row_of(const catalog::Deck& deck, const UsageChunk& chunk,
                               std::size_t row) {
    return deck.match(chunk.called[row], chunk.start[row], chunk.calling[row]);
}

}  // namespace

void Resolver::forget() {
    first_.clear();
    contexts_.clear();
    lanes_.clear();
    terms_.clear();
    reaches_.clear();
    row_lanes_.clear();
    by_network_.clear();
    context_ = nullptr;
    age_ += 1;
}

void Resolver::prefetch(const UsageChunk& chunk, std::size_t row) const {
    const SubscriptionId subscription = chunk.subscription[row];
    if (subscription.value < first_.size() && first_[subscription.value] != kNone)
        return farthing::prefetch(contexts_[first_[subscription.value]]);
    if (!knows_networks()) return prefetch_facts(subscription);
    by_network_.prefetch(subscription.value, of(chunk.network[row]));
}

// Of a subscription that will be looked up.
void Resolver::prefetch_facts(SubscriptionId subscription) const {
    if (subscription) farthing::prefetch(directory_.subscription(subscription));
}

void Resolver::prefetch_by_network(const UsageChunk& chunk, std::size_t row) const {
    const std::uint32_t head = head_of(chunk, row);
    if (head == kNone) return prefetch_facts(chunk.subscription[row]);
    farthing::prefetch(contexts_[head]);
}

// Where what was looked up of the row's subscription begins.
std::uint32_t Resolver::head_of(const UsageChunk& chunk, std::size_t row) const {
    const std::uint32_t subscription = chunk.subscription[row].value;
    if (subscription < first_.size() && first_[subscription] != kNone) return first_[subscription];
    return by_network_.find(subscription, of(chunk.network[row]));
}

Resolver::Ahead Resolver::look_ahead(const UsageChunk& chunk, std::size_t row) const {
    Ahead ahead;
    const std::uint32_t head = head_of(chunk, row);
    if (head == kNone) {
        if (!chunk.subscription[row]) return ahead;
        ahead.unknown = &directory_.subscription(chunk.subscription[row]);
        prefetch_line(ahead.unknown->plan.steps.data());
        prefetch_line(ahead.unknown->quantity.steps.data());
        farthing::prefetch(directory_.account(ahead.unknown->fact.account));
        return ahead;
    }
    const Context& context = contexts_[head];
    if (!context.holds(chunk, row)) return ahead;
    ahead.age = age_;
    ahead.base = context.first_lane;
    ahead.deck = context.reach->deck;
    if (ahead.deck == nullptr) return ahead;
    ahead.row = row_of(*ahead.deck, chunk, row);
    if (ahead.row != nullptr) row_lanes_.prefetch(ahead.base, of(*ahead.row));
    return ahead;
}

const Lane* Resolver::lane_ahead(Ahead& ahead) const {
    if (ahead.unknown != nullptr)
        prefetch_line(directory_.account(ahead.unknown->fact.account).payer.steps.data());
    if (ahead.base == kNone) return nullptr;
    ahead.lane = ahead.deck == nullptr  ? ahead.base
                 : ahead.row == nullptr ? kNone
                                        : row_lanes_.find(ahead.base, of(*ahead.row));
    if (ahead.lane == kNone) return nullptr;
    const Lane& lane = lanes_[ahead.lane];
    farthing::prefetch(lane);
    return &lane;
}

std::uint32_t Resolver::day_of(const Lane& lane, Instant when) const {
    if (lane.terms->windowed) return 0;
    const Date day = local_day(when, context_->reach->offset_micros);
    return static_cast<std::uint32_t>(day - lane.terms->window.first);
}

const Resolver::Context* Resolver::known(const UsageChunk& chunk, std::size_t row,
                                         Perspective perspective) {
    const std::uint32_t subscription = chunk.subscription[row].value;
    if (subscription < first_.size()) {
        const Context* const found = known_from(first_[subscription], chunk, row, perspective);
        if (found != nullptr) return found;
    }
    std::uint32_t* const head = by_network_.at(subscription, of(chunk.network[row]));
    return head == nullptr ? nullptr : known_from(*head, chunk, row, perspective);
}

const Resolver::Context* Resolver::known_from(std::uint32_t& head, const UsageChunk& chunk,
                                              std::size_t row, Perspective perspective) {
    for (std::uint32_t* link = &head; *link != kNone;) {
        const std::uint32_t at = *link;
        Context& context = contexts_[at];
        if (context.holds(chunk, row) && context.reach->perspective == perspective) {
            if (link != &head) {  // records of one time mostly come together
                *link = context.next;
                context.next = head;
                head = at;
            }
            return &context;
        }
        link = &context.next;
    }
    return nullptr;
}

// Before the others of its subscription, and network.
void Resolver::keep(const Context& context, SubscriptionId subscription) {
    const auto number = static_cast<std::uint32_t>(contexts_.size());
    std::uint32_t* head = nullptr;
    if (context.reach->any_network) {
        if (subscription.value >= first_.size())
            first_.resize(directory_.subscriptions().size() + 1, kNone);
        head = &first_[subscription.value];
    } else {
        head = by_network_.at(subscription.value, of(context.network));
        if (head == nullptr) by_network_.add(subscription.value, of(context.network), number);
    }
    contexts_.push_back(context);
    if (head != nullptr) contexts_.back().next = std::exchange(*head, number);
}

Resolver::Pool Resolver::pool_of(const catalog::UsageCharge& charge,
                                 const directory::Subscription& subscription) const {
    const AccountId account = subscription.fact.account;
    const Pool own{OwnerKind::subscription, subscription.fact.id.value, account};
    if (!charge.allowance) return own;
    switch (charge.allowance->shared_by) {
        case catalog::SharedBy::subscription: return own;
        case catalog::SharedBy::group: {
            const GroupId group = subscription.fact.group;
            if (!group) return own;
            return {OwnerKind::group, group.value, directory_.group(group).fact.account};
        }
        case catalog::SharedBy::account: return {OwnerKind::account, account.value, account};
        case catalog::SharedBy::enterprise: {
            const AccountId top = directory_.account(account).top;
            return {OwnerKind::account, top.value, top};
        }
    }
    return own;
}

bool Resolver::is_below(AccountId account, std::string_view name) const {
    for (; account; account = directory_.account(account).fact.parent) {
        if (directory_.account(account).fact.name == name) return true;
    }
    return false;
}

// That of a subscription goes before that of an account; of several the one declared last.
const catalog::UsageCharge& Resolver::for_customer(const catalog::Version& version,
                                                   const catalog::Plan& plan,
                                                   const catalog::UsageCharge& charge,
                                                   const directory::Subscription& subscription,
                                                   Date day, Period& span) {
    const catalog::UsageCharge::ForCustomer* found = nullptr;
    for (const auto& customer : charge.for_customers) {
        const bool own = !customer.subscription.empty();
        const bool fits = own ? customer.subscription == subscription.fact.name
                              : is_below(subscription.fact.account, customer.account);
        if (!fits) continue;
        const Instant start = recent_.start_of(version.zone, customer.days.first);
        const Instant end = recent_.start_of(version.zone, customer.days.end);
        if (day < customer.days.first) {
            span.end = std::min(span.end, start);
        } else if (day >= customer.days.end) {
            span.start = std::max(span.start, end);
        } else {
            span = intersection(span, {start, end});
            if (own || found == nullptr || found->subscription.empty()) found = &customer;
        }
    }
    return found == nullptr ? charge : plan.charges[found->charge];
}

SuspenseReason Resolver::add_lane(const catalog::Version& version,
                                  const catalog::UsageCharge& charge, const UsageChunk& chunk,
                                  std::size_t row, Date day, bool in_band, Reach& reach) {
    const Instant when = chunk.start[row];
    const auto& subscription = directory_.subscription(chunk.subscription[row]);
    const Pool pool = pool_of(charge, subscription);
    const AccountId charged =
        charge.paid_by.empty() ? pool.account : directory_.account_named(charge.paid_by);
    if (!charged) return SuspenseReason::unknown_sponsor;
    const auto payer =
        held_on(directory_.account(charged).payer, day, version.zone, AccountId{}, recent_);
    if (!payer.value) return SuspenseReason::no_payer;
    Terms terms;
    terms.version = &version;
    terms.charge = &charge;
    terms.window = cycle_of(day, directory_.account(payer.value).fact.bill_day);
    terms.natural = intersection(payer.span, recent_.period_of(version.zone, terms.window));
    terms.natural =
        intersection(terms.natural, {version.valid_from, catalog_.in_force_until(when)});
    terms.perspective = reach.perspective;
    terms.owner_kind = pool.kind;
    terms.in_band = in_band;
    terms.windowed = charge.window != catalog::Window::cycle;
    if (charge.priced_by != catalog::PricedBy::bands) {
        terms.deck = version.deck(charge);
        if (terms.deck == nullptr) return SuspenseReason::no_price;
    }
    if (charge.priced_by == catalog::PricedBy::network_list) {
        const NetworkKey network = chunk.network[row];
        terms.row = terms.deck->row(network.value, when);
        if (terms.row == nullptr) terms.row = terms.deck->row(network.country().value, when);
        if (terms.row == nullptr || !network) return SuspenseReason::no_price;
        terms.deck = nullptr;
        terms.item = terms.row->key;
        terms.natural =
            intersection(terms.natural, {terms.row->valid_from, terms.row->valid_until});
    }
    reach.span = intersection(reach.span, terms.natural);
    Lane lane;
    lane.terms = shared(terms);
    lane.owner = pool.owner;
    lane.payer = payer.value;
    lane.subscription = chunk.subscription[row];
    lanes_.push_back(lane);
    return SuspenseReason::none;
}

// A charge and what prices it in its time bands.
SuspenseReason Resolver::add_lanes(const catalog::Version& version, const catalog::Plan& plan,
                                   const catalog::UsageCharge& charge, const UsageChunk& chunk,
                                   std::size_t row, Date day, Reach& reach) {
    SuspenseReason why = add_lane(version, charge, chunk, row, day, false, reach);
    for (std::size_t i = 0; why == SuspenseReason::none && i < charge.in_bands.size(); ++i) {
        const auto& in_band = plan.charges[charge.in_bands[i].charge];
        why = add_lane(version, in_band, chunk, row, day, true, reach);
    }
    return why;
}

// Asks in the order in which the reasons take precedence, as far as the later ones can be asked
// without the earlier.
const Resolver::Context* Resolver::learn(const UsageChunk& chunk, std::size_t row,
                                         Perspective perspective, SuspenseReason& why) {
    if (contexts_.size() >= kContextsMax) forget();
    why = SuspenseReason::unknown_identity;
    if (!chunk.subscription[row]) return nullptr;
    const Instant when = chunk.start[row];
    const auto& subscription = directory_.subscription(chunk.subscription[row]);
    const catalog::Version* version = catalog_.at(when);
    const TimeZone& zone = version != nullptr ? version->zone : directory_.zone();
    const RecentDays::Offset offset = recent_.offset_at(zone, when);
    const Date day = local_day(when, offset.micros);
    const auto plan_id = held_on(subscription.plan, day, zone, PlanId{}, recent_);
    const auto quantity = held_on(subscription.quantity, day, zone, std::int64_t{1}, recent_);
    why = SuspenseReason::no_plan;
    if (!plan_id.value || quantity.value == 0) return nullptr;
    why = SuspenseReason::no_catalog;
    if (version == nullptr) return nullptr;
    why = SuspenseReason::no_price;
    const catalog::Plan* plan = version->plan(plan_id.value);
    if (plan == nullptr) return nullptr;
    if (!plan->allows(chunk.network[row])) {
        why = SuspenseReason::not_allowed_here;
        return nullptr;
    }
    const auto& applying = plan->applying(chunk.meter[row], chunk.network[row]);
    if (applying.empty() || plan->charges[applying.front()].adds)
        return nullptr;  // surcharges alone are no price

    Reach reach;
    reach.any_network = same_everywhere(*plan, chunk.meter[row]);
    reach.meter = chunk.meter[row];
    reach.perspective = perspective;
    reach.offset_micros = offset.micros;
    reach.span = intersection(intersection(plan_id.span, quantity.span), offset.span);
    const std::size_t first = lanes_.size();
    for (const std::uint32_t charge : applying) {
        const catalog::UsageCharge& applies =
            for_customer(*version, *plan, plan->charges[charge], subscription, day, reach.span);
        why = add_lanes(*version, *plan, applies, chunk, row, day, reach);
        if (why == SuspenseReason::none) continue;
        lanes_.truncate(first);
        return nullptr;
    }
    reach.deck = lanes_[first].terms->deck;
    reach.windowed = lanes_[first].terms->windowed;
    Context context;
    context.reach = &*reaches_.insert(reach).first;
    context.network = chunk.network[row];
    context.first_lane = static_cast<std::uint32_t>(first);
    context.lanes = static_cast<std::uint32_t>(lanes_.size() - first);
    keep(context, chunk.subscription[row]);
    return &contexts_.back();
}

const Terms* Resolver::shared(const Terms& terms) {
    return &*terms_.insert(terms).first;
}

Lane* Resolver::lane_of_row(std::uint32_t base, const catalog::RateRow& row) {
    const std::uint32_t known = row_lanes_.find(base, of(row));
    if (known != kNone) return &lanes_[known];
    Lane lane = lanes_[base];
    Terms terms = *lane.terms;
    terms.row = &row;
    terms.item = row.key;
    terms.natural = intersection(terms.natural, {row.valid_from, row.valid_until});
    lane.terms = shared(terms);
    row_lanes_.add(base, of(row), static_cast<std::uint32_t>(lanes_.size()));
    lanes_.push_back(lane);
    return &lanes_.back();
}

Lane* Resolver::lane_of_window(std::uint32_t base, Instant when) {
    const Lane& made_of = lanes_[base];
    if (made_of.latest != kNone && lanes_[made_of.latest].terms->natural.contains(when))
        return &lanes_[made_of.latest];
    const LocalWindow window =
        window_at(made_of.terms->version->zone, made_of.terms->charge->window, when);
    std::uint32_t number = row_lanes_.find(base, window.item);
    if (number == kNone) {
        Lane lane = made_of;
        Terms terms = *lane.terms;
        terms.item = window.item;
        terms.natural = intersection(terms.natural, window.span);
        lane.terms = shared(terms);
        number = static_cast<std::uint32_t>(lanes_.size());
        row_lanes_.add(base, window.item, number);
        lanes_.push_back(lane);
    }
    lanes_[base].latest = number;
    return &lanes_[number];
}

Lane* Resolver::in_band(std::size_t which, std::uint32_t band, const UsageChunk& chunk,
                        std::size_t row, SuspenseReason& why) {
    std::uint32_t number = context_->first_lane;
    for (std::size_t seen = 0; seen < which;) {
        number += 1;
        seen += lanes_[number].terms->in_band ? 0 : 1;
    }
    number += 1 + band;
    const catalog::Deck* deck = lanes_[number].terms->deck;
    if (deck == nullptr) return &lanes_[number];
    const catalog::RateRow* rate = row_of(*deck, chunk, row);
    why = rate == nullptr ? SuspenseReason::no_prefix : SuspenseReason::blocked_destination;
    return rate == nullptr || rate->blocked ? nullptr : lane_of_row(number, *rate);
}

Instant Resolver::price_holds_until(const Lane& lane, Instant when) const {
    const Instant until = catalog_.in_force_until(when);
    return lane.terms->row == nullptr ? until : std::min(until, lane.terms->row->valid_until);
}

std::span<Lane* const> Resolver::lanes(const UsageChunk& chunk, std::size_t row,
                                       Perspective perspective, const Ahead& ahead,
                                       SuspenseReason& why) {
    found_.clear();
    if (lanes_.size() >= kLanesMax) forget();
    context_ = known(chunk, row, perspective);
    if (context_ == nullptr) context_ = learn(chunk, row, perspective, why);
    if (context_ == nullptr) return {};
    for (std::uint32_t i = 0; i < context_->lanes; ++i) {
        const std::uint32_t number = context_->first_lane + i;
        if (i > 0 && lanes_[number].terms->in_band) continue;
        const catalog::Deck* deck = i == 0 ? context_->reach->deck : lanes_[number].terms->deck;
        if (deck == nullptr) {
            const bool windowed =
                i == 0 ? context_->reach->windowed : lanes_[number].terms->windowed;
            found_.push_back(windowed ? lane_of_window(number, chunk.start[row]) : &lanes_[number]);
            continue;
        }
        const catalog::RateRow* rate =
            ahead.deck == deck && ahead.row != nullptr ? ahead.row : row_of(*deck, chunk, row);
        if (rate == nullptr || rate->blocked) {
            why = rate == nullptr ? SuspenseReason::no_prefix : SuspenseReason::blocked_destination;
            return {};
        }
        const bool known =
            ahead.lane != kNone && ahead.base == number && ahead.row == rate && ahead.age == age_;
        found_.push_back(known ? &lanes_[ahead.lane] : lane_of_row(number, *rate));
    }
    return found_;
}

}  // namespace farthing::rating
