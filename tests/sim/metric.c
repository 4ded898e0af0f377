// SPDX-License-Identifier: GPL-2.0-only
/* Figures of a run. See metric.h. */
#include "tests/sim/metric.h"

#include <math.h>
#include <string.h>

struct account_times metric_times(const struct sim *m, const struct sim_vcpu *v)
{
	struct account_times t = sim_vcpu_times(m, v);
	const u64 *base = (const u64 *)&v->base;
	u64 *value = (u64 *)&t;

	for (size_t i = 0; i < sizeof(t) / sizeof(u64); i++) {
		value[i] -= base[i];
	}
	return t;
}

void metric_restart(struct sim *m)
{
	ideal_advance(m);
	for (u32 i = 0; i < m->vcpus; i++) {
		struct sim_vcpu *v = m->vcpu[i];

		v->base = sim_vcpu_times(m, v);
		v->base_ideal_ns = v->ideal_ns;
		v->lag_max_ns = 0;
		v->yields = 0;
	}
	for (u32 i = 0; i < m->vms; i++) {
		struct sim_vm *vm = &m->vm[i];

		vm->phases = vm->sections = 0;
		vm->skew_max_ns = 0;
		memset(&vm->latency, 0, sizeof(vm->latency));
	}
	m->cost = (struct sim_cost){0};
	m->measured_from_ns = m->now_ns;
}

/* Of all its vCPUs. */
static struct account_times vm_times(const struct sim *m, const struct sim_vm *vm)
{
	struct account_times sum = {0};

	for (u32 i = 0; i < vm->params.vcpus; i++) {
		struct account_times t = metric_times(m, &vm->vcpu[i]);

		for (size_t j = 0; j < sizeof(t) / sizeof(u64); j++) {
			((u64 *)&sum)[j] += ((u64 *)&t)[j];
		}
	}
	return sum;
}

static double part(u64 ns, u64 of_ns)
{
	return of_ns == 0 ? 0 : (double)ns / (double)of_ns;
}

static double measured_s(const struct sim *m)
{
	return (double)(m->now_ns - m->measured_from_ns) / 1e9;
}

#define PART(metric_, field)                                                                       \
	static double get_##metric_(const struct sim *m, const struct sim_vm *vm)                  \
	{                                                                                          \
		struct account_times t = vm_times(m, vm);                                          \
                                                                                                   \
		return part(t.field, t.elapsed_ns);                                                \
	}

PART(cpu, run_ns)
PART(ready, ready_ns)
PART(costop, costop_ns)
PART(limited, limited_ns)
PART(wait, wait_ns)
PART(halted, idle_ns)
PART(overlap, overlap_ns)

static double get_share(const struct sim *m, const struct sim_vm *vm)
{
	return (double)vm_times(m, vm).run_ns / 1e9 / measured_s(m) / m->config.pcpus;
}

static double get_used(const struct sim *m, const struct sim_vm *vm)
{
	return (double)vm_times(m, vm).run_ns / 1e9 / measured_s(m);
}

static double vcpu_ideal_ns(const struct sim_vcpu *v)
{
	return v->ideal_ns - v->base_ideal_ns;
}

static double get_ideal(const struct sim *m, const struct sim_vm *vm)
{
	double sum_ns = 0;

	for (u32 i = 0; i < vm->params.vcpus; i++) {
		sum_ns += vcpu_ideal_ns(&vm->vcpu[i]);
	}
	return sum_ns / 1e9 / measured_s(m) / vm->params.vcpus;
}

/* The worst of its vCPUs, relative to its ideal. */
static double get_error(const struct sim *m, const struct sim_vm *vm)
{
	double worst = 0;

	for (u32 i = 0; i < vm->params.vcpus; i++) {
		double ideal_ns = vcpu_ideal_ns(&vm->vcpu[i]);
		double ran_ns = (double)metric_times(m, &vm->vcpu[i]).run_ns;

		if (ideal_ns > 0) {
			worst = fmax(worst, fabs(ran_ns - ideal_ns) / ideal_ns);
		}
	}
	return worst;
}

static double get_lag(const struct sim *m, const struct sim_vm *vm)
{
	double worst_ns = 0;

	(void)m;
	for (u32 i = 0; i < vm->params.vcpus; i++) {
		worst_ns = fmax(worst_ns, (double)vm->vcpu[i].lag_max_ns);
	}
	return worst_ns;
}

static double get_skew(const struct sim *m, const struct sim_vm *vm)
{
	(void)m;
	return (double)vm->skew_max_ns;
}

/* By the definition of its rule: strict and relaxed count time without progress while a sibling
 * ran. */
static double get_rule_skew(const struct sim *m, const struct sim_vm *vm)
{
	bool group =
		vm->params.rule == SCHED_COSCHED_STRICT || vm->params.rule == SCHED_COSCHED_RELAXED;

	return group ? (double)vm->group.skew_seen_ns : get_skew(m, vm);
}

static double get_p50(const struct sim *m, const struct sim_vm *vm)
{
	(void)m;
	return (double)histogram_permille(&vm->latency, 500);
}

static double get_p99(const struct sim *m, const struct sim_vm *vm)
{
	(void)m;
	return (double)histogram_permille(&vm->latency, 990);
}

