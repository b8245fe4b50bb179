/*
 * The PKMap against a model of its states, in which slots are handed out in turn (invariants 1 to 6, 8 to 18, 20).
 * Each high page holds its own mark: what is read through a slot, on any CPU, tells whose page it is.
 */
#include "fake/machine.h"
#include "host.h"

#include "arch/x86/trap.h"
#include "mm/highmem.h"
#include "mm/memory.h"
#include "mm/page_alloc.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PAGES (2 * LAST_PKMAP + 40)
#define NO_SLOT (~0u)

static struct page *page[PAGES];
static u32 slot_of[PAGES]; /* model */
static u32 owner[LAST_PKMAP];
static u32 count[LAST_PKMAP];
static u32 turn, uses;
static u32 victim, sleeps;

static u32 mark(u32 i)
{
	return page_to_pfn(page[i]) ^ 0xA5A5A5A5u;
}

/* With RAM above 4 GiB where entries reach it: frame numbers then do not fit into 32 bits of an entry. */
static void begin(u32 cpus)
{
	machine_new(cpus);
	machine_ram(0, 0x9F);
	machine_ram(0x100, PAGING_LEVELS == 3 ? 0xA000 : 0x3000);
	if (PAGING_LEVELS == 3)
		machine_ram(0x100100, 0x100100 + 4096);
	else
		machine_ram(0x3FF00, 0x3FF00 + 4096);
	machine_boot(7);
	for (u32 i = 0; i < PAGES; i++) {
		page[i] = alloc_page(GFP_HIGHUSER);
		CHECK(page[i] && page_is_high(page[i]), "page %u", i);
		CHECK(PAGING_LEVELS == 2 || page_to_phys(page[i]) >= GIB(4), "frame 0x%x", page_to_pfn(page[i]));
		ram_set_word(page_to_pfn(page[i]), 0, mark(i));
		slot_of[i] = NO_SLOT;
	}
	memset(count, 0, sizeof(count));
	turn = uses = 0;
}

/* ---- The model ---- */

static void model_flush(void)
{
	for (u32 slot = 0; slot < LAST_PKMAP; slot++)
		if (count[slot] == 1) {
			count[slot] = 0;
			slot_of[owner[slot]] = NO_SLOT;
		}
}

static u32 model_next(void)
{
	for (u32 tries = 0; tries < 2 * LAST_PKMAP; tries++) {
		turn = (turn + 1) % LAST_PKMAP;
		if (turn == 0)
			model_flush();
		if (count[turn] == 0)
			return turn;
	}
	return NO_SLOT;
}

static void model_map(u32 i)
{
	if (slot_of[i] == NO_SLOT) {
		slot_of[i] = model_next();
		CHECK(slot_of[i] != NO_SLOT, "the model is full");
		owner[slot_of[i]] = i;
		count[slot_of[i]] = 1;
	}
	count[slot_of[i]]++;
	uses++;
}

static void compare(void)
{
	u32 where;
	const char *wrong = pkmap_check((int)uses, &where);

	CHECK(!wrong, "slot %u: %s", where, wrong);
	for (u32 slot = 0; slot < LAST_PKMAP; slot++)
		CHECK(pkmap_count[slot] == (int)count[slot], "slot %u: count %d, model %u", slot, pkmap_count[slot],
			count[slot]);
	for (u32 i = 0; i < PAGES; i++)
		CHECK(page_address(page[i]) == (slot_of[i] == NO_SLOT ? 0 : PKMAP_ADDR(slot_of[i])),
			"page %u: address %lx, model slot %u", i, (unsigned long)page_address(page[i]), slot_of[i]);
	CHECK(tlbs_equal_tables(), "stale");
}

/* ---- Steps ---- */

static void *map(u32 i)
{
	void *address = kmap(page[i]);

	model_map(i);
	CHECK(address == (void *)PKMAP_ADDR(slot_of[i]), "page %u got %p, expected slot %u", i, address, slot_of[i]);
	return address;
}

static void unmap(u32 i)
{
	kunmap(page[i]);
	count[slot_of[i]]--;
	uses--;
}

static void read_through(u32 i)
{
	u32 got = *(volatile u32 *)PKMAP_ADDR(slot_of[i]);

	CHECK(got == mark(i), "CPU %u reads 0x%x through slot %u, the page holds 0x%x", running_cpu, got, slot_of[i],
		mark(i));
}

