/* Completion: see complete.h. */
#include "user/sh/complete.h"

#include "lib/compiler.h"
#include "lib/string.h"

static bool ends_command(char c) { return c == ';' || c == '|' || c == '&'; }

static bool ends_word(char c) { return ends_command(c) || c == ' ' || c == '<' || c == '>'; }

/* Whether a command begins at `at`. */
static bool is_first(const char *line, u32 at)
{
	while (at && line[at - 1] == ' ')
		at--;
	return !at || ends_command(line[at - 1]);
}

bool complete_begin(struct complete *complete, const char *line, u32 at)
{
	u32 word = at, name;

	while (word && !ends_word(line[word - 1]))
		word--;
	for (name = at; name > word && line[name - 1] != '/';)
		name--;
	memset(complete, 0, sizeof(*complete));
	if (name - word >= sizeof(complete->folder) || at - name >= COMPLETE_MAX)
		return false;
	complete->command = name == word && is_first(line, word);
	memcpy(complete->folder, line + word, name - word);
	if (name == word)
		strlcpy(complete->folder, ".", sizeof(complete->folder));
	complete->start = line + name;
	complete->length = at - name;
	return true;
}

static void shorten(char *common, const char *name)
{
	u32 i = 0;

	while (common[i] && common[i] == name[i])
		i++;
	common[i] = 0;
}

bool complete_offer(struct complete *complete, const char *name, bool is_folder)
{
	if (strncmp(name, complete->start, complete->length) != 0)
		return false;
	if (complete->found++)
		shorten(complete->common, name);
	else
		strlcpy(complete->common, name, sizeof(complete->common));
	complete->folder_found = is_folder;
	return true;
}

void complete_rest(const struct complete *complete, char rest[COMPLETE_MAX + 1])
{
	u32 length = 0;

	if (complete->found)
		length = (u32)strlcpy(rest, complete->common + complete->length, COMPLETE_MAX);
	if (complete->found == 1)
		rest[length++] = complete->folder_found ? '/' : ' ';
	rest[length] = 0;
}
