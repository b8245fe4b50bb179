/*
 * Interrupts from CPU to CPU.
 * Source: Intel SDM vol. 3, 10.6.
 */
#ifndef ARCH_X86_IPI_H
#define ARCH_X86_IPI_H

#include "arch/x86/cpu/percpu.h"

/* Interprocessor interrupts sent by this CPU. */
DECLARE_PER_CPU(u32, ipis_sent);

/* Interrupts `cpu` with any vector.  Any context. */
void smp_send_ipi(u32 cpu, u32 vector);
/* Makes `cpu` leave hlt and look at its run queue.  Any context. */
void smp_send_reschedule(u32 cpu);

/* Registers the handler of VECTOR_RESCHEDULE.  Step 7. */
void ipi_init(void);

#endif
