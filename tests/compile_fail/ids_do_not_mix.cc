// An account is not a subscription.
#include "model/ids.h"

bool same(farthing::AccountId account, farthing::SubscriptionId subscription) {
#ifdef FORBIDDEN
    return account == subscription;
#else
    return account.value == subscription.value;
#endif
}
