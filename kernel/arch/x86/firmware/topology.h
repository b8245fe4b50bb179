/*
 * What the firmware says of CPUs and interrupt controllers, whoever says it: ACPI's MADT (acpi.c),
 * else the MP table (mptable.c), else nothing (one CPU).
 */
#ifndef ARCH_X86_TOPOLOGY_H
#define ARCH_X86_TOPOLOGY_H

#include "arch/x86/cpu/percpu.h"
#include "arch/x86/paging/fixmap.h"

/* As an APIC id this means all CPUs, so no CPU has it. */
#define APIC_ID_BROADCAST 0xFFu

struct ioapic_entry {
	u32 id;
	phys_t address;
	u32 gsi_base; /* its first line's number in the global numbering */
};

/* An ISA interrupt (0 to 15) that arrives elsewhere than at the I/O APIC line of its own number. */
struct irq_override {
	bool set;
	u32 gsi;
	bool active_low, level;
};

struct topology {
	const char *source; /* "ACPI MADT", "MP table", "none" */
	phys_t lapic_address;
	/* usable CPUs listed, boot CPU included; at most NR_CPUS, more are reported and left out */
	u32 ncpus;
	u32 apic_id[NR_CPUS];
	bool boot_cpu_listed; /* entry 0 is in the table, and not only what CPUID says */
	u32 cpus_left_out, first_left_out; /* how many, and the APIC id of the first */
	u32 left_out[256 / 32]; /* one bit for each id below 256, so that none counts twice */
	u32 nioapics;
	struct ioapic_entry ioapic[MAX_IOAPICS];
	struct irq_override isa[16];
	/*
	 * the board starts in PIC mode: an IMCR leads around the local APIC (MP Specification 1.4,
	 * 3.6.2.1)
	 */
	bool imcr;
};
extern struct topology topology;

/* The CPU that runs, by what CPUID says.  First of all. */
void topology_begin(struct topology *t, u32 apic_id);
/* Adds the CPU unless it is there already or there is no room (then it is counted and reported). */
void topology_add_cpu(struct topology *t, u32 apic_id);
/* The local APICs' address, by a table.  An address where none can be is named and ignored. */
void topology_set_lapic(struct topology *t, phys_t address);
/* The same for an I/O APIC, by its address. */
void topology_add_ioapic(struct topology *t, u32 id, phys_t address, u32 gsi_base);
/*
 * `flags` as in both tables: polarity in bits 0-1, trigger in bits 2-3; what "conforms to the bus"
 * is high and edge.
 */
void topology_add_override(struct topology *t, u32 irq, u32 gsi, u32 flags);

/*
 * Entry 0 becomes `apic_id`: what the boot CPU's local APIC says, once it can be read.  The
 * firmware may have renumbered it since CPUID took the number down.  If the table lists the former
 * number too, that is another CPU, and stays.
 */
void topology_set_boot_cpu(struct topology *t, u32 apic_id);

#endif
