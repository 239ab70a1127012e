#include "billing/quantity_lines.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "billing/bill.h"

namespace farthing::billing {
namespace {

i128 sum_of(const std::map<AccountId, i128>& quantities) {
    i128 sum = 0;
    for (const auto& [department, quantity] : quantities) sum += quantity;
    return sum;
}

void add(std::map<AccountId, i128>& to, AccountId department, i128 quantity) {
    const auto at = to.try_emplace(department, 0).first;
    at->second += quantity;
    if (at->second == 0) to.erase(at);
}

// The lines that run on a day, each with the departments' units in it.
class Cutter {
  public:
    explicit Cutter(DatePeriod cycle) : cycle_(cycle), counted_to_(cycle.first) {}

    void change(Date day, const std::map<AccountId, i128>& changes) {
        count_to(day);
        const i128 total = sum_of(changes);
        if (total < 0) {
            merge_into_one(day, changes);
        } else {
            open(day, exchange(changes));
        }
    }

    std::vector<DepartmentLine> finish() {
        count_to(cycle_.end);
        for (Running& line : running_) close(line, cycle_.end);
        std::ranges::stable_sort(done_, {}, [](const DepartmentLine& l) { return l.period.first; });
        return std::move(done_);
    }

  private:
    struct Running {
        DepartmentLine line;
        std::map<AccountId, i128> now;
    };

    void count_to(Date day) {
        const int days = day - counted_to_;
        for (Running& running : running_) {
            for (const auto& [department, quantity] : running.now) {
                add(running.line.unit_days, department, quantity * days);
            }
        }
        counted_to_ = day;
    }

    void open(Date day, std::map<AccountId, i128> units) {
        const i128 quantity = sum_of(units);
        if (quantity == 0) return;
        running_.push_back({{quantity, {day, cycle_.end}, {}}, std::move(units)});
    }

    void close(Running& running, Date day) {
        running.line.period.end = day;
        if (!running.line.period.empty()) done_.push_back(std::move(running.line));
    }

    // A decrease: all running lines end the day before, one runs on with what remains.
    void merge_into_one(Date day, const std::map<AccountId, i128>& changes) {
        std::map<AccountId, i128> left = changes;
        for (Running& running : running_) {
            for (const auto& [department, quantity] : running.now) add(left, department, quantity);
            close(running, day);
        }
        running_.clear();
        open(day, std::move(left));
    }

    // One department's loss made good by another's gain is no change of the quantity: their units
    // trade places within the running lines. Gives what was gained beyond that.
    std::map<AccountId, i128> exchange(const std::map<AccountId, i128>& changes) {
        std::map<AccountId, i128> gained;
        for (const auto& [department, change] : changes) {
            if (change > 0) gained[department] = change;
        }
        for (const auto& [department, change] : changes) {
            i128 lost = change < 0 ? -change : 0;
            for (Running& running : running_) {
                const auto held = running.now.find(department);
                if (lost == 0 || held == running.now.end()) continue;
                const i128 taken = std::min(held->second, lost);
                replace(running.now, department, taken, gained);
                lost -= taken;
            }
        }
        return gained;
    }

    static void replace(std::map<AccountId, i128>& now, AccountId loser, i128 quantity,
                        std::map<AccountId, i128>& gained) {
        while (quantity > 0) {
            const auto winner = gained.begin();
            FARTHING_ASSERT(winner != gained.end());  // gains are at least the losses
            const i128 moved = std::min(quantity, winner->second);
            const AccountId to = winner->first;
            add(now, loser, -moved);
            add(now, to, moved);
            add(gained, to, -moved);
            quantity -= moved;
        }
    }

    DatePeriod cycle_;
    Date counted_to_;
    std::vector<Running> running_;
    std::vector<DepartmentLine> done_;
};

}  // namespace

std::vector<DepartmentLine> cut_department_lines(const QuantityChanges& changes, DatePeriod cycle) {
    std::map<AccountId, i128> opening;
    auto next = changes.begin();
    for (; next != changes.end() && next->first <= cycle.first; ++next) {
        for (const auto& [department, quantity] : next->second) add(opening, department, quantity);
    }
    Cutter cutter(cycle);
    cutter.change(cycle.first, opening);
    for (; next != changes.end() && next->first < cycle.end; ++next) {
        cutter.change(next->first, next->second);
    }
    return cutter.finish();
}

std::map<AccountId, i128> unit_days(const QuantityChanges& changes, DatePeriod cycle) {
    std::map<AccountId, i128> sums;
    for (const auto& [day, departments] : changes) {
        const int days = cycle.end - std::max(day, cycle.first);
        if (days <= 0) break;
        for (const auto& [department, quantity] : departments)
            add(sums, department, quantity * days);
    }
    return sums;
}

std::vector<QuantityLine> cut_quantity_lines(const directory::Dated<std::int64_t>& levels,
                                             DatePeriod cycle) {
    QuantityChanges changes;
    i128 before = 0;
    for (const auto& step : levels.steps) {
        add(changes[step.from], AccountId{}, i128{step.value} - before);
        before = step.value;
    }
    std::vector<QuantityLine> lines;
    for (const DepartmentLine& line : cut_department_lines(changes, cycle)) {
        const auto quantity = narrow64(line.quantity);
        FARTHING_ASSERT(quantity);  // never more than the highest level
        lines.push_back({*quantity, line.period});
    }
    return lines;
}

}  // namespace farthing::billing
