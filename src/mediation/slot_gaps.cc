#include "mediation/slot_gaps.h"

#include <algorithm>
#include <map>

#include "mediation/dedup_buckets.h"

namespace farthing::mediation {

namespace {

bool longer(const SlotGaps::Gap& a, const SlotGaps::Gap& b) {
    if (a.length != b.length) return a.length > b.length;
    if (a.first != b.first) return a.first < b.first;
    return a.subscription < b.subscription;
}

// Bitmaps of one day, of the subscriptions from one on and so many after it.
class BitmapsOfDay {
  public:
    BitmapsOfDay(std::uint32_t first, std::size_t subscriptions, std::size_t words)
        : first_(first), words_(words), number_of_(subscriptions) {}

    void apply(std::uint32_t subscription, std::span<const std::uint64_t> words, bool takes_back) {
        if (subscription < first_) return;
        if (subscription - first_ >= number_of_.size()) {
            next_ = std::min(next_, subscription);
            return;
        }
        std::uint32_t& number = number_of_[subscription - first_];
        if (number == 0) {
            bits_.resize(bits_.size() + words_);
            number = static_cast<std::uint32_t>(bits_.size() / words_);
        }
        std::uint64_t* const bitmap = &bits_[(number - 1) * words_];
        for (std::size_t w = 0; w < words.size(); ++w)
            bitmap[w] = takes_back ? bitmap[w] & ~words[w] : bitmap[w] | words[w];
    }

    void tell(std::int64_t first_slot, SlotGaps& gaps) const {
        for (std::size_t i = 0; i < number_of_.size(); ++i) {
            if (number_of_[i] == 0) continue;
            gaps.add_day({first_ + static_cast<std::uint32_t>(i)}, first_slot,
                         std::span(bits_).subspan((number_of_[i] - 1) * words_, words_));
        }
    }
    // The first subscription after these that has slots; 0: none.
    std::uint32_t next() const { return next_ == UINT32_MAX ? 0 : next_; }

  private:
    std::uint32_t first_;
    std::size_t words_;
    std::vector<std::uint32_t> number_of_;  // of the bitmap, by subscription; 0: none
    std::vector<std::uint64_t> bits_;
    std::uint32_t next_ = UINT32_MAX;
};

// One feed's stored slots, of which a file at a time is read.
class StoredSlots {
  public:
    StoredSlots(const Feed& feed, std::span<const StoredKeys> stored, const Dedup::Reader& reader,
                std::int64_t bytes_at_once)
        : micros_(feed.slots.micros),
          slots_(static_cast<std::size_t>((kMicrosPerDay + micros_ - 1) / micros_)),
          words_((slots_ + kWordBits - 1) / kWordBits),
          at_once_(static_cast<std::size_t>(std::max<std::int64_t>(
              bytes_at_once / static_cast<std::int64_t>(words_ * sizeof(std::uint64_t)), 1))),
          rule_(dedup_rule(feed)),
          stored_(stored),
          reader_(reader) {}

    Result<SlotGaps::Found> gaps() const {
        FARTHING_TRY(const auto days, files_of_days());
        SlotGaps gaps;
        for (const auto& [day, files] : days) {
            for (std::uint32_t first = 1; first != 0;) {
                FARTHING_TRY(first, add_some(day, files, first, gaps));
            }
        }
        return gaps.found();
    }

  private:
    using Days = std::map<Date, std::vector<std::size_t>>;

    // A file may tell of few days that lie far apart: which ones is in its head.
    Result<Days> files_of_days() const {
        Days days;
        for (std::size_t i = 0; i < stored_.size(); ++i) {
            const std::string bytes = reader_(stored_[i].path);
            FARTHING_TRY(const SegmentReader segment, open(bytes, stored_[i].path));
            for (const SegmentReader::Day& day : segment.days()) days[day.day].push_back(i);
        }
        return days;
    }

    // What a day holds of the subscriptions from `first` on, as many as fit; gives the next one.
    Result<std::uint32_t> add_some(Date day, const std::vector<std::size_t>& files,
                                   std::uint32_t first, SlotGaps& gaps) const {
        BitmapsOfDay bitmaps(first, at_once_, words_);
        for (const std::size_t i : files) {
            const std::string bytes = reader_(stored_[i].path);
            FARTHING_TRY(const SegmentReader segment, open(bytes, stored_[i].path));
            const auto apply = [&](std::uint32_t subscription,
                                   std::span<const std::uint64_t> words) {
                bitmaps.apply(subscription, words, segment.takes_back());
            };
            FARTHING_CHECK(read_slots(segment.day(day)->body, slots_, apply));
        }
        bitmaps.tell(static_cast<std::int64_t>(first_slot_of(day, micros_)), gaps);
        return bitmaps.next();
    }

    Result<SegmentReader> open(std::string_view bytes, const std::string& path) const {
        return SegmentReader::open(bytes, SegmentKind::slots, rule_, path);
    }

    std::int64_t micros_;
    std::size_t slots_;  // at most, per day
    std::size_t words_;  // per bitmap
    std::size_t at_once_;
    std::uint64_t rule_;
    std::span<const StoredKeys> stored_;
    const Dedup::Reader& reader_;
};

}  // namespace

void SlotGaps::add_day(SubscriptionId subscription, std::int64_t first_slot,
                       std::span<const std::uint64_t> words) {
    for (const SlotRun& run : runs_of(words)) {
        const std::int64_t first = first_slot + static_cast<std::int64_t>(run.first);
        const auto length = static_cast<std::int64_t>(run.length);
        const auto [end, is_new] = ends_.try_emplace(subscription.value, first);
        if (!is_new && first > end->second)
            add_gap({subscription, end->second, first - end->second});
        end->second = first + length;
        came_ += length;
    }
}

void SlotGaps::add_gap(const Gap& gap) {
    missing_ += gap.length;
    gaps_ += 1;
    if (longest_.size() == kToldMax) {
        if (!longer(gap, longest_.front())) return;
        std::ranges::pop_heap(longest_, longer);
        longest_.pop_back();
    }
    longest_.push_back(gap);
    std::ranges::push_heap(longest_, longer);
}

SlotGaps::Found SlotGaps::found() const {
    Found found{static_cast<std::int64_t>(ends_.size()), came_, missing_, gaps_, longest_};
    std::ranges::sort(found.longest, longer);
    return found;
}

Result<SlotGaps::Found> slot_gaps(const Feed& feed, std::span<const StoredKeys> stored,
                                  const Dedup::Reader& reader, std::int64_t bytes_at_once) {
    return StoredSlots(feed, stored, reader, bytes_at_once).gaps();
}

}  // namespace farthing::mediation
