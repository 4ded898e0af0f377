// SPDX-License-Identifier: GPL-2.0-only
/* sched, sched vm: what the scheduler sees. pCPU 0 only; each queue is looked at by itself, others
 * go on meanwhile. */
#include "arch/arch.h"
#include "kernel/console/monitor_priv.h"
#include "kernel/dispatch.h"
#include "kernel/lib/fmt.h"
#include "kernel/vm.h"

/* Worlds shown of one queue. */
#define SHOWN_MAX 64u

/* Those found in a queue. */
struct found {
	u32 count;
	struct vcpu *vcpu[SHOWN_MAX];
};

static void world_find(struct sched_world *w, void *arg)
{
	struct found *found = arg;

	if (found->count < SHOWN_MAX) {
		found->vcpu[found->count] = container_of(w, struct vcpu, world);
	}
	found->count++;
}

static const char *state_name(const struct dispatch_world_info *info)
{
	static const char *const waits[] = {
		[SCHED_NOWHERE] = "ready",     [SCHED_IN_SHARES] = "ready",
		[SCHED_IN_FLOOR] = "reserved", [SCHED_IN_LIMITED] = "limited",
		[SCHED_IN_COSTOP] = "co-stop",
	};

	switch (info->state) {
	case SCHED_RUNNING:
		return "running";
	case SCHED_READY:
		return waits[info->where];
	default:
		return "blocked";
	}
}

/* "12.345", of ns in ms. */
static const char *ms_print(char *buf, size_t size, s64 ns)
{
	u64 us = (ns < 0 ? -(u64)ns : (u64)ns) / NSEC_PER_USEC;

	fmt_print(buf, size, "%s%llu.%03llu", ns < 0 && us != 0 ? "-" : "",
		  (unsigned long long)(us / 1000), (unsigned long long)(us % 1000));
	return buf;
}

static void world_show(struct vcpu *vcpu)
{
	struct dispatch_world_info info;
	char lag[32];

	dispatch_world_get(vcpu, &info);
	output_print("      %-8s lag %10s ms  %s/%u\n", state_name(&info),
		     ms_print(lag, sizeof(lag), info.lag_ns), vcpu->vm->config.name, vcpu->index);
}

static void queue_show(u32 pcpu)
{
	struct sched_queue_info q;
	struct found found = {.count = 0};

	dispatch_queue_get(pcpu, &q);
	if (!q.online) {
		output_print("%4u  off\n", pcpu);
		return;
	}
	output_print("%4u %8u %8u %8u %10llu %20llu\n", pcpu, q.waiting, q.limited, q.costopped,
		     (unsigned long long)q.load, (unsigned long long)q.vtime);
	dispatch_queue_each(pcpu, world_find, &found);
	for (u32 i = 0; i < MIN(found.count, SHOWN_MAX); i++) {
		world_show(found.vcpu[i]);
	}
	if (found.count > SHOWN_MAX) {
		output_print("      and %u more\n", found.count - SHOWN_MAX);
	}
}

static void sched_run(u32 argc, const char *const *argv)
{
	char bound[32];

	(void)argc;
	(void)argv;
	output_print("%4s %8s %8s %8s %10s %20s\n", "PCPU", "WAITING", "LIMITED", "CO-STOP", "LOAD",
		     "VIRTUAL TIME");
	for (u32 i = 0; i < arch_pcpu_count(); i++) {
		queue_show(i);
	}
	output_print("Lag is service owed (or, below 0, had too early); it stays within %s ms.\n",
		     ms_print(bound, sizeof(bound), (s64)dispatch_lag_bound_ns()));
}

/* --- one VM ----------------------------------------------------------------------------------- */

static void vcpu_show(struct vcpu *vcpu)
{
	const struct account_times t = account_read(&vcpu->world.account, arch_now_ns());
	struct dispatch_world_info info;
	char lag[32], skew[32], progress[32], costop[32];

	dispatch_world_get(vcpu, &info);
	output_print("%4u %-8s %4u %12s %14s %10s %14s %10llu %10llu\n", vcpu->index,
		     state_name(&info), info.pcpu, ms_print(lag, sizeof(lag), info.lag_ns),
		     ms_print(progress, sizeof(progress), (s64)info.progress_ns),
		     ms_print(skew, sizeof(skew), (s64)info.skew_ns),
		     ms_print(costop, sizeof(costop), (s64)t.costop_ns),
		     (unsigned long long)t.switches, (unsigned long long)t.migrations);
}

static void group_show(const struct vm *vm)
{
	static const char *const rules[] = {
		[SCHED_COSCHED_OFF] = "off",
		[SCHED_COSCHED_PERCPU] = "percpu",
		[SCHED_COSCHED_RELAXED] = "relaxed",
		[SCHED_COSCHED_STRICT] = "strict",
	};
	char threshold[32], seen[32];

	output_print(
		"%s: shares %u per vCPU, weight %u; co-scheduling %s, threshold %s ms, largest "
		"skew %s ms, %llu co-stops\n",
		vm->config.name, vm->group.params.shares, vm->group.weight,
		rules[vm->group.params.rule],
		ms_print(threshold, sizeof(threshold), (s64)vm->group.params.skew_max_ns),
		ms_print(seen, sizeof(seen), (s64)vm->group.skew_seen_ns),
		(unsigned long long)vm->group.costops);
}

static void sched_vm_run(u32 argc, const char *const *argv)
{
	struct vm *vm = monitor_vm(argv[0]);

	(void)argc;
	if (vm == NULL) {
		return;
	}
	if (vm->state != VM_RUNNING && vm->state != VM_PAUSED) {
		output_print("%s is %s: it is not scheduled\n", vm->config.name,
			     vm_state_name(vm->state));
		return;
	}
	group_show(vm);
	output_print("%4s %-8s %4s %12s %14s %10s %14s %10s %10s\n", "VCPU", "STATE", "PCPU",
		     "LAG MS", "PROGRESS MS", "SKEW MS", "CO-STOP MS", "SWITCHES", "MIGRATIONS");
	for (u32 i = 0; i < vm->config.vcpus; i++) {
		vcpu_show(vm->vcpus[i]);
	}
}

/* clang-format off */
static const struct command commands[] = {
	{"sched", NULL, "", 0, 0, sched_run, "what runs and waits on each pCPU, and how far from its due"},
	{"sched", "vm", "NAME", 1, 1, sched_vm_run, "a VM's vCPUs: lag, progress, skew, co-stops"},
};
/* clang-format on */

const struct command_set sched_commands = {commands, ARRAY_SIZE(commands)};
