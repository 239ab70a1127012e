// Which of a feed's numbered files came, and which are missing. Nothing is kept but the files
// themselves: the state is told anew from those that were taken in, in the order they came.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mediation/feed.h"

namespace farthing::mediation {

// The numbers of one run of files; a feed has several where `sequence` names them apart.
class FileSequence {
  public:
    // REQUIRES: feed.files is given.
    explicit FileSequence(const Feed& feed);

    // A file that was taken in. `whole`: it was not refused; a refused one leaves its number open.
    // False: its name holds no number.
    bool add(std::string_view file_name, bool whole);

    struct Gap {  // numbers as the files carry them, both inclusive
        std::int64_t first = 0;
        std::int64_t last = 0;
        bool refused = false;  // a file with that number came and was refused
        std::string to_string() const;
    };
    struct Run {
        std::string name;  // of the run; empty where there is only one
        std::int64_t first = 0;
        std::int64_t last = 0;
        std::int64_t came = 0;
        std::vector<Gap> missing;
    };
    std::vector<Run> runs() const;

  private:
    // Numbers as if they never began again: each is the one nearest to the highest before it.
    struct Seen {
        std::set<std::int64_t> whole;
        std::set<std::int64_t> refused;
        std::optional<std::int64_t> highest;
    };
    std::int64_t unwrapped(std::int64_t number, const Seen& seen) const;
    std::int64_t as_named(std::int64_t unwrapped) const;
    Run run_of(const std::string& name, const Seen& seen) const;

    std::regex pattern_;
    std::optional<std::int64_t> start_;
    std::int64_t first_ = 0;
    std::int64_t span_ = 0;  // how many numbers there are; 0: they never begin again
    std::map<std::string, Seen, std::less<>> seen_;
};

}  // namespace farthing::mediation
