/* Faults of user mode: see fault.h. */
#include "kernel/ipc/fault.h"

#include "arch/x86/console/console.h"
#include "arch/x86/cpu/irq_flags.h"
#include "kernel/ipc/ipc.h"
#include "kernel/objects/task.h"
#include "kernel/objects/thread_state.h"

/* Nobody serves its faults: the task ends, and says so, since no server can. */
static void die_without_pager(struct user_thread *self, u32 vector, u32 address, u32 eip)
{
	pr_warn("task %u: exception %u at 0x%08x, address 0x%08x, and no pager: it ends\n",
		self->task->number, vector, eip, address);
	task_destroy(self->task);
}

/* What the thread was about to send: a kernel copy may fault in the midst of its own call. */
struct outgoing {
	bool calls, faults;
	u32 badge, tag, word[2], places;
};

static struct outgoing save_outgoing(const struct user_thread *self)
{
	return (struct outgoing){ .calls = self->calls,
		.faults = self->faults,
		.badge = self->badge,
		.tag = self->tag,
		.word = { self->word[0], self->word[1] },
		.places = self->places };
}

static void restore_outgoing(struct user_thread *self, const struct outgoing *saved)
{
	self->calls = saved->calls;
	self->faults = saved->faults;
	self->badge = saved->badge;
	self->tag = saved->tag;
	self->word[0] = saved->word[0];
	self->word[1] = saved->word[1];
	self->places = saved->places;
}

/* Sends the fault and waits for the answer.  True: the thread goes on. */
static bool ask_pager(struct user_thread *self, u32 label, u32 address, u32 eip)
{
	struct object *pager = self->task->pager;

	objects_lock_irq();
	if (pager->dead || !pager->receivers) {
		spin_unlock(&objects_lock);
		irq_enable();
		return false;
	}
	self->faults = true;
	self->places = 0;
	self->tag = TAG(label & 0xFFFFu, 2, 0);
	self->word[0] = address;
	self->word[1] = eip;
	self->badge = self->task->pager_badge;
	return ipc_send_message(self, endpoint_of(pager), true, TIMEOUT_NEVER) == 0;
}

/* True: the thread goes on where it was. */
static bool serve(struct user_thread *self, u32 vector, u32 error, u32 address, u32 eip)
{
	struct outgoing saved;
	bool goes_on;

	if (!self->task->pager) {
		die_without_pager(self, vector, address, eip);
		return false;
	}
	saved = save_outgoing(self);
	goes_on = ask_pager(self, vector | (error & 0xFFu) << 8, address, eip);
	restore_outgoing(self, &saved);
	irq_enable();
	return goes_on;
}

void fault_in_user_mode(const struct trapframe *frame, u32 address)
{
	struct user_thread *self = current_user_thread();

	if (!serve(self, frame->vector, frame->error, address, frame->eip))
		user_thread_kill(self);
}

bool fault_in_copy(u32 address, u32 error)
{
	struct user_thread *self = current_user_thread();
	u32 page = ALIGN_DOWN(address, PAGE_SIZE);

	if (self->copy_fault == page || self->dying || !self->task->pager)
		return false;
	self->copy_fault = page;
	if (serve(self, TRAP_PAGE_FAULT, error | PF_USER, address, user_frame(self)->eip))
		return true;
	user_thread_kill(self);
	return false;
}
