// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into Bochs, which seeds the numbers of RDRAND and RDSEED from the time of day: without
 * that they are the same in every run, and so is everything else.
 */
#include <stdlib.h>

void srand(unsigned int seed)
{
	(void)seed;
}
