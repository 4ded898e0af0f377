/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PC's pair of 8259A interrupt controllers, ports 20h-21h, A0h-A1h, and the edge/level
 * registers 4D0h-4D1h of the PIIX south bridge. Intel 8259A data sheet (order 231468) and 82371SB
 * data sheet are the specification.
 *
 * Pure. Under the VM's device lock. The output (INTR) is a level: after any call it may have
 * changed, vpic_output() tells. Lines 0..7 are the master's, 8..15 the slave's; line 2 is the
 * cascade and cannot be driven.
 *
 * One deliberate difference: an edge is remembered until it is acknowledged even if the line falls
 * before. The chip would forget it and answer with a spurious interrupt; here device models may
 * raise and lower a line at once.
 */
#ifndef KERNEL_DEV_VPIC_H
#define KERNEL_DEV_VPIC_H

#include "kernel/lib/types.h"

#define VPIC_LINES 16u

/* One 8259A. */
struct vpic_chip {
	u8 irr;	      /* requests: latched edges, or the line where level triggered */
	u8 isr;	      /* in service */
	u8 imr;	      /* masked */
	u8 lines;     /* input pins */
	u8 elcr;      /* 1: level triggered (4D0h, 4D1h), instead of ICW1.LTIM */
	u8 elcr_mask; /* (o) which bits of elcr can be set */
	u8 cascade;   /* (o) the level that the slave drives (bit 2 of the master), or 0 */
	u8 vector_base;
	u8 lowest;     /* the level with the lowest priority (rotation) */
	u8 init_step;  /* ICW expected next at the odd port: 2, 3, 4; 0: none */
	bool icw4_due; /* ICW1.IC4 */
	bool single;   /* ICW1.SNGL: no ICW3 */
	bool auto_eoi, special_nested;
	bool special_mask;
	bool rotate_auto_eoi;
	bool read_isr; /* OCW3: the even port reads ISR instead of IRR */
	bool poll;     /* OCW3: the next read is a poll */
};

struct vpic {
	struct vpic_chip master, slave;
};

/* Power-on: all lines low and masked, vectors from 0; a guest initialises both chips by ICW1..4. */
void vpic_init(struct vpic *p);
/* Hardware reset: as init, but the lines keep what the devices drive. */
void vpic_reset(struct vpic *p);

/* True for the six ports below. */
bool vpic_owns_port(u16 port);
/* Byte access to 20h, 21h, A0h, A1h, 4D0h, 4D1h; other ports read FFh and ignore writes. A read may
 * acknowledge (poll command). */
u8 vpic_read(struct vpic *p, u16 port);
void vpic_write(struct vpic *p, u16 port, u8 value);

/* The device on `line` (< VPIC_LINES) drives it. Line 2 is ignored. */
void vpic_set_line(struct vpic *p, u32 line, bool asserted);

/* Whether a request of `line` waits to be acknowledged, masked or not: a tick raised now on an
 * edge-triggered line would merge with it. */
bool vpic_is_requested(const struct vpic *p, u32 line);

/* INTR of the master. */
bool vpic_output(const struct vpic *p);
/* The vector that an INTA cycle would give now: the spurious one, IR7 of the master, when the
 * request is gone. */
u8 vpic_peek_vector(const struct vpic *p);
/* The INTA cycle: as peek, and the request moves to service (or, with automatic EOI, ends). */
u8 vpic_ack(struct vpic *p);
/* The INTA cycle of a CPU that was given `vector` by peek some time ago: the line that it stands for moves to service,
 * whatever has been requested, withdrawn or masked since. Returns that line; -1: no line has this vector any more. */
int vpic_ack_vector(struct vpic *p, u8 vector);

/* Asserts the invariants. */
void vpic_check(const struct vpic *p);

#endif
