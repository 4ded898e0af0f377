// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading and writing guest state. The VMCB is normalised to what VT-x would show: unusable
 * segments, granularity, the busy bit of TR. EFER.SVME, which hardware wants set, is hidden.
 */
#include "arch/x86/virt/svm/svm_state.h"

#include "arch/x86/regs.h"
#include "arch/x86/virt/svm/svm_check.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"

/* Attribute bits 15:12 of struct virt_segment are bits 11:8 of the VMCB's. */
#define ATTR_HIGH_SHIFT	   4

#define SEG_ATTR_DPL_SHIFT 5
#define SEG_TYPE_BUSY	   2u

struct virt_segment svm_segment_get(const struct vmcb_segment *seg)
{
	u32 attr = (seg->attr & VMCB_SEG_LOW) | (u32)(seg->attr & VMCB_SEG_HIGH) << ATTR_HIGH_SHIFT;

	/* A null selector loads as not present; there is no other way for one to be. */
	if ((attr & SEG_ATTR_P) == 0) {
		attr |= SEG_ATTR_UNUSABLE;
	}
	/* The limit is kept in bytes; not every CPU keeps G. */
	attr = seg->limit > 0xfffff ? attr | SEG_ATTR_G : attr;
	return (struct virt_segment){
		.selector = seg->selector, .attr = attr, .limit = seg->limit, .base = seg->base};
}

struct vmcb_segment svm_segment_set(const struct virt_segment *seg)
{
	u32 attr = (seg->attr & VMCB_SEG_LOW) | (seg->attr >> ATTR_HIGH_SHIFT & VMCB_SEG_HIGH);

	/* DPL stays: that of an unusable SS is the CPL. */
	if ((seg->attr & SEG_ATTR_UNUSABLE) != 0) {
		attr &= ~VMCB_SEG_P;
	}
	return (struct vmcb_segment){.selector = seg->selector,
				     .attr = (u16)attr,
				     .limit = seg->limit,
				     .base = seg->base};
}

/* Where each segment is, by enum virt_seg. */
static const u16 seg_offset[SEG_COUNT] = {
	[SEG_ES] = offsetof(struct vmcb_save, es),     [SEG_CS] = offsetof(struct vmcb_save, cs),
	[SEG_SS] = offsetof(struct vmcb_save, ss),     [SEG_DS] = offsetof(struct vmcb_save, ds),
	[SEG_FS] = offsetof(struct vmcb_save, fs),     [SEG_GS] = offsetof(struct vmcb_save, gs),
	[SEG_LDTR] = offsetof(struct vmcb_save, ldtr), [SEG_TR] = offsetof(struct vmcb_save, tr),
};

static struct vmcb_segment *seg_of(struct vmcb_save *save, u32 seg)
{
	return (struct vmcb_segment *)((u8 *)save + seg_offset[seg]);
}

static void get_segments(const struct vmcb_save *save, u32 mask, struct guest_state *state)
{
	const u32 code = BIT(SEG_CS) | BIT(SEG_SS);

	for (u32 i = 0; i < SEG_COUNT; i++) {
		if ((mask & GS_SEGS) != 0 || (code & BIT(i)) != 0) {
			state->seg[i] = svm_segment_get(
				(const struct vmcb_segment *)((const u8 *)save + seg_offset[i]));
		}
	}
	if ((mask & GS_SEGS) != 0) {
		/* A loaded task register is busy; not every CPU says so. */
		state->seg[SEG_TR].attr |= SEG_TYPE_BUSY;
	}
	state->cpl = save->cpl;
	/* SYSRET leaves the attributes of SS as they were, on this vendor's CPUs. */
	state->seg[SEG_SS].attr &= ~(3u << SEG_ATTR_DPL_SHIFT);
	state->seg[SEG_SS].attr |= (u32)save->cpl << SEG_ATTR_DPL_SHIFT;
}

static void get_control(const struct vmcb_save *save, struct guest_state *state)
{
	state->cr0 = save->cr0;
	state->cr2 = save->cr2;
	state->cr3 = save->cr3;
	state->cr4 = save->cr4;
	state->efer = save->efer & ~EFER_SVME;
}

static void get_msrs(const struct vmcb_save *save, struct guest_state *state)
{
	state->star = save->star;
	state->lstar = save->lstar;
	state->cstar = save->cstar;
	state->sfmask = save->sfmask;
	state->kernel_gs_base = save->kernel_gs_base;
	state->sysenter_cs = save->sysenter_cs;
	state->sysenter_esp = save->sysenter_esp;
	state->sysenter_eip = save->sysenter_eip;
	state->pat = save->g_pat;
}

void svm_state_get(const struct vmcb *vmcb, u32 mask, struct guest_state *state)
{
	const struct vmcb_save *save = &vmcb->save;

	if ((mask & GS_RIP) != 0) {
		state->rip = save->rip;
		state->rflags = save->rflags;
		state->shadow = (vmcb->control.int_state & VMCB_SHADOW) != 0;
	}
	if ((mask & GS_CONTROL) != 0) {
		get_control(save, state);
	}
	if ((mask & (GS_SEGS | GS_CODE)) != 0) {
		get_segments(save, mask, state);
	}
	if ((mask & GS_TABLES) != 0) {
		state->gdtr.base = save->gdtr.base;
		state->gdtr.limit = (u16)save->gdtr.limit;
		state->idtr.base = save->idtr.base;
		state->idtr.limit = (u16)save->idtr.limit;
	}
	if ((mask & GS_DEBUG) != 0) {
		state->dr6 = save->dr6;
		state->dr7 = save->dr7;
	}
	if ((mask & GS_MSRS) != 0) {
		get_msrs(save, state);
	}
}

