/* The model of the pool: see pool.h. */
#include "pool.h"

#include "arch/x86/smp.h"
#include "arch/x86/tlb.h"
#include "arch/x86/tlb_owed.h"
#include "mm/memory.h"
#include "mm/options.h"
#include "mm/page_alloc.h"

#include <string.h>

#ifdef CONFIG_DEBUG
#define COUNTED 1u
#else
#define COUNTED 0u /* kmaps are counted for each thread in the debug build alone */
#endif

/* As pkmap_lazy.c states them. */
#define BATCH 64u
#define BATCHES_MAX (PKMAP_SLOTS_MAX / BATCH)

struct page *pool_page[POOL_PAGES];
u32 pool_pages;
u32 slot_of[POOL_PAGES], slot_owner[PKMAP_SLOTS_MAX], pool_uses, pool_in_use;
int slot_count[PKMAP_SLOTS_MAX];

static u32 slots, last;
static bool lazy;
static struct kmap_stats stats;

static u32 mark(u32 i)
{
	return page_to_pfn(pool_page[i]) ^ 0xA5A5A5A5u;
}

static void new_page(u32 i)
{
	pool_page[i] = alloc_page(GFP_HIGHUSER);
	CHECK(pool_page[i] && page_is_high(pool_page[i]), "page %u", i);
	CHECK(PAGING_LEVELS == 2 || page_to_phys(pool_page[i]) >= GIB(4), "frame 0x%x", page_to_pfn(pool_page[i]));
	ram_set_word(page_to_pfn(pool_page[i]), 0, mark(i));
	slot_of[i] = NO_SLOT;
}

/* ---- CPUs: who has flushed past which stamp, and who was interrupted for it ---- */

static struct {
	bool idle;
	u32 seen, calls;
} cpu_model[MACHINE_CPUS];
static u32 stamp;

static void model_flush_past(u32 wanted)
{
	for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++) {
		if (!(cpus_online() & (1u << cpu)) || cpu_model[cpu].idle || cpu_model[cpu].seen >= wanted)
			continue;
		cpu_model[cpu].seen = stamp;
		cpu_model[cpu].calls += cpu != running_cpu;
	}
}

bool pool_is_idle(u32 cpu)
{
	return cpu_model[cpu].idle;
}

void pool_idle(u32 cpu)
{
	cpu_goes_idle(cpu);
	cpu_model[cpu].idle = true;
}

void pool_wake(u32 cpu)
{
	cpu_wakes(cpu);
	cpu_model[cpu].idle = false;
	cpu_model[cpu].seen = stamp;
}

void pool_load_cr3(void)
{
	local_flush_tlb_user();
	if (lazy)
		cpu_model[running_cpu].seen = stamp;
}

void pool_flush_all_here(void)
{
	local_flush_tlb_all();
	cpu_model[running_cpu].seen = stamp;
}

/* ---- Lists of slots, for kmap_flush=lazy ---- */

struct slots {
	u32 slot[PKMAP_SLOTS_MAX], n;
};
static struct slots free_ones, waiting, loose, closed; /* `closed`: one batch after the other */
static struct {
	u32 n, stamp;
} batch[BATCHES_MAX];
static u32 batches;

static void append(struct slots *list, u32 slot)
{
	list->slot[list->n++] = slot;
}

static u32 remove_at(struct slots *list, u32 at)
{
	u32 slot = list->slot[at];

	memmove(list->slot + at, list->slot + at + 1, (--list->n - at) * sizeof(u32));
	return slot;
}

static void remove_slot(struct slots *list, u32 slot)
{
	u32 at = 0;

	while (list->slot[at] != slot)
		at++;
	remove_at(list, at);
}

/* 1 -> 0, or RETIRED. */
static void take_from_owner(u32 slot, int to)
{
	slot_of[slot_owner[slot]] = NO_SLOT;
	slot_count[slot] = to;
}

