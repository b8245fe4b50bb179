/*
 * Accesses that may fault: false, and nothing else, if they do.  From any context where a fault may
 * be taken.
 */
#ifndef TESTS_PROBE_H
#define TESTS_PROBE_H

#include "lib/types.h"

bool probe_read(uintptr_t address, u32 *value);
bool probe_write(uintptr_t address, u32 value);
/* Calls `address`, which must hold a `ret` instruction. */
bool probe_exec(uintptr_t address);

#endif
