/* Atomic kmaps and the fixmap (invariants 28 to 31); whole pages filled and copied through them. */
#include "fake/machine.h"
#include "host.h"

#include "arch/x86/cpu/trap.h"
#include "arch/x86/paging/fixmap.h"
#include "mm/pages/page_alloc.h"
#include "mm/pkmap/kmap_atomic.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PAGES 64u

static struct page *page[PAGES]; /* every fourth one low */
static struct {
	u32 page;
	void *address;
} held[MACHINE_CPUS][KMAP_ATOMIC_DEPTH];
static u32 depth[MACHINE_CPUS];

static u32 mark(u32 i) { return page_to_pfn(page[i]) * 2654435761u; }

static void begin(void)
{
	machine_new(MACHINE_CPUS);
	machine_ram(0, 0x9F);
	machine_ram(0x100, PAGING_LEVELS == 3 ? 0xA000 : 0x3000);
	machine_ram(PAGING_LEVELS == 3 ? 0x100000 : 0x3FF00,
		(PAGING_LEVELS == 3 ? 0x100000 : 0x3FF00) + 200);
	machine_boot(7);
	memset(depth, 0, sizeof(depth));
	for (u32 i = 0; i < PAGES; i++) {
		page[i] = alloc_page(i % 4 ? GFP_HIGHUSER : GFP_KERNEL);
		CHECK(page_is_high(page[i]) == (i % 4 != 0), "page %u", i);
		ram_set_word(page_to_pfn(page[i]), 0, mark(i));
	}
}

static bool address_is_taken(const void *address)
{
	for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++)
		for (u32 i = 0; i < depth[cpu]; i++)
			if (held[cpu][i].address == address)
				return true;
	return false;
}

static void push(void)
{
	u32 cpu = running_cpu, i = random_below(PAGES);
	void *address = kmap_atomic(page[i]);

	if (page_is_high(page[i])) {
		CHECK((uintptr_t)address >= FIXADDR_START && (uintptr_t)address < FIXADDR_TOP,
			"address %p", address);
		CHECK(!address_is_taken(address), "%p is in use already", address);
		CHECK_EQUAL((uintptr_t)address,
			fix_to_virt(FIX_KMAP_BEGIN + cpu * KMAP_ATOMIC_DEPTH + depth[cpu]));
	} else {
		CHECK(address == lowmem_page_address(page[i]), "address %p of a low page", address);
	}
	held[cpu][depth[cpu]].page = i;
	held[cpu][depth[cpu]++].address = address;
}

static void read_all(void)
{
	for (u32 i = 0; i < depth[running_cpu]; i++) {
		u32 got = *(volatile u32 *)held[running_cpu][i].address,
		    n = held[running_cpu][i].page;

		CHECK(got == mark(n), "CPU %u, depth %u: reads 0x%x, the page holds 0x%x",
			running_cpu, i, got, mark(n));
	}
}

static void pop(void)
{
	u32 cpu = running_cpu;
	void *address = held[cpu][--depth[cpu]].address;

	kunmap_atomic(address);
	if (!page_is_high(page[held[cpu][depth[cpu]].page]))
		return;
	CHECK(!tlb_holds(cpu, (uintptr_t)address), "CPU %u still translates %p", cpu, address);
	CHECK(pte_none(*kernel_pte((uintptr_t)address)), "%p still has an entry", address);
}

/* Which slot comes next is a matter of CPU and depth alone (28). */
static void check_next_slots(void)
{
	for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++) {
		uintptr_t next = fix_to_virt(FIX_KMAP_BEGIN + cpu * KMAP_ATOMIC_DEPTH + depth[cpu]);

		CHECK(*per_cpu(next_slot, cpu) == next,
			"CPU %u at depth %u: the next slot is %lx, not %lx", cpu, depth[cpu],
			(unsigned long)next, (unsigned long)*per_cpu(next_slot, cpu));
	}
}

static void random_stacks(void **state)
{
	(void)state;
	random_begin(16);
	begin();
	for (test_step = 1; test_step <= rounds(8000); test_step++) {
		run_on(random_below(MACHINE_CPUS));
		if (one_in(2) && depth[running_cpu] < KMAP_ATOMIC_DEPTH)
			push();
		else if (depth[running_cpu])
			pop();
		read_all();
		CHECK_EQUAL(kmap_atomic_depth(), depth[running_cpu]);
		check_next_slots();
		if (one_in(50))
			kmap_atomic_init_cpu(); /* goes by the depth */
	}
	for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++)
		for (run_on(cpu); depth[cpu];)
			pop();
	machine_check_idle();
}

