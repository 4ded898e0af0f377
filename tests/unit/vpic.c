// SPDX-License-Identifier: GPL-2.0-only
/* kernel/dev/vpic: the 8259A pair, section by section of the data sheet, and a random walk against
 * a model of the fully nested mode. */
#include "tests/unit/unit.h"
#include "tests/unit/rng.h"
#include "kernel/dev/vpic.h"

static void wr(struct vpic *p, u16 port, u8 value)
{
	vpic_write(p, port, value);
	vpic_check(p);
}

/* As a PC's firmware or kernel does: master from 20h, slave from 28h, all lines open. */
static struct vpic pic_with(u8 master_icw4, u8 slave_icw4)
{
	struct vpic p;

	vpic_init(&p);
	wr(&p, 0x20, 0x11);
	wr(&p, 0x21, 0x20);
	wr(&p, 0x21, 0x04);
	wr(&p, 0x21, master_icw4);
	wr(&p, 0xa0, 0x11);
	wr(&p, 0xa1, 0x28);
	wr(&p, 0xa1, 0x02);
	wr(&p, 0xa1, slave_icw4);
	return p;
}

static struct vpic pic(void)
{
	return pic_with(0x01, 0x01);
}

static void pulse(struct vpic *p, u32 line)
{
	vpic_set_line(p, line, true);
	vpic_set_line(p, line, false);
	vpic_check(p);
}

/* Acknowledges; peek must have told. */
static u8 ack(struct vpic *p)
{
	u8 expected = vpic_peek_vector(p), vector = vpic_ack(p);

	assert_int_equal(vector, expected);
	vpic_check(p);
	return vector;
}

static u8 isr(struct vpic *p, u16 port)
{
	wr(p, port, 0x0b);
	return vpic_read(p, port);
}

static u8 irr(struct vpic *p, u16 port)
{
	wr(p, port, 0x0a);
	return vpic_read(p, port);
}

static void power_on(void **state)
{
	(void)state;
	struct vpic p;

	vpic_init(&p);
	vpic_check(&p);
	for (u32 line = 0; line < VPIC_LINES; line++) {
		pulse(&p, line);
	}
	assert_false(vpic_output(&p));
	/* Masks can be written and read before any ICW: how kernels probe for the chip. */
	wr(&p, 0x21, 0xfb);
	assert_int_equal(vpic_read(&p, 0x21), 0xfb);
	assert_int_equal(vpic_read(&p, 0xa1), 0xff);
	assert_int_equal(vpic_read(&p, 0x22), 0xff);
	for (u32 port = 0; port < 0x10000; port++) {
		bool ours = port == 0x20 || port == 0x21 || port == 0xa0 || port == 0xa1 ||
			    port == 0x4d0 || port == 0x4d1;

		assert_int_equal(vpic_owns_port((u16)port), ours);
	}
}

static void every_line_has_its_vector(void **state)
{
	(void)state;
	for (u32 line = 0; line < VPIC_LINES; line++) {
		struct vpic p = pic();

		pulse(&p, line);
		if (line == 2) {
			assert_false(vpic_output(&p));
			continue;
		}
		assert_true(vpic_is_requested(&p, line));
		assert_true(vpic_output(&p));
		assert_int_equal(ack(&p), 0x20 + line);
		assert_false(vpic_is_requested(&p, line));
		assert_false(vpic_output(&p));
		assert_int_equal(isr(&p, 0x20), line < 8 ? 1u << line : 4);
		assert_int_equal(isr(&p, 0xa0), line < 8 ? 0 : 1u << (line - 8));
		if (line >= 8) {
			wr(&p, 0xa0, 0x20);
		}
		wr(&p, 0x20, 0x20);
		assert_int_equal(isr(&p, 0x20) | isr(&p, 0xa0), 0);
	}
}

