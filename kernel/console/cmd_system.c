// SPDX-License-Identifier: GPL-2.0-only
/* help, version, pcpus, mem, reboot, poweroff. pCPU 0 only. */
#include "arch/arch.h"
#include "arch/x86/virt/virt.h"
#include "kernel/console/monitor_priv.h"
#include "kernel/dispatch.h"
#include "kernel/drivers/console.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"
#include "kernel/log.h"
#include "kernel/version.h"
#include "kernel/vm.h"
#include "mm/frames.h"

static void help_show(const struct command *c)
{
	char usage[40];

	fmt_print(usage, sizeof(usage), "%s%s%s%s%s", c->noun, c->verb != NULL ? " " : "",
		  c->verb != NULL ? c->verb : "", c->args[0] != '\0' ? " " : "", c->args);
	output_print("  %-18s %s\n", usage, c->help);
}

static void help_run(u32 argc, const char *const *argv)
{
	u32 shown = 0;

	for (u32 s = 0; s < monitor_set_count; s++) {
		for (u32 i = 0; i < monitor_sets[s]->count; i++) {
			const struct command *c = &monitor_sets[s]->commands[i];

			if (argc == 0 || strcmp(argv[0], c->noun) == 0) {
				help_show(c);
				shown++;
			}
		}
	}
	if (shown == 0) {
		output_print("unknown command %s: \"help\" lists all\n", argv[0]);
	} else if (argc == 0) {
		output_print("Names with blanks are written in quotes. Editing: arrows, Home, End, "
			     "Ctrl-U, Ctrl-C.\n");
	}
}

static void version_run(u32 argc, const char *const *argv)
{
	(void)argc;
	(void)argv;
	if (virt_caps.vendor != NULL) {
		output_print("Evenkeel %s on %s: %s\n", EVENKEEL_VERSION, virt_caps.vendor,
			     virt_caps.summary);
	} else {
		output_print("Evenkeel %s, no hardware virtualisation\n", EVENKEEL_VERSION);
	}
}

static void pcpu_show(u32 pcpu, u64 now_ns)
{
	const struct vcpu *vcpu = dispatch_resident(pcpu);
	struct pcpu_stats stats;
	char runs[CONFIG_NAME_SIZE + 16] = "-";

	struct arch_place place = arch_pcpu_place(pcpu);

	dispatch_get_stats(pcpu, now_ns, &stats);
	if (vcpu != NULL) {
		fmt_print(runs, sizeof(runs), "%s/%u", vcpu->vm->config.name, vcpu->index);
	}
	u64 idle_permille = now_ns != 0 ? stats.idle_ns / (now_ns / 1000 + 1) : 0;

	output_print("%4u %6u %4u %5u %5u %4u %4llu.%llu %10llu  %s\n", pcpu,
		     arch_pcpu_apic_id(pcpu), place.node, place.package, place.cache, place.core,
		     (unsigned long long)(idle_permille / 10),
		     (unsigned long long)(idle_permille % 10), (unsigned long long)stats.switches,
		     runs);
}

static void pcpus_run(u32 argc, const char *const *argv)
{
	u64 now_ns = arch_now_ns();

	(void)argc;
	(void)argv;
	output_print("%4s %6s %4s %5s %5s %4s %6s %10s  %s\n", "PCPU", "APICID", "NODE", "PKG",
		     "CACHE", "CORE", "IDLE %", "SWITCHES", "VCPU");
	for (u32 i = 0; i < arch_pcpu_count(); i++) {
		pcpu_show(i, now_ns);
	}
}

static void mem_run(u32 argc, const char *const *argv)
{
	struct frame_stats s;

	(void)argc;
	(void)argv;
	frames_get_stats(&s);
	output_print("memory: %llu MB, free %llu MB, guests %llu MB, hypervisor %llu MB\n",
		     (unsigned long long)(s.total_pages >> 8),
		     (unsigned long long)(s.free_pages >> 8),
		     (unsigned long long)(s.private_pages >> 8),
		     (unsigned long long)(s.hypervisor_pages >> 8));
}

static void reboot_run(u32 argc, const char *const *argv)
{
	(void)argc;
	(void)argv;
	log_info("reboot, asked for on the console");
	console_flush();
	arch_reboot();
}

static void poweroff_run(u32 argc, const char *const *argv)
{
	(void)argc;
	(void)argv;
	log_info("power off, asked for on the console");
	console_flush();
	arch_poweroff();
}

/* clang-format off */
static const struct command commands[] = {
	{"pcpus", NULL, "", 0, 0, pcpus_run, "the machine's CPUs: what they share (same numbers), idle time since boot, what they run"},
	{"mem", NULL, "", 0, 0, mem_run, "the machine's memory"},
	{"version", NULL, "", 0, 0, version_run, "version, and what the CPU offers"},
	{"reboot", NULL, "", 0, 0, reboot_run, "restart the machine at once; guests are not asked"},
	{"poweroff", NULL, "", 0, 0, poweroff_run, "switch it off at once; guests are not asked"},
	{"help", NULL, "[COMMAND]", 0, 1, help_run, "this list"},
};
/* clang-format on */

const struct command_set system_commands = {commands, ARRAY_SIZE(commands)};
