/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The IOAPIC: Intel 82093AA register model with the EOI register of version 20h. 24 pins.
 *
 * Pure. Messages to send are appended to a list that the caller has emptied and routes afterwards.
 * Under the VM's device lock. Lines are logical: `asserted` means that the device wants service,
 * whatever polarity the entry says; the polarity bit is kept for the guest to read back.
 */
#ifndef KERNEL_DEV_VIOAPIC_H
#define KERNEL_DEV_VIOAPIC_H

#include "kernel/dev/apic_msg.h"
#include "kernel/lib/types.h"

#define VIOAPIC_BASE_GPA  0xfec00000ull
#define VIOAPIC_MMIO_SIZE 4096u
#define VIOAPIC_PINS	  24u

struct vioapic {
	u8 id;	   /* 4 bits */
	u8 index;  /* IOREGSEL */
	u32 lines; /* bit per pin: asserted */
	u64 entry[VIOAPIC_PINS];
};

static_assert(VIOAPIC_PINS <= APIC_MSG_LIST_MAX, "one message per pin fits");

/* Power-on: all entries masked, lines low. */
void vioapic_init(struct vioapic *io, u8 id);
/* Hardware reset: as init, but the lines keep what the devices drive. */
void vioapic_reset(struct vioapic *io);

/* Access to the page at `offset` < 4096, `size_bytes` 1, 2, 4 or 8. Unknown offsets read 0 and
 * ignore writes. */
u64 vioapic_read(const struct vioapic *io, u32 offset, u8 size_bytes);
void vioapic_write(struct vioapic *io, u32 offset, u8 size_bytes, u64 value,
		   struct apic_msg_list *out);

/* The device on `pin` (< VIOAPIC_PINS) asserts or releases its line. */
void vioapic_set_line(struct vioapic *io, u32 pin, bool asserted, struct apic_msg_list *out);

/* A local APIC has ended the level interrupt `vector`: ends it at every pin that waits for it, and
 * sends again where the line is still asserted. */
void vioapic_eoi(struct vioapic *io, u8 vector, struct apic_msg_list *out);

/* Asserts the invariants. */
void vioapic_check(const struct vioapic *io);

#endif
