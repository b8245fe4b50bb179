/* What a person is told of a process that died of an exception. */
#ifndef USER_PROC_REPORT_H
#define USER_PROC_REPORT_H

#include "user/lib/protocol/pager.h"

/*
 * Name, pid, exception, address, and the back trace with the names of its program's functions.  The
 * file stays open for the next one that died in it.
 */
void report_death(const char *path, u32 pid, const struct pager_death *death);

#endif
