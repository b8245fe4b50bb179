/* Names of functions, from the table that the build makes of the kernel's own symbols. */
#include "arch/x86/console/symbols.h"

#include "arch/x86/paging/layout.h"

/*
 * Section .ksyms: addresses ascending, and for each the offset of its name in the strings.  The
 * kernel is linked twice: first with an empty table (count 0), then with the one made of the first
 * link.
 */
extern const u32 ksyms_count;
extern const u32 ksyms_addresses[], ksyms_names[];
extern const char ksyms_strings[];

/* Number of entries that are not above `address`. */
static u32 entries_up_to(uintptr_t address)
{
	u32 low = 0, high = ksyms_count;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (ksyms_addresses[middle] <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool in_kernel_text(uintptr_t address)
{
	return address >= (uintptr_t)kernel_start && address < (uintptr_t)kernel_text_end;
}

const char *symbol_name(uintptr_t address, u32 *offset)
{
	u32 n = in_kernel_text(address) ? entries_up_to(address) : 0;

	if (n == 0) {
		*offset = 0;
		return "?";
	}
	*offset = address - ksyms_addresses[n - 1];
	return ksyms_strings + ksyms_names[n - 1];
}
