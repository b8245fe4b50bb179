/*
 * Entries from user mode: the upcalls of arch/x86/upcall.h, and where each leads.
 */
#ifndef KERNEL_USER_ENTRY_H
#define KERNEL_USER_ENTRY_H

#include "arch/x86/cpu/trap.h"

/* A self-test's own upcalls, each of them set; NULL: the kernel's. */
struct user_entry_hooks {
	void (*call)(struct trapframe *frame);
	void (*trap)(struct trapframe *frame, u32 address);
	void (*work)(struct trapframe *frame);
	bool (*copy_fault)(u32 address, u32 error);
};
extern const struct user_entry_hooks *user_entry_hooks;

#endif
