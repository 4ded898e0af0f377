// SPDX-License-Identifier: GPL-2.0-only
/*
 * Local APIC registers as the guest reads and writes them: one table for the MMIO page (xAPIC, SDM
 * table 11-1) and the MSRs (x2APIC, SDM table 11-6), which number the registers alike. Pure.
 */
#include "kernel/dev/vlapic.h"
#include "kernel/dev/vlapic_priv.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/string.h"

/* Register numbers: MMIO offset / 16, MSR - 800h. */
enum {
	REG_ID = 0x02,
	REG_VERSION = 0x03,
	REG_TPR = 0x08,
	REG_APR = 0x09,
	REG_PPR = 0x0a,
	REG_EOI = 0x0b,
	REG_RRD = 0x0c,
	REG_LDR = 0x0d,
	REG_DFR = 0x0e,
	REG_SVR = 0x0f,
	REG_ISR = 0x10,
	REG_TMR = 0x18,
	REG_IRR = 0x20,
	REG_ESR = 0x28,
	REG_ICR = 0x30,
	REG_ICR_HIGH = 0x31,
	REG_LVT_TIMER = 0x32,
	REG_LVT_THERMAL = 0x33,
	REG_LVT_PERF = 0x34,
	REG_LVT_LINT0 = 0x35,
	REG_LVT_LINT1 = 0x36,
	REG_LVT_ERROR = 0x37,
	REG_TIMER_INITIAL = 0x38,
	REG_TIMER_CURRENT = 0x39,
	REG_TIMER_DIVIDE = 0x3e,
	REG_SELF_IPI = 0x3f,
	REG_COUNT = 0x40,
};

/* Version 14h: integrated APIC; highest LVT entry; EOI broadcasts can be suppressed. */
#define VERSION_VALUE	(0x14u | (LVT_COUNT - 1) << 16 | (u32)BIT(24))

/* ICR fields. */
#define ICR_LOGICAL	BIT(11)
#define ICR_BUSY	BIT(12)
#define ICR_ASSERT	BIT(14)
#define ICR_LEVEL	BIT(15)
#define ICR_LOW_MASK	0x000ccfffu
#define ICR_X2_RESERVED (BIT(13) | BIT(16) | BIT(17) | 0xfff00000u)

/* One access; keeps the handlers' parameters few. */
struct reg_access {
	u32 reg;
	u32 value; /* writes: masked */
	const struct vlapic_time *time;
	struct vlapic_effect *effect;
};

/* --- reading ---------------------------------------------------------------------------------- */

static u32 read_id(const struct vlapic *v, const struct reg_access *a)
{
	(void)a;
	return vlapic_is_x2apic(v) ? v->apic_id : v->apic_id << 24;
}

static u32 read_version(const struct vlapic *v, const struct reg_access *a)
{
	(void)v;
	(void)a;
	return VERSION_VALUE;
}

static u32 read_tpr(const struct vlapic *v, const struct reg_access *a)
{
	(void)a;
	return v->tpr;
}

static u32 read_ppr(const struct vlapic *v, const struct reg_access *a)
{
	(void)a;
	return v->ppr;
}

static u32 read_zero(const struct vlapic *v, const struct reg_access *a)
{
	(void)v;
	(void)a;
	return 0;
}

static u32 read_ldr(const struct vlapic *v, const struct reg_access *a)
{
	(void)a;
	return vlapic_is_x2apic(v) ? vlapic_x2apic_ldr(v->apic_id) : v->ldr;
}

static u32 read_dfr(const struct vlapic *v, const struct reg_access *a)
{
	(void)a;
	return v->dfr;
}

static u32 read_svr(const struct vlapic *v, const struct reg_access *a)
{
	(void)a;
	return v->svr;
}

/* ISR, TMR, IRR: 256 bits in eight registers each. */
static u32 read_vectors(const struct vlapic *v, const struct reg_access *a)
{
	const u64 *map = a->reg < REG_TMR ? v->isr : a->reg < REG_IRR ? v->tmr : v->irr;
	u32 word = a->reg & 7;

	return (u32)(map[word / 2] >> (word % 2 * 32));
}