static void set_segments(struct vmcb_save *save, u32 mask, const struct guest_state *state)
{
	const u32 code = BIT(SEG_CS) | BIT(SEG_SS);

	for (u32 i = 0; i < SEG_COUNT; i++) {
		if ((mask & GS_SEGS) != 0 || (code & BIT(i)) != 0) {
			*seg_of(save, i) = svm_segment_set(&state->seg[i]);
		}
	}
	save->cpl = state->cpl;
}

static void set_control(struct vmcb_save *save, const struct guest_state *state)
{
	save->cr0 = state->cr0;
	save->cr2 = state->cr2;
	save->cr3 = state->cr3;
	save->cr4 = state->cr4;
	save->efer = state->efer | EFER_SVME;
}

static void set_msrs(struct vmcb_save *save, const struct guest_state *state)
{
	save->star = state->star;
	save->lstar = state->lstar;
	save->cstar = state->cstar;
	save->sfmask = state->sfmask;
	save->kernel_gs_base = state->kernel_gs_base;
	save->sysenter_cs = state->sysenter_cs;
	save->sysenter_esp = state->sysenter_esp;
	save->sysenter_eip = state->sysenter_eip;
	save->g_pat = state->pat;
}

static void set_tables(struct vmcb_save *save, const struct guest_state *state)
{
	save->gdtr = (struct vmcb_segment){.limit = state->gdtr.limit, .base = state->gdtr.base};
	save->idtr = (struct vmcb_segment){.limit = state->idtr.limit, .base = state->idtr.base};
}

static u32 clean_bits(u32 mask)
{
	return ((mask & GS_CONTROL) != 0 ? VMCB_CLEAN_CR | VMCB_CLEAN_CR2 : 0) |
	       ((mask & (GS_SEGS | GS_CODE)) != 0 ? VMCB_CLEAN_SEG : 0) |
	       ((mask & GS_TABLES) != 0 ? VMCB_CLEAN_DT : 0) |
	       ((mask & GS_DEBUG) != 0 ? VMCB_CLEAN_DR : 0) |
	       ((mask & GS_MSRS) != 0 ? VMCB_CLEAN_NP : 0);
}

int svm_state_set(struct vmcb *vmcb, const struct guest_limits *limits, u32 mask,
		  const struct guest_state *state)
{
	struct vmcb_save *save = &vmcb->save;
	int err = svm_check_state(save, limits, mask, state);

	if (err != 0) {
		return err;
	}
	if ((mask & GS_RIP) != 0) {
		save->rip = state->rip;
		save->rflags = state->rflags;
		vmcb->control.int_state = state->shadow ? VMCB_SHADOW : 0;
	}
	if ((mask & GS_CONTROL) != 0) {
		set_control(save, state);
	}
	if ((mask & (GS_SEGS | GS_CODE)) != 0) {
		set_segments(save, mask, state);
	}
	if ((mask & GS_TABLES) != 0) {
		set_tables(save, state);
	}
	if ((mask & GS_DEBUG) != 0) {
		save->dr6 = state->dr6;
		save->dr7 = state->dr7;
	}
	if ((mask & GS_MSRS) != 0) {
		set_msrs(save, state);
	}
	vmcb->control.clean &= ~clean_bits(mask);
	return 0;
}

u64 svm_state_wrap(const struct vmcb_save *save, u64 rip)
{
	if ((save->efer & EFER_LMA) != 0 && (save->cs.attr & VMCB_SEG_L) != 0) {
		return rip;
	}
	return (save->cs.attr & VMCB_SEG_DB) == 0 && save->rip <= 0xffff ? (u16)rip : (u32)rip;
}

/* clang-format off */
#define ATTR_DATA 0x093u /* present, read, write, accessed */
#define ATTR_CODE 0x09bu /* present, execute, read, accessed */
#define ATTR_LDT  0x082u
#define ATTR_TSS  0x08bu /* busy */
/* clang-format on */

void svm_state_reset(struct vmcb *vmcb)
{
	const struct vmcb_segment data = {.attr = ATTR_DATA, .limit = 0xffff};
	const struct vmcb_segment table = {.limit = 0xffff};
	struct vmcb_save *save = &vmcb->save;

	memset(save, 0, sizeof(*save));
	save->es = save->ss = save->ds = save->fs = save->gs = data;
	save->cs = (struct vmcb_segment){
		.selector = 0xf000, .attr = ATTR_CODE, .limit = 0xffff, .base = 0xffff0000};
	save->gdtr = save->idtr = table;
	save->ldtr = (struct vmcb_segment){.attr = ATTR_LDT, .limit = 0xffff};
	save->tr = (struct vmcb_segment){.attr = ATTR_TSS, .limit = 0xffff};
	save->efer = EFER_SVME;
	save->cr0 = CR0_CD | CR0_NW | CR0_ET;
	save->dr6 = 0xffff0ff0;
	save->dr7 = 0x400;
	save->rflags = RFLAGS_ONE;
	save->rip = 0xfff0;
	save->g_pat = 0x0007040600070406;
	vmcb->control.int_state = 0;
	vmcb->control.event_inj = 0;
	vmcb->control.clean = 0;
}
