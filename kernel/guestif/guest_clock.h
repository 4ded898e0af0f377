/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a vCPU's guest is told about time through its own memory: VMware's steal clock, KVM's steal time and kvmclock.
 * The structures lie where the guest says; they are written through mm/guest_access only, before the vCPU runs on.
 *
 * Owned like the vCPU: called by the pCPU that runs it, or while it does not run. No locks.
 */
#ifndef KERNEL_GUESTIF_GUEST_CLOCK_H
#define KERNEL_GUESTIF_GUEST_CLOCK_H

#include "kernel/lib/types.h"

struct vcpu;

enum guest_steal_kind { GUEST_STEAL_OFF, GUEST_STEAL_VMWARE, GUEST_STEAL_KVM };

/* Embedded in the vCPU; all zero: nothing asked for. */
struct guest_clock {
	enum guest_steal_kind steal;
	gpa_t steal_at;
	u64 steal_shown;      /* in the unit of the kind; it never goes back */
	u32 steal_version;    /* KVM */
	u32 time_version;     /* kvmclock */
	bool stable_shown;    /* kvmclock's flag, as last written */
	u64 msr_wall, msr_time, msr_steal; /* as written by the guest */
};

/* Power-on and INIT: forgets all addresses. */
void guest_clock_reset(struct vcpu *vcpu);

/* VMware's steal clock, from now on at `at`. ERR_FAULT, ERR_NOMEM: as guest_write(); it is off then. */
int guest_clock_steal_start(struct vcpu *vcpu, gpa_t at) must_check;
void guest_clock_steal_stop(struct vcpu *vcpu);

/* KVM_MSR_*; any other number is a caller's mistake. Writes return false for #GP: reserved bits, no memory. */
u64 guest_clock_msr_read(const struct vcpu *vcpu, u32 msr);
bool guest_clock_msr_write(struct vcpu *vcpu, u32 msr, u64 value);

/* The guest has moved this vCPU's TSC. */
void guest_clock_tsc_moved(struct vcpu *vcpu);

/* Before the vCPU runs again, and after it was taken off its pCPU although it could go on. */
void guest_clock_resume(struct vcpu *vcpu, u64 now_ns);
void guest_clock_preempted(struct vcpu *vcpu);

#endif
