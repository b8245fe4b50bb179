/*
 * What the boot order calls of the self-tests, which live above the kernel (tests/kernel defines these).
 */
#ifndef KERNEL_TESTING_H
#define KERNEL_TESTING_H

#include "lib/types.h"

/* Chooses the tests (`what`: the value of selftest=) and prints TAP's plan for steps 0 to `last_step`. */
void testing_begin(const char *what, u32 last_step);
/* Runs those that belong to a step. */
void testing_step(u32 step);
/* Prints the closing line; true if none failed and as many were reported as planned. */
bool testing_end(void);

#endif
