// An amount has a currency; a bare number has none.
#include "model/money.h"

farthing::Money twice(farthing::Money amount) {
#ifdef FORBIDDEN
    return amount + 1;
#else
    return amount;
#endif
}
