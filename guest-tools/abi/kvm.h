/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The part of KVM's guest interface that Evenkeel offers with guest.interface = "kvm": CPUID leaves, kvmclock
 * and steal time. Source of the layouts: Documentation/virt/kvm/x86/{cpuid,msr}.rst of Linux. Usable from C (any
 * with <stdint.h> types of these sizes).
 */
#ifndef EVENKEEL_ABI_KVM_H
#define EVENKEEL_ABI_KVM_H

#define KVM_CPUID_BASE	   0x40000000 /* EAX highest leaf, EBX ECX EDX "KVMKVMKVM\0\0\0" */
#define KVM_CPUID_FEATURES 0x40000001 /* EAX KVM_FEATURE_* */
#define KVM_CPUID_TIMING   0x40000010 /* EAX TSC kHz, EBX APIC bus kHz */

#define KVM_SIGNATURE_EBX 0x4b4d564b /* "KVMK" */
#define KVM_SIGNATURE_ECX 0x564b4d56 /* "VMKV" */
#define KVM_SIGNATURE_EDX 0x0000004d /* "M" */

#define KVM_FEATURE_NOP_IO_DELAY       0x00000002
#define KVM_FEATURE_CLOCKSOURCE2       0x00000008 /* KVM_MSR_WALL_CLOCK and KVM_MSR_SYSTEM_TIME */
#define KVM_FEATURE_STEAL_TIME	       0x00000020
#define KVM_FEATURE_CLOCKSOURCE_STABLE 0x01000000 /* kvm_clock.flags has a meaning */

#define KVM_MSR_WALL_CLOCK  0x4b564d00 /* write: address of a struct kvm_wall_clock, which is filled once */
#define KVM_MSR_SYSTEM_TIME 0x4b564d01 /* address of this vCPU's struct kvm_clock, bit 0: on */
#define KVM_MSR_STEAL_TIME  0x4b564d03 /* address of this vCPU's struct kvm_steal_time, bit 0: on */
#define KVM_MSR_ON	    0x1

/* Hypercalls return this: none is offered. */
#define KVM_ENOSYS (-1000)

#ifndef __ASSEMBLER__
#include <stdint.h>

/* All three: `version` is odd while the rest changes. */
struct kvm_wall_clock {
	uint32_t version;
	uint32_t sec, nsec; /* calendar time (UTC) at system time 0 */
};

/* System time in ns = system_time + ((tsc - tsc_timestamp) << shift) * mul >> 32; a negative shift goes right. */
struct kvm_clock {
	uint32_t version;
	uint32_t pad0;
	uint64_t tsc_timestamp;
	uint64_t system_time;
	uint32_t tsc_to_system_mul;
	int8_t tsc_shift;
	uint8_t flags;
	uint8_t pad[2];
};
#define KVM_CLOCK_TSC_STABLE 0x1 /* the same on all vCPUs: monotone across them */

struct kvm_steal_time {
	uint64_t steal; /* ns for which the vCPU could have run and did not */
	uint32_t version;
	uint32_t flags;
	uint8_t preempted;
	uint8_t pad[47];
};
#define KVM_STEAL_BYTES 64
#define KVM_PREEMPTED	0x1 /* not running, although it could */
#endif

#endif