static u32 in_use[PAGES], ins; /* pages, once for each use */

static void random_step(u32 most)
{
	run_on(random_below(MACHINE_CPUS));
	if (ins < most && random_below(10) < ((test_step / 3000) % 2 ? 4u : 6u)) {
		u32 i = ins && one_in(4) ? in_use[random_below(ins)] : random_below(PAGES);

		map(i);
		in_use[ins++] = i;
		read_through(i);
	} else if (ins) {
		u32 n = random_below(ins);

		read_through(in_use[n]);
		unmap(in_use[n]);
		in_use[n] = in_use[--ins];
	}
}

static void random_sequences(void **state)
{
	(void)state;
	random_begin(15);
	begin(MACHINE_CPUS);
	ins = 0;
	for (test_step = 1; test_step <= rounds(12000); test_step++) {
		random_step((test_step / 6000) % 2 ? LAST_PKMAP - 1 : 40);
		if (test_step % 100 == 0)
			compare();
	}
	while (ins)
		unmap(in_use[--ins]);
	compare();
	CHECK(kmap_stats.flushes > 0 && kmap_stats.revivals > 0 && kmap_stats.sleeps == 0,
		"%u flushes, %llu revivals, %u sleeps", kmap_stats.flushes, (unsigned long long)kmap_stats.revivals,
		kmap_stats.sleeps);
	machine_check_idle();
}

/* Once round the pool every CPU reads through every slot; then all slots change hands. */
static void old_translations_are_gone(void **state)
{
	(void)state;
	begin(MACHINE_CPUS);
	for (u32 i = 0; i < PAGES; i++) {
		u32 *address = map(i);

		CHECK_EQUAL(*address, mark(i));
		for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++) {
			u32 seen;

			CHECK(cpu_read(cpu, (uintptr_t)address, &seen) && seen == mark(i),
				"CPU %u sees another page at %p", cpu, (void *)address);
		}
		unmap(i);
	}
	compare();
	CHECK_EQUAL(kmap_stats.flushes, PAGES / LAST_PKMAP);
	CHECK_EQUAL(kmap_stats.reclaimed, kmap_stats.flushes * LAST_PKMAP - 1);
}

static void revival(void **state)
{
	void *address;
	u32 flushes;

	(void)state;
	begin(2);
	address = map(0);
	unmap(0);
	flushes = kmap_stats.flushes;
	other_cpus_calls = 0;
	for (u32 n = 0; n < 3 * LAST_PKMAP; n++) {
		CHECK(map(0) == address, "another address");
		unmap(0);
	}
	CHECK_EQUAL(kmap_stats.flushes, flushes);
	CHECK_EQUAL(other_cpus_calls, 0);
	CHECK_EQUAL(kmap_stats.new_maps, 1);
	CHECK_EQUAL(kmap_stats.revivals, 3 * LAST_PKMAP);
	CHECK_EQUAL(kmap_stats.maps, 1 + 3 * LAST_PKMAP);
}

static void flush_with_nothing_to_reclaim(void **state)
{
	(void)state;
	begin(1);
	for (u32 i = 0; i < LAST_PKMAP - 1; i++)
		map(i);
	CHECK_EQUAL(kmap_stats.flushes, 0);
	map(LAST_PKMAP - 1);
	CHECK_EQUAL(kmap_stats.flushes, 0); /* the turn has wrapped, but all slots are in use */
	compare();
}

static void low_pages_take_no_slot(void **state)
{
	struct page *low;

	(void)state;
	begin(1);
	low = alloc_page(GFP_KERNEL);
	for (u32 i = 0; i < 3; i++)
		CHECK(kmap(low) == lowmem_page_address(low), "another address");
	CHECK_EQUAL(page_address(low), (uintptr_t)lowmem_page_address(low));
	kunmap(low);
	kunmap(low);
	CHECK_EQUAL(kmap_stats.maps, 0);
	compare();
}

/* When the lock is dropped all has been done: another CPU then sees a pool in order. */
static void other_compares(void)
{
	sleeps++;
	compare();
}

