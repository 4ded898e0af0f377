// SPDX-License-Identifier: GPL-2.0-only
/* See vmx_cr.h. */
#include "arch/x86/virt/vmx/vmx_cr.h"

#include "arch/x86/regs.h"
#include "kernel/lib/err.h"

/* All others are ignored below bit 32 (SDM vol. 3, 2.5). */
#define CR0_DEFINED                                                                                \
	(CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | \
	 CR0_PG)

#define TYPE_TSS16 3u

static bool is_64bit_code(const struct guest_state *gs)
{
	return (gs->efer & EFER_LMA) != 0 && (gs->seg[SEG_CS].attr & SEG_ATTR_L) != 0;
}

/* Paging goes on with EFER.LME set: IA-32e mode begins. */
static bool may_enter_long_mode(const struct guest_state *gs)
{
	return (gs->cr4 & CR4_PAE) != 0 && (gs->seg[SEG_CS].attr & SEG_ATTR_L) == 0 &&
	       SEG_ATTR_TYPE(gs->seg[SEG_TR].attr) != TYPE_TSS16;
}

static bool paging_change_valid(const struct guest_state *gs, u64 value)
{
	bool was = (gs->cr0 & CR0_PG) != 0, will = (value & CR0_PG) != 0;

	if (!was && will) {
		return (gs->efer & EFER_LME) == 0 || may_enter_long_mode(gs);
	}
	return was == will || (!is_64bit_code(gs) && (gs->cr4 & CR4_PCIDE) == 0);
}

static bool uses_pdptes(const struct guest_state *gs)
{
	return (gs->cr0 & CR0_PG) != 0 && (gs->cr4 & CR4_PAE) != 0 && (gs->efer & EFER_LMA) == 0;
}

int vmx_cr0_write(struct guest_state *gs, u64 value, bool *load_pdptes)
{
	u64 changed = gs->cr0 ^ value;

	if (value >> 32 != 0 || (value & (CR0_PG | CR0_PE)) == CR0_PG ||
	    (value & (CR0_NW | CR0_CD)) == CR0_NW || !paging_change_valid(gs, value)) {
		return ERR_RANGE;
	}
	gs->cr0 = (value & CR0_DEFINED) | CR0_ET;
	gs->efer &= ~EFER_LMA;
	if ((gs->cr0 & CR0_PG) != 0 && (gs->efer & EFER_LME) != 0) {
		gs->efer |= EFER_LMA;
	}
	*load_pdptes = uses_pdptes(gs) && (changed & (CR0_PG | CR0_CD | CR0_NW)) != 0;
	return 0;
}

int vmx_cr4_write(struct guest_state *gs, u64 allowed, u64 value, bool *load_pdptes)
{
	u64 changed = gs->cr4 ^ value;
	int err = guest_cr4_write(gs, allowed, value);

	*load_pdptes = err == 0 && uses_pdptes(gs) &&
		       (changed & (CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP)) != 0;
	return err;
}
