#include "base/exact.h"

bool is_free(const farthing::Exact& price) {
#ifdef FORBIDDEN
    return price == 0.0;
#else
    return price == 0;
#endif
}
