// SPDX-License-Identifier: GPL-2.0-only
/* The local APIC's modes: IA32_APIC_BASE transitions, INIT, and the x2APIC register interface. SDM
 * vol. 3 11.4 and 11.12. */
#include "tests/unit/vlapic_fixture.h"
#include "tests/unit/rng.h"

/* SDM 11.12.5, figure 11-27: which transitions IA32_APIC_BASE allows. */
static void base_transitions(void **state)
{
	(void)state;
	const u64 base = VLAPIC_BASE_GPA, en = APIC_BASE_ENABLE, x2 = APIC_BASE_X2APIC;
	const struct {
		u64 from, to;
		int err;
	} cases[] = {
		{0, 0, 0},
		{0, en, 0},
		{0, en | x2, ERR_INVAL},
		{0, x2, ERR_INVAL},
		{en, 0, 0},
		{en, en, 0},
		{en, en | x2, 0},
		{en, x2, ERR_INVAL},
		{en | x2, 0, 0},
		{en | x2, en | x2, 0},
		{en | x2, en, ERR_INVAL},
		{en | x2, x2, ERR_INVAL},
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vlapic v = lapic(1);

		if (cases[i].from != (en | x2)) {
			assert_int_equal(vlapic_base_write(&v, base | cases[i].from), 0);
		} else {
			assert_int_equal(vlapic_base_write(&v, base | en), 0);
			assert_int_equal(vlapic_base_write(&v, base | en | x2), 0);
		}
		assert_int_equal(vlapic_base_write(&v, base | cases[i].to), cases[i].err);
		assert_true(vlapic_base_read(&v) ==
			    (base | (cases[i].err != 0 ? cases[i].from : cases[i].to)));
		vlapic_check(&v);
	}
}

static void base_reserved_bits_and_relocation(void **state)
{
	(void)state;
	struct vlapic v = lapic(0);
	u64 before = vlapic_base_read(&v);

	for (u32 bit = 0; bit < 64; bit++) {
		u64 value = before ^ BIT(bit);
		int err = vlapic_base_write(&v, value);

		if (bit < 8 || bit == 9 || bit >= 52) {
			assert_int_equal(err, ERR_INVAL);
		} else if (bit >= 12) {
			assert_int_equal(err, ERR_NOTSUP);
		} else {
			assert_int_equal(err, 0);
			v = lapic(0);
		}
		assert_true(vlapic_base_read(&v) == before);
	}
}

/* SDM 11.4.3: a globally disabled APIC is not there, and comes back in its power-up state. */
static void global_disable(void **state)
{
	(void)state;
	struct vlapic v = enabled_lapic(0);
	struct apic_msg msg = {.vector = 0x40, .delivery = APIC_FIXED};

	wr(&v, R_LVT1, 0x400);
	assert_true(vlapic_lint_nmi(&v));
	assert_false(vlapic_accepts_extint(&v));
	vlapic_set_irr(&v, 0x99, true);
	assert_int_equal(vlapic_base_write(&v, VLAPIC_BASE_GPA), 0);
	assert_false(vlapic_enabled(&v));
	assert_int_equal(vlapic_pending(&v), -1);
	assert_false(vlapic_accept_msg(&v, &msg));
	assert_int_equal(rd(&v, R_VERSION), 0xffffffff);
	assert_int_equal(vlapic_mmio_read(&v, R_VERSION, 1, &now), 0xff);
	assert_true(vlapic_mmio_read(&v, R_VERSION, 8, &now) == UINT64_MAX);
	assert_true(vlapic_accepts_extint(&v));
	assert_true(vlapic_lint_nmi(&v));
	assert_int_equal(vlapic_raise_lvt(&v, LVT_LINT0), APIC_EXTINT);
	assert_int_equal(vlapic_raise_lvt(&v, LVT_LINT1), APIC_NMI);
	assert_int_equal(vlapic_raise_lvt(&v, LVT_PERF), -1);
	assert_int_equal(wr(&v, R_TPR, 0x50).kind, VLAPIC_NOTHING);
	assert_int_equal(vlapic_base_write(&v, VLAPIC_BASE_GPA | APIC_BASE_ENABLE), 0);
	assert_int_equal(rd(&v, R_SVR), 0xff);
	assert_int_equal(rd(&v, R_TPR), 0);
	assert_int_equal(rd(&v, R_LVT1), 0x10000);
	/* Only the bootstrap CPU has the legacy pins. */
	v = lapic(1);
	assert_int_equal(vlapic_base_write(&v, VLAPIC_BASE_GPA), 0);
	assert_false(vlapic_accepts_extint(&v));
	assert_false(vlapic_lint_nmi(&v));
	assert_int_equal(vlapic_raise_lvt(&v, LVT_LINT0), -1);
}

