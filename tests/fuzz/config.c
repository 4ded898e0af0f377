// SPDX-License-Identifier: GPL-2.0-only
/* Fuzz target: any bytes as a VM file. What comes out is terminated, in range, and explained. */
#include <stdlib.h>
#include <string.h>

#include "kernel/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
	if (!good) {
		abort();
	}
}

static void check_messages(const struct config_messages *m)
{
	require(m->count <= CONFIG_MESSAGES_MAX);
	for (u32 i = 0; i < m->count; i++) {
		size_t n = strnlen(m->list[i].text, CONFIG_MESSAGE_SIZE);

		require(n > 0 && n < CONFIG_MESSAGE_SIZE);
		for (size_t k = 0; k < n; k++) {
			require(m->list[i].text[k] >= ' ' && m->list[i].text[k] <= '~');
		}
	}
}

static void check_config(const struct vm_config *c)
{
	require(memchr(c->name, 0, sizeof(c->name)) != NULL && c->name[0] != '\0');
	require(memchr(c->kernel, 0, sizeof(c->kernel)) != NULL && c->kernel[0] != '\0');
	require(memchr(c->cmdline, 0, sizeof(c->cmdline)) != NULL);
	require(c->vcpus >= 1 && c->vcpus <= VM_VCPUS_MAX);
	require(c->mem_mb >= VM_MEM_MB_MIN && c->mem_mb <= VM_MEM_MB_MAX);
	require(c->module_count <= CONFIG_GUEST_MODULES_MAX);
	for (u32 i = 0; i < c->module_count; i++) {
		require(memchr(c->modules[i], 0, sizeof(c->modules[i])) != NULL);
	}
	require(c->cpu_min_mhz <= c->cpu_max_mhz && c->mem_min_mb <= c->mem_max_mb);
	require(c->cosched <= COSCHED_PERCPU && c->interface <= INTERFACE_NONE);
	require(c->cpu_shares.value > 0 && c->mem_shares.value > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vm_config config;
	static struct config_messages messages;
	bool error = false;

	int err = config_parse("fuzz.vmx", (const char *)data, size, &config, &messages);

	check_messages(&messages);
	for (u32 i = 0; i < messages.count; i++) {
		error = error || messages.list[i].level == CONFIG_ERROR;
	}
	require(error == (err != 0));
	if (err == 0) {
		check_config(&config);
	}
	return 0;
}
