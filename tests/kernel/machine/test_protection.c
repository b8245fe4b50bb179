/*
 * What the kernel's own page tables allow, read back entry by entry, and the control registers that
 * make it count. (test_access.c tries it out.)
 */
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/paging/fixmap.h"
#include "arch/x86/paging/tlb.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/smp_call.h"
#include "lib/string.h"
#include "mm/boot/options.h"
#include "mm/boot/ram_layout.h"
#include "mm/objects/vmalloc.h"
#include "mm/pkmap/highmem.h"
#include "tests/kernel/selftest.h"

#define PFNS_PER_PMD (PMD_SIZE >> PAGE_SHIFT)
#define FIRST_MIB_PFNS 256u
/* Flags that only device mappings have. */
#define CACHE_FLAGS (_PAGE_PWT | _PAGE_PCD)
/* PMD entries of the kernel's part. */
#define KERNEL_PMDS ((PTRS_PER_PGD - KERNEL_PGD_INDEX) * PTRS_PER_PMD)

/* A PDPTE with all its bits, but for one: QEMU's TCG sets Accessed in it, which no CPU does. */
static pteval_t raw_pgd(u32 index)
{
	return *(const pteval_t *)&swapper_pg_dir[index] & ~(PMD_FOLDED ? 0 : _PAGE_ACCESSED);
}

static bool is_between(uintptr_t address, const char *start, const char *end)
{
	return address >= (uintptr_t)start && address < (uintptr_t)end;
}

static bool in_direct_map(uintptr_t address) { return address < high_memory; }

/*
 * Flags that a leaf entry must have.  Spelled out in single bits: the kernel's own PAGE_* are what
 * is being tested.
 */
static pteval_t wanted_flags(uintptr_t address)
{
	pteval_t flags = _PAGE_PRESENT | _PAGE_ACCESSED | _PAGE_DIRTY |
			 (cpu_features.pge ? _PAGE_GLOBAL : 0);

	if (is_between(address, kernel_start, kernel_text_end))
		return flags;
	flags |= cpu_features.nx ? _PAGE_NX : 0;
	return is_between(address, kernel_text_end, kernel_rodata_end) ? flags : flags | _PAGE_RW;
}

/* In the direct map all RAM but the guard page, and the whole first MiB; nothing else. */
static bool must_be_mapped(uintptr_t address)
{
	pfn_t pfn = virt_to_pfn((void *)address);

	return in_direct_map(address) && (void *)address != boot_stack_guard &&
	       (pfn < FIRST_MIB_PFNS || pfn_is_ram(pfn));
}

static bool may_be_mapped(uintptr_t address)
{
	return (address > vmalloc_start && address < VMALLOC_END) ||
	       (address >= PKMAP_BASE && address < PKMAP_ADDR(pkmap_slots)) ||
	       (address >= FIXADDR_START && address < FIXADDR_TOP);
}

static void check_leaf(uintptr_t address, pteval_t value, pteval_t extra)
{
	pteval_t flags = value & ~PTE_FRAME_MASK;

	if (!in_direct_map(address))
		flags &= ~CACHE_FLAGS;
	EXPECT_EQ(19, flags, wanted_flags(address) | extra, "flags of the entry for 0x%x", address);
	if (in_direct_map(address))
		EXPECT_EQ(19, (value & PTE_FRAME_MASK) >> PAGE_SHIFT, virt_to_pfn((void *)address),
			"frame behind 0x%x", address);
}

static void check_pte(uintptr_t address, pteval_t value)
{
	if (value)
		check_leaf(address, value, 0);
	if (value ? !must_be_mapped(address) && !may_be_mapped(address) : must_be_mapped(address))
		EXPECT(19, false, "0x%x: entry 0x%llx, must be mapped %d, may be mapped %d",
			address, (u64)value, must_be_mapped(address), may_be_mapped(address));
}

/*
 * Not the first (the fixed MTRRs lie there), not where there are holes, not where the kernel needs
 * several protections.
 */
static bool must_be_large(uintptr_t address)
{
	pfn_t start = virt_to_pfn((void *)address), end = start + PFNS_PER_PMD;

	return !mm_options.nolarge && (PAGING_LEVELS == 3 || cpu_features.pse) &&
	       in_direct_map(address) && start != 0 && end <= max_low_pfn &&
	       ram_pages_between(start, end) == PFNS_PER_PMD &&
	       (end <= phys_to_pfn(KERNEL_IMAGE_PHYS) || address >= (uintptr_t)kernel_end);
}

