/*
 * What each CPU's TLB and caches of the walk may hold (SDM vol. 3, 4.10): everything that has been
 * present in memory, where a walk could meet it, since that CPU's last flush that drops it.  Sets,
 * not contents: so every moment at which a CPU might have taken up an entry is covered at once, and
 * no choice of the explorer is spent on it.
 */
#include "access.h"
#include "machine.h"

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/registers.h"

#include <string.h>

struct cpu_features cpu_features;
static u32 first_slot_of[FRAMES];

#define PLACE ((uintptr_t)__builtin_return_address(0))
#define BIT(frame) (1u << (frame))

void tlb_add_pkmap_table(u32 frame, u32 first_slot)
{
	m.pkmap_tables |= BIT(frame);
	first_slot_of[frame] = first_slot;
}

static pteval_t entry_at(u32 frame, u32 index)
{
	return (pteval_t)peek(
		(uintptr_t)frame_address(frame) + index * sizeof(pteval_t), sizeof(pteval_t));
}

/* The frame that a present entry names. */
static u32 target(pteval_t entry)
{
	u32 frame = pte_pfn((pte_t){ entry });

	if (frame < FRAMES)
		return frame;
	fail("a walk can read an entry that names no frame: %llx (half of one?)",
		(unsigned long long)entry);
	return 0;
}

/* ---- PKMap ---- */

static void take_up(struct may_hold *tlb, u32 slot, pteval_t entry)
{
	if (entry & _PAGE_GLOBAL)
		tlb->global[slot] |= BIT(target(entry));
	else
		tlb->local[slot] |= BIT(target(entry));
}

static void for_each_slot(
	void (*act)(struct may_hold *tlb, u32 slot, pteval_t entry), struct may_hold *tlb)
{
	for (u32 left = m.pkmap_tables; left; left &= left - 1) {
		u32 frame = (u32)__builtin_ctz(left);

		for (u32 i = 0; i < PTRS_PER_PTE; i++)
			if (entry_at(frame, i) & _PAGE_PRESENT)
				act(tlb, first_slot_of[frame] + i, entry_at(frame, i));
	}
}

/* Invariant 7: whoever could still use another translation of the slot. */
static void check_handed_out(u32 slot, u32 frame)
{
	for (u32 cpu = 0; cpu < ncpus; cpu++) {
		u32 others =
			(m.cpu[cpu].tlb.global[slot] | m.cpu[cpu].tlb.local[slot]) & ~BIT(frame);

		if (others && !env_flush_pending(cpu))
			fail("slot %u is handed out to frame %u while CPU %u may still hold frame %d there (7)",
				slot, frame, cpu, __builtin_ctz(others));
	}
}

static void slot_changed(u32 slot, pteval_t entry)
{
	if (!(entry & _PAGE_PRESENT))
		return;
	if ((pte_flags((pte_t){ entry }) | _PAGE_GLOBAL) != (PAGE_KERNEL | _PAGE_GLOBAL))
		fail("a walk can read entry %llx of slot %u: not the protection of a kmap, or half an entry (2)",
			(unsigned long long)entry, slot);
	check_handed_out(slot, target(entry));
	for (u32 cpu = 0; cpu < ncpus; cpu++)
		take_up(&m.cpu[cpu].tlb, slot, entry);
}

static pteval_t slot_entry(u32 slot)
{
	for (u32 left = m.pkmap_tables; left; left &= left - 1) {
		u32 frame = (u32)__builtin_ctz(left);

		if (slot - first_slot_of[frame] < PTRS_PER_PTE)
			return entry_at(frame, slot - first_slot_of[frame]);
	}
	return 0;
}

void tlb_check_access(uintptr_t address, u32 frame)
{
	const struct may_hold *tlb = &m.cpu[running_cpu].tlb;
	u32 slot = (u32)((address - PKMAP_BASE) >> PAGE_SHIFT), held;
	pteval_t entry;

	event("uses PKMap address", address, PLACE);
	entry = slot_entry(slot);
	held = (tlb->global[slot] | tlb->local[slot]) & ~BIT(frame);
	if (!(entry & _PAGE_PRESENT))
		fail("CPU %u uses slot %u, which is not mapped", running_cpu, slot);
	else if (target(entry) != frame)
		fail("CPU %u uses slot %u for frame %u, and reaches frame %u", running_cpu, slot,
			frame, target(entry));
	else if (held)
		fail("CPU %u uses slot %u for frame %u, and may still hold frame %d there (8)",
			running_cpu, slot, frame, __builtin_ctz(held));
}

/* ---- User part ---- */

static u32 targets(u32 table, u32 entries)
{
	u32 set = 0;

	for (u32 i = 0; i < entries; i++)
		if (entry_at(table, i) & _PAGE_PRESENT)
			set |= BIT(target(entry_at(table, i)));
	return set;
}

static u32 targets_of_all(u32 tables, u32 entries)
{
	u32 set = 0;

	for (; tables; tables &= tables - 1)
		set |= targets((u32)__builtin_ctz(tables), entries);
	return set;
}