static void close_batch(void)
{
	u32 n = 0;

	for (; waiting.n && n < BATCH; n++) {
		u32 slot = remove_at(&waiting, 0);

		take_from_owner(slot, PKMAP_RETIRED);
		append(&closed, slot);
	}
	for (; loose.n; n++)
		append(&closed, remove_at(&loose, loose.n - 1));
	batch[batches].n = n;
	batch[batches++].stamp = ++stamp;
}

static void open_batch(void)
{
	model_flush_past(batch[0].stamp);
	for (u32 i = 0; i < batch[0].n; i++) {
		u32 slot = remove_at(&closed, 0);

		slot_count[slot] = 0;
		append(&free_ones, slot);
	}
	stats.flushes++;
	stats.reclaimed += batch[0].n;
	memmove(batch, batch + 1, --batches * sizeof(batch[0]));
}

static u32 lazy_slot(void)
{
	u32 soon = free_ones.n + closed.n + loose.n;

	if ((!free_ones.n && !batches) || (waiting.n >= BATCH && soon < slots / 4 && batches < BATCHES_MAX))
		close_batch();
	if (!free_ones.n)
		open_batch();
	return remove_at(&free_ones, 0);
}

/* ---- The book's turn ---- */

static void flush(void)
{
	for (u32 slot = 0; slot < slots; slot++) {
		if (slot_count[slot] == 1)
			take_from_owner(slot, 0);
		else if (slot_count[slot] == PKMAP_RETIRED)
			slot_count[slot] = 0;
		else
			continue;
		stats.reclaimed++;
	}
	stats.flushes++;
	model_flush_past(++stamp);
}

static u32 next_slot_in_turn(void)
{
	for (last++; last < slots && slot_count[last]; last++)
		;
	if (last < slots)
		return last;
	flush();
	for (last = 0; slot_count[last]; last++)
		;
	return last;
}

/* ---- Uses ---- */

bool model_use(u32 i)
{
	if (slot_of[i] == NO_SLOT) {
		u32 slot;

		if (pool_in_use == slots)
			return false;
		slot = lazy ? lazy_slot() : next_slot_in_turn();
		slot_of[i] = slot;
		slot_owner[slot] = i;
		slot_count[slot] = 1;
		stats.new_maps++;
		pool_in_use++;
	} else if (slot_count[slot_of[i]] == 1) {
		stats.revivals++;
		pool_in_use++;
		if (lazy)
			remove_slot(&waiting, slot_of[i]);
	}
	slot_count[slot_of[i]]++;
	pool_uses++;
	return true;
}

void model_drop(u32 i)
{
	pool_uses--;
	if (--slot_count[slot_of[i]] > 1)
		return;
	pool_in_use--;
	if (lazy)
		append(&waiting, slot_of[i]);
}

bool model_use_all(const u32 *which, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (!model_use(which[i])) {
			while (i > 0)
				model_drop(which[--i]);
			return false;
		}
	return true;
}

static void model_retire(u32 i)
{
	u32 slot = slot_of[i];

	if (slot == NO_SLOT)
		return;
	take_from_owner(slot, PKMAP_RETIRED);
	if (lazy) {
		remove_slot(&waiting, slot);
		append(&loose, slot);
	}
}

/* ---- The pool and the model together ---- */

static void model_begin(bool is_lazy)
{
	slots = pkmap_slots;
	lazy = is_lazy;
	last = NO_SLOT;
	pool_uses = pool_in_use = stamp = batches = 0;
	free_ones.n = waiting.n = loose.n = closed.n = 0;
	memset(slot_count, 0, sizeof(slot_count));
	memset(&stats, 0, sizeof(stats));
	memset(cpu_model, 0, sizeof(cpu_model));
	for (u32 slot = 0; slot < slots; slot++)
		append(&free_ones, slot);
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
	CHECK_EQUAL(kmap_stats.new_maps, stats.new_maps);
	CHECK_EQUAL(kmap_stats.revivals, stats.revivals);
	CHECK_EQUAL(kmap_stats.flushes, stats.flushes);
	CHECK_EQUAL(kmap_stats.reclaimed, stats.reclaimed);
	CHECK_EQUAL(pkmap_in_use, pool_in_use);
}

