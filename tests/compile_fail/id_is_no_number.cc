// Ids are not counted with.
#include "model/ids.h"

std::uint32_t next(farthing::AccountId account) {
#ifdef FORBIDDEN
    return account + 1;
#else
    return account.value + 1;
#endif
}
