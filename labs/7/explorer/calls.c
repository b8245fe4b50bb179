/*
 * Calls to other CPUs: what a called CPU sees, and what the caller does when smp_call() returns.
 * Each CPU calls with a struct of its own, which afterwards is nobody's.
 */
#include "arch/x86/smp/smp_call.h"

#include "arch/x86/cpu/percpu.h"
#include "explorer.h"

#define VALID 7u
#define CPUS 3u

struct job {
	u32 number;    /* VALID while smp_call() is under way */
	u32 ran[CPUS]; /* how often, by CPU */
};
static struct job jobs[CPUS];

static void run_job(void *arg)
{
	struct job *job = arg;

	MUST(job->number == VALID, "fn runs on CPU %u when smp_call has returned, or not begun",
		smp_processor_id());
	count_run(&job->ran[smp_processor_id()]);
}

static void call(u32 mask)
{
	struct job *job = &jobs[smp_processor_id()];

	for (u32 cpu = 0; cpu < CPUS; cpu++)
		job->ran[cpu] = 0;
	job->number = VALID;
	smp_call(mask, run_job, job);
	for (u32 cpu = 0; cpu < CPUS; cpu++)
		MUST(job->ran[cpu] == (mask >> cpu & 1),
			"when smp_call returns fn has run %u times on CPU %u", job->ran[cpu], cpu);
	job->number = 0;
}

static void call_0(void) { call(1); }
static void call_1(void) { call(2); }
static void call_both(void) { call(3); }
static void call_all(void) { call(7); }

static void call_1_twice(void)
{
	call(2);
	call(2);
}

static void nothing(void) {}

SCENARIO(call_twice, .about = "a CPU is called twice, one call after the other", .cpus = 2,
	.no_pool = true, .cpu = { call_1_twice, nothing });
SCENARIO(call_each_other, .about = "two CPUs call each other, and one of them itself too",
	.cpus = 2, .no_pool = true, .cpu = { call_both, call_0 });
SCENARIO(call_same, .about = "two CPUs call a third one", .cpus = 3, .no_pool = true,
	.cpu = { call_1, nothing, call_1 });
SCENARIO(call_all, .about = "a CPU calls all three", .cpus = 3, .no_pool = true,
	.cpu = { call_all, nothing, nothing });
