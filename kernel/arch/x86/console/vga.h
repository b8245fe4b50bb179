/* The VGA text screen, for console.c. */
#ifndef ARCH_X86_VGA_H
#define ARCH_X86_VGA_H

#include "lib/types.h"

void vga_init(void);
/* Goes on where somebody else has left the cursor; true: not at the beginning of a row. */
bool vga_resume(void);
void vga_put(char c);

#endif
