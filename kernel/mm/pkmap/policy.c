/* Which policy chooses the slots: see pkmap.h. */
#include "mm/boot/options.h"
#include "mm/pkmap/lazy.h"
#include "mm/pkmap/pkmap.h"
#include "mm/pkmap/turn.h"

struct slot_policy pkmap_policy;

__cold void pkmap_choose_policy(void)
{
	pkmap_policy = mm_options.kmap_lazy ? lazy_policy : turn_policy;
}
