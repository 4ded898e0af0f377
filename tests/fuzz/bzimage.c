// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target: a bzImage with a hostile header. The input is the header from 0x1f1 on, then the
 * rest of the file; its marks are put in place, since guessing them teaches nothing.
 */
#include "tests/fuzz/loader_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t total = 0x1f1 + size;
	u8 *file = calloc(1, total);

	memcpy(file + 0x1f1, data, size);
	if (total >= 0x206) {
		file[0x1fe] = 0x55;
		file[0x1ff] = 0xaa;
		memcpy(file + 0x202, "HdrS", 4);
	}
	plan_and_check(file, total, true);
	free(file);
	return 0;
}
