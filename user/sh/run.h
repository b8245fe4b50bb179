/* Runs what was parsed. */
#ifndef USER_SH_RUN_H
#define USER_SH_RUN_H

#include "lib/types.h"

/* Of the last command: $?. */
extern int last_status;

/* $0, $1 and so on. */
void run_begin(int argc, char **argv);
/* The status of its last command.  The interrupt key ends the command, and with it the line. */
int run_line(const char *line);

#endif
