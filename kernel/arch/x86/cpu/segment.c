/* GDT, TSS and double-fault task of each CPU. */
#include "arch/x86/cpu/segment.h"

#include "arch/x86/console/panic.h"
#include "arch/x86/cpu/percpu.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/trap.h"

#define GDT_ENTRIES 8u
#define DOUBLE_FAULT_STACK 4096u

/* Access bytes (SDM vol. 3, 3.4.5.1 and 3.5): present, privilege, type. */
#define ACCESS_KERNEL_CODE 0x9Au
#define ACCESS_KERNEL_DATA 0x92u
#define ACCESS_USER_CODE 0xFAu
#define ACCESS_USER_DATA 0xF2u
#define ACCESS_TSS 0x89u

/* Flags nibble: limit in pages, 32-bit segment. */
#define FLAGS_FLAT 0xCu
#define FLAGS_BYTES 0x0u
#define LIMIT_4G 0xFFFFFu

/* EFLAGS bit 1 is always set (SDM vol. 1, 3.4.3). */
#define EFLAGS_NONE 0x2u

struct descriptor_table {
	u16 limit;
	u32 base;
} __packed;

/* Everything that one CPU's segment registers lead to. */
struct cpu_segments {
	u64 gdt[GDT_ENTRIES];
	struct tss double_fault_tss;
	u8 double_fault_stack[DOUBLE_FAULT_STACK] __aligned(16);
};

static DEFINE_PER_CPU(struct cpu_segments, segments) __aligned(16);
DEFINE_PER_CPU(struct tss, cpu_tss);

static u64 descriptor(u32 base, u32 limit, u32 access, u32 flags)
{
	u32 low = (limit & 0xFFFF) | (base << 16);
	u32 high = ((base >> 16) & 0xFF) | (access << 8) | (limit & 0xF0000) | (flags << 20) |
		   (base & 0xFF000000);

	return ((u64)high << 32) | low;
}

static u64 tss_descriptor(const struct tss *tss)
{
	return descriptor((uintptr_t)tss, offsetof(struct tss, io_end), ACCESS_TSS, FLAGS_BYTES);
}

static void fill_gdt(struct cpu_segments *s, const struct tss *tss, uintptr_t percpu)
{
	s->gdt[0] = 0;
	s->gdt[SEG_KERNEL_CODE / 8] = descriptor(0, LIMIT_4G, ACCESS_KERNEL_CODE, FLAGS_FLAT);
	s->gdt[SEG_KERNEL_DATA / 8] = descriptor(0, LIMIT_4G, ACCESS_KERNEL_DATA, FLAGS_FLAT);
	s->gdt[SEG_USER_CODE / 8] = descriptor(0, LIMIT_4G, ACCESS_USER_CODE, FLAGS_FLAT);
	s->gdt[SEG_USER_DATA / 8] = descriptor(0, LIMIT_4G, ACCESS_USER_DATA, FLAGS_FLAT);
	s->gdt[SEG_PERCPU / 8] = descriptor(percpu, LIMIT_4G, ACCESS_KERNEL_DATA, FLAGS_FLAT);
	s->gdt[SEG_TSS / 8] = tss_descriptor(tss);
	s->gdt[SEG_DOUBLE_FAULT_TSS / 8] = tss_descriptor(&s->double_fault_tss);
}

static void load_gdt(const struct cpu_segments *s)
{
	struct descriptor_table table = { .limit = sizeof(s->gdt) - 1, .base = (uintptr_t)s->gdt };

	__asm__ volatile("lgdt %0\n\t"
			 "ljmp %1, $1f\n"
			 "1:\n\t"
			 "mov %2, %%ss\n\t"
			 "mov %3, %%ds\n\t"
			 "mov %3, %%es\n\t"
			 "mov %3, %%gs\n\t"
			 "mov %4, %%fs"
			 :
			 : "m"(table), "i"(SEG_KERNEL_CODE), "r"(SEG_KERNEL_DATA),
			 "r"(SEG_USER_DATA), "r"(SEG_PERCPU)
			 : "memory");
}

/*
 * What the task switch left of the context that failed (SDM vol. 3, 7.3), in the form that
 * panic_trap() prints.
 */
static struct trapframe interrupted_frame(const struct tss *tss)
{
	return (struct trapframe){
		.edi = tss->edi,
		.esi = tss->esi,
		.ebp = tss->ebp,
		.ebx = tss->ebx,
		.edx = tss->edx,
		.ecx = tss->ecx,
		.eax = tss->eax,
		.gs = tss->gs,
		.fs = tss->fs,
		.es = tss->es,
		.ds = tss->ds,
		.vector = TRAP_DOUBLE_FAULT,
		.eip = tss->eip,
		.cs = tss->cs,
		.eflags = tss->eflags,
		.user_esp = tss->esp,
		.user_ss = tss->ss,
	};
}

/*
 * The double-fault task starts here.  It was not called: in place of a return address lies the
 * error code, always 0.  EFLAGS.NT and CR0.TS are set, which matters to nobody, since it never
 * returns.
 */
__noreturn static void double_fault_main(void)
{
	u32 address = read_cr2();
	struct trapframe frame = interrupted_frame(this_cpu(cpu_tss));

	panic_trap(&frame, address);
}

static void fill_double_fault_tss(struct cpu_segments *s, u32 cr3)
{
	s->double_fault_tss = (struct tss){
		.cr3 = cr3,
		.eip = (uintptr_t)double_fault_main,
		.eflags = EFLAGS_NONE,
		.esp = (uintptr_t)s->double_fault_stack + sizeof(s->double_fault_stack),
		.cs = SEG_KERNEL_CODE,
		.ss = SEG_KERNEL_DATA,
		.ds = SEG_KERNEL_DATA,
		.es = SEG_KERNEL_DATA,
		.gs = SEG_KERNEL_DATA,
		.fs = SEG_PERCPU,
		.io_map = IO_MAP_NONE,
	};
}

void segments_init(uintptr_t percpu, u32 cr3)
{
	/* Not this_cpu(): %fs is loaded only here. */
	struct cpu_segments *s = percpu_at(segments, percpu);
	struct tss *tss = percpu_at(cpu_tss, percpu);

	*tss = (struct tss){ .ss0 = SEG_KERNEL_DATA, .io_map = IO_MAP_NONE, .io_end = 0xFF };
	fill_double_fault_tss(s, cr3);
	fill_gdt(s, tss, percpu);
	load_gdt(s);
	__asm__ volatile("lldt %w0\n\t"
			 "ltr %w1"
			 :
			 : "r"(0), "r"(SEG_TSS));
}

void double_fault_set_cr3(u32 cr3) { this_cpu(segments)->double_fault_tss.cr3 = cr3; }
