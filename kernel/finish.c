// SPDX-License-Identifier: GPL-2.0-only
/* The end of a run. */
#include "kernel/finish.h"

#include "arch/arch.h"
#include "kernel/cmdline.h"
#include "kernel/drivers/console.h"
#include "kernel/lib/string.h"
#include "kernel/log.h"
#include "kernel/milestones.h"
#include "kernel/vm.h"

static struct {
	enum { FINISH_STAY, FINISH_POWEROFF, FINISH_REBOOT, FINISH_EXIT } action;
	bool begun;
	bool failed;
	bool told;
} finish;

void finish_init(const char *cmdline)
{
	static const char *const actions[] = {"stay", "poweroff", "reboot", "exit"};
	char value[16];

	if (!cmdline_get(cmdline, "finish", value, sizeof(value))) {
		return;
	}
	for (u32 i = 0; i < ARRAY_SIZE(actions); i++) {
		if (strcmp(value, actions[i]) == 0) {
			finish.action = i;
			return;
		}
	}
	log_warn("command line: finish=%s: expected stay, poweroff, reboot or exit", value);
}

void finish_note_failure(void)
{
	finish.failed = true;
}

void finish_begin(void)
{
	finish.begun = true;
}

bool finish_due(void)
{
	u32 failed;

	return finish.begun && !finish.told && vm_all_ended(&failed);
}

void finish_run(void)
{
	u32 failed;

	(void)vm_all_ended(&failed);
	finish.told = finish.action == FINISH_STAY;
	milestones_log();
	log_info("all %u VMs have ended, %u of them not well", vm_count(), failed);
	console_flush();
	switch (finish.action) {
	case FINISH_STAY:
		break;
	case FINISH_POWEROFF:
		arch_poweroff();
	case FINISH_REBOOT:
		arch_reboot();
	case FINISH_EXIT:
		arch_emulator_exit(failed != 0 || finish.failed ? 1 : 0);
		log_warn("finish=exit: no emulator to leave");
		finish.action = FINISH_STAY;
		break;
	}
}