static void nothing_is_done_behind_the_lock(void **state)
{
	(void)state;
	begin(2);
	sleeps = 0;
	map(0);
	count[slot_of[0]]--;
	uses--;
	on_unlock("kmap", 0, other_compares);
	kunmap(page[0]);
	model_map(0);
	on_unlock("kmap", 0, other_compares);
	kmap(page[0]);
	CHECK_EQUAL(sleeps, 2);
}

/* ---- The pool is full ---- */

static void fill(void)
{
	begin(2);
	for (u32 i = 0; i < LAST_PKMAP; i++)
		map(i);
	sleeps = 0;
}

static void other_unmaps(void)
{
	sleeps++;
	run_on(1);
	unmap(victim);
}

static void sleeper_is_woken(void **state)
{
	(void)state;
	fill();
	victim = LAST_PKMAP / 3;
	on_sleep = other_unmaps;
	map(PAGES - 1);
	CHECK(sleeps == 1 && kmap_stats.sleeps == 1, "%u sleeps", kmap_stats.sleeps);
	read_through(PAGES - 1);
	compare();
}

/* The last use but one wakes nobody. */
static void other_unmaps_twice(void)
{
	other_unmaps();
	if (sleeps == 2)
		on_sleep = NULL;
}

static void only_the_last_use_counts(void **state)
{
	(void)state;
	fill();
	victim = 5;
	map(5);
	on_sleep = other_unmaps_twice;
	map(PAGES - 1);
	CHECK_EQUAL(sleeps, 2);
	compare();
}

/* The wake-up comes between the moment when the sleeper has queued and when it sleeps: it is not lost. */
static void wake_up_before_the_sleep(void **state)
{
	(void)state;
	fill();
	victim = 7;
	on_unlock("kmap", 0, other_unmaps);
	map(PAGES - 1);
	CHECK(sleeps == 1 && kmap_stats.sleeps == 1, "%u sleeps", kmap_stats.sleeps);
	CHECK(!wait_queue_active(&pkmap_map_wait), "somebody is still queued");
	compare();
}

/* While one sleeps another maps the same page: the sleeper takes no second slot. */
static void other_maps_the_same(void)
{
	on_sleep = NULL;
	run_on(1);
	unmap(9);
	unmap(10);
	map(PAGES - 1);
	read_through(PAGES - 1);
}

static void second_look(void **state)
{
	(void)state;
	fill();
	on_sleep = other_maps_the_same;
	map(PAGES - 1);
	CHECK_EQUAL(count[slot_of[PAGES - 1]], 3);
	compare();
}

/* The slot that became free is gone before the sleeper runs: it sleeps again. */
static void other_takes_the_slot(void)
{
	other_unmaps();
	if (sleeps == 1) {
		map(PAGES - 2);
		victim = 12;
	}
}

static void slot_lost_to_another(void **state)
{
	(void)state;
	fill();
	victim = 11;
	on_sleep = other_takes_the_slot;
	map(PAGES - 1);
	CHECK_EQUAL(sleeps, 2);
	CHECK_EQUAL(kmap_stats.sleeps, 2);
	compare();
}

/*
 * Two wait for the same page (the second one begins to wait while the first one sleeps), and one slot falls free: it is
 * enough for both, so both must be woken.
 */
static void one_unmaps_for_both(void)
{
	on_sleep = NULL;
	run_on(0);
	unmap(20);
}

static void second_waits_too(void)
{
	on_sleep = one_unmaps_for_both;
	run_on(1);
	kmap(page[PAGES - 1]);
}

static void all_sleepers_are_woken(void **state)
{
	(void)state;
	fill();
	on_sleep = second_waits_too;
	map(PAGES - 1);
	model_map(PAGES - 1);
	CHECK_EQUAL(kmap_stats.sleeps, 2);
	compare();
}

/* ---- Context and misuse ---- */

