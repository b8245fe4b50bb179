/* Handle tables: see handle.h. */
#include "kernel/objects/handle.h"

u32 handle_fault(const struct handle *handle, enum object_kind kind, u32 rights)
{
	if (!handle || (handle->rights & (RIGHT_REPLY | RIGHT_RESERVED)) ||
		(kind != KIND_NONE && handle->object->ops->kind != kind))
		return EBADH;
	return (handle->rights & rights) != rights ? EPERM : EDEAD;
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
