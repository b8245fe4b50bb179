/* The start of the other CPUs: see smp_start.h. */
#include "arch/x86/smp/smp_start.h"

#include "arch/x86/console/console.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/segment.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/hooks/tlb_shadow.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/irq/clock.h"
#include "arch/x86/paging/tlb.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/trampoline.h"
#include "arch/x86/upcall.h"
#include "lib/assert.h"
#include "lib/string.h"

/* SDM vol. 3, 8.4.4.1: after INIT, and between the two start-up interrupts. */
#define INIT_DELAY_US 10000u
#define STARTUP_DELAY_US 200u
/* How long a CPU may take for its first instruction, and from there until it is online. */
#define START_TIMEOUT_US 1000000u
#define ONLINE_TIMEOUT_US 10000000u
#define POLL_US 50u
#define NOBODY 0xFFFFFFFFu

void smp_reset_others(const u32 *apic_ids, u32 n)
{
	for (u32 i = 0; i < n; i++)
		apic_send_init(apic_ids[i]);
	if (n)
		udelay(INIT_DELAY_US);
}

/*
 * Copies the trampoline to where real mode reaches it, and fills in what this CPU needs; returns
 * the block there.
 */
static volatile struct trampoline_params *trampoline_place(u32 cpu, uintptr_t stack_top, u32 cr3)
{
	char *page = phys_to_virt(TRAMPOLINE_PHYS);
	volatile struct trampoline_params *params =
		(void *)(page + (trampoline_params - trampoline_start));

	memcpy(page, trampoline_start, (size_t)(trampoline_end - trampoline_start));
	params->started = 0;
	params->cr0 = read_cr0();
	params->cr3 = cr3;
	/* What the format of the tables takes; the rest follows in cpu_enable_paging_features(). */
	params->cr4 = read_cr4() & (CR4_PSE | CR4_PAE);
	params->set_nxe = pte_nx_bit != 0;
	params->stack_top = stack_top;
	params->entry = (uintptr_t)smp_secondary_entry;
	params->cpu = cpu;
	return params;
}

/* Polls every POLL_US until `word` has one of `bits`; false after `timeout_us`. */
static bool wait_for_bits(const volatile u32 *word, u32 bits, u32 timeout_us)
{
	for (u32 waited = 0; !(*word & bits); waited += POLL_US) {
		if (waited >= timeout_us)
			return false;
		udelay(POLL_US);
	}
	return true;
}

/*
 * The first start-up interrupt may be lost (SDM vol. 3, 8.4.4.1); a second one does nothing to a
 * CPU that runs.
 */
static bool send_startup(u32 apic_id, const volatile struct trampoline_params *params)
{
	apic_send_startup(apic_id, TRAMPOLINE_PHYS);
	if (wait_for_bits(&params->started, 1, STARTUP_DELAY_US))
		return true;
	apic_send_startup(apic_id, TRAMPOLINE_PHYS);
	return wait_for_bits(&params->started, 1, START_TIMEOUT_US);
}

/*
 * The CPU that may come online: whoever takes the number out, by a locked operation, decides.
 * Either the CPU itself does, and is then waited for, or the boot CPU that has lost patience, and
 * then the CPU stays out, however late it comes.
 */
static atomic_t may_come_online = ATOMIC_INIT(NOBODY);

static bool take_permission(u32 cpu) { return atomic_replace(&may_come_online, cpu, NOBODY); }

/*
 * True if the CPU is online.  One that has taken its permission has only a few instructions to go.
 */
static bool comes_online(u32 cpu, u32 timeout_us)
{
	if (wait_for_bits(&cpu_online_mask.v, 1u << cpu, timeout_us))
		return true;
	if (take_permission(cpu))
		return false;
	if (!wait_for_bits(&cpu_online_mask.v, 1u << cpu, ONLINE_TIMEOUT_US))
		panic("CPU %u has taken its permission to come online, and does not", cpu);
	return true;
}

bool smp_start_cpu(u32 cpu, u32 apic_id, uintptr_t stack_top, u32 trampoline_cr3)
{
	volatile struct trampoline_params *params =
		trampoline_place(cpu, stack_top, trampoline_cr3);

	cpu_apic_id[cpu] = apic_id;
	atomic_xchg(&may_come_online, cpu);
	bool started = send_startup(apic_id, params);

	/* Also if it was not seen to start: it may be there by now. */
	if (comes_online(cpu, started ? ONLINE_TIMEOUT_US : 0))
		return true;
	/* It shall not wake up later, amid the next one's parameters. */
	apic_send_init(apic_id);
	pr_warn("CPU %u (APIC id %u) %s\n", cpu, apic_id,
		started ? "has started but does not come online" : "does not start");
	return false;
}

__stack_args __noreturn void smp_secondary_entry(u32 cpu)
{
	segments_init(percpu_offset[cpu], pgd_cr3(swapper_pg_dir));
	idt_load();
	secondary_main();
}

void smp_secondary_setup(void)
{
	cpu_enable_paging_features(pgd_cr3(swapper_pg_dir));
	apic_init_cpu();
	if (!take_permission(smp_processor_id()))
		cpu_stop();
	/*
	 * Locked.  From here on every flush reaches this CPU; what was changed before, while nobody
	 * counted it, goes now.
	 */
	atomic_or(&cpu_online_mask, 1u << smp_processor_id());
	local_flush_tlb_all();
	shadow_cpu_ready();
}
