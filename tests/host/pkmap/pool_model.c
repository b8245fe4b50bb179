/* The model of the pool: what pool.c compares the pool with. */
#include "pool.h"

#include "arch/x86/smp/cpumask.h"

#include <string.h>

/* As lazy.c states them. */
#define BATCH 64u
#define BATCHES_MAX (PKMAP_SLOTS_MAX / BATCH)

u32 slot_of[POOL_PAGES], slot_owner[PKMAP_SLOTS_MAX], pool_uses, pool_in_use;
int slot_count[PKMAP_SLOTS_MAX];
struct kmap_stats model_stats;
struct cpu_model model_cpu[MACHINE_CPUS];

static u32 slots, last, stamp;
static bool lazy;

/* ---- CPUs: who has flushed past which stamp, and who was interrupted for it ---- */

static void model_flush_past(u32 wanted)
{
	for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++) {
		if (!(cpus_online() & (1u << cpu)) || model_cpu[cpu].idle ||
			model_cpu[cpu].seen >= wanted)
			continue;
		model_cpu[cpu].seen = stamp;
		model_cpu[cpu].calls += cpu != running_cpu;
	}
}

void model_flushed(u32 cpu, bool fully)
{
	if (fully || lazy)
		model_cpu[cpu].seen = stamp;
}

/* ---- Lists of slots, for kmap_flush=lazy ---- */

struct slots {
	u32 slot[PKMAP_SLOTS_MAX], n;
};
static struct slots free_ones, waiting, pending, closed; /* `closed`: one batch after the other */
static struct {
	u32 n, stamp;
} batch[BATCHES_MAX];
static u32 batches;

static void append(struct slots *list, u32 slot) { list->slot[list->n++] = slot; }

static u32 remove_at(struct slots *list, u32 at)
{
	u32 slot = list->slot[at];

	memmove(list->slot + at, list->slot + at + 1, (--list->n - at) * sizeof(u32));
	return slot;
}

static void remove_slot(struct slots *list, u32 slot)
{
	u32 at = 0;

	while (list->slot[at] != slot)
		at++;
	remove_at(list, at);
}

/* 1 -> 0, or RETIRED. */
static void take_from_owner(u32 slot, int to)
{
	slot_of[slot_owner[slot]] = NO_SLOT;
	slot_count[slot] = to;
}

static void close_batch(void)
{
	u32 n = 0;

	for (; waiting.n && n < BATCH; n++) {
		u32 slot = remove_at(&waiting, 0);

		take_from_owner(slot, PKMAP_RETIRED);
		append(&closed, slot);
	}
	for (; pending.n; n++)
		append(&closed, remove_at(&pending, pending.n - 1));
	batch[batches].n = n;
	batch[batches++].stamp = ++stamp;
}

static void open_batch(void)
{
	model_flush_past(batch[0].stamp);
	for (u32 i = 0; i < batch[0].n; i++) {
		u32 slot = remove_at(&closed, 0);

		slot_count[slot] = 0;
		append(&free_ones, slot);
	}
	model_stats.flushes++;
	model_stats.reclaimed += batch[0].n;
	memmove(batch, batch + 1, --batches * sizeof(batch[0]));
}

static u32 lazy_slot(void)
{
	u32 soon = free_ones.n + closed.n + pending.n;

	if ((!free_ones.n && !batches) ||
		(waiting.n >= BATCH && soon < slots / 4 && batches < BATCHES_MAX))
		close_batch();
	if (!free_ones.n)
		open_batch();
	return remove_at(&free_ones, 0);
}

/* ---- The turn ---- */

static void flush(void)
{
	for (u32 slot = 0; slot < slots; slot++) {
		if (slot_count[slot] == 1)
			take_from_owner(slot, 0);
		else if (slot_count[slot] == PKMAP_RETIRED)
			slot_count[slot] = 0;
		else
			continue;
		model_stats.reclaimed++;
	}
	model_stats.flushes++;
	model_flush_past(++stamp);
}

static u32 next_slot_in_turn(void)
{
	for (last++; last < slots && slot_count[last]; last++)
		;
	if (last < slots)
		return last;
	flush();
	for (last = 0; slot_count[last]; last++)
		;
	return last;
}

/* ---- Uses ---- */

bool model_use(u32 i)
{
	if (slot_of[i] == NO_SLOT) {
		u32 slot;

		if (pool_in_use == slots)
			return false;
		slot = lazy ? lazy_slot() : next_slot_in_turn();
		slot_of[i] = slot;
		slot_owner[slot] = i;
		slot_count[slot] = 1;
		model_stats.new_maps++;
		pool_in_use++;
	} else if (slot_count[slot_of[i]] == 1) {
		model_stats.revivals++;
		pool_in_use++;
		if (lazy)
			remove_slot(&waiting, slot_of[i]);
	}
	slot_count[slot_of[i]]++;
	pool_uses++;
	return true;
}

void model_drop(u32 i)
{
	pool_uses--;
	if (--slot_count[slot_of[i]] > 1)
		return;
	pool_in_use--;
	if (lazy)
		append(&waiting, slot_of[i]);
}

bool model_use_all(const u32 *which, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (!model_use(which[i])) {
			while (i > 0)
				model_drop(which[--i]);
			return false;
		}
	return true;
}

void model_retire(u32 i)
{
	u32 slot = slot_of[i];

	if (slot == NO_SLOT)
		return;
	take_from_owner(slot, PKMAP_RETIRED);
	if (lazy) {
		remove_slot(&waiting, slot);
		append(&pending, slot);
	}
}

void model_begin(bool is_lazy)
{
	slots = pkmap_slots;
	lazy = is_lazy;
	last = NO_SLOT;
	pool_uses = pool_in_use = stamp = batches = 0;
	free_ones.n = waiting.n = pending.n = closed.n = 0;
	memset(slot_count, 0, sizeof(slot_count));
	memset(&model_stats, 0, sizeof(model_stats));
	memset(model_cpu, 0, sizeof(model_cpu));
	for (u32 slot = 0; slot < slots; slot++)
		append(&free_ones, slot);
}

bool pool_has_room(const u32 *which, u32 n)
{
	u32 need = 0;

	for (u32 i = 0; i < n; i++) {
		u32 same = 0;

		while (same < i && which[same] != which[i])
			same++;
		need += same == i &&
			(slot_of[which[i]] == NO_SLOT || slot_count[slot_of[which[i]]] == 1);
	}
	return need <= slots - pool_in_use;
}

u32 pool_pick(u32 *which, u32 most)
{
	u32 n = 1 + random_below(most);

	for (u32 i = 0; i < n; i++)
		which[i] = i && one_in(4) ? which[random_below(i)] : random_below(pool_pages);
	return n;
}
