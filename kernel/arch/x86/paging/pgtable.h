/*
 * Page-table entries in three levels: PGD, PMD, PTE.
 *
 * The kernel is compiled for one format: pgtable_2level.h (the PMD folded into the PGD)
 * or pgtable_3level.h (PAE).  Each defines, in the same names, the entry types, the
 * PTRS_PER_* and *_SHIFT constants and the stores; this file holds what both share.
 * Code above kernel/arch/x86 speaks three levels and never asks which format it has.
 *
 * Sources: Intel SDM vol. 3, 4.3 (32-bit paging) and 4.4 (PAE paging).
 */
#ifndef ARCH_X86_PGTABLE_H
#define ARCH_X86_PGTABLE_H

#include "arch/x86/paging/layout.h"
#include "arch/x86/paging/page.h"
#include "lib/compiler.h"
#include "lib/types.h"

#ifdef CONFIG_PAE
#include "arch/x86/paging/pgtable_3level.h"
#else
#include "arch/x86/paging/pgtable_2level.h"
#endif

/* Bits of an entry (SDM vol. 3, tables 4-5, 4-6, 4-9 to 4-11). */
#define _PAGE_PRESENT ((pteval_t)1 << 0)
#define _PAGE_RW ((pteval_t)1 << 1)
#define _PAGE_USER ((pteval_t)1 << 2)
#define _PAGE_PWT ((pteval_t)1 << 3)
#define _PAGE_PCD ((pteval_t)1 << 4)
#define _PAGE_ACCESSED ((pteval_t)1 << 5)
#define _PAGE_DIRTY ((pteval_t)1 << 6)
#define _PAGE_LARGE ((pteval_t)1 << 7) /* in a PMD entry: maps a large page */
#define _PAGE_GLOBAL ((pteval_t)1 << 8)

/*
 * Bits that this CPU has not are 0 here.  Set by pgtable_setup_bits() before the first real entry.
 */
extern pteval_t pte_global_bit, pte_nx_bit;

/*
 * Protections.  Accessed and Dirty are set beforehand, so that the CPU never writes to a kernel
 * entry.  Every kernel leaf entry is Global where there is PGE, and no-execute where there is NX,
 * unless it is text.
 */
#define _PAGE_KERNEL_BASE (_PAGE_PRESENT | _PAGE_ACCESSED | _PAGE_DIRTY | pte_global_bit)
#define PAGE_KERNEL (_PAGE_KERNEL_BASE | _PAGE_RW | pte_nx_bit)
#define PAGE_KERNEL_RO (_PAGE_KERNEL_BASE | pte_nx_bit)
#define PAGE_KERNEL_TEXT (_PAGE_KERNEL_BASE)
#define PAGE_KERNEL_DEVICE (PAGE_KERNEL | _PAGE_PCD | _PAGE_PWT)
#define PAGE_USER_RW (_PAGE_PRESENT | _PAGE_USER | _PAGE_RW | pte_nx_bit)
#define PAGE_USER_RO (_PAGE_PRESENT | _PAGE_USER | pte_nx_bit)
#define PAGE_USER_TEXT (_PAGE_PRESENT | _PAGE_USER)
/* For pages in the user part that only the kernel may touch. */
#define PAGE_LOW_KERNEL (_PAGE_PRESENT | _PAGE_RW | pte_nx_bit)
#define PAGE_LOW_KERNEL_TEXT (_PAGE_PRESENT | _PAGE_RW)
/* Upper entries: the leaf decides; a user part's upper entries let user mode through. */
#define _KERNEL_TABLE (_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY)
#define _USER_TABLE (_KERNEL_TABLE | _PAGE_USER)

/* bytes that one PMD entry maps: also the size of a large page */
#define PMD_SIZE (1u << PMD_SHIFT)
#define PGDIR_SIZE (1u << PGDIR_SHIFT)

/* Index of the first PGD entry of the kernel's part. */
#define KERNEL_PGD_INDEX ((u32)PAGE_OFFSET >> PGDIR_SHIFT)

static inline u32 pgd_index(uintptr_t address) { return (u32)address >> PGDIR_SHIFT; }
static inline u32 pmd_index(uintptr_t address)
{
	return (address >> PMD_SHIFT) & (PTRS_PER_PMD - 1);
}
static inline u32 pte_index(uintptr_t address)
{
	return (address >> PAGE_SHIFT) & (PTRS_PER_PTE - 1);
}

static inline bool pte_none(pte_t pte) { return pte.v == 0; }
static inline bool pte_present(pte_t pte) { return pte.v & _PAGE_PRESENT; }
static inline pteval_t pte_flags(pte_t pte) { return pte.v & ~PTE_FRAME_MASK; }
static inline pfn_t pte_pfn(pte_t pte) { return (pfn_t)((pte.v & PTE_FRAME_MASK) >> PAGE_SHIFT); }
static inline pte_t pfn_pte(pfn_t pfn, pteval_t prot)
{
	return (pte_t){ ((pteval_t)pfn << PAGE_SHIFT) | prot };
}

