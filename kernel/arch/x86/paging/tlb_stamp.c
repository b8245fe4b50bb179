/* The numbers of the PKMap's flushes: see tlb_stamp.h. */
#include "arch/x86/paging/tlb_stamp.h"

DEFINE_PER_CPU(u32, tlb_seen);

static atomic_t last_stamp;
static bool not_global;

void pkmap_not_global(void) { not_global = true; }

bool pkmap_is_global(void) { return !not_global; }

u32 tlb_stamp(void) { return atomic_fetch_add(&last_stamp, 1) + 1; }

u32 tlb_stamp_now(void) { return atomic_read(&last_stamp); }

void tlb_full_flush_done(u32 begun) { this_cpu_write(tlb_seen, begun); }

void tlb_cr3_load_done(u32 begun)
{
	if (not_global)
		this_cpu_write(tlb_seen, begun);
}

bool tlb_is_behind(u32 cpu, u32 stamp)
{
	return (s32)(READ_ONCE(*per_cpu(tlb_seen, cpu)) - stamp) < 0;
}
