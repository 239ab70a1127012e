#include "base/decimal.h"

farthing::Decimal price() {
#ifdef FORBIDDEN
    return {0.1, 0};
#else
    return {1, 1};
#endif
}
