/*
 * The simulated CPUs: registers, TLB, caches of the walk.  Source: SDM vol. 3, 4.3, 4.4 and 4.10.
 */
#include "fake/machine.h"
#include "host.h"

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/paging/tlb_ops.h"
#include "arch/x86/paging/tlb_stamp.h"
#include "mm/boot/ram_layout.h"
#include "mm/pkmap/highmem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define P 1ull
#define RW 2ull
#define US 4ull
#define LARGE 0x80ull
#define G 0x100ull
#define LISTED (1ull << 62) /* the page is in `loaded` */
#define FRAME 0x0000000FFFFFF000ull

#define TLB_PAGES (1u << 20)
#define UPPER_ENTRIES 2048u

struct sim_cpu {
	u32 cr3, cr4;
	bool irqs;
	u64 pdpte[4];
	u64 upper[UPPER_ENTRIES]; /* page-directory entries that the CPU has read */
	bool upper_used;          /* some of them are not 0 */
	/* one word for each page of 4 GiB: frame, effective rights, Global; 0: nothing */
	u64 *tlb;
	u32 *loaded, nloaded; /* pages whose word is not 0 */
};

static struct sim_cpu sim[MACHINE_CPUS];
u32 running_cpu;
struct cpu_features cpu_features;
void (*on_cr3_load)(void);

static struct sim_cpu *self(void) { return &sim[running_cpu]; }

/* The low 32 bits of an address are enough: user and kernel addresses share them out. */
static u32 page_of(uintptr_t address) { return (u32)address >> PAGE_SHIFT; }

static uintptr_t address_of(u32 page)
{
	u32 low = page << PAGE_SHIFT;

	return low >= (u32)PAGE_OFFSET ? PAGE_OFFSET + (low - (u32)PAGE_OFFSET) : low;
}

/* ---- What is forgotten when ---- */

static void drop_upper(struct sim_cpu *cpu)
{
	if (cpu->upper_used)
		memset(cpu->upper, 0, sizeof(cpu->upper));
	cpu->upper_used = false;
}

static void drop_pages(struct sim_cpu *cpu, bool global_too)
{
	u32 kept = 0;

	for (u32 i = 0; i < cpu->nloaded; i++) {
		u32 page = cpu->loaded[i];

		if (!global_too && (cpu->tlb[page] & G))
			cpu->loaded[kept++] = page;
		else
			cpu->tlb[page] = 0;
	}
	cpu->nloaded = kept;
	drop_upper(cpu);
	if (cpu == self())
		host_unmap_all();
}

void cpus_reset(void)
{
	on_cr3_load = NULL;
	for (u32 i = 0; i < MACHINE_CPUS; i++) {
		struct sim_cpu *cpu = &sim[i];

		if (!cpu->tlb) {
			cpu->tlb = calloc(TLB_PAGES, sizeof(*cpu->tlb));
			cpu->loaded = calloc(TLB_PAGES, sizeof(*cpu->loaded));
		}
		drop_pages(cpu, true);
		cpu->cr3 = cpu->cr4 = 0;
		cpu->irqs = false;
	}
}

void run_on(u32 cpu)
{
	if (cpu == running_cpu)
		return;
	host_unmap_all();
	running_cpu = cpu;
}

/* ---- Registers ---- */

static void read_pdptes(struct sim_cpu *cpu)
{
	const u64 *table = (const u64 *)((const char *)table_in_ram(cpu->cr3 >> PAGE_SHIFT) +
					 (cpu->cr3 & (PAGE_SIZE - 1)));

	for (u32 i = 0; i < 4; i++) {
		cpu->pdpte[i] = table[i];
		CHECK(!(table[i] & P) || !(table[i] & ~(FRAME | P)),
			"reserved bits in PDPTE %u: %llx", i, (unsigned long long)table[i]);
	}
}

u32 read_cr3(void) { return self()->cr3; }
u32 read_cr4(void) { return self()->cr4; }

