/*
 * Rights that go while another CPU uses the page: for each pair of CPUs 20 times.  The second task
 * counts in a page of this one; when the call has returned, no count may come any more, wherever its
 * CPU keeps the old entry.
 */
#include "user/test/fellow.h"

#define P TEST_PAGES
#define Q (TEST_PAGES + 0x100000u)
#define R (TEST_PAGES + 0x200000u)
#define TIMES 20u
#define SLOT_ANSWER 90u

static struct fellow counter = { .slot = SLOT_FELLOW, .area = 60, .pager = SLOT_A };

static void count_in_page(void *unused)
{
	(void)unused;
	for (;;)
		++*AS_POINTER(P);
}

static u32 counted(void) { return READ_ONCE(*AS_POINTER(Q)); }

static void wait_until_it_counts(void)
{
	u32 seen = counted(), idle = 0;

	while (counted() == seen)
		if (++idle % 1000 == 0)
			pause_us(1);
}

/* Nothing is counted any more, and the fault has come. */
static void check_that_it_stands(void)
{
	u32 seen = counted();
	struct result message;

	for (u32 i = 0; i < 300; i++)
		CHECK_EQUAL(counted(), seen);
	message = EXPECT(0, ipc_recv(SLOT_A, SLOT_ANSWER, SOON));
	CHECK(message.tag & TAG_FAULT, "tag 0x%x", message.tag);
	CHECK_EQUAL(message.word0, P);
	CHECK_EQUAL(counted(), seen);
}

static void let_it_go_on(void)
{
	EXPECT(0, ipc_reply_recv(SLOT_ANSWER, 0, 0, 0, 0, TIMEOUT_POLL));
	wait_until_it_counts();
}

/* ---- What takes the right, and what gives it back ---- */

static void map_again(void)
{
	EXPECT(0, mem_map(SLOT_FELLOW, 0, P | PROT_RW, Q | MAP_MAP, 1));
	let_it_go_on();
}

static void unmap(void)
{
	EXPECT(0, mem_unmap(SLOT_FELLOW, P, 1));
	check_that_it_stands();
	map_again();
}

static void protect(void)
{
	EXPECT(0, mem_map(SLOT_FELLOW, 0, P | PROT_READ, MAP_PROTECT, 1));
	check_that_it_stands();
	EXPECT(0, mem_unmap(SLOT_FELLOW, P, 1));
	map_again();
}

static void share(void)
{
	EXPECT(0, mem_map(0, SLOT_FELLOW, R | PROT_READ, P | MAP_SHARE, 1));
	check_that_it_stands();
	EXPECT(0, mem_unmap(0, R, 1));
	EXPECT(0, mem_unmap(SLOT_FELLOW, P, 1));
	map_again();
}

/* The frame is free: the next pages, one of which it is, stay zero. */
static void revoke(void)
{
	struct result message;

	EXPECT(0, mem_unmap(0, Q | UNMAP_REVOKE, 1));
	EXPECT(0, mem_alloc(0, 0, R | PROT_RW, 8, 0));
	message = EXPECT(0, ipc_recv(SLOT_A, SLOT_ANSWER, SOON));
	CHECK(message.tag & TAG_FAULT, "tag 0x%x", message.tag);
	for (u32 i = 0; i < 8; i++)
		CHECK_EQUAL(*AS_POINTER(R + i * PAGE), 0);
	EXPECT(0, mem_unmap(0, R, 8));
	EXPECT(0, mem_alloc(0, 0, Q | PROT_RW, 1, 0));
	map_again();
}

/* The page goes to a third place by a message's item, and leaves the one where it is used. */
static void grant(void)
{
	EXPECT(0, mem_unmap(0, Q, 1));
	/* Now the second task owns the frame. */
	EXPECT(0, mem_map(0, SLOT_FELLOW, Q | PROT_RW, P | MAP_GRANT, 1));
	check_that_it_stands();
	map_again();
}

/* ---- Pairs of CPUs ---- */

static void on_pair(u32 here, u32 there, void (*take)(void))
{
	EXPECT(0, thread_ctl(0, 0, THREAD_CPU, here, 0));
	EXPECT(0, thread_ctl(SLOT_FELLOW_THREAD, 0, THREAD_CPU, there, 0));
	wait_until_it_counts();
	for (u32 i = 0; i < TIMES; i++)
		take();
}

static void on_all_pairs(void (*take)(void))
{
	EXPECT(0, mem_alloc(0, 0, Q | PROT_RW, 1, 0));
	make_endpoint(SLOT_A);
	counter.run = count_in_page;
	fellow_make(&counter);
	EXPECT(0, mem_map(SLOT_FELLOW, 0, P | PROT_RW, Q | MAP_MAP, 1));
	EXPECT(0, thread_ctl(SLOT_FELLOW_THREAD, 0, THREAD_START, 0, 0));
	for (u32 here = 0; here < cpu_count(); here++)
		for (u32 there = 0; there < cpu_count(); there++)
			if (here != there)
				on_pair(here, there, take);
	fellow_end(SLOT_FELLOW);
}

static void unmap_on_all(void) { on_all_pairs(unmap); }
static void protect_on_all(void) { on_all_pairs(protect); }
static void share_on_all(void) { on_all_pairs(share); }
static void revoke_on_all(void) { on_all_pairs(revoke); }
static void grant_on_all(void) { on_all_pairs(grant); }

/* ---- Two threads of one task ---- */

static void count_many(void *unused)
{
	(void)unused;
	for (u32 i = 0;; i++)
		++*AS_POINTER(P + i % 64 * PAGE);
}

/* The whole range, 64 pages a flush; the counting thread's fault ends the test's task, as it must. */
static void unmap_what_runs(void)
{
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, RANGE_MAX, 0));
	start_thread(0, count_many, NULL, 8, cpu_count() - 1);
	WAIT_FOR(*AS_POINTER(P + 63 * PAGE));
	EXPECT(0, mem_unmap(0, P, RANGE_MAX));
	pause_us(SOON);
}

static const struct test tests[] = {
	{ "cpus.unmap", unmap_on_all, 0 },
	{ "cpus.protect", protect_on_all, 0 },
	{ "cpus.share", share_on_all, 0 },
	{ "cpus.revoke", revoke_on_all, 0 },
	{ "cpus.grant", grant_on_all, 0 },
	{ "cpus.unmap_own", unmap_what_runs, STATUS_KILLED + 14 },
};
TEST_LIST(cpus_tests, tests);
