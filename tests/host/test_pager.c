/*
 * user/pager/clients.c and verdict.c: regions, what a fault in them means, the heap, what fork
 * shares.
 */
#include "host.h"

#include "user/lib/errno.h"
#include "user/pager/clients.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PAGE 0x1000u
#define TEXT (PROT_READ | PROT_EXEC)
#define DATA (PROT_READ | PROT_WRITE)
#define KIND(prot, kind) ((prot) | (u32)(kind) << 8)

/* A program as proc describes it, its regions out of order. */
static const u32 program[][3] = {
	{ 0xBFF00000, 0xBFFFF000, KIND(DATA, REGION_STACK) },
	{ 0x08050000, 0x70000000, KIND(DATA, REGION_HEAP) },
	{ 0x08048000, 0x0804B000, KIND(TEXT, REGION_FILE) },
	{ 0x0804B000, 0x0804C000, KIND(PROT_READ, REGION_FILE) },
	{ 0x0804C000, 0x08050000, KIND(DATA, REGION_ZERO) },
	{ 0x80000000, 0x80010000, KIND(DATA, REGION_SHARED) },
};

static struct client *begin(void)
{
	struct client *client = client_at(3);

	CHECK_EQUAL(client_define(client, 77, ARRAY_SIZE(program), &program[0][0]), 0);
	return client;
}

static void badges(void **state)
{
	(void)state;
	CHECK_EQUAL(client_number(0), CLIENT_NONE);
	CHECK_EQUAL(client_number(255), 255);
	CHECK_EQUAL(client_number(256), CLIENT_NONE);
	CHECK_EQUAL(client_number(BADGE_OF(SERVER_PROC)), PIDS + SERVER_PROC);
	CHECK_EQUAL(client_number(BADGE_OF(SERVERS)), CLIENT_NONE);
	CHECK_EQUAL(client_number(~0u), CLIENT_NONE);
}

static void regions_are_checked(void **state)
{
	static const u32 bad[][3] = {
		{ 0x10000, 0x10000, KIND(DATA, REGION_ZERO) },
		{ 0x12000, 0x11000, KIND(DATA, REGION_ZERO) },
		{ 0xF000, 0x11000, KIND(DATA, REGION_ZERO) },
		{ 0xBFFFF000, 0xC0001000, KIND(DATA, REGION_ZERO) },
		{ 0x10001, 0x11000, KIND(DATA, REGION_ZERO) },
		{ 0x10000, 0x11800, KIND(DATA, REGION_ZERO) },
		{ 0x10000, 0x11000, KIND(PROT_MASK, REGION_ZERO) },
		{ 0x10000, 0x11000, KIND(PROT_WRITE, REGION_ZERO) },
		{ 0x10000, 0x11000, KIND(0, REGION_ZERO) },
		{ 0x10000, 0x11000, KIND(DATA, REGION_FILE + 1) },
	};
	static const u32 twice[][3] = {
		{ 0x10000, 0x12000, KIND(DATA, REGION_ZERO) },
		{ 0x11000, 0x13000, KIND(DATA, REGION_ZERO) },
	};
	static const u32 heaps[][3] = {
		{ 0x10000, 0x12000, KIND(DATA, REGION_HEAP) },
		{ 0x14000, 0x16000, KIND(DATA, REGION_HEAP) },
	};
	struct client *client = client_at(4);

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(client_define(client, 0, 1, bad[i]) == EINVAL && !client->used,
			"region %u is taken", i);
	CHECK_EQUAL(client_define(client, 0, 2, &twice[0][0]), EINVAL);
	CHECK_EQUAL(client_define(client, 0, 2, &heaps[0][0]), EINVAL);
	CHECK_EQUAL(client_define(client, 0, PAGER_REGIONS + 1, &program[0][0]), EINVAL);
	client = begin();
	CHECK_EQUAL(client->note, 77);
	for (u32 i = 1; i < client->regions; i++)
		CHECK(client->region[i - 1].end <= client->region[i].start, "region %u", i);
}

#define READ 0x0Eu
#define WRITE 0x20Eu
#define FETCH 0x100Eu
#define PRESENT 0x100u

static enum verdict judge(u32 address, u32 label)
{
	return client_judge(client_region(client_at(3), address), label);
}

static void faults_are_judged(void **state)
{
	(void)state;
	begin();
	CHECK_EQUAL(judge(0, READ), FAULT_DEATH);
	CHECK_EQUAL(judge(0x08047FFF, READ), FAULT_DEATH);
	CHECK_EQUAL(judge(0x08048000, FETCH), FAULT_BRING);
	CHECK_EQUAL(judge(0x08048000, WRITE | PRESENT), FAULT_DEATH);
	CHECK_EQUAL(judge(0x0804B000, FETCH), FAULT_DEATH);
	CHECK_EQUAL(judge(0x0804B000, WRITE), FAULT_DEATH);
	CHECK_EQUAL(judge(0x0804C000, READ), FAULT_BRING);
	CHECK_EQUAL(judge(0x0804FFFF, WRITE), FAULT_BRING);
	CHECK_EQUAL(judge(0x0804FFFF, WRITE | PRESENT), FAULT_COPY);
	CHECK_EQUAL(judge(0x0804FFFF, READ | PRESENT), FAULT_AGAIN);
	CHECK_EQUAL(judge(0x0804C000, FETCH), FAULT_DEATH);
	/* Of the heap nothing is there yet; of the stack all may come. */
	CHECK_EQUAL(judge(0x08050000, WRITE), FAULT_DEATH);
	CHECK_EQUAL(judge(0xBFF00000, WRITE), FAULT_BRING);
	CHECK_EQUAL(judge(0xBFFFF000, WRITE), FAULT_DEATH);
	CHECK_EQUAL(judge(0xFFFFFFFF, READ), FAULT_DEATH);
}

