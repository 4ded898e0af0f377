// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reset ports and the empty keyboard controller. Its commands are a table: what is answered at
 * once, so that no probing kernel has to wait for a time-out. The auxiliary (mouse) port answers as
 * one that is not there.
 */
#include "kernel/dev/vreset.h"

#include "kernel/guest_layout.h"
#include "kernel/lib/string.h"

#define PORT92_FAST_RESET  0x01
#define PORT92_A20	   0x02

/* Reset control register, ICH datasheet: the reset happens when bit 2 goes from 0 to 1. */
#define CF9_STORED	   0x0e
#define CF9_RESET_CPU	   0x04

/* Status register of the 8042. */
#define STATUS_OUTPUT_FULL 0x01
#define STATUS_SYSTEM	   0x04
#define STATUS_COMMAND	   0x08
#define STATUS_UNLOCKED	   0x10

/* Command byte: bit 2 is the system flag, bits 4 and 5 disable keyboard and auxiliary port. */
#define CONFIG_SYSTEM	   0x04
#define CONFIG_KBD_OFF	   0x10
#define CONFIG_AUX_OFF	   0x20
#define CONFIG_AFTER_RESET (CONFIG_KBD_OFF | CONFIG_AUX_OFF)

#define OUTPUT_NOT_RESET   0x01
#define OUTPUT_A20	   0x02

/* Bits 3:0 of these commands say which output lines to pulse low: 0 is the CPU's reset. */
#define COMMAND_PULSE	   0xf0
#define COMMAND_PULSE_MASK 0xf0

enum kbd_command {
	KBD_READ_CONFIG = 0x20,
	KBD_WRITE_CONFIG = 0x60,
	KBD_AUX_OFF = 0xa7,
	KBD_AUX_ON = 0xa8,
	KBD_AUX_TEST = 0xa9,
	KBD_SELF_TEST = 0xaa,
	KBD_TEST = 0xab,
	KBD_OFF = 0xad,
	KBD_ON = 0xae,
	KBD_READ_OUTPUT = 0xd0,
	KBD_WRITE_OUTPUT = 0xd1,
	KBD_LOOP = 0xd2,
	KBD_AUX_LOOP = 0xd3,
	KBD_AUX_SEND = 0xd4,
};

#define SELF_TEST_PASSED 0x55
#define TEST_PASSED	 0x00
#define TEST_CLOCK_LOW	 0x01 /* what an unconnected port's test says */

void vreset_init(struct vreset *d)
{
	vreset_reset(d);
}

void vreset_reset(struct vreset *d)
{
	memset(d, 0, sizeof(*d));
	d->port92 = PORT92_A20;
	d->kbd_output = OUTPUT_NOT_RESET | OUTPUT_A20;
	d->kbd_config = CONFIG_AFTER_RESET;
}

static void kbd_answer(struct vreset *d, u8 byte)
{
	d->kbd_data = byte;
	d->kbd_full = true;
}

static void kbd_command(struct vreset *d, u8 command)
{
	d->kbd_last_command = true;
	d->kbd_pending = 0;
	if ((command & COMMAND_PULSE_MASK) == COMMAND_PULSE) {
		d->requested = d->requested || !(command & OUTPUT_NOT_RESET);
		return;
	}
	switch (command) {
	case KBD_READ_CONFIG:
		kbd_answer(d, d->kbd_config);
		break;
	case KBD_AUX_OFF:
		d->kbd_config |= CONFIG_AUX_OFF;
		break;
	case KBD_AUX_ON:
		d->kbd_config &= (u8)~CONFIG_AUX_OFF;
		break;
	case KBD_AUX_TEST:
		kbd_answer(d, TEST_CLOCK_LOW);
		break;
	case KBD_SELF_TEST:
		d->kbd_config |= CONFIG_SYSTEM;
		kbd_answer(d, SELF_TEST_PASSED);
		break;
	case KBD_TEST:
		kbd_answer(d, TEST_PASSED);
		break;
	case KBD_OFF:
		d->kbd_config |= CONFIG_KBD_OFF;
		break;
	case KBD_ON:
		d->kbd_config &= (u8)~CONFIG_KBD_OFF;
		break;
	case KBD_READ_OUTPUT:
		kbd_answer(d, d->kbd_output);
		break;
	case KBD_WRITE_CONFIG:
	case KBD_WRITE_OUTPUT:
	case KBD_LOOP:
	case KBD_AUX_LOOP:
	case KBD_AUX_SEND:
		d->kbd_pending = command;
		break;
	default:
		break;
	}
}

static void kbd_write_data(struct vreset *d, u8 byte)
{
	u8 command = d->kbd_pending;

	d->kbd_last_command = false;
	d->kbd_pending = 0;
	switch (command) {
	case KBD_WRITE_CONFIG:
		d->kbd_config = byte;
		break;
	case KBD_WRITE_OUTPUT:
		d->kbd_output = byte;
		d->requested = d->requested || !(byte & OUTPUT_NOT_RESET);
		break;
	case KBD_LOOP:
		kbd_answer(d, byte);
		break;
	case KBD_AUX_LOOP:
		/* Not the byte that was sent: a controller without an auxiliary port. */
		kbd_answer(d, (u8)~byte);
		break;
	default:
		/* for a keyboard or mouse, of which there is none: no answer */
		break;
	}
}

static u8 kbd_status(const struct vreset *d)
{
	return (u8)(STATUS_UNLOCKED | (d->kbd_full ? STATUS_OUTPUT_FULL : 0) |
		    (d->kbd_config & CONFIG_SYSTEM ? STATUS_SYSTEM : 0) |
		    (d->kbd_last_command ? STATUS_COMMAND : 0));
}

u32 vreset_read(struct vreset *d, u16 port, u8 size, u64 now_ns)
{
	(void)now_ns;
	if (size != 1) {
		return UINT32_MAX;
	}
	switch (port) {
	case GUEST_PORT_KBD_DATA:
		d->kbd_full = false;
		return d->kbd_data;
	case GUEST_PORT_KBD_COMMAND:
		return kbd_status(d);
	case GUEST_PORT_SYSTEM_A:
		return d->port92;
	case GUEST_PORT_RESET:
		return d->portcf9;
	default:
		return UINT32_MAX;
	}
}

void vreset_write(struct vreset *d, u16 port, u8 size, u32 value, u64 now_ns)
{
	u8 byte = (u8)value;

	(void)now_ns;
	if (size != 1) {
		return;
	}
	switch (port) {
	case GUEST_PORT_KBD_DATA:
		kbd_write_data(d, byte);
		break;
	case GUEST_PORT_KBD_COMMAND:
		kbd_command(d, byte);
		break;
	case GUEST_PORT_SYSTEM_A:
		if (byte & ~d->port92 & PORT92_FAST_RESET) {
			d->requested = true;
		}
		d->port92 = byte & (PORT92_FAST_RESET | PORT92_A20);
		break;
	case GUEST_PORT_RESET:
		if (byte & ~d->portcf9 & CF9_RESET_CPU) {
			d->requested = true;
		}
		d->portcf9 = byte & CF9_STORED;
		break;
	default:
		break;
	}
}

bool vreset_requested(const struct vreset *d)
{
	return d->requested;
}
