/*
 * The ACPI timer: counts 3.579545 MHz in a port that the FADT names.
 * Source: ACPI Specification 6.4, 4.8.3.3 (the timer), 5.2.9 (FADT).
 */
#include "arch/x86/irq/pm_timer.h"

#include "arch/x86/cpu/io.h"
#include "arch/x86/firmware/acpi.h"
#include "arch/x86/irq/clock.h"
#include "arch/x86/paging/fixmap.h"
#include "lib/compiler.h"

#define PM_TIMER_HZ 3579545u
/* Some timers have 32 bits; of those the lower 24 do as well. */
#define PM_TIMER_MASK 0xFFFFFFu
/* Of an ACPI 1.0 table. */
#define FADT_MIN_LENGTH 116u
#define FADT_TIMER_PORT 76u
#define FADT_TIMER_LENGTH 91u
/* The register as a "generic address": kind of space, then the address at byte 4. */
#define FADT_X_TIMER 208u
#define SPACE_IO 1u
/*
 * Chips of 1997 (PIIX4) may be read in the midst of a carry: two reads so far apart are no two
 * reads in a row.
 */
#define READ_JUMP 0x10000u
#define READ_TRIES 8u

static u16 port;

/* From the later field, if the table has it, else from the first one; 0: there is no timer. */
static u64 timer_port(phys_t fadt)
{
	struct {
		u8 space, width, offset, access;
		u64 address;
	} __packed x = { 0 };
	u32 length = 0, early = 0;
	u8 bytes = 0;

	phys_read(&length, fadt + 4, sizeof(length));
	phys_read(&early, fadt + FADT_TIMER_PORT, sizeof(early));
	phys_read(&bytes, fadt + FADT_TIMER_LENGTH, sizeof(bytes));
	if (length >= FADT_X_TIMER + sizeof(x))
		phys_read(&x, fadt + FADT_X_TIMER, sizeof(x));
	if (x.space == SPACE_IO && x.address)
		return x.address;
	return bytes == sizeof(u32) ? early : 0;
}

static bool pm_timer_start(void)
{
	phys_t fadt = acpi_find("FACP", "FADT", FADT_MIN_LENGTH);
	u64 found = fadt ? timer_port(fadt) : 0;

	if (!found || found > 0xFFFC)
		return false;
	port = (u16)found;
	return true;
}

static u32 pm_timer_read(void)
{
	u32 before, now = inl(port);

	for (u32 i = 0; i < READ_TRIES; i++) {
		before = now;
		now = inl(port);
		if (((now - before) & PM_TIMER_MASK) < READ_JUMP)
			break;
	}
	return now & PM_TIMER_MASK;
}

const struct reference pm_timer_reference = {
	.name = "the ACPI timer",
	.hz = PM_TIMER_HZ,
	.mask = PM_TIMER_MASK,
	.start = pm_timer_start,
	.read = pm_timer_read,
};
