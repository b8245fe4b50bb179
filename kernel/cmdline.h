/*
 * The command line, read once in step 1.  Options are words between blanks, which double quotes
 * keep together (lib/words.h); unknown or wrong ones are named and ignored.
 *
 *   selftest=WHAT    none, quick (default), full, mustfail, or names separated by commas
 *   bench=WHAT       benchmarks after the last step: all (or no value), quick, curves, or
 *                    beginnings of keys; the self-test then runs only if asked for
 *   until=STEP       stop after boot step 0 to 8 (9: go on, as without)
 *   run=WHAT         the program that the first task starts, and its arguments; kept in the whole
 *                    line, bootinfo.cmdline, which the first task gets
 *   exit             end the machine after the self-test, with a status (docs/boot.md)
 *   highmem=SIZE     exactly that much memory, from the top, is high memory
 *   lowmem=SIZE      at most that much low memory
 *   pgt_cache=L,H    watermarks of each quicklist of page tables
 *   pkmap_tables=N   page tables behind the pool of kmap slots
 *   kmap_flush=HOW   book (all slots once in a turn, as in the literature) or lazy (small
 *                    batches)
 *   maxcpus=N        start at most N CPUs (1 to 32)
 *   nolarge          no large pages in the direct map
 *   loglevel=N       0 (errors only) to 4 (everything)
 */
#ifndef KERNEL_CMDLINE_H
#define KERNEL_CMDLINE_H

#include "lib/types.h"

#define LAST_STEP 9u

struct kernel_options {
	char selftest[256];
	char bench[512]; /* the value of bench= */
	bool bench_asked;
	u32 until;
	u32 maxcpus;
	bool exit;
	bool run_asked; /* run= names a program: the first task goes on after the tests */
	bool run_wrong; /* run= names none: a failure */
};
extern struct kernel_options kernel_options;

/* Also fills mm_options, console_loglevel and panic_exits. */
void cmdline_parse(const char *line);

#endif