/* What walks of this CPU can meet now, from CR3 and from all that it may have kept. */
static void walk_all(struct cpu *cpu)
{
	struct may_hold *tlb = &cpu->tlb;

	if (!cpu->cr3)
		return;
	for (u32 i = 0; PAGING_LEVELS == 3 && i < 4; i++)
		if (tlb->pdpte[i] & _PAGE_PRESENT)
			tlb->pmds |= BIT(target(tlb->pdpte[i]));
	tlb->ptes |= PAGING_LEVELS == 3 ? targets_of_all(tlb->pmds, PTRS_PER_PMD)
					: targets(cpu->cr3 >> PAGE_SHIFT, PTRS_PER_PGD);
	tlb->pages |= targets_of_all(tlb->ptes, PTRS_PER_PTE);
}

static bool walks_through(const struct cpu *cpu, u32 frame)
{
	return cpu->cr3 &&
	       (((cpu->tlb.pmds | cpu->tlb.ptes) & BIT(frame)) || cpu->cr3 >> PAGE_SHIFT == frame);
}

void tlb_memory_changed(uintptr_t at)
{
	u32 frame;

	if (!frame_of(at, &frame))
		return;
	if (m.pkmap_tables & BIT(frame)) {
		u32 index = (u32)((at & (PAGE_SIZE - 1)) / sizeof(pteval_t));

		slot_changed(first_slot_of[frame] + index, entry_at(frame, index));
	}
	for (u32 cpu = 0; cpu < ncpus; cpu++)
		if (walks_through(&m.cpu[cpu], frame))
			walk_all(&m.cpu[cpu]);
}

void tlb_check_free(u32 frame, const char *what)
{
	for (u32 cpu = 0; cpu < ncpus; cpu++) {
		const struct may_hold *tlb = &m.cpu[cpu].tlb;

		if (walks_through(&m.cpu[cpu], frame))
			fail("%s of frame %u, while CPU %u may still walk through it as a page table (40)",
				what, frame, cpu);
		else if (tlb->pages & BIT(frame))
			fail("%s of frame %u, to which CPU %u may still translate a user address (40)",
				what, frame, cpu);
	}
}

static pteval_t user_entry(const struct cpu *cpu, uintptr_t address)
{
	pteval_t upper;

	if (PAGING_LEVELS == 2) {
		upper = entry_at(cpu->cr3 >> PAGE_SHIFT, pgd_index(address));
	} else {
		upper = cpu->tlb.pdpte[pgd_index(address)];
		upper = upper & _PAGE_PRESENT ? entry_at(target(upper), pmd_index(address)) : 0;
	}
	return upper & _PAGE_PRESENT ? entry_at(target(upper), pte_index(address)) : 0;
}

int tlb_user_frame(uintptr_t address)
{
	pteval_t entry;

	event("uses user address", address, PLACE);
	entry = user_entry(&m.cpu[running_cpu], address);
	return entry & _PAGE_PRESENT ? (int)target(entry) : -1;
}

/* ---- The instructions ---- */

static void drop_local(struct cpu *cpu)
{
	struct may_hold *tlb = &cpu->tlb;

	memset(tlb->local, 0, sizeof(tlb->local));
	tlb->pmds = tlb->ptes = tlb->pages = 0;
}

/* What is in the tables may be taken up again at once. */
static void after_drop(struct cpu *cpu)
{
	for_each_slot(take_up, &cpu->tlb);
	walk_all(cpu);
}

/* Each of them waits until all earlier stores are visible (SDM vol. 3, 8.3: serializing). */
static struct cpu *serialize(const char *what, uintptr_t value, uintptr_t place)
{
	event(what, value, place);
	store_drain_all();
	return &m.cpu[running_cpu];
}

u32 read_cr3(void) { return m.cpu[running_cpu].cr3; }
u32 read_cr4(void) { return m.cpu[running_cpu].cr4; }

void write_cr3(u32 v)
{
	struct cpu *cpu = serialize("loads CR3", v, PLACE);

	cpu->cr3 = v;
	drop_local(cpu);
	if (!(cpu->cr4 & CR4_PGE))
		memset(cpu->tlb.global, 0, sizeof(cpu->tlb.global));
	for (u32 i = 0; PAGING_LEVELS == 3 && i < 4; i++)
		cpu->tlb.pdpte[i] = v ? entry_at(v >> PAGE_SHIFT, i) : 0;
	after_drop(cpu);
}

void write_cr4(u32 v)
{
	struct cpu *cpu = serialize("writes CR4", v, PLACE);

	if ((v ^ cpu->cr4) & CR4_PGE) {
		memset(cpu->tlb.global, 0, sizeof(cpu->tlb.global));
		drop_local(cpu);
	}
	cpu->cr4 = v;
	after_drop(cpu);
}

void invlpg(uintptr_t address)
{
	struct cpu *cpu = serialize("invlpg", address, PLACE);
	u32 slot = (u32)((address - PKMAP_BASE) >> PAGE_SHIFT);

	if (address >= PKMAP_BASE && slot < MAX_SLOTS)
		cpu->tlb.global[slot] = cpu->tlb.local[slot] = 0;
	after_drop(cpu);
}
