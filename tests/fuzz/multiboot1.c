// SPDX-License-Identifier: GPL-2.0-only
/* Fuzz target: a good Multiboot 1 kernel of one of three kinds, damaged as the input says. */
#include "tests/fuzz/loader_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct elf_part parts[] = {MB1_GOOD_PARTS};
	u8 file[FILE_BYTES];

	if (size < 1) {
		return 0;
	}
	switch (data[0] % 3) {
	case 0:
		mb1_elf32_make(file, 0xc0100010, parts, ARRAY_SIZE(parts));
		damage_and_check(file, FILE_BYTES, 0, data + 1, size - 1, false);
		break;
	case 1:
		mb1_elf64_make(file, 0xc0100010, parts, ARRAY_SIZE(parts));
		damage_and_check(file, FILE_BYTES, 0, data + 1, size - 1, false);
		break;
	default:
		mb1_addresses_make(file, 0x100800, 0x101000, 0x100200);
		damage_and_check(file, FILE_BYTES, 0x400, data + 1, size - 1, false);
		break;
	}
	return 0;
}
