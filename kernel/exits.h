/* SPDX-License-Identifier: GPL-2.0-only */
/* Exits: one const table kind -> handler and name. Handlers run on the pCPU that owns the vCPU, no locks held. */
#ifndef KERNEL_EXITS_H
#define KERNEL_EXITS_H

#include "arch/x86/virt/virt.h"

struct vcpu;

/* What the vCPU loop does next. */
enum exit_action {
	EXIT_RESUME,	/* enter again; nothing that concerns interrupts has changed */
	EXIT_RECHECK,	/* look at requests and pending events first */
	EXIT_TIMECHECK, /* same, and the slice may be over */
	EXIT_LEAVE,	/* give the pCPU away */
};

typedef enum exit_action (*exit_handler)(struct vcpu *vcpu, struct vm_exit *exit);

struct exit_row {
	const char *name; /* for messages and counters */
	exit_handler handler;
	exit_handler timed; /* what `handler` calls by way of exit_timed(): what takes microseconds */
};
extern const struct exit_row exit_rows[EXIT_KIND_COUNT];

static inline const char *exit_name(enum vm_exit_kind kind)
{
	return exit_rows[kind].name;
}

#endif
