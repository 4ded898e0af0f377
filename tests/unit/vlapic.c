// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel/dev/vlapic: registers, modes, priority and acceptance, each against the section of SDM
 * vol. 3 that defines it. The timer has its own test, vlapic_timer.c.
 */
#include "tests/unit/vlapic_fixture.h"
#include "tests/unit/rng.h"

/* SDM 11.4.7.1, 11.4.8. */
static void power_up_state(void **state)
{
	(void)state;
	static const struct {
		u32 offset, value;
	} expected[] = {
		{R_ID, 3u << 24},  {R_TPR, 0},	      {R_APR, 0},
		{R_PPR, 0},	   {R_LDR, 0},	      {R_DFR, ~0u},
		{R_SVR, 0xff},	   {R_ESR, 0},	      {R_ICR, 0},
		{R_ICR2, 0},	   {R_TMICT, 0},      {R_TMCCT, 0},
		{R_TDCR, 0},	   {R_EOI, 0},	      {R_VERSION, 0x01050014},
		{R_LVTT, 0x10000}, {0x330, 0x10000},  {R_LVTPC, 0x10000},
		{R_LVT0, 0x10000}, {R_LVT1, 0x10000}, {R_LVTERR, 0x10000},
	};
	struct vlapic v = lapic(3);

	vlapic_check(&v);
	for (u32 i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_int_equal(rd(&v, expected[i].offset), expected[i].value);
	}
	for (u32 offset = R_ISR; offset < R_ESR; offset += 16) {
		assert_int_equal(rd(&v, offset), 0);
	}
	assert_true(vlapic_base_read(&v) == 0xfee00800);
	v = lapic(0);
	assert_true(vlapic_base_read(&v) == 0xfee00900);
	assert_int_equal(vlapic_pending(&v), -1);
	assert_true(vlapic_deadline_ns(&v) == NEVER_NS);
}

/* Bits that stick in xAPIC mode: SDM figures 11-8 to 11-23. */
static void writable_bits(void **state)
{
	(void)state;
	static const struct {
		u32 offset, ones, zeros;
	} expected[] = {
		{R_TPR, 0xff, 0},	    {R_LDR, 0xff000000, 0},
		{R_DFR, ~0u, 0x0fffffff},   {R_SVR, 0x13ff, 0},
		{R_ICR2, 0xff000000, 0},    {R_LVTT, 0x700ff, 0},
		{0x330, 0x107ff, 0},	    {R_LVTPC, 0x107ff, 0},
		{R_LVT0, 0x1a7ff, 0},	    {R_LVT1, 0x1a7ff, 0},
		{R_LVTERR, 0x100ff, 0},	    {R_TDCR, 0xb, 0},
		{R_ID, 3u << 24, 3u << 24}, {R_VERSION, 0x01050014, 0x01050014},
	};
	struct vlapic v = enabled_lapic(3);

	for (u32 i = 0; i < ARRAY_SIZE(expected); i++) {
		wr(&v, expected[i].offset, ~0u);
		assert_int_equal(rd(&v, expected[i].offset), expected[i].ones);
		if (expected[i].offset != R_SVR) {
			wr(&v, expected[i].offset, 0);
			assert_int_equal(rd(&v, expected[i].offset), expected[i].zeros);
		}
	}
}

