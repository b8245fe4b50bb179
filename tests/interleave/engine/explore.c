/* Depth first over all schedules; see explore.h and docs/interleave.md. */
#include "explore.h"

#include "access.h"
#include "machine.h"
#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum kind { RUN, DRAIN, INTERRUPT, TICK };
static const char letters[] = "rdit";

/*
 * A choice, and afterwards how far it led: events of that CPU, or the event whose store became
 * visible.
 */
struct step {
	enum kind kind;
	u32 cpu, n;
};

static struct step path[MAX_DEPTH];
static u32 path_length;
static const struct scenario *now;
static bool now_lazy;
static const struct limits *limit;
static struct report *report;
static struct timespec begun;
static u32 bound;
static bool cut_off, over;

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)(t.tv_sec - begun.tv_sec) + (double)(t.tv_nsec - begun.tv_nsec) * 1e-9;
}

/* ---- One step ---- */

static u32 choices(struct step *list)
{
	u32 n = 0;

	if (m.ticks && m.cpu[0].irqs)
		list[n++] = (struct step){ TICK, 0, 0 };
	for (u32 cpu = 0; cpu < ncpus; cpu++) {
		if (m.cpu[cpu].nstores)
			list[n++] = (struct step){ DRAIN, cpu, 0 };
		if (m.cpu[cpu].pending && m.cpu[cpu].irqs)
			list[n++] = (struct step){ INTERRUPT, cpu, 0 };
		if (machine_can_run(cpu))
			list[n++] = (struct step){ RUN, cpu, 0 };
	}
	return n;
}

/* If the step is one: the CPU takes it up when it runs. */
static void begin_interrupt(const struct step *step)
{
	m.cpu[step->cpu].deliver = step->kind != RUN;
	if (step->kind == TICK) {
		m.ticks--;
		m.cpu[0].pending |= 1u << TIMER_BIT;
	}
}

static void take_step(struct step *step)
{
	u32 before = m.events[step->cpu];

	if (step->kind == DRAIN) {
		step->n = stores[step->cpu][0].event;
		store_drain(step->cpu);
	} else {
		begin_interrupt(step);
		machine_run(step->cpu);
		step->n = m.events[step->cpu] - before;
	}
	if (!failure[0])
		check_state();
}

static const char *waits_for(const struct cpu *cpu)
{
	static char text[128];
	static const char *const how[] = {
		[RUNNABLE] = "can go on",
		[FOR_LOCK] = "waits for lock",
		[FOR_CHANGE] = "waits in a loop",
		[FOR_INTERRUPT] = "sleeps",
		[ENDED] = "has ended",
	};

	snprintf(text, sizeof(text), "%s%s%s%s", how[cpu->waiting], cpu->on ? " " : "",
		cpu->on ? name_of(cpu->on) : "", cpu->irqs ? "" : " with interrupts off");
	return text;
}

/* No step is left: all threads have ended, or they wait for one another. */
static void end_of_schedule(void)
{
	char text[400] = "";
	bool all = env_all_ended(text, sizeof(text));
	size_t n = strlen(text);

	for (u32 cpu = 0; cpu < ncpus; cpu++) {
		all = all && m.cpu[cpu].ended;
		n += (size_t)snprintf(
			text + n, sizeof(text) - n, "; CPU %u %s", cpu, waits_for(&m.cpu[cpu]));
	}
	all = all && !m.must_end;
	if (!all)
		fail("nobody can go on%s", text);
	else
		check_end(now);
}

/* ---- All of them ---- */

static bool must_stop(void)
{
	if (failure[0] || contested_grew || over)
		return true;
	if ((report->steps & 1023) == 0 && limit->seconds && seconds() > limit->seconds)
		over = true;
	if (seen_count() > limit->most_states)
		over = true;
	return over;
}

static void visit(u32 depth, u32 preemptions, u32 current);

