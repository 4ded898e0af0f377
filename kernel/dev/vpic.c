// SPDX-License-Identifier: GPL-2.0-only
/* The 8259A pair: see the header. Section names in comments are those of the 8259A data sheet.
 * Pure. */
#include "kernel/dev/vpic.h"
#include "kernel/lib/assert.h"

#define CASCADE_LINE	 2u
#define SPURIOUS	 7u

#define ICW1		 BIT(4)
#define ICW1_IC4	 BIT(0)
#define ICW1_SNGL	 BIT(1)
#define ICW4_AEOI	 BIT(1)
#define ICW4_SFNM	 BIT(4)
#define OCW2_EOI	 BIT(5)
#define OCW2_SL		 BIT(6)
#define OCW2_R		 BIT(7)
#define OCW3		 BIT(3)
#define OCW3_RIS	 BIT(0)
#define OCW3_RR		 BIT(1)
#define OCW3_POLL	 BIT(2)
#define OCW3_SMM	 BIT(5)
#define OCW3_ESMM	 BIT(6)
#define POLL_VALID	 BIT(7)

/* 82371SB, ELCR: IRQ 0, 1, 2, 8 and 13 are always edge triggered. */
#define ELCR_MASK_MASTER 0xf8
#define ELCR_MASK_SLAVE	 0xde

/* --- one chip --------------------------------------------------------------------------------- */

/* 0 is served first. */
static u32 chip_rank(const struct vpic_chip *c, u32 level)
{
	return (level - c->lowest - 1) & 7;
}

/* The level of `set` that is served first, -1: set is empty. */
static int chip_first(const struct vpic_chip *c, u8 set)
{
	for (u32 rank = 0; rank < 8; rank++) {
		u32 level = (c->lowest + 1 + rank) & 7;

		if ((set >> level & 1) != 0) {
			return (int)level;
		}
	}
	return -1;
}

/* The level that an acknowledge would take now, -1: none. "Fully nested mode", "Special mask mode",
 * "Special fully nested mode". */
static int chip_select(const struct vpic_chip *c, u8 requests)
{
	int wanted, serving;
	bool reenter;

	/* "Initialization sequence": requests are taken up once it is complete. Most of the time
	 * there are none, and this is asked at every access to any device. */
	if ((requests & ~c->imr) == 0 || c->init_step != 0) {
		return -1;
	}
	wanted = chip_first(c, requests & ~c->imr);
	serving = chip_first(c, c->special_mask ? c->isr & ~c->imr : c->isr);
	if (serving < 0) {
		return wanted;
	}
	reenter = wanted == serving && c->special_nested && (c->cascade >> wanted & 1) != 0;
	return reenter || chip_rank(c, (u32)wanted) < chip_rank(c, (u32)serving) ? wanted : -1;
}

static void chip_acknowledge(struct vpic_chip *c, u32 level)
{
	u8 bit = (u8)(1u << level);

	if ((c->elcr & bit) == 0) {
		c->irr &= (u8)~bit;
	}
	if (!c->auto_eoi) {
		c->isr |= bit;
	} else if (c->rotate_auto_eoi) {
		c->lowest = (u8)level;
	}
}

static void chip_set_line(struct vpic_chip *c, u32 level, bool asserted)
{
	u8 bit = (u8)(1u << level);
	bool rises = asserted && (c->lines & bit) == 0;

	c->lines = asserted ? c->lines | bit : c->lines & (u8)~bit;
	if ((c->elcr & bit) != 0) {
		c->irr = asserted ? c->irr | bit : c->irr & (u8)~bit;
	} else if (rises) {
		c->irr |= bit;
	}
}

/* Edge latches are empty until the next edge; level requests follow their lines. */
static void chip_reset_requests(struct vpic_chip *c)
{
	c->irr = c->lines & c->elcr;
}

/* "Initialization Command Words 1 and 2", a to f. */
static void chip_write_icw1(struct vpic_chip *c, u8 value)
{
	chip_reset_requests(c);
	c->isr = 0;
	c->imr = 0;
	c->lowest = 7;
	c->auto_eoi = false;
	c->special_nested = false;
	c->special_mask = false;
	c->rotate_auto_eoi = false;
	c->read_isr = false;
	c->poll = false;
	c->icw4_due = (value & ICW1_IC4) != 0;
	c->single = (value & ICW1_SNGL) != 0;
	c->init_step = 2;
}