/* SDM 11.4.1: other widths are undefined; here they are harmless. */
static void odd_accesses(void **state)
{
	(void)state;
	struct vlapic v = enabled_lapic(5);
	struct vlapic_effect effect;
	struct rng r = {.state = 77};

	assert_int_equal(vlapic_mmio_read(&v, R_VERSION, 1, &now), 0x14);
	assert_int_equal(vlapic_mmio_read(&v, R_VERSION + 2, 1, &now), 0x05);
	assert_int_equal(vlapic_mmio_read(&v, R_VERSION + 2, 2, &now), 0x105);
	assert_int_equal(vlapic_mmio_read(&v, R_VERSION, 8, &now), 0x01050014);
	assert_int_equal(vlapic_mmio_read(&v, R_VERSION + 4, 4, &now), 0);
	vlapic_mmio_write(&v, R_TPR, 1, 0xffffff42, &now, &effect);
	assert_int_equal(rd(&v, R_TPR), 0x42);
	vlapic_mmio_write(&v, R_TMICT, 2, 0x12345, &now, &effect);
	assert_int_equal(rd(&v, R_TMICT), 0x2345);
	vlapic_mmio_write(&v, R_TMICT, 8, 0x123456789, &now, &effect);
	assert_int_equal(rd(&v, R_TMICT), 0x23456789);
	vlapic_mmio_write(&v, R_TPR + 4, 4, 0x99, &now, &effect);
	vlapic_mmio_write(&v, R_TPR + 1, 1, 0x99, &now, &effect);
	assert_int_equal(rd(&v, R_TPR), 0x42);
	for (int i = 0; i < 200000; i++) {
		u32 offset = (u32)rng_below(&r, VLAPIC_MMIO_SIZE);
		u8 size = (u8)(1u << rng_below(&r, 4));

		vlapic_mmio_write(&v, offset, size, rng_next(&r), &now, &effect);
		(void)vlapic_mmio_read(&v, (u32)rng_below(&r, VLAPIC_MMIO_SIZE), size, &now);
		vlapic_check(&v);
	}
}

/* SDM 11.8.3.1 and 11.8.4: acceptance by class above PPR; accept and EOI nest. */
static void priority_and_nesting(void **state)
{
	(void)state;
	struct vlapic v = enabled_lapic(0);

	vlapic_set_irr(&v, 0x31, false);
	vlapic_set_irr(&v, 0x35, false);
	assert_int_equal(vlapic_pending(&v), 0x35);
	vlapic_accept(&v, 0x35);
	assert_int_equal(rd(&v, R_PPR), 0x30);
	assert_int_equal(rd(&v, R_ISR + 0x10), 1u << 0x15);
	assert_int_equal(rd(&v, R_IRR + 0x10), 1u << 0x11);
	/* Same class: waits. */
	assert_int_equal(vlapic_pending(&v), -1);
	assert_int_equal(vlapic_highest_irr(&v), 0x31);
	vlapic_set_irr(&v, 0x41, false);
	assert_int_equal(vlapic_pending(&v), 0x41);
	vlapic_accept(&v, 0x41);
	assert_int_equal(rd(&v, R_PPR), 0x40);
	wr(&v, R_EOI, 0);
	assert_int_equal(rd(&v, R_PPR), 0x30);
	wr(&v, R_EOI, 123);
	assert_int_equal(rd(&v, R_PPR), 0);
	assert_int_equal(vlapic_pending(&v), 0x31);
	/* EOI with nothing in service. */
	assert_int_equal(wr(&v, R_EOI, 0).kind, VLAPIC_NOTHING);
	/* A vector that was offered and has gone since is not put in service. */
	vlapic_accept(&v, 0x77);
	assert_int_equal(rd(&v, R_ISR + 0x30), 0);
	vlapic_check(&v);
}

/* PPR for every TPR and every vector in service; pending for every vector. */
static void ppr_exhaustive(void **state)
{
	(void)state;
	for (u32 isrv = 15; isrv < 256; isrv++) {
		struct vlapic v = enabled_lapic(0);

		if (isrv >= 16) {
			vlapic_set_irr(&v, (u8)isrv, false);
			vlapic_accept(&v, (u8)isrv);
		}
		for (u32 tpr = 0; tpr < 256; tpr++) {
			u32 isr_class = isrv >= 16 ? isrv & 0xf0 : 0;
			u32 ppr = (tpr & 0xf0) >= isr_class ? tpr : isr_class;

			wr(&v, R_TPR, tpr);
			assert_int_equal(rd(&v, R_PPR), ppr);
			u32 vector = 16 + (tpr * 7 + isrv) % 240;

			vlapic_set_irr(&v, (u8)vector, false);
			assert_int_equal(vlapic_pending(&v),
					 vector >> 4 > ppr >> 4 ? (int)vector : -1);
			v.irr[vector / 64] = 0;
		}
	}
}

