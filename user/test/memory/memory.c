/* mem_alloc, mem_map, mem_unmap within one task and between two. */
#include "lib/string.h"
#include "user/test/test.h"

#define P TEST_PAGES
#define Q (TEST_PAGES + 0x100000u)

static void new_pages_are_zero(void)
{
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, 16, 0));
	for (u32 i = 0; i < 16 * PAGE / 4; i++)
		CHECK(!AS_POINTER(P)[i], "word %u is 0x%x", i, AS_POINTER(P)[i]);
	memset((void *)AS_POINTER(P), 0x5A, 16 * PAGE);
	EXPECT(0, mem_unmap(0, P, 16));
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, 16, 0));
	for (u32 i = 0; i < 16 * PAGE / 4; i++)
		CHECK(!AS_POINTER(P)[i], "again: word %u is 0x%x", i, AS_POINTER(P)[i]);
}

static void places_are_taken_once(void)
{
	EXPECT(0, mem_alloc(0, 0, (P + 2 * PAGE) | PROT_RW, 1, 0));
	CHECK_EQUAL(EXPECT(EEXIST, mem_alloc(0, 0, P | PROT_RW, 4, 0)).word0, 2);
	CHECK_EQUAL(EXPECT(0, mem_unmap(0, P, 4)).word0, 4);
	CHECK_EQUAL(EXPECT(0, mem_alloc(0, 0, P | PROT_RW, 4, 0)).word0, 4);
}

static void the_largest_range(void)
{
	CHECK_EQUAL(EXPECT(0, mem_alloc(0, 0, P | PROT_RW, RANGE_MAX, 0)).word0, RANGE_MAX);
	AS_POINTER(P + (RANGE_MAX - 1) * PAGE)[1023] = 1;
	CHECK_EQUAL(EXPECT(0, mem_unmap(0, P, RANGE_MAX)).word0, RANGE_MAX);
	EXPECT(0, mem_alloc(0, 0, (USER_END - PAGE) | PROT_RW, 1, 0));
	AS_POINTER(USER_END - PAGE)[1023] = 1;
}

static void protect_takes_and_gives(void)
{
	EXPECT(EINVAL, mem_alloc(0, 0, P | PROT_RW | PROT_EXEC, 1, 0));
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, 1, 0));
	*AS_POINTER(P) = 0xC3; /* ret */
	EXPECT(0, mem_map(0, 0, P | PROT_READ | PROT_EXEC, MAP_PROTECT, 1));
	((void (*)(void))P)();
	EXPECT(EINVAL, mem_map(0, 0, P | PROT_RW | PROT_EXEC, MAP_PROTECT, 1));
	EXPECT(0, mem_map(0, 0, P | PROT_RW, MAP_PROTECT, 1));
	*AS_POINTER(P) = 1;
	/* With a second mapping nothing may be added. */
	EXPECT(0, mem_map(0, 0, Q | PROT_READ, P | MAP_MAP, 1));
	EXPECT(EPERM, mem_map(0, 0, P | PROT_READ | PROT_EXEC, MAP_PROTECT, 1));
	EXPECT(EPERM, mem_map(0, 0, Q | PROT_RW, MAP_PROTECT, 1));
	EXPECT(0, mem_unmap(0, Q, 1));
	EXPECT(0, mem_map(0, 0, P | PROT_READ | PROT_EXEC, MAP_PROTECT, 1));
}

static void no_share_onto_itself(void)
{
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, 2, 0));
	CHECK_EQUAL(
		EXPECT(EINVAL, mem_map(0, 0, (P + PAGE) | PROT_READ, P | MAP_SHARE, 2)).word0, 0);
	EXPECT(EINVAL, mem_map(0, 0, P | PROT_READ, (P + PAGE) | MAP_SHARE, 2));
	EXPECT(EINVAL, mem_map(0, 0, P | PROT_READ, P | MAP_SHARE, 1));
	*AS_POINTER(P) = 1; /* nothing was taken */
	EXPECT(0, mem_map(0, 0, (P + 2 * PAGE) | PROT_READ, P | MAP_SHARE, 2));
}

bool user_cpu_has_nx(void);