static void misuse_is_caught(void **state)
{
	void *first, *second, *low;

	(void)state;
	begin();
	EXPECT_PANIC(30, "holds none", kunmap_atomic((void *)PAGE_OFFSET));
	first = kmap_atomic(page[1]);
	second = kmap_atomic(page[2]);
	EXPECT_PANIC(28, "2 are held and the last is", kunmap_atomic(first));
	kunmap_atomic(second);
	EXPECT_PANIC(28, "1 are held", kunmap_atomic((void *)FIXADDR_START));
	low = kmap_atomic(page[0]);
	EXPECT_PANIC(28, "2 are held and the last is", kunmap_atomic(first));
	kunmap_atomic(low);
	kunmap_atomic(first);
	set_pte(fixmap_pte(virt_to_fix((uintptr_t)first)), pfn_pte(1, PAGE_KERNEL));
	EXPECT_PANIC(29, "holds an entry before", kmap_atomic(page[1]));
	begin();
	for (u32 i = 0; i < KMAP_ATOMIC_DEPTH; i++)
		kmap_atomic(page[1]);
	EXPECT_PANIC(28, "more than 16", kmap_atomic(page[1]));
}

static void whole_pages(void **state)
{
	static u8 from[PAGE_SIZE], to[PAGE_SIZE];

	(void)state;
	random_begin(17);
	begin();
	for (test_step = 1; test_step <= rounds(200); test_step++) {
		u32 a = random_below(PAGES), b = random_below(PAGES),
		    at = random_below(PAGE_SIZE / 4) * 4, value = random_u32();

		run_on(random_below(MACHINE_CPUS));
		ram_set_word(page_to_pfn(page[a]), at, value);
		copy_page(page[b], page[a]);
		ram_read(page_to_phys(page[a]), from, PAGE_SIZE);
		ram_read(page_to_phys(page[b]), to, PAGE_SIZE);
		CHECK(!memcmp(from, to, PAGE_SIZE), "the copy differs");
		clear_page(page[b]);
		ram_read(page_to_phys(page[b]), to, PAGE_SIZE);
		CHECK(!to[0] && !memcmp(to, to + 1, PAGE_SIZE - 1), "the page is not all zero");
		CHECK(a == b || ram_word(page_to_pfn(page[a]), at) == value,
			"the source was written");
	}
	CHECK_EQUAL(kmap_atomic_depth(), 0);
	machine_check_idle();
}

/* Any physical address: across pages, above 4 GiB where entries reach it, refused beyond. */
static void physical_memory_is_read(void **state)
{
	phys_t top = pfn_to_phys(reachable_pfns());
	static u8 bytes[3 * PAGE_SIZE], want[3 * PAGE_SIZE];

	(void)state;
	random_begin(18);
	begin();
	top = pfn_to_phys(reachable_pfns());
	for (test_step = 1; test_step <= rounds(300); test_step++) {
		size_t size = random_below(2 * PAGE_SIZE);
		phys_t phys = one_in(2) ? top - size - random_below(3 * PAGE_SIZE)
					: (phys_t)random_u32() % (top - size);

		for (u32 n = 0; n < 4; n++)
			ram_set_word(phys_to_pfn(phys) + n, 0, (u32)phys + n);
		memset(bytes, 0xEE, sizeof(bytes));
		CHECK(phys_read(bytes, phys, size), "refused %llx", (unsigned long long)phys);
		ram_read(phys, want, size);
		CHECK(!memcmp(bytes, want, size), "%zu bytes from %llx", size,
			(unsigned long long)phys);
		CHECK(bytes[size] == 0xEE, "wrote behind");
	}
	memset(bytes, 0xEE, sizeof(bytes));
	CHECK(!phys_read(bytes, top - 10, 11) && !bytes[0] && !bytes[10] && bytes[11] == 0xEE,
		"read beyond what entries reach");
	CHECK(!phys_read(bytes, ~0ull, 2) && phys_read(bytes, top - 10, 10),
		"the end of what entries reach");
}

static void fixed_pages(void **state)
{
	u32 *address;

	(void)state;
	begin();
	for (u32 i = 1; i < 8; i++) {
		address = set_fixmap(FIX_IOAPIC_0, page_to_phys(page[i]), PAGE_KERNEL_RO);
		CHECK_EQUAL(*(volatile u32 *)address, mark(i));
		CHECK_EQUAL((uintptr_t)address, fix_to_virt(FIX_IOAPIC_0));
		CHECK_EQUAL(virt_to_fix((uintptr_t)address), FIX_IOAPIC_0);
	}
	clear_fixmap(FIX_IOAPIC_0);
	CHECK(!tlb_holds(0, (uintptr_t)address), "still translated");
	EXPECT_PANIC(0, "fixmap index", set_fixmap(FIXMAP_PAGES, 0, PAGE_KERNEL));
	/* Cut to what an entry holds, each would be some other frame. */
	EXPECT_PANIC(0, "no entry reaches",
		set_fixmap(FIX_IOAPIC_0, pfn_to_phys(reachable_pfns()), PAGE_KERNEL));
	EXPECT_PANIC(0, "no entry reaches", set_fixmap(FIX_IOAPIC_0, 1ull << 44, PAGE_KERNEL));
}

const struct CMUnitTest fixmap_tests[] = {
	cmocka_unit_test(random_stacks),
	cmocka_unit_test(misuse_is_caught),
	cmocka_unit_test(whole_pages),
	cmocka_unit_test(physical_memory_is_read),
	cmocka_unit_test(fixed_pages),
};
const size_t fixmap_test_count = ARRAY_SIZE(fixmap_tests);
