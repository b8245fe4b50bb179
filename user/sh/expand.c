/* Quotes and variables: see expand.h. */
#include "user/sh/expand.h"

#include "lib/string.h"
#include "user/lib/tool/pattern.h"

#define NAME_SIZE 64u

struct output {
	char *to;
	u32 room, length;
	bool quoted, full;
};

static void put(struct output *out, char c)
{
	if (out->length + 1 >= out->room)
		out->full = true;
	else
		out->to[out->length++] = c;
}

static void put_text(struct output *out, const char *text)
{
	for (; text && *text; text++)
		put(out, *text);
}

static bool begins_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static u32 name_length(const char *at)
{
	u32 length = 0;

	if ((*at && strchr("?$!", *at)) || is_digit(*at))
		return 1;
	if (!begins_name(*at))
		return 0;
	while (begins_name(at[length]) || is_digit(at[length]))
		length++;
	return length;
}

/* `at` is behind the '$'; what follows the name. */
static const char *put_variable(struct output *out, const char *at, value_of *value)
{
	char name[NAME_SIZE];
	bool braces = *at == '{';
	u32 length = name_length(at + braces);

	if (!length || length >= NAME_SIZE || (braces && at[1 + length] != '}')) {
		put(out, '$');
		out->quoted = true;
		return at;
	}
	memcpy(name, at + braces, length);
	name[length] = 0;
	put_text(out, value(name));
	return at + length + (braces ? 2 : 0);
}

static const char *put_single(struct output *out, const char *at)
{
	while (*at && *at != '\'')
		put(out, *at++);
	return *at ? at + 1 : at;
}

/* Between double quotes '\' stands before '"', '\' and '$' alone. */
static const char *put_double(struct output *out, const char *at, value_of *value)
{
	while (*at && *at != '"') {
		if (*at == '$') {
			at = put_variable(out, at + 1, value);
		} else {
			if (*at == '\\' && at[1] && strchr("\"\\$", at[1]))
				at++;
			put(out, *at++);
		}
	}
	return *at ? at + 1 : at;
}

static const char *put_next(struct output *out, const char *at, value_of *value)
{
	if (*at == '$')
		return put_variable(out, at + 1, value);
	out->quoted = true;
	if (*at == '\'')
		return put_single(out, at + 1);
	if (*at == '"')
		return put_double(out, at + 1, value);
	if (*at == '*' || *at == '?') {
		put(out, *at == '*' ? PATTERN_ANY : PATTERN_ONE);
		return at + 1;
	}
	if (*at == '\\' && at[1])
		at++;
	put(out, *at);
	return at + 1;
}

bool expand(const char *word, value_of *value, char *to, u32 room, bool *nothing)
{
	struct output out = { .to = to, .room = room };

	while (*word)
		word = put_next(&out, word, value);
	to[out.length] = 0;
	*nothing = !out.length && !out.quoted;
	return !out.full;
}

u32 assigned_name(const char *word)
{
	u32 length = begins_name(*word) ? name_length(word) : 0;

	return length && word[length] == '=' ? length : 0;
}
