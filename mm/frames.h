/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Machine page frames: who owns each, and the allocator that hands them out.
 *
 * A buddy allocator over all free RAM, orders 0 (4 KiB) to FRAME_ORDER_MAX, and a pool of frames that were
 * zeroed ahead of need by idle pCPUs, so that a guest's first touch of a page does not wait for zeroing. One
 * lock (`frames`); callable on any pCPU. Metadata: 16 bytes a frame, 0.39 % of memory.
 */
#ifndef MM_FRAMES_H
#define MM_FRAMES_H

#include "kernel/lib/types.h"

#define FRAME_ORDER_MAX	  18u /* 1 GiB */
#define FRAME_ORDER_LARGE (LARGE_SHIFT - PAGE_SHIFT)

enum frame_state {
	FRAME_ABSENT,	  /* not RAM, or not ours */
	FRAME_FREE,	  /* in the allocator */
	FRAME_HYPERVISOR, /* the hypervisor's own data */
	FRAME_PRIVATE,	  /* memory of one guest */
};

/* Owner of frames that belong to no VM. */
#define FRAME_OWNER_NONE 0u

struct frame_stats {
	u64 total_pages;      /* RAM managed */
	u64 free_pages;	      /* of these, not in use */
	u64 zeroed_pages;     /* of the free ones, zeroed already */
	u64 hypervisor_pages; /* FRAME_HYPERVISOR, with metadata */
	u64 private_pages;
};

/* Takes over all BOOT_RAM_FREE ranges. Called once, with the direct map complete, before any other
 * function here. Ranges: page aligned, sorted, not overlapping. Returns ERR_NOMEM when the metadata fits in no range. */
struct frame_range {
	mfn_t base;
	u64 pages;
};
int frames_init(const struct frame_range *ranges, u32 count) must_check;

/* Allocates 2^order contiguous, aligned, zeroed frames in `state` (not ABSENT or FREE) for VM `owner`.
 * ERR_NOMEM, ERR_INVAL (order too large). */
int frame_alloc(u32 order, enum frame_state state, u16 owner, mfn_t *out) must_check;

/* Gives back what frame_alloc() returned, whole. Contents are lost. */
void frame_free(mfn_t base, u32 order);

/* The hypervisor's own memory: zeroed pages in the direct map, NULL when there is none. size_bytes is rounded up to a
 * power of two pages; the same size goes back to pages_free(). */
void *pages_alloc(u64 size_bytes) must_check;
void pages_free(void *va, u64 size_bytes);

/* Zeroes a few free frames ahead of need. Returns false when the pool is full or memory is short: then
 * there is nothing to do. Called by idle pCPUs. */
bool frames_zero_ahead(void);

void frames_get_stats(struct frame_stats *stats);

/* State and owner of a frame, for checks and tests. */
enum frame_state frame_state_of(mfn_t frame);
u16 frame_owner_of(mfn_t frame);

#endif
