/* Threads that make calls when they are told: see worker.h. */
#include "user/random/worker.h"

#include "lib/compiler.h"
#include "user/lib/kernel_call.h"
#include "user/lib/layout.h"

#define PROT_RW (PROT_READ | PROT_WRITE)
#define WORKER_SLOTS 256u

/* user/program.ld */
extern char program_text[], program_rodata[], program_data[], program_end[];
void worker_entry(void);
void racer_entry(void);

static u32 entry, prio, cpu_count;

static volatile u32 *at(u32 address) { return (volatile u32 *)(uintptr_t)address; }

/* ---- The thread itself ---- */

static void carry_out(volatile struct mailbox *mailbox)
{
	struct result registers = mailbox->registers;

	for (u32 i = 0; i < mailbox->pairs; i++)
		*at(mailbox->pair[i].address) = mailbox->pair[i].value;
	mailbox->registers = kernel_call(registers);
}

static void look(volatile struct mailbox *mailbox)
{
	for (u32 i = 0; i < mailbox->pairs; i++)
		mailbox->pair[i].value = *at(mailbox->pair[i].address);
}

void worker_run(u32 worker)
{
	volatile struct mailbox *mailbox = mailbox_of(worker);

	for (;;) {
		notify_wait(WORKER_IDLE + worker % THREADS_A_TASK, 1, TIMEOUT_NEVER);
		if (mailbox->order == ORDER_CALL)
			carry_out(mailbox);
		else
			look(mailbox);
		mailbox->busy = 0;
	}
}

/* ---- Making them; each returns 0 or the first error ---- */

static u32 give_pages(u32 task, const char *from, const char *to, u32 prot, u32 operation)
{
	u32 start = (u32)(uintptr_t)from, pages = (u32)(to - from) / PAGE;

	/* Only pages that are there can be given; those of zeros come when they are touched. */
	for (const char *page = from; page < to; page += PAGE)
		(void)READ_ONCE(*page);
	return pages ? mem_map(task, 0, start | prot, start | operation, pages).error : 0;
}

static u32 give_program(u32 task)
{
	u32 error = give_pages(task, program_text, program_rodata, PROT_READ | PROT_EXEC, MAP_MAP);

	if (!error)
		error = give_pages(task, program_rodata, program_data, PROT_READ, MAP_MAP);
	return error ? error : give_pages(task, program_data, program_end, PROT_RW, MAP_COPY);
}

static u32 make_task(u32 number, u32 limit)
{
	u32 slot = CONDUCTOR_TASKS + number, error;

	error = obj_create(SLOT_SYSTEM, slot, KIND_TASK | WORKER_MAX_PRIO << 8 | number << 16,
		limit, CONDUCTOR_ENDED << HANDLE_BITS, WORKER_SLOTS)
			.error;
	return error ? error : give_program(slot);
}

static u32 make_thread(u32 worker)
{
	return thread_create(CONDUCTOR_TASKS + worker / THREADS_A_TASK, CONDUCTOR_THREADS + worker,
		entry, STACK_AT(worker) + PAGE,
		MESSAGE_AT(worker) | prio | (worker % cpu_count) << PRIO_BITS, worker)
		.error;
}

/* Its mailbox, scratch page and stack; its thread and the notification for orders. */
static u32 make_worker(u32 worker)
{
	u32 task = CONDUCTOR_TASKS + worker / THREADS_A_TASK, box = MAILBOX_AT(worker), error;

	error = mem_alloc(0, 0, box | PROT_RW, 1, 0).error;
	if (!error)
		error = mem_map(task, 0, box | PROT_RW, box, 1).error;
	if (!error)
		error = mem_alloc(task, 0, SCRATCH_AT(worker) | PROT_RW, 1, 0).error;
	if (!error)
		error = mem_alloc(task, 0, STACK_AT(worker) | PROT_RW, 1, 0).error;
	if (!error)
		error = obj_create(0, CONDUCTOR_IDLE + worker, KIND_NOTIFICATION, 0, 0, 0).error;
	return error ? error : make_thread(worker);
}

static u32 give(u32 task, u32 slot, u32 source)
{
	return handle_copy(CONDUCTOR_TASKS + task, slot, source, RIGHTS_ALL, 0).error;
}

static u32 give_handles(u32 task)
{
	u32 error = give(task, WORKER_TASK, CONDUCTOR_TASKS + task);

	if (!error)
		error = give(task, WORKER_SYSTEM, SLOT_SYSTEM);
	for (u32 i = 0; i < THREADS_A_TASK && !error; i++) {
		u32 worker = task * THREADS_A_TASK + i;

		error = give(task, WORKER_THREAD + i, CONDUCTOR_THREADS + worker);
		if (!error)
			error = give(task, WORKER_IDLE + i, CONDUCTOR_IDLE + worker);
	}
	for (u32 i = 0; i < TASKS && !error; i++)
		error = give(task, WORKER_TASKS + i, CONDUCTOR_TASKS + i);
	for (u32 i = 0; i < WORKERS && !error; i++)
		error = give(task, WORKER_THREADS + i, CONDUCTOR_THREADS + i);
	return error;
}

u32 workers_prepare(const u32 *limits, bool race, u32 cpus)
{
	u32 error = 0;

	entry = (u32)(race ? racer_entry : worker_entry);
	prio = race ? RACER_PRIO : WORKER_PRIO;
	cpu_count = cpus;
	for (u32 i = 0; i < TASKS && !error; i++)
		error = make_task(i, limits[i]);
	for (u32 i = 0; i < WORKERS && !error; i++)
		error = make_worker(i);
	for (u32 i = 0; i < TASKS && !error; i++)
		error = give_handles(i);
	return error;
}

u32 workers_make(const u32 *limits)
{
	u32 error = workers_prepare(limits, false, 1);

	for (u32 i = 0; i < WORKERS && !error; i++)
		error = thread_ctl(CONDUCTOR_THREADS + i, 0, THREAD_START, 0, 0).error;
	return error;
}

u32 worker_again(u32 worker, const u32 *slots)
{
	u32 slot = CONDUCTOR_THREADS + worker, error;

	/* It may have ended. */
	if (handle_drop(slot, DROP_DESTROY).error)
		handle_drop(slot, 0);
	error = make_thread(worker);
	for (u32 i = 0; i < TASKS && !error; i++)
		if (slots[i])
			error = give(i, slots[i], slot);
	return error ? error : thread_ctl(slot, 0, THREAD_START, 0, 0).error;
}

void workers_kill(void)
{
	for (u32 i = 0; i < TASKS; i++) {
		u32 slot = CONDUCTOR_TASKS + i;

		if (handle_drop(slot, DROP_DESTROY).error)
			handle_drop(slot, 0);
		notify_wait(CONDUCTOR_ENDED, 1u << i, TIMEOUT_NEVER);
	}
}

void workers_forget(void)
{
	for (u32 i = 0; i < WORKERS; i++) {
		handle_drop(CONDUCTOR_THREADS + i, 0);
		handle_drop(CONDUCTOR_IDLE + i, 0);
		mem_unmap(0, MAILBOX_AT(i), 1);
	}
}

void workers_end(void)
{
	workers_kill();
	workers_forget();
}

void worker_order(u32 worker, u32 order)
{
	mailbox_of(worker)->order = order;
	mailbox_of(worker)->busy = 1;
	notify(CONDUCTOR_IDLE + worker, 1);
}
