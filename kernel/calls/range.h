/* What system calls accept as ranges and rights. */
#ifndef KERNEL_RANGE_H
#define KERNEL_RANGE_H

#include "arch/x86/paging/layout.h"
#include "lib/abi/abi.h"

/* Readable, and not writable and executable at once. */
static inline bool prot_is_valid(u32 prot)
{
	return (prot & PROT_READ) && !(prot & ~PROT_MASK) &&
	       (prot & (PROT_WRITE | PROT_EXEC)) != (PROT_WRITE | PROT_EXEC);
}

/* 1 to RANGE_MAX pages inside user space.  Compared as page numbers: no sum wraps. */
static inline bool range_is_valid(u32 address, u32 pages)
{
	return address >= USER_START && IS_ALIGNED(address, PAGE_SIZE) && pages >= 1 &&
	       pages <= RANGE_MAX && (address >> PAGE_SHIFT) + pages <= USER_TOP >> PAGE_SHIFT;
}

#endif
