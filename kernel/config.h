/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VM definition files (*.vmx): `key = "value"` lines, read into a struct vm_config. Pure: what there
 * is to say about the file goes into a bounded message list that the caller prints. The keys, their
 * types, ranges and defaults are one table, kernel/config/keys.c.
 *
 * Not checked here, since it needs to know the other VMs and the machine: that names are unique,
 * that the named boot modules exist, that memory and pCPUs suffice.
 */
#ifndef KERNEL_CONFIG_H
#define KERNEL_CONFIG_H

#include "kernel/lib/types.h"
#include "kernel/params.h"

/* "unlimited" in limits. */
#define CONFIG_UNLIMITED UINT32_MAX

/* Sizes of strings, terminator included. A module name is as long as boot_info's can be. */
#define CONFIG_NAME_SIZE	64
#define CONFIG_MODULE_NAME_SIZE 128
#define CONFIG_CMDLINE_SIZE	2048
#define CONFIG_MODULE_ARGS_SIZE 256
#define CONFIG_SALT_SIZE	64

enum config_cosched { COSCHED_STRICT, COSCHED_RELAXED, COSCHED_PERCPU, COSCHED_OFF };
enum config_time_mode { TIME_MODE_REAL, TIME_MODE_APPARENT };
enum config_catchup { CATCHUP_SPONGE, CATCHUP_BURST, CATCHUP_SLOW, CATCHUP_DROP };
enum config_interface { INTERFACE_VMWARE, INTERFACE_KVM, INTERFACE_NONE };
enum config_share_level { SHARES_LOW, SHARES_NORMAL, SHARES_HIGH, SHARES_NUMBER };

/* `value` is always the whole VM's: levels count per vCPU or per MB. */
struct config_shares {
	enum config_share_level level;
	u32 value;
};

struct vm_config {
	char name[CONFIG_NAME_SIZE]; /* displayName, else the file's name without .vmx; never empty */
	u32 mem_mb;
	u32 vcpus;
	bool autostart;	 /* start at boot */
	bool debug_exit; /* a guest's write to port 0xf4 ends its VM */

	char kernel[CONFIG_MODULE_NAME_SIZE]; /* boot module; never empty */
	char initrd[CONFIG_MODULE_NAME_SIZE]; /* boot module; empty: none */
	char cmdline[CONFIG_CMDLINE_SIZE];
	u32 module_count; /* Multiboot modules: "name arguments", the first word names the boot module */
	char modules[CONFIG_GUEST_MODULES_MAX][CONFIG_MODULE_ARGS_SIZE];

	struct config_shares cpu_shares;
	u32 cpu_min_mhz;
	u32 cpu_max_mhz; /* or CONFIG_UNLIMITED */
	u64 affinity[CONFIG_AFFINITY_PCPUS / 64]; /* bit per pCPU; "all": every bit */
	enum config_cosched cosched;
	u32 cosched_skew_us;
	char pool[CONFIG_NAME_SIZE]; /* empty: none */

	struct config_shares mem_shares;
	u32 mem_min_mb;
	u32 mem_max_mb;	      /* or CONFIG_UNLIMITED */
	u32 mem_max_balloon_mb; /* or CONFIG_UNLIMITED: the built-in share of memory */
	bool page_sharing;
	char sharing_salt[CONFIG_SALT_SIZE]; /* empty: the VM's own */

	enum config_time_mode time_mode;
	enum config_catchup catchup;
	enum config_interface interface;
};

/* ERROR: the VM is refused. WARNING: something in the file has no effect because it is not known.
 * NOTICE: the key is known and its value good, but this version does not act upon it yet. */
enum config_level { CONFIG_ERROR, CONFIG_WARNING, CONFIG_NOTICE };

#define CONFIG_MESSAGE_SIZE 200
#define CONFIG_MESSAGES_MAX 16

struct config_message {
	enum config_level level;
	char text[CONFIG_MESSAGE_SIZE]; /* one line, "file:line: ...", printable ASCII */
};

/* When the list is full, errors displace lesser messages; what was lost is counted. */
struct config_messages {
	u32 count;
	u32 dropped;
	struct config_message list[CONFIG_MESSAGES_MAX];
};

/*
 * Reads `size` bytes of `text`, which need no terminator. `file` is the name to use in messages.
 * Clears and fills *messages. Returns 0 and a complete *config, or ERR_FORMAT with at least one
 * error message and *config unspecified; parsing goes on after errors to report further ones.
 */
int config_parse(const char *file, const char *text, size_t size, struct vm_config *config,
		 struct config_messages *messages) must_check;

/* One key as the README lists it. */
struct config_key_help {
	const char *name;
	char expected[CONFIG_MESSAGE_SIZE];
	const char *fallback; /* default as written in a file; empty: none */
	const char *help;
	bool numbered; /* the name goes on with a number from 0 */
	bool later;    /* parsed and checked, but not acted upon yet */
};

/* Fills *help for key `index`; false when there are not that many. */
bool config_key_describe(u32 index, struct config_key_help *help);

#endif
