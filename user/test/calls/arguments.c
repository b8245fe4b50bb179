/*
 * Bad arguments, from the table of calls itself: each call is made with arguments that are right
 * but for one, and that one is given every value that its WHAT (lib/abi/calls.h) makes wrong.  So a
 * call that is added to the table is tested with it.
 */
#include "lib/string.h"
#include "user/lib/kernel_call.h"
#include "user/lib/print.h"
#include "user/test/record.h"
#include "user/test/test.h"

#define CALL_ARGUMENTS(number, name, arguments, errors, text) [number] = (arguments),
static const char *const call_arguments[] = { CALL_TABLE(CALL_ARGUMENTS) };
#define CALL_NAMES(number, name, arguments, errors, text) [number] = #name,
static const char *const call_names[] = { CALL_TABLE(CALL_NAMES) };

#define NO_HANDLE 300u /* a slot that stays empty */
#define BEYOND 0xFFFu  /* no table has so many */
#define TOP_BIT 0x80000000u
#define SCREEN_FRAME 0xB8u /* of the text screen */
#define MESSAGE_PLACE 0x50400000u

/* ---- Objects: one of each kind, with all rights and with none but grant ---- */

static const struct kind {
	const char *name;
	u32 slot, weak, dead; /* weak: a handle without the rights; dead: to one that has ended */
} kinds[] = {
	{ "endpoint", 64, 80, 96 }, { "notification", 65, 81, 97 }, { "task", 66, 82, 98 },
	{ "thread", 67, 83, 99 }, { "system", 68, 84, 0 }, /* it does not end */
};
#define SLOT_TO_END 71u
#define SLOT_SCRATCH 70u

static void make_thread(u32 slot)
{
	u32 page = MESSAGE_PLACE + (4 + slot) * PAGE;

	EXPECT(0, thread_create(0, slot, PAGE * 32, TEST_PAGES, page | 1, 0));
}

/* A thread is dead when it has ended, which it does when it runs again. */
static bool is_dead(u32 slot)
{
	return handle_copy(0, SLOT_EMPTY, slot, RIGHT_GRANT, 0).error == EDEAD ||
	       (handle_drop(SLOT_EMPTY, 0), false);
}

/* A second handle stays when the object ends. */
static void make_dead(const struct kind *kind, void (*make)(u32 slot))
{
	make(SLOT_TO_END);
	EXPECT(0, handle_copy(0, kind->dead, SLOT_TO_END, RIGHTS_ALL, 0));
	EXPECT(0, handle_drop(SLOT_TO_END, DROP_DESTROY));
	WAIT_FOR(is_dead(kind->dead));
}

static void make_objects(void)
{
	make_endpoint(kinds[0].slot);
	make_notification(kinds[1].slot);
	make_task(kinds[2].slot);
	make_thread(kinds[3].slot);
	EXPECT(0, handle_copy(0, kinds[4].slot, SLOT_SYSTEM, RIGHTS_ALL, 0));
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++)
		EXPECT(0, handle_copy(0, kinds[i].weak, kinds[i].slot, RIGHT_GRANT, 0));
	make_endpoint(SLOT_SCRATCH);
	make_dead(&kinds[0], make_endpoint);
	make_dead(&kinds[1], make_notification);
	make_dead(&kinds[2], make_task);
	make_dead(&kinds[3], make_thread);
}

static const struct kind *find_kind(const char *what)
{
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strncmp(what, kinds[i].name, strlen(kinds[i].name)))
			return &kinds[i];
	return NULL;
}

/* ---- One call ---- */

struct argument {
	char place[4], name[16], what[32];
};

struct call {
	u32 number, arguments;
	struct argument argument[7];
	u32 value[7];
};

