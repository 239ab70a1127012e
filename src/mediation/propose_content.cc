// Which field is what where fields have no names, told from their texts alone: what is not sure is
// listed for a person to look at.
#include <fmt/format.h>

#include <set>

#include "base/utf8.h"
#include "mediation/decode_number.h"
#include "mediation/decode_record.h"
#include "mediation/propose_guess.h"

namespace farthing::mediation {

namespace {

bool is_telephone_number(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    constexpr std::size_t kDigitsMin = 7;
    constexpr std::size_t kDigitsMax = 17;  // with an international prefix
    return text.size() >= kDigitsMin && text.size() <= kDigitsMax && all_digits(text) &&
           !text.starts_with("000");
}
bool is_card(std::string_view text) {
    return text.starts_with("89") && all_digits(text) && text.size() >= 19 && text.size() <= 20;
}
bool is_imsi(std::string_view text) {
    return text.size() == 15 && all_digits(text);
}

// Fewer seconds than thirty years have: more than that is a number of something.
bool is_short_while(std::string_view text) {
    constexpr std::int64_t kThirtyYears = 946'728'000;
    std::int64_t seconds = 0;
    if (!all_digits(text)) return true;  // with a fraction
    return read_integer(text, seconds) && seconds < kThirtyYears;
}

class ContentGuesser {
  public:
    explicit ContentGuesser(const Sample& sample)
        : sample_(sample), used_(sample.names.size(), false) {}
    Result<Guess> guess(std::string_view file_name);

  private:
    std::size_t columns() const { return sample_.names.size(); }
    void use(std::size_t column) {
        if (column != kNoColumn) used_[column] = true;
    }
    bool constant(std::size_t column) const;
    bool counts_up(std::size_t column) const;
    template <class Accepts>
    std::size_t find(Accepts accepts) const {
        for (std::size_t i = 0; i < columns(); ++i) {
            if (!used_[i] && accepts(i)) return i;
        }
        return kNoColumn;
    }
    Guess::Time find_time();
    void guess_id();
    void guess_parties();
    void guess_quantity();
    std::string figures(std::string_view line, std::size_t from) const;
    std::string sum_figure(std::string_view line, std::size_t from) const;
    void tell_others();

