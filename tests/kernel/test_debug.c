/*
 * What the debug build watches: each check is shown to catch what it is for, and to say who did it.
 */
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/smp_call.h"
#include "lib/compiler.h"

#ifdef CONFIG_DEBUG

#include "arch/x86/console/place.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/spinlock.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/hooks/irq_time.h"
#include "arch/x86/paging/tlb.h"
#include "kernel/debug/irq_time.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"
#include "mm/objects/objcache.h"
#include "mm/objects/vmalloc.h"
#include "mm/pages/page_alloc.h"
#include "mm/pkmap/highmem.h"
#include "mm/tables/address_space.h"
#include "tests/kernel/mm/highpages.h"
#include "tests/kernel/selftest.h"

/* In no inline function, and with something behind the call, so that messages name it. */
#define CULPRIT static __noinline void
static volatile u32 place;

/* ---- Lock order ---- */

static struct spinlock first = SPINLOCK_INIT("debug first"), second = SPINLOCK_INIT("debug second");
static struct spinlock third = SPINLOCK_INIT("debug third"),
		       other_first = SPINLOCK_INIT("debug first");

CULPRIT take_in_order(struct spinlock *outer, struct spinlock *inner)
{
	spin_lock(outer);
	spin_lock(inner);
	spin_unlock(inner);
	spin_unlock(outer);
	place = 1;
}

CULPRIT take_reversed(void *lock)
{
	spin_lock(lock);
	place = 2;
}

SELFTEST(debug_lock_order, "debug.lock_order", 8, "")
{
	take_in_order(&first, &second);
	take_in_order(&second, &third);
	take_in_order(&first, &third);
	spin_lock(&second);
	EXPECT(0, selftest_panics(take_reversed, &first, 0), "the second lock, then the first");
	EXPECT_SAID("debug first is known to come before debug second");
	EXPECT_SAID("take_in_order");
	EXPECT_SAID("take_reversed");
	EXPECT_SAID("debug_lock_order");
	spin_unlock(&second);
	spin_lock(&first);
	EXPECT(0, selftest_panics(take_reversed, &other_first, 0), "two locks of one class");
	EXPECT_SAID("second lock of class debug first");
	/* Not waited for, so no order is broken. */
	EXPECT(0, spin_trylock(&other_first), "spin_trylock of a free lock");
	spin_unlock(&other_first);
	spin_unlock(&first);
}

/*
 * The first and the third have never met: only by way of the second is the third known to come
 * after.
 */
SELFTEST(debug_lock_chain, "debug.lock_chain", 8, "")
{
	static struct spinlock a = SPINLOCK_INIT("debug a"), b = SPINLOCK_INIT("debug b"),
			       c = SPINLOCK_INIT("debug c");

	take_in_order(&a, &b);
	take_in_order(&b, &c);
	spin_lock(&c);
	EXPECT(0, selftest_panics(take_reversed, &a, 0), "a before b, b before c, then c before a");
	EXPECT_SAID("debug a is known to come before debug b");
	EXPECT_SAID("and that one before debug c");
	spin_unlock(&c);
}

/* ---- Lock kinds ---- */

static struct spinlock plain = SPINLOCK_INIT("debug plain"),
		       irq_kind = SPINLOCK_INIT("debug irqsave");

CULPRIT take_plain(void *lock)
{
	spin_lock(lock);
	place = 3;
}

CULPRIT take_irqsave(void *lock)
{
	spin_lock_irqsave(lock);
	place = 4;
}

static void take_in_handler(struct trapframe *frame)
{
	(void)frame;
	EXPECT(0, selftest_panics(take_irqsave, &plain, 0),
		"a plain lock taken in an interrupt handler");
	EXPECT_SAID("in an interrupt handler");
}

CULPRIT teach_kinds(void)
{
	spin_lock(&plain);
	spin_unlock(&plain);
	spin_unlock_irqrestore(&irq_kind, spin_lock_irqsave(&irq_kind));
	place = 5;
}

