// SPDX-License-Identifier: MIT
/*
 * Linux, measured: a module that times the operations that Tarn's benchmarks time, under the same
 * keys, in lines of the same form.
 *
 * It runs once, when it is loaded, in the thread of /init (CPU 0, pinned there), and ends the
 * machine through isa-debug-exit.  What Linux does not export is found by name through kallsyms; a
 * key whose function is not there is left out, with an INFO line.
 */
#include <asm/io.h>
#include <asm/pgalloc.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/highmem.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/sort.h>
#include <linux/vmalloc.h>

/* The symbols are exported to modules under the GPL; the MIT license is compatible with it. */
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("times operations of the memory management");

static char *tag = "linux";
module_param(tag, charp, 0);

#define EXIT_PORT 0xf4
#define EXIT_PASSED 0x10

/*
 * What the boot has put off until later is done by then.  While every CPU halts, QEMU's clock
 * jumps: it costs nothing.
 */
#define SETTLE_MS 60000

#define say(...) printk(KERN_CRIT __VA_ARGS__)

/* ---- Measuring ---- */

struct measurement {
	const char *key;
	u32 batches, per, done;
	u64 total, least, began;
};

static inline u64 tsc(void)
{
	u64 ticks;

	asm volatile("rdtsc" : "=A"(ticks)::"memory");
	return ticks;
}

static void measure_add(struct measurement *m, u64 ticks)
{
	m->total += ticks;
	m->least = min(m->least, ticks);
	m->done++;
	cond_resched();
}

static void measure_report(const struct measurement *m)
{
	say("BENCH %s %s %u %llu %u %llu\n", tag, m->key, m->done * m->per, m->total, m->per,
		m->least);
}

static void left_out(const char *key, const char *reason)
{
	say("INFO %s %s left out: %s\n", tag, key, reason);
}

#define MEASURE(bench_key, operations, per_batch, prepare, body)                                   \
	do {                                                                                       \
		const u32 measured_per = (per_batch);                                              \
		struct measurement measured = {                                                    \
			.key = bench_key, .per = measured_per, .least = ~0ull                      \
		};                                                                                 \
		measured.batches = max(1u, (u32)(operations) / measured_per);                      \
		while (measured.done < measured.batches) {                                         \
			u32 i;                                                                     \
			prepare;                                                                   \
			measured.began = tsc();                                                    \
			for (i = 0; i < measured_per; i++)                                         \
				body;                                                              \
			measure_add(&measured, tsc() - measured.began);                            \
		}                                                                                  \
		measure_report(&measured);                                                         \
	} while (0)

static int compare_u32(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

static void report_distribution(const char *key, u32 *samples, u32 n)
{
	sort(samples, n, sizeof(*samples), compare_u32, NULL);
	say("DIST %s %s n=%u min=%u p50=%u p90=%u p99=%u max=%u\n", tag, key, n, samples[0],
		samples[n / 2], samples[n / 10 * 9], samples[n / 100 * 99], samples[n - 1]);
}

#define MAX_SAMPLES 102400u
static u32 *samples;

/* ---- What is not exported ---- */

static unsigned long (*lookup)(const char *name);
static pgd_t *(*find_pgd_alloc)(struct mm_struct *mm);
static void (*find_pgd_free)(struct mm_struct *mm, pgd_t *pgd);
static pgtable_t (*find_pte_alloc_one)(struct mm_struct *mm);
static struct mm_struct *(*find_mm_alloc)(void);
static void (*find_mmput)(struct mm_struct *mm);
static void (*find_flush_tlb_all)(void);
static void (*find_drain_all_pages)(struct zone *zone);
static void (*find_flush_tlb_kernel_range)(unsigned long start, unsigned long end);

/*
 * kallsyms_lookup_name itself is not exported either, but a probe may be set on it, and then knows
 * where it is.
 */
static int find_symbols(void)
{
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };
	int error = register_kprobe(&probe);

	if (error)
		return error;
	lookup = (void *)probe.addr;
	unregister_kprobe(&probe);
	find_pgd_alloc = (void *)lookup("pgd_alloc");
	find_pgd_free = (void *)lookup("pgd_free");
	find_pte_alloc_one = (void *)lookup("pte_alloc_one");
	find_mm_alloc = (void *)lookup("mm_alloc");
	find_mmput = (void *)lookup("mmput");
	find_flush_tlb_all = (void *)lookup("flush_tlb_all");
	find_drain_all_pages = (void *)lookup("drain_all_pages");
	find_flush_tlb_kernel_range = (void *)lookup("flush_tlb_kernel_range");
	return 0;
}

