/* A failed assertion ends the program. */
#include "lib/assert.h"

#include "user/lib/print.h"
#include "user/lib/start.h"

#define STATUS_PANIC 127

void panic_at(const struct panic_site *site, const char *fmt, ...)
{
	va_list args;

	printf("%s:%d: %s: ", site->file, site->line, site->function);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	exit(STATUS_PANIC);
}
