/* What the kernel's command line says to root: see command.h. */
#include "user/root/command.h"

#include "lib/parse.h"
#include "lib/string.h"
#include "lib/words.h"

static void find_value(const char *line, const char *option, char *value)
{
	char word[COMMAND_SIZE];
	struct words words = { .rest = line, .word = word, .size = sizeof(word) };
	enum word_kind kind;

	value[0] = 0;
	while ((kind = words_next(&words)) != WORD_END)
		if (kind == WORD_GOOD && !strncmp(word, option, strlen(option)))
			strlcpy(value, word + strlen(option), COMMAND_SIZE);
}

/* Each word goes behind the last one; together they are no longer than the value and their ends. */
static enum word_kind split(struct command *command)
{
	struct words words = {
		.rest = command->value, .word = command->text, .size = sizeof(command->text)
	};
	enum word_kind kind;

	while ((kind = words_next(&words)) == WORD_GOOD) {
		if (command->count == COMMAND_ARGUMENTS)
			return WORD_LONG;
		command->argument[command->count++] = words.word;
		words.word += words.length + 1;
		words.size -= words.length + 1;
	}
	return kind;
}

void command_parse(const char *line, struct command *command)
{
	enum word_kind kind;

	memset(command, 0, sizeof(*command));
	find_value(line, "run=", command->value);
	kind = split(command);
	if (kind == WORD_OPEN)
		command->fault = "its quotes are not closed";
	else if (kind == WORD_LONG)
		command->fault = "it has too many words";
}

u32 command_ping(const char *line)
{
	char value[COMMAND_SIZE];
	u32 ms;

	find_value(line, "ping=", value);
	if (!parse_u32(value, &ms) || ms < PING_MIN || ms > PING_MAX)
		ms = PING_USUAL;
	return ms;
}
