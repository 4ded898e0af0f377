// SPDX-License-Identifier: GPL-2.0-only
/*
 * Steal clocks and kvmclock in guest memory: see the header. A guest that gives its memory back (an
 * address that was RAM is none any more) loses the clock, nothing else.
 */
#include "kernel/guestif/guest_clock.h"

#include "arch/arch.h"
#include "guest-tools/abi/kvm.h"
#include "guest-tools/abi/vmware.h"
#include "kernel/guestif/pvclock.h"
#include "kernel/lib/assert.h"
#include "kernel/lib/err.h"
#include "kernel/vm.h"
#include "kernel/wallclock.h"
#include "mm/guest_access.h"

/* --- steal ------------------------------------------------------------------------------------ */

/* Steal time in the unit of the clock, never less than shown before. */
static u64 steal_value(struct vcpu *vcpu, u64 now_ns)
{
	struct guest_clock *c = &vcpu->clock;
	u64 steal = vcpu_steal_ns(vcpu, now_ns);

	if (c->steal == GUEST_STEAL_VMWARE) {
		steal = pvclock_ns_to_tsc(steal, arch_tsc_khz());
	}
	c->steal_shown = MAX(c->steal_shown, steal);
	return c->steal_shown;
}

/* Readers look at `version` before and after, and try again when it is odd or has changed. */
static int kvm_steal_write(struct vcpu *vcpu, u64 steal)
{
	struct p2m *p2m = &vcpu->vm->p2m;
	struct guest_clock *c = &vcpu->clock;
	struct kvm_steal_time page = {.steal = steal, .version = ++c->steal_version};
	gpa_t version_at = gpa(c->steal_at.v + offsetof(struct kvm_steal_time, version));
	int err = guest_write(p2m, version_at, &page.version, sizeof(page.version));

	if (err == 0) {
		err = guest_write_u64(p2m, c->steal_at, steal);
	}
	page.version = ++c->steal_version;
	/* Version, flags and `preempted`. */
	if (err == 0) {
		err = guest_write(p2m, version_at, &page.version,
				  offsetof(struct kvm_steal_time, pad) -
					  offsetof(struct kvm_steal_time, version));
	}
	return err;
}

static int steal_write(struct vcpu *vcpu, u64 now_ns)
{
	struct guest_clock *c = &vcpu->clock;
	u64 steal = steal_value(vcpu, now_ns);
	int err = c->steal == GUEST_STEAL_VMWARE
			  ? guest_write_u64(&vcpu->vm->p2m, c->steal_at, steal)
			  : kvm_steal_write(vcpu, steal);

	if (err != 0) {
		c->steal = GUEST_STEAL_OFF;
	}
	return err;
}

static int steal_start(struct vcpu *vcpu, enum guest_steal_kind kind, gpa_t at)
{
	vcpu->clock.steal = kind;
	vcpu->clock.steal_at = at;
	return steal_write(vcpu, arch_now_ns());
}

int guest_clock_steal_start(struct vcpu *vcpu, gpa_t at)
{
	return steal_start(vcpu, GUEST_STEAL_VMWARE, at);
}

void guest_clock_steal_stop(struct vcpu *vcpu)
{
	vcpu->clock.steal = GUEST_STEAL_OFF;
}

/* --- kvmclock --------------------------------------------------------------------------------- */

static int wall_clock_write(struct vcpu *vcpu, gpa_t at)
{
	u64 zero_ns = wallclock_ns(arch_tsc_to_ns(vcpu->vm->tsc_start));
	struct kvm_wall_clock page = {
		.version = 2,
		.sec = (u32)(zero_ns / NSEC_PER_SEC),
		.nsec = (u32)(zero_ns % NSEC_PER_SEC),
	};

	return guest_write(&vcpu->vm->p2m, at, &page, sizeof(page));
}

static bool time_on(const struct vcpu *vcpu)
{
	return (vcpu->clock.msr_time & KVM_MSR_ON) != 0;
}

static bool tsc_uniform(const struct vcpu *vcpu)
{
	return !__atomic_load_n(&vcpu->vm->tsc_moved, __ATOMIC_RELAXED);
}

