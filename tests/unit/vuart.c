// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel/dev/vuart: registers, the probing sequences of stock drivers, interrupt priorities and
 * THRE semantics, FIFO levels and character timeout, loopback; and a random run in which no byte is
 * lost, doubled or reordered.
 */
#include "tests/unit/unit.h"
#include "kernel/dev/vuart.h"

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR };

static u8 in(struct vuart *d, u16 reg)
{
	return (u8)vuart_read(d, reg, 1, 0);
}

static void out(struct vuart *d, u16 reg, u8 value)
{
	vuart_write(d, reg, 1, value, 0);
}

static struct vuart fresh(void)
{
	struct vuart d;

	vuart_init(&d, 0);
	return d;
}

static void registers_after_reset(void **state)
{
	struct vuart d = fresh();

	(void)state;
	assert_int_equal(in(&d, IER), 0);
	assert_int_equal(in(&d, IIR), 0x01);
	assert_int_equal(in(&d, LCR), 0);
	assert_int_equal(in(&d, MCR), 0);
	assert_int_equal(in(&d, LSR), 0x60);
	assert_int_equal(in(&d, MSR), 0xb0);
	assert_false(vuart_irq(&d));
	for (int v = 0; v < 256; v++) {
		out(&d, SCR, (u8)v);
		assert_int_equal(in(&d, SCR), v);
	}
}

static void dlab_shows_the_divisor(void **state)
{
	struct vuart d = fresh();
	u8 byte;

	(void)state;
	out(&d, LCR, 0x83);
	out(&d, DATA, 0x34);
	out(&d, IER, 0x12);
	assert_int_equal(in(&d, DATA), 0x34);
	assert_int_equal(in(&d, IER), 0x12);
	out(&d, LCR, 0x03);
	assert_int_equal(in(&d, IER), 0);
	assert_false(vuart_tx_pop(&d, &byte));
}

/* The facts that drivers use to tell a 16550A from its relatives. */
static void is_recognised_as_16550a(void **state)
{
	struct vuart d = fresh();

	(void)state;
	out(&d, IER, 0);
	assert_int_equal(in(&d, IER), 0);
	out(&d, IER, 0xff);
	assert_int_equal(in(&d, IER), 0x0f); /* no sleep or other bits of later chips */
	out(&d, IER, 0);
	out(&d, MCR, 0x1a); /* loopback with RTS and OUT2 */
	assert_int_equal(in(&d, MSR) & 0xf0, 0x90);
	out(&d, MCR, 0);
	out(&d, IIR, 0x01);
	assert_int_equal(in(&d, IIR) >> 6, 3);
	out(&d, IIR, 0x21); /* 64-byte FIFO of the 16750: not here */
	assert_int_equal(in(&d, IIR) & 0x20, 0);
	out(&d, LCR, 0x80);
	assert_int_not_equal(in(&d, IIR), 0); /* where a 16650 has its EFR */
	out(&d, LCR, 0xbf);
	assert_int_not_equal(in(&d, IIR), 0);
	/* a National SuperIO would show MCR bits there */
	out(&d, LCR, 0xe0);
	assert_int_equal(in(&d, IIR) & 0x10, 0);
	out(&d, LCR, 0);
	out(&d, MCR, 0x10);
	out(&d, LCR, 0xe0);
	assert_int_equal(in(&d, IIR) & 0x10, 0);
}

static void thre_interrupt_comes_and_goes(void **state)
{
	struct vuart d = fresh();

	(void)state;
	out(&d, MCR, 0x08);
	/* enabling with an empty transmitter, every time */
	for (int i = 0; i < 3; i++) {
		out(&d, IER, 0x02);
		assert_true(vuart_irq(&d));
		assert_int_equal(in(&d, IIR), 0x02);
		assert_false(vuart_irq(&d));
		assert_int_equal(in(&d, IIR), 0x01);
		out(&d, IER, 0x02); /* not a rising edge of the enable bit */
		assert_false(vuart_irq(&d));
		out(&d, IER, 0x00);
		assert_false(vuart_irq(&d));
	}
	out(&d, IER, 0x02);
	assert_int_equal(in(&d, IIR), 0x02);
	for (u8 c = 'a'; c < 'e'; c++) {
		u8 sent;

		out(&d, DATA, c);
		assert_true(vuart_irq(&d));
		assert_true(vuart_tx_pop(&d, &sent));
		assert_int_equal(sent, c);
		assert_int_equal(in(&d, LSR), 0x60);
		assert_true(vuart_irq(&d)); /* LSR does not acknowledge it */
		assert_int_equal(in(&d, IIR), 0x02);
		assert_false(vuart_irq(&d));
	}
}

