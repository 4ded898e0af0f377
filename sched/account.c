// SPDX-License-Identifier: GPL-2.0-only
/* Time booked by state; snapshots by sequence count. See account.h. Pure. */
#include "sched/account.h"

/* The fences order the writer's stores between the two changes of the count. */
static void write_begin(struct account *a)
{
	__atomic_store_n(&a->sequence, a->sequence + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void write_end(struct account *a)
{
	__atomic_store_n(&a->sequence, a->sequence + 1, __ATOMIC_RELEASE);
}

static void set(u64 *field, u64 value)
{
	__atomic_store_n(field, value, __ATOMIC_RELAXED);
}

static u64 get(const u64 *field)
{
	return __atomic_load_n(field, __ATOMIC_RELAXED);
}

void account_init(struct account *a, enum account_state state, u64 now_ns)
{
	*a = (struct account){.state = state, .since_ns = now_ns, .added_ns = now_ns};
}

void account_enter(struct account *a, enum account_state state, u64 now_ns)
{
	u64 passed_ns = now_ns > a->since_ns ? now_ns - a->since_ns : 0;

	write_begin(a);
	set(&a->ns[a->state], a->ns[a->state] + passed_ns);
	set(&a->since_ns, a->since_ns + passed_ns);
	__atomic_store_n(&a->state, state, __ATOMIC_RELAXED);
	write_end(a);
}

void account_add_used(struct account *a, u64 guest_ns, u64 overlap_ns)
{
	write_begin(a);
	set(&a->guest_ns, a->guest_ns + guest_ns);
	set(&a->overlap_ns, a->overlap_ns + overlap_ns);
	write_end(a);
}

void account_add_system(struct account *a, u64 system_ns)
{
	write_begin(a);
	set(&a->system_ns, a->system_ns + system_ns);
	write_end(a);
}

void account_count_start(struct account *a, bool migrated)
{
	write_begin(a);
	set(&a->switches, a->switches + 1);
	set(&a->migrations, a->migrations + (migrated ? 1 : 0));
	write_end(a);
}

static void copy(const struct account *a, struct account *to)
{
	to->state = __atomic_load_n(&a->state, __ATOMIC_RELAXED);
	to->since_ns = get(&a->since_ns);
	to->added_ns = a->added_ns;
	for (u32 i = 0; i < ACCOUNT_STATES; i++) {
		to->ns[i] = get(&a->ns[i]);
	}
	to->system_ns = get(&a->system_ns);
	to->overlap_ns = get(&a->overlap_ns);
	to->guest_ns = get(&a->guest_ns);
	to->switches = get(&a->switches);
	to->migrations = get(&a->migrations);
}

struct account_times account_read(const struct account *a, u64 now_ns)
{
	struct account c;
	u32 before;

	do {
		before = __atomic_load_n(&a->sequence, __ATOMIC_ACQUIRE);
		copy(a, &c);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while ((before & 1) != 0 || before != __atomic_load_n(&a->sequence, __ATOMIC_RELAXED));
	if (now_ns > c.since_ns) {
		c.ns[c.state] += now_ns - c.since_ns;
		c.since_ns = now_ns;
	}
	return (struct account_times){
		.elapsed_ns = c.since_ns - c.added_ns,
		.run_ns = c.ns[ACCOUNT_RUN],
		.ready_ns = c.ns[ACCOUNT_READY] + c.ns[ACCOUNT_LIMITED],
		.costop_ns = c.ns[ACCOUNT_COSTOP],
		.wait_ns = c.ns[ACCOUNT_IDLE] + c.ns[ACCOUNT_WAIT] + c.ns[ACCOUNT_SWPWT],
		.limited_ns = c.ns[ACCOUNT_LIMITED],
		.idle_ns = c.ns[ACCOUNT_IDLE],
		.swpwt_ns = c.ns[ACCOUNT_SWPWT],
		.system_ns = c.system_ns,
		.overlap_ns = c.overlap_ns,
		.guest_ns = c.guest_ns,
		.switches = c.switches,
		.migrations = c.migrations,
	};
}
