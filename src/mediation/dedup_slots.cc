// Slots: per day one bitmap per subscription of the feed, 180 bytes for a report a minute.
// Subscriptions get dense rows in the order they first appear, and rows stand in pages, so that a
// day grows without moving and costs what it holds.
#include <algorithm>
#include <array>
#include <bit>

#include "base/int128.h"
#include "base/prefetch.h"
#include "mediation/dedup_buckets.h"

namespace farthing::mediation {
namespace {

constexpr std::size_t kPageRows = 256;

class SlotBuckets final : public LoggedBuckets {
  public:
    explicit SlotBuckets(std::int64_t slot_micros)
        : slot_micros_(slot_micros),
          slots_(static_cast<std::size_t>((kMicrosPerDay + slot_micros - 1) / slot_micros)),
          words_((slots_ + kWordBits - 1) / kWordBits) {}

    SegmentKind kind() const override { return SegmentKind::slots; }

    DayKey key_of(const UsageChunk& chunk, std::size_t row) const override {
        const std::int64_t slot = slot_of(chunk.start[row], slot_micros_);
        return {{chunk.subscription[row].value, static_cast<std::uint64_t>(slot)},
                day_of_slot(slot)};
    }
    Date day_of(const UsageChunk& chunk, std::size_t row) const override {
        return day_of_slot(slot_of(chunk.start[row], slot_micros_));
    }

    Period starts_of(Date day) const override { return starts_on(day, slot_micros_); }

    void open_day(Date day) override {
        const auto [at, fresh] = days_.try_emplace(day);
        if (!fresh) return;
        at->second.first_slot = static_cast<std::int64_t>(first_slot_of(day, slot_micros_));
        at->second.end_slot =
            static_cast<std::int64_t>(first_slot_of(day.plus_days(1), slot_micros_));
    }
    void drop_day(Date day) override { days_.erase(day); }

    Result<void> absorb(const SegmentReader::Day& stored) override {
        Day& day = days_.at(stored.day);
        return read_slots(stored.body, slots_,
                          [&](std::uint32_t subscription, std::span<const std::uint64_t> words) {
                              std::uint64_t* bitmap = bitmap_of(day, row_of({subscription}));
                              for (std::size_t w = 0; w < words.size(); ++w) bitmap[w] |= words[w];
                          });
    }

    Result<void> forget(const SegmentReader::Day& stored) override {
        Day& day = days_.at(stored.day);
        return read_slots(stored.body, slots_,
                          [&](std::uint32_t subscription, std::span<const std::uint64_t> words) {
                              std::uint64_t* bitmap = bitmap_of(day, row_of({subscription}));
                              for (std::size_t w = 0; w < words.size(); ++w) bitmap[w] &= ~words[w];
                          });
    }

    Result<std::int64_t> count(const SegmentReader::Day& stored) const override {
        std::int64_t keys = 0;
        FARTHING_CHECK(read_slots(stored.body, slots_,
                                  [&](std::uint32_t, std::span<const std::uint64_t> words) {
                                      for (const std::uint64_t word : words)
                                          keys += std::popcount(word);
                                  }));
        return keys;
    }

    std::vector<Candidate> check(const UsageChunk& chunk) override {
        std::vector<Candidate> found;
        auto later = entered_later<Place>([&](const Place& place) { enter(chunk, place, found); });
        Cursor cursor;
        for (std::size_t row = 0; row < chunk.size(); ++row) {
            if (!chunk.live(row)) continue;
            later.add(locate(chunk, row, cursor));
        }
        later.finish();
        return found;
    }

    void take_back(const DayKey& entered) override {
        Day& day = days_.at(entered.day);
        const SubscriptionId subscription{static_cast<std::uint32_t>(entered.key.high)};
        const auto index =
            static_cast<std::size_t>(static_cast<std::int64_t>(entered.key.low) - day.first_slot);
        bitmap_of(day, row_of(subscription))[index / kWordBits] &=
            ~(std::uint64_t{1} << (index % kWordBits));
    }

    SegmentBytes encode(BatchLog& log, std::uint64_t rule, bool takes_back) override {
        SegmentWriter writer(kind(), rule, takes_back);
        log.sort_days([&](Date date, std::span<const StoredKey> keys) {
            Fresh fresh;
            fresh.bitmap_of_row.resize(rows_);
            const std::int64_t first_slot = days_.at(date).first_slot;
            for (const StoredKey& entered : keys) mark(fresh, entered.key, first_slot);
            writer.add_day(date, body_of(fresh));
        });
        return writer.finish();
    }

    std::int64_t memory_bytes() const override {
        std::size_t bytes = row_of_.capacity() * sizeof(std::uint32_t);
        for (const auto& [date, day] : days_) {
            bytes += day.pages.capacity() * sizeof day.pages[0];
            for (const auto& page : day.pages) bytes += page == nullptr ? 0 : page_bytes();
        }
        return static_cast<std::int64_t>(bytes);
    }

