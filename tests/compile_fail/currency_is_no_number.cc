// Only the table makes currencies.
#include "model/currency.h"

farthing::Currency euro() {
#ifdef FORBIDDEN
    return farthing::Currency(978);
#else
    return *farthing::Currency::named("EUR");
#endif
}