static void edges_need_to_rise_again(void **state)
{
	(void)state;
	struct vpic p = pic();

	vpic_set_line(&p, 4, true);
	assert_int_equal(ack(&p), 0x24);
	wr(&p, 0x20, 0x20);
	vpic_set_line(&p, 4, true);
	assert_false(vpic_output(&p));
	vpic_set_line(&p, 4, false);
	vpic_set_line(&p, 4, true);
	assert_true(vpic_output(&p));
	/* A fallen line does not take the request back. */
	vpic_set_line(&p, 4, false);
	assert_int_equal(ack(&p), 0x24);
}

/* 82371SB: ELCR. */
static void levels_follow_their_lines(void **state)
{
	(void)state;
	struct vpic p = pic();

	wr(&p, 0x4d0, 0xff);
	wr(&p, 0x4d1, 0xff);
	assert_int_equal(vpic_read(&p, 0x4d0), 0xf8);
	assert_int_equal(vpic_read(&p, 0x4d1), 0xde);
	vpic_set_line(&p, 11, true);
	assert_int_equal(ack(&p), 0x2b);
	assert_false(vpic_output(&p));
	/* Still asserted at EOI: again. */
	wr(&p, 0xa0, 0x20);
	wr(&p, 0x20, 0x20);
	assert_true(vpic_output(&p));
	/* Released before INTA: the master finds nothing and gives level 7, with no ISR bit. */
	vpic_set_line(&p, 11, false);
	assert_false(vpic_output(&p));
	assert_int_equal(ack(&p), 0x27);
	assert_int_equal(isr(&p, 0x20), 0);
	/* To edge mode: the level is no edge. And back. */
	vpic_set_line(&p, 5, true);
	wr(&p, 0x4d0, 0);
	assert_false(vpic_output(&p));
	wr(&p, 0x4d0, 0x20);
	assert_true(vpic_output(&p));
}

/* "Fully nested mode". */
static void nesting(void **state)
{
	(void)state;
	struct vpic p = pic();

	pulse(&p, 4);
	assert_int_equal(ack(&p), 0x24);
	pulse(&p, 6);
	pulse(&p, 4);
	assert_false(vpic_output(&p));
	pulse(&p, 1);
	assert_int_equal(ack(&p), 0x21);
	assert_int_equal(isr(&p, 0x20), 0x12);
	assert_int_equal(irr(&p, 0x20), 0x50);
	wr(&p, 0x20, 0x20); /* ends 1 */
	assert_int_equal(isr(&p, 0x20), 0x10);
	wr(&p, 0x20, 0x64); /* specific: 4 */
	assert_int_equal(ack(&p), 0x24);
	wr(&p, 0x20, 0x20);
	assert_int_equal(ack(&p), 0x26);
	wr(&p, 0x20, 0x66);
	assert_int_equal(isr(&p, 0x20), 0);
	/* EOI of nothing. */
	wr(&p, 0x20, 0x20);
	wr(&p, 0x20, 0x63);
	assert_int_equal(isr(&p, 0x20), 0);
}

static void cascade_nesting(void **state)
{
	(void)state;
	struct vpic p = pic();

	pulse(&p, 12);
	assert_int_equal(irr(&p, 0x20), 4);
	assert_int_equal(ack(&p), 0x2c);
	/* A better slave request is locked out by the master's ISR bit 2 ... */
	pulse(&p, 8);
	assert_false(vpic_output(&p));
	/* ... until both are ended. */
	wr(&p, 0xa0, 0x20);
	assert_false(vpic_output(&p));
	wr(&p, 0x20, 0x20);
	assert_int_equal(ack(&p), 0x28);
	wr(&p, 0xa0, 0x20);
	wr(&p, 0x20, 0x20);
	/* Masked at the master. */
	wr(&p, 0x21, 0x04);
	pulse(&p, 8);
	assert_false(vpic_output(&p));
	/* Withdrawn by masking at the slave: spurious. */
	wr(&p, 0x21, 0);
	assert_true(vpic_output(&p));
	wr(&p, 0xa1, 0xff);
	assert_int_equal(ack(&p), 0x27);
	wr(&p, 0xa1, 0);
	assert_int_equal(ack(&p), 0x28);
}

