// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target: calls of VMware's guest interface with any registers at any time, and kvmclock for
 * any TSC.
 */
#include <stdlib.h>
#include <string.h>

#include "guest-tools/abi/vmware.h"
#include "kernel/guestif/pvclock.h"
#include "kernel/guestif/vmware_commands.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

struct fuzz_call {
	struct vmware_env env;
	struct vmware_regs regs;
	u64 tsc_zero, tsc;
};

static void require(bool condition)
{
	if (!condition) {
		abort();
	}
}

static void run_command(const struct fuzz_call *f)
{
	struct vmware_regs regs = f->regs;
	struct vmware_outcome outcome = vmware_command(&f->env, &regs);
	bool privileged = vmware_command_privileged(f->regs.ecx);

	/* Memory of the guest is touched for privileged callers only, and never across a line of
	 * it. */
	if (outcome.effect == VMWARE_STEAL_START) {
		require(privileged && outcome.steal_at.v % VMWARE_STEAL_BYTES == 0);
		require(regs.eax == VMWARE_STEAL_ENABLED);
	}
	require(outcome.effect != VMWARE_STEAL_STOP || privileged);
	if (regs.eax == VMWARE_UNKNOWN && outcome.effect == VMWARE_NOTHING && privileged) {
		regs.eax = f->regs.eax;
		require(memcmp(&regs, &f->regs, sizeof(regs)) == 0);
	}
}

static void run_clock(const struct fuzz_call *f, u64 khz)
{
	struct kvm_clock clock;

	pvclock_fill(&clock, khz, f->tsc_zero, true);
	require((clock.tsc_to_system_mul & BIT(31)) != 0);
	/* As far as a shift to the left leaves all of the ticks. */
	u64 ticks = (f->tsc >> 22) & (BIT(40) - 1);

	require(pvclock_read(&clock, f->tsc_zero + ticks) <=
		pvclock_read(&clock, f->tsc_zero + ticks + 1));
	require(pvclock_ns_to_tsc(ticks, khz) <= pvclock_ns_to_tsc(ticks + 1, khz));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct fuzz_call f = {0};

	memcpy(&f, data, size < sizeof(f) ? size : sizeof(f));
	f.env.tsc_khz &= BIT(30) - 1;
	run_command(&f);
	run_clock(&f, f.env.tsc_khz + 1);
	return 0;
}
