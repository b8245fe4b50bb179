/* The copies of the section .percpu. */
#include "arch/x86/cpu/percpu.h"

#include "arch/x86/cpu/nosleep.h"
#include "lib/string.h"

/* Linker symbols: the template, and room of the same size in .bss for the boot CPU. */
extern char percpu_start[], percpu_end[], percpu_boot_copy[];

DEFINE_PER_CPU(uintptr_t, percpu_self);
DEFINE_PER_CPU(u32, cpu_number);
DEFINE_PER_CPU(union nosleep, nosleep);

uintptr_t percpu_offset[NR_CPUS];

size_t percpu_size(void) { return (size_t)(percpu_end - percpu_start); }

/*
 * Uses no %fs: for the boot CPU it is not loaded yet, for another one it is that of the CPU that
 * runs this.
 */
void percpu_init_copy(u32 cpu, void *memory)
{
	uintptr_t offset = (uintptr_t)memory - (uintptr_t)percpu_start;

	memcpy(memory, percpu_start, percpu_size());
	*percpu_at(percpu_self, offset) = offset;
	*percpu_at(cpu_number, offset) = cpu;
	percpu_offset[cpu] = offset;
}

void percpu_init_boot_cpu(void) { percpu_init_copy(0, percpu_boot_copy); }
