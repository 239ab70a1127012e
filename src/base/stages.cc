#include "base/stages.h"

#include <atomic>
#include <ctime>
#include <utility>

namespace farthing {

namespace {

std::array<std::atomic<std::int64_t>, kStages> spent;
thread_local Timed* innermost = nullptr;

std::int64_t thread_nanos() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

std::string_view name_of(Stage stage) {
    constexpr std::array<std::string_view, kStages> kNames = {
        "open", "count",  "decode", "guide", "dedup",   "window",
        "rate", "gather", "encode", "keys",  "counter", "commit"};
    return kNames[static_cast<std::size_t>(stage)];
}

std::string_view title_of(Stage stage) {
    constexpr std::array<std::string_view, kStages> kTitles = {
        "open and hash", "count records", "scan and map", "validate, guide",  "dedup",
        "aggregate",     "rate",          "gather",       "encode, compress", "write keys",
        "pack counters", "commit"};
    return kTitles[static_cast<std::size_t>(stage)];
}

StageTimes stage_times() {
    StageTimes times{};
    for (std::size_t i = 0; i < kStages; ++i) times[i] = spent[i].load(std::memory_order_relaxed);
    return times;
}

Timed::Timed(Stage stage)
    : stage_(stage), began_(thread_nanos()), outer_(std::exchange(innermost, this)) {}

Timed::~Timed() {
    const std::int64_t nanos = thread_nanos() - began_;
    spent[static_cast<std::size_t>(stage_)].fetch_add(nanos - within_, std::memory_order_relaxed);
    innermost = outer_;
    if (outer_ != nullptr) outer_->within_ += nanos;
}

}  // namespace farthing
