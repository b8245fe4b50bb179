/* What a client died of: registers and a back trace, read while its thread still waits. */
#ifndef USER_PAGER_DEATH_H
#define USER_PAGER_DEATH_H

#include "user/lib/server.h"
#include "user/pager/clients.h"

/* Fills the client's `death`; `error` is why the fault could not be served. */
void death_record(u32 number, const struct request *fault, u32 error);
/* Of one that did nothing: the memory was wanted by others. */
void death_by_shortage(u32 number);

#endif