  private:
    struct Day {
        std::int64_t first_slot = 0;
        std::int64_t end_slot = 0;  // the first of the next day
        std::vector<std::unique_ptr<std::uint64_t[]>> pages;
    };
    struct Place {
        std::uint64_t* word = nullptr;
        std::uint64_t bit = 0;
        std::size_t row = 0;
        std::int64_t slot = 0;
        Date day;
    };
    // The day met last: records of one source mostly share it, which saves the divisions and the
    // look-up.
    struct Cursor {
        Date date;
        Day* day = nullptr;
    };
    // The slots that a batch added to one day.
    struct Fresh {
        std::vector<std::uint32_t> bitmap_of_row;  // number of the row's bitmap, 0: none yet
        std::vector<std::pair<std::uint32_t, std::uint32_t>>
            subscriptions;  // with the number of their bitmap
        std::vector<std::uint64_t> words;
    };

    std::size_t page_bytes() const { return kPageRows * words_ * sizeof(std::uint64_t); }
    Date day_of_slot(std::int64_t slot) const { return day_of_instant({slot * slot_micros_}); }

    std::uint32_t row_of(SubscriptionId subscription) {
        if (subscription.value >= row_of_.size())
            row_of_.resize(std::size_t{subscription.value} + 1);
        std::uint32_t& number = row_of_[subscription.value];
        if (number == 0) number = ++rows_;
        return number - 1;
    }

    std::uint64_t* bitmap_of(Day& day, std::uint32_t row) const {
        const std::size_t page = row / kPageRows;
        if (page >= day.pages.size()) day.pages.resize(page + 1);
        if (day.pages[page] == nullptr)
            day.pages[page] = std::make_unique<std::uint64_t[]>(kPageRows * words_);
        return day.pages[page].get() + row % kPageRows * words_;
    }

    Place locate(const UsageChunk& chunk, std::size_t row, Cursor& cursor) {
        const std::int64_t slot = slot_of(chunk.start[row], slot_micros_);
        if (cursor.day == nullptr || slot < cursor.day->first_slot ||
            slot >= cursor.day->end_slot) {
            cursor.date = day_of_slot(slot);
            cursor.day = &days_.at(cursor.date);
        }
        const auto index = static_cast<std::size_t>(slot - cursor.day->first_slot);
        std::uint64_t* word =
            bitmap_of(*cursor.day, row_of(chunk.subscription[row])) + index / kWordBits;
        prefetch_line(word);
        return {word, std::uint64_t{1} << (index % kWordBits), row, slot, cursor.date};
    }

    void enter(const UsageChunk& chunk, const Place& place, std::vector<Candidate>& found) {
        const Hash128 key{chunk.subscription[place.row].value,
                          static_cast<std::uint64_t>(place.slot)};
        if ((*place.word & place.bit) == 0) {
            *place.word |= place.bit;
            log_.enter({key, place.day}, slot_content(chunk, place.row));
            return;
        }
        const StoredKey* winner = log_.find({key, place.day});
        const std::uint64_t content =
            winner == nullptr ? 0 : told_content(winner->content, chunk, place.row);
        found.push_back({.row = static_cast<std::uint32_t>(place.row),
                         .key = key,
                         .content_known = winner != nullptr,
                         .content = content});
    }

    void mark(Fresh& fresh, Hash128 key, std::int64_t first_slot) const {
        const auto subscription = static_cast<std::uint32_t>(key.high);
        std::uint32_t& number = fresh.bitmap_of_row[row_of_[subscription] - 1];
        if (number == 0) {
            fresh.words.resize(fresh.words.size() + words_);
            number = static_cast<std::uint32_t>(fresh.words.size() / words_);
            fresh.subscriptions.emplace_back(subscription, number);
        }
        const auto index =
            static_cast<std::size_t>(static_cast<std::int64_t>(key.low) - first_slot);
        fresh.words[(number - 1) * words_ + index / kWordBits] |= std::uint64_t{1}
                                                                  << (index % kWordBits);
    }

    std::string body_of(Fresh& fresh) const {
        std::ranges::sort(fresh.subscriptions);
        SlotsBody body;
        for (const auto& [subscription, number] : fresh.subscriptions) {
            body.add(subscription, std::span(fresh.words).subspan((number - 1) * words_, words_));
        }
        return body.take();
    }

    std::int64_t slot_micros_;
    std::size_t slots_;  // at most, per day
    std::size_t words_;  // per bitmap
    std::uint32_t rows_ = 0;
    std::vector<std::uint32_t> row_of_;  // by subscription, + 1; 0: none yet
    std::map<Date, Day> days_;
};

}  // namespace

std::unique_ptr<Buckets> slot_buckets(std::int64_t slot_micros) {
    return std::make_unique<SlotBuckets>(slot_micros);
}

}  // namespace farthing::mediation
