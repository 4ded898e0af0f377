// SPDX-License-Identifier: GPL-2.0-only
/* See watchdog.h. heartbeat_ns is written by its pCPU and read by one other; `stuck` the other way
 * round. */
#include "arch/x86/watchdog.h"
#include "arch/arch.h"
#include "arch/x86/cpu.h"
#include "arch/x86/ioapic.h"
#include "arch/x86/lapic.h"
#include "kernel/cmdline.h"
#include "kernel/lib/err.h"
#include "kernel/log.h"

#define TIMEOUT_DEFAULT_S 10u
#define PERIOD_NS	  NSEC_PER_SEC

#define PIT_IRQ		  0
#define PIT_CHANNEL0	  0x40
#define PIT_COMMAND	  0x43
#define PIT_C0_MODE2	  0x34 /* channel 0, both bytes, rate generator */
#define PIT_SLOWEST_LOW	  0
#define PIT_SLOWEST_HIGH  0 /* 65,536 counts: 18.2 Hz */

static u64 timeout_ns = TIMEOUT_DEFAULT_S * NSEC_PER_SEC;
static bool alone;

void watchdog_init(const char *cmdline)
{
	bool bad = false;
	u64 seconds = cmdline_get_u64(cmdline, "watchdog", TIMEOUT_DEFAULT_S, &bad);

	if (bad || seconds > 3600) {
		log_warn("watchdog=: expected 0 to 3600 seconds");
		seconds = TIMEOUT_DEFAULT_S;
	}
	timeout_ns = seconds * NSEC_PER_SEC;
}

void watchdog_start(u64 now_ns)
{
	struct percpu *p = percpu_this();

	__atomic_store_n(&p->heartbeat_ns, now_ns, __ATOMIC_RELAXED);
	p->watchdog_next_ns = timeout_ns != 0 ? now_ns + PERIOD_NS : NEVER_NS;
}

void arch_watchdog_touch(void)
{
	__atomic_store_n(&percpu_this()->heartbeat_ns, arch_now_ns(), __ATOMIC_RELAXED);
}

static bool is_silent(struct percpu *p, u64 now_ns)
{
	u64 beat = __atomic_load_n(&p->heartbeat_ns, __ATOMIC_RELAXED);

	/* 0: its timer has not started yet. */
	return beat != 0 && now_ns > beat && now_ns - beat > timeout_ns;
}

static void check_neighbour(struct percpu *self, u64 now_ns)
{
	u32 count = arch_pcpu_count();
	struct percpu *other = percpu_get((self->id + 1) % count);

	if (other == self || !is_silent(other, now_ns) ||
	    __atomic_exchange_n(&other->stuck, 1, __ATOMIC_ACQ_REL) != 0) {
		return;
	}
	lapic_send_nmi(other->apic_id);
}

void watchdog_tick(u64 now_ns)
{
	struct percpu *p = percpu_this();

	__atomic_store_n(&p->heartbeat_ns, now_ns, __ATOMIC_RELAXED);
	if (now_ns >= p->watchdog_next_ns) {
		p->watchdog_next_ns = now_ns + PERIOD_NS;
		check_neighbour(p, now_ns);
		if (p->nmi_unknown != p->nmi_reported) {
			p->nmi_reported = p->nmi_unknown;
			log_warn("pCPU %u: %u NMIs of unknown origin so far", p->id,
				 p->nmi_reported);
		}
	}
}

void watchdog_start_alone(void)
{
	if (timeout_ns == 0 || arch_pcpu_count() > 1) {
		return;
	}
	alone = true;
	outb(PIT_COMMAND, PIT_C0_MODE2);
	outb(PIT_CHANNEL0, PIT_SLOWEST_LOW);
	outb(PIT_CHANNEL0, PIT_SLOWEST_HIGH);
	if (ioapic_route_isa_nmi(PIT_IRQ, arch_pcpu_apic_id(0)) != ERR_OK) {
		alone = false;
		log_warn("watchdog: one pCPU and no IOAPIC: a hang will not be noticed");
	}
}

bool watchdog_is_alone(void)
{
	return alone;
}

bool watchdog_must_report(struct percpu *p)
{
	if (alone) {
		return is_silent(p, arch_now_ns());
	}
	return __atomic_load_n(&p->stuck, __ATOMIC_ACQUIRE) != 0;
}
