/* Pages taken away while a fault is served with them, or while they are mapped. */
#include "tasks/tasks.h"

#include "mm/boot/ram_layout.h"
#include "mm/user/frames.h"

#define EP 1u
#define SLOT 2u
#define CLIENT 3u
#define PAGER 4u
/* Message pages lie below. */
#define AT (4 * PAGE_SIZE)
#define SOURCE (6 * PAGE_SIZE)
#define RW (PROT_READ | PROT_WRITE)

static struct task *pager, *client;
static u32 charged_with_threads;
static int source_frame;

static void setup(void)
{
	struct object *endpoint;

	pager = make_task(NULL);
	endpoint = make_endpoint(pager);
	client = make_task(endpoint);
	give(pager, EP, endpoint, RIGHTS_ALL);
	give(pager, CLIENT, &client->object, RIGHTS_ALL);
	give(client, PAGER, &pager->object, RIGHTS_ALL);
	give(client, EP, endpoint, RIGHTS_ALL);
	make_page(pager, SOURCE);
	source_frame = mapped(pager, SOURCE);
}

/* A frame that nobody owns has neither mark nor count. */
static void check_frames(void)
{
	for (u32 frame = 0; frame < max_pfn; frame++) {
		const struct page *page = pfn_to_page(frame);

		MUST((page->flags & PG_USER) || !(page->flags & PG_REVOKED),
			"frame %u has no owner, and is marked as revoked", frame);
	}
	check_objects();
}

/* ---- A fault that is being served ---- */

/* From its own page; if that has gone there is nothing to map, and the faulting thread ends. */
static void serve_faults(void)
{
	u32 label = 0;

	ipc_recv(EP, SLOT, TIMEOUT_NEVER);
	for (;;) {
		u32 error = page_map(CLIENT, AT, 0, SOURCE, RW, MAP_MAP);

		MUST(!error || error == EFAULT || error == EPERM || error == EEXIST,
			"the pager's map returns %u", error);
		label = error == EFAULT || error == EPERM;
		ipc_answer(SLOT, EP, label);
	}
}

static void touch_it(void)
{
	u32 frame = touch(AT);

	MUST((int)frame == source_frame, "the page leads to frame %u", frame);
}

static void revoke_source(void)
{
	u32 error = page_unmap(0, SOURCE, UNMAP_REVOKE);

	MUST(!error, "revoke returns %u", error);
	MUST(mapped(pager, SOURCE) < 0, "the source is still mapped");
}

static void unmap_at_client(void) { page_unmap(CLIENT, AT, 0); }
static void unmap_source(void) { page_unmap(0, SOURCE, 0); }

static void setup_pager(void)
{
	setup();
	spawn_server(pager, 1, serve_faults);
}

static void start_revoke(void)
{
	spawn(client, 0, touch_it);
	spawn(pager, 1, revoke_source);
}

static void all_revoked(void)
{
	MUST(mapped(client, AT) < 0 && mapped(pager, SOURCE) < 0, "the frame is still mapped");
	check_frames();
}

SCENARIO(fault_revoke, .about = "the pager's page is revoked while it serves a fault with it",
	.no_pool = true, .cpus = 2, .setup = setup_pager, .start = start_revoke,
	.finish = all_revoked);

/* Its page is already there, and its CPU takes up the address space meanwhile. */
static void setup_mapped(void)
{
	setup_pager();
	map_page(client, AT, pager, SOURCE);
}

SCENARIO(walk_revoke, .about = "a page is revoked while another CPU begins to use it",
	.no_pool = true, .cpus = 2, .setup = setup_mapped, .start = start_revoke,
	.finish = all_revoked);

static void start_unmap(void)
{
	spawn(client, 0, touch_it);
	spawn(pager, 1, unmap_at_client);
}

SCENARIO(fault_unmap, .about = "the page is unmapped again while its fault is served",
	.no_pool = true, .cpus = 2, .setup = setup_pager, .start = start_unmap,
	.finish = check_frames);

static void start_unmap_source(void)
{
	spawn(client, 0, touch_it);
	spawn(pager, 1, unmap_source);
}

