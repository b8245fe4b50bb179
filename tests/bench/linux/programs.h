/*
 * What programs of Linux pay for what programs of Tarn do: the keys `user.*`, measured in /init and
 * its children, on CPU 0.
 */
#ifndef BENCH_LINUX_PROGRAMS_H
#define BENCH_LINUX_PROGRAMS_H

/*
 * Prints the lines with this tag.  `entry` is the kernel's own entry for system calls, the one that
 * uses SYSENTER where the CPU has it (AT_SYSINFO of getauxval(3)).
 */
void measure_programs(const char *tag, void (*entry)(void));

#endif
