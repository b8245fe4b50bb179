/* From a line to pipelines: see parse.h. */
#include "user/sh/parse.h"

#include "lib/compiler.h"
#include "lib/string.h"

enum token {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_PIPE,
	TOKEN_NEXT,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_BACKGROUND,
	TOKEN_IN,
	TOKEN_OUT,
	TOKEN_APPEND,
	TOKEN_DUP,
	TOKEN_FAULT
};

struct reader {
	struct parsed *parsed;
	const char *at;    /* behind the token */
	const char *start; /* of the token */
	enum token token;
	const char *word;
	u32 fd; /* of a redirection */
};

static const struct {
	const char *text;
	enum token token;
} operators[] = { { "&&", TOKEN_AND }, { "||", TOKEN_OR }, { ">>", TOKEN_APPEND },
	{ ">&", TOKEN_DUP }, { "|", TOKEN_PIPE }, { ";", TOKEN_NEXT }, { "&", TOKEN_BACKGROUND },
	{ "<", TOKEN_IN }, { ">", TOKEN_OUT }, { "\n", TOKEN_NEXT } };

/* ---- Tokens ---- */

static bool set_fault(struct reader *reader, const char *fault)
{
	if (!reader->parsed->fault)
		reader->parsed->fault = fault;
	reader->token = TOKEN_FAULT;
	return false;
}

static bool ends_word(char c) { return !c || strchr(" \t\r\n;&|<>", c); }

/* The end of what the quote at `at` begins; NULL: it has none. */
static const char *behind_quoted(const char *at)
{
	char quote = *at++;

	while (*at && *at != quote)
		at += quote == '"' && *at == '\\' && at[1] ? 2 : 1;
	return *at ? at + 1 : NULL;
}

static const char *behind_word(const char *at)
{
	while (at && !ends_word(*at)) {
		if (*at == '\'' || *at == '"')
			at = behind_quoted(at);
		else
			at += *at == '\\' && at[1] ? 2 : 1;
	}
	return at;
}

static void read_word(struct reader *reader)
{
	struct parsed *parsed = reader->parsed;
	const char *end = behind_word(reader->at);
	u32 length;

	if (!end) {
		set_fault(reader, "a quote is not closed");
		return;
	}
	length = (u32)(end - reader->at);
	if (parsed->used + length + 1 > sizeof(parsed->text)) {
		set_fault(reader, "the line is too long");
		return;
	}
	reader->word = memcpy(parsed->text + parsed->used, reader->at, length);
	parsed->used += length;
	parsed->text[parsed->used++] = 0;
	reader->at = end;
	reader->token = TOKEN_WORD;
}

static bool read_operator(struct reader *reader)
{
	for (u32 i = 0; i < ARRAY_SIZE(operators); i++) {
		size_t length = strlen(operators[i].text);

		if (strncmp(reader->at, operators[i].text, length) != 0)
			continue;
		reader->token = operators[i].token;
		reader->at += length;
		return true;
	}
	return false;
}

/* A digit directly before < or > is the descriptor. */
static bool read_fd(struct reader *reader)
{
	const char *at = reader->at;

	reader->fd = at[0] == '<' ? 0 : 1;
	if (at[0] < '0' || at[0] > '9' || (at[1] != '<' && at[1] != '>'))
		return false;
	reader->fd = (u32)(at[0] - '0');
	reader->at++;
	return true;
}

static void skip_blanks(struct reader *reader)
{
	while (*reader->at && strchr(" \t\r", *reader->at))
		reader->at++;
	if (*reader->at == '#')
		while (*reader->at && *reader->at != '\n')
			reader->at++;
}

static void next(struct reader *reader)
{
	if (reader->token == TOKEN_FAULT)
		return;
	skip_blanks(reader);
	reader->start = reader->at;
	if (!*reader->at) {
		reader->token = TOKEN_END;
		return;
	}
	read_fd(reader);
	if (!read_operator(reader))
		read_word(reader);
}

/* ---- Grammar ---- */