    const Sample& sample_;
    std::vector<bool> used_;
    Guess guess_;
};

bool ContentGuesser::constant(std::size_t column) const {
    return std::ranges::all_of(
        sample_.rows, [&](const auto& row) { return row[column] == sample_.rows.front()[column]; });
}

// Each record has the number after that of the one before.
bool ContentGuesser::counts_up(std::size_t column) const {
    if (sample_.rows.size() < 2) return false;
    std::int64_t last = 0;
    for (std::size_t i = 0; i < sample_.rows.size(); ++i) {
        std::int64_t number = 0;
        if (!read_integer(sample_.rows[i][column], number)) return false;
        if (i > 0 && number != last + 1) return false;
        last = number;
    }
    return true;
}

// Days and clocks first: ten digits may be seconds since 1970 or a telephone number.
Guess::Time ContentGuesser::find_time() {
    const auto written = [&](std::size_t i) {
        return time_format(sample_, i).starts_with('%') || time_format(sample_, i) == "rfc3339";
    };
    Guess::Time time;
    time.column = find(written);
    if (time.given()) time.format = time_format(sample_, time.column);
    const Guess::Time pair = day_and_clock(sample_, 0);
    const bool pair_free = pair.given() && !used_[pair.column] && !used_[pair.clock];
    if (pair_free && (!time.given() || pair.column < time.column)) time = pair;
    if (!time.given()) {
        time.column = find([&](std::size_t i) { return !time_format(sample_, i).empty(); });
        if (time.given()) time.format = time_format(sample_, time.column);
    }
    use(time.column);
    use(time.clock);
    return time;
}

void ContentGuesser::guess_id() {
    guess_.id = find([&](std::size_t i) { return counts_up(i); });
    constexpr std::size_t kIdMin = 6;
    const auto names_each = [&](std::size_t i) {
        return sample_.distinct(i) && sample_.rows.front()[i].size() >= kIdMin &&
               !sample_.all(i, is_telephone_number) && !sample_.all(i, is_card);
    };
    if (guess_.id == kNoColumn) guess_.id = find(names_each);
    use(guess_.id);
}

void ContentGuesser::guess_parties() {
    guess_.identity = find([&](std::size_t i) { return sample_.all(i, is_card); });
    if (guess_.identity != kNoColumn) guess_.kind = "iccid";
    const auto imsi = [&](std::size_t i) { return sample_.all(i, is_imsi) && !counts_up(i); };
    if (guess_.identity == kNoColumn) {
        guess_.identity = find(imsi);
        if (guess_.identity != kNoColumn) guess_.kind = "imsi";
    }
    const bool card = guess_.identity != kNoColumn;
    use(guess_.identity);
    const auto number = [&](std::size_t i) { return sample_.all(i, is_telephone_number); };
    if (!card) {
        guess_.identity = find(number);
        if (guess_.identity != kNoColumn) guess_.kind = "msisdn";
        use(guess_.identity);
    }
    // Beside a card, other long numbers are cards and devices, too.
    guess_.called = guess_.identity == kNoColumn || card ? kNoColumn : find(number);
    use(guess_.called);
    guess_.service = guess_.called != kNoColumn ? "voice" : card ? "data" : "event";
    if (guess_.identity == kNoColumn)
        guess_.identity = find([&](std::size_t i) { return sample_.complete(i) && !constant(i); });
    if (guess_.identity == kNoColumn) guess_.identity = guess_.id == kNoColumn ? 0 : guess_.id;
    use(guess_.identity);
}

// The number that changes and takes most room; a code of two digits is none.
void ContentGuesser::guess_quantity() {
    std::size_t widest = sample_.format == FormatKind::fixed_width ? 2 : 1;
    std::size_t found = kNoColumn;
    for (std::size_t i = 0; i < columns(); ++i) {
        if (used_[i] || constant(i) || !sample_.complete(i) || !sample_.all(i, is_number)) continue;
        if (sample_.all(i, is_imsi) || sample_.all(i, is_card)) continue;
        if (guess_.service != "data" && !sample_.all(i, is_short_while)) continue;
        std::size_t width = 0;
        for (const auto& row : sample_.rows) width = std::max(width, row[i].size());
        if (width <= widest) continue;
        widest = width;
        found = i;
    }
    if (found == kNoColumn) return;
    guess_.quantities = {found};
    use(found);
    if (sample_.format == FormatKind::fixed_width) {
        // The blanks before a number belong to it, but for one: another file may need them.
        const FieldRef& place = sample_.places[found];
        const int before = found == 0 ? -1 : sample_.places[found - 1].to;
        const int from = std::max(1, std::min(place.from, before + 2));
        guess_.quantity_place = fmt::format("at: {}-{}", from, place.to);
    }
    if (guess_.service == "event") guess_.service = "voice";
    guess_.unit = guess_.service == "data" ? "byte" : "second";
}

// Characters of `line`, from `from` on, that name the sum of the quantities.
std::string ContentGuesser::sum_figure(std::string_view line, std::size_t from) const {
    std::int64_t sum = 0;
    for (const auto& row : sample_.rows) {
        for (const std::size_t column : guess_.quantities) {
            std::int64_t value = 0;
            if (!read_integer(row[column], value) || __builtin_add_overflow(sum, value, &sum))
                return {};
        }
    }
    for (std::size_t begin = from; sum > 0 && begin < line.size(); ++begin) {
        if (!all_digits(line.substr(begin, 1))) continue;
        std::size_t end = begin;
        while (end < line.size() && all_digits(line.substr(end, 1))) end += 1;
        std::int64_t value = 0;
        if (read_integer(line.substr(begin, end - begin), value) && value == sum)
            return fmt::format(", sum: {}-{}", begin + 1, end);
        begin = end;
    }
    return {};
}

// Which characters of a line around the records, behind its mark, name their count, and the sum of
// their quantities.
std::string ContentGuesser::figures(std::string_view line, std::size_t from) const {
    const auto records = static_cast<std::int64_t>(sample_.rows.size());
    constexpr std::size_t kFigureMin = 3;  // fewer digits agree by chance
    constexpr std::size_t kFigureMax = 12;
    for (std::size_t width = kFigureMax; width >= kFigureMin; --width) {
        for (std::size_t begin = from; begin + width <= line.size(); ++begin) {
            const std::string_view text = line.substr(begin, width);
            std::int64_t value = 0;
            if (!all_digits(text) || !read_integer(text, value) || value != records) continue;
            return fmt::format("count: {}-{}{}", begin + 1, begin + width,
                               sum_figure(line, begin + width));
        }
    }
    return {};
}

// What was seen and has no place in the description yet.
void ContentGuesser::tell_others() {
    for (std::size_t i = 0; i < columns(); ++i) {
        if (used_[i]) continue;
        std::set<std::string> texts;
        for (const auto& row : sample_.rows) texts.insert(printable(row[i], 20));
        constexpr std::size_t kShown = 4;
        std::string shown;
        std::size_t count = 0;
        for (const std::string& text : texts) {
            if (count++ == kShown) break;
            shown += (shown.empty() ? "" : ", ") + text;
        }
        guess_.other_fields.push_back(ref_text(sample_, i) + " holds " + shown +
                                      (texts.size() > kShown ? " …" : ""));
    }
}

Result<Guess> ContentGuesser::guess(std::string_view file_name) {
    guess_.start = find_time();
    if (!guess_.start.given()) {
        return fail(
            FeedReason::feed_no_proposal,
            fmt::format("no field of {} reads as a time in all records", printable(file_name)));
    }
    const Guess::Time next = find_time();
    if (next.given() && next.format == guess_.start.format) {
        guess_.end = next;
    } else if (next.given()) {
        used_[next.column] = false;
        if (next.clock != kNoColumn) used_[next.clock] = false;
    }
    guess_id();
    guess_parties();
    guess_quantity();
    guess_.head_figures = figures(sample_.first_line, sample_.first_mark.size());
    guess_.tail_figures = figures(sample_.last_line, sample_.last_mark.size());
    tell_others();
    return guess_;
}

}  // namespace

Result<Guess> guess_by_content(std::string_view file_name, const Sample& sample) {
    return ContentGuesser(sample).guess(file_name);
}

}  // namespace farthing::mediation
