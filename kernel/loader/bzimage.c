// SPDX-License-Identifier: GPL-2.0-only
/* Reads the header of a Linux bzImage. What is done with it is in linux_boot.c. Pure. */
#include "kernel/loader/bzimage_priv.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/string.h"

/* Offsets of header fields. */
enum {
	SETUP_SECTS = 0x1f1,	  /* u8 */
	SYSSIZE = 0x1f4,	  /* u32, in 16 bytes */
	BOOT_FLAG = 0x1fe,	  /* u16 */
	JUMP_TARGET = 0x201,	  /* u8: the header ends that far behind 0x202 */
	HEADER = 0x202,		  /* "HdrS" */
	VERSION = 0x206,	  /* u16 */
	KERNEL_VERSION = 0x20e,	  /* u16, offset of a string from 0x200 */
	LOADFLAGS = 0x211,	  /* u8 */
	INITRD_ADDR_MAX = 0x22c,  /* u32 */
	KERNEL_ALIGNMENT = 0x230, /* u32 */
	RELOCATABLE = 0x234,	  /* u8 */
	XLOADFLAGS = 0x236,	  /* u16 */
	CMDLINE_SIZE = 0x238,	  /* u32 */
	PREF_ADDRESS = 0x258,	  /* u64 */
	INIT_SIZE = 0x260,	  /* u32 */
	HEADER_2_12_END = 0x268,  /* what protocol 2.12 has */
};

#define BOOT_FLAG_VALUE 0xaa55u
#define LOADED_HIGH	1u
#define XLF_KERNEL_64	1u
#define PROTOCOL_MIN	0x020cu
#define SECTOR		512u
#define ENTRY_64	0x200u

bool bzimage_matches(const u8 *file, u64 size)
{
	return size >= HEADER + 4 && memcmp(file + HEADER, "HdrS", 4) == 0 &&
	       loader_read16(file + BOOT_FLAG) == BOOT_FLAG_VALUE;
}

/* Is it the kind of kernel that can be entered in 64-bit mode? */
static int kind_check(const u8 *file, u64 size, struct bzimage *b, struct loader_reason *r)
{
	if (size < HEADER_2_12_END) {
		return loader_fail(r, ERR_FORMAT, "it is truncated within the header");
	}
	b->protocol = loader_read16(file + VERSION);
	if (b->protocol < PROTOCOL_MIN) {
		return loader_fail(
			r, ERR_NOTSUP,
			"it has boot protocol %u.%02u: 2.12 (Linux 3.8) or later is needed",
			b->protocol >> 8, b->protocol & 0xff);
	}
	if ((file[LOADFLAGS] & LOADED_HIGH) == 0) {
		return loader_fail(r, ERR_NOTSUP, "it is a zImage: a bzImage is needed");
	}
	if ((loader_read16(file + XLOADFLAGS) & XLF_KERNEL_64) == 0) {
		return loader_fail(r, ERR_NOTSUP,
				   "it is a 32-bit Linux kernel: a 64-bit one is needed");
	}
	return 0;
}

/* Where in the file the parts are. */
static int extent_parse(const u8 *file, u64 size, struct bzimage *b, struct loader_reason *r)
{
	/* 0 means 4, for the sake of kernels of the early nineties. */
	u64 setup_sects = file[SETUP_SECTS] != 0 ? file[SETUP_SECTS] : 4;
	u64 setup_bytes = (setup_sects + 1) * SECTOR;

	b->payload_bytes = (u64)loader_read32(file + SYSSIZE) * 16;
	if (setup_bytes + b->payload_bytes > size) {
		return loader_fail(r, ERR_FORMAT, "it is truncated: %llu of %llu bytes are there",
				   (unsigned long long)size,
				   (unsigned long long)(setup_bytes + b->payload_bytes));
	}
	if (b->payload_bytes <= ENTRY_64) {
		return loader_fail(r, ERR_FORMAT, "its header is damaged: there is no code");
	}
	b->payload = file + setup_bytes;
	b->header_end = HEADER + file[JUMP_TARGET];
	if (b->header_end < HEADER_2_12_END || b->header_end > BZIMAGE_HEADER_LIMIT ||
	    b->header_end > setup_bytes) {
		return loader_fail(r, ERR_FORMAT, "its header is damaged: it ends at %#x",
				   b->header_end);
	}
	return 0;
}

/* Where in memory it may be. */
static int place_parse(const u8 *file, struct bzimage *b, struct loader_reason *r)
{
	b->pref_address = loader_read64(file + PREF_ADDRESS);
	b->init_bytes = MAX((u64)loader_read32(file + INIT_SIZE), b->payload_bytes);
	b->alignment = file[RELOCATABLE] != 0 ? loader_read32(file + KERNEL_ALIGNMENT) : 0;
	b->initrd_limit = (u64)loader_read32(file + INITRD_ADDR_MAX) + 1;
	if ((b->alignment & (b->alignment - 1)) != 0 || b->pref_address < MIB(1) ||
	    b->pref_address > UINT64_MAX - GIB(8)) {
		return loader_fail(
			r, ERR_FORMAT,
			"its header is damaged: preferred address %#llx, alignment %#llx",
			(unsigned long long)b->pref_address, (unsigned long long)b->alignment);
	}
	return 0;
}

/* The version's first word; the rest of the string says who built it. */
static void version_parse(const u8 *file, u64 setup_bytes, struct bzimage *b)
{
	u64 at = (u64)loader_read16(file + KERNEL_VERSION) + 0x200;
	size_t n = 0;

	b->version[0] = '\0';
	if (at == 0x200) {
		return;
	}
	for (; n < sizeof(b->version) - 1 && at < setup_bytes; n++, at++) {
		if (file[at] <= ' ' || file[at] > '~') {
			break;
		}
		b->version[n] = (char)file[at];
	}
	b->version[n] = '\0';
}

int bzimage_parse(const u8 *file, u64 size, struct bzimage *b, struct loader_reason *r)
{
	int err = kind_check(file, size, b, r);

	if (err == 0) {
		err = extent_parse(file, size, b, r);
	}
	if (err == 0) {
		err = place_parse(file, b, r);
	}
	if (err == 0) {
		/* 0 in old headers: the limit of before there was this field. */
		b->cmdline_max = loader_read32(file + CMDLINE_SIZE);
		b->cmdline_max = b->cmdline_max != 0 ? b->cmdline_max : 255;
		version_parse(file, (u64)(b->payload - file), b);
	}
	return err;
}
