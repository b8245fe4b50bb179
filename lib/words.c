/* Words between blanks, with quotes: see words.h. */
#include "lib/words.h"

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static bool is_escape(const char *at)
{
	return at[0] == '\\' && (at[1] == '"' || at[1] == '\'' || at[1] == '\\');
}

static void put(struct words *words, char c)
{
	if (words->length + 1 < words->size)
		words->word[words->length] = c;
	words->length++;
}

/* Copies up to the blank that ends the word; returns whether quotes are still open there. */
static bool copy_word(struct words *words)
{
	bool quoted = false;
	const char *at = words->rest;

	for (; *at && (quoted || !is_blank(*at)); at++) {
		if (*at == '"') {
			quoted = !quoted;
			continue;
		}
		if (is_escape(at))
			at++;
		put(words, *at);
	}
	words->rest = at;
	return quoted;
}

enum word_kind words_next(struct words *words)
{
	bool open;

	words->length = 0;
	words->word[0] = 0;
	while (is_blank(*words->rest))
		words->rest++;
	if (!*words->rest)
		return WORD_END;
	open = copy_word(words);
	words->word[words->length < words->size ? words->length : words->size - 1] = 0;
	if (open)
		return WORD_OPEN;
	return words->length < words->size ? WORD_GOOD : WORD_LONG;
}
