/* Time, as in <time.h>. */
#ifndef USER_LIB_C_TIME_H
#define USER_LIB_C_TIME_H

#include "lib/types.h"

/* Seconds since 1970 began, and microseconds since boot. */
u32 time_now(void);
u64 uptime_us(void);

struct tm {
	int tm_sec, tm_min, tm_hour, tm_mday, tm_mon, tm_year, tm_wday, tm_yday;
};
struct tm *gmtime_r(const u32 *seconds, struct tm *tm);

#endif
