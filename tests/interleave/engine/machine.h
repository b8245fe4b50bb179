/*
 * The machine on which the checker runs the kernel's own files: two or three CPUs, each a coroutine
 * with a store buffer, a TLB and an interrupt flag.  Between two events a CPU runs undisturbed;
 * which of them goes on after an event is the explorer's choice.
 *
 * All that a schedule can change lies in memory that is kept and put back as a whole: `m` here, the
 * kernel's variables, the frames, the stacks.  docs/interleave.md states the model.
 */
#ifndef INTERLEAVE_MACHINE_H
#define INTERLEAVE_MACHINE_H

#include "arch/x86/cpu/trap.h"
#include "arch/x86/paging/pgtable.h"
#include "lib/types.h"

#define MAX_CPUS 3u
/*
 * Fewer than 32, so that a set of frames is a word.  The last ones are high memory, of which
 * nothing is read.
 */
#define FRAMES MODEL_FRAMES
#define HIGH_PAGES 6u
#define FIRST_HIGH (FRAMES - HIGH_PAGES)
/* Of each frame, what code touches: its tables are as small as the pool (Makefile). */
#define FRAME_BYTES MODEL_FRAME_BYTES
#define STACK_BYTES 8192u
/* Those of the CPUs, then those of threads. */
#define MAX_STACKS (MAX_CPUS + MODEL_THREADS)
/* Of kernel objects, 32 bytes each. */
#define HEAP_UNITS MODEL_HEAP_UNITS
/* Between two operations that empty the buffer. */
#define MAX_STORES 64u
#define MAX_SLOTS 8u

/* What a CPU waits for before its next event can happen. */
enum wait {
	RUNNABLE,
	FOR_LOCK, /* `on`: the lock's word is 0 in this CPU's view */
	/*
	 * pause in a loop: another CPU, or a handler here, has changed something since the last one
	 */
	FOR_CHANGE,
	FOR_INTERRUPT, /* halted */
	ENDED
};

/*
 * A store that its CPU has made and nobody else sees yet; without a size, an interrupt that it has
 * sent (`at`: to whom).
 */
struct store {
	uintptr_t at;
	u64 value;
	u64 under; /* what memory has there, while this CPU's view lies over it */
	u32 size;
	u32 vector;
	u32 event; /* of its CPU: for replays */
};

/* What a CPU's TLB may hold: sets of frames. */
struct may_hold {
	u32 global[MAX_SLOTS], local[MAX_SLOTS]; /* by PKMap slot */
	/* tables that its walks may use, besides the PGD */
	u32 pmds, ptes;
	u32 pages; /* that user addresses may be translated to */
	pteval_t pdpte[4];
};

struct cpu {
	char *sp;
	u32 stack; /* on which it stands */
	uintptr_t on;
	u32 waiting; /* enum wait */
	bool irqs, changed, deliver, in_handler;
	bool in_user; /* a thread's code of user mode runs */
	bool ended;   /* its thread; in the idle loop a CPU may halt for good then */
	bool smi;     /* its next halt may end without an interrupt */
	u32 pending;  /* interrupts that have arrived, by vector & 31 */
	u32 locks[2]; /* held by the thread, by the handler: sets of lock_bit() */
	u32 cr3, cr4;
	u32 nstores; /* in `stores` below */
	struct may_hold tlb;
};

struct machine {
	struct cpu cpu[MAX_CPUS];
	u32 free_frames;            /* with the page allocator */
	u32 pkmap_tables;           /* frames that are PTE tables of the PKMap */
	u8 heap_units[HEAP_UNITS];  /* of the object that begins there; 0: none does */
	char *stack_sp[MAX_STACKS]; /* where it goes on; NULL: nobody's */
	u32 must_end;               /* stacks of threads that are to end */
	u32 ticks;                  /* of CPU 0's timer, still to come */
	/* From here on not a part of the state: two ways into one state differ in these. */
	u32 events[MAX_CPUS];
};
extern struct machine m;
/* The first `nstores` of each CPU are a part of the state, but for `event`. */
extern struct store stores[MAX_CPUS][MAX_STORES];
extern u32 ncpus, running_cpu;

