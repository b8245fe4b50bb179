/* CPUs with nothing to run. */
#ifndef KERNEL_IDLE_H
#define KERNEL_IDLE_H

#include "kernel/sched/thread.h"

/*
 * What the boot context and each other CPU end in: halts when there is nothing to run, trims the
 * quicklists.
 */
__noreturn void idle_loop(struct thread *idle);

#endif
