/* Variables: getenv, setenv.  The list begins in the start-up object's strings. */
#include "lib/string.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/unistd.h"
#include "user/lib/posix/descriptor.h"

static char *none[] = { NULL };
char **environ = none;
static char **grown; /* the list after setenv has made it longer: a block of the heap */

/* The number of NAME=value with this name; without one: how many there are. */
static u32 find(const char *name, size_t length)
{
	u32 i = 0;

	while (environ[i] && (strncmp(environ[i], name, length) != 0 || environ[i][length] != '='))
		i++;
	return i;
}

char *getenv(const char *name)
{
	size_t length = strlen(name);
	const char *found = environ[find(name, length)];

	return found ? (char *)found + length + 1 : NULL;
}

/* Room for one more; false: no memory. */
static bool grow(u32 count)
{
	char **list = realloc(grown, (count + 2) * sizeof(char *));

	if (!list)
		return false;
	if (environ != grown)
		memcpy(list, environ, count * sizeof(char *));
	list[count] = list[count + 1] = NULL;
	environ = grown = list;
	return true;
}

/* What an older value took stays: somebody may have asked for it. */
int setenv(const char *name, const char *value, int overwrite)
{
	size_t length = strlen(name), size = strlen(value) + 1;
	u32 place = find(name, length);
	char *text;

	if (!length || strchr(name, '='))
		return failed(EINVAL);
	if (environ[place] && !overwrite)
		return 0;
	text = malloc(length + 1 + size);
	if (!text || (!environ[place] && !grow(place))) {
		free(text);
		return failed(ENOMEM);
	}
	memcpy(text, name, length);
	text[length] = '=';
	memcpy(text + length + 1, value, size);
	environ[place] = text;
	return 0;
}