/* ---- calib ---- */

static noinline void spin_known(u32 n) { asm volatile("1: dec %0\n\tjnz 1b" : "+r"(n)); }

static void calib(void)
{
	void *page = (void *)__get_free_page(GFP_KERNEL);

	MEASURE("calib.loop1000000", 1000000, 1000000, local_irq_disable(), {
		spin_known(measured_per);
		break;
	});
	local_irq_enable();
	MEASURE("calib.rdtsc", 100000, 1000, , { tsc(); });
	MEASURE("calib.empty", 100000, 1000, , { barrier(); });
	MEASURE("calib.cli_sti", 100000, 1000, , {
		unsigned long f;
		local_irq_save(f);
		local_irq_restore(f);
	});
	MEASURE("calib.invlpg", 100000, 1000, , {
		asm volatile("invlpg (%0)" ::"r"(page) : "memory");
	});
	MEASURE("calib.copy_page", 20000, 100, ,
		{ copy_page(page, (void *)PAGE_OFFSET + 0x100000); });
	free_page((unsigned long)page);
}

/* ---- kmap ---- */

#define NPAGES 8192u
static struct page **pages;

static bool take_pages(u32 n, gfp_t gfp, u32 order)
{
	u32 i;

	for (i = 0; i < n; i++) {
		pages[i] = alloc_pages(gfp, order);
		if (!pages[i])
			return false;
	}
	return true;
}

static void give_pages(u32 n, u32 order)
{
	u32 i;

	for (i = 0; i < n; i++)
		__free_pages(pages[i], order);
}

static __always_inline void kmap_pair(struct page *page, u32 value)
{
	*(volatile u32 *)kmap(page) = value;
	kunmap(page);
}

static void kmap_each(bool unmap)
{
	u32 i;

	for (i = 0; i < MAX_SAMPLES; i++) {
		struct page *page = pages[i & (NPAGES - 1)];
		u64 before = tsc(), between;

		kmap(page);
		between = tsc();
		kunmap(page);
		samples[i] = unmap ? tsc() - between : between - before;
	}
	report_distribution(unmap ? "kunmap.each" : "kmap.each", samples, MAX_SAMPLES);
}

static void kmap_with_64_free(void)
{
	u32 held = LAST_PKMAP - 64, next = 0, j;

	for (j = 0; j < held; j++)
		kmap(pages[j]);
	MEASURE("kmap.pair_64free", 102400, 1024, , {
		kmap_pair(pages[held + next], i);
		next = next + 1 < NPAGES - held ? next + 1 : 0;
	});
	for (j = 0; j < held; j++)
		kunmap(pages[j]);
}

static void kmaps(void)
{
	struct page *low = alloc_page(GFP_KERNEL);
	u32 next = 0;

	if (!low || !take_pages(NPAGES, GFP_HIGHUSER, 0))
		return left_out("kmap", "no memory");
	MEASURE("kmap.pair_wrap", 102400, 10240, , { kmap_pair(pages[next++ & (NPAGES - 1)], i); });
	kmap_each(false);
	kmap_each(true);
	MEASURE("kmap.pair_hit", 100000, 10000, , { kmap_pair(pages[0], i); });
	kmap(pages[1]);
	MEASURE("kmap.pair_held", 100000, 10000, , { kmap_pair(pages[1], i); });
	kunmap(pages[1]);
	MEASURE("kmap.pair_set256", 102400, 10240, , { kmap_pair(pages[i & 255], i); });
	kmap_with_64_free();
	MEASURE("kmap.lowmem_pair", 100000, 10000, , { kmap_pair(low, i); });
	MEASURE("kmap_atomic.pair", 102400, 10240, , {
		u32 *address = kmap_atomic(pages[i & 1023]);

		*(volatile u32 *)address = i;
		kunmap_atomic(address);
	});
	give_pages(NPAGES, 0);
	__free_page(low);
}

