/*
 * The visible TLB: what each CPU may still hold, kept by the kernel itself (debug build; otherwise
 * all of this is nothing).
 *
 * Emulators do not show forgotten flushes: QEMU drops Global entries on every CR3 load and sees a
 * changed PDPTE at once.  The shadow goes by the manual (SDM vol. 3, 4.10): from the moment an
 * entry is present any CPU may hold it, until that CPU invalidates it by invlpg, by a change of
 * CR4.PGE or, where it is not Global, by loading CR3.  It watches these instructions themselves
 * (paging/tlb_ops.h), so no code can claim a flush that it does not make.  The kernel stops at the
 * first hand-out of a slot, range, table or frame that some TLB may still translate, and says who
 * unmapped it, who flushed last, and which CPU did not.
 *
 * Time is a counter of unmappings: a flush that begins at time t drops all that was unmapped by
 * then.
 */
#ifndef ARCH_X86_TLB_SHADOW_H
#define ARCH_X86_TLB_SHADOW_H

#include "arch/x86/cpu/percpu.h"
#include "lib/compiler.h"
#include "lib/types.h"

struct mm_tlb;

#ifdef CONFIG_DEBUG

/* The flush that is pending for entries of an address space that were cleared: since when. */
struct pending_flush {
	const struct mm_tlb *mm; /* NULL: nothing */
	u32 since;
	uintptr_t caller;           /* who cleared them */
	uintptr_t address;          /* the page, if it is one alone (pending_flush_page) */
	u32 invalidated;            /* CPUs that have done an invlpg for it since */
	struct pending_flush *next; /* of those for one page */
};

/*
 * The flush that is pending before a frame may be used again: the last place that it was unmapped
 * from, in the kernel or in an address space.
 */
struct pending_frame {
	u32 since; /* 0: nothing */
	/* kernel address of a page, or the CR3 of the address space (which lies lower) */
	u32 from;
};

/*
 * The instructions: the time before, then what was done, on the running CPU.  Interrupts off, but
 * for invlpg.
 */
u32 shadow_time_now(void);
void shadow_cr3_loaded(u32 begun, u32 cr3);
void shadow_cr4_loaded(u32 begun, u32 cr4);
void shadow_invalidated(u32 begun, uintptr_t address);
/* `caller` asks the CPUs of `mask` to flush: for messages. */
void shadow_round(u32 mask, uintptr_t caller);
/* The running CPU is online, and has dropped what it took up before anybody told it of changes. */
void shadow_cpu_ready(void);

/* A kernel entry (PKMap, fixmap, vmalloc) has been cleared. */
void shadow_unmapped(uintptr_t address);
/* It is about to be used again, by the CPUs of `cpus` (offline ones do not count). */
void shadow_check_reuse(uintptr_t address, u32 cpus);
/*
 * The same of a PKMap slot: the flush of CPUs that are idle may be pending (tlb_idle.h), and where
 * the entries are not Global CR3 loads count.
 */
void shadow_check_slot(uintptr_t address);
/*
 * The same for all pages of [start, end): whose frames, and then whose addresses, are about to be
 * used again by anybody.
 */
void shadow_check_range(uintptr_t start, uintptr_t end);

/* Entries of `mm` have been cleared, or its PDPTEs changed; its page-table lock is still held. */
void pending_flush_mm(struct pending_flush *pending, const struct mm_tlb *mm);
/*
 * The same for one page, which an invlpg makes too.  The struct stays where it is until
 * pending_flush_check().
 */
void pending_flush_page(struct pending_flush *pending, const struct mm_tlb *mm, uintptr_t address);
/* `what` is about to be used for something else. */
void pending_flush_check(struct pending_flush *pending, const char *what);
/* The address space ends: no CPU may have its PGD in CR3. */
void shadow_check_gone(const struct mm_tlb *mm);

/* A frame has been unmapped from a kernel address (after shadow_unmapped), or from `mm`. */
void pending_frame_kernel(struct pending_frame *pending, uintptr_t address);
void pending_frame_mm(struct pending_frame *pending, const struct mm_tlb *mm);
/* Frame `pfn` is about to be used for something else; and is not pending any more. */
void pending_frame_check(struct pending_frame *pending, u32 pfn);

#else

struct pending_flush {
};

struct pending_frame {
};

static inline u32 shadow_time_now(void) { return 0; }
static inline void shadow_cr3_loaded(__maybe_unused u32 begun, __maybe_unused u32 cr3) {}
static inline void shadow_cr4_loaded(__maybe_unused u32 begun, __maybe_unused u32 cr4) {}
static inline void shadow_invalidated(__maybe_unused u32 begun, __maybe_unused uintptr_t address) {}
static inline void shadow_round(__maybe_unused u32 mask, __maybe_unused uintptr_t caller) {}
static inline void shadow_cpu_ready(void) {}
static inline void shadow_unmapped(__maybe_unused uintptr_t address) {}
static inline void shadow_check_reuse(__maybe_unused uintptr_t address, __maybe_unused u32 cpus) {}
static inline void shadow_check_slot(__maybe_unused uintptr_t address) {}
static inline void shadow_check_range(__maybe_unused uintptr_t start, __maybe_unused uintptr_t end)
{
}
static inline void pending_flush_mm(
	__maybe_unused struct pending_flush *pending, __maybe_unused const struct mm_tlb *mm)
{
}
static inline void pending_flush_page(__maybe_unused struct pending_flush *pending,
	__maybe_unused const struct mm_tlb *mm, __maybe_unused uintptr_t address)
{
}
static inline void pending_flush_check(
	__maybe_unused struct pending_flush *pending, __maybe_unused const char *what)
{
}
static inline void shadow_check_gone(__maybe_unused const struct mm_tlb *mm) {}
static inline void pending_frame_kernel(
	__maybe_unused struct pending_frame *pending, __maybe_unused uintptr_t address)
{
}
static inline void pending_frame_mm(
	__maybe_unused struct pending_frame *pending, __maybe_unused const struct mm_tlb *mm)
{
}
static inline void pending_frame_check(
	__maybe_unused struct pending_frame *pending, __maybe_unused u32 pfn)
{
}

#endif
#endif