/* "The special fully nested mode". */
static void special_fully_nested(void **state)
{
	(void)state;
	struct vpic p = pic_with(0x11, 0x01);

	pulse(&p, 12);
	assert_int_equal(ack(&p), 0x2c);
	pulse(&p, 13);
	pulse(&p, 4);
	assert_false(vpic_output(&p));
	pulse(&p, 9);
	assert_int_equal(ack(&p), 0x29);
	assert_int_equal(isr(&p, 0xa0), 0x12);
	/* The handler looks whether the slave is done before it ends the master. */
	wr(&p, 0xa0, 0x20);
	assert_int_equal(isr(&p, 0xa0), 0x10);
	wr(&p, 0xa0, 0x20);
	assert_int_equal(isr(&p, 0xa0), 0);
	assert_int_equal(ack(&p), 0x2d);
	wr(&p, 0xa0, 0x20);
	wr(&p, 0x20, 0x20);
	assert_int_equal(ack(&p), 0x24);
}

/* "Automatic EOI mode" and "Automatic rotation". */
static void automatic_eoi(void **state)
{
	(void)state;
	struct vpic p = pic_with(0x03, 0x03);

	pulse(&p, 3);
	pulse(&p, 9);
	assert_int_equal(ack(&p), 0x29);
	assert_int_equal(ack(&p), 0x23);
	assert_int_equal(isr(&p, 0x20) | isr(&p, 0xa0), 0);
	assert_int_equal(p.master.lowest, 7); /* no rotation unless asked for */
	wr(&p, 0x20, 0x80);		      /* rotate in automatic EOI mode: set */
	pulse(&p, 3);
	assert_int_equal(ack(&p), 0x23);
	pulse(&p, 3);
	pulse(&p, 4);
	pulse(&p, 1);
	assert_int_equal(ack(&p), 0x24); /* 3 is lowest now, 4 first */
	assert_int_equal(ack(&p), 0x21);
	wr(&p, 0x20, 0x00); /* clear */
	assert_int_equal(ack(&p), 0x23);
	pulse(&p, 1);
	pulse(&p, 3);
	assert_int_equal(ack(&p), 0x23); /* lowest stays 1 */
}

/* "Equal priority devices" and "Specific rotation". */
static void rotation(void **state)
{
	(void)state;
	struct vpic p = pic();

	pulse(&p, 4);
	pulse(&p, 6);
	assert_int_equal(ack(&p), 0x24);
	wr(&p, 0x20, 0xa0); /* rotate on non-specific EOI: 4 is lowest */
	assert_int_equal(isr(&p, 0x20), 0);
	pulse(&p, 4);
	pulse(&p, 5);
	assert_int_equal(ack(&p), 0x25);
	wr(&p, 0x20, 0xe5); /* rotate on specific EOI: 5 is lowest */
	assert_int_equal(ack(&p), 0x26);
	wr(&p, 0x20, 0x20);
	assert_int_equal(ack(&p), 0x24);
	wr(&p, 0x20, 0x20);
	wr(&p, 0x20, 0xc0); /* set priority: 0 is lowest, 1 first */
	pulse(&p, 0);
	pulse(&p, 7);
	pulse(&p, 1);
	assert_int_equal(ack(&p), 0x21);
	wr(&p, 0x20, 0x40); /* no operation */
	assert_int_equal(isr(&p, 0x20), 2);
	wr(&p, 0x20, 0x20);
	assert_int_equal(ack(&p), 0x27);
	wr(&p, 0x20, 0x20);
	assert_int_equal(ack(&p), 0x20);
}

