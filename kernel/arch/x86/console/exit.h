/* Ending the emulated machine. */
#ifndef ARCH_X86_EXIT_H
#define ARCH_X86_EXIT_H

#include "lib/compiler.h"
#include "lib/types.h"

/*
 * Ends the machine where it can be: QEMU's isa-debug-exit (port 0xF4: status 33 for pass, 35 for
 * fail), else Bochs's port 0x8900; else stops this CPU.
 */
__noreturn void machine_exit(bool pass);
/*
 * The same with the status of a program: 0 is pass; 1 to 62 become QEMU's status 129 + 2 * n,
 * higher ones 255.
 */
__noreturn void machine_exit_with(u32 status);

/* What a person reads when nothing more will come. */
#define HOW_TO_LEAVE                                                                               \
	"no key is read.  To leave QEMU: Ctrl-A, then X in its terminal, or close its window.\n"

#endif
