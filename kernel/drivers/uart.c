// SPDX-License-Identifier: GPL-2.0-only
/*
 * 16550A serial ports (National Semiconductor PC16550D datasheet). Polled output, input through a
 * ring that the receive interrupt, or a poll, fills. The ring has one writer at a time: the
 * interrupt and the poll run on the pCPU that the interrupt is routed to, or before there are
 * others.
 */
#include "kernel/drivers/uart.h"
#include "arch/arch.h"
#include "arch/x86/cpu.h"

/* Register offsets, 8.0 of the datasheet. */
enum { REG_DATA = 0, REG_IER = 1, REG_FCR = 2, REG_LCR = 3, REG_MCR = 4, REG_LSR = 5, REG_SCR = 7 };
/* With LCR_DLAB: */
enum { REG_DLL = 0, REG_DLM = 1 };

#define IER_RX	      0x01
#define FCR_ENABLE    0x07 /* FIFOs on and empty, trigger level 1 */
#define IIR_FIFO      0xc0 /* read at the place of FCR: FIFOs are on and work */
#define LCR_8N1	      0x03
#define LCR_DLAB      0x80
#define MCR_DTR_RTS   0x03
#define MCR_OUT2      0x08 /* lets the interrupt line through */
#define LSR_RX_READY  0x01
#define LSR_TX_EMPTY  0x20 /* holding register or FIFO empty */
#define LSR_TX_IDLE   0x40 /* and the shift register too */
#define UART_CLOCK_HZ 115200u
#define FIFO_BYTES    16u
/* Polls before a transmitter counts as dead. A poll of the bus takes a microsecond, so: 100 ms. */
#define TX_POLLS      100000u

#define RX_RING_SIZE  256u

static const u16 port_base[UART_PORTS] = {0x3f8, 0x2f8};
static bool port_dead[UART_PORTS];
static u32 port_fifo_bytes[UART_PORTS]; /* what the transmitter takes at once; 1: no working FIFO */

static struct {
	u32 head; /* written by the interrupt */
	u32 tail; /* written by the reader */
	u8 data[RX_RING_SIZE];
} rx;
static bool rx_interrupts;

bool uart_init(enum uart_port port, u32 baud)
{
	u16 base = port_base[port];

	/* A floating bus reads all ones; the scratch register remembers. */
	outb(base + REG_SCR, 0x5a);
	if (inb(base + REG_SCR) != 0x5a) {
		port_dead[port] = true;
		return false;
	}
	u32 divisor = MIN(MAX(UART_CLOCK_HZ / MAX(baud, 1u), 1u), 0xffffu);

	outb(base + REG_IER, 0);
	outb(base + REG_LCR, LCR_DLAB);
	outb(base + REG_DLL, (u8)divisor);
	outb(base + REG_DLM, (u8)(divisor >> 8));
	outb(base + REG_LCR, LCR_8N1);
	outb(base + REG_FCR, FCR_ENABLE);
	port_fifo_bytes[port] = (inb(base + REG_FCR) & IIR_FIFO) == IIR_FIFO ? FIFO_BYTES : 1;
	outb(base + REG_MCR, MCR_DTR_RTS | MCR_OUT2);
	return true;
}

static bool wait_lsr(u16 base, u8 bit)
{
	for (u32 i = 0; i < TX_POLLS; i++) {
		if ((inb(base + REG_LSR) & bit) != 0) {
			return true;
		}
		arch_relax();
	}
	return false;
}

void uart_write(enum uart_port port, const char *text, size_t len)
{
	u16 base = port_base[port];

	for (size_t i = 0; i < len && !port_dead[port]; i++) {
		if (i % port_fifo_bytes[port] == 0 && !wait_lsr(base, LSR_TX_EMPTY)) {
			return;
		}
		outb(base + REG_DATA, (u8)text[i]);
	}
}

void uart_flush(enum uart_port port)
{
	if (!port_dead[port]) {
		(void)wait_lsr(port_base[port], LSR_TX_IDLE);
	}
}

void uart_enable_rx_interrupt(enum uart_port port)
{
	if (!port_dead[port]) {
		rx_interrupts = true;
		outb(port_base[port] + REG_IER, IER_RX);
	}
}

void uart_interrupt(void)
{
	u16 base = port_base[UART_COM1];

	if (port_dead[UART_COM1]) {
		return;
	}
	/* Bounded: a device that always says "ready" must not keep us here. */
	for (u32 i = 0; i < RX_RING_SIZE && (inb(base + REG_LSR) & LSR_RX_READY) != 0; i++) {
		u8 byte = inb(base + REG_DATA);
		u32 tail = __atomic_load_n(&rx.tail, __ATOMIC_ACQUIRE);

		if (rx.head - tail < RX_RING_SIZE) {
			rx.data[rx.head % RX_RING_SIZE] = byte;
			__atomic_store_n(&rx.head, rx.head + 1, __ATOMIC_RELEASE);
		}
	}
}

int uart_getc(void)
{
	u32 tail = rx.tail;

	if (!rx_interrupts) {
		uart_interrupt();
	}
	if (__atomic_load_n(&rx.head, __ATOMIC_ACQUIRE) == tail) {
		return -1;
	}
	u8 byte = rx.data[tail % RX_RING_SIZE];

	__atomic_store_n(&rx.tail, tail + 1, __ATOMIC_RELEASE);
	return byte;
}
