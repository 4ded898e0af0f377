/* SPDX-License-Identifier: GPL-2.0-only */
/* The Multiboot2 information that GRUB leaves (Multiboot2 specification 2.0, 3.4 to 3.6). Pure. */
#ifndef BOOT_MULTIBOOT2_H
#define BOOT_MULTIBOOT2_H

#include "boot/boot_info.h"
#include "boot/memory_map.h"

#define MULTIBOOT2_MAGIC 0x36d76289u

/*
 * Reads the information at mbi[size], which lies at physical address mbi_base, and fills all of
 * *info but ranges, image_base and image_size_bytes; what concerns memory (firmware's map, modules,
 * the information itself) is added to *map. Malformed tags are skipped. ERR_FORMAT when the
 * structure itself or its memory map is unusable.
 */
int multiboot2_parse(const void *mbi, size_t size, hpa_t mbi_base, struct boot_info *info,
		     struct memory_map *map) must_check;

/* The total size that the information at `mbi` claims: its first word, cut to a sane limit. */
size_t multiboot2_size(const void *mbi);

#endif