static bool add_word(struct reader *reader, struct command *command)
{
	struct parsed *parsed = reader->parsed;

	if (parsed->words == WORDS_MAX)
		return set_fault(reader, "there are too many words");
	parsed->word[parsed->words++] = reader->word;
	command->words++;
	next(reader);
	return true;
}

static bool add_redirect(struct reader *reader, struct command *command)
{
	struct parsed *parsed = reader->parsed;
	struct redirect *redirect = &parsed->redirect[parsed->redirects];

	if (parsed->redirects == REDIRECTS_MAX)
		return set_fault(reader, "there are too many redirections");
	if (reader->fd > 2)
		return set_fault(reader, "only 0, 1 and 2 can stand before < or >");
	redirect->kind = (enum redirect_kind)(reader->token - TOKEN_IN);
	redirect->fd = reader->fd;
	next(reader);
	if (reader->token != TOKEN_WORD)
		return set_fault(reader, "a file's name is missing behind < or >");
	redirect->file = reader->word;
	parsed->redirects++;
	command->redirects++;
	next(reader);
	return true;
}

static bool is_redirect(enum token token) { return token >= TOKEN_IN && token <= TOKEN_DUP; }

static bool read_command(struct reader *reader)
{
	struct parsed *parsed = reader->parsed;
	struct command *command = &parsed->command[parsed->commands];
	bool good = true;

	if (parsed->commands == COMMANDS_MAX)
		return set_fault(reader, "there are too many commands");
	*command = (struct command){ .word = parsed->words, .redirect = parsed->redirects };
	while (good && (reader->token == TOKEN_WORD || is_redirect(reader->token)))
		good = reader->token == TOKEN_WORD ? add_word(reader, command)
						   : add_redirect(reader, command);
	if (good && !command->words && !command->redirects)
		return set_fault(reader, "a command is missing");
	parsed->commands++;
	return good;
}

static enum after after_of(enum token token)
{
	switch (token) {
	case TOKEN_AND: return AFTER_AND;
	case TOKEN_OR: return AFTER_OR;
	case TOKEN_BACKGROUND: return AFTER_BACKGROUND;
	default: return AFTER_NEXT;
	}
}

static u32 trimmed(const char *start, const char *end)
{
	while (end > start && strchr(" \t\r", end[-1]))
		end--;
	return (u32)(end - start);
}

static bool read_pipeline(struct reader *reader)
{
	struct parsed *parsed = reader->parsed;
	struct pipeline *pipeline = &parsed->pipeline[parsed->pipelines];
	bool good;

	if (parsed->pipelines == PIPELINES_MAX)
		return set_fault(reader, "there are too many pipelines");
	*pipeline = (struct pipeline){ .command = parsed->commands, .start = reader->start };
	good = read_command(reader);
	while (good && reader->token == TOKEN_PIPE) {
		next(reader);
		good = read_command(reader);
	}
	if (!good)
		return false;
	pipeline->commands = parsed->commands - pipeline->command;
	pipeline->length = trimmed(pipeline->start, reader->start);
	pipeline->after = after_of(reader->token);
	parsed->pipelines++;
	return true;
}

static void skip_ends_of_lines(struct reader *reader)
{
	while (reader->token == TOKEN_NEXT && *reader->start == '\n')
		next(reader);
}

bool parse(struct parsed *parsed, const char *line)
{
	struct reader reader = { .parsed = parsed, .at = line };
	bool open = false; /* && or || stands before */

	parsed->fault = NULL;
	parsed->words = parsed->commands = parsed->pipelines = parsed->redirects = 0;
	parsed->used = 0;
	next(&reader);
	skip_ends_of_lines(&reader);
	while ((reader.token != TOKEN_END || open) && read_pipeline(&reader)) {
		open = reader.token == TOKEN_AND || reader.token == TOKEN_OR;
		if (reader.token != TOKEN_END)
			next(&reader);
		skip_ends_of_lines(&reader);
	}
	return !parsed->fault;
}