/* ICW2, 3, 4 in turn, then OCW1. */
static void chip_write_odd(struct vpic_chip *c, u8 value)
{
	switch (c->init_step) {
	case 2:
		c->vector_base = value & 0xf8;
		c->init_step = !c->single ? 3 : c->icw4_due ? 4 : 0;
		break;
	case 3:
		/* How the pair is wired is fixed: what ICW3 says about it changes nothing. */
		c->init_step = c->icw4_due ? 4 : 0;
		break;
	case 4:
		c->auto_eoi = (value & ICW4_AEOI) != 0;
		c->special_nested = (value & ICW4_SFNM) != 0;
		c->init_step = 0;
		break;
	default:
		c->imr = value;
		break;
	}
}

/* "Operation Command Word 2": EOI, specific or of the highest in service, and rotation. */
static void chip_write_ocw2(struct vpic_chip *c, u8 value)
{
	bool rotate = (value & OCW2_R) != 0, specific = (value & OCW2_SL) != 0;
	int level = value & 7;

	if ((value & OCW2_EOI) == 0) {
		if (specific && rotate) {
			c->lowest = (u8)level; /* set priority */
		} else if (!specific) {
			c->rotate_auto_eoi = rotate;
		}
		return;
	}
	if (!specific) {
		/* In special mask mode masked levels are not ended ("Special mask mode"). */
		level = chip_first(c, c->special_mask ? c->isr & ~c->imr : c->isr);
	}
	if (level >= 0) {
		c->isr &= (u8) ~(1u << level);
		if (rotate) {
			c->lowest = (u8)level;
		}
	}
}

static void chip_write_ocw3(struct vpic_chip *c, u8 value)
{
	if ((value & OCW3_ESMM) != 0) {
		c->special_mask = (value & OCW3_SMM) != 0;
	}
	c->poll = (value & OCW3_POLL) != 0;
	if ((value & OCW3_RR) != 0) {
		c->read_isr = (value & OCW3_RIS) != 0;
	}
}

static void chip_write(struct vpic_chip *c, bool odd, u8 value)
{
	if (odd) {
		chip_write_odd(c, value);
	} else if ((value & ICW1) != 0) {
		chip_write_icw1(c, value);
	} else if ((value & OCW3) != 0) {
		chip_write_ocw3(c, value);
	} else {
		chip_write_ocw2(c, value);
	}
}

/* "Poll command": the read is the acknowledge. */
static u8 chip_poll(struct vpic_chip *c, u8 requests)
{
	int level = chip_select(c, requests);

	c->poll = false;
	if (level < 0) {
		return 0;
	}
	chip_acknowledge(c, (u32)level);
	return (u8)(POLL_VALID | (u32)level);
}

static u8 chip_read(struct vpic_chip *c, bool odd, u8 requests)
{
	if (c->poll) {
		return chip_poll(c, requests);
	}
	if (odd) {
		return c->imr;
	}
	return c->read_isr ? c->isr : requests;
}

static void chip_init(struct vpic_chip *c, u8 elcr_mask, u8 cascade)
{
	u8 lines = c->lines;

	*c = (struct vpic_chip){
		.elcr_mask = elcr_mask,
		.cascade = cascade,
		.lines = lines,
		.imr = 0xff,
		.lowest = 7,
	};
}

static void chip_write_elcr(struct vpic_chip *c, u8 value)
{
	u8 changed;

	value &= c->elcr_mask;
	changed = value ^ c->elcr;
	c->elcr = value;
	/* Now level: as the line is. Now edge: from the next edge on. */
	c->irr = (c->irr & (u8)~changed) | (c->lines & changed & value);
}

/* --- the pair --------------------------------------------------------------------------------- */

static u8 slave_requests(const struct vpic *p)
{
	return p->slave.irr;
}

/* The slave's output is the master's line 2; it falls when the slave is served and rises again with
 * its next request, so that it needs no latch. */
static u8 master_requests(const struct vpic *p)
{
	bool slave = chip_select(&p->slave, slave_requests(p)) >= 0;

	return slave ? p->master.irr | p->master.cascade : p->master.irr;
}

