/* The items of a message: see transfer.h. */
#include "kernel/ipc/transfer.h"

#include "arch/x86/cpu/user_copy.h"
#include "arch/x86/paging/layout.h"
#include "kernel/calls/range.h"
#include "kernel/ipc/fault.h"
#include "kernel/objects/task.h"
#include "mm/pages/page_alloc.h"
#include "mm/pkmap/highmem.h"
#include "mm/user/user_send.h"
#include "mm/wait.h"

static u32 item_count(const struct user_thread *sender)
{
	return sender->faults ? 0 : TAG_ITEMS(sender->tag);
}

/* ---- Before ---- */

static bool string_is_valid(const struct message_item *item)
{
	return item->size <= STRING_MAX && item->at <= USER_TOP &&
	       item->size <= USER_TOP - item->at;
}

/* Reads a byte of each page, with faults served. */
static u32 touch(const struct message_item *item)
{
	u32 end = item->at + item->size, byte = 0;

	for (u32 at = item->at; at < end; at = ALIGN_DOWN(at, PAGE_SIZE) + PAGE_SIZE)
		if (!copy_from_user(&byte, (const void *)(uintptr_t)at, 1))
			return EFAULT;
	return 0;
}

static u32 prepare_item(const struct message_item *item)
{
	switch (item->kind) {
	case ITEM_STRING: return string_is_valid(item) ? touch(item) : EINVAL;
	case ITEM_MAP:
	case ITEM_GRANT:
		return item->size <= ITEM_PAGES_MAX && prot_is_valid(item->at & ~PAGE_MASK) &&
				       range_is_valid(item->at & PAGE_MASK, item->size)
			       ? 0
			       : EINVAL;
	case ITEM_HANDLE: return item->at < HANDLES_MAX && !(item->size & ~RIGHTS_ALL) ? 0 : EINVAL;
	default: return EINVAL;
	}
}

u32 transfer_prepare(struct user_thread *sender)
{
	copy_begins(sender);
	for (u32 i = 0; i < item_count(sender); i++) {
		u32 error = prepare_item(&sender->item[i]);

		if (error)
			return error;
	}
	return 0;
}

bool transfer_fits(const struct user_thread *sender, const struct user_thread *receiver)
{
	if (item_count(sender) > receiver->places)
		return false;
	for (u32 i = 0; i < item_count(sender); i++) {
		const struct message_item *item = &sender->item[i];
		const struct message_place *place = &receiver->place[i];

		if (item->kind != place->kind ||
			(item->kind != ITEM_HANDLE && item->size > place->size))
			return false;
	}
	return true;
}

/* ---- Strings ---- */

struct copying {
	struct user_thread *sender, *receiver;
	u32 from, to, left;
	struct transfer_result result;
};

static bool is_to_end(const struct copying *copying)
{
	return READ_ONCE(copying->sender->dying) || READ_ONCE(copying->receiver->dying);
}

/*
 * Copies into the receiver's frame at `kernel`, if its page still is that frame: unmap and revoke
 * wait for this lock.  The sender's page may have gone since it was touched: then the copy fails,
 * since with a lock held no fault is served.
 */
static void copy_locked(struct copying *copying, struct page *page, u8 *kernel, u32 n)
{
	struct mm *mm = copying->receiver->task->mm;
	uintptr_t page_at = ALIGN_DOWN(copying->to, PAGE_SIZE);

	spin_lock(&mm->page_table_lock);
	if (!user_page_same(mm, page_at, page, PROT_READ | PROT_WRITE))
		copying->result.receiver = EFAULT;
	else if (!copy_from_user(kernel + (copying->to - page_at),
			 (const void *)(uintptr_t)copying->from, n))
		copying->result.sender = EFAULT;
	spin_unlock(&mm->page_table_lock);
}

/* As far as the next border of a page at either side. */
static u32 piece_length(const struct copying *copying)
{
	u32 at_sender = PAGE_SIZE - (copying->from & ~PAGE_MASK);
	u32 at_receiver = PAGE_SIZE - (copying->to & ~PAGE_MASK);

	return MIN(copying->left, MIN(at_sender, at_receiver));
}

static void copy_piece(struct copying *copying)
{
	struct mm *mm = copying->receiver->task->mm;
	struct page *page =
		user_page_get(mm, ALIGN_DOWN(copying->to, PAGE_SIZE), PROT_READ | PROT_WRITE);
	u32 n = piece_length(copying);
	void *kernel;

	if (!page) {
		copying->result.receiver = EFAULT;
		return;
	}
	kernel = kmap(page);
	copy_locked(copying, page, kernel, n);
	kunmap(page);
	put_page(page);
	if (copying->result.sender || copying->result.receiver)
		return;
	copying->from += n;
	copying->to += n;
	copying->left -= n;
}

/* Returns how many bytes arrived. */
static u32 copy_string(struct copying *copying)
{
	u32 size = copying->left;

	while (copying->left && !copying->result.sender && !copying->result.receiver) {
		copy_piece(copying);
		cond_resched();
		if (is_to_end(copying))
			copying->result.sender = EDEAD;
	}
	return size - copying->left;
}

static void copy_strings(struct copying *copying)
{
	struct user_thread *sender = copying->sender, *receiver = copying->receiver;

	for (u32 i = 0; i < item_count(sender); i++) {
		if (sender->item[i].kind != ITEM_STRING)
			continue;
		copying->from = sender->item[i].at;
		copying->to = receiver->place[i].at;
		copying->left = sender->item[i].size;
		receiver->message->place[i].got = copy_string(copying);
		if (copying->result.sender || copying->result.receiver)
			return;
	}
}

