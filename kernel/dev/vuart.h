/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * 16550A UART. Source: National Semiconductor PC16550D datasheet. Transmission takes no time: THRE
 * and TEMT are always set. The line end is connected (CTS, DSR, DCD on, RI off). Pure.
 *
 * Offsets 0-7 from the UART's base. The caller gives received bytes to vuart_rx_push() and fetches
 * transmitted ones by vuart_tx_pop() after every write.
 *
 * As on a PC, OUT2 (MCR bit 3) gates the interrupt output, and loopback forces it off.
 */
#ifndef KERNEL_DEV_VUART_H
#define KERNEL_DEV_VUART_H

#include "kernel/lib/types.h"

#define VUART_FIFO_BYTES 16
/* Bytes written by one access are at most 4, and the caller drains after each one: room for a few.
 */
#define VUART_TX_BYTES	 16

struct vuart {
	u8 ier, fcr, lcr, mcr, scr;
	u8 lsr_errors; /* OE as not yet read */
	u8 msr;	       /* as read: inputs and their deltas */
	u8 dll, dlm;
	bool thre_pending;    /* THR-empty interrupt is due */
	bool timeout_pending; /* character timeout interrupt is due */
	u8 rx_count, rx_first;
	u8 tx_count, tx_first;
	u8 rx[VUART_FIFO_BYTES];
	u8 tx[VUART_TX_BYTES];
	u64 rx_touched_ns; /* last time a byte went into or out of the receive FIFO */
	u64 tx_lost;	   /* bytes dropped because the caller did not fetch them */
};

void vuart_init(struct vuart *d, u64 now_ns);
void vuart_reset(struct vuart *d, u64 now_ns);

u32 vuart_read(struct vuart *d, u16 offset, u8 size, u64 now_ns);
void vuart_write(struct vuart *d, u16 offset, u8 size, u32 value, u64 now_ns);

void vuart_advance(struct vuart *d, u64 now_ns);
/* The character timeout, if one is running. */
u64 vuart_deadline_ns(const struct vuart *d);
/* Level of the interrupt output. */
bool vuart_irq(const struct vuart *d);

/* A byte arrived from outside. False: no room now (or loopback is on); offer it again after a read
 * by the guest. */
bool vuart_rx_push(struct vuart *d, u8 byte, u64 now_ns);
/* The oldest byte that the guest sent and that was not fetched yet. False: none. */
bool vuart_tx_pop(struct vuart *d, u8 *byte);

#endif
