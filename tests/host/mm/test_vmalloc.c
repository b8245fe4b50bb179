/* Kernel ranges and kernel stacks, against a list of what is in use; what each CPU sees there. */
#include "arch/x86/cpu/irq_flags.h"
#include "fake/machine.h"
#include "host.h"

#include "arch/x86/paging/fixmap.h"
#include "arch/x86/paging/tlb.h"
#include "arch/x86/upcall.h"
#include "kernel/debug/stack_depth.h"
#include "mm/boot/ram_layout.h"
#include "mm/hooks/stack_depth.h"
#include "mm/objects/kstack.h"
#include "mm/objects/objcache.h"
#include "mm/objects/vmalloc.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/zone.h"
#include "tests/checkers/page_counts.h"
#include "tests/checkers/stack_check.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RANGES_MAX 200u

enum kind { MEMORY, HIGH_MEMORY, DEVICE, STACK, KEPT };

/* In order of address, as the first fit finds the gaps. */
static struct {
	uintptr_t start;
	u32 pages;
	enum kind kind;
	u32 mark;
	phys_t phys;
	char *name; /* of a stack */
} range[RANGES_MAX];
static u32 ranges;
static char names[RANGES_MAX][16]; /* those that are not in use are empty */

static uintptr_t end_of(u32 i) { return range[i].start + range[i].pages * PAGE_SIZE; }

/* The first gap that holds so many pages and a guard page; where in the list. */
static uintptr_t first_fit(u32 pages, u32 *at)
{
	uintptr_t start = vmalloc_start + PAGE_SIZE;

	for (*at = 0; *at < ranges; ++*at) {
		if (start + (pages + 1) * PAGE_SIZE <= range[*at].start)
			return start;
		start = end_of(*at) + PAGE_SIZE;
	}
	return start + (uintptr_t)(pages + 1) * PAGE_SIZE <= VMALLOC_END ? start : 0;
}

static void check_range_pages(u32 i, u32 cpu)
{
	for (u32 p = 0; p < range[i].pages; p++) {
		uintptr_t address = range[i].start + p * PAGE_SIZE;
		struct translation found;
		bool low;

		CHECK(cpu_translate(cpu, address, &found), "CPU %u: %lx is not mapped", cpu,
			(unsigned long)address);
		low = found.pfn < max_low_pfn;
		CHECK(range[i].kind < STACK || low, "a stack lies in frame 0x%x", found.pfn);
		CHECK(range[i].kind != MEMORY || low, "low memory was asked for: frame 0x%x",
			found.pfn);
		CHECK(range[i].kind != DEVICE || found.pfn == phys_to_pfn(range[i].phys) + p,
			"device page %u: frame 0x%x", p, found.pfn);
		CHECK(!found.user && found.writable, "%lx: user %d, writable %d",
			(unsigned long)address, found.user, found.writable);
	}
	CHECK(!cpu_translate(cpu, range[i].start - PAGE_SIZE, &(struct translation){ 0 }),
		"no guard page before range %u", i);
	CHECK(!cpu_translate(cpu, end_of(i), &(struct translation){ 0 }),
		"no guard page after range %u", i);
}

static volatile u32 *word_of(u32 i, u32 p)
{
	return (u32 *)(range[i].start + p * PAGE_SIZE + (range[i].mark % 1000) * 4);
}

static void mark_range(u32 i)
{
	for (u32 p = 0; p < range[i].pages && range[i].kind != DEVICE; p++) {
		/* (A stack is filled by the debug build, to see how deep it is used.) */
		CHECK(range[i].kind == STACK || *word_of(i, p) == 0, "a new page holds 0x%x",
			*word_of(i, p));
		*word_of(i, p) = range[i].mark + p;
	}
}

static void read_range(u32 i)
{
	bool holds = range[i].kind != DEVICE && range[i].kind != KEPT;

	for (u32 p = 0; p < range[i].pages && holds; p++)
		CHECK(*word_of(i, p) == range[i].mark + p,
			"CPU %u reads 0x%x in page %u of range %u, expected 0x%x", running_cpu,
			*word_of(i, p), p, i, range[i].mark + p);
}

