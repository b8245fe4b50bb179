/* The runner: which benchmarks, one line for each, BENCH-END. */
#include "tests/bench/bench.h"

#include "arch/x86/console/console.h"
#include "arch/x86/console/serial.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/paging/pgtable.h"
#include "arch/x86/paging/tlb.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/ipi.h"
#include "kernel/testing.h"
#include "lib/string.h"
#include "mm/boot/options.h"
#include "mm/pkmap/highmem.h"

/* bench=quick divides every count by this: to see that each key runs. */
#define QUICK_DIVISOR 100u

#if defined(CONFIG_DEBUG)
#define BUILD_KIND "-debug"
#elif defined(CONFIG_POISON)
#define BUILD_KIND "-poison"
#else
#define BUILD_KIND ""
#endif

extern const struct benchmark benchmarks_start[], benchmarks_end[];

static char tag[64];
static bool quick, failed;

/* ---- One measurement ---- */

u32 bench_count(u32 n) { return quick ? MAX(1u, n / QUICK_DIVISOR) : n; }

static struct events events_now(void)
{
	struct events sum = { .rounds = kmap_stats.flushes };

	for_each_cpu(cpu, cpus_online()) {
		sum.ipis += *per_cpu(ipis_sent, cpu);
		sum.full_flushes += per_cpu(tlb_stats, cpu)->full_flushes;
		sum.invlpgs += per_cpu(tlb_stats, cpu)->invlpgs;
		sum.cr3_loads += per_cpu(tlb_stats, cpu)->cr3_loads;
	}
	return sum;
}

void measure_begin(struct measurement *m, const char *key, u32 operations, u32 per)
{
	*m = (struct measurement){ .key = key, .per = per, .least = ~0ull };
	m->batches = MAX(1u, bench_count(operations) / per);
}

bool measure_more(const struct measurement *m) { return m->done < m->batches; }

void events_start(struct measurement *m) { m->before = events_now(); }

void events_stop(struct measurement *m)
{
	struct events now = events_now();

	m->sum.ipis += now.ipis - m->before.ipis;
	m->sum.full_flushes += now.full_flushes - m->before.full_flushes;
	m->sum.invlpgs += now.invlpgs - m->before.invlpgs;
	m->sum.cr3_loads += now.cr3_loads - m->before.cr3_loads;
	m->sum.rounds += now.rounds - m->before.rounds;
}

void measure_add(struct measurement *m, u64 ticks)
{
	m->total += ticks;
	m->least = MIN(m->least, ticks);
	m->done++;
}

/* " name=1.234": events per thousand operations. */
static void print_rate(const char *name, u32 events, u32 operations)
{
	u64 thousandths = (u64)events * 1000000 / operations;

	console_printf(" %s=%llu.%03llu", name, thousandths / 1000, thousandths % 1000);
}

void measure_report(const struct measurement *m)
{
	u32 operations = m->done * m->per;

	console_printf(
		"BENCH %s %s %u %llu %u %llu", tag, m->key, operations, m->total, m->per, m->least);
	print_rate("ipis", m->sum.ipis, operations);
	print_rate("full_flushes", m->sum.full_flushes, operations);
	print_rate("invlpg", m->sum.invlpgs, operations);
	print_rate("cr3_loads", m->sum.cr3_loads, operations);
	print_rate("rounds", m->sum.rounds, operations);
	console_printf("\n");
	serial_flush();
}

void bench_skip(const char *key, const char *reason)
{
	console_printf("INFO %s %s left out: %s\n", tag, key, reason);
	serial_flush();
}

void bench_fail(const char *key, const char *reason)
{
	console_printf("INFO %s %s failed: %s\n", tag, key, reason);
	serial_flush();
	failed = true;
}

/* ---- Distributions ---- */

/* The heap below `root` is in order but for `root` itself. */
static void sift_down(u32 *a, u32 root, u32 n)
{
	u32 value = a[root], child;

	for (; (child = 2 * root + 1) < n; root = child) {
		if (child + 1 < n && a[child + 1] > a[child])
			child++;
		if (a[child] <= value)
			break;
		a[root] = a[child];
	}
	a[root] = value;
}

