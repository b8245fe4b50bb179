/* The shell's parsing, words, line editing and completion. */
#include "host.h"

#include "user/lib/tool/pattern.h"
#include "user/sh/complete.h"
#include "user/sh/edit.h"
#include "user/sh/expand.h"
#include "user/sh/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- Lines ---- */

static struct parsed parsed;

/* As text: words in [], '|' between commands, and behind a pipeline what stands there. */
static const char *told(const char *line)
{
	static char text[4096];
	int n = 0;

	if (!parse(&parsed, line))
		return parsed.fault;
	text[0] = 0;
	for (u32 i = 0; i < parsed.pipelines; i++) {
		const struct pipeline *pipeline = &parsed.pipeline[i];

		for (u32 j = 0; j < pipeline->commands; j++) {
			const struct command *command = &parsed.command[pipeline->command + j];

			n += sprintf(text + n, "%s", j ? "|" : "");
			for (u32 k = 0; k < command->words; k++)
				n += sprintf(text + n, "[%s]", parsed.word[command->word + k]);
			for (u32 k = 0; k < command->redirects; k++) {
				const struct redirect *redirect =
					&parsed.redirect[command->redirect + k];

				n += sprintf(text + n, "%u%c%s", redirect->fd,
					"<>+&"[redirect->kind], redirect -> file);
			}
		}
		n += sprintf(text + n, "%c", ";&o@"[pipeline->after]);
	}
	return text;
}

#define TELLS(line, wanted)                                                                        \
	do {                                                                                       \
		const char *got_ = told(line);                                                     \
		CHECK(!strcmp(got_, wanted), "%s: %s, not %s", line, got_, wanted);                \
	} while (0)

static void test_parse(void **state)
{
	(void)state;
	TELLS("", "");
	TELLS("  # nothing", "");
	TELLS("ls", "[ls];");
	TELLS("ls -l|sort | head # x", "[ls][-l]|[sort]|[head];");
	TELLS("a;b&&c||d&e;", "[a];[b]&[c]o[d]@[e];");
	TELLS("a<x>y>>z 2>e", "[a]0<x1>y1+z2>e;");
	TELLS(">x", "1>x;");
	TELLS("a 2>&1 >&2", "[a]2&11&2;");
	TELLS("a2>x", "[a2]1>x;");
	TELLS("echo 'a b'\"c;d\"e\\ f#g", "[echo]['a b'\"c;d\"e\\ f#g];");
	TELLS("a\n\nb &&\n c\n", "[a];[b]&[c];");
}

static void test_faults(void **state)
{
	(void)state;
	TELLS("|", "a command is missing");
	TELLS("a|", "a command is missing");
	TELLS("a;;b", "a command is missing");
	TELLS("a &&", "a command is missing");
	TELLS("&", "a command is missing");
	TELLS("a >", "a file's name is missing behind < or >");
	TELLS("a > > b", "a file's name is missing behind < or >");
	TELLS("a 2>&", "a file's name is missing behind < or >");
	TELLS("a 3>x", "only 0, 1 and 2 can stand before < or >");
	TELLS("echo 'a", "a quote is not closed");
	TELLS("echo \"a\\\"", "a quote is not closed");
}

/* Full arrays are a fault, not more. */
static void test_limits(void **state)
{
	static char line[3 * LINE_MAX];

	(void)state;
	for (u32 i = 0; i < sizeof(line) - 1; i++)
		line[i] = i % 2 ? ' ' : 'a';
	TELLS(line, "there are too many words");
	for (u32 i = 0; i < 4 * COMMANDS_MAX; i++)
		line[i] = i % 2 ? '|' : 'a';
	TELLS(line, "there are too many commands");
	for (u32 i = 0; i < 4 * PIPELINES_MAX; i++)
		line[i] = i % 2 ? ';' : 'a';
	CHECK(strstr(told(line), "too many"), "%s", told(line));
	memset(line, 'a', sizeof(line) - 1);
	TELLS(line, "the line is too long");
}

static const char *value(const char *name)
{
	if (!strcmp(name, "?") || !strcmp(name, "!"))
		return *name == '?' ? "7" : "8";
	return !strcmp(name, "NAME") ? "a b" : NULL;
}

/* No line of any bytes does harm; the sanitizers look on. */
static void test_random_lines(void **state)
{
	static const char letters[] = "ab |&;<>'\"\\$#\n2{}?";

	(void)state;
	random_begin(0x5E11);
	for (test_step = 0; test_step < rounds(3000); test_step++) {
		char line[64], out[32];
		bool nothing;
		u32 length = random_below(sizeof(line));

		for (u32 i = 0; i < length; i++)
			line[i] = letters[random_below(sizeof(letters) - 1)];
		line[length] = 0;
		if (parse(&parsed, line))
			for (u32 i = 0; i < parsed.words; i++)
				expand(parsed.word[i], value, out, sizeof(out), &nothing);
	}
}

/* ---- Words ---- */

