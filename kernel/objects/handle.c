/* Handle tables: see handle.h. */
#include "kernel/objects/handle.h"

struct handle *handle_find(const struct handle_table *table, u32 slot, enum object_kind kind,
	u32 rights, u32 *error)
{
	struct handle *handle = handle_at(table, slot);

	if (!handle || (handle->rights & (RIGHT_REPLY | RIGHT_RESERVED)) ||
		(kind != KIND_NONE && handle->object->ops->kind != kind)) {
		*error = EBADH;
		return NULL;
	}
	if ((handle->rights & rights) != rights) {
		*error = EPERM;
		return NULL;
	}
	if (handle->object->dead) {
		*error = EDEAD;
		return NULL;
	}
	return handle;
}

void handle_set(struct handle *handle, struct object *object, u32 rights, u32 badge)
{
	*handle = (struct handle){ .object = object, .rights = rights, .badge = badge };
	object_handle_came(object, rights);
}

void handle_clear(struct handle *handle)
{
	struct handle old = *handle;

	*handle = (struct handle){};
	if (old.rights & RIGHT_REPLY)
		old.object->ops->reply_went(old.object, handle_number(&old));
	object_handle_went(old.object, old.rights);
}

void handle_move(struct handle *to, struct handle *from)
{
	*to = *from;
	*from = (struct handle){};
}
