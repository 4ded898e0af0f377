// SPDX-License-Identifier: GPL-2.0-only
/*
 * The 8259A pair: initialisation, masks, priorities, EOI forms, poll, special fully nested order,
 * spurious interrupts, automatic EOI. Interrupts come from the PIT through LINT0 as ExtINT. Intel
 * 8259A data sheet.
 */
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"

#define BASE	      0x20
#define OCW3_READ_IRR 0x0a
#define OCW3_READ_ISR 0x0b
#define OCW3_POLL     0x0c

static volatile u32 hits[16];
static volatile bool auto_eoi;

static void on_irq(struct trap_frame *frame)
{
	u32 irq = (u32)frame->vector - BASE;

	hits[irq]++;
	if (!auto_eoi) {
		pic_eoi(irq);
	}
}

static u8 read_isr(u16 port)
{
	outb(port, OCW3_READ_ISR);
	return inb(port);
}

static u8 read_irr(u16 port)
{
	outb(port, OCW3_READ_IRR);
	return inb(port);
}

/* The PIT in mode 0 raises IRQ 0 once after `us` and leaves the line high. */
static void pit_once(u32 us)
{
	pit_mode(0, 0, (u16)(PIT_HZ / 1000 * us / 1000));
}

/* No request waits, and none comes before the PIT gets a count: a tick that was latched while it
 * was masked, on a slow day, would be taken for the one that a test waits for. */
static void pit_quiet(void)
{
	outb(0x43, 0x30);
	pic_mask(0xfffe);
	irq_window();
	pic_mask(0xffff);
}

static void test_masks(void)
{
	for (u32 v = 0; v < 256; v += 51) {
		pic_mask((u16)(v << 8 | (255 - v)));
		if (inb(0x21) != 255 - v || inb(0xa1) != v) {
			report(false, "mask registers", "%x %x", inb(0x21), inb(0xa1));
			return;
		}
	}
	report(true, "mask registers", "read back");
	pic_mask(0xffff);
}

static void test_timer(void)
{
	pic_mask(0xfffe);
	hits[0] = 0;
	pit_mode(0, 2, PIT_HZ / 100);
	wait_for_irq(hits[0] >= 5, 2000);
	report(hits[0] >= 5, "timer through ExtINT", "%u ticks", hits[0]);
	pic_mask(0xffff);
	irq_window();
	u32 before = hits[0];
	u64 end = clock_us() + 30000;
	wait_for_irq(clock_us() > end, 200);
	report(hits[0] == before, "mask holds back", "%u more", hits[0] - before);
	report((read_irr(0x20) & 1) != 0, "IRR shows the masked request", "IRR %x", read_irr(0x20));
	pic_mask(0xfffe);
	wait_for_irq(hits[0] > before, 1000);
	report(hits[0] > before, "unmask delivers it", "%u more", hits[0] - before);
	pic_mask(0xffff);
	irq_window();
}

static volatile u8 isr_seen;

static void on_irq_look(struct trap_frame *frame)
{
	(void)frame;
	isr_seen = read_isr(0x20);
	outb(0x20, 0x60); /* specific EOI of IRQ 0 */
	hits[0]++;
}

static void test_isr(void)
{
	pit_quiet();
	trap_handle(BASE, on_irq_look);
	hits[0] = 0;
	isr_seen = 0;
	pit_once(1000);
	pic_mask(0xfffe);
	wait_for_irq(hits[0] > 0, 1000);
	report(hits[0] == 1 && isr_seen == 1 && read_isr(0x20) == 0, "ISR and specific EOI",
	       "in service %x, after %x", isr_seen, read_isr(0x20));
	pic_mask(0xffff);
	trap_handle(BASE, on_irq);
}

static void test_poll(void)
{
	pit_quiet();
	pit_once(1000);
	pic_mask(0xfffe);
	wait_for((read_irr(0x20) & 1) != 0, 1000); /* interrupts are disabled */
	outb(0x20, OCW3_POLL);
	u8 polled = inb(0x20);
	report_pc(polled == 0x80 && read_isr(0x20) == 1, "poll acknowledges", "%x, ISR %x", polled,
		  read_isr(0x20));
	pic_eoi(0);
	outb(0x20, OCW3_POLL);
	polled = inb(0x20);
	report((polled & 0x80) == 0, "poll with nothing pending", "%x", polled);
	pic_mask(0xffff);
}

/* A request that goes away before the acknowledge gives IRQ 7 without an ISR bit. The PIT's line
 * falls when mode 0 is programmed again. */
static void test_spurious(void)
{
	pit_quiet();
	hits[0] = 0;
	hits[7] = 0;
	pit_once(500);
	pic_mask(0xfffe);
	wait_for((read_irr(0x20) & 1) != 0, 1000);
	pit_mode(0, 0, 0xffff);
	u8 irr = read_irr(0x20);
	irq_window();
	/* Edge mode: QEMU keeps the request, the data sheet wants the input high until the
	 * acknowledge. */
	report(hits[0] + hits[7] <= 1 && (hits[7] == 0 || read_isr(0x20) == 0), "withdrawn request",
	       "IRR %x, IRQ 0 %u, IRQ 7 %u", irr, hits[0], hits[7]);
	pic_mask(0xffff);
}

static void init_master(u8 icw4)
{
	outb(0x20, 0x11);
	outb(0x21, BASE);
	outb(0x21, 4);
	outb(0x21, icw4);
}

static void test_auto_eoi(void)
{
	init_master(3);
	auto_eoi = true;
	hits[0] = 0;
	pic_mask(0xfffe);
	pit_mode(0, 2, PIT_HZ / 200);
	wait_for_irq(hits[0] >= 3, 1000);
	report(hits[0] >= 3 && read_isr(0x20) == 0, "automatic EOI", "%u ticks without EOI",
	       hits[0]);
	pic_mask(0xffff);
	irq_window();
	auto_eoi = false;
	init_master(1);
	report(inb(0x21) == 0 && read_isr(0x20) == 0, "ICW1 clears mask and ISR", "mask %x ISR %x",
	       inb(0x21), read_isr(0x20));
	pic_mask(0xffff);
}

/* RTC (IRQ 8) through the slave and the cascade. */
static void test_slave(void)
{
	hits[8] = 0;
	outb(0x70, 0x0a);
	u8 a = inb(0x71);
	outb(0x70, 0x0a);
	outb(0x71, (u8)((a & 0xf0) | 6)); /* 1024 Hz */
	outb(0x70, 0x0b);
	u8 b = inb(0x71);
	outb(0x70, 0x0b);
	outb(0x71, b | 0x40);
	pic_mask(0xfefb);
	for (u32 i = 0; i < 5; i++) {
		u32 before = hits[8];
		outb(0x70, 0x0c);
		(void)inb(0x71);
		wait_for_irq(hits[8] > before, 500);
	}
	report(hits[8] >= 5, "slave through cascade", "%u interrupts of IRQ 8", hits[8]);
	report(read_isr(0x20) == 0 && read_isr(0xa0) == 0, "both EOIs", "ISR %x %x", read_isr(0x20),
	       read_isr(0xa0));
	outb(0x70, 0x0b);
	outb(0x71, b);
	pic_mask(0xffff);
}

void guest_main(void)
{
	for (u32 i = 0; i < 16; i++) {
		trap_handle((u8)(BASE + i), on_irq);
	}
	lapic_write(LAPIC_LVT_LINT0, LVT_EXTINT);
	test_masks();
	test_timer();
	test_isr();
	test_poll();
	test_spurious();
	test_auto_eoi();
	test_slave();
}
