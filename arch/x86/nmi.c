// SPDX-License-Identifier: GPL-2.0-only
/* See nmi.h. */
#include "arch/x86/nmi.h"
#include "arch/arch.h"
#include "arch/x86/lapic.h"
#include "arch/x86/percpu.h"
#include "arch/x86/traps_priv.h"
#include "arch/x86/watchdog.h"
#include "kernel/log.h"
#include "kernel/panic.h"

static u32 stopping;

void arch_stop_others(void)
{
	u32 self = arch_pcpu_id();

	__atomic_store_n(&stopping, 1, __ATOMIC_RELEASE);
	for (u32 i = 0; i < arch_pcpu_count(); i++) {
		if (i != self && __atomic_load_n(&percpu_get(i)->online, __ATOMIC_ACQUIRE) != 0) {
			lapic_send_nmi(arch_pcpu_apic_id(i));
		}
	}
}

static __attribute__((noreturn)) void report_stuck(const struct trap_frame *frame)
{
	struct percpu *p = percpu_this();

	panic_begin();
	log_emergency("panic: watchdog: pCPU %u has not taken an interrupt for %llu ms", p->id,
		      (unsigned long long)((arch_now_ns() - p->heartbeat_ns) / NSEC_PER_MSEC));
	trap_print_frame(frame);
	panic_end(frame->rip, frame->rbp);
}

void nmi_handle(struct trap_frame *frame)
{
	struct percpu *p = percpu_this();

	if (__atomic_load_n(&stopping, __ATOMIC_ACQUIRE) != 0) {
		arch_halt();
	}
	if (watchdog_must_report(p)) {
		report_stuck(frame);
	}
	if (!watchdog_is_alone()) {
		p->nmi_unknown++;
	}
}
