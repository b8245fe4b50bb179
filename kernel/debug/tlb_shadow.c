/* The visible TLB: see tlb_shadow.h. */
#include "arch/x86/hooks/tlb_shadow.h"

#include "arch/x86/console/place.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/paging/layout.h"
#include "arch/x86/paging/tlb.h"
#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/paging/tlb_stamp.h"
#include "arch/x86/smp/cpumask.h"
#include "kernel/debug/bare_lock.h"
#include "lib/assert.h"

/* The addresses whose mappings change: from the lowest place that vmalloc can begin to the top. */
#define SHADOW_BASE (VMALLOC_END - VMALLOC_MAX)
#define SHADOW_PAGES ((0u - SHADOW_BASE) >> PAGE_SHIFT)

/* One page of kernel addresses whose entry was cleared. */
struct shadow_page {
	u32 since;        /* when; 0: never */
	u32 invalidated;  /* CPUs that have done an invlpg for it since */
	uintptr_t caller; /* who cleared it */
};

static struct shadow_page shadow_page[SHADOW_PAGES];
static atomic_t shadow_time = ATOMIC_INIT(1);

/* What each CPU has done last, written by itself. */
static struct shadow_cpu {
	u32 full_at; /* began to drop everything */
	u32 load_at; /* began to drop everything that is not Global */
	u32 cr3;     /* what it loaded then; 0: nothing that we know of, so no address space */
	bool pge;    /* CR4.PGE */
} shadow_cpu[NR_CPUS];

/*
 * CPUs that answer for what they hold.  A CPU that comes online flushes in full behind its online
 * bit and does nothing in between, so what it holds up to then is of no account; the boot CPU
 * answers from the start.
 */
static atomic_t watched = ATOMIC_INIT(1);

/* The flush that was asked for last, for messages: torn if two CPUs ask at the same time. */
static struct {
	u32 time, mask, cpu;
	uintptr_t caller;
} last_round;

/* Flushes pending for one page, which wait for an invlpg on each CPU. */
static struct pending_flush *pending_pages;
static atomic_t pending_pages_lock = ATOMIC_INIT(0);

/* Both orders of time wrap after 2^32 unmappings. */
static bool is_before(u32 time, u32 other) { return (s32)(time - other) < 0; }

/*
 * A locked operation: what was cleared before it is seen by every CPU whose flush begins at the new
 * time or later.
 */
static u32 next_time(void) { return atomic_fetch_add(&shadow_time, 1) + 1; }

static struct shadow_page *page_of(uintptr_t address)
{
	ASSERT(address >= SHADOW_BASE, "visible TLB: %x is no address whose mapping changes",
		(u32)address);
	return &shadow_page[(address - SHADOW_BASE) >> PAGE_SHIFT];
}

void shadow_unmapped(uintptr_t address)
{
	struct shadow_page *page = page_of(address);

	page->caller = CALLER();
	WRITE_ONCE(page->since, next_time());
	/*
	 * After the time: an invlpg that began before it takes its own bit back, see
	 * shadow_invalidated().
	 */
	smp_wmb();
	WRITE_ONCE(page->invalidated, 0);
}

u32 shadow_time_now(void) { return atomic_read(&shadow_time); }

static void dropped_everything(struct shadow_cpu *cpu, u32 begun)
{
	u32 bit = 1u << smp_processor_id();

	cpu->full_at = cpu->load_at = begun;
	if (cpus_online() & bit & ~atomic_read(&watched))
		atomic_or(&watched, bit);
}

/* The value last: whoever sees that this CPU has an address space sees from when on. */
void shadow_cr3_loaded(u32 begun, u32 cr3)
{
	struct shadow_cpu *cpu = &shadow_cpu[smp_processor_id()];

	if (cpu->pge)
		cpu->load_at = begun;
	else
		dropped_everything(cpu, begun);
	smp_wmb();
	WRITE_ONCE(cpu->cr3, cr3);
}

/* Changing PGE drops everything, and with PAE loads the PDPTEs (SDM vol. 3, 4.10.4.1 and 4.4.1). */
void shadow_cr4_loaded(u32 begun, u32 cr4)
{
	struct shadow_cpu *cpu = &shadow_cpu[smp_processor_id()];
	bool pge = cr4 & CR4_PGE;

	if (pge != cpu->pge)
		dropped_everything(cpu, begun);
	cpu->pge = pge;
}

/*
 * An invlpg that began at `begun` counts if the page was unmapped by then, and not again meanwhile.
 */
static void note_invalidated(u32 *invalidated, const u32 *since, u32 begun)
{
	u32 bit = 1u << smp_processor_id();

	if (is_before(begun, READ_ONCE(*since)))
		return;
	__atomic_fetch_or(invalidated, bit, __ATOMIC_SEQ_CST);
	if (is_before(begun, READ_ONCE(*since)))
		__atomic_fetch_and(invalidated, ~bit, __ATOMIC_SEQ_CST);
}