static u32 read_esr(const struct vlapic *v, const struct reg_access *a)
{
	(void)a;
	return v->esr;
}

/* Delivery is instantaneous: the busy bit is always clear. */
static u32 read_icr(const struct vlapic *v, const struct reg_access *a)
{
	return a->reg == REG_ICR ? v->icr_low : v->icr_high;
}

static u32 read_lvt(const struct vlapic *v, const struct reg_access *a)
{
	return v->lvt[a->reg - REG_LVT_TIMER];
}

static u32 read_timer_initial(const struct vlapic *v, const struct reg_access *a)
{
	(void)a;
	return v->timer_initial;
}

static u32 read_timer_current(const struct vlapic *v, const struct reg_access *a)
{
	return vlapic_timer_count(v, a->time);
}

static u32 read_timer_divide(const struct vlapic *v, const struct reg_access *a)
{
	(void)a;
	return v->timer_divide;
}

/* --- writing ---------------------------------------------------------------------------------- */

/* Which ids an APIC may be given is up to the model (SDM 11.4.6); this one keeps its own. */
static void write_ignored(struct vlapic *v, const struct reg_access *a)
{
	(void)v;
	(void)a;
}

static void write_tpr(struct vlapic *v, const struct reg_access *a)
{
	vlapic_set_tpr(v, (u8)a->value);
}

static void write_eoi(struct vlapic *v, const struct reg_access *a)
{
	u8 vector;

	if (vlapic_end_interrupt(v, &vector)) {
		a->effect->kind = VLAPIC_BROADCAST;
		a->effect->vector = vector;
	}
}

static void write_ldr(struct vlapic *v, const struct reg_access *a)
{
	v->ldr = a->value;
	vlapic_publish_route(v);
}

static void write_dfr(struct vlapic *v, const struct reg_access *a)
{
	v->dfr = a->value | 0x0fffffffu;
	vlapic_publish_route(v);
}

/* SDM 11.4.7.2: while software-disabled all LVT entries are masked and stay so; what is requested
 * or in service is held and served. */
static void write_svr(struct vlapic *v, const struct reg_access *a)
{
	vlapic_advance(v, a->time);
	v->svr = a->value;
	if ((v->svr & SVR_ENABLE) == 0) {
		for (u32 i = 0; i < LVT_COUNT; i++) {
			v->lvt[i] |= LVT_MASKED;
		}
		tick_backlog_drop(&v->tick);
		a->effect->kind = VLAPIC_TIMER;
	}
	vlapic_publish_route(v);
}

/* SDM 11.5.3: writing shows what was logged since the last write and arms the error interrupt. */
static void write_esr(struct vlapic *v, const struct reg_access *a)
{
	(void)a;
	v->esr = v->esr_logged;
	v->esr_logged = 0;
}

static void write_icr_high(struct vlapic *v, const struct reg_access *a)
{
	v->icr_high = a->value;
}

static bool icr_has_effect(u32 low, u8 delivery, u8 shorthand)
{
	bool starts = delivery == APIC_INIT || delivery == APIC_STARTUP;

	if (delivery == APIC_REMOTE_READ || delivery == APIC_EXTINT) {
		return false;
	}
	/* INIT level de-assert only ever set arbitration ids: nothing since the Pentium 4. */
	if (delivery == APIC_INIT && (low & ICR_ASSERT) == 0 && (low & ICR_LEVEL) != 0) {
		return false;
	}
	/* SDM table 11-3: not valid to oneself. */
	return !(starts && (shorthand == APIC_TO_SELF || shorthand == APIC_TO_ALL));
}

/* Sends what ICR says (SDM 11.6.1). The trigger mode counts for INIT de-assert only: IPIs are edge
 * triggered. */
