/*
 * The local APIC: enabling it, sending interrupts to other CPUs, its errors.  Source: Intel SDM
 * vol. 3 ch. 10.
 */
#include "arch/x86/irq/apic.h"

#include "arch/x86/console/console.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/io.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/firmware/discover.h"
#include "arch/x86/firmware/physmap.h"
#include "arch/x86/firmware/topology.h"
#include "arch/x86/irq/lapic.h"

/* IA32_APIC_BASE (10.4.4). */
#define APIC_BASE_X2APIC (1u << 10)
#define APIC_BASE_ENABLE (1u << 11)

/*
 * Lower vectors are illegal (10.5.2).  Those below 32 look like exceptions: this priority holds
 * them back (10.8.3.1).
 */
#define FIRST_APIC_VECTOR 16u
#define TPR_NO_EXCEPTIONS 0x10u
/* Spurious-interrupt vector register (10.9). */
#define SVR_ENABLE (1u << 8)

/* Version register (10.4.8). */
#define VERSION_MAX_LVT(version) (((version) >> 16) & 0xFF)

/* Interrupt command register (10.6.1). */
#define ICR_FIXED (0u << 8)
#define ICR_NMI (4u << 8)
#define ICR_INIT (5u << 8)
#define ICR_STARTUP (6u << 8)
#define ICR_PENDING (1u << 12)
#define ICR_ASSERT (1u << 14)
/* Delivery takes microseconds; a panic must not hang on an APIC that never reports it. */
#define ICR_MAX_TURNS 1000000u

/* Interrupt mode configuration register (MP Specification 1.4, 3.6.2.1). */
#define IMCR_SELECT_PORT 0x22u
#define IMCR_DATA_PORT 0x23u
#define IMCR_REGISTER 0x70u
#define IMCR_APIC_MODE 0x01u

bool apic_present;
u32 cpu_apic_id[NR_CPUS];

/* What apic_quiet() found: the registers can be reached, or why there are none to use. */
static bool apic_mapped;
static const char *no_apic;

/* Bits of the error status register (10.5.3). */
static const char *const error_names[] = {
	"send checksum",
	"receive checksum",
	"send accept",
	"receive accept",
	"redirectable IPI",
	"send illegal vector",
	"received illegal vector",
	"illegal register address",
};

/*
 * The write that brings the register up to date came with the P6; on a Pentium (last entry 3) it is
 * an error itself (erratum 3AP).
 */
static u32 read_errors(void)
{
	if (VERSION_MAX_LVT(lapic_read(LAPIC_VERSION)) > 3)
		lapic_write(LAPIC_ESR, 0);
	return lapic_read(LAPIC_ESR);
}

static void error_interrupt(struct trapframe *frame)
{
	u32 errors = read_errors();

	(void)frame;
	apic_eoi();
	pr_err("APIC: error on CPU %u, status 0x%02x\n", smp_processor_id(), errors);
	for (u32 i = 0; i < ARRAY_SIZE(error_names); i++)
		if (errors & (1u << i))
			pr_err("APIC:   %s\n", error_names[i]);
}

/* Nothing was delivered, so nothing is acknowledged (10.9). */
static void spurious_interrupt(struct trapframe *frame) { (void)frame; }

/*
 * Entries of the local vector table, by how many a CPU has at least (10.5.1); LINT0 is the first
 * and stands apart.
 */
static const struct {
	u16 reg;
	u8 last_entry; /* of a CPU that has it, in the version register */
} lvt[] = {
	{ LAPIC_LVT_TIMER, 2 },
	{ LAPIC_LVT_LINT1, 2 },
	{ LAPIC_LVT_ERROR, 3 },
	{ LAPIC_LVT_COUNTER, 4 },
	{ LAPIC_LVT_THERMAL, 5 },
	{ LAPIC_LVT_CMCI, 6 },
};

static void mask_sources(void)
{
	u32 last = VERSION_MAX_LVT(lapic_read(LAPIC_VERSION));

	for (u32 i = 0; i < ARRAY_SIZE(lvt); i++)
		if (last >= lvt[i].last_entry)
			lapic_write(lvt[i].reg, lapic_read(lvt[i].reg) | LVT_MASKED);
	lapic_write(LAPIC_TIMER_INITIAL, 0);
}

/*
 * Interrupts that were accepted and never acknowledged hold back all of lower priority (10.8.4).
 * An acknowledgement is for the highest in service, so from the top down.
 */
static void acknowledge_all(void)
{
	for (u32 vector = 255; vector >= FIRST_APIC_VECTOR; vector--)
		if (apic_in_service(vector))
			apic_eoi();
}

/*
 * The running CPU's registers.  The entries can be unmasked only while the APIC is enabled by
 * software (10.4.7.2).
 */
