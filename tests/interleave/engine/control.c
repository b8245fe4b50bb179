/* Which given part is broken: see control.h. */
#include "control.h"

#include <stdio.h>
#include <string.h>

u32 control;

bool control_read(void)
{
	char name[32] = "";

	if (scanf("%31s", name) != 1)
		return false;
	if (strcmp(name, "none") == 0)
		return true;
	for (u32 i = 0; control_names && control_names[i]; i++)
		if (strcmp(control_names[i], name) == 0) {
			control = i + 1;
			return true;
		}
	return false;
}
