/* The command line: one table of options, one function for each kind of value. */
#include "kernel/cmdline.h"

#include "arch/x86/console/console.h"
#include "arch/x86/console/panic.h"
#include "arch/x86/cpu/percpu.h"
#include "lib/compiler.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "lib/words.h"
#include "mm/boot/options.h"
#include "mm/pkmap/highmem.h"

#define MAX_WORD 640u
_Static_assert(PKMAP_TABLES_MAX == (PMD_FOLDED ? 7 : 14), "the text of pkmap_tables= below");
/* More tables than this in one quicklist is no cache any more. */
#define PGT_MARK_MAX 4096u

struct kernel_options kernel_options = { .until = LAST_STEP, .maxcpus = NR_CPUS };

static bool set_selftest(const char *value)
{
	if (!*value || strlen(value) >= sizeof(kernel_options.selftest))
		return false;
	strlcpy(kernel_options.selftest, value, sizeof(kernel_options.selftest));
	return true;
}

/* Alone, without a value, it is the whole set. */
static bool set_bench(const char *value)
{
	if (strlen(value) >= sizeof(kernel_options.bench))
		return false;
	strlcpy(kernel_options.bench, value, sizeof(kernel_options.bench));
	kernel_options.bench_asked = true;
	return true;
}

/* The whole value is a number from `least` to `most`. */
static bool set_number(const char *value, u32 least, u32 most, u32 *to)
{
	u32 n;
	const char *rest = parse_u32(value, &n);

	if (!rest || *rest || n < least || n > most)
		return false;
	*to = n;
	return true;
}

static bool set_size(const char *value, u64 *to)
{
	u64 bytes;
	const char *rest = parse_size(value, &bytes);

	if (!rest || *rest)
		return false;
	*to = bytes;
	return true;
}

static bool set_until(const char *value)
{
	return set_number(value, 0, LAST_STEP, &kernel_options.until);
}

static bool set_maxcpus(const char *value)
{
	return set_number(value, 1, NR_CPUS, &kernel_options.maxcpus);
}

static bool set_loglevel(const char *value)
{
	return set_number(value, LOG_ERROR, LOG_DEBUG, &console_loglevel);
}

static bool set_highmem(const char *value)
{
	if (!set_size(value, &mm_options.highmem_bytes))
		return false;
	mm_options.highmem_set = true;
	return true;
}

static bool set_lowmem(const char *value)
{
	u64 bytes;

	if (!set_size(value, &bytes) || !bytes)
		return false;
	mm_options.lowmem_bytes = bytes;
	return true;
}

static bool set_pgt_cache(const char *value)
{
	u32 low, high;
	const char *rest = parse_u32(value, &low);

	if (!rest || *rest != ',' || !set_number(rest + 1, 0, PGT_MARK_MAX, &high) || low > high)
		return false;
	mm_options.pgt_low = low;
	mm_options.pgt_high = high;
	return true;
}

static bool set_pkmap_tables(const char *value)
{
	return set_number(value, 1, PKMAP_TABLES_MAX, &mm_options.pkmap_tables);
}

static bool set_kmap_flush(const char *value)
{
	mm_options.kmap_lazy = !strcmp(value, "lazy");
	return mm_options.kmap_lazy || !strcmp(value, "book");
}

static bool set_exit(const char *value)
{
	(void)value;
	kernel_options.exit = panic_exits = true;
	return true;
}

static bool set_nolarge(const char *value)
{
	(void)value;
	mm_options.nolarge = true;
	return true;
}

/* The first task reads it for itself, in the whole line. */
static bool set_run(const char *value)
{
	kernel_options.run_asked = *value;
	kernel_options.run_wrong = !*value;
	return *value;
}

/* root's too. */
static bool set_ping(const char *value)
{
	u32 ms;

	return set_number(value, 10, 60000, &ms);
}

static const struct option {
	const char *name;
	bool (*set)(const char *value); /* false: the value is wrong */
	const char *wants;              /* what the value must be; NULL: it takes none */
} options[] = {
	{ "selftest", set_selftest, "none, quick, full, mustfail or names" },
	{ "bench", set_bench, "all, quick, curves or beginnings of keys" },
	{ "until", set_until, "a step from 0 to 9" },
	{ "run", set_run, "a program and its arguments, with quotes around blanks" },
	{ "ping", set_ping, "milliseconds, from 10 to 60000" },
	{ "exit", set_exit, NULL },
	{ "highmem", set_highmem, "a size such as 512M" },
	{ "lowmem", set_lowmem, "a size such as 64M" },
	{ "pgt_cache", set_pgt_cache, "two numbers LOW,HIGH, LOW <= HIGH <= 4096" },
	{ "pkmap_tables", set_pkmap_tables, "a number from 1 to 7, with PAE to 14" },
	{ "kmap_flush", set_kmap_flush, "book or lazy" },
	{ "maxcpus", set_maxcpus, "a number from 1 to 32" },
	{ "nolarge", set_nolarge, NULL },
	{ "loglevel", set_loglevel, "a number from 0 to 4" },
};

static const struct option *find_option(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(options); i++)
		if (!strcmp(options[i].name, name))
			return &options[i];
	return NULL;
}

static void apply(char *word)
{
	char *equals = (char *)strchr(word, '=');
	const struct option *option;

	if (equals)
		*equals = 0;
	option = find_option(word);
	if (!option) {
		if (equals)
			*equals = '=';
		pr_warn("command line: unknown option '%.40s' ignored\n", word);
		return;
	}
	if (!option->wants && equals)
		pr_warn("command line: %s takes no value, ignored\n", word);
	else if (!option->set(equals ? equals + 1 : ""))
		pr_warn("command line: %s=%.40s ignored: it wants %s\n", word,
			equals ? equals + 1 : "", option->wants);
}

void cmdline_parse(const char *line)
{
	char word[MAX_WORD];
	struct words words = { .rest = line, .word = word, .size = MAX_WORD };
	enum word_kind kind;

	while ((kind = words_next(&words)) != WORD_END) {
		if (kind == WORD_GOOD)
			apply(word);
		else if (kind == WORD_OPEN)
			pr_warn("command line: '%.40s' ignored: its quotes are not closed\n", word);
		else
			pr_warn("command line: word of %u characters ignored, at most %u fit: '%.40s...'\n",
				words.length, MAX_WORD - 1, word);
	}
	/* Who wants figures waits for no tests, unless they are asked for too. */
	if (kernel_options.bench_asked && !kernel_options.selftest[0])
		strlcpy(kernel_options.selftest, "none", sizeof(kernel_options.selftest));
}
