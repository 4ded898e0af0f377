// SPDX-License-Identifier: GPL-2.0-only
/*
 * The second 16550 UART (COM2, where there is one, else COM1): registers, loopback, FIFO,
 * interrupts. PC16550D data sheet. Loopback keeps the test bytes off the line.
 */
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"

#define VEC_UART 0x57
enum { RBR = 0, IER = 1, IIR = 2, FCR = 2, LCR = 3, MCR = 4, LSR = 5, MSR = 6, SCR = 7 };

static u16 base;
static u32 irq;
static volatile u32 irqs;
static volatile u8 last_iir;

static u8 reg(u32 r)
{
	return inb((u16)(base + r));
}

static void set_reg(u32 r, u8 v)
{
	outb((u16)(base + r), v);
}

static void on_uart(struct trap_frame *frame)
{
	(void)frame;
	irqs++;
	last_iir = reg(IIR);
	if ((last_iir & 0x0e) == 4 || (last_iir & 0x0e) == 0xc) {
		(void)reg(RBR);
	}
	lapic_eoi();
}

static bool present(u16 port)
{
	outb((u16)(port + SCR), 0x5a);
	return inb((u16)(port + SCR)) == 0x5a;
}

static void test_registers(void)
{
	u8 lcr = reg(LCR);

	set_reg(SCR, 0xa5);
	report(reg(SCR) == 0xa5, "scratch register", "%x", reg(SCR));
	set_reg(LCR, lcr | 0x80);
	u8 low = reg(0), high = reg(1);
	set_reg(0, 0x34);
	set_reg(1, 0x12);
	report(reg(0) == 0x34 && reg(1) == 0x12, "divisor latch", "%x %x", reg(0), reg(1));
	set_reg(0, low);
	set_reg(1, high);
	set_reg(LCR, lcr);
	set_reg(IER, 0x0f);
	report(reg(IER) == 0x0f, "interrupt enable", "%x", reg(IER));
	set_reg(IER, 0xf0);
	report((reg(IER) & 0xf0) == 0, "IER reserved bits", "%x", reg(IER));
	set_reg(IER, 0);
	set_reg(FCR, 0);
	report((reg(IIR) & 0xc0) == 0, "FIFO off in IIR", "%x", reg(IIR));
	set_reg(FCR, 7);
	report((reg(IIR) & 0xc0) == 0xc0, "FIFO on in IIR", "%x", reg(IIR));
	report((reg(LSR) & 0x60) == 0x60, "transmitter empty", "LSR %x", reg(LSR));
}

static bool echo(u8 c)
{
	set_reg(RBR, c);
	return wait_for((reg(LSR) & 1) != 0, 500) && reg(RBR) == c;
}

static void test_loopback(void)
{
	u32 good = 0;

	set_reg(MCR, 0x10);
	for (u32 c = 0; c < 256; c += 17) {
		good += echo((u8)c);
	}
	report(good == 16, "loopback", "%u of 16 bytes", good);
	set_reg(MCR, 0x1f);
	report((reg(MSR) & 0xf0) == 0xf0, "loopback of modem lines", "MSR %x", reg(MSR));
	set_reg(MCR, 0x10);
	report((reg(MSR) & 0xff) == 0x0f || (reg(MSR) & 0xf0) == 0, "modem lines fall", "MSR %x",
	       reg(MSR));
	report((reg(MSR) & 0x0f) == 0, "MSR deltas clear on read", "MSR %x", reg(MSR));
}

static void test_fifo(void)
{
	u32 good = 0;

	set_reg(FCR, 7);
	for (u32 i = 0; i < 8; i++) {
		set_reg(RBR, (u8)(0x30 + i));
		wait_for((reg(LSR) & 0x40) != 0, 500);
	}
	for (u32 i = 0; i < 8; i++) {
		good += wait_for((reg(LSR) & 1) != 0, 500) && reg(RBR) == 0x30 + i;
	}
	report(good == 8, "FIFO keeps order", "%u of 8", good);
	set_reg(RBR, 1);
	wait_for((reg(LSR) & 1) != 0, 500);
	set_reg(FCR, 3);
	report((reg(LSR) & 1) == 0, "FIFO reset", "LSR %x", reg(LSR));
}

static void test_interrupts(void)
{
	u32 pin = ioapic_isa_pin(irq);

	trap_handle(VEC_UART, on_uart);
	ioapic_set(pin, IOAPIC_DEST(lapic_id()) | VEC_UART);
	/* In loopback OUT2 is cut off from the interrupt gate on some parts: leave it. */
	set_reg(MCR, 0x08);
	irqs = 0;
	set_reg(IER, 2);
	wait_for_irq(irqs > 0, 500);
	report(irqs == 1 && (last_iir & 0x0f) == 2, "THR-empty interrupt", "%u, IIR %x", irqs,
	       last_iir);
	set_reg(IER, 0);
	/* In loopback OUT2 is off and with it, on a PC, the line; the UART itself shows the cause.
	 */
	set_reg(MCR, 0x10);
	set_reg(FCR, 1);
	set_reg(IER, 1);
	set_reg(RBR, 0x77);
	wait_for((reg(LSR) & 1) != 0, 500);
	clock_delay_us(5000);
	u8 iir = reg(IIR);
	report((iir & 0x0f) == 4 || (iir & 0x0f) == 0xc, "received-data cause", "IIR %x", iir);
	(void)reg(RBR);
	set_reg(IER, 0);
	set_reg(MCR, 0);
	report((reg(IIR) & 1) == 1, "no interrupt pending", "IIR %x", reg(IIR));
	ioapic_set(pin, IOAPIC_MASKED);
}

void guest_main(void)
{
	base = present(0x2f8) ? 0x2f8 : 0x3f8;
	irq = base == 0x2f8 ? 3 : 4;
	print("UART at 0x%x\n", base);
	if (base == 0x3f8) {
		report_skip("uart", "no second UART, and the first carries this report");
		return;
	}
	set_reg(LCR, 3);
	test_registers();
	test_loopback();
	test_fifo();
	test_interrupts();
}