static void check_pte_table(uintptr_t address, pmd_t pmd)
{
	EXPECT_EQ(19, pmd.v & ~PTE_FRAME_MASK,
		_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY,
		"flags of the entry for the table of 0x%x", address);
	if (!EXPECT(19, pmd_pfn(pmd) < max_low_pfn, "table of 0x%x is frame 0x%x", address,
		    pmd_pfn(pmd)))
		return;
	for (u32 i = 0; i < PTRS_PER_PTE; i++)
		check_pte(address + i * PAGE_SIZE, pmd_table(pmd)[i].v);
}

static void check_pmd(uintptr_t address, pmd_t pmd)
{
	EXPECT_EQ(19, pmd_large(pmd), must_be_large(address), "large page at 0x%x, entry 0x%llx",
		address, (u64)pmd.v);
	if (pmd_large(pmd))
		check_leaf(address, pmd.v, _PAGE_LARGE);
	else if (!pmd_none(pmd))
		check_pte_table(address, pmd);
	else
		EXPECT(19, !in_direct_map(address),
			"nothing is mapped at 0x%x, low memory ends at 0x%x", address, high_memory);
}

/* The n-th PMD entry of the kernel's part.  With PAE its PGD entry must be there. */
static pmd_t *nth_pmd(u32 n)
{
	uintptr_t address = PAGE_OFFSET + n * PMD_SIZE;

	return pmd_offset(pgd_offset(swapper_pg_dir, address), address);
}

static bool check_pgds(void)
{
	for (u32 i = 0; i < KERNEL_PGD_INDEX; i++)
		if (!EXPECT_EQ(19, raw_pgd(i), 0, "entry %u of the user part of swapper_pg_dir", i))
			return false;
	for (u32 i = KERNEL_PGD_INDEX; i < PTRS_PER_PGD && !PMD_FOLDED; i++)
		if (!EXPECT_EQ(19, raw_pgd(i) & ~PTE_FRAME_MASK, _PAGE_PRESENT, "flags of PDPTE %u",
			    i))
			return false;
	return true;
}

static void check_all_entries(void)
{
	if (!check_pgds())
		return;
	for (u32 i = 0; i < KERNEL_PMDS; i++)
		check_pmd(PAGE_OFFSET + i * PMD_SIZE, *nth_pmd(i));
}

SELFTEST(protection_entries, "protection.entries", 4, "19") { check_all_entries(); }

SELFTEST(protection_entries_late, "protection.entries_late", 8, "19")
{
	check_all_entries();
	if (apic_present)
		EXPECT_EQ(19, pte_flags(*fixmap_pte(FIX_LAPIC)) & CACHE_FLAGS, CACHE_FLAGS,
			"cache flags of the local APIC's page");
}

/* ---- No upper entry ever changes ---- */

static pteval_t first_pgd[PTRS_PER_PGD], first_pmd[KERNEL_PMDS];
static bool first_taken;

static void expect_tables(const char *what, uintptr_t start, uintptr_t end)
{
	for (uintptr_t size = 0; size < end - start; size += PMD_SIZE)
		EXPECT(19, kernel_pte(start + size), "no table stands for 0x%x, %s", start + size,
			what);
	EXPECT(19, kernel_pte(end - PAGE_SIZE), "no table stands for the last page of %s", what);
}

SELFTEST(protection_tables, "protection.tables", 4, "19")
{
	expect_tables("vmalloc", vmalloc_start, VMALLOC_END);
	expect_tables("the PKMap", PKMAP_BASE, PKMAP_ADDR(pkmap_slots));
	expect_tables("the fixmap", FIXADDR_START, FIXADDR_TOP);
	EXPECT(19,
		VMALLOC_END - vmalloc_start <= VMALLOC_MAX &&
			vmalloc_start >= high_memory + VMALLOC_GAP,
		"vmalloc from 0x%x to 0x%x, low memory ends at 0x%x", vmalloc_start, VMALLOC_END,
		high_memory);
	for (u32 i = 0; i < PTRS_PER_PGD; i++)
		first_pgd[i] = raw_pgd(i);
	for (u32 i = 0; i < KERNEL_PMDS; i++)
		first_pmd[i] = nth_pmd(i)->v;
	first_taken = true;
}

SELFTEST(protection_tables_late, "protection.tables_late", 8, "19")
{
	if (!first_taken) {
		selftest_skip("protection.tables has not run");
		return;
	}
	for (u32 i = 0; i < PTRS_PER_PGD; i++)
		EXPECT_EQ(19, raw_pgd(i), first_pgd[i], "PGD entry %u, compared with step 4", i);
	for (u32 i = 0; i < KERNEL_PMDS; i++)
		EXPECT_EQ(19, nth_pmd(i)->v, first_pmd[i],
			"PMD entry %u of the kernel's part, compared with step 4", i);
}

