/*
 * Store buffers (SDM vol. 3, 9.2.2: stores become visible in order; loads may pass them, and see
 * this CPU's own).
 *
 * Code on a CPU reads and writes memory directly, so while it runs what its buffer holds lies over
 * memory: each entry keeps what is under it.  When it stops the entries are taken off again, and
 * memory is what everybody sees.
 */
#include "access.h"
#include "machine.h"

#include <stdlib.h>
#include <string.h>

struct store stores[MAX_CPUS][MAX_STORES];

u64 peek(uintptr_t at, u32 size)
{
	u64 value = 0;

	memcpy(&value, (const void *)at, size);
	return value;
}

void poke_word(uintptr_t at, u32 size, u64 value) { memcpy((void *)at, &value, size); }

void view_on(u32 cpu)
{
	for (u32 i = 0; i < m.cpu[cpu].nstores; i++) {
		struct store *store = &stores[cpu][i];

		if (!store->size)
			continue;
		store->under = peek(store->at, store->size);
		poke_word(store->at, store->size, store->value);
	}
}

void view_off(u32 cpu)
{
	for (u32 i = m.cpu[cpu].nstores; i-- > 0;) {
		struct store *store = &stores[cpu][i];

		if (store->size)
			poke_word(store->at, store->size, store->under);
		store->under = 0;
	}
}

static void new_store(struct store store)
{
	struct cpu *c = &m.cpu[running_cpu];

	if (c->nstores == MAX_STORES)
		abort();
	store.event = m.events[running_cpu];
	stores[running_cpu][c->nstores++] = store;
}

void store_buffer(uintptr_t at, u32 size, u64 under)
{
	new_store(
		(struct store){ .at = at, .value = peek(at, size), .under = under, .size = size });
}

bool store_pending(uintptr_t at, u32 size)
{
	for (u32 i = 0; i < m.cpu[running_cpu].nstores; i++) {
		const struct store *store = &stores[running_cpu][i];

		if (store->size && store->at < at + size && at < store->at + store->size)
			return true;
	}
	return false;
}

static void visible(const struct store *store)
{
	for (u32 cpu = 0; cpu < ncpus; cpu++)
		m.cpu[cpu].changed = true;
	if (store->size)
		tlb_memory_changed(store->at);
	else
		m.cpu[store->at].pending |= 1u << (store->vector & 31);
}

void store_interrupt(u32 target, u32 vector)
{
	new_store((struct store){ .at = target, .vector = vector });
}

static struct store take_first(u32 cpu)
{
	struct store first = stores[cpu][0];
	u32 left = --m.cpu[cpu].nstores;

	memmove(&stores[cpu][0], &stores[cpu][1], left * sizeof(first));
	memset(&stores[cpu][left], 0, sizeof(first));
	return first;
}

void store_drain(u32 cpu)
{
	struct store first;

	trace_visible(cpu);
	first = take_first(cpu);
	if (first.size)
		poke_word(first.at, first.size, first.value);
	visible(&first);
}

void store_drain_all(void)
{
	view_off(running_cpu);
	while (m.cpu[running_cpu].nstores)
		store_drain(running_cpu);
}

u32 word_seen_by(u32 cpu, uintptr_t at)
{
	u32 value;

	view_on(cpu);
	value = (u32)peek(at, sizeof(value));
	view_off(cpu);
	return value;
}
