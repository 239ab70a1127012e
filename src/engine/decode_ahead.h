// Reads, unpacks, seals, decodes and guides files on a thread of its own, ahead of the batch that
// takes their chunks: two cores work on one import, and everything still comes in the order of the
// files.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/state.h"
#include "mediation/collect.h"
#include "mediation/decode.h"
#include "model/usage.h"

namespace farthing::engine {

// One file as it was read. Its chunks point into it.
struct OpenFile {
    std::filesystem::path path;
    std::optional<mediation::Collected> collected;  // none: `error` says why
    std::optional<Error> error;
    mediation::Seal seal;
    std::unique_ptr<mediation::Decoder> decoder;
};

class DecodeAhead {
  public:
    // Where the sources of the feed stand, by path and content hash.
    struct Known {
        std::int64_t position = 0;
        Instant arrived;
    };
    using KnownSources = std::map<std::pair<std::string, std::string>, Known>;

    // A file begins (no chunk), goes on (a chunk) or ends (neither).
    struct Step {
        enum class Kind : std::uint8_t { begin, chunk, end } kind = Kind::begin;
        std::shared_ptr<OpenFile> file;
        std::unique_ptr<UsageChunk> chunk;
        std::int64_t position = 0;  // records of the file read with this step
    };

    // REQUIRES: feed, meters and directory outlive it and do not change meanwhile.
    DecodeAhead(const mediation::Feed& feed, const catalog::Version& meters,
                const directory::Directory& directory, KnownSources known, Instant arrived,
                std::span<const std::filesystem::path> files);
    ~DecodeAhead();

    // Chunks that are not read yet have so many records at most.
    void cut(std::size_t records) { records_max_ = records; }
    // The next step; none after the last file.
    std::optional<Step> next();
    // A chunk that was read through: its columns are used again, and its part of the file may leave
    // memory. REQUIRES: the step has a chunk.
    void give_back(Step step);

  private:
    void work(std::span<const std::filesystem::path> files);
    bool stopped();
    void read(const std::shared_ptr<OpenFile>& file);
    std::shared_ptr<OpenFile> open(const std::filesystem::path& path) const;
    void collect(OpenFile& file) const;
    bool decode(mediation::Decoder& decoder, UsageChunk& chunk) const;
    bool push(Step step);
    void give_back(std::unique_ptr<UsageChunk> chunk);
    std::unique_ptr<UsageChunk> spare();

    const mediation::Feed& feed_;
    const catalog::Version& meters_;
    const directory::Directory& directory_;
    const KnownSources known_;
    const Instant arrived_;
    std::atomic<std::size_t> records_max_ = kChunkRecordsMax;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Step> steps_;
    std::size_t chunks_waiting_ = 0;
    std::vector<std::unique_ptr<UsageChunk>> spare_;
    bool done_ = false;
    bool stop_ = false;
    std::thread thread_;
};

// What is told from a record and the directory alone: limits, identity, content.
void prepare(const mediation::Feed& feed, const catalog::Version& meters,
             const directory::Directory& directory, Instant arrived, UsageChunk& chunk);

}  // namespace farthing::engine
