/*
 * What the kernel's files under test need of the rest of the kernel: locks, page allocator,
 * interrupts, panic.
 */
#include "access.h"
#include "machine.h"

#include "arch/x86/console/console.h"
#include "arch/x86/console/panic.h"
#include "arch/x86/console/symbols.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/spinlock.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/paging/fixmap.h"
#include "arch/x86/paging/tlb.h"
#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/ipi.h"
#include "arch/x86/smp/smp_call.h"
#include "lib/assert.h"
#include "mm/boot/bootmem.h"
#include "mm/boot/options.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/watermarks.h"
#include "mm/pkmap/highmem.h"
#include "mm/tables/address_space.h"
#include "mm/tables/quicklist.h"
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACE ((uintptr_t)__builtin_return_address(0))
/* Frames: 0 nobody's, 1 swapper_pg_dir, PKMap tables, free low ones, high pages at the end. */
#define SWAPPER 1u
#define FIRST_PKMAP_TABLE 2u
#define BOOT_WORDS 64u

DEFINE_PER_CPU(union nosleep, nosleep);
static struct page pages[FRAMES];
struct page *mem_map = pages;
static u64 boot_memory[BOOT_WORDS];
static u32 boot_words;
pgd_t *swapper_pg_dir, *kernel_pgd;
pteval_t pte_global_bit, pte_nx_bit;
pfn_t direct_map_end = FIRST_HIGH, max_pfn = FRAMES;
bool apic_present = true;
u32 cpu_apic_id[NR_CPUS] = { 0, 1, 2 };
static trap_handler_t handlers[256];

/* ---- Boot ---- */

static void pages_init(void)
{
	memset(pages, 0, sizeof(pages));
	memset(boot_memory, 0, sizeof(boot_memory));
	boot_words = 0;
	for (u32 frame = 0; frame < FRAMES; frame++) {
		pages[frame].flags = frame >= FIRST_HIGH ? ZONE_HIGHMEM : ZONE_NORMAL;
		list_init(&pages[frame].list);
	}
	for (u32 i = 0; i < HIGH_PAGES; i++)
		atomic_set(&high_page(i)->count, 1);
	for (u32 frame = FIRST_PKMAP_TABLE + PKMAP_TABLES; frame < FIRST_HIGH; frame++)
		m.free_frames |= 1u << frame;
}

static void cpu_features_init(void)
{
	cpu_features =
		(struct cpu_features){ .pge = true, .nx = PAGING_LEVELS == 3, .phys_bits = 36 };
	pte_global_bit = _PAGE_GLOBAL;
	pte_nx_bit = cpu_features.nx ? _PAGE_NX : 0;
}

/* Lives for ever, and comes zeroed. */
void *bootmem_alloc(size_t size, size_t align, phys_t goal)
{
	void *memory = &boot_memory[boot_words];

	(void)align;
	(void)goal;
	boot_words += (u32)(size + 7) / 8;
	if (boot_words > BOOT_WORDS)
		abort();
	return memory;
}

void env_boot(bool lazy)
{
	mm_options.pkmap_tables = PKMAP_TABLES;
	mm_options.kmap_lazy = lazy;
	cpu_features_init();
	pages_init();
	swapper_pg_dir = kernel_pgd = frame_address(SWAPPER);
	for (u32 i = 0; i < PKMAP_TABLES; i++)
		tlb_add_pkmap_table(FIRST_PKMAP_TABLE + i, i * PTRS_PER_PTE);
	for (u32 cpu = ncpus; cpu-- > 0;) {
		running_cpu = cpu;
		write_cr3(pgd_cr3(swapper_pg_dir));
		write_cr4(CR4_PGE);
	}
	tlb_init();
	ipi_init();
	smp_call_init();
	atomic_set(&cpu_online_mask, (1u << ncpus) - 1);
	kmap_init();
	pgt_cache_init();
	threads_boot();
}

/*
 * Statistics: whoever decided by them would be wrong, and two ways into one state differ in them.
 */
static void ignore_counters(void)
{
	region_ignore(&kmap_stats, sizeof(kmap_stats));
	for (u32 cpu = 0; cpu < MAX_CPUS; cpu++) {
		region_ignore(per_cpu(tlb_stats, cpu), sizeof(tlb_stats));
		region_ignore(per_cpu(ipis_sent, cpu), sizeof(ipis_sent));
		region_quiet(per_cpu(nosleep, cpu), sizeof(nosleep));
	}
	env_ignore_counters();
}

