/* Threads on all CPUs that make random calls at the same time. */
#ifndef USER_RANDOM_RACE_H
#define USER_RANDOM_RACE_H

/*
 * run="random SEED COUNT [ordered]": the status of the program.  ordered: calls whose order the
 * kernel logs (ordered.h).
 */
int race(int argc, char **argv);

#endif