/* SDM 11.8.6. */
static void cr8_is_the_high_nibble(void **state)
{
	(void)state;
	struct vlapic v = enabled_lapic(0);

	wr(&v, R_TPR, 0x5a);
	assert_int_equal(vlapic_get_cr8(&v), 5);
	vlapic_set_cr8(&v, 9);
	assert_int_equal(rd(&v, R_TPR), 0x90);
	vlapic_set_irr(&v, 0x95, false);
	assert_int_equal(vlapic_pending(&v), -1);
	vlapic_set_cr8(&v, 8);
	assert_int_equal(vlapic_pending(&v), 0x95);
}

/* SDM 11.8.5 with 11.8.4: level-triggered interrupts broadcast their end, unless suppressed. */
static void eoi_broadcast(void **state)
{
	(void)state;
	struct vlapic v = enabled_lapic(0);
	struct vlapic_effect effect;

	vlapic_set_irr(&v, 0x61, true);
	vlapic_set_irr(&v, 0x72, false);
	assert_int_equal(rd(&v, R_TMR + 0x30), 2);
	vlapic_accept(&v, 0x72);
	vlapic_accept(&v, 0x61);
	assert_int_equal(wr(&v, R_EOI, 0).kind, VLAPIC_NOTHING);
	effect = wr(&v, R_EOI, 0);
	assert_int_equal(effect.kind, VLAPIC_BROADCAST);
	assert_int_equal(effect.vector, 0x61);
	/* An edge interrupt on the same vector clears the TMR bit. */
	vlapic_set_irr(&v, 0x61, false);
	vlapic_accept(&v, 0x61);
	assert_int_equal(wr(&v, R_EOI, 0).kind, VLAPIC_NOTHING);
	wr(&v, R_SVR, 0x11ff);
	vlapic_set_irr(&v, 0x61, true);
	vlapic_accept(&v, 0x61);
	assert_int_equal(wr(&v, R_EOI, 0).kind, VLAPIC_NOTHING);
	assert_int_equal(rd(&v, R_ISR + 0x30), 0);
}

/* SDM 11.4.7.2: software-disabled. */
static void software_disable(void **state)
{
	(void)state;
	struct vlapic v = enabled_lapic(0);
	struct apic_msg msg = {.vector = 0x40, .delivery = APIC_FIXED};

	wr(&v, R_LVT0, 0x700);
	wr(&v, R_LVTERR, 0x40);
	vlapic_set_irr(&v, 0x50, false);
	vlapic_set_irr(&v, 0x30, false);
	vlapic_accept(&v, 0x30);
	assert_true(vlapic_accepts_extint(&v));
	wr(&v, R_SVR, 0xff);
	assert_int_equal(rd(&v, R_LVT0), 0x10700);
	assert_int_equal(rd(&v, R_LVTERR), 0x10040);
	assert_false(vlapic_accepts_extint(&v));
	/* Masks cannot be cleared, nothing new is accepted, what is there is held. */
	wr(&v, R_LVT0, 0x700);
	assert_int_equal(rd(&v, R_LVT0), 0x10700);
	assert_false(vlapic_accept_msg(&v, &msg));
	assert_int_equal(vlapic_pending(&v), 0x50);
	assert_int_equal(rd(&v, R_ISR + 0x10), 1u << 0x10);
	/* IPIs can still be sent. */
	wr(&v, R_ICR2, 1u << 24);
	assert_int_equal(wr(&v, R_ICR, 0x4044).kind, VLAPIC_SEND);
	/* Enabling does not clear the masks. */
	wr(&v, R_SVR, 0x1ff);
	assert_int_equal(rd(&v, R_LVT0), 0x10700);
	assert_true(vlapic_accept_msg(&v, &msg));
}

