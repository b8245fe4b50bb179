/* RAM, the host's mappings of it, and the boot order: see machine.h. */
#include "fake/machine.h"
#include "host.h"

#include "arch/x86/paging/tlb.h"
#include "arch/x86/smp/cpumask.h"
#include "lib/assert.h"
#include "mm/boot/bootmem.h"
#include "mm/boot/kernel_tables.h"
#include "mm/boot/modules.h"
#include "mm/boot/options.h"
#include "mm/boot/ram_layout.h"
#include "mm/objects/objcache.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/watermarks.h"
#include "mm/pages/zone.h"
#include "mm/pkmap/highmem.h"
#include "mm/pkmap/kmap_atomic.h"
#include "mm/tables/quicklist.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define KERNEL_PART 0x40000000ul /* bytes from PAGE_OFFSET to the top */

struct bootinfo bootinfo;
uintptr_t percpu_offset[NR_CPUS];

/* From state.ld and from the linker. */
extern char kernel_state_start[], kernel_state_end[];
extern char __start_percpu[], __stop_percpu[];

static int ram_file = -1;
static char *state_at_start, *percpu_copies[MACHINE_CPUS];
static struct sigaction former_segv;
static u32 ncpus, steps_done;
static size_t direct_bytes; /* of the direct map that the kernel may touch now */

/* ---- Variables ---- */

/* Word by word, so that the address sanitizer does not mind the gaps between variables. */
__attribute__((no_sanitize("address", "undefined"))) static void copy_raw(
	char *to, const char *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((volatile char *)to)[i] = from[i];
}

static void keep_state(void)
{
	size_t n = (size_t)(kernel_state_end - kernel_state_start);

	state_at_start = malloc(n);
	copy_raw(state_at_start, kernel_state_start, n);
}

static void restore_state(void)
{
	copy_raw(kernel_state_start, state_at_start,
		(size_t)(kernel_state_end - kernel_state_start));
}

static size_t percpu_size(void) { return (size_t)(__stop_percpu - __start_percpu); }

/* Copies are for CPUs that have been started. */
static void make_percpu_copy(u32 cpu)
{
	free(percpu_copies[cpu]);
	percpu_copies[cpu] = calloc(1, percpu_size());
	percpu_offset[cpu] = (uintptr_t)percpu_copies[cpu] - (uintptr_t)__start_percpu;
}

/* ---- RAM ---- */

static void *map_file(uintptr_t address, pfn_t pfn, size_t bytes, int protection)
{
	void *at = mmap((void *)address, bytes, protection, MAP_SHARED | MAP_FIXED, ram_file,
		(off_t)pfn << PAGE_SHIFT);

	if (at == MAP_FAILED) {
		perror("mmap");
		abort();
	}
	return at;
}

static void hide(uintptr_t address, size_t bytes)
{
	if (bytes && mmap((void *)address, bytes, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1,
			     0) == MAP_FAILED)
		abort();
}

void ram_read(phys_t phys, void *bytes, size_t n)
{
	if (pread(ram_file, bytes, n, (off_t)phys) != (ssize_t)n)
		abort();
}

void ram_write(phys_t phys, const void *bytes, size_t n)
{
	if (pwrite(ram_file, bytes, n, (off_t)phys) != (ssize_t)n)
		abort();
}

u32 ram_word(pfn_t pfn, u32 offset)
{
	u32 value;

	ram_read(pfn_to_phys(pfn) + offset, &value, sizeof(value));
	return value;
}

void ram_set_word(pfn_t pfn, u32 offset, u32 value)
{
	ram_write(pfn_to_phys(pfn) + offset, &value, sizeof(value));
}

static bool is_ram(pfn_t pfn)
{
	for (u32 i = 0; i < bootinfo.nranges; i++)
		if (pfn >= bootinfo.range[i].start && pfn < bootinfo.range[i].end)
			return true;
	return false;
}

const void *table_in_ram(pfn_t pfn)
{
	CHECK(is_ram(pfn) && pfn_to_phys(pfn) < direct_bytes,
		"a table of a CPU lies in frame 0x%x, which is not low RAM", pfn);
	return pfn_to_virt(pfn);
}

/* ---- The direct map, and the rest of the kernel's part ---- */

/* The first MiB, and RAM, up to `end`; all beyond is hidden. */
static void open_direct_map(size_t end)
{
	direct_bytes = end;
	hide(PAGE_OFFSET, KERNEL_PART);
	map_file(PAGE_OFFSET, 0, 1u << 20, PROT_READ | PROT_WRITE);
	for (u32 i = 0; i < bootinfo.nranges; i++) {
		u64 from = pfn_to_phys(bootinfo.range[i].start),
		    to = MIN(pfn_to_phys(bootinfo.range[i].end), (u64)end);

		if (from < to)
			map_file(PAGE_OFFSET + (uintptr_t)from, bootinfo.range[i].start,
				(size_t)(to - from), PROT_READ | PROT_WRITE);
	}
}

static uintptr_t windows(void) { return PAGE_OFFSET + direct_bytes; }

static u32 pages_mapped;

void host_map(uintptr_t address, pfn_t pfn, bool writable)
{
	pages_mapped++;
	map_file(
		address & PAGE_MASK, pfn, PAGE_SIZE, writable ? PROT_READ | PROT_WRITE : PROT_READ);
}

void host_unmap(uintptr_t address)
{
	if (address >= windows() && address - PAGE_OFFSET < KERNEL_PART)
		hide(address & PAGE_MASK, PAGE_SIZE);
}

