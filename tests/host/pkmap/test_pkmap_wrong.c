/* The PKMap called where it may not be, misused and damaged (invariants 1 to 5, 16, 22, 52). */
#include "pool.h"

#include "arch/x86/cpu/irq_flags.h"
#include "mm/boot/options.h"
#include "mm/pages/page_alloc.h"
#include "mm/pkmap/kmap_atomic.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct page *any[2]; /* low, high */

/* Each of the calls, in a context where none is allowed. */
static void all_refuse(const char *why, struct page *const *one)
{
	char text[80];

#define REFUSED(name, call)                                                                        \
	do {                                                                                       \
		strcpy(text, name " called ");                                                     \
		strcat(text, why);                                                                 \
		EXPECT_PANIC(16, text, call);                                                      \
	} while (0)
	REFUSED("kmap", kmap(*one));
	REFUSED("kunmap", kunmap(*one));
	REFUSED("kmap_try", kmap_try(*one));
	REFUSED("kmap_many", kmap_many(one, 1));
	REFUSED("kunmap_many", kunmap_many(one, 1));
#undef REFUSED
}

static void wrong_contexts(void **state)
{
	struct spinlock lock;
	void *atomic;

	(void)state;
	pool_begin(1, 1, false);
	any[0] = alloc_page(GFP_KERNEL);
	any[1] = pool_page[0];
	spin_init(&lock, "test");
	kmap(pool_page[0]);
	for (u32 i = 0; i < 2; i++) {
		irq_disable();
		all_refuse("with interrupts off", &any[i]);
		irq_enable();
		this_cpu_inc(nosleep.interrupts);
		all_refuse("in an interrupt", &any[i]);
		this_cpu_dec(nosleep.interrupts);
		spin_lock(&lock);
		all_refuse("with a spinlock held", &any[i]);
		spin_unlock(&lock);
		atomic = kmap_atomic(any[!i]);
		all_refuse("with an atomic kmap held", &any[i]);
		kunmap_atomic(atomic);
	}
	kunmap(pool_page[0]);
}

static void misuse_is_caught(void **state)
{
	(void)state;
	pool_begin(1, 1, false);
	EXPECT_PANIC(5, "which is not mapped", kunmap(pool_page[0]));
	pool_begin(1, 1, false);
	EXPECT_PANIC(5, "which is not mapped", kunmap_many(pool_page, 1));
	pool_begin(1, 1, false);
	pool_map(0);
	pool_unmap(0);
	EXPECT_PANIC(5, "no user left", kunmap(pool_page[0]));
	pool_begin(1, 1, false);
	set_pte(pkmap_pte(0), pfn_pte(0x200, PAGE_KERNEL));
	EXPECT_PANIC(1, "slot 0 at 0 has an entry", kmap(pool_page[0]));
	pool_begin(1, 1, false);
	pool_map(0);
	pkmap_count[0] = PKMAP_RETIRED;
	EXPECT_PANIC(4, "slot 0 is used with count -1", kmap_try(pool_page[0]));
}

static void map_until_it_flushes(void)
{
	for (u32 i = 1; i <= LAST_PKMAP; i++) {
		kmaps_held = 0;
		kmap(pool_page[i]);
	}
}

static void lost_entries_are_found(void **state)
{
	(void)state;
	pool_begin(1, 1, false);
	pool_map(0);
	pool_unmap(0);
	pte_clear(pkmap_pte(0));
	EXPECT_PANIC(2, "slot 0 at 1 has no entry", map_until_it_flushes());
	pool_begin(1, 1, false);
	pool_map(0);
	pool_unmap(0);
	pte_clear(pkmap_pte(0));
	EXPECT_PANIC(2, "slot 0 at 1 has no entry", free_page(pool_page[0]));
	/* Counted as free, but it is not. */
	pool_begin(1, 1, false);
	for (u32 i = 0; i < LAST_PKMAP; i++)
		pool_map(i);
	pkmap_in_use--;
	EXPECT_PANIC(11, "none is free after a flush", kmap_try(pool_page[LAST_PKMAP]));
}

