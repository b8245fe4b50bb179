/* Which policy chooses the slots: see pkmap.h.  Here there is one. */
#include "mm/pkmap/pkmap.h"
#include "mm/pkmap/turn.h"

struct slot_policy pkmap_policy;

__cold void pkmap_choose_policy(void) { pkmap_policy = turn_policy; }