/* "Special mask mode". */
static void special_mask(void **state)
{
	(void)state;
	struct vpic p = pic();

	pulse(&p, 3);
	assert_int_equal(ack(&p), 0x23);
	pulse(&p, 6);
	assert_false(vpic_output(&p));
	wr(&p, 0x21, 0x08);
	assert_false(vpic_output(&p));
	wr(&p, 0x20, 0x68);
	assert_int_equal(ack(&p), 0x26);
	/* Non-specific EOI ends 6 and never the masked 3. */
	wr(&p, 0x20, 0x20);
	assert_int_equal(isr(&p, 0x20), 0x08);
	wr(&p, 0x20, 0x20);
	assert_int_equal(isr(&p, 0x20), 0x08);
	wr(&p, 0x20, 0x63);
	assert_int_equal(isr(&p, 0x20), 0);
	/* ESMM clear: SMM is ignored; ESMM alone: off. */
	wr(&p, 0x20, 0x28);
	assert_true(p.master.special_mask);
	wr(&p, 0x20, 0x48);
	assert_false(p.master.special_mask);
}

/* "Poll command". */
static void poll(void **state)
{
	(void)state;
	struct vpic p = pic();

	wr(&p, 0x20, 0x0c);
	assert_int_equal(vpic_read(&p, 0x20), 0);
	pulse(&p, 5);
	wr(&p, 0x20, 0x0c);
	assert_int_equal(vpic_read(&p, 0x20), 0x85);
	assert_int_equal(isr(&p, 0x20), 0x20);
	wr(&p, 0x20, 0x20);
	/* The other port polls too, and one read ends the command. */
	pulse(&p, 9);
	wr(&p, 0x20, 0x0c);
	assert_int_equal(vpic_read(&p, 0x21), 0x82);
	wr(&p, 0x21, 0x40);
	assert_int_equal(vpic_read(&p, 0x21), 0x40);
	wr(&p, 0xa0, 0x0c);
	assert_int_equal(vpic_read(&p, 0xa0), 0x81);
	assert_int_equal(isr(&p, 0xa0), 0x02);
	pulse(&p, 0);
	wr(&p, 0x20, 0x0c);
	assert_int_equal(vpic_read(&p, 0x20), 0x80);
	assert_int_equal(isr(&p, 0x20), 0x05);
}

/* "Initialization command words". */
static void initialisation(void **state)
{
	(void)state;
	struct vpic p = pic();

	wr(&p, 0x21, 0xee);
	wr(&p, 0x20, 0xc3);
	wr(&p, 0x20, 0x6b);
	pulse(&p, 0);
	pulse(&p, 4);
	wr(&p, 0x4d0, 0x20);
	vpic_set_line(&p, 5, true);
	wr(&p, 0x20, 0x12); /* ICW1: single, no ICW4 */
	assert_int_equal(vpic_read(&p, 0x21), 0);
	assert_int_equal(vpic_read(&p, 0x20), 0x20); /* IRR: only the level */
	assert_int_equal(isr(&p, 0x20), 0);
	assert_false(vpic_output(&p)); /* not before it is complete */
	wr(&p, 0x21, 0x77);
	assert_int_equal(ack(&p), 0x75);
	wr(&p, 0x21, 0xaa); /* OCW1 again */
	assert_int_equal(vpic_read(&p, 0x21), 0xaa);
	/* Cascade, no ICW4: two words. */
	wr(&p, 0x20, 0x10);
	wr(&p, 0x21, 0x30);
	wr(&p, 0x21, 0xff);
	assert_int_equal(vpic_read(&p, 0x21), 0);
	wr(&p, 0x21, 0x55);
	assert_int_equal(vpic_read(&p, 0x21), 0x55);
	/* Single with ICW4. */
	wr(&p, 0x20, 0x13);
	wr(&p, 0x21, 0x30);
	wr(&p, 0x21, 0x02);
	assert_true(p.master.auto_eoi);
	/* Reset keeps what the devices drive. */
	vpic_reset(&p);
	vpic_check(&p);
	assert_int_equal(p.master.lines, 0x20);
	assert_int_equal(vpic_read(&p, 0x4d0), 0);
}

