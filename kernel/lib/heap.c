// SPDX-License-Identifier: GPL-2.0-only
/* Intrusive binary min-heap. Children of slot i are slots 2i+1 and 2i+2. Pure. */
#include "kernel/lib/heap.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/err.h"

static void slot_set(struct heap *h, u32 i, struct heap_node *n)
{
	h->slots[i] = n;
	n->index = i;
}

/* Puts n where it belongs on the way from the free slot i up to the root. */
static void sift_up(struct heap *h, u32 i, struct heap_node *n)
{
	while (i > 0 && h->slots[(i - 1) / 2]->key > n->key) {
		slot_set(h, i, h->slots[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	slot_set(h, i, n);
}

/* Puts n where it belongs on the way from the free slot i down to the leaves. */
static void sift_down(struct heap *h, u32 i, struct heap_node *n)
{
	for (;;) {
		u32 child = 2 * i + 1;

		if (child + 1 < h->count && h->slots[child + 1]->key < h->slots[child]->key) {
			child++;
		}
		if (child >= h->count || h->slots[child]->key >= n->key) {
			break;
		}
		slot_set(h, i, h->slots[child]);
		i = child;
	}
	slot_set(h, i, n);
}

/* Puts n at the free slot i or above or below it. */
static void sift(struct heap *h, u32 i, struct heap_node *n)
{
	if (i > 0 && h->slots[(i - 1) / 2]->key > n->key) {
		sift_up(h, i, n);
	} else {
		sift_down(h, i, n);
	}
}

void heap_init(struct heap *h, struct heap_node **slots, u32 capacity)
{
	/* Keeps 2i+2 within u32. */
	assert(capacity <= UINT32_MAX / 4);
	*h = (struct heap){.slots = slots, .capacity = capacity};
}

int heap_insert(struct heap *h, struct heap_node *n, u64 key)
{
	assert(n->index == HEAP_NONE);
	if (h->count == h->capacity) {
		return ERR_LIMIT;
	}
	n->key = key;
	h->count++;
	sift_up(h, h->count - 1, n);
	return 0;
}

void heap_update(struct heap *h, struct heap_node *n, u64 key)
{
	assert(n->index < h->count && h->slots[n->index] == n);
	n->key = key;
	sift(h, n->index, n);
}

void heap_remove(struct heap *h, struct heap_node *n)
{
	u32 hole = n->index;

	assert(hole < h->count && h->slots[hole] == n);
	h->count--;
	n->index = HEAP_NONE;
	if (hole != h->count) {
		sift(h, hole, h->slots[h->count]);
	}
}

bool heap_check(const struct heap *h)
{
	for (u32 i = 0; i < h->count; i++) {
		if (h->slots[i]->index != i ||
		    h->slots[i]->key < h->slots[(i - (i > 0)) / 2]->key) {
			return false;
		}
	}
	return h->count <= h->capacity;
}
