// Numbers: per day the set of the numbers that each owner gave its records. No number is ever too
// far behind to be told, so that what is a duplicate does not depend on the order of arrival.
#include <array>

#include "mediation/dedup_buckets.h"
#include "mediation/number_set.h"

namespace farthing::mediation {
namespace {

class NumberBuckets final : public LoggedBuckets {
  public:
    explicit NumberBuckets(std::size_t reading) : reading_(reading) {}

    SegmentKind kind() const override { return SegmentKind::numbers; }

    DayKey key_of(const UsageChunk& chunk, std::size_t row) const override {
        return {{chunk.subscription[row].value,
                 static_cast<std::uint64_t>(chunk.reading[reading_][row])},
                day_of(chunk, row)};
    }
    Date day_of(const UsageChunk& chunk, std::size_t row) const override {
        return day_of_instant(chunk.start[row]);
    }
    Period starts_of(Date day) const override { return starts_on(day, 1); }

    void open_day(Date day) override { days_.try_emplace(day); }
    void drop_day(Date day) override { days_.erase(day); }

    Result<void> absorb(const SegmentReader::Day& stored) override {
        NumberSet& day = days_.at(stored.day);
        return read_numbers(stored.body, [&](std::uint32_t owner, const NumberRun& run) {
            day.insert({owner}, run);
        });
    }
    Result<void> forget(const SegmentReader::Day& stored) override {
        NumberSet& day = days_.at(stored.day);
        return read_numbers(stored.body, [&](std::uint32_t owner, const NumberRun& run) {
            day.erase({owner}, run);
        });
    }
    Result<std::int64_t> count(const SegmentReader::Day& stored) const override {
        std::int64_t numbers = 0;
        FARTHING_CHECK(read_numbers(
            stored.body, [&](std::uint32_t, const NumberRun& run) { numbers += run.length; }));
        return numbers;
    }

    std::vector<Candidate> check(const UsageChunk& chunk) override {
        std::vector<Candidate> found;
        auto later = entered_later<Place>([&](const Place& place) { enter(chunk, place, found); });
        Period within{};  // the day of the row before
        Place place;
        for (std::size_t row = 0; row < chunk.size(); ++row) {
            if (!chunk.live(row)) continue;
            if (!within.contains(chunk.start[row])) {
                place.date = day_of(chunk, row);
                place.day = &days_.at(place.date);
                within = starts_of(place.date);
            }
            place.row = row;
            place.day->fetch(chunk.subscription[row], chunk.reading[reading_][row]);
            later.add(place);
        }
        later.finish();
        return found;
    }

    void take_back(const DayKey& entered) override {
        days_.at(entered.day)
            .erase({static_cast<std::uint32_t>(entered.key.high)},
                   {static_cast<std::int64_t>(entered.key.low), 1});
    }

    SegmentBytes encode(BatchLog& log, std::uint64_t rule, bool takes_back) override {
        SegmentWriter writer(kind(), rule, takes_back);
        log.sort_days([&](Date date, std::span<const StoredKey> keys) {
            NumberSet fresh;
            for (const auto& [key, content] : keys) {
                fresh.insert({static_cast<std::uint32_t>(key.high)},
                             static_cast<std::int64_t>(key.low));
            }
            NumbersBody body;
            fresh.each_owner([&](SubscriptionId owner, const std::vector<NumberRun>& runs) {
                body.add(owner.value, runs);
            });
            writer.add_day(date, body.take());
        });
        return writer.finish();
    }

    std::int64_t memory_bytes() const override {
        std::int64_t bytes = 0;
        for (const auto& [date, day] : days_) bytes += day.memory_bytes();
        return bytes;
    }

  private:
    struct Place {
        NumberSet* day = nullptr;
        std::size_t row = 0;
        Date date;
    };

    void enter(const UsageChunk& chunk, const Place& place, std::vector<Candidate>& found) {
        const auto& [day, row, date] = place;
        const SubscriptionId owner = chunk.subscription[row];
        const std::int64_t number = chunk.reading[reading_][row];
        const Hash128 key{owner.value, static_cast<std::uint64_t>(number)};
        if (day->insert(owner, number)) {
            log_.enter({key, date}, chunk.content[row]);
            return;
        }
        const StoredKey* winner = log_.find({key, date});
        found.push_back({.row = static_cast<std::uint32_t>(row),
                         .key = key,
                         .content_known = winner != nullptr,
                         .content = winner == nullptr ? 0 : winner->content});
    }

    std::size_t reading_;
    std::map<Date, NumberSet> days_;
};

}  // namespace

std::unique_ptr<Buckets> number_buckets(std::size_t reading) {
    return std::make_unique<NumberBuckets>(reading);
}

}  // namespace farthing::mediation
