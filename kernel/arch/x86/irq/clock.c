/* Which clock measures which: see clock.h. */
#include "arch/x86/irq/clock.h"

#include "arch/x86/console/console.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/irq/pit.h"
#include "arch/x86/irq/pm_timer.h"
#include "lib/assert.h"

#define WINDOW_US 2000u
#define WINDOWS 5u
/*
 * What may pass while a reference that counts gets through a window: 13 times as much as at 10 GHz.
 * The TSC itself always passes: start.asm has checked that there is one.
 */
#define WINDOW_TSC_MAX (1u << 28)
/* A TSC at another rate is none: emulators have slow ones. */
#define TSC_HZ_MIN 1000000u
#define TSC_HZ_MAX 100000000000ull
#define DISAGREE_PERCENT 10u

/* CPUID (SDM vol. 2): ratio of TSC and crystal; base frequency. */
#define LEAF_CRYSTAL 0x15u
#define LEAF_FREQUENCY 0x16u
/*
 * The hypervisors' leaves, of which 0x40000010 gives the TSC's kHz (VMware's proposal of 2008,
 * followed by others).
 */
#define LEAF_HYPERVISOR 0x40000000u
#define LEAF_HYPERVISOR_TSC 0x40000010u

u32 tsc_khz;

static const struct reference *const references[] = { &pit_reference, &pm_timer_reference };

/* What somebody says of the TSC's rate; hz 0: nothing. */
struct opinion {
	const char *who;
	u64 hz;
};

/*
 * The TSC's counts a second, from one window of the reference; 0 if that does not get through it.
 * The TSC is read before the first look at the reference and after the last one, so a virtual CPU
 * that loses its turn between two reads makes the result too large, never too small; so does a
 * reference that has wrapped meanwhile.
 */
static u64 window_hz(const struct reference *clock)
{
	u32 window = clock->hz / (1000000 / WINDOW_US), passed = 0;
	u64 start = rdtsc(), now = start;
	u32 first = clock->read();

	while (passed < window && now - start <= WINDOW_TSC_MAX) {
		cpu_relax();
		/*
		 * In this order: what has passed is looked at once more after the last look at the
		 * bound.
		 */
		now = rdtsc();
		passed = (clock->read() - first) & clock->mask;
	}
	return passed && passed >= window ? (rdtsc() - start) * clock->hz / passed : 0;
}

/* The smallest of some windows; 0 if the reference is not there, or does not count. */
static u64 tsc_hz_by(const struct reference *clock)
{
	u64 smallest = UINT64_MAX;

	if (!clock->start())
		return 0;
	for (u32 i = 0; i < WINDOWS && smallest; i++) {
		u32 flags = irq_save();
		u64 hz = window_hz(clock);

		/* Nobody else runs yet, and an interrupt in the window would be counted. */
		irq_time_discard();
		irq_restore(flags);
		smallest = MIN(smallest, hz);
	}
	return smallest;
}

/* CPUID's leaf if the CPU has it, else all zero. */
static struct cpuid leaf_up_to(u32 base, u32 leaf)
{
	return cpuid(base).eax >= leaf ? cpuid(leaf) : (struct cpuid){ 0 };
}

static u64 hz_by_crystal(void)
{
	struct cpuid ratio = leaf_up_to(0, LEAF_CRYSTAL);

	return ratio.eax ? (u64)ratio.ecx * ratio.ebx / ratio.eax : 0;
}

static u64 hz_by_hypervisor(void)
{
	return cpu_features.hypervisor
		       ? (u64)leaf_up_to(LEAF_HYPERVISOR, LEAF_HYPERVISOR_TSC).eax * 1000
		       : 0;
}

static u64 hz_by_base_frequency(void)
{
	return (u64)(leaf_up_to(0, LEAF_FREQUENCY).eax & 0xFFFF) * 1000000;
}

static void name_disagreement(struct opinion chosen, struct opinion other)
{
	u64 larger = MAX(chosen.hz, other.hz), smaller = MIN(chosen.hz, other.hz);

	if (other.hz && larger - smaller > larger / 100 * DISAGREE_PERCENT)
		pr_warn("TSC: %llu kHz by %s, but %llu kHz by %s: the first is used\n",
			chosen.hz / 1000, chosen.who, other.hz / 1000, other.who);
}

/* An opinion that cannot be is none. */
static struct opinion judged(const char *who, u64 hz)
{
	return (struct opinion){ who, hz >= TSC_HZ_MIN && hz <= TSC_HZ_MAX ? hz : 0 };
}

static void use_first(const struct opinion *opinions, u32 n)
{
	u32 first = 0;

	while (first < n && !opinions[first].hz)
		first++;
	if (first == n)
		panic("no clock: neither the 8254 timer nor an ACPI timer counts, and CPUID does not tell the TSC's rate");
	for (u32 i = first + 1; i < n; i++)
		name_disagreement(opinions[first], opinions[i]);
	tsc_khz = (u32)(opinions[first].hz / 1000);
	pr_info("TSC: %u.%03u MHz by %s\n", tsc_khz / 1000, tsc_khz % 1000, opinions[first].who);
}

void tsc_calibrate(void)
{
	struct opinion opinions[ARRAY_SIZE(references) + 3];
	u32 n = 0;

	for (u32 i = 0; i < ARRAY_SIZE(references); i++) {
		opinions[n] = judged(references[i]->name, tsc_hz_by(references[i]));
		if (!opinions[n++].hz)
			pr_notice("%s: not there, or does not count\n", references[i]->name);
	}
	opinions[n++] = judged("CPUID's crystal", hz_by_crystal());
	opinions[n++] = judged("the hypervisor", hz_by_hypervisor());
	opinions[n++] = judged("CPUID's base frequency", hz_by_base_frequency());
	use_first(opinions, n);
}

static u64 us_to_tsc(u32 us) { return (u64)us * tsc_khz / 1000; }

/* As in window_hz(): a lost turn makes it too large. */
static u64 counter_window(u32 (*counter)(void))
{
	u32 first = counter();
	u64 start = rdtsc(), passed;

	while ((passed = rdtsc() - start) < us_to_tsc(WINDOW_US))
		cpu_relax();
	return (u64)(counter() - first) * tsc_khz / passed * 1000;
}

u32 measure_hz(u32 (*counter)(void))
{
	u64 smallest = UINT32_MAX;

	for (u32 i = 0; i < WINDOWS; i++) {
		u32 flags = irq_save();
		u64 hz = counter_window(counter);

		irq_time_discard();
		irq_restore(flags);
		smallest = MIN(smallest, hz);
	}
	return (u32)smallest;
}

void udelay(u32 us)
{
	u64 start = rdtsc();

	ASSERT(tsc_khz, "udelay(%u) before the TSC was measured", us);
	while (rdtsc() - start < us_to_tsc(us))
		cpu_relax();
}
