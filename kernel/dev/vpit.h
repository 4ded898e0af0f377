/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * 8254 programmable interval timer with its three channels, and port 0x61 (system control port B),
 * which gates channel 2 and shows its output. Source: Intel 8254 datasheet, order 231164. Pure.
 *
 * Time: the counters run at exactly 1,193,182 Hz on one grid that starts at now_ns = 0; tick t
 * happens at ceil(t * 10^9 / 1,193,182) ns. Nothing is ever rounded twice, so there is no drift.
 * `now_ns` never decreases between calls; a call with an earlier one acts at the latest time seen.
 *
 * Interrupt: rising edges of channel 0's output. In the periodic modes 2 and 3 each one is a tick:
 * one is presented at a time (vpit_take_edge); those due before the guest took it (vpit_ack) wait
 * in the backlog. Modes 0 and 4 give one edge per count written.
 *
 * Deviation: count 1 in modes 2 and 3, which the datasheet calls illegal, acts as 2.
 */
#ifndef KERNEL_DEV_VPIT_H
#define KERNEL_DEV_VPIT_H

#include "kernel/dev/tick_backlog.h"
#include "kernel/lib/types.h"

#define VPIT_HZ 1193182u

struct vpit_channel {
	u64 tick;	/* the state below is that of this tick */
	u32 ce;		/* counting element, 0 .. 65536 */
	u32 reload;	/* count register, 1 .. 65536 (BCD: 10000) */
	u16 latched;	/* output latch */
	u8 mode;	/* 0 .. 5 */
	u8 access;	/* 1 low, 2 high, 3 low then high byte */
	u8 written_low; /* first byte of a two-byte write */
	u8 latched_status;
	u8 latched_bytes; /* bytes of `latched` not yet read; 0: reads show the counting element */
	bool bcd;
	bool gate;
	bool out;
	bool odd_half;	   /* mode 3: this half cycle is one tick longer than ce / 2 */
	bool loaded;	   /* a count was written since the control word */
	bool load_pending; /* next clock copies reload to the counting element */
	bool null_count;   /* status bit 6 */
	bool counting;	   /* counting element was loaded (modes 1, 5: triggered) */
	bool strobe_armed; /* modes 0, 1, 4, 5: terminal count of this load still to come */
	bool write_high_next, read_high_next;
	bool status_latched;
};

struct vpit {
	struct vpit_channel ch[3];
	struct tick_backlog backlog;
	u64 looked_ns; /* latest `now_ns` */
	u8 port61;     /* bits 3:0 as written */
	bool edge;     /* an edge is to be presented */
	bool untaken;  /* the last edge of a periodic mode was not acknowledged yet */
};

/* State at power-on. Gates of channels 0 and 1 are tied high. */
void vpit_init(struct vpit *d, u64 now_ns);
/* System reset: as after power-on; the backlog's statistics stay. */
void vpit_reset(struct vpit *d, u64 now_ns);

/* Ports 0x40-0x43, offset 0-3. Accesses of 2 and 4 bytes are done bytewise, as an ISA bus does. */
u32 vpit_read(struct vpit *d, u16 offset, u8 size, u64 now_ns);
void vpit_write(struct vpit *d, u16 offset, u8 size, u32 value, u64 now_ns);
/* Port 0x61. */
u8 vpit_port61_read(struct vpit *d, u64 now_ns);
void vpit_port61_write(struct vpit *d, u8 value, u64 now_ns);

/* Counts expirations up to now; call at vpit_deadline_ns() or later. */
void vpit_advance(struct vpit *d, u64 now_ns);
u64 vpit_deadline_ns(const struct vpit *d);

/* True once per edge to be given to PIC input 0 and I/O APIC input 2: the caller lowers the line
 * and raises it again. Look after every access, advance and ack. An edge that is not taken is
 * presented again at each expiration: a masked I/O APIC input forgets edges, and the guest may
 * unmask it at any time. */
bool vpit_take_edge(struct vpit *d);
/* The guest took the interrupt of the last edge: INTA of the PIC, or the local APIC moved it from
 * IRR to ISR. The next tick of the backlog is then presented as soon as its rate allows. */
void vpit_ack(struct vpit *d, u64 now_ns);
/* The guest has unmasked the interrupt: the periodic ticks that came due while it did not want them are no backlog. */
void vpit_unmasked(struct vpit *d, u64 now_ns);

#endif
