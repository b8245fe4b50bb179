/* Which accesses are events, and which of those are stops. */
#include "access.h"

#include "arch/x86/cpu/percpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS (1u << 16)
#define WORD_BYTES 4u
#define MAX_LOCKS 31u
/*
 * Events without a stop after which the others get their chance: who looks at a word again and
 * again, which nobody has written yet, would keep them from writing it.
 */
#define LONGEST_RUN 4096u

/*
 * What all schedules so far have done with a word: by contexts (bit 2 * cpu for the thread, the
 * next for handlers).
 */
struct word {
	uintptr_t at;
	u8 readers, writers;
	bool contested;
	u32 locks; /* held at every access */
};
static struct word words[WORDS];

struct region regions[16];
u32 nregions;
static struct region ignored[16];
static u32 nignored;
static struct region quiet[8];
static u32 nquiet;
static const void *lock_of[MAX_LOCKS];
bool stop_by_count, contested_grew, every_access;
u32 events_left;
static u32 unstopped;

/* The store that has been marked and not yet been looked at. */
static struct {
	uintptr_t at;
	u32 size;
	bool buffered;
	u64 under[32];
	uintptr_t place;
} marked;

void region_add(void *start, size_t size, bool whole)
{
	regions[nregions++] = (struct region){ start, size, whole };
}

void region_ignore(void *start, size_t size)
{
	ignored[nignored++] = (struct region){ start, size, false };
}

void region_quiet(void *start, size_t size)
{
	quiet[nquiet++] = (struct region){ start, size, false };
}

static bool within(const struct region *region, uintptr_t at)
{
	return at - (uintptr_t)region->start < region->size;
}

static bool any_within(const struct region *list, u32 n, uintptr_t at)
{
	for (u32 i = 0; i < n; i++)
		if (within(&list[i], at))
			return true;
	return false;
}

bool region_is_ignored(uintptr_t at) { return any_within(ignored, nignored, at); }

static struct word *word_at(uintptr_t at)
{
	u32 i = (u32)((at / WORD_BYTES) * 2654435761u) % WORDS;

	at -= at % WORD_BYTES;
	while (words[i].at && words[i].at != at)
		i = (i + 1) % WORDS;
	if (!words[i].at)
		words[i] = (struct word){ .at = at, .locks = ~0u };
	return &words[i];
}

void access_forget_all(void)
{
	memset(words, 0, sizeof(words));
	contested_grew = false;
}

u32 contested_count(void)
{
	u32 n = 0;

	for (u32 i = 0; i < WORDS; i++)
		n += words[i].contested;
	return n;
}

/* Frames are read by hardware too, which holds no lock: stores there are never seen at once. */
static bool is_in_frame(uintptr_t at)
{
	u32 frame;

	return frame_of(at, &frame);
}

/* In hexadecimal, in order, each less the one before. */
void contested_print(FILE *to)
{
	uintptr_t last = 0;

	for (;;) {
		uintptr_t next = ~0ul;

		for (u32 i = 0; i < WORDS; i++)
			if (words[i].contested && words[i].at > last && words[i].at < next)
				next = words[i].at;
		if (next == ~0ul)
			return;
		fprintf(to, "%s%lx", last ? "," : "", (unsigned long)(next - last) / WORD_BYTES);
		last = next;
	}
}

const char *contested_read(const char *text)
{
	uintptr_t at = 0;

	for (;;) {
		char *end;
		unsigned long step = strtoul(text, &end, 16);

		if (end == text)
			return at ? NULL : text;
		at += step * WORD_BYTES;
		word_at(at)->contested = true;
		if (*end != ',')
			return end;
		text = end + 1;
	}
}

u32 lock_bit(const void *lock)
{
	u32 n = 0;

	while (n < MAX_LOCKS && lock_of[n] && lock_of[n] != lock)
		n++;
	if (n == MAX_LOCKS)
		return 0;
	lock_of[n] = lock;
	return 1u << n;
}

static u32 locks_held(const struct cpu *c)
{
	return c->locks[c->in_handler] | (c->irqs ? 0 : 1u << LOCK_IRQS_OFF);
}

/* Interrupts off keep out this CPU's handlers only. */
static bool is_contested(const struct word *word)
{
	u8 all = word->readers | word->writers;
	bool several = all & (all - 1);
	u32 first = (u32)__builtin_ctz(all) & ~1u;
	bool one_cpu = !(all & ~(3u << first));

	return several && word->writers &&
	       !(word->locks & (one_cpu ? ~0u : ~(1u << LOCK_IRQS_OFF)));
}

/*
 * on_own_stack(): what the compiler keeps on the stack it writes unmarked.  A word of a frame that
 * has been left would be put back over that by the buffer, so stores to the CPU's own stack are
 * seen by all at once; a lock that lies there is released after all stores before.
 */

/* Remembers the access; true if its word is contested. */
static bool note_word(uintptr_t at, bool write)
{
	const struct cpu *c = &m.cpu[running_cpu];
	struct word *word = word_at(at);
	u8 context = (u8)(1u << (2 * running_cpu + c->in_handler));

	if (write)
		word->writers |= context;
	else
		word->readers |= context;
	if (every_access && !stop_by_count)
		word->contested = true;
	if (word->contested)
		return true;
	word->locks &= locks_held(c);
	/* In a replay the contested words came with the schedule. */
	if (!stop_by_count && is_contested(word))
		word->contested = contested_grew = true;
	return word->contested;
}

