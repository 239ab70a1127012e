#include "mediation/file_sequence.h"

#include <fmt/format.h>

#include "mediation/decode_number.h"

namespace farthing::mediation {

FileSequence::FileSequence(const Feed& feed)
    : pattern_(feed.files.sequence), start_(feed.files.start), first_(feed.files.first) {
    if (feed.files.last) span_ = *feed.files.last - first_ + 1;
}

// The number that differs from the highest one by the fewest steps: 000001 after 999999 goes on.
std::int64_t FileSequence::unwrapped(std::int64_t number, const Seen& seen) const {
    if (span_ == 0) return number;
    const std::int64_t near = seen.highest.value_or(start_.value_or(number));
    std::int64_t offset = (number - near) % span_;
    if (offset < 0) offset += span_;
    if (offset > span_ / 2) offset -= span_;
    return near + offset;
}

std::int64_t FileSequence::as_named(std::int64_t unwrapped) const {
    if (span_ == 0) return unwrapped;
    const std::int64_t offset = (unwrapped - first_) % span_;
    return first_ + (offset < 0 ? offset + span_ : offset);
}

bool FileSequence::add(std::string_view file_name, bool whole) {
    std::match_results<std::string_view::const_iterator> found;
    if (!std::regex_search(file_name.begin(), file_name.end(), found, pattern_)) return false;
    std::int64_t number = 0;
    const std::size_t groups = found.size();
    if (!read_integer({found[groups - 1].first, found[groups - 1].second}, number)) return false;
    if (span_ != 0 && (number < first_ || number >= first_ + span_)) return false;
    std::string run;
    for (std::size_t i = 1; i + 1 < groups; ++i) run += (i > 1 ? " " : "") + found[i].str();
    Seen& seen = seen_[run];
    const std::int64_t at = unwrapped(number, seen);
    (whole ? seen.whole : seen.refused).insert(at);
    seen.highest = std::max(seen.highest.value_or(at), at);
    return true;
}

FileSequence::Run FileSequence::run_of(const std::string& name, const Seen& seen) const {
    std::int64_t next = *seen.highest;
    if (!seen.whole.empty()) next = std::min(next, *seen.whole.begin());
    if (!seen.refused.empty()) next = std::min(next, *seen.refused.begin());
    if (start_) next = *start_;
    Run run;
    run.name = name;
    run.first = as_named(next);
    run.last = as_named(std::max(next, *seen.highest));
    const auto miss = [&](std::int64_t from, std::int64_t to) {  // cut where refused ones lie
        while (from <= to) {
            const auto refused = seen.refused.lower_bound(from);
            const std::int64_t end =
                refused == seen.refused.end() ? to : std::min(to, *refused - 1);
            if (from <= end) run.missing.push_back({as_named(from), as_named(end), false});
            if (end < to) run.missing.push_back({as_named(end + 1), as_named(end + 1), true});
            from = end + 2;
        }
    };
    for (auto at = seen.whole.lower_bound(next); at != seen.whole.end(); ++at) {
        miss(next, *at - 1);
        next = *at + 1;
        run.came += 1;
    }
    miss(next, *seen.highest);
    return run;
}

std::vector<FileSequence::Run> FileSequence::runs() const {
    std::vector<Run> runs;
    for (const auto& [name, seen] : seen_) runs.push_back(run_of(name, seen));
    return runs;
}

std::string FileSequence::Gap::to_string() const {
    std::string text = first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last);
    return refused ? text + " (refused)" : text;
}

}  // namespace farthing::mediation
