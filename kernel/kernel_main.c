// SPDX-License-Identifier: GPL-2.0-only
/* From the loader's hand-over to all pCPUs running. Order matters; each step says what it needs. */
#include "boot/boot_info.h"
#include "arch/arch.h"
#include "boot/memory_map.h"
#include "kernel/cmdline.h"
#include "kernel/drivers/console.h"
#include "kernel/early_memory.h"
#include "kernel/hypervisor.h"
#include "kernel/lib/string.h"
#include "kernel/log.h"
#include "kernel/milestones.h"
#include "kernel/panic.h"
#include "kernel/selftest.h"
#include "mm/frames.h"

static const struct boot_info *boot;

static void set_log_level(const char *cmdline)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	char value[8];

	if (!cmdline_get(cmdline, "loglevel", value, sizeof(value))) {
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(value, names[i]) == 0) {
			log_set_console_level((enum log_level)i);
			return;
		}
	}
	log_warn("loglevel=%s: expected error, warn, info or debug", value);
}

static void warn_unknown_options(const char *cmdline)
{
	struct cmdline_word word;

	while (cmdline_next_unknown(&cmdline, &word)) {
		log_warn("unknown option '%.*s' on the command line", (int)word.name_len,
			 word.name);
	}
}

static void report_screen(const struct boot_framebuffer *fb)
{
	if (fb->base.v != 0) {
		log_info("screen: %u x %u at %#llx, %u bytes a line", fb->width_px, fb->height_px,
			 (unsigned long long)fb->base.v, fb->pitch_bytes);
	}
}

static void report_memory(const struct boot_info *info)
{
	static const char *const type_names[] = {"free", "loader", "ACPI", "reserved"};

	log_info("memory: %llu MiB free in %u ranges, image at %#llx (%llu KiB), %u modules",
		 (unsigned long long)(memory_map_total(info, BOOT_RAM_FREE) >> 20),
		 info->range_count, (unsigned long long)info->image_base.v,
		 (unsigned long long)(info->image_size_bytes >> 10), info->module_count);
	if (info->ranges_dropped) {
		log_warn("the firmware's memory map is too long: some memory is not used");
	}
	for (u32 i = 0; i < info->range_count; i++) {
		const struct boot_range *r = &info->ranges[i];

		log_debug("memory: %#014llx - %#014llx %s", (unsigned long long)r->base.v,
			  (unsigned long long)(r->base.v + r->size_bytes), type_names[r->type]);
	}
	for (u32 i = 0; i < info->module_count; i++) {
		const struct boot_module *m = &info->modules[i];

		log_info("module: %s, %llu KiB", m->name,
			 (unsigned long long)(m->size_bytes >> 10));
	}
}

static void pcpu_entry(u32 pcpu)
{
	if (pcpu != 0) {
		hypervisor_join(pcpu);
	}
	selftest_run(boot->cmdline);
	hypervisor_start(boot);
}

/* Hands what is left of the machine's RAM to the frame table. */
static void frames_start(void)
{
	static struct boot_range left[BOOT_RANGES_MAX];
	static struct frame_range ranges[BOOT_RANGES_MAX];
	u32 count = early_memory_finish(left, ARRAY_SIZE(left));
	struct frame_stats stats;

	for (u32 i = 0; i < count; i++) {
		ranges[i] = (struct frame_range){
			.base = hpa_to_mfn(left[i].base),
			.pages = left[i].size_bytes >> PAGE_SHIFT,
		};
	}
	if (frames_init(ranges, count) != 0) {
		panic("not enough memory: no free range holds the frame table");
	}
	frames_get_stats(&stats);
	log_info("memory: %llu MiB for guests, frame table %llu KiB",
		 (unsigned long long)(stats.free_pages >> 8),
		 (unsigned long long)(stats.hypervisor_pages << 2));
}

/* On the final page tables and a guarded stack. */
static void start(void)
{
	arch_init_machine(boot);
	arch_start_pcpus(boot);
	frames_start();
	arch_run_pcpus(pcpu_entry);
}

void kernel_main(struct boot_info *info)
{
	boot = info;
	milestone_note(MILESTONE_KERNEL_MAIN);
	arch_init_early(info->cmdline);
	console_init(info);
	set_log_level(info->cmdline);
	log_info("Evenkeel, started by %s", info->loader);
	log_info("command line: %s", info->cmdline);
	warn_unknown_options(info->cmdline);
	panic_init(info->cmdline);
	report_screen(&info->framebuffer);
	report_memory(info);
	early_memory_init(info);
	arch_init_memory(info, start);
}
