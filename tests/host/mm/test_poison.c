/*
 * Poisoning (builds with CONFIG_POISON): what is freed is filled, what was written after that is
 * found at the hand-over.
 */
#include "fake/machine.h"
#include "host.h"

#include "arch/x86/paging/fixmap.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/zone.h"
#include "mm/pkmap/highmem.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#ifdef CONFIG_POISON

static void freed_pages_are_filled(void **state)
{
	struct page *page[2];

	(void)state;
	machine_start(2, 32, 8, 7);
	for (u32 high = 0; high < 2; high++) {
		page[high] = alloc_pages(high ? GFP_HIGHUSER : GFP_KERNEL, high);
		free_pages(page[high], high);
		for (u32 at = 0; at < PAGE_SIZE << high; at += 4)
			CHECK_EQUAL(
				ram_word(page_to_pfn(page[high]) + at / PAGE_SIZE, at % PAGE_SIZE),
				0xCCCCCCCCu);
		CHECK(alloc_pages(high ? GFP_HIGHUSER : GFP_KERNEL, high) == page[high],
			"another page");
	}
	CHECK_EQUAL(kmap_atomic_depth(), 0);
}

static void writes_after_the_free_are_found(void **state)
{
	(void)state;
	for (u32 i = 0; i < 3; i++) {
		u32 offset = i == 0 ? 0 : i == 1 ? 2048 : PAGE_SIZE - 4;
		struct page *page;

		machine_start(1, 32, 8, 7);
		page = alloc_page(i % 2 ? GFP_HIGHUSER : GFP_KERNEL);
		free_page(page);
		ram_set_word(page_to_pfn(page), offset, 0x12345678);
		EXPECT_PANIC(51, "was written after it was freed: 0x12345678",
			alloc_page(i % 2 ? GFP_HIGHUSER : GFP_KERNEL));
	}
}

/* Pages that were never freed carry no mark, whatever they hold. */
static void pages_from_the_start_are_not_looked_at(void **state)
{
	(void)state;
	machine_start(1, 16, 0, 7);
	for (u32 i = 0; i < 500; i++)
		CHECK(alloc_page(GFP_KERNEL), "no memory");
}

const struct CMUnitTest poison_tests[] = {
	cmocka_unit_test(freed_pages_are_filled),
	cmocka_unit_test(writes_after_the_free_are_found),
	cmocka_unit_test(pages_from_the_start_are_not_looked_at),
};
const size_t poison_test_count = ARRAY_SIZE(poison_tests);

#else

static void without_poison(void **state)
{
	struct page *page;

	(void)state;
	machine_start(1, 32, 8, 7);
	page = alloc_page(GFP_HIGHUSER);
	ram_set_word(page_to_pfn(page), 100, 77);
	free_page(page);
	CHECK_EQUAL(ram_word(page_to_pfn(page), 100), 77);
	CHECK(alloc_page(GFP_HIGHUSER) == page, "another page");
}

const struct CMUnitTest poison_tests[] = { cmocka_unit_test(without_poison) };
const size_t poison_test_count = ARRAY_SIZE(poison_tests);

#endif