static void vlapic_send(struct vlapic *v, u32 dest, struct vlapic_effect *effect)
{
	u32 low = v->icr_low;
	u8 delivery = (low >> 8) & 7, shorthand = (low >> 18) & 3, vector = (u8)low;
	bool fixed = delivery == APIC_FIXED || delivery == APIC_LOWEST;

	if (!icr_has_effect(low, delivery, shorthand)) {
		return;
	}
	if (fixed && vector < APIC_VECTOR_MIN) {
		vlapic_log_error(v, ESR_SEND_ILLEGAL);
		return;
	}
	effect->msg = (struct apic_msg){
		.dest = dest,
		.vector = vector,
		.delivery = delivery,
		.shorthand = shorthand,
		.source = v->vcpu_index,
		.wide = vlapic_is_x2apic(v),
		.logical = (low & ICR_LOGICAL) != 0,
	};
	if (fixed && shorthand == APIC_TO_SELF) {
		(void)vlapic_accept_msg(v, &effect->msg);
		return;
	}
	effect->kind = VLAPIC_SEND;
}

static void write_icr(struct vlapic *v, const struct reg_access *a)
{
	v->icr_low = a->value;
	vlapic_send(v, v->icr_high >> 24, a->effect);
}

/* SDM 11.12.11. */
static void write_self_ipi(struct vlapic *v, const struct reg_access *a)
{
	struct apic_msg msg = {.vector = (u8)a->value, .delivery = APIC_FIXED};

	(void)vlapic_accept_msg(v, &msg);
}

static void write_lvt(struct vlapic *v, const struct reg_access *a)
{
	u32 value = a->value;

	if ((v->svr & SVR_ENABLE) == 0) {
		value |= LVT_MASKED;
	}
	if (a->reg == REG_LVT_TIMER) {
		vlapic_timer_write_lvt(v, value, a->time);
		a->effect->kind = VLAPIC_TIMER;
	} else {
		v->lvt[a->reg - REG_LVT_TIMER] = value;
	}
}

static void write_timer_initial(struct vlapic *v, const struct reg_access *a)
{
	vlapic_timer_write_initial(v, a->value, a->time);
	a->effect->kind = VLAPIC_TIMER;
}

static void write_timer_divide(struct vlapic *v, const struct reg_access *a)
{
	vlapic_timer_write_divide(v, a->value, a->time);
	a->effect->kind = VLAPIC_TIMER;
}

/* --- the table -------------------------------------------------------------------------------- */

/* Access rights: xAPIC read/write, x2APIC read/write. Writes of what xAPIC only reads are ignored,
 * of what x2APIC does not write #GP. */
enum { XR = 1, XW = 2, MR = 4, MW = 8, RO = XR | MR, RW = XR | XW | MR | MW };

struct reg_rule {
	u8 access; /* 0: reserved */
	u32 mask;  /* bits that a write sets; the others are reserved ... */
	u32 fixed; /* ... or read-only, which x2APIC writes may carry too */
	u32 (*read)(const struct vlapic *v, const struct reg_access *a);
	void (*write)(struct vlapic *v, const struct reg_access *a);
};

/* clang-format off */
static const struct reg_rule reg_rules[REG_COUNT] = {
	[REG_ID]            = {RO | XW, 0, 0, read_id, write_ignored},
	[REG_VERSION]       = {RO, 0, 0, read_version, NULL},
	[REG_TPR]           = {RW, 0xff, 0, read_tpr, write_tpr},
	[REG_APR]           = {XR, 0, 0, read_ppr, NULL},
	[REG_PPR]           = {RO, 0, 0, read_ppr, NULL},
	[REG_EOI]           = {XW | MW, 0, 0, NULL, write_eoi},
	[REG_RRD]           = {XR, 0, 0, read_zero, NULL},
	[REG_LDR]           = {RO | XW, 0xff000000, 0, read_ldr, write_ldr},
	[REG_DFR]           = {XR | XW, 0xf0000000, 0, read_dfr, write_dfr},
	[REG_SVR]           = {RW, 0x13ff, 0, read_svr, write_svr},
	[REG_ISR ... REG_ESR - 1] = {RO, 0, 0, read_vectors, NULL},
	[REG_ESR]           = {RW, 0, 0, read_esr, write_esr},
	[REG_ICR]           = {RW, ICR_LOW_MASK, 0, read_icr, write_icr},
	[REG_ICR_HIGH]      = {XR | XW, 0xff000000, 0, read_icr, write_icr_high},
	[REG_LVT_TIMER]     = {RW, 0x000700ff, 0x1000, read_lvt, write_lvt},
	[REG_LVT_THERMAL]   = {RW, 0x000107ff, 0x1000, read_lvt, write_lvt},
	[REG_LVT_PERF]      = {RW, 0x000107ff, 0x1000, read_lvt, write_lvt},
	[REG_LVT_LINT0]     = {RW, 0x0001a7ff, 0x5000, read_lvt, write_lvt},
	[REG_LVT_LINT1]     = {RW, 0x0001a7ff, 0x5000, read_lvt, write_lvt},
	[REG_LVT_ERROR]     = {RW, 0x000100ff, 0x1000, read_lvt, write_lvt},
	[REG_TIMER_INITIAL] = {RW, 0xffffffff, 0, read_timer_initial, write_timer_initial},
	[REG_TIMER_CURRENT] = {RO, 0, 0, read_timer_current, NULL},
	[REG_TIMER_DIVIDE]  = {RW, 0x0000000b, 0, read_timer_divide, write_timer_divide},
	[REG_SELF_IPI]      = {MW, 0xff, 0, NULL, write_self_ipi},
};
/* clang-format on */