static double get_worst(const struct sim *m, const struct sim_vm *vm)
{
	(void)m;
	return (double)vm->latency.max;
}

static double get_wakeups(const struct sim *m, const struct sim_vm *vm)
{
	(void)m;
	return (double)vm->latency.count;
}

static double get_phases(const struct sim *m, const struct sim_vm *vm)
{
	return (double)vm->phases / measured_s(m);
}

static double get_sections(const struct sim *m, const struct sim_vm *vm)
{
	return (double)vm->sections / measured_s(m);
}

static double get_migrations(const struct sim *m, const struct sim_vm *vm)
{
	return (double)vm_times(m, vm).migrations / measured_s(m);
}

static double get_switches(const struct sim *m, const struct sim_vm *vm)
{
	return (double)vm_times(m, vm).switches / measured_s(m);
}

static double get_yields(const struct sim *m, const struct sim_vm *vm)
{
	u64 sum = 0;

	for (u32 i = 0; i < vm->params.vcpus; i++) {
		sum += vm->vcpu[i].yields;
	}
	return (double)sum / measured_s(m);
}

static double get_machine_idle(const struct sim *m, const struct sim_vm *vm)
{
	double busy = 0;

	(void)vm;
	for (u32 i = 0; i < m->vms; i++) {
		busy += get_share(m, &m->vm[i]);
	}
	return 1 - busy;
}

static double get_decision_ns(const struct sim *m, const struct sim_vm *vm)
{
	(void)vm;
	return m->cost.decisions == 0 ? 0 : m->cost.ns / (double)m->cost.decisions;
}

static double get_decision_steps(const struct sim *m, const struct sim_vm *vm)
{
	(void)vm;
	return part(m->cost.steps, m->cost.decisions);
}

const struct metric metrics[] = {
	{"cpu", get_cpu, "ran, of the time it was there, per vCPU"},
	{"ready", get_ready, "waited for a pCPU, likewise"},
	{"costop", get_costop, "co-stopped, likewise"},
	{"limited", get_limited, "at its limit, likewise; part of ready"},
	{"wait", get_wait, "blocked, likewise"},
	{"halted", get_halted, "halted by its guest, likewise; part of wait"},
	{"overlap", get_overlap, "taken for others while it ran, likewise"},
	{"share", get_share, "ran, of all time of all pCPUs"},
	{"used", get_used, "pCPUs used"},
	{"ideal", get_ideal, "what cpu ideally is"},
	{"error", get_error, "the worst vCPU's distance from its ideal, relative to it"},
	{"lag_max", get_lag, "largest lag, ns"},
	{"skew_max", get_skew, "largest progress ahead of the slowest sibling while running, ns"},
	{"skew_rule", get_rule_skew, "largest skew as its co-scheduling rule defines it, ns"},
	{"latency_p50", get_p50, "wake-up to guest execution, ns"},
	{"latency_p99", get_p99, "likewise"},
	{"latency_max", get_worst, "likewise"},
	{"wakeups", get_wakeups, "wake-ups measured"},
	{"phases", get_phases, "barriers passed per second"},
	{"sections", get_sections, "critical sections per second"},
	{"migrations", get_migrations, "starts elsewhere than before, per second"},
	{"switches", get_switches, "starts per second"},
	{"yields", get_yields, "directed yields per second"},
	{"machine_idle", get_machine_idle, "of all time of all pCPUs, unused"},
	{"decision_ns", get_decision_ns, "host time in the scheduler per decision"},
	{"decision_steps", get_decision_steps, "basic blocks executed per decision"},
};
const u32 metric_count = ARRAY_SIZE(metrics);

static const struct metric *find(const char *name)
{
	for (u32 i = 0; i < metric_count; i++) {
		if (strcmp(metrics[i].name, name) == 0) {
			return &metrics[i];
		}
	}
	return NULL;
}

bool metric_exists(const char *name)
{
	return find(name) != NULL;
}

double metric_of(const struct sim *m, const char *name, const struct sim_vm *vm)
{
	return find(name)->of(m, vm);
}

static bool matches(const char *pattern, const char *name)
{
	size_t length = strlen(pattern);

	if (length != 0 && pattern[length - 1] == '*') {
		return strncmp(pattern, name, length - 1) == 0;
	}
	return strcmp(pattern, name) == 0;
}

bool metric_each(const struct sim *m, const char *name, const char *pattern,
		 void (*fn)(const struct sim_vm *vm, double value, void *arg), void *arg)
{
	const struct metric *metric = find(name);
	bool any = false;

	for (u32 i = 0; metric != NULL && i < m->vms; i++) {
		if (matches(pattern, m->vm[i].name)) {
			any = true;
			fn(&m->vm[i], metric->of(m, &m->vm[i]), arg);
		}
	}
	return any;
}

static void take_max(const struct sim_vm *vm, double value, void *arg)
{
	double *max = arg;

	(void)vm;
	*max = isnan(*max) ? value : fmax(*max, value);
}

double metric_max(const struct sim *m, const char *name, const char *pattern)
{
	double max = NAN;

	(void)metric_each(m, name, pattern, take_max, &max);
	return max;
}
