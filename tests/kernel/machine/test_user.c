/* Into user mode and out of it: calls, exceptions, interrupts, ports, what a return refuses. */
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/segment.h"
#include "arch/x86/cpu/user_mode.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/paging/pgtable.h"
#include "arch/x86/smp/cpumask.h"
#include "kernel/calls/user_entry.h"
#include "kernel/sched/thread.h"
#include "lib/string.h"
#include "tests/kernel/crew.h"
#include "tests/kernel/machine/user_tools.h"
#include "tests/kernel/selftest.h"

/* Programs of user_code.asm. */
extern const char user_int[], user_sysenter[], user_stepped[], user_again[], user_report[],
	user_spin[], user_in[], user_divide[], user_breakpoint[], user_into[], user_undefined[],
	user_halt[], user_gate[], user_load[], user_store[], user_jump[], user_fpu[],
	user_segment[];

#define EFLAGS_USER 0x202u
#define EFLAGS_IOPL (3u << 12)
#define EFLAGS_UNWANTED (EFLAGS_TF | EFLAGS_DF | EFLAGS_NT | EFLAGS_AC | EFLAGS_IOPL)
/* Beyond the GDT. */
#define BAD_SELECTOR 0x7Bu
#define STACK_START (USER_STACK + PAGE_SIZE / 2)

/* ---- Calls ---- */

static void answer(struct trapframe *frame)
{
	frame->eax = 0xA1;
	frame->ebx = 0xA2;
	frame->esi = 0xA3;
	frame->edi = 0xA4;
	frame->ebp = 0xA5;
}

static void expect_call_frame(const char *what)
{
	const struct trapframe *f = &user_run.seen;

	EXPECT_EQ(0, user_run.calls, 1, "%s: calls", what);
	EXPECT_EQ(0, f->vector, VECTOR_CALL_GATE, "%s: vector", what);
	EXPECT_EQ(0, f->error, 0, "%s: error", what);
	EXPECT_EQ(0, f->eax, CALL_TEST, "%s: eax of the call", what);
	EXPECT(0, f->ebx == 0xB0 && f->esi == 0x51 && f->edi == 0xD1 && f->ebp == 0xB9,
		"%s: ebx %x, esi %x, edi %x, ebp %x of the call", what, f->ebx, f->esi, f->edi,
		f->ebp);
	EXPECT_EQ(0, f->eip, USER_AT(user_report), "%s: where it goes on", what);
	EXPECT_EQ(0, f->user_esp, STACK_START, "%s: its stack", what);
	EXPECT_EQ(0, f->eflags, EFLAGS_USER, "%s: flags of its return", what);
	EXPECT(0, f->cs == SEG_USER_CODE && f->user_ss == SEG_USER_DATA, "%s: cs %x, ss %x", what,
		f->cs, f->user_ss);
}

static void expect_kernel_state(const char *what)
{
	const struct user_run *r = &user_run;

	EXPECT_EQ(0, r->flags & (EFLAGS_IF | EFLAGS_UNWANTED), 0, "%s: flags in the call", what);
	EXPECT(0, r->ds == SEG_USER_DATA && r->es == SEG_USER_DATA && r->fs == SEG_PERCPU,
		"%s: ds %x, es %x, fs %x in the call", what, r->ds, r->es, r->fs);
	EXPECT_EQ(0, r->sp, this_cpu(cpu_tss)->esp0 - sizeof(struct trapframe),
		"%s: place of the frame", what);
}

static void expect_report(const char *what)
{
	const struct user_report *r = &user_run.report;

	if (!EXPECT_EQ(0, user_run.end, USER_REPORTED, "%s: its end; vector %u, eip %x", what,
		    user_run.seen.vector, user_run.seen.eip))
		return;
	EXPECT(0,
		r->eax == 0xA1 && r->ebx == 0xA2 && r->esi == 0xA3 && r->edi == 0xA4 &&
			r->ebp == 0xA5,
		"%s: eax %x, ebx %x, esi %x, edi %x, ebp %x after it", what, r->eax, r->ebx, r->esi,
		r->edi, r->ebp);
	EXPECT_EQ(0, r->eflags, EFLAGS_USER, "%s: flags after it", what);
	EXPECT(0,
		(u16)r->ds == SEG_USER_DATA && (u16)r->es == SEG_USER_DATA && (u16)r->fs == 0 &&
			(u16)r->gs == 0,
		"%s: ds %x, es %x, fs %x, gs %x after it", what, r->ds, r->es, r->fs, r->gs);
}

