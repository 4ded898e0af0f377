// SPDX-License-Identifier: GPL-2.0-only
/* See vmx_check.h. Unrestricted guest is taken for granted (SDM vol. 3, 26.3.1.2). */
#include "arch/x86/virt/vmx/vmx_check.h"

#include "arch/x86/regs.h"
#include "kernel/lib/err.h"

#define ATTR_DEFINED 0x1f0ffu /* reserved: 11:8 and above 16 */
#define ATTR_UNUSABLE_KEPT                                                                         \
	(0x60u | (u32)SEG_ATTR_UNUSABLE) /* DPL: that of an unusable SS is the CPL */
#define ATTR_V86	0xf3u

#define TYPE_ACCESSED	1u
#define TYPE_READABLE	2u /* code */
#define TYPE_CODE	8u
#define TYPE_CONFORMING 4u
#define TYPE_DATA_RW	3u
#define TYPE_DATA_DOWN	7u
#define TYPE_LDT	2u
#define TYPE_TSS16	3u
#define TYPE_TSS	11u

#define SELECTOR_TI	4u
#define PDPTE_RESERVED	0x1e6ull

static bool is_usable(const struct virt_segment *seg)
{
	return (seg->attr & SEG_ATTR_UNUSABLE) == 0;
}

struct virt_segment vmx_segment_normalise(enum virt_seg which, const struct virt_segment *seg)
{
	struct virt_segment out = *seg;

	if (!is_usable(seg)) {
		out.attr &= ATTR_UNUSABLE_KEPT;
		return out;
	}
	out.attr &= ATTR_DEFINED;
	if (which < SEG_LDTR) {
		out.attr |= TYPE_ACCESSED;
	}
	if (out.limit > 0xfffff) {
		out.attr |= SEG_ATTR_G;
	} else if ((out.limit & 0xfff) != 0xfff) {
		out.attr &= ~(u32)SEG_ATTR_G;
	}
	return out;
}

static bool limit_valid(const struct virt_segment *seg)
{
	return seg->limit <= 0xfffff || (seg->limit & 0xfff) == 0xfff;
}

static bool data_valid(const struct virt_segment *seg)
{
	u32 type = SEG_ATTR_TYPE(seg->attr);
	bool readable = (type & TYPE_CODE) == 0 || (type & TYPE_READABLE) != 0;

	if (!is_usable(seg)) {
		return true;
	}
	return readable && (seg->attr & SEG_ATTR_S) != 0 && (seg->attr & SEG_ATTR_P) != 0 &&
	       limit_valid(seg);
}

static bool stack_valid(const struct guest_state *s)
{
	const struct virt_segment *ss = &s->seg[SEG_SS];
	u32 type = SEG_ATTR_TYPE(ss->attr);

	if ((s->cr0 & CR0_PE) == 0 && SEG_ATTR_DPL(ss->attr) != 0) {
		return false;
	}
	return data_valid(ss) && (!is_usable(ss) || type == TYPE_DATA_RW || type == TYPE_DATA_DOWN);
}

static bool code_valid(const struct guest_state *s)
{
	const struct virt_segment *cs = &s->seg[SEG_CS];
	u32 type = SEG_ATTR_TYPE(cs->attr);
	u32 dpl = SEG_ATTR_DPL(cs->attr), ss_dpl = SEG_ATTR_DPL(s->seg[SEG_SS].attr);

	if (!is_usable(cs) || (cs->attr & SEG_ATTR_S) == 0 || (cs->attr & SEG_ATTR_P) == 0) {
		return false;
	}
	if (type == TYPE_DATA_RW) {
		return dpl == 0 && ss_dpl == 0 && limit_valid(cs);
	}
	if ((type & TYPE_CODE) == 0 || !limit_valid(cs)) {
		return false;
	}
	return (type & TYPE_CONFORMING) != 0 ? dpl <= ss_dpl : dpl == ss_dpl;
}

static bool system_valid(const struct virt_segment *seg, u32 type)
{
	return is_usable(seg) && SEG_ATTR_TYPE(seg->attr) == type &&
	       (seg->attr & SEG_ATTR_S) == 0 && (seg->attr & SEG_ATTR_P) != 0 &&
	       (seg->selector & SELECTOR_TI) == 0 && limit_valid(seg);
}

static bool tables_valid(const struct guest_state *s)
{
	const struct virt_segment *tr = &s->seg[SEG_TR], *ldtr = &s->seg[SEG_LDTR];
	bool tss16 = (s->efer & EFER_LMA) == 0 && system_valid(tr, TYPE_TSS16);

	return (system_valid(tr, TYPE_TSS) || tss16) &&
	       (!is_usable(ldtr) || system_valid(ldtr, TYPE_LDT));
}

static bool v86_valid(const struct guest_state *s)
{
	for (u32 i = 0; i < SEG_LDTR; i++) {
		const struct virt_segment *seg = &s->seg[i];

		if (seg->attr != ATTR_V86 || seg->limit != 0xffff ||
		    seg->base != (u64)seg->selector << 4) {
			return false;
		}
	}
	return true;
}

static bool segments_valid(const struct guest_state *s, u32 mask)
{
	bool all = (mask & GS_SEGS) != 0;

	if ((s->rflags & RFLAGS_VM) != 0) {
		return !all || (v86_valid(s) && tables_valid(s));
	}
	if (!code_valid(s) || !stack_valid(s)) {
		return false;
	}
	return !all ||
	       (data_valid(&s->seg[SEG_DS]) && data_valid(&s->seg[SEG_ES]) &&
		data_valid(&s->seg[SEG_FS]) && data_valid(&s->seg[SEG_GS]) && tables_valid(s));
}

int vmx_check_state(const struct guest_limits *limits, u32 mask, const struct guest_state *state)
{
	int err = guest_check(limits, mask, state);

	if (err != 0) {
		return err;
	}
	if ((mask & GS_CONTROL) != 0 && (state->cr4 & CR4_PCIDE) != 0 &&
	    (state->efer & EFER_LMA) == 0) {
		return ERR_INVAL;
	}
	if ((mask & (GS_SEGS | GS_CODE)) != 0 && !segments_valid(state, mask)) {
		return ERR_INVAL;
	}
	return 0;
}

bool vmx_pdptes_valid(const u64 pdpte[4], u64 phys_mask)
{
	for (u32 i = 0; i < 4; i++) {
		u64 reserved = PDPTE_RESERVED | ~(phys_mask | PAGE_MASK);

		if ((pdpte[i] & BIT(0)) != 0 && (pdpte[i] & reserved) != 0) {
			return false;
		}
	}
	return true;
}
