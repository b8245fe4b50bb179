/* The longest sections with interrupts off: see irq_time.h. */
#include "kernel/debug/irq_time.h"

#include "arch/x86/console/console.h"
#include "arch/x86/console/place.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/percpu.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/hooks/irq_time.h"
#include "arch/x86/smp/cpumask.h"

/* Changed by its own CPU with interrupts off. */
struct irq_time {
	u64 since; /* TSC; 0: interrupts are on, or have been off from the start */
	uintptr_t from;
	uintptr_t to; /* set by irq_time_to() for the end that follows */
	struct irq_section longest;
};
static DEFINE_PER_CPU(struct irq_time, irq_time);

u32 irq_time_flags(void) { return read_eflags(); }

static void begin(u32 flags, uintptr_t from)
{
	struct irq_time *time = this_cpu(irq_time);

	if (!(flags & EFLAGS_IF) || !cpu_features.tsc)
		return;
	time->from = from;
	time->since = rdtsc();
}

static void end(uintptr_t to)
{
	struct irq_time *time = this_cpu(irq_time);
	u64 ticks;

	if (!time->since)
		return;
	ticks = rdtsc() - time->since;
	time->since = 0;
	if (ticks > time->longest.ticks)
		time->longest = (struct irq_section){
			.ticks = ticks, .from = time->from, .to = time->to ? time->to : to
		};
	time->to = 0;
}

void irq_time_begins(u32 flags) { begin(flags, CALLER()); }

void irq_time_ends(void) { end(CALLER()); }

void irq_time_from(u32 flags, uintptr_t caller)
{
	if (flags & EFLAGS_IF)
		this_cpu(irq_time)->from = caller;
}

void irq_time_to(u32 flags, uintptr_t caller)
{
	if (flags & EFLAGS_IF)
		this_cpu(irq_time)->to = caller;
}

void irq_time_discard(void) { this_cpu(irq_time)->since = 0; }

struct irq_section irq_time_exchange(struct irq_section section)
{
	u32 flags = irq_save();
	struct irq_time *time = this_cpu(irq_time);
	struct irq_section former = time->longest;

	time->longest = section;
	irq_restore(flags);
	return former;
}

void irq_time_trap(const struct trapframe *frame) { begin(frame->eflags, frame->vector); }

void irq_time_return(const struct trapframe *frame)
{
	if (frame->eflags & EFLAGS_IF)
		end(frame->vector);
}

static struct place end_of(uintptr_t place)
{
	struct place text;

	if (place >= VECTORS)
		return place_of(place);
	snprintf(text.text, sizeof(text.text), "vector 0x%02x", (u32)place);
	return text;
}

static void report_section(u32 cpu, const struct irq_section *longest)
{
	console_printf(
		"# longest section with interrupts off: %llu ticks, from %s to %s on CPU %u\n",
		longest->ticks, end_of(longest->from).text, end_of(longest->to).text, cpu);
}

/* What other CPUs have may change while it is printed: the figures of one that is idle do not. */
void irq_time_report(void)
{
	for_each_cpu(cpu, cpus_with_copy()) {
		struct irq_section longest = per_cpu(irq_time, cpu)->longest;

		if (longest.ticks)
			report_section(cpu, &longest);
	}
}
