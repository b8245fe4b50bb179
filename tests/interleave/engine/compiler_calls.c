/*
 * What the compiler calls, with -fsanitize=thread, before each load and store and in place of each
 * locked operation.
 */
#include "access.h"

#define PLACE ((uintptr_t)__builtin_return_address(0))
#define ACCESS(size)                                                                               \
	void __tsan_read##size(void *at);                                                          \
	void __tsan_read##size(void *at) { access_marked((uintptr_t)at, size, false, PLACE); }     \
	void __tsan_write##size(void *at);                                                         \
	void __tsan_write##size(void *at) { access_marked((uintptr_t)at, size, true, PLACE); }     \
	void __tsan_unaligned_read##size(void *at);                                                \
	void __tsan_unaligned_read##size(void *at)                                                 \
	{                                                                                          \
		access_marked((uintptr_t)at, size, false, PLACE);                                  \
	}                                                                                          \
	void __tsan_unaligned_write##size(void *at);                                               \
	void __tsan_unaligned_write##size(void *at)                                                \
	{                                                                                          \
		access_marked((uintptr_t)at, size, true, PLACE);                                   \
	}
ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)

void __tsan_init(void);
void __tsan_init(void) {}
void __tsan_read_range(void *at, size_t size);
void __tsan_read_range(void *at, size_t size)
{
	access_marked((uintptr_t)at, (u32)size, false, PLACE);
}
void __tsan_write_range(void *at, size_t size);
void __tsan_write_range(void *at, size_t size)
{
	access_marked((uintptr_t)at, (u32)size, true, PLACE);
}

/* Locked operations: those of fake/arch/x86/cpu/atomic.h of the host tests. */
#define LOCKED(name, expression)                                                                   \
	u32 __tsan_atomic32_##name(volatile u32 *at, u32 n, int order);                            \
	u32 __tsan_atomic32_##name(volatile u32 *at, u32 n, int order)                             \
	{                                                                                          \
		u32 before;                                                                        \
		(void)order;                                                                       \
		event_locked("locked " #name, (uintptr_t)at, 4, PLACE);                            \
		before = *at;                                                                      \
		*at = expression;                                                                  \
		locked_done((uintptr_t)at);                                                        \
		return before;                                                                     \
	}
LOCKED(fetch_add, before + n)
LOCKED(fetch_sub, before - n)
LOCKED(fetch_or, before | n)
LOCKED(fetch_and, before &n)
LOCKED(exchange, n)

int __tsan_atomic32_compare_exchange_strong(
	volatile u32 *at, u32 *expected, u32 new, int order, int failed);
int __tsan_atomic32_compare_exchange_strong(
	volatile u32 *at, u32 *expected, u32 new, int order, int failed)
{
	bool same;

	(void)order;
	(void)failed;
	event_locked("locked compare_exchange", (uintptr_t)at, 4, PLACE);
	same = *at == *expected;
	*expected = *at;
	if (same)
		*at = new;
	locked_done((uintptr_t)at);
	return same;
}

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order)
{
	(void)order;
	event_barrier(PLACE);
}
