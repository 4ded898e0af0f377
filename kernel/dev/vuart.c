// SPDX-License-Identifier: GPL-2.0-only
/*
 * 16550A. Interrupt state is derived from the registers where it can be; stored are only the two
 * conditions that depend on history: THR-empty (set by becoming empty, cleared by being seen in
 * IIR) and the character timeout.
 */
#include "kernel/dev/vuart.h"

#include "kernel/lib/string.h"

enum { REG_DATA, REG_IER, REG_IIR_FCR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCR, REG_COUNT };

/* PC16550D table II. */
#define IER_RX		 0x01
#define IER_THRE	 0x02
#define IER_LINE	 0x04
#define IER_MODEM	 0x08
#define IER_STORED	 0x0f

#define IIR_NONE	 0x01
#define IIR_MODEM	 0x00
#define IIR_THRE	 0x02
#define IIR_RX		 0x04
#define IIR_LINE	 0x06
#define IIR_TIMEOUT	 0x0c
#define IIR_FIFO	 0xc0

#define FCR_ENABLE	 0x01
#define FCR_CLEAR_RX	 0x02
#define FCR_CLEAR_TX	 0x04
#define FCR_TRIGGER(fcr) ((fcr) >> 6)
#define FCR_STORED	 0xc9 /* the clear bits do not stay */

#define LCR_LENGTH(lcr)	 (5 + ((lcr)&3))
#define LCR_STOP2	 0x04
#define LCR_PARITY	 0x08
#define LCR_DLAB	 0x80

#define MCR_DTR		 0x01
#define MCR_RTS		 0x02
#define MCR_OUT1	 0x04
#define MCR_OUT2	 0x08
#define MCR_LOOP	 0x10
#define MCR_STORED	 0x1f

#define LSR_DATA	 0x01
#define LSR_OVERRUN	 0x02
#define LSR_THRE	 0x20
#define LSR_TEMT	 0x40

#define MSR_DCTS	 0x01
#define MSR_DDSR	 0x02
#define MSR_TERI	 0x04
#define MSR_DDCD	 0x08
#define MSR_DELTAS	 0x0f
#define MSR_CTS		 0x10
#define MSR_DSR		 0x20
#define MSR_RI		 0x40
#define MSR_DCD		 0x80
/* What the connected line end shows. */
#define MSR_CONNECTED	 (MSR_CTS | MSR_DSR | MSR_DCD)

/* Crystal / 16: bits per second at divisor 1. */
#define BAUD_BASE	 115200u
/* The character timeout is four character times (PC16550D section 8.4.2). */
#define TIMEOUT_CHARS	 4

/* --- receive and transmit ring ---------------------------------------------------------------- */

static u8 rx_capacity(const struct vuart *d)
{
	return d->fcr & FCR_ENABLE ? VUART_FIFO_BYTES : 1;
}

static u8 rx_trigger(const struct vuart *d)
{
	static const u8 levels[] = {1, 4, 8, 14};

	return d->fcr & FCR_ENABLE ? levels[FCR_TRIGGER(d->fcr)] : 1;
}

static void rx_clear(struct vuart *d)
{
	d->rx_count = d->rx_first = 0;
	d->timeout_pending = false;
}

static bool rx_add(struct vuart *d, u8 byte, u64 now_ns)
{
	if (d->rx_count >= rx_capacity(d)) {
		return false;
	}
	d->rx[(d->rx_first + d->rx_count) % VUART_FIFO_BYTES] = byte;
	d->rx_count++;
	d->rx_touched_ns = now_ns;
	d->timeout_pending = false;
	return true;
}

static u8 rx_remove(struct vuart *d, u64 now_ns)
{
	u8 byte = d->rx[d->rx_first];

	if (d->rx_count == 0) {
		return 0;
	}
	d->rx_first = (u8)((d->rx_first + 1) % VUART_FIFO_BYTES);
	d->rx_count--;
	d->rx_touched_ns = now_ns;
	d->timeout_pending = false;
	return byte;
}

