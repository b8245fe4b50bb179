/* The command line: what each option sets, what is refused and named. */
#include "fake/machine.h"
#include "host.h"

#include "arch/x86/console/console.h"
#include "arch/x86/console/panic.h"
#include "kernel/cmdline.h"
#include "lib/words.h"
#include "mm/boot/options.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

bool panic_exits;

static void parse(const char *line)
{
	machine_new(1);
	panic_exits = false;
	console_loglevel = LOG_INFO;
	cmdline_parse(line);
}

static void check_silent(void) { CHECK(!console_text[0], "said: %s", console_text); }

static void nothing_given(void **state)
{
	(void)state;
	parse(" \t ");
	check_silent();
	CHECK_EQUAL(kernel_options.until, 9);
	CHECK_EQUAL(kernel_options.maxcpus, NR_CPUS);
	CHECK(!kernel_options.exit && !kernel_options.bench_asked && !kernel_options.selftest[0],
		"an option that was not given");
	CHECK(!mm_options.nolarge && !mm_options.highmem_set && !mm_options.kmap_lazy,
		"an option that was not given");
}

static void all_given(void **state)
{
	(void)state;
	parse("selftest=pkmap,mm\tuntil=0 exit  highmem=32M lowmem=0x10000k pgt_cache=3,9 pkmap_tables=7\nkmap_flush=lazy maxcpus=1 "
	      "nolarge loglevel=4\r");
	check_silent();
	CHECK(!strcmp(kernel_options.selftest, "pkmap,mm"), "selftest=%s", kernel_options.selftest);
	CHECK_EQUAL(kernel_options.until, 0);
	CHECK(kernel_options.exit && panic_exits, "exit");
	CHECK(mm_options.highmem_set, "highmem=");
	CHECK_EQUAL(mm_options.highmem_bytes, 32u << 20);
	CHECK_EQUAL(mm_options.lowmem_bytes, 64u << 20);
	CHECK_EQUAL(mm_options.pgt_low, 3);
	CHECK_EQUAL(mm_options.pgt_high, 9);
	CHECK_EQUAL(mm_options.pkmap_tables, 7);
	CHECK(mm_options.kmap_lazy, "kmap_flush=lazy");
	CHECK_EQUAL(kernel_options.maxcpus, 1);
	CHECK(mm_options.nolarge, "nolarge");
	CHECK_EQUAL(console_loglevel, LOG_DEBUG);
}

static void borders(void **state)
{
	(void)state;
	parse("until=9 maxcpus=32 loglevel=0 pgt_cache=4096,4096 highmem=0 pkmap_tables=1");
	check_silent();
	CHECK_EQUAL(kernel_options.until, 9);
	CHECK_EQUAL(kernel_options.maxcpus, 32);
	CHECK_EQUAL(console_loglevel, LOG_ERROR);
	CHECK_EQUAL(mm_options.pgt_low, 4096);
	CHECK_EQUAL(mm_options.pgt_high, 4096);
	CHECK(mm_options.highmem_set && mm_options.highmem_bytes == 0, "highmem=0");
	parse("kmap_flush=lazy kmap_flush=book");
	check_silent();
	CHECK(!mm_options.kmap_lazy, "the last one counts");
}

/* Each alone: it is named, and sets nothing. */
static const char *const wrong[] = {
	"until=10",
	"until=",
	"until=3x",
	"until",
	"maxcpus=0",
	"maxcpus=33",
	"loglevel=5",
	"highmem=1T",
	"highmem=",
	"lowmem=0",
	"lowmem=12Q",
	"pgt_cache=5,4",
	"pgt_cache=5",
	"pgt_cache=5:6",
	"pgt_cache=0,4097",
	"pkmap_tables=0",
	"kmap_flush=both",
	"exit=1",
	"nolarge=0",
	"selftest=",
	"until=-1",
	"EXIT",
	"=",
	"nolarg",
	"nolargee",
	"run=",
	"run",
	"ping",
	"ping=9",
	"ping=60001",
	"run=\"\"",
	"until=3\"",
	"\"until=3",
	"un\\til=3",
};