void vpic_init(struct vpic *p)
{
	*p = (struct vpic){0};
	vpic_reset(p);
}

void vpic_reset(struct vpic *p)
{
	chip_init(&p->master, ELCR_MASK_MASTER, 1u << CASCADE_LINE);
	chip_init(&p->slave, ELCR_MASK_SLAVE, 0);
}

bool vpic_owns_port(u16 port)
{
	return (port & ~1u) == 0x20 || (port & ~1u) == 0xa0 || (port & ~1u) == 0x4d0;
}

u8 vpic_read(struct vpic *p, u16 port)
{
	switch (port) {
	case 0x20:
	case 0x21:
		return chip_read(&p->master, port & 1, master_requests(p));
	case 0xa0:
	case 0xa1:
		return chip_read(&p->slave, port & 1, slave_requests(p));
	case 0x4d0:
		return p->master.elcr;
	case 0x4d1:
		return p->slave.elcr;
	default:
		return 0xff;
	}
}

void vpic_write(struct vpic *p, u16 port, u8 value)
{
	switch (port) {
	case 0x20:
	case 0x21:
		chip_write(&p->master, port & 1, value);
		break;
	case 0xa0:
	case 0xa1:
		chip_write(&p->slave, port & 1, value);
		break;
	case 0x4d0:
		chip_write_elcr(&p->master, value);
		break;
	case 0x4d1:
		chip_write_elcr(&p->slave, value);
		break;
	default:
		break;
	}
}

void vpic_set_line(struct vpic *p, u32 line, bool asserted)
{
	assert(line < VPIC_LINES);
	if (line >= 8) {
		chip_set_line(&p->slave, line - 8, asserted);
	} else if (line != CASCADE_LINE) {
		chip_set_line(&p->master, line, asserted);
	}
}

bool vpic_is_requested(const struct vpic *p, u32 line)
{
	assert(line < VPIC_LINES);
	return ((p->slave.irr << 8 | p->master.irr) >> line & 1) != 0;
}

bool vpic_output(const struct vpic *p)
{
	return chip_select(&p->master, master_requests(p)) >= 0;
}

u8 vpic_peek_vector(const struct vpic *p)
{
	struct vpic copy = *p;

	return vpic_ack(&copy);
}

/* "Interrupt sequence"; step 4 of it: without a request the master gives level 7 and nothing is in
 * service. */
u8 vpic_ack(struct vpic *p)
{
	int level = chip_select(&p->master, master_requests(p));

	if (level < 0) {
		return (u8)(p->master.vector_base + SPURIOUS);
	}
	if (level == (int)CASCADE_LINE) {
		int slave_level = chip_select(&p->slave, slave_requests(p));

		assert(slave_level >= 0);
		chip_acknowledge(&p->master, CASCADE_LINE);
		chip_acknowledge(&p->slave, (u32)slave_level);
		return (u8)(p->slave.vector_base + (u32)slave_level);
	}
	chip_acknowledge(&p->master, (u32)level);
	return (u8)(p->master.vector_base + (u32)level);
}

int vpic_ack_vector(struct vpic *p, u8 vector)
{
	u8 master_level = (u8)(vector - p->master.vector_base);
	u8 slave_level = (u8)(vector - p->slave.vector_base);

	if (master_level < 8 && master_level != CASCADE_LINE) {
		chip_acknowledge(&p->master, master_level);
		return master_level;
	}
	if (slave_level < 8) {
		chip_acknowledge(&p->master, CASCADE_LINE);
		chip_acknowledge(&p->slave, slave_level);
		return 8 + slave_level;
	}
	return -1;
}

static void chip_check(const struct vpic_chip *c)
{
	assert((c->elcr & ~c->elcr_mask) == 0);
	assert((c->irr & c->elcr) == (c->lines & c->elcr));
	assert((c->irr & c->cascade) == 0 && (c->lines & c->cascade) == 0);
	assert(c->lowest < 8);
	assert(c->vector_base % 8 == 0);
	assert(c->init_step == 0 || (c->init_step >= 2 && c->init_step <= 4));
}

void vpic_check(const struct vpic *p)
{
	chip_check(&p->master);
	chip_check(&p->slave);
}
