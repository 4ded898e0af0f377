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
#define PIT_HZ		  18u

static u32 timeout_s = TIMEOUT_DEFAULT_S;
static bool alone;

void watchdog_init(const char *cmdline)
{
	bool bad = false;
	u64 seconds = cmdline_get_u64(cmdline, "watchdog", TIMEOUT_DEFAULT_S, &bad);

	if (bad || seconds > 3600) {
		log_warn("watchdog=: expected 0 to 3600 seconds");
		seconds = TIMEOUT_DEFAULT_S;
	}
	timeout_s = (u32)seconds;
}

void watchdog_start(u64 now_ns)
{
	struct percpu *p = percpu_this();

	__atomic_store_n(&p->heartbeat_ns, now_ns, __ATOMIC_RELAXED);
	p->watchdog_next_ns = timeout_s != 0 ? now_ns + PERIOD_NS : NEVER_NS;
}

void watchdog_leave(void)
{
	__atomic_store_n(&percpu_this()->heartbeat_ns, 0, __ATOMIC_RELAXED);
}

/*
 * Has `other` shown no life at `looks` looks of `self` in a row? Counting looks, not time, forgives
 * a machine that stood still as a whole: an emulator that was stopped, a long SMI.
 */
static bool is_silent(struct percpu *self, struct percpu *other, u32 looks)
{
	u64 beat = __atomic_load_n(&other->heartbeat_ns, __ATOMIC_RELAXED);

	if (beat != self->watched_beat_ns || beat == 0) { /* 0: not to be watched */
		self->watched_beat_ns = beat;
		self->watched_silent = 0;
		return false;
	}
	return ++self->watched_silent >= looks;
}

/* The next pCPU that is to be watched; the caller itself when it is the only one. */
static struct percpu *next_watched(struct percpu *self)
{
	u32 count = arch_pcpu_count();
	u32 i = (self->id + 1) % count;

	while (i != self->id &&
	       __atomic_load_n(&percpu_get(i)->heartbeat_ns, __ATOMIC_RELAXED) == 0) {
		i = (i + 1) % count;
	}
	return percpu_get(i);
}

static void check_neighbour(struct percpu *self)
{
	struct percpu *other = next_watched(self);

	if (other != self && is_silent(self, other, timeout_s) &&
	    __atomic_exchange_n(&other->stuck, 1, __ATOMIC_ACQ_REL) == 0) {
		lapic_send_nmi(other->apic_id);
	}
}

void watchdog_tick(u64 now_ns)
{
	struct percpu *p = percpu_this();

	__atomic_store_n(&p->heartbeat_ns, now_ns, __ATOMIC_RELAXED);
	if (now_ns >= p->watchdog_next_ns) {
		p->watchdog_next_ns = now_ns + PERIOD_NS;
		check_neighbour(p);
		if (p->nmi_unknown != p->nmi_reported) {
			p->nmi_reported = p->nmi_unknown;
			log_warn("pCPU %u: %u NMIs of unknown origin so far", p->id,
				 p->nmi_reported);
		}
	}
}

void arch_watchdog_touch(void)
{
	/* Whoever waits without taking interrupts must go on watching, too. */
	watchdog_tick(arch_now_ns());
}

void watchdog_start_alone(void)
{
	if (timeout_s == 0 || arch_pcpu_count() > 1) {
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
		return is_silent(p, p, timeout_s * PIT_HZ);
	}
	return __atomic_load_n(&p->stuck, __ATOMIC_ACQUIRE) != 0;
}
