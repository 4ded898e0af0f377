// SPDX-License-Identifier: GPL-2.0-only
/*
 * The frame table and its buddy allocator.
 *
 * The table is one array indexed by frame number, from 0 to the top of RAM. Only the first frame of
 * a free block is on a list and knows the block's order; list links are frame numbers, so that an
 * entry stays at 16 bytes. Frame 0 is never managed and serves as "none".
 */
#include "mm/frames.h"

#include "arch/arch.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"
#include "kernel/lock.h"
#include "kernel/params.h"

struct frame {
	u32 next, prev; /* [f] free list of the block's order; 0 ends it */
	u8 state;	/* [f] enum frame_state */
	u8 order;	/* [f] of the block that starts here */
	u16 owner;	/* [f] VM id */
	u32 refs;	/* [f] mappings; 1 for every allocated frame as yet */
};
static_assert(sizeof(struct frame) == 16, "frame metadata budget");

static struct {
	struct spinlock lock;
	struct frame *table;		    /* (o) */
	u64 limit;			    /* (o) entries in the table */
	u32 free_head[FRAME_ORDER_MAX + 1]; /* [f] */
	u32 zeroed_head;		    /* [f] order-0 frames known to be zero */
	struct frame_stats stats;	    /* [f] */
} frames;

static void list_add(u32 *head, u32 f)
{
	struct frame *e = &frames.table[f];

	e->prev = 0;
	e->next = *head;
	if (*head != 0) {
		frames.table[*head].prev = f;
	}
	*head = f;
}

static void list_del(u32 *head, u32 f)
{
	struct frame *e = &frames.table[f];

	if (e->prev != 0) {
		frames.table[e->prev].next = e->next;
	} else {
		*head = e->next;
	}
	if (e->next != 0) {
		frames.table[e->next].prev = e->prev;
	}
}

static void block_set_state(u32 f, u32 order, enum frame_state state, u16 owner)
{
	for (u32 i = 0; i < (1u << order); i++) {
		frames.table[f + i].state = state;
		frames.table[f + i].owner = owner;
		frames.table[f + i].refs = state == FRAME_FREE ? 0 : 1;
		/* Not a head: merging looks at the order of free buddies. */
		frames.table[f + i].order = UINT8_MAX;
	}
	frames.table[f].order = (u8)order;
}

/* Returns a block to the free lists, merged with its free buddies. */
static void block_release(u32 f, u32 order)
{
	while (order < FRAME_ORDER_MAX) {
		u32 buddy = f ^ (1u << order);

		if (buddy + (1ull << order) > frames.limit ||
		    frames.table[buddy].state != FRAME_FREE || frames.table[buddy].order != order) {
			break;
		}
		list_del(&frames.free_head[order], buddy);
		frames.table[MAX(f, buddy)].order = UINT8_MAX;
		f = MIN(f, buddy);
		order++;
	}
	frames.table[f].order = (u8)order;
	list_add(&frames.free_head[order], f);
}

/* Takes a block off the free lists, splitting a larger one if need be; 0 when there is none. */
static u32 block_take(u32 order)
{
	u32 from = order;

	while (from <= FRAME_ORDER_MAX && frames.free_head[from] == 0) {
		from++;
	}
	if (from > FRAME_ORDER_MAX) {
		return 0;
	}
	u32 f = frames.free_head[from];

	list_del(&frames.free_head[from], f);
	while (from > order) {
		from--;
		u32 half = f + (1u << from);

		frames.table[half].order = (u8)from;
		list_add(&frames.free_head[from], half);
	}
	return f;
}

/* Gives the whole zeroed pool back to the buddy lists, so that it can merge. */
static void zeroed_pool_drain(void)
{
	while (frames.zeroed_head != 0) {
		u32 f = frames.zeroed_head;

		list_del(&frames.zeroed_head, f);
		block_release(f, 0);
	}
	frames.stats.zeroed_pages = 0;
}

static u64 *state_counter(enum frame_state state)
{
	return state == FRAME_PRIVATE ? &frames.stats.private_pages
				      : &frames.stats.hypervisor_pages;
}

int frame_alloc(u32 order, enum frame_state state, u16 owner, mfn_t *out)
{
	bool zeroed = false;
	u32 f;

	if (order > FRAME_ORDER_MAX || state == FRAME_ABSENT || state == FRAME_FREE) {
		return ERR_INVAL;
	}
	spin_lock(&frames.lock);
	if (order == 0 && frames.zeroed_head != 0) {
		f = frames.zeroed_head;
		list_del(&frames.zeroed_head, f);
		frames.stats.zeroed_pages--;
		zeroed = true;
	} else {
		f = block_take(order);
		if (f == 0 && frames.zeroed_head != 0) {
			zeroed_pool_drain();
			f = block_take(order);
		}
	}
	if (f != 0) {
		block_set_state(f, order, state, owner);
		*state_counter(state) += 1ull << order;
		frames.stats.free_pages -= 1ull << order;
	}
	spin_unlock(&frames.lock);
	if (f == 0) {
		return ERR_NOMEM;
	}
	*out = mfn(f);
	for (u32 i = 0; !zeroed && i < (1u << order); i++) {
		arch_zero_page(mfn_to_va(mfn(f + i)));
	}
	return 0;
}

