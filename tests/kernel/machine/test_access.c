/* What the CPU makes of the protection bits: accesses that must fail, and such that must not. */
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/paging/layout.h"
#include "mm/boot/ram_layout.h"
#include "mm/objects/vmalloc.h"
#include "mm/pages/page_alloc.h"
#include "mm/pkmap/highmem.h"
#include "mm/tables/address_space.h"
#include "tests/kernel/crew.h"
#include "tests/kernel/machine/probe.h"
#include "tests/kernel/selftest.h"

/* `ret`, four times. */
#define RET 0xC3C3C3C3u

/* Does no harm if the test for which it is written over should succeed in that. */
static __noinline void target(void) { barrier(); }

static const u32 constant = RET;
static u32 variable = RET;

static void expect_read_only(const char *what, uintptr_t address)
{
	u32 before = 0, after = 0;

	EXPECT(19, probe_read(address, &before), "%s at 0x%x cannot be read", what, address);
	EXPECT(19, !probe_write(address, ~before), "%s at 0x%x can be written", what, address);
	EXPECT(19, probe_read(address, &after), "%s at 0x%x cannot be read", what, address);
	EXPECT_EQ(19, after, before, "%s at 0x%x has changed", what, address);
}

static void expect_no_access(const char *what, uintptr_t address)
{
	u32 value = 1;

	if (!EXPECT(19, !probe_read(address, &value), "%s at 0x%x can be read", what, address))
		return;
	EXPECT_EQ(19, value, 1, "value after a read of %s that failed", what);
	EXPECT(19, !probe_write(address, 0), "%s at 0x%x can be written", what, address);
}

SELFTEST(access_writes, "access.writes", 4, "19")
{
	u32 value = 0;

	expect_read_only("text", (uintptr_t)target);
	expect_read_only("the first page of text", (uintptr_t)kernel_start);
	expect_read_only("the last page of text", (uintptr_t)kernel_text_end - 4);
	expect_read_only("a constant", (uintptr_t)&constant);
	expect_read_only("the last page of constants", (uintptr_t)kernel_rodata_end - 4);
	EXPECT(19, probe_write((uintptr_t)&variable, 5) && READ_ONCE(variable) == 5,
		"a variable cannot be written");
	EXPECT(19, probe_read((uintptr_t)&variable, &value) && value == 5,
		"a variable cannot be read: %u", value);
	WRITE_ONCE(variable, RET);
}

SELFTEST(access_holes, "access.holes", 4, "19")
{
	expect_no_access("page 0", 0);
	expect_no_access("the start-up code's identity mapping", KERNEL_IMAGE_PHYS);
	expect_no_access("the last user page", USER_TOP - 4);
	expect_no_access("the boot stack's guard", (uintptr_t)boot_stack_guard);
	expect_no_access("the boot stack's guard", (uintptr_t)boot_stack - 4);
	expect_no_access("the end of the direct map", high_memory);
	expect_no_access("the gap before vmalloc", vmalloc_start - 4);
	expect_no_access("the first page of vmalloc", vmalloc_start);
	expect_no_access("the pages below the PKMap", VMALLOC_END);
	expect_no_access("the pages below the PKMap", PKMAP_BASE - 4);
	expect_no_access("the pages above the fixmap", FIXADDR_TOP);
	expect_no_access("the last page of all", 0xFFFFFFFC);
}

static void expect_data_not_run(const char *what, uintptr_t address)
{
	EXPECT_EQ(
		19, probe_exec(address), pte_nx_bit == 0, "%s at 0x%x runs as code", what, address);
}

SELFTEST(access_exec, "access.exec", 4, "19")
{
	volatile u32 on_stack = RET;

	EXPECT(19, probe_exec((uintptr_t)target), "text at 0x%x does not run", (uintptr_t)target);
	expect_data_not_run("a variable", (uintptr_t)&variable);
	expect_data_not_run("a constant", (uintptr_t)&constant);
	expect_data_not_run("a word of the stack", (uintptr_t)&on_stack);
	EXPECT(19, !probe_exec(USER_TOP - 4), "a page that is not mapped runs as code");
}

SELFTEST(access_exec_mapped, "access.exec_mapped", 8, "19")
{
	u32 *area = vmalloc(PAGE_SIZE, true);
	struct page *page = alloc_page(GFP_HIGHUSER);

	if (EXPECT(0, area && page, "no memory for two pages")) {
		u32 *mapped = kmap(page);

		*area = *mapped = RET;
		expect_data_not_run("vmalloc memory", (uintptr_t)area);
		expect_data_not_run("a page mapped by kmap", (uintptr_t)mapped);
		kunmap(page);
	}
	vfree(area);
	if (page)
		free_page(page);
}

