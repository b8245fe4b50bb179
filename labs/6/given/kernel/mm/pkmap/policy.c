/* Which policy chooses the slots: see pkmap.h.  This tree has one, the turn. */
#include "lib/assert.h"
#include "mm/boot/options.h"
#include "mm/pkmap/pkmap.h"
#include "mm/pkmap/turn.h"

struct slot_policy pkmap_policy;

__cold void pkmap_choose_policy(void)
{
	if (mm_options.kmap_lazy)
		panic("kmap_flush=lazy: this tree has no lazy flush (labs/6/README.md)");
	pkmap_policy = turn_policy;
}