static uintptr_t make(enum kind kind, u32 size, phys_t phys, const char *name)
{
	switch (kind) {
	case DEVICE: return (uintptr_t)vmap_device(phys, size);
	case STACK: return kernel_stack_alloc(name);
	default: return (uintptr_t)vmalloc(size, kind == HIGH_MEMORY);
	}
}

/* Stays until the range is gone. */
static char *new_name(void)
{
	u32 i = 0;

	while (names[i][0])
		i++;
	snprintf(names[i], sizeof(names[i]), "thread %u", test_step);
	return names[i];
}

/* Where in the list the range that begins here is. */
static u32 range_at(uintptr_t start)
{
	u32 i = 0;

	while (i < ranges && range[i].start != start)
		i++;
	CHECK(i < ranges, "%lx is no range", (unsigned long)start);
	return i;
}

/* A stack that this CPU keeps: the one that it freed last, not flushed. */
static void reuse(char *name)
{
	uintptr_t want = this_cpu(stack_list)->head->bottom, top = kernel_stack_alloc(name);
	u32 i = range_at(want);

	CHECK(top == want + KERNEL_STACK_SIZE, "got stack %lx, expected %lx", (unsigned long)top,
		(unsigned long)want);
	CHECK(range[i].kind == KEPT, "range %u, kind %d, is no kept stack", i, range[i].kind);
	range[i].kind = STACK;
	range[i].name = name;
	mark_range(i);
}

static void create(void)
{
	enum kind kind = random_below(4);
	u32 size = kind == STACK ? KERNEL_STACK_SIZE
				 : 1 + random_below(one_in(5) ? 60 * PAGE_SIZE : 3 * PAGE_SIZE);
	phys_t phys = ((phys_t)(PAGING_LEVELS == 3 ? 0xFEC000 : 0xFEC00) << PAGE_SHIFT) +
		      random_below(2) * 0x123;
	u32 offset = kind == DEVICE ? (u32)phys & (PAGE_SIZE - 1) : 0, at;
	u32 pages = (offset + size + PAGE_SIZE - 1) / PAGE_SIZE;
	uintptr_t want = first_fit(pages, &at), got;
	char *name = new_name();

	if (kind == STACK && this_cpu(stack_list)->count) {
		reuse(name);
		return;
	}
	got = make(kind, size, phys, name);
	want += kind == STACK ? KERNEL_STACK_SIZE : offset;
	CHECK(got == want, "%u pages, kind %d: got %lx, expected %lx", pages, kind,
		(unsigned long)got, (unsigned long)want);
	memmove(range + at + 1, range + at, (ranges++ - at) * sizeof(range[0]));
	range[at].start = want - (kind == STACK ? KERNEL_STACK_SIZE : offset);
	range[at].pages = pages;
	range[at].kind = kind;
	range[at].mark = random_u32() | 1;
	range[at].phys = phys;
	range[at].name = name;
	mark_range(at);
}

static void expect_gone(uintptr_t start, uintptr_t end)
{
	for (uintptr_t address = start; address < end; address += PAGE_SIZE)
		for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++)
			CHECK(!cpu_translate(cpu, address, &(struct translation){ 0 }),
				"CPU %u still sees %lx", cpu, (unsigned long)address);
}

/* A range leaves the list. */
static void forget_range(u32 i)
{
	expect_gone(range[i].start, end_of(i));
	memmove(range + i, range + i + 1, (--ranges - i) * sizeof(range[0]));
}

/* What this CPU keeps, all of it or above the marks, is unmapped and flushed everywhere. */
static void trim_stacks(bool all)
{
	u32 count = this_cpu(stack_list)->count, want = count > STACK_HIGH_MARK;
	u32 freed = all ? drain_kernel_stacks() : check_stack_cache();

	want = all ? count : want ? count - STACK_LOW_MARK : 0;
	CHECK_EQUAL(freed, want);
	for (u32 i = ranges; i-- > 0;)
		if (range[i].kind == KEPT && !pte_present(*kernel_pte(range[i].start)))
			forget_range(i);
}