/* Threads and handlers of this CPU both use it. */
static bool shared_with_handler(uintptr_t at)
{
	const struct word *word = word_at(at);

	return ((word->readers | word->writers) >> (2 * running_cpu) & 3) == 3;
}

static bool note(uintptr_t at, u32 size, bool write)
{
	bool contested = false;

	for (uintptr_t word = at - at % WORD_BYTES; word < at + size; word += WORD_BYTES)
		contested |= note_word(word, write);
	return contested;
}

/* An event happens now, or after the explorer has come back to this CPU. */
static void pass(bool stop, enum wait waiting, uintptr_t on)
{
	if (stop_by_count)
		stop = events_left == 0;
	else if (++unstopped > LONGEST_RUN)
		stop = true;
	if (stop || waiting != RUNNABLE) {
		unstopped = 0;
		machine_stop(waiting, on);
	}
	if (stop_by_count)
		events_left--;
	m.events[running_cpu]++;
}

static bool counts(uintptr_t at)
{
	return on_cpu && any_within(regions, nregions, at) && !any_within(ignored, nignored, at) &&
	       !any_within(quiet, nquiet, at);
}

void event_wait(const char *what, enum wait waiting, uintptr_t at, uintptr_t place)
{
	settle();
	if (!on_cpu)
		return;
	pass(true, waiting, at);
	trace(what, at, 0, place);
}

void event(const char *what, uintptr_t at, uintptr_t place)
{
	event_wait(what, RUNNABLE, at, place);
}

void event_unseen(const char *what, uintptr_t at, uintptr_t place)
{
	settle();
	if (!on_cpu)
		return;
	pass(false, RUNNABLE, 0);
	trace(what, at, 0, place);
}

void event_store(const char *what, uintptr_t at, u32 value, uintptr_t place)
{
	u64 under;

	settle();
	if (on_cpu) {
		note(at, sizeof(value), true);
		pass(shared_with_handler(at), RUNNABLE, 0);
		trace(what, at, 0, place);
	}
	if (on_cpu && on_own_stack(at))
		store_drain_all();
	under = peek(at, sizeof(value));
	poke_word(at, sizeof(value), value);
	if (on_cpu && !on_own_stack(at))
		store_buffer(at, sizeof(value), under);
	else
		locked_done(at);
}

static void check_alive(uintptr_t at, uintptr_t place)
{
	heap_check(at, place);
	stack_check(at, place);
}

void event_locked(const char *what, uintptr_t at, u32 size, uintptr_t place)
{
	u32 cpu = running_cpu;
	bool contested;

	settle();
	if (!counts(at))
		return;
	check_alive(at, place);
	contested = note(at, size, true);
	pass(contested || m.cpu[running_cpu].nstores, RUNNABLE, 0);
	if (running_cpu != cpu) /* the thread has been moved meanwhile */
		note(at, size, true);
	check_alive(at, place);
	trace(what, at, size, place);
	store_drain_all();
}

void locked_done(uintptr_t at)
{
	if (!on_cpu) {
		tlb_memory_changed(at);
		return;
	}
	for (u32 cpu = 0; cpu < ncpus; cpu++)
		m.cpu[cpu].changed = true;
	tlb_memory_changed(at);
}

static void settle_word(uintptr_t at, u32 size, u64 under)
{
	if (marked.buffered)
		store_buffer(at, size, under);
	else
		locked_done(at);
	if (tracing && (marked.buffered || !brief))
		trace(marked.buffered ? "store" : "store (nobody else looks)", at, size,
			marked.place);
}

void settle(void)
{
	u32 done = 0;

	while (done < marked.size) {
		u32 size = marked.size - done < 8 ? marked.size - done : 8;

		settle_word(marked.at + done, size, marked.under[done / 8]);
		done += size;
	}
	marked.size = 0;
}

static void mark(uintptr_t at, u32 size, bool buffered, uintptr_t place)
{
	if (size > sizeof(marked.under))
		abort();
	marked.at = at;
	marked.size = size;
	marked.buffered = buffered;
	marked.place = place;
	for (u32 done = 0; done < size; done += 8)
		marked.under[done / 8] = peek(at + done, size - done < 8 ? size - done : 8);
}

void access_marked(uintptr_t at, u32 size, bool write, uintptr_t place)
{
	u32 cpu = running_cpu;
	bool contested;

	settle();
	if (!counts(at))
		return;
	contested = note(at, size, write);
	/*
	 * A store is seen by others when it leaves the buffer, which the explorer decides; by this
	 * CPU's handlers at once.
	 */
	check_alive(at, place);
	pass(contested && (!write || shared_with_handler(at)), RUNNABLE, 0);
	if (running_cpu != cpu) /* the thread has been moved meanwhile */
		note(at, size, write);
	check_alive(at, place);
	if (write)
		mark(at, size,
			(contested || is_in_frame(at) || store_pending(at, size)) &&
				!on_own_stack(at),
			place);
	else if (tracing && (contested || !brief))
		trace("load", at, size, place);
}

void event_barrier(uintptr_t place)
{
	settle();
	if (!on_cpu)
		return;
	pass(m.cpu[running_cpu].nstores, RUNNABLE, 0);
	trace("barrier", 0, 0, place);
	store_drain_all();
}
