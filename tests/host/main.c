/* Runs all host tests, or those whose names match the pattern given (cmocka's: * and ?). */
#include "fake/machine.h"
#include "host.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define DECLARE(name)                                                                              \
	extern const struct CMUnitTest name##_tests[];                                             \
	extern const size_t name##_test_count;
#define RUN(name)                                                                                  \
	failed += _cmocka_run_group_tests(#name, name##_tests, name##_test_count, NULL, NULL);

HOST_TESTS(DECLARE)

/* The simulated machine outlives every test; the kernel's memory is not the host's to count. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0:detect_stack_use_after_return=0";
}
const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void) { return "print_stacktrace=1:halt_on_error=1"; }

/* An error report of the sanitizers says where the test was. */
void __asan_on_error(void);
void __asan_on_error(void) { print("%s\n", test_position()); }

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	/* A test that hangs fails; by far more than any takes, unless it was asked for more. */
	if (!getenv("ROUNDS"))
		alarm(3600);
	machine_init();
	HOST_TESTS(RUN)
	return failed != 0;
}
