/* user/pipe: bytes come out as they went in, ends are counted, those that wait keep their order. */
#include "host.h"
#include "user/lib/errno.h"
#include "user/pipe/pipes.h"
#include "user/pipe/waiting.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static u32 changes, last_changed;

static void changed(u32 pipe)
{
	changes++;
	last_changed = pipe;
}

static u32 pipe_of(u32 client, u32 number) { return pipe_end_of(client, number)->pipe - 1u; }

/* The bytes of a pipe are a sequence of which each knows its place. */
static u8 byte_at(u32 place) { return (u8)(place * 7 + place / 251); }

/* A write is taken whole, as long as there is less than PIPE_BYTES. */
static void write_some(struct pipe *pipe, u32 *written)
{
	static u8 bytes[DATA_MAX];
	u32 size = 1 + random_below(one_in(3) ? DATA_MAX : 5000);

	CHECK_EQUAL(pipe_has_room(pipe), pipe->bytes < PIPE_BYTES);
	if (!pipe_has_room(pipe))
		return;
	for (u32 i = 0; i < size; i++)
		bytes[i] = byte_at(*written + i);
	pipe_put(pipe, bytes, size);
	*written += size;
}

static void read_some(struct pipe *pipe, u32 *taken, u32 written)
{
	u32 n;
	const u8 *bytes = pipe_look(pipe, 1 + random_below(PIPE_BYTES), &n);

	CHECK(n || *taken == written, "nothing to read, but %u of %u", *taken, written);
	for (u32 i = 0; i < n; i++)
		CHECK(bytes[i] == byte_at(*taken + i), "byte %u", *taken + i);
	pipe_take(pipe, n);
	*taken += n;
}

static void bytes_in_order(void **state)
{
	u32 reading, writing, written = 0, taken = 0;
	struct pipe *pipe;

	(void)state;
	random_begin(81);
	CHECK_EQUAL(pipe_new(5, &reading, &writing), 0);
	pipe = pipe_at(pipe_of(5, reading));
	for (test_step = 0; test_step < rounds(3000); test_step++) {
		if (one_in(2))
			write_some(pipe, &written);
		else
			read_some(pipe, &taken, written);
		CHECK_EQUAL(pipe->bytes, written - taken);
	}
	pipe_exit(5, changed);
}

static void ends_are_counted(void **state)
{
	u32 reading, writing, pipe;

	(void)state;
	CHECK_EQUAL(pipe_new(1, &reading, &writing), 0);
	pipe = pipe_of(1, reading);
	CHECK(!pipe_end_of(1, reading)->writes && pipe_end_of(1, writing)->writes,
		"which is which");
	pipe_fork(1, 2, changed);
	changes = 0;
	pipe_close(1, writing, changed);
	CHECK_EQUAL(changes, 0);
	pipe_exit(2, changed);
	CHECK_EQUAL(changes, 1); /* the last one that could write */
	CHECK_EQUAL(last_changed, pipe);
	CHECK_EQUAL(pipe_at(pipe)->readers, 1);
	/* A child of an earlier process of the same number loses what that one had. */
	pipe_fork(2, 1, changed);
	CHECK_EQUAL(changes, 2);
	CHECK(!pipe_end_of(1, reading) && !pipe_at(pipe)->readers, "closed");
}

static void pipe_limits(void **state)
{
	u32 reading, writing, pipes = 0;

	(void)state;
	for (u32 client = 0; client < PIPES; client++)
		while (!pipe_new(client, &reading, &writing))
			pipes++;
	CHECK_EQUAL(pipes, PIPES);
	CHECK_EQUAL(pipe_new(PIDS - 1, &reading, &writing), EMFILE);
	for (u32 client = 0; client < PIPES; client++)
		pipe_exit(client, changed);
	for (u32 i = 0; i < PIPE_ENDS / 2; i++)
		CHECK_EQUAL(pipe_new(3, &reading, &writing), 0);
	CHECK_EQUAL(pipe_new(3, &reading, &writing), EMFILE);
	pipe_exit(3, changed);
	CHECK_EQUAL(client_of(PIDS), NO_CLIENT);
	CHECK_EQUAL(client_of(BADGE_OF(SERVER_PROC)), PIDS + SERVER_PROC);
	CHECK_EQUAL(client_of(BADGE_OF(SERVERS)), NO_CLIENT);
}

static u32 add(u32 client, u32 pipe, bool writes, u32 bytes)
{
	return waiting_add((struct waiter){
		.client = client, .pipe = pipe, .writes = writes, .bytes = bytes });
}

