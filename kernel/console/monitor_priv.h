/* SPDX-License-Identifier: GPL-2.0-only */
/* What the monitor's files share. Private to this folder; pCPU 0 only. */
#ifndef KERNEL_CONSOLE_MONITOR_PRIV_H
#define KERNEL_CONSOLE_MONITOR_PRIV_H

#include "kernel/console/command.h"
#include "kernel/console/monitor.h"
#include "kernel/lib/types.h"

struct vm;

/* --- output (output.c) ------------------------------------------------------------------------ */

/* Queues text for the console. What does not fit into the queue is lost, and that is said; a source that can wait
 * looks at output_room() first. output_print() is for lines. */
void output_write(const char *text, size_t size);
void output_print(const char *fmt, ...) printf_like(1, 2);
u32 output_room(void);

/* ERR_NOMEM. */
int output_init(void) must_check;
/* Sends some of the queue; true when it was not empty. */
bool output_drain(void);

/* --- sources: what shows text over several polls ---------------------------------------------- */

/* Moves text to the output; true when there was any. */
bool attach_poll(void);
bool show_all_poll(void);
bool log_show_poll(void);
bool vmtop_poll(void);

/* A console is attached: typed bytes go to attach_input(). */
bool attach_active(void);
void attach_input(u8 byte);
/* A log is being shown: no prompt, ^C ends it. */
bool log_show_active(void);
void log_show_cancel(void);
/* vmtop is shown: it takes what is typed, and there is no prompt. */
bool vmtop_active(void);
void vmtop_input(u8 byte);

/* Something that is not typed is about to be shown: the prompt goes away until it is quiet. */
void prompt_hide(void);

/* When to be polled next even if nothing happens; the earliest request counts. */
void monitor_wake_at(u64 now_ns);

/* --- commands --------------------------------------------------------------------------------- */

extern const struct command_set vm_commands, sched_commands, pool_commands, console_commands, log_commands, vmtop_commands,
	system_commands;
extern const struct command_set *const monitor_sets[];
extern const u32 monitor_set_count;

/* The VM of that name, or NULL after saying that there is none. */
struct vm *monitor_vm(const char *name);

#endif
