#include "billing/sponsored_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "billing/counter_days.h"
#include "billing/usage_words.h"
#include "rating/window.h"

namespace farthing::billing {
namespace {

struct SponsoredKey {
    ComponentId component;
    AccountId department;
    std::string sponsor;  // as the catalog names it
    auto operator<=>(const SponsoredKey&) const = default;
};

struct SponsoredUse {
    ChargeRef ref;  // of the newest version
    i128 quantity = 0;
    std::vector<i128> by_day;  // of the document's cycle
};

class SponsoredComposer {
  public:
    explicit SponsoredComposer(const Context& context) : context_(context) {
        for (const PaidStretch& stretch : context.payers().of(context.input().payer))
            paid_[stretch.account].push_back(stretch.period.intersect(context.input().cycle));
    }

    Result<std::vector<Draft>> run() {
        for (const rating::Counter* counter : context_.input().sponsored) take(*counter);
        std::vector<Draft> lines;
        for (const auto& [key, use] : uses_) {
            if (use.quantity == 0) continue;
            FARTHING_TRY(Draft line, line_of(key, use));
            lines.push_back(std::move(line));
        }
        return lines;
    }

  private:
    // Whether this payer would pay for the account's usage of that day.
    bool pays(AccountId account, Date day) const {
        const auto found = paid_.find(account);
        return found != paid_.end() && std::ranges::any_of(found->second, [&](DatePeriod days) {
                   return days.first <= day && day < days.end;
               });
    }

    void take(const rating::Counter& counter) {
        const TimeZone& zone = context_.directory().zone();
        if (counter.key.item != 0 && is_windowed(counter)) {
            const Date day = zone.date_of(rating::window_start(counter.key.item));
            for (const rating::Segment& segment : counter.segments)
                add(counter, segment, day, segment.quantity);
            return;
        }
        each_day(counter, zone, [&](std::size_t day, std::size_t segment) {
            add(counter, counter.segments[segment],
                counter.key.window_first.plus_days(static_cast<int>(day)), counter.by_day[day]);
        });
    }

    const ChargeRef& charge_of(const rating::Counter& counter, const rating::Segment& segment) {
        const auto [found, fresh] = refs_.try_emplace({segment.version, counter.key.component});
        const catalog::Version* version =
            fresh ? context_.input().catalog.numbered(segment.version) : nullptr;
        if (version != nullptr)
            found->second = settlement::find_charge(*version, counter.key.component);
        return found->second;
    }

    bool is_windowed(const rating::Counter& counter) {
        const ChargeRef& ref = charge_of(counter, counter.segments.front());
        return ref.usage != nullptr && ref.usage->window != catalog::Window::cycle;
    }

    void add(const rating::Counter& counter, const rating::Segment& segment, Date day,
             std::int64_t quantity) {
        const AccountId account = context_.account_of(counter.key);
        if (quantity == 0 || segment.payer == context_.input().payer || !pays(account, day)) return;
        const ChargeRef& ref = charge_of(counter, segment);
        if (ref.usage == nullptr || ref.usage->paid_by.empty()) return;
        SponsoredUse& use =
            uses_[{counter.key.component, context_.department_of(account), ref.usage->paid_by}];
        if (use.ref.usage == nullptr || use.ref.version->number < ref.version->number)
            use.ref = ref;
        const DatePeriod cycle = context_.input().cycle;
        use.by_day.resize(static_cast<std::size_t>(cycle.days()), 0);
        use.by_day[static_cast<std::size_t>(day - cycle.first)] += quantity;
        use.quantity += quantity;
    }

    Result<Draft> line_of(const SponsoredKey& key, const SponsoredUse& use) const {
        const catalog::UsageCharge& charge = *use.ref.usage;
        const catalog::Meter& meter = *use.ref.version->meter(charge.meter);
        const AccountId sponsor = context_.directory().account_named(key.sponsor);
        const std::string who = sponsor ? context_.title_of(sponsor) : key.sponsor;
        Draft draft = context_.draft(use.ref, key.department);
        InvoiceLine& line = draft.line;
        line.period = line.cycle = context_.input().cycle;
        line.text += ", paid by " + who;
        line.unit_price = "paid by " + who;
        line.amount = context_.zero();
        line.usage_unit = meter.unit->name;
        FARTHING_TRY(line.used, narrow(use.quantity));
        for (const i128 day : use.by_day) {
            FARTHING_TRY(const std::int64_t used, narrow(day));
            line.usage_by_day.push_back(used);
        }
        const bool one_price = charge.bands.size() == 1;
        const ShownQuantity shown =
            shown_quantity(line.used, meter, one_price ? &charge.bands.front().price : nullptr);
        line.quantity = shown.number;
        line.unit = shown.unit;
        line.arithmetic = fmt::format("{} paid by {}", shown.text(), who);
        return draft;
    }

    static Result<std::int64_t> narrow(i128 wide) {
        const auto value = narrow64(wide);
        if (!value) return fail(BillingReason::amount_out_of_range, "a quantity leaves 64 bits");
        return *value;
    }

    const Context& context_;
    std::unordered_map<AccountId, std::vector<DatePeriod>> paid_;
    std::map<std::pair<VersionNo, ComponentId>, ChargeRef> refs_;
    std::map<SponsoredKey, SponsoredUse> uses_;
};

}  // namespace

Result<std::vector<Draft>> sponsored_lines(const Context& context) {
    if (context.input().sponsored.empty() || context.input().corrects != nullptr)
        return std::vector<Draft>{};
    return SponsoredComposer(context).run();
}

}  // namespace farthing::billing
