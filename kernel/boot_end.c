/* Where the boot ends: see boot_end.h. */
#include "kernel/boot_end.h"

#include "arch/x86/console/console.h"
#include "arch/x86/console/exit.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/smp/cpumask.h"
#include "kernel/cmdline.h"
#include "kernel/first_task.h"
#include "kernel/report.h"
#include "kernel/testing.h"

static u64 tsc_at_entry;

void boot_begins(void) { tsc_at_entry = rdtsc(); }

/* The self-test's closing lines; true if it passed. */
static bool end_tests(void)
{
	console_printf("# %llu TSC ticks since the kernel's entry\n", rdtsc() - tsc_at_entry);
	return testing_end();
}

/*
 * The end of what until= and the command line ask for; with exit it does not return.  Without, a
 * line says what the machine does from now on.
 */
static void finish(bool passed)
{
	if (kernel_options.exit)
		machine_exit(passed);
	if (kernel_options.until < LAST_STEP)
		console_printf("stopped after step %u; ", kernel_options.until);
	else
		console_printf("%u CPUs idle from here on; ", cpu_online_count());
	console_printf(HOW_TO_LEAVE);
}

/* True, after a message, if a program was asked for, and step 9 will not come. */
static bool program_is_left_out(void)
{
	if (!kernel_options.run_asked || kernel_options.until == LAST_STEP)
		return false;
	pr_err("run: no program is started, since that needs every step, and until=%u\n",
		kernel_options.until);
	return true;
}

void stop_if_last(u32 step)
{
	if (step != kernel_options.until)
		return;
	if (kernel_options.bench_asked)
		pr_err("bench: nothing is measured, since that needs every step, and until=%u\n",
			step);
	finish(end_tests() && !kernel_options.bench_asked && !program_is_left_out());
	cpu_stop();
}

/*
 * Step 9.  Root ends the machine itself if the option exit says so; that it ends, or cannot start,
 * is a failure.
 */
static void run_first_task(void)
{
	const char *fault = first_task_run();

	if (fault)
		console_printf("[9] first task: not started: %s\n", fault);
	else
		console_printf("[9] first task: root has ended\n");
}

void first_thread(void *unused)
{
	bool passed;

	(void)unused;
	report_first_thread();
	tasks_begin();
	testing_step(8);
	passed = end_tests() && !kernel_options.run_wrong && !program_is_left_out();
	if (kernel_options.bench_asked)
		passed = bench_run(kernel_options.bench) && passed;
	if (kernel_options.until == LAST_STEP &&
		(kernel_options.run_asked || !kernel_options.exit)) {
		if (passed || !kernel_options.exit)
			run_first_task();
		passed = passed && !kernel_options.run_asked;
	}
	finish(passed);
}
