// Where a test may stop the process: before and after every write that matters.
#pragma once

namespace farthing::store {

// The n-th call ends the process with SIGKILL, n from the environment variable FARTHING_CRASH_AT;
// without it, nothing. FARTHING_CRASH_COUNT_FILE names a file that gets, when the process ends by
// itself, how many points it passed.
void crash_point();

}  // namespace farthing::store
