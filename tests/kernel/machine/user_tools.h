/*
 * A kernel thread that goes to user mode and comes back: for tests of the entries.
 *
 * The programs (user_code.asm) run in an address space of two pages.  A program ends by a call or
 * by an exception; the hooks of kernel/calls/user_entry.h bring the thread back to where it was.
 */
#ifndef TESTS_USER_TOOLS_H
#define TESTS_USER_TOOLS_H

#include "arch/x86/cpu/trap.h"
#include "mm/tables/address_space.h"

/* As in user_code.asm. */
#define USER_CODE 0x40000000u
#define USER_STACK 0x50000000u /* one page; the stack begins in its middle */
#define CALL_TEST 0x12345601u
#define CALL_END 0xFFu

extern const char user_code[], user_code_end[];

/* Address of a program in the user page. */
#define USER_AT(program) (USER_CODE + (u32)((program)-user_code))

/* What a program finds in its registers after a call. */
struct user_report {
	u32 edi, esi, ebp, esp, ebx, edx, ecx, eax;
	u32 ds, es, fs, gs;
	u32 eflags;
};

enum user_end { USER_RUNS, USER_REPORTED, USER_TRAPPED, USER_STOPPED };

/* The program that runs or has run last. */
extern struct user_run {
	enum user_end end;
	struct trapframe seen;     /* of the test call, or of the exception */
	u32 address;               /* that came with the exception */
	u32 calls;                 /* test calls made */
	u32 flags, ds, es, fs, sp; /* what the kernel had at the test call, or exception */
	struct user_report report;
} user_run;

/* What the test does in the test call beside taking notes; NULL: nothing. */
extern void (*user_on_call)(struct trapframe *frame);
/* Called at user_return(); NULL: nothing. */
extern void (*user_on_work)(struct trapframe *frame);
/* Answers kernel_copy_fault(); NULL: false. */
extern bool (*user_on_copy_fault)(u32 address, u32 error);

/* Runs work(mm) in a thread of each CPU in turn, which uses an address space with the two pages. */
void user_on_each_cpu(void (*work)(struct mm *mm));

/* A frame for user mode at `eip`, other registers with values of their own. */
struct trapframe user_frame(u32 eip);
/* Goes to user mode with it and returns when the program has ended. */
void user_go(const struct trapframe *frame);
/* Ends the program, in an upcall. */
__noreturn void user_stop(enum user_end end);

#endif
