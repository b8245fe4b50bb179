/* The pool, and its model beside it: see pool.h. */
#include "pool.h"

#include "arch/x86/paging/tlb.h"
#include "arch/x86/paging/tlb_stamp.h"
#include "arch/x86/smp/cpumask.h"
#include "mm/boot/options.h"
#include "mm/boot/ram_layout.h"
#include "mm/pages/page_alloc.h"

#include <string.h>

#ifdef CONFIG_DEBUG
#define COUNTED 1u
#else
#define COUNTED 0u /* kmaps are counted for each thread in the debug build alone */
#endif

struct page *pool_page[POOL_PAGES];
u32 pool_pages;

static u32 mark(u32 i) { return page_to_pfn(pool_page[i]) ^ 0xA5A5A5A5u; }

static void new_page(u32 i)
{
	pool_page[i] = alloc_page(GFP_HIGHUSER);
	CHECK(pool_page[i] && page_is_high(pool_page[i]), "page %u", i);
	CHECK(PAGING_LEVELS == 2 || page_to_phys(pool_page[i]) >= GIB(4), "frame 0x%x",
		page_to_pfn(pool_page[i]));
	ram_set_word(page_to_pfn(pool_page[i]), 0, mark(i));
	slot_of[i] = NO_SLOT;
}

void pool_begin(u32 cpus, u32 tables, bool is_lazy)
{
	pfn_t high = PAGING_LEVELS == 3 ? 0x100100 : 0x3FF00;

	machine_new(cpus);
	mm_options.pkmap_tables = tables;
	mm_options.kmap_lazy = is_lazy;
	machine_ram(0, 0x9F);
	machine_ram(0x100, PAGING_LEVELS == 3 ? 0xA000 : 0x3000);
	machine_ram(high, high + 10240);
	machine_boot(7);
	CHECK_EQUAL(pkmap_slots, tables * LAST_PKMAP);
	pool_pages = pkmap_slots + LAST_PKMAP + 40;
	for (u32 i = 0; i < pool_pages; i++)
		new_page(i);
	memset(calls_to, 0, sizeof(calls_to));
	model_begin(is_lazy);
}

static void compare_stats(void)
{
	CHECK_EQUAL(kmap_stats.new_maps, model_stats.new_maps);
	CHECK_EQUAL(kmap_stats.revivals, model_stats.revivals);
	CHECK_EQUAL(kmap_stats.flushes, model_stats.flushes);
	CHECK_EQUAL(kmap_stats.reclaimed, model_stats.reclaimed);
	CHECK_EQUAL(pkmap_in_use, pool_in_use);
}

static void compare_cpus(void)
{
	for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++)
		if (cpus_online() & (1u << cpu)) {
			CHECK(calls_to[cpu] == model_cpu[cpu].calls,
				"CPU %u was interrupted %u times, model %u", cpu, calls_to[cpu],
				model_cpu[cpu].calls);
			CHECK(*per_cpu(tlb_seen, cpu) == model_cpu[cpu].seen,
				"CPU %u has flushed past %u, model %u", cpu,
				*per_cpu(tlb_seen, cpu), model_cpu[cpu].seen);
		}
}

void pool_compare(void)
{
	u32 where;
	const char *wrong = pkmap_check((int)pool_uses, &where);

	CHECK(!wrong, "slot %u: %s", where, wrong);
	for (u32 slot = 0; slot < pkmap_slots; slot++)
		CHECK(pkmap_count[slot] == slot_count[slot], "slot %u: count %d, model %d", slot,
			pkmap_count[slot], slot_count[slot]);
	for (u32 i = 0; i < pool_pages; i++)
		CHECK(page_address(pool_page[i]) ==
				(slot_of[i] == NO_SLOT ? 0 : PKMAP_ADDR(slot_of[i])),
			"page %u: address %lx, model slot %u", i,
			(unsigned long)page_address(pool_page[i]), slot_of[i]);
	compare_stats();
	compare_cpus();
	CHECK(tlbs_equal_tables(), "stale");
}

void pool_check_mark(const void *address, u32 i)
{
	u32 got = *(const volatile u32 *)address;

	CHECK(got == mark(i), "CPU %u reads 0x%x at %p, page %u holds 0x%x", running_cpu, got,
		address, i, mark(i));
}

void pool_read(u32 i) { pool_check_mark((void *)PKMAP_ADDR(slot_of[i]), i); }

void *pool_map(u32 i)
{
	void *address;

	kmaps_held = 0;
	address = kmap(pool_page[i]);
	CHECK_EQUAL(kmaps_held, COUNTED);
	CHECK(model_use(i), "page %u got %p, but no slot is free", i, address);
	CHECK(address == (void *)PKMAP_ADDR(slot_of[i]), "page %u got %p, expected slot %u", i,
		address, slot_of[i]);
	return address;
}

bool pool_try(u32 i)
{
	bool possible = model_use(i);
	void *address;

	kmaps_held = 1;
	address = kmap_try(pool_page[i]);
	CHECK_EQUAL(kmaps_held, 1 + (possible ? COUNTED : 0));
	CHECK(address == (possible ? (void *)PKMAP_ADDR(slot_of[i]) : NULL),
		"page %u got %p, expected slot %d", i, address, possible ? (int)slot_of[i] : -1);
	return possible;
}

void pool_unmap(u32 i)
{
	kmaps_held = COUNTED;
	kunmap(pool_page[i]);
	CHECK_EQUAL(kmaps_held, 0);
	model_drop(i);
}

static void pages_of(const u32 *which, u32 n, struct page **list)
{
	for (u32 i = 0; i < n; i++)
		list[i] = pool_page[which[i]];
}

void pool_map_many(const u32 *which, u32 n)
{
	static struct page *list[PKMAP_SLOTS_MAX];

	pages_of(which, n, list);
	kmaps_held = 0;
	CHECK_EQUAL(kmap_many(list, n), 0);
	CHECK_EQUAL(kmaps_held, n * COUNTED);
	CHECK(model_use_all(which, n), "%u pages were mapped, but there are no slots for all", n);
	for (u32 i = 0; i < n; i++)
		CHECK(page_address(pool_page[which[i]]) == PKMAP_ADDR(slot_of[which[i]]),
			"page %u is at %lx, expected slot %u", which[i],
			(unsigned long)page_address(pool_page[which[i]]), slot_of[which[i]]);
}

void pool_unmap_many(const u32 *which, u32 n)
{
	static struct page *list[PKMAP_SLOTS_MAX];

	pages_of(which, n, list);
	kmaps_held = n * COUNTED;
	kunmap_many(list, n);
	CHECK_EQUAL(kmaps_held, 0);
	for (u32 i = 0; i < n; i++)
		model_drop(which[i]);
}

void pool_free(u32 i)
{
	model_retire(i);
	free_page(pool_page[i]);
	CHECK_EQUAL(pool_page[i]->virtual, 0);
	new_page(i);
}

/* ---- CPUs ---- */

bool pool_is_idle(u32 cpu) { return model_cpu[cpu].idle; }

void pool_idle(u32 cpu)
{
	cpu_goes_idle(cpu);
	model_cpu[cpu].idle = true;
}

void pool_wake(u32 cpu)
{
	cpu_wakes(cpu);
	model_cpu[cpu].idle = false;
	model_flushed(cpu, true);
}

void pool_load_cr3(void)
{
	local_flush_tlb_user();
	model_flushed(running_cpu, false);
}

void pool_flush_all_here(void)
{
	local_flush_tlb_all();
	model_flushed(running_cpu, true);
}
