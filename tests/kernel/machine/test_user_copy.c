/* Copies between the kernel and user memory: ranges, missing pages, pages that come meanwhile. */
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/user_copy.h"
#include "arch/x86/paging/layout.h"
#include "lib/string.h"
#include "mm/pages/page_alloc.h"
#include "tests/kernel/machine/user_tools.h"
#include "tests/kernel/selftest.h"

/* Three pages with room before and behind; any of them may be missing. */
#define AREA 0x60000000u
#define PAGES 3u
#define SIZE (PAGES * PAGE_SIZE)

static u8 buffer[SIZE + 8];
static struct mm *area_mm;
static u32 faults, fault_error, fault_sleepless;

static u8 pattern(u32 i) { return (u8)(i * 7 + (i >> 8)); }

static void fill(void)
{
	for (u32 i = 0; i < sizeof(buffer); i++)
		buffer[i] = pattern(i);
}

static bool map_page(u32 n)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	bool mapped = page && mm_map(area_mm, AREA + n * PAGE_SIZE, page, PAGE_USER_RW) == 0;

	if (page)
		put_page(page);
	return EXPECT(0, mapped, "no memory for page %u", n);
}

static void map_but(u32 missing)
{
	mm_unmap(area_mm, AREA, AREA + SIZE);
	for (u32 n = 0; n < PAGES; n++)
		if (n != missing)
			map_page(n);
}

static bool supply_page(u32 address, u32 error)
{
	faults++;
	fault_error = error;
	fault_sleepless += !irqs_enabled();
	return map_page((address - AREA) / PAGE_SIZE);
}

static bool refuse_page(u32 address, u32 error)
{
	(void)address;
	faults++;
	fault_error = error;
	return false;
}

/* All of the area, odd at both ends. */
#define FROM 1u
#define LENGTH (SIZE - 3)

static void copy_there_and_back(u32 missing)
{
	map_but(missing);
	faults = 0;
	fill();
	EXPECT(0, copy_to_user((void *)(AREA + FROM), buffer, LENGTH), "page %u comes", missing);
	EXPECT_EQ(0, faults, missing < PAGES, "faults of a copy to user memory, page %u", missing);
	EXPECT(0, missing >= PAGES || (fault_error & PF_WRITE), "error code %x", fault_error);
	memset(buffer, 0, sizeof(buffer));
	EXPECT(0, copy_from_user(buffer, (void *)(AREA + FROM), LENGTH), "all pages are there");
	for (u32 i = 0; i < LENGTH; i++)
		if (!EXPECT_EQ(0, buffer[i], pattern(i), "byte %u, page %u came late", i, missing))
			break;
	for (u32 i = LENGTH; i < sizeof(buffer); i++)
		EXPECT_EQ(0, buffer[i], 0, "byte %u, behind the copy", i);
	EXPECT_EQ(0, fault_sleepless, 0, "faults handled with interrupts off");
}

static void copy_and_fail(u32 missing)
{
	map_but(missing);
	faults = 0;
	EXPECT(0, !copy_to_user((void *)(AREA + FROM), buffer, LENGTH), "page %u missing", missing);
	EXPECT_EQ(0, faults, 1, "faults, page %u", missing);
	EXPECT(0, !copy_from_user(buffer, (void *)(AREA + FROM), LENGTH), "page %u missing",
		missing);
	EXPECT_EQ(0, faults, 2, "faults, page %u", missing);
	EXPECT_EQ(0, fault_error & PF_WRITE, 0, "error code of a read");
}

/* Who may not sleep gets no page. */
static void copy_without_sleep(void)
{
	map_but(1);
	faults = 0;
	u32 flags = irq_save();
	bool copied = copy_to_user((void *)AREA, buffer, SIZE);

	irq_restore(flags);
	EXPECT(0, !copied, "a page came with interrupts off");
	EXPECT_EQ(0, faults, 0, "faults that were asked for with interrupts off");
}

static void expect_refused(uintptr_t address, size_t n)
{
	faults = 0;
	EXPECT(0, !copy_to_user((void *)address, buffer, n), "%u bytes to 0x%x", (u32)n,
		(u32)address);
	EXPECT(0, !copy_from_user(buffer, (void *)address, n), "%u bytes from 0x%x", (u32)n,
		(u32)address);
	EXPECT_EQ(0, faults, 0, "faults at 0x%x", (u32)address);
}

static void copy_all(struct mm *mm)
{
	area_mm = mm;
	user_on_copy_fault = supply_page;
	for (u32 missing = 0; missing <= PAGES; missing++)
		copy_there_and_back(missing);
	copy_without_sleep();
	user_on_copy_fault = refuse_page;
	for (u32 missing = 0; missing < PAGES; missing++)
		copy_and_fail(missing);
	expect_refused(USER_TOP - 1, 2);
	expect_refused(USER_TOP, 1);
	expect_refused((uintptr_t)buffer, 4);
	expect_refused(0xFFFFFFF0, 0x20);
	expect_refused(AREA, 0xFFFFFFFF);
	EXPECT(0, copy_to_user((void *)USER_TOP, buffer, 0), "no bytes at the end");
	mm_unmap(area_mm, AREA, AREA + SIZE);
}

SELFTEST(user_copy, "user.copy", 8, "") { user_on_each_cpu(copy_all); }