void env_regions(void)
{
	region_add(pages, sizeof(pages), true);
	region_add(boot_memory, sizeof(boot_memory), true);
	region_add(ram, (size_t)FRAMES * PAGE_SIZE, false);
	ignore_counters();
}

struct page *high_page(u32 n) { return &pages[FIRST_HIGH + n]; }

pte_t *kernel_pte(uintptr_t address)
{
	u32 slot = (u32)((address - PKMAP_BASE) >> PAGE_SHIFT);

	if (address < PKMAP_BASE || slot >= PKMAP_TABLES * PTRS_PER_PTE)
		return NULL;
	return (pte_t *)frame_address(FIRST_PKMAP_TABLE + slot / PTRS_PER_PTE) +
	       slot % PTRS_PER_PTE;
}

bool env_flush_pending(u32 cpu) { return *per_cpu(is_idle, cpu); }

/* ---- Locks: taken by a locked operation, released by a plain store, as in spinlock.c ---- */

static void become_owner(struct spinlock *lock)
{
	struct cpu *self = &m.cpu[running_cpu];

	if (on_cpu)
		store_drain_all();
	self->locks[self->in_handler] |= lock_bit(lock);
	lock->taken.v = 1;
	lock->owner = running_cpu;
	++this_cpu(nosleep)->locks;
	locked_done((uintptr_t)&lock->taken);
}

void spin_taken(struct spinlock *lock)
{
	struct cpu *self = &m.cpu[running_cpu];

	self->locks[self->in_handler] |= lock_bit(lock);
	lock->owner = running_cpu;
}

static void take(struct spinlock *lock, uintptr_t place)
{
	if (lock->owner == running_cpu)
		fail("CPU %u takes lock %s twice", running_cpu, lock->name);
	event_wait("takes lock", FOR_LOCK, (uintptr_t)&lock->taken, place);
	become_owner(lock);
}

static void release(struct spinlock *lock, uintptr_t place)
{
	struct cpu *self = &m.cpu[running_cpu];

	if (lock->owner != running_cpu)
		fail("CPU %u releases lock %s, which it does not hold", running_cpu, lock->name);
	lock->owner = SPIN_NO_OWNER;
	--this_cpu(nosleep)->locks;
	event_store("releases lock", (uintptr_t)&lock->taken, 0, place);
	self->locks[self->in_handler] &= ~lock_bit(lock);
}

void spin_init(struct spinlock *lock, const char *name)
{
	*lock = (struct spinlock)SPINLOCK_INIT(name);
}
void spin_lock(struct spinlock *lock) { take(lock, PLACE); }
void spin_unlock(struct spinlock *lock) { release(lock, PLACE); }
bool spin_held(const struct spinlock *lock) { return lock->owner == running_cpu; }

bool spin_trylock(struct spinlock *lock)
{
	event("tries lock", (uintptr_t)&lock->taken, PLACE);
	if (on_cpu)
		store_drain_all();
	if (lock->taken.v)
		return false;
	become_owner(lock);
	return true;
}

/* While it waits interrupts are as the caller had them; once it has the lock they are off. */
u32 spin_lock_irqsave(struct spinlock *lock)
{
	u32 flags = irqs_enabled() ? EFLAGS_IF : 0;

	take(lock, PLACE);
	irq_disable();
	return flags;
}

void spin_unlock_irqrestore(struct spinlock *lock, u32 flags)
{
	release(lock, PLACE);
	irq_restore(flags);
}

/* ---- Interrupts ---- */

u32 read_eflags(void) { return m.cpu[running_cpu].irqs ? EFLAGS_IF : 0; }
void sti(void) { m.cpu[running_cpu].irqs = true; }
void cli(void) { m.cpu[running_cpu].irqs = false; }

/* Interrupts on and halted, as one step: an interrupt that came before ends it too. */
void sti_hlt(void)
{
	sti();
	event_wait("halts", FOR_INTERRUPT, 0, PLACE);
}

void cpu_relax(void)
{
	event_wait("waits in a loop", FOR_CHANGE, 0, PLACE);
	m.cpu[running_cpu].changed = false;
}

void trap_set_handler(u32 vector, trap_handler_t handler) { handlers[vector] = handler; }
void apic_eoi(void) {}

void apic_send_ipi(u32 dest_apic_id, u32 vector)
{
	event_unseen("sends an interrupt to CPU", dest_apic_id, PLACE);
	store_interrupt(dest_apic_id, vector);
}

