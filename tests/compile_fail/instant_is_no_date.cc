// A day and a point in time differ by a time zone.
#include "base/time_zone.h"

farthing::Date day(const farthing::TimeZone& zone, farthing::Instant instant) {
#ifdef FORBIDDEN
    return instant;
#else
    return zone.date_of(instant);
#endif
}
