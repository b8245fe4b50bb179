/* After a restart: the processes that the former proc looked after, as the pager knows them. */
#ifndef USER_PROC_RESTORE_H
#define USER_PROC_RESTORE_H

void restore_processes(void);

#endif