static void assert_same_modes(const struct vpic_chip *a, const struct vpic_chip *b)
{
	assert_int_equal(a->isr, b->isr);
	assert_int_equal(a->imr, b->imr);
	assert_int_equal(a->irr, b->irr);
	assert_int_equal(a->vector_base, b->vector_base);
	assert_int_equal(a->lowest, b->lowest);
	assert_int_equal(a->init_step, b->init_step);
	assert_int_equal(a->auto_eoi, b->auto_eoi);
	assert_int_equal(a->special_nested, b->special_nested);
	assert_int_equal(a->special_mask, b->special_mask);
	assert_int_equal(a->rotate_auto_eoi, b->rotate_auto_eoi);
	assert_int_equal(a->read_isr, b->read_isr);
	assert_int_equal(a->poll, b->poll);
}

/* ICW1 undoes all that OCWs and an earlier ICW4 have set up; without IC4, ICW4's bits are zero. */
/* A CPU that takes its time: what is acknowledged is the vector it was given, not what came since.
 */
static void acknowledged_by_vector(void **state)
{
	struct vpic p = pic();

	(void)state;
	pulse(&p, 4);
	assert_int_equal(vpic_peek_vector(&p), 0x24);
	pulse(&p, 0);
	assert_int_equal(vpic_ack_vector(&p, 0x24), 4);
	vpic_check(&p);
	assert_int_equal(isr(&p, 0x20), 0x10);
	assert_int_equal(irr(&p, 0x20), 0x01);
	assert_int_equal(ack(&p), 0x20);
	wr(&p, 0x20, 0x20);
	wr(&p, 0x20, 0x20);
	assert_int_equal(isr(&p, 0x20), 0);

	/* On the slave, and masked meanwhile. */
	pulse(&p, 12);
	assert_int_equal(vpic_peek_vector(&p), 0x2c);
	wr(&p, 0xa1, 0xff);
	assert_int_equal(vpic_ack_vector(&p, 0x2c), 12);
	vpic_check(&p);
	assert_int_equal(isr(&p, 0x20), 0x04);
	assert_int_equal(isr(&p, 0xa0), 0x10);

	/* Of no line, the cascade's included. */
	assert_int_equal(vpic_ack_vector(&p, 0x22), -1);
	assert_int_equal(vpic_ack_vector(&p, 0x30), -1);
	assert_int_equal(vpic_ack_vector(&p, 0x1f), -1);
}

static void icw1_undoes_everything(void **state)
{
	(void)state;
	struct rng r = {.state = 11};

	for (int round = 0; round < 2000; round++) {
		struct vpic fresh = pic(), p = round % 2 ? pic_with(0x13, 0x13) : fresh;

		for (int i = 0; i < 50; i++) {
			wr(&p, rng_below(&r, 2) ? 0x20 : 0xa0, (u8)(rng_next(&r) & ~0x10u));
			wr(&p, rng_below(&r, 2) ? 0x21 : 0xa1, (u8)rng_next(&r));
			pulse(&p, (u32)rng_below(&r, 16));
			if (vpic_output(&p)) {
				(void)ack(&p);
			}
		}
		for (u16 port = 0x20; port <= 0xa0; port += 0x80) {
			wr(&p, port, 0x10);
			wr(&p, port + 1, port == 0x20 ? 0x20 : 0x28);
			wr(&p, port + 1, 0);
		}
		assert_same_modes(&p.master, &fresh.master);
		assert_same_modes(&p.slave, &fresh.slave);
	}
}

/* A write to one port changes one chip's registers, and nothing else's. */
static void ports_do_not_leak(void **state)
{
	(void)state;
	struct vpic p = pic();

	wr(&p, 0xa1, 0xf8);
	assert_int_equal(vpic_read(&p, 0x21), 0);
	assert_int_equal(vpic_read(&p, 0x4d0), 0);
	wr(&p, 0x21, 0xe8);
	assert_int_equal(vpic_read(&p, 0xa1), 0xf8);
	wr(&p, 0x4d0, 0x50);
	assert_int_equal(vpic_read(&p, 0x4d1), 0);
	wr(&p, 0x4d1, 0x0c);
	assert_int_equal(vpic_read(&p, 0x4d0), 0x50);
}

