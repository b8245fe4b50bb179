/*
 * The servers, as root sees them: what each one is given, and its start.
 *
 * root makes endpoint and notification of a server once and keeps them: queued senders and the
 * handles of clients outlive its task.
 */
#ifndef USER_ROOT_SERVICE_H
#define USER_ROOT_SERVICE_H

#include "user/lib/child.h"
#include "user/lib/protocol/protocol.h"

/* Slots here.  Of each server: */
enum service_slot {
	SERVICE_TASK,
	SERVICE_THREAD,
	SERVICE_ENDPOINT,
	SERVICE_NOTE,
	SERVICE_PAGER, /* the handle by which the pager knows it */
	SERVICE_SLOTS
};
#define SLOT_SERVICES 64u
#define SLOT_TEMPORARY (SLOT_OWN + 1)
static inline u32 service_slot(u32 server, enum service_slot which)
{
	return SLOT_SERVICES + server * SERVICE_SLOTS + which;
}

/* Bits of SLOT_ENDED: the child's is 0. */
#define BIT_ENDED(server) (server)        /* the task is gone */
#define BIT_ALIVE(server) (8u + (server)) /* the answer to a ping */
#define BIT_NEVER 30u                     /* nobody raises it: to wait */
#define BIT_TIME 31u

const char *service_name(u32 server);
/* Once: endpoint and notification. */
u32 service_prepare(u32 server);
/* A task with its program, running; 0 or the error, after a message.  Nothing is left then. */
u32 service_start(u32 server, bool restarted);
/* Destroys what is left of its task, whose end raises its bit; or, when that has come, drops it. */
void service_destroy(u32 server);
void service_forget(u32 server);
/* Asks for a sign of life. */
void service_ping(u32 server);

#endif
