// A switch over a reason must know each of them: a new reason does not compile until it is handled.
#include "model/outcome.h"

int weight(farthing::Outcome outcome) {
    switch (outcome) {
        case farthing::Outcome::rated:
        case farthing::Outcome::zero_rated:
        case farthing::Outcome::aggregated:
        case farthing::Outcome::pending:
        case farthing::Outcome::open_partial:
        case farthing::Outcome::duplicate:
        case farthing::Outcome::suspended:
        case farthing::Outcome::filtered: return 1;
#ifndef FORBIDDEN
        case farthing::Outcome::rejected: return 0;
#endif
    }
    return 2;
}