/* Right values for each WHAT that is no handle; calls made with them do no harm. */
static const struct good {
	const char *what;
	u32 value;
} good_values[] = {
	{ "slot|none", 0 },
	{ "slot", SLOT_EMPTY },
	{ "tag", 0 },
	{ "word", 0 },
	{ "bits", 1 },
	{ "timeout", 1000 },
	{ "kind", KIND_TASK | 8u << 8 },
	{ "bytes", 0x100000 },
	{ "handles", 0 },
	{ "count", 256 },
	{ "handle|none", 0 },
	{ "handle", SLOT_SCRATCH },
	{ "any", SLOT_SCRATCH },
	{ "rights", RIGHT_SEND },
	{ "drop_flags", 0 },
	{ "address_prot", TEST_PAGES | PROT_RW },
	{ "address_map", (TEST_PAGES + 0x100000) | MAP_COPY },
	{ "address_unmap", TEST_PAGES },
	{ "address", TEST_PAGES },
	{ "message_page", MESSAGE_PLACE | 1 },
	{ "control_op", THREAD_BIND },
	{ "pages", 1 },
	{ "frame", 0 },
	{ "irq_op", IRQ_ATTACH },
	{ "irq", 5 },
	{ "bit", 0 },
	{ "port", 0x80 },
	{ "info", INFO_SYSTEM },
	{ "sys_op", SYS_CLOCK },
	{ "reply", NO_HANDLE },
};

static u32 good_value(const char *what)
{
	const struct kind *kind = find_kind(what);

	if (kind)
		return kind->slot;
	for (u32 i = 0; i < ARRAY_SIZE(good_values); i++)
		if (!strncmp(what, good_values[i].what, strlen(good_values[i].what)))
			return good_values[i].value;
	test_failed(__FILE__, __LINE__, "no good value for an argument that is '%s'", what);
}

/* The word up to `end`, which is left out; returns what follows. */
static const char *take(const char *from, char end, char *to, u32 size)
{
	u32 length = 0;

	for (; *from && *from != end; from++)
		if (length + 1 < size)
			to[length++] = *from;
	to[length] = 0;
	return *from ? from + 1 : from;
}

static void read_call(u32 number, struct call *call)
{
	const char *text = call_arguments[number];

	memset(call, 0, sizeof(*call));
	call->number = number;
	while (*text) {
		struct argument *argument = &call->argument[call->arguments];

		text = take(text, ':', argument->place, sizeof(argument->place));
		text = take(text, ':', argument->name, sizeof(argument->name));
		text = take(text, ' ', argument->what, sizeof(argument->what));
		call->value[call->arguments++] = good_value(argument->what);
	}
}

static void set_register(struct result *registers, const char *place, u32 value)
{
	if (!strcmp(place, "h1"))
		registers->error |= (value & HANDLE_MASK) << 8;
	else if (!strcmp(place, "h2"))
		registers->error |= (value & HANDLE_MASK) << (8 + HANDLE_BITS);
	else if (!strcmp(place, "ebx"))
		registers->badge = value;
	else if (!strcmp(place, "esi"))
		registers->tag = value;
	else if (!strcmp(place, "edi"))
		registers->word0 = value;
	else if (!strcmp(place, "ebp"))
		registers->word1 = value;
	else
		test_failed(__FILE__, __LINE__, "no register is named '%s'", place);
}

static struct result make_call(const struct call *call, u32 bad, u32 value)
{
	struct result registers = { .error = call->number };

	for (u32 i = 0; i < call->arguments; i++)
		set_register(
			&registers, call->argument[i].place, i == bad ? value : call->value[i]);
	registers = kernel_call(registers);
	return registers;
}

/* ---- Bad values ---- */

static u32 tried, failures;

static void try_value(const struct call *call, u32 bad, u32 value, u32 error)
{
	const struct argument *argument = &call->argument[bad];
	struct result got = make_call(call, bad, value);

	tried++;
	record(call->number, got.error);
	if (got.error == error && !got.badge && !(got.tag & ~TAG_REPLY) && !got.word0 && !got.word1)
		return;
	failures++;
	printf("# %s(%s = 0x%x, %s): %s, not %s; ebx %x esi %x edi %x ebp %x\n",
		call_names[call->number], argument->name, value, argument->what,
		error_name(got.error), error_name(error), got.badge, got.tag, got.word0, got.word1);
}