#ifdef CONFIG_DEBUG
static void who_holds_one_may_not_wait(void **state)
{
	(void)state;
	pool_begin(1, 1, false);
	pool_map(0);
	kmaps_held = 1;
	EXPECT_PANIC(52, "while its thread holds 1", kmap(pool_page[1]));
	EXPECT_PANIC(52, "while its thread holds 1", kmap_many(pool_page + 1, 1));
	CHECK(kmap_try(pool_page[1]) && kmaps_held == 2, "kmap_try by a thread that holds one");
	kunmap(pool_page[1]);
	kmaps_held = 0;
	EXPECT_PANIC(52, "gives back 1 kmaps, but it holds 0", kunmap(pool_page[0]));
}
#else
static void who_holds_one_may_not_wait(void **state)
{
	(void)state;
	pool_begin(1, 1, false);
	kmap(pool_page[0]);
	kmap(pool_page[1]);
	CHECK_EQUAL(kmaps_held, 0); /* nobody counts */
}
#endif

static void free_irqs_off(struct page *which)
{
	irq_disable();
	free_page(which);
}

static void freed_in_the_wrong_way(void **state)
{
	struct page *block;

	(void)state;
	pool_begin(1, 1, false);
	pool_map(0);
	EXPECT_PANIC(22, "is freed while it is mapped by kmap, count 2", free_page(pool_page[0]));
	pool_begin(1, 1, false);
	pool_map(0);
	EXPECT_PANIC(22, "is freed while it is mapped by kmap, count 2", put_page(pool_page[0]));
	pool_begin(1, 1, false);
	block = alloc_pages(GFP_HIGHUSER, 3);
	kmap(block + 7);
	EXPECT_PANIC(22, "is freed while it is mapped by kmap, count 2", free_pages(block, 3));
	pool_begin(1, 1, false);
	pool_map(0);
	pool_unmap(0);
	EXPECT_PANIC(22, "is freed with interrupts off", free_irqs_off(pool_page[0]));
	irq_enable();
	irq_disable();
	free_page(pool_page[1]); /* no slot: from anywhere */
	irq_enable();
}

static void no_table(void **state)
{
	(void)state;
	machine_new(1);
	machine_ram(0, 0x9F);
	machine_ram(0x100, 0x2000);
	mm_options.pkmap_tables = 2;
	machine_boot(4);
	pmd_clear(pmd_offset(
		pgd_offset(swapper_pg_dir, PKMAP_ADDR(LAST_PKMAP)), PKMAP_ADDR(LAST_PKMAP)));
	EXPECT_PANIC(1, "no page table", kmap_init());
}

static void check_finds(const char *text, int n)
{
	u32 where;
	const char *wrong = pkmap_check(n, &where);

	CHECK(wrong && strstr(wrong, text), "the check says %s, expected %s",
		wrong ? wrong : "nothing", text);
	CHECK(n >= 0 || where == slot_of[0] || where == pkmap_slots, "at slot %u", where);
}

static void damage_is_found(void **state)
{
	pte_t *pte, kept;
	u32 where;

	(void)state;
	pool_begin(1, 1, false);
	pool_map(0);
	pte = pkmap_pte(slot_of[0]);
	kept = *pte;
	CHECK(!pkmap_check(1, &where) && !pkmap_check(-1, &where), "an undamaged pool");
	check_finds("sum of uses", 2);
	pkmap_in_use++;
	check_finds("slots in use", -1);
	pkmap_in_use--;
	pkmap_count[slot_of[0]] = 0;
	check_finds("count 0 or retired, but an entry", -1);
	pkmap_count[slot_of[0]] = PKMAP_RETIRED;
	check_finds("count 0 or retired, but an entry", -1);
	pkmap_count[slot_of[0]] = PKMAP_RETIRED - 1;
	check_finds("below that of a retired slot", -1);
	pkmap_count[slot_of[0]] = 2;
	set_pte(pte, (pte_t){ kept.v ^ _PAGE_RW });
	check_finds("protection", -1);
	set_pte(pte, pfn_pte(0x300, PAGE_KERNEL));
	check_finds("no high page", -1);
	set_pte(pte, kept);
	pool_page[0]->virtual = PKMAP_ADDR(77);
	check_finds("the owner's address", -1);
}

const struct CMUnitTest pkmap_wrong_tests[] = {
	cmocka_unit_test(wrong_contexts),
	cmocka_unit_test(misuse_is_caught),
	cmocka_unit_test(lost_entries_are_found),
	cmocka_unit_test(who_holds_one_may_not_wait),
	cmocka_unit_test(freed_in_the_wrong_way),
	cmocka_unit_test(no_table),
	cmocka_unit_test(damage_is_found),
};
const size_t pkmap_wrong_test_count = ARRAY_SIZE(pkmap_wrong_tests);
