/*
 * Trials: code that may raise an exception, tried many times in one test.
 *
 * A second task (fellow.h) runs it with the test as its pager.  At an exception the test sets the
 * thread's registers so that user_try() returns the vector.
 */
#ifndef USER_TEST_TRIAL_H
#define USER_TEST_TRIAL_H

#include "user/test/test.h"

#define ALL_WELL (~0u)

/* Runs `run` in the second task and serves it until it returns. */
void trial_run(void (*run)(void *argument));
/* In `run`: the vector that the code raised, or ALL_WELL. */
u32 user_try(void (*code)(void));
/* In `run`: as CHECK_EQUAL, for what user_try() returned. */
void trial_expect(const char *what, u32 got, u32 wanted);

#endif