void frame_free(mfn_t base, u32 order)
{
	u32 f = (u32)base.v;

	spin_lock(&frames.lock);
	assert(base.v != 0 && base.v < frames.limit && frames.table[f].order == order);
	enum frame_state state = frames.table[f].state;

	assert(state != FRAME_FREE && state != FRAME_ABSENT);
	*state_counter(state) -= 1ull << order;
	frames.stats.free_pages += 1ull << order;
	block_set_state(f, order, FRAME_FREE, FRAME_OWNER_NONE);
	block_release(f, order);
	spin_unlock(&frames.lock);
}

static u32 order_of(u64 size_bytes)
{
	u32 order = 0;

	while ((PAGE_SIZE << order) < size_bytes) {
		order++;
	}
	return order;
}

void *pages_alloc(u64 size_bytes)
{
	mfn_t f;

	if (size_bytes == 0 || size_bytes > (PAGE_SIZE << FRAME_ORDER_MAX) ||
	    frame_alloc(order_of(size_bytes), FRAME_HYPERVISOR, FRAME_OWNER_NONE, &f) != 0) {
		return NULL;
	}
	return mfn_to_va(f);
}

void pages_free(void *va, u64 size_bytes)
{
	if (va != NULL) {
		frame_free(hpa_to_mfn(va_to_hpa(va)), order_of(size_bytes));
	}
}

bool frames_zero_ahead(void)
{
	u32 f = 0;

	spin_lock(&frames.lock);
	if (frames.stats.zeroed_pages < FRAMES_ZEROED_MAX &&
	    frames.stats.free_pages > 2 * FRAMES_ZEROED_MAX) {
		f = block_take(0);
		if (f != 0) {
			/* While it is zeroed it is nobody's; it must not merge. */
			block_set_state(f, 0, FRAME_HYPERVISOR, FRAME_OWNER_NONE);
		}
	}
	spin_unlock(&frames.lock);
	if (f == 0) {
		return false;
	}
	arch_zero_page(mfn_to_va(mfn(f)));

	spin_lock(&frames.lock);
	block_set_state(f, 0, FRAME_FREE, FRAME_OWNER_NONE);
	/* Free, but on no buddy list: no merge may claim it. */
	frames.table[f].order = UINT8_MAX;
	list_add(&frames.zeroed_head, f);
	frames.stats.zeroed_pages++;
	spin_unlock(&frames.lock);
	return true;
}

void frames_get_stats(struct frame_stats *stats)
{
	spin_lock(&frames.lock);
	*stats = frames.stats;
	spin_unlock(&frames.lock);
}

enum frame_state frame_state_of(mfn_t frame)
{
	return frame.v < frames.limit ? frames.table[frame.v].state : FRAME_ABSENT;
}

u16 frame_owner_of(mfn_t frame)
{
	return frame.v < frames.limit ? frames.table[frame.v].owner : FRAME_OWNER_NONE;
}

/* Puts [base, base + pages) on the free lists in the largest aligned blocks. */
static void range_release(u64 base, u64 pages)
{
	while (pages > 0) {
		u32 order = FRAME_ORDER_MAX;

		while ((base & ((1ull << order) - 1)) != 0 || (1ull << order) > pages) {
			order--;
		}
		block_set_state((u32)base, order, FRAME_FREE, FRAME_OWNER_NONE);
		block_release((u32)base, order);
		base += 1ull << order;
		pages -= 1ull << order;
	}
}

int frames_init(const struct frame_range *ranges, u32 count)
{
	u64 limit = 0;
	u32 home = count;

	for (u32 i = 0; i < count; i++) {
		limit = MAX(limit, ranges[i].base.v + ranges[i].pages);
	}
	limit = MIN(limit, (u64)UINT32_MAX);
	u64 table_pages = DIV_ROUND_UP(limit * sizeof(struct frame), PAGE_SIZE);

	for (u32 i = 0; i < count; i++) {
		if (ranges[i].pages > table_pages + 1) {
			home = i;
		}
	}
	if (home == count) {
		return ERR_NOMEM;
	}
	frames.table = mfn_to_va(ranges[home].base);
	frames.limit = limit;
	memset(frames.table, 0, table_pages * PAGE_SIZE);
	for (u32 i = 0; i < count; i++) {
		u64 base = ranges[i].base.v;
		u64 end = MIN(base + ranges[i].pages, limit);

		base += i == home ? table_pages : 0;
		base = MAX(base, 1ull); /* 0 means none */
		if (base < end) {
			range_release(base, end - base);
			frames.stats.free_pages += end - base;
		}
	}
	frames.stats.hypervisor_pages = table_pages;
	frames.stats.total_pages = frames.stats.free_pages + table_pages;
	return 0;
}