void host_unmap_all(void)
{
	if (pages_mapped)
		hide(windows(), PAGE_OFFSET + KERNEL_PART - windows());
	pages_mapped = 0;
}

/*
 * Where the kernel touches an address outside of the direct map for the first time since its CPU
 * began to run.
 */
static void on_segv(int signal, siginfo_t *info, void *context)
{
	uintptr_t address = (uintptr_t)info->si_addr;
	bool write = ((ucontext_t *)context)->uc_mcontext.gregs[REG_ERR] & 2;
	struct translation found;

	if (address >= windows() && address - PAGE_OFFSET < KERNEL_PART &&
		cpu_translate(running_cpu, address, &found) && (!write || found.writable)) {
		host_map(address, found.pfn, found.writable);
		return;
	}
	fprintf(stderr, "CPU %u: page fault at %p (%s); %s\n", running_cpu, info->si_addr,
		write ? "write" : "read", test_position());
	/* it faults once more, and the sanitizer says where */
	sigaction(signal, &former_segv, NULL);
}

void machine_init(void)
{
	void *at = mmap((void *)PAGE_OFFSET, KERNEL_PART, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	if (at != (void *)PAGE_OFFSET) {
		fprintf(stderr, "the kernel's addresses from %p on are taken on this host\n",
			(void *)PAGE_OFFSET);
		exit(1);
	}
	sigaction(SIGSEGV, NULL, &former_segv);
	keep_state();
}

/* ---- Power on and boot ---- */

/* cmocka takes the signal for itself at the start of each test. */
static void catch_faults(void)
{
	struct sigaction action = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigaction(SIGSEGV, &action, NULL);
}

void machine_new(u32 cpus)
{
	restore_state();
	catch_faults();
	if (ram_file >= 0)
		close(ram_file);
	ram_file = memfd_create("ram", 0);
	if (ram_file < 0 || ftruncate(ram_file, (off_t)64 << 30))
		abort();
	memset(&bootinfo, 0, sizeof(bootinfo));
	memset(percpu_offset, 0, sizeof(percpu_offset));
	cpu_features =
		(struct cpu_features){ .phys_bits = 36, .pse = true, .pge = true, .nx = true };
	ncpus = cpus;
	steps_done = 0;
	running_cpu = 0;
	make_percpu_copy(0);
	direct_bytes = 0;
	hide(PAGE_OFFSET, KERNEL_PART);
	cpus_reset();
	env_reset();
}

void machine_ram(pfn_t start, pfn_t end)
{
	bootinfo.range[bootinfo.nranges++] = (struct ram_range){ start, end };
	bootinfo.ram_bytes += pfn_to_phys(end - start);
}

void machine_module(phys_t start, phys_t end)
{
	struct boot_module *module = &bootinfo.module[bootinfo.nmodules];

	module->start = start;
	module->end = end;
	snprintf(module->name, sizeof(module->name), "module %u", bootinfo.nmodules++);
}

/* What RAM holds before the kernel starts: nothing that it could take for zero. */
static void fill_with_rubbish(void)
{
	for (u32 i = 0; i < bootinfo.nranges; i++)
		for (pfn_t pfn = bootinfo.range[i].start; pfn < MIN(bootinfo.range[i].end, 4096u);
			pfn++)
			memset(pfn_to_virt(pfn), 0xA5, PAGE_SIZE);
}

static void step_2(void)
{
	open_direct_map(EARLY_MAP_BYTES);
	fill_with_rubbish();
	memory_divide();
	bootmem_init();
}

static void step_4(void)
{
	/* The new tables are about to be loaded: from here on all of low memory is there. */
	open_direct_map((size_t)max_low_pfn << PAGE_SHIFT);
	paging_enable();
	atomic_or(&cpu_online_mask, 1);
	irq_enable();
}

static void step_6(void)
{
	zones_init();
	pgt_cache_init();
	bootmem_handover(zone_add_pages);
	zone_add_pages(phys_to_pfn(KERNEL_IMAGE_PHYS), phys_to_pfn((uintptr_t)early_tables_end));
	zones_add_highmem();
	zones_set_watermarks();
	page_alloc_init();
	modules_take();
}

static void step_7(void)
{
	kmalloc_init();
	for (u32 cpu = 1; cpu < ncpus; cpu++) {
		make_percpu_copy(cpu);
		run_on(cpu);
		cpu_enable_paging_features(pgd_cr3(swapper_pg_dir));
		atomic_or(&cpu_online_mask, 1u << cpu);
		local_flush_tlb_all();
		kmap_atomic_init_cpu();
		shadow_cpu_ready();
		irq_enable();
	}
	run_on(0);
}

void machine_boot(u32 step)
{
	static void (*const steps[])(
		void) = { NULL, NULL, step_2, paging_init, step_4, kmap_init, step_6, step_7 };

	for (u32 n = MAX(steps_done + 1, 2u); n <= step; n++)
		steps[n]();
	steps_done = step;
}

void machine_start(u32 cpus, u32 ram_mib, u32 high_mib, u32 step)
{
	machine_new(cpus);
	machine_ram(0, 0x9F);
	machine_ram(0x100, ram_mib << (20 - PAGE_SHIFT));
	mm_options.highmem_set = high_mib != 0;
	mm_options.highmem_bytes = MIB(high_mib);
	machine_boot(step);
}

void machine_check_idle(void)
{
	for (const char *byte = __start_percpu; byte < __stop_percpu; byte++)
		CHECK(*byte == 0, "the template of the per-CPU variables was written at +%zu",
			(size_t)(byte - __start_percpu));
	CHECK(tlbs_equal_tables(), "a TLB holds what the tables do not");
}