static void call_once(const char *what, const char *program, bool spoilt)
{
	struct trapframe frame = user_frame(USER_AT(program));

	if (spoilt) {
		frame.eflags |= EFLAGS_DF | EFLAGS_NT | EFLAGS_AC;
		frame.ds = SEG_USER_CODE;
		frame.es = 0;
		frame.fs = 3;
		frame.gs = SEG_USER_DATA;
	}
	user_go(&frame);
	expect_call_frame(what);
	expect_kernel_state(what);
	expect_report(what);
}

static void call_in_all_ways(struct mm *mm)
{
	(void)mm;
	call_once("int 0x80", user_int, false);
	call_once("int 0x80, flags and segments spoilt", user_int, true);
	if (!cpu_features.sep)
		return;
	call_once("sysenter", user_sysenter, false);
	call_once("sysenter, flags and segments spoilt", user_sysenter, true);
	call_once("sysenter stepped into", user_stepped, false);
	call_once("sysenter stepped into, segments spoilt", user_stepped, true);
}

SELFTEST(user_call, "user.call", 8, "")
{
	user_on_call = answer;
	user_on_each_cpu(call_in_all_ways);
}

/* ---- A call that returns with all registers ---- */

static void set_all(struct trapframe *frame)
{
	answer(frame);
	frame->ecx = 0xA6;
	frame->edx = 0xA7;
	frame->eflags = EFLAGS_USER | EFLAGS_DF;
	frame->gs = SEG_USER_DATA;
	frame->vector = VECTOR_FULL_RETURN;
}

static void return_in_full(struct mm *mm)
{
	struct trapframe frame = user_frame(USER_AT(cpu_features.sep ? user_sysenter : user_int));
	const struct user_report *r = &user_run.report;

	(void)mm;
	user_go(&frame);
	EXPECT_EQ(0, user_run.end, USER_REPORTED, "end");
	EXPECT(0, r->ecx == 0xA6 && r->edx == 0xA7, "ecx %x, edx %x", r->ecx, r->edx);
	EXPECT_EQ(0, r->eflags, EFLAGS_USER | EFLAGS_DF, "flags");
	EXPECT_EQ(0, (u16)r->gs, SEG_USER_DATA, "gs");
}

SELFTEST(user_full_return, "user.full_return", 8, "")
{
	user_on_call = set_all;
	user_on_each_cpu(return_in_full);
}

/* ---- Exceptions ---- */

#define NO_PAGE (USER_STACK + PAGE_SIZE)
/* SDM vol. 3, 4.7: told where there is NX or SMEP. */
#define PF_FETCH_BIT (pte_nx_bit || cpu_features.smep ? PF_FETCH : 0)

static void expect_trap(
	const char *what, const struct trapframe *start, u32 vector, u32 error, u32 address)
{
	const struct user_run *r = &user_run;

	user_go(start);
	if (!EXPECT_EQ(0, r->end, USER_TRAPPED, "%s: its end", what))
		return;
	EXPECT_EQ(0, r->seen.vector, vector, "%s: vector", what);
	EXPECT_EQ(0, r->seen.error, error, "%s: error code", what);
	EXPECT_EQ(0, r->address, address, "%s: address", what);
	EXPECT_EQ(0, r->flags & (EFLAGS_IF | EFLAGS_UNWANTED), EFLAGS_IF, "%s: flags in the kernel",
		what);
	EXPECT(0, r->ds == SEG_USER_DATA && r->es == SEG_USER_DATA && r->fs == SEG_PERCPU,
		"%s: ds %x, es %x, fs %x in the kernel", what, r->ds, r->es, r->fs);
	EXPECT_EQ(0, r->sp, this_cpu(cpu_tss)->esp0 - sizeof(struct trapframe),
		"%s: place of the frame", what);
}

static void trap_simply(const char *program, u32 vector, u32 error)
{
	struct trapframe frame = user_frame(USER_AT(program));

	expect_trap("a program of one exception", &frame, vector, error, 0);
}

static void fault_at(const char *program, u32 address, u32 error)
{
	struct trapframe frame = user_frame(USER_AT(program));

	frame.esi = address;
	expect_trap("page fault", &frame, TRAP_PAGE_FAULT, error, address);
}

