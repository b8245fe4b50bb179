/*
 * Time: which clock the others are measured by, the time-stamp counter, short waits.
 *
 * A reference is a counter whose rate its specification gives: the 8254 timer (PIT), the ACPI
 * timer.  Each is checked to be there and to count before it is believed.  The TSC is measured by
 * the first that is; the local APIC's timer by the TSC.
 */
#ifndef ARCH_X86_CLOCK_H
#define ARCH_X86_CLOCK_H

#include "lib/types.h"

/* Timer interrupts a second, on each CPU. */
#define HZ 100u

struct reference {
	const char *name;
	u32 hz;
	u32 mask;            /* the counter's width: all ones */
	bool (*start)(void); /* false: it is known not to be there */
	u32 (*read)(void);   /* rises, and wraps behind `mask` */
};

/* Counts of the TSC in a millisecond, once tsc_calibrate() has run. */
extern u32 tsc_khz;

/*
 * Measures the TSC by the first reference that counts, else takes what CPUID says of its rate, and
 * names the clocks that disagree by more than 10 %.  Panics if nothing tells the rate.  Step 7,
 * boot CPU, before any timer runs; some milliseconds.
 */
void tsc_calibrate(void);

/*
 * Counts a second of the rising counter(), by the TSC.  Several windows are measured and the
 * smallest counts: a virtual CPU that loses its turn only ever makes the count larger.  Interrupts
 * are off during each.  After tsc_calibrate().
 */
u32 measure_hz(u32 (*counter)(void));

/* Busy wait, with pause.  After tsc_calibrate(); at most a second. */
void udelay(u32 us);

#endif
