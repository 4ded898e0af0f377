/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Worlds in order of a start time, each with a deadline: a binary search tree that also knows the earliest deadline of
 * every subtree, so that "the earliest deadline among those that may start by now" is found in O(log n). Balanced as a
 * treap: priorities are a hash of the node's identity, so that runs repeat. Intrusive, no allocation. Pure; the caller
 * locks.
 */
#ifndef SCHED_TIMELINE_H
#define SCHED_TIMELINE_H

#include "kernel/lib/types.h"

struct timeline_node {
	u64 start;
	u64 deadline;
	u64 deadline_min; /* of its subtree */
	u32 priority;	  /* smaller ones are higher in the tree */
	bool linked;
	struct timeline_node *parent, *left, *right;
};

struct timeline {
	struct timeline_node *root;
	u32 count;
};

/* `id` tells nodes apart: equal ones merely balance worse. */
void timeline_node_init(struct timeline_node *n, u32 id);

/* The node is in no timeline; its start and deadline are set. Equal starts: after those that are there. */
void timeline_insert(struct timeline *t, struct timeline_node *n);
void timeline_remove(struct timeline *t, struct timeline_node *n);

/* The earliest start; NULL: empty. */
struct timeline_node *timeline_first(const struct timeline *t);
/* The next in order of start. */
struct timeline_node *timeline_next(const struct timeline_node *n);
/* The earliest deadline of those whose start is not after `now`; NULL: none. Equal deadlines: the earlier start. */
struct timeline_node *timeline_earliest(const struct timeline *t, u64 now);

/* True when order, balance, links and minima hold. O(n). */
bool timeline_check(const struct timeline *t);

#endif