/* Entries of PAE have the bit; the pool's one page table has 512 of them, else 1024. */
static bool data_is_no_code(void)
{
	static struct info_system info;

	EXPECT(0, sys_info(0, INFO_SYSTEM, 0, (u32)&info, sizeof(info)));
	return info.pkmap.slots == 512 && user_cpu_has_nx();
}

static void execute_data(void)
{
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, 1, 0));
	*AS_POINTER(P) = 0xC3; /* ret */
	if (data_is_no_code())
		((void (*)(void))P)();
	else
		(void)READ_ONCE(*AS_POINTER(P + PAGE));
}

static void write_after_protect(void)
{
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, 1, 0));
	*AS_POINTER(P) = 1;
	EXPECT(0, mem_map(0, 0, P | PROT_READ, MAP_PROTECT, 1));
	*AS_POINTER(P) = 2;
}

static void read_after_unmap(void)
{
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, 1, 0));
	*AS_POINTER(P) = 1;
	EXPECT(0, mem_unmap(0, P, 1));
	(void)READ_ONCE(*AS_POINTER(P));
}

static void two_mappings_are_one_frame(void)
{
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, 2, 0));
	EXPECT(0, mem_map(0, 0, Q | PROT_RW, P | MAP_MAP, 2));
	AS_POINTER(P)[1024] = 0x1234;
	CHECK_EQUAL(AS_POINTER(Q)[1024], 0x1234);
	EXPECT(0, mem_unmap(0, P, 2));
	CHECK_EQUAL(AS_POINTER(Q)[1024], 0x1234);
}

static void a_copy_is_another_frame(void)
{
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, 1, 0));
	*AS_POINTER(P) = 1;
	EXPECT(0, mem_map(0, 0, Q | PROT_RW, P | MAP_COPY, 1));
	*AS_POINTER(P) = 2;
	CHECK_EQUAL(*AS_POINTER(Q), 1);
	EXPECT(EEXIST, mem_map(0, 0, Q | PROT_RW, P | MAP_COPY, 1));
	EXPECT(0, mem_map(0, 0, Q | PROT_RW, P | MAP_COPY | MAP_REPLACE, 1));
	CHECK_EQUAL(*AS_POINTER(Q), 2);
}

/* Copy-on-write by hand: SHARE, then each side takes a copy of its own. */
static void share_then_copy(void)
{
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, 1, 0));
	*AS_POINTER(P) = 7;
	EXPECT(0, mem_map(0, 0, Q | PROT_READ, P | MAP_SHARE, 1));
	EXPECT(EPERM, mem_map(0, 0, P | PROT_RW, MAP_PROTECT, 1));
	EXPECT(0, mem_map(0, 0, P | PROT_RW, P | MAP_COPY | MAP_REPLACE, 1));
	*AS_POINTER(P) = 8;
	CHECK_EQUAL(*AS_POINTER(Q), 7);
	EXPECT(0, mem_map(0, 0, Q | PROT_RW, Q | MAP_COPY | MAP_REPLACE, 1));
	*AS_POINTER(Q) = 9;
	CHECK_EQUAL(*AS_POINTER(P), 8);
}

static void write_after_share(void)
{
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, 1, 0));
	*AS_POINTER(P) = 7;
	EXPECT(0, mem_map(0, 0, Q | PROT_READ, P | MAP_SHARE, 1));
	*AS_POINTER(P) = 8;
}

static void a_grant_leaves_nothing(void)
{
	make_task(SLOT_A);
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, 1, 0));
	*AS_POINTER(P) = 3;
	EXPECT(0, mem_map(SLOT_A, 0, Q | PROT_RW, P | MAP_GRANT, 1));
	EXPECT(EFAULT, mem_map(SLOT_A, 0, (Q + PAGE) | PROT_RW, P | MAP_MAP, 1));
	/* Its owner is the other task: it can be mapped from there, but not granted twice. */
	EXPECT(0, mem_map(0, SLOT_A, P | PROT_READ, Q | MAP_MAP, 1));
	CHECK_EQUAL(*AS_POINTER(P), 3);
	EXPECT(EPERM, mem_map(SLOT_A, 0, (Q + PAGE) | PROT_READ, P | MAP_GRANT, 1));
}

