/*
 * Scenarios: what each CPU's thread does, in which pool.  A file in scenarios/ states one or
 * several; docs/interleave.md shows how.
 *
 * Their functions are compiled as the kernel's are, so what they read and write is watched too.
 * `result[n]` are words for them, a part of the state.
 */
#ifndef INTERLEAVE_SCENARIO_H
#define INTERLEAVE_SCENARIO_H

#include "arch/x86/cpu/trap.h"
#include "mm/pages/page.h"

struct trapframe;

struct scenario {
	const char *name, *about;
	u32 cpus;
	void (*setup)(void); /* before the first choice, on CPU 0 */
	void (*cpu[3])(void);
	void (*finish)(void); /* when all have ended: what must hold then */
	bool uses_left;       /* threads end with pages mapped */
	bool no_pool;         /* the pool is not used: one kind of flush is enough */
	bool idle;            /* a CPU whose thread has ended goes idle */
	bool smi;             /* one halt of each CPU may end without an interrupt */
	/* of those with tasks (tasks/tasks.h): on CPU 0, when what setup() made has come to rest */
	void (*start)(void);
	u32 ticks; /* of CPU 0's timer, each at any time */
};

#define SCENARIO(id, ...)                                                                          \
	extern const struct scenario scenario_##id;                                                \
	__attribute__((section("scenarios"), used, aligned(8)))                                    \
	const struct scenario scenario_##id = { .name = #id, __VA_ARGS__ }

/* High page 0 to 5. */
struct page *high_page(u32 n);
/* Uses the address, as what kmap(page) returned. */
void access_page(void *address, struct page *page);
/* kmap, two uses, kunmap. */
void use(struct page *page);
/* Fails the schedule with the text unless the condition holds. */
#define MUST(condition, ...)                                                                       \
	do {                                                                                       \
		if (!(condition))                                                                  \
			must_hold(__VA_ARGS__);                                                    \
	} while (0)
void must_hold(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* cpus/watched.c */

/*
 * Waits until the word has the value: for scenarios only, a step of one CPU that needs another's.
 */
void wait_for(volatile u32 *word, u32 value);
/* Shared words of a scenario, zero at the start. */
extern volatile u32 result[8];
void interrupt_entry(void (*handler)(struct trapframe *frame));

/* cpus/threads.c, or what stands there with the kernel's own scheduler */
void threads_boot(void);
void idle_for_ever(void);
/* cpus/threads.c alone: asleep, so that its CPU idles, until another has told. */
void sleep_until_told(void);
void tell(void);
/* 1 while the CPU's idle thread runs, for wait_for(). */
volatile u32 *idle_runs(u32 cpu);
/* The look at a freed page, as in kernel/mm/pages/page_alloc.c. */
void page_goes(struct page *page);
/* What each CPU runs when it starts. */
void env_work(const struct scenario *scenario, void (*work[])(void));
/* After setup(). */
void env_start(const struct scenario *scenario);
/* Lets all CPUs run, without choices, until nothing is left to do. */
void machine_settle(void);
/* Every thread has ended that should; else `text` says who has not. */
bool env_all_ended(char *text, size_t size);
/* Invariants of threads, in every state. */
void env_check_state(void);
/* An interrupt of user mode returns: interrupts off before and after; another CPU may go on. */
void env_user_return(void);
/* An interrupt has found user mode: before its handler. */
void env_user_interrupted(void);
/* Counters of theirs. */
void env_ignore_counters(void);
/* stacks.c: the thread on this stack (its end) is to end; the running one has. */
void must_end(uintptr_t stack);
bool is_to_end(uintptr_t stack);
void has_ended(void);
/* kernel_env.c */
void env_regions(void);
/* High page that the page allocator has. */
void env_free_high_page(u32 n);
/* Frames that nobody has. */
u32 frames_free(void);
/* machine.h's, for user addresses: the frame, or -1. */
int tlb_user_frame(uintptr_t address);

#endif
