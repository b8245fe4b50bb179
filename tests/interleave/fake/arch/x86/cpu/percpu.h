/*
 * Interleavings: in place of kernel/arch/x86/cpu/percpu.h.  As there the variables are a template
 * of which each CPU has a copy; which CPU runs is the checker's choice.
 */
#ifndef ARCH_X86_PERCPU_H
#define ARCH_X86_PERCPU_H

#include "lib/compiler.h"
#include "lib/types.h"

#define NR_CPUS 32u

#define DEFINE_PER_CPU(type, name) __section("percpu") __typeof__(type) name
#define DECLARE_PER_CPU(type, name) extern __typeof__(type) name

extern uintptr_t percpu_offset[NR_CPUS];
extern u32 running_cpu;

static inline uintptr_t this_cpu_offset(void) { return percpu_offset[running_cpu]; }
static inline u32 smp_processor_id(void) { return running_cpu; }

#define percpu_at(name, offset) ((__typeof__(name) *)((uintptr_t) & (name) + (offset)))
#define this_cpu(name) percpu_at(name, this_cpu_offset())
#define per_cpu(name, cpu) percpu_at(name, percpu_offset[cpu])

#define this_cpu_read(var) (*(volatile __typeof__(var) *)this_cpu(var))
#define this_cpu_pointer(var) this_cpu_read(var)
#define this_cpu_write(var, value) (*(volatile __typeof__(var) *)this_cpu(var) = (value))
#define this_cpu_inc(var) (++*this_cpu(var))
#define this_cpu_dec(var) (--*this_cpu(var))
#define this_cpu_test(var) (this_cpu_read(var) != 0)

#endif