/* System time is time since power-on of the VM; it does not follow a TSC that the guest moves. */
static int time_write(struct vcpu *vcpu)
{
	struct p2m *p2m = &vcpu->vm->p2m;
	struct guest_clock *c = &vcpu->clock;
	gpa_t at = gpa(c->msr_time & ~(u64)KVM_MSR_ON);
	u32 version = ++c->time_version;
	struct kvm_clock page;

	c->stable_shown = tsc_uniform(vcpu);
	pvclock_fill(&page, arch_tsc_khz(), vcpu->vm->tsc_start + vcpu->tsc_offset,
		     c->stable_shown);
	page.version = version;
	int err = guest_write(p2m, at, &page, sizeof(page));

	version = ++c->time_version;
	return err == 0 ? guest_write(p2m, at, &version, sizeof(version)) : err;
}

static void time_update(struct vcpu *vcpu)
{
	if (time_on(vcpu) && time_write(vcpu) != 0) {
		vcpu->clock.msr_time = 0;
	}
}

void guest_clock_tsc_moved(struct vcpu *vcpu)
{
	__atomic_store_n(&vcpu->vm->tsc_moved, true, __ATOMIC_RELAXED);
	time_update(vcpu);
}

/* --- MSRs ------------------------------------------------------------------------------------- */

u64 guest_clock_msr_read(const struct vcpu *vcpu, u32 msr)
{
	switch (msr) {
	case KVM_MSR_WALL_CLOCK:
		return vcpu->clock.msr_wall;
	case KVM_MSR_SYSTEM_TIME:
		return vcpu->clock.msr_time;
	default:
		return vcpu->clock.msr_steal;
	}
}

static bool wall_msr_write(struct vcpu *vcpu, u64 value)
{
	if (value % sizeof(u32) != 0 || wall_clock_write(vcpu, gpa(value)) != 0) {
		return false;
	}
	vcpu->clock.msr_wall = value;
	return true;
}

static bool time_msr_write(struct vcpu *vcpu, u64 value)
{
	if ((value & ~(u64)KVM_MSR_ON) % sizeof(u32) != 0) {
		return false;
	}
	vcpu->clock.msr_time = value;
	time_update(vcpu);
	return vcpu->clock.msr_time == value;
}

static bool steal_msr_write(struct vcpu *vcpu, u64 value)
{
	gpa_t at = gpa(value & ~(u64)KVM_MSR_ON);

	if (at.v % KVM_STEAL_BYTES != 0) {
		return false;
	}
	vcpu->clock.msr_steal = value;
	guest_clock_steal_stop(vcpu);
	if ((value & KVM_MSR_ON) != 0 && steal_start(vcpu, GUEST_STEAL_KVM, at) != 0) {
		vcpu->clock.msr_steal = 0;
		return false;
	}
	return true;
}

bool guest_clock_msr_write(struct vcpu *vcpu, u32 msr, u64 value)
{
	switch (msr) {
	case KVM_MSR_WALL_CLOCK:
		return wall_msr_write(vcpu, value);
	case KVM_MSR_SYSTEM_TIME:
		return time_msr_write(vcpu, value);
	default:
		return steal_msr_write(vcpu, value);
	}
}

/* --- the vCPU comes and goes ------------------------------------------------------------------ */

void guest_clock_reset(struct vcpu *vcpu)
{
	vcpu->clock = (struct guest_clock){.steal = GUEST_STEAL_OFF};
}

void guest_clock_resume(struct vcpu *vcpu, u64 now_ns)
{
	if (vcpu->clock.steal != GUEST_STEAL_OFF) {
		(void)steal_write(vcpu, now_ns);
	}
	if (time_on(vcpu) && unlikely(vcpu->clock.stable_shown != tsc_uniform(vcpu))) {
		time_update(vcpu);
	}
}

void guest_clock_preempted(struct vcpu *vcpu)
{
	static const u8 preempted = KVM_PREEMPTED;
	gpa_t at = gpa(vcpu->clock.steal_at.v + offsetof(struct kvm_steal_time, preempted));

	/* The next resume finds out when this address is no longer RAM. */
	if (vcpu->clock.steal == GUEST_STEAL_KVM) {
		(void)!guest_write(&vcpu->vm->p2m, at, &preempted, sizeof(preempted));
	}
}