static void priorities_follow_the_table(void **state)
{
	struct vuart d = fresh();

	(void)state;
	out(&d, IIR, 0x41); /* FIFO on, trigger at 4 */
	out(&d, MCR, 0x10); /* modem lines change: delta bits */
	for (int i = 0; i < 17; i++) {
		out(&d, DATA, (u8)i); /* looped back, the last one overruns */
	}
	out(&d, MCR, 0x08);
	assert_false(vuart_irq(&d));
	out(&d, IER, 0x0f);
	assert_true(vuart_irq(&d));
	assert_int_equal(in(&d, IIR), 0xc6);
	assert_int_equal(in(&d, LSR), 0x63);
	assert_int_equal(in(&d, IIR), 0xc4);
	for (int i = 0; i < 13; i++) {
		assert_int_equal(in(&d, IIR), 0xc4);
		assert_int_equal(in(&d, DATA), i);
	}
	vuart_advance(&d, NSEC_PER_SEC * 100);
	assert_int_equal(in(&d, IIR), 0xcc);
	for (int i = 13; i < 16; i++) {
		assert_int_equal(in(&d, DATA), i);
	}
	assert_int_equal(in(&d, LSR), 0x60);
	assert_int_equal(in(&d, IIR), 0xc2);
	assert_int_equal(in(&d, IIR), 0xc0);
	assert_true(vuart_irq(&d));
	assert_int_equal(in(&d, MSR) & 0x0f, 0x0b);
	assert_int_equal(in(&d, IIR), 0xc1);
	assert_false(vuart_irq(&d));
}

static void fifo_trigger_levels(void **state)
{
	static const u8 levels[] = {1, 4, 8, 14};

	(void)state;
	for (u8 t = 0; t < 4; t++) {
		struct vuart d = fresh();

		out(&d, MCR, 0x08);
		out(&d, IIR, (u8)(t << 6 | 1));
		out(&d, IER, 0x01);
		for (u8 n = 1; n <= 16; n++) {
			assert_true(vuart_rx_push(&d, n, 0));
			assert_int_equal(vuart_irq(&d), n >= levels[t]);
		}
		assert_false(vuart_rx_push(&d, 17, 0));
		assert_int_equal(in(&d, LSR), 0x61); /* refusing is no overrun */
		out(&d, IIR, (u8)(t << 6 | 3));
		assert_int_equal(in(&d, LSR), 0x60);
		assert_false(vuart_irq(&d));
	}
}

static void without_fifo_one_byte_waits(void **state)
{
	struct vuart d = fresh();

	(void)state;
	assert_true(vuart_rx_push(&d, 'x', 0));
	assert_false(vuart_rx_push(&d, 'y', 0));
	assert_int_equal(in(&d, DATA), 'x');
	assert_true(vuart_rx_push(&d, 'y', 0));
	assert_true(vuart_deadline_ns(&d) == NEVER_NS);
	out(&d, IIR, 0x01); /* switching modes empties it */
	assert_int_equal(in(&d, LSR) & 1, 0);
	assert_int_equal(in(&d, DATA), 0);
}

