// SPDX-License-Identifier: GPL-2.0-only
/* Fuzz target: a good bzImage, damaged as the input says. */
#include "tests/fuzz/loader_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 image[IMAGE_BYTES];

	bzimage_make(image);
	/* All that is read lies in the header and in the version string. */
	damage_and_check(image, IMAGE_BYTES, 0x1f0, data, size, true);
	return 0;
}