static void destroy(u32 i)
{
	uintptr_t start = range[i].start;

	if (range[i].kind == KEPT)
		return;
	read_range(i);
	range[i].name[0] = 0;
	if (range[i].kind == STACK) {
		kernel_stack_free(end_of(i));
		range[i].kind = KEPT;
		return;
	}
	if (range[i].kind == DEVICE)
		vunmap_device((void *)(start + ((u32)range[i].phys & (PAGE_SIZE - 1))));
	else
		vfree((void *)start);
	forget_range(i);
}

static void destroy_all(void)
{
	for (u32 i = ranges; i-- > 0;)
		destroy(i);
	for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++) {
		run_on(cpu);
		trim_stacks(true);
	}
	drain_object_pages();
	CHECK_EQUAL(ranges, 0);
}

static void check_stats(void)
{
	u32 pages = 0;

	for (u32 i = 0; i < ranges; i++)
		pages += range[i].pages;
	CHECK_EQUAL(vmalloc_stats().areas, ranges);
	CHECK_EQUAL(vmalloc_stats().pages, pages);
}

static void check_names(void)
{
	for (u32 i = 0; i < ranges; i++) {
		const char *owner = guard_page_owner(range[i].start - 1 - random_below(PAGE_SIZE));

		CHECK((owner != NULL) == (range[i].kind == STACK), "range %u: %s", i,
			owner ? owner : "nobody");
		CHECK(!owner || !strcmp(owner, range[i].name),
			"the guard page is %s's, it should be %s's", owner, range[i].name);
	}
}

/* Without the empty pages that object caches keep. */
static u32 all_pages(void)
{
	drain_object_pages();
	return nr_free_pages() + nr_percpu_pages();
}

static void random_ranges(void **state)
{
	u32 pages;

	(void)state;
	random_begin(19);
	machine_start(MACHINE_CPUS, 64, 24, 7);
	ranges = 0;
	pages = all_pages();
	for (test_step = 1; test_step <= rounds(3000); test_step++) {
		run_on(random_below(MACHINE_CPUS));
		if (ranges < RANGES_MAX && random_below(10) < ((test_step / 500) % 2 ? 4u : 7u))
			create();
		else if (ranges)
			destroy(random_below(ranges));
		if (one_in(30))
			trim_stacks(one_in(3));
		if (ranges) {
			read_range(random_below(ranges));
			check_range_pages(random_below(ranges), random_below(MACHINE_CPUS));
		}
		if (test_step % 50 == 0) {
			const char *wrong = stack_list_check();

			CHECK(!wrong, "%s", wrong);
			check_stats();
			check_names();
			CHECK(tlbs_equal_tables(), "stale");
		}
	}
	destroy_all();
	check_stats();
	/* The pages of the table of stacks stay, and nothing else. */
	CHECK(all_pages() <= pages && all_pages() + 4 >= pages, "%u pages, %u at the start",
		all_pages(), pages);
	machine_check_idle();
}

/* ---- Edges ---- */

static void the_whole_area(void **state)
{
	u32 most = (u32)((VMALLOC_END - vmalloc_start) / PAGE_SIZE);
	void *all, *one, *rest;

	(void)state;
	machine_start(2, 16, 0, 7);
	most = (u32)((VMALLOC_END - vmalloc_start) / PAGE_SIZE) - 2;
	CHECK(!vmap_device(GIB(3), (size_t)(most + 1) * PAGE_SIZE), "more than there is");
	all = vmap_device(GIB(3), (size_t)most * PAGE_SIZE);
	CHECK_EQUAL((uintptr_t)all, vmalloc_start + PAGE_SIZE);
	CHECK(!vmap_device(GIB(3), 1) && !vmalloc(1, false) && !kernel_stack_alloc("none"),
		"a range out of nothing");
	vunmap_device(all);
	one = vmap_device(GIB(3), PAGE_SIZE);
	rest = vmap_device(GIB(3), (size_t)(most - 2) * PAGE_SIZE);
	CHECK(one && rest && !vmalloc(1, true), "the rest");
	vunmap_device(one);
	CHECK_EQUAL((uintptr_t)vmalloc(1, true), (uintptr_t)one);
	CHECK(!vmalloc(PAGE_SIZE, true), "a range out of nothing");
	CHECK(tlbs_equal_tables(), "stale");
}

