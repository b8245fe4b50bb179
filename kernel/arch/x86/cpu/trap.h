/*
 * Exceptions and interrupts: the IDT, the frame that the entry code leaves, and who is called.
 * Sources: Intel SDM vol. 3 ch. 6.
 */
#ifndef ARCH_X86_TRAP_H
#define ARCH_X86_TRAP_H

#include "arch/x86/cpu/percpu.h"
#include "lib/types.h"

#define VECTORS 256u
#define FIRST_INTERRUPT 0x20u
/* Vectors: 0x00-0x1F exceptions, then: */
#define VECTOR_PIC_BASE 0x20u    /* 16 lines of the 8259 pair: legacy timer, else spurious ones */
#define VECTOR_IOAPIC_BASE 0x30u /* lines of the I/O APICs, first come first served, up to 0xEF */
#define VECTOR_IOAPIC_LAST 0xEFu
#define VECTOR_CALL_GATE 0x80u  /* int 0x80; also in the frame of a call by sysenter */
#define VECTOR_TIMER 0xF0u      /* local APIC timer */
#define VECTOR_RESCHEDULE 0xF1u /* another CPU has put a thread on our queue */
#define VECTOR_CALL 0xF2u       /* smp_call() */
#define VECTOR_SELFTEST 0xF3u   /* self-tests interrupt CPUs with it */
#define VECTOR_APIC_ERROR 0xFEu
#define VECTOR_SPURIOUS 0xFFu

/* No vector; in the frame of a call: return with all registers of the frame, by iret. */
#define VECTOR_FULL_RETURN 0x100u

#define TRAP_DEBUG 1u
#define TRAP_NMI 2u
#define TRAP_BREAKPOINT 3u
#define TRAP_OVERFLOW 4u
#define TRAP_DOUBLE_FAULT 8u
#define TRAP_GENERAL_PROTECTION 13u
#define TRAP_PAGE_FAULT 14u

/* Page-fault error code (SDM vol. 3, 4.7). */
#define PF_PRESENT (1u << 0)
#define PF_WRITE (1u << 1)
#define PF_USER (1u << 2)
#define PF_RESERVED (1u << 3)
#define PF_FETCH (1u << 4)

/*
 * Registers at the interruption, in the order in which entry.asm pushes them.  For every entry from
 * user mode it lies at the top of the thread's kernel stack, stack_top - sizeof(struct trapframe).
 *
 * Of a call (vector VECTOR_CALL_GATE, error 0) eip and user_esp are what the user put into edx and
 * ecx, whichever instruction it used; eflags, selectors are those that it will return with.
 */
struct trapframe {
	u32 edi, esi, ebp, unused_esp, ebx, edx, ecx, eax;
	u32 gs, fs, es, ds;
	u32 vector, error; /* error: 0 where the CPU pushes none */
	u32 eip, cs, eflags;
	u32 user_esp, user_ss; /* there only if it came from user mode */
};

typedef void (*trap_handler_t)(struct trapframe *frame);

/* Builds the IDT, once (boot CPU, step 0), and loads it (each CPU). */
void idt_init(void);
void idt_load(void);

/*
 * Who is called for a vector.  Interrupt handlers run with interrupts off and must acknowledge
 * their controller themselves.  An exception goes to the fix-up that section .extable lists for
 * the instruction, else to its handler; one that has neither panics.
 */
void trap_set_handler(u32 vector, trap_handler_t handler);
/* Who is called for interrupts (vectors from 0x20 on) that have no handler.  Step 0. */
void trap_set_fallback(trap_handler_t handler);

/*
 * Every interrupt source is masked now: from here on an NMI that nobody handles is a panic.  Step
 * 4, boot CPU.
 */
void trap_sources_quiet(void);

/* True if the frame is that of user mode. */
static inline bool from_user(const struct trapframe *frame) { return frame->cs & 3; }

/*
 * Called by entry.asm: at exceptions and interrupts; on the way to user mode where there is work;
 * after a segment register or iret has refused what a frame of user mode holds.
 */
__stack_args void trap_dispatch(struct trapframe *frame);
__stack_args void enter_dispatch(struct trapframe *frame);
__stack_args void bad_exit_dispatch(struct trapframe *frame);

#endif
