/* The order in which calls take effect: see order_log.h. */
#include "kernel/hooks/order_log.h"

#include "arch/x86/cpu/atomic.h"
#include "kernel/objects/task.h"
#include "kernel/objects/user_thread.h"
#include "mm/pages/page.h"
#include "mm/pages/page_alloc.h"

/* A line; tests/model/order.py reads it. */
struct order_line {
	u32 kind, thread; /* the running thread, by its message page's address; 0: not watched */
	u32 word[6];
};

#define BLOCKS 16u
#define BLOCK_ORDER 10u
#define LINES_A_BLOCK ((PAGE_SIZE << BLOCK_ORDER) / (u32)sizeof(struct order_line))

/* Found by its symbol.  `next` goes on where the lines do not. */
struct {
	atomic_t next;
	u32 lines; /* for which there is room */
	struct order_line *block[BLOCKS];
} order_log;

/* ---- One line ---- */

static bool task_is_watched(const struct task *task) { return task->account.limit == ORDER_LIMIT; }

static bool is_watched(const struct user_thread *thread)
{
	return order_log.lines && task_is_watched(thread->task);
}

/* The running thread, if it is watched. */
static const struct user_thread *watched_self(void)
{
	const struct thread *running = current_thread();

	if (!thread_is_user(running) || !is_watched(current_user_thread()))
		return NULL;
	return current_user_thread();
}

/* NULL: the log is full. */
static struct order_line *new_line(enum order_kind kind, const struct user_thread *self)
{
	u32 n = (u32)atomic_fetch_add(&order_log.next, 1);
	struct order_line *line;

	if (n >= order_log.lines)
		return NULL;
	line = &order_log.block[n / LINES_A_BLOCK][n % LINES_A_BLOCK];
	line->kind = kind;
	line->thread = self ? self->message_at : 0;
	return line;
}

static void log_word(enum order_kind kind, const struct user_thread *self, u32 word0, u32 word1)
{
	struct order_line *line = new_line(kind, self);

	if (!line)
		return;
	line->word[0] = word0;
	line->word[1] = word1;
}

/* ---- What is told ---- */

/* Room for the lines, once: as much as there is. */
static void make_room(void)
{
	for (u32 i = 0; i < BLOCKS && !order_log.block[i]; i++) {
		struct page *page = alloc_pages(GFP_KERNEL, BLOCK_ORDER);

		if (!page)
			return;
		order_log.block[i] = lowmem_page_address(page);
		order_log.lines += LINES_A_BLOCK;
	}
}

void order_task(enum order_kind kind, const struct task *task)
{
	if (!task_is_watched(task))
		return;
	if (kind == ORDER_TASK)
		make_room();
	if (order_log.lines)
		log_word(kind, NULL, (u32)(uintptr_t)task, 0);
}

static u32 last_word(const struct user_thread *thread, u32 tag)
{
	u32 words = TAG_WORDS(tag);

	return words && words <= MESSAGE_WORDS ? thread->message->word[words - 1] : 0;
}

void order_call(enum order_kind kind, const struct trapframe *frame)
{
	const struct user_thread *self = watched_self();
	struct order_line *line = self ? new_line(kind, self) : NULL;

	if (!line)
		return;
	line->word[0] = frame->eax;
	line->word[1] = frame->ebx;
	line->word[2] = frame->esi;
	line->word[3] = frame->edi;
	line->word[4] = frame->ebp;
	line->word[5] = last_word(self, frame->esi);
}

void order_look(u32 slot, const struct object *object)
{
	const struct user_thread *self = watched_self();

	if (self)
		log_word(ORDER_LOOK, self, slot, (u32)(uintptr_t)object);
}

void order_effect(const struct object *made)
{
	const struct user_thread *self = watched_self();

	if (self)
		log_word(ORDER_EFFECT, self, (u32)(uintptr_t)made, 0);
}

void order_thread(enum order_kind kind, const struct user_thread *thread)
{
	if (is_watched(thread) && (kind != ORDER_START || thread->stopped || !thread->started))
		log_word(kind, NULL, thread->message_at, 0);
}

void order_object(enum order_kind kind, const struct object *object)
{
	if (order_log.lines)
		log_word(kind, NULL, (u32)(uintptr_t)object, 0);
}