static void setup_registers(void)
{
	lapic_write(LAPIC_TPR, TPR_NO_EXCEPTIONS);
	lapic_write(LAPIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
	mask_sources();
	lapic_write(LAPIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	/*
	 * LINT0 is the 8259's line, which we do not use; LINT1 the board's NMI, which one CPU shall
	 * report.
	 */
	lapic_write(LAPIC_LVT_LINT0, LVT_MASKED);
	lapic_write(LAPIC_LVT_LINT1, LVT_NMI | (smp_processor_id() == 0 ? 0 : LVT_MASKED));
	read_errors();
	lapic_write(LAPIC_LVT_ERROR, VECTOR_APIC_ERROR);
}

/* Why there is no local APIC to use, or NULL; then FIX_LAPIC maps it. */
static const char *unusable(void)
{
	if (!cpu_features.apic)
		return "this CPU has none";
	/*
	 * Back from x2APIC leads only through off, which takes the firmware's settings with it
	 * (10.12.5).
	 */
	if (has_apic_base_msr() && (rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC))
		return "the firmware left it in x2APIC mode, which this kernel does not use";
	if (phys_to_pfn(lapic_base(topology.lapic_address)) >= reachable_pfns())
		return "its address is out of reach";
	if (phys_is_taken(lapic_base(topology.lapic_address)))
		return "its address is the kernel's or the firmware's";
	set_fixmap(FIX_LAPIC, lapic_base(topology.lapic_address), PAGE_KERNEL_DEVICE);
	if (lapic_read(LAPIC_VERSION) == 0 || lapic_read(LAPIC_VERSION) == 0xFFFFFFFF)
		return "it does not answer";
	return NULL;
}

static void leave_pic_mode(void)
{
	outb(IMCR_SELECT_PORT, IMCR_REGISTER);
	outb(IMCR_DATA_PORT, IMCR_APIC_MODE);
}

static void enable_by_msr(phys_t base)
{
	if (has_apic_base_msr() && !(rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC))
		wrmsr(MSR_APIC_BASE,
			(rdmsr(MSR_APIC_BASE) & ~APIC_BASE_ADDRESS) | base | APIC_BASE_ENABLE);
}

void apic_quiet(void)
{
	if (cpu_features.apic)
		enable_by_msr(lapic_base(topology.lapic_address));
	no_apic = unusable();
	if (no_apic)
		return;
	apic_mapped = true;
	mask_sources();
	/* The 8259's line: its mask is the 8259's, which may be needed yet (apic_init). */
	if ((lapic_read(LAPIC_LVT_LINT0) & LVT_MODE) != LVT_EXTINT)
		lapic_write(LAPIC_LVT_LINT0, LVT_MASKED);
	lapic_write(LAPIC_TPR, TPR_NO_EXCEPTIONS);
	acknowledge_all();
}

bool apic_init(void)
{
	if (no_apic) {
		pr_notice("APIC: no usable local APIC (%s): one CPU, timer by the 8254\n", no_apic);
		return false;
	}
	if (topology.imcr)
		leave_pic_mode();
	trap_set_handler(VECTOR_APIC_ERROR, error_interrupt);
	trap_set_handler(VECTOR_SPURIOUS, spurious_interrupt);
	setup_registers();
	apic_present = true;
	cpu_apic_id[0] = apic_id();
	topology_set_boot_cpu(&topology, cpu_apic_id[0]);
	pr_info("APIC: local APIC of the boot CPU at 0x%llx, id %u, version 0x%x\n",
		lapic_base(topology.lapic_address), apic_id(), lapic_read(LAPIC_VERSION) & 0xFF);
	return true;
}

void apic_init_cpu(void)
{
	/* All CPUs have theirs at one address: FIX_LAPIC is one mapping for all. */
	enable_by_msr((phys_t)pte_pfn(*fixmap_pte(FIX_LAPIC)) << PAGE_SHIFT);
	setup_registers();
}

u32 apic_id(void) { return lapic_read(LAPIC_ID) >> 24; }

void apic_eoi(void) { lapic_write(LAPIC_EOI, 0); }

bool apic_in_service(u32 vector)
{
	return apic_mapped && (lapic_read(LAPIC_ISR + vector / 32 * 0x10) & (1u << vector % 32));
}

static void wait_delivered(void)
{
	for (u32 turns = 0; (lapic_read(LAPIC_ICR_LOW) & ICR_PENDING) && turns < ICR_MAX_TURNS;
		turns++)
		cpu_relax();
}

/* The two halves belong together: an interrupt between them might send one of its own. */
static void send(u32 dest_apic_id, u32 command)
{
	u32 flags = irq_save();

	wait_delivered();
	lapic_write(LAPIC_ICR_HIGH, dest_apic_id << 24);
	lapic_write(LAPIC_ICR_LOW, command | ICR_ASSERT);
	irq_restore(flags);
}

void apic_send_ipi(u32 dest_apic_id, u32 vector) { send(dest_apic_id, ICR_FIXED | vector); }

void apic_send_nmi(u32 dest_apic_id) { send(dest_apic_id, ICR_NMI); }

void apic_send_init(u32 dest_apic_id) { send(dest_apic_id, ICR_INIT); }

void apic_send_startup(u32 dest_apic_id, phys_t page)
{
	send(dest_apic_id, ICR_STARTUP | phys_to_pfn(page));
}
