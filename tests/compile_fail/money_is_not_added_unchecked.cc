// A sum can overflow and its parts can have different currencies: checked_add says so.
#include "model/money.h"

std::optional<farthing::Money> sum(const farthing::Money& a, const farthing::Money& b) {
#ifdef FORBIDDEN
    return a + b;
#else
    return checked_add(a, b);
#endif
}
