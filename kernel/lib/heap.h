/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Intrusive binary min-heap keyed by u64, with removal from the middle: per-pCPU timers, run queues.
 * Elements know their place, so that adding, removing and re-keying are O(log n) without a search.
 * Pure; the caller locks. Elements with equal keys come out in no particular order.
 */
#ifndef KERNEL_LIB_HEAP_H
#define KERNEL_LIB_HEAP_H

#include "kernel/lib/types.h"

#define HEAP_NONE UINT32_MAX

struct heap_node {
	u64 key;
	u32 index; /* place in the heap; HEAP_NONE: in no heap */
};

struct heap {
	struct heap_node **slots; /* the caller's array of `capacity` pointers */
	u32 count;
	u32 capacity;
};

void heap_init(struct heap *h, struct heap_node **slots, u32 capacity);

static inline void heap_node_init(struct heap_node *n)
{
	n->index = HEAP_NONE;
}

static inline bool heap_contains(const struct heap_node *n)
{
	return n->index != HEAP_NONE;
}

/* The element with the smallest key, NULL when there is none. It stays in the heap. */
static inline struct heap_node *heap_min(const struct heap *h)
{
	return h->count != 0 ? h->slots[0] : NULL;
}

/* Adds an element that is in no heap. ERR_LIMIT: the array is full. */
int heap_insert(struct heap *h, struct heap_node *n, u64 key) must_check;

/* Gives an element of this heap another key. */
void heap_update(struct heap *h, struct heap_node *n, u64 key);

/* Takes an element of this heap out. */
void heap_remove(struct heap *h, struct heap_node *n);

/* True when order and indices hold. For debug builds and tests: O(n). */
bool heap_check(const struct heap *h);

#endif
