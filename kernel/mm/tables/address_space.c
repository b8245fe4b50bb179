/* Address spaces. */
#include "mm/tables/address_space.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "mm/boot/ram_layout.h"
#include "mm/objects/objcache.h"
#include "mm/pages/page_alloc.h"
#include "mm/tables/pgalloc.h"
#include "mm/tables/quicklist.h"
#include "mm/tables/table_place.h"
#include "mm/user/account.h"
#include "mm/user/frames.h"
#include "mm/wait.h"

/* What is gathered for one flush. */
struct mmu_gather {
	struct mm *mm;
	struct list pmds, ptes; /* tables, by page->list */
	/* for what was cleared since the last flush (debug build) */
	struct pending_flush pending;
	bool frames_only; /* entries of frames without owner stay */
	u32 npages, nrecords;
	struct page *pages[GATHER_PAGES];
	struct mapping *records[GATHER_PAGES]; /* of those frames that have an owner */
};
_Static_assert(GATHER_PAGES <= RECORDS_AT_ONCE, "too many records are gathered");

struct mm *mm_create(void)
{
	struct mm *mm = kmalloc(sizeof(*mm), GFP_KERNEL);

	if (!mm)
		return NULL;
	mm->tlb.pgd = pgd_alloc();
	if (!mm->tlb.pgd) {
		kfree(mm);
		return NULL;
	}
	spin_init(&mm->page_table_lock, "page table");
	return mm;
}

void mm_destroy(struct mm *mm)
{
	mm_unmap(mm, 0, USER_TOP);
	/*
	 * Ends borrowed uses: a CPU that is lazy leaves when it is told.  Afterwards nobody has the
	 * PGD in CR3 (invariant 27).
	 */
	flush_tlb_mm(&mm->tlb);
	INVARIANT(27, atomic_read(&mm->tlb.cpus) == 0, "an address space ends while CPUs %x use it",
		atomic_read(&mm->tlb.cpus));
	INVARIANT(33, mm->tables == 0 && mm->pages == 0,
		"an address space ends with %u tables and %u pages", mm->tables, mm->pages);
	shadow_check_gone(&mm->tlb);
	pgd_free(mm->tlb.pgd);
	kfree(mm);
	check_pgt_cache();
}

/* Frames that no mapping counts: not RAM, or never handed to the page allocator. */
static bool frame_is_counted(pfn_t pfn)
{
	return pfn < max_pfn && !(pfn_to_page(pfn)->flags & PG_RESERVED);
}

/*
 * The entry for `address`, its tables made; NULL: no memory.  page_table_lock is held, and dropped
 * meanwhile if need be.
 */
static pte_t *pte_for(struct mm *mm, uintptr_t address)
{
	pmd_t *pmd = pmd_alloc(mm, pgd_offset(mm->tlb.pgd, address), address);

	return pmd ? pte_alloc(mm, pmd, address) : NULL;
}

static void gather_begin(struct mmu_gather *gather, struct mm *mm)
{
	gather->mm = mm;
	gather->frames_only = false;
	gather->pending = (struct pending_flush){};
	gather->npages = gather->nrecords = 0;
	list_init(&gather->pmds);
	list_init(&gather->ptes);
}

static void gather_table(struct mmu_gather *gather, struct list *list, void *table)
{
	table_move(table, PG_TABLE_LIVE, PG_TABLE_GATHERED);
	pending_frame_mm(&virt_to_page(table)->pending, &gather->mm->tlb);
	list_append(list, &virt_to_page(table)->list);
	gather->mm->tables--;
	if (gather->mm->account)
		account_return(gather->mm->account, PAGE_SIZE);
}

static void *take_table(struct list *list)
{
	struct page *page = list_first(list, struct page, list);
	void *table = lowmem_page_address(page);

	list_remove(&page->list);
	pending_frame_check(&page->pending, page_to_pfn(page));
	table_move(table, PG_TABLE_GATHERED, PG_TABLE_LIVE);
	return table;
}

/*
 * After this no CPU holds a translation, or a table in its walk, that was gathered (invariant 40).
 */
