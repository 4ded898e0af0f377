/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the hardware layer keeps per pCPU, found by GS base. Fields are written by their own pCPU
 * only, except where noted.
 */
#ifndef ARCH_X86_PERCPU_H
#define ARCH_X86_PERCPU_H

#include "arch/arch.h"
#include "arch/x86/gdt.h"
#include "kernel/lib/types.h"

struct percpu {
	struct percpu *self;
	u32 id;
	u32 apic_id;
	struct arch_place place; /* (o) */
	u64 stack_top;

	/* One-shot timer (oneshot.c): when arch_timer_arm()'s is due, and the watchdog's. */
	u64 timer_deadline_ns;
	u64 watchdog_next_ns;

	/* Watchdog (arch/x86/watchdog.c): fed by this pCPU, read by its neighbour. */
	u64 heartbeat_ns; /* 0: not to be watched */
	/* Watchdog: the heartbeat this pCPU last saw of the one it watches, and at how many looks
	 * it stayed so. */
	u64 watched_beat_ns;
	u32 watched_silent;
	/* Watchdog: set by the neighbour (atomically) before it sends the NMI. */
	u32 stuck;
	/* NMIs nobody claimed, counted by the handler and reported later. */
	u32 nmi_unknown;
	u32 nmi_reported;
	/* Set by the AP when it runs in C; read by the bootstrap pCPU. */
	u32 online;

	struct gdt_area gdt;
};

assert_offset(struct percpu, self, 0);
assert_offset(struct percpu, id, ARCH_PCPU_ID_OFFSET);

static inline struct percpu *percpu_this(void)
{
	struct percpu *p;

	__asm__ volatile("movq %%gs:0, %0" : "=r"(p));
	return p;
}

/* By id, below arch_pcpu_count(). */
struct percpu *percpu_get(u32 pcpu);

/* Registers a pCPU's area under the next free id, which is returned in p->id; bootstrap pCPU only.
 */
void percpu_add(struct percpu *p, u32 apic_id);

/* Takes back the last percpu_add(): that pCPU did not start. */
void percpu_remove_last(void);

/* Makes p this pCPU's area: loads its GDT and TSS and points GS at it. */
void percpu_load(struct percpu *p);

#endif
