/* What we ask of the compiler beyond ISO C, named once. GCC and clang both understand all of it. */
#ifndef LIB_COMPILER_H
#define LIB_COMPILER_H

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define __packed __attribute__((packed))
#define __aligned(n) __attribute__((aligned(n)))
#define __section(name) __attribute__((section(name)))
#define __used __attribute__((used))
/* A parameter that only some builds use. */
#define __maybe_unused __attribute__((unused))
/* Called once in a while, in a file whose other functions are called often: compiled for size. */
#define __cold __attribute__((cold, noinline))
#define __noinline __attribute__((noinline))
#define __always_inline inline __attribute__((always_inline))
#define __noreturn __attribute__((noreturn))
#define __printf_like(fmt, args) __attribute__((format(printf, fmt, args)))

/* Stops the compiler, not the CPU, from moving memory accesses across this point. */
#define barrier() __asm__ volatile("" ::: "memory")

/*
 * One access, neither split, repeated nor left out: for data that another CPU or an interrupt
 * changes.
 */
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* Powers of two only. */
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a)-1))
#define ALIGN_UP(x, a) ALIGN_DOWN((x) + ((__typeof__(x))(a)-1), a)
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a)-1)) == 0)

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* The address to which the running function returns: the caller that a message names. */
#define CALLER() ((uintptr_t)__builtin_return_address(0))

/*
 * An address in the running function itself: what a function that is always inlined takes for its
 * caller.
 */
#ifdef __i386__
#define HERE()                                                                                     \
	({                                                                                         \
		uintptr_t here_;                                                                   \
		__asm__ volatile("movl $., %0" : "=r"(here_));                                     \
		here_;                                                                             \
	})
#define STORE_HERE(to) __asm__ volatile("movl $., %0" : "=m"(to))
#else
#define HERE() CALLER()
#define STORE_HERE(to) ((to) = CALLER())
#endif

/*
 * GCC passes arguments in registers (-mregparm=3, tools/compiler.mk); functions that assembly calls
 * or defines take them from the stack.
 */
#ifdef __i386__
#define __stack_args __attribute__((regparm(0)))
#else
#define __stack_args
#endif

#endif
