/* Who sleeps where he may not: kernel/mm/wait.h. */
#include "arch/x86/console/symbols.h"
#include "arch/x86/cpu/irq_flags.h"
#include "lib/assert.h"
#include "mm/wait.h"

__noreturn void may_not_sleep(const char *who, uintptr_t caller)
{
	const char *why, *name;
	u32 offset = 0;

	if (in_interrupt())
		why = "in an interrupt handler";
	else if (!irqs_enabled())
		why = "with interrupts off";
	else if (locks_held())
		why = "with a spinlock held";
	else
		why = "with an atomic kmap held";
	name = symbol_name(caller, &offset);
	panic_at(PANIC_SITE(16), "%s called %s%s, by %s+0x%x", who, why, lock_order_held(), name,
		offset);
}
