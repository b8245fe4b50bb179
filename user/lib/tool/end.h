/* What `kill` ends: the program, and the command that is built into the shell. */
#ifndef USER_LIB_TOOL_END_H
#define USER_LIB_TOOL_END_H

#define END_USAGE "kill [-SIGNAL] PID | -GROUP | %JOB | SERVER ..."

/*
 * The first word that says whom: as in POSIX, one with a '-' is a signal if something follows that
 * is to get it.  There are no signals: it makes no difference.
 */
int end_first(int argc, char **argv);

/*
 * By pid; -PID: a group; a server, by name or pid, which is back when this returns.  0, or -1 and
 * errno.
 */
int end_target(const char *word);

#endif
