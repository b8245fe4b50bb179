/* What there is in the whole machine: processes, memory, power.  -1 and errno where it fails. */
#ifndef USER_LIB_POSIX_SYSTEM_H
#define USER_LIB_POSIX_SYSTEM_H

#include "user/lib/protocol/proc.h"

#define PROCESSES_MAX (PIDS + SERVERS)

/* All processes and servers; how many. */
int process_list(struct proc_entry list[PROCESSES_MAX]);
/* The pages of a process, from an address on; how many, 0: no more. */
int process_maps(u32 pid, u32 from, struct info_map *maps, u32 room);
/* The endpoint that names knows by this name, into an empty slot, with this process' badge. */
int server_find(const char *name, u32 slot);
/* A server, by its pid: it is started again. */
int kill_server(u32 pid);
int system_info(struct info_system *info);
/* POWER_OFF or POWER_RESET. */
int system_power(u32 how);

#endif
