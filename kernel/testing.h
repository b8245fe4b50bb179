/*
 * What the boot order calls of the self-tests and benchmarks, which live above the kernel.
 */
#ifndef KERNEL_TESTING_H
#define KERNEL_TESTING_H

#include "lib/types.h"

/*
 * tests/kernel.  Chooses the tests (`what`: the value of selftest=) and prints TAP's plan for steps
 * 0 to `last_step`.
 */
void testing_begin(const char *what, u32 last_step);
/* Runs those that belong to a step. */
void testing_step(u32 step);
/* Prints the closing line; true if none failed and as many were reported as planned. */
bool testing_end(void);

/*
 * tests/bench.  Runs the benchmarks that `what` (the value of bench=, "" for all) names; false if a
 * name is unknown or a figure could not be had.  In a thread, after the last step.
 */
bool bench_run(const char *what);

#endif
