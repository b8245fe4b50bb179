/* Patterns of file names: see pattern.h. */
#include "user/lib/tool/pattern.h"

#include "lib/string.h"

static bool is_sign(char c) { return c == PATTERN_ANY || c == PATTERN_ONE; }

static bool has_signs(const char *from, const char *end)
{
	for (; from != end; from++)
		if (is_sign(*from))
			return true;
	return false;
}

const char *pattern_name(const char *word)
{
	const char *name = word;

	for (const char *at = word; *at; at++)
		if (*at == '/')
			name = at + 1;
	return has_signs(name, name + strlen(name)) && !has_signs(word, name) ? name : NULL;
}

/* What ANY stood for last is made one byte longer whenever the rest does not fit. */
bool pattern_fits(const char *pattern, const char *name)
{
	const char *any = NULL, *behind = NULL;

	while (*name) {
		if (*pattern == PATTERN_ANY) {
			any = pattern++;
			behind = name;
		} else if (*pattern && (*pattern == PATTERN_ONE || *pattern == *name)) {
			pattern++;
			name++;
		} else if (any) {
			pattern = any + 1;
			name = ++behind;
		} else {
			return false;
		}
	}
	while (*pattern == PATTERN_ANY)
		pattern++;
	return !*pattern;
}

void pattern_undo(char *word)
{
	for (; *word; word++)
		if (is_sign(*word))
			*word = *word == PATTERN_ANY ? '*' : '?';
}
