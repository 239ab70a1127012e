#include "model/money.h"

farthing::Money price(farthing::Currency currency) {
#ifdef FORBIDDEN
    return {0.5, currency};
#else
    return {5, currency};
#endif
}