static bool has_in_cr3(u32 cpu, const struct mm_tlb *mm)
{
	return READ_ONCE(shadow_cpu[cpu].cr3) == pgd_cr3(mm->pgd);
}

static void note_pending_pages(uintptr_t address, u32 begun)
{
	u32 flags = bare_lock(&pending_pages_lock);

	for (struct pending_flush *pending = pending_pages; pending; pending = pending->next)
		if (pending->address == address && has_in_cr3(smp_processor_id(), pending->mm))
			note_invalidated(&pending->invalidated, &pending->since, begun);
	bare_unlock(&pending_pages_lock, flags);
}

void shadow_invalidated(u32 begun, uintptr_t address)
{
	struct shadow_page *page;

	if (address < USER_TOP)
		note_pending_pages(address & PAGE_MASK, begun);
	if (address < SHADOW_BASE)
		return;
	page = page_of(address);
	note_invalidated(&page->invalidated, &page->since, begun);
}

void shadow_round(u32 mask, uintptr_t caller)
{
	last_round.mask = mask;
	last_round.cpu = smp_processor_id();
	last_round.caller = caller;
	last_round.time = shadow_time_now();
}

void shadow_cpu_ready(void)
{
	u32 cpu = smp_processor_id();

	INVARIANT(25, atomic_read(&watched) & (1u << cpu),
		"visible TLB: CPU %u goes on without a full flush behind its online bit: it last dropped everything at time %u",
		cpu, shadow_cpu[cpu].full_at);
}

/* The first CPU of `cpus` that has not flushed since; NR_CPUS: none. */
static u32 first_behind(u32 cpus, u32 since, bool global)
{
	for_each_cpu(n, cpus) {
		const struct shadow_cpu *cpu = &shadow_cpu[n];
		u32 flushed = global ? READ_ONCE(cpu->full_at) : READ_ONCE(cpu->load_at);

		if (is_before(flushed, since))
			return n;
	}
	return NR_CPUS;
}

/* Who should have seen to it: for the end of a message. */
static const char *blame(u32 cpu, u32 since, char *text, size_t size)
{
	struct place place = place_of(last_round.caller);

	if (!last_round.caller)
		snprintf(text, size, "nobody has asked for a flush yet");
	else if (is_before(last_round.time, since))
		snprintf(text, size,
			"nobody has asked for a flush since then (last at %u: %s, CPU %u, of CPUs 0x%x)",
			last_round.time, place.text, last_round.cpu, last_round.mask);
	else if (!(last_round.mask & (1u << cpu)))
		snprintf(text, size, "%s on CPU %u asked for a flush at %u, but only of CPUs 0x%x",
			place.text, last_round.cpu, last_round.time, last_round.mask);
	else
		snprintf(text, size,
			"%s on CPU %u asked it for a flush at %u, but it did not drop this",
			place.text, last_round.cpu, last_round.time);
	return text;
}

static u32 answering(void) { return atomic_read(&watched); }

/*
 * The messages have functions of their own, so that their buffers do not lie on every caller's
 * stack.
 */
__noreturn static __noinline void refuse_page(
	uintptr_t address, u32 cpu, const char *what, uintptr_t user)
{
	const struct shadow_page *page = page_of(address);
	char text[160];

	panic_at(PANIC_SITE(7),
		"visible TLB: %s %x is handed out by %s, but CPU %u may still translate it: unmapped at time %u by %s; that CPU last dropped everything at %u, what is not Global at %u; %s",
		what, (u32)address, place_of(user).text, cpu, page->since,
		place_of(page->caller).text, shadow_cpu[cpu].full_at, shadow_cpu[cpu].load_at,
		blame(cpu, page->since, text, sizeof(text)));
}

/*
 * Panics if a CPU of `cpus` may translate the page of `address`; `what` is about to be used by
 * `user`.
 */
static void check_page(uintptr_t address, u32 cpus, bool global, const char *what, uintptr_t user)
{
	const struct shadow_page *page = page_of(address);
	u32 since = READ_ONCE(page->since), cpu;

	if (!since)
		return;
	cpu = first_behind(cpus & answering() & ~READ_ONCE(page->invalidated), since, global);
	if (unlikely(cpu != NR_CPUS))
		refuse_page(address, cpu, what, user);
}

void shadow_check_reuse(uintptr_t address, u32 cpus)
{
	check_page(address, cpus, true, "address", CALLER());
}

/*
 * Who is idle is looked at before what it has flushed: it flushes before it says that it is idle no
 * more.
 */
void shadow_check_slot(uintptr_t address)
{
	u32 busy = ~idle_or_leaving();

	smp_rmb();
	check_page(address, busy, pkmap_is_global, "address", CALLER());
}

void shadow_check_range(uintptr_t start, uintptr_t end)
{
	uintptr_t caller = CALLER();

	for (uintptr_t address = start; address < end; address += PAGE_SIZE)
		check_page(address, ~0u, true, "address", caller);
}

