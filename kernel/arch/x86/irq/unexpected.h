/* Interrupts that nobody asked for. */
#ifndef ARCH_X86_UNEXPECTED_H
#define ARCH_X86_UNEXPECTED_H

/*
 * From here on they are acknowledged and counted, and the first of each vector is named.  Step 0.
 */
void unexpected_interrupts_init(void);

#endif