static void fault_everywhere(void)
{
	fault_at(user_load, NO_PAGE, PF_USER);
	fault_at(user_store, NO_PAGE + 4, PF_USER | PF_WRITE);
	fault_at(user_store, USER_CODE, PF_USER | PF_WRITE | PF_PRESENT);
	fault_at(user_load, PAGE_OFFSET + 0x100000, PF_USER | PF_PRESENT);
	fault_at(user_load, 0, PF_USER);
	fault_at(user_jump, NO_PAGE, PF_USER | PF_FETCH_BIT);
	if (pte_nx_bit)
		fault_at(user_jump, USER_STACK, PF_USER | PF_PRESENT | PF_FETCH);
	/* As the address to which a call returns. */
	fault_at(user_jump, 0xFFFFF000, PF_USER | PF_FETCH_BIT);
}

static u32 read_dr6(void)
{
	u32 v;

	__asm__ volatile("mov %%dr6, %0" : "=r"(v));
	return v;
}

static void trap_in_all_ways(struct mm *mm)
{
	struct trapframe frame;

	(void)mm;
	trap_simply(user_divide, 0, 0);
	trap_simply(user_breakpoint, TRAP_BREAKPOINT, 0);
	trap_simply(user_into, TRAP_OVERFLOW, 0);
	trap_simply(user_undefined, 6, 0);
	trap_simply(user_fpu, 7, 0);
	trap_simply(user_halt, TRAP_GENERAL_PROTECTION, 0);
	trap_simply(user_gate, TRAP_GENERAL_PROTECTION, 0x55 * 8 + 2);
	fault_everywhere();
	frame = user_frame(USER_AT(user_segment));
	frame.esi = SEG_KERNEL_DATA;
	expect_trap("a kernel selector", &frame, TRAP_GENERAL_PROTECTION, SEG_KERNEL_DATA, 0);
	frame = user_frame(USER_AT(user_int));
	frame.eflags |= EFLAGS_TF;
	expect_trap("single step", &frame, TRAP_DEBUG, 0, 0);
	EXPECT_EQ(0, user_run.seen.eip, USER_AT(user_int) + 2, "eip after one step");
	EXPECT_EQ(0, read_dr6() & (1u << 14), 0, "DR6.BS after the exception");
}

/* QEMU's TCG makes no alignment checks: there the program goes on. */
static void misalign(struct mm *mm)
{
	struct trapframe frame = user_frame(USER_AT(user_load));

	(void)mm;
	frame.esi = USER_STACK + 1;
	frame.eflags |= EFLAGS_AC;
	user_go(&frame);
	if (user_run.end == USER_TRAPPED)
		EXPECT_EQ(0, user_run.seen.vector, 17, "vector of an alignment check");
	else
		selftest_note("user.alignment: this machine makes no alignment checks");
}

SELFTEST(user_alignment, "user.alignment", 8, "") { user_on_each_cpu(misalign); }

SELFTEST(user_trap_all, "user.trap", 8, "") { user_on_each_cpu(trap_in_all_ways); }

/* Without sysenter it is an exception like others, #UD or #GP. */
static void try_sysenter(struct mm *mm)
{
	struct trapframe frame = user_frame(USER_AT(user_sysenter));

	(void)mm;
	user_go(&frame);
	EXPECT_EQ(0, user_run.end, USER_TRAPPED, "end of sysenter");
}

SELFTEST(user_no_sysenter, "user.no_sysenter", 8, "")
{
	if (cpu_features.sep)
		selftest_skip("this CPU has sysenter");
	else
		user_on_each_cpu(try_sysenter);
}

/* ---- What a return refuses ---- */

static void refuse(const char *what, size_t offset, u32 value)
{
	struct trapframe frame = user_frame(USER_AT(user_spin));

	*(u32 *)((char *)&frame + offset) = value;
	expect_trap(what, &frame, TRAP_GENERAL_PROTECTION, 0, 0);
	EXPECT(0,
		user_run.seen.eax == frame.eax && user_run.seen.ebx == frame.ebx &&
			user_run.seen.ecx == frame.ecx && user_run.seen.edx == frame.edx &&
			user_run.seen.esi == frame.esi && user_run.seen.edi == frame.edi &&
			user_run.seen.ebp == frame.ebp,
		"%s: registers changed", what);
	EXPECT(0, user_run.seen.eip == frame.eip && user_run.seen.user_esp == frame.user_esp,
		"%s: eip %x, esp %x", what, user_run.seen.eip, user_run.seen.user_esp);
	EXPECT(0,
		user_run.seen.cs == SEG_USER_CODE && user_run.seen.user_ss == SEG_USER_DATA &&
			user_run.seen.ds == SEG_USER_DATA && user_run.seen.es == SEG_USER_DATA &&
			user_run.seen.fs == 0 && user_run.seen.gs == 0,
		"%s: selectors that would be refused again", what);
}

