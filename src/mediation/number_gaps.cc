#include "mediation/number_gaps.h"

#include <algorithm>
#include <set>

#include "mediation/dedup_buckets.h"

namespace farthing::mediation {

namespace {

std::vector<NumberRun> merged(const std::vector<NumberRun>& a, const std::vector<NumberRun>& b) {
    std::vector<NumberRun> all;
    all.reserve(a.size() + b.size());
    std::ranges::merge(a, b, std::back_inserter(all), {}, &NumberRun::first, &NumberRun::first);
    std::vector<NumberRun> runs;
    for (const NumberRun& run : all) {
        if (runs.empty() || run.first > runs.back().end()) {
            runs.push_back(run);
        } else {
            const std::int64_t end = std::max(runs.back().end(), run.end());
            runs.back().length = end - runs.back().first;
        }
    }
    return runs;
}

void add_gaps(const std::vector<NumberRun>& runs, std::vector<NumberRun>& gaps) {
    for (std::size_t i = 1; i < runs.size(); ++i)
        gaps.push_back({runs[i - 1].end(), runs[i].first - runs[i - 1].end()});
}

}  // namespace

void NumberGaps::add_day(const NumberSet& day) {
    day.each_owner([&](SubscriptionId id, const std::vector<NumberRun>& runs) {
        Owner& owner = owners_[id.value];
        for (const NumberRun& run : runs) came_ += run.length;
        const bool began_again = !owner.runs.empty() && runs.back().end() <= owner.lowest_of_day;
        if (began_again) {
            add_gaps(owner.runs, owner.gaps);
            owner.runs.clear();
        }
        owner.runs = merged(owner.runs, runs);
        owner.lowest_of_day = runs.front().first;
    });
}

NumberGaps::Found NumberGaps::found() const {
    Found found;
    found.owners = static_cast<std::int64_t>(owners_.size());
    found.came = came_;
    for (const auto& [id, owner] : owners_) {
        std::vector<NumberRun> gaps = owner.gaps;
        add_gaps(owner.runs, gaps);
        for (const NumberRun& gap : gaps) {
            found.missing += gap.length;
            found.gaps.push_back({{id}, gap});
        }
    }
    std::ranges::stable_sort(found.gaps, {}, &Gap::owner);
    return found;
}

Result<NumberGaps::Found> number_gaps(const Feed& feed, std::span<const std::string> paths,
                                      const Dedup::Reader& reader) {
    struct Stored {
        std::string bytes;
        SegmentReader days;
    };
    std::set<Date> days;
    std::vector<Stored> segments;
    segments.reserve(paths.size());
    for (const std::string& path : paths) {
        Stored& stored = segments.emplace_back(reader(path), SegmentReader());
        FARTHING_TRY(stored.days, SegmentReader::open(stored.bytes, SegmentKind::numbers,
                                                      dedup_rule(feed), path));
        for (const SegmentReader::Day& day : stored.days.days()) days.insert(day.day);
    }
    NumberGaps gaps;
    for (const Date date : days) {
        NumberSet day;
        for (const Stored& stored : segments) {
            const SegmentReader::Day* found = stored.days.day(date);
            if (found == nullptr) continue;
            FARTHING_CHECK(read_numbers(found->body, [&](std::uint32_t owner, NumberRun run) {
                stored.days.takes_back() ? day.erase({owner}, run) : day.insert({owner}, run);
            }));
        }
        gaps.add_day(day);
    }
    return gaps.found();
}

}  // namespace farthing::mediation
