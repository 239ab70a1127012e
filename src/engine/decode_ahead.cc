#include "engine/decode_ahead.h"

#include <future>

#include "base/stages.h"
#include "mediation/guide.h"

namespace farthing::engine {

namespace {
// Small files: their begins and ends may run this far ahead of their chunks.
constexpr std::size_t kStepsMax = 16;
// While one that is longer is decoded the next file is opened and hashed.
constexpr std::size_t kLongBytes = 1 << 20;

// Two of them at once would need twice the memory.
bool leaves_room(const OpenFile& file) {
    return file.collected && !file.collected->unpacked() &&
           file.collected->bytes().size() > kLongBytes;
}
}  // namespace

void prepare(const mediation::Feed& feed, const catalog::Version& meters,
             const directory::Directory& directory, Instant arrived, UsageChunk& chunk) {
    const Timed timed(Stage::guide);
    mediation::validate(feed, arrived, chunk);
    mediation::guide(directory, chunk, feed.by_destination ? &meters : nullptr);
    if (feed.sent_by_edge()) mediation::suspend_shared(directory, chunk);
}

DecodeAhead::DecodeAhead(const mediation::Feed& feed, const catalog::Version& meters,
                         const directory::Directory& directory, KnownSources known, Instant arrived,
                         std::span<const std::filesystem::path> files)
    : feed_(feed),
      meters_(meters),
      directory_(directory),
      known_(std::move(known)),
      arrived_(arrived),
      thread_([this, files] { work(files); }) {}

DecodeAhead::~DecodeAhead() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void DecodeAhead::work(std::span<const std::filesystem::path> files) {
    std::future<std::shared_ptr<OpenFile>> next;
    for (std::size_t i = 0; i < files.size() && !stopped(); ++i) {
        const auto file = next.valid() ? next.get() : open(files[i]);
        if (i + 1 < files.size() && leaves_room(*file))
            next = std::async(std::launch::async, [&, i] { return open(files[i + 1]); });
        read(file);
    }
    {
        const std::lock_guard lock(mutex_);
        done_ = true;
    }
    changed_.notify_all();
}

bool DecodeAhead::stopped() {
    const std::lock_guard lock(mutex_);
    return stop_;
}

void DecodeAhead::read(const std::shared_ptr<OpenFile>& file) {
    const bool usage = feed_.kind == mediation::Feed::Kind::usage;
    const bool decodes = usage && !file->error && !file->seal.rejected;
    Known at{0, arrived_};
    if (decodes) {
        const auto known = known_.find({file->path.string(), file->collected->hash()});
        if (known != known_.end()) at = known->second;
    }
    if (!push({Step::Kind::begin, file, nullptr, at.position})) return;
    if (decodes) {
        file->decoder =
            std::make_unique<mediation::Decoder>(feed_, meters_, file->collected->bytes());
        file->decoder->skip_to(at.position);
        auto chunk = spare();
        while (decode(*file->decoder, *chunk)) {
            prepare(feed_, meters_, directory_, at.position > 0 ? at.arrived : arrived_, *chunk);
            const std::int64_t position = file->decoder->position();
            if (!push({Step::Kind::chunk, file, std::move(chunk), position})) return;
            chunk = spare();
        }
        give_back(std::move(chunk));
    }
    push({Step::Kind::end, file, nullptr, 0});
}

std::shared_ptr<OpenFile> DecodeAhead::open(const std::filesystem::path& path) const {
    auto file = std::make_shared<OpenFile>();
    file->path = path;
    collect(*file);
    return file;
}

void DecodeAhead::collect(OpenFile& file) const {
    std::optional<Timed> timed(Stage::open);
    auto collected = mediation::Collected::open(file.path, feed_.unpacked_max);
    if (!collected) {
        file.error = std::move(collected).error();
        return;
    }
    file.collected = *std::move(collected);
    const std::string_view bytes = file.collected->bytes();
    timed.emplace(Stage::count);
    file.seal = mediation::seal(feed_, bytes);
    file.collected->read_up_to(bytes.data() + bytes.size());
}

bool DecodeAhead::decode(mediation::Decoder& decoder, UsageChunk& chunk) const {
    const Timed timed(Stage::decode);
    return decoder.next(chunk, records_max_);
}

std::unique_ptr<UsageChunk> DecodeAhead::spare() {
    const std::lock_guard lock(mutex_);
    if (spare_.empty()) return std::make_unique<UsageChunk>();
    auto chunk = std::move(spare_.back());
    spare_.pop_back();
    return chunk;
}

void DecodeAhead::give_back(Step step) {
    if (!step.chunk->raw.empty()) step.file->collected->read_up_to(step.chunk->raw.back().data());
    give_back(std::move(step.chunk));
}

void DecodeAhead::give_back(std::unique_ptr<UsageChunk> chunk) {
    const std::lock_guard lock(mutex_);
    spare_.push_back(std::move(chunk));
}

// Waits while enough chunks wait to be taken; false when nobody will take them any more.
bool DecodeAhead::push(Step step) {
    std::unique_lock lock(mutex_);
    const bool chunk = step.chunk != nullptr;
    changed_.wait(lock, [&] {
        return stop_ || (chunks_waiting_ + (chunk ? 1 : 0) <= mediation::kChunksAhead &&
                         steps_.size() < kStepsMax);
    });
    if (stop_) return false;
    chunks_waiting_ += chunk ? 1 : 0;
    steps_.push_back(std::move(step));
    lock.unlock();
    changed_.notify_all();
    return true;
}

std::optional<DecodeAhead::Step> DecodeAhead::next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !steps_.empty() || done_; });
    if (steps_.empty()) return std::nullopt;
    Step step = std::move(steps_.front());
    steps_.pop_front();
    if (step.chunk) chunks_waiting_ -= 1;
    lock.unlock();
    changed_.notify_all();
    return step;
}

}  // namespace farthing::engine
