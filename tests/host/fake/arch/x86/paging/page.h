/*
 * Host tests: in place of kernel/arch/x86/paging/page.h.  The same names and types; only where
 * kernel addresses lie differs.
 *
 * A 64-bit host has them 4 GiB aligned and far above 32 bits, so that an address that goes through
 * a u32 is lost at once; their low 32 bits are those of the kernel.  A 32-bit host has its own
 * libraries up there: the map is 1 GiB lower.
 */
#ifndef ARCH_X86_PAGE_H
#define ARCH_X86_PAGE_H

#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/types.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096u
#define PAGE_MASK (~((uintptr_t)PAGE_SIZE - 1))

#ifdef __LP64__
#define PAGE_OFFSET 0x1001C0000000ul
#else
#define PAGE_OFFSET 0x80000000u
#endif

typedef u64 phys_t;
typedef u32 pfn_t;

static inline phys_t pfn_to_phys(pfn_t pfn) { return (phys_t)pfn << PAGE_SHIFT; }
static inline pfn_t phys_to_pfn(phys_t phys)
{
	ASSERT(phys >> PAGE_SHIFT <= (pfn_t)-1, "no frame number holds address 0x%llx",
		(unsigned long long)phys);
	return (pfn_t)(phys >> PAGE_SHIFT);
}
static inline void *phys_to_virt(phys_t phys) { return (void *)(uintptr_t)(PAGE_OFFSET + phys); }
static inline phys_t virt_to_phys(const void *virt) { return (uintptr_t)virt - PAGE_OFFSET; }
static inline void *pfn_to_virt(pfn_t pfn) { return phys_to_virt(pfn_to_phys(pfn)); }
static inline pfn_t virt_to_pfn(const void *virt) { return phys_to_pfn(virt_to_phys(virt)); }

#endif
