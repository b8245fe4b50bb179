/* What else kernel/mm needs of arch/, and the places where a test may step in. */
#include "fake/machine.h"
#include "host.h"

#include "arch/x86/console/console.h"
#include "arch/x86/console/panic.h"
#include "arch/x86/console/symbols.h"
#include "arch/x86/cpu/segment.h"
#include "arch/x86/cpu/spinlock.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/paging/fixmap.h"
#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/paging/vital.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/ipi.h"
#include "arch/x86/smp/smp_call.h"
#include "arch/x86/upcall.h"
#include "mm/pages/page_alloc.h"
#include "mm/tables/address_space.h"

#include <stdio.h>
#include <string.h>

DEFINE_PER_CPU(union nosleep, nosleep);
DEFINE_PER_CPU(u32, ipis_sent);
char early_pgd[PAGE_SIZE];
u32 console_loglevel;
char console_text[8192];
u32 other_cpus_calls, calls_to[MACHINE_CPUS];

static struct {
	const char *lock;
	u32 skip;
	void (*act)(void);
} unlock_hook;
static void (*allocation_hook)(void);
static u32 allocations_until_failure, failures_left;

void env_reset(void)
{
	atomic_set(&cpu_online_mask, 0);
	console_text[0] = 0;
	other_cpus_calls = 0;
	memset(calls_to, 0, sizeof(calls_to));
	threads_reset();
	unlock_hook.act = NULL;
	allocation_hook = NULL;
	allocations_until_failure = failures_left = 0;
}

/* ---- Console, names, start-up ---- */

void vprintk(enum log_level level, const char *fmt, va_list args)
{
	size_t n = strlen(console_text);

	(void)level;
	vsnprintf(console_text + n, sizeof(console_text) - n, fmt, args);
}

void printk(enum log_level level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintk(level, fmt, args);
	va_end(args);
}

void console_printf(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintk(LOG_NOTICE, fmt, args);
	va_end(args);
}

const char *symbol_name(uintptr_t address, u32 *offset)
{
	(void)address;
	*offset = 0;
	return "?";
}

void double_fault_set_cr3(u32 cr3) { CHECK_EQUAL(cr3, read_cr3()); }

bool vital_range(u32 i, struct vital_range *range)
{
	static const struct vital_range text = { "code", (uintptr_t)kernel_start,
		(uintptr_t)kernel_text_end, false, true };
	static const struct vital_range data = { "data", (uintptr_t)kernel_rodata_end,
		(uintptr_t)boot_stack_guard, true, false };

	*range = i == 0 ? text : data;
	return i < 2;
}

/* ---- CPUs ---- */

void cpu_relax(void) { CHECK(false, "CPU %u waits for what nobody will do", running_cpu); }

/*
 * As kernel/arch/x86/cpu/trap.c does it: a CPU that was idle is so no more, and makes the flush
 * that is pending, before the handler runs.
 */
static void call_on(u32 cpu, void (*fn)(void *), void *arg)
{
	u32 former = running_cpu;

	run_on(cpu);
	u32 flags = irq_save();

	if (cpu != former) {
		this_cpu_inc(nosleep.interrupts);
		calls_to[cpu]++;
		if (this_cpu_test(is_idle))
			idle_leave();
	}
	fn(arg);
	if (cpu != former)
		this_cpu_dec(nosleep.interrupts);
	irq_restore(flags);
	run_on(former);
}

void smp_call(u32 mask, void (*fn)(void *), void *arg)
{
	CHECK(irqs_enabled() && !in_interrupt(),
		"smp_call with interrupts off, or in a handler (24)");
	other_cpus_calls += (mask & cpus_online() & ~(1u << running_cpu)) != 0;
	for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++)
		if (mask & cpus_online() & (1u << cpu))
			call_on(cpu, fn, arg);
}

void cpu_goes_idle(u32 cpu)
{
	u32 former = running_cpu;

	run_on(cpu);
	irq_disable();
	idle_enter();
	irq_enable();
	run_on(former);
}

