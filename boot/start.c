// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the entry code to kernel_main(): makes struct boot_info out of Multiboot2 information, or
 * takes the one that evenkeel.efi made. Runs on the boot page tables, before there is a console:
 * what goes wrong is said on COM1.
 */
#include "arch/arch.h"
#include "boot/boot_info.h"
#include "boot/memory_map.h"
#include "boot/multiboot2.h"
#include "boot/start.h"
#include "kernel/drivers/uart.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"

/* Linked, not actual, physical addresses: linker.ld. */
extern const u8 IMAGE_LMA[], IMAGE_VMA[], image_end[];

static struct boot_info multiboot_info;
static struct memory_map multiboot_map;

static __attribute__((noreturn)) void complain(const char *text)
{
	uart_init(UART_COM1, 115200);
	uart_write(UART_COM1, text, strlen(text));
	arch_halt();
}

static struct boot_info *from_multiboot2(hpa_t mbi_base, u64 displacement)
{
	const void *mbi = hpa_to_va(mbi_base);
	struct boot_info *info = &multiboot_info;

	if (multiboot2_parse(mbi, multiboot2_size(mbi), mbi_base, info, &multiboot_map) != ERR_OK) {
		complain(
			"Evenkeel: the Multiboot2 information is damaged or has no memory map\r\n");
	}
	info->image_base = hpa((u64)(uintptr_t)IMAGE_LMA + displacement);
	info->image_size_bytes = (u64)(image_end - IMAGE_VMA) - (u64)(uintptr_t)IMAGE_LMA;
	memory_map_add(&multiboot_map, info->image_base.v, info->image_size_bytes, BOOT_RAM_LOADER);
	info->ranges_dropped = memory_map_build(&multiboot_map, info) != ERR_OK;
	return info;
}

void boot_main(u32 magic, u32 info_base, u64 displacement)
{
	struct boot_info *info = magic == MULTIBOOT2_MAGIC
					 ? from_multiboot2(hpa(info_base), displacement)
					 : hpa_to_va(hpa(info_base));

	kernel_main(info);
}
