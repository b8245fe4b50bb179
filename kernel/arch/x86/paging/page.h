/*
 * Pages, frames and the three kinds of address: virtual (a pointer), physical
 * (phys_t, 64 bits in both kernels, so that no shift ever loses a bit) and
 * page frame number (pfn_t).
 */
#ifndef ARCH_X86_PAGE_H
#define ARCH_X86_PAGE_H

#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/types.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096u
#define PAGE_MASK (~(PAGE_SIZE - 1))

/* Start of the direct map: physical 0 appears here. */
#define PAGE_OFFSET 0xC0000000u

typedef u64 phys_t;
typedef u32 pfn_t;

static inline phys_t pfn_to_phys(pfn_t pfn) { return (phys_t)pfn << PAGE_SHIFT; }

/*
 * Never cuts: an address from outside is compared first, by phys_reachable() or against an end in
 * bytes.
 */
static inline pfn_t phys_to_pfn(phys_t phys)
{
	ASSERT(phys >> PAGE_SHIFT <= (pfn_t)-1, "no frame number holds address 0x%llx",
		(unsigned long long)phys);
	return (pfn_t)(phys >> PAGE_SHIFT);
}

/* Both directions hold for the direct map alone: low memory, kernel image included. */
static inline void *phys_to_virt(phys_t phys)
{
	ASSERT(phys < 0u - PAGE_OFFSET, "the direct map does not reach address 0x%llx",
		(unsigned long long)phys);
	return (void *)((uintptr_t)phys + PAGE_OFFSET);
}

static inline phys_t virt_to_phys(const void *virt) { return (uintptr_t)virt - PAGE_OFFSET; }

static inline void *pfn_to_virt(pfn_t pfn)
{
	return (void *)(((uintptr_t)pfn << PAGE_SHIFT) + PAGE_OFFSET);
}

static inline pfn_t virt_to_pfn(const void *virt)
{
	return (pfn_t)(((uintptr_t)virt - PAGE_OFFSET) >> PAGE_SHIFT);
}

#endif