static void sort(u32 *a, u32 n)
{
	for (u32 i = n / 2; i-- > 0;)
		sift_down(a, i, n);
	while (n-- > 1) {
		u32 largest = a[0];

		a[0] = a[n];
		a[n] = largest;
		sift_down(a, 0, n);
	}
}

void report_distribution(const char *key, u32 *samples, u32 n)
{
	sort(samples, n);
	console_printf("DIST %s %s n=%u min=%u p50=%u p90=%u p99=%u max=%u\n", tag, key, n,
		samples[0], samples[n / 2], samples[(u32)((u64)n * 9 / 10)],
		samples[(u32)((u64)n * 99 / 100)], samples[n - 1]);
	serial_flush();
}

/* ---- Which ---- */

static bool begins_with(const char *text, const char *start, size_t n)
{
	return !strncmp(text, start, n);
}

/* What a word of bench= stands for; `word` has `n` characters. */
static bool word_picks(const char *word, size_t n, const struct benchmark *b)
{
	return n && begins_with(b->key, word, n);
}

static bool is_whole_set(const char *what) { return !*what || !strcmp(what, "all"); }

/* The word at `list` ends at a comma or at the end of the list; its length. */
static size_t word_length(const char *list)
{
	const char *comma = strchr(list, ',');

	return comma ? (size_t)(comma - list) : strlen(list);
}

static const char *next_word(const char *list)
{
	list += word_length(list);
	return *list ? list + 1 : list;
}

static bool is_picked(const char *what, const struct benchmark *b)
{
	if (is_whole_set(what))
		return !b->on_demand;
	for (; *what; what = next_word(what))
		if (word_picks(what, word_length(what), b))
			return true;
	return false;
}

static void print_keys(void)
{
	console_printf(
		"bench= takes: all, quick, or (after quick or not) keys or their beginnings, separated by commas:\n");
	for (const struct benchmark *b = benchmarks_start; b < benchmarks_end; b++)
		console_printf("  %s\n", b->key);
	console_printf("and keys user.* are measured by a program: \"run=bench TAG KEY\"\n");
}

/* Names the words that pick nothing; true if there was none. */
static bool check_words(const char *what)
{
	bool good = true;

	for (; *what; what = next_word(what)) {
		size_t n = word_length(what);
		char word[64];
		bool known = false;

		for (const struct benchmark *b = benchmarks_start; b < benchmarks_end; b++)
			known = known || word_picks(what, n, b);
		if (known)
			continue;
		strlcpy(word, what, MIN(n + 1, sizeof(word)));
		console_printf(
			"command line: bench=%s ignored: no benchmark has a key that begins so\n",
			word);
		good = false;
	}
	return good;
}

/* `quick`, alone or before keys: the rest of the list. */
static const char *take_quick(const char *what)
{
	quick = word_length(what) == strlen("quick") && begins_with(what, "quick", strlen("quick"));
	return quick ? next_word(what) : what;
}

/* Options that change the pool are part of the name. */
static void make_tag(void)
{
	u32 tables = pkmap_slots / LAST_PKMAP;
	char pool[16] = "";

	if (tables > 1)
		snprintf(pool, sizeof(pool), ".tables%u", tables);
	snprintf(tag, sizeof(tag), "tarn.%s%s.smp%u%s%s", PMD_FOLDED ? "2level" : "pae", BUILD_KIND,
		cpu_online_count(), pool, mm_options.kmap_lazy ? ".lazy" : "");
}

bool bench_run(const char *what)
{
	u64 began = rdtsc();

	make_tag();
	what = take_quick(what);
	if (!is_whole_set(what) && !check_words(what)) {
		print_keys();
		failed = true;
	}
	for (const struct benchmark *b = benchmarks_start; b < benchmarks_end; b++)
		if (is_picked(what, b))
			b->run(b->key);
	console_printf("INFO %s bench.ticks %llu\n", tag, rdtsc() - began);
	console_printf("BENCH-END %s\n", tag);
	serial_flush();
	return !failed;
}
