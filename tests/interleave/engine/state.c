/* The machine's state: kept, put back, and told apart. */
#include "state.h"

#include "access.h"
#include "machine.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PIECES 96u

struct piece {
	char *start;
	size_t size;
};
/* What is always there; the used parts of stacks and store buffers come to it. */
static struct piece kept[MAX_PIECES], hashed[MAX_PIECES];
static u32 nkept, nhashed;

static void add(struct piece *list, u32 *n, void *start, size_t size)
{
	if (*n == MAX_PIECES)
		abort();
	list[(*n)++] = (struct piece){ start, size };
}

/* A region without the counters in it. */
static void add_hashed(char *start, size_t size)
{
	size_t from = 0;

	for (size_t at = 0; at <= size; at += 4)
		if (at == size || region_is_ignored((uintptr_t)start + at)) {
			if (at > from)
				add(hashed, &nhashed, start + from, at - from);
			from = at + 4;
		}
}

void state_init(void)
{
	nkept = nhashed = 0;
	for (u32 i = 0; i < nregions; i++) {
		if (!regions[i].whole)
			continue;
		add(kept, &nkept, regions[i].start, regions[i].size);
		add_hashed(regions[i].start, regions[i].size);
	}
	for (u32 frame = 1; frame < FIRST_HIGH; frame++) {
		add(kept, &nkept, frame_address(frame), FRAME_BYTES);
		add(hashed, &nhashed, frame_address(frame), FRAME_BYTES);
	}
	add(kept, &nkept, &m, sizeof(m));
	add(hashed, &nhashed, &m, offsetof(struct machine, events));
}

static struct piece stack_piece(u32 stack)
{
	char *sp = stack_pointer(stack);

	return (struct piece){ sp, (size_t)(stack_top(stack) - sp) };
}

/* ---- Copies ---- */

struct copy {
	char *bytes;
	size_t size, room;
};
static struct copy copies[MAX_DEPTH + 1];

static void put(struct copy *copy, const void *start, size_t size)
{
	if (copy->size + size > copy->room) {
		copy->room = 2 * (copy->size + size);
		copy->bytes = realloc(copy->bytes, copy->room);
	}
	memcpy(copy->bytes + copy->size, start, size);
	copy->size += size;
}

void state_keep(u32 depth)
{
	struct copy *copy = &copies[depth];

	copy->size = 0;
	for (u32 i = 0; i < nkept; i++)
		put(copy, kept[i].start, kept[i].size);
	for (u32 i = 0; i < MAX_STACKS; i++) {
		struct piece stack = stack_piece(i);

		put(copy, stack.start, stack.size);
	}
	for (u32 cpu = 0; cpu < ncpus; cpu++)
		put(copy, stores[cpu], m.cpu[cpu].nstores * sizeof(struct store));
}

static const char *take(const char *from, void *start, size_t size)
{
	memcpy(start, from, size);
	return from + size;
}

void state_restore(u32 depth)
{
	const char *from = copies[depth].bytes;

	for (u32 i = 0; i < nkept; i++)
		from = take(from, kept[i].start, kept[i].size);
	for (u32 i = 0; i < MAX_STACKS; i++) {
		struct piece stack = stack_piece(i);

		from = take(from, stack.start, stack.size);
	}
	for (u32 cpu = 0; cpu < ncpus; cpu++)
		from = take(from, stores[cpu], m.cpu[cpu].nstores * sizeof(struct store));
}

/* ---- Fingerprints ---- */

/*
 * Two fingerprints of 64 bits, each in two halves of which every word changes one: four
 * multiplications that need not wait for one another.
 */
struct mixer {
	u64 a[2], b[2];
};

static void mix(struct mixer *mixer, u64 even, u64 odd)
{
	mixer->a[0] = (mixer->a[0] ^ even) * 0x9E3779B97F4A7C15ull;
	mixer->a[1] = (mixer->a[1] ^ odd) * 0xC2B2AE3D27D4EB4Full;
	mixer->b[0] = (mixer->b[0] + even) * 0xD6E8FEB86659FD93ull;
	mixer->b[1] = (mixer->b[1] + odd) * 0xA0761D6478BD642Full;
	for (u32 i = 0; i < 2; i++) {
		mixer->a[i] ^= mixer->a[i] >> 29;
		mixer->b[i] ^= mixer->b[i] >> 32;
	}
}

static void mix_bytes(struct mixer *mixer, const char *start, size_t size)
{
	u64 words[2];

	for (; size >= 16; size -= 16, start += 16) {
		memcpy(words, start, 16);
		mix(mixer, words[0], words[1]);
	}
	words[0] = words[1] = 0;
	memcpy(words, start, size);
	mix(mixer, words[0], words[1] ^ size);
}

void state_fingerprint(u64 h[2], u32 more)
{
	struct mixer mixer = { { 0x243F6A8885A308D3ull, 0x13198A2E03707344ull },
		{ 0xA4093822299F31D0ull, more } };

	for (u32 i = 0; i < nhashed; i++)
		mix_bytes(&mixer, hashed[i].start, hashed[i].size);
	for (u32 i = 0; i < MAX_STACKS; i++) {
		struct piece stack = stack_piece(i);

		mix_bytes(&mixer, stack.start, stack.size);
	}
	for (u32 cpu = 0; cpu < ncpus; cpu++) {
		for (u32 i = 0; i < m.cpu[cpu].nstores; i++)
			mix_bytes(&mixer, (const char *)&stores[cpu][i],
				offsetof(struct store, event));
	}
	mix(&mixer, mixer.a[1], mixer.b[0]);
	mix(&mixer, mixer.a[1], mixer.b[0]);
	h[0] = mixer.a[0];
	h[1] = mixer.b[1];
}

/* ---- The states seen ---- */

/* A fingerprint, and in the last byte the fewest preemptions with which it has been reached. */
struct seen {
	u64 a, b;
};
static struct seen *table;
static u64 table_size, table_used;

void seen_clear(void)
{
	if (!table_size)
		table_size = 1u << 16;
	free(table);
	table = calloc(table_size, sizeof(*table));
	table_used = 0;
}

u64 seen_count(void) { return table_used; }

static struct seen *find(struct seen *in, u64 size, const u64 h[2])
{
	u64 i = h[0] & (size - 1);

	while ((in[i].a || in[i].b) && (in[i].a != h[0] || in[i].b >> 8 != h[1] >> 8))
		i = (i + 1) & (size - 1);
	return &in[i];
}

static void grow(void)
{
	struct seen *bigger = calloc(table_size * 2, sizeof(*bigger));

	for (u64 i = 0; i < table_size; i++)
		if (table[i].a || table[i].b) {
			u64 h[2] = { table[i].a, table[i].b };

			*find(bigger, table_size * 2, h) = table[i];
		}
	free(table);
	table = bigger;
	table_size *= 2;
}

bool seen_before(const u64 h[2], u32 preemptions)
{
	struct seen *entry = find(table, table_size, h);

	if (!entry->a && !entry->b) {
		*entry = (struct seen){ h[0], (h[1] & ~0xFFull) | preemptions };
		if (++table_used * 4 > table_size * 3)
			grow();
		return false;
	}
	if ((entry->b & 0xFF) <= preemptions)
		return true;
	entry->b = (entry->b & ~0xFFull) | preemptions;
	return false;
}
