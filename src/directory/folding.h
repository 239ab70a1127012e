// Folds stored facts into a Directory, some at a time: read by the million they never stand there
// twice.
#pragma once

#include <vector>

#include "base/error.h"
#include "base/time_zone.h"
#include "directory/directory.h"
#include "model/directory_facts.h"

namespace farthing::directory {

class Folding {
  public:
    // `most`: how many facts of each kind come; no id is greater.
    Folding(TimeZone zone, const FactCounts& most);
    // Takes what it keeps out of them. REQUIRES: all of one kind come before the first of the next,
    // in the order of the members of DirectoryFacts.
    Result<void> add(DirectoryFacts& some);
    // Refuses what Directory::fold refuses. Once.
    Result<Directory> finish();

  private:
    Directory directory_;
    FactCounts most_;
    std::vector<bool> identified_;  // by subscription: whether it has had an identity
};

}  // namespace farthing::directory
