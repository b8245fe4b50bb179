/* The kmaps that each thread holds: see kmap_held.h. */
#include "mm/hooks/kmap_held.h"

#include "arch/x86/console/console.h"
#include "arch/x86/console/place.h"
#include "lib/assert.h"
#include "mm/wait.h"

void kmap_held_check(uintptr_t caller)
{
	u32 held = *thread_kmaps();

	INVARIANT(52, !held,
		"%s may wait for a PKMap slot while its thread holds %u: it must use kmap_try, or kmap_many for all of them",
		place_of(caller).text, held);
}

void kmap_held_add(int n)
{
	u32 *held = thread_kmaps();

	INVARIANT(52, n >= 0 || *held >= (u32)-n, "a thread gives back %d kmaps, but it holds %u",
		-n, *held);
	*held += (u32)n;
}

static void tell_holder(const char *thread, u32 kmaps)
{
	if (kmaps)
		pr_warn("kmap: thread %s holds %u\n", thread, kmaps);
}

void kmap_held_report(void) { each_thread_kmaps(tell_holder); }
