/* The console's last text: see log.h. */
#include "arch/x86/console/log.h"

#include "lib/compiler.h"

static char ring[LOG_BYTES];
static u32 end; /* number of the next byte */
static u32 kept;

void log_put(char c)
{
	ring[end++ % LOG_BYTES] = c;
	kept = MIN(kept + 1, LOG_BYTES);
}

u32 log_first(u32 number)
{
	u32 back = end - number;

	if (back <= kept)
		return number;
	return back >> 31 ? end : end - kept;
}

u32 log_read(u32 number, char *to, u32 n)
{
	u32 back = end - number;

	if (back > kept)
		return 0;
	n = MIN(n, back);
	for (u32 i = 0; i < n; i++)
		to[i] = ring[(number + i) % LOG_BYTES];
	return n;
}
