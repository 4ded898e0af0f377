// SPDX-License-Identifier: GPL-2.0-only
/*
 * Turning virtualisation on everywhere. The other pCPUs wait until the bootstrap pCPU has probed;
 * it waits until all of them have reported. A pCPU on which virtualisation cannot be turned on
 * takes no part.
 */
#include "kernel/hypervisor.h"

#include "arch/arch.h"
#include "arch/x86/virt/virt.h"
#include "kernel/cmdline.h"
#include "kernel/console/line_edit.h"
#include "kernel/console/monitor.h"
#include "kernel/dispatch.h"
#include "kernel/finish.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"
#include "kernel/log.h"
#include "kernel/modules.h"
#include "kernel/vm.h"
#include "kernel/vm_boot.h"
#include "kernel/vm_build.h"

enum stage { STAGE_WAIT, STAGE_ENABLE, STAGE_RUN };

static u32 stage;    /* atomic: enum stage */
static u32 reported; /* atomic: pCPUs that have tried to turn virtualisation on */

static void stage_wait(enum stage wanted)
{
	while (__atomic_load_n(&stage, __ATOMIC_ACQUIRE) < wanted) {
		arch_watchdog_touch();
		arch_relax();
	}
}

static bool pcpu_enable(u32 pcpu)
{
	int err = vm_build_add_pcpu();

	if (err == 0) {
		err = virt->pcpu_enable();
	}
	if (err != 0) {
		log_error("pCPU %u: %s cannot be turned on: %s", pcpu, virt_caps.vendor,
			  err_name(err));
	}
	__atomic_add_fetch(&reported, 1, __ATOMIC_ACQ_REL);
	return err == 0;
}

void hypervisor_join(u32 pcpu)
{
	stage_wait(STAGE_ENABLE);
	bool enabled = pcpu_enable(pcpu);

	stage_wait(STAGE_RUN);
	if (!enabled) {
		arch_halt();
	}
	pcpu_main(pcpu);
}

static int virtualisation_start(void)
{
	char reason[160];
	int err = virt_init(reason, sizeof(reason));

	if (err != 0) {
		log_error("no virtual machine can run: %s", reason);
		return err;
	}
	log_info("virtualisation: %s: %s", virt_caps.vendor, virt_caps.summary);
	if (!pcpu_enable(0)) {
		return ERR_NOTSUP;
	}
	__atomic_store_n(&stage, STAGE_ENABLE, __ATOMIC_RELEASE);
	while (__atomic_load_n(&reported, __ATOMIC_ACQUIRE) != arch_pcpu_count()) {
		arch_relax();
	}
	return 0;
}

static void guests_show(const char *cmdline)
{
	char value[8];

	if (cmdline_get(cmdline, "guests", value, sizeof(value)) && strcmp(value, "show") == 0) {
		monitor_run("console all");
	}
}

static void monitor_begin(const char *cmdline)
{
	char command[LINE_EDIT_MAX + 1];

	if (cmdline_get(cmdline, "monitor", command, sizeof(command))) {
		monitor_run(command);
	}
}

void hypervisor_start(const struct boot_info *boot)
{
	finish_init(boot->cmdline);
	modules_init(boot);
	vm_init();
	int err = dispatch_init(boot->cmdline);

	if (err == 0) {
		err = monitor_init();
	}
	if (err != 0) {
		panic("not enough memory for %u pCPUs", arch_pcpu_count());
	}
	if (virtualisation_start() == 0) {
		__atomic_store_n(&stage, STAGE_RUN, __ATOMIC_RELEASE);
		vm_boot_read();
		guests_show(boot->cmdline);
		vm_boot_start();
		monitor_begin(boot->cmdline);
	} else {
		/* The monitor still works on this pCPU; the others go on waiting. */
		finish_note_failure();
		finish_begin();
	}
	pcpu_main(0);
}