static void transmit(struct vuart *d, u8 byte, u64 now_ns)
{
	if (d->mcr & MCR_LOOP) {
		if (!rx_add(d, byte, now_ns)) {
			d->lsr_errors |= LSR_OVERRUN;
		}
	} else if (d->tx_count < VUART_TX_BYTES) {
		d->tx[(d->tx_first + d->tx_count) % VUART_TX_BYTES] = byte;
		d->tx_count++;
	} else {
		d->tx_lost++;
	}
	d->thre_pending = true; /* sent at once: empty again */
}

bool vuart_rx_push(struct vuart *d, u8 byte, u64 now_ns)
{
	return !(d->mcr & MCR_LOOP) && rx_add(d, byte, now_ns);
}

bool vuart_tx_pop(struct vuart *d, u8 *byte)
{
	if (d->tx_count == 0) {
		return false;
	}
	*byte = d->tx[d->tx_first];
	d->tx_first = (u8)((d->tx_first + 1) % VUART_TX_BYTES);
	d->tx_count--;
	return true;
}

/* --- interrupts ------------------------------------------------------------------------------- */

/* The pending source of the highest priority (PC16550D table IV). */
static u8 interrupt_source(const struct vuart *d)
{
	if ((d->ier & IER_LINE) && d->lsr_errors != 0) {
		return IIR_LINE;
	}
	if ((d->ier & IER_RX) && d->rx_count >= rx_trigger(d)) {
		return IIR_RX;
	}
	if ((d->ier & IER_RX) && d->timeout_pending) {
		return IIR_TIMEOUT;
	}
	if ((d->ier & IER_THRE) && d->thre_pending) {
		return IIR_THRE;
	}
	if ((d->ier & IER_MODEM) && (d->msr & MSR_DELTAS)) {
		return IIR_MODEM;
	}
	return IIR_NONE;
}

