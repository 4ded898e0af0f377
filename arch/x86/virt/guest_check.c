// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest state must satisfy on either vendor's hardware: so that no value that comes from a
 * guest can make an entry fail, and what the instructions that load the registers check. Pure.
 */
#include "arch/x86/virt/guest_check.h"

#include "arch/x86/regs.h"
#include "kernel/lib/err.h"

#define RFLAGS_VALID 0x3f7fd7ull

/* Bits 62:52 of CR3 are reserved, 63 never kept. */
static bool cr3_valid(u64 cr3, const struct guest_limits *limits)
{
	return (cr3 & ~(limits->phys_mask | PAGE_MASK)) == 0;
}

static bool canonical(u64 address, const struct guest_limits *limits)
{
	u32 shift = 64u - limits->linear_bits;

	return (u64)((s64)(address << shift) >> shift) == address;
}

static bool control_valid(const struct guest_state *s, const struct guest_limits *limits)
{
	bool paging = (s->cr0 & CR0_PG) != 0;
	bool lme = (s->efer & EFER_LME) != 0;
	bool lma = (s->efer & EFER_LMA) != 0;

	if (s->cr0 >> 32 != 0 || (s->cr0 & (CR0_CD | CR0_NW)) == CR0_NW) {
		return false;
	}
	if ((s->cr4 & ~limits->cr4) != 0 || (s->efer & ~limits->efer) != 0) {
		return false;
	}
	if (paging && ((s->cr0 & CR0_PE) == 0 || (lme && (s->cr4 & CR4_PAE) == 0))) {
		return false;
	}
	return lma == (lme && paging) && cr3_valid(s->cr3, limits);
}

static bool pat_valid(u64 pat)
{
	/* Memory types 0, 1, 4, 5, 6, 7. */
	for (u32 i = 0; i < 8; i++) {
		u8 type = (u8)(pat >> (8 * i));

		if (type > 7 || type == 2 || type == 3) {
			return false;
		}
	}
	return true;
}

static bool msrs_valid(const struct guest_state *s, const struct guest_limits *limits)
{
	return canonical(s->lstar, limits) && canonical(s->cstar, limits) &&
	       canonical(s->kernel_gs_base, limits) && canonical(s->sysenter_esp, limits) &&
	       canonical(s->sysenter_eip, limits) && pat_valid(s->pat) && s->tsc_aux >> 32 == 0;
}

static bool bases_valid(const struct guest_state *s, u32 mask, const struct guest_limits *limits)
{
	const u32 code = BIT(SEG_CS) | BIT(SEG_SS);
	u32 segs = (mask & GS_SEGS) != 0 ? BIT(SEG_COUNT) - 1 : (mask & GS_CODE) != 0 ? code : 0;

	for (u32 i = 0; i < SEG_COUNT; i++) {
		if ((segs & BIT(i)) != 0 && !canonical(s->seg[i].base, limits)) {
			return false;
		}
	}
	return (mask & GS_TABLES) == 0 ||
	       (canonical(s->gdtr.base, limits) && canonical(s->idtr.base, limits));
}

/* CPL is 0 in real mode, 3 in virtual-8086 mode and otherwise SS.DPL, which QEMU takes it from. */
static bool cpl_valid(const struct guest_state *s)
{
	if ((s->cr0 & CR0_PE) == 0) {
		return s->cpl == 0;
	}
	if ((s->rflags & RFLAGS_VM) != 0) {
		return s->cpl == 3;
	}
	return s->cpl == SEG_ATTR_DPL(s->seg[SEG_SS].attr);
}

/* Code that is both 64-bit and 32-bit is refused in long mode with paging. */
static bool code_size_valid(const struct guest_state *s)
{
	u32 both = SEG_ATTR_L | SEG_ATTR_DB;

	return (s->efer & EFER_LMA) == 0 || (s->seg[SEG_CS].attr & both) != both;
}

static bool rip_valid(const struct guest_state *s, const struct guest_limits *limits)
{
	return canonical(s->rip, limits) && (s->rflags & ~RFLAGS_VALID) == 0 &&
	       (s->rflags & RFLAGS_ONE) != 0;
}

/* PCIDE may be set in IA-32e mode only, with process 0 current. */
static bool pcide_valid(const struct guest_state *gs, u64 value)
{
	bool sets = (value & ~gs->cr4 & CR4_PCIDE) != 0;

	return !sets || ((gs->efer & EFER_LMA) != 0 && (gs->cr3 & PAGE_MASK) == 0);
}

int guest_cr4_write(struct guest_state *gs, u64 allowed, u64 value)
{
	bool lma = (gs->efer & EFER_LMA) != 0;

	if ((value & ~allowed) != 0 || !pcide_valid(gs, value)) {
		return ERR_RANGE;
	}
	if (lma && ((value & CR4_PAE) == 0 || ((gs->cr4 ^ value) & CR4_LA57) != 0)) {
		return ERR_RANGE;
	}
	gs->cr4 = value;
	return 0;
}

int guest_check(const struct guest_limits *limits, u32 mask, const struct guest_state *state)
{
	bool ok = true;

	if ((mask & GS_RIP) != 0) {
		ok = ok && rip_valid(state, limits);
	}
	if ((mask & GS_CONTROL) != 0) {
		ok = ok && control_valid(state, limits);
	}
	if ((mask & (GS_CONTROL | GS_SEGS | GS_CODE)) != 0) {
		ok = ok && code_size_valid(state);
	}
	if ((mask & (GS_SEGS | GS_CODE)) != 0) {
		ok = ok && cpl_valid(state);
	}
	if ((mask & GS_DEBUG) != 0) {
		ok = ok && state->dr6 >> 32 == 0 && state->dr7 >> 32 == 0;
	}
	if ((mask & GS_MSRS) != 0) {
		ok = ok && msrs_valid(state, limits);
	}
	return ok && bases_valid(state, mask, limits) ? 0 : ERR_INVAL;
}