/* SDM 11.4.7.3 and 11.12.5.1: INIT keeps the ids and the mode. */
static void init_keeps_mode_and_id(void **state)
{
	(void)state;
	struct vlapic v = x2apic(17);

	assert_int_equal(wrmsr(&v, R_TPR, 0x30), 0);
	assert_int_equal(wrmsr(&v, R_LVT0, 0x21), 0);
	vlapic_set_irr(&v, 0x44, false);
	vlapic_reset(&v);
	vlapic_check(&v);
	assert_true(vlapic_is_x2apic(&v));
	assert_int_equal(rdmsr(&v, R_ID), 17);
	assert_int_equal(rdmsr(&v, R_TPR), 0);
	assert_int_equal(rdmsr(&v, R_SVR), 0xff);
	assert_int_equal(rdmsr(&v, R_LVT0), 0x10000);
	assert_int_equal(vlapic_pending(&v), -1);
}

static void assert_same_state(struct vlapic *a, struct vlapic *b)
{
	static const struct apic_msg illegal = {.vector = 1};

	for (u32 reg = 0; reg < 0x40; reg++) {
		u64 left = 0, right = 0;

		assert_int_equal(vlapic_msr_read(a, 0x800 + reg, &now, &left),
				 vlapic_msr_read(b, 0x800 + reg, &now, &right));
		assert_true(left == right);
	}
	assert_int_equal(a->irr_maybe, b->irr_maybe);
	assert_int_equal(a->route, b->route);
	assert_int_equal(a->ldr, b->ldr);
	assert_int_equal(a->ppr, b->ppr);
	assert_true(vlapic_deadline_ns(a) == vlapic_deadline_ns(b));
	assert_true(a->tsc_deadline == b->tsc_deadline);
	/* Errors are armed alike. */
	wr(a, R_SVR, 0x1ff);
	wr(b, R_SVR, 0x1ff);
	(void)vlapic_accept_msg(a, &illegal);
	(void)vlapic_accept_msg(b, &illegal);
	assert_int_equal(a->esr_logged, b->esr_logged);
}

/* After INIT nothing is left of whatever the guest has done (SDM 11.4.7.3). */
static void init_resets_everything(void **state)
{
	(void)state;
	struct rng r = {.state = 2024};

	for (int round = 0; round < 500; round++) {
		struct vlapic fresh = lapic(17), v = fresh;
		struct vlapic_effect effect;

		for (int i = 0; i < 200; i++) {
			u32 offset = (u32)rng_below(&r, 0x40) * 16;

			vlapic_mmio_write(&v, offset, 4, rng_next(&r), &now, &effect);
			vlapic_set_irr(&v, (u8)(16 + rng_below(&r, 240)), rng_below(&r, 2));
			if (vlapic_pending(&v) >= 0 && rng_below(&r, 2)) {
				vlapic_accept(&v, (u8)vlapic_pending(&v));
			}
		}
		if (round % 2) {
			u64 x2apic_on = vlapic_base_read(&v) | APIC_BASE_X2APIC;

			assert_int_equal(vlapic_base_write(&v, x2apic_on), 0);
			assert_int_equal(vlapic_base_write(&fresh, x2apic_on), 0);
		}
		vlapic_reset(&v);
		vlapic_check(&v);
		assert_true(vlapic_base_read(&v) == vlapic_base_read(&fresh));
		if (round % 2) {
			assert_same_state(&v, &fresh);
		} else {
			for (u32 offset = 0x20; offset < 0x3f0; offset += 16) {
				assert_int_equal(rd(&v, offset), rd(&fresh, offset));
			}
		}
	}
}

/* SDM 11.12.5: only entering x2APIC mode clears the destination half of ICR. */
static void icr_across_modes(void **state)
{
	(void)state;
	struct vlapic v = enabled_lapic(1);

	wr(&v, R_ICR2, 0x55000000);
	assert_int_equal(vlapic_base_write(&v, vlapic_base_read(&v)), 0);
	assert_int_equal(rd(&v, R_ICR2), 0x55000000);
	assert_int_equal(vlapic_base_write(&v, vlapic_base_read(&v) | APIC_BASE_X2APIC), 0);
	assert_true(rdmsr(&v, R_ICR) == 0);
	assert_int_equal(wrmsr(&v, R_ICR, 0x7700000000 | 0x4045), 0);
	assert_int_equal(vlapic_base_write(&v, vlapic_base_read(&v)), 0);
	assert_true(rdmsr(&v, R_ICR) == (0x7700000000 | 0x4045));
	/* Read-only status bits may be written and stay as they are. */
	assert_int_equal(wrmsr(&v, R_LVT0, 0x5021), 0);
	assert_int_equal(rdmsr(&v, R_LVT0), 0x21);
}

