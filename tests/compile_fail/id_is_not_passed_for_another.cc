// Billing the wrong customer begins with an id in the wrong place.
#include "model/ids.h"

void bill(farthing::AccountId account);

void run(farthing::SubscriptionId subscription, farthing::AccountId account) {
    bill(account);
#ifdef FORBIDDEN
    bill(subscription);
#endif
    (void)subscription;
}