static void accepts_only_what_it_should(void **state)
{
	(void)state;
	struct vlapic v = enabled_lapic(0);

	for (u32 delivery = 0; delivery < 8; delivery++) {
		struct apic_msg msg = {.vector = 0x80, .delivery = (u8)delivery};

		v = enabled_lapic(0);
		assert_int_equal(vlapic_accept_msg(&v, &msg), delivery <= APIC_LOWEST);
		assert_int_equal(vlapic_highest_irr(&v), delivery <= APIC_LOWEST ? 0x80 : -1);
	}
	for (u32 vector = 0; vector < 256; vector++) {
		struct apic_msg msg = {.vector = (u8)vector, .delivery = APIC_FIXED, .level = true};

		v = enabled_lapic(0);
		assert_int_equal(vlapic_accept_msg(&v, &msg), vector >= 16);
		wr(&v, R_ESR, 0);
		assert_int_equal(rd(&v, R_ESR), vector >= 16 ? 0 : 0x40);
		vlapic_check(&v);
	}
}

/* SDM 11.5.3: write then read; one interrupt until the next write. */
static void error_status(void **state)
{
	(void)state;
	struct vlapic v = enabled_lapic(0);

	wr(&v, R_LVTERR, 0xe0);
	wr(&v, R_ICR, 0x40000 | 0x05); /* to self, illegal vector */
	assert_int_equal(rd(&v, R_ESR), 0);
	assert_int_equal(vlapic_pending(&v), 0xe0);
	vlapic_accept(&v, 0xe0);
	wr(&v, R_EOI, 0);
	(void)rd(&v, 0x050); /* reserved register: logged, but not armed */
	assert_int_equal(vlapic_pending(&v), -1);
	wr(&v, R_ESR, 0x1234);
	assert_int_equal(rd(&v, R_ESR), 0xa0);
	assert_int_equal(rd(&v, R_ESR), 0xa0);
	wr(&v, R_ESR, 0);
	assert_int_equal(rd(&v, R_ESR), 0);
	wr(&v, R_CMCI, 0); /* not implemented: reserved */
	assert_int_equal(vlapic_pending(&v), 0xe0);
	/* Extended space of other vendors. */
	wr(&v, R_ESR, 0);
	(void)rd(&v, 0x400);
	wr(&v, R_ESR, 0);
	assert_int_equal(rd(&v, R_ESR), 0x80);
	/* An illegal vector in the error entry itself ends there. */
	wr(&v, R_LVTERR, 0x03);
	(void)rd(&v, 0x400);
	wr(&v, R_ESR, 0);
	assert_int_equal(rd(&v, R_ESR), 0xc0);
}

/* SDM 11.6.1: every combination of delivery mode, shorthand, level and trigger. */
static void icr_combinations(void **state)
{
	(void)state;
	for (u32 bits = 0; bits < 1u << 8; bits++) {
		u32 delivery = bits & 7, shorthand = bits >> 3 & 3;
		u32 low = 0x45 | delivery << 8 | (bits >> 5 & 1) << 11 | (bits >> 6 & 3) << 14 |
			  shorthand << 18 | 0x1000;
		struct vlapic v = enabled_lapic(2);
		struct vlapic_effect effect;
		bool deassert = delivery == APIC_INIT && (low & 0xc000) == 0x8000;
		bool start = delivery == APIC_INIT || delivery == APIC_STARTUP;
		bool to_self = shorthand == APIC_TO_SELF || shorthand == APIC_TO_ALL;
		bool none = delivery == APIC_REMOTE_READ || delivery == APIC_EXTINT || deassert ||
			    (start && to_self);
		bool local = delivery <= APIC_LOWEST && shorthand == APIC_TO_SELF;

		wr(&v, R_ICR2, 0x7fffffff);
		effect = wr(&v, R_ICR, low);
		assert_int_equal(rd(&v, R_ICR), low & ~0x1000u);
		assert_int_equal(rd(&v, R_ICR2), 0x7f000000);
		assert_int_equal(vlapic_highest_irr(&v), local ? 0x45 : -1);
		assert_int_equal(effect.kind, none || local ? VLAPIC_NOTHING : VLAPIC_SEND);
		if (effect.kind == VLAPIC_SEND) {
			assert_int_equal(effect.msg.dest, 0x7f);
			assert_int_equal(effect.msg.vector, 0x45);
			assert_int_equal(effect.msg.delivery, delivery);
			assert_int_equal(effect.msg.shorthand, shorthand);
			assert_int_equal(effect.msg.source, 2);
			assert_int_equal(effect.msg.logical, bits >> 5 & 1);
			assert_false(effect.msg.wide);
			assert_false(effect.msg.level);
		}
	}
}

