/*
 * Given parts, broken on purpose.  Whoever explores and finds nothing wrong with these finds
 * nothing at all (engine/control.h).  And a flush for scenarios that are about something else.
 */
#include "access.h"
#include "control.h"

#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/paging/tlb_stamp.h"
#include "arch/x86/smp/ipi.h"
#include "explorer.h"
#include "mm/wait.h"

#include <string.h>

enum { NO_INTERRUPT = 1, NO_RUN, NO_FLUSH, NO_WAKE_UP, NO_LOOK };
const char *const control_names[] = { "no_interrupt", "no_run", "no_flush", "no_wake_up", "no_look",
	NULL };

/* No CPU ever hears of a call. */
void __real_smp_send_ipi(u32 cpu, u32 vector);
void __wrap_smp_send_ipi(u32 cpu, u32 vector);
void __wrap_smp_send_ipi(u32 cpu, u32 vector)
{
	if (control != NO_INTERRUPT)
		__real_smp_send_ipi(cpu, vector);
}

/* What is called does nothing. */
void __real_count_run(u32 *times);
void __wrap_count_run(u32 *times);
void __wrap_count_run(u32 *times)
{
	if (control != NO_RUN)
		__real_count_run(times);
}

/* A flush that says so, and flushes nothing. */
void __real_local_flush_pkmap(void);
void __wrap_local_flush_pkmap(void);
void __wrap_local_flush_pkmap(void)
{
	if (control == NO_FLUSH)
		tlb_full_flush_done(tlb_stamp_now());
	else
		__real_local_flush_pkmap();
}

static void empty_tlb(u32 cpu)
{
	memset(m.cpu[cpu].tlb.global, 0, sizeof(m.cpu[cpu].tlb.global));
	memset(m.cpu[cpu].tlb.local, 0, sizeof(m.cpu[cpu].tlb.local));
	*per_cpu(tlb_seen, cpu) = tlb_stamp_now();
}

void __real_tlb_flush_past(u32 stamp);
void __wrap_tlb_flush_past(u32 stamp);
void __wrap_tlb_flush_past(u32 stamp)
{
	if (!flush_is_given) {
		__real_tlb_flush_past(stamp);
		return;
	}
	event("flushes on all CPUs", 0, (uintptr_t)__builtin_return_address(0));
	for (u32 cpu = 0; cpu < ncpus; cpu++)
		empty_tlb(cpu);
}

/* Nobody is woken. */
u32 __real_wake_up_one(struct wait_queue *queue);
u32 __wrap_wake_up_one(struct wait_queue *queue);
u32 __wrap_wake_up_one(struct wait_queue *queue)
{
	return control == NO_WAKE_UP ? 0 : __real_wake_up_one(queue);
}

u32 __real_wake_up_all(struct wait_queue *queue);
u32 __wrap_wake_up_all(struct wait_queue *queue);
u32 __wrap_wake_up_all(struct wait_queue *queue)
{
	return control == NO_WAKE_UP ? 0 : __real_wake_up_all(queue);
}

/* Sleeps, although it has been woken already. */
void __real_wait_sleep(struct waiter *waiter);
void __wrap_wait_sleep(struct waiter *waiter);
void __wrap_wait_sleep(struct waiter *waiter)
{
	if (control == NO_LOOK) {
		event("is going to sleep", 0, (uintptr_t)__builtin_return_address(0));
		waiter->woken = false;
	}
	__real_wait_sleep(waiter);
}