/* From WHAT to a value and its error; every row of a WHAT is tried. */
static const struct bad {
	const char *what;
	u32 value, error;
} bad_values[] = {
	{ "slot", SLOT_SCRATCH, ENOSLOT },
	{ "slot", 0, ENOSLOT },
	{ "slot", BEYOND, ENOSLOT },
	{ "slot|none", SLOT_SCRATCH, ENOSLOT },
	{ "slot|none", BEYOND, ENOSLOT },
	{ "tag", TAG_CALL, EINVAL },
	{ "tag", TAG_NOTE, EINVAL },
	{ "tag", TAG_FAULT, EINVAL },
	{ "tag", TAG_REPLY, EINVAL },
	{ "tag", TOP_BIT, EINVAL },
	{ "tag", TAG(0u, MESSAGE_WORDS + 1, 0u), EINVAL },
	{ "tag", TAG(0u, 0u, MESSAGE_ITEMS + 1), EINVAL },
	{ "kind", KIND_NONE, EINVAL },
	{ "kind", KIND_THREAD, EINVAL },
	{ "kind", KIND_REPLY, EINVAL },
	{ "kind", KIND_SYSTEM, EINVAL },
	{ "kind", KIND_SYSTEM + 1, EINVAL },
	{ "kind", KIND_TASK | 32u << 8, EINVAL },
	{ "kind", KIND_TASK | 32u << 16, EINVAL },
	{ "kind", KIND_TASK | TOP_BIT, EINVAL },
	{ "handles", NO_HANDLE, EBADH },
	{ "handles", BEYOND, EBADH },
	{ "handles", 65, EBADH }, /* a notification as pager */
	{ "handles", 80, EPERM }, /* an endpoint without send */
	{ "handles", NO_HANDLE << HANDLE_BITS, EBADH },
	{ "handles", 64u << HANDLE_BITS, EBADH },
	{ "handles", 96, EDEAD },
	{ "handles", 97u << HANDLE_BITS, EDEAD },
	{ "handles", TOP_BIT, EINVAL },
	{ "count", 0, EINVAL },
	{ "count", 0xFFFFFFFF, EINVAL },
	{ "count", 1025, EINVAL },
	{ "handle", 0, EBADH },
	{ "handle", NO_HANDLE, EBADH },
	{ "handle", BEYOND, EBADH },
	{ "any", 0, EBADH },
	{ "any", NO_HANDLE, EBADH },
	{ "any", BEYOND, EBADH },
	{ "reply", 0, EBADH },
	{ "reply", NO_HANDLE, EBADH },
	{ "reply", BEYOND, EBADH },
	{ "reply", SLOT_SCRATCH, EBADH },
	{ "rights", RIGHTS_ALL + 1, EINVAL },
	{ "rights", TOP_BIT, EINVAL },
	{ "drop_flags", 2, EINVAL },
	{ "drop_flags", TOP_BIT | DROP_DESTROY, EINVAL },
	{ "message_page", 1, EINVAL },
	{ "message_page", (USER_START - PAGE) | 1, EINVAL },
	{ "message_page", USER_END | 1, EINVAL },
	{ "message_page", 0xFFFFF001, EINVAL },
	{ "message_page", MESSAGE_PLACE | 127u << PRIO_BITS | 1, EINVAL },
	{ "control_op", THREAD_OPS, EINVAL },
	{ "control_op", 0xFFFFFFFF, EINVAL },
	{ "address_prot", PROT_RW, EINVAL },
	{ "address_prot", (USER_START - PAGE) | PROT_RW, EINVAL },
	{ "address_prot", USER_END | PROT_RW, EINVAL },
	{ "address_prot", 0xFFFFF000 | PROT_RW, EINVAL },
	{ "address_prot", TEST_PAGES | PROT_RW | PROT_EXEC, EINVAL },
	{ "address_prot", TEST_PAGES | PROT_RW | 16, EINVAL },
	{ "address_prot", TEST_PAGES | PROT_RW | 0x800, EINVAL },
	{ "address_map", MAP_COPY, EINVAL },
	{ "address_map", (USER_START - PAGE) | MAP_COPY, EINVAL },
	{ "address_map", USER_END | MAP_COPY, EINVAL },
	{ "address_map", TEST_PAGES | (MAP_PROTECT + 1), EINVAL },
	{ "address_map", TEST_PAGES | MAP_OP_MASK, EINVAL },
	{ "address_map", TEST_PAGES | MAP_COPY | 16, EINVAL },
	{ "address_map", TEST_PAGES | MAP_COPY | 0x800, EINVAL },
	{ "address_unmap", 0, EINVAL },
	{ "address_unmap", USER_START - PAGE, EINVAL },
	{ "address_unmap", USER_END, EINVAL },
	{ "address_unmap", TEST_PAGES | 2, EINVAL },
	{ "address_unmap", TEST_PAGES | 0x800, EINVAL },
	{ "pages", 0, EINVAL },
	{ "pages", RANGE_MAX + 1, EINVAL },
	{ "pages", 0x100000, EINVAL },
	{ "pages", 0xFFFFFFFF, EINVAL },
	{ "irq_op", IRQ_ACK + 1, EINVAL },
	{ "irq_op", 0xFFFFFFFF, EINVAL },
	{ "irq", 0xFFFFFFFF, EINVAL },
	{ "bit", 32, EINVAL },
	{ "bit", 0xFFFFFFFF, EINVAL },
	{ "port", 0x400, EINVAL },
	{ "port", 0xFFFFFFFF, EINVAL },
	{ "info", INFO_KINDS, EINVAL },
	{ "info", 0xFFFFFFFF, EINVAL },
	{ "sys_op", SYS_CLOCK + 1, EINVAL },
	{ "sys_op", 0xFFFFFFFF, EINVAL },
};

