/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MC146818 real-time clock with 256 bytes of CMOS memory. Source: Motorola MC146818A datasheet;
 * CMOS layout of the PC/AT. Pure.
 *
 * The clock is set once from the wall clock and then goes on with now_ns. Divider, periodic rate
 * and second updates share one 32,768 Hz grid. An update takes effect at a second's boundary; UIP
 * is set in the 2,228 us before it (244 us notice + 1,984 us update cycle). Daylight saving (DSE)
 * is stored and ignored.
 *
 * Interrupt: level of IRQF (status C bit 7), to PIC input 8 and GSI 8. While PIE is set, periodic
 * ticks due before the last one was acknowledged (by reading status C) wait in the backlog. Such a
 * read always ends with the line low, and vrtc_advance() raises it again when the backlog has more:
 * the caller must let the low level be seen.
 */
#ifndef KERNEL_DEV_VRTC_H
#define KERNEL_DEV_VRTC_H

#include "kernel/dev/tick_backlog.h"
#include "kernel/lib/types.h"

#define VRTC_CMOS_BYTES 256

struct vrtc {
	/* Bank 0, then bank 1. Registers A to D are at 0x0a to 0x0d; C holds the flags without
	 * IRQF. */
	u8 cmos[VRTC_CMOS_BYTES];
	u8 index[2];	  /* ports 0x70 and 0x72, 7 bits each */
	bool nmi_masked;  /* port 0x70 bit 7 */
	u64 looked_ns;	  /* latest now_ns */
	u64 origin_ns;	  /* when the divider chain was at zero; modulo 2^64 */
	u64 seconds_done; /* whole seconds since then that the time of day contains */
	struct tick_backlog backlog;
};

/* Time of day becomes base_epoch_s (seconds since 1970-01-01 UTC at now_ns = 0) + now_ns.
 * `memsize_bytes` (RAM of the guest) goes into the memory-size bytes. */
void vrtc_init(struct vrtc *d, u64 base_epoch_s, u64 memsize_bytes, u64 now_ns);
/* System reset: interrupt enables and flags clear; the time and CMOS stay. */
void vrtc_reset(struct vrtc *d, u64 now_ns);

/* Ports 0x70-0x73, offset 0-3 (index, data, index and data of the upper bank); bytewise. */
u32 vrtc_read(struct vrtc *d, u16 offset, u8 size, u64 now_ns);
void vrtc_write(struct vrtc *d, u16 offset, u8 size, u32 value, u64 now_ns);

void vrtc_advance(struct vrtc *d, u64 now_ns);
u64 vrtc_deadline_ns(const struct vrtc *d);
/* Level of the interrupt output. */
bool vrtc_irq(const struct vrtc *d);
/* NMIs from outside the CPU are masked (port 0x70 bit 7). */
bool vrtc_nmi_masked(const struct vrtc *d);

#endif
