/* The order of locks and their kinds: see lock_order.h. */
#include "kernel/debug/lock_order.h"

#include "arch/x86/console/console.h"
#include "arch/x86/console/place.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/spinlock.h"
#include "arch/x86/hooks/lock_order.h"
#include "arch/x86/smp/cpumask.h"
#include "kernel/debug/bare_lock.h"
#include "lib/assert.h"
#include "lib/string.h"

#define MAX_CLASSES 64u /* class 0 is none */
#define MAX_HELD 16u

struct lock_class {
	const char *name;
	uintptr_t plain_at, irqsave_at; /* who first took it as that kind; 0: nobody */
	/* classes that were waited for while one of this was held */
	u64 after;
	bool visited; /* by the search under way */
};

/* Where an order was first seen: who held the outer lock, and who then took the inner one. */
struct nesting {
	uintptr_t outer, inner;
};

static struct lock_class classes[MAX_CLASSES];
static struct nesting nestings[MAX_CLASSES][MAX_CLASSES];
static u32 nclasses = 1;
/* All of the above, but for bits of `after` that are set already. */
static atomic_t order_lock = ATOMIC_INIT(0);

/* What a CPU holds, in the order in which it was taken. */
struct held_locks {
	u32 n;
	struct {
		const struct spinlock *lock;
		u32 irq_depth;
	} held[MAX_HELD];
	char text[96];
};
static DEFINE_PER_CPU(struct held_locks, held_locks);

/* The class with this name, made if there is none; order_lock is held.  0: too many. */
static u32 find_class(const char *name)
{
	for (u32 i = 1; i < nclasses; i++)
		if (!strcmp(classes[i].name, name))
			return i;
	if (nclasses == MAX_CLASSES)
		return 0;
	classes[nclasses].name = name;
	return nclasses++;
}

static u32 class_of(struct spinlock *lock)
{
	u32 flags;

	if (likely(lock->order.class))
		return lock->order.class;
	flags = bare_lock(&order_lock);
	lock->order.class = (u8)find_class(lock->name);
	bare_unlock(&order_lock, flags);
	ASSERT(lock->order.class, "lock %s: there are more than %u classes of locks", lock->name,
		MAX_CLASSES - 1);
	return lock->order.class;
}

/*
 * True if `to` comes after `from`, directly or over others; order_lock is held, no class is
 * visited.  *first: the first step.
 */
static bool search(u32 from, u32 to, u32 *first)
{
	classes[from].visited = true;
	for (u32 next = 1; next < nclasses; next++) {
		u32 step;

		if (!(classes[from].after & (1ull << next)) || classes[next].visited)
			continue;
		if (next == to || search(next, to, &step)) {
			*first = next;
			return true;
		}
	}
	return false;
}

/*
 * Enters that `inner` comes after `outer`; 0 if nothing contradicts it, else the class that is
 * known to come after `inner`.
 */
static u32 learn(u32 outer, u32 inner, uintptr_t outer_at, uintptr_t inner_at)
{
	u32 flags = bare_lock(&order_lock), first = 0;
	bool reversed;

	for (u32 i = 1; i < nclasses; i++)
		classes[i].visited = false;
	reversed = search(inner, outer, &first);
	if (!reversed) {
		classes[outer].after |= 1ull << inner;
		nestings[outer][inner] = (struct nesting){ .outer = outer_at, .inner = inner_at };
	}
	bare_unlock(&order_lock, flags);
	return reversed ? first : 0;
}

__noreturn static __noinline void refuse_order(
	const struct spinlock *held, const struct spinlock *lock, uintptr_t caller, u32 next)
{
	const struct nesting *known = &nestings[lock->order.class][next];

	panic("lock order: %s waits for lock %s while %s, which %s took, is held; but lock %s is known to come before %s: %s took the first, then %s the other%s%s",
		place_of(caller).text, lock->name, held->name, place_of(held->caller).text,
		lock->name, classes[next].name, place_of(known->outer).text,
		place_of(known->inner).text,
		next == held->order.class ? "" : ", and that one before ",
		next == held->order.class ? "" : held->name);
}

__noreturn static __noinline void refuse_second(const struct spinlock *held, uintptr_t caller)
{
	panic("lock order: %s waits for a second lock of class %s, the first was taken by %s: nothing says which comes first",
		place_of(caller).text, held->name, place_of(held->caller).text);
}

static void check_against(
	const struct spinlock *held, const struct spinlock *lock, uintptr_t caller)
{
	u32 outer = held->order.class, inner = lock->order.class, next;

	if (likely(classes[outer].after & (1ull << inner)))
		return;
	if (outer == inner)
		refuse_second(held, caller);
	next = learn(outer, inner, held->caller, caller);
	if (next)
		refuse_order(held, lock, caller, next);
}