/* Empty slots, other kinds, and where a right is asked for (kind+right) a handle without it. */
static void try_handles(const struct call *call, u32 bad)
{
	const char *what = call->argument[bad].what;
	const struct kind *kind = find_kind(what);

	if (!kind)
		return;
	try_value(call, bad, NO_HANDLE, EBADH);
	try_value(call, bad, BEYOND, EBADH);
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++)
		if (&kinds[i] != kind)
			try_value(call, bad, kinds[i].slot, EBADH);
	if (strchr(what, '+'))
		try_value(call, bad, kind->weak, EPERM);
	if (!strchr(what, '|'))
		try_value(call, bad, 0, EBADH);
	/* What the kernel tells of a thread it tells of a dead one too. */
	if (kind->dead)
		try_value(call, bad, kind->dead, EDEAD);
}

static void try_rows(const struct call *call, u32 bad)
{
	for (u32 i = 0; i < ARRAY_SIZE(bad_values); i++)
		if (!strcmp(call->argument[bad].what, bad_values[i].what))
			try_value(call, bad, bad_values[i].value, bad_values[i].error);
}

/* ---- Where one good value does not serve all calls that take such an argument ---- */

/*
 * handle_copy fills a slot of this task; mem_alloc asks for a handle only with PHYS; io_grant
 * counts ports; sys_info of the system wants no handle, its length is in bytes.
 */
static void set_own_values(struct call *call)
{
	if (call->number == CALL_handle_copy)
		call->value[0] = 0;
	if (call->number == CALL_mem_alloc) {
		call->value[2] |= ALLOC_PHYS;
		call->value[4] = SCREEN_FRAME;
	}
	if (call->number == CALL_io_grant)
		call->value[3] = 1;
	if (call->number == CALL_sys_info) {
		call->value[0] = 0;
		call->value[4] = sizeof(struct info_system);
	}
}

