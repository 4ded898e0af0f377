/* SPDX-License-Identifier: GPL-2.0-only */
/* Intrusive circular doubly linked list. Pure; the caller locks. A head and an unlinked node are
 * initialised with list_init(); removing re-initialises, so list_empty(node) means "not linked". */
#ifndef KERNEL_LIB_LIST_H
#define KERNEL_LIB_LIST_H

#include "kernel/lib/types.h"

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l;
	l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_insert(struct list *at, struct list *n, struct list *before)
{
	n->prev = at;
	n->next = before;
	at->next = n;
	before->prev = n;
}

static inline void list_push_front(struct list *head, struct list *n)
{
	list_insert(head, n, head->next);
}

static inline void list_push_back(struct list *head, struct list *n)
{
	list_insert(head->prev, n, head);
}

static inline void list_remove(struct list *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	list_init(n);
}

#define list_first(head, type, member) container_of((head)->next, type, member)
#define list_for_each(pos, head, type, member)                       \
	for (type *pos = container_of((head)->next, type, member); \
	     &pos->member != (head);                                 \
	     pos = container_of(pos->member.next, type, member))

#endif
