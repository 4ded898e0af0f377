/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Byte ring over a buffer whose size is a power of two. Two ways to write: ring_write() overwrites
 * the oldest bytes (logs, console history), ring_offer() takes only what fits (input queues). Two
 * ways to read: ring_read() consumes, ring_read_at() follows with a cursor of the reader's own, so
 * that several readers see the same bytes. Pure; the caller locks.
 *
 * Positions count all bytes ever written: 64 bits do not wrap.
 */
#ifndef KERNEL_LIB_RING_H
#define KERNEL_LIB_RING_H

#include "kernel/lib/assert.h"
#include "kernel/lib/string.h"
#include "kernel/lib/types.h"

struct ring {
	u8 *data;
	u32 size; /* power of two */
	u64 head; /* position of the next byte to be written */
	u64 tail; /* position of the oldest byte kept; head - tail <= size */
};

static inline void ring_init(struct ring *r, void *buffer, u32 size)
{
	assert(size != 0 && (size & (size - 1)) == 0);
	*r = (struct ring){.data = buffer, .size = size};
}

/* Bytes kept / bytes that fit without overwriting. */
static inline u32 ring_used(const struct ring *r)
{
	return (u32)(r->head - r->tail);
}

static inline u32 ring_free(const struct ring *r)
{
	return r->size - ring_used(r);
}

static inline void ring_clear(struct ring *r)
{
	r->tail = r->head;
}

/* Writes all of src; the oldest bytes give way. */
static inline void ring_write(struct ring *r, const void *src, size_t n)
{
	const u8 *from = src;

	if (n > r->size) { /* its beginning would be overwritten by its end */
		r->head += n - r->size;
		from += n - r->size;
		n = r->size;
	}
	u32 at = (u32)(r->head & (r->size - 1));
	size_t first = MIN(n, (size_t)(r->size - at));

	memcpy(r->data + at, from, first);
	memcpy(r->data, from + first, n - first);
	r->head += n;
	if (r->head - r->tail > r->size) {
		r->tail = r->head - r->size;
	}
}

/* Writes as much of the beginning of src as fits; returns how many bytes that was. */
static inline size_t ring_offer(struct ring *r, const void *src, size_t n)
{
	n = MIN(n, (size_t)ring_free(r));
	ring_write(r, src, n);
	return n;
}

/* Copies up to n bytes from position *cursor on and moves the cursor behind them. A cursor to bytes
 * that were overwritten or consumed moves to the oldest byte kept. Returns the number copied. */
static inline size_t ring_read_at(const struct ring *r, u64 *cursor, void *dst, size_t n)
{
	u8 *to = dst;

	*cursor = MIN(MAX(*cursor, r->tail), r->head);
	n = MIN(n, (size_t)(r->head - *cursor));
	u32 at = (u32)(*cursor & (r->size - 1));
	size_t first = MIN(n, (size_t)(r->size - at));

	memcpy(to, r->data + at, first);
	memcpy(to + first, r->data, n - first);
	*cursor += n;
	return n;
}

/* Takes up to n of the oldest bytes out; returns the number taken. */
static inline size_t ring_read(struct ring *r, void *dst, size_t n)
{
	return ring_read_at(r, &r->tail, dst, n);
}

#endif