/* The clock wants no handle: of sys_ctl's handle only the end of the machine tells. */
static void set_sys_op(struct call *call, u32 operation)
{
	if (call->number == CALL_sys_ctl)
		call->value[1] = operation;
}

/* Of an answer every other argument is looked at only when there is a caller. */
static bool is_tried(const struct call *call, u32 bad)
{
	return call->number != CALL_ipc_reply_recv || !strcmp(call->argument[bad].what, "reply");
}

/* ---- One test for each call ---- */

static void try_call(u32 number)
{
	struct call call;

	make_objects();
	read_call(number, &call);
	set_own_values(&call);
	for (u32 i = 0; i < call.arguments; i++) {
		if (!is_tried(&call, i))
			continue;
		set_sys_op(&call, SYS_EXIT);
		try_handles(&call, i);
		set_sys_op(&call, SYS_CLOCK);
		try_rows(&call, i);
	}
	CHECK(tried, "nothing of %s was tried", call_names[number]);
	if (failures)
		test_failed(__FILE__, __LINE__, "%s: %u of %u bad arguments", call_names[number],
			failures, tried);
}

/* A range that begins in user space and does not end there, of every call that takes one. */
static void ranges_that_leave(void)
{
	static const struct {
		u32 place, pages;
	} range[] = { { USER_END - PAGE, 2 }, { USER_END - 1023 * PAGE, 1024 } };

	for (u32 i = 0; i < ARRAY_SIZE(range); i++) {
		u32 place = range[i].place, pages = range[i].pages;

		EXPECT(EINVAL, mem_alloc(0, 0, place | PROT_RW, pages, 0));
		EXPECT(EINVAL, mem_unmap(0, place, pages));
		EXPECT(EINVAL, mem_map(0, 0, place | PROT_RW, TEST_PAGES | MAP_COPY, pages));
		EXPECT(EINVAL, mem_map(0, 0, TEST_PAGES | PROT_RW, place | MAP_COPY, pages));
	}
}

static void call_without_time(void)
{
	make_endpoint(SLOT_A);
	EXPECT(EINVAL, ipc_call(SLOT_A, 0, 0, 0, TIMEOUT_POLL));
}

static void buffers_outside(void)
{
	static const u32 bad[] = { USER_END - 4, USER_END, 0xFFFFFFF0 };

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT(EFAULT, sys_info(0, INFO_SYSTEM, 0, bad[i], sizeof(struct info_system)));
		EXPECT(EFAULT, sys_ctl(0, SYS_PRINT, bad[i], 16));
	}
}

/* The kernel's copy faults as the program would, and the pager here ends it. */
static void buffer_missing(void)
{
	sys_info(0, INFO_SYSTEM, 0, TEST_PAGES, sizeof(struct info_system));
}
static void text_missing(void) { sys_ctl(0, SYS_PRINT, TEST_PAGES, 16); }
/* The kernel copies four bytes at a time, and then what is left. */
static void last_byte_missing(void)
{
	EXPECT(0, mem_alloc(0, 0, TEST_PAGES | PROT_RW, 1, 0));
	sys_ctl(0, SYS_PRINT, TEST_PAGES + PAGE - 4, 5);
}

#define TRY_CALL(number, name, arguments, errors, text)                                            \
	static void try_##name(void) { try_call(number); }
CALL_TABLE(TRY_CALL)
#define CALL_TEST(number, name, arguments, errors, text) { "call." #name, try_##name, 0 },
static const struct test tests[] = {
	/* clang-format off */
	CALL_TABLE(CALL_TEST)
	/* clang-format on */
	{ "call.ranges", ranges_that_leave, 0 },
	{ "call.no_time", call_without_time, 0 },
	{ "call.buffers", buffers_outside, 0 },
	{ "call.buffer_missing", buffer_missing, STATUS_KILLED + 14 },
	{ "call.text_missing", text_missing, STATUS_KILLED + 14 },
	{ "call.last_byte_missing", last_byte_missing, STATUS_KILLED + 14 },
};
TEST_LIST(call_tests, tests);