static void wrong_contexts(void **state)
{
	struct page *low, *both[2];
	struct spinlock lock;
	void *atomic;

	(void)state;
	begin(1);
	low = alloc_page(GFP_KERNEL);
	both[0] = low;
	both[1] = page[0];
	spin_init(&lock, "test");
	kmap(page[0]);
	for (u32 i = 0; i < 2; i++) {
		irq_disable();
		EXPECT_PANIC(16, "kmap called with interrupts off", kmap(both[i]));
		EXPECT_PANIC(16, "kunmap called with interrupts off", kunmap(both[i]));
		irq_enable();
		*this_cpu(irq_depth) = 1;
		EXPECT_PANIC(16, "kmap called in an interrupt", kmap(both[i]));
		EXPECT_PANIC(16, "kunmap called in an interrupt", kunmap(both[i]));
		*this_cpu(irq_depth) = 0;
		spin_lock(&lock);
		EXPECT_PANIC(16, "kmap called with a spinlock held", kmap(both[i]));
		EXPECT_PANIC(16, "kunmap called with a spinlock held", kunmap(both[i]));
		spin_unlock(&lock);
		atomic = kmap_atomic(page[1]);
		EXPECT_PANIC(16, "kmap called with an atomic kmap held", kmap(both[i]));
		kunmap_atomic(atomic);
	}
	kunmap(page[0]);
}

static void misuse_is_caught(void **state)
{
	(void)state;
	begin(1);
	EXPECT_PANIC(5, "which is not mapped", kunmap(page[0]));
	begin(1);
	map(0);
	unmap(0);
	EXPECT_PANIC(5, "no user left", kunmap(page[0]));
	begin(1);
	set_pte(&pkmap_page_table[1], pfn_pte(0x200, PAGE_KERNEL));
	EXPECT_PANIC(1, "slot 1 at 0 has an entry", kmap(page[0]));
	begin(1);
	map(0);
	unmap(0);
	pte_clear(&pkmap_page_table[slot_of[0]]);
	EXPECT_PANIC(2, "slot 1 at 1 has no entry", for (u32 i = 1; i <= LAST_PKMAP; i++) kmap(page[i]));
	begin(1);
	map(0);
	pkmap_count[slot_of[0]] = -1;
	EXPECT_PANIC(4, "count 0", kmap(page[0]));
}

static void no_table(void **state)
{
	pmd_t *pmd;

	(void)state;
	machine_start(1, 16, 0, 4);
	pmd = pmd_offset(pgd_offset(swapper_pg_dir, PKMAP_BASE), PKMAP_BASE);
	pmd_clear(pmd);
	EXPECT_PANIC(1, "no page table", kmap_init());
}

static void check_finds(const char *text, int n)
{
	u32 where;
	const char *wrong = pkmap_check(n, &where);

	CHECK(wrong && strstr(wrong, text), "the check says %s, expected %s", wrong ? wrong : "nothing", text);
	CHECK(n >= 0 || where == slot_of[0], "at slot %u", where);
}

static void damage_is_found(void **state)
{
	pte_t *pte, kept;
	u32 where;

	(void)state;
	begin(1);
	map(0);
	pte = &pkmap_page_table[slot_of[0]];
	kept = *pte;
	CHECK(!pkmap_check(1, &where) && !pkmap_check(-1, &where), "an undamaged pool");
	check_finds("sum of uses", 2);
	pkmap_count[slot_of[0]] = 0;
	check_finds("count 0 but an entry", -1);
	pkmap_count[slot_of[0]] = 2;
	set_pte(pte, (pte_t){kept.v ^ _PAGE_RW});
	check_finds("protection", -1);
	set_pte(pte, pfn_pte(0x300, PAGE_KERNEL));
	check_finds("no high page", -1);
	set_pte(pte, kept);
	page[0]->virtual = PKMAP_ADDR(77);
	check_finds("the owner's address", -1);
}

const struct CMUnitTest pkmap_tests[] = {
	cmocka_unit_test(random_sequences),
	cmocka_unit_test(old_translations_are_gone),
	cmocka_unit_test(revival),
	cmocka_unit_test(flush_with_nothing_to_reclaim),
	cmocka_unit_test(low_pages_take_no_slot),
	cmocka_unit_test(nothing_is_done_behind_the_lock),
	cmocka_unit_test(sleeper_is_woken),
	cmocka_unit_test(only_the_last_use_counts),
	cmocka_unit_test(wake_up_before_the_sleep),
	cmocka_unit_test(second_look),
	cmocka_unit_test(slot_lost_to_another),
	cmocka_unit_test(all_sleepers_are_woken),
	cmocka_unit_test(wrong_contexts),
	cmocka_unit_test(misuse_is_caught),
	cmocka_unit_test(no_table),
	cmocka_unit_test(damage_is_found),
};
const size_t pkmap_test_count = ARRAY_SIZE(pkmap_tests);