void cpu_wakes(u32 cpu)
{
	u32 former = running_cpu;

	run_on(cpu);
	irq_disable();
	idle_leave();
	irq_enable();
	run_on(former);
}

/* ---- Where a test steps in: fake/arch/x86/cpu/spinlock.h, and the linker's --wrap ---- */

void on_unlock(const char *lock, u32 skip, void (*act)(void))
{
	unlock_hook.lock = lock;
	unlock_hook.skip = skip;
	unlock_hook.act = act;
}

void spin_unlock(struct spinlock *lock)
{
	void (*act)(void) = unlock_hook.act;

	real_spin_unlock(lock);
	thread_may_lose_cpu();
	if (!act || strcmp(lock->name, unlock_hook.lock) != 0 || unlock_hook.skip-- > 0)
		return;
	unlock_hook.act = NULL;
	meanwhile(act);
}

void fail_allocations(u32 n, u32 times)
{
	allocations_until_failure = n;
	failures_left = times;
}

void on_allocation(void (*act)(void)) { allocation_hook = act; }

static bool must_fail(void)
{
	void (*act)(void) = allocation_hook;

	allocation_hook = NULL;
	if (act)
		meanwhile(act);
	if (allocations_until_failure == 0 || --allocations_until_failure > 0)
		return false;
	allocations_until_failure = --failures_left ? 1 : 0;
	return true;
}

struct page *__real_alloc_pages(u32 gfp, u32 order);
struct page *__wrap_alloc_pages(u32 gfp, u32 order);
void *__real_get_zeroed_page(u32 gfp);
void *__wrap_get_zeroed_page(u32 gfp);

struct page *__wrap_alloc_pages(u32 gfp, u32 order)
{
	return must_fail() ? NULL : __real_alloc_pages(gfp, order);
}

void *__wrap_get_zeroed_page(u32 gfp) { return must_fail() ? NULL : __real_get_zeroed_page(gfp); }

/* What is about to be used for something else must be in nobody's TLB (invariant 40). */
static void check_no_tlb(const struct page *page, u32 order, const char *what)
{
	for (u32 i = 0; i < 1u << order; i++)
		CHECK(no_tlb_names(page_to_pfn(page) + i, what), "frame 0x%x is in a TLB",
			page_to_pfn(page) + i);
}

void __real_free_pages(struct page *page, u32 order);
void __wrap_free_pages(struct page *page, u32 order);
void __real_put_page(struct page *page);
void __wrap_put_page(struct page *page);
void __real_pmd_free(pmd_t *table);
void __wrap_pmd_free(pmd_t *table);
void __real_pte_free(pte_t *table);
void __wrap_pte_free(pte_t *table);
void __real_pgd_free(pgd_t *pgd);
void __wrap_pgd_free(pgd_t *pgd);

void __wrap_free_pages(struct page *page, u32 order)
{
	check_no_tlb(page, order, "free_pages");
	__real_free_pages(page, order);
}

void __wrap_put_page(struct page *page)
{
	if (atomic_read(&page->count) == 1)
		check_no_tlb(page, 0, "put_page");
	__real_put_page(page);
}

void __wrap_pmd_free(pmd_t *table)
{
	check_no_tlb(virt_to_page(table), 0, "pmd_free");
	__real_pmd_free(table);
}

void __wrap_pte_free(pte_t *table)
{
	check_no_tlb(virt_to_page(table), 0, "pte_free");
	__real_pte_free(table);
}

void __wrap_pgd_free(pgd_t *pgd)
{
	for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++)
		CHECK(!(cpus_online() & (1u << cpu)) || *per_cpu(active_mm, cpu) == NULL ||
				(*per_cpu(active_mm, cpu))->pgd != pgd,
			"a PGD is freed that CPU %u has in CR3 (27)", cpu);
	__real_pgd_free(pgd);
}
