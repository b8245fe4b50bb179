/*
 * The visible TLB: what each CPU may still hold, kept by the kernel itself (debug build; otherwise all of this is nothing).
 *
 * Emulators forgive forgotten flushes: QEMU drops Global entries on every CR3 load and sees a changed PDPTE at once.  The shadow
 * goes by the manual (SDM vol. 3, 4.10): from the moment an entry is present any CPU may hold it, until that CPU invalidates it by invlpg, by a full flush or,
 * where it is not Global, by loading CR3.  The kernel stops at the first hand-out of a slot, range, table or frame that
 * some TLB may still translate, and says who unmapped it and which CPU did not flush.
 *
 * Time is a counter of unmappings: a flush that begins at time t drops all that was unmapped by then.
 */
#ifndef ARCH_X86_TLB_SHADOW_H
#define ARCH_X86_TLB_SHADOW_H

#include "arch/x86/percpu.h"
#include "lib/types.h"

struct mm_tlb;

#ifdef CONFIG_DEBUG

/* What is owed for entries of an address space that were cleared: since when, and by which CPUs. */
struct tlb_debt {
	u32 since, cpus;
	uintptr_t caller; /* who cleared them */
};

/* A kernel entry (PKMap, fixmap, vmalloc) has been cleared. */
void shadow_unmapped(uintptr_t address);
/* It is about to be used again, by the CPUs of `cpus` (offline ones do not count). */
void shadow_check_reuse(uintptr_t address, u32 cpus);

/* The same for all pages of [start, end): whose frames, and then whose addresses, are about to be used again by anybody. */
void shadow_check_range(uintptr_t start, uintptr_t end);

/* Around every flush of the running CPU: the time at which it begins, then what it was. */
u32 shadow_flush_begins(void);
void shadow_full_flush(u32 begun);
void shadow_cr3_load(u32 begun, bool global_enabled);
void shadow_invlpg(uintptr_t address);

/* Entries of `mm` have been cleared, or its PDPTEs changed; its page-table lock is still held. */
void debt_owe(struct tlb_debt *debt, const struct mm_tlb *mm);
/* `what` is about to be used for something else. */
void debt_check(const struct tlb_debt *debt, const char *what);

#else

struct tlb_debt {
};

static inline void shadow_unmapped(uintptr_t address) { (void)address; }
static inline void shadow_check_reuse(uintptr_t address, u32 cpus) { (void)address; (void)cpus; }
static inline void shadow_check_range(uintptr_t start, uintptr_t end) { (void)start; (void)end; }
static inline u32 shadow_flush_begins(void) { return 0; }
static inline void shadow_full_flush(u32 begun) { (void)begun; }
static inline void shadow_cr3_load(u32 begun, bool global_enabled) { (void)begun; (void)global_enabled; }
static inline void shadow_invlpg(uintptr_t address) { (void)address; }
static inline void debt_owe(struct tlb_debt *debt, const struct mm_tlb *mm) { (void)debt; (void)mm; }
static inline void debt_check(const struct tlb_debt *debt, const char *what) { (void)debt; (void)what; }

#endif
#endif