/* ---- page ---- */

static void one_order(const char *zone, gfp_t gfp, u32 order)
{
	u32 bulk = order == 0 ? 8192 : order == 3 ? 1024 : 32;
	u32 bulk_operations = order == 9 ? 10240 : 106496, pairs = order == 9 ? 20000 : 100000;
	bool first = true;
	char key[40];

	/*
	 * A per-CPU list that happens to be full, or empty, is filled and emptied again with each
	 * pair, at fifty times the price.
	 */
	if (find_drain_all_pages)
		find_drain_all_pages(NULL);
	snprintf(key, sizeof(key), "page.o%u.%s.pair", order, zone);
	MEASURE(key, pairs, 1000, , { __free_pages(alloc_pages(gfp, order), order); });
	snprintf(key, sizeof(key), "page.o%u.%s.bulk_alloc", order, zone);
	MEASURE(
		key, bulk_operations, bulk,
		{
			if (!first)
				give_pages(bulk, order);
			first = false;
		},
		{ pages[i] = alloc_pages(gfp, order); });
	give_pages(bulk, order);
	snprintf(key, sizeof(key), "page.o%u.%s.bulk_free", order, zone);
	MEASURE(key, bulk_operations, bulk, take_pages(bulk, gfp, order),
		{ __free_pages(pages[i], order); });
	if (order)
		return;
	snprintf(key, sizeof(key), "page.o%u.%s.bulk_free_odd_even", order, zone);
	MEASURE(key, bulk_operations, bulk, take_pages(bulk, gfp, order),
		{ __free_page(pages[i < bulk / 2 ? 2 * i : 2 * (i - bulk / 2) + 1]); });
}

static void page_allocator(void)
{
	static const u32 orders[] = { 0, 3, 9 };
	u32 n;

	for (n = 0; n < ARRAY_SIZE(orders); n++) {
		one_order("highuser", GFP_HIGHUSER, orders[n]);
		one_order("kernel", GFP_KERNEL, orders[n]);
	}
	MEASURE("page.o0.highuser_zero.pair", 20000, 1000, ,
		{ __free_page(alloc_page(GFP_HIGHUSER | __GFP_ZERO)); });
	MEASURE("object.kmalloc64_pair", 100000, 10000, , { kfree(kzalloc(64, GFP_KERNEL)); });
}

/* ---- pt ---- */

/* pgd_alloc() also stores the new table in mm->pgd: an mm of our own, put right afterwards. */
static void pgd_pairs(void)
{
	struct mm_struct *mm = find_mm_alloc();
	pgd_t *own = mm->pgd;

	MEASURE("pt.pgd_pair", 100000, 1000, , { find_pgd_free(mm, find_pgd_alloc(mm)); });
	mm->pgd = own;
	find_mmput(mm);
}

static void page_tables(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (!find_pgd_alloc || !find_pgd_free || !find_pte_alloc_one || !find_mm_alloc ||
		!find_mmput)
		return left_out("pt", "symbols are missing");
	pgd_pairs();
	MEASURE("pt.pte_pair", 100000, 1000, ,
		{ pte_free(current->mm, find_pte_alloc_one(current->mm)); });
	MEASURE("pt.mm_pair", 5000, 500, , { find_mmput(find_mm_alloc()); });
	MEASURE("pt.vmap1_pair", 20000, 1000, , {
		volatile u32 *address = vmap(&page, 1, VM_MAP, PAGE_KERNEL);

		*address = i;
		vunmap((void *)address);
	});
	__free_page(page);
}

