/* Flushes of the PKMap, and who owes one: see tlb_idle.h. */
#include "arch/x86/paging/tlb_idle.h"

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/smp/smp.h"
#include "arch/x86/paging/tlb.h"
#include "arch/x86/hooks/tlb_shadow.h"
#include "lib/bitops.h"

atomic_t cpu_idle_mask;
DEFINE_PER_CPU(u32, is_idle);
DEFINE_PER_CPU(u32, tlb_seen);

static atomic_t last_stamp;
static bool not_global;

void pkmap_not_global(void)
{
	not_global = true;
}

bool pkmap_is_global(void)
{
	return !not_global;
}

u32 tlb_stamp(void)
{
	return atomic_fetch_add(&last_stamp, 1) + 1;
}

u32 tlb_stamp_now(void)
{
	return atomic_read(&last_stamp);
}

void tlb_full_flush_done(u32 begun)
{
	this_cpu_write(tlb_seen, begun);
}

void tlb_cr3_load_done(u32 begun)
{
	if (not_global)
		this_cpu_write(tlb_seen, begun);
}

static bool is_behind(u32 cpu, u32 stamp)
{
	return (s32)(READ_ONCE(*per_cpu(tlb_seen, cpu)) - stamp) < 0;
}

static void flush_here(void)
{
	if (not_global)
		local_flush_tlb_user();
	else
		local_flush_tlb_all();
}

static void flush_called(void *unused)
{
	(void)unused;
	flush_here();
}

void tlb_flush_past(u32 stamp)
{
	u32 behind = 0;

	/* The other side of the idle bits is idle_leave(); tlb_stamp() was the barrier. */
	for (u32 left = cpus_online() & ~atomic_read(&cpu_idle_mask); left; left &= left - 1)
		if (is_behind(lowest_bit(left), stamp))
			behind |= left & -left;
	if (!behind)
		return;
	shadow_round(behind, CALLER());
	if (behind & ~(1u << smp_processor_id()))
		this_cpu_inc(tlb_stats.rounds);
	smp_call(behind, flush_called, NULL);
}

void idle_enter(void)
{
	this_cpu_write(is_idle, 1);
	atomic_or(&cpu_idle_mask, 1u << smp_processor_id());
}

void idle_leave(void)
{
	atomic_and(&cpu_idle_mask, ~(1u << smp_processor_id()));
	if (this_cpu_read(tlb_seen) != tlb_stamp_now())
		flush_here();
	this_cpu_write(is_idle, 0);
}

u32 idle_or_paying(void)
{
	u32 mask = 0;

	for (u32 left = cpus_online(); left; left &= left - 1)
		if (READ_ONCE(*per_cpu(is_idle, lowest_bit(left))))
			mask |= left & -left;
	return mask;
}
