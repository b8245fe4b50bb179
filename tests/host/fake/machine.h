/*
 * A simulated machine on which kernel/mm runs unchanged.
 *
 * RAM is one sparse file.  Low memory is mapped at the direct map's addresses, as far as the kernel
 * may touch it at that step. Nothing else is mapped: what code reads or writes at a PKMap, fixmap
 * or vmalloc address faults, and the handler asks the simulated TLB of the running CPU, which walks
 * the kernel's own tables.  What a TLB once holds it keeps, until that CPU flushes it by the rules
 * of the manual (SDM vol. 3, 4.10: Global entries, PDPTEs, paging-structure caches), so a forgotten
 * flush shows as the wrong page.
 *
 * One thread plays all CPUs: `running_cpu` says which.  Where a second one would act in between,
 * hooks let the test do it.
 */
#ifndef HOST_MACHINE_H
#define HOST_MACHINE_H

#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/percpu.h"
#include "arch/x86/firmware/bootinfo.h"
#include "arch/x86/paging/layout.h"
#include "arch/x86/paging/pgtable.h"
#include "lib/types.h"

#define MACHINE_CPUS 4u

/* Once, first thing in main(). */
void machine_init(void);

/*
 * Power on: the kernel's variables as they were when the program began, no RAM, no modules, a CPU
 * with all features.
 */
void machine_new(u32 cpus);
void machine_ram(pfn_t start, pfn_t end);
void machine_module(phys_t start, phys_t end);
/* The kernel's boot order (kernel/main.c) up to step 2 to 7; also from one step to a later one. */
void machine_boot(u32 step);
/*
 * machine_new(), RAM of so many MiB with a PC's hole below 1 MiB, the top `high_mib` of it high
 * memory, machine_boot().
 */
void machine_start(u32 cpus, u32 ram_mib, u32 high_mib, u32 step);
/* What must hold at the end of every test. */
void machine_check_idle(void);

/* RAM as it is, whoever maps it. */
u32 ram_word(pfn_t pfn, u32 offset);
void ram_set_word(pfn_t pfn, u32 offset, u32 value);
void ram_read(phys_t phys, void *bytes, size_t n);
void ram_write(phys_t phys, const void *bytes, size_t n);
/* The same for tables of the simulated CPUs; the frame must be low RAM. */
const void *table_in_ram(pfn_t pfn);

/*
 * The host's mapping of kernel addresses outside of the direct map: what the running CPU has used
 * since it began to run.
 */
void host_map(uintptr_t address, pfn_t pfn, bool writable);
void host_unmap(uintptr_t address);
void host_unmap_all(void);

/* ---- CPUs (cpus.c) ---- */

void cpus_reset(void);
/* From now on this CPU runs. */
void run_on(u32 cpu);

struct translation {
	pfn_t pfn;
	bool writable, user, global;
};
/* As the CPU would: its TLB, else a walk, which its TLB then holds.  False: a page fault. */
bool cpu_translate(u32 cpu, uintptr_t address, struct translation *found);
/* The first word of the page as the CPU sees it; false: a page fault. */
bool cpu_read(u32 cpu, uintptr_t address, u32 *value);
bool tlb_holds(u32 cpu, uintptr_t address);
/* Called each time that a CPU is about to load CR3. */
extern void (*on_cr3_load)(void);

/*
 * When no operation is in progress, what a TLB holds equals the tables: true, or prints what does
 * not.  (An entry that is gone from the tables may be held for nothing: its address could be handed
 * out.)  But for PKMap slots that are retired, and those for which an idle CPU has a flush pending.
 */
bool tlbs_equal_tables(void);
/*
 * No CPU translates any address outside of the PKMap to the frame, or walks through it: else prints
 * who.
 */
bool no_tlb_names(pfn_t pfn, const char *what);

/* ---- The rest of arch and of the scheduler (env.c) ---- */

void env_reset(void);
extern u32 other_cpus_calls;       /* smp_call()s that reached another CPU */
extern u32 calls_to[MACHINE_CPUS]; /* interrupts that each CPU got from others */
/*
 * As the idle loop does, with interrupts off: the CPU says that it is idle; it leaves, and makes
 * the flush that is pending.
 */
void cpu_goes_idle(u32 cpu);
void cpu_wakes(u32 cpu);

/*
 * Called once, after the lock of this name has been dropped by spin_unlock(): another thread's
 * turn.  Off by itself before it is called.  `skip`: how many times to let it pass first.
 */
void on_unlock(const char *lock, u32 skip, void (*act)(void));
/* Called once, before the next allocation of a page is begun: what another CPU does meanwhile. */
void on_allocation(void (*act)(void));
/*
 * From the n-th allocation on (1: the next one), `times` of them fail, as if memory were full.  0:
 * none.
 */
void fail_allocations(u32 n, u32 times);

/* What the kernel printed since the last machine_new(). */
extern char console_text[8192];

/* ---- Threads (threads.c) ---- */

void threads_reset(void);
extern u32 kicks;     /* kick_idle_cpus() */
extern u32 idle_cpus; /* those that the test has halted: they trim when they are kicked */
/*
 * kmaps of high pages that the running thread holds; a test that speaks for several threads sets
 * it.
 */
extern u32 kmaps_held;

/*
 * One thread, for which the test speaks, and whoever acts while it is not running.  `act` may be
 * another thread's doing.
 */
void meanwhile(void (*act)(void));
/* Called when a thread sleeps, until it has been woken; without it a sleep is a failure. */
extern void (*on_sleep)(void);
extern void (*on_yield)(void);

/*
 * Or several, each with a stack of its own and on a CPU of its own.  They run in threads_run(),
 * which returns when all have ended.
 */
#define THREADS_MAX 8u
void thread_new(u32 cpu, void (*run)(u32 thread));
/*
 * They lose the CPU when they sleep, when they yield, and now and then where they drop a lock; who
 * goes on is drawn by lot.
 */
void threads_run(void);
/* True while thread n sleeps. */
bool thread_sleeps(u32 n);
/* For spin_unlock(). */
void thread_may_lose_cpu(void);

#endif