static void waiting_in_order(void **state)
{
	u32 first = add(5, 9, false, 10), second, third, other;

	(void)state;
	second = add(4, 9, false, 1);
	other = add(2, 8, false, 10);
	CHECK_EQUAL(waiting_first(9, false), first);
	waiting_remove(first);
	CHECK_EQUAL(add(5, 9, false, 1), first); /* its place, but a later turn */
	third = add(3, 9, true, 10);
	CHECK_EQUAL(waiting_first(9, false), second);
	CHECK_EQUAL(waiting_first(9, true), third);
	CHECK_EQUAL(waiting_first(8, false), other);
	CHECK_EQUAL(waiting_first(8, true), NO_WAITER);
	CHECK_EQUAL(waiting_of(3), third);
	CHECK_EQUAL(waiting_of(1), NO_WAITER);
	/* However many of one client wait, others still may. */
	for (u32 i = 0; i < WAITERS_EACH; i++)
		CHECK(add(6, 7, true, 1) != NO_WAITER, "waiter %u", i);
	CHECK_EQUAL(add(6, 7, true, 1), NO_WAITER);
	CHECK(add(7, 7, true, 1) != NO_WAITER, "another one");
	for (u32 client = 1; client < 8; client++)
		while (waiting_of(client) != NO_WAITER)
			waiting_remove(waiting_of(client));
	CHECK_EQUAL(waiting_first(7, true), NO_WAITER);
}

/* Makes pipes in children of `first`, as many as they get; how many. */
static u32 fill(u32 first, u32 children)
{
	u32 reading, writing, pipes = 0;

	for (u32 child = first + 1; child <= first + children; child++) {
		pipe_fork(first, child, changed);
		while (!pipe_new(child, &reading, &writing))
			pipes++;
	}
	return pipes;
}

/* A family leaves as many pipes as it has; the first process and servers may have all. */
static void a_share_of_pipes(void **state)
{
	u32 reading, writing, rest;

	(void)state;
	pipe_fork(1, 10, changed);
	pipe_fork(1, 50, changed);
	CHECK_EQUAL(fill(10, 30), PIPES / 2);
	CHECK_EQUAL(fill(50, 30), PIPES / 4);
	CHECK_EQUAL(pipe_new(10, &reading, &writing), EMFILE);
	for (rest = PIPES / 4; !pipe_new(1, &reading, &writing); rest--)
		continue;
	CHECK_EQUAL(rest, PIPES / 4 - PIPE_ENDS / 2);
	for (u32 client = 0; client < PIDS; client++)
		pipe_exit(client, changed);
	/* Only who descends from the first process' child is of its family. */
	pipe_fork(1, 12, changed);
	CHECK_EQUAL(fill(10, 1) + fill(12, 1), PIPE_ENDS);
	for (u32 client = 0; client < PIDS; client++)
		pipe_exit(client, changed);
}

/* What the answer did not bring to its reader is there for the next one. */
static void bytes_taken_back(void **state)
{
	u32 reading, writing, n, bytes;
	struct pipe *pipe, before;

	(void)state;
	CHECK_EQUAL(pipe_new(5, &reading, &writing), 0);
	pipe = pipe_at(pipe_of(5, reading));
	pipe_put(pipe, "0123456789", 10);
	pipe_take(pipe, 2);
	pipe_leftover(pipe_of(5, reading), &bytes);
	CHECK_EQUAL(bytes, 0);
	before = *pipe;
	pipe_take(pipe, 8);
	pipe_take_back(pipe, &before);
	CHECK(!memcmp(pipe_look(pipe, 8, &n), "23456789", 8) && n == 8, "all of them");
	for (u32 i = 0; i < 100; i++)
		pipe_put(pipe, "0123456789012345678901234567890123456789012345678", 50);
	pipe_leftover(pipe_of(5, reading), &bytes);
	CHECK_EQUAL(bytes, RING_PAGE);
	pipe_exit(5, changed);
}

const struct CMUnitTest pipes_tests[] = {
	cmocka_unit_test(bytes_in_order),
	cmocka_unit_test(ends_are_counted),
	cmocka_unit_test(pipe_limits),
	cmocka_unit_test(waiting_in_order),
	cmocka_unit_test(a_share_of_pipes),
	cmocka_unit_test(bytes_taken_back),
};
const size_t pipes_test_count = ARRAY_SIZE(pipes_tests);
