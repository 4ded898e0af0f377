/* SPDX-License-Identifier: GPL-2.0-only */
/* Small kernel images that the loaders accept, for their unit tests and fuzz targets to damage. */
#ifndef TESTS_UNIT_KERNEL_IMAGES_H
#define TESTS_UNIT_KERNEL_IMAGES_H

#include <string.h>

#include "kernel/loader/multiboot1_priv.h"

static inline void write16(u8 *p, u16 v)
{
	memcpy(p, &v, 2);
}

static inline void write32(u8 *p, u32 v)
{
	memcpy(p, &v, 4);
}

static inline void write64(u8 *p, u64 v)
{
	memcpy(p, &v, 8);
}

/* --- Linux ------------------------------------------------------------------------------------ */

/* An image with 2 setup sectors and 4 KiB of protected-mode code, wanting 8 MiB from 16 MiB on. */
#define SETUP_BYTES   (3 * 512)
#define PAYLOAD_BYTES 4096
#define IMAGE_BYTES   (SETUP_BYTES + PAYLOAD_BYTES)
#define VERSION_AT    0x300

static inline void bzimage_make(u8 *image)
{
	memset(image, 0, IMAGE_BYTES);
	image[0x1f1] = 2;
	write32(image + 0x1f4, PAYLOAD_BYTES / 16);
	write16(image + 0x1fe, 0xaa55);
	image[0x201] = 0x66;
	memcpy(image + 0x202, "HdrS", 4);
	write16(image + 0x206, 0x020f);
	write16(image + 0x20e, VERSION_AT - 0x200);
	image[0x211] = 1;
	write32(image + 0x22c, 0x7fffffff);
	write32(image + 0x230, 0x200000);
	image[0x234] = 1;
	write16(image + 0x236, 3);
	write32(image + 0x238, 2047);
	write64(image + 0x258, MIB(16));
	write32(image + 0x260, (u32)MIB(8));
	strcpy((char *)image + VERSION_AT, "6.1.0-test (builder@host) #1");
	for (u32 i = 0; i < PAYLOAD_BYTES; i++) {
		image[SETUP_BYTES + i] = (u8)(i * 7 + 1);
	}
}

/* --- Multiboot 1 ------------------------------------------------------------------------------ */

#define FILE_BYTES 0x3000

static inline void mb1_header_make(u8 *file, u32 at, u32 flags)
{
	write32(file + at, MB1_HEADER_MAGIC);
	write32(file + at + 4, flags);
	write32(file + at + 8, -(MB1_HEADER_MAGIC + flags));
}

struct elf_part {
	u32 type;
	u64 offset, vaddr, paddr, filesz, memsz;
};

static inline void mb1_elf32_make(u8 *file, u32 entry, const struct elf_part *s, u32 count)
{
	memset(file, 0, FILE_BYTES);
	memcpy(file,
	       "\x7f"
	       "ELF\1\1\1",
	       7);
	write16(file + 16, 2);
	write16(file + 18, 3);
	write32(file + 24, entry);
	write32(file + 28, 52);
	write16(file + 42, 32);
	write16(file + 44, (u16)count);
	for (u32 i = 0; i < count; i++) {
		u8 *ph = file + 52 + 32 * i;

		write32(ph, s[i].type);
		write32(ph + 4, (u32)s[i].offset);
		write32(ph + 8, (u32)s[i].vaddr);
		write32(ph + 12, (u32)s[i].paddr);
		write32(ph + 16, (u32)s[i].filesz);
		write32(ph + 20, (u32)s[i].memsz);
	}
	mb1_header_make(file, 0x200, 3);
	memset(file + 0x1000, 0xa5, 0x2000);
}

static inline void mb1_elf64_make(u8 *file, u64 entry, const struct elf_part *s, u32 count)
{
	memset(file, 0, FILE_BYTES);
	memcpy(file,
	       "\x7f"
	       "ELF\2\1\1",
	       7);
	write16(file + 16, 2);
	write16(file + 18, 62);
	write64(file + 24, entry);
	write64(file + 32, 64);
	write16(file + 54, 56);
	write16(file + 56, (u16)count);
	for (u32 i = 0; i < count; i++) {
		u8 *ph = file + 64 + 56 * i;

		write32(ph, s[i].type);
		write64(ph + 8, s[i].offset);
		write64(ph + 16, s[i].vaddr);
		write64(ph + 24, s[i].paddr);
		write64(ph + 32, s[i].filesz);
		write64(ph + 40, s[i].memsz);
	}
	mb1_header_make(file, 0x200, 3);
	memset(file + 0x1000, 0xa5, 0x2000);
}

/* Two parts to load with a part between them that is not. */
#define MB1_GOOD_PARTS                                                                             \
	{1, 0x1000, 0xc0100000, 0x100000, 0x800, 0x1800},                                          \
	{6, 0, 0, 0, 0x100, 0x100},                                                                \
	{1, 0x1800, 0xc0200000, 0x200000, 0x400, 0x400}

/* Header at 0x400 of the file, memory from 1 MiB on begins at 0x300 of the file. */
static inline void mb1_addresses_make(u8 *file, u32 load_end, u32 bss_end, u32 entry)
{
	memset(file, 0x77, FILE_BYTES);
	mb1_header_make(file, 0x400, 0x10003);
	write32(file + 0x40c, 0x100100);
	write32(file + 0x410, 0x100000);
	write32(file + 0x414, load_end);
	write32(file + 0x418, bss_end);
	write32(file + 0x41c, entry);
}

#endif