SELFTEST(debug_lock_kind, "debug.lock_kind", 8, "24")
{
	teach_kinds();
	EXPECT(0, selftest_panics(take_irqsave, &plain, 0),
		"a plain lock taken by spin_lock_irqsave");
	EXPECT_SAID("teach_kinds");
	EXPECT(0, selftest_panics(take_plain, &irq_kind, 0),
		"an irqsave lock taken by spin_lock with interrupts on");
	EXPECT_SAID("irqsave kind: teach_kinds");
	EXPECT_SAID("take_plain");
	trap_set_handler(VECTOR_SELFTEST, take_in_handler);
	__asm__ volatile("int %0" : : "i"(VECTOR_SELFTEST) : "memory");
	trap_set_handler(VECTOR_SELFTEST, NULL);
	if (cpu_online_count() < 2)
		return;
	irq_disable();
	EXPECT(24, selftest_panics(take_plain, &plain, 0),
		"a plain lock taken with interrupts off");
	EXPECT_SAID("while there are other CPUs");
	irq_enable();
}

static void yield_to_others(void *unused)
{
	(void)unused;
	yield();
}

SELFTEST(debug_sleep, "debug.sleep", 8, "16, 18")
{
	static struct spinlock lock = SPINLOCK_INIT("debug sleep");

	spin_lock(&lock);
	EXPECT(16, selftest_panics(yield_to_others, NULL, 16), "yield under a lock");
	EXPECT_SAID("debug sleep, taken by debug_sleep");
	spin_unlock(&lock);
}

/* ---- Interrupts off ---- */

static __noinline void stay_off(u64 ticks)
{
	u64 start;

	irq_disable();
	start = rdtsc();
	while (rdtsc() - start < ticks)
		cpu_relax();
	irq_enable();
}

/* The longest section of this CPU while it stays off that long. */
static struct irq_section measure(u64 ticks)
{
	struct irq_section before = irq_time_exchange((struct irq_section){});

	stay_off(ticks);
	return irq_time_exchange(before);
}

static bool is_ours(const struct irq_section *seen)
{
	return !strncmp(place_of(seen->from).text, "stay_off", 8) &&
	       !strncmp(place_of(seen->to).text, "stay_off", 8);
}

/*
 * A host that stops this CPU in the midst of another section makes that one the longest: then once
 * more.
 */
#define MEASUREMENTS 20u

/* ---- Waiting with a slot in hand ---- */

CULPRIT map_second(void *page)
{
	kmap(page);
	place = 21;
}

CULPRIT give_back(void *page)
{
	kunmap(page);
	place = 22;
}

SELFTEST_HIGH(debug_kmap_held, "debug.kmap_held", 8, "52")
{
	if (!high_pages_take(2))
		return;
	kmap(high_page[0]);
	EXPECT(52, selftest_panics(map_second, high_page[1], 52),
		"kmap while the thread holds a kmap");
	EXPECT_SAID("map_second");
	kunmap(high_page[0]);
	kmap(high_page[0]);
	*thread_kmaps() = 0;
	EXPECT(52, selftest_panics(give_back, high_page[0], 52),
		"a kmap is given back by a thread that has not made it");
	high_pages_free();
}

SELFTEST(debug_irq_time, "debug.irq_time", 8, "")
{
	struct irq_section seen = {};

	if (!cpu_features.tsc) {
		selftest_skip("no TSC");
		return;
	}
	for (u32 i = 0; i < MEASUREMENTS && !is_ours(&seen); i++)
		seen = measure(1000000);
	EXPECT(0, is_ours(&seen), "from %s to %s", place_of(seen.from).text,
		place_of(seen.to).text);
	EXPECT(0, seen.ticks >= 1000000, "interrupts were off for %llu ticks", seen.ticks);
}

/* ---- Objects ---- */

static struct object_cache cache;

static void free_it(void *object) { kfree(object); }

static void alloc_it(void *unused)
{
	(void)unused;
	object_alloc(&cache, GFP_KERNEL);
}

