#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/csv.h"
#include "catalog/deck_import.h"

namespace farthing::catalog {

namespace {

using Prices = std::map<std::pair<std::string, std::string>, std::vector<DeckLine>>;

std::string increments_of(const Increments& increments, const Meter& meter) {
    const auto second = units_in(*unit_named("second"), *meter.unit);
    if (second && increments.first % *second == 0 && increments.next % *second == 0)
        return fmt::format("{}/{}", increments.first / *second, increments.next / *second);
    return fmt::format("{0} {2}/{1} {2}", increments.first, increments.next, meter.unit->name);
}

DeckLine line_of(const Deck& deck, const RateRow& row, const Meter& meter) {
    DeckLine line;
    line.prefix = row.prefix;
    line.origin = deck.origin_of(row);
    line.destination = row.name;
    line.blocked = row.blocked;
    const TimeZone& zone = deck.home().zone;
    if (row.valid_from != Instant::min()) line.from = zone.date_of(row.valid_from);
    if (row.valid_until != Instant::max())
        line.until = zone.date_of(row.valid_until.plus_micros(-1));
    if (row.blocked) return line;
    const std::size_t per = row.price.text.find(" per ");
    line.price = row.price.text.substr(0, per);
    line.per = row.price.text.substr(per + 5);
    line.increments = increments_of(row.increments, meter);
    if (row.connection_fee) line.connection_fee = row.connection_fee->to_string();
    return line;
}

// What is left of `lines` before `day`.
void end_before(std::vector<DeckLine>& lines, std::optional<Date> day) {
    if (!day) return lines.clear();
    std::erase_if(lines, [&](const DeckLine& line) { return line.from && !(*line.from < *day); });
    for (DeckLine& line : lines) {
        const Date last = day->plus_days(-1);
        if (!line.until || last < *line.until) line.until = last;
    }
}

std::optional<Date> first_day(const std::vector<DeckLine>& lines) {
    std::optional<Date> first;
    for (const DeckLine& line : lines) {
        if (!line.from) return std::nullopt;
        if (!first || *line.from < *first) first = line.from;
    }
    return first;
}

// A later price ends the one before it where that says no end itself.
void end_by_the_next(std::vector<DeckLine>& lines) {
    std::ranges::stable_sort(lines, {}, &DeckLine::from);
    for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
        if (!lines[i].until && lines[i + 1].from) lines[i].until = lines[i + 1].from->plus_days(-1);
    }
}

// One row where one price goes on.
void join(std::vector<DeckLine>& lines) {
    std::size_t kept = 0;
    for (std::size_t i = 1; i < lines.size(); ++i) {
        const bool goes_on =
            lines[kept].until && lines[i].from && lines[kept].until->plus_days(1) == *lines[i].from;
        if (goes_on && lines[kept].same_terms(lines[i])) {
            lines[kept].until = lines[i].until;
        } else if (++kept != i) {
            lines[kept] = std::move(lines[i]);
        }
    }
    if (!lines.empty()) lines.resize(kept + 1);
}

bool same_amount(const std::string& a, const std::string& b) {
    const auto x = Decimal::parse(a.empty() ? "0" : a);
    const auto y = Decimal::parse(b.empty() ? "0" : b);
    return x && y && x->exact() == y->exact();
}

std::string with_point(std::string amount, char point) {
    std::ranges::replace(amount, '.', point);
    return amount;
}

std::string day_text(const std::optional<Date>& day) {
    return day ? to_string(*day) : std::string();
}

}  // namespace

bool DeckLine::same_terms(const DeckLine& other) const {
    return destination == other.destination && blocked == other.blocked && per == other.per &&
           increments == other.increments && same_amount(price, other.price) &&
           same_amount(connection_fee, other.connection_fee);
}

std::vector<DeckLine> merge_offer(const Deck& present, const Meter& meter,
                                  std::vector<DeckLine> offer, std::optional<Date> effective,
                                  bool changes_only) {
    for (DeckLine& line : offer) {
        if (!line.from) line.from = effective;
        if (line.blocked) continue;
        if (line.per.empty()) line.per = present.home().per;
        if (line.increments.empty())
            line.increments = increments_of(present.home().increments, meter);
    }
    const auto begins = effective ? effective : first_day(offer);
    Prices prices;
    Prices offered;
    for (const RateRow& row : present.rows()) {
        DeckLine line = line_of(present, row, meter);
        prices[{line.prefix, line.origin}].push_back(std::move(line));
    }
    for (DeckLine& line : offer) offered[{line.prefix, line.origin}].push_back(std::move(line));
    for (auto& [key, lines] : prices) {
        if (!changes_only && !offered.contains(key)) end_before(lines, begins);
    }
    for (auto& [key, lines] : offered) {
        end_by_the_next(lines);
        std::vector<DeckLine>& merged = prices[key];
        end_before(merged, first_day(lines));
        std::ranges::move(lines, std::back_inserter(merged));
        join(merged);
    }
    std::vector<DeckLine> out;
    for (auto& [key, lines] : prices) std::ranges::move(lines, std::back_inserter(out));
    return out;
}

std::string deck_csv(const std::vector<DeckLine>& lines, char point) {
    std::string csv =
        "prefix,destination,price,per,increments,connection_fee,valid_from,valid_until,origin,"
        "blocked\n";
    for (const DeckLine& line : lines) {
        const std::array<std::string, 10> fields = {line.prefix,
                                                    line.destination,
                                                    with_point(line.price, point),
                                                    line.per,
                                                    line.increments,
                                                    with_point(line.connection_fee, point),
                                                    day_text(line.from),
                                                    day_text(line.until),
                                                    line.origin,
                                                    line.blocked ? "yes" : ""};
        for (std::size_t i = 0; i < fields.size(); ++i) {
            if (i > 0) csv += ',';
            csv += csv_field(fields[i]);
        }
        csv += '\n';
    }
    return csv;
}

}  // namespace farthing::catalog
