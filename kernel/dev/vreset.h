/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ways in which a PC guest resets its machine: system control port A (0x92), the reset control
 * register (0xCF9), and the keyboard controller (0x60, 0x64), which is here just so far as kernels
 * that probe for it or use it for reset and A20 are answered without delays: an 8042 with nothing
 * attached. A20 is always enabled; its bits are only remembered. Pure.
 *
 * Source: Intel ICH datasheets (0x92, 0xCF9); IBM PS/2 hardware interface technical reference
 * (8042).
 */
#ifndef KERNEL_DEV_VRESET_H
#define KERNEL_DEV_VRESET_H

#include "kernel/lib/types.h"

struct vreset {
	u8 port92;
	u8 portcf9;
	u8 kbd_config;	       /* controller command byte */
	u8 kbd_output;	       /* output port: bit 0 reset line, bit 1 A20 */
	u8 kbd_data;	       /* output buffer */
	bool kbd_full;	       /* output buffer is full (OBF) */
	bool kbd_last_command; /* last write went to port 0x64 */
	u8 kbd_pending;	       /* command that waits for its data byte; 0 none */
	bool requested;
};

void vreset_init(struct vreset *d);
void vreset_reset(struct vreset *d);

/* `port` is absolute: 0x60, 0x64, 0x92 or 0xCF9 (others read all ones). Only 1-byte accesses mean
 * anything. */
u32 vreset_read(struct vreset *d, u16 port, u8 size, u64 now_ns);
void vreset_write(struct vreset *d, u16 port, u8 size, u32 value, u64 now_ns);

/* The guest asked for a reset of the machine. Stays true until vreset_reset(). */
bool vreset_requested(const struct vreset *d);

#endif