/* ---- machine.c: coroutines ---- */

/*
 * Frames, stacks and per-CPU copies come to life; the CPUs will run `work`, then `after` if there
 * is one.
 */
void machine_init(void);
void machine_new(u32 cpus, void (*const work[])(void), void (*after)(void));
/* On the explorer's stack: lets the CPU run up to its next stop. */
void machine_run(u32 cpu);
/*
 * On a CPU's stack: stops before an event, until the explorer lets this CPU go on; interrupts may
 * come meanwhile.
 */
void machine_stop(enum wait waiting, uintptr_t on);
bool machine_can_run(u32 cpu);
/* The schedule has gone wrong; on a CPU's stack this does not return. */
void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
extern char failure[512];
extern bool on_cpu; /* a CPU's coroutine runs, not the explorer */

/* ---- stacks.c ---- */

void stacks_region(void);
/* Where the stack ends; CPUs start on the first ones. */
char *stack_top(u32 stack);
char *stack_pointer(u32 stack);
void stack_prepare(u32 stack, char *top, void (*entry)(void));
void switch_stack(char **old, char *new);
/* The stack on which the running CPU stands, but for a thread's frame of user mode. */
bool on_own_stack(uintptr_t at);
/* True if the address lies in a stack: which, and how far below its end. */
bool stack_of_address(uintptr_t at, u32 *stack, u32 *below);
/* Fails if the address lies in a freed stack. */
void stack_check(uintptr_t at, uintptr_t place);

/* ---- heap.c ---- */

void heap_init(void);
void heap_region(void);
/* Units in use. */
u32 heap_used(void);
/* Fails if the address lies in a freed object. */
void heap_check(uintptr_t at, uintptr_t place);

extern char *ram; /* frame 0 */
static inline void *frame_address(u32 frame) { return ram + (size_t)frame * 4096; }
/* The frame and true if the address lies in one. */
bool frame_of(uintptr_t at, u32 *frame);

/* ---- stores.c: the store buffers ---- */

/* The running CPU's view is laid over memory, or taken off it. */
void view_on(u32 cpu);
void view_off(u32 cpu);
/* The store just made by the running CPU goes into its buffer: `under` was there. */
void store_buffer(uintptr_t at, u32 size, u64 under);
void store_interrupt(u32 target, u32 vector);
/*
 * The running CPU's buffer holds a part of this: a store of several words, of which others look at
 * one.  A later store there must go behind it.
 */
bool store_pending(uintptr_t at, u32 size);
/* The oldest store becomes visible.  The CPU's view is not on. */
void store_drain(u32 cpu);
/* All of them; on that CPU's stack, its view on. */
void store_drain_all(void);
u64 peek(uintptr_t at, u32 size);
void poke_word(uintptr_t at, u32 size, u64 value);
/* As the CPU sees it; no view is on. */
u32 word_seen_by(u32 cpu, uintptr_t at);

/* ---- tlb.c: what TLBs may hold ---- */

/* Memory has changed there: what was stored may be taken up by every walk from now on. */
void tlb_memory_changed(uintptr_t at);
/* The running CPU uses the PKMap address for `frame`. */
void tlb_check_access(uintptr_t address, u32 frame);
/* No CPU may translate or walk to the frame: it is about to be used for something else. */
void tlb_check_free(u32 frame, const char *what);
/* The running CPU uses the user address: the frame it finds, or -1 for a page fault. */
int tlb_user_frame(uintptr_t address);
/* A frame becomes a PTE table of the PKMap. */
void tlb_add_pkmap_table(u32 frame, u32 first_slot);

/* ---- kernel_env.c ---- */

/* `lazy`: kmap_flush=lazy. */
void env_boot(bool lazy);
void env_interrupt(u32 bit);
/* CPU 0's timer. */
#define TIMER_BIT (VECTOR_TIMER & 31)
/*
 * The CPU is idle, and flushes when it leaves: it may hold what others have given up.
 */
bool env_flush_pending(u32 cpu);

/* ---- check.c: invariants in every state ---- */

extern bool check_states;
void check_state(void);

#endif