/* The frame passes to the client if the client had it by then. */
static void passed_on(void)
{
	int frame = mapped(client, AT);

	MUST(frame < 0 || pfn_to_page((u32)frame)->owner == client->mm,
		"the frame is not its only mapper's");
	check_frames();
}

SCENARIO(fault_unmap_source, .about = "the owner unmaps the page while a fault is served with it",
	.no_pool = true, .cpus = 2, .setup = setup_pager, .start = start_unmap_source,
	.finish = passed_on);

/* ---- Mapped and revoked by two CPUs ---- */

static void map_it(void)
{
	u32 error = page_map(0, AT, PAGER, SOURCE, RW, MAP_MAP);

	MUST(!error || error == EFAULT || error == EPERM, "map returns %u", error);
}

static void grant_it(void)
{
	u32 error = page_map(CLIENT, AT, 0, SOURCE, RW, MAP_GRANT);

	MUST(!error || error == EFAULT || error == EPERM, "grant returns %u", error);
	result[0] = !error;
}

static void start_map_revoke(void)
{
	spawn(client, 0, map_it);
	spawn(pager, 1, revoke_source);
}

SCENARIO(map_revoke, .about = "a page is mapped on one CPU and revoked on another", .no_pool = true,
	.cpus = 2, .setup = setup, .start = start_map_revoke, .finish = all_revoked);

static void revoke_if_owner(void) { page_unmap(0, SOURCE, UNMAP_REVOKE); }

static void start_grant_revoke(void)
{
	spawn(pager, 0, grant_it);
	spawn(pager, 1, revoke_if_owner);
}

static void granted_or_gone(void)
{
	MUST((mapped(client, AT) == source_frame) == (result[0] == 1),
		"grant returned %u, and the page leads to frame %d", !result[0],
		mapped(client, AT));
	check_frames();
}

SCENARIO(grant_revoke, .about = "a page is granted on one CPU and revoked on another",
	.no_pool = true, .cpus = 2, .setup = setup, .start = start_grant_revoke,
	.finish = granted_or_gone);

/* ---- Unmapped and revoked by two CPUs ---- */

static void start_revoke_unmap(void)
{
	spawn(pager, 0, unmap_source);
	spawn(pager, 1, revoke_source);
	charged_with_threads = charged(pager);
}

static void both_gone(void)
{
	MUST(mapped(pager, SOURCE) < 0, "the page is still mapped");
	MUST(charged(pager) == charged_with_threads - PAGE_SIZE - sizeof(struct mapping),
		"%u bytes were charged with the page, %u are without", charged_with_threads,
		charged(pager));
	check_frames();
}

SCENARIO(revoke_unmap, .about = "a page is unmapped on one CPU and revoked on another",
	.no_pool = true, .cpus = 2, .setup = setup, .start = start_revoke_unmap,
	.finish = both_gone);

/* ---- Tables that go while a page is entered ---- */

static void enter_page(void)
{
	u32 error = page_new(0, AT, RW);

	MUST(!error, "mem_alloc returns %u", error);
}

/* The other page of the same table: with it the table goes, if nothing else is there. */
static void unmap_table(void) { page_unmap_two(0, AT); }

static void setup_table(void)
{
	setup();
	make_page(client, AT + PAGE_SIZE);
}

static void start_table(void)
{
	spawn(client, 0, enter_page);
	spawn(client, 1, unmap_table);
	charged_with_threads = charged(client);
}

/* With a page and its table, as at the start, or with neither. */
static void table_is_charged(void)
{
	u32 both = charged_with_threads;
	u32 none = both - 2 * PAGE_SIZE - (u32)sizeof(struct mapping);
	u32 now = charged(client);

	MUST(now == (mapped(client, AT) >= 0 ? both : none),
		"%u bytes were charged, %u are, and the page is %smapped", both, now,
		mapped(client, AT) >= 0 ? "" : "not ");
	check_frames();
}

SCENARIO(table_goes, .about = "a page is entered while its table is taken away", .no_pool = true,
	.cpus = 2, .setup = setup_table, .start = start_table, .finish = table_is_charged);
