// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target: a Multiboot 1 kernel, ELF or not. The first byte of the input says where the header
 * is and whether there is an ELF mark; magic and checksum are put in place, the rest is the
 * input's.
 */
#include "tests/fuzz/loader_fuzz.h"

static void put32(u8 *p, u32 v)
{
	memcpy(p, &v, sizeof(v));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2) {
		return 0;
	}
	size_t total = size - 1, at = (size_t)(data[0] & 0x7f) * 4;
	u8 *file = malloc(total);

	memcpy(file, data + 1, total);
	if ((data[0] & 0x80) != 0 && total >= 6) {
		memcpy(file, "\x7f\x45\x4c\x46", 4);
	}
	if (at + 12 <= total) {
		u32 flags;

		memcpy(&flags, file + at + 4, sizeof(flags));
		put32(file + at, 0x1badb002);
		put32(file + at + 8, -(0x1badb002 + flags));
	}
	plan_and_check(file, total, false);
	free(file);
	return 0;
}