static void gather_flush(struct mmu_gather *gather)
{
	flush_tlb_mm(&gather->mm->tlb);
	pending_flush_check(&gather->pending, "a page or page table of an address space");
	for (u32 i = 0; i < gather->npages; i++)
		put_page(gather->pages[i]);
	if (gather->nrecords)
		mapping_free_many(gather->mm, gather->records, gather->nrecords);
	gather->npages = gather->nrecords = 0;
}

/* Flushes the mask, then pages to the allocator and tables to the quicklists.  No lock held. */
static void gather_finish(struct mmu_gather *gather)
{
	gather_flush(gather);
	if (list_empty(&gather->ptes) && list_empty(&gather->pmds))
		return;
	while (!list_empty(&gather->ptes))
		pte_free(take_table(&gather->ptes));
	while (!list_empty(&gather->pmds))
		pmd_free(take_table(&gather->pmds));
	check_pgt_cache();
}

/*
 * First address behind the one that a table entry of `size` bytes covers, or `end` if that comes
 * first.
 */
static uintptr_t next_border(uintptr_t address, uintptr_t size, uintptr_t end)
{
	uintptr_t next = ALIGN_DOWN(address, size) + size;

	return next - 1 < end - 1 ? next : end;
}

/* The PMD entry for `address` if a PTE table stands behind it, else NULL. */
static pmd_t *pmd_with_table(struct mm *mm, uintptr_t address)
{
	pgd_t *pgd = pgd_offset(mm->tlb.pgd, address);
	pmd_t *pmd;

	if (pgd_none(*pgd))
		return NULL;
	pmd = pmd_offset(pgd, address);
	return pmd_none(*pmd) ? NULL : pmd;
}

pte_t *mm_pte(struct mm *mm, uintptr_t address)
{
	pmd_t *pmd = address < USER_TOP ? pmd_with_table(mm, address) : NULL;

	return pmd ? pte_offset(pmd, address) : NULL;
}

int mm_make_tables(struct mm *mm, uintptr_t address)
{
	/* A PMD table and a PTE table at most. */
	const u32 most = 2 * PAGE_SIZE;
	bool made;

	spin_lock(&mm->page_table_lock);
	made = mm_pte(mm, address) != NULL;
	if (made) {
		spin_unlock(&mm->page_table_lock);
		return 0;
	}
	if (!account_charge(mm->account, most)) {
		spin_unlock(&mm->page_table_lock);
		return -EQUOTA;
	}
	made = pte_for(mm, address) != NULL;
	spin_unlock(&mm->page_table_lock);
	account_return(mm->account, most);
	return made ? 0 : -ENOMEM;
}

/* In a task's address space entries change under maps_lock too (frames.h). */
static void lock_entries(struct mm *mm)
{
	if (mm->account)
		spin_lock(&maps_lock);
	spin_lock(&mm->page_table_lock);
}

static void unlock_entries(struct mm *mm)
{
	spin_unlock(&mm->page_table_lock);
	if (mm->account)
		spin_unlock(&maps_lock);
}

/* -EAGAIN: a task's tables, which are charged, are to be made first. */
static int try_to_map(struct mm *mm, uintptr_t address, pfn_t pfn, pteval_t prot)
{
	int error = 0;
	pte_t *pte;

	lock_entries(mm);
	pte = mm->account ? mm_pte(mm, address) : pte_for(mm, address);
	if (!pte) {
		error = mm->account ? -EAGAIN : -ENOMEM;
	} else if (!pte_none(*pte)) {
		error = -EEXIST;
	} else {
		set_pte(pte, pfn_pte(pfn, prot));
		mm->pages++;
		if (frame_is_counted(pfn))
			get_page(pfn_to_page(pfn));
	}
	unlock_entries(mm);
	return error;
}

