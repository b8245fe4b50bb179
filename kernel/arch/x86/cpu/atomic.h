/*
 * Atomic integers and memory barriers.  Read-modify-write operations are full barriers
 * (a locked instruction orders all loads and stores: SDM vol. 3, 9.2.2); atomic_read and
 * atomic_set order nothing.
 */
#ifndef ARCH_X86_ATOMIC_H
#define ARCH_X86_ATOMIC_H

#include "lib/compiler.h"
#include "lib/types.h"

typedef struct {
	volatile u32 v;
} atomic_t;

#define ATOMIC_INIT(n)                                                                             \
	{                                                                                          \
		(n)                                                                                \
	}

static inline u32 atomic_read(const atomic_t *a) { return a->v; }
static inline void atomic_set(atomic_t *a, u32 n) { a->v = n; }

static inline void atomic_add(atomic_t *a, u32 n)
{
	__asm__ volatile("lock addl %1, %0" : "+m"(a->v) : "ir"(n) : "memory", "cc");
}

static inline void atomic_sub(atomic_t *a, u32 n)
{
	__asm__ volatile("lock subl %1, %0" : "+m"(a->v) : "ir"(n) : "memory", "cc");
}

static inline void atomic_inc(atomic_t *a) { atomic_add(a, 1); }
static inline void atomic_dec(atomic_t *a) { atomic_sub(a, 1); }

/* Returns the value before. */
static inline u32 atomic_fetch_add(atomic_t *a, u32 n)
{
	__asm__ volatile("lock xaddl %0, %1" : "+r"(n), "+m"(a->v)::"memory", "cc");
	return n;
}

/* True if this brought the value to 0. */
static inline bool atomic_dec_and_test(atomic_t *a) { return atomic_fetch_add(a, (u32)-1) == 1; }

static inline void atomic_or(atomic_t *a, u32 bits)
{
	__asm__ volatile("lock orl %1, %0" : "+m"(a->v) : "ir"(bits) : "memory", "cc");
}

static inline void atomic_and(atomic_t *a, u32 bits)
{
	__asm__ volatile("lock andl %1, %0" : "+m"(a->v) : "ir"(bits) : "memory", "cc");
}

/* Returns the value before. */
static inline u32 atomic_xchg(atomic_t *a, u32 n)
{
	__asm__ volatile("xchgl %0, %1" : "+r"(n), "+m"(a->v)::"memory");
	return n;
}

/* Stores `new` if the value is `old`: true if it was. */
static inline bool atomic_replace(atomic_t *a, u32 old, u32 new)
{
	bool was;

	__asm__ volatile("lock cmpxchgl %3, %1"
			 : "=@ccz"(was), "+m"(a->v), "+a"(old)
			 : "r"(new)
			 : "memory", "cc");
	return was;
}

/* Full barrier.  A locked add, since the Pentium has no mfence. */
static inline void smp_mb(void) { __asm__ volatile("lock addl $0, (%%esp)" ::: "memory", "cc"); }

/*
 * x86 keeps stores in order and loads in order (SDM vol. 3, 9.2.2): only the compiler must be held
 * back.
 */
static inline void smp_wmb(void) { barrier(); }
static inline void smp_rmb(void) { barrier(); }

#endif
