#include "cli/progress.h"

#include <algorithm>
#include <ostream>

#include "cli/listing.h"

namespace farthing::cli {

namespace {

constexpr auto kRedrawEvery = std::chrono::milliseconds(100);
constexpr auto kLineEvery = std::chrono::seconds(5);
constexpr std::int64_t kBarWidth = 24;

}  // namespace

ProgressBar::ProgressBar(Context& context, std::string label)
    : context_(context), label_(std::move(label)), started_(std::chrono::steady_clock::now()) {
    redraws_ = context.progress == ProgressMode::automatic && context.terminal;
    // Without a terminal nobody watches: only who asks for plain lines gets them.
    silent_ = context.quiet || context.progress == ProgressMode::never ||
              (context.progress == ProgressMode::automatic && !context.terminal);
    next_ = started_ +
            (redraws_ ? std::chrono::milliseconds(0) : std::chrono::milliseconds(kLineEvery));
}

ProgressBar::~ProgressBar() {
    if (drawn_) context_.err << "\r\x1b[K" << std::flush;
}

std::chrono::milliseconds ProgressBar::elapsed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 started_);
}

std::string ProgressBar::line(const engine::Progress& progress) const {
    const bool by_bytes = progress.bytes_total > 0;
    const std::int64_t total =
        std::max<std::int64_t>(1, by_bytes ? progress.bytes_total : progress.files_total);
    const std::int64_t done = std::min(total, by_bytes ? progress.bytes_done : progress.files_done);
    std::string text = label_ + " ";
    if (redraws_) {
        const std::int64_t full = done * kBarWidth / total;
        for (std::int64_t i = 0; i < kBarWidth; ++i) text += i < full ? "█" : "░";
        text += " ";
    }
    const std::int64_t millis = std::max<std::int64_t>(1, elapsed().count());
    text += std::to_string(done * 100 / total) + " %  " + grouped(progress.records) + " records  " +
            grouped(progress.records * 1000 / millis) + "/s";
    return text;
}

void ProgressBar::show(const engine::Progress& progress) {
    if (silent_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    if (redraws_) {
        next_ = now + kRedrawEvery;
        context_.err << '\r' << line(progress) << "\x1b[K" << std::flush;
        drawn_ = true;
    } else {
        next_ = now + kLineEvery;
        context_.err << line(progress) << std::endl;
    }
}

std::string duration_text(std::chrono::milliseconds elapsed) {
    const auto millis = elapsed.count();
    if (millis < 1000) return std::to_string(millis) + " ms";
    return std::to_string(millis / 1000) + "." + std::to_string(millis % 1000 / 100) + " s";
}

}  // namespace farthing::cli
