// A narrowing from floating point is an error on our flags.
#include "model/quantity.h"

std::string shown(const farthing::Unit& byte) {
#ifdef FORBIDDEN
    return farthing::quantity_to_string(1.5, byte);
#else
    return farthing::quantity_to_string(1, byte);
#endif
}