void write_cr3(u32 v)
{
	if (on_cr3_load)
		on_cr3_load();
	self()->cr3 = v;
	drop_pages(self(), !(self()->cr4 & CR4_PGE));
	if (PAGING_LEVELS == 3)
		read_pdptes(self());
}

void write_cr4(u32 v)
{
	if ((v ^ self()->cr4) & CR4_PGE)
		drop_pages(self(), true);
	self()->cr4 = v;
}

void cpu_enable_paging_features(u32 cr3)
{
	cr3_load(cr3);
	cr4_load(cpu_features.pge ? CR4_PGE : 0);
}

void invlpg(uintptr_t address)
{
	self()->tlb[page_of(address)] &= LISTED;
	drop_upper(self());
	host_unmap(address);
}

u32 read_eflags(void) { return self()->irqs ? EFLAGS_IF : 0; }
void sti(void) { self()->irqs = true; }
void cli(void) { self()->irqs = false; }

/* ---- The walk ---- */

static u64 read_entry(u64 table, u32 index)
{
	const char *base = table_in_ram((pfn_t)((table & FRAME) >> PAGE_SHIFT));

	return PAGING_LEVELS == 3 ? ((const u64 *)base)[index] : ((const u32 *)base)[index];
}

/* The entry above the PTE table, from memory: `pdpte` and CR3 are what the CPU has. */
static u64 read_upper(const struct sim_cpu *cpu, u32 address)
{
	u64 pdpte = cpu->pdpte[address >> 30];

	if (PAGING_LEVELS == 2)
		return read_entry(cpu->cr3, address >> 22);
	return pdpte & P ? read_entry(pdpte, (address >> 21) & 511) : 0;
}

static u64 upper_entry(struct sim_cpu *cpu, u32 address, bool cached)
{
	u64 *seen = &cpu->upper[address >> PMD_SHIFT], entry;

	if (cached && (*seen & P))
		return *seen;
	entry = read_upper(cpu, address);
	if (cached && (entry & P)) {
		*seen = entry;
		cpu->upper_used = true;
	}
	return entry;
}

/*
 * Frame and effective rights of a page, 0 if it is not mapped.  Not `cached`: by the tables as they
 * are now.
 */
static u64 walk(struct sim_cpu *cpu, u32 address, bool cached)
{
	u64 upper = upper_entry(cpu, address, cached), leaf;

	if (!(upper & P))
		return 0;
	if (upper & LARGE)
		leaf = upper + (address & (PMD_SIZE - 1) & ~(PAGE_SIZE - 1));
	else
		leaf = read_entry(upper, pte_index(address));
	return leaf & P ? (leaf & (FRAME | P | G)) | (leaf & upper & (RW | US)) : 0;
}

static void tlb_load(struct sim_cpu *cpu, u32 page, u64 entry)
{
	if (!cpu->tlb[page])
		cpu->loaded[cpu->nloaded++] = page;
	cpu->tlb[page] = entry | LISTED;
}

bool cpu_translate(u32 number, uintptr_t address, struct translation *found)
{
	struct sim_cpu *cpu = &sim[number];
	u64 entry = cpu->tlb[page_of(address)];

	if (!(entry & P)) {
		entry = walk(cpu, (u32)address, true);
		if (!(entry & P))
			return false;
		tlb_load(cpu, page_of(address), entry);
	}
	*found = (struct translation){ (pfn_t)((entry & FRAME) >> PAGE_SHIFT), entry & RW,
		entry & US, entry & G };
	return true;
}

bool cpu_read(u32 cpu, uintptr_t address, u32 *value)
{
	struct translation found;

	if (!cpu_translate(cpu, address, &found))
		return false;
	*value = ram_word(found.pfn, (u32)address & (PAGE_SIZE - 1));
	return true;
}

bool tlb_holds(u32 cpu, uintptr_t address) { return sim[cpu].tlb[page_of(address)] & P; }

/* ---- What tests look at ---- */

static bool is_pkmap(u32 page)
{
	return address_of(page) >= PKMAP_BASE && address_of(page) < PKMAP_ADDR(pkmap_slots);
}