static void expands(const char *word, const char *wanted, bool none)
{
	char text[64];
	bool nothing;

	CHECK(expand(word, value, text, sizeof(text), &nothing), "%s does not fit", word);
	CHECK(!strcmp(text, wanted), "%s: \"%s\", not \"%s\"", word, text, wanted);
	CHECK(nothing == none, "%s: %d", word, nothing);
}

static void test_expand(void **state)
{
	char text[4];
	bool nothing;

	(void)state;
	expands("plain", "plain", false);
	expands("$NAME$?", "a b7", false);
	expands("x${NAME}y", "xa by", false);
	expands("'$NAME'\"$NAME\"", "$NAMEa b", false);
	expands("$other", "", true);
	expands("\"$other\"", "", false);
	expands("''", "", false);
	expands("\\$NAME\\\\", "$NAME\\", false);
	expands("\"\\\"\\n\"", "\"\\n", false);
	expands("$!?'?'\"*\"\\*a*", "8\002?**a\001", false);
	expands("$", "$", false);
	expands("${NAME", "${NAME", false);
	CHECK(!expand("abcd", value, text, sizeof(text), &nothing), "four bytes and the 0");
	CHECK(expand("abc", value, text, sizeof(text), &nothing), "three bytes and the 0");
	CHECK_EQUAL(assigned_name("A_1=x"), 3);
	CHECK_EQUAL(assigned_name("1A=x") + assigned_name("A") + assigned_name("=x"), 0);
}

/* '*' and '?' stand for the signs. */
static bool fits(const char *pattern, const char *name)
{
	char marked[64];
	u32 n = 0;

	for (; pattern[n]; n++)
		marked[n] = pattern[n] == '*'   ? PATTERN_ANY
			    : pattern[n] == '?' ? PATTERN_ONE
						: pattern[n];
	marked[n] = 0;
	return pattern_fits(marked, name);
}

