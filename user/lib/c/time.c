/* The clock. */
#include "user/lib/c/time.h"

#include "user/lib/c/stdlib.h"

#define SECOND 1000000u

u32 time_now(void)
{
	const char *booted = getenv("BOOTED");

	return (booted ? (u32)strtol(booted, NULL, 10) : 0) + (u32)(uptime_us() / SECOND);
}
