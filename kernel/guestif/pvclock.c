// SPDX-License-Identifier: GPL-2.0-only
/* See the header. Pure. */
#include "kernel/guestif/pvclock.h"

#include "kernel/lib/assert.h"

static_assert(sizeof(struct kvm_wall_clock) == 12, "wall clock");
static_assert(sizeof(struct kvm_clock) == 32, "clock page");
static_assert(offsetof(struct kvm_clock, tsc_timestamp) == 8, "clock page");
static_assert(offsetof(struct kvm_clock, system_time) == 16, "clock page");
static_assert(offsetof(struct kvm_clock, tsc_shift) == 28, "clock page");
static_assert(offsetof(struct kvm_clock, flags) == 29, "clock page");
static_assert(sizeof(struct kvm_steal_time) == KVM_STEAL_BYTES, "steal time");
static_assert(offsetof(struct kvm_steal_time, version) == 8, "steal time");
static_assert(offsetof(struct kvm_steal_time, preempted) == 16, "steal time");

struct pvclock_scale pvclock_scale_of(u64 tsc_khz)
{
	u64 ns = NSEC_PER_MSEC; /* of one tsc_khz ticks */
	u64 ticks = tsc_khz;
	s8 shift = 0;

	assert(tsc_khz > 0 && tsc_khz <= BIT(30));
	/* ns / (ticks << shift) between 1/2 and 1: a 32-bit fraction with its top bit set. */
	while (ns >= ticks) {
		ticks <<= 1;
		shift++;
	}
	while (ns * 2 < ticks) {
		ns <<= 1;
		shift--;
	}
	return (struct pvclock_scale){.mul = (u32)((ns << 32) / ticks), .shift = shift};
}

void pvclock_fill(struct kvm_clock *clock, u64 tsc_khz, u64 tsc_zero, bool stable)
{
	struct pvclock_scale scale = pvclock_scale_of(tsc_khz);

	*clock = (struct kvm_clock){
		.tsc_timestamp = tsc_zero,
		.system_time = 0,
		.tsc_to_system_mul = scale.mul,
		.tsc_shift = scale.shift,
		.flags = stable ? KVM_CLOCK_TSC_STABLE : 0,
	};
}

u64 pvclock_read(const struct kvm_clock *clock, u64 tsc)
{
	u64 ticks = tsc - clock->tsc_timestamp;

	ticks = clock->tsc_shift >= 0 ? ticks << clock->tsc_shift : ticks >> -clock->tsc_shift;
	return clock->system_time +
	       (u64)((unsigned __int128)ticks * clock->tsc_to_system_mul >> 32);
}

u64 pvclock_ns_to_tsc(u64 ns, u64 tsc_khz)
{
	return ns / NSEC_PER_MSEC * tsc_khz + ns % NSEC_PER_MSEC * tsc_khz / NSEC_PER_MSEC;
}