static void icr_illegal_vectors(void **state)
{
	(void)state;
	for (u32 delivery = 0; delivery < 8; delivery++) {
		struct vlapic v = enabled_lapic(0);
		struct vlapic_effect effect = wr(&v, R_ICR, delivery << 8 | 0x4000 | 0x0f);
		bool fixed = delivery <= APIC_LOWEST;

		wr(&v, R_ESR, 0);
		assert_int_equal(rd(&v, R_ESR), fixed ? 0x20 : 0);
		if (fixed) {
			assert_int_equal(effect.kind, VLAPIC_NOTHING);
		}
	}
}

/* The lowest legal vector, everywhere; and the words at the ends of the three bit maps. */
static void vector_sixteen(void **state)
{
	(void)state;
	struct vlapic v = enabled_lapic(0);

	wr(&v, R_ICR, 0x44000 | 16); /* to self */
	assert_int_equal(rd(&v, R_IRR), 1u << 16);
	assert_int_equal(rd(&v, R_ISR), 0);
	assert_int_equal(vlapic_pending(&v), 16);
	vlapic_accept(&v, 16);
	assert_int_equal(rd(&v, R_ISR), 1u << 16);
	assert_int_equal(rd(&v, R_IRR), 0);
	assert_int_equal(rd(&v, R_PPR), 0x10);
	wr(&v, R_EOI, 0);
	assert_int_equal(rd(&v, R_ISR), 0);
	wr(&v, R_LVT0, 16);
	assert_int_equal(vlapic_raise_lvt(&v, LVT_LINT0), APIC_FIXED);
	assert_int_equal(vlapic_pending(&v), 16);
	vlapic_set_irr(&v, 31, true);
	assert_int_equal(rd(&v, R_TMR), 1u << 31);
	vlapic_set_irr(&v, 255, true);
	assert_int_equal(rd(&v, R_TMR + 0x70), 1u << 31);
	assert_int_equal(rd(&v, R_IRR + 0x70), 1u << 31);
	wr(&v, R_ESR, 0);
	assert_int_equal(rd(&v, R_ESR), 0);
}

/* Local interrupts are edges: their end is not broadcast, whatever used the vector before. */
static void local_interrupts_are_edges(void **state)
{
	(void)state;
	struct vlapic v = enabled_lapic(0);

	vlapic_set_irr(&v, 0x44, true);
	vlapic_accept(&v, 0x44);
	assert_int_equal(wr(&v, R_EOI, 0).kind, VLAPIC_BROADCAST);
	wr(&v, R_LVT1, 0x44);
	assert_int_equal(vlapic_raise_lvt(&v, LVT_LINT1), APIC_FIXED);
	vlapic_accept(&v, 0x44);
	assert_int_equal(wr(&v, R_EOI, 0).kind, VLAPIC_NOTHING);
	/* Once empty, the entry path need not look. */
	assert_int_equal(vlapic_pending(&v), -1);
	assert_false(v.irr_maybe);
}

