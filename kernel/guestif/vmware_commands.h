/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls of VMware's guest interface as one table: registers in, registers out. Which instruction made the call
 * and what a call changes outside its registers is vmware.c's. Pure.
 *
 * Sources: as listed in guest-tools/abi/vmware.h.
 */
#ifndef KERNEL_GUESTIF_VMWARE_COMMANDS_H
#define KERNEL_GUESTIF_VMWARE_COMMANDS_H

#include "kernel/lib/types.h"

/* Lower halves, before and after the call. What a command does not define as output is left alone. */
struct vmware_regs {
	u32 eax, ebx, ecx, edx, esi, edi;
};

/* What commands may tell, as of now. */
struct vmware_env {
	u64 tsc_khz;
	u32 apic_hz;
	u64 calendar_ns; /* since 1970-01-01 UTC */
	u64 tick_lag_ns; /* how far timer interrupts lag behind */
};

/* What the caller has to do after the command. */
enum vmware_effect {
	VMWARE_NOTHING,
	/* Give the vCPU its steal clock at `steal_at`: eax is VMWARE_STEAL_ENABLED then, which the caller replaces by
	 * VMWARE_STEAL_UNAVAILABLE when there is no memory at that address. */
	VMWARE_STEAL_START,
	VMWARE_STEAL_STOP,
	VMWARE_DROP_BACKLOG, /* give up timer interrupts not yet delivered */
};

struct vmware_outcome {
	enum vmware_effect effect;
	gpa_t steal_at; /* aligned to VMWARE_STEAL_BYTES */
};

/* Commands that privileged code alone may use. True for numbers that are not commands. */
bool vmware_command_privileged(u32 ecx);

/* Carries out the command in regs->ecx; the caller has checked the magic, and the privilege level when
 * vmware_command_privileged(). Any register values. */
struct vmware_outcome vmware_command(const struct vmware_env *env, struct vmware_regs *regs);

#endif