/* ---- User pages, seen by the kernel ---- */

/* One page of `ret`, mapped three times. */
#define USER_RW 0x40000000u
#define USER_RO (USER_RW + PAGE_SIZE)
#define USER_TEXT (USER_RO + PAGE_SIZE)

static struct crew crew;

static bool map_user_pages(struct mm *mm, struct page *page)
{
	static const pteval_t read_only = _PAGE_PRESENT | _PAGE_USER;

	return mm_map(mm, USER_RW, page, PAGE_USER_RW) == 0 &&
	       mm_map(mm, USER_RO, page, read_only | pte_nx_bit) == 0 &&
	       mm_map(mm, USER_TEXT, page, PAGE_USER_TEXT) == 0;
}

static void fill(struct page *page)
{
	u32 *words = kmap(page);

	for (u32 i = 0; i < PAGE_SIZE / 4; i++)
		words[i] = RET;
	kunmap(page);
}

static bool handler_could_read[NR_CPUS];

static void read_in_handler(struct trapframe *frame)
{
	u32 value;

	(void)frame;
	handler_could_read[smp_processor_id()] = probe_read(USER_RW, &value);
}

static void expect_reads(u32 cpu)
{
	bool smap = cpu_features.smap;
	u32 value = 0;

	EXPECT_EQ(0, probe_read(USER_RW, &value), !smap,
		"user page read by accident, on CPU %u with SMAP %d", cpu, smap);
	EXPECT_EQ(0, probe_write(USER_RW + 4, RET), !smap,
		"user page written by accident, on CPU %u with SMAP %d", cpu, smap);
	user_access_begin();
	EXPECT(0, probe_read(USER_RW, &value) && value == RET,
		"user page read on purpose on CPU %u: 0x%x", cpu, value);
	EXPECT(0, probe_write(USER_RW + 4, RET), "user page written on purpose on CPU %u", cpu);
	EXPECT(0, !probe_write(USER_RO, 0), "read-only user page can be written on CPU %u", cpu);
	EXPECT(0, !probe_read(USER_RW - PAGE_SIZE, &value),
		"unmapped user page can be read on CPU %u", cpu);
	/* Faults between the two must not end the permission. */
	EXPECT(0, probe_read(USER_RO, &value) && value == RET,
		"read-only user page after a fault, on CPU %u: 0x%x", cpu, value);
	__asm__ volatile("int %0" : : "i"(VECTOR_SELFTEST) : "memory");
	user_access_end();
	EXPECT_EQ(0, handler_could_read[cpu], !smap,
		"user page read in a handler on CPU %u with SMAP %d", cpu, smap);
	EXPECT(0, !(read_eflags() & EFLAGS_AC), "EFLAGS.AC is left set on CPU %u", cpu);
}

static void touch_user_pages(struct crew_member *self)
{
	bool smep = cpu_features.smep;

	thread_use_mm(self->arg);
	expect_reads(self->cpu);
	EXPECT_EQ(0, probe_exec(USER_TEXT), !smep,
		"user code runs in the kernel, on CPU %u with SMEP %d", self->cpu, smep);
	EXPECT_EQ(0, probe_exec(USER_RW), !smep && !pte_nx_bit,
		"user data runs in the kernel, on CPU %u with SMEP %d, NX %d", self->cpu, smep,
		pte_nx_bit != 0);
}

static void use_from_all_cpus(struct mm *mm)
{
	trap_set_handler(VECTOR_SELFTEST, read_in_handler);
	if (crew_start(&crew, 1, touch_user_pages, mm))
		crew_join(&crew);
	trap_set_handler(VECTOR_SELFTEST, NULL);
}

SELFTEST(access_user, "access.user", 8, "")
{
	struct page *page = alloc_page(GFP_HIGHUSER);
	struct mm *mm = mm_create();

	if (EXPECT(0, page && mm, "no memory for an address space and a page")) {
		fill(page);
		if (EXPECT(0, map_user_pages(mm, page), "no memory for page tables"))
			use_from_all_cpus(mm);
	}
	if (mm)
		mm_destroy(mm);
	if (page)
		put_page(page);
}