/* Who owns a frame may grant it. */
static void an_owner_maps_twice(void)
{
	make_task(SLOT_A);
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, 1, 0));
	EXPECT(0, mem_map(SLOT_A, 0, P | PROT_RW, P | MAP_MAP, 1));
	EXPECT(0, mem_map(0, 0, Q | PROT_RW, P | MAP_MAP, 1));
	EXPECT(0, mem_unmap(0, P, 1));
	EXPECT(0, mem_map(SLOT_A, 0, Q | PROT_RW, Q | MAP_GRANT, 1));
}

static void the_oldest_inherits(void)
{
	make_task(SLOT_A);
	make_task(SLOT_B);
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, 1, 0));
	EXPECT(0, mem_map(SLOT_A, 0, P | PROT_RW, P | MAP_MAP, 1));
	EXPECT(0, mem_map(SLOT_B, 0, P | PROT_RW, P | MAP_MAP, 1));
	EXPECT(0, mem_unmap(0, P, 1));
	EXPECT(EPERM, mem_map(0, SLOT_B, P | PROT_RW, P | MAP_GRANT, 1));
	EXPECT(0, mem_map(0, SLOT_A, P | PROT_RW, P | MAP_GRANT, 1));
}

static void revoke_takes_all(void)
{
	make_task(SLOT_A);
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, 3, 0));
	EXPECT(0, mem_map(SLOT_A, 0, P | PROT_READ, P | MAP_MAP, 3));
	EXPECT(0, mem_map(0, 0, Q | PROT_READ, P | MAP_MAP, 3));
	EXPECT(0, mem_unmap(0, P | UNMAP_REVOKE, 3));
	EXPECT(EFAULT, mem_map(0, SLOT_A, P | PROT_READ, P | MAP_MAP, 1));
	EXPECT(EFAULT, mem_map(0, 0, P | PROT_READ, Q | MAP_MAP, 1));
	EXPECT(0, mem_alloc(SLOT_A, 0, P | PROT_RW, 3, 0));
}

static void rights_do_not_grow(void)
{
	EXPECT(0, mem_alloc(0, 0, P | PROT_READ, 1, 0));
	/* At most what the source has: write is asked for, and not had. */
	EXPECT(0, mem_map(0, 0, Q | PROT_RW, P | MAP_MAP, 1));
	*AS_POINTER(Q) = 1;
}

static void the_limit_holds(void)
{
	u32 pages = 0, error = 0;

	EXPECT(0, obj_create(SLOT_SYSTEM, SLOT_A, KIND_TASK | 8u << 8, 256 * PAGE, 0, 256));
	while (!error && pages < 512) {
		error = mem_alloc(SLOT_A, 0, (P + pages * PAGE) | PROT_RW, 1, 0).error;
		pages += !error;
	}
	CHECK_EQUAL(error, EQUOTA);
	CHECK(pages > 128 && pages < 256, "%u pages of 256", pages);
	EXPECT(0, mem_unmap(SLOT_A, P, 8));
	EXPECT(0, mem_alloc(SLOT_A, 0, P | PROT_RW, 4, 0));
}

static const struct test tests[] = {
	{ "memory.zero", new_pages_are_zero, 0 },
	{ "memory.taken", places_are_taken_once, 0 },
	{ "memory.largest", the_largest_range, 0 },
	{ "memory.share_onto_itself", no_share_onto_itself, 0 },
	{ "memory.protect", protect_takes_and_gives, 0 },
	{ "memory.execute_data", execute_data, STATUS_KILLED + 14 },
	{ "memory.protect_write", write_after_protect, STATUS_KILLED + 14 },
	{ "memory.unmap_read", read_after_unmap, STATUS_KILLED + 14 },
	{ "memory.map", two_mappings_are_one_frame, 0 },
	{ "memory.copy", a_copy_is_another_frame, 0 },
	{ "memory.share", share_then_copy, 0 },
	{ "memory.share_write", write_after_share, STATUS_KILLED + 14 },
	{ "memory.grant", a_grant_leaves_nothing, 0 },
	{ "memory.owner_twice", an_owner_maps_twice, 0 },
	{ "memory.oldest_inherits", the_oldest_inherits, 0 },
	{ "memory.revoke", revoke_takes_all, 0 },
	{ "memory.rights", rights_do_not_grow, STATUS_KILLED + 14 },
	{ "memory.limit", the_limit_holds, 0 },
};
TEST_LIST(memory_tests, tests);
