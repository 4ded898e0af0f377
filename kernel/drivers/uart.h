/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine's 16550 serial ports. Output is polled and works from the first instruction of C on;
 * input of COM1 is interrupt driven once arch code has routed it, and polled before. Output: caller
 * serialises (console.c). Input: any pCPU, one reader.
 */
#ifndef KERNEL_DRIVERS_UART_H
#define KERNEL_DRIVERS_UART_H

#include "kernel/lib/types.h"

enum uart_port { UART_COM1, UART_COM2, UART_PORTS };

/* Programs 8n1 at `baud`, FIFOs on. Returns false when there is no 16550 at the port. */
bool uart_init(enum uart_port port, u32 baud);

/* Sends bytes; drops the rest when the transmitter accepts nothing for 100 ms worth of polling. */
void uart_write(enum uart_port port, const char *text, size_t len);

/* Waits until all that was written has left the port, 100 ms worth of polling at most. */
void uart_flush(enum uart_port port);

/* Turns on the receive interrupt of `port`; uart_interrupt() is its handler: moves received bytes
 * to the port's input ring. */
void uart_enable_rx_interrupt(enum uart_port port);
void uart_interrupt(void);

/* The next byte received on COM1, or -1. */
int uart_getc(void);

#endif