static void refuse_all(struct mm *mm)
{
	(void)mm;
	refuse("ds", offsetof(struct trapframe, ds), BAD_SELECTOR);
	refuse("es", offsetof(struct trapframe, es), BAD_SELECTOR);
	refuse("fs", offsetof(struct trapframe, fs), BAD_SELECTOR);
	refuse("gs", offsetof(struct trapframe, gs), BAD_SELECTOR);
	refuse("ss", offsetof(struct trapframe, user_ss), BAD_SELECTOR);
	refuse("cs", offsetof(struct trapframe, cs), BAD_SELECTOR);
}

SELFTEST(user_refused, "user.refused", 8, "") { user_on_each_cpu(refuse_all); }

/* ---- Ports ---- */

/* The POST code's port, which nothing minds. */
#define PORT 0x80u

static void expect_port(const char *what, u32 port, bool allowed)
{
	struct trapframe frame = user_frame(USER_AT(user_in));

	frame.edx = port;
	user_go(&frame);
	EXPECT_EQ(0, user_run.end, allowed ? USER_REPORTED : USER_TRAPPED, "port 0x%x, %s", port,
		what);
	if (user_run.end == USER_TRAPPED)
		EXPECT_EQ(0, user_run.seen.vector, TRAP_GENERAL_PROTECTION, "port 0x%x, %s", port,
			what);
}

static void use_ports(struct mm *mm)
{
	static u8 map[IO_MAP_BYTES];

	(void)mm;
	expect_port("no map", PORT, false);
	memset(map, 0xFF, sizeof(map));
	map[PORT / 8] = (u8) ~(1u << PORT % 8);
	user_mode_set_io(map);
	expect_port("one allowed", PORT, true);
	expect_port("one allowed", PORT + 1, false);
	memset(map, 0, sizeof(map));
	user_mode_set_io(map);
	expect_port("all allowed", 0x3FF, true);
	expect_port("all of the map allowed", 0x400, false);
	expect_port("all of the map allowed", 0xFFFF, false);
	user_mode_set_io(NULL);
	expect_port("no map again", PORT, false);
}

SELFTEST(user_ports, "user.ports", 8, "") { user_on_each_cpu(use_ports); }

/* ---- Work before the return ---- */

static u32 works, work_with_interrupts;

static void set_work(struct trapframe *frame)
{
	answer(frame);
	this_cpu_write(user_work, 1);
}

/* Twice at each return; sleeps, which others may use. */
static void work(struct trapframe *frame)
{
	work_with_interrupts += irqs_enabled();
	EXPECT(0, from_user(frame), "work before the return to cs %x", frame->cs);
	works++;
	irq_enable();
	yield();
	this_cpu_write(user_work, works % 2);
}

/* Two for each return; more if an interrupt came that asks for a reschedule. */
static void expect_works(u32 least)
{
	EXPECT(0, works >= least && works % 2 == 0, "%u calls of user_return, expected %u", works,
		least);
}

static void work_at_returns(struct mm *mm)
{
	u32 returns = cpu_features.sep ? 2 : 1;

	(void)mm;
	works = 0;
	call_once("int 0x80 with work", user_int, false);
	if (cpu_features.sep)
		call_once("sysenter with work", user_sysenter, false);
	expect_works(2 * returns);
	EXPECT_EQ(0, work_with_interrupts, 0, "calls of user_return with interrupts on");
	this_cpu_write(user_work, 1);
	call_once("work at the way in", user_int, true);
	expect_works(2 * returns + 4);
}

SELFTEST(user_work_done, "user.work", 8, "")
{
	user_on_call = set_work;
	user_on_work = work;
	user_on_each_cpu(work_at_returns);
}

static void ask_for_work(void) { this_cpu_write(user_work, 1); }