/* Where a write of this register shows; EOI: in ISR, which says so itself. */
static u8 reg_change(u32 reg)
{
	return reg == REG_EOI			       ? 0
	       : reg == REG_TPR || reg == REG_ICR_HIGH ? VLAPIC_TPR_ICR
						       : VLAPIC_REGISTERS;
}

/* --- xAPIC ------------------------------------------------------------------------------------ */

u64 vlapic_mmio_read(struct vlapic *v, u32 offset, u8 size_bytes, const struct vlapic_time *time)
{
	struct reg_access a = {.reg = (offset / 16) % REG_COUNT, .time = time};
	const struct reg_rule *rule = &reg_rules[a.reg];
	u64 all_ones = size_bytes >= 8 ? UINT64_MAX : BIT(size_bytes * 8u) - 1;

	if (!vlapic_enabled(v) || vlapic_is_x2apic(v)) {
		return all_ones;
	}
	if (offset >= REG_COUNT * 16 || (rule->access & (XR | XW)) == 0) {
		vlapic_log_error(v, ESR_ILLEGAL_REGISTER);
		return 0;
	}
	if ((rule->access & XR) == 0 || offset % 16 >= 4) {
		return 0;
	}
	return ((u64)rule->read(v, &a) >> (offset % 4 * 8)) & all_ones;
}

void vlapic_mmio_write(struct vlapic *v, u32 offset, u8 size_bytes, u64 value,
		       const struct vlapic_time *time, struct vlapic_effect *effect)
{
	struct reg_access a = {.reg = (offset / 16) % REG_COUNT, .time = time, .effect = effect};
	const struct reg_rule *rule = &reg_rules[a.reg];

	effect->kind = VLAPIC_NOTHING;
	if (!vlapic_enabled(v) || vlapic_is_x2apic(v)) {
		return;
	}
	if (offset >= REG_COUNT * 16 || (rule->access & (XR | XW)) == 0) {
		vlapic_log_error(v, ESR_ILLEGAL_REGISTER);
		return;
	}
	if ((rule->access & XW) == 0 || offset % 16 != 0) {
		return;
	}
	if (size_bytes < 4) {
		value &= BIT(size_bytes * 8u) - 1;
	}
	a.value = (u32)value & rule->mask;
	v->changed |= reg_change(a.reg);
	rule->write(v, &a);
}

/* --- the page that hardware shows the guest -----------------------------------------------------
 */

void vlapic_page_take(struct vlapic *v, const u32 page[VLAPIC_MMIO_SIZE / 4])
{
	u8 tpr = (u8)page[REG_TPR * 4];

	if (v->tpr != tpr) {
		vlapic_set_tpr(v, tpr);
	}
	v->icr_high = page[REG_ICR_HIGH * 4] & reg_rules[REG_ICR_HIGH].mask;
}

static void page_fill_vectors(const struct vlapic *v, u32 *page)
{
	for (u32 i = 0; i < 8; i++) {
		u32 shift = i % 2 * 32;

		page[(REG_ISR + i) * 4] = (u32)(v->isr[i / 2] >> shift);
		page[(REG_TMR + i) * 4] = (u32)(v->tmr[i / 2] >> shift);
		page[(REG_IRR + i) * 4] = (u32)(v->irr[i / 2] >> shift);
	}
}