/* Past the last register there is no second copy of the first. */
static void no_aliases(void **state)
{
	(void)state;
	struct vlapic v = enabled_lapic(9);
	struct vlapic_effect effect;
	u64 value;

	for (u32 offset = 0x400; offset < VLAPIC_MMIO_SIZE; offset += 16) {
		assert_int_equal(rd(&v, offset), 0);
		wr(&v, offset, 0xffffffff);
	}
	assert_int_equal(rd(&v, R_TPR), 0);
	wr(&v, R_ESR, 0);
	assert_int_equal(rd(&v, R_ESR), 0x80);
	v = x2apic(9);
	assert_int_equal(vlapic_msr_read(&v, 0x840, &now, &value), ERR_INVAL);
	assert_int_equal(vlapic_msr_write(&v, 0x840, 0, &now, &effect), ERR_INVAL);
	assert_int_equal(vlapic_msr_read(&v, 0x7ff, &now, &value), ERR_INVAL);
	assert_int_equal(vlapic_msr_write(&v, 0x7ff, 0, &now, &effect), ERR_INVAL);
}

/* SDM 11.12.1.2, table 11-6: which registers exist, and which way. */
static void x2apic_rights(void **state)
{
	(void)state;
	static const char rights[64 + 1] = "..rr....b.rw.r.b"  /* 800-80f */
					   "rrrrrrrrrrrrrrrr"  /* ISR, TMR */
					   "rrrrrrrrb......."  /* IRR, ESR */
					   "b.bbbbbbbr....bw"; /* 830-83f */

	for (u32 reg = 0; reg < 64; reg++) {
		struct vlapic v = x2apic(1);
		struct vlapic_effect effect;
		bool can_read = rights[reg] == 'r' || rights[reg] == 'b';
		bool can_write = rights[reg] == 'w' || rights[reg] == 'b';
		u64 value;

		assert_int_equal(vlapic_msr_read(&v, 0x800 + reg, &now, &value),
				 can_read ? 0 : ERR_INVAL);
		assert_int_equal(vlapic_msr_write(&v, 0x800 + reg, 0, &now, &effect),
				 can_write ? 0 : ERR_INVAL);
		vlapic_check(&v);
		/* In xAPIC mode none of them exists. */
		v = enabled_lapic(1);
		assert_int_equal(vlapic_msr_read(&v, 0x800 + reg, &now, &value), ERR_INVAL);
		assert_int_equal(vlapic_msr_write(&v, 0x800 + reg, 0, &now, &effect), ERR_INVAL);
	}
}

/* SDM 11.12.1.3: setting a reserved bit is #GP and changes nothing. */
static void x2apic_reserved_bits(void **state)
{
	(void)state;
	static const struct {
		u32 offset;
		u64 allowed;
	} regs[] = {
		{R_TPR, 0xff},
		{R_EOI, 0},
		{R_SVR, 0x13ff},
		{R_ESR, 0},
		{R_ICR, 0xffffffff000cdfff},
		{R_LVTT, 0x710ff},
		{0x330, 0x117ff},
		{R_LVTPC, 0x117ff},
		{R_LVT0, 0x1f7ff},
		{R_LVT1, 0x1f7ff},
		{R_LVTERR, 0x110ff},
		{R_TMICT, 0xffffffff},
		{R_TDCR, 0xb},
		{0x3f0, 0xff},
	};

	for (u32 i = 0; i < ARRAY_SIZE(regs); i++) {
		for (u32 bit = 0; bit < 64; bit++) {
			struct vlapic v = x2apic(1), before = v;
			bool allowed = (regs[i].allowed & BIT(bit)) != 0;

			assert_int_equal(wrmsr(&v, regs[i].offset, BIT(bit)),
					 allowed ? 0 : ERR_INVAL);
			if (!allowed) {
				assert_memory_equal(&v, &before, sizeof(v));
			}
		}
	}
}

