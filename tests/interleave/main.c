/*
 * interleave [--bound FROM-TO] [--time SECONDS] [--states N] [--loose] [--every-access]
 *            [--control] [--first] [--brief] [NAME ...]
 * interleave --list
 * interleave [--loose] --replay NAME 'SCHEDULE'
 *
 * --time is for all scenarios together: each gets an equal part of what is left.  --loose leaves
 * the invariants out that are looked at in every state, so that only what happens to the threads
 * tells. --every-access: each access is a stop, as if none were known not to matter.
 * --control: standard input names what is broken (engine/control.h).  --first: no more scenarios
 * after one that fails.  --brief: traces have only what others can notice, and addresses of code.
 *
 * Exit status: 0 no schedule fails, 1 one does (and is printed), 2 the question makes no sense.
 */
#include "access.h"
#include "control.h"
#include "explore.h"
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct scenario __start_scenarios[], __stop_scenarios[];

static struct limits limits = { .last_bound = 2, .most_states = 1u << 25 };
static double seconds_left; /* 0: no limit */
static bool first_only;

static void print_report(const char *name, u32 cpus, const struct report *r)
{
	char bound[64] = "not even 0";

	if (r->any_bound)
		snprintf(bound, sizeof(bound), r->everything ? "any number" : "at most %u",
			r->bound);
	printf("%-22s %u CPUs  preemptions: %-11s schedules %9llu + %10llu cut  states %10llu  steps %11llu  "
	       "depth %4u  words %3u  %.1f s\n",
		name, cpus, bound, (unsigned long long)r->schedules, (unsigned long long)r->cut,
		(unsigned long long)r->states, (unsigned long long)r->steps, r->deepest,
		r->contested, r->seconds);
	fflush(stdout);
}

/* A scenario with one of the two flushes: "wrap", "wrap/lazy". */
struct run {
	const struct scenario *scenario;
	bool lazy;
	char name[64];
};
static struct run runs[128];
static u32 nruns;

static void add_run(const struct scenario *s, bool lazy)
{
	struct run *run = &runs[nruns++];

	if (nruns > 128)
		abort();
	run->scenario = s;
	run->lazy = lazy;
	snprintf(run->name, sizeof(run->name), "%s%s", s->name, lazy ? "/lazy" : "");
}

static void make_runs(void)
{
	for (const struct scenario *s = __start_scenarios; s < __stop_scenarios; s++) {
		add_run(s, false);
		if (!s->no_pool)
			add_run(s, true);
	}
}

static bool wanted(const struct run *run, char *const *names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (strcmp(*names, run->name) == 0)
			return true;
	return false;
}

static u32 count_wanted(char *const *names)
{
	u32 n = 0;

	for (u32 i = 0; i < nruns; i++)
		n += wanted(&runs[i], names);
	return n;
}

static int explore_all(char *const *names)
{
	u32 n = count_wanted(names), left = n;
	bool passed = true;

	for (u32 i = 0; i < nruns; i++) {
		struct report report;

		if (!wanted(&runs[i], names))
			continue;
		limits.seconds = seconds_left / left--;
		passed = explore(runs[i].scenario, runs[i].lazy, &limits, &report) && passed;
		seconds_left -= seconds_left ? report.seconds : 0;
		print_report(runs[i].name, runs[i].scenario->cpus, &report);
		if (first_only && !passed)
			break;
	}
	if (!n)
		fprintf(stderr, "no scenario of that name; --list names them\n");
	return !n ? 2 : !passed;
}

static int replay_one(const char *name, const char *schedule)
{
	for (u32 i = 0; i < nruns; i++)
		if (name && schedule && strcmp(runs[i].name, name) == 0)
			return !replay(runs[i].scenario, runs[i].lazy, schedule);
	fprintf(stderr, "--replay wants the name of a scenario and its schedule\n");
	return 2;
}

static int list(void)
{
	for (u32 i = 0; i < nruns; i++)
		printf("%-22s %u CPUs: %s\n", runs[i].name, runs[i].scenario->cpus,
			runs[i].scenario->about);
	return 0;
}

static bool option(char **argv)
{
	if (!argv[1])
		return false;
	if (strcmp(argv[0], "--bound") == 0)
		return sscanf(argv[1], "%u-%u", &limits.first_bound, &limits.last_bound) == 2;
	if (strcmp(argv[0], "--time") == 0)
		return sscanf(argv[1], "%lf", &seconds_left) == 1;
	if (strcmp(argv[0], "--states") == 0)
		return sscanf(argv[1], "%llu", (unsigned long long *)&limits.most_states) == 1;
	return false;
}

/* An option without a value; false: it is none of these. */
static bool plain_option(const char *option)
{
	if (strcmp(option, "--loose") == 0)
		check_states = false;
	else if (strcmp(option, "--every-access") == 0)
		every_access = true;
	else if (strcmp(option, "--first") == 0)
		first_only = true;
	else if (strcmp(option, "--brief") == 0)
		brief = true;
	else
		return strcmp(option, "--control") == 0 && control_read();
	return true;
}

int main(int argc, char **argv)
{
	(void)argc;
	names_init();
	machine_init();
	env_regions();
	make_runs();
	for (argv++; *argv && strncmp(*argv, "--", 2) == 0; argv++) {
		if (strcmp(*argv, "--list") == 0)
			return list();
		if (strcmp(*argv, "--replay") == 0)
			return replay_one(argv[1], argv[1] ? argv[2] : NULL);
		if (plain_option(*argv))
			continue;
		if (option(argv)) {
			argv++;
		} else {
			fprintf(stderr, "%s: unknown, or its value is wrong\n", *argv);
			return 2;
		}
	}
	return explore_all(argv);
}
