/*
 * Doubly linked circular lists; the head is a node without a record.  No locks:
 * whoever owns the list names the lock that guards it.
 */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include "lib/compiler.h"
#include "lib/types.h"

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(name)                                                                            \
	{                                                                                          \
		&(name), &(name)                                                                   \
	}

static inline void list_init(struct list *head) { head->next = head->prev = head; }

static inline bool list_empty(const struct list *head) { return head->next == head; }

static inline void list_insert_between(struct list *node, struct list *prev, struct list *next)
{
	node->prev = prev;
	node->next = next;
	prev->next = node;
	next->prev = node;
}

/* To the front: what is popped next. */
static inline void list_push(struct list *head, struct list *node)
{
	list_insert_between(node, head, head->next);
}

/* To the back: a queue. */
static inline void list_append(struct list *head, struct list *node)
{
	list_insert_between(node, head->prev, head);
}

/* Takes `node` out of whichever list it is in; it may be appended elsewhere afterwards. */
static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	node->next = node->prev = node;
}

/*
 * The same for a node that is put into a list again, or never looked at, before anything else is
 * done with it.
 */
static inline void list_unlink(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
}

/* All nodes of `from`, in their order, to the back; it is empty then. */
static inline void list_append_all(struct list *head, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = head->prev;
	head->prev->next = from->next;
	from->prev->next = head;
	head->prev = from->prev;
	list_init(from);
}

#define list_entry(node, type, member) container_of(node, type, member)
#define list_first(head, type, member) list_entry((head)->next, type, member)
#define list_last(head, type, member) list_entry((head)->prev, type, member)

#define list_for_each(node, head)                                                                  \
	for (struct list *node = (head)->next; node != (head); node = node->next)

/* The body may remove `node`. */
#define list_for_each_safe(node, head)                                                             \
	for (struct list *node = (head)->next, *node##_next = node->next; node != (head);          \
		node = node##_next, node##_next = node->next)

#endif
