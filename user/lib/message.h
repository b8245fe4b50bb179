/*
 * The message page of the running thread.  The first two words of a message travel in registers;
 * what else it has is put here before a call, and found here after a receive.
 */
#ifndef USER_LIB_MESSAGE_H
#define USER_LIB_MESSAGE_H

#include "lib/abi/abi.h"
#include "lib/string.h"

/* It stays the same as long as a function runs: asked once, it is known. */
struct message *message_own(void) __attribute__((const));

/* Items to send.  Their number goes into the tag. */
static inline void message_put_pages(u32 item, u32 kind, u32 place, u32 pages)
{
	message_own()->item[item] = (struct message_item){ kind, place, pages, 0 };
}

static inline void message_put_handle(u32 item, u32 handle, u32 rights, u32 badge)
{
	message_own()->item[item] = (struct message_item){ ITEM_HANDLE, handle, rights, badge };
}

static inline void message_put_string(u32 item, const void *bytes, u32 size)
{
	message_own()->item[item] =
		(struct message_item){ ITEM_STRING, (u32)(uintptr_t)bytes, size, 0 };
}

/* A short string (protocol.h) from word `first` on.  How many words the message has then. */
static inline u32 message_put_short(u32 first, const void *bytes, u32 size)
{
	struct message *message = message_own();

	message->word[first] = size;
	memcpy(&message->word[first + 1], bytes, size);
	return first + 1 + (size + 3) / 4;
}

/* Places at which items are taken: opened anew before each receive, from number 0 on. */
static inline void message_close_places(void) { message_own()->places = 0; }

static inline void message_open_place(u32 kind, u32 at, u32 size)
{
	struct message *message = message_own();

	message->place[message->places++] = (struct message_place){ kind, at, size, 0 };
}

#endif
