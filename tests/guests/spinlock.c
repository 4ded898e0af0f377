// SPDX-License-Identifier: GPL-2.0-only
/*
 * All CPUs take turns under a ticket lock: `think_us=` (200) of work outside, `hold_us=` (50)
 * inside, waiting with PAUSE. A holder or the next in line that does not run holds up all others.
 * `RESULT spinlock at= cpus= taken= per_s= wait_max_us=` of the window (work.h). The lock's own
 * work is checked: a lost update is a FAIL line.
 */
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/platform.h"
#include "tests/guests/lib/work.h"

static struct ticket {
	u32 next, serving;
} ticket;

static struct taker {
	u64 taken, wait_max_tsc;
	volatile bool done;
} takers[CPUS_MAX];

static u32 think_blocks, hold_blocks;
static u64 under_lock; /* counted without atomics: right only if the lock is */
static struct work_window window;

static void ticket_take(void)
{
	u32 mine = __atomic_fetch_add(&ticket.next, 1, __ATOMIC_ACQUIRE);

	while (__atomic_load_n(&ticket.serving, __ATOMIC_ACQUIRE) != mine) {
		cpu_relax();
	}
}

static void ticket_give(void)
{
	__atomic_store_n(&ticket.serving, ticket.serving + 1, __ATOMIC_RELEASE);
}

static void turns_until(u64 end_tsc, struct taker *t)
{
	for (u64 now = rdtsc(); now < end_tsc; now = rdtsc()) {
		work(think_blocks);
		u64 from = rdtsc();
		ticket_take();
		u64 waited = rdtsc() - from, counted = under_lock;
		work(hold_blocks);
		under_lock = counted + 1;
		ticket_give();
		t->taken++;
		t->wait_max_tsc = MAX(t->wait_max_tsc, waited);
	}
}

/* With an argument: without end. */
static void take_turns(void *arg)
{
	struct taker *t = &takers[cpu_this()->index];
	struct taker ignored = {0};

	irq_enable();
	turns_until(window.from_tsc, &ignored);
	turns_until(window.end_tsc, t);
	turns_until(window.print_tsc, &ignored);
	t->done = true;
	if (arg != NULL) {
		turns_until(UINT64_MAX, &ignored);
	}
}

/* Who holds the lock sees as many turns counted as were ended. */
static void check_exclusion(void)
{
	ticket_take();
	u64 counted = under_lock, served = ticket.serving;
	under_lock++;
	ticket_give();
	report(counted == served, "mutual exclusion", "%lu turns counted of %lu", counted, served);
}

void guest_main(void)
{
	u64 taken = 0, wait_max_tsc = 0;

	think_blocks = work_blocks(cmdline_number("think_us", 200));
	hold_blocks = work_blocks(cmdline_number("hold_us", 50));
	u32 cpus_running = smp_start();
	window = work_window();
	for (u32 i = 1; i < cpus_running; i++) {
		smp_run(i, take_turns, &ticket);
	}
	take_turns(NULL);
	for (u32 i = 0; i < cpus_running; i++) {
		while (!takers[i].done) {
			cpu_relax();
		}
		taken += takers[i].taken;
		wait_max_tsc = MAX(wait_max_tsc, takers[i].wait_max_tsc);
	}
	check_exclusion();
	print("RESULT spinlock at=%lu cpus=%u taken=%lu per_s=%lu wait_max_us=%lu\n", window.wall_s,
	      cpus_running, taken, taken * 1000000 / tsc_to_us(window.end_tsc - window.from_tsc),
	      tsc_to_us(wait_max_tsc));
	take_turns(&ticket);
}
