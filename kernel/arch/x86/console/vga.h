/* The VGA text screen, for console.c. */
#ifndef ARCH_X86_VGA_H
#define ARCH_X86_VGA_H

void vga_init(void);
void vga_put(char c);

#endif
