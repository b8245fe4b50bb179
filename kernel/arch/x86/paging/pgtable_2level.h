/*
 * 32-bit paging: 1024 PGD entries of 4 MiB, each a PTE table of 1024 entries or a large page.
 * The PMD is folded: a PMD "table" is the PGD entry itself, so the PGD is always present and
 * never changes, and the PMD operations write to it.
 */
#ifndef ARCH_X86_PGTABLE_2LEVEL_H
#define ARCH_X86_PGTABLE_2LEVEL_H

typedef u32 pteval_t;
typedef struct {
	pteval_t v;
} pte_t;
typedef struct {
	pteval_t v;
} pmd_t;
typedef struct {
	pmd_t pmd;
} pgd_t;

#define PGTABLE_FORMAT "2-level"
#define PAGING_LEVELS 2
#define PTRS_PER_PGD 1024u
#define PTRS_PER_PMD 1u
#define PTRS_PER_PTE 1024u
#define PGDIR_SHIFT 22
#define PMD_SHIFT 22
#define PTE_FRAME_MASK 0xFFFFF000u
#define _PAGE_NX ((pteval_t)0)
#define PMD_FOLDED true
/* Large pages are an extension here (CPUID.PSE). */
#define LARGE_PAGES_NEED_PSE true
#define PGD_CACHES_UPPER false

/* First frame number that an entry cannot hold: 4 GiB. */
#define MAX_PFN (1u << 20)

static inline void set_pte(pte_t *ptep, pte_t pte) { WRITE_ONCE(ptep->v, pte.v); }
static inline void set_pte_frame(pte_t *ptep, pfn_t pfn, pteval_t prot)
{
	set_pte(ptep, (pte_t){ (pfn << PAGE_SHIFT) | prot });
}
static inline void pte_clear(pte_t *ptep) { WRITE_ONCE(ptep->v, 0); }
static inline void set_pmd(pmd_t *pmdp, pmd_t pmd) { WRITE_ONCE(pmdp->v, pmd.v); }

static inline bool pgd_none(pgd_t pgd)
{
	(void)pgd;
	return false;
}
static inline pmd_t *pmd_offset(pgd_t *pgdp, uintptr_t address)
{
	(void)address;
	return &pgdp->pmd;
}
static inline void pgd_populate(pgd_t *pgdp, pmd_t *table, pteval_t table_prot)
{
	(void)pgdp;
	(void)table;
	(void)table_prot;
}
static inline void pgd_clear(pgd_t *pgdp) { (void)pgdp; }

/* The entry as the kernel wrote it. */
static inline pteval_t pgd_value(pgd_t pgd) { return pgd.pmd.v; }
static inline pgd_t make_pgd(pteval_t value) { return (pgd_t){ { value } }; }

/* Entry 0, of the user part. */
static inline uintptr_t *pgd_link(pgd_t *pgd) { return (uintptr_t *)&pgd[0]; }

#endif