/* Edge requests, masks and non-specific EOIs in fully nested mode, against arrays. */
static void random_nested(void **state)
{
	(void)state;
	struct rng r = {.state = 8259};
	struct vpic p = pic();
	bool requested[16] = {0}, serving[16] = {0}, masked[16] = {0};
	/* The order in which the pair serves: 0 1 8..15 3..7. */
	static const u8 order[] = {0, 1, 8, 9, 10, 11, 12, 13, 14, 15, 3, 4, 5, 6, 7};

	for (int step = 0; step < 200000; step++) {
		u32 line = (u32)rng_below(&r, 16);
		int expected = -1;

		if (rng_below(&r, 2)) {
			pulse(&p, line);
			requested[line] |= line != 2;
		} else if (rng_below(&r, 4) == 0 && line != 2) {
			masked[line] = !masked[line];
			wr(&p, line < 8 ? 0x21 : 0xa1,
			   (u8)(vpic_read(&p, line < 8 ? 0x21 : 0xa1) ^ 1u << line % 8));
		}
		for (u32 i = 0; i < ARRAY_SIZE(order); i++) {
			u8 l = order[i];

			/* Anything in service at the slave keeps the slave out: no special mode. */
			if (serving[l]) {
				break;
			}
			if (l == 8) {
				bool slave_busy = false;

				for (u32 s = 8; s < 16; s++) {
					slave_busy |= serving[s];
				}
				if (slave_busy) {
					break;
				}
			}
			if (requested[l] && !masked[l]) {
				expected = l;
				break;
			}
		}
		assert_int_equal(vpic_output(&p), expected >= 0);
		if (rng_below(&r, 2)) {
			assert_int_equal(ack(&p), 0x20 + (expected >= 0 ? expected : 7));
			if (expected >= 0) {
				requested[expected] = false;
				serving[expected] = true;
			}
		} else {
			for (u32 i = 0; i < ARRAY_SIZE(order); i++) {
				u8 l = order[i];

				if (!serving[l]) {
					continue;
				}
				if (l >= 8) {
					wr(&p, 0xa0, 0x20);
				}
				wr(&p, 0x20, 0x20);
				serving[l] = false;
				break;
			}
		}
	}
}

/* Whatever a guest writes, invariants hold and INTA finds an answer. */
static void random_writes(void **state)
{
	(void)state;
	static const u16 ports[] = {0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1, 0x4d2};
	struct rng r = {.state = 31337};
	struct vpic p;

	vpic_init(&p);
	for (int step = 0; step < 500000; step++) {
		u16 port = ports[rng_below(&r, ARRAY_SIZE(ports))];

		switch (rng_below(&r, 4)) {
		case 0:
			vpic_set_line(&p, (u32)rng_below(&r, 16), rng_below(&r, 2));
			break;
		case 1:
			(void)vpic_read(&p, port);
			break;
		case 2:
			vpic_write(&p, port, (u8)rng_next(&r));
			break;
		default:
			if (vpic_output(&p)) {
				(void)ack(&p);
			}
			break;
		}
		vpic_check(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(power_on),
		cmocka_unit_test(every_line_has_its_vector),
		cmocka_unit_test(edges_need_to_rise_again),
		cmocka_unit_test(levels_follow_their_lines),
		cmocka_unit_test(nesting),
		cmocka_unit_test(cascade_nesting),
		cmocka_unit_test(special_fully_nested),
		cmocka_unit_test(automatic_eoi),
		cmocka_unit_test(rotation),
		cmocka_unit_test(special_mask),
		cmocka_unit_test(poll),
		cmocka_unit_test(initialisation),
		cmocka_unit_test(acknowledged_by_vector),
		cmocka_unit_test(icw1_undoes_everything),
		cmocka_unit_test(ports_do_not_leak),
		cmocka_unit_test(random_nested),
		cmocka_unit_test(random_writes),
	};

	return cmocka_run_group_tests_name("vpic", tests, NULL, NULL);
}
