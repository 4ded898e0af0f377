// SPDX-License-Identifier: GPL-2.0-only
/* Start of day for VMs: every *.vmx module is read, its VM added and, with autostart, powered on.
 */
#include "kernel/vm_boot.h"

#include "arch/arch.h"
#include "kernel/finish.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"
#include "kernel/log.h"
#include "kernel/modules.h"
#include "kernel/pools.h"
#include "kernel/vm.h"
#include "mm/frames.h"

static bool is_vm_file(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && strcmp(name + n - 4, ".vmx") == 0;
}

void vm_boot_messages_print(const struct config_messages *messages)
{
	static const enum log_level levels[] = {
		[CONFIG_ERROR] = LOG_ERROR,
		[CONFIG_WARNING] = LOG_WARN,
		[CONFIG_NOTICE] = LOG_INFO,
	};

	for (u32 i = 0; i < messages->count; i++) {
		log_at(levels[messages->list[i].level], "%s", messages->list[i].text);
	}
	if (messages->dropped != 0) {
		log_warn("%u more messages about this file", messages->dropped);
	}
}

/* Reads one file; the parsed configuration and messages are too large for the stack. */
static void file_read(const struct module *file, struct vm_config *config,
		      struct config_messages *messages)
{
	struct vm *vm;
	int err = config_parse(file->name, (const char *)file->data, file->size_bytes, config,
			       messages);

	vm_boot_messages_print(messages);
	if (err != 0) {
		log_error("%s: this VM is refused", file->name);
		finish_note_failure();
		return;
	}
	err = vm_add(config, file->name, &vm);
	if (err != 0) {
		log_error("%s: VM %s is refused: %s", file->name, config->name,
			  err == ERR_EXIST   ? "another VM has this displayName"
			  : err == ERR_LIMIT ? "there are as many VMs as there can be"
					     : err_name(err));
		finish_note_failure();
	}
}

void vm_boot_read(void)
{
	pools_read();
	struct vm_config *config = pages_alloc(sizeof(*config));
	struct config_messages *messages = pages_alloc(sizeof(*messages));
	u32 files = 0;

	for (u32 i = 0; config != NULL && messages != NULL && i < modules_count(); i++) {
		struct module m = modules_at(i);

		if (is_vm_file(m.name)) {
			files++;
			file_read(&m, config, messages);
		}
	}
	pages_free(config, sizeof(*config));
	pages_free(messages, sizeof(*messages));
	if (files == 0) {
		log_error("no VM file: the boot entry names no module that ends in .vmx");
		finish_note_failure();
	}
}

void vm_boot_start(void)
{
	for (u32 i = 0; i < vm_count(); i++) {
		arch_watchdog_touch(); /* loading many large images takes seconds */
		if (vm_at(i)->config.autostart && vm_start(vm_at(i)) != 0) {
			finish_note_failure();
		}
	}
	finish_begin();
}
