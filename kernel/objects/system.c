/* The system object: see system.h. */
#include "kernel/objects/system.h"

static const struct object_ops system_ops = { .kind = KIND_SYSTEM };
struct object system_object;

void system_object_init(void)
{
	object_init(&system_object, &system_ops);
	system_object.holds = 1; /* for ever */
}