static void the_heap_moves(void **state)
{
	struct client *client = begin();
	u32 start, end;

	(void)state;
	CHECK_EQUAL(client_break(client, 0x0804FFFF, &start, &end), EINVAL);
	CHECK_EQUAL(client_break(client, 0x70000001, &start, &end), EINVAL);
	CHECK_EQUAL(client->heap_end, 0x08050000);
	CHECK_EQUAL(client_break(client, 0x08055800, &start, &end), 0);
	CHECK_EQUAL(end - start, 0);
	CHECK_EQUAL(judge(0x080557FF, WRITE), FAULT_BRING);
	CHECK_EQUAL(judge(0x08055800, WRITE), FAULT_DEATH);
	region_brought(client_region(client, 0x08050000), 0x08050000, 0x08056000);
	CHECK_EQUAL(client_break(client, 0x08051800, &start, &end), 0);
	CHECK_EQUAL(start, 0x08052000);
	CHECK_EQUAL(end, 0x08056000);
	CHECK_EQUAL(client_break(client, 0x08050000, &start, &end), 0);
	CHECK_EQUAL(start, 0x08050000);
	CHECK_EQUAL(end, 0x08052000);
}

/* A sweep gets more pages at a time, never beyond the heap's end; a jump gets one. */
static void sweeps_are_served_ahead(void **state)
{
	struct client *client = begin();
	u32 start, end, page = 0x08050000, most = 0;
	struct region *heap;

	(void)state;
	CHECK_EQUAL(client_break(client, 0x08050000 + 100 * PAGE + 1, &start, &end), 0);
	heap = client_region(client, page);
	while (page < client->heap_end) {
		u32 pages = region_batch(client, heap, page);

		CHECK(pages && page + pages * PAGE <= 0x08050000 + 101 * PAGE, "%u pages", pages);
		most = MAX(most, pages);
		region_brought(heap, page, page + pages * PAGE);
		page += pages * PAGE;
	}
	CHECK_EQUAL(most, 16);
	CHECK_EQUAL(region_batch(client, heap, 0x08060000), 1);
	CHECK_EQUAL(region_batch(client, client_region(client, 0x0804C000), 0x0804C000), 1);
}

/* Neighbours together, holes not at all, what is shared apart. */
static void fork_shares_what_is_there(void **state)
{
	struct client *client = begin();
	u32 next = 0, start, end;
	struct span span;

	(void)state;
	CHECK(client_next_span(client, &next, &span), "the program");
	CHECK_EQUAL(span.start, 0x08048000);
	CHECK_EQUAL(span.end, 0x0804C000);
	CHECK(client_next_span(client, &next, &span), "the stack");
	CHECK_EQUAL(span.start, 0xBFFFE000);
	CHECK_EQUAL(span.end, 0xBFFFF000);
	CHECK(!client_next_span(client, &next, &span), "no more");

	region_brought(client_region(client, 0x0804E000), 0x0804E000, 0x0804F000);
	client_break(client, 0x08060000, &start, &end);
	region_brought(client_region(client, 0x0805F000), 0x0805F000, 0x08060000);
	region_brought(client_region(client, 0x80000000), 0x80000000, 0x80001000);
	next = 0;
	CHECK(client_next_span(client, &next, &span) && span.end == 0x0804F000, "with zeros");
	CHECK(client_next_span(client, &next, &span) && span.start == 0x0805F000, "heap");
	CHECK(client_next_span(client, &next, &span) && span.kind == SPAN_SHARED, "shared");
	CHECK(client_next_span(client, &next, &span) && span.kind == SPAN_COPIED, "stack");

	client_fork(client, client_at(9), 5);
	CHECK_EQUAL(client_at(9)->note, 5);
	CHECK_EQUAL(client_at(9)->heap_end, 0x08060000);
	CHECK(!memcmp(client_at(9)->region, client->region,
		      client->regions * sizeof(struct region)),
		"regions");
}

const struct CMUnitTest pager_tests[] = {
	cmocka_unit_test(badges),
	cmocka_unit_test(regions_are_checked),
	cmocka_unit_test(faults_are_judged),
	cmocka_unit_test(the_heap_moves),
	cmocka_unit_test(sweeps_are_served_ahead),
	cmocka_unit_test(fork_shares_what_is_there),
};
const size_t pager_test_count = ARRAY_SIZE(pager_tests);