static void sizes_that_are_none(void **state)
{
	(void)state;
	machine_start(1, 16, 0, 7);
	CHECK(!vmalloc(0, false) && !vmap_device(0x1234, 0) && !vmalloc(VMALLOC_MAX + 1, false) &&
			!vmalloc(~(size_t)0, true) && !vmap_device(0, VMALLOC_MAX + 1),
		"a range");
	CHECK(!vmap_device(pfn_to_phys(reachable_pfns()) + 100, 10),
		"a device beyond what entries reach");
	/* Their frame numbers, cut to 32 bits, are within reach. */
	CHECK(!vmap_device(1ull << 44, 4) && !vmap_device((1ull << 44) + GIB(3), 4) &&
			!vmap_device(~0ull, 4),
		"a device whose frame number has more than 32 bits");
	/* Offset and size, added up in 32 bits, would be small. */
	CHECK(!vmap_device(0xFFF, 0xFFFFF002u) && !vmap_device(0xFFF, 0xFFFFFFFFu),
		"a device of 4 GiB");
	vfree(NULL);
	CHECK_EQUAL(vmalloc_stats().areas, 0);
}

/* Memory ends at any allocation: what was mapped so far is unmapped, flushed and freed. */
static void without_memory(void **state)
{
	u32 pages;

	(void)state;
	machine_start(2, 32, 8, 7);
	kernel_stack_free(kernel_stack_alloc("first")); /* the page of the table is there */
	drain_kernel_stacks();
	pages = all_pages();
	for (u32 n = 1; n <= 5; n++) {
		fail_allocations(n, 1);
		CHECK(!vmalloc(4 * PAGE_SIZE, n % 2), "a range out of nothing, %u", n);
		CHECK_EQUAL(all_pages(), pages);
		CHECK_EQUAL(vmalloc_stats().areas, 0);
	}
	fail_allocations(1, 1);
	CHECK(!vmap_device(GIB(3), 1), "a range out of nothing");
	fail_allocations(2, 1);
	CHECK(!kernel_stack_alloc("second"), "a stack out of nothing");
	CHECK_EQUAL(all_pages(), pages);
}

static void no_memory_for_a_name(void **state)
{
	u32 pages;

	(void)state;
	machine_start(1, 32, 8, 7);
	pages = all_pages();
	fail_allocations(4, 1);
	CHECK(!kernel_stack_alloc("first"), "a stack without a name");
	CHECK_EQUAL(all_pages(), pages);
	CHECK_EQUAL(vmalloc_stats().areas, 0);
}

/* Two CPUs make the same page of the table at once: one of them is used. */
static uintptr_t other_top;

static void other_stack(void)
{
	run_on(1);
	other_top = kernel_stack_alloc("other");
}

/* Of a first stack: the page of its range, two of its own, that of the table. */
#define TABLE_ALLOCATION 4u
static u32 allocations;

static void count_allocation(void)
{
	if (++allocations == TABLE_ALLOCATION)
		other_stack();
	else
		on_allocation(count_allocation);
}

