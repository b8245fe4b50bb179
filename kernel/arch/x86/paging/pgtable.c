/* Walks of page tables by software, and what both formats share. */
#include "arch/x86/paging/pgtable.h"

#include "arch/x86/cpu/cpu.h"
#include "lib/format.h"

extern char early_pgd[]; /* physical address, boot/early_*.asm */

pgd_t *swapper_pg_dir;
pgd_t *kernel_pgd = (pgd_t *)(early_pgd + PAGE_OFFSET);
pfn_t direct_map_end = EARLY_MAP_BYTES >> PAGE_SHIFT;
pteval_t pte_global_bit, pte_nx_bit;

void pgtable_setup_bits(void)
{
	pte_global_bit = cpu_features.pge ? _PAGE_GLOBAL : 0;
	pte_nx_bit = cpu_features.nx ? _PAGE_NX : 0;
}

pfn_t reachable_pfns(void)
{
	u64 frames = 1ull << (cpu_features.phys_bits - PAGE_SHIFT);

	return frames < MAX_PFN ? (pfn_t)frames : MAX_PFN;
}

static struct walk_level *walk_enter(
	struct walk *w, const char *name, u32 index, const void *entry, u64 value)
{
	struct walk_level *level = &w->level[w->levels++];

	level->name = name;
	level->index = index;
	level->entry = entry;
	level->value = value;
	level->present = value & _PAGE_PRESENT;
	return level;
}

/* Rights of all levels together: each level can only take away. */
static void walk_restrict(struct walk *w, u64 value)
{
	w->writable = w->writable && (value & _PAGE_RW);
	w->user = w->user && (value & _PAGE_USER);
	w->nx = w->nx || (value & _PAGE_NX);
}

static void walk_end(struct walk *w, u64 leaf, uintptr_t address, u32 size)
{
	w->mapped = true;
	w->leaf = leaf;
	w->phys = (leaf & PTE_FRAME_MASK & ~(phys_t)(size - 1)) + (address & (size - 1));
}

static bool table_reachable(u64 value)
{
	return (value & _PAGE_PRESENT) && (value & PTE_FRAME_MASK) < pfn_to_phys(direct_map_end);
}

static void walk_pte(struct walk *w, pmd_t *pmd, uintptr_t address)
{
	pte_t *pte;

	if (!table_reachable(pmd->v))
		return;
	pte = pte_offset(pmd, address);
	walk_restrict(w, pte->v);
	if (walk_enter(w, "PTE", pte_index(address), pte, pte->v)->present)
		walk_end(w, pte->v, address, PAGE_SIZE);
}

static void walk_pmd(struct walk *w, pmd_t *pmd, const char *name, u32 index, uintptr_t address)
{
	walk_restrict(w, pmd->v);
	walk_enter(w, name, index, pmd, pmd->v);
	w->large = pmd_large(*pmd);
	if (w->large)
		walk_end(w, pmd->v, address, PMD_SIZE);
	else
		walk_pte(w, pmd, address);
}

struct walk pgtable_walk(pgd_t *pgd, uintptr_t address)
{
	struct walk w = { .writable = true, .user = true };
	pgd_t *entry = pgd_offset(pgd, address);
	u64 value;

	if (PMD_FOLDED) {
		walk_pmd(&w, pmd_offset(entry, address), "PGD", pgd_index(address), address);
		return w;
	}
	value = *(const pteval_t *)entry;
	/* A PDPTE has no rights of its own (SDM vol. 3, 4.4.2). */
	walk_enter(&w, "PGD", pgd_index(address), entry, value);
	if (table_reachable(value))
		walk_pmd(&w, pmd_offset(entry, address), "PMD", pmd_index(address), address);
	return w;
}

const char *entry_flags_text(u64 entry, char *buf, size_t size)
{
	static const struct {
		u64 bit;
		const char *set, *clear;
	} words[] = {
		{ _PAGE_PRESENT, "P", "not-present" },
		{ _PAGE_RW, " RW", " RO" },
		{ _PAGE_USER, " US", "" },
		{ _PAGE_PWT, " PWT", "" },
		{ _PAGE_PCD, " PCD", "" },
		{ _PAGE_ACCESSED, " A", "" },
		{ _PAGE_DIRTY, " D", "" },
		{ _PAGE_LARGE, " PS", "" },
		{ _PAGE_GLOBAL, " G", "" },
		{ 1ull << 63, " NX", "" },
	};
	size_t n = 0;

	buf[0] = 0;
	for (u32 i = 0; i < ARRAY_SIZE(words) && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s",
			(entry & words[i].bit) ? words[i].set : words[i].clear);
	return buf;
}