static void character_timeout(void **state)
{
	struct vuart d = fresh();
	/* 115200 baud, 8N1: 4 characters of 10 bits */
	u64 start = 1000, timeout = 40ull * NSEC_PER_SEC / 115200;

	(void)state;
	out(&d, LCR, 0x83);
	out(&d, DATA, 1);
	out(&d, IER, 0);
	out(&d, LCR, 0x03);
	out(&d, IIR, 0xc1);
	out(&d, IER, 0x01);
	out(&d, MCR, 0x08);
	assert_true(vuart_deadline_ns(&d) == NEVER_NS);
	assert_true(vuart_rx_push(&d, 'a', start));
	assert_true(vuart_deadline_ns(&d) == start + timeout);
	start += 5000;
	assert_true(vuart_rx_push(&d, 'b', start));
	assert_true(vuart_deadline_ns(&d) == start + timeout);
	vuart_advance(&d, start + timeout - 1);
	assert_false(vuart_irq(&d));
	vuart_advance(&d, start + timeout);
	assert_true(vuart_irq(&d));
	assert_true(vuart_deadline_ns(&d) == NEVER_NS);
	assert_int_equal(vuart_read(&d, IIR, 1, start + timeout), 0xcc);
	/* a read starts it again for what is left */
	assert_int_equal(vuart_read(&d, DATA, 1, start + timeout), 'a');
	assert_false(vuart_irq(&d));
	assert_true(vuart_deadline_ns(&d) == start + 2 * timeout);
	assert_int_equal(vuart_read(&d, DATA, 1, start + 3 * timeout), 'b');
	assert_true(vuart_deadline_ns(&d) == NEVER_NS);
	assert_false(vuart_irq(&d));
}

/* 1,200 baud needs both divisor bytes: 8 data bits, parity, 2 stop bits make 12 bits. */
static void character_timeout_follows_the_line_settings(void **state)
{
	struct vuart d = fresh();

	(void)state;
	out(&d, LCR, 0x8f);
	vuart_write(&d, DATA, 2, 0x0160, 0); /* both bytes of divisor 352 at once */
	assert_int_equal(vuart_read(&d, DATA, 2, 0), 0x0160);
	out(&d, LCR, 0x0f);
	out(&d, IIR, 0x01);
	assert_true(vuart_rx_push(&d, 'a', 0));
	assert_true(vuart_deadline_ns(&d) == 4ull * 12 * 352 * NSEC_PER_SEC / 115200);
}

/* FCR's clear bits work with bit 0 only, and only on their own FIFO. */
static void fifo_control_clears_what_it_says(void **state)
{
	struct vuart d = fresh();

	(void)state;
	out(&d, IIR, 0x01);
	out(&d, IER, 0x02);
	assert_int_equal(in(&d, IIR), 0xc2);
	assert_true(vuart_rx_push(&d, 'a', 0));
	out(&d, IIR, 0x01);
	assert_int_equal(in(&d, LSR), 0x61);
	assert_int_equal(in(&d, IIR), 0xc1);
	out(&d, IIR, 0x05); /* the transmitter's: it becomes empty */
	assert_int_equal(in(&d, LSR), 0x61);
	assert_int_equal(in(&d, IIR), 0xc2);
	out(&d, IIR, 0x03);
	assert_int_equal(in(&d, LSR), 0x60);
	assert_int_equal(in(&d, IIR), 0xc1);
}

static void out2_gates_the_line(void **state)
{
	struct vuart d = fresh();

	(void)state;
	out(&d, IER, 0x02);
	assert_false(vuart_irq(&d));
	out(&d, MCR, 0x0b);
	assert_true(vuart_irq(&d));
	out(&d, MCR, 0x1b);
	assert_false(vuart_irq(&d));
}

static void loopback_keeps_bytes_inside(void **state)
{
	struct vuart d = fresh();
	u8 byte;

	(void)state;
	out(&d, MCR, 0x10);
	out(&d, DATA, 0x5a);
	assert_false(vuart_tx_pop(&d, &byte));
	assert_false(vuart_rx_push(&d, 1, 0));
	assert_int_equal(in(&d, LSR), 0x61);
	assert_int_equal(in(&d, DATA), 0x5a);
	(void)in(&d, MSR);
	for (u8 m = 0; m < 16; m++) {
		out(&d, MCR, 0x10 | m);
		assert_int_equal(in(&d, MSR) >> 4, (m & 2) >> 1 | (m & 1) << 1 | (m & 4) | (m & 8));
	}
	/* ring indicator: only its end is noticed */
	out(&d, MCR, 0x10);
	(void)in(&d, MSR);
	out(&d, MCR, 0x14);
	assert_int_equal(in(&d, MSR), 0x40);
	out(&d, MCR, 0x10);
	assert_int_equal(in(&d, MSR), 0x04);
}