static void names_on_two_cpus(void **state)
{
	uintptr_t top;

	(void)state;
	machine_start(2, 32, 8, 7);
	allocations = 0;
	on_allocation(count_allocation);
	top = kernel_stack_alloc("mine");
	CHECK_EQUAL(allocations, TABLE_ALLOCATION);
	CHECK(!strcmp(guard_page_owner(top - KERNEL_STACK_SIZE - 1), "mine"),
		"mine is called otherwise");
	CHECK(!strcmp(guard_page_owner(other_top - KERNEL_STACK_SIZE - 1), "other"),
		"other is called otherwise");
	CHECK(!guard_page_owner(top - 1) && !guard_page_owner(0) &&
			!guard_page_owner(~(uintptr_t)0),
		"a guard page");
	CHECK(!strcmp(guard_page_owner((uintptr_t)boot_stack_guard + 5), "boot"),
		"the boot stack's guard page");
	CHECK(!guard_page_owner((uintptr_t)boot_stack), "a guard page");
}

static void many_stacks(void **state)
{
	uintptr_t top[300];
	static char name[300][24];

	(void)state;
	machine_start(1, 32, 0, 7);
	for (u32 i = 0; i < ARRAY_SIZE(top); i++) {
		snprintf(name[i], sizeof(name[i]), "%u has a long name", i);
		top[i] = kernel_stack_alloc(name[i]);
		CHECK(top[i], "no memory for stack %u", i);
	}
	for (u32 i = 0; i < ARRAY_SIZE(top); i++) {
		const char *owner = guard_page_owner(top[i] - KERNEL_STACK_SIZE - 8);

		CHECK(owner == name[i], "stack %u belongs to %s", i, owner ? owner : "nobody");
		kernel_stack_free(top[i]);
		CHECK(!guard_page_owner(top[i] - KERNEL_STACK_SIZE - 8),
			"a freed stack has an owner");
	}
}

/* While memory is short check_stack_cache() keeps nothing; up to the high mark it keeps all. */
static void stacks_are_kept_while_there_is_memory(void **state)
{
	uintptr_t top[STACK_HIGH_MARK];

	(void)state;
	machine_start(1, 32, 0, 7);
	for (u32 i = 0; i < STACK_HIGH_MARK; i++)
		top[i] = kernel_stack_alloc("kept");
	for (u32 i = 0; i < STACK_HIGH_MARK; i++)
		kernel_stack_free(top[i]);
	CHECK_EQUAL(check_stack_cache(), 0);
	zones[ZONE_DMA].is_short = true;
	CHECK_EQUAL(check_stack_cache(), STACK_HIGH_MARK);
	CHECK_EQUAL(vmalloc_stats().areas, 0);
}

static void misuse_is_caught(void **state)
{
	char *memory, *device;
	uintptr_t top;
	pmd_t *pmd;

	(void)state;
	machine_start(1, 16, 0, 7);
	memory = vmalloc(3 * PAGE_SIZE, false);
	device = vmap_device(GIB(3) + 7, 10);
	EXPECT_PANIC(0, "not the start of a memory range", vfree(memory + PAGE_SIZE));
	EXPECT_PANIC(0, "not the start of a memory range",
		vfree((void *)((uintptr_t)device & PAGE_MASK)));
	EXPECT_PANIC(0, "not the start of a device range", vunmap_device(memory));
	vfree(memory);
	EXPECT_PANIC(0, "not the start of a memory range", vfree(memory));
	top = kernel_stack_alloc("mine");
	EXPECT_PANIC(
		70, "not the top of a kernel stack in use", kernel_stack_free(top - PAGE_SIZE));
	EXPECT_PANIC(
		70, "not the top of a kernel stack in use", kernel_stack_free(top + PAGE_SIZE));
	EXPECT_PANIC(70, "not the top of a kernel stack in use", kernel_stack_free(0));
	EXPECT_PANIC(70, "not the top of a kernel stack in use", kernel_stack_free(VMALLOC_END));
	kernel_stack_free(top);
	EXPECT_PANIC(70, "not the top of a kernel stack in use", kernel_stack_free(top));
	CHECK_EQUAL(nr_cached_stacks_all(), 1);
	drain_kernel_stacks();
	EXPECT_PANIC(70, "not the top of a kernel stack in use", kernel_stack_free(top));
	vunmap_device(device);
	irq_disable();
	EXPECT_PANIC(16, "vmalloc called", vmalloc(1, false));
	EXPECT_PANIC(16, "vfree called", vfree(memory));
	EXPECT_PANIC(16, "vmap_device called", vmap_device(0, 1));
	EXPECT_PANIC(16, "vunmap_device called", vunmap_device(device));
	irq_enable();
	pmd = pmd_offset(pgd_offset(swapper_pg_dir, vmalloc_start), vmalloc_start);
	pmd_clear(pmd);
	EXPECT_PANIC(19, "no page table stands", vmalloc(1, false));
}