static void compare_cpus(void)
{
	for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++)
		if (cpus_online() & (1u << cpu)) {
			CHECK(calls_to[cpu] == cpu_model[cpu].calls, "CPU %u was interrupted %u times, model %u", cpu,
				calls_to[cpu], cpu_model[cpu].calls);
			CHECK(*per_cpu(tlb_seen, cpu) == cpu_model[cpu].seen, "CPU %u has flushed past %u, model %u", cpu,
				*per_cpu(tlb_seen, cpu), cpu_model[cpu].seen);
		}
}

static void compare_owned(void)
{
	static u16 owned[ARRAY_SIZE(pkmap_owned)];

	memset(owned, 0, sizeof(owned));
	for (u32 i = 0; i < pool_pages; i++)
		owned[page_to_pfn(pool_page[i]) >> MAX_ORDER] += slot_of[i] != NO_SLOT;
	CHECK(!memcmp(owned, pkmap_owned, sizeof(owned)), "slots owned by blocks of pages are counted wrong");
}

void pool_compare(void)
{
	u32 where;
	const char *wrong = pkmap_check((int)pool_uses, &where);

	CHECK(!wrong, "slot %u: %s", where, wrong);
	for (u32 slot = 0; slot < slots; slot++)
		CHECK(pkmap_count[slot] == slot_count[slot], "slot %u: count %d, model %d", slot, pkmap_count[slot], slot_count[slot]);
	for (u32 i = 0; i < pool_pages; i++)
		CHECK(page_address(pool_page[i]) == (slot_of[i] == NO_SLOT ? 0 : PKMAP_ADDR(slot_of[i])),
			"page %u: address %lx, model slot %u", i, (unsigned long)page_address(pool_page[i]), slot_of[i]);
	compare_stats();
	compare_cpus();
	compare_owned();
	CHECK(tlbs_equal_tables(), "stale");
}

void pool_check_mark(const void *address, u32 i)
{
	u32 got = *(const volatile u32 *)address;

	CHECK(got == mark(i), "CPU %u reads 0x%x at %p, page %u holds 0x%x", running_cpu, got, address, i, mark(i));
}

void pool_read(u32 i)
{
	pool_check_mark((void *)PKMAP_ADDR(slot_of[i]), i);
}

void *pool_map(u32 i)
{
	void *address;

	kmaps_held = 0;
	address = kmap(pool_page[i]);
	CHECK_EQUAL(kmaps_held, COUNTED);
	CHECK(model_use(i), "page %u got %p, but no slot is free", i, address);
	CHECK(address == (void *)PKMAP_ADDR(slot_of[i]), "page %u got %p, expected slot %u", i, address, slot_of[i]);
	return address;
}

bool pool_try(u32 i)
{
	bool possible = model_use(i);
	void *address;

	kmaps_held = 1;
	address = kmap_try(pool_page[i]);
	CHECK_EQUAL(kmaps_held, 1 + (possible ? COUNTED : 0));
	CHECK(address == (possible ? (void *)PKMAP_ADDR(slot_of[i]) : NULL), "page %u got %p, expected slot %d", i, address,
		possible ? (int)slot_of[i] : -1);
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
		CHECK(page_address(pool_page[which[i]]) == PKMAP_ADDR(slot_of[which[i]]), "page %u is at %lx, expected slot %u",
			which[i], (unsigned long)page_address(pool_page[which[i]]), slot_of[which[i]]);
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

bool pool_has_room(const u32 *which, u32 n)
{
	u32 need = 0;

	for (u32 i = 0; i < n; i++) {
		u32 same = 0;

		while (same < i && which[same] != which[i])
			same++;
		need += same == i && (slot_of[which[i]] == NO_SLOT || slot_count[slot_of[which[i]]] == 1);
	}
	return need <= slots - pool_in_use;
}

u32 pool_pick(u32 *which, u32 most)
{
	u32 n = 1 + random_below(most);

	for (u32 i = 0; i < n; i++)
		which[i] = i && one_in(4) ? which[random_below(i)] : random_below(pool_pages);
	return n;
}
