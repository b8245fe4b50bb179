/*
 * A kernel without self-tests and benchmark (TESTS=0) has this file in their place.  What the
 * command line asks for by name, and what such a kernel cannot do, is said and counts as failed.
 */
#include "arch/x86/console/console.h"
#include "kernel/testing.h"
#include "lib/string.h"

static bool asked_in_vain;

void testing_begin(const char *what, u32 last_step)
{
	(void)last_step;
	asked_in_vain = *what && strcmp(what, "none") != 0;
	if (asked_in_vain)
		pr_err("self-test: this kernel has none (TESTS=0), so selftest=%s runs nothing: boot tarn.elf or tarn-pae.elf\n",
			what);
}

void testing_step(u32 step) { (void)step; }

bool testing_end(void)
{
	if (!asked_in_vain)
		console_printf("this kernel has no self-tests\n");
	return !asked_in_vain;
}

bool bench_run(const char *what)
{
	(void)what;
	pr_err("bench: this kernel has no benchmark (TESTS=0): boot tarn.elf or tarn-pae.elf\n");
	return false;
}
