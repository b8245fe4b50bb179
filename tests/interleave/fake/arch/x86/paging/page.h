/*
 * Interleavings: in place of kernel/arch/x86/paging/page.h.  Low memory lies at an address of a
 * 64-bit host whose upper half has bit 0 clear: the link of a cached table then reads as two
 * entries that are not present, as it does where pointers have 32 bits.
 */
#ifndef ARCH_X86_PAGE_H
#define ARCH_X86_PAGE_H

#include "lib/compiler.h"
#include "lib/types.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096u
#define PAGE_MASK (~((uintptr_t)PAGE_SIZE - 1))
#define PAGE_OFFSET 0x1002C0000000ul

typedef u64 phys_t;
typedef u32 pfn_t;

static inline phys_t pfn_to_phys(pfn_t pfn) { return (phys_t)pfn << PAGE_SHIFT; }
static inline pfn_t phys_to_pfn(phys_t phys) { return (pfn_t)(phys >> PAGE_SHIFT); }
static inline void *phys_to_virt(phys_t phys) { return (void *)(uintptr_t)(PAGE_OFFSET + phys); }
static inline phys_t virt_to_phys(const void *virt) { return (uintptr_t)virt - PAGE_OFFSET; }
static inline void *pfn_to_virt(pfn_t pfn) { return phys_to_virt(pfn_to_phys(pfn)); }
static inline pfn_t virt_to_pfn(const void *virt) { return phys_to_pfn(virt_to_phys(virt)); }

#endif
