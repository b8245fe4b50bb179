/*
 * Given parts, broken on purpose.  Whoever explores and finds nothing wrong with these finds
 * nothing at all (engine/control.h).
 */
#include "control.h"

#include "explorer.h"
#include "machine.h"

const char *const control_names[] = { "queued_late", "looked_early", "joined_early",
	"moved_at_once", "no_wake_up", NULL };

/* A wake-up that is lost, but for those by which threads start. */
void __real_sched_wake(struct thread *thread, bool *woken);
void __wrap_sched_wake(struct thread *thread, bool *woken);
void __wrap_sched_wake(struct thread *thread, bool *woken)
{
	if (control != NO_WAKE_UP || !on_cpu)
		__real_sched_wake(thread, woken);
}