/* ---- ipi, tlb ---- */

static void nothing(void *unused) {}

static void calls_each(void)
{
	u32 i, n = 10000;

	for (i = 0; i < n; i++) {
		u64 before = tsc();

		on_each_cpu(nothing, NULL, 1);
		samples[i] = tsc() - before;
	}
	report_distribution("ipi.on_each_cpu.each", samples, n);
}

static void calls_and_flushes(void)
{
	MEASURE("ipi.on_each_cpu", 100000, 500, , { on_each_cpu(nothing, NULL, 1); });
	calls_each();
	if (num_online_cpus() > 1) {
		MEASURE("ipi.single_cpu1", 100000, 500, ,
			{ smp_call_function_single(1, nothing, NULL, 1); });
		MEASURE("ipi.others_nowait_then_wait", 100000, 500, ,
			{ smp_call_function(nothing, NULL, 1); });
	}
	MEASURE("tlb.local_flush_all", 100000, 500, , { __flush_tlb_all(); });
	if (!find_flush_tlb_all || !find_flush_tlb_kernel_range)
		return left_out("tlb", "symbols are missing");
	MEASURE("tlb.flush_all_cpus", 100000, 500, , { find_flush_tlb_all(); });
	MEASURE("tlb.flush_kernel_1page", 100000, 500, ,
		{ find_flush_tlb_kernel_range(PKMAP_BASE, PKMAP_BASE + PAGE_SIZE); });
	MEASURE("tlb.flush_pkmap_range", 100000, 500, ,
		{ find_flush_tlb_kernel_range(PKMAP_BASE, PKMAP_ADDR(LAST_PKMAP)); });
}

/* ---- thread ---- */

static bool stop;
static DECLARE_COMPLETION(asked);
static DECLARE_COMPLETION(answered);

static int yield_until_stopped(void *unused)
{
	while (!READ_ONCE(stop))
		yield();
	complete(&answered);
	return 0;
}

static int answer(void *unused)
{
	bool last;

	do {
		wait_for_completion(&asked);
		last = READ_ONCE(stop);
		complete(&answered);
	} while (!last);
	return 0;
}

static void start_on(u32 cpu, int (*run)(void *), void *arg)
{
	struct task_struct *task = kthread_create(run, arg, "timing/%u", cpu);

	if (IS_ERR(task))
		panic("no memory for a thread");
	kthread_bind(task, cpu);
	wake_up_process(task);
}

static void wake_pairs(const char *key, u32 cpu)
{
	WRITE_ONCE(stop, false);
	start_on(cpu, answer, NULL);
	MEASURE(key, 50000, 500, , {
		complete(&asked);
		wait_for_completion(&answered);
	});
	WRITE_ONCE(stop, true);
	complete(&asked);
	wait_for_completion(&answered);
}

static int end_at_once(void *unused) { return 0; }

static void threads(void)
{
	WRITE_ONCE(stop, false);
	start_on(0, yield_until_stopped, NULL);
	MEASURE("thread.switch_pair", 100000, 1000, , { yield(); });
	WRITE_ONCE(stop, true);
	wait_for_completion(&answered);
	wake_pairs("thread.wake_pair_same_cpu", 0);
	if (num_online_cpus() > 1)
		wake_pairs("thread.wake_pair_cpu0_cpu1", 1);
	MEASURE("thread.create_join", 2000, 500, ,
		{ kthread_stop(kthread_run(end_at_once, NULL, "brief")); });
}

/* ---- multi ---- */

static struct {
	void (*work)(u32 cpu, u32 operations);
	u32 operations;
	atomic_t ready, left;
	bool go;
	struct completion done;
} parallel;

static struct page *page_of_turn(u32 cpu, u32 turn)
{
	return pages[(cpu * (NPAGES / 8) + turn) & (NPAGES - 1)];
}