int mm_map_frame(struct mm *mm, uintptr_t address, pfn_t pfn, pteval_t prot)
{
	int error;

	ASSERT(address < USER_TOP && IS_ALIGNED(address, PAGE_SIZE), "mm_map at %x", (u32)address);
	ASSERT(pfn < MAX_PFN, "mm_map of frame 0x%x, which no entry holds", pfn);
	might_sleep("mm_map", CALLER());
	do
		error = try_to_map(mm, address, pfn, prot);
	while (error == -EAGAIN && !(error = mm_make_tables(mm, address)));
	return error;
}

int mm_map(struct mm *mm, uintptr_t address, struct page *page, pteval_t prot)
{
	return mm_map_frame(mm, address, page_to_pfn(page), prot);
}

static bool has_owner(pfn_t pfn)
{
	return frame_is_counted(pfn) && (pfn_to_page(pfn)->flags & PG_USER);
}

static void gather_entry(struct mmu_gather *gather, pte_t *pte, uintptr_t address)
{
	pfn_t pfn = pte_pfn(*pte);
	struct mm *mm = gather->mm;

	if (gather->frames_only && !has_owner(pfn))
		return;
	pte_clear(pte);
	mm->pages--;
	if (!frame_is_counted(pfn))
		return;
	if (mm->account && has_owner(pfn))
		gather->records[gather->nrecords++] = frame_unmap(pfn_to_page(pfn), mm, address);
	pending_frame_mm(&pfn_to_page(pfn)->pending, &mm->tlb);
	gather->pages[gather->npages++] = pfn_to_page(pfn);
}

static inline bool eight_are_none(const pteval_t *entry)
{
	return !(entry[0] | entry[1] | entry[2] | entry[3] | entry[4] | entry[5] | entry[6] |
		 entry[7]);
}

static inline bool many_are_none(const pteval_t *entry)
{
	return eight_are_none(entry) && eight_are_none(entry + 8) && eight_are_none(entry + 16) &&
	       eight_are_none(entry + 24);
}

/*
 * How many entries of a PTE or PMD table, of `n` from this one on, are none before the first that
 * is not.  Most are none: they are passed by many at a time.
 */
static u32 count_none(const pteval_t *entry, u32 n)
{
	u32 i = 0;

	while (i + 32 <= n && many_are_none(entry + i))
		i += 32;
	while (i < n && !entry[i])
		i++;
	return i;
}

/*
 * Clears entries of one PTE table from `address` to `end`; returns where it stopped, early if the
 * gather is full.
 */
static uintptr_t unmap_entries(
	struct mmu_gather *gather, pmd_t *pmd, uintptr_t address, uintptr_t end)
{
	pte_t *pte = pte_offset(pmd, address);

	while (address != end && gather->npages < GATHER_PAGES && gather->mm->pages) {
		u32 passed = 1;

		if (pte_none(*pte))
			passed = count_none(&pte->v, (end - address) / PAGE_SIZE);
		else
			gather_entry(gather, pte, address);
		pte += passed;
		address += passed * PAGE_SIZE;
	}
	return address;
}

/*
 * The start of the first range from `address` on that a PTE table covers, cut at `end`: most of an
 * address space is empty.  Where PMDs are folded all entries stand in the one PGD.
 */
static uintptr_t next_with_table(struct mm *mm, uintptr_t address, uintptr_t end)
{
	while (address < end && mm->tables != mm->pmds) {
		pgd_t *pgd = pgd_offset(mm->tlb.pgd, address);
		uintptr_t border = PMD_FOLDED ? end : next_border(address, PGDIR_SIZE, end);
		uintptr_t here = ALIGN_DOWN(address, PMD_SIZE);
		u32 entries = (ALIGN_UP(border, PMD_SIZE) - here) / PMD_SIZE, passed;

		if (pgd_none(*pgd)) {
			address = border;
			continue;
		}
		passed = count_none(&pmd_offset(pgd, address)->v, entries);
		if (!passed)
			return address;
		address = here + passed * PMD_SIZE;
		if (passed < entries)
			return address;
	}
	return end;
}

/*
 * Clears the entries of [start, end), one flush for each full gather; the last one is left to the
 * caller.
 */
