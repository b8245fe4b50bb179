/* The table of names: see table.h.  None is ever taken out. */
#include "user/names/table.h"

#include "lib/string.h"

static char names[NAMES][NAME_MAX];
static u32 count;

const char *name_at(u32 index) { return index < count ? names[index] : NULL; }

u32 name_find(const char *name)
{
	for (u32 i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return i;
	return NO_NAME;
}

u32 name_make(const char *name)
{
	u32 found = name_find(name);

	if (found != NO_NAME || count == NAMES)
		return found;
	strlcpy(names[count], name, NAME_MAX);
	return count++;
}
