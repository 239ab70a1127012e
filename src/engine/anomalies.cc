// Reads for assurance what it looks at, and tells its findings in names.
#include "engine/anomalies.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "assurance/finding.h"
#include "assurance/stuck_readings.h"
#include "base/decimal.h"
#include "engine/batch.h"
#include "engine/margin.h"
#include "engine/spending.h"
#include "store/archive.h"

namespace farthing::engine {

namespace {

// How far back from a feed's newest event its readings are looked at.
constexpr std::int64_t kLookBackMicros = 35 * kMicrosPerDay;

class Anomalies {
  public:
    explicit Anomalies(Engine::State& state) : state_(state) {}

    Result<CheckLine> find() {
        for (const auto& [name, feed] : state_.feeds) {
            if (feed.feed.watches.empty()) continue;
            FARTHING_TRY(const auto files, usage_files(feed.id));
            FARTHING_TRY(const Period within, newest_part(files));
            std::int64_t devices = 0;
            for (const auto& watch : feed.feed.watches) {
                FARTHING_TRY(const auto seen, stuck(feed.feed, watch, files, within));
                devices = std::max(devices, seen);
            }
            devices_ += devices;
        }
        FARTHING_CHECK(unknown_devices());
        FARTHING_TRY(std::vector<Finding> losses, losing_prices(state_));
        std::ranges::move(losses, std::back_inserter(findings_));
        FARTHING_TRY(std::vector<Finding> caps, spending_findings(state_));
        std::ranges::move(caps, std::back_inserter(findings_));
        CheckLine line{"anomalies", true, {}, std::move(findings_)};
        line.text = fmt::format("{} findings; {} devices watched",
                                grouped(static_cast<std::int64_t>(line.findings.size())),
                                grouped(devices_));
        return line;
    }

  private:
    using Files = std::vector<std::filesystem::path>;

    Result<Files> usage_files(FeedId feed) {
        FARTHING_TRY(const auto batches, state_.store->batches());
        std::set<BatchId> of_feed;
        for (const auto& batch : batches) {
            if (batch.feed == feed) of_feed.insert(batch.id);
        }
        FARTHING_TRY(const auto rows, state_.store->files("usage"));
        Files files;
        for (const auto& row : rows) {
            if (of_feed.contains(row.first_batch))  // rewritten files are of one feed
                files.push_back(state_.store->archive_folder() / row.path);
        }
        return files;
    }

    static Result<Period> newest_part(const Files& files) {
        std::optional<Instant> newest;
        for (const auto& file : files) {
            FARTHING_TRY(const auto one, store::newest_event(file));
            if (one) newest = newest ? std::max(*newest, *one) : *one;
        }
        if (!newest) return Period{};
        return Period{newest->plus_micros(-kLookBackMicros), newest->plus_micros(1)};
    }

    // How many devices it saw.
    Result<std::int64_t> stuck(const mediation::Feed& feed, const mediation::Feed::Watch& watch,
                               const Files& files, Period within) {
        assurance::StuckReadings readings({watch.stuck_micros, watch.records});
        store::ReadingFilter filter{watch.reading, within, {}, {}};
        FARTHING_TRY(filter.without, sources_taken_back(state_));
        for (const auto& file : files) {
            FARTHING_CHECK(store::each_reading(
                file, filter, [&](std::span<const KeptReading> some) { readings.survey(some); }));
        }
        if (!readings.choose_suspects()) return readings.devices();
        filter.wanted = [&](SubscriptionId device) { return readings.suspected(device); };
        for (const auto& file : files) {
            FARTHING_CHECK(store::each_reading(
                file, filter, [&](std::span<const KeptReading> some) { readings.collect(some); }));
        }
        for (const assurance::StuckReading& found : readings.findings())
            tell_stuck(feed, feed.keep_names[watch.reading], found);
        return readings.devices();
    }

    void tell_stuck(const mediation::Feed& feed, const std::string& reading,
                    const assurance::StuckReading& found) {
        const std::string device = state_.directory.subscription(found.subscription).fact.name;
        findings_.push_back(
            {std::string(name_of(FindingReason::reading_stuck)), device, feed.name, reading,
             found.value, found.since, found.until, found.records,
             fmt::format("{} of {} stayed at {} from {} to {} ({} records), while that of {} of {} "
                         "other devices changed",
                         reading, device, found.value, to_rfc3339(found.since),
                         to_rfc3339(found.until), grouped(found.records),
                         grouped(found.others_changed), grouped(found.others))});
    }

    // Identities that many open records of suspense name.
    Result<void> unknown_devices() {
        struct Waiting {
            std::int64_t records = 0;
            Instant first;
            Instant last;
        };
        std::map<std::pair<FeedId, std::string>, Waiting> waiting;
        FARTHING_TRY(const auto rows, state_.store->suspense());
        for (const auto& row : rows) {
            const SuspenseGroup& group = row.group;
            const std::int64_t open = group.records - row.recycled - row.dropped;
            if (group.reason != SuspenseReason::unknown_identity || open <= 0) continue;
            if (group.identity.empty() || group.identity == "*") continue;
            Waiting& one = waiting[{group.feed, group.identity}];
            one.first = one.records == 0 ? group.first : std::min(one.first, group.first);
            one.last = one.records == 0 ? group.last : std::max(one.last, group.last);
            one.records += open;
        }
        for (const auto& [key, one] : waiting) {
            const auto feed = std::ranges::find_if(
                state_.feeds, [&](const auto& entry) { return entry.second.id == key.first; });
            if (feed == state_.feeds.end() || one.records < feed->second.feed.unknown_records)
                continue;
            findings_.push_back(
                {std::string(name_of(FindingReason::unknown_device)),
                 key.second,
                 feed->first,
                 {},
                 std::nullopt,
                 one.first,
                 one.last,
                 one.records,
                 fmt::format("{} sent {} records from {} to {} and no subscription owns it",
                             key.second, grouped(one.records), to_rfc3339(one.first),
                             to_rfc3339(one.last))});
        }
        return {};
    }

    Engine::State& state_;
    std::vector<Finding> findings_;
    std::int64_t devices_ = 0;
};

}  // namespace

Result<CheckLine> find_anomalies(Engine::State& state) {
    return Anomalies(state).find();
}

}  // namespace farthing::engine
