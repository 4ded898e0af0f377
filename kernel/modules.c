// SPDX-License-Identifier: GPL-2.0-only
/* Boot modules, in the direct map. */
#include "kernel/modules.h"

#include "arch/arch.h"
#include "kernel/lib/string.h"

static const struct boot_info *info;

void modules_init(const struct boot_info *boot)
{
	info = boot;
}

u32 modules_count(void)
{
	return info->module_count;
}

struct module modules_at(u32 index)
{
	const struct boot_module *m = &info->modules[index];

	return (struct module){
		.name = m->name,
		.data = hpa_to_va(m->base),
		.size_bytes = m->size_bytes,
	};
}

bool modules_find(const char *name, struct module *out)
{
	for (u32 i = 0; i < info->module_count; i++) {
		if (strcmp(info->modules[i].name, name) == 0) {
			*out = modules_at(i);
			return true;
		}
	}
	return false;
}