bool vuart_irq(const struct vuart *d)
{
	return (d->mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2 && interrupt_source(d) != IIR_NONE;
}

/* Four times start bit, data, parity and stop bits at the programmed speed. */
static u64 timeout_ns(const struct vuart *d)
{
	u32 bits = 1 + LCR_LENGTH(d->lcr) + (d->lcr & LCR_PARITY ? 1 : 0) +
		   (d->lcr & LCR_STOP2 ? 2 : 1);
	u32 divisor = MAX((u32)(d->dlm << 8 | d->dll), 1u);

	return TIMEOUT_CHARS * bits * divisor * NSEC_PER_SEC / BAUD_BASE;
}

u64 vuart_deadline_ns(const struct vuart *d)
{
	if (!(d->fcr & FCR_ENABLE) || d->rx_count == 0 || d->timeout_pending) {
		return NEVER_NS;
	}
	return d->rx_touched_ns + timeout_ns(d);
}

void vuart_advance(struct vuart *d, u64 now_ns)
{
	if (now_ns >= vuart_deadline_ns(d)) {
		d->timeout_pending = true;
	}
}

/* --- registers -------------------------------------------------------------------------------- */

/* Modem inputs after MCR changed; in loopback they are the modem outputs (PC16550D section 8.6). */
static void modem_update(struct vuart *d)
{
	u8 old = d->msr, now = MSR_CONNECTED;

	if (d->mcr & MCR_LOOP) {
		now = (u8)((d->mcr & MCR_RTS ? MSR_CTS : 0) | (d->mcr & MCR_DTR ? MSR_DSR : 0) |
			   (d->mcr & MCR_OUT1 ? MSR_RI : 0) | (d->mcr & MCR_OUT2 ? MSR_DCD : 0));
	}
	d->msr =
		(u8)(now | (old & MSR_DELTAS) | ((old ^ now) & MSR_CTS ? MSR_DCTS : 0) |
		     ((old ^ now) & MSR_DSR ? MSR_DDSR : 0) | (old & ~now & MSR_RI ? MSR_TERI : 0) |
		     ((old ^ now) & MSR_DCD ? MSR_DDCD : 0));
}

static u8 read_iir(struct vuart *d)
{
	u8 source = interrupt_source(d);

	if (source == IIR_THRE) {
		d->thre_pending = false; /* seeing it acknowledges it */
	}
	return (u8)(source | (d->fcr & FCR_ENABLE ? IIR_FIFO : 0));
}

static u8 read_lsr(struct vuart *d)
{
	u8 value = (u8)(LSR_THRE | LSR_TEMT | d->lsr_errors | (d->rx_count != 0 ? LSR_DATA : 0));

	d->lsr_errors = 0;
	return value;
}

static u8 read_msr(struct vuart *d)
{
	u8 value = d->msr;

	d->msr &= (u8)~MSR_DELTAS;
	return value;
}

static u8 read_register(struct vuart *d, u32 reg, u64 now_ns)
{
	bool dlab = d->lcr & LCR_DLAB;

	switch (reg) {
	case REG_DATA:
		return dlab ? d->dll : rx_remove(d, now_ns);
	case REG_IER:
		return dlab ? d->dlm : d->ier;
	case REG_IIR_FCR:
		return read_iir(d);
	case REG_LCR:
		return d->lcr;
	case REG_MCR:
		return d->mcr;
	case REG_LSR:
		return read_lsr(d);
	case REG_MSR:
		return read_msr(d);
	case REG_SCR:
		return d->scr;
	default:
		return 0xff;
	}
}

static void write_ier(struct vuart *d, u8 value)
{
	/* Enabling the interrupt while the transmitter is empty makes it due (PC16550D 8.4.1). */
	if (value & ~d->ier & IER_THRE) {
		d->thre_pending = true;
	}
	d->ier = value & IER_STORED;
}

static void write_fcr(struct vuart *d, u8 value)
{
	/* Changing between the modes empties both FIFOs; other bits count only with bit 0 set. */
	bool changed = (value ^ d->fcr) & FCR_ENABLE;

	if (changed || ((value & FCR_ENABLE) && (value & FCR_CLEAR_RX))) {
		rx_clear(d);
	}
	if ((value & FCR_ENABLE) && (value & FCR_CLEAR_TX)) {
		d->thre_pending = true;
	}
	d->fcr = value & FCR_ENABLE ? value & FCR_STORED : 0;
}

static void write_register(struct vuart *d, u32 reg, u8 value, u64 now_ns)
{
	bool dlab = d->lcr & LCR_DLAB;

	switch (reg) {
	case REG_DATA:
		if (dlab) {
			d->dll = value;
		} else {
			transmit(d, value, now_ns);
		}
		break;
	case REG_IER:
		if (dlab) {
			d->dlm = value;
		} else {
			write_ier(d, value);
		}
		break;
	case REG_IIR_FCR:
		write_fcr(d, value);
		break;
	case REG_LCR:
		d->lcr = value;
		break;
	case REG_MCR:
		d->mcr = value & MCR_STORED;
		modem_update(d);
		break;
	case REG_SCR:
		d->scr = value;
		break;
	default:
		break;
	}
}

u32 vuart_read(struct vuart *d, u16 offset, u8 size, u64 now_ns)
{
	u32 value = 0;

	vuart_advance(d, now_ns);
	for (u32 i = 0; i < size && i < sizeof(value); i++) {
		value |= (u32)read_register(d, offset + i, now_ns) << (8 * i);
	}
	return value;
}

void vuart_write(struct vuart *d, u16 offset, u8 size, u32 value, u64 now_ns)
{
	vuart_advance(d, now_ns);
	for (u32 i = 0; i < size && i < sizeof(value); i++) {
		write_register(d, offset + i, (u8)(value >> (8 * i)), now_ns);
	}
}

/* --- life ------------------------------------------------------------------------------------- */

void vuart_init(struct vuart *d, u64 now_ns)
{
	memset(d, 0, sizeof(*d));
	vuart_reset(d, now_ns);
}

void vuart_reset(struct vuart *d, u64 now_ns)
{
	u64 lost = d->tx_lost;

	memset(d, 0, sizeof(*d));
	d->tx_lost = lost;
	d->rx_touched_ns = now_ns;
	d->dll = 12; /* 9,600 baud, as firmware leaves it */
	d->msr = MSR_CONNECTED;
}