static void caller_that_does_not_fetch_loses_and_knows(void **state)
{
	struct vuart d = fresh();
	u8 byte;
	int n = 0;

	(void)state;
	for (int i = 0; i < VUART_TX_BYTES + 5; i++) {
		out(&d, DATA, (u8)i);
	}
	assert_int_equal(d.tx_lost, 5);
	while (vuart_tx_pop(&d, &byte)) {
		assert_int_equal(byte, n++);
	}
	assert_int_equal(n, VUART_TX_BYTES);
	vuart_reset(&d, 0);
	assert_int_equal(d.tx_lost, 5);
}

static u64 random_state = 7;

static u32 random_below(u32 n)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(random_state >> 33) % n;
}

/* An interrupt-driven reader gets every byte in order, waiting for interrupts only. */
static void no_byte_is_lost_on_the_way_in(void **state)
{
	struct vuart d = fresh();
	u64 now = 0;
	u32 sent = 0, seen = 0;

	(void)state;
	out(&d, IIR, 0x81);
	out(&d, IER, 0x01);
	out(&d, MCR, 0x08);
	while (seen < 200000) {
		u32 burst = random_below(20);

		while (burst-- > 0 && vuart_rx_push(&d, (u8)sent, now)) {
			sent++;
		}
		if (!vuart_irq(&d) && random_below(2)) {
			u64 deadline = vuart_deadline_ns(&d);

			now = deadline == NEVER_NS ? now : deadline;
		}
		now += random_below(1000);
		vuart_advance(&d, now);
		if (!vuart_irq(&d)) {
			continue;
		}
		while (vuart_read(&d, LSR, 1, now) & 1) {
			assert_int_equal(vuart_read(&d, DATA, 1, now), (u8)seen);
			seen++;
		}
		assert_false(vuart_irq(&d));
	}
	assert_in_range(sent - seen, 0, 16);
}

static void any_access_is_harmless(void **state)
{
	struct vuart d = fresh();

	(void)state;
	for (int i = 0; i < 500000; i++) {
		u16 offset = (u16)random_below(random_below(20) ? 8 : 0x10000);
		u8 size = (u8)(random_below(10) ? 1 + random_below(4) : random_below(256));
		u64 now = (u64)i * random_below(100000);
		u8 byte;

		switch (random_below(4)) {
		case 0:
			(void)vuart_read(&d, offset, size, now);
			break;
		case 1:
			vuart_write(&d, offset, size, random_below(0x7fffffff), now);
			break;
		case 2:
			(void)vuart_rx_push(&d, (u8)i, now);
			break;
		default:
			(void)vuart_tx_pop(&d, &byte);
			break;
		}
		assert_in_range(d.rx_count, 0, VUART_FIFO_BYTES);
		assert_in_range(d.tx_count, 0, VUART_TX_BYTES);
	}
	assert_int_equal(vuart_read(&d, 8, 1, 0), 0xff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers_after_reset),
		cmocka_unit_test(dlab_shows_the_divisor),
		cmocka_unit_test(is_recognised_as_16550a),
		cmocka_unit_test(thre_interrupt_comes_and_goes),
		cmocka_unit_test(priorities_follow_the_table),
		cmocka_unit_test(fifo_trigger_levels),
		cmocka_unit_test(without_fifo_one_byte_waits),
		cmocka_unit_test(character_timeout),
		cmocka_unit_test(character_timeout_follows_the_line_settings),
		cmocka_unit_test(fifo_control_clears_what_it_says),
		cmocka_unit_test(out2_gates_the_line),
		cmocka_unit_test(loopback_keeps_bytes_inside),
		cmocka_unit_test(caller_that_does_not_fetch_loses_and_knows),
		cmocka_unit_test(no_byte_is_lost_on_the_way_in),
		cmocka_unit_test(any_access_is_harmless),
	};

	return cmocka_run_group_tests_name("vuart", tests, NULL, NULL);
}
