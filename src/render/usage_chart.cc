#include "render/usage_chart.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "model/quantity.h"
#include "render/wording.h"

namespace farthing::render {

namespace {

constexpr std::size_t kDaysMin = 2;
constexpr std::size_t kDaysMax = 400;
constexpr double kCaptionHeight = 11;
constexpr double kAxisHeight = 10;
constexpr double kBarShare = 0.6;  // bars stay below the running total's end
constexpr double kHeadroom = 1.08;
constexpr TextStyle kCaption{6.5, false, 0.35};
constexpr TextStyle kCaptionRight{6.5, false, 0.35, Side::right};

// A reading for the caption, three digits at least: "1.23 GB", never the exact figure, which stands
// in the line.
std::string rough_quantity(std::int64_t quantity, std::string_view unit_name) {
    const Unit* const base = unit_named(unit_name);
    if (base == nullptr) return grouped(std::to_string(quantity));
    std::int64_t step = 1;
    while (quantity / step >= 1'000) step *= 10;
    const std::int64_t rough = quantity / step * step;
    const std::string text = quantity_to_string(rough, *base);
    const std::size_t space = text.find(' ');
    const std::string number = grouped(std::string_view(text).substr(0, space));
    return (rough == quantity ? "" : "about ") + number + "\u00A0" + text.substr(space + 1);
}

double share_of(std::int64_t part, double whole) {
    return static_cast<double>(part) / whole;
}

struct Plot {
    double left, top, width, height;
    double bottom() const { return top + height; }
};

void draw_bars(Canvas& canvas, const Plot& plot, const std::vector<std::int64_t>& days) {
    const std::int64_t highest =
        std::max<std::int64_t>(*std::max_element(days.begin(), days.end()), 1);
    const double step = plot.width / static_cast<double>(days.size());
    for (std::size_t i = 0; i < days.size(); ++i) {
        if (days[i] <= 0) continue;
        const double height =
            share_of(days[i], static_cast<double>(highest)) * plot.height * kBarShare;
        canvas.box(plot.left + step * static_cast<double>(i) + step * 0.15, plot.bottom() - height,
                   step * 0.7, height, 0.78);
    }
}

void draw_running_total(Canvas& canvas, const Plot& plot, const InvoiceLine& line) {
    double total = 0;
    for (const std::int64_t day : line.usage_by_day)
        total += static_cast<double>(std::max<std::int64_t>(day, 0));
    const double top = std::max({total, static_cast<double>(line.allowance), 1.0}) * kHeadroom;
    const double step = plot.width / static_cast<double>(line.usage_by_day.size());
    double so_far = 0;
    canvas.start_path(plot.left, plot.bottom());
    for (std::size_t i = 0; i < line.usage_by_day.size(); ++i) {
        so_far += static_cast<double>(std::max<std::int64_t>(line.usage_by_day[i], 0));
        canvas.path_to(plot.left + step * static_cast<double>(i + 1),
                       plot.bottom() - so_far / top * plot.height);
    }
    canvas.stroke_path(1.1, 0.15);
    if (line.allowance <= 0) return;
    const double level = plot.bottom() - share_of(line.allowance, top) * plot.height;
    canvas.line(plot.left, level, plot.left + plot.width, level, 0.7, 0.15, true);
}

std::string caption(const InvoiceLine& line) {
    const std::int64_t highest =
        *std::max_element(line.usage_by_day.begin(), line.usage_by_day.end());
    std::string text = fmt::format("Bars: use by day, at most {}.  Line: running total, {}",
                                   rough_quantity(highest, line.usage_unit),
                                   rough_quantity(line.used, line.usage_unit));
    if (line.allowance > 0)
        text +=
            fmt::format(".  Dashed: included, {}", rough_quantity(line.allowance, line.usage_unit));
    return text;
}

}  // namespace

bool has_chart(const InvoiceLine& line) {
    const auto& days = line.usage_by_day;
    const bool used =
        std::any_of(days.begin(), days.end(), [](std::int64_t day) { return day > 0; });
    return days.size() >= kDaysMin && days.size() <= kDaysMax && used;
}

void draw_chart(Canvas& canvas, double x, double y, double width, const InvoiceLine& line) {
    FARTHING_ASSERT(has_chart(line));
    canvas.text(x, y, width, caption(line), kCaption);
    const Plot plot{x, y + kCaptionHeight, width, kChartHeight - kCaptionHeight - kAxisHeight};
    draw_bars(canvas, plot, line.usage_by_day);
    draw_running_total(canvas, plot, line);
    canvas.line(plot.left, plot.bottom(), plot.left + plot.width, plot.bottom(), 0.5, 0.5);
    const Date last = line.period.first.plus_days(static_cast<int>(line.usage_by_day.size()) - 1);
    canvas.text(x, plot.bottom() + 1, width / 2,
                period_text({line.period.first, line.period.first.plus_days(1)}), kCaption);
    canvas.text(x + width / 2, plot.bottom() + 1, width / 2, period_text({last, last.plus_days(1)}),
                kCaptionRight);
}

}  // namespace farthing::render