static void unmap_pages(struct mmu_gather *gather, uintptr_t start, uintptr_t end)
{
	struct mm *mm = gather->mm;
	uintptr_t address = start;

	while (mm->pages && address < end && (address = next_with_table(mm, address, end)) < end) {
		uintptr_t border = next_border(address, PMD_SIZE, end);

		address = unmap_entries(gather, pmd_with_table(mm, address), address, border);
		if (gather->npages == GATHER_PAGES) {
			pending_flush_mm(&gather->pending, &mm->tlb);
			unlock_entries(mm);
			gather_flush(gather);
			cond_resched();
			lock_entries(mm);
		}
	}
}

/*
 * Not so if somebody has mapped a page there since unmap_pages() came by and dropped the lock: then
 * the table stays (invariant 39).  Without pages, or PTE tables, in the address space there is no
 * need to look.
 */
static bool ptes_are_none(const struct mm *mm, const pte_t *table)
{
	return !mm->pages || count_none(&table->v, PTRS_PER_PTE) == PTRS_PER_PTE;
}

static bool pmds_are_none(const struct mm *mm, const pmd_t *table)
{
	return mm->tables == mm->pmds || count_none(&table->v, PTRS_PER_PMD) == PTRS_PER_PMD;
}

static void clear_pte_table(struct mmu_gather *gather, pmd_t *pmd)
{
	pte_t *table = pmd_table(*pmd);

	if (!ptes_are_none(gather->mm, table))
		return;
	pmd_clear(pmd);
	gather_table(gather, &gather->ptes, table);
}

static void clear_pmd_table(struct mmu_gather *gather, pgd_t *pgd, uintptr_t address)
{
	pmd_t *table = pmd_offset(pgd, address);

	if (!pmds_are_none(gather->mm, table))
		return;
	pgd_clear(pgd);
	gather_table(gather, &gather->pmds, table);
	gather->mm->pmds--;
}

/*
 * Unlinks the tables that lie wholly inside [start, end) and gathers them; those with an entry that
 * is not none stay (invariant 39).  page_table_lock held.
 */
static void clear_page_tables(struct mmu_gather *gather, uintptr_t start, uintptr_t end)
{
	struct mm *mm = gather->mm;

	uintptr_t last = ALIGN_DOWN(end, PMD_SIZE);

	if (ALIGN_UP(start, PMD_SIZE) >= last)
		return;
	for (uintptr_t address = next_with_table(mm, ALIGN_UP(start, PMD_SIZE), last);
		address < last; address = next_with_table(mm, address + PMD_SIZE, last))
		clear_pte_table(gather, pmd_with_table(mm, address));
	if (PMD_FOLDED)
		return;
	for (uintptr_t address = ALIGN_UP(start, PGDIR_SIZE);
		address < end && end - address >= PGDIR_SIZE; address += PGDIR_SIZE) {
		pgd_t *pgd = pgd_offset(mm->tlb.pgd, address);

		if (!pgd_none(*pgd))
			clear_pmd_table(gather, pgd, address);
	}
}

static void unmap_range(struct mm *mm, uintptr_t start, uintptr_t end, bool frames_only)
{
	struct mmu_gather gather;

	ASSERT(start <= end && end <= USER_TOP && IS_ALIGNED(start | end, PAGE_SIZE),
		"mm_unmap of %x to %x", (u32)start, (u32)end);
	gather_begin(&gather, mm);
	gather.frames_only = frames_only;
	lock_entries(mm);
	if (!mm->tables) {
		unlock_entries(mm);
		return;
	}
	unmap_pages(&gather, start, end);
	clear_page_tables(&gather, start, end);
	pending_flush_mm(&gather.pending, &mm->tlb);
	unlock_entries(mm);
	gather_finish(&gather);
}

void mm_unmap(struct mm *mm, uintptr_t start, uintptr_t end)
{
	might_sleep("mm_unmap", CALLER());
	unmap_range(mm, start, end, false);
}

void mm_unmap_frames(struct mm *mm, uintptr_t start, uintptr_t end)
{
	might_sleep("mm_unmap", CALLER());
	unmap_range(mm, start, end, true);
}
