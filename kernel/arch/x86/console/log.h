/*
 * Private to this folder: the console's last text, in memory.
 *
 * Bytes are numbered from the boot on (after 4 GiB from 0 again); a ring holds the last LOG_BYTES.
 * The console's lock is held.
 */
#ifndef ARCH_X86_LOG_H
#define ARCH_X86_LOG_H

#include "lib/types.h"

#define LOG_BYTES 0x4000u

void log_put(char c);
/* The first byte from `number` on that is, or will be, there. */
u32 log_first(u32 number);
/* Copies up to n bytes from `number` on.  0: there is none, or it is there no more. */
u32 log_read(u32 number, char *to, u32 n);

#endif
