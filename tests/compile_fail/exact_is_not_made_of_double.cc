// 0.1 in binary is not 0.1.
#include "base/exact.h"

farthing::Exact price() {
#ifdef FORBIDDEN
    return farthing::Exact(0.1);
#else
    return farthing::Exact(1, 10);
#endif
}
