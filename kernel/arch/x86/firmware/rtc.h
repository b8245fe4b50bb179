/*
 * The PC's real-time clock, for the date at boot.
 * Source: MC146818A datasheet; the century register where the ACPI FADT names it.
 */
#ifndef ARCH_X86_RTC_H
#define ARCH_X86_RTC_H

#include "lib/types.h"

/*
 * Seconds since 1970-01-01, as the clock shows it, which is UTC on servers and in QEMU; 0 if there
 * is no clock, or what it shows is no date.  Takes up to a few milliseconds.
 */
u64 rtc_read(void);

#endif