/*
 * A handler takes its locks on top of what it interrupted: no order, as the interrupted code could
 * not know.
 */
static void check_order(const struct spinlock *lock, uintptr_t caller)
{
	const struct held_locks *held = this_cpu(held_locks);
	u32 depth = this_cpu_read(nosleep.interrupts);

	for (u32 i = 0; i < held->n; i++)
		if (held->held[i].irq_depth == depth)
			check_against(held->held[i].lock, lock, caller);
}

/*
 * The refusals have functions of their own, so that their texts do not lie on the stack of whoever
 * takes a lock.
 */
__noreturn static __noinline void refuse_kind(
	const struct lock_class *class, uintptr_t caller, const char *how)
{
	const char *kind = class->plain_at ? "plain" : "irqsave";
	uintptr_t known = class->plain_at ? class->plain_at : class->irqsave_at;

	panic("lock kind: %s takes lock %s %s, but it is of the %s kind: %s took it with interrupts %s",
		place_of(caller).text, class->name, how, kind, place_of(known).text,
		class->plain_at ? "on" : "off");
}

static void check_irqsave(struct lock_class *class, uintptr_t caller, const char *how)
{
	if (unlikely(class->plain_at))
		refuse_kind(class, caller, how);
	if (!class->irqsave_at)
		class->irqsave_at = caller;
}

static void check_plain(struct lock_class *class, uintptr_t caller)
{
	if (unlikely(class->irqsave_at))
		refuse_kind(class, caller, "by spin_lock with interrupts on");
	if (!class->plain_at)
		class->plain_at = caller;
}

/*
 * spin_lock with interrupts off: right for a lock of the irqsave kind, and for any while this CPU
 * is alone.  The holder of a plain one may be waiting for this CPU to acknowledge a call.
 */
static void check_plain_irqs_off(const struct lock_class *class, uintptr_t caller)
{
	if (unlikely(class->plain_at && (cpus_online() & (cpus_online() - 1))))
		refuse_kind(class, caller,
			"by spin_lock with interrupts off, while there are other CPUs");
}

static void check_kind(struct lock_class *class, uintptr_t caller, bool irqsave)
{
	if (in_interrupt())
		check_irqsave(class, caller, "in an interrupt handler");
	else if (irqsave)
		check_irqsave(class, caller, "by spin_lock_irqsave");
	else if (irqs_enabled())
		check_plain(class, caller);
	else
		check_plain_irqs_off(class, caller);
}

void lock_order_wait(struct spinlock *lock, uintptr_t caller, bool irqsave)
{
	/* A lock taken twice is named as that. */
	if (unlikely(spin_held(lock)))
		spin_wait(lock, caller);
	check_kind(&classes[class_of(lock)], caller, irqsave);
	check_order(lock, caller);
}

void lock_order_taken(struct spinlock *lock)
{
	u32 flags = irq_save();
	struct held_locks *held = this_cpu(held_locks);

	class_of(lock);
	ASSERT(held->n < MAX_HELD, "lock %s: this CPU holds %u already", lock->name, held->n);
	held->held[held->n].irq_depth = this_cpu_read(nosleep.interrupts);
	held->held[held->n++].lock = lock;
	irq_restore(flags);
}

/* Most often the last one. */
void lock_order_released(struct spinlock *lock)
{
	u32 flags = irq_save();
	struct held_locks *held = this_cpu(held_locks);
	u32 i = held->n;

	while (i > 0 && held->held[i - 1].lock != lock)
		i--;
	ASSERT(i, "lock %s is released by CPU %u, which has not taken it", lock->name,
		smp_processor_id());
	for (held->n--; i <= held->n; i++)
		held->held[i - 1] = held->held[i];
	irq_restore(flags);
}

const char *lock_order_held(void)
{
	struct held_locks *held = this_cpu(held_locks);
	const struct spinlock *last;

	if (!held->n)
		return "";
	last = held->held[held->n - 1].lock;
	snprintf(held->text, sizeof(held->text), " (%s, taken by %s)", last->name,
		place_of(last->caller).text);
	return held->text;
}

void lock_order_forget(u32 depth)
{
	struct held_locks *held = this_cpu(held_locks);

	held->n = MIN(held->n, depth);
}

void lock_order_report(void)
{
	for (u32 outer = 1; outer < nclasses; outer++)
		for (u32 inner = 1; inner < nclasses; inner++)
			if (classes[outer].after & (1ull << inner))
				console_printf("# lock order: %s > %s, in %s\n",
					classes[outer].name, classes[inner].name,
					place_of(nestings[outer][inner].inner).text);
}
