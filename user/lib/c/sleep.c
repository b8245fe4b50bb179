/* How long it runs, and waiting. */
#include "lib/compiler.h"
#include "user/lib/c/time.h"
#include "user/lib/c/unistd.h"
#include "user/lib/calls.h"
#include "user/lib/layout.h"

#define SECOND 1000000u

u64 uptime_us(void)
{
	struct result clock = sys_ctl(0, SYS_CLOCK, 0, 0);

	return clock.word0 | (u64)clock.word1 << 32;
}

/* On a notification that nobody raises.  A child of fork has none yet. */
static void wait(u32 microseconds)
{
	if (notify_wait(SLOT_CLOCK, 1, microseconds).error != EBADH)
		return;
	obj_create(0, SLOT_CLOCK, KIND_NOTIFICATION, 0, 0, 0);
	notify_wait(SLOT_CLOCK, 1, microseconds);
}

static void wait_until(u64 when)
{
	for (u64 now = uptime_us(); now < when; now = uptime_us())
		wait((u32)MIN(when - now, (u64)TIMEOUT_NEVER - 1));
}

unsigned sleep(unsigned seconds)
{
	wait_until(uptime_us() + (u64)seconds * SECOND);
	return 0;
}

int usleep(unsigned microseconds)
{
	wait_until(uptime_us() + microseconds);
	return 0;
}