/*
 * Leaving a CPU that could go on is a preemption; becoming visible and the interrupts of the same
 * CPU are not.
 */
static void try_step(struct step step, u32 depth, u32 preemptions, u32 current, bool can_go_on)
{
	bool leaves = step.kind != DRAIN && step.cpu != current && can_go_on;

	if (leaves && preemptions == bound) {
		cut_off = true;
		return;
	}
	take_step(&step);
	path[depth] = step;
	path_length = depth + 1;
	report->steps++;
	if (!must_stop())
		visit(depth + 1, preemptions + leaves, step.kind == DRAIN ? current : step.cpu);
}

static bool been_here(u32 preemptions, u32 current)
{
	u64 h[2];

	state_fingerprint(h, current);
	return seen_before(h, preemptions);
}

static void visit(u32 depth, u32 preemptions, u32 current)
{
	struct step list[3 * MAX_CPUS + 1];
	u32 n = choices(list);
	bool can_go_on = current < ncpus && m.cpu[current].waiting != FOR_INTERRUPT &&
			 machine_can_run(current);

	if (depth > report->deepest)
		report->deepest = depth;
	if (depth == MAX_DEPTH - 1) {
		fail("more than %u steps: a thread runs for ever", MAX_DEPTH);
		return;
	}
	if (!n) {
		report->schedules++;
		end_of_schedule();
		return;
	}
	if (n > 1 && been_here(preemptions, current)) {
		report->cut++;
		return;
	}
	if (n > 1)
		state_keep(depth);
	for (u32 i = 0; i < n; i++) {
		if (i)
			state_restore(depth);
		try_step(list[i], depth, preemptions, current, can_go_on);
		if (failure[0] || contested_grew || over)
			return;
	}
}

static bool settle_cpu(u32 cpu)
{
	struct cpu *c = &m.cpu[cpu];
	bool moved = c->nstores;

	while (c->nstores)
		store_drain(cpu);
	for (; !failure[0]; moved = true) {
		if (c->pending && c->irqs)
			c->deliver = true;
		else if (!machine_can_run(cpu) || c->waiting == FOR_INTERRUPT)
			break;
		machine_run(cpu);
		while (c->nstores)
			store_drain(cpu);
	}
	return moved;
}

void machine_settle(void)
{
	bool moved = true;

	while (moved && !failure[0]) {
		moved = false;
		for (u32 cpu = 0; cpu < ncpus; cpu++)
			moved = settle_cpu(cpu) || moved;
	}
	running_cpu = 0;
}

static void boot(void)
{
	void (*work[MAX_CPUS])(void);

	on_cpu = false;
	env_work(now, work);
	machine_new(now->cpus, work, now->idle ? idle_for_ever : NULL);
	for (u32 cpu = 0; cpu < ncpus; cpu++)
		m.cpu[cpu].smi = now->smi;
	env_boot(now_lazy);
	if (now->setup)
		now->setup();
	settle();
	env_start(now);
	settle();
	m.ticks = now->ticks;
}

/* Everything within the bound; anew whenever a word turned out to be contested. */
static void explore_bound(void)
{
	do {
		report->schedules = report->cut = report->steps = 0;
		report->deepest = 0;
		report->restarts += contested_grew;
		contested_grew = cut_off = false;
		failure[0] = 0;
		seen_clear();
		state_restore(MAX_DEPTH);
		visit(0, 0, ncpus);
		/*
		 * What failed before all contested words were known may have seen a store too
		 * early.
		 */
	} while (contested_grew && !over);
}

static void print_schedule(FILE *to)
{
	contested_print(to);
	for (u32 i = 0; i < path_length; i++) {
		struct step *step = &path[i], *next = step + 1;

		/* Two in a row are one: so many events, or up to that event. */
		if (i + 1 < path_length && next->kind == step->kind && next->cpu == step->cpu &&
			step->kind != INTERRUPT && step->kind != TICK) {
			if (step->kind == RUN)
				next->n += step->n;
			continue;
		}
		fprintf(to, " %c%u:%u", letters[step->kind], step->cpu, step->n);
	}
}

