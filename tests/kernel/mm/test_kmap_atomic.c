/* Atomic kmaps: one stack of slots for each CPU, nested in interrupts too. */
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/paging/fixmap.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/ipi.h"
#include "mm/pkmap/kmap_atomic.h"
#include "tests/kernel/crew.h"
#include "tests/kernel/mm/highpages.h"
#include "tests/kernel/selftest.h"

/* The slot's address as this file computes it: f(CPU, depth). */
static uintptr_t slot_address(u32 cpu, u32 depth)
{
	return FIXADDR_TOP - (FIX_KMAP_BEGIN + cpu * KMAP_ATOMIC_DEPTH + depth + 1) * PAGE_SIZE;
}

static void nest_all(struct crew_member *self)
{
	void *at[KMAP_ATOMIC_DEPTH];

	for (u32 depth = 0; depth < KMAP_ATOMIC_DEPTH; depth++) {
		struct page *page = high_page[self->index + depth];
		pte_t *pte = kernel_pte(slot_address(self->cpu, depth));

		EXPECT(29, pte_none(*pte), "entry of depth %u on CPU %u before the map", depth,
			self->cpu);
		at[depth] = kmap_atomic(page);
		EXPECT_EQ(28, (uintptr_t)at[depth], slot_address(self->cpu, depth),
			"slot of depth %u on CPU %u", depth, self->cpu);
		EXPECT_EQ(29, pte->v, pfn_pte(page_to_pfn(page), PAGE_KERNEL).v,
			"entry of depth %u", depth);
		EXPECT(31, marked(at[depth], page), "content at depth %u on CPU %u", depth,
			self->cpu);
	}
	for (u32 depth = KMAP_ATOMIC_DEPTH; depth-- > 0;) {
		EXPECT(28, marked(at[depth], high_page[self->index + depth]),
			"content at depth %u, coming back", depth);
		kunmap_atomic(at[depth]);
		EXPECT(29, pte_none(*kernel_pte(slot_address(self->cpu, depth))),
			"entry of depth %u after the unmap", depth);
	}
}

SELFTEST_HIGH(atomic_nested, "kmap_atomic.nested", 8, "28, 29, 31")
{
	static struct crew crew;

	if (!high_pages_take(CREW_MAX + KMAP_ATOMIC_DEPTH))
		return;
	if (crew_start(&crew, 1, nest_all, NULL))
		crew_join(&crew);
	high_pages_free();
}

/* The same slot for page after page: what it held before must be forgotten. */
static void reuse_slot(struct crew_member *self)
{
	for (u32 i = 0; i < 500; i++) {
		struct page *page = high_page[(self->index + i) % high_pages];
		void *at = kmap_atomic(page);
		bool right = marked(at, page);

		kunmap_atomic(at);
		if (!EXPECT(31, right, "content of page %u in a slot used again, CPU %u", i,
			    self->cpu))
			return;
	}
}

SELFTEST_HIGH(atomic_reuse, "kmap_atomic.reuse", 8, "31")
{
	static struct crew crew;

	if (!high_pages_take(64))
		return;
	if (crew_start(&crew, 1, reuse_slot, NULL))
		crew_join(&crew);
	high_pages_free();
}

/* Interrupts that map while the interrupted code holds maps of its own. */
static atomic_t interrupts, wrong_in_interrupt;

static void map_in_interrupt(struct trapframe *frame)
{
	u32 n = atomic_fetch_add(&interrupts, 1);
	struct page *a = high_page[n % high_pages], *b = high_page[(n + 1) % high_pages];
	void *at_a, *at_b;

	(void)frame;
	apic_eoi();
	at_a = kmap_atomic(a);
	at_b = kmap_atomic(b);
	if (!marked(at_a, a) || !marked(at_b, b))
		atomic_inc(&wrong_in_interrupt);
	kunmap_atomic(at_b);
	kunmap_atomic(at_a);
}

static void map_under_fire(struct crew_member *self)
{
	u32 others = cpus_online(), n = 0;
	u32 target = 60 * cpu_online_count();

	while (atomic_read(&interrupts) < target && n++ < 100000) {
		struct page *a = high_page[n % high_pages],
			    *b = high_page[(n * 7 + 3) % high_pages];
		void *at_a = kmap_atomic(a), *at_b;

		smp_send_ipi(n % NR_CPUS < 8 && (others & (1u << (n % 8))) ? n % 8 : self->cpu,
			VECTOR_SELFTEST);
		at_b = kmap_atomic(b);
		if (!marked(at_a, a) || !marked(at_b, b)) {
			EXPECT(30, false, "content under maps of interrupts, time %u on CPU %u", n,
				self->cpu);
			atomic_set(&interrupts, target);
		}
		kunmap_atomic(at_b);
		kunmap_atomic(at_a);
	}
}