/* SDM 11.5.1 and MP specification 3.6.2.2. */
static void lint_pins(void **state)
{
	(void)state;
	struct vlapic v = lapic(0);

	vlapic_set_virtual_wire(&v);
	vlapic_check(&v);
	assert_int_equal(v.route, enabled_lapic(0).route);
	assert_true(vlapic_accepts_extint(&v));
	assert_true(vlapic_lint_nmi(&v));
	assert_int_equal(vlapic_raise_lvt(&v, LVT_LINT0), APIC_EXTINT);
	assert_int_equal(vlapic_raise_lvt(&v, LVT_LINT1), APIC_NMI);
	assert_int_equal(vlapic_pending(&v), -1);
	wr(&v, R_LVT0, 0x10700);
	wr(&v, R_LVT1, 0x10400);
	assert_false(vlapic_accepts_extint(&v));
	assert_false(vlapic_lint_nmi(&v));
	assert_int_equal(vlapic_raise_lvt(&v, LVT_LINT0), -1);
	/* Fixed: an interrupt of its own. */
	wr(&v, R_LVT0, 0x31);
	assert_int_equal(vlapic_raise_lvt(&v, LVT_LINT0), APIC_FIXED);
	assert_int_equal(vlapic_pending(&v), 0x31);
	assert_false(vlapic_accepts_extint(&v));
	wr(&v, R_LVTPC, 0x400);
	assert_int_equal(vlapic_raise_lvt(&v, LVT_PERF), APIC_NMI);
}

/* Random operations against sets kept the simple way. */
static void random_interrupts(void **state)
{
	(void)state;
	struct rng r = {.state = 4711};
	struct vlapic v = enabled_lapic(0);
	bool irr[256] = {0}, isr[256] = {0}, tmr[256] = {0};
	u32 tpr = 0;

	for (int step = 0; step < 300000; step++) {
		int highest = 255, in_service = 255;
		u32 ppr;

		switch (rng_below(&r, 5)) {
		case 0:
		case 1: {
			u8 vector = (u8)(16 + rng_below(&r, 240));
			bool level = rng_below(&r, 2);

			vlapic_set_irr(&v, vector, level);
			irr[vector] = true;
			tmr[vector] = level;
			break;
		}
		case 2:
			tpr = (u32)rng_below(&r, 256);
			wr(&v, R_TPR, tpr);
			break;
		default:
			break;
		}
		while (highest >= 0 && !irr[highest]) {
			highest--;
		}
		while (in_service >= 0 && !isr[in_service]) {
			in_service--;
		}
		ppr = MAX(tpr >> 4, in_service < 0 ? 0 : (u32)in_service >> 4);
		assert_int_equal(vlapic_highest_irr(&v), highest);
		assert_int_equal(vlapic_pending(&v),
				 highest >= 0 && (u32)highest >> 4 > ppr ? highest : -1);
		if (rng_below(&r, 2) && vlapic_pending(&v) >= 0) {
			vlapic_accept(&v, (u8)highest);
			irr[highest] = false;
			isr[highest] = true;
		} else if (rng_below(&r, 2)) {
			struct vlapic_effect effect = wr(&v, R_EOI, 0);

			assert_int_equal(effect.kind, in_service >= 0 && tmr[in_service]
							      ? VLAPIC_BROADCAST
							      : VLAPIC_NOTHING);
			if (in_service >= 0) {
				isr[in_service] = false;
			}
		}
		vlapic_check(&v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(power_up_state),
		cmocka_unit_test(writable_bits),
		cmocka_unit_test(odd_accesses),
		cmocka_unit_test(priority_and_nesting),
		cmocka_unit_test(ppr_exhaustive),
		cmocka_unit_test(cr8_is_the_high_nibble),
		cmocka_unit_test(eoi_broadcast),
		cmocka_unit_test(software_disable),
		cmocka_unit_test(accepts_only_what_it_should),
		cmocka_unit_test(error_status),
		cmocka_unit_test(icr_combinations),
		cmocka_unit_test(icr_illegal_vectors),
		cmocka_unit_test(vector_sixteen),
		cmocka_unit_test(local_interrupts_are_edges),
		cmocka_unit_test(lint_pins),
		cmocka_unit_test(random_interrupts),
	};

	return cmocka_run_group_tests_name("vlapic", tests, NULL, NULL);
}
