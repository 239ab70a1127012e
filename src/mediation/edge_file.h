// What an edge sends: a delimited file of chargeable records between lines of control totals, so
// that the centre can prove what never travelled. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "mediation/decode.h"
#include "mediation/feed.h"

namespace farthing::mediation {

// Where every record went that an edge received since it began.
// received = aggregated + held + duplicate + suspended + filtered.
struct EdgeTotals {
    std::int64_t records = 0;  // that were sent
    std::int64_t received = 0;
    std::int64_t aggregated = 0;  // parts of the records that were sent
    std::int64_t held = 0;        // parts of windows that are still open
    std::int64_t duplicate = 0;
    std::int64_t suspended = 0;  // set aside at the edge, with their reasons
    std::int64_t filtered = 0;
    bool closes() const { return received == aggregated + held + duplicate + suspended + filtered; }
    bool operator==(const EdgeTotals&) const = default;
};

// The control lines of one file.
struct EdgeControl {
    std::string edge;         // its name
    std::int64_t number = 0;  // of the file, from 1 without a gap
    std::string policy;       // version of what it aggregates by
    std::int64_t records = 0;
    std::int64_t parts = 0;
    std::uint64_t digest = 0;                                     // sum of the records'
    std::map<std::string, std::int64_t, std::less<>> quantities;  // by service
    EdgeTotals total;
    bool operator==(const EdgeControl&) const = default;
};

struct EdgeRecord {
    std::string service;
    IdentityKind kind = IdentityKind::device;
    std::string identity;
    Instant first;
    Instant last;
    std::int64_t quantity = 0;
    std::int64_t parts = 0;
    std::uint64_t digest = 0;
    NetworkKey network;
    std::string called;
    std::string calling;
    std::int64_t reading[2] = {0, 0};
};

// A file under construction.
class EdgeFile {
  public:
    // REQUIRES: the feed aggregates.
    EdgeFile(const Feed& feed, EdgeControl control);
    void add(const EdgeRecord& record);
    // The whole file. `total`: what the edge came to with it.
    std::string finish(const EdgeTotals& total);
    std::int64_t parts() const { return control_.parts; }

  private:
    const Feed& feed_;
    EdgeControl control_;
    std::string rows_;
};
// "gw-7-000012.csv"
std::string edge_file_name(const std::string& edge, std::int64_t number);
// Letters, digits, dots, hyphens and underscores, with a letter or digit in front.
bool is_edge_name(std::string_view name);

// The control lines as one text, and back; nullopt where it is none.
std::string control_text(const EdgeControl& control);
std::optional<EdgeControl> read_control(std::string_view text);
// Reads the control lines of a file and compares them with its records. Rejects the seal where they
// differ. REQUIRES: the feed is one of what an edge sent.
void seal_edge_file(const Feed& feed, std::string_view bytes, Seal& seal);

// The description by which the centre reads what an edge sends that aggregates by `feed`.
std::string feed_of_edge(const Feed& feed);

}  // namespace farthing::mediation