SELFTEST(debug_overrun, "debug.overrun", 7, "51")
{
	u8 *object = kmalloc(21, GFP_KERNEL), former;

	if (!EXPECT(0, object, "an object"))
		return;
	former = object[21]; /* NOLINT(clang-analyzer-core.uninitialized.Assign): read on purpose */
	object[21] = 0;
	EXPECT(51, selftest_panics(free_it, object, 51), "21 bytes asked for, 22 written");
	EXPECT_SAID("of 21 bytes was overrun");
	object[21] = former;
	kfree(object);
	object = kmalloc(2048, GFP_KERNEL);
	former = object[2048];
	object[2048] = 0;
	EXPECT(51, selftest_panics(free_it, object, 51), "2048 bytes asked for, 2049 written");
	object[2048] = former;
	kfree(object);
}

SELFTEST(debug_use_after_free, "debug.use_after_free", 7, "51")
{
	u8 *stays, *object, former;

	object_cache_init(&cache, "debug", 40, 8);
	object = object_alloc(&cache, GFP_KERNEL);
	stays = object_alloc(&cache, GFP_KERNEL); /* so that the page stays */
	if (!EXPECT(0, object && stays, "two objects"))
		return;
	object_free(&cache, object);
	former = object[17];
	object[17] = 1;
	EXPECT(51, selftest_panics(alloc_it, NULL, 51), "a free object was written to");
	EXPECT_SAID("written after it was freed: 0x01 at offset 0x11");
	/* It was taken before it was looked at. */
	object[17] = former;
	object_taken(object, cache.size, cache.size + redzone_bytes(&cache.redzone), cache.name);
	object_free(&cache, object);
	object_free(&cache, stays);
	object_cache_end(&cache);
}

/* ---- Undefined behaviour ---- */

static volatile int zero, one = 1, two = 2, big = 0x7FFFFFFF, lowest = -0x7FFFFFFF - 1;
static volatile u32 width = 32;
static volatile int sink;
static int table[4];
/*
 * The pointers may change at any time, what they point to not: clang does not look at accesses to
 * volatile data.
 */
static int *volatile nowhere;
static char *volatile odd = (char *)table + 1;

static void add_too_much(void *unused)
{
	(void)unused;
	sink = big + one;
}
static void subtract_too_much(void *unused)
{
	(void)unused;
	sink = -big - one - one;
}
static void multiply_too_much(void *unused)
{
	(void)unused;
	sink = big * two;
}
static void negate_too_much(void *unused)
{
	(void)unused;
	sink = -lowest;
}
static void divide_by_zero(void *unused)
{
	(void)unused;
	sink = one / zero;
}
static void shift_too_far(void *unused)
{
	(void)unused;
	sink = (int)((u32)one << width);
}
static void index_too_high(void *unused)
{
	(void)unused;
	sink = table[one + 3];
}
static void load_from_null(void *unused)
{
	(void)unused;
	sink = *nowhere;
}
static void load_misaligned(void *unused)
{
	(void)unused;
	sink = *(int *)odd;
}
static void load_no_bool(void *byte) { sink = *(bool *)byte; }
static void count_zeros(void *unused)
{
	(void)unused;
	sink = __builtin_ctz((u32)zero);
}
static void reach(void *unused)
{
	(void)unused;
	if (one)
		__builtin_unreachable();
}
static void move_pointer(void *byte)
{
	sink = (int)(uintptr_t)((char *)byte + (0x70000000u + width));
}

SELFTEST(debug_undefined, "debug.undefined", 4, "")
{
	static const struct {
		void (*fn)(void *);
		const char *says;
	} acts[] = {
		{ add_too_much, "2147483647 + 1 overflows type 'int'" },
		{ subtract_too_much, "-2147483648 - 1 overflows" },
		{ multiply_too_much, "overflows type 'int'" },
		{ negate_too_much, "-(-2147483648) overflows" },
		{ divide_by_zero, "1 / 0 in type 'int'" },
		{ shift_too_far, "shifted by 32" },
		{ index_too_high, "index 4 into type 'int" },
		{ load_from_null, "at a null pointer" },
		{ load_misaligned, "which is not aligned to 4" },
		{ load_no_bool, "load of value 7" },
		{ count_zeros, "__builtin_ctz of 0" },
		{ reach, "cannot be reached" },
		{ move_pointer, "moved around the address space" },
	};
	static u8 seven = 7;

	for (u32 i = 0; i < ARRAY_SIZE(acts); i++) {
		EXPECT(0, selftest_panics(acts[i].fn, &seven, 0), "%s", acts[i].says);
		EXPECT_SAID(acts[i].says);
		EXPECT_SAID("tests/kernel/test_debug.c:");
	}
}

