// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel/timer.c on two pCPUs, which are threads: each finds its number where a pCPU finds it,
 * through the GS base.
 */
#include "tests/unit/unit.h"

#include <asm/prctl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch/arch.h"
#include "kernel/timer.h"
#include "mm/frames.h"

#define PCPUS 2u

static struct {
	u8 unused[ARCH_PCPU_ID_OFFSET];
	u32 id;
} areas[PCPUS] = {{.id = 0}, {.id = 1}};

u32 arch_pcpu_count(void)
{
	return PCPUS;
}

void *pages_alloc(u64 size_bytes)
{
	return calloc(1, size_bytes);
}

static void become_pcpu(u32 id)
{
	assert_int_equal(syscall(SYS_arch_prctl, ARCH_SET_GS, &areas[id]), 0);
}

static int machine_make(void **state)
{
	(void)state;
	become_pcpu(0);
	return timers_init(0) != 0 || timers_init(1) != 0;
}

/* --- one pCPU --------------------------------------------------------------------------------- */

static u64 fired_at[8];
static u32 fired;

static void note_fire(struct timer *timer, u64 now_ns)
{
	(void)timer;
	fired_at[fired++ % ARRAY_SIZE(fired_at)] = now_ns;
}

static void fires_once_when_due(void **state)
{
	struct timer t;

	(void)state;
	fired = 0;
	timer_init(&t, note_fire);
	timer_arm(&t, 100);
	assert_int_equal(timers_next_ns(), 100);
	timers_run(99);
	assert_int_equal(fired, 0);
	timers_run(100);
	timers_run(200);
	assert_int_equal(fired, 1);
	assert_int_equal(fired_at[0], 100);
	assert_true(timers_next_ns() == NEVER_NS);
}

static void arming_again_moves_the_deadline(void **state)
{
	struct timer t;

	(void)state;
	fired = 0;
	timer_init(&t, note_fire);
	timer_arm(&t, 100);
	timer_arm(&t, 300);
	timers_run(200);
	assert_int_equal(fired, 0);
	timer_arm(&t, NEVER_NS);
	timers_run(400);
	assert_int_equal(fired, 0);
}

static void a_cancelled_timer_does_not_fire(void **state)
{
	struct timer t;

	(void)state;
	fired = 0;
	timer_init(&t, note_fire);
	timer_arm(&t, 100);
	timer_cancel(&t);
	timers_run(200);
	assert_int_equal(fired, 0);
}

/* --- two -------------------------------------------------------------------------------------- */

#define CYCLE_NS    100u
#define CALLBACK_US 2000u

static struct {
	u32 in_callback, cancelled, late, stop; /* atomic */
	struct timer timer;
} shared;

/* Takes its time, and arms itself again at the end: as the devices' timer of a VM does. */
static void rearm_fire(struct timer *timer, u64 now_ns)
{
	if (__atomic_load_n(&shared.cancelled, __ATOMIC_SEQ_CST) != 0) {
		__atomic_add_fetch(&shared.late, 1, __ATOMIC_SEQ_CST);
	}
	__atomic_store_n(&shared.in_callback, 1, __ATOMIC_SEQ_CST);
	usleep(CALLBACK_US);
	timer_arm(timer, now_ns + CYCLE_NS);
}

static void *other_pcpu(void *arg)
{
	u64 now_ns = 0;

	(void)arg;
	become_pcpu(1);
	timer_arm(&shared.timer, CYCLE_NS);
	while (__atomic_load_n(&shared.stop, __ATOMIC_SEQ_CST) == 0) {
		timers_run(now_ns++);
	}
	return NULL;
}

static void cancel_ends_a_timer_that_arms_itself_elsewhere(void **state)
{
	pthread_t thread;

	(void)state;
	timer_init(&shared.timer, rearm_fire);
	assert_int_equal(pthread_create(&thread, NULL, other_pcpu, NULL), 0);
	while (__atomic_load_n(&shared.in_callback, __ATOMIC_SEQ_CST) == 0) {
		arch_relax();
	}
	timer_cancel(&shared.timer);
	__atomic_store_n(&shared.cancelled, 1, __ATOMIC_SEQ_CST);
	assert_int_equal(shared.timer.pcpu, PCPU_NONE);
	usleep(2 * CALLBACK_US);
	__atomic_store_n(&shared.stop, 1, __ATOMIC_SEQ_CST);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(shared.late, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fires_once_when_due),
		cmocka_unit_test(arming_again_moves_the_deadline),
		cmocka_unit_test(a_cancelled_timer_does_not_fire),
		cmocka_unit_test(cancel_ends_a_timer_that_arms_itself_elsewhere),
	};

	return cmocka_run_group_tests(tests, machine_make, NULL);
}
