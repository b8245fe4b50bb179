/*
 * Per-CPU variables.  DEFINE_PER_CPU puts a variable into the section .percpu, which is
 * only a template: each CPU has a copy of the section, and the base of its %fs segment is
 * the distance from the template to that copy.
 *
 * A pointer from this_cpu() stays good until the thread sleeps (a thread may wake on another CPU
 * only if somebody moves it; interrupts always return to the same CPU).
 */
#ifndef ARCH_X86_PERCPU_H
#define ARCH_X86_PERCPU_H

#include "lib/compiler.h"
#include "lib/types.h"

#define NR_CPUS 32u

#define DEFINE_PER_CPU(type, name) __section(".percpu") __typeof__(type) name
#define DECLARE_PER_CPU(type, name) extern __typeof__(type) name

/* Distance from the template to this CPU's copy, and this CPU's number, themselves per CPU. */
DECLARE_PER_CPU(uintptr_t, percpu_self);
DECLARE_PER_CPU(u32, cpu_number);

/* Distance from the template to each CPU's copy; 0 for a CPU that has none yet. */
extern uintptr_t percpu_offset[NR_CPUS];

static inline uintptr_t this_cpu_offset(void)
{
	uintptr_t off;

	__asm__("movl %%fs:%1, %0" : "=r"(off) : "m"(percpu_self));
	return off;
}

/* Number of the running CPU, 0 (boot CPU) to NR_CPUS - 1. */
static inline u32 smp_processor_id(void)
{
	u32 n;

	__asm__("movl %%fs:%1, %0" : "=r"(n) : "m"(cpu_number));
	return n;
}

#define percpu_at(name, offset) ((__typeof__(name) *)((uintptr_t) & (name) + (offset)))

/* Pointers to the running CPU's copy, and to that of CPU `cpu` (which must have one). */
#define this_cpu(name) percpu_at(name, this_cpu_offset())
#define per_cpu(name, cpu) percpu_at(name, percpu_offset[cpu])

/*
 * One instruction each on the running CPU's copy, so no interrupt comes in between: for variables,
 * or members, of 8 or 32 bits.
 */
#define this_cpu_read(var)                                                                         \
	({                                                                                         \
		uintptr_t value_;                                                                  \
		if (sizeof(var) == 1)                                                              \
			__asm__ volatile("movzbl %%fs:%1, %0" : "=r"(value_) : "m"(var));          \
		else                                                                               \
			__asm__ volatile("movl %%fs:%1, %0" : "=r"(value_) : "m"(var));            \
		__builtin_choose_expr(sizeof(var) == 1, value_, (__typeof__(var))value_);          \
	})
/* Of a pointer. */
#define this_cpu_pointer(var)                                                                      \
	({                                                                                         \
		__typeof__(var) value_;                                                            \
		__asm__ volatile("movl %%fs:%1, %0" : "=r"(value_) : "m"(var));                    \
		value_;                                                                            \
	})
#define this_cpu_write(var, value)                                                                 \
	__asm__ volatile("mov %1, %%fs:%0" : "=m"(var) : "q"((__typeof__(var))(value)))
#define percpu_unary(op, var)                                                                      \
	do {                                                                                       \
		if (sizeof(var) == 1)                                                              \
			__asm__ volatile(op "b %%fs:%0" : "+m"(var) : : "cc");                     \
		else                                                                               \
			__asm__ volatile(op "l %%fs:%0" : "+m"(var) : : "cc");                     \
	} while (0)
#define this_cpu_inc(var) percpu_unary("inc", var)
#define this_cpu_dec(var) percpu_unary("dec", var)
/* 32 bits. */
#define this_cpu_add(var, n)                                                                       \
	__asm__ volatile("addl %1, %%fs:%0" : "+m"(var) : "ri"((int)(n)) : "cc")
/* True if it is below the constant n.  8 bits, unsigned. */
#define this_cpu_below(var, n)                                                                     \
	({                                                                                         \
		bool below_;                                                                       \
		__asm__ volatile("cmpb %2, %%fs:%1" : "=@ccb"(below_) : "m"(var), "i"(n));         \
		below_;                                                                            \
	})
/* True if it is not 0.  32 bits. */
#define this_cpu_test(var)                                                                         \
	({                                                                                         \
		bool set_;                                                                         \
		__asm__ volatile("cmpl $0, %%fs:%1" : "=@ccne"(set_) : "m"(var));                  \
		set_;                                                                              \
	})

/* The boot CPU's copy lies in the kernel image.  Before anything else in step 0. */
void percpu_init_boot_cpu(void);

/* Bytes that a copy takes, and how a copy for `cpu` is made from zeroed memory of that size. */
size_t percpu_size(void);
void percpu_init_copy(u32 cpu, void *memory);

#endif
