/* The other CPUs: memory and an idle thread for each, then their start. */
#ifndef KERNEL_CPUS_H
#define KERNEL_CPUS_H

#include "lib/types.h"

/*
 * Starts those in `topology`, as far as `most` CPUs together; a CPU that does not answer is named
 * and left out.  Step 7.
 */
void cpus_start(u32 most);

#endif
