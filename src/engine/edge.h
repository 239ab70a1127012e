// What runs beside a gateway: reads records, makes windows of them by a feed's policy, keeps them,
// and sends files of chargeable records with control totals. Killed at any moment, it loses nothing
// and sends nothing twice.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace farthing::engine {

struct EdgeSettings {
    std::string policy_path;       // as it is told in errors
    std::string policy;            // the text that `edge_policy` gives
    std::string name;              // of this edge, unique at the centre
    std::filesystem::path folder;  // what it remembers
    std::filesystem::path out;     // where files for the centre appear, whole
};

struct EdgeReport {
    std::string edge;
    std::int64_t files = 0;  // taken in by this run
    std::int64_t again = 0;  // consumed before and left alone
    std::vector<Report::Refused> refused;
    std::vector<std::string> sent;  // names of files that this run sent
    // Since the edge began: received = aggregated + held + duplicate + suspended + filtered.
    std::int64_t records = 0;
    std::int64_t received = 0;
    std::int64_t aggregated = 0;
    std::int64_t held = 0;
    std::int64_t duplicate = 0;
    std::int64_t suspended = 0;
    std::int64_t filtered = 0;
    std::int64_t windows_open = 0;
};

class Edge {
  public:
    static Result<std::unique_ptr<Edge>> open(EdgeSettings settings, Clock clock);
    ~Edge();

    Result<void> take_files(std::span<const std::filesystem::path> files);
    // A record is a line. `durable` is called with the number of records of the stream that a crash
    // can't lose any more; a sender that sends the others again loses and doubles nothing.
    using OnDurable = std::function<void(std::int64_t records)>;
    Result<void> take_stream(int descriptor, const OnDurable& durable);
    // Sends what is still open: windows of which more may come become a second record then.
    Result<void> send_all();
    EdgeReport report() const;

  private:
    struct State;
    explicit Edge(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace farthing::engine