/* ---- Handles ---- */

/* A handle that is being sent: it stands in the receiver's slot, where nobody can use it yet. */
struct handle_item {
	struct handle *to;
	u32 from_slot; /* a reply handle's, which is moved: where it came from */
};

static u32 reserve_copy(
	struct handle *to, const struct handle *from, const struct message_item *item)
{
	if (!(from->rights & RIGHT_GRANT) || (item->size & ~from->rights))
		return EPERM;
	if (from->badge && item->badge && from->badge != item->badge)
		return EPERM;
	handle_set(to, from->object, item->size | RIGHT_RESERVED,
		from->badge ? from->badge : item->badge);
	return 0;
}

static u32 reserve_handle(const struct user_thread *sender, const struct user_thread *receiver,
	u32 i, struct handle_item *moving)
{
	const struct message_item *item = &sender->item[i];
	struct handle *from = handle_at(&sender->task->handles, item->at);
	struct handle *to = handle_free_slot(&receiver->task->handles, receiver->place[i].at);
	u32 error;

	if (!from || (from->rights & RIGHT_RESERVED))
		return EBADH;
	if (!to)
		return EMSGSIZE;
	if (from->rights & RIGHT_REPLY) {
		moving->to = to;
		moving->from_slot = item->at;
		handle_move(to, from);
		to->rights |= RIGHT_RESERVED;
		return 0;
	}
	if (from->object->dead)
		return EDEAD;
	error = reserve_copy(to, from, item);
	if (!error)
		moving->to = to;
	return error;
}

static u32 reserve_handles(const struct user_thread *sender, const struct user_thread *receiver,
	struct handle_item *moving)
{
	u32 flags = objects_lock_irq(), error = 0;

	for (u32 i = 0; i < item_count(sender) && !error; i++)
		if (sender->item[i].kind == ITEM_HANDLE)
			error = reserve_handle(sender, receiver, i, &moving[i]);
	objects_unlock_irq(flags);
	return error;
}

/* Back where it came from, or away. */
static void cancel_handle(const struct user_thread *sender, struct handle_item *moving)
{
	struct handle *back = handle_free_slot(&sender->task->handles, moving->from_slot);

	moving->to->rights &= ~RIGHT_RESERVED;
	if (back)
		handle_move(back, moving->to);
	else
		handle_clear(moving->to);
}

static void settle_handles(
	const struct user_thread *sender, struct handle_item *moving, bool delivered)
{
	u32 flags = objects_lock_irq();

	for (u32 i = 0; i < MESSAGE_ITEMS; i++) {
		if (!moving[i].to)
			continue;
		if (delivered)
			moving[i].to->rights &= ~RIGHT_RESERVED;
		else
			cancel_handle(sender, &moving[i]);
	}
	objects_unlock_irq(flags);
	objects_reap();
}

/* ---- Pages ---- */

static struct page_item page_item(
	const struct user_thread *sender, const struct user_thread *receiver, u32 i)
{
	const struct message_item *item = &sender->item[i];

	return (struct page_item){
		.from = { sender->task->mm, item->at & PAGE_MASK, item->size },
		.to = { receiver->task->mm, receiver->place[i].at, item->size },
		.prot = item->at & PROT_MASK,
		.grant = item->kind == ITEM_GRANT,
	};
}

static u32 send_pages(const struct user_thread *sender, const struct user_thread *receiver)
{
	struct page_item pages[MESSAGE_ITEMS];
	u32 n = 0;
	int error;

	for (u32 i = 0; i < item_count(sender); i++) {
		u32 kind = sender->item[i].kind;

		if (kind != ITEM_MAP && kind != ITEM_GRANT)
			continue;
		if (!range_is_valid(receiver->place[i].at, sender->item[i].size))
			return EMSGSIZE;
		pages[n++] = page_item(sender, receiver, i);
	}
	error = n ? user_send(pages, n) : 0;
	return error == -EEXIST ? EMSGSIZE : (u32)-error;
}

static void write_counts(const struct user_thread *sender, const struct user_thread *receiver)
{
	for (u32 i = 0; i < item_count(sender); i++)
		if (sender->item[i].kind != ITEM_STRING)
			receiver->message->place[i].got =
				sender->item[i].kind == ITEM_HANDLE ? 1 : sender->item[i].size;
}

static bool has_more_than_strings(const struct user_thread *sender)
{
	for (u32 i = 0; i < item_count(sender); i++)
		if (sender->item[i].kind != ITEM_STRING)
			return true;
	return false;
}

static u32 move_handles_and_pages(
	const struct user_thread *sender, const struct user_thread *receiver)
{
	struct handle_item moving[MESSAGE_ITEMS] = {};
	u32 error = reserve_handles(sender, receiver, moving);

	if (!error)
		error = send_pages(sender, receiver);
	settle_handles(sender, moving, !error);
	if (!error)
		write_counts(sender, receiver);
	return error;
}

struct transfer_result transfer_items(struct user_thread *sender, struct user_thread *receiver)
{
	struct copying copying = { .sender = sender, .receiver = receiver };

	copy_strings(&copying);
	if (!copying.result.sender && !copying.result.receiver && has_more_than_strings(sender))
		copying.result.sender = move_handles_and_pages(sender, receiver);
	return copying.result;
}
