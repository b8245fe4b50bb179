/*
 * The memory core, which is later labs' and does not matter to threads: nothing is short, nothing
 * is mapped, nothing must be flushed.
 */
#include "arch/x86/paging/tlb.h"
#include "arch/x86/smp/smp_call.h"
#include "mm/pages/reclaim.h"
#include "mm/pkmap/highmem.h"
#include "mm/pkmap/kmap_wait.h"
#include "mm/tables/address_space.h"
#include "mm/tables/pgalloc.h"
#include "mm/tables/quicklist.h"
#include "scenario.h"
#include "tests/checkers/pkmap_check.h"

struct spinlock kmap_lock = SPINLOCK_INIT("kmap_lock");
struct list pkmap_tickets = LIST_INIT(pkmap_tickets);
struct kmap_stats kmap_stats;
int pkmap_count[PKMAP_SLOTS_MAX + 1];
u32 pkmap_slots;
DEFINE_PER_CPU(struct tlb_stats, tlb_stats);

void kmap_init(void) {}
void pgt_cache_init(void) {}
void smp_call_init(void) {}
void tlb_init(void) {}
void local_flush_tlb_all(void) {}
void local_flush_tlb_user(void) {}
void switch_mm(struct mm_tlb *next) { (void)next; }

void trim_if_asked(void) {}
bool trim_is_asked(void) { return false; }
u32 check_pgt_cache(void) { return 0; }
void pkmap_report_stall(void) {}
const char *pkmap_check_locked(int uses, u32 *where)
{
	(void)uses;
	(void)where;
	return NULL;
}
