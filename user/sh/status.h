/* The status of the last command: $?. */
#ifndef USER_SH_STATUS_H
#define USER_SH_STATUS_H

extern int last_status;

#endif
