/*
 * User mode, as far as the kernel notices it: calls, page faults, interrupts that find it, and the
 * work before the return to it.  As kernel/arch/x86/cpu/entry.asm, trap.c and
 * kernel/calls/user_entry.c.
 */
#include "tasks/tasks.h"

#include "access.h"
#include "machine.h"

#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/user_copy.h"
#include "arch/x86/upcall.h"
#include "kernel/ipc/fault.h"
#include "mm/pkmap/highmem.h"

DEFINE_PER_CPU(u32, user_work);

static u32 withdrawn; /* frames */

/* ---- In and out ---- */

static void leave_user(void)
{
	m.cpu[running_cpu].in_user = false;
	irq_disable();
}

void env_user_return(void)
{
	while (this_cpu_read(user_work)) {
		user_thread_work(current_user_thread());
		irq_disable();
	}
}

/* As trap_common in kernel/arch/x86/cpu/entry.asm. */
void env_user_interrupted(void) { user_frame(current_user_thread())->vector = VECTOR_RESCHEDULE; }

static void enter_user(void)
{
	irq_disable();
	env_user_return();
	m.cpu[running_cpu].in_user = true;
	irq_enable();
	/* A step of its own, so that an interrupt can come here. */
	event("is in user mode", 0, (uintptr_t)__builtin_return_address(0));
}

/* For good: what follows does not belong to the scenario. */
static void sleep_for_good(void)
{
	has_ended();
	for (;;) {
		spin_lock_irqsave(&objects_lock);
		sched_block(&objects_lock, NULL);
		irq_disable();
		env_user_return();
	}
}

__noreturn void user_mode_enter(struct trapframe *frame)
{
	void (*fn)(void) = (void (*)(void))(uintptr_t)frame->eip;

	enter_user();
	fn();
	leave_user();
	sleep_for_good();
	__builtin_unreachable();
}

/* In user mode a thread may be moved at any time, but not with interrupts off. */
static struct message *message_page(void)
{
	struct message *message;

	irq_disable();
	message = current_user_thread()->message;
	irq_enable();
	return message;
}

/* ---- Calls ---- */

/* Of the next message: set by item_out(). */
static u32 items_of_self(void) { return message_page()->item[0].kind != ITEM_NONE; }

struct registers_in {
	u32 h1, h2, esi, edi, ebp, ebx;
};

typedef u32 (*call_t)(struct user_thread *self, struct trapframe *frame);

static struct answer enter_call(call_t call, const struct registers_in *in)
{
	struct user_thread *self;
	struct trapframe *frame;
	struct answer answer;

	leave_user();
	self = current_user_thread();
	frame = user_frame(self);
	frame->vector = VECTOR_CALL_GATE;
	frame->eax = in->h1 << 8 | in->h2 << 20;
	frame->esi = in->esi;
	frame->edi = in->edi;
	frame->ebp = in->ebp;
	frame->ebx = in->ebx;
	answer.error = call(self, frame);
	if (!list_empty(&objects_to_reap)) {
		irq_enable();
		objects_reap();
	}
	irq_disable();
	env_user_return();
	answer.badge = frame->ebx;
	answer.tag = frame->esi;
	answer.word[0] = frame->edi;
	answer.word[1] = frame->ebp;
	enter_user();
	return answer;
}

struct answer ipc_call(u32 endpoint, u32 word, u32 timeout)
{
	return enter_call(call_ipc_call, &(struct registers_in){ .h1 = endpoint,
						 .esi = TAG(1, 1, items_of_self()),
						 .edi = word,
						 .ebx = timeout });
}

struct answer ipc_send(u32 endpoint, u32 word, u32 timeout)
{
	return enter_call(call_ipc_send, &(struct registers_in){ .h1 = endpoint,
						 .esi = TAG(1, 1, items_of_self()),
						 .edi = word,
						 .ebx = timeout });
}

struct answer ipc_recv(u32 endpoint, u32 slot, u32 timeout)
{
	return enter_call(call_ipc_recv,
		&(struct registers_in){ .h1 = endpoint, .h2 = slot, .ebx = timeout });
}

struct answer ipc_reply_recv(u32 slot, u32 endpoint, u32 word, u32 timeout)
{
	return enter_call(call_ipc_reply_recv, &(struct registers_in){ .h1 = slot,
						       .h2 = endpoint,
						       .esi = TAG(0, 1, items_of_self()),
						       .edi = word,
						       .ebx = timeout });
}