static void kmap_work(u32 cpu, u32 operations)
{
	u32 i;

	for (i = 0; i < operations; i++)
		kmap_pair(page_of_turn(cpu, i), i);
}

static void atomic_work(u32 cpu, u32 operations)
{
	u32 i;

	for (i = 0; i < operations; i++) {
		u32 *address = kmap_atomic(page_of_turn(cpu, i));

		*(volatile u32 *)address = i;
		kunmap_atomic(address);
	}
}

static void order0_work(u32 cpu, u32 operations)
{
	while (operations--)
		__free_page(alloc_page(GFP_HIGHUSER));
}

static void order3_work(u32 cpu, u32 operations)
{
	while (operations--)
		__free_pages(alloc_pages(GFP_HIGHUSER, 3), 3);
}

static int parallel_member(void *cpu)
{
	atomic_inc(&parallel.ready);
	while (!READ_ONCE(parallel.go)) {
		cpu_relax();
		cond_resched();
	}
	parallel.work((unsigned long)cpu, parallel.operations);
	/* Nobody is idle before the last is done. */
	atomic_dec(&parallel.left);
	while (atomic_read(&parallel.left)) {
		cpu_relax();
		cond_resched();
	}
	if (!cpu)
		complete(&parallel.done);
	return 0;
}

/* As one batch: the ticks of all CPUs together, the operations too. */
static void on_cpus(
	const char *key, u32 cpus, u32 operations, void (*work)(u32 cpu, u32 operations))
{
	struct measurement m = { .key = key, .per = operations / cpus * cpus, .least = ~0ull };
	unsigned long cpu;

	parallel.work = work;
	parallel.operations = operations / cpus;
	parallel.go = false;
	atomic_set(&parallel.ready, 0);
	atomic_set(&parallel.left, cpus);
	init_completion(&parallel.done);
	for (cpu = 0; cpu < cpus; cpu++)
		start_on(cpu, parallel_member, (void *)cpu);
	while (atomic_read(&parallel.ready) < cpus)
		schedule_timeout_uninterruptible(1);
	m.began = tsc();
	WRITE_ONCE(parallel.go, true);
	wait_for_completion(&parallel.done);
	measure_add(&m, tsc() - m.began);
	measure_report(&m);
}

static void on_one_and_all(const char *base, void (*work)(u32 cpu, u32 operations))
{
	char key[40];

	snprintf(key, sizeof(key), "%s.x1", base);
	on_cpus(key, 1, 102400, work);
	snprintf(key, sizeof(key), "%s.x%u", base, num_online_cpus());
	if (num_online_cpus() > 1)
		on_cpus(key, num_online_cpus(), 102400, work);
}

static void several_cpus(void)
{
	on_one_and_all("multi.page.o0.pair", order0_work);
	on_one_and_all("multi.page.o3.pair", order3_work);
	if (!take_pages(NPAGES, GFP_HIGHUSER, 0))
		return left_out("multi.kmap", "no memory");
	on_one_and_all("multi.kmap.pair_wrap", kmap_work);
	on_one_and_all("multi.kmap_atomic.pair", atomic_work);
	on_cpus("kmap.million", min(4u, num_online_cpus()), 1000000, kmap_work);
	give_pages(NPAGES, 0);
}

static int __init timing_init(void)
{
	int error = find_symbols();

	if (error) {
		say("INFO %s no symbols can be looked up: error %d\n", tag, error);
		return error;
	}
	pages = vmalloc(NPAGES * sizeof(*pages));
	samples = vmalloc(MAX_SAMPLES * sizeof(*samples));
	if (!pages || !samples)
		return -ENOMEM;
	msleep(SETTLE_MS);
	calib();
	kmaps();
	page_allocator();
	page_tables();
	calls_and_flushes();
	threads();
	several_cpus();
	say("BENCH-END %s\n", tag);
	outb(EXIT_PASSED, EXIT_PORT);
	return -EAGAIN; /* no such device: /init says so */
}
module_init(timing_init);
