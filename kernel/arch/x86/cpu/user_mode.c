/* What a CPU needs before it can go to user mode, and come back. */
#include "arch/x86/cpu/user_mode.h"

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/registers.h"
#include "lib/string.h"

/* From entry.asm. */
extern const u32 sysenter_place[2];

DEFINE_PER_CPU(u32, user_work);
DEFINE_PER_CPU(struct entry_stack, entry_stack) __aligned(16);

/* For entry.asm: frames with this vector return by sysexit.  The same on all CPUs. */
u32 sysexit_vector = ~0u;

static void init_sysenter(void)
{
	wrmsr(MSR_SYSENTER_CS, SEG_KERNEL_CODE);
	wrmsr(MSR_SYSENTER_ESP, (uintptr_t)&this_cpu(entry_stack)->stack_top);
	wrmsr(MSR_SYSENTER_EIP, sysenter_place[0]);
	sysexit_vector = VECTOR_CALL_GATE;
}

/*
 * There is no FPU for anybody: with TS set, each of its instructions is #NM, with MP also WAIT (SDM
 * vol. 3, 2.5).  AM lets user mode ask for alignment checks.
 */
void user_mode_init_cpu(void)
{
	write_cr0(read_cr0() | CR0_TS | CR0_MP | CR0_NE | CR0_AM);
	if (cpu_features.sep)
		init_sysenter();
}

void user_mode_set_io(const u8 *bitmap)
{
	struct tss *tss = this_cpu(cpu_tss);

	if (bitmap)
		memcpy(tss->io_bits, bitmap, IO_MAP_BYTES);
	tss->io_map = bitmap ? offsetof(struct tss, io_bits) : IO_MAP_NONE;
}
