/*
 * The loop of a server: receive a request, serve it, answer it with the next receive.
 *
 * A server starts with its endpoint in SLOT_SELF and a notification in SLOT_SELF_NOTE, which is
 * bound to its first thread here.
 */
#ifndef USER_LIB_SERVER_H
#define USER_LIB_SERVER_H

#include "user/lib/calls.h"
#include "user/lib/errno.h"
#include "user/lib/layout.h"
#include "user/lib/protocol/protocol.h"

enum server_slot {
	SLOT_SELF = SLOT_FREE,
	SLOT_SELF_NOTE,
	SLOT_ROOT_NOTE,  /* root's notification, with a badge of this server's own bit */
	SLOT_REQUEST,    /* the reply handle of the request that is being served */
	SLOT_TAKEN,      /* a handle that came as an item; the next request finds it empty again */
	SLOT_SERVER_FREE /* the first that is free for the server's own use */
};

#define REQUEST_WORDS MESSAGE_WORDS

struct request {
	u32 badge, label;
	bool call;               /* else nobody waits for an answer */
	bool takes_short;        /* whoever asks understands short strings (protocol.h) */
	bool fault;              /* from the kernel, for a thread of a client of the pager */
	u32 words;               /* those beyond are 0 */
	u32 word[REQUEST_WORDS]; /* copied: calls that are made meanwhile do not change them */
	const void *string; /* in a buffer that stays until the next request; NULL: none came */
	u32 size;
	bool handle; /* SLOT_TAKEN holds the one that came */
};

struct answer {
	u32 error, word0, word1;
	const void *string; /* NULL: none */
	u32 size;
	u32 handle, rights, badge; /* of an item HANDLE behind it; 0: none */
	bool takes_short; /* as the request says: set already; of a kept one by who keeps it */
	bool later;       /* the request was kept: nothing is answered now */
};

/* What a server takes beside words: strings first, a handle behind them. */
#define TAKES_STRINGS 1u
#define TAKES_HANDLES 2u

struct server {
	const char *name;
	u32 takes;
	void (*serve)(const struct request *request, struct answer *answer);
	void (*notified)(u32 bits); /* without NOTE_PING; NULL: no others are expected */
	void (*pinged)(void);       /* NULL, or what is to be done once a second */
	void (*undelivered)(void);  /* NULL, or what is done if the last answer was not taken */
};

/*
 * root's ping is a bit of the server's notification; the answer is the server's bit of root's.  So
 * neither waits for the other.
 */
#define NOTE_PING 30u

/* Pings are answered here. */
__attribute__((noreturn)) void server_run(const struct server *server);

/* Puts the request aside into an empty slot, to be answered by server_answer(slot). */
void server_keep(u32 slot, struct answer *answer);
/*
 * The same without a call: the request stays where it is, *slot, which was empty, takes the next
 * ones, and *slot says where it is.  So SLOT_REQUEST is no longer the slot of every request.
 */
void server_keep_there(u32 *slot, struct answer *answer);
/* Empties the slot.  The error of the answer's delivery, such as EDEAD: nobody waits any more. */
u32 server_answer(u32 slot, const struct answer *answer);

/* Whether it comes from root, whose own handles have no badge. */
static inline bool is_from_root(const struct request *request)
{
	return !request->badge || request->badge == BADGE_OF(SERVER_ROOT);
}

/* Whether it comes from root or a server. */
static inline bool is_from_server(const struct request *request)
{
	return is_from_root(request) || request->badge >= BADGE_SERVERS;
}

#endif
