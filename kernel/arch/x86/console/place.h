/*
 * An address in the kernel's text, as a message names it: "kmap_high+0x2c".  For `%s`:
 * place_of(address).text.
 */
#ifndef ARCH_X86_PLACE_H
#define ARCH_X86_PLACE_H

#include "arch/x86/console/symbols.h"
#include "lib/format.h"

struct place {
	char text[48];
};

/*
 * For a return address: the byte before it belongs to the call, and to the function that makes it.
 */
static inline struct place place_of(uintptr_t address)
{
	struct place place;
	u32 offset;
	const char *name = symbol_name(address - 1, &offset);

	snprintf(place.text, sizeof(place.text), "%s+0x%x", name, offset + 1);
	return place;
}

#endif