/*
 * The time comes after the stores to the tables and before the look at who is to be told, as in
 * flush_tlb_mm().
 */
void pending_flush_mm(struct pending_flush *pending, const struct mm_tlb *mm)
{
	pending->mm = mm;
	pending->caller = CALLER();
	pending->since = next_time();
}

void pending_flush_page(struct pending_flush *pending, const struct mm_tlb *mm, uintptr_t address)
{
	u32 flags = bare_lock(&pending_pages_lock);

	*pending = (struct pending_flush){
		.mm = mm, .since = next_time(), .caller = CALLER(), .address = address & PAGE_MASK
	};
	pending->next = pending_pages;
	pending_pages = pending;
	bare_unlock(&pending_pages_lock, flags);
}

/* Off the list, if it is on it. */
static void forget_pending_page(struct pending_flush *pending)
{
	u32 flags = bare_lock(&pending_pages_lock);

	for (struct pending_flush **link = &pending_pages; *link; link = &(*link)->next)
		if (*link == pending) {
			*link = pending->next;
			break;
		}
	bare_unlock(&pending_pages_lock, flags);
}

/*
 * CPUs that have the PGD in CR3, whatever the mask says.  One that has loaded another CR3 holds
 * nothing of this address space, whether it did so before or after the entries were cleared.
 */
static u32 cpus_with(u32 cr3)
{
	u32 mask = 0;

	for_each_cpu(cpu, ~0u)
		if (READ_ONCE(shadow_cpu[cpu].cr3) == cr3)
			mask |= 1u << cpu;
	return mask & answering();
}

__noreturn static __noinline void refuse_flush(
	const struct pending_flush *pending, u32 cpu, const char *what)
{
	char text[160];

	panic_at(PANIC_SITE(40),
		"visible TLB: %s is used again, but CPU %u may still hold it: cleared at time %u by %s; that CPU last dropped everything at %u, loaded CR3 at %u, and has the address space in CR3, whose mask is 0x%x; %s",
		what, cpu, pending->since, place_of(pending->caller).text, shadow_cpu[cpu].full_at,
		shadow_cpu[cpu].load_at, atomic_read(&pending->mm->cpus),
		blame(cpu, pending->since, text, sizeof(text)));
}

void pending_flush_check(struct pending_flush *pending, const char *what)
{
	u32 cpu;

	if (!pending->mm)
		return;
	forget_pending_page(pending);
	cpu = first_behind(cpus_with(pgd_cr3(pending->mm->pgd)) & ~pending->invalidated,
		pending->since, false);
	if (unlikely(cpu != NR_CPUS))
		refuse_flush(pending, cpu, what);
}

void shadow_check_gone(const struct mm_tlb *mm)
{
	u32 cpus = cpus_with(pgd_cr3(mm->pgd));

	INVARIANT(27, cpus == 0,
		"visible TLB: the address space of PGD %p ends, but CPUs 0x%x have it in CR3; the last flush was asked for by %s, of CPUs 0x%x",
		mm->pgd, cpus, place_of(last_round.caller).text, last_round.mask);
}

void pending_frame_kernel(struct pending_frame *pending, uintptr_t address)
{
	*pending = (struct pending_frame){ .since = page_of(address)->since,
		.from = address & PAGE_MASK };
}

void pending_frame_mm(struct pending_frame *pending, const struct mm_tlb *mm)
{
	*pending = (struct pending_frame){ .since = next_time(), .from = pgd_cr3(mm->pgd) };
}

/*
 * A kernel page that has been unmapped again since was handed out in between, and looked at then.
 */
static void check_kernel_frame(const struct pending_frame *pending, uintptr_t user)
{
	if (page_of(pending->from)->since == pending->since)
		check_page(pending->from, ~0u, true, "the frame last mapped at", user);
}

__noreturn static __noinline void refuse_frame(
	const struct pending_frame *pending, u32 cpu, u32 pfn, uintptr_t user)
{
	char text[160];

	panic_at(PANIC_SITE(40),
		"visible TLB: frame 0x%x is used again by %s, but CPU %u may still translate it: unmapped at time %u from the address space of CR3 %x; that CPU last dropped everything at %u, loaded CR3 at %u; %s",
		pfn, place_of(user).text, cpu, pending->since, pending->from,
		shadow_cpu[cpu].full_at, shadow_cpu[cpu].load_at,
		blame(cpu, pending->since, text, sizeof(text)));
}

void pending_frame_check(struct pending_frame *pending, u32 pfn)
{
	struct pending_frame was = *pending;
	u32 cpu;

	if (!was.since)
		return;
	pending->since = 0;
	if (was.from >= SHADOW_BASE) {
		check_kernel_frame(&was, CALLER());
		return;
	}
	cpu = first_behind(cpus_with(was.from), was.since, false);
	if (unlikely(cpu != NR_CPUS))
		refuse_frame(&was, cpu, pfn, CALLER());
}
