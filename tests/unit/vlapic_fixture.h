/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of the local APIC share: register access that cannot fail, and APICs in the states tests begin with. */
#ifndef TESTS_UNIT_VLAPIC_FIXTURE_H
#define TESTS_UNIT_VLAPIC_FIXTURE_H

#include "tests/unit/unit.h"
#include "kernel/dev/vlapic.h"

#define R_ID	  0x020
#define R_VERSION 0x030
#define R_TPR	  0x080
#define R_APR	  0x090
#define R_PPR	  0x0a0
#define R_EOI	  0x0b0
#define R_LDR	  0x0d0
#define R_DFR	  0x0e0
#define R_SVR	  0x0f0
#define R_ISR	  0x100
#define R_TMR	  0x180
#define R_IRR	  0x200
#define R_ESR	  0x280
#define R_CMCI	  0x2f0
#define R_ICR	  0x300
#define R_ICR2	  0x310
#define R_LVTT	  0x320
#define R_LVTPC	  0x340
#define R_LVT0	  0x350
#define R_LVT1	  0x360
#define R_LVTERR  0x370
#define R_TMICT	  0x380
#define R_TMCCT	  0x390
#define R_TDCR	  0x3e0

static const struct vlapic_time now = {.now_ns = 1000, .guest_tsc = 2000, .tsc_khz = 1000000};

static inline u32 rd(struct vlapic *v, u32 offset)
{
	return (u32)vlapic_mmio_read(v, offset, 4, &now);
}

static inline struct vlapic_effect wr(struct vlapic *v, u32 offset, u32 value)
{
	struct vlapic_effect effect;

	memset(&effect, 0xa5, sizeof(effect));
	vlapic_mmio_write(v, offset, 4, value, &now, &effect);
	vlapic_check(v);
	return effect;
}

static inline int wrmsr(struct vlapic *v, u32 reg, u64 value)
{
	struct vlapic_effect effect;
	int err = vlapic_msr_write(v, 0x800 + (reg >> 4), value, &now, &effect);

	vlapic_check(v);
	return err;
}

static inline u64 rdmsr(struct vlapic *v, u32 reg)
{
	u64 value;

	assert_int_equal(vlapic_msr_read(v, 0x800 + (reg >> 4), &now, &value), 0);
	return value;
}

static inline struct vlapic lapic(u32 id)
{
	struct vlapic v;

	vlapic_init(&v, id, (u8)id, id == 0);
	return v;
}

/* Software-enabled, spurious vector FFh. */
static inline struct vlapic enabled_lapic(u32 id)
{
	struct vlapic v = lapic(id);

	wr(&v, R_SVR, 0x1ff);
	return v;
}

static inline struct vlapic x2apic(u32 id)
{
	struct vlapic v = enabled_lapic(id);

	assert_int_equal(vlapic_base_write(&v, vlapic_base_read(&v) | APIC_BASE_X2APIC), 0);
	return v;
}

#endif