void env_interrupt(u32 bit)
{
	u32 vector = 0xE0 + bit;

	trace_text("interrupt 0x%x", vector);
	interrupt_entry(handlers[vector]);
	trace_text("end of interrupt 0x%x", vector);
}

/*
 * ---- Pages: of the allocator nothing matters here but the locked operation that it begins
 * with ----
 */

static void allocator_event(const char *what, uintptr_t at, uintptr_t place)
{
	event(what, at, place);
	if (on_cpu)
		store_drain_all();
}

void *get_zeroed_page(u32 gfp)
{
	u32 frame;

	(void)gfp;
	allocator_event("asks for a page", 0, PLACE);
	if (!frames_free())
		return NULL;
	frame = (u32)__builtin_ctz(m.free_frames);
	tlb_check_free(frame, "allocation");
	m.free_frames &= m.free_frames - 1;
	memset(frame_address(frame), 0, FRAME_BYTES);
	pages[frame].count.v = 1;
	return frame_address(frame);
}

static struct page *take_frame(u32 frame)
{
	tlb_check_free(frame, "allocation");
	m.free_frames &= ~(1u << frame);
	pages[frame].count.v = 1;
	return &pages[frame];
}

/* High memory first, from its end. */
struct page *alloc_pages(u32 gfp, u32 order)
{
	u32 high = m.free_frames >> FIRST_HIGH << FIRST_HIGH;

	(void)order;
	allocator_event("asks for a page", gfp, PLACE);
	if ((gfp & __GFP_HIGHMEM) && high)
		return take_frame(31 - (u32)__builtin_clz(high));
	return frames_free() ? take_frame((u32)__builtin_ctz(m.free_frames)) : NULL;
}

void env_free_high_page(u32 n)
{
	high_page(n)->count.v = 0;
	m.free_frames |= 1u << (FIRST_HIGH + n);
}

static void free_frame(u32 frame)
{
	if (m.free_frames & (1u << frame))
		fail("frame %u is freed twice", frame);
	if (pages[frame].flags & PG_TABLE_MASK)
		fail("frame %u is freed as a page while it is a table (flags 0x%x)", frame,
			pages[frame].flags);
	tlb_check_free(frame, "free");
	if (pages[frame].virtual)
		fail("frame %u is freed with a PKMap slot (22)", frame);
	pages[frame].count.v = 0;
	m.free_frames |= 1u << frame;
}

void free_page_at(void *address)
{
	allocator_event("frees a page", (uintptr_t)address, PLACE);
	free_frame(virt_to_pfn(address));
}

void put_page(struct page *page)
{
	allocator_event("drops a use of a page", (uintptr_t)page, PLACE);
	if (page->count.v == 1) {
		page_goes(page);
		free_frame(page_to_pfn(page));
	} else {
		page->count.v--;
	}
}

bool memory_is_short(void) { return false; }

/* Where tables change hands (the linker's --wrap): nobody may walk them any more (invariant 40). */
void __real_pte_free(pte_t *table);
void __wrap_pte_free(pte_t *table);
void __real_pmd_free(pmd_t *table);
void __wrap_pmd_free(pmd_t *table);
void __real_pgd_free(pgd_t *pgd);
void __wrap_pgd_free(pgd_t *pgd);

void __wrap_pte_free(pte_t *table)
{
	tlb_check_free(virt_to_pfn(table), "pte_free");
	__real_pte_free(table);
}

void __wrap_pmd_free(pmd_t *table)
{
	tlb_check_free(virt_to_pfn(table), "pmd_free");
	__real_pmd_free(table);
}

void __wrap_pgd_free(pgd_t *pgd)
{
	tlb_check_free(virt_to_pfn(pgd), "pgd_free");
	__real_pgd_free(pgd);
}

/* ---- Messages ---- */

void panic_at(const struct panic_site *site, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fail("panic in %s: %s (%d)", site->function, text, site->invariant);
	fprintf(stderr, "%s\n", failure);
	exit(2); /* only while booting: on a CPU fail() does not return */
}

void printk(enum log_level level, const char *fmt, ...)
{
	if (level <= LOG_ERROR)
		fail("the kernel reports an error: %s", fmt);
}

const char *symbol_name(uintptr_t address, u32 *offset)
{
	(void)address;
	*offset = 0;
	return "?";
}

u32 frames_free(void) { return (u32)__builtin_popcount(m.free_frames & ((1u << FIRST_HIGH) - 1)); }