/* ---- The visible TLB ---- */

CULPRIT unmap_without_flush(uintptr_t address)
{
	shadow_unmapped(address);
	place = 6;
}

static void hand_out(void *address) { shadow_check_reuse((uintptr_t)address, ~0u); }

static void load_cr3_here(void *unused)
{
	(void)unused;
	write_cr3(read_cr3());
}

static void expect_stale(uintptr_t address, const char *what)
{
	EXPECT(7, selftest_panics(hand_out, (void *)address, 7), "%s", what);
	EXPECT_SAID("unmap_without_flush");
}

/* No entry changes, so the pages stay usable: what is watched is the bookkeeping. */
SELFTEST(debug_tlb_kernel, "debug.tlb_kernel", 8, "7, 25")
{
	uintptr_t start = (uintptr_t)vmalloc(2 * PAGE_SIZE, false), address = start + PAGE_SIZE;

	if (!EXPECT(0, start, "two pages"))
		return;
	unmap_without_flush(address);
	expect_stale(address, "nobody has flushed");
	EXPECT_SAID("nobody has asked for a flush since then");
	flush_tlb_kernel_range(start, address);
	expect_stale(address, "only the page before it was flushed");
	EXPECT_SAID("but it did not drop this");
	local_flush_tlb_page(address);
	if (cpu_online_count() > 1)
		expect_stale(address, "only this CPU has flushed");
	if (cpu_features.pge) {
		unmap_without_flush(address);
		smp_call(cpus_online(), load_cr3_here, NULL);
		expect_stale(address, "Global entries outlive a CR3 load");
	}
	flush_tlb_all();
	hand_out((void *)address);
	unmap_without_flush(address);
	flush_tlb_kernel_range(address, address + PAGE_SIZE);
	hand_out((void *)address);
	vfree((void *)start);
}

struct unmapper {
	struct pending_flush pending;
	struct mm *mm;
	uintptr_t address;
};

CULPRIT clear_without_flush(struct unmapper *d)
{
	if (d->address)
		pending_flush_page(&d->pending, &d->mm->tlb, d->address);
	else
		pending_flush_mm(&d->pending, &d->mm->tlb);
	place = 7;
}

static void use_again(void *unmapper)
{
	struct unmapper *d = unmapper;

	clear_without_flush(d);
	pending_flush_check(&d->pending, "a table of the self-test");
}

static void expect_pending(struct unmapper *d)
{
	EXPECT(40, selftest_panics(use_again, d, 40),
		"this CPU uses the address space and has not flushed");
	EXPECT_SAID("a table of the self-test");
	EXPECT_SAID("clear_without_flush");
}

SELFTEST(debug_tlb_mm, "debug.tlb_mm", 8, "27, 40")
{
	struct unmapper d = { .mm = mm_create() };

	if (!EXPECT(0, d.mm, "an address space"))
		return;
	use_again(&d); /* nobody uses it */
	thread_use_mm(d.mm);
	expect_pending(&d);
	clear_without_flush(&d);
	flush_tlb_mm(&d.mm->tlb);
	pending_flush_check(&d.pending, "a table of the self-test");
	d.address = 0x12345000;
	expect_pending(&d);
	clear_without_flush(&d);
	flush_tlb_page(&d.mm->tlb, d.address);
	pending_flush_check(&d.pending, "a page of the self-test");
	thread_use_mm(NULL);
	mm_destroy(d.mm);
}

#endif
