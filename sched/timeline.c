// SPDX-License-Identifier: GPL-2.0-only
/* A treap by start time, augmented with the earliest deadline. See timeline.h. Pure. */
#include "sched/timeline.h"
#include "kernel/lib/assert.h"

static void update(struct timeline_node *n)
{
	n->deadline_min = n->deadline;
	if (n->left != NULL) {
		n->deadline_min = MIN(n->deadline_min, n->left->deadline_min);
	}
	if (n->right != NULL) {
		n->deadline_min = MIN(n->deadline_min, n->right->deadline_min);
	}
}

/* Puts `by` where `n` hangs. */
static void replace(struct timeline *t, struct timeline_node *n, struct timeline_node *by)
{
	struct timeline_node *parent = n->parent;

	if (parent == NULL) {
		t->root = by;
	} else if (parent->left == n) {
		parent->left = by;
	} else {
		parent->right = by;
	}
	if (by != NULL) {
		by->parent = parent;
	}
}

/* The child `n` changes places with its parent. */
static void rotate_up(struct timeline *t, struct timeline_node *n)
{
	struct timeline_node *parent = n->parent, *between;

	replace(t, parent, n);
	if (parent->left == n) {
		between = n->right;
		parent->left = between;
		n->right = parent;
	} else {
		between = n->left;
		parent->right = between;
		n->left = parent;
	}
	if (between != NULL) {
		between->parent = parent;
	}
	parent->parent = n;
	update(parent);
	update(n);
}

static void update_upwards(struct timeline_node *n)
{
	for (; n != NULL; n = n->parent) {
		update(n);
	}
}

void timeline_node_init(struct timeline_node *n, u32 id)
{
	/* Multiplicative hashing with the golden ratio, folded: neighbours get unlike priorities.
	 */
	u32 hash = id * 2654435769u;

	*n = (struct timeline_node){.priority = hash ^ hash >> 15};
}

void timeline_insert(struct timeline *t, struct timeline_node *n)
{
	struct timeline_node *parent = NULL;
	struct timeline_node **link = &t->root;

	assert(!n->linked);
	while (*link != NULL) {
		parent = *link;
		link = n->start < parent->start ? &parent->left : &parent->right;
	}
	*link = n;
	n->parent = parent;
	n->left = n->right = NULL;
	n->linked = true;
	t->count++;
	update_upwards(n);
	while (n->parent != NULL && n->priority < n->parent->priority) {
		rotate_up(t, n);
	}
}

void timeline_remove(struct timeline *t, struct timeline_node *n)
{
	struct timeline_node *child;

	assert(n->linked);
	while (n->left != NULL && n->right != NULL) {
		rotate_up(t, n->left->priority < n->right->priority ? n->left : n->right);
	}
	child = n->left != NULL ? n->left : n->right;
	replace(t, n, child);
	update_upwards(n->parent);
	n->linked = false;
	n->parent = n->left = n->right = NULL;
	t->count--;
}

struct timeline_node *timeline_first(const struct timeline *t)
{
	struct timeline_node *n = t->root;

	while (n != NULL && n->left != NULL) {
		n = n->left;
	}
	return n;
}

struct timeline_node *timeline_next(const struct timeline_node *n)
{
	if (n->right != NULL) {
		for (n = n->right; n->left != NULL; n = n->left) {
		}
		return (struct timeline_node *)n;
	}
	while (n->parent != NULL && n->parent->right == n) {
		n = n->parent;
	}
	return n->parent;
}

/* The node of the subtree that has the subtree's earliest deadline. */
static struct timeline_node *find_deadline(struct timeline_node *n)
{
	u64 deadline = n->deadline_min;

	for (;;) {
		if (n->left != NULL && n->left->deadline_min == deadline) {
			n = n->left;
		} else if (n->deadline == deadline) {
			return n;
		} else {
			n = n->right;
		}
	}
}

struct timeline_node *timeline_earliest(const struct timeline *t, u64 now)
{
	/* Along the path to `now`: each node that may start, with all that is left of it, may
	 * start. */
	struct timeline_node *best = NULL;   /* a node by itself ... */
	struct timeline_node *inside = NULL; /* ... or the best of a whole subtree */
	u64 deadline = UINT64_MAX;

	for (struct timeline_node *n = t->root; n != NULL;) {
		if (n->start > now) {
			n = n->left;
			continue;
		}
		if (n->left != NULL && (best == NULL || n->left->deadline_min < deadline)) {
			best = inside = n->left;
			deadline = n->left->deadline_min;
		}
		if (best == NULL || n->deadline < deadline) {
			best = n;
			inside = NULL;
			deadline = n->deadline;
		}
		n = n->right;
	}
	return inside != NULL ? find_deadline(inside) : best;
}

static bool node_check(const struct timeline_node *n)
{
	struct timeline_node copy = *n;

	update(&copy);
	return n->linked && copy.deadline_min == n->deadline_min &&
	       (n->left == NULL || (n->left->parent == n && n->left->priority >= n->priority)) &&
	       (n->right == NULL || (n->right->parent == n && n->right->priority >= n->priority));
}

bool timeline_check(const struct timeline *t)
{
	u64 before = 0;
	u32 count = 0;

	for (const struct timeline_node *n = timeline_first(t); n != NULL; n = timeline_next(n)) {
		if (n->start < before || !node_check(n) || ++count > t->count) {
			return false;
		}
		before = n->start;
	}
	return count == t->count && (t->root == NULL || t->root->parent == NULL);
}
