// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOAPIC: registers, edge and level pins, masking, remote IRR, the PIT on its pin. Level interrupts
 * come from the UART's THR-empty interrupt wired to ISA IRQ 4, with the pin set to level mode.
 * 82093AA data sheet.
 */
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"

#define VEC_PIT	 0x45
#define VEC_UART 0x56
#define COM1	 0x3f8

static volatile u32 ticks, uart_irqs;
static u32 pit_pin, uart_pin;

static void on_pit(struct trap_frame *frame)
{
	(void)frame;
	ticks++;
	lapic_eoi();
}

static void settle(u64 us)
{
	u64 end = clock_us() + us;

	wait_for_irq(clock_us() >= end, us / 1000 + 100);
}

static void test_registers(void)
{
	u32 version = ioapic_read(1);
	u32 bad = 0;

	report((version & 0xff) >= 0x11 && (version & 0xff) <= 0x20, "version", "0x%x", version);
	report(ioapic_pins() >= 24, "pins", "%u", ioapic_pins());
	for (u32 i = 0; i < ioapic_pins(); i++) {
		bad += (ioapic_get(i) & IOAPIC_MASKED) == 0;
	}
	report(bad == 0, "masked at reset", "%u pins are not", bad);
	u64 entry = IOAPIC_DEST(5) | IOAPIC_MASKED | IOAPIC_LOW | 0x77;
	ioapic_set(20, entry);
	report(ioapic_get(20) == entry, "entry reads back", "%lx", ioapic_get(20));
	ioapic_set(20, IOAPIC_MASKED | BIT(12) | IOAPIC_REMOTE_IRR);
	report((ioapic_get(20) & (BIT(12) | IOAPIC_REMOTE_IRR)) == 0, "status bits are read-only",
	       "%lx", ioapic_get(20));
	u32 id = ioapic_read(0);
	ioapic_write(0, 0x5 << 24);
	report(ioapic_read(0) == 0x5u << 24, "id register", "0x%x", ioapic_read(0));
	ioapic_write(0, id);
}

static void test_pit_edge(void)
{
	trap_handle(VEC_PIT, on_pit);
	ticks = 0;
	ioapic_set(pit_pin, IOAPIC_DEST(lapic_id()) | VEC_PIT);
	pit_mode(0, 2, PIT_HZ / 200); /* 5 ms */
	u64 from = clock_us();
	wait_for_irq(ticks >= 10, 3000);
	u64 us = clock_us() - from;
	report(ticks >= 10 && us >= 40000, "PIT on its pin", "pin %u: 10 ticks of 5 ms in %lu us",
	       pit_pin, us);
	ioapic_set(pit_pin, IOAPIC_DEST(lapic_id()) | IOAPIC_MASKED | VEC_PIT);
	irq_window();
	u32 before = ticks;
	settle(20000);
	report(ticks == before, "mask", "%u more ticks", ticks - before);
	ioapic_set(pit_pin, IOAPIC_DEST(lapic_id()) | VEC_PIT);
	wait_for_irq(ticks > before, 1000);
	report(ticks > before, "unmask", "%u more ticks", ticks - before);
	ioapic_set(pit_pin, IOAPIC_DEST(lapic_id()) | VEC_PIT | 0x100); /* lowest priority */
	before = ticks;
	wait_for_irq(ticks > before, 1000);
	report_pc(ticks > before, "lowest-priority delivery", "%u more ticks", ticks - before);
	ioapic_set(pit_pin, IOAPIC_DEST(1) | BIT(11) | VEC_PIT); /* logical, flat: CPU 0 */
	before = ticks;
	wait_for_irq(ticks > before, 1000);
	report(ticks > before, "logical destination", "%u more ticks", ticks - before);
	ioapic_set(pit_pin, IOAPIC_MASKED);
	irq_window();
}

static volatile bool uart_quiet;

/* Leaves the line asserted until the third interrupt. */
static void on_uart(struct trap_frame *frame)
{
	(void)frame;
	uart_irqs++;
	if (uart_irqs >= 3) {
		outb(COM1 + 1, 0);
		uart_quiet = true;
	}
	lapic_eoi();
}

static volatile u64 irr_in_service;

static void on_uart_once(struct trap_frame *frame)
{
	(void)frame;
	uart_irqs++;
	irr_in_service = ioapic_get(uart_pin) & IOAPIC_REMOTE_IRR;
	outb(COM1 + 1, 0);
	lapic_eoi();
}

static void test_level(void)
{
	u64 entry = IOAPIC_DEST(lapic_id()) | IOAPIC_LEVEL | VEC_UART;
	bool masked_quiet;

	while ((inb(COM1 + 5) & 0x40) == 0) {
		cpu_relax();
	}
	trap_handle(VEC_UART, on_uart);
	outb(COM1 + 4, 0x0b); /* OUT2 connects the interrupt */
	uart_irqs = 0;
	ioapic_set(uart_pin, entry);
	outb(COM1 + 1, 2); /* THR empty */
	wait_for_irq(uart_quiet, 1000);
	settle(5000);
	u32 seen = uart_irqs;
	report_pc(seen == 3, "level repeats after EOI", "%u interrupts, 3 expected", seen);

	trap_handle(VEC_UART, on_uart_once);
	uart_irqs = 0;
	outb(COM1 + 1, 2);
	wait_for_irq(uart_irqs > 0, 1000);
	settle(2000);
	seen = uart_irqs;
	u64 after = ioapic_get(uart_pin);
	report_pc(irr_in_service != 0 && (after & IOAPIC_REMOTE_IRR) == 0, "remote IRR",
		  "in service %lx, after EOI %lx", irr_in_service,
		  (u64)(after & IOAPIC_REMOTE_IRR));
	report(seen == 1, "line dropped before EOI", "%u interrupts", seen);

	uart_irqs = 0;
	ioapic_set(uart_pin, entry | IOAPIC_MASKED);
	outb(COM1 + 1, 2);
	settle(2000);
	masked_quiet = uart_irqs == 0;
	ioapic_set(uart_pin, entry);
	wait_for_irq(uart_irqs > 0, 1000);
	seen = uart_irqs;
	outb(COM1 + 1, 0);
	report(masked_quiet && seen == 1, "unmask while asserted", "%u interrupts", seen);
	ioapic_set(uart_pin, IOAPIC_MASKED);
}

void guest_main(void)
{
	if (!report(ioapic_base() != 0, "in MADT", "base %lx", ioapic_base())) {
		return;
	}
	pit_pin = ioapic_isa_pin(0);
	uart_pin = ioapic_isa_pin(4);
	test_registers();
	test_pit_edge();
	test_level();
}