static void wrong_values(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(wrong); i++) {
		parse(wrong[i]);
		CHECK(strstr(console_text, "ignored"), "'%s': nothing is said", wrong[i]);
		CHECK(strstr(console_text, wrong[i]) ||
				!strncmp(console_text, "command line: ", 14),
			"'%s': %s", wrong[i], console_text);
		CHECK(kernel_options.until == 9 && kernel_options.maxcpus == NR_CPUS &&
				!kernel_options.exit && !panic_exits,
			"'%s' counts", wrong[i]);
		CHECK(!mm_options.highmem_set && !mm_options.lowmem_bytes && !mm_options.nolarge &&
				console_loglevel == LOG_INFO,
			"'%s' counts", wrong[i]);
	}
}

/* A word that is too long is cut, and what follows it is a word of its own. */
static void long_words(void **state)
{
	char line[2000];

	(void)state;
	memset(line, 'x', sizeof(line));
	strcpy(line + 1500, " until=3");
	parse(line);
	CHECK(strstr(console_text, "ignored"), "a word of 1500 letters is known");
	CHECK_EQUAL(kernel_options.until, 3);
	memcpy(line, "selftest=", 9);
	parse(line);
	CHECK(strstr(console_text, "ignored") && !kernel_options.selftest[0],
		"selftest= of 1500 letters: %s", kernel_options.selftest);
}

/* What QEMU and GRUB pass on for the same words; the kernel leaves run= to the first task. */
static void quoted_words(void **state)
{
	(void)state;
	parse("run=\"test a b\" until=3 \"maxcpus=2\"");
	check_silent();
	CHECK_EQUAL(kernel_options.until, 3);
	CHECK_EQUAL(kernel_options.maxcpus, 2);
	parse("\"run=test a \\\"b c\\\"\" until=4");
	check_silent();
	CHECK_EQUAL(kernel_options.until, 4);
	parse("maxcpus=2 run=\"test until=5");
	CHECK(strstr(console_text, "quotes are not closed"), "said: %s", console_text);
	CHECK_EQUAL(kernel_options.maxcpus, 2);
	CHECK_EQUAL(kernel_options.until, 9);
}

static const struct {
	const char *line, *word;
	enum word_kind kind;
} word_cases[] = {
	{ " \t\r\n", "", WORD_END },
	{ " ab cd", "ab", WORD_GOOD },
	{ "a\"b c\"d e", "ab cd", WORD_GOOD },
	{ "\"\" a", "", WORD_GOOD },
	{ "a\\\"b c", "a\"b", WORD_GOOD },
	{ "a\\\\\"b c\"", "a\\b c", WORD_GOOD },
	{ "a\\b", "a\\b", WORD_GOOD },
	{ "a\\", "a\\", WORD_GOOD },
	{ "1234567", "1234567", WORD_GOOD },
	{ "12345678 a", "1234567", WORD_LONG },
	{ "a\"b c", "ab c", WORD_OPEN },
	{ "\"", "", WORD_OPEN },
};

static void words_of_a_line(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(word_cases); i++) {
		char word[8];
		struct words words = { .rest = word_cases[i].line, .word = word, .size = 8 };

		CHECK_EQUAL(words_next(&words), word_cases[i].kind);
		CHECK(!strcmp(word, word_cases[i].word), "'%s': '%s'", word_cases[i].line, word);
	}
}

/* Who wants figures waits for no tests. */
static void bench_and_tests(void **state)
{
	(void)state;
	parse("bench=kmap");
	check_silent();
	CHECK(kernel_options.bench_asked && !strcmp(kernel_options.bench, "kmap"), "bench=%s",
		kernel_options.bench);
	CHECK(!strcmp(kernel_options.selftest, "none"), "selftest=%s", kernel_options.selftest);
	parse("bench selftest=pkmap");
	check_silent();
	CHECK(kernel_options.bench_asked && !kernel_options.bench[0], "bench=%s",
		kernel_options.bench);
	CHECK(!strcmp(kernel_options.selftest, "pkmap"), "selftest=%s", kernel_options.selftest);
}

const struct CMUnitTest cmdline_tests[] = {
	cmocka_unit_test(nothing_given),
	cmocka_unit_test(all_given),
	cmocka_unit_test(borders),
	cmocka_unit_test(wrong_values),
	cmocka_unit_test(long_words),
	cmocka_unit_test(quoted_words),
	cmocka_unit_test(words_of_a_line),
	cmocka_unit_test(bench_and_tests),
};
const size_t cmdline_test_count = ARRAY_SIZE(cmdline_tests);
