/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest sees of MSRs: one table of {MSR, action on read, action on write, writable bits, reset
 * value, why}. MSRs that are constants or plain storage are handled here; for the others the answer
 * says who has to. An MSR that is not in the table does not exist: #GP. Pure; a struct msr_state
 * belongs to the pCPU that runs its vCPU.
 *
 * Sources: SDM vol. 4, APM vol. 2 appendix A, AMD PPRs.
 */
#ifndef KERNEL_MSR_POLICY_H
#define KERNEL_MSR_POLICY_H

#include "arch/x86/virt/virt.h"
#include "kernel/cpuid_policy.h"
#include "kernel/lib/types.h"

/* What the caller has to do about an access. */
enum msr_route {
	MSR_ROUTE_OK,		  /* nothing: done. A read's value is in msr_access.value */
	MSR_ROUTE_GP,		  /* inject #GP(0) */
	MSR_ROUTE_STATE,	  /* read / write the u64 at msr_access.state_offset in struct guest_state, of the
			   * group msr_access.state_mask; a write stores msr_access.value, checked already */
	MSR_ROUTE_EFER,	  /* read: guest_state.efer. Write: msr_efer_check() first */
	MSR_ROUTE_APIC_BASE,	  /* virtual APIC: IA32_APIC_BASE */
	MSR_ROUTE_X2APIC,	  /* virtual APIC: MSR 800h .. 8FFh */
	MSR_ROUTE_TSC,	  /* IA32_TIME_STAMP_COUNTER: msr_access.value is the guest's TSC to be */
	MSR_ROUTE_TSC_ADJUST,   /* IA32_TSC_ADJUST */
	MSR_ROUTE_TSC_DEADLINE, /* virtual APIC: IA32_TSC_DEADLINE */
	MSR_ROUTE_GUEST_CLOCK,  /* kernel/guestif/guest_clock.h */
	MSR_ROUTE_COUNT
};

struct msr_access {
	u64 value;
	u16 state_offset; /* MSR_ROUTE_STATE */
	u16 state_mask;	  /* MSR_ROUTE_STATE: GS_* */
};

#define MSR_MTRR_VARIABLE 8u /* as on most CPUs */
#define MSR_MTRR_FIXED	  11u

/* Where struct msr_state keeps what. */
enum {
	MSR_SLOT_MTRR_VARIABLE, /* base, mask, base, mask ... */
	MSR_SLOT_MTRR_FIXED = MSR_SLOT_MTRR_VARIABLE + 2 * MSR_MTRR_VARIABLE,
	MSR_SLOT_MTRR_DEFAULT = MSR_SLOT_MTRR_FIXED + MSR_MTRR_FIXED,
	MSR_SLOT_MISC_ENABLE,
	MSR_SLOT_MCG_STATUS,
	MSR_SLOT_DEBUGCTL,
	MSR_SLOT_SYSCFG,
	MSR_SLOT_HWCR,
	MSR_SLOT_NB_CFG,
	MSR_SLOTS
};

/* MSRs of one vCPU that are stored and have no effect. */
struct msr_state {
	u64 slot[MSR_SLOTS];
};

/* What of the VM decides; computed once per VM. */
struct msr_policy {
	u32 offers;	   /* what the guest has, as far as MSRs depend on it */
	u64 efer_allowed;  /* bits of EFER that it may set */
	u64 address_mask;  /* bits of a guest-physical address */
	u64 platform_info; /* MSR CEh */
	u64 misc_enable;   /* MSR 1A0h at power-on */
};

void msr_policy_init(struct msr_policy *policy, const struct cpuid_table *table,
		     const struct cpuid_options *options);

/* Values as firmware leaves them: guests are started without any. INIT changes none of these MSRs (SDM
 * vol. 3 table 10-1): nothing to do then. */
void msr_state_reset(const struct msr_policy *policy, struct msr_state *state);

/* One RDMSR or WRMSR of a guest. *access is filled in as the returned route needs. */
enum msr_route msr_read(const struct msr_policy *policy, const struct msr_state *state, u32 msr,
			struct msr_access *access);
enum msr_route msr_write(const struct msr_policy *policy, struct msr_state *state, u32 msr,
			 u64 value, struct msr_access *access);

/* A write of `value` to EFER while it is `old` and CR0 is `cr0`: true with the value to store in
 * *result (LMA is read-only and kept), false for #GP (reserved bit; LME changed with paging on). */
bool msr_efer_check(const struct msr_policy *policy, u64 old, u64 cr0, u64 value, u64 *result);

#endif
