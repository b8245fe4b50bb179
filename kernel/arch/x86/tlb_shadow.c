/* The visible TLB: see tlb_shadow.h.  Empty without CONFIG_DEBUG. */
#include "arch/x86/tlb_shadow.h"

#ifdef CONFIG_DEBUG

#include "arch/x86/layout.h"
#include "arch/x86/panic.h"
#include "arch/x86/smp.h"
#include "arch/x86/tlb.h"
#include "lib/assert.h"

/* The addresses whose mappings change: from the lowest place that vmalloc can begin to the top. */
#define SHADOW_BASE (VMALLOC_END - VMALLOC_MAX)
#define SHADOW_PAGES ((0u - SHADOW_BASE) >> PAGE_SHIFT)

/* One page of kernel addresses whose entry was cleared. */
struct shadow_page {
	u32 since;	  /* when; 0: never */
	u32 invalidated;  /* CPUs that have done an invlpg for it since */
	uintptr_t caller; /* who cleared it */
};

static struct shadow_page shadow_page[SHADOW_PAGES];
static atomic_t shadow_time = ATOMIC_INIT(1);

/* When each CPU last began to drop everything, and everything that is not Global. */
static u32 full_at[NR_CPUS], load_at[NR_CPUS];

static struct shadow_page *page_of(uintptr_t address)
{
	return address >= SHADOW_BASE ? &shadow_page[(address - SHADOW_BASE) >> PAGE_SHIFT] : NULL;
}

void shadow_unmapped(uintptr_t address)
{
	struct shadow_page *page = page_of(address);

	page->invalidated = 0;
	page->caller = CALLER();
	smp_wmb();
	WRITE_ONCE(page->since, atomic_fetch_add(&shadow_time, 1) + 1);
}

u32 shadow_flush_begins(void)
{
	return atomic_read(&shadow_time);
}

void shadow_full_flush(u32 begun)
{
	full_at[smp_processor_id()] = load_at[smp_processor_id()] = begun;
}

void shadow_cr3_load(u32 begun, bool global_enabled)
{
	load_at[smp_processor_id()] = begun;
	if (!global_enabled)
		full_at[smp_processor_id()] = begun;
}

void shadow_invlpg(uintptr_t address)
{
	struct shadow_page *page = page_of(address);

	if (page)
		__atomic_fetch_or(&page->invalidated, 1u << smp_processor_id(), __ATOMIC_RELAXED);
}

/* The first CPU of `cpus` for which `clean` does not hold; NR_CPUS: none. */
static u32 first_that_owes(u32 cpus, u32 since, bool global, u32 invalidated)
{
	for (u32 cpu = 0; cpu < NR_CPUS; cpu++) {
		u32 flushed = global ? full_at[cpu] : MAX(full_at[cpu], load_at[cpu]);

		if ((cpus & (1u << cpu)) && !(invalidated & (1u << cpu)) && (s32)(flushed - since) < 0)
			return cpu;
	}
	return NR_CPUS;
}

static const char *name_of(uintptr_t caller)
{
	u32 offset;

	return symbol_name(caller, &offset);
}

void shadow_check_reuse(uintptr_t address, u32 cpus)
{
	const struct shadow_page *page = page_of(address);
	u32 cpu;

	/* Before the boot CPU is online (steps 0 to 3) it answers for itself. */
	cpus &= cpus_online() ? cpus_online() : 1u;
	if (!page->since)
		return;
	cpu = first_that_owes(cpus, page->since, true, page->invalidated);
	INVARIANT(7, cpu == NR_CPUS,
		  "visible TLB: address %x is handed out, but CPU %u may still translate it: unmapped at time %u by %s, "
		  "and that CPU last flushed in full at %u, loaded CR3 at %u",
		  (u32)address, cpu, page->since, name_of(page->caller), full_at[cpu], load_at[cpu]);
}

void shadow_check_range(uintptr_t start, uintptr_t end)
{
	for (uintptr_t address = start; address < end; address += PAGE_SIZE)
		shadow_check_reuse(address, ~0u);
}

void debt_owe(struct tlb_debt *debt, const struct mm_tlb *mm)
{
	smp_mb(); /* the stores to the tables come before the look at who uses them, as in flush_tlb_mm() */
	debt->cpus |= atomic_read(&mm->cpus);
	debt->caller = CALLER();
	debt->since = atomic_fetch_add(&shadow_time, 1) + 1;
}

void debt_check(const struct tlb_debt *debt, const char *what)
{
	u32 cpu = first_that_owes(debt->cpus & cpus_online(), debt->since, false, 0);

	INVARIANT(40, cpu == NR_CPUS,
		  "visible TLB: %s would be used again, but CPU %u may still hold it: cleared at time %u by %s, and that CPU last "
		  "flushed in full at %u, loaded CR3 at %u",
		  what, cpu, debt->since, name_of(debt->caller), full_at[cpu], load_at[cpu]);
}

#endif