/* A range that is leaving is nobody's: neither freed twice nor found again while the flush runs. */
static char *leaving;

static void free_it_too(void)
{
	run_on(1);
	EXPECT_PANIC(0, "not the start of", vfree(leaving));
	this_cpu_write(nosleep.locks, 0);
}

static void freed_on_two_cpus(void **state)
{
	(void)state;
	machine_start(2, 16, 0, 7);
	leaving = vmalloc(2 * PAGE_SIZE, false);
	on_unlock("vmalloc", 0, free_it_too);
	vfree(leaving);
	CHECK_EQUAL(vmalloc_stats().areas, 0);
}

/* Ranges of many pages are flushed as a whole, Global entries included. */
static void large_ranges_are_flushed(void **state)
{
	char *memory;

	(void)state;
	machine_start(MACHINE_CPUS, 64, 16, 7);
	memory = vmalloc(100 * PAGE_SIZE, true);
	for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++)
		for (u32 i = 0; i < 100; i++)
			CHECK(cpu_translate(cpu, (uintptr_t)memory + i * PAGE_SIZE,
				      &(struct translation){ 0 }),
				"page %u", i);
	vfree(memory);
	for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++)
		for (u32 i = 0; i < 100; i++)
			CHECK(!tlb_holds(cpu, (uintptr_t)memory + i * PAGE_SIZE), "CPU %u, page %u",
				cpu, i);
}

#ifdef CONFIG_DEBUG

static void expect_deepest(u32 bytes, const char *owner)
{
	char want[80];

	console_text[0] = 0;
	stack_depth_report();
	snprintf(want, sizeof(want), "deepest kernel stack: %u of %u bytes, thread %s\n", bytes,
		KERNEL_STACK_SIZE, owner);
	CHECK(strstr(console_text, want), "said: %s, expected: %s", console_text, want);
}

/* The debug build says how deep stacks were used: living ones, and those that are gone. */
static void depth_of_stacks(void **state)
{
	uintptr_t a, b;

	(void)state;
	machine_start(1, 32, 0, 7);
	a = kernel_stack_alloc("shallow");
	b = kernel_stack_alloc("deep");
	((u32 *)a)[-10] = 1;
	expect_deepest(40, "shallow");
	((u32 *)b)[-200] = 1;
	expect_deepest(800, "deep");
	((u32 *)a)[-300] = 1;
	kernel_stack_free(a);
	kernel_stack_free(b);
	expect_deepest(1200, "shallow");
}

#endif

const struct CMUnitTest vmalloc_tests[] = {
#ifdef CONFIG_DEBUG
	cmocka_unit_test(depth_of_stacks),
#endif
	cmocka_unit_test(random_ranges),
	cmocka_unit_test(the_whole_area),
	cmocka_unit_test(sizes_that_are_none),
	cmocka_unit_test(without_memory),
	cmocka_unit_test(no_memory_for_a_name),
	cmocka_unit_test(names_on_two_cpus),
	cmocka_unit_test(many_stacks),
	cmocka_unit_test(stacks_are_kept_while_there_is_memory),
	cmocka_unit_test(misuse_is_caught),
	cmocka_unit_test(freed_on_two_cpus),
	cmocka_unit_test(large_ranges_are_flushed),
};
const size_t vmalloc_test_count = ARRAY_SIZE(vmalloc_tests);
