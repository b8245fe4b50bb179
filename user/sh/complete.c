/* Completion: see complete.h. */
#include "user/sh/complete.h"

#include "lib/compiler.h"
#include "lib/string.h"

static bool ends_command(char c) { return c == ';' || c == '|' || c == '&'; }

static bool ends_word(char c) { return ends_command(c) || c == ' ' || c == '<' || c == '>'; }

/* Before it a command may stand. */
#define TRACE "trace"

/* Whether a command begins at `at`. */
static bool is_first(const char *line, u32 at)
{
	while (at && line[at - 1] == ' ')
		at--;
	if (!at || ends_command(line[at - 1]))
		return true;
	return at >= strlen(TRACE) && !strncmp(line + at - strlen(TRACE), TRACE, strlen(TRACE)) &&
	       is_first(line, at - (u32)strlen(TRACE));
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

static bool is_sign(char c) { return strchr(" ;|&<>'\"\\$#*?", c); }

void complete_rest(const struct complete *complete, char rest[COMPLETE_REST])
{
	const char *from = complete->common + complete->length;
	u32 length = 0;

	for (; complete->found && *from; from++) {
		if (is_sign(*from))
			rest[length++] = '\\';
		rest[length++] = *from;
	}
	if (complete->found == 1)
		rest[length++] = complete->folder_found ? '/' : ' ';
	rest[length] = 0;
}
