/*
 * User memory (kernel/mm/user) in three address spaces: random calls, and after each of them every
 * frame, entry, count and account.
 */
#include "lib/abi/abi.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/pcp.h"
#include "mm/user/account.h"
#include "mm/user/user_map.h"
#include "mm/user/user_revoke.h"
#include "mm/user/user_rights.h"
#include "tests/checkers/frame_check.h"
#include "tests/checkers/page_counts.h"
#include "tests/checkers/quicklist_check.h"
#include "tests/kernel/mm/mm_tools.h"
#include "tests/kernel/selftest.h"

#define SPACES 3u
#define AREA_PAGES 24u
/* Areas on both sides of the borders of tables. */
#define AREA_START (0x40000000u - AREA_PAGES / 2 * PAGE_SIZE)
#define RANGE_PAGES 6u
#define ROUNDS 400u
#define ROUNDS_FULL 20000u

struct space {
	struct mm *mm;
	struct account account;
};

static u32 pages_at_rest(void)
{
	settle_pages();
	drain_all_pages();
	return nr_free_pages() + nr_percpu_pages() + nr_cached_tables_all();
}

static bool make_spaces(struct space *spaces)
{
	bool made = true;

	for (u32 i = 0; i < SPACES; i++) {
		spaces[i].account = (struct account){ .limit = ACCOUNT_MAX };
		spaces[i].mm = mm_create();
		if (spaces[i].mm)
			spaces[i].mm->account = &spaces[i].account;
		else
			made = false;
	}
	return made;
}

static void end_spaces(struct space *spaces)
{
	const char *wrong;
	pfn_t where;

	for (u32 i = 0; i < SPACES; i++) {
		if (spaces[i].mm)
			mm_destroy(spaces[i].mm);
		EXPECT_EQ(56, atomic_read(&spaces[i].account.used), 0, "account %u", i);
		wrong = frames_check(&where);
		EXPECT(58, !wrong, "with %u ended, frame 0x%x: %s", i, where, wrong);
	}
}

static struct range random_range(struct space *spaces, u32 *random)
{
	u32 first = next_random(random) % (AREA_PAGES - RANGE_PAGES);

	return (struct range){ spaces[next_random(random) % SPACES].mm,
		AREA_START + first * PAGE_SIZE, 1 + next_random(random) % RANGE_PAGES };
}

static u32 random_prot(u32 *random)
{
	static const u32 prots[] = { PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC };

	return prots[next_random(random) % ARRAY_SIZE(prots)];
}

/* One call; errors are as good as success. */
static void random_call(struct space *spaces, u32 *random)
{
	struct range to = random_range(spaces, random), from = random_range(spaces, random);
	u32 prot = random_prot(random), done;

	from.n = to.n;
	switch (next_random(random) % 9) {
	case 0:
	case 1: user_alloc(&to, prot, &done); break;
	case 2: user_map(&to, &from, prot, &done); break;
	case 3: user_grant(&to, &from, prot, &done); break;
	case 4: user_copy(&to, &from, prot, next_random(random) & 1, &done); break;
	case 5: user_share(&to, &from, prot, &done); break;
	case 6: user_protect(&to, prot, &done); break;
	case 7: user_unmap(&to); break;
	default: user_revoke(&to, &done);
	}
}

static bool all_is_well(struct space *spaces, u32 round)
{
	for (u32 i = 0; i < SPACES; i++) {
		const char *wrong = space_check(spaces[i].mm);

		if (!EXPECT(59, !wrong, "round %u, address space %u: %s", round, i, wrong))
			return false;
	}
	return true;
}

SELFTEST(frames_random, "frames.random", 8, "53, 54, 56, 58, 59, 67")
{
	static struct space spaces[SPACES];
	u32 before = pages_at_rest(), random = 4711, rounds = selftest_full ? ROUNDS_FULL : ROUNDS;

	if (EXPECT(0, make_spaces(spaces), "address spaces"))
		for (u32 i = 0; i < rounds; i++) {
			random_call(spaces, &random);
			if (!all_is_well(spaces, i))
				break;
		}
	end_spaces(spaces);
	EXPECT_EQ(0, pages_at_rest(), before, "pages free or cached");
}

/* The owner's mapping goes: the frame passes to the oldest of the others, beyond its limit too. */
SELFTEST(frames_heir, "frames.heir", 8, "58, 59")
{
	static struct space spaces[SPACES];
	struct range range[SPACES];
	const char *wrong;
	pfn_t where;
	u32 done;

	if (!EXPECT(0, make_spaces(spaces), "address spaces"))
		return;
	for (u32 i = 0; i < SPACES; i++)
		range[i] = (struct range){ spaces[i].mm, AREA_START + i * PAGE_SIZE, 1 };
	EXPECT_EQ(0, user_alloc(&range[0], PROT_READ, &done), 0, "a page");
	EXPECT_EQ(0, user_map(&range[1], &range[0], PROT_READ, &done), 0, "its second mapping");
	EXPECT_EQ(0, user_map(&range[2], &range[0], PROT_READ, &done), 0, "its third mapping");
	spaces[1].account.limit = 0;
	user_unmap(&range[0]);
	wrong = frames_check(&where);
	EXPECT(58, !wrong, "frame 0x%x: %s", where, wrong);
	for (u32 i = 0; i < SPACES; i++) {
		wrong = space_check(spaces[i].mm);
		EXPECT(59, !wrong, "address space %u: %s", i, wrong);
	}
	EXPECT(59, (u32)atomic_read(&spaces[1].account.used) >= PAGE_SIZE, "the heir pays");
	EXPECT_EQ(
		0, user_grant(&range[0], &range[2], PROT_READ, &done), -EPERM, "not its to grant");
	end_spaces(spaces);
}
