// SPDX-License-Identifier: GPL-2.0-only
/*
 * The monitor's main step: typed bytes to the line editor or the attached guest, text from guests
 * and the log to the console, and the prompt when it is quiet. pCPU 0 only.
 */
#include "kernel/console/monitor.h"

#include "arch/arch.h"
#include "kernel/console/monitor_priv.h"
#include "kernel/drivers/console.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"
#include "kernel/log.h"
#include "kernel/params.h"
#include "kernel/timer.h"
#include "kernel/vm.h"

#define PROMPT "evenkeel> "

enum { CTRL_C = 3 };

static struct {
	bool ready;
	bool prompt_shown;
	u64 prompt_ns; /* show it again then, if it is not shown */
	u64 wake_ns;   /* the next poll that was asked for */
	u64 log_cursor;
	struct timer timer;
	struct line_edit edit;
	struct command_call call;
} monitor;

const struct command_set *const monitor_sets[] = {
	&vm_commands,	   &vmtop_commands, &sched_commands,  &pool_commands,
	&console_commands, &log_commands,   &system_commands,
};
const u32 monitor_set_count = ARRAY_SIZE(monitor_sets);

/* The poll itself is what the timer is for: the dispatch loop calls it after timers. */
static void timer_fire(struct timer *timer, u64 now_ns)
{
	(void)timer;
	(void)now_ns;
}

int monitor_init(void)
{
	int err = output_init();

	if (err != 0) {
		return err;
	}
	line_edit_init(&monitor.edit);
	timer_init(&monitor.timer, timer_fire);
	monitor.ready = true;
	output_print("Monitor on this console: \"help\" lists its commands.\n");
	return 0;
}

struct vm *monitor_vm(const char *name)
{
	struct vm *vm = vm_by_name(name);

	if (vm == NULL) {
		output_print("no VM is called \"%s\": \"vm list\" shows them\n", name);
	}
	return vm;
}

void monitor_wake_at(u64 at_ns)
{
	monitor.wake_ns = MIN(monitor.wake_ns, at_ns);
}

/* --- prompt ----------------------------------------------------------------------------------- */

static void prompt_show(void)
{
	struct line_output out;

	line_edit_redraw(&monitor.edit, &out);
	output_write(PROMPT, strlen(PROMPT));
	output_write(out.text, out.length);
	monitor.prompt_shown = true;
}

/* Blanks over it, so that what comes next starts in the first column. */
void prompt_hide(void)
{
	size_t n = strlen(PROMPT) + (line_edit_active(&monitor.edit) ? monitor.edit.length : 0);

	if (monitor.prompt_shown) {
		output_write("\r", 1);
		for (; n > 0; n--) {
			output_write(" ", 1);
		}
		output_write("\r", 1);
		monitor.prompt_shown = false;
	}
	monitor.prompt_ns = arch_now_ns() + MONITOR_QUIET_NS;
}

/* The log writes to the console by itself, and has moved on from the prompt's line when it did. */
static void log_watch(void)
{
	char text[256];

	while (log_read(&monitor.log_cursor, text, sizeof(text)) != 0) {
		monitor.prompt_shown = false;
		monitor.prompt_ns = arch_now_ns() + MONITOR_QUIET_NS;
	}
}

static void prompt_poll(void)
{
	if (attach_active() || log_show_active() || vmtop_active()) {
		return;
	}
	log_watch();
	if (monitor.prompt_shown) {
		return;
	}
	if (arch_now_ns() >= monitor.prompt_ns) {
		prompt_show();
	} else {
		monitor_wake_at(monitor.prompt_ns);
	}
}

/* --- input ------------------------------------------------------------------------------------ */

void monitor_run(const char *line)
{
	struct command_call *call = &monitor.call;

	monitor.prompt_shown = false;
	monitor.prompt_ns = 0;
	if (command_parse(line, monitor_sets, monitor_set_count, call) != 0) {
		output_print("%s\n", call->error);
	} else if (call->command != NULL) {
		(void)output_drain(); /* the echo comes before what the command's work logs */
		call->command->run(call->argc, call->argv);
	}
}

static void edit_input(u8 byte)
{
	struct line_output out;

	if (!monitor.prompt_shown) {
		prompt_show();
	}
	enum line_event event = line_edit_feed(&monitor.edit, byte, &out);

	output_write(out.text, out.length);
	if (event == LINE_DONE) {
		monitor_run(monitor.edit.text);
	} else if (event == LINE_CANCELLED) {
		monitor.prompt_shown = false;
		monitor.prompt_ns = 0;
	}
}

static void byte_input(u8 byte)
{
	if (attach_active()) {
		attach_input(byte);
	} else if (vmtop_active()) {
		vmtop_input(byte);
	} else if (!log_show_active()) {
		edit_input(byte);
	} else if (byte == CTRL_C) {
		log_show_cancel();
	}
}

/* As many bytes as an operator can type or paste between two polls; a flood waits for the next one.
 */
static bool input_poll(void)
{
	u32 n = 0;

	for (int c = 0; n < MONITOR_INPUT_MAX && (c = console_getc()) >= 0; n++) {
		byte_input((u8)c);
	}
	return n != 0;
}

/* --- step ------------------------------------------------------------------------------------- */

bool monitor_poll(void)
{
	if (!monitor.ready) {
		return false;
	}
	monitor.wake_ns = NEVER_NS;
	bool busy = input_poll();

	busy |= attach_poll();
	busy |= show_all_poll();
	busy |= log_show_poll();
	busy |= vmtop_poll();
	prompt_poll();
	busy |= output_drain();
	if (busy) {
		monitor_wake_at(arch_now_ns() + MONITOR_PACE_NS);
	}
	if (monitor.wake_ns != NEVER_NS || monitor.timer.pcpu != PCPU_NONE) {
		timer_arm(&monitor.timer, monitor.wake_ns);
	}
	return busy;
}