/* The slot is not free yet, or the CPU is idle and has not seen the last stamp (7, 26). */
static bool may_be_stale(u32 number, u32 page)
{
	if (!is_pkmap(page))
		return false;
	return pkmap_count[PKMAP_NR(address_of(page))] == PKMAP_RETIRED ||
	       (*per_cpu(is_idle, number) && *per_cpu(tlb_seen, number) != tlb_stamp_now());
}

static bool entry_is_true(u32 number, u32 page)
{
	struct sim_cpu *cpu = &sim[number];
	u64 held = cpu->tlb[page] & ~LISTED, now = walk(cpu, page << PAGE_SHIFT, false);

	if (!(held & P) || held == now || may_be_stale(number, page))
		return true;
	print("CPU %u translates %lx by %llx, the tables say %llx\n", number,
		(unsigned long)address_of(page), held, now);
	return false;
}

static bool upper_is_true(u32 number, u32 index)
{
	struct sim_cpu *cpu = &sim[number];
	u64 held = cpu->upper[index], now = held ? read_upper(cpu, index << PMD_SHIFT) : 0;

	if (held == now)
		return true;
	print("CPU %u walks through upper entry %u = %llx, in memory it is %llx\n", number, index,
		held, now);
	return false;
}

static bool pdptes_are_true(u32 number)
{
	struct sim_cpu *cpu = &sim[number];

	for (u32 i = 0; PAGING_LEVELS == 3 && i < 4; i++) {
		u64 now = read_entry(
			cpu->cr3 & ~(PAGE_SIZE - 1), (cpu->cr3 & (PAGE_SIZE - 1)) / 8 + i);

		if (cpu->pdpte[i] != now) {
			print("CPU %u keeps PDPTE %u = %llx, in memory it is %llx\n", number, i,
				cpu->pdpte[i], now);
			return false;
		}
	}
	return true;
}

bool tlbs_equal_tables(void)
{
	bool equal = true;

	for (u32 n = 0; n < MACHINE_CPUS; n++) {
		if (!sim[n].cr3)
			continue;
		equal = pdptes_are_true(n) && equal;
		for (u32 i = 0; i < sim[n].nloaded; i++)
			equal = entry_is_true(n, sim[n].loaded[i]) && equal;
		for (u32 i = 0; sim[n].upper_used && i < UPPER_ENTRIES; i++)
			equal = upper_is_true(n, i) && equal;
	}
	return equal;
}

static bool names(u64 entry, pfn_t pfn)
{
	return (entry & P) && (pfn_t)((entry & FRAME) >> PAGE_SHIFT) == pfn;
}

static bool cpu_names(u32 n, pfn_t pfn, const char *what)
{
	const struct sim_cpu *cpu = &sim[n];
	bool found = false;

	for (u32 i = 0; i < cpu->nloaded; i++) {
		u32 page = cpu->loaded[i];

		/* The direct map names every low page for ever. */
		if (names(cpu->tlb[page], pfn) && !is_pkmap(page) &&
			address_of(page) - PAGE_OFFSET >= pfn_to_phys(max_low_pfn)) {
			print("%s: CPU %u still translates %lx to frame 0x%x\n", what, n,
				(unsigned long)address_of(page), pfn);
			found = true;
		}
	}
	for (u32 i = 0; cpu->upper_used && i < UPPER_ENTRIES; i++)
		found = found || (names(cpu->upper[i], pfn) && !(cpu->upper[i] & LARGE));
	for (u32 i = 0; PAGING_LEVELS == 3 && i < 4; i++)
		found = found || names(cpu->pdpte[i], pfn);
	if (found)
		print("%s: CPU %u still walks through or to frame 0x%x\n", what, n, pfn);
	return found;
}

bool no_tlb_names(pfn_t pfn, const char *what)
{
	bool named = false;

	for (u32 n = 0; n < MACHINE_CPUS; n++)
		named = (sim[n].cr3 && cpu_names(n, pfn, what)) || named;
	return !named;
}
