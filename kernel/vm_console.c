// SPDX-License-Identifier: GPL-2.0-only
/* The output ring of each VM. */
#include "kernel/vm_console.h"

#include "arch/arch.h"
#include "kernel/lib/err.h"
#include "kernel/params.h"
#include "mm/frames.h"

int vm_console_init(struct vm_console *console)
{
	void *buffer = pages_alloc(CONSOLE_RING_BYTES);

	if (buffer == NULL) {
		return ERR_NOMEM;
	}
	ring_init(&console->ring, buffer, CONSOLE_RING_BYTES);
	return 0;
}

void vm_console_output(struct vm_console *console, const u8 *bytes, u32 size)
{
	spin_lock(&console->lock);
	ring_write(&console->ring, bytes, size);
	spin_unlock(&console->lock);
	if (__atomic_load_n(&console->watched, __ATOMIC_SEQ_CST) &&
	    __atomic_exchange_n(&console->watched, false, __ATOMIC_SEQ_CST)) {
		arch_kick(0);
	}
}

void vm_console_watch(struct vm_console *console)
{
	__atomic_store_n(&console->watched, true, __ATOMIC_SEQ_CST);
}

u32 vm_console_read(struct vm_console *console, u64 *cursor, u8 *to, u32 size)
{
	spin_lock(&console->lock);
	u32 n = (u32)ring_read_at(&console->ring, cursor, to, size);

	spin_unlock(&console->lock);
	return n;
}

u64 vm_console_head(struct vm_console *console)
{
	return __atomic_load_n(&console->ring.head, __ATOMIC_RELAXED);
}

u64 vm_console_tail(struct vm_console *console)
{
	return __atomic_load_n(&console->ring.tail, __ATOMIC_RELAXED);
}
