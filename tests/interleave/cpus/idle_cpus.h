/* CPUs that start in their idle threads, for variants with the kernel's own scheduler. */
#ifndef IDLE_CPUS_H
#define IDLE_CPUS_H

/* The scheduler, its timer and the idle threads: the first part of threads_boot(). */
void idle_cpus_boot(void);

#endif