static void prepare(const struct scenario *scenario, bool lazy)
{
	now = scenario;
	now_lazy = lazy;
	boot();
	if (failure[0]) {
		fprintf(stderr, "%s: %s\n", scenario->name, failure);
		exit(2);
	}
	access_forget_all();
	state_init();
	state_keep(MAX_DEPTH);
}

static void report_failure(void)
{
	char first[sizeof(failure)], *text = NULL;
	size_t size;
	FILE *to;

	strcpy(first, failure);
	to = open_memstream(&text, &size);
	print_schedule(to);
	fclose(to);
	printf("FAILED %s%s: %s\n", now->name, now_lazy ? "/lazy" : "", first);
	replay(now, now_lazy, text);
	printf("replay: %s%s %s\n", now->name, now_lazy ? "/lazy" : "", text);
	free(text);
}

bool explore(
	const struct scenario *scenario, bool lazy, const struct limits *limits, struct report *to)
{
	clock_gettime(CLOCK_MONOTONIC, &begun);
	limit = limits;
	report = to;
	memset(report, 0, sizeof(*report));
	over = stop_by_count = tracing = false;
	prepare(scenario, lazy);
	for (bound = limits->first_bound; bound <= limits->last_bound && !over && !failure[0];
		bound++) {
		explore_bound();
		report->states += seen_count();
		if (over || failure[0])
			break;
		report->bound = bound;
		report->any_bound = true;
		report->everything = !cut_off;
		if (!cut_off)
			break;
	}
	report->contested = contested_count();
	report->seconds = seconds();
	report->failed = failure[0];
	if (report->failed)
		report_failure();
	return !report->failed;
}

/* ---- One schedule again ---- */

static bool replay_step(struct step step)
{
	if (step.cpu >= ncpus)
		return false;
	if (step.kind == DRAIN) {
		while (m.cpu[step.cpu].nstores && stores[step.cpu][0].event <= step.n)
			store_drain(step.cpu);
		return true;
	}
	events_left = step.n;
	if (step.kind == INTERRUPT && !(m.cpu[step.cpu].pending && m.cpu[step.cpu].irqs))
		return false;
	if (step.kind == TICK && !(m.ticks && m.cpu[0].irqs))
		return false;
	begin_interrupt(&step);
	do {
		if (step.kind == RUN && !machine_can_run(step.cpu))
			return false;
		machine_run(step.cpu);
		step.kind = RUN;
	} while (events_left && !failure[0]);
	return true;
}

static const char *next_step(const char *text, struct step *step)
{
	char letter;
	int used;

	if (sscanf(text, " %c%u:%u%n", &letter, &step->cpu, &step->n, &used) < 3 ||
		!strchr(letters, letter))
		return NULL;
	step->kind = (enum kind)(strchr(letters, letter) - letters);
	return text + used;
}

static bool schedule_is_over(const char *text) { return text[strspn(text, " \n")] == 0; }

bool replay(const struct scenario *scenario, bool lazy, const char *schedule)
{
	struct step step;

	prepare(scenario, lazy);
	state_restore(MAX_DEPTH);
	schedule = contested_read(schedule);
	stop_by_count = tracing = true;
	if (!schedule)
		fail("a schedule begins with its contested words");
	while (!failure[0] && !schedule_is_over(schedule)) {
		schedule = next_step(schedule, &step);
		if (!schedule || !replay_step(step)) {
			fail("the schedule does not fit: after it the code has changed, or it is damaged");
			break;
		}
		if (!failure[0])
			check_state();
	}
	if (!failure[0] && !choices((struct step[3 *MAX_CPUS + 1]){}))
		end_of_schedule();
	stop_by_count = tracing = false;
	printf("%s\n", failure[0] ? failure : "this schedule passes");
	return !failure[0];
}
