/* The numbers of the PKMap's flushes: see tlb_stamp.h. */
#include "arch/x86/paging/tlb_stamp.h"

DEFINE_PER_CPU(u32, tlb_seen);
atomic_t last_stamp = ATOMIC_INIT(0);
bool pkmap_is_global = true;
