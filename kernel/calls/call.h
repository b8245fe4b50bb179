/*
 * What the calls share: their arguments, and how objects are found by handle.
 *
 * Each call of lib/abi/calls.h is a function call_NAME(self, frame), entered with interrupts off,
 * that returns its error and leaves results in the frame.  Calls that are not on the fast path
 * begin with call_begin(), which turns interrupts on.
 */
#ifndef KERNEL_CALL_H
#define KERNEL_CALL_H

#include "arch/x86/cpu/irq_flags.h"
#include "kernel/objects/task.h"
#include "kernel/objects/user_thread.h"
#include "lib/abi/calls.h"

#define DECLARE_CALL(number, name, arguments, errors, text)                                        \
	u32 call_##name(struct user_thread *self, struct trapframe *frame);
CALL_TABLE(DECLARE_CALL)
#undef DECLARE_CALL

static inline u32 first_handle(u32 eax) { return (eax >> 8) & HANDLE_MASK; }
static inline u32 second_handle(u32 eax) { return eax >> 20; }

struct call {
	u32 h1, h2, esi, edi, ebp, ebx;
};

/* Takes the arguments; the frame's results become 0, interrupts go on. */
static __always_inline struct call call_begin(struct trapframe *frame)
{
	struct call call = {
		.h1 = first_handle(frame->eax),
		.h2 = second_handle(frame->eax),
		.esi = frame->esi,
		.edi = frame->edi,
		.ebp = frame->ebp,
		.ebx = frame->ebx,
	};

	frame->ebx = frame->esi = frame->edi = frame->ebp = 0;
	irq_enable();
	return call;
}

/*
 * The task that a handle of `self` names (0: its own), if the handle has these rights: counted as
 * worked on until call_task_done().  Its own is there as long as the thread.  NULL with *error.  No
 * lock held.
 */
struct task *call_other_task(struct user_thread *self, u32 slot, u32 rights, u32 *error);
static inline struct task *call_task(struct user_thread *self, u32 slot, u32 rights, u32 *error)
{
	return slot ? call_other_task(self, slot, rights, error) : self->task;
}
/* The call does not work on it any more. */
static inline void call_task_done(struct user_thread *self, struct task *task)
{
	if (task != self->task)
		task_call_ends(task);
}

/*
 * The object of this kind (KIND_NONE: any) that a handle names, held; NULL with *error.  No lock
 * held.  object_let_go() lets it go.
 */
struct object *call_object(
	struct user_thread *self, u32 slot, enum object_kind kind, u32 rights, u32 *error);
/* Holds an object that the caller knows to be there. */
struct object *call_hold(struct object *object);
/* True if a slot of the caller is empty now. */
bool call_slot_is_free(struct user_thread *self, u32 slot);

#endif