static void x2apic_ids_and_icr(void **state)
{
	(void)state;
	struct vlapic v = x2apic(0x1f);
	struct vlapic_effect effect;

	assert_int_equal(rdmsr(&v, R_ID), 0x1f);
	assert_int_equal(rdmsr(&v, R_LDR), 0x00018000);
	assert_int_equal(vlapic_msr_write(&v, 0x830, 0x12345678000c4852, &now, &effect), 0);
	assert_int_equal(effect.kind, VLAPIC_SEND);
	assert_int_equal(effect.msg.dest, 0x12345678);
	assert_int_equal(effect.msg.vector, 0x52);
	assert_int_equal(effect.msg.shorthand, APIC_TO_OTHERS);
	assert_true(effect.msg.logical);
	assert_true(effect.msg.wide);
	assert_true(rdmsr(&v, R_ICR) == 0x12345678000c4852);
	/* SELF IPI. */
	assert_int_equal(vlapic_msr_write(&v, 0x83f, 0x66, &now, &effect), 0);
	assert_int_equal(effect.kind, VLAPIC_NOTHING);
	assert_int_equal(vlapic_pending(&v), 0x66);
	/* The page is not decoded. */
	assert_int_equal(rd(&v, R_VERSION), 0xffffffff);
	wr(&v, R_TPR, 0x70);
	assert_int_equal(rdmsr(&v, R_TPR), 0);
}

/* The guest reads in the page what an access that exits would have given. */
static void page_is_current(const struct vlapic *v, const u32 *page)
{
	for (u32 offset = 0; offset < 0x400; offset += 16) {
		bool moves = offset == R_PPR || offset == R_APR || offset == R_TMCCT;
		struct vlapic copy = *v; /* reading what is reserved is an error */
		u32 read = rd(&copy, offset);

		if (!moves && offset != R_EOI) {
			assert_int_equal(page[offset / 4], read);
		}
	}
}

static void random_step(struct vlapic *v, struct rng *r)
{
	static const u32 regs[] = {R_EOI,  R_TPR,   R_ICR2, R_LDR,  R_DFR,    R_SVR,   R_ESR, R_ICR,
				   R_LVTT, R_LVTPC, R_LVT0, R_LVT1, R_LVTERR, R_TMICT, R_TDCR};
	struct vlapic_time later = now;

	later.now_ns += rng_below(r, 1000000);
	switch (rng_below(r, 6)) {
	case 0:
		vlapic_set_irr(v, (u8)(16 + rng_below(r, 240)), rng_below(r, 2));
		break;
	case 1:
		if (vlapic_pending(v) >= 0) {
			vlapic_accept(v, (u8)vlapic_pending(v));
		}
		break;
	case 2:
		vlapic_advance(v, &later);
		break;
	case 3:
		(void)vlapic_raise_lvt(v, (enum vlapic_lvt)rng_below(r, LVT_COUNT));
		break;
	default:
		wr(v, regs[rng_below(r, ARRAY_SIZE(regs))], (u32)rng_next(r));
		break;
	}
}

/* With TPR and the upper half of ICR written in the page alone. */
static void registers_in_a_page(void **state)
{
	static u32 page[VLAPIC_MMIO_SIZE / 4];
	struct rng r = {.state = 77};
	struct vlapic v = enabled_lapic(0);

	(void)state;
	vlapic_page_fill(&v, page, true);
	for (u32 step = 0; step < 100000; step++) {
		page[R_TPR / 4] = (u32)rng_below(&r, 256);
		page[R_ICR2 / 4] = (u32)rng_below(&r, 256) << 24;
		if (rng_below(&r, 1000) == 0) {
			vlapic_reset(&v);
			vlapic_page_fill(&v, page, true);
		}
		vlapic_page_take(&v, page);
		random_step(&v, &r);
		vlapic_page_fill(&v, page, false);
		v.esr_logged = 0;
		page_is_current(&v, page);
		vlapic_check(&v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base_transitions),
		cmocka_unit_test(base_reserved_bits_and_relocation),
		cmocka_unit_test(global_disable),
		cmocka_unit_test(init_keeps_mode_and_id),
		cmocka_unit_test(init_resets_everything),
		cmocka_unit_test(icr_across_modes),
		cmocka_unit_test(no_aliases),
		cmocka_unit_test(x2apic_rights),
		cmocka_unit_test(x2apic_reserved_bits),
		cmocka_unit_test(x2apic_ids_and_icr),
		cmocka_unit_test(registers_in_a_page),
	};

	return cmocka_run_group_tests_name("vlapic_modes", tests, NULL, NULL);
}