static void test_patterns(void **state)
{
	char word[] = "a/\001?\002";

	(void)state;
	CHECK(fits("*", "") && fits("*", "ab") && fits("a*", "a") && fits("*b*", "abc"), "any");
	CHECK(fits("a?c", "abc") && !fits("a?c", "ac") && !fits("?", ""), "one");
	CHECK(!fits("a*b", "abc") && fits("a*b", "abcb") && fits("*ab*ab", "xabyabab"), "back");
	CHECK(!fits("", "a") && fits("", "") && !fits("ab", "a"), "none");
	CHECK(!fits("*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), "long");
	CHECK(pattern_name(word) == word + 2, "behind the slash");
	CHECK(!pattern_name("a/b") && !pattern_name("\001/\001") && !pattern_name("\001/b"), "no");
	pattern_undo(word);
	CHECK(!strcmp(word, "a/*??"), "%s", word);
}

/* ---- The line that is typed ---- */

static struct edit edit;
static char row[EDIT_MAX + PROMPT_MAX]; /* what a terminal shows in its last row */
static u32 cursor, bells;

/* As much of a terminal as edit.c uses. */
static void show(const char *bytes, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		if (bytes[i] == '\r') {
			cursor = 0;
		} else if (bytes[i] == '\a') {
			bells++;
		} else if (bytes[i] == '\n') {
			cursor = 0;
			row[0] = 0;
		} else if (bytes[i] == '\033') {
			u32 number = 0;

			for (i += 2; bytes[i] >= '0' && bytes[i] <= '9'; i++)
				number = number * 10 + (u32)(bytes[i] - '0');
			if (bytes[i] == 'K')
				row[cursor] = 0;
			else if (bytes[i] == 'D')
				cursor -= number;
		} else {
			if (!row[cursor])
				row[cursor + 1] = 0;
			row[cursor++] = bytes[i];
		}
	}
	CHECK(cursor < edit.columns, "column %u", cursor);
}

static void begin(u32 columns)
{
	cursor = row[0] = 0;
	edit.show = show;
	edit.columns = columns;
	edit_begin(&edit, "$ ");
}

static enum edit_result put(const char *keys)
{
	enum edit_result result = EDIT_MORE;

	while (*keys)
		result = edit_put(&edit, (u8)*keys++);
	return result;
}

static void shows(const char *wanted, u32 column)
{
	CHECK(!strcmp(row, wanted), "the row is \"%s\", not \"%s\"", row, wanted);
	CHECK_EQUAL(cursor, column);
}

#define LEFT "\033[D"
#define UP "\033[A"
#define DOWN "\033[B"

static void test_edit(void **state)
{
	(void)state;
	memset(&edit, 0, sizeof(edit));
	begin(80);
	put("ac" LEFT "b");
	shows("$ abc", 4);
	put("\001x\005y\033[1~\033[3~");
	shows("$ abcy", 2);
	put("\006\b");
	shows("$ bcy", 2);
	put("\005 word\027");
	shows("$ bcy ", 6);
	put("\002\002\013");
	shows("$ bc", 4);
	CHECK_EQUAL(put("\r"), EDIT_LINE);
	CHECK(!strcmp(edit.text, "bc"), "\"%s\"", edit.text);
	begin(80);
	CHECK_EQUAL(put("\004"), EDIT_END);
	CHECK_EQUAL(put("a\003"), EDIT_INTERRUPT);
	CHECK_EQUAL(put("\033[\003"), EDIT_INTERRUPT);
	CHECK_EQUAL(put("\033\r"), EDIT_LINE);
	CHECK_EQUAL(put("\t"), EDIT_COMPLETE);
}

static void enter(const char *line)
{
	begin(80);
	put(line);
	put("\r");
	edit_keep(&edit);
}

static void test_history(void **state)
{
	(void)state;
	memset(&edit, 0, sizeof(edit));
	enter("one");
	enter("two");
	enter("two");
	enter("");
	begin(80);
	put("thr" UP);
	shows("$ two", 5);
	put(UP);
	shows("$ one", 5);
	bells = 0;
	put(UP);
	CHECK_EQUAL(bells, 1);
	put(DOWN DOWN);
	shows("$ thr", 5);
	put(DOWN);
	CHECK_EQUAL(bells, 2);
	for (u32 i = 0; i < 2 * HISTORY; i++)
		enter(i % 2 ? "odd" : "even");
	begin(80);
	for (u32 i = 0; i < HISTORY; i++)
		put(UP);
	CHECK_EQUAL(bells, 2);
	put(UP);
	CHECK_EQUAL(bells, 3);
}

/* A line longer than the row is seen through a window; the row never wraps (show() checks). */
static void test_long_line(void **state)
{
	(void)state;
	memset(&edit, 0, sizeof(edit));
	begin(20);
	for (u32 i = 0; i < EDIT_MAX - 1; i++)
		put("a");
	bells = 0;
	put("bb");
	CHECK_EQUAL(bells, 1);
	CHECK_EQUAL(edit.length, EDIT_MAX - 1);
	CHECK_EQUAL(edit_put(&edit, '\r'), EDIT_TOO_LONG);
	put("\b");
	CHECK_EQUAL(edit_put(&edit, '\r'), EDIT_LINE);
	put("b");
	for (u32 i = 0; i < EDIT_MAX; i++)
		put(LEFT);
	shows("$ aaaaaaaaaaaaaaaaa", 2);
}

/* Any bytes: length and cursor stay inside. */
static void test_random_keys(void **state)
{
	(void)state;
	memset(&edit, 0, sizeof(edit));
	random_begin(0xED17);
	begin(30);
	for (test_step = 0; test_step < rounds(30000); test_step++) {
		enum edit_result result = edit_put(
			&edit, (u8)(one_in(3) ? random_below(256) : 'a' + random_below(26)));

		CHECK(edit.length < EDIT_MAX && edit.at <= edit.length, "%u of %u", edit.at,
			edit.length);
		CHECK_EQUAL(strlen(edit.text), edit.length);
		if (result != EDIT_LINE)
			continue;
		edit_keep(&edit);
		begin(30);
	}
}

/* ---- Completion ---- */

static const char *rest(const char *line, const char *const *names)
{
	static char text[COMPLETE_REST];
	struct complete complete;

	CHECK(complete_begin(&complete, line, (u32)strlen(line)), "%s", line);
	for (; *names; names++)
		complete_offer(&complete, *names, (*names)[0] == 'F');
	complete_rest(&complete, text);
	return text;
}

static void test_complete(void **state)
{
	static const char *const names[] = { "head", "help", "hello", "Folder", "x'y z", "a",
		NULL };
	struct complete complete;

	(void)state;
	CHECK(!strcmp(rest("he", names), ""), "%s", rest("he", names));
	CHECK(!strcmp(rest("hea", names), "d "), "%s", rest("hea", names));
	CHECK(!strcmp(rest("cat hel", names), ""), "%s", rest("cat hel", names));
	CHECK(!strcmp(rest("cat x/F", names), "older/"), "%s", rest("cat x/F", names));
	CHECK(!strcmp(rest("nothing", names), ""), "%s", rest("nothing", names));
	CHECK(!strcmp(rest("cat x", names), "\\'y\\ z "), "%s", rest("cat x", names));
	complete_begin(&complete, "a | he", 6);
	CHECK(complete.command, "behind a bar a command begins");
	complete_begin(&complete, "trace he", 8);
	CHECK(complete.command, "behind trace too");
	complete_begin(&complete, "retrace he", 10);
	CHECK(!complete.command, "but not behind retrace");
	complete_begin(&complete, "a he", 4);
	CHECK(!complete.command && !strcmp(complete.folder, "."), "%s", complete.folder);
	complete_begin(&complete, "a >/bin/he", 10);
	CHECK(!complete.command && !strcmp(complete.folder, "/bin/"), "%s", complete.folder);
}

const struct CMUnitTest shell_tests[] = {
	cmocka_unit_test(test_parse),
	cmocka_unit_test(test_faults),
	cmocka_unit_test(test_limits),
	cmocka_unit_test(test_random_lines),
	cmocka_unit_test(test_expand),
	cmocka_unit_test(test_patterns),
	cmocka_unit_test(test_edit),
	cmocka_unit_test(test_history),
	cmocka_unit_test(test_long_line),
	cmocka_unit_test(test_random_keys),
	cmocka_unit_test(test_complete),
};
const size_t shell_test_count = ARRAY_SIZE(shell_tests);