static void page_fill_registers(const struct vlapic *v, u32 *page, u8 changed)
{
	for (u32 reg = 0; reg < REG_COUNT; reg++) {
		const struct reg_access a = {.reg = reg};
		bool vectors = reg >= REG_ISR && reg < REG_ESR;
		bool moves = reg == REG_PPR || reg == REG_APR || reg == REG_TIMER_CURRENT;

		if ((reg_rules[reg].access & XR) != 0 && !vectors && !moves &&
		    (reg_change(reg) & changed) != 0) {
			page[reg * 4] = reg_rules[reg].read(v, &a);
		}
	}
}

void vlapic_page_fill(struct vlapic *v, u32 page[VLAPIC_MMIO_SIZE / 4], bool all)
{
	u8 changed = all ? VLAPIC_VECTORS | VLAPIC_REGISTERS | VLAPIC_TPR_ICR : v->changed;

	v->changed = 0;
	if ((changed & VLAPIC_VECTORS) != 0) {
		page_fill_vectors(v, page);
	}
	if ((changed & (VLAPIC_REGISTERS | VLAPIC_TPR_ICR)) != 0) {
		page_fill_registers(v, page, changed);
	}
}

/* --- x2APIC ----------------------------------------------------------------------------------- */

/* SDM 11.12.9: one 64-bit register, writing it sends. */
static int vlapic_write_icr64(struct vlapic *v, u64 value, struct vlapic_effect *effect)
{
	if ((value & ICR_X2_RESERVED) != 0) {
		return ERR_INVAL;
	}
	v->icr_low = (u32)value & ICR_LOW_MASK;
	v->icr_high = (u32)(value >> 32);
	v->changed |= VLAPIC_REGISTERS;
	vlapic_send(v, v->icr_high, effect);
	return ERR_OK;
}

static int vlapic_x2apic_write(struct vlapic *v, u32 reg, u64 value, const struct vlapic_time *time,
			       struct vlapic_effect *effect)
{
	const struct reg_rule *rule = &reg_rules[reg];
	struct reg_access a = {.reg = reg, .value = (u32)value, .time = time, .effect = effect};

	if ((rule->access & MW) == 0) {
		return ERR_INVAL;
	}
	if (reg == REG_ICR) {
		return vlapic_write_icr64(v, value, effect);
	}
	if ((value & ~(u64)(rule->mask | rule->fixed)) != 0) {
		return ERR_INVAL;
	}
	a.value &= rule->mask;
	v->changed |= VLAPIC_REGISTERS;
	rule->write(v, &a);
	return ERR_OK;
}

int vlapic_msr_read(struct vlapic *v, u32 msr, const struct vlapic_time *time, u64 *value)
{
	struct reg_access a = {.reg = msr - VLAPIC_MSR_FIRST, .time = time};

	if (msr == MSR_TSC_DEADLINE) {
		/* Reads zero once it has expired. */
		vlapic_advance(v, time);
		*value = v->tsc_deadline;
		return ERR_OK;
	}
	if (a.reg >= REG_COUNT || !vlapic_is_x2apic(v) || (reg_rules[a.reg].access & MR) == 0) {
		return ERR_INVAL;
	}
	*value = reg_rules[a.reg].read(v, &a);
	if (a.reg == REG_ICR) {
		*value |= (u64)v->icr_high << 32;
	}
	return ERR_OK;
}

int vlapic_msr_write(struct vlapic *v, u32 msr, u64 value, const struct vlapic_time *time,
		     struct vlapic_effect *effect)
{
	u32 reg = msr - VLAPIC_MSR_FIRST;

	effect->kind = VLAPIC_NOTHING;
	if (msr == MSR_TSC_DEADLINE) {
		vlapic_timer_write_deadline(v, value, time);
		effect->kind = VLAPIC_TIMER;
		return ERR_OK;
	}
	if (reg >= REG_COUNT || !vlapic_is_x2apic(v)) {
		return ERR_INVAL;
	}
	return vlapic_x2apic_write(v, reg, value, time, effect);
}