static void stop_at_work(struct trapframe *frame)
{
	user_run.seen = *frame;
	this_cpu_write(user_work, 0);
	user_stop(USER_STOPPED);
}

/* A program that never calls is interrupted by the timer; tick_hook is the boot CPU's. */
static void spin_until_tick(struct mm *mm)
{
	struct trapframe frame = user_frame(USER_AT(user_spin));

	(void)mm;
	if (smp_processor_id() != 0)
		return;
	tick_hook = ask_for_work;
	user_go(&frame);
	EXPECT_EQ(0, user_run.end, USER_STOPPED, "end of a program that spins");
	EXPECT_EQ(0, user_run.seen.eip, USER_AT(user_spin), "where it was interrupted");
	EXPECT_EQ(0, user_run.seen.eax, CALL_TEST, "its eax");
}

SELFTEST(user_interrupt, "user.interrupt", 8, "")
{
	void (*former)(void) = tick_hook;

	user_on_work = stop_at_work;
	user_on_each_cpu(spin_until_tick);
	tick_hook = former;
	this_cpu_write(user_work, 0);
}

/* ---- NMIs amid calls, and what a call costs ---- */

static u32 calls_wanted;

static void stop_after_many(struct trapframe *frame)
{
	(void)frame;
	if (user_run.calls >= calls_wanted)
		user_stop(USER_STOPPED);
}

static void call_many(void)
{
	struct trapframe frame = user_frame(USER_AT(user_again));

	user_go(&frame);
	EXPECT_EQ(0, user_run.calls, calls_wanted, "calls; end %u, vector %u, eip %x", user_run.end,
		user_run.seen.vector, user_run.seen.eip);
}

extern const u32 sysenter_place[2];
static u32 nmis, nmis_at_entry;
static atomic_t nmis_end;

static void count_nmi(struct trapframe *frame)
{
	nmis++;
	nmis_at_entry += frame->eip == sysenter_place[0];
}

/* One after the other: NMIs that come while one is pending are lost. */
static void send_nmis(struct crew_member *self)
{
	(void)self;
	while (!atomic_read(&nmis_end)) {
		u32 before = READ_ONCE(nmis);

		apic_send_nmi(cpu_apic_id[0]);
		while (READ_ONCE(nmis) == before)
			cpu_relax();
	}
}

static void call_under_nmis(struct mm *mm)
{
	static struct crew senders;

	(void)mm;
	if (smp_processor_id() != 0 || !crew_start_on(&senders, 2, 1, send_nmis, NULL))
		return;
	call_many();
	atomic_set(&nmis_end, 1);
	crew_join(&senders);
	selftest_note(
		"user.nmi: %u NMIs, %u before the entry's first instruction", nmis, nmis_at_entry);
}

SELFTEST(user_nmi, "user.nmi", 8, "")
{
	if (!cpu_features.sep || !apic_present || cpu_online_count() < 2) {
		selftest_skip("needs sysenter, local APICs, two CPUs");
		return;
	}
	calls_wanted = selftest_full ? 1000000 : 20000;
	nmis = nmis_at_entry = 0;
	atomic_set(&nmis_end, 0);
	trap_set_handler(TRAP_NMI, count_nmi);
	user_on_call = stop_after_many;
	user_on_each_cpu(call_under_nmis);
	trap_set_handler(TRAP_NMI, NULL);
}

static void count_call(struct trapframe *frame)
{
	(void)frame;
	if (++user_run.calls >= calls_wanted)
		user_stop(USER_STOPPED);
}

static void price_calls(struct mm *mm)
{
	static const struct user_entry_hooks nothing_else = { .call = count_call };
	const struct user_entry_hooks *former = user_entry_hooks;
	u64 start = rdtsc();

	(void)mm;
	user_entry_hooks = &nothing_else;
	call_many();
	user_entry_hooks = former;
	selftest_note("user.cost: %u calls, %u ticks a thousand", calls_wanted,
		(u32)((rdtsc() - start) / (calls_wanted / 1000)));
}

/* Under -icount ticks are instructions: 3 of the program, about 15 of this test's hook. */
SELFTEST_FLAGS(user_cost, "user.cost", 8, "", false, true)
{
	if (!cpu_features.sep) {
		selftest_skip("needs sysenter");
		return;
	}
	calls_wanted = 100000;
	user_on_each_cpu(price_calls);
}
