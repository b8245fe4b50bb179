/* What a test has left: see quiet.h. */
#include "user/test/quiet.h"

#include "lib/string.h"
#include "user/lib/calls.h"
#include "user/lib/child.h"
#include "user/lib/print.h"

#define CACHES 32u
#define TASKS 8u
#define TRIES 300u
#define STILL 5u
#define PAUSE 10000u /* microseconds */
#define NO_BIT 0x80000000u

/*
 * free + cached + owned = total: a page is free, or in a list of a CPU, or in a quicklist, or one of
 * those that kernel objects are cut from; or somebody has it, and that is what may not change.
 */
struct census {
	u32 pages; /* that nobody has */
	u32 tasks, used, mapped, tables; /* the last three: of this task */
	u32 sized; /* objects without a cache of their own */
	u32 caches;
	struct info_cache cache[CACHES];
};

static struct census before, now;
static struct info_system system;

static bool read(u32 object, u32 what, void *to, u32 size, u32 *filled)
{
	struct result result = sys_info(object, what, 0, (u32)(uintptr_t)to, size);

	if (result.error)
		printf("# sys_info %u: %s\n", what, error_name(result.error));
	*filled = result.word0;
	return !result.error;
}

static u32 free_pages(void)
{
	u32 pages = 0;

	for (u32 i = 0; i < INFO_ZONES; i++)
		pages += system.zone[i].free + system.zone[i].cached;
	for (u32 i = 0; i < system.cpus; i++)
		pages += system.cpu[i].pgds + system.cpu[i].pmds + system.cpu[i].ptes +
			 system.cpu[i].stacks * INFO_STACK_PAGES;
	return pages;
}

static u32 kept_stacks(void)
{
	u32 stacks = 0;

	for (u32 i = 0; i < system.cpus; i++)
		stacks += system.cpu[i].stacks;
	return stacks;
}

/* Objects without a cache of their own.  A stack that is kept ready has one. */
static bool is_of_a_size(const struct info_cache *cache)
{
	return !strncmp(cache->name, "kmalloc-", 8);
}

static u32 sized_objects(const struct census *census)
{
	u32 objects = 0;

	for (u32 i = 0; i < census->caches; i++)
		if (is_of_a_size(&census->cache[i]))
			objects += census->cache[i].in_use;
	return objects - kept_stacks();
}

static bool count(struct census *census)
{
	struct info_task task, all[TASKS];
	u32 filled;

	memset(census, 0, sizeof(*census));
	if (!read(0, INFO_TASK, &task, sizeof(task), &filled) ||
		!read(SLOT_SYSTEM, INFO_TASKS, all, sizeof(all), &census->tasks) ||
		!read(0, INFO_CACHES, census->cache, sizeof(census->cache), &census->caches) ||
		!read(0, INFO_SYSTEM, &system, sizeof(system), &filled))
		return false;
	census->tasks /= sizeof(all[0]);
	census->caches /= sizeof(census->cache[0]);
	census->used = task.used;
	census->mapped = task.pages;
	census->tables = task.tables;
	census->pages = free_pages();
	for (u32 i = 0; i < census->caches; i++)
		census->pages += census->cache[i].pages;
	census->sized = sized_objects(census);
	return true;
}

static bool same_objects(void)
{
	for (u32 i = 0; i < now.caches; i++)
		if (!is_of_a_size(&now.cache[i]) &&
			now.cache[i].in_use != before.cache[i].in_use)
			return false;
	return now.caches == before.caches && now.sized == before.sized;
}

static bool is_quiet(void)
{
	return now.pages == before.pages && now.tasks == before.tasks && now.used == before.used &&
	       now.mapped == before.mapped && now.tables == before.tables && same_objects();
}

static void say(const char *test, const char *what, u32 old, u32 new)
{
	if (old != new)
		printf("# %s: %s: %u before, %u after\n", test, what, old, new);
}

static void say_what_is_left(const char *test)
{
	say(test, "pages that nobody has", before.pages, now.pages);
	say(test, "tasks", before.tasks, now.tasks);
	say(test, "objects without a cache", before.sized, now.sized);
	say(test, "bytes charged to the parent", before.used, now.used);
	say(test, "pages of the parent", before.mapped, now.mapped);
	say(test, "page tables of the parent", before.tables, now.tables);
	for (u32 i = 0; i < now.caches; i++)
		say(test, now.cache[i].name, before.cache[i].in_use, now.cache[i].in_use);
}

/* A pause: bits that nobody raises. */
static void pause(void) { notify_wait(SLOT_ENDED, NO_BIT, PAUSE); }

/* What the last child has left may still go: nothing has changed for a while. */
bool quiet_begin(void)
{
	u32 still = 0;

	if (!count(&before))
		return false;
	for (u32 i = 0; i < TRIES && still < STILL; i++) {
		pause();
		if (!count(&now))
			return false;
		still = is_quiet() ? still + 1 : 0;
		before = now;
	}
	return true;
}

bool quiet_again(const char *test)
{
	for (u32 i = 0; i < TRIES; i++) {
		if (count(&now) && is_quiet())
			return true;
		pause();
	}
	say_what_is_left(test);
	before = now;
	return false;
}