SELFTEST_HIGH(atomic_interrupts, "kmap_atomic.interrupts", 8, "28, 30, 31")
{
	static struct crew crew;

	if (!apic_present) {
		selftest_skip("no APIC to interrupt with");
		return;
	}
	if (!high_pages_take(64))
		return;
	atomic_set(&interrupts, 0);
	atomic_set(&wrong_in_interrupt, 0);
	trap_set_handler(VECTOR_SELFTEST, map_in_interrupt);
	if (crew_start(&crew, 1, map_under_fire, NULL))
		crew_join(&crew);
	trap_set_handler(VECTOR_SELFTEST, NULL);
	EXPECT(30, atomic_read(&interrupts) >= 60 * cpu_online_count(), "%u interrupts arrived",
		atomic_read(&interrupts));
	EXPECT_EQ(30, atomic_read(&wrong_in_interrupt), 0,
		"interrupts that met another page's content");
	high_pages_free();
}

/*
 * An "interrupt" behind every instruction of a map and an unmap, by single steps: each maps and
 * unmaps a page of its own, and would meet a slot that is given back before it is clean.  Chance
 * would seldom hit between those few instructions.
 */
#define TRAP_DEBUG 1u
#define EFLAGS_TF (1u << 8) /* SDM vol. 3, 2.3: a debug exception after each instruction */

static u32 steps, wrong_in_step;

static void map_in_step(struct trapframe *frame)
{
	void *at = kmap_atomic(high_page[1]);

	(void)frame;
	steps++;
	if (!marked(at, high_page[1]))
		wrong_in_step++;
	kunmap_atomic(at);
}

static void map_step_by_step(void)
{
	void *at;

	__asm__ volatile("pushf; orl %0, (%%esp); popf" : : "i"(EFLAGS_TF) : "memory", "cc");
	at = kmap_atomic(high_page[0]);
	if (!marked(at, high_page[0]))
		wrong_in_step++;
	kunmap_atomic(at);
	__asm__ volatile("pushf; andl %0, (%%esp); popf" : : "i"(~EFLAGS_TF) : "memory", "cc");
}

SELFTEST_HIGH(atomic_steps, "kmap_atomic.steps", 8, "29, 30, 31")
{
	if (!high_pages_take(2))
		return;
	steps = wrong_in_step = 0;
	trap_set_handler(TRAP_DEBUG, map_in_step);
	map_step_by_step();
	trap_set_handler(TRAP_DEBUG, NULL);
	EXPECT(31, steps > 30, "only %u steps in a map and an unmap", steps);
	EXPECT_EQ(31, wrong_in_step, 0, "steps at which a page was seen wrong, of %u", steps);
	high_pages_free();
}

static void one_too_many(void *page)
{
	for (u32 i = 0; i <= KMAP_ATOMIC_DEPTH; i++)
		kmap_atomic(page);
}

static void wrong_order(void *at) { kunmap_atomic(at); }

SELFTEST_HIGH(atomic_misuse, "kmap_atomic.misuse", 8, "28")
{
	void *first, *second;

	if (!high_pages_take(2))
		return;
	first = kmap_atomic(high_page[0]);
	second = kmap_atomic(high_page[1]);
	EXPECT(28, selftest_panics(wrong_order, first, 28), "kunmap_atomic out of order");
	kunmap_atomic(second);
	kunmap_atomic(first);
	EXPECT(28, selftest_panics(one_too_many, high_page[0], 28), "more maps than slots");
	/* The panicking call left its maps behind: clear them, as kunmap_atomic would have. */
	for (u32 depth = 0; depth < KMAP_ATOMIC_DEPTH; depth++) {
		pte_clear(kernel_pte(slot_address(smp_processor_id(), depth)));
		invlpg(slot_address(smp_processor_id(), depth));
	}
	high_pages_free();
}

SELFTEST_HIGH(atomic_pages, "kmap_atomic.pages", 8, "15, 28, 30")
{
	struct page *low;
	void *at;

	if (!high_pages_take(2))
		return;
	copy_page(high_page[1], high_page[0]);
	at = kmap_atomic(high_page[1]);
	EXPECT(28, marked(at, high_page[0]), "content of a copied page");
	kunmap_atomic(at);
	clear_page(high_page[1]);
	at = kmap_atomic(high_page[1]);
	for (u32 i = 0; i < PAGE_SIZE / 4; i++)
		if (!EXPECT_EQ(28, ((u32 *)at)[i], 0, "word %u of a cleared page", i))
			break;
	kunmap_atomic(at);
	low = virt_to_page(swapper_pg_dir);
	at = kmap_atomic(low);
	EXPECT_EQ(15, (uintptr_t)at, (uintptr_t)swapper_pg_dir, "atomic kmap of a low page");
	EXPECT_EQ(30, kmap_atomic_depth(), 1, "depth with a low page held");
	kunmap_atomic(at);
	high_pages_free();
}
