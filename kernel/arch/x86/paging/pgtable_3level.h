/*
 * PAE paging: 4 PGD entries (page-directory-pointer entries, PDPTEs) of 1 GiB, each a PMD table of
 * 512 entries of 2 MiB, each a PTE table of 512 entries or a large page.  Entries have 64 bits.
 *
 * A PDPTE has no bit but Present and the address: the others are reserved.  The CPU reads all four
 * when CR3 is loaded and keeps them (SDM vol. 3, 4.4.1): after a PDPTE changes, every CPU on that
 * PGD reloads CR3.
 */
#ifndef ARCH_X86_PGTABLE_3LEVEL_H
#define ARCH_X86_PGTABLE_3LEVEL_H

typedef u64 pteval_t;
typedef struct {
	pteval_t v;
} pte_t;
typedef struct {
	pteval_t v;
} pmd_t;
typedef struct {
	pteval_t v;
} pgd_t;

#define PGTABLE_FORMAT "3-level (PAE)"
#define PAGING_LEVELS 3
#define PTRS_PER_PGD 4u
#define PTRS_PER_PMD 512u
#define PTRS_PER_PTE 512u
#define PGDIR_SHIFT 30
#define PMD_SHIFT 21
#define PTE_FRAME_MASK 0x0000000FFFFFF000ull
#define _PAGE_NX ((pteval_t)1 << 63)
#define PMD_FOLDED false
/* PAE always has large pages (SDM vol. 3, 4.4.2). */
#define LARGE_PAGES_NEED_PSE false
#define PGD_CACHES_UPPER true

/* First frame number that we use: 64 GiB, which 36 bits reach. */
#define MAX_PFN (1u << 24)

/*
 * Two 32-bit stores, Present (in the low half) last when it comes and first when it goes: the
 * hardware never sees a present entry with half an address.
 */
static inline void store_halves(volatile u32 *half, u32 high, u32 low)
{
	half[1] = high;
	barrier();
	half[0] = low;
}

static inline void store_entry(volatile u32 *half, u64 value)
{
	store_halves(half, (u32)(value >> 32), (u32)value);
}

static inline void clear_entry(volatile u32 *half)
{
	half[0] = 0;
	barrier();
	half[1] = 0;
}

static inline void set_pte(pte_t *ptep, pte_t pte) { store_entry((volatile u32 *)ptep, pte.v); }
/*
 * For kmap_atomic(): set_pte() of pfn_pte().  The compiler saves two registers if the entry is
 * never put together as 64 bits: 59 instructions instead of 64 for a pair.
 */
static inline void set_pte_frame(pte_t *ptep, pfn_t pfn, pteval_t prot)
{
	store_halves((volatile u32 *)ptep, (pfn >> (32 - PAGE_SHIFT)) | (u32)(prot >> 32),
		(pfn << PAGE_SHIFT) | (u32)prot);
}
static inline void pte_clear(pte_t *ptep) { clear_entry((volatile u32 *)ptep); }

static inline void set_pmd(pmd_t *pmdp, pmd_t pmd)
{
	if (pmd.v)
		store_entry((volatile u32 *)pmdp, pmd.v);
	else
		clear_entry((volatile u32 *)pmdp);
}

static inline bool pgd_none(pgd_t pgd) { return pgd.v == 0; }

static inline pmd_t *pmd_offset(pgd_t *pgdp, uintptr_t address)
{
	pmd_t *table = pfn_to_virt((pfn_t)((pgdp->v & PTE_FRAME_MASK) >> PAGE_SHIFT));

	return table + ((address >> PMD_SHIFT) & (PTRS_PER_PMD - 1));
}

static inline void pgd_populate(pgd_t *pgdp, pmd_t *table, pteval_t table_prot)
{
	(void)table_prot; /* reserved bits in a PDPTE */
	store_entry((volatile u32 *)pgdp, ((u64)virt_to_pfn(table) << PAGE_SHIFT) | 1);
}

static inline void pgd_clear(pgd_t *pgdp) { clear_entry((volatile u32 *)pgdp); }

/*
 * The entry as the kernel wrote it.  QEMU's TCG sets Accessed in a PDPTE when it walks through it,
 * which no CPU does: it must not be copied into another PGD, since real CPUs (and Bochs) refuse to
 * load it.
 */
static inline pteval_t pgd_value(pgd_t pgd) { return pgd.v & (PTE_FRAME_MASK | 1); }
static inline pgd_t make_pgd(pteval_t value) { return (pgd_t){ value }; }

/*
 * The word after the four entries: those the hardware may read at any time, a link must not look
 * like one.
 */
static inline uintptr_t *pgd_link(pgd_t *pgd) { return (uintptr_t *)&pgd[PTRS_PER_PGD]; }

#endif
