/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a VM's first UART sent, kept in a ring that outlives resets and power-offs, so that it can be read later. The
 * oldest bytes give way: a flooding guest loses only its own past. Own lock, innermost but for the log's.
 */
#ifndef KERNEL_VM_CONSOLE_H
#define KERNEL_VM_CONSOLE_H

#include "kernel/lib/ring.h"
#include "kernel/lib/types.h"
#include "kernel/lock.h"

struct vm_console {
	struct spinlock lock;
	struct ring ring; /* [lock] */
	bool watched;	  /* atomic: the next output kicks pCPU 0 */
};

/* ERR_NOMEM. */
int vm_console_init(struct vm_console *console) must_check;

/* The guest sent bytes. Any pCPU. */
void vm_console_output(struct vm_console *console, const u8 *bytes, u32 size);

/* Copies up to `size` bytes from position *cursor on and moves it behind them; see ring_read_at(). */
u32 vm_console_read(struct vm_console *console, u64 *cursor, u8 *to, u32 size);

/* Position of the next byte to come, and of the oldest kept. */
u64 vm_console_head(struct vm_console *console);
u64 vm_console_tail(struct vm_console *console);

/* Is there nothing behind `cursor`, and will the next output wake pCPU 0? It is watched before it is looked at: output that
 * comes after the look sees that. */
static inline bool vm_console_is_quiet(const struct vm_console *console, u64 cursor)
{
	return __atomic_load_n(&console->watched, __ATOMIC_SEQ_CST) &&
	       __atomic_load_n(&console->ring.head, __ATOMIC_SEQ_CST) == cursor;
}

/* Makes the next output wake pCPU 0, once. Output before the call does not: the caller reads once more after it. */
void vm_console_watch(struct vm_console *console);

#endif
