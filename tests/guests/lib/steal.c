// SPDX-License-Identifier: GPL-2.0-only
/*
 * See the header. Interrupts are open all the while: Bochs's AMD-V never leaves a guest that has
 * them closed, and the other vCPU would not get its turn.
 */
#include "tests/guests/lib/steal.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"

#define WATCH_US 500000u
/* Two looks at the clock that lie further apart had something between them. */
#define GAP_US	 100u

static volatile bool enough;
static void (*spin_job)(void);

static void spin(void *arg)
{
	(void)arg;
	irq_enable();
	while (!enough) {
		spin_job();
	}
	irq_disable();
}

static bool spin_begin(void (*job)(void))
{
	irq_enable();
	spin_job = job;
	enough = false;
	if (smp_start() < 2) {
		return false;
	}
	smp_run(1, spin, NULL);
	return true;
}

static void spin_end(void)
{
	enough = true;
	smp_wait(1, 10000);
	irq_disable();
}

void steal_watch(u64 (*read_us)(void), void (*job)(void))
{
	u64 least = cmdline_number("exact", 0) != 0 ? 90 : 10, away = 0, back = 0;

	if (!spin_begin(job)) {
		report(false, "steal clock counts", "the second CPU does not start");
		return;
	}
	u64 begin = clock_us(), stolen = read_us(), last = begin, shown = stolen;

	while (last - begin < WATCH_US) {
		u64 now_shown = read_us(), now = clock_us();

		back += now_shown < shown;
		away += now - last > GAP_US ? now - last : 0;
		shown = now_shown;
		last = now;
	}
	stolen = shown - stolen;
	spin_end();
	report(back == 0, "steal clock never goes back", "%lu times", back);
	/* What is shorter than a gap is stolen, too. */
	report(stolen <= away + away / 20 + 2000 && stolen * 100 >= away * least && stolen != 0,
	       "steal clock counts", "%lu of %lu us, away for %lu", stolen, last - begin, away);
}

void steal_pass(void (*job)(void))
{
	if (spin_begin(job)) {
		clock_delay_us(WATCH_US);
	}
	spin_end();
}