struct answer ipc_answer(u32 slot, u32 endpoint, u32 label)
{
	return enter_call(call_ipc_reply_recv, &(struct registers_in){ .h1 = slot,
						       .h2 = endpoint,
						       .esi = TAG(label, 0, 0),
						       .ebx = TIMEOUT_NEVER });
}

u32 notify(u32 notification, u32 bits)
{
	return enter_call(call_notify, &(struct registers_in){ .h1 = notification, .edi = bits })
		.error;
}

struct answer notify_wait(u32 notification, u32 mask, u32 timeout)
{
	return enter_call(call_notify_wait,
		&(struct registers_in){ .h1 = notification, .edi = mask, .ebx = timeout });
}

u32 handle_drop(u32 slot, u32 flags)
{
	return enter_call(call_handle_drop, &(struct registers_in){ .h1 = slot, .esi = flags })
		.error;
}

u32 thread_ctl(u32 slot, enum thread_op op, u32 other, u32 word)
{
	return enter_call(call_thread_ctl,
		&(struct registers_in){ .h1 = slot, .h2 = other, .esi = op, .edi = word })
		.error;
}

u32 thread_new(u32 task, u32 slot, uintptr_t message_at)
{
	return enter_call(call_thread_create,
		&(struct registers_in){ .h1 = task, .h2 = slot, .esi = (u32)message_at | 1 })
		.error;
}

u32 page_new(u32 task, uintptr_t at, u32 prot)
{
	return enter_call(call_mem_alloc,
		&(struct registers_in){ .h1 = task, .edi = (u32)at | prot, .esi = 1 })
		.error;
}

u32 page_map(u32 to_task, uintptr_t to, u32 from_task, uintptr_t from, u32 prot, u32 how)
{
	return enter_call(call_mem_map, &(struct registers_in){ .h1 = to_task,
						.h2 = from_task,
						.edi = (u32)to | prot,
						.esi = 1,
						.ebp = (u32)from | how })
		.error;
}

u32 page_unmap(u32 task, uintptr_t at, u32 flags)
{
	return enter_call(call_mem_unmap,
		&(struct registers_in){ .h1 = task, .edi = (u32)at | flags, .esi = 1 })
		.error;
}

u32 page_unmap_two(u32 task, uintptr_t at)
{
	return enter_call(
		call_mem_unmap, &(struct registers_in){ .h1 = task, .edi = (u32)at, .esi = 2 })
		.error;
}

void item_out(enum item_kind kind, uintptr_t at, u32 size)
{
	message_page()->item[0] =
		(struct message_item){ .kind = kind, .at = (u32)at, .size = size };
}

void item_in(enum item_kind kind, uintptr_t at, u32 size)
{
	struct message *message = message_page();

	message->place[0] = (struct message_place){ .kind = kind, .at = (u32)at, .size = size };
	message->places = 1;
}

/* ---- Faults, and copies by the kernel ---- */

static void page_fault(uintptr_t at)
{
	struct trapframe frame = { .vector = TRAP_PAGE_FAULT, .error = PF_USER };

	leave_user();
	irq_enable();
	fault_in_user_mode(&frame, (u32)at);
	enter_user();
}

u32 touch(uintptr_t at)
{
	int frame;

	while ((frame = tlb_user_frame(at)) < 0)
		page_fault(at);
	return (u32)frame;
}

void withdraw(u32 frame) { withdrawn |= 1u << frame; }

/* Into a page that is mapped by kmap(); what is in it nobody reads. */
static void copied_to(uintptr_t at)
{
	u32 frame = pte_pfn(*kernel_pte(at));

	tlb_check_access(at, frame);
	MUST(!(withdrawn & (1u << frame)), "a copy goes to frame %u after it was taken away",
		frame);
}

static bool user_page_there(uintptr_t at)
{
	while (tlb_user_frame(at) < 0)
		if (!irqs_enabled() || this_cpu_test(nosleep.any) || !fault_in_copy((u32)at, 0))
			return false;
	return true;
}

bool copy_from_user(void *to, const void *user, size_t n)
{
	(void)n;
	if (!user_page_there((uintptr_t)user))
		return false;
	if ((uintptr_t)to >= PKMAP_BASE)
		copied_to((uintptr_t)to);
	return true;
}