static inline bool pmd_none(pmd_t pmd) { return pmd.v == 0; }
static inline bool pmd_present(pmd_t pmd) { return pmd.v & _PAGE_PRESENT; }
static inline bool pmd_large(pmd_t pmd)
{
	return (pmd.v & (_PAGE_PRESENT | _PAGE_LARGE)) == (_PAGE_PRESENT | _PAGE_LARGE);
}
static inline pfn_t pmd_pfn(pmd_t pmd) { return (pfn_t)((pmd.v & PTE_FRAME_MASK) >> PAGE_SHIFT); }
/* The PTE table that a present, not large PMD entry leads to. */
static inline pte_t *pmd_table(pmd_t pmd) { return pfn_to_virt(pmd_pfn(pmd)); }

static inline pgd_t *pgd_offset(pgd_t *pgd, uintptr_t address) { return pgd + pgd_index(address); }
/* The entry's level below must be there (pgd_none() and pmd_none() say whether). */
static inline pte_t *pte_offset(pmd_t *pmd, uintptr_t address)
{
	return pmd_table(*pmd) + pte_index(address);
}

/*
 * Stores.  set_pte() changes an entry that is not present, or makes one not present, so that no CPU
 * ever reads half of an entry; replacing one present entry by another is done by clear, flush, set.
 * (Declared by the format:)
 *   void set_pte(pte_t *ptep, pte_t pte);
 *   void set_pte_frame(pte_t *ptep, pfn_t pfn, pteval_t prot);   for kmap_atomic alone
 *   void pte_clear(pte_t *ptep);
 *   void set_pmd(pmd_t *pmdp, pmd_t pmd);
 *   bool pgd_none(pgd_t);
 *   pmd_t *pmd_offset(pgd_t *pgdp, uintptr_t address);
 *   void pgd_populate(pgd_t *pgdp, pmd_t *table, pteval_t table_prot);
 *   void pgd_clear(pgd_t *pgdp);
 *   pteval_t pgd_value(pgd_t), pgd_t make_pgd(pteval_t);   an entry, without what an emulator added
 *   uintptr_t *pgd_link(pgd_t *pgd);  the word that links cached PGDs
 *   PGD_CACHES_UPPER   true if a CPU keeps PGD entries until CR3 is loaded (PAE; SDM vol. 3, 4.4.1)
 */
static inline void pmd_populate(pmd_t *pmdp, pte_t *table, pteval_t table_prot)
{
	/*
	 * What was stored in the table comes first: from here on any CPU on this PGD may walk it.
	 */
	barrier();
	set_pmd(pmdp, (pmd_t){ ((pteval_t)virt_to_pfn(table) << PAGE_SHIFT) | table_prot });
}

static inline void pmd_clear(pmd_t *pmdp) { set_pmd(pmdp, (pmd_t){ 0 }); }

static inline void set_pmd_large(pmd_t *pmdp, pfn_t pfn, pteval_t prot)
{
	set_pmd(pmdp, (pmd_t){ ((pteval_t)pfn << PAGE_SHIFT) | prot | _PAGE_LARGE });
}

/* The reference for the kernel part of every PGD; made by pagetable_init from boot memory. */
extern pgd_t *swapper_pg_dir;
/* What is loaded while the kernel starts: the early tables, then swapper_pg_dir. */
extern pgd_t *kernel_pgd;

/*
 * The first frame that an entry cannot name: the format's MAX_PFN, or less if the CPU's physical
 * addresses are shorter.
 */
pfn_t reachable_pfns(void);
/*
 * True if an entry can name the address.  To be asked before an address from outside becomes a
 * frame number.
 */
static inline bool phys_reachable(phys_t phys) { return phys < pfn_to_phys(reachable_pfns()); }

/*
 * Frames below this are in the direct map now: EARLY_MAP_BYTES at first, then low memory, once
 * kernel/mm/boot/kernel_tables.c has loaded its tables.
 */
extern pfn_t direct_map_end;

/* Value for CR3 that selects `pgd` (a low page, so below 4 GiB). */
static inline u32 pgd_cr3(const pgd_t *pgd) { return (u32)virt_to_phys(pgd); }

/* Decides pte_global_bit and pte_nx_bit from cpu_features.  Step 3, before pagetable_init. */
void pgtable_setup_bits(void);

/* One level of a walk. */
struct walk_level {
	const char *name; /* "PGD", "PMD", "PTE" */
	u32 index;
	const void *entry; /* where the entry lies */
	u64 value;
	bool present;
};

/* A walk done by software, as the hardware would do it. */
struct walk {
	u32 levels; /* how many were read: up to 2 or 3 */
	struct walk_level level[3];
	bool mapped;             /* every level present */
	bool large;              /* ended at a large page */
	phys_t phys;             /* where the address leads, if mapped */
	u64 leaf;                /* the last entry */
	bool writable, user, nx; /* all levels together */
};

/*
 * Walks `pgd` for `address`.  Takes no lock, and follows no entry out of the direct map, so it is
 * safe on damaged tables too.
 */
struct walk pgtable_walk(pgd_t *pgd, uintptr_t address);

/* The PTE of a kernel address under swapper_pg_dir, or NULL where no PTE table stands. */
pte_t *kernel_pte(uintptr_t address);

/* Flags of an entry in words, such as "P RW US A D G NX"; returns buf. */
const char *entry_flags_text(u64 entry, char *buf, size_t size);

#endif
