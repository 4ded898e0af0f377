// SPDX-License-Identifier: GPL-2.0-only
/* vm list | show | set | start | stop | reset | pause | resume. pCPU 0 only. */
#include "arch/arch.h"
#include "kernel/config/change.h"
#include "kernel/console/monitor_priv.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/vm.h"
#include "kernel/vm_sched.h"

/* Sums over a VM's vCPUs; zero when it is off. */
struct vm_sums {
	u64 run_ns, exits;
};

static struct vm_sums vm_sum(const struct vm *vm)
{
	struct vm_sums sums = {0, 0};
	u64 now_ns = arch_now_ns();

	for (u32 i = 0; i < vm->config.vcpus; i++) {
		if (vm->vcpus[i] == NULL) {
			continue;
		}
		sums.run_ns += account_read(&vm->vcpus[i]->world.account, now_ns).run_ns;
		for (u32 k = 0; k < EXIT_KIND_COUNT; k++) {
			sums.exits += vm->vcpus[i]->stats.exits[k];
		}
	}
	return sums;
}

static void remark_format(struct vm *vm, char *buf, size_t size)
{
	buf[0] = '\0';
	if (vm->state == VM_OFF) {
		vm_end_describe(vm, buf, size);
	} else if (vm->resets != 0) {
		fmt_print(buf, size, "reset %u time%s", vm->resets, vm->resets == 1 ? "" : "s");
	}
}

static void vm_show(struct vm *vm)
{
	struct vm_sums sums = vm_sum(vm);
	u64 touched_kib = vm->state == VM_OFF ? 0 : vm->p2m.touched_pages * (PAGE_SIZE / 1024);
	char remark[200];

	remark_format(vm, remark, sizeof(remark));
	output_print("%-20s %-8s %5u %8u %6llu.%llu %8llu.%03llu %12llu  %s\n", vm->config.name,
		     vm_state_name(vm->state), vm->config.vcpus, vm->config.mem_mb,
		     (unsigned long long)(touched_kib / 1024),
		     (unsigned long long)(touched_kib % 1024 * 10 / 1024),
		     (unsigned long long)(sums.run_ns / NSEC_PER_SEC),
		     (unsigned long long)(sums.run_ns % NSEC_PER_SEC / NSEC_PER_MSEC),
		     (unsigned long long)sums.exits, remark);
}

static void vm_list_run(u32 argc, const char *const *argv)
{
	(void)argc;
	(void)argv;
	if (vm_count() == 0) {
		output_print("there are no VMs\n");
		return;
	}
	output_print("%-20s %-8s %5s %8s %8s %12s %12s  %s\n", "NAME", "STATE", "VCPUS", "MEM MB",
		     "TOUCHED", "CPU S", "EXITS", "REMARK");
	for (u32 i = 0; i < vm_count(); i++) {
		vm_show(vm_at(i));
	}
}

/* The VM's parameters, as a file would have them. */
static void vm_show_run(u32 argc, const char *const *argv)
{
	static char line[CONFIG_LINE_SIZE];
	struct vm *vm = monitor_vm(argv[0]);

	(void)argc;
	if (vm == NULL) {
		return;
	}
	output_print("# %s, from %s, is %s\n", vm->config.name, vm->file, vm_state_name(vm->state));
	for (u32 i = 0; config_line(&vm->config, i, line); i++) {
		if (line[0] != '\0') {
			output_write(line, strlen(line));
			output_write("\n", 1);
		}
	}
}

/* All or nothing: what is refused leaves the VM as it was. */
static void vm_set_run(u32 argc, const char *const *argv)
{
	static struct vm_config old, changed; /* too large for the stack */
	struct vm *vm = monitor_vm(argv[0]);
	char reason[256];

	(void)argc;
	if (vm == NULL) {
		return;
	}
	old = vm->config;
	changed = vm->config;
	if (config_change(&changed, argv[1], argv[2], reason, sizeof(reason)) != 0) {
		output_print("%s\n", reason);
		return;
	}
	vm->config = changed;
	if (vm_sched_apply(vm, reason, sizeof(reason)) != 0) {
		vm->config = old;
		output_print("%s: not changed: %s\n", vm->config.name, reason);
		return;
	}
	output_print("%s: %s = %s\n", vm->config.name, argv[1], argv[2]);
}

static void vm_start_run(u32 argc, const char *const *argv)
{
	struct vm *vm = monitor_vm(argv[0]);

	(void)argc;
	if (vm == NULL) {
		return;
	}
	if (vm->state != VM_OFF) {
		output_print("%s is %s: it cannot be started\n", vm->config.name,
			     vm_state_name(vm->state));
	} else if (vm_start(vm) != 0) {
		output_print("%s was not started: %s\n", vm->config.name, vm->end_reason);
	}
}

/* Asks, and says that it did or why that is not possible. */
static void request_run(const char *name, enum vm_request request, const char *doing,
			const char *done)
{
	struct vm *vm = monitor_vm(name);

	if (vm == NULL) {
		return;
	}
	if (vm_request(vm, request) == 0) {
		output_print("%s: %s\n", vm->config.name, doing);
	} else {
		output_print("%s is %s: it cannot be %s%s\n", vm->config.name,
			     vm_state_name(vm->state), done,
			     vm->request != VM_REQ_NONE ? " while another request is carried out"
							: "");
	}
}

static void vm_stop_run(u32 argc, const char *const *argv)
{
	(void)argc;
	request_run(argv[0], VM_REQ_STOP, "stopping", "stopped");
}

static void vm_reset_run(u32 argc, const char *const *argv)
{
	(void)argc;
	request_run(argv[0], VM_REQ_RESET, "resetting", "reset");
}

static void vm_pause_run(u32 argc, const char *const *argv)
{
	(void)argc;
	request_run(argv[0], VM_REQ_PAUSE, "pausing", "paused");
}

static void vm_resume_run(u32 argc, const char *const *argv)
{
	struct vm *vm = monitor_vm(argv[0]);

	(void)argc;
	if (vm == NULL) {
		return;
	}
	if (vm_resume(vm) == 0) {
		output_print("%s: resumed\n", vm->config.name);
	} else {
		output_print("%s is %s: it cannot be resumed\n", vm->config.name,
			     vm_state_name(vm->state));
	}
}

/* clang-format off */
static const struct command commands[] = {
	{"vm", "list", "", 0, 0, vm_list_run,
	 "state, size, touched memory, CPU time, exits and end of every VM"},
	{"vm", "show", "NAME", 1, 1, vm_show_run, "its parameters, as a VM file has them"},
	{"vm", "set", "NAME KEY VALUE", 3, 3, vm_set_run,
	 "change cpu.shares, cpu.min, cpu.max, cpu.cosched, ...: values as in VM files"},
	{"vm", "start", "NAME", 1, 1, vm_start_run, "power a VM on"},
	{"vm", "stop", "NAME", 1, 1, vm_stop_run, "power it off at once, as by pulling the plug"},
	{"vm", "reset", "NAME", 1, 1, vm_reset_run, "start it over, as by the reset button"},
	{"vm", "pause", "NAME", 1, 1, vm_pause_run, "let none of its vCPUs run"},
	{"vm", "resume", "NAME", 1, 1, vm_resume_run, "let them run again"},
};
/* clang-format on */

const struct command_set vm_commands = {commands, ARRAY_SIZE(commands)};
