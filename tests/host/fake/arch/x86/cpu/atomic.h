/* Host tests: in place of kernel/arch/x86/cpu/atomic.h, by the compiler's own atomic operations. */
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
	__atomic_fetch_add(&a->v, n, __ATOMIC_SEQ_CST);
}
static inline void atomic_sub(atomic_t *a, u32 n)
{
	__atomic_fetch_sub(&a->v, n, __ATOMIC_SEQ_CST);
}
static inline void atomic_inc(atomic_t *a) { atomic_add(a, 1); }
static inline void atomic_dec(atomic_t *a) { atomic_sub(a, 1); }
static inline u32 atomic_fetch_add(atomic_t *a, u32 n)
{
	return __atomic_fetch_add(&a->v, n, __ATOMIC_SEQ_CST);
}
static inline bool atomic_dec_and_test(atomic_t *a) { return atomic_fetch_add(a, (u32)-1) == 1; }
static inline void atomic_or(atomic_t *a, u32 bits)
{
	__atomic_fetch_or(&a->v, bits, __ATOMIC_SEQ_CST);
}
static inline void atomic_and(atomic_t *a, u32 bits)
{
	__atomic_fetch_and(&a->v, bits, __ATOMIC_SEQ_CST);
}
static inline u32 atomic_xchg(atomic_t *a, u32 n)
{
	return __atomic_exchange_n(&a->v, n, __ATOMIC_SEQ_CST);
}

static inline bool atomic_replace(atomic_t *a, u32 old, u32 new)
{
	return __atomic_compare_exchange_n(
		&a->v, &old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline void smp_mb(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
static inline void smp_wmb(void) { barrier(); }
static inline void smp_rmb(void) { barrier(); }

#endif
