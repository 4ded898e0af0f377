// SPDX-License-Identifier: GPL-2.0-only
/*
 * The keys of VM definition files as one table: messages, defaults and the README's list come from
 * it. What a value of each type looks like is in types.c. Pure.
 */
#include "kernel/config/keys_priv.h"

static const char *const cosched_words[] = {"strict", "relaxed", "percpu", "off", NULL};
static const char *const time_mode_words[] = {"real", "apparent", NULL};
static const char *const catchup_words[] = {"sponge", "burst", "slow", "drop", NULL};
static const char *const interface_words[] = {"vmware", "kvm", "none", NULL};

#define FIELD(f) .offset = offsetof(struct vm_config, f)
#define SIZE(f)	 .most = sizeof(((struct vm_config *)NULL)->f) - 1

/* clang-format off */
const struct config_key config_keys[] = {
	{"displayName", TYPE_NAME, FIELD(name), .least = 1, SIZE(name),
	 .help = "name in the monitor and in messages; default: the file's name without .vmx"},
	{"memsize", TYPE_NUMBER, FIELD(mem_mb), .least = VM_MEM_MB_MIN, .most = VM_MEM_MB_MAX,
	 .unit = "MB", .fallback = "256",
	 .help = "guest memory"},
	{"numvcpus", TYPE_NUMBER, FIELD(vcpus), .least = 1, .most = VM_VCPUS_MAX, .fallback = "1",
	 .help = "virtual CPUs"},
	{"autostart", TYPE_BOOL, FIELD(autostart), .fallback = "TRUE",
	 .help = "start the VM at boot; otherwise `vm start` does"},
	{"debug.exit", TYPE_BOOL, FIELD(debug_exit), .fallback = "FALSE",
	 .help = "a guest's write to port 0xf4 powers the VM off with that exit status"},

	{"boot.kernel", TYPE_NAME, FIELD(kernel), .least = 1, SIZE(kernel),
	 .help = "boot module with a Linux bzImage or a Multiboot 1 kernel; required"},
	{"boot.initrd", TYPE_NAME, FIELD(initrd), .least = 1, SIZE(initrd),
	 .help = "boot module with the initial ramdisk of a Linux kernel"},
	{"boot.cmdline", TYPE_TEXT, FIELD(cmdline), SIZE(cmdline),
	 .help = "command line of the kernel"},
	{"boot.module", TYPE_TEXT, FIELD(modules), .least = 1, SIZE(modules[0]), .numbered = true,
	 .help = "`name arguments`: a boot module handed on to a Multiboot kernel"},

	{"sched.cpu.shares", TYPE_SHARES, FIELD(cpu_shares), .least = 1, .most = CONFIG_SHARES_MAX,
	 .fallback = "normal",
	 .help = "claim to CPU time relative to other VMs; low, normal, high: 500, 1000, 2000 per vCPU"},
	{"sched.cpu.min", TYPE_NUMBER, FIELD(cpu_min_mhz), .most = CONFIG_MHZ_MAX,
	 .unit = "MHz", .fallback = "0",
	 .help = "CPU reservation of the whole VM: it never waits for others below this rate"},
	{"sched.cpu.max", TYPE_LIMIT, FIELD(cpu_max_mhz), .least = 1, .most = CONFIG_MHZ_MAX,
	 .unit = "MHz", .fallback = "unlimited",
	 .help = "CPU limit of the whole VM, even where others are idle"},
	{"sched.cpu.affinity", TYPE_PCPUS, FIELD(affinity), .fallback = "all",
	 .help = "pCPUs the VM may run on"},
	{"sched.cpu.cosched", TYPE_WORD, FIELD(cosched), .words = cosched_words, .fallback = "percpu",
	 .help = "what stops when vCPUs get too far apart: strict: all until all can start together; "
		 "relaxed: all until those behind can; percpu: those ahead; off: nothing"},
	{"sched.cpu.skew", TYPE_NUMBER, FIELD(cosched_skew_us), .least = CPU_SKEW_US_MIN,
	 .most = CPU_SKEW_US_MAX, .unit = "us", .fallback = "3000",
	 .help = "how far a vCPU may get ahead of the slowest one before it is stopped"},
	{"sched.cpu.pool", TYPE_NAME, FIELD(pool), SIZE(pool),
	 .help = "resource pool that the VM is in, one of the boot module `pools.cfg`; empty: none"},

	{"sched.mem.shares", TYPE_SHARES, FIELD(mem_shares), .least = 1, .most = CONFIG_SHARES_MAX,
	 .fallback = "normal", .later = true, .already = "normal",
	 .help = "claim to memory relative to other VMs; low, normal, high: 5, 10, 20 per MB"},
	{"sched.mem.min", TYPE_NUMBER, FIELD(mem_min_mb), .most = VM_MEM_MB_MAX,
	 .unit = "MB", .fallback = "0", .later = true, .already = "0",
	 .help = "memory reservation"},
	{"sched.mem.max", TYPE_LIMIT, FIELD(mem_max_mb), .least = 1, .most = VM_MEM_MB_MAX,
	 .unit = "MB", .fallback = "unlimited", .later = true, .already = "unlimited",
	 .help = "machine memory limit"},
	{"sched.mem.maxmemctl", TYPE_LIMIT, FIELD(mem_max_balloon_mb), .most = VM_MEM_MB_MAX,
	 .unit = "MB", .fallback = "unlimited", .later = true,
	 .help = "most that the balloon may take; unlimited: the built-in fraction of memory"},
	{"sched.mem.pshare.enable", TYPE_BOOL, FIELD(page_sharing), .fallback = "TRUE", .later = true,
	 .already = "FALSE",
	 .help = "share pages of equal content"},
	{"sched.mem.pshare.salt", TYPE_TEXT, FIELD(sharing_salt), .least = 1, SIZE(sharing_salt),
	 .later = true,
	 .help = "VMs with the same salt may share pages with each other; default: with none"},

	{"time.mode", TYPE_WORD, FIELD(time_mode), .words = time_mode_words, .fallback = "real",
	 .later = true, .already = "real",
	 .help = "whether the VM's clocks go on while it does not run"},
	{"time.catchup", TYPE_WORD, FIELD(catchup), .words = catchup_words, .fallback = "sponge",
	 .later = true,
	 .help = "how timer interrupts that could not be delivered in time are made up for"},
	{"guest.interface", TYPE_WORD, FIELD(interface), .words = interface_words, .fallback = "vmware",
	 .help = "hypervisor that kernels find, beside Evenkeel's own interface; none: a bare PC without any trace of one"},
};
/* clang-format on */

static_assert(ARRAY_SIZE(config_keys) <= CONFIG_KEYS_MAX, "raise CONFIG_KEYS_MAX");

const u32 config_key_count = ARRAY_SIZE(config_keys);

bool config_key_describe(u32 index, struct config_key_help *help)
{
	if (index >= config_key_count) {
		return false;
	}
	const struct config_key *key = &config_keys[index];

	*help = (struct config_key_help){
		.name = key->name,
		.fallback = key->fallback != NULL ? key->fallback : "",
		.help = key->help,
		.numbered = key->numbered,
		.later = key->later,
	};
	keys_expected(key, help->expected, sizeof(help->expected));
	return true;
}
