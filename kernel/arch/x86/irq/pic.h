/* The old pair of interrupt controllers.  Source: 8259A datasheet. */
#ifndef ARCH_X86_PIC_H
#define ARCH_X86_PIC_H

#include "lib/types.h"

/* Moves the 8259 pair's vectors to VECTOR_PIC_BASE and masks every line. */
void pic_init(void);
void pic_unmask(u32 irq);
void pic_mask(u32 irq);
void pic_eoi(u32 irq);

#endif