/*
 * ---- No CPU sees half an entry ----
 *
 * A walk by another CPU may come between the two stores that a PAE entry takes.  Behind every
 * instruction a single step looks for it: as soon as Present is there, and as long as it is, the
 * rest must be too.
 */
#define TRAP_DEBUG 1u
#define EFLAGS_TF (1u << 8) /* SDM vol. 3, 2.3: a debug exception after each instruction */

static pte_t stepped_pte, whole_pte;
static pmd_t stepped_pmd;
static u32 looks, halves;

static bool is_half(pteval_t value) { return (value & _PAGE_PRESENT) && value != whole_pte.v; }

static void look_at_entries(struct trapframe *frame)
{
	(void)frame;
	looks++;
	halves += is_half(READ_ONCE(stepped_pte.v)) || is_half(READ_ONCE(stepped_pmd.v));
}

static __noinline void step_through_stores(void)
{
	pmd_t pmd = { whole_pte.v };

	__asm__ volatile("pushf; orl %0, (%%esp); popf" : : "i"(EFLAGS_TF) : "memory", "cc");
	set_pte(&stepped_pte, whole_pte);
	pte_clear(&stepped_pte);
	set_pmd(&stepped_pmd, pmd);
	pmd_clear(&stepped_pmd);
	__asm__ volatile("pushf; andl %0, (%%esp); popf" : : "i"(~EFLAGS_TF) : "memory", "cc");
}

SELFTEST(protection_halves, "protection.halves", 8, "")
{
	whole_pte = pfn_pte(MAX_PFN - 1, PAGE_KERNEL);
	looks = halves = 0;
	trap_set_handler(TRAP_DEBUG, look_at_entries);
	step_through_stores();
	trap_set_handler(TRAP_DEBUG, NULL);
	EXPECT(0, looks >= 4 * (PAGING_LEVELS - 1), "only %u steps through four stores", looks);
	EXPECT_EQ(0, halves, 0, "steps at which an entry was present but not whole, of %u", looks);
	EXPECT(0, pte_none(stepped_pte) && pmd_none(stepped_pmd), "entries are left behind");
}

/* ---- Control registers ---- */

static struct cpu_control {
	bool seen;
	u32 cr0, cr3, cr4, tables;
	bool nxe;
} control[NR_CPUS];

static void read_control(void *unused)
{
	struct cpu_control *c = &control[smp_processor_id()];
	const struct mm_tlb *mm = *this_cpu(active_mm);

	(void)unused;
	c->seen = true;
	c->cr0 = read_cr0();
	c->cr3 = read_cr3();
	c->cr4 = cpu_features.pse || cpu_features.pae || cpu_features.pge ? read_cr4() : 0;
	c->tables = pgd_cr3(mm ? mm->pgd : swapper_pg_dir);
	c->nxe = cpu_features.nx && (rdmsr(MSR_EFER) & EFER_NXE);
}

static u32 wanted_cr4(void)
{
	const struct cpu_features *f = &cpu_features;

	return (f->pse ? CR4_PSE : 0) | (PAGING_LEVELS == 3 ? CR4_PAE : 0) |
	       (f->pge ? CR4_PGE : 0) | (f->umip ? CR4_UMIP : 0) | (f->smep ? CR4_SMEP : 0) |
	       (f->smap ? CR4_SMAP : 0);
}

static void check_control(u32 cpu)
{
	const struct cpu_control *c = &control[cpu];
	u32 cr0 = CR0_PE | CR0_WP | CR0_PG | CR0_TS | CR0_MP | CR0_NE | CR0_AM;
	u32 cr4 = CR4_PSE | CR4_PAE | CR4_PGE | CR4_UMIP | CR4_SMEP | CR4_SMAP;

	EXPECT(0, c->seen, "CPU %u has not answered", cpu);
	EXPECT_EQ(0, c->cr0 & cr0, cr0, "CR0 of CPU %u", cpu);
	EXPECT_EQ(0, c->cr4 & cr4, wanted_cr4(), "CR4 of CPU %u", cpu);
	EXPECT_EQ(27, c->cr3, c->tables, "CR3 of CPU %u", cpu);
	EXPECT_EQ(0, c->nxe, cpu_features.nx, "EFER.NXE of CPU %u", cpu);
}

SELFTEST(protection_control, "protection.control", 4, "27")
{
	read_control(NULL);
	check_control(0);
}

SELFTEST(protection_control_all, "protection.control_all", 8, "27")
{
	memset(control, 0, sizeof(control));
	smp_call(cpus_online(), read_control, NULL);
	for_each_cpu(cpu, cpus_online())
		check_control(cpu);
}
