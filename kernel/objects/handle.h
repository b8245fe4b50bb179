/*
 * Handles: a task's table of {object, rights, badge}.
 *
 * Slot 0 is always empty.  A handle with RIGHT_REPLY is the right to answer one call once: its
 * object is the caller's thread, and badge and `number` hold the call's 64-bit number.
 */
#ifndef KERNEL_HANDLE_H
#define KERNEL_HANDLE_H

#include "kernel/objects/object.h"

/* The kernel's own. */
#define RIGHT_REPLY 0x80u
#define RIGHT_RESERVED 0x40u /* on its way here in a message: nobody uses it yet */
#define HANDLES_A_PAGE 256u
#define HANDLE_PAGES (HANDLES_MAX / HANDLES_A_PAGE)

struct handle {
	struct object *object; /* NULL: the slot is empty */
	u32 badge;             /* reply: low half of the number */
	u32 rights;
	u32 number; /* reply: high half */
};
_Static_assert(sizeof(struct handle) * HANDLES_A_PAGE == 4096, "handles fill a page");

static inline u64 handle_number(const struct handle *handle)
{
	return (u64)handle->number << 32 | handle->badge;
}

struct handle_table {
	struct handle *page[HANDLE_PAGES];
	u32 slots; /* a multiple of HANDLES_A_PAGE */
	u32 end;   /* slots from here on have never been filled: zero */
};

/* objects_lock held for all: */

/* The place of a slot, which is inside the table. */
static inline struct handle *handle_place(const struct handle_table *table, u32 slot)
{
	return &table->page[slot / HANDLES_A_PAGE][slot % HANDLES_A_PAGE];
}

/* The handle in a slot; NULL if there is none. */
static inline struct handle *handle_at(const struct handle_table *table, u32 slot)
{
	struct handle *handle;

	if (slot >= table->slots)
		return NULL;
	handle = handle_place(table, slot);
	return handle->object ? handle : NULL;
}
/* Why a handle will not do: EBADH, EPERM, EDEAD. */
u32 handle_fault(const struct handle *handle, enum object_kind kind, u32 rights);
/*
 * The handle in a slot if it leads to a living object of this kind (KIND_NONE: any) and has these
 * rights; else NULL and *error.
 */
static inline struct handle *handle_find(
	const struct handle_table *table, u32 slot, enum object_kind kind, u32 rights, u32 *error)
{
	struct handle *handle = handle_at(table, slot);

	if (likely(handle && (handle->rights & (rights | RIGHT_REPLY | RIGHT_RESERVED)) == rights &&
		    (kind == KIND_NONE || handle->object->ops->kind == kind) &&
		    !handle->object->dead))
		return handle;
	*error = handle_fault(handle, kind, rights);
	return NULL;
}
/* The slot, to be filled, if it is inside the table, not 0, and empty; else NULL. */
static inline struct handle *handle_free_slot(struct handle_table *table, u32 slot)
{
	struct handle *handle;

	if (slot == 0 || slot >= table->slots)
		return NULL;
	if (slot >= table->end)
		table->end = slot + 1;
	handle = handle_place(table, slot);
	return handle->object ? NULL : handle;
}
/* Fills an empty slot; counts the handle. */
void handle_set(struct handle *handle, struct object *object, u32 rights, u32 badge);
/*
 * Empties a slot.  A caller whose reply handle it was wakes with EDEAD.
 */
void handle_clear(struct handle *handle);
/* Moves a handle to an empty slot. */
void handle_move(struct handle *to, struct handle *from);

#endif
